"""Secrets as they stand in real files, of every kind that scanners know: how many of them never leave."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from secret_kinds import Example, examples

from editsvc.guard.secrets import find, scan

SEEDS = range(3)
LEAST = 0.95
# Words of eight hexadecimal digits, which are names of commits nearly everywhere else.
MISSED = frozenset({"sidekiq-secret"})


def is_found(example: Example) -> bool:
    """Whether nearly all of the secret is."""
    before = "import os\n\n"
    text = f"{before}{example.text}\nx = 1\n"
    start, end = example.start + len(before), example.end + len(before)
    hidden = sum(
        min(secret.end, end) - max(secret.start, start)
        for secret in find(text)
        if secret.start < end and secret.end > start
    )
    return hidden >= 0.8 * (end - start)


@pytest.mark.parametrize("seed", SEEDS)
def test_nearly_all_realistic_secrets_are_found(seed: int) -> None:
    missed = sorted({example.kind for example in examples(seed) if not is_found(example)})
    assert len(missed) <= (1 - LEAST) * len(examples(seed)), missed


def test_every_kind_is_found_by_what_it_is_and_not_by_chance() -> None:
    by_kind = list(zip(*(examples(seed) for seed in SEEDS), strict=True))
    assert {tries[0].kind for tries in by_kind if not any(map(is_found, tries))} == MISSED


def test_the_same_is_found_after_each_keystroke_as_in_the_whole_text() -> None:
    text = "".join(example.text for example in examples() if example.text.count("\n") == 1)
    known = scan("")
    for end in range(0, len(text), 397):
        known = scan(text[:end], known)
        assert known.secrets() == find(text[:end])


LIBRARY = Path(sys.modules["json"].__file__ or "").parents[1]
TEXTS = [
    path
    for folder in ("asyncio", "email", "http", "json", "logging", "urllib", "xml", "unittest")
    for path in sorted((LIBRARY / folder).rglob("*.py"))
]


def test_code_without_secrets_holds_none() -> None:
    assert len(TEXTS) > 50
    assert [(path.name, secret.kind) for path in TEXTS for secret in find(path.read_text("utf-8"))] == []
