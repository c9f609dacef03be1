"""Rename an identifier: by syntax if there is a grammar, as a whole word if not."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.offline.errors import NotApplicable, not_found
from editsvc.offline.naming import names_of
from editsvc.offline.naming.roles import PAIR, Defines, Occurrence, Role
from editsvc.offline.outcome import Outcome, lines_of
from editsvc.offline.trees import named, tree_of
from editsvc.syntax.outline import outline
from editsvc.text.document import Edit, LineIndex

if TYPE_CHECKING:
    from editsvc.instruction.commands import Rename
    from editsvc.offline.naming.roles import Names
    from editsvc.syntax import Language, ParseBudget, Tree

_PYTHONS_OWN: Final = frozenset(dir(builtins))
_NAMES_MEMBERS: Final = (Role.MEMBER, Role.EITHER)
# Languages without a grammar whose whole words are no code: prose and markup.
_TEXT: Final = frozenset({"markdown", "xml", "ini", "sql"})
_IMPORT: Final = re.compile(
    r"\s*(?:(?:(?:pub|public|static|global|export|local|const|final|var|val|my|our)\s+)*"
    r"(?:import|include|require(?:_once|_relative)?|load|library|source|@import|@use|@forward|alias)\b"
    r"|(?:global\s+)?(?:using|use|open)\s+[\w\\.:]+(?:\s*[;{=(]|\s+qw\b|\s*$)|.*[=(]\s*require\b|.*@import\b)"
)


def apply(text: str, value: Rename, language: Language | None, *, budget: ParseBudget) -> Outcome:
    """Edits that give the identifiers `value.old` that the file defines the name `value.new`.

    A name that the file only uses is renamed wherever it stands. What belongs to other files keeps its name: what
    is imported gets an alias, and members and keywords of foreign things stay, with a note. Raises NotApplicable if
    there is no such name, if the new one is in use already (whether the two would then be the same thing is not
    decided here), or where a name cannot change without a change elsewhere.
    """
    if language is None or not language.grammar:
        return _by_words(text, value, language)
    tree = tree_of(text, language, budget=budget)
    names = names_of(tree)
    marked, value = _unmarked(names, value)
    places = [
        place
        for place in names.occurrences(value.old)
        if not marked or text[place.start - 1 : place.start] == marked
    ]
    values, members = _renamed(places, merged=names.naming.merged)
    if value.owner:
        _refuse_if_others_have_it(tree, value)
        values, members = False, True
    edits, left = _chosen(text, places, value, values=values, members=members)
    raw = [
        span
        for span in _words_in(tree, value.old, language.raw_code)
        if members or not text[max(0, span[0] - 9) : span[0]].rstrip().endswith((".", "->"))
    ]
    inner = [injected for injected in tree.injected if value.old in names_of(injected).nodes]
    if edits and inner:
        raise NotApplicable(
            f"`{value.old}` is a name of {language.name}, and a name in its {inner[0].language.name} as well."
        )
    if not edits and not raw:
        raise not_found("identifier", value.old, set(names.nodes))
    _refuse_if_taken(names, value.new, values=values, members=members)
    if not value.across_files and all(place.defines is Defines.NO for place in places):
        _refuse_if_from_nowhere(names, value.old)
    _refuse_if_read_from_text(tree, value.old)
    spans = {(edit.start, edit.end): edit for edit in edits}
    asked = ((value.in_comments, language.comments), (value.in_strings, language.strings))
    words = raw + [span for wanted, query in asked if wanted for span in _words_in(tree, value.old, query)]
    for span in words:
        spans.setdefault(span, Edit(*span, value.new))
    notes = []
    if value.owner:
        left = [place for place in left if place.role is not Role.VALUE]
    kept = [place.start for place in left if (place.start, place.end) not in spans]
    if kept:
        notes.append(
            f"`{value.old}` stays on {lines_of(text, kept)}, where it names something that this file does not define."
        )
    return Outcome(sorted(spans.values(), key=lambda edit: (edit.start, edit.end)), tuple(notes))


def _unmarked(names: Names, value: Rename) -> tuple[str, Rename]:
    """The mark of a selector, and the rename without it: ``.btn`` is the class ``btn``, and not the id of that name."""
    if value.old in names.nodes or value.old[:1] not in (".", "#") or value.new[:1] != value.old[0]:
        return "", value
    return value.old[0], msgspec.structs.replace(value, old=value.old[1:], new=value.new[1:])


def _refuse_if_others_have_it(tree: Tree, value: Rename) -> None:
    """Raise if the type has no such member, or others have one: which of them is used somewhere cannot be told."""
    named(tree, f"{value.owner}.{value.old}")
    others = [
        located
        for located in outline(tree)
        if located.definition.name == value.old
        and located.parent is not None
        and located.definition.kind != "declaration"
        and not f".{located.definition.qualified}".endswith(f".{value.owner}.{value.old}")
    ]
    if others:
        where = lines_of(tree.text, (located.definition.name_start for located in others))
        raise NotApplicable(
            f"`{others[0].definition.qualified}` on {where} has the same name as `{value.owner}.{value.old}`, "
            "and which of them is used elsewhere cannot be told."
        )


def _renamed(places: list[Occurrence], *, merged: bool) -> tuple[bool, bool]:
    """Whether values, and whether members of the name are renamed: what the file defines, or all if it defines none."""
    full = [place for place in places if place.defines is Defines.FULL]
    defining = full or [place for place in places if place.defines is Defines.WEAK]
    members = not defining or any(place.role in _NAMES_MEMBERS for place in defining)
    values = not defining or (merged and members) or any(place.role is not Role.MEMBER for place in defining)
    return values, members


def _chosen(
    text: str, places: list[Occurrence], value: Rename, *, values: bool, members: bool
) -> tuple[list[Edit], list[Occurrence]]:
    """The edits at the places that are renamed, and the places of foreign things that are not."""
    foreign = all(place.defines is Defines.NO for place in places)
    edits, left = [], []
    unsure = [place for place in places if place.role is Role.UNSURE]
    if unsure and members and not foreign:
        raise NotApplicable(
            f"Whether the key `{value.old}` on {lines_of(text, (place.start for place in unsure))} "
            "is one of this file's cannot be told."
        )
    for place in places:
        renamed = {
            Role.VALUE: values,
            Role.MEMBER: members,
            Role.EITHER: True,
            Role.SHORTHAND: True,
            Role.UNSURE: foreign or place.spelling == PAIR,
            Role.FOREIGN: foreign,
            Role.OTHER: foreign,
        }[place.role]
        if not renamed:
            left += [place] if place.role is not Role.OTHER else []
            continue
        spelling = place.spelling
        if place.role is Role.UNSURE and foreign:
            spelling = "{new}"
        if place.role is Role.SHORTHAND and values != members:
            spelling = PAIR if values else "{new}: {old}"
        if value.across_files and (not spelling or (place.imported and "{old}" in spelling)):
            spelling = "{new}"
        if not spelling:
            raise NotApplicable(
                f"`{value.old}` comes from another file, and this file cannot give it another name."
            )
        edits.append(Edit(place.start, place.end, spelling.format(old=value.old, new=value.new)))
    return edits, left


def _refuse_if_taken(names: Names, new: str, *, values: bool, members: bool) -> None:
    roles = {Role.EITHER, Role.SHORTHAND}
    roles |= {Role.VALUE} if values else set()
    roles |= {Role.MEMBER} if members else set()
    taken = [place.start for place in names.occurrences(new) if place.role in roles]
    taken += [start for start, _ in _words_in(names.tree, new, names.tree.language.raw_code)]
    if taken:
        line = LineIndex(names.tree.text).line_of(min(taken)) + 1
        raise NotApplicable(f"The name `{new}` is already in use on line {line}.")


def _refuse_if_from_nowhere(names: Names, name: str) -> None:
    """Raise if a name that Python code only uses is Python's own, or may come from an import of everything."""
    tree = names.tree
    if tree.language.name != "python" or not any(
        place.role is Role.VALUE for place in names.occurrences(name)
    ):
        return
    if name in _PYTHONS_OWN:
        raise NotApplicable(f"`{name}` is Python's own name.")
    for star in tree.captures("(wildcard_import) @star"):
        where = lines_of(tree.text, [tree.offset(star.start_byte)])
        raise NotApplicable(f"`{name}` may come from another file, by the import of everything on {where}.")


def _refuse_if_read_from_text(tree: Tree, name: str) -> None:
    """Raise if the file takes names out of strings, which have the name."""
    readers = _READERS.get(tree.language.name)
    if readers is None:
        return
    for node in tree.captures(readers[0]):
        if tree.source(node) in readers[1] and _words_in(tree, name, tree.language.strings):
            line = LineIndex(tree.text).line_of(tree.offset(node.start_byte)) + 1
            raise NotApplicable(
                f"`{tree.source(node)}` on line {line} takes names out of strings, and one has `{name}` in it."
            )


_READERS: Final = {
    "python": (
        "(call function: (identifier) @function)",
        frozenset({"locals", "globals", "vars", "eval", "exec"}),
    ),
    "javascript": ("(call_expression function: (identifier) @function)", frozenset({"eval"})),
    "typescript": ("(call_expression function: (identifier) @function)", frozenset({"eval"})),
}


def _by_words(text: str, value: Rename, language: Language | None) -> Outcome:
    spans = _words(text, value.old, language)
    taken = _words(text, value.new, language)
    if not spans:
        raise not_found("identifier", value.old, set(re.findall(r"[^\W\d]\w*", text)))
    index = LineIndex(text)
    if taken:
        raise NotApplicable(
            f"The name `{value.new}` is already in use on line {index.line_of(taken[0][0]) + 1}."
        )
    if language is not None and language.name not in _TEXT:
        for start, _ in spans:
            line = index.line_of(start)
            if _IMPORT.match(text[slice(*index.line_span(line))]):
                raise NotApplicable(
                    f"`{value.old}` is part of an import on line {line + 1}, which cannot be told from a name without "
                    f"a grammar for {language.name}."
                )
    return Outcome([Edit(start, end, value.new) for start, end in spans])


def word(name: str, language: Language | None) -> re.Pattern[str]:
    """`name` as a whole word of `language`."""
    letters = language.name_characters if language is not None else r"\w"
    return re.compile(rf"(?<![{letters}]){re.escape(name)}(?![{letters}])")


def _words(text: str, name: str, language: Language | None) -> list[tuple[int, int]]:
    return [match.span() for match in word(name, language).finditer(text)]


def _words_in(tree: Tree, name: str, query: str) -> list[tuple[int, int]]:
    pattern = word(name, tree.language)
    spans = []
    for node in tree.captures(query):
        start, end = tree.span(node)
        spans += [match.span() for match in pattern.finditer(tree.text, start, end)]
    return spans
