"""Replies of numbered parts, whole and in pieces, and what models write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.prompt.rendering import Frame
from editsvc.reply import Framing, Reply, ReplyKind, SectionsParser
from editsvc.text.section import Section

FRAME = Frame("````", "python")
FIRST = "import os\n\n\n"
SECOND = "def read():\n    return 1\n\n\n"
THIRD = "def write():\n    return 2\n"
DOCUMENT = FIRST + SECOND + THIRD
SECTIONS = [
    Section(1, FIRST, 1),
    Section(2, SECOND, 4, len(FIRST), "read"),
    Section(3, THIRD, 8, len(FIRST + SECOND), "write"),
]


def read(reply: str, *, cuts: list[int] | None = None, sections: list[Section] = SECTIONS) -> Reply:
    parser = SectionsParser(FRAME, "".join(section.text for section in sections), sections)
    at = 0
    for cut in [*sorted(cuts or []), len(reply)]:
        parser.push(reply[at:cut])
        at = max(at, cut)
    return parser.finish()


def test_parts_come_with_their_numbers() -> None:
    reply = read("````python 2\ndef read():\n    return 3\n\n\n````\n````python 3\n" + THIRD + "````")
    assert reply.sections == (Section(2, "def read():\n    return 3\n\n\n"), Section(3, THIRD))
    assert (reply.kind, reply.framing, reply.closed) == (ReplyKind.CODE, Framing.AGREED, True)


@pytest.mark.parametrize(
    "opening",
    [
        "````python 2",
        "```` 2",
        "````2",
        "````python #2",
        "````python section 2",
        "```python 2",
        "````python 2 read",
    ],
)
def test_the_number_is_found_however_the_fence_is_written(opening: str) -> None:
    fence = opening[: len(opening) - len(opening.lstrip("`"))]
    assert read(f"{opening}\ndef read():\n    pass\n\n\n{fence}\n").sections == (
        Section(2, "def read():\n    pass\n\n\n"),
    )


def test_a_part_that_is_to_go_is_empty() -> None:
    assert read("````python 2\n````").sections == (Section(2, ""),)


def test_a_part_of_blank_lines_is_not_gone() -> None:
    assert read("````python 2\n\n````").sections == (Section(2, "\n"),)


def test_blank_lines_that_a_model_drops_before_a_named_part_are_restored() -> None:
    assert read("````python 2\ndef read():\n    pass\n````").sections == (
        Section(2, "def read():\n    pass\n\n\n"),
    )


def test_blank_lines_are_not_restored_where_the_next_part_goes_too() -> None:
    reply = read("````python 2\ndef read():\n    pass\n````\n````python 3\n````")
    assert reply.sections == (Section(2, "def read():\n    pass\n"), Section(3, ""))


def test_the_final_newline_follows_the_original() -> None:
    sections = [SECTIONS[0], Section(2, "def read():\n    return 1", 4, len(FIRST))]
    assert read("````python 2\ndef read():\n    pass\n````", sections=sections).sections == (
        Section(2, "def read():\n    pass"),
    )


def test_prose_before_the_first_part_is_set_aside() -> None:
    reply = read("Here is what changes:\n\n````python 3\n" + THIRD + "````")
    assert (reply.before, reply.sections) == ("Here is what changes:", (Section(3, THIRD),))


def test_a_part_that_does_not_end_is_not_closed() -> None:
    assert not read("````python 3\ndef write():\n").closed


@pytest.mark.parametrize(
    ("reply", "framing"),
    [
        pytest.param(f"````python\n{DOCUMENT}````", Framing.AGREED, id="in the frame"),
        pytest.param(DOCUMENT, Framing.NONE, id="bare"),
        pytest.param(f"Sure!\n\n```python\n{DOCUMENT}```\nDone.", Framing.OTHER, id="as a chat model would"),
    ],
)
def test_a_whole_file_instead_of_parts_is_a_whole_file(reply: str, framing: Framing) -> None:
    found = read(reply)
    assert (found.sections, found.code, found.framing) == (None, DOCUMENT, framing)


def test_refusals_are_recognised() -> None:
    assert read("CANNOT: there is no cache.").kind is ReplyKind.CANNOT
    assert read("WHOLE FILE: the import as well.").kind is ReplyKind.WHOLE_FILE


REPLIES = [
    "````python 2\r\ndef read():\r\n    return 3\r\n````\r\n````python 3\n" + THIRD + "````",
    "Well:\n````python 1\nimport io\n````\nand\n````python 3\n````\nThat is all.",
    f"````python\n{DOCUMENT}````",
    "CANNOT: no",
    "",
]


@given(st.sampled_from(REPLIES), st.lists(st.integers(0, 80), max_size=6))
def test_it_does_not_matter_where_the_stream_is_cut(reply: str, cuts: list[int]) -> None:
    assert read(reply, cuts=[min(cut, len(reply)) for cut in cuts]) == read(reply)


@given(st.sampled_from(REPLIES))
def test_what_is_shown_while_it_streams_is_what_the_reply_holds(reply: str) -> None:
    parser = SectionsParser(FRAME, DOCUMENT, SECTIONS)
    shown: dict[int, str] = {}
    for character in reply:
        for number, lines in parser.push(character):
            shown[number] = shown.get(number, "") + "".join(lines)
    done = parser.finish()
    for section in done.sections or ():
        assert shown.get(section.number, "").rstrip() == section.text.rstrip()


def test_a_reply_that_begins_with_very_many_blank_lines_is_read_in_one_go() -> None:
    """Looking at all of them again for each took hours."""
    assert read("\n" * 200_000 + "````python 3\n" + THIRD + "````").sections == (Section(3, THIRD),)


GO = "// One returns 1.\nfunc One() int {\n\treturn 1\n}\n\n"
TWO = "func Two() int {\n\treturn 2\n}\n"


def test_a_comment_for_the_definition_that_follows_stands_right_above_it() -> None:
    document = GO + TWO
    sections = [Section(1, GO, 1, 0, "One"), Section(2, TWO, 6, len(GO), "Two")]
    parser = SectionsParser(FRAME, document, sections)
    parser.push("````python 1\n" + GO + "// Two returns 2.\n````\n")
    (section,) = parser.finish().sections or ()
    assert section.text == GO + "// Two returns 2.\n"


def test_a_definition_that_was_added_at_the_end_keeps_its_distance() -> None:
    document = GO + TWO
    sections = [Section(1, GO, 1, 0, "One"), Section(2, TWO, 6, len(GO), "Two")]
    parser = SectionsParser(FRAME, document, sections)
    parser.push("````python 1\n" + GO + "func OneAndAHalf() int {\n\treturn 1\n}\n````\n")
    (section,) = parser.finish().sections or ()
    assert section.text.endswith("\treturn 1\n}\n\n")
