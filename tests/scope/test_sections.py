"""Documents as sections: whole lines, in order, in units that a person would choose."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import syntax
from editsvc.scope.sections import LONGEST_TOKENS, Section, divide
from editsvc.syntax import ParseBudget
from editsvc.text.document import split_lines

PYTHON = syntax.by_name("python")
MARKDOWN = syntax.by_name("markdown")
LONG = "".join(f"        total += weigh(first_{number}, second_{number})\n" for number in range(40))


def pieces(document: str, filename: str = "a.py") -> list[tuple[str, str]]:
    """The name of each section, and its text up to the first line end."""
    found = divide(document, syntax.language_of(filename), budget=ParseBudget(2_000_000))
    return [
        (section.name, document[section.start : section.end].lstrip("\n").partition("\n")[0])
        for section in found
    ]


def assert_a_partition(document: str, sections: list[Section]) -> None:
    lines = split_lines(document)
    assert "".join(document[section.start : section.end] for section in sections) == document
    assert all(section.text == document[section.start : section.end] for section in sections)
    for previous, section in pairwise(sections):
        # Where a section ends inside of a line, the next one is on the same.
        assert section.first_line == previous.last_line + previous.whole_lines
        assert section.start == previous.end
    if sections:
        assert (sections[0].first_line, sections[-1].last_line) == (1, len(lines))


def assert_natural(document: str, sections: list[Section]) -> None:
    """Sections that begin where something does, and not where there was no room any more."""
    lines = split_lines(document)
    for section in sections[1:]:
        assert lines[section.first_line - 1].strip()
        assert section.start == 0 or document[section.start - 1] == "\n"


def test_an_empty_document_has_no_sections() -> None:
    assert divide("", PYTHON) == []
    assert divide("", None) == []


def test_a_definition_begins_a_section_with_its_comments_and_decorators() -> None:
    document = f"""\
import os
from collections.abc import Callable, Iterable, Sequence, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor


# Weighs everything.
@cache
def first(a):
{LONG}

def second(b):
{LONG}
"""
    assert [piece for piece in pieces(document) if piece[0] in {"", "first", "second"}] == pieces(document)
    starts = [line for _, line in pieces(document)]
    assert starts[0] == "import os"
    assert "# Weighs everything." in starts
    assert "def second(b):" in starts


def test_a_class_that_is_short_as_a_whole_is_one_section() -> None:
    document = (
        "class A:\n    def a(self):\n        return one_thing_or_another(self)\n\n"
        "    def b(self):\n        return one_thing_or_another(self)\n"
    )
    assert pieces(document) == [("A", "class A:")]


def test_the_methods_of_a_long_class_are_sections_of_their_own() -> None:
    methods = "".join(
        f"    def m{number}(self, value):\n" + LONG[: 52 * 6] + "        return total\n\n"
        for number in range(4)
    )
    assert pieces("class A:\n" + methods) == [
        ("A", "class A:"),
        ("A.m0", "    def m0(self, value):"),
        ("A.m1", "    def m1(self, value):"),
        ("A.m2", "    def m2(self, value):"),
        ("A.m3", "    def m3(self, value):"),
    ]


def test_blank_lines_belong_to_the_section_above_and_only_the_first_may_begin_with_some() -> None:
    document = "\n\n" + "".join(f"def f{number}():\n{LONG[:312]}\n\n\n" for number in range(3))
    found = divide(document, PYTHON)
    assert [document[section.start :].partition("\n")[0] for section in found] == [
        "",
        "def f1():",
        "def f2():",
    ]
    assert [section.name for section in found] == ["f0", "f1", "f2"]
    assert document[: found[0].end].endswith("\n\n\n")


def test_a_closing_bracket_stays_with_what_it_closes() -> None:
    method = "    void m%d() {\n" + "        total.add(first.value(), second.value());\n" * 12 + "    }\n"
    document = "class A {\n" + "".join(method % number for number in range(3)) + "}\n\nclass B {}\n"
    assert [line for _, line in pieces(document, "A.java")] == [
        "class A {",
        "    void m0() {",
        "    void m1() {",
        "    void m2() {",
        "class B {}",
    ]


def test_a_file_of_one_line_definitions_does_not_become_hundreds_of_sections() -> None:
    document = "".join(f"def get_{number}(): return {number}\n" for number in range(300))
    assert len(divide(document, PYTHON)) < 60


def test_a_declaration_begins_no_section() -> None:
    document = (
        "int first(void);\nint second(void);\n" + "int third(void) {\n" + "  go(1, 2, 3);\n" * 30 + "}\n"
    )
    assert pieces(document, "a.c") == [("", "int first(void);"), ("third", "int third(void) {")]


def test_a_long_function_is_split_where_a_blank_line_parts_it() -> None:
    block = "    step_one(first_value, second_value)\n" * 15
    document = f"def f():\n{block}\n    # the other half\n{block}"
    assert pieces(document) == [("f", "def f():"), ("f", "    # the other half")]


def test_a_string_over_many_lines_is_not_cut() -> None:
    text = "a sentence that goes on and on, or a query\n\n" * 60
    document = f"before = one_value(1)\nQUERY = '''\n{text}'''\nafter = another_value(2)\n"
    found = divide(document, PYTHON)
    assert sum("sentence" in document[section.start : section.end] for section in found) == 1
    assert len(found) == 3


def test_code_inside_of_a_page_is_divided_as_code() -> None:
    script = "".join(
        f"function f{number}() {{\n" + "  total(1, 2, 3, 4);\n" * 30 + "}\n" for number in range(3)
    )
    document = f"<html>\n<body>\n<script>\n{script}</script>\n</body>\n</html>\n"
    assert [name for name, _ in pieces(document, "a.html")] == ["", "f0", "f1", "f2", ""]


def test_markdown_is_divided_at_headings_outside_of_code() -> None:
    prose = "A sentence about what this is, and what it is not.\n" * 4
    document = f"{prose}\n# One #\n\n{prose}\n```sh\n# no heading\n```\n\n## Two\n{prose}"
    assert [name for name, _ in pieces(document, "a.md")] == ["", "One", "Two"]


def test_without_a_grammar_blank_lines_and_indentation_tell() -> None:
    block = "begin\n" + "    do_something_with(it)\n" * 25 + "end\n"
    assert [line for _, line in pieces(f"{block}\n" * 4, "a.rb")] == ["begin"] * 4


def test_a_document_that_takes_too_much_to_parse_is_divided_without_its_syntax() -> None:
    document = "".join(f"def f{number}():\n{LONG}\n" for number in range(3))
    found = divide(document, PYTHON, budget=ParseBudget(0))
    assert_a_partition(document, found)
    assert {section.name for section in found} == {""}


def test_an_outline_that_the_caller_has_is_not_made_again() -> None:
    document = "def f():\n    return 1\n"
    assert PYTHON is not None
    outline = syntax.outline_of(document, PYTHON, budget=ParseBudget(2_000_000))
    again = divide(document, PYTHON, outline=outline, budget=ParseBudget(0))
    assert [section.name for section in again] == ["f"]


LINES = st.sampled_from(
    [
        *("", "", "   ", "\t", "x = 1", "    y = call(x, 1)", "        return y", "é😀 = 'a'"),
        *("class A:", "def f():", "    def g(self):", "        def h():", "# note", "    # note", "@deco"),
        *("'''", "}", "    )", "function f() {", "int f(void) {", "# Title", "```", "x" * 400),
    ]
)
DOCUMENTS = st.builds(
    lambda lines, end: "\n".join(lines) + end, st.lists(LINES, max_size=150), st.sampled_from(["", "\n"])
)
LANGUAGES = st.sampled_from(
    [None, *(syntax.by_name(name) for name in ("python", "javascript", "c", "html", "markdown", "sql"))]
)


@given(DOCUMENTS, LANGUAGES, st.integers(1, 500))
def test_every_line_is_in_exactly_one_section(
    document: str, language: syntax.Language | None, longest: int
) -> None:
    found = divide(document, language, longest_tokens=longest, budget=ParseBudget(2_000_000))
    assert_a_partition(document, found)
    assert divide(document, language, longest_tokens=longest, budget=ParseBudget(2_000_000)) == found


@given(st.lists(LINES.filter(lambda line: line.strip() and len(line) < 100), min_size=1, max_size=200))
def test_no_section_is_too_long_where_every_line_is_a_place_for_a_cut(lines: list[str]) -> None:
    document = "".join(line + "\n" for line in lines)
    for section in divide(document, None):
        assert (section.end - section.start) / 3.6 <= LONGEST_TOKENS


@given(st.text(st.sampled_from("ab ;,{}\n\u0301\u200d\U0001f469x"), max_size=3_000), st.integers(1, 40))
def test_a_line_of_any_length_is_divided_between_characters(document: str, longest: int) -> None:
    document = document.replace("\r", "")
    found = divide(document, None, longest_tokens=longest)
    assert_a_partition(document, found)
    assert max((len(section.text) for section in found), default=0) <= max(4 * longest * 3.6, 4)


def test_a_minified_file_is_divided_behind_what_separates_its_parts() -> None:
    document = ";".join(f"function f{number}(a){{return a+{number}}}" for number in range(2_000))
    found = divide(document, syntax.by_name("javascript"))
    assert_a_partition(document, found)
    assert all(section.text[-1] in ";{}" for section in found[:-1])
    assert max(len(section.text) for section in found) <= LONGEST_TOKENS * 3.6


@pytest.mark.parametrize(
    "character",
    [
        pytest.param("e\u0301", id="an accent"),
        pytest.param("\u0915\u093f", id="a vowel sign"),
        pytest.param("\u2764\ufe0f", id="a variation"),
        pytest.param("\U0001f44d\U0001f3fd", id="a colour of skin"),
        pytest.param("\U0001f469\u200d\U0001f680", id="a joined emoji"),
        pytest.param("\U0001f1eb\U0001f1f7.", id="a flag"),
        pytest.param("\u1112\u1161\u11ab", id="a syllable"),
    ],
)
def test_what_is_read_as_one_character_stays_together(character: str) -> None:
    for longest in range(7, 14):
        found = divide(character * 2_000, None, longest_tokens=longest)
        assert len(found) > 1
        assert all(section.text[0] in {character[0], "."} for section in found)


def test_strings_over_several_lines_that_leave_no_place_between_them_are_passed_over_once() -> None:
    document = "x = [" + '"""a\nb""", ' * 3_000 + "]\n"
    found = divide(document, syntax.by_name("python"))
    assert_a_partition(document, found)


@pytest.mark.parametrize("filename", ["a.py", "a.txt"])
def test_hostile_input_is_divided_too(filename: str) -> None:
    for document in ("(" * 50_000, "a<" * 50_000 + "\n" * 50_000, " " * 5_000 + "\n" * 100, "'''\n" * 2_001):
        assert_a_partition(document, divide(document, syntax.language_of(filename)))
