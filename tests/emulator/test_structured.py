"""Replies as structured edits: from two texts to JSON that `editsvc.reply.search_replace` applies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.emulator.responder import ModelReply, ModelReplyKind
from editsvc.emulator.structured import edits_between, encode, structured
from editsvc.reply import search_replace
from editsvc.reply.search_replace import SearchReplace

FILE = "def one():\n    return 0\n\n\ndef two():\n    return 0\n\n\nprint(one(), two())\n"


def made(before: str, after: str) -> str:
    """`before` with the edits of a whole reply, there and back as JSON."""
    reply = encode(structured(ModelReply(ModelReplyKind.CODE, after), before))
    return search_replace.apply(before, search_replace.parse(reply).edits)


def test_a_line_that_occurs_once_needs_no_context() -> None:
    assert edits_between(FILE, FILE.replace("def two", "def second")) == (
        SearchReplace("def two():\n", "def second():\n"),
    )


def test_a_line_that_occurs_twice_is_shown_with_the_lines_around_it() -> None:
    after = FILE[:30] + FILE[30:].replace("return 0", "return 2")

    assert edits_between(FILE, after) == (
        SearchReplace("def two():\n    return 0\n\n", "def two():\n    return 2\n\n"),
    )


def test_an_insertion_is_shown_with_the_lines_at_both_sides() -> None:
    after = FILE.replace("def two", "# The other one.\ndef two")

    assert edits_between(FILE, after) == (
        SearchReplace("\ndef two():\n", "\n# The other one.\ndef two():\n"),
    )


def test_each_place_is_an_edit_of_its_own() -> None:
    after = FILE.replace("def one", "def first").replace("print(one(", "print(first(")

    assert [edit.replace for edit in edits_between(FILE, after)] == [
        "def first():\n",
        "print(first(), two())",
    ]


def test_places_whose_context_would_overlap_become_one_edit() -> None:
    assert edits_between("x\na\nx\nb\nx\n", "x\nA\nX\nb\nx\n") == (SearchReplace("a\nx\n", "A\nX\n"),)
    assert edits_between("x\nb\nx\n", "X\nb\nX\n") == (SearchReplace("x\nb\nx", "X\nb\nX"),)


def test_whether_the_file_ends_in_a_newline_does_not_matter_at_its_end() -> None:
    edits = edits_between("a\nb\n", "a\nc\n")

    assert search_replace.apply("a\nb\n", edits) == "a\nc\n"
    assert search_replace.apply("a\nb", edits) == "a\nc"


def test_nothing_to_change_is_no_edit() -> None:
    assert json.loads(encode(structured(ModelReply(ModelReplyKind.CODE, FILE), FILE))) == {
        "edits": [],
        "cannot": None,
    }


def test_an_empty_file_has_no_text_to_search_for() -> None:
    reply = structured(ModelReply(ModelReplyKind.CODE, "x = 1\n"), "")

    assert reply.edits == ()
    assert reply.cannot


@pytest.mark.parametrize("kind", [ModelReplyKind.CANNOT, ModelReplyKind.WHOLE_FILE])
def test_a_refusal_is_the_reason_and_no_edits(kind: ModelReplyKind) -> None:
    assert json.loads(encode(structured(ModelReply(kind, "No."), FILE))) == {"edits": [], "cannot": "No."}


files = st.lists(st.sampled_from(["a", "b", "", "aa", "é\u2028"]), max_size=12).map("\n".join)


@given(before=files.filter(bool), after=files)
def test_the_edits_make_the_new_file_of_the_old_one(before: str, after: str) -> None:
    assert made(before, after) == after


@given(before=st.text(min_size=1), after=st.text())
def test_the_edits_of_any_text_make_the_new_one(before: str, after: str) -> None:
    before, after = before.replace("\r", "\n"), after.replace("\r", "\n")

    assert made(before, after) == after
