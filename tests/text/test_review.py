"""Hunks follow the user's typing, are taken back exactly where they are, and each ends with one verdict."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from editsvc.errors import Stale, UsageError
from editsvc.text.document import Edit, apply, split_lines
from editsvc.text.review import HunkCounts, HunkState, Review

BEFORE = "import os\nimport re\n\ndef area(r):\n    return 3 * r * r\n\nprint(area(2))\n"
# One hunk of each kind: lines deleted, lines added, a line replaced.
DELETED, ADDED, REPLACED = 0, 1, 2
EDITS = [
    Edit(10, 20, ""),
    Edit(21, 21, "@cache\n"),
    Edit(34, 55, "    return math.pi * r ** 2\n"),
]
AFTER = "import os\n\n@cache\ndef area(r):\n    return math.pi * r ** 2\n\nprint(area(2))\n"


class Buffer:
    """An editor's text, with a review that hears of every change."""

    def __init__(self, edits: Sequence[Edit] = EDITS, before: str = BEFORE) -> None:
        self.text = apply(before, edits)
        self.review = Review(edits, before)

    def make(self, change: Edit) -> None:
        self.text = apply(self.text, [change])
        self.review.changed(change)

    def replace(self, old: str, new: str) -> None:
        assert self.text.count(old) == 1
        start = self.text.index(old)
        self.make(Edit(start, start + len(old), new))

    def type(self, before: str, keys: str) -> None:
        """Type `keys`, one by one, right before that text."""
        start = self.text.index(before)
        for number, key in enumerate(keys):
            self.make(Edit(start + number, start + number, key))

    def reject(self, hunk: int) -> None:
        self.make(self.review.reject(hunk, self.text))

    def states(self) -> list[str]:
        self.review.refresh(self.text)
        return [hunk.state.value for hunk in self.review.hunks]


@pytest.fixture
def buffer() -> Buffer:
    found = Buffer()
    assert found.text == AFTER
    return found


def test_every_hunk_is_shown_where_it_is_with_both_texts(buffer: Buffer) -> None:
    buffer.type("import os", "# 😀\n")
    for number, hunk in enumerate(buffer.review.hunks):
        assert hunk.id == number
        assert hunk.state is HunkState.OPEN
        assert buffer.text[hunk.start : hunk.end] == hunk.new_text == EDITS[number].new_text
        assert hunk.old_text == BEFORE[EDITS[number].start : EDITS[number].end]


@pytest.mark.parametrize(
    ("hunk", "text"),
    [
        (DELETED, AFTER.replace("import os\n", "import os\nimport re\n")),
        (ADDED, AFTER.replace("@cache\n", "")),
        (REPLACED, AFTER.replace("math.pi * r ** 2", "3 * r * r")),
    ],
)
def test_a_rejected_hunk_is_taken_back_and_nothing_else(buffer: Buffer, hunk: int, text: str) -> None:
    buffer.reject(hunk)
    assert buffer.text == text
    assert buffer.states() == ["rejected" if number == hunk else "open" for number in range(3)]


def test_rejecting_keeps_what_was_typed_around_the_hunk(buffer: Buffer) -> None:
    buffer.type("    return", "    r = abs(r)\n")
    buffer.type("\nprint", "    # done\n")
    buffer.type("\n@cache", "import sys\n")
    for hunk in (REPLACED, DELETED, ADDED):
        buffer.reject(hunk)
    assert buffer.text == BEFORE.replace("    return", "    r = abs(r)\n    return").replace(
        "\nprint", "    # done\n\nprint"
    ).replace("import re\n", "import re\nimport sys\n")


def test_a_hunk_that_the_user_typed_into_can_be_accepted_but_not_rejected(buffer: Buffer) -> None:
    buffer.type("** 2", "* 1 ")
    assert buffer.states() == ["open", "open", "edited"]
    with pytest.raises(Stale, match="Hunk 3 cannot be rejected: its text was changed"):
        buffer.review.reject(REPLACED, buffer.text)
    buffer.review.accept(REPLACED)
    assert buffer.states() == ["open", "open", "accepted"]


def test_what_was_typed_and_taken_back_leaves_the_hunk_open(buffer: Buffer) -> None:
    buffer.type("** 2", "* 1 ")
    buffer.replace("* 1 ** 2", "** 2")
    assert buffer.states() == ["open", "open", "open"]
    buffer.reject(REPLACED)
    assert "    return 3 * r * r\n" in buffer.text


def test_an_undo_of_the_whole_edit_rejects_it_and_a_redo_opens_it_again(buffer: Buffer) -> None:
    undo = [Edit(31, 59, BEFORE[34:55]), Edit(11, 18, ""), Edit(10, 10, BEFORE[10:20])]
    redo = list(reversed(EDITS))
    for change in undo:
        buffer.make(change)
    assert buffer.text == BEFORE
    assert buffer.states() == ["rejected"] * 3
    for change in redo:
        buffer.make(change)
    assert buffer.text == AFTER
    assert buffer.states() == ["open"] * 3


def test_what_is_deleted_together_with_its_surroundings_is_gone(buffer: Buffer) -> None:
    buffer.replace("@cache\ndef area(r):\n    return math.pi * r ** 2\n\n", "")
    assert buffer.states() == ["open", "gone", "gone"]
    with pytest.raises(Stale, match="no longer in the document"):
        buffer.review.accept(REPLACED)


def test_deleting_the_added_lines_by_hand_is_a_rejection(buffer: Buffer) -> None:
    buffer.replace("@cache\n", "")
    assert buffer.states()[ADDED] == "rejected"


def test_a_deletion_is_gone_when_both_lines_beside_it_are(buffer: Buffer) -> None:
    buffer.replace("import os\n\n@cache\n", "")
    assert buffer.states()[DELETED] == "gone"


def test_deleted_lines_come_back_before_what_was_typed_in_their_place(buffer: Buffer) -> None:
    buffer.type("\n@cache", "import sys")
    assert buffer.review.hunks[DELETED].start == buffer.review.hunks[DELETED].end
    buffer.reject(DELETED)
    assert buffer.text.startswith("import os\nimport re\nimport sys\n")


def test_deleted_lines_do_not_come_back_in_the_middle_of_a_line(buffer: Buffer) -> None:
    buffer.replace("import os\n", "import os")
    with pytest.raises(Stale):
        buffer.review.reject(DELETED, buffer.text)


def test_two_deletions_that_have_met_come_back_in_their_order() -> None:
    buffer = Buffer([Edit(0, 2, ""), Edit(4, 6, "")], "a\nb\nc\nd\n")
    buffer.replace("b\n", "")
    for hunk in (0, 1):
        buffer.reject(hunk)
    assert buffer.text == "a\nc\nd\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_undo_that_an_editor_tells_in_pieces_takes_the_last_line_back_with_its_end(line_end: str) -> None:
    before = f"one{line_end}a = b + 7{line_end}"
    at = before.index("+")
    buffer = Buffer([Edit(before.index("a"), len(before), f"a = b * 7{line_end}")], before)
    end = len(buffer.text)
    # Neovim first tells of a line end too many, and then of a line without one.
    buffer.make(Edit(end, end, line_end))
    assert buffer.states() == ["open"]
    buffer.make(Edit(at, end, "+ 7"))

    assert buffer.text == before
    assert buffer.states() == ["rejected"]


def test_a_line_that_is_joined_with_the_next_one_is_not_as_it_was_written() -> None:
    buffer = Buffer([Edit(0, 4, "two\n")], "one\nthree\n")
    buffer.make(Edit(3, 4, ""))

    assert buffer.states() == ["edited"]


def test_a_decision_is_made_once(buffer: Buffer) -> None:
    buffer.review.accept(ADDED)
    with pytest.raises(UsageError, match="Hunk 2 is accepted already"):
        buffer.review.reject(ADDED, buffer.text)
    with pytest.raises(UsageError, match="There is no hunk 4; the edit has 3"):
        buffer.review.accept(3)
    with pytest.raises(UsageError, match="There is no hunk 0"):
        buffer.review.reject(-1, buffer.text)


def test_a_rejection_that_the_editor_does_not_make_is_taken_back(buffer: Buffer) -> None:
    buffer.review.reject(ADDED, buffer.text)
    buffer.review.reopen(ADDED, buffer.text)
    assert buffer.states() == ["open"] * 3
    buffer.reject(ADDED)
    assert "@cache" not in buffer.text


def test_accepting_all_and_rejecting_all_leave_what_is_decided_alone(buffer: Buffer) -> None:
    buffer.review.accept(ADDED)
    rejections = buffer.review.reject_all(buffer.text)
    assert rejections.hunk_ids == (DELETED, REPLACED)
    assert apply(buffer.text, rejections.edits) == BEFORE.replace("def area", "@cache\ndef area")
    assert buffer.review.accept_all() == ()
    assert Buffer().review.accept_all() == (0, 1, 2)


def test_rejecting_all_names_the_hunks_that_the_user_went_on_from(buffer: Buffer) -> None:
    buffer.type("** 2", "* 1 ")
    rejections = buffer.review.reject_all(buffer.text)
    assert rejections.hunk_ids == (DELETED, ADDED)
    assert rejections.refused == (REPLACED,)
    assert [hunk.id for hunk in buffer.review.undecided] == [REPLACED]


def test_at_close_what_was_never_decided_survived_and_is_told_apart_from_accepted(buffer: Buffer) -> None:
    buffer.review.accept(ADDED)
    assert buffer.review.close(buffer.text) == HunkCounts(accepted=1, survived=2)
    assert buffer.states() == ["survived", "accepted", "survived"]


def test_at_close_every_hunk_has_one_verdict(buffer: Buffer) -> None:
    buffer.reject(DELETED)
    buffer.type("** 2", "* 1 ")
    buffer.replace("\n@cache\ndef", "def")
    assert buffer.review.close(buffer.text) == HunkCounts(rejected=1, edited=1, gone=1)


texts = st.text(alphabet="ab \n\r\x0c\u2028é😀", max_size=40)


@st.composite
def line_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text, and edits of whole lines of it with at least one line between them, as a diff gives them."""
    lines = [line + "\n" for line in draw(st.lists(st.text(alphabet="ab😀\x0c", max_size=3), max_size=8))]
    edits, line = [], 0
    while line <= len(lines):
        start = len("".join(lines[:line]))
        old = "".join(lines[line : line + draw(st.integers(0, 2))])
        new = draw(st.sampled_from(["", "X\n", "YY\nX\n", "é\r\n"]))
        if old != new and draw(st.booleans()):
            edits.append(Edit(start, start + len(old), new))
        line += len(split_lines(old)) + 1
    return "".join(lines), edits


@given(texts, st.data())
def test_rejecting_all_of_an_untouched_edit_gives_the_text_back(before: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(before)), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    edits = [Edit(start, end, data.draw(st.text(alphabet="X\n", max_size=3))) for start, end in pairs]
    # Side by side, or of nothing, edits have no places of their own.
    assume(all(one.end < other.start for one, other in pairwise(edits)))
    buffer = Buffer(edits, before)
    rejections = buffer.review.reject_all(buffer.text)
    assert rejections.refused == ()
    assert apply(buffer.text, rejections.edits) == before


@given(line_edits(), st.randoms(use_true_random=False))
def test_rejecting_one_by_one_in_any_order_gives_the_text_back(
    case: tuple[str, list[Edit]], order: random.Random
) -> None:
    before, edits = case
    buffer = Buffer(edits, before)
    for hunk in order.sample(range(len(edits)), len(edits)):
        buffer.reject(hunk)
    assert buffer.text == before


@given(
    line_edits(), st.lists(st.tuples(st.integers(0), st.sampled_from([0, 0, 1, 2])), max_size=6), st.data()
)
def test_after_any_typing_a_rejection_replaces_exactly_what_the_hunk_wrote(
    case: tuple[str, list[Edit]], presses: list[tuple[int, int]], data: st.DataObject
) -> None:
    before, edits = case
    buffer = Buffer(edits, before)
    for place, length in presses:
        start = place % (len(buffer.text) + 1)
        keys = data.draw(st.sampled_from(["", "1", "2\n", "\n"]))
        buffer.make(Edit(start, min(len(buffer.text), start + length), keys))
    for number, edit in enumerate(edits):
        text = buffer.text
        try:
            inverse = buffer.review.reject(number, text)
        except Stale:
            continue
        assert text[inverse.start : inverse.end] == edit.new_text
        assert inverse.new_text == before[edit.start : edit.end]
        buffer.make(inverse)
        assert buffer.review.hunks[number].state is HunkState.REJECTED


@given(line_edits(), st.lists(st.tuples(st.integers(0), st.sampled_from(["1", "2\n", "12"])), max_size=8))
def test_typing_between_the_hunks_does_not_hinder_taking_all_of_them_back(
    case: tuple[str, list[Edit]], presses: list[tuple[int, str]]
) -> None:
    before, edits = case
    buffer = Buffer(edits, before)
    alone = before  # what the user types, in the text without the edit
    for place, keys in presses:
        hunks = buffer.review.hunks
        places = [
            offset
            for offset in range(len(buffer.text) + 1)
            if not any(hunk.start <= offset <= hunk.end for hunk in hunks)
        ]
        if not places:
            continue
        start = places[place % len(places)]
        behind = [hunk for hunk in hunks if hunk.end < start]
        shift = sum(len(hunk.old_text) - len(hunk.new_text) for hunk in behind)
        alone = apply(alone, [Edit(start + shift, start + shift, keys)])
        buffer.make(Edit(start, start, keys))
    for hunk in range(len(edits)):
        buffer.reject(hunk)
    assert buffer.text == alone


@given(
    line_edits(),
    st.lists(st.tuples(st.integers(0), st.integers(0, 4), st.text("1\n", max_size=2)), max_size=6),
)
def test_every_hunk_ends_with_exactly_one_verdict(
    case: tuple[str, list[Edit]], presses: list[tuple[int, int, str]]
) -> None:
    before, edits = case
    buffer = Buffer(edits, before)
    for place, length, keys in presses:
        start = place % (len(buffer.text) + 1)
        buffer.make(Edit(start, min(len(buffer.text), start + length), keys))
        for hunk in buffer.review.hunks:
            assert 0 <= hunk.start <= hunk.end <= len(buffer.text)
    verdicts = buffer.review.close(buffer.text)
    ends = (verdicts.accepted, verdicts.rejected, verdicts.survived, verdicts.edited, verdicts.gone)
    assert sum(ends) == len(edits)
    assert verdicts.accepted == 0
