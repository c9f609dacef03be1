"""Edits meet what the user typed meanwhile: each is carried over or reported, and nothing typed is lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.text.document import Edit, apply, split_lines
from editsvc.text.rebase import (
    Rebased,
    changes_between,
    is_line_end,
    is_line_start,
    map_offset,
    rebase,
    rebase_by_text,
    trimmed,
)

BEFORE = "import os\n\ndef area(r):\n    return 3 * r * r\n\nprint(area(2))\n"
BODY = "    return 3 * r * r\n"
NEW_BODY = "    return math.pi * r ** 2\n"
texts = st.text(alphabet="ab \n\r\x0c\u2028é😀", max_size=40)


def at(old: str, new: str, text: str = BEFORE) -> Edit:
    """Replace the only `old` in `text`."""
    assert text.count(old) == 1
    start = text.index(old)
    return Edit(start, start + len(old), new)


def after_typing(changes: Sequence[Edit], text: str = BEFORE) -> str:
    for change in changes:
        text = apply(text, [change])
    return text


def typed(offset: int, text: str) -> list[Edit]:
    """One change for each key, as an editor sends them."""
    return [Edit(offset + number, offset + number, key) for number, key in enumerate(text)]


def carried(edits: Sequence[Edit], changes: Sequence[Edit], text: str = BEFORE) -> tuple[str, Rebased]:
    """The user's text with the carried edits, and what became of each."""
    after = after_typing(changes, text)
    rebased = rebase(edits, changes, before=text, after=after)
    return apply(after, rebased.applied), rebased


def test_an_edit_moves_with_what_is_typed_above_it() -> None:
    text, rebased = carried([at(BODY, NEW_BODY)], typed(0, "import math\n"))
    assert text == "import math\n" + BEFORE.replace(BODY, NEW_BODY)
    assert rebased.indices == (0,)
    assert rebased.conflicts == ()


def test_an_edit_stays_where_it_is_while_the_user_types_below() -> None:
    text, _ = carried([at(BODY, NEW_BODY)], typed(len(BEFORE), "print(1)\n"))
    assert text == BEFORE.replace(BODY, NEW_BODY) + "print(1)\n"


def test_typing_in_a_rewritten_line_is_a_conflict_and_the_other_edits_are_made() -> None:
    edits = [
        at("import os\n", "import math\n"),
        at(BODY, NEW_BODY),
        at("print(area(2))\n", "print(area(3))\n"),
    ]
    text, rebased = carried(edits, typed(BEFORE.index("3 *"), "1"))
    assert rebased.indices == (0, 2)
    assert rebased.conflicts == (1,)
    assert text == "import math\n\ndef area(r):\n    return 13 * r * r\n\nprint(area(3))\n"


def test_typing_that_was_taken_back_is_no_conflict() -> None:
    place = BEFORE.index("3 *")
    text, rebased = carried([at(BODY, NEW_BODY)], [*typed(place, "1"), Edit(place, place + 1, "")])
    assert rebased.conflicts == ()
    assert text == BEFORE.replace(BODY, NEW_BODY)


def test_typing_at_the_start_of_a_rewritten_line_is_a_conflict() -> None:
    _, rebased = carried([at(BODY, NEW_BODY)], typed(BEFORE.index(BODY), "  "))
    assert rebased.conflicts == (0,)


def test_a_whole_line_typed_right_before_a_rewritten_line_is_kept_before_it() -> None:
    text, _ = carried([at(BODY, NEW_BODY)], typed(BEFORE.index(BODY), "    r = abs(r)\n"))
    assert text == BEFORE.replace(BODY, "    r = abs(r)\n" + NEW_BODY)


def test_typing_at_the_start_of_the_line_behind_a_rewritten_one_stays_in_that_line() -> None:
    text, _ = carried([at("def area(r):\n" + BODY, NEW_BODY)], typed(BEFORE.index(BODY) + len(BODY), "# ok"))
    assert text == BEFORE.replace("def area(r):\n" + BODY + "\n", NEW_BODY + "# ok\n")


def test_joining_a_rewritten_line_to_the_one_before_is_a_conflict() -> None:
    start = BEFORE.index(BODY)
    _, rebased = carried([at(BODY, NEW_BODY)], [Edit(start - 1, start, "")])
    assert rebased.conflicts == (0,)


def test_deleting_the_lines_around_an_edit_is_none() -> None:
    start, end = BEFORE.index(BODY), BEFORE.index(BODY) + len(BODY)
    text, _ = carried([at(BODY, NEW_BODY)], [Edit(end, len(BEFORE), ""), Edit(0, start, "")])
    assert text == NEW_BODY


@pytest.mark.parametrize("replacement", ["", "def area(r): ...\n"])
def test_deleting_or_replacing_more_than_a_rewritten_line_is_a_conflict(replacement: str) -> None:
    text, rebased = carried([at(BODY, NEW_BODY)], [at("def area(r):\n" + BODY + "\n", replacement)])
    assert rebased.conflicts == (0,)
    assert text == BEFORE.replace("def area(r):\n" + BODY + "\n", replacement)


def test_added_lines_go_before_the_line_that_the_user_types_at_the_start_of() -> None:
    start = BEFORE.index("def area")
    text, _ = carried([Edit(start, start, "@cache\n")], typed(start, "async "))
    assert text == BEFORE.replace("def area", "@cache\nasync def area")


def test_lines_that_both_add_at_one_point_are_a_conflict_because_only_the_user_knows_their_order() -> None:
    start = BEFORE.index("def area")
    text, rebased = carried([Edit(start, start, "@cache\n")], typed(start, "@trace\n"))
    assert rebased.conflicts == (0,)
    assert text == BEFORE.replace("def area", "@trace\ndef area")


def test_added_lines_are_a_conflict_if_the_lines_around_them_were_deleted_or_joined() -> None:
    start = BEFORE.index("def area")
    for change in (Edit(start - 1, start + 3, ""), Edit(start - 2, start, "")):
        _, rebased = carried([Edit(start, start, "@cache\n")], [change])
        assert rebased.conflicts == (0,)


@pytest.mark.parametrize(
    ("edit", "keys", "result"),
    [
        pytest.param(Edit(2, 3, "B"), "x", None, id="typing on in a last line that is rewritten"),
        pytest.param(Edit(2, 3, "B"), "\nx", "a\nB\nx", id="a new line behind it"),
        pytest.param(Edit(3, 3, "\nc"), "x", "a\nbx\nc", id="typing on before an added line"),
        pytest.param(Edit(3, 3, "c"), "x", None, id="both at the end of the line"),
        pytest.param(Edit(3, 3, "\nc"), "\nx", None, id="both add a line"),
        pytest.param(Edit(0, 3, "a"), "x", None, id="typing on in a line that is deleted"),
    ],
)
def test_a_last_line_without_an_end_is_never_joined_to_what_is_typed(
    edit: Edit, keys: str, result: str | None
) -> None:
    text, rebased = carried([edit], typed(3, keys), "a\nb")
    assert rebased.conflicts == (() if result else (0,))
    assert text == (result or "a\nb" + keys)


@pytest.mark.parametrize(
    ("edit", "keys"),
    [(Edit(2, 4, "B"), "x\n"), (Edit(4, 4, "c"), "x")],
    ids=["the edit takes the final newline away", "the edit adds a line without one"],
)
def test_an_edit_that_leaves_the_last_line_open_fits_only_at_the_end(edit: Edit, keys: str) -> None:
    _, rebased = carried([edit], typed(4, keys), "a\nb\n")
    assert rebased.conflicts == (0,)


def test_inside_of_a_line_an_edit_fits_as_long_as_nothing_touches_it() -> None:
    name = at("area(r)", "circle(r)")
    text, _ = carried([name], typed(BEFORE.index("def "), "async "))
    assert "async def circle(r):" in text
    for offset in (name.start, name.end):
        assert carried([name], typed(offset, "x"))[1].conflicts == (0,)
    point = name.start + 4
    assert carried([Edit(point, point, "_of")], typed(0, "#"))[1].conflicts == ()
    assert carried([Edit(point, point, "_of")], typed(point, "s"))[1].conflicts == (0,)


def test_a_word_goes_to_the_start_or_the_end_of_a_line_that_nobody_touched_there() -> None:
    start, end = BEFORE.index("def "), BEFORE.index("area(r):") + len("area(r):")
    edits = [Edit(start, start, "async "), Edit(end, end, "  # disc")]
    text, rebased = carried(edits, typed(end - 2, "adius"))
    assert "\nasync def area(radius):  # disc\n" in text
    assert rebased.conflicts == ()
    assert carried(edits, typed(start, "@"))[1].conflicts == (0,)
    assert carried(edits, typed(end, " #"))[1].conflicts == (1,)


def test_where_offsets_go() -> None:
    insertion, replacement = Edit(2, 2, "xyz"), Edit(2, 4, "xyz")
    assert [map_offset(n, insertion, stick_right=False) for n in range(5)] == [0, 1, 2, 6, 7]
    assert [map_offset(n, insertion, stick_right=True) for n in range(5)] == [0, 1, 5, 6, 7]
    assert [map_offset(n, replacement, stick_right=False) for n in range(6)] == [0, 1, 2, 2, 5, 6]
    assert [map_offset(n, replacement, stick_right=True) for n in range(6)] == [0, 1, 2, 5, 5, 6]


def test_line_borders_are_those_of_the_protocol() -> None:
    text = "a\r\nb\rc\x0cd\n"
    assert [n for n in range(len(text) + 1) if is_line_start(text, n)] == [0, 3, 5, 9]
    assert [n for n in range(len(text) + 1) if is_line_end(text, n)] == [1, 4, 8, 9]


@given(texts, texts)
def test_an_edit_cut_down_to_what_differs_does_the_same(old: str, new: str) -> None:
    edit = trimmed(Edit(3, 3 + len(old), new), old)
    assert apply("***" + old + "***", [edit]) == "***" + new + "***"
    kept = old[edit.start - 3 : edit.end - 3]
    assert not kept or not edit.new_text or (kept[0] != edit.new_text[0] and kept[-1] != edit.new_text[-1])


@given(texts, texts)
def test_the_changes_between_two_texts_lead_from_one_to_the_other(before: str, after: str) -> None:
    assert after_typing(changes_between(before, after), before) == after


def test_a_line_end_of_another_kind_is_a_change() -> None:
    assert changes_between("a\nb\nc\n", "a\nb\r\nc\n") == [Edit(3, 3, "\r")]
    assert changes_between("a\rb\r\n", "a\r\nb\r\n") == [Edit(2, 2, "\n")]


def test_with_the_two_texts_alone_the_edits_between_the_changes_are_carried_over() -> None:
    user = BEFORE.replace("import os\n", "import sys\nimport os\n").replace("area(2)", "area(20)")
    edits = [at(BODY, NEW_BODY), at("print(area(2))\n", "print(area(3))\n")]
    rebased = rebase_by_text(edits, BEFORE, user)
    assert apply(user, rebased.applied) == user.replace(BODY, NEW_BODY)
    assert rebased.conflicts == (1,)


@st.composite
def rewritten_lines(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text of any line ends, and edits of whole lines of it as a diff gives them: never two side by side."""
    text = draw(texts)
    lines = split_lines(text)
    edits = []
    line = offset = 0
    while line <= len(lines):
        size = draw(st.integers(0, 2))
        old = "".join(lines[line : line + size])
        if draw(st.booleans()) and (old or is_line_start(text, offset)):
            written = st.lists(
                st.sampled_from(["X\n", "YY\r\n", "Z\r"]), min_size=0 if old else 1, max_size=2
            )
            new = "".join(draw(written))
            edits.append(Edit(offset, offset + len(old), new))
        step = "".join(lines[line : line + size + 1])
        line, offset = line + size + 1, offset + len(step)
    return text, edits


@st.composite
def sessions(draw: st.DrawFn) -> tuple[str, list[Edit], list[Edit]]:
    """The same, and what the user does meanwhile; all that is typed is drawn from characters of its own."""
    text, edits = draw(rewritten_lines())
    changes = []
    length = len(text)
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, length))
        end = min(length, start + draw(st.sampled_from([0, 0, 0, 1, 3])))
        new = draw(st.text(alphabet="12\u0663\U0001d7d8\n\r", max_size=3))
        changes.append(Edit(start, end, new))
        length += len(new) - (end - start)
    return text, edits, changes


@given(sessions())
def test_every_edit_is_applied_or_reported_and_only_unchanged_text_is_replaced(
    session: tuple[str, list[Edit], list[Edit]],
) -> None:
    before, edits, changes = session
    after = after_typing(changes, before)
    for rebased in (rebase(edits, changes, before=before, after=after), rebase_by_text(edits, before, after)):
        assert sorted([*rebased.indices, *rebased.conflicts]) == list(range(len(edits)))
        assert list(rebased.indices) == sorted(rebased.indices)
        for index, edit in zip(rebased.indices, rebased.applied, strict=True):
            original = edits[index]
            assert edit.new_text == original.new_text
            assert after[edit.start : edit.end] == before[original.start : original.end]
        apply(after, rebased.applied)


@given(sessions())
def test_nothing_that_was_typed_is_lost(session: tuple[str, list[Edit], list[Edit]]) -> None:
    before, edits, changes = session
    text, _ = carried(edits, changes, before)

    def digits(text: str) -> str:
        return "".join(character for character in text if character.isdigit())

    assert digits(text) == digits(after_typing(changes, before))


@given(sessions())
def test_typing_then_editing_gives_what_editing_then_typing_gives(
    session: tuple[str, list[Edit], list[Edit]],
) -> None:
    before, edits, changes = session
    text, rebased = carried(edits, changes, before)
    made = [edits[index] for index in rebased.indices]
    edited = apply(before, made)
    # What the user did, as one set of changes of `before` that spares the ranges of the edits.
    after = after_typing(changes, before)
    gaps_before = [0, *(offset for edit in made for offset in (edit.start, edit.end)), len(before)]
    gaps_after = [0, *(offset for edit in rebased.applied for offset in (edit.start, edit.end)), len(after)]
    shift = 0
    moved = []
    for number in range(0, len(gaps_before), 2):
        start, end = gaps_before[number : number + 2]
        moved.append(Edit(start + shift, end + shift, after[slice(*gaps_after[number : number + 2])]))
        if number // 2 < len(made):
            edit = made[number // 2]
            shift += len(edit.new_text) - (edit.end - edit.start)
    assert apply(edited, moved) == text


@given(rewritten_lines(), st.text(alphabet="12", min_size=1, max_size=4), st.data())
def test_whole_lines_typed_between_the_edits_never_conflict(
    rewritten: tuple[str, list[Edit]], keys: str, data: st.DataObject
) -> None:
    before, edits = rewritten
    taken = {edit.start for edit in edits if edit.start == edit.end}
    inside = {offset for edit in edits for offset in range(edit.start + 1, edit.end)}
    places = [
        n for n in range(len(before) + 1) if is_line_start(before, n) and n not in taken and n not in inside
    ]
    if places:
        changes = typed(data.draw(st.sampled_from(places)), keys + "\n")
        assert carried(edits, changes, before)[1].conflicts == ()
