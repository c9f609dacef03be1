"""Add a parameter with a default to a function, at the place and in the layout of its signature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.offline.errors import NotApplicable
from editsvc.offline.naming import names_of
from editsvc.offline.naming.receivers import receivers_of
from editsvc.offline.naming.roles import Defines, Role
from editsvc.offline.outcome import Outcome, lines_of
from editsvc.offline.signatures import name_of, parameter_list, parameters
from editsvc.offline.trees import ambiguous, named, the_one, tree_of
from editsvc.syntax.outline import TYPE_KINDS
from editsvc.text.document import Edit

if TYPE_CHECKING:
    import tree_sitter

    from editsvc.instruction.commands import AddParameter
    from editsvc.syntax import Language, ParseBudget, Tree
    from editsvc.syntax.outline import Located

_ECMASCRIPT: Final = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})
_TYPESCRIPT: Final = frozenset({"typescript", "typescriptreact"})
_WITHOUT_DEFAULTS: Final = {"go": "Go", "rust": "Rust", "java": "Java", "c": "C"}
_WORD: Final = re.compile(r"[^\W\d][\w$]*")
_OPTIONAL: Final = frozenset(
    {"default_parameter", "typed_default_parameter", "optional_parameter", "optional_parameter_declaration"}
)
_MANY: Final = 1_000
# Nothing may follow these; `*args` is not among them, because keyword-only parameters may follow it.
_LAST: Final = frozenset({"dictionary_splat_pattern", "rest_pattern", "..."})


def apply(text: str, value: AddParameter, language: Language | None, *, budget: ParseBudget) -> Outcome:
    """The edits that add `value.parameter` to `value.function`, and to what declares it (C++, TypeScript).

    It goes to the end, but before ``**kwargs`` and rest parameters. Raises NotApplicable for languages
    without default values, for functions not found or ambiguous, for a parameter that is already there, for
    one without a default where the language wants one, and where calls in the file would mean something else.
    """
    if language is not None and language.name in _WITHOUT_DEFAULTS:
        name = _WITHOUT_DEFAULTS[language.name]
        raise NotApplicable(f"{name} has no default values, so a new parameter would break every call.")
    tree = tree_of(text, language, budget=budget)
    located = _meant(tree, value.function)
    listed = _list_of(located, value)
    existing = parameters(listed)
    _refuse_special(tree, located)
    notes = _refuse_calls(tree, located, value, existing)
    edits: list[Edit] = []
    given = False  # C++ wants the default once, where the function is seen first
    for place in _declared(tree, located, value):
        places = parameters(_list_of(place, value))
        if value.parameter in {name for node in places for name in _names(tree, node)}:
            raise NotApplicable(f"`{value.function}` already has a parameter `{value.parameter}`.")
        new = _spelling(value, tree.language, places)
        if tree.language.name == "cpp" and given:
            new = f"{value.annotation} {value.parameter}"
        elif tree.language.name in _TYPESCRIPT and place.definition.kind == "declaration":
            new = _optional(value)
        elif _is_overload(tree, place):
            new = _spelling(msgspec.structs.replace(value, default="..."), tree.language, places)
        given = True
        if places and [tree.source(node) for node in places] == ["void"]:
            edits.append(Edit(*tree.span(places[0]), new))
        else:
            edits += _insert(tree, _list_of(place, value), places, new)
    return Outcome(edits, (*notes, *_overriding(tree, located)))


def _meant(tree: Tree, name: str) -> Located:
    """The function; its overloads in Python are signatures without a body."""
    found = named(tree, name)
    bodies = [place for place in found if not _is_overload(tree, place)]
    alike = len({place.definition.qualified for place in found}) == 1
    return bodies[0] if alike and len(bodies) == 1 else the_one(tree, name)


def _is_overload(tree: Tree, located: Located) -> bool:
    above = tree.text[located.definition.start : located.definition.node_start]
    return tree.language.name == "python" and re.search(r"@(?:\w+\.)?overload\b", above) is not None


def _overriding(tree: Tree, located: Located) -> list[str]:
    """A sentence about methods of the same name above and below the one that is changed."""
    owner, name = located.parent, located.definition.name
    if owner is None or owner.kind not in TYPE_KINDS or name in ("__init__", "constructor"):
        return []
    receivers = receivers_of(names_of(tree), name)
    if not receivers.restrict(owner.name):
        return []
    others = [
        place.definition
        for place in named(tree, name)
        if place.parent is not None and place.parent.name in receivers.owners - {owner.name}
    ]
    if not others:
        return []
    where = lines_of(tree.text, (other.name_start for other in others))
    listed = ", ".join(f"`{other.qualified}`" for other in others)
    what = (
        "overrides it or is overridden, and stays"
        if len(others) == 1
        else "override it or are overridden, and stay"
    )
    return [f"{listed} on {where} {what}."]


def _list_of(located: Located, value: AddParameter) -> tree_sitter.Node:
    listed = parameter_list(located.node)
    if listed is None:
        raise NotApplicable(f"`{value.function}` has no list of parameters in parentheses.")
    return listed


def _declared(tree: Tree, located: Located, value: AddParameter) -> list[Located]:
    """The function, and the signatures without a body that declare it, in order."""
    qualified = located.definition.qualified
    found = [place for place in named(tree, value.function) if place.definition.qualified == qualified]
    if tree.language.name == "cpp":
        types = _types(tree, located)
        other = [place for place in found if _types(tree, place) != types]
        if other:
            raise ambiguous(tree, value.function, found)
        outside = "::" in tree.text[located.definition.name_start : located.definition.name_end]
        if outside and len(found) == 1:
            raise NotApplicable(
                f"`{value.function}` is declared in another file, which would have to change as well."
            )
    return found


def _types(tree: Tree, located: Located) -> list[str]:
    """The types of the parameters, without their names and defaults."""
    listed = parameter_list(located.node)
    spelt = []
    for node in parameters(listed) if listed is not None else ():
        name, default = name_of(node), node.child_by_field_name("default_value")
        source = tree.source(node)
        if default is not None:
            source = source[: tree.offset(default.start_byte) - tree.offset(node.start_byte)].rstrip(" =")
        if name is not None:
            at = tree.offset(name.start_byte) - tree.offset(node.start_byte)
            source = source[:at] + source[at + len(tree.source(name)) :]
        spelt.append("".join(source.split()))
    return [] if spelt == ["void"] else spelt


def _refuse_special(tree: Tree, located: Located) -> None:
    """Raise for a property, which is not called, and for a method that others override."""
    name = located.definition.name
    if tree.language.name == "python":
        above = tree.text[located.definition.start : located.definition.node_start]
        if re.search(r"@(?:\w+\.)*(?:cached_)?property\b|@\w+\.(?:setter|deleter)\b", above):
            raise NotApplicable(f"`{name}` is a property, which takes no more parameters.")
    if tree.language.name == "cpp":
        head = tree.source(located.outer).partition("{")[0]
        if re.search(r"\b(?:virtual|override|final)\b", head):
            raise NotApplicable(f"`{name}` is virtual: what overrides it would have to change as well.")


def _refuse_calls(
    tree: Tree, located: Located, value: AddParameter, existing: list[tree_sitter.Node]
) -> list[str]:
    """Raise where calls of the file would be wrong with the parameter; sentences about those that may be."""
    method = located.definition.kind == "method" or located.parent is not None
    name = located.definition.name
    constructor = name in ("__init__", "constructor") and located.parent is not None
    if constructor and located.parent is not None:
        name, method = located.parent.name, False
    names = names_of(tree)
    roles = (
        {Role.MEMBER, Role.EITHER}
        if method and not names.naming.merged
        else set(Role) - {Role.FOREIGN, Role.UNSURE, Role.OTHER}
    )
    places = [
        place
        for place in names.occurrences(name)
        if place.role in roles and place.defines is Defines.NO and not place.imported
    ]
    calls = [place for place in places if tree.text[place.end :].lstrip()[:1] == "("]
    if not value.default and places and not value.annotation.endswith("?"):
        where = lines_of(tree.text, (place.start for place in places))
        raise NotApplicable(
            f"`{name}` is used on {where}, where `{value.parameter}` would be missing: give it a default."
        )
    if any(_is_last(node) for node in existing) and tree.language.name != "python":
        most = sum(not _is_last(node) for node in existing)
        wide = [place.start for place in calls if _arguments(tree, place.end) > most]
        if wide:
            raise NotApplicable(
                f"The call on {lines_of(tree.text, wide)} gives `{name}` further arguments, "
                "which the new parameter would take."
            )
    passed = [place.start for place in places if place not in calls]
    if passed and tree.language.name in _ECMASCRIPT and not constructor:
        where = lines_of(tree.text, passed)
        return [f"`{name}` is handed over on {where}: what calls it there may give it further arguments."]
    return []


def _arguments(tree: Tree, offset: int) -> int:
    """How many arguments the call has whose function ends at `offset`; many if one is spread."""
    start = tree.byte(tree.text.index("(", offset))
    node = tree.root.descendant_for_byte_range(start, start + 1)
    listed = node.parent if node is not None and not node.is_named else node
    if listed is None:
        return 0
    spread = any(
        child.type in ("spread_element", "parameter_pack_expansion") for child in listed.named_children
    )
    return _MANY if spread else sum(child.type != "comment" for child in listed.named_children)


def _optional(value: AddParameter) -> str:
    """The parameter in a signature of TypeScript, which has no defaults; raises NotApplicable without a type."""
    annotation = value.annotation or _type_of(value.default)
    if not annotation:
        raise NotApplicable(
            f"`{value.function}` has signatures, in which `{value.parameter}` needs a type, as in "
            f"`{value.parameter}: number = 0`."
        )
    return f"{value.parameter}?: {annotation}"


def _type_of(literal: str) -> str:
    """The type of a literal of TypeScript; empty if it is no literal."""
    if literal in ("true", "false"):
        return "boolean"
    if re.fullmatch(r"-?\d[\w.]*", literal):
        return "bigint" if literal.endswith("n") else "number"
    return "string" if literal[:1] in ("'", '"', "`") else ""


def _names(tree: Tree, node: tree_sitter.Node) -> list[str]:
    """The names that a parameter binds; for a pattern every word in it, which may be too many."""
    name = name_of(node)
    return _WORD.findall(tree.source(node)) if name is None else [tree.source(name)]


def _spelling(value: AddParameter, language: Language, existing: list[tree_sitter.Node]) -> str:
    """The parameter in the language's form; raises NotApplicable where it could not stand there."""
    name, annotation, default = value.parameter, value.annotation, value.default
    if language.name == "cpp":
        if not annotation:
            raise NotApplicable(f"A C++ parameter needs a type, as in `int {name} = {default or 0}`.")
        optional = bool(default)
        spelling = f"{annotation} {name} = {default}" if default else f"{annotation} {name}"
    elif language.name in _ECMASCRIPT:
        if annotation and language.name not in _TYPESCRIPT:
            raise NotApplicable(f"JavaScript parameters have no types: write `{name}={default or 'null'}`.")
        optional = bool(default) or language.name not in _TYPESCRIPT
        spelling = f"{name}: {annotation}" if annotation else name
        spelling += f" = {default}" if default else ""
    else:
        optional = bool(default) or any(
            node.type in ("keyword_separator", "list_splat_pattern") for node in existing
        )
        spelling = f"{name}: {annotation}" if annotation else name
        spelling += (f" = {default}" if annotation else f"={default}") if default else ""
    if not optional and any(node.type in _OPTIONAL for node in existing):
        raise NotApplicable(
            f"`{value.function}` has optional parameters, so `{name}` needs a default as well."
        )
    return spelling


@dataclass(frozen=True, slots=True)
class _Line:
    """A position: the offset at which its line ends, and the line break and indentation before it."""

    end: int
    lead: str


def _own_line(text: str, start: int, end: int) -> _Line | None:
    """The line of a parameter if the parameter begins it, else None."""
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    if line_start == 0 or text[line_start:start].strip():
        return None
    line_break = "\r\n" if text.endswith("\r\n", 0, line_start) else text[line_start - 1]
    ends = [position for mark in "\r\n" if (position := text.find(mark, end)) >= 0]
    return _Line(min(ends, default=len(text)), line_break + text[line_start:start])


def _insert(tree: Tree, listed: tree_sitter.Node, existing: list[tree_sitter.Node], new: str) -> list[Edit]:
    text = tree.text
    if not existing:
        start = tree.offset(listed.start_byte) + 1
        return [Edit(start, tree.offset(listed.end_byte) - 1 if _blank(tree, listed) else start, new)]
    last = existing[-1]
    start, end = tree.span(last)
    line = _own_line(text, start, end)
    if _is_last(last):
        return [Edit(start, start, f"{new},{line.lead if line else ' '}")]
    if line is None:
        return [Edit(end, end, f", {new}")]
    # One parameter to a line: a comma and a comment after the last one stay with it.
    close = tree.offset(listed.end_byte) - 1
    if close < line.end:
        return [Edit(end, end, f",{line.lead}{new}")]
    if text[end : line.end].lstrip().startswith(","):
        return [Edit(line.end, line.end, f"{line.lead}{new},")]
    return [Edit(end, end, ","), Edit(line.end, line.end, f"{line.lead}{new}")]


def _blank(tree: Tree, listed: tree_sitter.Node) -> bool:
    return not tree.source(listed)[1:-1].strip()


def _is_last(node: tree_sitter.Node) -> bool:
    """True for ``**kwargs``, ``...rest`` and C's ``...``, with a type or without."""
    inner = [node, *node.named_children[:1]]
    pattern = node.child_by_field_name("pattern")
    return any(part.type in _LAST for part in (*inner, *([pattern] if pattern is not None else [])))
