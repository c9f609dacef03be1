"""What is rewritten: one place, in whole lines, or a question instead of a guess."""

import re

import pytest

from editsvc import syntax
from editsvc.errors import ScopeRefused, UsageError
from editsvc.scope import scopes
from editsvc.scope.scopes import Scope, ScopeKind, ScopeReason, ScopeRequest
from editsvc.text.document import split_lines

PYTHON = syntax.by_name("python")
DOCUMENT = """\
import os


class Client:
    @property
    def name(self):
        return "client"

    def get(self):
        return 1


class Server:
    def get(self):
        return 2
"""


def choose(spec: str, document: str = DOCUMENT, language: syntax.Language | None = PYTHON) -> Scope:
    return scopes.choose(scopes.parse(spec), document, language)


def rewritten(spec: str, document: str = DOCUMENT, language: syntax.Language | None = PYTHON) -> str:
    (part,) = choose(spec, document, language).sections
    text = document[part.start : part.end]
    assert text == "".join(split_lines(document)[part.first_line - 1 : part.last_line])
    return text


def test_a_file_is_the_whole_file_and_so_is_a_small_one_with_auto() -> None:
    assert rewritten("file") == rewritten("auto") == DOCUMENT
    assert (choose("file").reason, choose("auto").reason) == (ScopeReason.ASKED, ScopeReason.SMALL)


def test_lines_are_counted_from_one_and_the_last_one_is_included() -> None:
    assert rewritten("lines:1-1") == "import os\n"
    assert rewritten("lines:4-7").startswith("class Client")
    assert rewritten("lines:15") == "        return 2\n"


def test_a_symbol_comes_with_its_decorators() -> None:
    assert rewritten("symbol:name") == '    @property\n    def name(self):\n        return "client"\n'
    assert rewritten("symbol:Server.get") == "    def get(self):\n        return 2\n"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            "symbol:get",
            "'get' is ambiguous: it matches Client.get (lines 9-10), Server.get (lines 14-15). Use a qualified name.",
        ),
        (
            "symbol:Nobody",
            "The file has no symbol 'Nobody'. The file has Client, Client.name, Client.get",
        ),
        ("lines:10-99", "The scope is lines 10 to 99, but the file ends at line 15."),
    ],
)
def test_what_names_no_single_place_is_refused_with_what_there_is(spec: str, words: str) -> None:
    with pytest.raises(ScopeRefused) as refused:
        rewritten(spec)
    assert words in refused.value.sentence()


def test_a_symbol_in_a_file_without_a_known_language_is_refused() -> None:
    with pytest.raises(ScopeRefused, match="Symbols are not supported"):
        rewritten("symbol:x", "x\n", None)


def test_whether_there_is_a_symbol_is_not_denied_where_it_was_not_looked_for_to_the_end() -> None:
    with pytest.raises(
        ScopeRefused, match="Whether the file has a symbol 'f9999' is not known: it is too large"
    ):
        scopes.choose(
            scopes.parse("symbol:f9999"),
            "".join(f"def f{number}(): ...\n" for number in range(10_000)),
            PYTHON,
            budget=syntax.ParseBudget(20),
        )
    with pytest.raises(ScopeRefused, match="not known"):
        rewritten("symbol:f", "x = " + "[" * 5_000 + "\ndef f(): ...\n")
    with pytest.raises(ScopeRefused, match=r"No symbol 'g' was found .* some cannot be parsed \(line 2\)"):
        rewritten("symbol:g", "def f(): ...\ndef (g): ...\n")


def test_a_symbol_that_somebody_named_is_looked_for_in_larger_files_than_others() -> None:
    document = "a(1, 2)\n" * 130_000 + "def f(): ...\n"
    assert syntax.outline_of(document, PYTHON) is None
    assert rewritten("symbol:f", document) == "def f(): ...\n"


@pytest.mark.parametrize(
    "spec", ["", "Auto", "lines:", "lines:0-3", "lines:4-2", "symbol:", "lines:a-b", "function:x"]
)
def test_a_scope_that_is_none_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"{spec!r} is not a scope")):
        scopes.parse(spec)


@pytest.mark.parametrize("spec", ["auto", "file", "lines:1-1"])
def test_an_empty_file_is_a_scope_too(spec: str) -> None:
    (part,) = choose(spec, "", None).sections
    assert (part.start, part.end, part.first_line, part.last_line) == (0, 0, 1, 1)


def test_a_name_that_occurs_three_times_is_a_question() -> None:
    document = "".join(f"class C{number}:\n    def run(self):\n        pass\n\n\n" for number in range(3))
    with pytest.raises(ScopeRefused, match=r"'run' is ambiguous: it matches C0.run \(lines 2-3\), C1.run"):
        choose("symbol:run", document)


def test_a_prototype_only_announces_the_function_that_is_meant() -> None:
    document = "int area(int w);\n\nint area(int w) {\n    return w;\n}\n"
    assert rewritten("symbol:area", document, syntax.by_name("c")).startswith("int area(int w) {")


def test_only_lines_that_the_user_drew_bound_the_edit() -> None:
    assert choose("lines:4-7").bounded
    assert not choose("symbol:name").bounded


LONG = "import os\n\n\n" + "".join(
    f"def step_{number}(value):\n    total = value + {number}\n    print('step', total)\n    return total\n\n\n"
    for number in range(80)
)


def automatic(document: str = LONG, cursor_line: int = 0) -> Scope:
    return scopes.choose(ScopeRequest(cursor_line=cursor_line), document, PYTHON)


def test_a_long_file_is_divided_into_sections_that_are_all_of_it() -> None:
    found = automatic()
    assert (found.kind, found.reason) == (ScopeKind.SECTIONS, ScopeReason.UNKNOWN_PLACE)
    assert "".join(section.text for section in found.sections) == LONG
    assert [section.number for section in found.sections] == list(range(1, len(found.sections) + 1))


def test_the_cursor_means_the_definition_around_it_however_long_the_file() -> None:
    (part,) = automatic(cursor_line=5).sections
    assert LONG[part.start : part.end].startswith("def step_0")
    small = automatic(document=DOCUMENT, cursor_line=10)
    assert (small.kind, small.reason, small.sections[0].name) == (
        ScopeKind.SYMBOL,
        ScopeReason.CURSOR,
        "Client.get",
    )


def test_a_cursor_outside_of_definitions_is_no_place() -> None:
    assert automatic(cursor_line=2).kind is ScopeKind.SECTIONS
    assert automatic(document=DOCUMENT, cursor_line=2).kind is ScopeKind.FILE
    assert automatic(document=DOCUMENT, cursor_line=999).kind is ScopeKind.FILE


def test_a_long_definition_is_divided_too() -> None:
    body = "".join(f"    if value == {number}:\n        return {number} * value\n\n" for number in range(200))
    document = f"import os\n\n\ndef choose(value):\n{body}    return None\n\n\ndef other():\n    pass\n"
    found = automatic(document=document, cursor_line=20)
    assert found.kind is ScopeKind.SYMBOL
    assert len(found.sections) > 3
    text = "".join(section.text for section in found.sections)
    assert text.startswith("def choose(value):")
    assert text.rstrip().endswith("return None")


def test_a_symbol_is_widened_to_all_sections_and_sections_to_the_file() -> None:
    symbol = scopes.choose(scopes.parse("symbol:step_3"), LONG, PYTHON)
    wider = scopes.widened(symbol, LONG, PYTHON)
    assert wider is not None
    assert (wider.kind, wider.reason) == (ScopeKind.SECTIONS, ScopeReason.WIDENED)
    assert scopes.widened(wider, LONG, PYTHON) is None
    whole = scopes.widened(automatic(), LONG, PYTHON)
    assert whole is not None
    assert whole.kind is ScopeKind.FILE
    assert scopes.widened(choose("lines:1-2"), DOCUMENT, PYTHON) is None
    assert scopes.widened(choose("file"), DOCUMENT, PYTHON) is None


def test_a_file_of_no_known_language_is_divided_by_its_lines() -> None:
    document = "".join(f"== Chapter {number}\n\nSome words about it.\nAnd more.\n\n" for number in range(200))
    found = scopes.choose(ScopeRequest(), document, None)
    assert found.kind is ScopeKind.SECTIONS
    assert "".join(section.text for section in found.sections) == document


def test_a_script_in_a_page_is_found_by_its_name() -> None:
    document = "<html>\n<script>\nfunction go() {\n  return 1;\n}\n</script>\n</html>\n"
    assert rewritten("symbol:go", document, syntax.by_name("html")) == "function go() {\n  return 1;\n}\n"
