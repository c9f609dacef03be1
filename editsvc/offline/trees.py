"""Trees and definitions for the transformations; a refusal if there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable, not_found
from editsvc.syntax.outline import Located, outline
from editsvc.syntax.parsing import parse
from editsvc.text.document import LineIndex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.syntax import Language, ParseBudget, Tree

# Everyday names that differ from the kinds of `editsvc.syntax.Definition`.
_KINDS: Final = {
    "func": frozenset({"function", "method", "declaration"}),
    "fn": frozenset({"function", "method", "declaration"}),
    "function": frozenset({"function", "method", "declaration"}),
    "method": frozenset({"method", "function", "declaration"}),
    "type": frozenset({"type", "struct", "interface", "class", "enum", "union", "record"}),
    "class": frozenset({"class", "record"}),
    "struct": frozenset({"struct", "type"}),
    "module": frozenset({"module", "namespace"}),
    "namespace": frozenset({"module", "namespace"}),
}


def tree_of(text: str, language: Language | None, *, budget: ParseBudget) -> Tree:
    """The tree of `text`; raises NotApplicable if there is no grammar, or if parsing exceeds the budget."""
    if language is None or not language.grammar:
        name = "files of this kind" if language is None else f"{language.name} files"
        raise NotApplicable(f"The offline engine has no grammar for {name}, which this instruction needs.")
    tree = parse(text, language, budget=budget)
    if tree is None:
        raise NotApplicable("The file is too large to be parsed, or nested too deeply.")
    return tree


def named(tree: Tree, name: str, kind: str = "") -> list[Located]:
    """The definitions that `name` (a name, or the end of a qualified one) and the user's `kind` refer to.

    At least one; raises NotApplicable if there is none. An ``impl`` block is never meant by a name.
    """
    everything = [located for located in outline(tree) if located.definition.kind != "impl"]
    kinds = _KINDS.get(kind, frozenset({kind}))
    found = [
        located
        for located in everything
        if (not kind or located.definition.kind in kinds)
        and (located.definition.qualified == name or located.definition.qualified.endswith(f".{name}"))
    ]
    if not found:
        short = "." not in name
        candidates = (
            located.definition.name if short else located.definition.qualified for located in everything
        )
        raise not_found(kind or "definition", name, candidates)
    # A plain name means the outermost definition of that name, as it does at the top of the file.
    exact = [located for located in found if located.definition.qualified == name]
    return exact or found


def the_one(tree: Tree, name: str, kind: str = "") -> Located:
    """The only definition that `name` means; raises NotApplicable, with the lines, if there are several.

    A signature without a body does not count beside the definition that it declares.
    """
    found = named(tree, name, kind)
    bodies = [located for located in found if located.definition.kind != "declaration"]
    candidates = bodies or found
    if len(candidates) > 1:
        raise ambiguous(tree, name, candidates)
    return candidates[0]


def ambiguous(tree: Tree, name: str, found: Iterable[Located]) -> NotApplicable:
    """The refusal that `name` has several definitions, with their qualified names and lines."""
    lines = LineIndex(tree.text)
    places = [
        f"`{located.definition.qualified}` on line {lines.line_of(located.definition.name_start) + 1}"
        for located in found
    ]
    return NotApplicable(f"The name `{name}` is ambiguous: {', '.join(places[:-1])} and {places[-1]}.")
