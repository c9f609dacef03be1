"""What is rewritten: one place, in whole lines, or a question instead of a guess."""

import re

import pytest

from editsvc import scope, syntax
from editsvc.errors import ScopeRefused, UsageError
from editsvc.scope import ScopeKind
from editsvc.text import split_lines

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


def rewritten(spec: str, document: str = DOCUMENT, language: syntax.Language | None = PYTHON) -> str:
    found = scope.resolve(scope.parse(spec), document, language)
    text = document[found.start : found.end]
    assert text == "".join(split_lines(document)[found.first_line - 1 : found.last_line])
    return text


def test_auto_and_file_are_the_whole_file() -> None:
    assert rewritten("file") == DOCUMENT
    assert scope.resolve(scope.parse("auto"), DOCUMENT, PYTHON).kind is ScopeKind.FILE


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
        ("symbol:get", "'get' is the name of 2 symbols: Client.get (line 9), Server.get (line 14)."),
        ("symbol:Nobody", "There is no symbol 'Nobody' in the file. It has Client, Client.name, Client.get"),
        ("lines:10-99", "The scope is lines 10 to 99, and the file has 15."),
    ],
)
def test_what_names_no_single_place_is_refused_with_what_there_is(spec: str, words: str) -> None:
    with pytest.raises(ScopeRefused) as refused:
        rewritten(spec)
    assert words in refused.value.sentence()


def test_a_symbol_in_a_file_without_a_known_language_is_refused() -> None:
    with pytest.raises(ScopeRefused, match="Symbols are not known"):
        rewritten("symbol:x", "x\n", None)


@pytest.mark.parametrize(
    "spec", ["", "Auto", "lines:", "lines:0-3", "lines:4-2", "symbol:", "lines:a-b", "function:x"]
)
def test_a_scope_that_is_none_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"{spec!r} is no scope")):
        scope.parse(spec)


def test_an_empty_file_is_a_scope_too() -> None:
    found = scope.resolve(scope.parse("auto"), "", None)
    assert (found.start, found.end, found.first_line, found.last_line) == (0, 0, 1, 1)
