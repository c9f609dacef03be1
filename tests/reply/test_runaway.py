"""A reply that repeats itself without end is known by what it repeats, and a file that does so is left alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.reply.runaway import Runaway


def stopped(original: str, reply: str, *, pieces: int = 1000, one_line: bool = False) -> str | None:
    runaway = Runaway(original, one_line=one_line)
    parts = (reply[at : at + pieces] for at in range(0, len(reply), pieces))
    return next(filter(None, map(runaway.push, parts)), None)


@pytest.mark.parametrize(
    "block",
    ["x = 1\n", "\n", "a\nb\nc\n", "def f():\n    return 1\n\n\n", "".join(f"{n}\n" for n in range(8))],
)
def test_a_block_that_comes_again_and_again_is_found(block: str) -> None:
    found = stopped("x = 1\ny = 2\n", "x = 1\n" + block * 600)
    assert found is not None
    assert "repeats itself without end" in found


def test_a_file_that_repeats_itself_may_go_on_doing_so() -> None:
    data = "0,\n" * 5_000
    assert stopped(data, data + "0,\n" * 300) is None
    assert stopped(data, data + "0,\n" * 900) is not None


def test_a_line_without_an_end_is_found_and_a_long_one_that_the_file_has_is_not() -> None:
    assert stopped("short\n", "ab" * 60_000) == (
        "Line 1 of the reply has no end: it was stopped after 101,000 characters."
    )
    minified = "var a;" * 50_000 + "\n"
    assert stopped(minified, minified) is None
    assert stopped("x\n" * 100_000, '{"edits": "' + "y" * 150_000, one_line=True) is None


@given(st.lists(st.sampled_from(["a", "b", ""]), max_size=40), st.integers(1, 50))
def test_nothing_short_is_ever_stopped_however_it_is_cut(lines: list[str], size: int) -> None:
    text = "\n".join(itertools.chain.from_iterable(itertools.repeat(lines, 8)))
    assert stopped("", text, pieces=size) is None
