"""Replies without end, to a real process of the language server: it stays at work, and the edit ends."""

import asyncio
import sys

import pytest

from bench.endless import SHAPES, in_the_language_server


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of another process's memory is read from /proc")
@pytest.mark.parametrize("shape", ["content", "one body"])
def test_the_edit_ends_and_the_memory_stays_small(shape: str) -> None:
    """How long others wait is measured by the benchmark: a busy machine would fail it here."""
    row = asyncio.run(in_the_language_server(shape))
    assert row["error"] and row["error"] != "changed"
    assert row["memory_mb"] < 300


def test_every_shape_begins_or_goes_on() -> None:
    assert all(part for _, part in SHAPES.values())
    assert len(SHAPES) == 11
