"""Add a parameter with a default to a function, at the place and in the layout of its signature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable
from editsvc.offline.signatures import name_of, parameter_list, parameters
from editsvc.offline.trees import the_one, tree_of
from editsvc.text.document import Edit

if TYPE_CHECKING:
    import tree_sitter

    from editsvc.instruction.commands import AddParameter
    from editsvc.syntax import Language, ParseBudget, Tree

_ECMASCRIPT: Final = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})
_TYPESCRIPT: Final = frozenset({"typescript", "typescriptreact"})
_WITHOUT_DEFAULTS: Final = {"go": "Go", "rust": "Rust", "java": "Java", "c": "C"}
_WORD: Final = re.compile(r"[^\W\d][\w$]*")
_OPTIONAL: Final = frozenset(
    {"default_parameter", "typed_default_parameter", "optional_parameter", "optional_parameter_declaration"}
)
# Nothing may follow these; `*args` is not among them, because keyword-only parameters may follow it.
_LAST: Final = frozenset({"dictionary_splat_pattern", "rest_pattern", "..."})


def apply(text: str, value: AddParameter, language: Language | None, *, budget: ParseBudget) -> list[Edit]:
    """The edits that add `value.parameter` to `value.function`.

    It goes to the end, but before ``**kwargs`` and rest parameters. Raises NotApplicable for languages
    without default values, for functions not found or ambiguous, for a parameter that is already there, and
    for one without a default where the language wants one.
    """
    if language is not None and language.name in _WITHOUT_DEFAULTS:
        name = _WITHOUT_DEFAULTS[language.name]
        raise NotApplicable(f"{name} has no default values, so a new parameter would break every call.")
    tree = tree_of(text, language, budget=budget)
    located = the_one(tree, value.function)
    listed = parameter_list(located.node)
    if listed is None:
        raise NotApplicable(f"`{value.function}` has no list of parameters in parentheses.")
    existing = parameters(listed)
    if value.parameter in {name for node in existing for name in _names(tree, node)}:
        raise NotApplicable(f"`{value.function}` already has a parameter `{value.parameter}`.")
    new = _spelling(value, tree.language, existing)
    if existing and [tree.source(node) for node in existing] == ["void"]:
        return [Edit(*tree.span(existing[0]), new)]
    return _insert(tree, listed, existing, new)


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
