"""Which lines a selection, a cursor or a comment means."""

import pytest

from editsvc.scope.scopes import ScopeKind, ScopeRequest
from lsp.editing import selection_scope

TEXT = "import os\n\n\nclass A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"


def lines(first: int, last: int) -> ScopeRequest:
    return ScopeRequest(ScopeKind.LINES, first_line=first, last_line=last)


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        pytest.param("def f(self):\n        ret", lines(5, 6), id="a part of two lines is both lines"),
        pytest.param("class A:\n", lines(4, 4), id="a selection up to the next line's start is one line"),
        pytest.param("A:\n    def f", lines(4, 5), id="lines are taken whole"),
    ],
)
def test_a_selection_is_widened_to_whole_lines(selected: str, expected: ScopeRequest) -> None:
    start = TEXT.index(selected)

    assert selection_scope.selected(TEXT, start, start + len(selected)) == expected


@pytest.mark.parametrize("length", [0, 1], ids=["a cursor", "the one character that Helix selects"])
def test_a_cursor_is_a_place_from_which_the_model_may_ask_for_more(length: int) -> None:
    start = TEXT.index("return 2")

    assert selection_scope.selected(TEXT, start, start + length) == ScopeRequest(
        ScopeKind.AUTO, cursor_line=9
    )


def test_a_comment_is_about_the_line_that_it_stood_on() -> None:
    assert selection_scope.at(TEXT, TEXT.index("    def g")) == ScopeRequest(ScopeKind.AUTO, cursor_line=8)


def test_the_empty_line_behind_the_last_line_end_is_no_line() -> None:
    assert selection_scope.whole_lines("a\nb\n", 2, 4) == lines(2, 2)
    assert selection_scope.whole_lines("a\nb\n", 4, 4) == lines(2, 2)
    assert selection_scope.whole_lines("", 0, 0) == lines(1, 1)
