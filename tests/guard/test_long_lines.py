"""Very long lines are compared by their parts, and what is found is told in lines of the document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.guard import gate, long_lines
from editsvc.guard.findings import Check, Lines
from editsvc.guard.long_lines import LONGEST
from editsvc.guard.proposal import Piece, Proposal, Received
from editsvc.instruction.intent import intent_of
from editsvc.scope.sections import divide
from editsvc.text.diff import changed_spans

ROWS = [f'{{"id": {number}, "town": "Town {number * 7}"}},' for number in range(400)]
INTENT = intent_of("Make the change that we spoke of.")
BREAK = "\x1f\n"


def proposal(before: str, after: str) -> Proposal:
    return Proposal(
        before, after, INTENT, pieces=(Piece(divide(before, None, longest_tokens=10**6)[0], after),)
    )


def of_a_part(before: str, number: int, new: str) -> Proposal:
    section = divide(before, None)[number]
    after = before[: section.start] + new + before[section.end :]
    offered = (section,)
    return Proposal(
        before,
        after,
        INTENT,
        pieces=(Piece(section, new),),
        whole=False,
        offered=offered,
        received=Received(),
    )


def test_where_no_changed_line_is_long_nothing_is_broken() -> None:
    long, short = "".join(ROWS), "\n".join(ROWS)
    assert long_lines.read(proposal(short, short.replace("Town 49", "Rome"))) is None
    assert long_lines.read(proposal(f"a\n{long}\n", f"b\n{long}\n")) is None


@given(
    st.lists(
        st.sampled_from(["a = 1;", "{b}", "c, d,", "some words in a row. ", "x" * 400, "é", " "]),
        min_size=1,
        max_size=200,
    ),
    st.integers(1, 100),
)
def test_a_broken_text_is_the_text_with_breaks_and_equal_parts_are_broken_alike(
    parts: list[str], at: int
) -> None:
    filler = "; ".join(f"filler {number}" for number in range(400)) + "; "
    before = filler + "".join(parts)
    after = filler + "".join((*parts[:at], "new;", *parts[at:]))
    reading = long_lines.read(proposal(before, after))
    assert reading is not None
    seen = reading.proposal
    assert (seen.before.replace(BREAK, ""), seen.after.replace(BREAK, "")) == (before, after)
    changed = sum(span.new_end - span.new_start for span in changed_spans(seen.before, seen.after))
    # At most the part that the new one came into, in pieces.
    assert changed <= 2 + max(map(len, "".join(parts).split(";"))) // 6


def test_a_text_without_places_to_break_it_is_left_alone_in_linear_time() -> None:
    before = "x" * 1_000_000
    reading = long_lines.read(proposal(before, before + "y"))
    assert reading is not None
    assert reading.proposal.before == before


def test_a_part_of_a_line_that_came_twice_is_told_with_the_line() -> None:
    before = "\n".join(["# Towns", "".join(ROWS), "# End", ""])
    section = divide(before, None)[5]
    verdict = gate.examine(of_a_part(before, 5, section.text + section.text))
    kinds = {found.kind for found in verdict.handled}
    assert kinds == {Check.DOUBLING}
    assert verdict.handled[0].after == Lines(2, 2)


def test_a_part_of_a_line_that_is_like_another_is_told_with_the_line() -> None:
    before = "\n".join(["# Towns", "".join(ROWS), "# End", ""])
    verdict = gate.examine(of_a_part(before, 5, divide(before, None)[9].text))
    found = verdict.handled[0]
    assert found.kind is Check.PLACE
    assert found.before == Lines(2, 2)
    assert "for lines 2 to 2 " in found.message


@pytest.mark.parametrize("end", [";", "},", ", ", ". ", " "])
def test_what_changes_in_a_part_of_a_line_passes(end: str) -> None:
    before = end.join(f"the entry of {number} says {number * 7}" for number in range(400))
    assert len(before) > LONGEST
    section = divide(before, None)[3]
    new = section.text.replace("says", "said", 2)
    verdict = gate.examine(of_a_part(before, 3, new))
    assert verdict.decision is gate.Decision.PASS
    assert verdict.document == before[: section.start] + new + before[section.end :]
