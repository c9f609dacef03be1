"""Definitions: what a document defines, under which name, and from where to where.

Found by queries (`Language.definitions`), never by walking the tree; nested ones are found like all others.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.syntax.parsing import PARSE_DEADLINE_S, Tree, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    import tree_sitter

    from editsvc.syntax.languages import Language

TYPE_KINDS: Final = frozenset({"class", "enum", "impl", "interface", "record", "struct", "trait", "union"})
"""Kinds whose members are methods."""

_COMMENTS: Final = frozenset({"comment", "line_comment", "block_comment"})
_SEPARATOR: Final = re.compile(r"::|\.prototype\.")


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


def definitions(
    text: str,
    language: Language,
    *,
    deadline_s: float = PARSE_DEADLINE_S,
    clock: Callable[[], float] = time.monotonic,
) -> list[Definition]:
    """What `text` defines, in document order, the outer before the inner.

    Empty if the language has no grammar, or the deadline passed.
    """
    tree = parse(text, language, deadline_s=deadline_s, clock=clock)
    return [] if tree is None else [located.definition for located in outline(tree)]


def outline(tree: Tree) -> list[Located]:
    """As `definitions`, of a tree, with the nodes."""
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
    seen: set[tuple[str, int]] = set()
    for _, kind, node, captures in (found[key] for key in sorted(found)):
        outer = _outermost(node, tree.language.wrappers)
        # A struct that a typedef wraps is the typedef's equal, not its member.
        while around and (around[-1].node.end_byte <= node.start_byte or around[-1].outer == outer):
            around.pop()
        located = _located(tree, kind, (node, outer), captures, around[-1].definition if around else None)
        around.append(located)
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
    path = _SEPARATOR.sub(".", tree.source(name_node))
    if "receiver" in captures:
        path = _SEPARATOR.sub(".", f"{tree.source(captures['receiver'][0])}.{path}").removesuffix(
            ".prototype"
        )
        path = re.sub(r"\.prototype(?=\.)", "", path)
    if parent is not None and kind == "function" and parent.kind in TYPE_KINDS:
        kind = "method"
    start = _with_lines_above(tree, outer.start_byte, _COMMENTS | tree.language.attributes)
    head = _with_lines_above(tree, outer.start_byte, tree.language.attributes)
    name_start, name_end = tree.span(name_node)
    node_start, node_end = tree.span(node)
    definition = Definition(
        name=path if kind == "rule" else path.rpartition(".")[2],
        qualified=f"{parent.qualified}.{path}" if parent is not None else path,
        kind=kind,
        start=start,
        end=_before_line_end(tree.text, tree.offset(_end_byte(outer))),
        node_start=node_start,
        node_end=node_end,
        name_start=name_start,
        name_end=name_end,
    )
    return Located(definition, node, outer, head, parent)


def _outermost(node: tree_sitter.Node, wrappers: frozenset[str]) -> tree_sitter.Node:
    """Up through wrappers, as long as each wraps this definition alone (not one declarator of several)."""
    while True:
        parent = node.parent
        if parent is None or parent.type not in wrappers:
            return node
        if sum(child.type == node.type for child in parent.named_children) != 1:
            return node
        node = parent


def _end_byte(node: tree_sitter.Node) -> int:
    sibling = node.next_sibling
    if sibling is not None and sibling.type in (";", ",") and sibling.start_byte == node.end_byte:
        return sibling.end_byte
    return node.end_byte


def _before_line_end(text: str, end: int) -> int:
    """`end` without a line end before it: some nodes (C's macros) take in the end of their line."""
    while end and text[end - 1] in "\r\n":
        end -= 1
    return end


def _with_lines_above(tree: Tree, byte: int, types: frozenset[str]) -> int:
    """The offset at which the nodes of `types` begin that stand on the lines directly above `byte`.

    Told by lines, not by siblings: grammars disagree about where in the tree a comment hangs.
    """
    text = tree.text
    start = tree.offset(byte)
    while True:
        above = _line_before(text, start)
        if above is None:
            return start
        first, last = above
        node = tree.root.named_descendant_for_byte_range(tree.byte(last), tree.byte(last + 1))
        while node is not None and node.type not in types:
            node = node.parent
        if node is None:
            return start
        node_start = tree.offset(node.start_byte)
        line_start = max(text.rfind("\n", 0, node_start), text.rfind("\r", 0, node_start)) + 1
        alone = not text[line_start:node_start].strip()
        ends_here = not text[last + 1 : start].strip() and tree.offset(node.end_byte) <= start
        shebang = node_start == 0 and text.startswith("#!") and node.type in _COMMENTS
        if not (alone and ends_here and node_start <= first) or shebang:
            return start
        start = node_start


def _line_before(text: str, offset: int) -> tuple[int, int] | None:
    """First and last non-blank offset of the line above the one that `offset` begins.

    None if that line is blank, or there is none, or something stands before `offset` on its own line.
    """
    line_start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    if line_start == 0 or text[line_start:offset].strip():
        return None
    end = line_start - (2 if text.endswith("\r\n", 0, line_start) else 1)
    start = max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
    line = text[start:end]
    if not line.strip():
        return None
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip()) - 1
