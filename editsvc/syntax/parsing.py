"""Text to a syntax tree within a budget, and the tree's byte offsets back to code points.

tree-sitter counts UTF-8 bytes; everything else in editsvc counts code points. `Tree.offset` and `Tree.byte` are
the only places where one becomes the other.

A document may hold code of other languages (`Language.injections`). Each piece is parsed as its own tree over
the same bytes, limited to its range, so that all offsets are those of the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from editsvc.syntax.budget import ParseBudget
from editsvc.syntax.languages import by_name
from editsvc.syntax.lexis import TRAILING_COMMA
from editsvc.syntax.nesting import too_deep, tree_too_deep
from editsvc.text.document import LineIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import tree_sitter

    from editsvc.syntax.languages import Injection, Language

# The binding never lets go of what a read callable has returned (tree-sitter 0.26.1: parser_read_wrapper takes a
# reference to it and gives none back). So it gets buffers that are emptied afterwards and used again, views of them,
# which are released, and, where neither can be, a few bytes at a time.
_buffers: Final[list[bytearray]] = []
_SHORT: Final = 64
_pieces: Final[dict[bytes, bytes]] = {}
_MOST_PIECES: Final = 1_000
_STRIDE: Final = 256
_CLOSES: Final = re.compile(rb"\s*[)\]}]")
_TRAILING_COMMA: Final = re.compile(TRAILING_COMMA.encode(), re.DOTALL)
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
    r"""A parsed document: the text, its UTF-8 bytes, the root node, and conversions between their offsets.

    `lines` are the bytes as they were parsed: with every lone ``\r`` as ``\n``, so that ``\n`` ends each line, and
    without trailing commas where these are allowed. `injected` are the trees of code in other languages; they share
    everything but `language` and `root` with this one.
    """

    text: str
    data: bytes
    lines: bytes
    language: Language
    root: tree_sitter.Node
    # The byte offset of every _STRIDE-th code point; empty when the text is ASCII and nothing differs.
    marks: Sequence[int]
    injected: tuple[Tree, ...] = ()

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

    def captures(
        self,
        query: str,
        within: tree_sitter.Node | None = None,
        *,
        rows: tuple[int, int] | None = None,
    ) -> list[tree_sitter.Node]:
        """Every node that `query` captures, in document order, each once; an empty query captures nothing.

        Of `rows`, the first and the one behind the last, only those that touch them.
        """
        if not query:
            return []
        nodes = {
            (node.start_byte, node.end_byte, node.id): node
            for _, captures in self.matches(query, within, rows=rows)
            for group in captures.values()
            for node in group
        }
        # Ids are addresses, and differ from run to run.
        return sorted(nodes.values(), key=lambda node: (node.start_byte, -node.end_byte))

    def matches(
        self,
        query: str,
        within: tree_sitter.Node | None = None,
        *,
        rows: tuple[int, int] | None = None,
    ) -> list[tuple[int, dict[str, list[tree_sitter.Node]]]]:
        """The matches of `query`: the pattern's number, and its captures by name; `rows` as in `captures`."""
        import tree_sitter  # noqa: PLC0415  (as above)

        cursor = tree_sitter.QueryCursor(_query(self.language.grammar, query))
        if rows is not None:
            cursor.set_point_range((rows[0], 0), (rows[1], 0))
        return cursor.matches(within or self.root)


def parse(text: str, language: Language, *, budget: ParseBudget | None = None) -> Tree | None:
    """The tree of `text`; None if the language has no grammar, the budget is used up, or it is nested too deeply.

    Without a `budget` there is one for this text alone. It holds on input that sends the parser's error recovery
    astray (a stray quote near the start of a long file can take seconds): tree-sitter asks its progress callback only
    when it reads through a callable.
    """
    if not language.grammar:
        return None
    data = text.encode("utf-8", "surrogatepass")
    # To most grammars a lone CR is blank, so a Python file of them would be one line. Lengths stay the same.
    lines = _LONE_CR.sub(b"\n", data) if b"\r" in data else data
    if language.trailing_commas:
        lines = _TRAILING_COMMA.sub(lambda found: b" " if found["comma"] else found[0], lines)
    if too_deep(lines) or (
        language.unparsable and re.search(language.unparsable.encode(), lines, re.MULTILINE)
    ):
        return None
    budget = ParseBudget() if budget is None else budget
    root = _root(lines, language, (), budget)
    if root is None or tree_too_deep(root):
        return None
    tree = Tree(text, data, lines, language, root, () if text.isascii() else _marks(text))
    injected = []
    for inner, node in _injections(tree):
        inner_root = _root(lines, inner, (node.range,), budget)
        if inner_root is None or tree_too_deep(inner_root):
            return None
        injected.append(replace(tree, language=inner, root=inner_root))
    return replace(tree, injected=tuple(injected)) if injected else tree


def _kept(piece: bytes) -> bytes:
    """`piece`, as the same object as the last time, where it is one of those that end most texts."""
    return _pieces.setdefault(piece, piece) if len(_pieces) < _MOST_PIECES else _pieces.get(piece, piece)


def _root(
    lines: bytes, language: Language, ranges: Sequence[tree_sitter.Range], budget: ParseBudget
) -> tree_sitter.Node | None:
    """The root over `ranges` of `lines`, all of them if there are none; None if the budget is used up first."""
    import tree_sitter  # noqa: PLC0415  (as above)

    if not budget.step():  # of many small texts, none takes a step of the parser's
        return None
    parser = tree_sitter.Parser(_load(language.grammar))
    if ranges:
        parser.included_ranges = list(ranges)
    buffer = _buffers.pop() if _buffers else bytearray()
    buffer[:] = lines
    views: list[memoryview] = []
    parsed = False

    def read(byte: int, _point: tree_sitter.Point) -> bytes | bytearray | memoryview:
        # When all is parsed, queries that compare a node's text read on, from any place.
        if parsed or len(lines) - byte <= _SHORT:
            return _kept(lines[byte : byte + _SHORT])
        if not byte:
            return buffer
        views.append(memoryview(buffer)[byte:])
        return views[-1]

    def stop(_byte: int, _has_error: bool) -> bool:  # noqa: FBT001  (tree-sitter's signature)
        return not budget.step()

    try:
        # The binding takes every buffer, and is typed for bytes alone.
        return parser.parse(cast("Callable[..., bytes]", read), progress_callback=stop).root_node
    except ValueError:
        if budget.used_up:  # "Parsing failed" is how the binding reports that the callback stopped it.
            return None
        raise
    finally:
        parsed = True
        with suppress(BufferError):  # a binding that still looks at it keeps it
            for view in views:
                view.release()
            buffer.clear()
            _buffers.append(buffer)


def _injections(tree: Tree) -> Iterator[tuple[Language, tree_sitter.Node]]:
    """Each piece of code of another language, with that language; pieces of unknown languages are left out."""
    for injection in tree.language.injections:
        for _, captures in tree.matches(injection.query):
            code = captures["code"][0]
            language = by_name(_injected_language(tree, injection, captures["tag"][0]))
            if language is not None and language.grammar and code.start_byte < code.end_byte:
                yield language, code


def _injected_language(tree: Tree, injection: Injection, tag: tree_sitter.Node) -> str:
    """The name of the language that `tag` says its content is in; empty if it is none of those in the row."""
    languages = dict(injection.languages)
    for _, captures in tree.matches(injection.attributes, tag):
        name = tree.source(captures["name"][0]).lower()
        value = tree.source(captures["value"][0]).strip().lower()
        if name in injection.telling:
            return languages.get(value, "")
    return injection.default


def _marks(text: str) -> list[int]:
    marks = [0]
    for start in range(0, len(text) - _STRIDE + 1, _STRIDE):
        marks.append(marks[-1] + len(text[start : start + _STRIDE].encode("utf-8", "surrogatepass")))
    return marks


def syntax_errors(text: str, language: Language, *, budget: ParseBudget | None = None) -> list[int] | None:
    """The lines (0-based, ascending, each once) on which the parser met what the grammar does not allow.

    None if nothing can be said: no grammar of the language itself, or the budget is used up.
    """
    tree = None if language.approximate else parse(text, language, budget=budget)
    return None if tree is None else error_lines(tree)


def error_lines(tree: Tree) -> list[int]:
    """As `syntax_errors`, of a tree and what is injected in it."""
    lines = LineIndex(tree.text)
    return sorted({lines.line_of(inner.offset(node.start_byte)) for inner, node in error_nodes(tree)})


def error_nodes(tree: Tree) -> list[tuple[Tree, tree_sitter.Node]]:
    """The nodes for what the grammar does not allow or misses, each with its tree, injected ones last."""
    return [
        (inner, node)
        for inner in (tree, *tree.injected)
        if inner.root.has_error
        for node in inner.captures("[(ERROR) (MISSING)] @error")
    ]


def is_trailing_comma(tree: Tree, node: tree_sitter.Node) -> bool:
    """True if an error is nothing but a comma before a closing bracket."""
    return tree.source(node).strip() == "," and _CLOSES.match(tree.lines, node.end_byte) is not None
