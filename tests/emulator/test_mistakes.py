"""The mistakes that a model makes itself, in whatever form it replies."""

from __future__ import annotations

import pytest

from editsvc.emulator.faults import parse_fault
from editsvc.emulator.mistakes import ELISION, misplaced, mistaken
from editsvc.emulator.responder import ModelReply, ModelReplyKind
from editsvc.emulator.structured import edits_between, structured
from editsvc.emulator.task import FoundWrapper, Job
from editsvc.reply import search_replace
from editsvc.reply.search_replace import StructuredReply
from editsvc.text.section import Section

ONE = "def one():\n    return 1\n\n\n"
TWO = "def two(value):\n    return sum([value, 2])\n"
NEW_TWO = "def two(value):\n    return sum([value, 20])\n"
FILE = ONE + TWO
CODE = ModelReply(ModelReplyKind.CODE, ONE + NEW_TWO, "case")
PARTS = ModelReply(
    ModelReplyKind.CODE,
    ONE.replace("1", "10") + NEW_TWO,
    sections=(Section(1, ONE.replace("1", "10")), Section(2, NEW_TWO)),
)


def job(*parts: tuple[int, str], document: str = FILE, turn: int = 0) -> Job:
    return Job(document, document, [Section(*part) for part in parts], "Do it.", "x.py", FoundWrapper(), turn)


NUMBERED = job((1, ONE), (2, TWO))


def made(reply: ModelReply, asked: Job, fault: str) -> ModelReply:
    return mistaken(reply, asked, parse_fault(fault))


# --- in numbered parts --------------------------------------------------------------------------------------


def test_the_end_of_the_last_part_is_what_is_left_out() -> None:
    assert made(PARTS, NUMBERED, "truncated").sections == (PARTS.sections[0], Section(2, "def two(value):\n"))
    assert made(PARTS, NUMBERED, "elision").sections == (
        PARTS.sections[0],
        Section(2, f"def two(value):\n{ELISION}\n"),
    )


@pytest.mark.parametrize(("fault", "mark"), [("crlf", "\r\n"), ("entities", "&lt;")])
def test_what_concerns_every_line_concerns_every_part(fault: str, mark: str) -> None:
    reply = ModelReply(
        ModelReplyKind.CODE, "a < b\nc < d\n", sections=(Section(1, "a < b\n"), Section(2, "c < d\n"))
    )
    wrong = made(reply, NUMBERED, fault)

    assert mark in wrong.text
    assert all(mark in section.text for section in wrong.sections)


def test_a_number_that_was_not_offered_stands_at_the_last_part() -> None:
    assert made(PARTS, NUMBERED, "wrong-part").sections == (PARTS.sections[0], Section(3, NEW_TWO))


def test_where_no_numbers_are_asked_for_none_is_wrong() -> None:
    assert made(CODE, job(), "wrong-part") == CODE


# --- syntax -------------------------------------------------------------------------------------------------


def test_the_last_changed_line_loses_its_last_closing_bracket() -> None:
    assert made(CODE, job(), "broken-syntax").text == FILE.replace("[value, 2])", "[value, 20]")


def test_a_changed_line_without_brackets_gets_one_that_stays_open() -> None:
    reply = ModelReply(ModelReplyKind.CODE, FILE.replace("return 1", "return 10"))

    assert made(reply, job(), "broken-syntax").text == FILE.replace("return 1", "return 10 (")


def test_in_parts_the_last_one_with_lines_is_broken() -> None:
    broken = Section(2, NEW_TWO.replace("])", "]"))
    removed = ModelReply(ModelReplyKind.CODE, NEW_TWO, sections=(Section(2, NEW_TWO), Section(3, "")))

    assert made(PARTS, NUMBERED, "broken-syntax").sections == (PARTS.sections[0], broken)
    assert made(removed, job((1, ONE), (2, TWO), (3, "\n")), "broken-syntax").sections == (
        broken,
        Section(3, ""),
    )


def test_a_part_alone_is_compared_with_itself() -> None:
    assert made(ModelReply(ModelReplyKind.CODE, NEW_TWO), job((0, TWO)), "broken-syntax").text == (
        NEW_TWO.replace("])", "]")
    )


def test_where_nothing_changes_the_last_line_is_broken() -> None:
    assert made(ModelReply(ModelReplyKind.CODE, FILE), job(), "broken-syntax").text == FILE.replace(
        "2])", "2]"
    )


def test_a_refusal_has_no_syntax_to_break() -> None:
    reply = ModelReply(ModelReplyKind.CANNOT, "No (really).")

    assert made(reply, job(), "broken-syntax") == reply


# --- search texts -------------------------------------------------------------------------------------------

EDITS = structured(CODE, FILE)


def test_a_search_text_that_does_not_occur_is_not_applied() -> None:
    wrong = misplaced(EDITS, job(), parse_fault("search-missing"))

    with pytest.raises(search_replace.NotApplied, match="edit 1 does not occur"):
        search_replace.apply(FILE, wrong.edits)


def test_a_search_text_that_occurs_twice_is_not_applied() -> None:
    wrong = misplaced(EDITS, job(), parse_fault("search-twice"))

    assert EDITS.edits[0].search.startswith(wrong.edits[0].search)
    with pytest.raises(search_replace.NotApplied, match="edit 1 occurs more than once"):
        search_replace.apply(FILE, wrong.edits)


def test_what_occurs_twice_may_begin_later_in_the_search_text() -> None:
    document = "xy\nz y\n"
    right = StructuredReply(edits_between(document, "X\nz y\n"))
    wrong = misplaced(right, job(document=document), parse_fault("search-twice"))

    assert (right.edits[0].search, wrong.edits[0].search) == ("xy\n", "y\n")


def test_in_a_part_alone_the_part_is_searched() -> None:
    wrong = misplaced(
        structured(ModelReply(ModelReplyKind.CODE, NEW_TWO), TWO), job((0, TWO)), parse_fault("search-twice")
    )

    with pytest.raises(search_replace.NotApplied, match="more than once"):
        search_replace.apply(TWO, wrong.edits)


@pytest.mark.parametrize("fault", ["search-missing", "search-twice"])
def test_without_edits_no_search_text_is_wrong(fault: str) -> None:
    refusal = StructuredReply((), "No.")

    assert misplaced(refusal, job(), parse_fault(fault)) == refusal


# --- turns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("turn", "broken"), [(0, True), (1, True), (2, False)])
def test_a_mistake_can_be_limited_to_the_first_turns_of_a_conversation(turn: int, broken: bool) -> None:
    assert (made(CODE, job(turn=turn), "broken-syntax:2") != CODE) is broken
    assert (misplaced(EDITS, job(turn=turn), parse_fault("search-missing:2")) != EDITS) is broken
