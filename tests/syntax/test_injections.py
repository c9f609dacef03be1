"""Code of other languages inside of a page: found, checked, and at the offsets of the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.syntax import Language, ParseBudget, by_name, definitions, parse, syntax_errors


def html() -> Language:
    language = by_name("html")
    assert language is not None
    return language


def test_functions_and_rules_in_a_page_are_definitions_at_the_offsets_of_the_page() -> None:
    page = """\
<!doctype html>
<title>é😀</title>
<style>
  /* The links. */
  a { color: red }
</style>
<script type="module">
  class Menu {
    open() { return "中" }
  }
</script>
<p onclick="go()">
<script>function go() {}</script>
"""
    found = definitions(page, html())
    assert [(one.kind, one.qualified) for one in found] == [
        ("rule", "a"),
        ("class", "Menu"),
        ("method", "Menu.open"),
        ("function", "go"),
    ]
    assert [page[one.start : one.end] for one in found] == [
        "/* The links. */\n  a { color: red }",
        'class Menu {\n    open() { return "中" }\n  }',
        'open() { return "中" }',
        "function go() {}",
    ]
    assert [page[one.name_start : one.name_end] for one in found] == ["a", "Menu", "open", "go"]


@pytest.mark.parametrize(
    ("element", "language"),
    [
        ("<script>let a = 1</script>", "javascript"),
        ("<SCRIPT>let a = 1</SCRIPT>", "javascript"),
        ('<script defer type="text/javascript">let a = 1</script>', "javascript"),
        ("<script type=module>let a = 1</script>", "javascript"),
        ("<script TYPE='Application/JavaScript'>let a = 1</script>", "javascript"),
        ('<script lang="ts">let a: string</script>', "typescript"),
        ('<script type="application/json">{"a": 1}</script>', "json"),
        ('<script type="importmap">{"imports": {}}</script>', "json"),
        ("<style>a { b: c }</style>", "css"),
        ('<style media="print" type="text/css">a { b: c }</style>', "css"),
    ],
)
def test_an_element_says_its_language(element: str, language: str) -> None:
    tree = parse(element, html(), budget=ParseBudget(2_000_000))
    assert tree is not None
    assert [inner.language.name for inner in tree.injected] == [language]
    assert syntax_errors(element, html(), budget=ParseBudget(2_000_000)) == []


@pytest.mark.parametrize(
    "element",
    [
        '<script src="a.js"></script>',
        '<script type="text/template">{{ not a script }}</script>',
        '<style lang="scss">a { b { c: d } }</style>',
        "<p>let a = 1</p>",
    ],
)
def test_what_is_in_no_known_language_is_left_alone(element: str) -> None:
    tree = parse(element, html(), budget=ParseBudget(2_000_000))
    assert tree is not None
    assert tree.injected == ()


def test_errors_inside_of_scripts_and_styles_are_on_their_lines_in_the_page() -> None:
    page = "<p>é</p>\r<script>\r\nlet a = 1;\nlet b = (;\n</script>\n<style>\na { b: }\n</style>\n"
    assert syntax_errors(page, html(), budget=ParseBudget(2_000_000)) == [3, 6]


def test_an_error_in_one_script_does_not_reach_the_next() -> None:
    page = "<script>\nif (\n</script>\n<script>\nfunction f() {}\n</script>\n"
    assert [one.name for one in definitions(page, html())] == ["f"]
    assert syntax_errors(page, html()) == [1]


def test_a_budget_is_for_the_page_and_all_that_is_in_it() -> None:
    page = "".join(f"<script>let a{number} = [1, 2, 3];</script>\n" for number in range(500))
    assert parse(page, html(), budget=ParseBudget(150)) is None
    assert parse(page, html(), budget=ParseBudget(150_000)) is not None


@given(st.text(st.sampled_from("<>/scriptyle=\"' {}();aé😀\r\n"), max_size=80), st.text(max_size=20))
def test_offsets_are_those_of_the_page_whatever_is_in_it(before: str, inside: str) -> None:
    page = f"{before}\n<script>\nfunction known() {{ return `{inside}` }}\n</script>"
    for found in definitions(page, html(), budget=ParseBudget(2_000_000)):
        assert 0 <= found.start <= found.name_start < found.name_end <= found.end <= len(page)
        assert page[found.name_start : found.name_end].strip()
