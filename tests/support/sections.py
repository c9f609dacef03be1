"""Fixtures that read as specifications: a sentence, then sections under lines such as ``-- reply --``."""

import re
from dataclasses import dataclass
from pathlib import Path

_HEAD = re.compile(r"^-- (?P<name>[a-z ]+)(?:: (?P<value>[^\n]*))? --\n", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    value: str
    text: str


def read(path: Path) -> dict[str, Section]:
    """The sections of a fixture by name; each has the text up to the next head, and the value in its head."""
    text = path.read_text("utf-8")
    heads = list(_HEAD.finditer(text))
    assert heads and text[: heads[0].start()].strip(), f"{path.name} does not begin with a sentence"
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {
        head["name"]: Section(head["value"] or "", text[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    }


def folder(name: str) -> dict[str, dict[str, Section]]:
    """Every fixture of ``fixtures/NAME``, by its file's name without the suffix."""
    root = Path(__file__).parents[2] / "fixtures" / name
    return {path.stem: read(path) for path in sorted(root.glob("*.txt"))}
