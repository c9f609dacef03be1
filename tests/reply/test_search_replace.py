"""Structured edits are applied exactly, or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.reply.search_replace import NotApplied, SearchReplace, StructuredReply, apply, parse

TEXT = "def area(w, h):\n    return w * h\n\n\ndef volume(w, h, d):\n    return w * h * d\n"


def test_each_search_text_is_replaced_at_its_one_place() -> None:
    edits = (SearchReplace("h * d\n", "h * d  # m³\n"), SearchReplace("def area(w, h)", "def area(width, h)"))
    assert apply(TEXT, edits) == TEXT.replace("area(w,", "area(width,").replace("h * d\n", "h * d  # m³\n")


def test_edits_are_made_against_the_text_as_it_was() -> None:
    assert apply("a b\n", (SearchReplace("a", "b"), SearchReplace("b", "c"))) == "b c\n"


def test_line_ends_of_the_reply_do_not_matter() -> None:
    assert apply("a\nb\n", (SearchReplace("a\r\nb", "a\r\nc"),)) == "a\nc\n"


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([("nothing like it", "x")], "edit 1 does not occur"),
        ([("", "x")], "edit 1 does not occur"),
        ([("def area", "x"), ("return w * h", "x")], "edit 2 occurs more than once"),
        ([("aa", "x")], "edit 1 occurs more than once"),
        ([("area(w, h)", "x"), ("def area", "y")], "overlap"),
    ],
)
def test_what_does_not_say_where_is_not_applied(edits: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(NotApplied, match=words):
        apply(TEXT + "aaa", tuple(SearchReplace(*edit) for edit in edits))


@given(st.text(max_size=40), st.text(max_size=10), st.text(max_size=40), st.text(max_size=10))
def test_one_edit_changes_that_place_or_nothing(before: str, search: str, after: str, replace: str) -> None:
    text = (before + search + after).replace("\r", "")
    search, replace = search.replace("\r", ""), replace.replace("\r", "")
    try:
        changed = apply(text, (SearchReplace(search, replace),))
    except NotApplied:
        assert not search or text.count(search) != 1 or text.find(search, text.find(search) + 1) >= 0
    else:
        assert changed == text.replace(search, replace)


def test_a_reply_is_read_with_its_reason() -> None:
    reply = json.dumps({"edits": [{"search": "a", "replace": "b"}], "cannot": None})
    assert parse(reply) == StructuredReply((SearchReplace("a", "b"),))
    assert parse('{"edits": [], "cannot": "No such thing."}').cannot == "No such thing."


@pytest.mark.parametrize(
    "reply", ["", "Sure!", "[]", '{"edits": [{"search": 1}]}', '{"edits": [{"search": "a"']
)
def test_a_reply_of_another_form_is_not_applied(reply: str) -> None:
    with pytest.raises(NotApplied, match="not the expected JSON"):
        parse(reply)
