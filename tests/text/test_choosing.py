"""Hunks that are taken one by one, split and edited: whatever is chosen is a text between the old and the new one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.text.choosing import NO_NEWLINE, Choosable, DoesNotApply, choosable
from editsvc.text.diff import unified_diff

LINES = st.sampled_from(
    ["a", "b", "", "@@ -1 +1 @@", "--- x", "\\ No", "é\u2028", "c\r", "\x0c", "+", "-", "#"]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    lines = draw(st.lists(LINES, max_size=30))
    return "".join(f"{line}\n" for line in lines) + draw(st.sampled_from(["", "end", "\r"]))


def headers(old: str, new: str) -> list[str]:
    """What git's own diff has above its hunks, with each count."""
    found = []
    for line in unified_diff(old.encode(), new.encode(), "f").split(b"\n"):
        match = re.match(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line)
        if match:
            a, b, c, d = ((part or b"1").decode() for part in match.groups())
            found.append(f"@@ -{a},{b} +{c},{d} @@")
    return found


def body(old: str, new: str) -> bytes:
    lines = unified_diff(old.encode(), new.encode(), "f").split(b"\n")[2:]
    return b"\n".join(line for line in lines if not line.startswith(b"@@ "))


@given(texts(), texts())
def test_the_hunks_are_those_of_the_diff(old: str, new: str) -> None:
    found = choosable(old, new)
    assert [found.header(part) for part in found.parts] == headers(old, new)
    assert "".join(line for part in found.parts for line in found.body(part)).encode() == body(old, new)


@given(texts(), texts(), st.data())
def test_any_choice_is_between_the_texts_however_often_hunks_are_split(
    old: str, new: str, data: st.DataObject
) -> None:
    found = choosable(old, new)
    splittable = [at for at, part in enumerate(found.parts) if part.can_be_split]
    if splittable and data.draw(st.booleans()):
        at = data.draw(st.sampled_from(splittable))
        before = len(found.parts)
        split = found.split(at)
        assert len(split.parts) == before - 1 + len(found.parts[at].changes)
        found = split
    assert (found.text(found.parts), found.text(())) == (new, old)
    kept = data.draw(st.sets(st.sampled_from(range(len(found.parts))))) if found.parts else set()
    some = found.text(found.parts[at] for at in kept)
    if kept and len(kept) < len(found.parts):
        assert some not in {old, new}
    # What was not taken is what is left to change.
    left = found.text(part for at, part in enumerate(found.parts) if at not in kept)
    assert (some == new) == (left == old)


@given(texts(), texts(), st.data())
def test_a_hunk_that_is_edited_as_it_was_stays_what_it_is(old: str, new: str, data: st.DataObject) -> None:
    found = choosable(old, new)
    if not found.parts:
        return
    at = data.draw(st.sampled_from(range(len(found.parts))))
    edited = found.edited(at, found.body(found.parts[at]))
    assert edited.text(edited.parts) == new


OLD = "".join(f"{number}\n" for number in range(12))
NEW = OLD.replace("3\n", "three\n").replace("5\n", "five\nfive and a half\n").replace("10\n", "", 1)


def only() -> Choosable:
    found = choosable(OLD, NEW)
    assert len(found.parts) == 1
    return found


def test_a_hunk_is_split_where_lines_stay_as_they_are() -> None:
    found = only().split(0)
    assert ["".join(found.body(part)) for part in found.parts] == [
        " 0\n 1\n 2\n-3\n+three\n 4\n",
        " 4\n-5\n+five\n+five and a half\n 6\n 7\n 8\n",
        " 7\n 8\n 9\n-10\n 11\n",
    ]
    assert [found.header(part) for part in found.parts] == [
        "@@ -1,5 +1,5 @@",
        "@@ -5,5 +5,6 @@",
        "@@ -8,5 +9,4 @@",
    ]
    assert found.text([found.parts[1]]) == OLD.replace("5\n", "five\nfive and a half\n")


def edit(*changes: tuple[str, str]) -> str:
    """The text after the only hunk was taken with its diff edited."""
    found = only()
    diff = "".join(found.body(found.parts[0]))
    for was, becomes in changes:
        assert was in diff
        diff = diff.replace(was, becomes)
    edited = found.edited(0, re.findall(r"[^\n]*\n", diff))
    return edited.text(edited.parts)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("+three\n", "+THREE\n")], NEW.replace("three", "THREE")),
        ([("+three\n", "")], NEW.replace("three\n", "")),
        ([("-3\n", " 3\n"), ("+three\n", "")], NEW.replace("three", "3")),
        ([("+five and a half\n", "+a\n+b\n\n")], None),
        ([(" 6\n", " 6\n+new\n")], NEW.replace("6\n", "6\nnew\n")),
        ([(" 6\n", "-6\n")], NEW.replace("6\n", "")),
        ([(" 0\n", ""), (" 1\n", "")], NEW),
        ([("-3\n", ""), (" 4\n", "")], None),
        ([(" 4\n", " other\n")], None),
        ([(" 4\n", "4\n")], None),
    ],
)
def test_an_edited_hunk_is_what_it_says_or_does_not_apply(
    changes: list[tuple[str, str]], expected: str | None
) -> None:
    if expected is None:
        with pytest.raises(DoesNotApply):
            edit(*changes)
    else:
        assert edit(*changes) == expected


def test_a_blank_line_that_an_editor_has_stripped_is_context() -> None:
    found = choosable("a\n\nb\n", "a\n\nc\n")
    edited = found.edited(0, [" a\n", "\n", "-b\n", "+d\n"])
    assert edited.text(edited.parts) == "a\n\nd\n"


def test_the_last_line_may_lose_and_get_its_newline_and_no_other_line_may() -> None:
    found = choosable("a\nb", "a\nc")
    assert found.body(found.parts[0])[-2:] == ["+c\n", NO_NEWLINE]
    got = found.edited(0, [" a\n", "-b\n", NO_NEWLINE, "+d\n"])
    assert got.text(got.parts) == "a\nd\n"
    for wrong in (
        [" a\n", "+x\n", NO_NEWLINE, "-b\n", NO_NEWLINE, "+c\n"],
        [" a\n", " b\n", NO_NEWLINE, "+c\n"],
    ):
        with pytest.raises(DoesNotApply, match="newline"):
            found.edited(0, wrong)
    with pytest.raises(DoesNotApply, match="changes nothing"):
        found.edited(0, [" a\n", " b\n", NO_NEWLINE])
