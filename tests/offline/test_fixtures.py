"""Every file of fixtures/offline: a sentence, an instruction, a document, and what becomes of it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from editsvc.offline import NotApplicable, NotUnderstood, edits, notes, rewrite
from editsvc.offline.transform import chosen
from editsvc.syntax import language_of
from editsvc.text.document import apply

FOLDER = Path(__file__).parents[2] / "fixtures" / "offline"
FORM = re.compile(
    r"(?P<prose>.+?)\n\n-- instruction --\n(?P<instruction>.+?)\n"
    r"-- before: (?P<filename>\S+) --\n(?P<before>.*?)"
    r"-- (?P<outcome>after|refused) --\n(?P<expected>.*?)"
    r"(?:-- notes --\n(?P<notes>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Case:
    instruction: str
    filename: str
    before: str
    after: str | None
    refusal: str | None
    notes: str


def read(path: Path) -> Case:
    match = FORM.fullmatch(path.read_text("utf-8"))
    assert match is not None, f"{path.name} is not of the form of a fixture"
    refused = match["outcome"] == "refused"
    return Case(
        match["instruction"],
        match["filename"],
        match["before"],
        after=None if refused else match["expected"],
        refusal=match["expected"].strip() if refused else None,
        notes=match["notes"] or "",
    )


CASES = {path.stem: read(path) for path in sorted(FOLDER.glob("*.txt"))}
EDITED = {name: case for name, case in CASES.items() if case.after is not None}
LINE_ENDS = {"crlf": "\r\n", "cr": "\r"}


def test_there_are_fixtures() -> None:
    assert len(CASES) > 40


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fixture_ends_as_it_says(case: Case) -> None:
    if case.refusal is not None:
        with pytest.raises((NotApplicable, NotUnderstood)) as caught:
            rewrite(case.before, case.instruction, filename=case.filename)
        assert caught.value.message == case.refusal
    else:
        assert rewrite(case.before, case.instruction, filename=case.filename) == case.after
    said = notes(case.before, case.instruction, language_of(case.filename))
    assert "".join(f"{note}\n" for note in said) == case.notes


@pytest.mark.parametrize("line_end", LINE_ENDS.values(), ids=LINE_ENDS)
@pytest.mark.parametrize("case", EDITED.values(), ids=EDITED)
def test_line_ends_are_kept_and_inserted_lines_have_those_of_their_neighbours(
    case: Case, line_end: str
) -> None:
    before = case.before.replace("\n", line_end)
    assert case.after is not None
    assert rewrite(before, case.instruction, filename=case.filename) == case.after.replace("\n", line_end)


@pytest.mark.parametrize("case", EDITED.values(), ids=EDITED)
def test_edits_do_not_overlap_and_make_the_new_text(case: Case) -> None:
    language = language_of(case.filename, case.before)
    made = sorted(edits(case.before, chosen(case.before, case.instruction, language), language))
    assert all(first.end <= second.start for first, second in itertools.pairwise(made))
    assert apply(case.before, made) == case.after


@pytest.mark.parametrize("case", EDITED.values(), ids=EDITED)
def test_characters_of_several_bytes_before_an_edit_do_not_move_it(case: Case) -> None:
    language = language_of(case.filename)
    if language is None or not (language.line_comment or language.block_comment):
        comment = "😀 é\n\n"
    elif language.block_comment:
        comment = "{} 😀 é {}\n\n".format(*language.block_comment)
    else:
        comment = f"{language.line_comment} 😀 é\n\n"
    assert case.after is not None
    assert rewrite(comment + case.before, case.instruction, filename=case.filename) == comment + case.after
