"""What becomes of the parts of a file when the file changes."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.emulator.options import ReplyStyle
from editsvc.emulator.parts import rewritten
from editsvc.emulator.responder import Case, ScriptResponder, written
from editsvc.emulator.task import read_job
from editsvc.emulator.wire import ChatRequest, WireMessage
from editsvc.prompt import rendering
from editsvc.text.document import split_lines
from editsvc.text.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.emulator.task import Job

HEAD = "import os\n\n\n"
ONE = "def one():\n    return 1\n\n\n"
TWO = "def two():\n    return 2\n"
FILE = HEAD + ONE + TWO


def test_only_the_parts_that_change_are_named() -> None:
    after = FILE.replace("return 2", "return 20")

    assert rewritten([HEAD, ONE, TWO], FILE, after) == {2: TWO.replace("2\n", "20\n")}


def test_lines_between_two_parts_belong_to_the_one_before() -> None:
    added = "def half():\n    return 0.5\n\n\n"

    assert rewritten([HEAD, ONE, TWO], FILE, HEAD + ONE + added + TWO) == {1: ONE + added}


def test_lines_before_the_first_part_belong_to_it() -> None:
    assert rewritten([HEAD, ONE, TWO], FILE, "#!/bin/sh\n" + FILE) == {0: "#!/bin/sh\n" + HEAD}


def test_lines_behind_the_last_part_belong_to_it() -> None:
    assert rewritten([HEAD, ONE, TWO], FILE, FILE + "two()\n") == {2: TWO + "two()\n"}


def test_lines_at_the_edge_of_a_part_that_touches_no_other_belong_to_it() -> None:
    assert rewritten([ONE], FILE, HEAD + "# first\n" + ONE + TWO) == {0: "# first\n" + ONE}
    assert rewritten([ONE], FILE, HEAD + ONE + "# second\n" + TWO) == {0: ONE + "# second\n"}


def test_a_part_that_is_removed_has_no_text_left() -> None:
    assert rewritten([HEAD, ONE, TWO], FILE, HEAD + TWO) == {1: ""}


@pytest.mark.parametrize(
    ("new", "first", "second"),
    [
        ("A\nB\nC\nD\n", "A\nB\n", "C\nD\n"),
        ("A\nB\nC\nD\nE\nF\n", "A\nB\nC\nD\n", "E\nF\n"),
        ("A\nB\nC\n", "A\nB\n", "C\n"),
        ("A\n", "A\n", ""),
        ("", "", ""),
    ],
    ids=["as-many", "more", "fewer", "one", "none"],
)
def test_lines_replaced_across_a_border_are_divided_one_by_one(new: str, first: str, second: str) -> None:
    assert rewritten(["a\nb\n", "c\nd\n"], "a\nb\nc\nd\n", new) == {0: first, 1: second}


def test_a_change_outside_of_the_parts_is_not_theirs() -> None:
    assert rewritten([HEAD, TWO], FILE, FILE.replace("return 1", "return 10")) is None


def test_an_insertion_between_two_parts_that_do_not_touch_is_not_theirs() -> None:
    assert rewritten([HEAD, TWO], FILE, FILE.replace("    return 1", "    # one\n    return 1")) is None


def test_parts_of_another_file_have_no_place() -> None:
    assert rewritten(["class Other:\n"], FILE, FILE + "two()\n") is None


def test_of_two_places_with_the_same_lines_the_one_that_changes_counts() -> None:
    twice = "def f():\n    pass\n\n\n" * 2
    part = "def f():\n    pass\n"

    assert rewritten([part], twice, twice[:20] + twice[20:].replace("pass", "return")) == {
        0: "def f():\n    return\n"
    }
    assert rewritten([part, part], twice, twice.replace("pass", "return", 1)) == {0: "def f():\n    return\n"}


def test_whether_the_file_ends_in_a_newline_does_not_hide_its_last_part() -> None:
    assert rewritten(["b\n"], "a\nb", "a\nB") == {0: "B"}


def test_an_empty_part_takes_what_is_inserted_at_its_place() -> None:
    assert rewritten([""], "", "x = 1\n") == {0: "x = 1\n"}


# Few different lines, so that parts look alike and places are hard to tell apart.
lines = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "    a\n"]), max_size=14)


@st.composite
def divided_files(draw: st.DrawFn) -> tuple[list[str], str, str]:
    """A file cut into parts of whole lines, and what becomes of it."""
    old, new = draw(lines), draw(lines)
    borders = sorted(draw(st.sets(st.integers(1, max(1, len(old))))))
    edges = [0, *(border for border in borders if border < len(old)), len(old)]
    parts = ["".join(old[start:end]) for start, end in pairwise(edges)]
    before, after = "".join(old), "".join(new)
    if draw(st.booleans()):
        after = after.removesuffix("\n")
    return parts, before, after


@given(divided_files())
def test_put_in_place_of_the_old_parts_the_new_ones_are_the_new_file(
    case: tuple[list[str], str, str],
) -> None:
    parts, before, after = case
    changed = rewritten(parts, before, after)

    assert changed is not None
    assert "".join(changed.get(index, part) for index, part in enumerate(parts)) == after
    assert all(changed[index] != parts[index] for index in changed)


@given(divided_files(), st.data())
def test_some_parts_alone_become_the_new_file_or_say_that_they_cannot(
    case: tuple[list[str], str, str], data: st.DataObject
) -> None:
    """Where the parts look like other places of the file, they may be taken for those; the file is the same."""
    parts, before, after = case
    chosen = data.draw(st.lists(st.sampled_from(range(len(parts))), unique=True, min_size=1).map(sorted))
    texts = [parts[index] for index in chosen]
    changed = rewritten(texts, before, after)
    if changed is None:
        assert len(texts) < len(parts)
        return

    assert after in _put_anywhere(texts, [changed.get(i, text) for i, text in enumerate(texts)], before)


@given(divided_files().filter(lambda case: len(case[0]) > 1), st.booleans())
def test_a_whole_request_is_answered_by_parts_that_make_the_new_file(
    case: tuple[list[str], str, str], listed: bool
) -> None:
    """A frame hides whether the code ends in a newline, so the last one does not count."""
    parts, before, after = case
    job = _asked(parts, before, listed=listed)
    responder = ScriptResponder([Case("Do it.", before, after)])
    reply = written(responder.answer(job), job, ReplyStyle.AUTO)
    blocks = re.findall(r"^````py (\d+)(?: deleted)?\n(.*?)^````$", reply, re.DOTALL | re.MULTILINE)
    made = {int(number): text for number, text in blocks}

    assert [int(number) for number, _ in blocks] == sorted(made)
    assert "".join(made.get(number, part) for number, part in enumerate(parts)) in {after, after + "\n"}


def _asked(parts: Sequence[str], before: str, *, listed: bool) -> Job:
    """A request that lists the parts of the file, or one that shows them and nothing else of it."""
    offered = []
    line = 1
    for number, text in enumerate(parts):
        offered.append(Section(number, text, line))
        line += text.count("\n")
    excerpts = None if listed else [Section(0, split_lines(before)[0], 1)]
    messages, _ = rendering.render(rendering.Task(before, "Do it.", "x.py", "py", offered, excerpts))
    job = read_job(ChatRequest("m", [WireMessage(one.role, one.content) for one in messages]))
    assert job is not None
    return job


def _put_anywhere(old: list[str], new: list[str], before: str) -> set[str]:
    """All files that come of putting the new texts in places of the old ones, in their order."""
    contents = split_lines(before)

    def put(index: int, position: int) -> set[str]:
        if index == len(old):
            return {"".join(contents[position:])}
        length = len(split_lines(old[index]))
        return {
            "".join(contents[position:start]) + new[index] + rest
            for start in range(position, len(contents) - length + 1)
            if "".join(contents[start : start + length]) == old[index]
            for rest in put(index + 1, start + length)
        }

    return put(0, 0)
