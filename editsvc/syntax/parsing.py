"""Text to a syntax tree within a deadline, and the tree's byte offsets back to code points.

tree-sitter counts UTF-8 bytes; everything else in editsvc counts code points. `Tree.span` and `Tree.byte` are
the only places where one becomes the other.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from editsvc.text import LineIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import tree_sitter

    from editsvc.syntax.languages import Language

PARSE_DEADLINE_S: Final = 0.5

_CHUNK: Final = 1 << 16
_STRIDE: Final = 256
_LONE_CR: Final = re.compile(rb"\r(?!\n)")
_CONTINUATION: Final = bytes(range(0x80, 0xC0))


@cache
def _load(grammar: str) -> tree_sitter.Language:
    import tree_sitter  # noqa: PLC0415  (imported with the first document that is parsed, not at start-up)

    module, _, function = grammar.partition(":")
    return tree_sitter.Language(getattr(import_module(module), function)())


@cache
def _query(grammar: str, source: str) -> tree_sitter.Query:
    import tree_sitter  # noqa: PLC0415  (as above)

    return tree_sitter.Query(_load(grammar), source)


def _code_points(data: bytes) -> int:
    """How many code points begin in `data`: every byte but continuation bytes begins one."""
    return len(data.translate(None, _CONTINUATION))


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A parsed document: the text, its UTF-8 bytes, the root node, and conversions between their offsets."""

    text: str
    data: bytes
    language: Language
    root: tree_sitter.Node
    # The byte offset of every _STRIDE-th code point; empty when the text is ASCII and nothing differs.
    marks: Sequence[int]

    def offset(self, byte: int) -> int:
        """The code point that begins at `byte`."""
        if not self.marks:
            return byte
        mark = bisect_right(self.marks, byte) - 1
        return mark * _STRIDE + _code_points(self.data[self.marks[mark] : byte])

    def byte(self, offset: int) -> int:
        """The byte at which the code point `offset` begins."""
        if not self.marks:
            return offset
        mark = offset // _STRIDE
        start = mark * _STRIDE
        return self.marks[mark] + len(self.text[start:offset].encode("utf-8", "surrogatepass"))

    def span(self, node: tree_sitter.Node) -> tuple[int, int]:
        """Start and end of `node` in code points."""
        return self.offset(node.start_byte), self.offset(node.end_byte)

    def source(self, node: tree_sitter.Node) -> str:
        """The text of `node`."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "surrogatepass")

    def captures(self, query: str, within: tree_sitter.Node | None = None) -> list[tree_sitter.Node]:
        """Every node that `query` captures, in document order, each once; an empty query captures nothing."""
        if not query:
            return []
        nodes = {
            (node.start_byte, -node.end_byte, node.id): node
            for _, captures in self.matches(query, within)
            for group in captures.values()
            for node in group
        }
        return [nodes[key] for key in sorted(nodes)]

    def matches(
        self, query: str, within: tree_sitter.Node | None = None
    ) -> list[tuple[int, dict[str, list[tree_sitter.Node]]]]:
        """The matches of `query`: the pattern's number, and its captures by name."""
        import tree_sitter  # noqa: PLC0415  (as above)

        cursor = tree_sitter.QueryCursor(_query(self.language.grammar, query))
        return cursor.matches(within or self.root)


def parse(
    text: str,
    language: Language,
    *,
    deadline_s: float = PARSE_DEADLINE_S,
    clock: Callable[[], float] = time.monotonic,
) -> Tree | None:
    """The tree of `text`; None if the language has no grammar, or `deadline_s` passes first.

    The deadline holds on input that sends the parser's error recovery astray (a stray quote near the start of
    a long file can take seconds): tree-sitter asks its progress callback only when it reads through a
    callable.
    """
    if not language.grammar:
        return None
    import tree_sitter  # noqa: PLC0415  (as above)

    data = text.encode("utf-8", "surrogatepass")
    # To most grammars a lone CR is blank, so a Python file of them would be one line. Lengths stay the same.
    lines = _LONE_CR.sub(b"\n", data)
    end = clock() + deadline_s
    parser = tree_sitter.Parser(_load(language.grammar))
    late = False

    def read(byte: int, _point: tree_sitter.Point) -> bytes:
        return lines[byte : byte + _CHUNK]

    def stop(_byte: int, _has_error: bool) -> bool:  # noqa: FBT001  (tree-sitter's signature)
        nonlocal late
        late = clock() > end
        return late

    try:
        tree = parser.parse(read, progress_callback=stop)
    except ValueError:
        if late:  # "Parsing failed" is how the binding reports that the callback stopped it.
            return None
        raise
    return Tree(text, data, language, tree.root_node, () if text.isascii() else _marks(text))


def _marks(text: str) -> list[int]:
    marks = [0]
    for start in range(0, len(text) - _STRIDE + 1, _STRIDE):
        marks.append(marks[-1] + len(text[start : start + _STRIDE].encode("utf-8", "surrogatepass")))
    return marks


def syntax_errors(
    text: str,
    language: Language,
    *,
    deadline_s: float = PARSE_DEADLINE_S,
    clock: Callable[[], float] = time.monotonic,
) -> list[int] | None:
    """The lines (0-based, ascending, each once) on which the parser met what the grammar does not allow.

    None if nothing can be said: no grammar, or the deadline passed.
    """
    tree = parse(text, language, deadline_s=deadline_s, clock=clock)
    return None if tree is None else error_lines(tree)


def error_lines(tree: Tree) -> list[int]:
    """As `syntax_errors`, of a tree."""
    if not tree.root.has_error:
        return []
    lines = LineIndex(tree.text)
    nodes = tree.captures("[(ERROR) (MISSING)] @error")
    return sorted({lines.line_of(tree.offset(node.start_byte)) for node in nodes})
