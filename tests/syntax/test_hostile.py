"""Texts that would take a parser's time, its memory or the process: nothing is said about them instead."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.syntax import Extent, Language, ParseBudget, breakage, by_name, outline_of, parse
from editsvc.syntax.nesting import DEEPEST, too_deep


def named(name: str) -> Language:
    language = by_name(name)
    assert language is not None
    return language


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("python", "[" * 100_000),
        ("python", "[" * 100_000 + "]" * 100_000),
        ("javascript", "function a() {" * 20_000 + "}" * 20_000),
        ("c", "fn(|x|;\n" * 2_000),
        ("java", "a<" * 20_000),
        ("typescript", "a<b," * 20_000),
        ("shellscript", '"$(' * 20_000),
        ("yaml", "- " * 5_000),
        ("yaml", "\n".join(" " * depth + "a:" for depth in range(400))),
        ("yaml", "\r".join(" " * depth + "a:" for depth in range(400))),
    ],
)
def test_what_is_nested_too_deeply_is_not_parsed_at_all(name: str, text: str) -> None:
    def never() -> float:
        raise AssertionError("nothing is parsed")

    assert parse(text, named(name), budget=ParseBudget(clock=never)) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("python", 'x = "\n' + "a = 'b' + c\n" * 30_000),
        ("typescript", 'x = "\n' + "const a = 'b' + c;\n" * 30_000),
        ("javascript", "a=b+c;" * 170_000),
        ("html", "<a>" * 100_000),
        ("rust", "|" * 200_000),
    ],
)
def test_a_parse_asks_often_enough_whether_it_may_go_on(name: str, text: str) -> None:
    # The clock is read at each step; a parse whose time is over stops at the next one.
    ticks = count(0)
    budget = ParseBudget(1_000_000, processor_s=5, clock=lambda: next(ticks))
    assert parse(text, named(name), budget=budget) is None
    assert next(ticks) <= 8


@pytest.mark.parametrize("depth", [20, 200])
def test_code_that_is_nested_as_people_nest_it_is_parsed(depth: int) -> None:
    for name, opening, closing in (("python", "[", "]"), ("json", "[", "]"), ("java", "(", ")")):
        assert (
            parse(opening * depth + closing * depth, named(name), budget=ParseBudget(2_000_000)) is not None
        )
    yaml = "\n".join(" " * level + "a:" for level in range(depth))
    assert parse(yaml, named("yaml"), budget=ParseBudget(2_000_000)) is not None


def test_definitions_nested_deep_by_indentation_are_found() -> None:
    text = "".join(" " * depth + "def f():\n" for depth in range(300))
    found = outline_of(text, named("python"), budget=ParseBudget(2_000_000))
    assert found is not None
    assert len(found.definitions) == 300


BRACKETS = st.text(st.sampled_from("([{}])a "), max_size=60)


def deepest(text: str) -> int:
    depth = most = 0
    for character in text:
        depth = max(0, depth + (character in "([{") - (character in ")]}"))
        most = max(most, depth)
    return most


@given(BRACKETS, BRACKETS, st.integers(DEEPEST - 30, DEEPEST + 30), st.booleans())
def test_depth_counts_what_is_open_at_once(before: str, behind: str, depth: int, closes: bool) -> None:
    text = before + "(" * depth + (")" * depth if closes else "") + behind
    assert too_deep(text.encode()) == (deepest(text) > DEEPEST)


def test_brackets_that_are_closed_again_do_not_add_up() -> None:
    assert not too_deep(b"call([1, {}])\n" * 10_000)
    assert not too_deep(b")" * 10_000)


def test_comparisons_in_many_statements_are_no_nested_types() -> None:
    assert not too_deep(b"if (a < b) { c = d < e; }\n" * 10_000)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("python", "x = " + "a + " * 20_000 + "a\n"),
        ("python", "x = 1 " + "/*" * 20_000 + "\n"),
        ("javascript", "x = " + "'a' +\n" * 20_000 + "'a';\n"),
        ("html", "<script>x = " + "a+" * 20_000 + "a</script>"),
    ],
)
def test_a_tree_that_is_nested_too_deeply_without_brackets_is_none(name: str, text: str) -> None:
    language = named(name)
    assert parse(text, language) is None
    assert outline_of(text, language) is None
    found = breakage(text, text.replace("x =", "x = ="), language)
    assert found is None or found.extent is not Extent.WHOLE


def test_long_sums_and_long_lists_of_people_and_programs_are_no_deep_nesting() -> None:
    for name, text in (("python", "x = " + "a + " * 1_000 + "a\n"), ("json", f"[{'1, ' * 50_000}1]")):
        assert parse(text, named(name)) is not None
