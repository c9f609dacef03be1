"""What Python asks of indentation, and its grammar here lets pass: no block is empty, and all of it is flush.

Looked for around changes only, where an edit can have broken it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import tree_sitter

    from editsvc.syntax.parsing import Tree
    from editsvc.text.diff import Span

EMPTY: Final = "missing block"
UNCAUGHT: Final = "missing except"
NOT_FLUSH: Final = "indentation"

_BLOCKS: Final = "[(block) (try_statement)] @block"
_HANDLERS: Final = frozenset({"except_clause", "except_group_clause", "finally_clause"})


def misplaced(tree: Tree, lines: Sequence[str], spans: Sequence[Span]) -> list[tuple[int, str]]:
    """The lines (0-based) around `spans` that Python does not allow where they are, and why; in order, each once.

    `tree` has no errors, and `lines` are those of its text; the `new` side of `spans` is about them.
    """
    near = sorted(set(_near(lines, spans)))
    if not near:
        return []
    found: dict[int, str] = {}
    touched = set(near)
    for node in tree.captures(_BLOCKS, rows=(near[0], near[-1] + 1)):
        if node.type == "block":
            colon = node.prev_sibling
            while colon is not None and colon.type == "comment":
                colon = colon.prev_sibling
            if not node.named_child_count and colon is not None and colon.end_point.row in touched:
                found[colon.end_point.row] = EMPTY
        elif not any(child.type in _HANDLERS for child in node.children):
            last = _last_row(node)
            if last in touched:
                found[last] = UNCAUGHT
    for row in near:
        wrong = _not_flush(tree.root, lines, row)
        if wrong is not None:
            found.setdefault(wrong, NOT_FLUSH)
    return sorted(found.items())


def _near(lines: Sequence[str], spans: Sequence[Span]) -> Iterator[int]:
    """The lines of code that changed, and those directly above and below."""
    for span in spans:
        above = next((row for row in range(span.new_start - 1, -1, -1) if _is_code(lines[row])), None)
        if above is not None:
            yield above
        yield from (row for row in range(span.new_start, span.new_end) if _is_code(lines[row]))
        below = next((row for row in range(span.new_end, len(lines)) if _is_code(lines[row])), None)
        if below is not None:
            yield below


def _is_code(line: str) -> bool:
    content = line.lstrip()
    return bool(content) and not content.startswith("#")


def _last_row(node: tree_sitter.Node) -> int:
    row, column = node.end_point
    return row if column else row - 1


def _not_flush(root: tree_sitter.Node, lines: Sequence[str], row: int) -> int | None:
    """The line of a statement that is not as far to the right as the first of its block."""
    start = (row, len(_indentation(lines[row])))
    node = root.descendant_for_point_range(start, (row, start[1] + 1))
    while node is not None and node.parent is not None and node.parent.type not in ("block", "module"):
        node = node.parent
        if node.start_point != start:
            return None
    if node is None or node.parent is None or node.start_point != start or not node.is_named:
        return None
    first = next((child for child in node.parent.named_children if child.type != "comment"), None)
    if first is not None and first.start_point == start:
        first, node = node, node.next_named_sibling
        while node is not None and node.type == "comment":
            node = node.next_named_sibling
    if first is None or node is None:
        return None
    ours, theirs = (_own_indentation(lines, one) for one in (node, first))
    if ours is None or theirs is None or ours == theirs or "\t" in ours + theirs:
        return None
    return node.start_point.row


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _own_indentation(lines: Sequence[str], node: tree_sitter.Node) -> str | None:
    """The indentation of the line that `node` begins; None if it begins none."""
    row, column = node.start_point
    indentation = _indentation(lines[row])
    return indentation if len(indentation) == column else None
