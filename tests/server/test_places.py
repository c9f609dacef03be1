"""Which lines a selection, a cursor or a comment means."""

import pytest

from editsvc import syntax
from editsvc.scope import ScopeKind, ScopeRequest
from lsp import places

PYTHON = syntax.by_name("python")
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

    assert places.selected(TEXT, start, start + len(selected), PYTHON) == expected


@pytest.mark.parametrize("length", [0, 1], ids=["a cursor", "the one character that Helix selects"])
def test_a_cursor_means_the_innermost_definition(length: int) -> None:
    start = TEXT.index("return 2")

    assert places.selected(TEXT, start, start + length, PYTHON) == lines(8, 9)


def test_a_cursor_outside_of_definitions_means_the_file() -> None:
    assert places.selected(TEXT, 0, 0, PYTHON) == ScopeRequest(ScopeKind.FILE)


def test_a_comment_is_about_the_definition_that_follows_it() -> None:
    assert places.below(TEXT, TEXT.index("class A"), PYTHON) == lines(4, 9)
    assert places.below(TEXT, TEXT.index("    def g"), PYTHON) == lines(8, 9)


def test_a_comment_inside_of_a_definition_is_about_that() -> None:
    assert places.below(TEXT, TEXT.index("        return 1"), PYTHON) == lines(5, 6)


def test_the_empty_line_behind_the_last_line_end_is_no_line() -> None:
    assert places.whole_lines("a\nb\n", 2, 4) == lines(2, 2)
    assert places.whole_lines("a\nb\n", 4, 4) == lines(2, 2)
    assert places.whole_lines("", 0, 0) == lines(1, 1)
