from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from editsvc.instruction.commands import (
    AddDocstring,
    AddParameter,
    ChangeColour,
    Remove,
    Rename,
    Replace,
    SetValue,
    SortImports,
    describe,
    subject,
)
from editsvc.instruction.reading import parse

UNDERSTOOD = {
    "rename foo to bar": Rename("foo", "bar"),
    "Rename the function `foo` to `bar`": Rename("foo", "bar"),
    "Rename class Foo -> Bar": Rename("Foo", "Bar"),
    "Renames LoggerInFile() to LoggerWithFile()": Rename("LoggerInFile", "LoggerWithFile"),
    "change variable name from x to y": Rename("x", "y"),
    "please rename foo to bar.": Rename("foo", "bar"),
    "refactor(core)!: rename foo to bar": Rename("foo", "bar"),
    "rename foo to bar everywhere": Rename("foo", "bar", in_comments=True, in_strings=True),
    "rename foo to bar including comments": Rename("foo", "bar", in_comments=True),
    "rename foo to bar, also in strings": Rename("foo", "bar", in_strings=True),
    "rename foo to bar including comments and strings": Rename(
        "foo", "bar", in_comments=True, in_strings=True
    ),
    "rename foo to bar and update all references": Rename("foo", "bar"),
    "rename every occurrence of foo to bar": Rename("foo", "bar"),
    "change the name of foo to bar": Rename("foo", "bar"),
    "change the name of the function foo to bar": Rename("foo", "bar"),
    "replace 'a b' with 'c'": Replace("a b", "c"),
    'change "a" to "it\'s"': Replace("a", "it's"),
    "replace all occurrences of `x` by `y`": Replace("x", "y"),
    "replace 'gone' with ''": Replace("gone", ""),
    "Change Writter to Writer.": Replace("Writter", "Writer", whole_parts=True),
    "change the colour #00FF00 to blue": ChangeColour("blue", old="#00FF00"),
    "Change #00FF00 to blue": ChangeColour("blue", old="#00FF00"),
    "replace rgb(0, 255, 0) with #00f": ChangeColour("#00f", old="rgb(0, 255, 0)"),
    "change the green to blue": ChangeColour("blue", old="green"),
    "make the text color blue": ChangeColour("blue", aspect="color"),
    "set the background to white": ChangeColour("white", aspect="background"),
    "Change the color to blue. Respond only with code.": ChangeColour("blue"),
    "remove the function foo": Remove("function", "foo"),
    "Delete class Bar": Remove("class", "Bar"),
    "remove method Bar.baz": Remove("method", "Bar.baz"),
    "remove the Bar::baz method": Remove("method", "Bar.baz"),
    "remove the method close from Client": Remove("method", "Client.close"),
    "add a docstring to the foo function": AddDocstring("foo"),
    "add docstrings to all functions and classes": AddDocstring(),
    "document all functions": AddDocstring(kind="function"),
    "organize imports": SortImports(),
    "add a docstring to foo": AddDocstring("foo"),
    "add a doc comment to class Foo": AddDocstring("Foo"),
    "document the function foo": AddDocstring("foo"),
    "add docstrings": AddDocstring(),
    "add missing docstrings to all public functions": AddDocstring(kind="function"),
    "sort imports": SortImports(),
    "Sort the imports alphabetically.": SortImports(),
    "add a parameter timeout=30 to connect": AddParameter("connect", "timeout", default="30"),
    "add parameter verbose: bool = False to function foo": AddParameter("foo", "verbose", "bool", "False"),
    "add an optional argument retries with default 3 to fetch": AddParameter("fetch", "retries", default="3"),
    "add a `timeout: float = 30` parameter to foo": AddParameter("foo", "timeout", "float", "30"),
    "add a parameter int count = 1 to A::run": AddParameter("A.run", "count", "int", "1"),
}


@pytest.mark.parametrize("instruction", UNDERSTOOD)
def test_people_and_commit_messages_are_understood(instruction: str) -> None:
    assert parse(instruction) == UNDERSTOOD[instruction]


@pytest.mark.parametrize(
    "instruction",
    [
        "",
        "rename",
        "rename foo to foo",
        "rename foo to bar and make it async",
        "rename foo to use bar",
        "rename the file foo to bar",
        "rename foo to bar in comments",
        "change tabs to spaces",
        "change foo to call bar instead",
        "don't rename foo to bar",
        "rename foo to bar?! or not",
        "remove redundant code from foo",
        "remove the function that sorts",
        "add a parameter to foo",
        "add an extra parameter to foo",
        "add a parameter for verbosity to foo",
        "add logging to foo",
        "make foo async",
        "make the header bigger",
        "Changed `app.locals` to match `res.locals`",
        "fix: sort imports in the generated code correctly",
    ],
)
def test_what_says_more_or_less_than_a_form_is_not_understood(instruction: str) -> None:
    assert parse(instruction) is None


WORDS = sorted({word for instruction in UNDERSTOOD for word in instruction.split()})


@given(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
@example("rename a to b")
def test_what_is_understood_holds_only_words_of_the_sentence(sentence: str) -> None:
    understood = parse(sentence)
    if understood is not None:
        names = [value for value in msgspec.structs.astuple(understood) if isinstance(value, str)]
        assert [name for name in names if name.replace("::", ".") not in sentence.replace("::", ".")] == []


@pytest.mark.parametrize("example", [example for example, _ in describe()])
def test_every_example_is_understood(example: str) -> None:
    assert parse(example) is not None


def test_every_kind_of_instruction_has_an_example() -> None:
    kinds = {type(parse(example)) for example, _ in describe()}
    assert kinds == {Rename, Replace, SetValue, ChangeColour, Remove, AddDocstring, SortImports, AddParameter}


def test_the_page_names_every_example_with_what_it_does_and_none_that_there_is_not() -> None:
    page = (Path(__file__).parents[2] / "docs" / "offline-engine.md").read_text("utf-8")
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \|$", page, flags=re.MULTILINE)
    assert rows == describe()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rename foo to bar", ("", "rename foo to bar")),
        ("Refactor(api)!: rename foo to bar (#123)", ("refactor", "rename foo to bar")),
        ("ignore/types: add '*.hh' to C++ headers", ("ignore/types", "add '*.hh' to C++ headers")),
        ("fix: sort imports, fixes #12.", ("fix", "sort imports")),
        ("open http://localhost: it fails", ("", "open http://localhost: it fails")),
        ("replace (#1) with (#2) here", ("", "replace (#1) with (#2) here")),
    ],
)
def test_a_commit_subject_is_taken_apart(line: str, expected: tuple[str, str]) -> None:
    assert subject(line) == expected


@pytest.mark.parametrize(
    ("declaration", "default"),
    [("x='from a to b'", "'from a to b'"), ("x=tuple(1, 2)", "tuple(1, 2)"), ("x = `a or b`", "a or b")],
)
def test_the_default_of_a_parameter_may_be_any_expression(declaration: str, default: str) -> None:
    assert parse(f"add a parameter {declaration} to f") == AddParameter("f", "x", default=default)


def test_two_parameters_for_two_functions_are_not_one_with_a_strange_default() -> None:
    assert parse("add a parameter x=1 to f and add a parameter y=2 to g") is None
