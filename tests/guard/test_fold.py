"""One key for all dresses of a line, and the name of each difference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.guard.fold import Dress, difference, garbled, key


@pytest.mark.parametrize(
    ("old", "new", "dresses"),
    [
        ("a \u201cb\u201d", 'a "b"', {Dress.QUOTES}),
        ("a \u2014 b", "a -- b", {Dress.DASHES}),
        ("a \u201cb\u201d \u2014 c", 'a "b" - c', {Dress.QUOTES, Dress.DASHES}),
        ("\u00e9", "e\u0301", {Dress.NORMAL_FORM}),
        ("Gr\u00f6\u00dfe", "Groesse", {Dress.ACCENTS}),
        ("x = 'a'", 'x = "a"', {Dress.STRING_QUOTES}),
        ("a\tb", "a    b", {Dress.TABS}),
        ("a   b", "a b", {Dress.COLUMNS}),
        ("a = b", "a=b", {Dress.SPACING}),
        ("\tf()", "    f();", {Dress.INDENTATION, Dress.LINE_ENDS}),
        ("#FFF", "#fff", {Dress.HEX_CASE}),
        ("1.0", "1", {Dress.NUMBERS}),
        ("a & b", "a &amp; b", {Dress.ENTITIES}),
        ("\u00fc", "\\u00fc", {Dress.ESCAPES}),
        ("\\\\d", "\\d", {Dress.BACKSLASHES}),
        ("a\ufeffb", "ab", {Dress.INVISIBLE}),
        ("3\u00a0kg", "3 kg", {Dress.SPACES}),
        ("\uff08a\uff09\u2026", "(a)...", {Dress.SIGNS}),
        ("a  ", "a", {Dress.TRAILING}),
    ],
)
def test_a_difference_has_its_name(old: str, new: str, dresses: set[Dress]) -> None:
    assert key(old) == key(new)
    assert difference(old, new) == dresses


@pytest.mark.parametrize(("old", "new"), [("a --b", "a -b"), ("-- a", "--- a"), ("a", "b"), ("x1", "x2")])
def test_lines_that_say_something_else_have_no_difference_in_dress(old: str, new: str) -> None:
    assert difference(old, new) is None


@given(st.text())
def test_a_line_is_its_own_dress(line: str) -> None:
    assert key(line) == key(line)
    assert not difference(line, line) or len(difference(line, line) or ()) == 1


@pytest.mark.parametrize(
    ("new", "dress"),
    [
        ("K\u00c3\u00b6ln", Dress.ENCODING),
        ("K\u00c3\u0192\u00c2\u00b6ln", Dress.ENCODING),
        ("K\ufffdln", Dress.LETTERS),
        ("K?ln", Dress.LETTERS),
        ("Kln", Dress.LETTERS),
    ],
)
def test_a_garbled_line_is_known_for_what_it_was(new: str, dress: Dress) -> None:
    assert garbled(["Bonn", "K\u00f6ln"], [new]) == [(1, 0, dress)]


def test_a_translated_line_is_not_garbled() -> None:
    assert garbled(["K\u00f6ln"], ["K\u00e9ln"]) == []
