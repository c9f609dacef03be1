"""Two texts set beside each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from editsvc.text.comparison import Comparison, Lined
from editsvc.text.diff import changed_spans, edits
from editsvc.text.document import apply, split_lines

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "  d", "é\u2028"]), max_size=12).map("\n".join)


@given(TEXTS, TEXTS)
def test_lines_spans_and_edits_are_those_of_the_two_texts(before: str, after: str) -> None:
    both = Comparison(Lined(before), after)
    assert both.old == split_lines(before)
    assert both.new == split_lines(after)
    assert both.spans == changed_spans(before, after)
    assert both.edits() == edits(before, after)
    assert apply(before, both.edits()) == after


def test_lines_that_stayed_are_the_same_objects() -> None:
    was = Lined("first line\nsecond line\n")
    both = Comparison(was, "first line\nanother\nsecond line\n")
    assert both.new[0] is was.lines[0]
    assert both.new[2] is was.lines[1]


def test_what_is_forgotten_is_made_again() -> None:
    was = Lined("a\nb\n")
    assert list(was.starts) == [0, 2, 4]
    was.forget()
    assert was.lines == ["a\n", "b\n"]
    assert list(was.starts) == [0, 2, 4]
