"""Where an edit changes a document, which of it was not asked for, and what is left without that."""

import pytest

from editsvc.engine.edit import EditResult
from editsvc.engine.places import places, spoken, unexplained_sentence, without_unexplained
from editsvc.errors import Status
from editsvc.guard.findings import Action, Check, Handled, Lines, Mark
from editsvc.text.diff import edits
from editsvc.text.document import Snapshot, apply, normalise

BEFORE = "".join(f"line {number}\n" for number in range(1, 21))
AFTER = (
    BEFORE.replace("line 3\n", "line 3\nadded\n")
    .replace("line 10\nline 11\n", "ten\neleven\n")
    .replace("line 18\n", "")
)


def result(*marks: Mark, before: str = BEFORE, findings: tuple[Handled, ...] = ()) -> EditResult:
    found = tuple(edits(before, AFTER))
    after = Snapshot(apply(before, found))
    return EditResult("1", Status.CHANGED, Snapshot(before), after, found, marks=marks, findings=findings)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_place_has_its_lines_in_the_old_and_in_the_new_text(line_end: str) -> None:
    found = places(result(before=BEFORE.replace("\n", line_end)))
    assert [(place.before, place.after, place.at, place.new_at) for place in found] == [
        (None, Lines(4, 4), 4, 4),
        (Lines(10, 11), Lines(11, 12), 10, 11),
        (Lines(18, 18), None, 18, 19),
    ]
    assert {place.mark for place in found} == {Mark.UNKNOWN}


def test_what_is_not_explained_is_said_with_its_lines_in_the_new_text() -> None:
    one = result(Mark.EXPLAINED, Mark.UNEXPLAINED, Mark.HARMLESS)
    assert unexplained_sentence(one) == "1 of 3 hunks is not explained by the instruction: lines 11-12"
    two = result(Mark.UNEXPLAINED, Mark.EXPLAINED, Mark.UNEXPLAINED)
    assert unexplained_sentence(two) == "2 of 3 hunks are not explained by the instruction: lines 4, 19"
    assert unexplained_sentence(result(Mark.EXPLAINED, Mark.UNKNOWN, Mark.HARMLESS)) == ""
    assert unexplained_sentence(result()) == ""


def test_it_is_left_out_and_everything_else_stays() -> None:
    whole = result(Mark.EXPLAINED, Mark.UNEXPLAINED, Mark.UNKNOWN)
    less = without_unexplained(whole)
    assert less.after == Snapshot(BEFORE.replace("line 3\n", "line 3\nadded\n").replace("line 18\n", ""))
    assert (less.status, less.marks) == (Status.CHANGED, (Mark.EXPLAINED, Mark.UNKNOWN))
    assert less.warnings == (
        "1 of 3 hunks is left out, because the instruction does not explain it: lines 10-11 of the old text.",
    )
    assert without_unexplained(less) is less


def test_line_ends_stay_as_they_are_where_something_is_left_out() -> None:
    mixed = BEFORE.replace("line 10\n", "line 10\r\n").replace("line 11\n", "line 11\r")
    less = without_unexplained(result(Mark.UNEXPLAINED, Mark.EXPLAINED, Mark.UNEXPLAINED, before=mixed))
    assert less.after is not None
    assert less.after.text == mixed.replace("line 10", "ten").replace("line 11", "eleven")
    assert normalise(less.after.text) != less.after.text


def test_nothing_is_changed_if_nothing_was_asked_for() -> None:
    less = without_unexplained(result(*[Mark.UNEXPLAINED] * 3))
    assert (less.status, less.edits, less.after) == (Status.UNCHANGED, (), Snapshot(BEFORE))


def test_without_marks_nothing_is_left_out() -> None:
    whole = result()
    assert without_unexplained(whole) is whole


def test_a_place_has_the_sentences_that_are_about_its_lines() -> None:
    findings = (
        Handled(Check.COMMENTS, "A comment was put back.", Action.RESTORED, Lines(11, 11), Lines(12, 12)),
        Handled(Check.INVISIBLE, "Line 4 has an invisible character.", Action.WARNED, None, Lines(4, 4)),
        # The new text of a reply that was not taken is another one.
        Handled(Check.LOSS, "A line was gone.", Action.ASKED_AGAIN, None, Lines(4, 12)),
    )
    assert [place.findings for place in places(result(findings=findings))] == [
        ("Line 4 has an invisible character.",),
        ("A comment was put back.",),
        (),
    ]


def test_lines_in_words() -> None:
    assert spoken([Lines(3, 3)]) == "line 3"
    assert spoken([Lines(3, 5)]) == "lines 3-5"
    assert spoken([Lines(12, 14), Lines(40, 40)]) == "lines 12-14, 40"
