"""Whether a text is nested too deeply to be parsed: told before, because no deadline holds then.

On code that a program or an attacker wrote, tree-sitter's work at the end of the text can grow with the square or
the cube of what is open there, in one step that asks no callback: 1,000 times ``fn(|x|;`` (7 KB) take three seconds
and a gigabyte in the grammar for C, 10,000 times ``a<`` as much in the one for Java. Queries on such trees are as
slow. People's code is nested a few dozen deep.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

DEEPEST: Final = 500
"""How many brackets may be open at once."""

DEEPEST_TREE: Final = 1_500
"""How deep nodes may be nested; some hundreds less are always allowed."""

_EVERY: Final = 250

# Taking out closed pairs, the innermost first, leaves next to nothing of a usual text in this many rounds, at a
# tenth of the cost of counting.
_ROUNDS: Final = 24

_ALL: Final = bytes(range(256))
_BRACKETS: Final = b"()[]{}"
_NO_BRACKETS: Final = _ALL.translate(None, _BRACKETS)
_AS_ROUND: Final = bytes.maketrans(b"[]{}", b"()()")
_CLOSED: Final = b"()"
_OPEN: Final = ord("(")

# "<" opens a list of type arguments, or compares; no list goes on beyond these.
_NO_ANGLES: Final = _ALL.translate(None, b"<>;" + _BRACKETS)
_ANGLES: Final = b"<" * DEEPEST


def too_deep(data: bytes) -> bool:
    """True if more than `DEEPEST` brackets are open at once somewhere in `data`, or type arguments within others.

    Brackets in strings and comments count, since nothing is parsed yet; a closing one without an opening one does
    not.
    """
    if _ANGLES in data.translate(None, _NO_ANGLES):
        return True
    brackets = rest = data.translate(_AS_ROUND, _NO_BRACKETS)
    for depth in range(_ROUNDS):
        # Each round takes one level away, so no more than this can have been open at once.
        if len(rest) + depth <= DEEPEST:
            return False
        rest = rest.replace(_CLOSED, b"")
    open_now = accumulate(
        brackets, lambda depth, bracket: depth + 1 if bracket == _OPEN else max(0, depth - 1), initial=0
    )
    return max(open_now) > DEEPEST


def nodes_below(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The nodes of a tree in the order of the text, `root` the first; nesting may be as deep as it likes."""
    cursor = root.walk()
    while True:
        if cursor.node is not None:
            yield cursor.node
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return


def tree_too_deep(root: tree_sitter.Node) -> bool:
    """True if nodes are nested more than `DEEPEST_TREE` deep, such as a sum of as many terms on one line.

    To ask such a node for its parent takes the square of its depth, and ends the process where that is some thousands.
    From one node to the next in the order of the text, depth grows by one at most: so a few of them tell.
    """
    if root.descendant_count <= DEEPEST_TREE:
        return False
    cursor = root.walk()
    for number in range(_EVERY, root.descendant_count, _EVERY):
        cursor.goto_descendant(number)
        if cursor.depth > DEEPEST_TREE - _EVERY:
            return True
    return False
