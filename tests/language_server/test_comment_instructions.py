"""Instructions in comments: found in each language's syntax, and taken away with nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.text.document import Edit, apply
from lsp.editing.comment_instructions import Instruction, find, with_removal, without


def found(text: str, language: str = "python", marker: str = "edit") -> list[Instruction]:
    known = syntax.by_name(language)
    assert known is not None
    return find(text, known, marker)


@pytest.mark.parametrize(
    ("language", "text", "words", "rest"),
    [
        ("python", "# edit: make this a dataclass\nclass A:\n", "make this a dataclass", "class A:\n"),
        ("python", "a = 1  # edit: call it b\n", "call it b", "a = 1\n"),
        ("python", "    ## Edit : sort these  \r\n    b\r\n", "sort these", "    b\r\n"),
        ("javascript", "/// edit: use const\nlet a\n", "use const", "let a\n"),
        ("javascript", "f(/* edit: add b */ a)\n", "add b", "f(a)\n"),
        ("css", "/*\n * edit: make it blue\n */\na {}\n", "make it blue", "a {}\n"),
        ("c", "/* edit: rename a\n * to b */\nint a;\n", "rename a to b", "int a;\n"),
        ("html", "<!-- edit: add a title -->\n<p>\n", "add a title", "<p>\n"),
        ("sql", "-- edit: add an index", "add an index", ""),
        ("ini", "; edit: sort\rx=1\r", "sort", "x=1\r"),
    ],
)
def test_an_instruction_is_found_and_taken_away(language: str, text: str, words: str, rest: str) -> None:
    (instruction,) = found(text, language)

    assert instruction.words == words
    assert without(text, instruction) == rest


@pytest.mark.parametrize(
    "text",
    [
        "# edited: yesterday\n",
        "# edit this\n",
        "# edit:\n",
        "x#edit: y\n",
        "edit: no comment\n",
        "// edit: c\n",
    ],
)
def test_other_comments_are_none(text: str) -> None:
    assert not found(text)


def test_the_marker_can_be_another_word() -> None:
    (instruction,) = found("# ai: add types\n", marker="ai")

    assert instruction.words == "add types"


def test_a_cursor_anywhere_on_the_comments_line_touches_it() -> None:
    text = "a\n    # edit: b\nc\n"
    (instruction,) = found(text)
    touching = [offset for offset in range(len(text) + 1) if instruction.touches(offset, offset)]

    assert touching == list(range(text.index("    #"), text.index("\nc") + 1))


@given(st.data())
def test_edits_with_the_removal_do_what_both_do(data: st.DataObject) -> None:
    """Whatever the edits of the text without the comment, one application gives their result."""
    head, tail = data.draw(st.text("ab\n", max_size=6)), data.draw(st.text("cd\n", max_size=6))
    head = head if head.endswith("\n") or not head else head + "\n"
    text = head + "# edit: go\n" + tail
    (instruction,) = found(text)
    rest = without(text, instruction)
    borders = data.draw(st.lists(st.integers(0, len(rest)), max_size=4, unique=True).map(sorted))
    pairs = zip(borders[::2], borders[1::2], strict=False)
    edits = [Edit(start, end, data.draw(st.text("xy\n", max_size=3))) for start, end in pairs]

    combined = with_removal(edits, instruction)

    assert apply(text, combined) == apply(rest, edits)
    assert all(one.end < other.start for one, other in pairwise(combined))
