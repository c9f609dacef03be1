"""What is worked out while a reply comes is what the checks ask for when it is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.guard.ahead import Ahead
from editsvc.guard.original import Original
from editsvc.syntax import ParseBudget, segments_of
from editsvc.syntax.segments import sound_by_segments
from editsvc.text.comparison import Comparison, Lined
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from editsvc.syntax import Segments

PYTHON = syntax.by_name("python")
FUNCTIONS = [f"def f{number}():\n    return {number}\n\n\n" for number in range(30)]
BEFORE = "".join(FUNCTIONS)


def segments_of_original(known: Original) -> Segments:
    assert known.segments is not None
    return known.segments


def needs_no_parsing(known: Original, after: str) -> bool:
    """Whether all that has to be parsed of the new text was parsed before."""
    return sound_by_segments(Comparison(known, after), segments_of_original(known), [], 0)


def test_parts_that_differ_are_parsed_as_they_are_complete() -> None:
    known = Original(BEFORE, PYTHON)
    after = (
        BEFORE.replace("return 7\n", "return 77\n")
        .replace("def f12", "# why\ndef f12")
        .replace("return 20", "x()")
    )
    ahead = Ahead(known)
    for line in split_lines(after):
        ahead.push([line])
    assert needs_no_parsing(known, after)
    assert len(segments_of_original(known).settled) == 3
    assert not segments_of_original(known).parsed


def test_a_reply_in_parts_is_followed_from_part_to_part() -> None:
    known = Original(BEFORE, PYTHON)
    after = BEFORE.replace("return 7\n", "return 77\n").replace("return 20\n", "x()\n")
    new = split_lines(after)
    ahead = Ahead(known)
    ahead.turn_to(26, 32)
    ahead.push(new[26:32])
    ahead.turn_to(80, 84)
    ahead.push(new[80:84])
    ahead.turn_to(84, 84)
    assert needs_no_parsing(known, after)


@given(st.data())
def test_it_does_not_matter_how_lines_arrive_nor_what_they_are(data: st.DataObject) -> None:
    before = "".join(FUNCTIONS[:6])
    lines = split_lines(before)
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(lines)))
        end = min(len(lines), start + data.draw(st.integers(0, 5)))
        lines[start:end] = data.draw(
            st.lists(st.sampled_from(["x = (\n", "def f3():\n", "\n", "y = 1\n"]), max_size=4)
        )
    known = Original(before, PYTHON)
    ahead = Ahead(known)
    while lines:
        count = data.draw(st.integers(1, 5))
        ahead.push(lines[:count])
        del lines[:count]
    assert PYTHON is not None
    for text in segments_of_original(known).settled:
        assert syntax.breakage("", text, PYTHON) == syntax.Breakage((), syntax.Extent.WHOLE)


def test_of_a_text_that_is_not_divided_nothing_is_parsed() -> None:
    known = Original("a: 1\n", syntax.by_name("yaml"))
    ahead = Ahead(known)
    ahead.turn_to(0, 1)
    ahead.push(["a: 2\n"])
    assert known.segments is None
    assert segments_of(Lined("a: 1\n"), known.language, ParseBudget()) is None
