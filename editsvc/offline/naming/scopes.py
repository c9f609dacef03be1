"""Where a name can be seen, and which of several bindings of it a place means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tree_sitter

    from editsvc.syntax import Tree

_NOWHERE: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a file, in bytes, in which a binding can be seen.

    It is seen from `since` on, but not in the `hole`, nor in nodes inside of it that are `functions` (what the body of
    a class in Python binds).
    """

    start: int
    end: int
    since: int = 0
    hole: tuple[int, int] = _NOWHERE
    functions: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[int, int]:
        """What bindings of one name have in common if they are one thing."""
        return self.start, self.end

    def sees(self, byte: int) -> bool:
        """True if the binding can be seen at `byte`, functions that it is closed to aside."""
        return max(self.start, self.since) <= byte < self.end and not self.hole[0] <= byte < self.hole[1]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One thing that a name means in a file: all of its bindings in one scope; `imported` if they all are imports."""

    key: tuple[int, int]
    scopes: tuple[Scope, ...]
    nodes: tuple[tree_sitter.Node, ...]
    imported: bool
    member: bool

    def depth(self) -> tuple[int, int]:
        """Larger for an inner scope than for one around it."""
        return self.key[0], -self.key[1]


def of_node(node: tree_sitter.Node | None, since: int = 0, hole: tuple[int, int] = _NOWHERE) -> Scope | None:
    """The scope that is `node`; None if there is none."""
    return None if node is None else Scope(node.start_byte, node.end_byte, since, hole)


def meant(tree: Tree, symbols: Iterable[Symbol], byte: int) -> Symbol | None:
    """The innermost of `symbols` that is seen at `byte`."""
    seen = (
        symbol
        for symbol in symbols
        if any(scope.sees(byte) and not _is_closed(tree, scope, byte) for scope in symbol.scopes)
    )
    return max(seen, key=Symbol.depth, default=None)


def _is_closed(tree: Tree, scope: Scope, byte: int) -> bool:
    """True if there is a function between the scope and `byte`."""
    if not scope.functions:
        return False
    node = tree.root.descendant_for_byte_range(byte, byte + 1)
    while node is not None and (node.start_byte, node.end_byte) != scope.key:
        around = node.parent
        if around is not None and around.type in scope.functions:
            if around.type.endswith(("definition", "lambda")):
                inside = around.child_by_field_name("body") == node
            else:
                # What a comprehension goes through first is taken from around it.
                before = node.prev_named_sibling
                inside = node.type != "for_in_clause" or before is None or before.type == "for_in_clause"
            if inside:
                return True
        node = around
    return False


def nearest(node: tree_sitter.Node | None, *types: str) -> tree_sitter.Node | None:
    """`node` or the nearest around it of one of these types."""
    while node is not None and node.type not in types:
        node = node.parent
    return node
