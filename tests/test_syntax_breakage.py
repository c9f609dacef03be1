"""What an edit breaks: new errors only, and on the side of the edit in doubt."""

from __future__ import annotations

from itertools import chain, count, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.syntax import Language, SyntaxFault, breakage, by_name


def broken(name: str, before: str, after: str) -> list[tuple[int, str]] | None:
    found = breakage(before, after, named(name), deadline_s=60)
    return None if found is None else [(fault.line, fault.text) for fault in found]


def named(name: str) -> Language:
    language = by_name(name)
    assert language is not None
    return language


SOUND_BEFORE = [
    ("python", "a = (1)\n", "b = 0\na = )\n", [(1, "a = )")]),
    ("javascript", "go();\n", "go(;\n", [(0, "missing )")]),
    ("c", "int f(void) { return 1; }\n", "int f(void) { return 1;\n", [(0, "missing }")]),
    ("json", '{"a": 1}\n', '{"a": 1,}\n', [(0, ",")]),
    ("html", "<script>go()</script>\n", "<p>é</p>\n<script>go(1;)</script>\n", [(1, ";")]),
]


@pytest.mark.parametrize(("name", "before", "after", "expected"), SOUND_BEFORE)
def test_every_error_is_new_where_there_was_none(
    name: str, before: str, after: str, expected: list[tuple[int, str]]
) -> None:
    assert broken(name, before, after) == expected


def test_a_sound_edit_breaks_nothing() -> None:
    assert broken("python", "a = (\n", "a = ()\n") == []
    assert broken("python", "", "def f(): ...\n") == []


def test_an_error_that_was_there_before_is_not_new_wherever_its_line_is_now() -> None:
    assert broken("python", "a = 1\nb = )\n", "a = 1\nc = 2\nd = 3\nb = )\n") == []


def test_an_error_on_a_new_line_is_new_beside_an_old_one() -> None:
    assert broken("python", "a = )\nb = 1\nc = 2\n", "a = )\nb = 1\nc = 2\nd = ]\n") == [(3, "d = ]")]


def test_a_line_of_a_dialect_may_be_edited() -> None:
    assert broken("json", '{"a": {{ one }}}\n', '{"a": {{ other }}}\n') == []


def test_a_construct_that_the_grammar_cannot_read_may_be_used_once_more() -> None:
    before = "fn f() { g(try!(a)); }\n"
    known = broken("rust", "", before)
    assert known
    assert broken("rust", before, before + "\nfn h() { g(try!(b)); }\n") == []


@pytest.mark.parametrize("name", ["c", "cpp"])
def test_in_c_nothing_is_new_where_macros_look_like_errors_already(name: str) -> None:
    before = "BEGIN(x) int f(void) { return 1; } END\n}\n"
    assert broken(name, "", before)
    assert broken(name, before, before + "int g( {\n") == []


def test_line_ends_make_no_difference() -> None:
    assert broken("python", "a = 1\r\nb = )\r\n", "a = 1\nb = )\nc = 2\n") == []
    assert broken("python", "a = 1\r", "a = 1\rb = )\r") == [(1, "b = )")]


def test_what_is_shown_of_a_fault_is_short_and_one_line() -> None:
    (fault,) = breakage("", ")" * 200 + "\n", named("python"), deadline_s=60) or []
    assert len(fault.text) <= 60
    assert fault.text.endswith("…")


def test_nothing_can_be_said_without_a_grammar_or_in_no_time() -> None:
    assert broken("sql", "SELECT", "SELECT (") is None
    long = "x = (1, 2)\n" * 3000
    late = count(0, 1)
    assert breakage("", long + "(", named("python"), clock=lambda: next(late)) is None
    # The new text is parsed in time, and the old one is not.
    ticks = chain([0.0] * 4, repeat(9.0))
    assert breakage(long, "x = (\n", named("python"), clock=lambda: next(ticks)) is None


PARSED = st.sampled_from([named(name) for name in ("python", "typescript", "rust", "css", "html", "json")])
TEXTS = st.text(st.sampled_from("abé \n(){}[]:;,'\"<>=#/"), max_size=80)


@given(TEXTS, PARSED)
def test_a_text_that_stays_breaks_nothing(text: str, language: Language) -> None:
    assert breakage(text, text, language, deadline_s=60) == []


@given(TEXTS, TEXTS, PARSED)
def test_faults_are_on_lines_of_the_new_text_in_order_and_each_once(
    before: str, after: str, language: Language
) -> None:
    found = breakage(before, after, language, deadline_s=60)
    assert found is not None
    lines = [fault.line for fault in found]
    assert lines == sorted(set(lines))
    assert all(0 <= line <= after.count("\n") for line in lines)
    assert all(isinstance(fault, SyntaxFault) and "\n" not in fault.text for fault in found)
