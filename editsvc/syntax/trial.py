"""Whether the installed grammars do what the table of languages expects of them.

Run it where a crash does no harm: a binding or grammar of the wrong version may end the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.syntax.languages import LANGUAGES
from editsvc.syntax.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from editsvc.syntax.languages import Language

QUERIES: Final = ("definitions", "identifiers", "strings", "comments", "imports", "raw_code")
# The parser asks its progress callback only after a few hundred tokens: a line must be long enough to get there.
_LINE: Final = "x = 1; " * 400


def parsed_languages() -> list[Language]:
    """The languages that have a grammar."""
    return [language for language in LANGUAGES if language.grammar]


def distribution(language: Language) -> str:
    """The distribution that the grammar of `language` comes in."""
    return language.grammar.partition(":")[0].replace("_", "-")


def attempts(languages: Iterable[Language]) -> Iterator[tuple[str, str | None]]:
    """Each language's name with None before it is tried, and then with what is wrong, empty if nothing is.

    A try parses one line as an edit does, and compiles every query of the row.
    """
    for language in languages:
        yield language.name, None
        yield language.name, _problem(language)


def _problem(language: Language) -> str:
    try:
        tree = parse(_LINE, language)
        if tree is None:
            return "the line was not parsed"
        for query in QUERIES:
            tree.captures(getattr(language, query))
    except Exception as exc:  # noqa: BLE001 - whatever a foreign binding raises is what is to be told
        return f"{type(exc).__name__}: {exc}"
    return ""
