"""The definitions of a document, with their names and ranges.

Found by queries (`Language.definitions`), never by walking the tree; nested ones are found like all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.syntax.budget import WHOLE_AT_MOST
from editsvc.syntax.parsing import Tree, parse

if TYPE_CHECKING:
    import tree_sitter

    from editsvc.syntax.budget import ParseBudget
    from editsvc.syntax.languages import Language

TYPE_KINDS: Final = frozenset({"class", "enum", "impl", "interface", "record", "struct", "trait", "union"})
"""Kinds whose members are methods."""

_COMMENTS: Final = frozenset({"comment", "line_comment", "block_comment"})
_BLANK: Final = b" \t\r\n\x0b\x0c"
_PROTOTYPE: Final = re.compile(r"\.prototype(?=\.)")


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition; all offsets are code points.

    `qualified` joins the names around it with dots, whatever the language writes (``A::f`` is ``A.f``).
    `kind` is function, method, class, struct, union, enum, trait, interface, record, type, module, namespace,
    macro, impl, rule (CSS), or declaration (a signature without a body). `start`..`end` is all that belongs
    to it: decorators, attributes, ``export``, comments directly above, a closing semicolon or comma;
    `node_start`..`node_end` is the bare node, `name_start`..`name_end` its name.
    """

    name: str
    qualified: str
    kind: str
    start: int
    end: int
    node_start: int
    node_end: int
    name_start: int
    name_end: int


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """A definition with its place in the tree.

    `node` is the bare node, `outer` the outermost that wraps it alone, `parent` the innermost definition
    around it; `head` is the offset where it begins without comments above, but with attributes.
    """

    definition: Definition
    node: tree_sitter.Node
    outer: tree_sitter.Node
    head: int
    parent: Definition | None


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A parsed document with its definitions, so that callers that need both parse it once."""

    tree: Tree
    definitions: tuple[Definition, ...]


def outline_of(text: str, language: Language | None, *, budget: ParseBudget | None = None) -> Outline | None:
    """The tree of `text` and its definitions, in document order, the outer before the inner.

    Those of injected code (`Language.injections`) are among them. None if there is no grammar, or the budget is used
    up before the tree is complete; without a `budget`, also if the text has more than `WHOLE_AT_MOST` characters.
    """
    if language is None or (budget is None and len(text) > WHOLE_AT_MOST):
        return None
    tree = parse(text, language, budget=budget)
    if tree is None:
        return None
    found = [located.definition for located in outline(tree)]
    if tree.injected:
        found += [located.definition for inner in tree.injected for located in outline(inner)]
        found.sort(key=lambda definition: (definition.start, -definition.end))
    return Outline(tree, tuple(found))


def definitions(text: str, language: Language, *, budget: ParseBudget | None = None) -> list[Definition]:
    """As `outline_of`, the definitions alone; empty if the language has no grammar, or the budget is used up."""
    found = outline_of(text, language, budget=budget)
    return [] if found is None else list(found.definitions)


def outline(tree: Tree) -> list[Located]:
    """As `definitions`, of a tree without what is injected in it, with the nodes."""
    if not tree.language.definitions:
        return []
    found: dict[
        tuple[int, int, int], tuple[int, str, tree_sitter.Node, dict[str, list[tree_sitter.Node]]]
    ] = {}
    for pattern, captures in tree.matches(tree.language.definitions):
        kind = next(name for name in captures if name not in ("name", "receiver"))
        node = captures[kind][0]
        key = (node.start_byte, -node.end_byte, node.id)
        # Where two patterns fit one node, the earlier in the row is the more specific one.
        if key not in found or pattern < found[key][0]:
            found[key] = (pattern, kind, node, captures)
    result: list[Located] = []
    around: list[Located] = []
    ends: list[int] = []
    seen: set[tuple[str, int]] = set()
    for key in sorted(found):
        _, kind, node, captures = found[key]
        outer = _outermost(node, tree.language.wrappers)
        # A struct that a typedef wraps is the typedef's equal, not its member.
        while around and (ends[-1] <= key[0] or around[-1].outer == outer):
            around.pop()
            ends.pop()
        located = _located(tree, kind, (node, outer), captures, around[-1].definition if around else None)
        around.append(located)
        ends.append(-key[1])
        # "typedef struct S {…} S;" names one thing twice.
        identity = (located.definition.qualified, located.definition.start)
        if identity not in seen:
            seen.add(identity)
            result.append(located)
    return result


def _located(
    tree: Tree,
    kind: str,
    nodes: tuple[tree_sitter.Node, tree_sitter.Node],
    captures: dict[str, list[tree_sitter.Node]],
    parent: Definition | None,
) -> Located:
    node, outer = nodes
    name_node = captures["name"][0]
    path = tree.source(name_node)
    if "receiver" in captures:
        path = f"{tree.source(captures['receiver'][0])}.{path}"
    if not path.isidentifier():
        path = _PROTOTYPE.sub("", path.replace("::", "."))
    if parent is not None and kind == "function" and parent.kind in TYPE_KINDS:
        kind = "method"
    head, start = _with_lines_above(tree, outer.start_byte)
    name_start, name_end = tree.span(name_node)
    node_start, node_end = tree.span(node)
    definition = Definition(
        name=path if kind == "rule" else path.rpartition(".")[2],
        qualified=f"{parent.qualified}.{path}" if parent is not None else path,
        kind=kind,
        start=tree.offset(start),
        end=tree.offset(_end_byte(tree, outer)),
        node_start=node_start,
        node_end=node_end,
        name_start=name_start,
        name_end=name_end,
    )
    return Located(definition, node, outer, tree.offset(head), parent)


def _outermost(node: tree_sitter.Node, wrappers: frozenset[str]) -> tree_sitter.Node:
    """Up through wrappers, as long as each wraps this definition alone (not one declarator of several)."""
    if not wrappers:
        return node
    while True:
        parent = node.parent
        if parent is None or parent.type not in wrappers:
            return node
        if sum(child.type == node.type for child in parent.named_children) != 1:
            return node
        node = parent


def _end_byte(tree: Tree, node: tree_sitter.Node) -> int:
    """The end of `node` with a semicolon or comma that is part of its parent, and without a line end.

    Some nodes (C's macros) take in the end of their line.
    """
    end = node.end_byte
    if tree.lines[end : end + 1] in (b";", b","):
        sibling = node.next_sibling
        if sibling is not None and sibling.type in (";", ",") and sibling.start_byte == end:
            return sibling.end_byte
    while end and tree.lines[end - 1] in b"\r\n":
        end -= 1
    return end


def _with_lines_above(tree: Tree, byte: int) -> tuple[int, int]:
    """The bytes at which a definition begins with the lines of attributes directly above, and with comments too.

    Told by lines, not by siblings: grammars disagree about where in the tree a comment hangs.
    """
    head = start = byte
    only_attributes = True
    types = _COMMENTS | tree.language.attributes
    while (above := _line_above(tree.lines, start)) is not None:
        first, last = above
        node = tree.root.named_descendant_for_byte_range(last, last + 1)
        # What goes on behind the beginning of the definition is around it, not above.
        while node is not None and node.end_byte <= start and node.type not in types:
            node = node.parent
        if node is None or node.end_byte > start:
            break
        node_start = node.start_byte
        comment = node.type in _COMMENTS
        line_start = tree.lines.rfind(b"\n", 0, node_start) + 1
        alone = not tree.lines[line_start:node_start].strip(_BLANK)
        ends_here = not tree.lines[last + 1 : start].strip(_BLANK)
        shebang = comment and node_start == 0 and tree.lines.startswith(b"#!")
        if not (alone and ends_here and node_start <= first) or shebang:
            break
        start = node_start
        only_attributes = only_attributes and not comment
        if only_attributes:
            head = start
    return head, start


def _line_above(lines: bytes, byte: int) -> tuple[int, int] | None:
    """The first and last byte that is not blank of the line above the one that `byte` begins.

    None if that line is blank, or there is none, or something stands before `byte` on its own line.
    """
    line_start = lines.rfind(b"\n", 0, byte) + 1
    if line_start == 0 or lines[line_start:byte].strip(_BLANK):
        return None
    start = lines.rfind(b"\n", 0, line_start - 1) + 1
    line = lines[start:line_start]
    content = line.lstrip(_BLANK)
    if not content:
        return None
    return start + len(line) - len(content), start + len(line.rstrip(_BLANK)) - 1
