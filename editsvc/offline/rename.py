"""Rename an identifier: by syntax if there is a grammar, as a whole word if not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from editsvc.offline.errors import NotApplicable, not_found
from editsvc.offline.trees import tree_of
from editsvc.text.document import Edit, LineIndex

if TYPE_CHECKING:
    from editsvc.instruction.commands import Rename
    from editsvc.syntax import Language, ParseBudget, Tree


def apply(text: str, value: Rename, language: Language | None, *, budget: ParseBudget) -> list[Edit]:
    """Edits that give every identifier `value.old` the name `value.new`.

    Raises NotApplicable if there is none, or if the new name is already an identifier of the file: whether
    the two would then be the same thing is not decided here.
    """
    if language is None or not language.grammar:
        spans = _words(text, value.old, language)
        taken = _words(text, value.new, language)
        known = set(re.findall(r"[^\W\d]\w*", text))
    else:
        tree = tree_of(text, language, budget=budget)
        identifiers = _identifiers(tree)
        spans = identifiers.get(value.old, []) + _raw_code(tree, value.old)
        taken = identifiers.get(value.new, []) + _raw_code(tree, value.new)
        known = set(identifiers)
        if spans:
            asked = ((value.in_comments, language.comments), (value.in_strings, language.strings))
            spans += [span for wanted, query in asked if wanted for span in _words_in(tree, value.old, query)]
    if not spans:
        raise not_found("identifier", value.old, known)
    if taken:
        line = LineIndex(text).line_of(min(taken)[0]) + 1
        raise NotApplicable(f"The name `{value.new}` is already in use on line {line}.")
    return [Edit(start, end, value.new) for start, end in sorted(set(spans))]


def word(name: str, language: Language | None) -> re.Pattern[str]:
    """`name` as a whole word of `language`."""
    letters = language.name_characters if language is not None else r"\w"
    return re.compile(rf"(?<![{letters}]){re.escape(name)}(?![{letters}])")


def _identifiers(tree: Tree) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for node in tree.captures(tree.language.identifiers):
        found.setdefault(tree.source(node), []).append(tree.span(node))
    return found


def _words(text: str, name: str, language: Language | None) -> list[tuple[int, int]]:
    return [match.span() for match in word(name, language).finditer(text)]


def _raw_code(tree: Tree, name: str) -> list[tuple[int, int]]:
    return _words_in(tree, name, tree.language.raw_code)


def _words_in(tree: Tree, name: str, query: str) -> list[tuple[int, int]]:
    pattern = word(name, tree.language)
    spans = []
    for node in tree.captures(query):
        start, end = tree.span(node)
        spans += [match.span() for match in pattern.finditer(tree.text, start, end)]
    return spans
