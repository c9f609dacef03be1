r"""The documents that clients have open, kept equal to the clients' own by their changes.

A text is held in chunks of some thousand code points. Of each chunk three sizes are known: code points, line
ends, and units of the encoding that positions are counted in; running totals of them turn a line into an
offset and back by bisection. A change rewrites the chunks that it touches and adds the totals up again behind
them, which is a few hundred integers for 100,000 lines, so that its cost hardly depends on the document. A
line may go over any number of chunks: a file of one long line costs no more than another.

Lines break at ``\n``, ``\r\n`` and ``\r`` only (LSP 3.17, "Text Documents"). No chunk ends between a ``\r``
and its ``\n``: the two may meet by a change, or be cut apart by one, and count right either way.

A BOM that a client sends is content, as the client's positions have it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from editsvc.text.document import Edit, PositionEncoding, Snapshot
from editsvc.text.rebase import changes_between, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNK_POINTS: Final = 4096
HISTORY_CHANGES: Final = 1000
HISTORY_POINTS: Final = 1 << 20
# How many messages behind a missing one are kept, in case it only comes late.
LATE_MESSAGES: Final = 64
_SMALLEST: Final = CHUNK_POINTS // 4
_LARGEST: Final = CHUNK_POINTS * 2
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_DRIVE: Final = re.compile(r"^/[A-Za-z]:")
_TWO_UNITS: Final = re.compile("[\U00010000-\U0010ffff]")
_CONTINUATION_BITS: Final = 0xC0
_CONTINUATION: Final = 0x80


class Problem(StrEnum):
    """A protocol violation by the client; the sentence is for the log."""

    ALREADY_OPEN = "A document that was already open was opened again; the new text replaces the old one."
    NOT_OPEN = "A document that is not open was changed or closed."
    VERSION_NOT_NEWER = (
        "A change came with a version that is not newer than the previous one; it was applied."
    )
    LATE = "A change came after one that was made later; it was put in its place."


@dataclass(frozen=True, slots=True)
class ContentChange:
    """One item of ``contentChanges``: replace `span` by `text`, or the whole document if there is no span.

    `span` is start line, start column, end line, end column; columns in units of the negotiated encoding.
    Raises ValueError for negative positions, so that nothing of such a message is applied.
    """

    text: str
    span: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.span is not None and min(self.span) < 0:
            raise ValueError(f"a position is never negative: {self.span}")


@dataclass(frozen=True, slots=True)
class _Gap:
    """A text and its version, and the messages behind it: some version between them has not come yet.

    Some clients hand each message to a task of its own, and on a busy machine the tasks overtake each other
    (Helix up to 25.01).
    """

    text: str
    version: int
    behind: dict[int, Sequence[ContentChange]]

    def misses(self, version: int) -> bool:
        """True if `version` belongs between those that have come."""
        return self.version < version < max(self.behind) and version not in self.behind

    def lasts(self) -> bool:
        """True if a version is missing that may still come."""
        return len(self.behind) < min(max(self.behind) - self.version, LATE_MESSAGES)


@dataclass(frozen=True, slots=True)
class Changed:
    """The result of a didChange: the document, the changes one after the other, and protocol violations.

    `document` is None if it is not open.
    """

    document: Document | None
    changes: tuple[Edit, ...] = ()
    problem: Problem | None = None


class Document:
    """One open document.

    Lines and columns are 0-based, columns in units of `encoding`; offsets are code points. A text of n line
    ends has n+1 lines.
    """

    def __init__(
        self, uri: str, language_id: str, version: int, text: str, encoding: PositionEncoding
    ) -> None:
        self.uri: Final = uri
        self.language_id = language_id
        self.encoding: Final = encoding
        self._version = version
        self._chunks = _Chunks(text, encoding)
        self._text: str | None = text
        self._history: deque[tuple[int, Edit]] = deque()
        self._history_points = 0
        self._unknown_up_to = version - 1
        self._highest_version = version
        self._gap: _Gap | None = None
        # Versions whose text was another one before a late change came.
        self._doubtful = range(0)

    @property
    def version(self) -> int:
        """The client's version of the text."""
        return self._version

    @property
    def text(self) -> str:
        """The whole text; joined when asked for, and kept until the next change."""
        if self._text is None:
            self._text = self._chunks.joined()
        return self._text

    @property
    def line_count(self) -> int:
        """The number of lines, the last empty one included."""
        return self._chunks.line_ends + 1

    def __len__(self) -> int:
        """The length in code points."""
        return self._chunks.points

    def snapshot(self) -> Snapshot:
        """The document as it is now."""
        return Snapshot(self.text, self.uri, self._version)

    def offset(self, line: int, column: int) -> int:
        """The offset of (line, column); raises ValueError for negatives.

        A column past the line's end means the line's end, one inside of a character the character's start; a
        line past the last means the end of the text (LSP 3.17, "Position").
        """
        if line < 0 or column < 0:
            raise ValueError(f"position {line}:{column} is negative")
        if line >= self.line_count:
            return len(self)
        start, end = self._chunks.line_span(line)
        return self._chunks.offset_behind(start, end, column)

    def line_end(self, line: int) -> int:
        """The offset of a line's end, before what ends it; that of the text for a line past the last."""
        return len(self) if line >= self.line_count else self._chunks.line_span(line)[1]

    def position(self, offset: int) -> tuple[int, int]:
        r"""(line, column) of `offset`; raises ValueError outside of the text.

        An offset between a ``\r`` and its ``\n`` has no position of its own: it means the line's end.
        """
        chunks = self._chunks
        if not 0 <= offset <= chunks.points:
            raise ValueError(f"offset {offset} is outside of a text of {chunks.points} code points")
        line = chunks.line_ends_before(offset)
        start, end = chunks.line_span(line)
        return line, chunks.units_between(start, min(offset, end))

    def text_between(self, start: int, end: int) -> str:
        """The text from offset `start` up to `end`, without joining the document."""
        return self._chunks.between(start, end)

    def apply_change(
        self, start_line: int, start_column: int, end_line: int, end_column: int, new_text: str
    ) -> list[Edit]:
        """Replace a range, as an incremental change says; return the changes that this comes to, one by one.

        Each is in code points of the text before it. What the range replaces by the same is no change: a client
        may send all lines from the first to the last one that differs, for an undo or for a formatter, and what
        stands between must not count as touched. A range that ends before it starts is turned round.
        """
        start, end = sorted((self.offset(start_line, start_column), self.offset(end_line, end_column)))
        return self._replace(Edit(start, end, new_text), self.text_between(start, end))

    def replace_all(self, text: str) -> list[Edit]:
        """Replace the whole text, as a full change says; return what differs as `apply_change` does."""
        return self._replace(Edit(0, len(self), text), self.text)

    def change(self, version: int, changes: Sequence[ContentChange]) -> tuple[list[Edit], Problem | None]:
        """Make the changes of one message, each on the result of the one before; return what they come to.

        A message that comes late, with a version that was left out, is put where it belongs: what came
        meanwhile is made again on top of it.
        """
        if self._gap is not None and self._gap.misses(version):
            return self._put_in(self._gap, version, changes), Problem.LATE
        if self._gap is None and version > self._version + 1:
            self._gap = _Gap(self.text, self._version, {})
        made: list[Edit] = []
        for change in changes:
            if change.span is None:
                made += self.replace_all(change.text)
            else:
                made += self.apply_change(*change.span, change.text)
        newer = self.advance(version)
        if self._gap is not None:
            self._gap.behind[version] = changes
            if not newer or not self._gap.lasts():
                self._gap = None
        return made, None if newer else Problem.VERSION_NOT_NEWER

    def _put_in(self, gap: _Gap, version: int, changes: Sequence[ContentChange]) -> list[Edit]:
        gap.behind[version] = changes
        right = Document(self.uri, self.language_id, gap.version, gap.text, self.encoding)
        for number in sorted(gap.behind):
            right.change(number, gap.behind[number])
        self._doubtful = range(gap.version + 1, self._version + 1)
        if not gap.lasts():
            self._gap = None
        made = self.replace_all(right.text)
        kept = [each for each in self._history if each[0] < gap.version]
        self._history = deque([*kept, *right._history])
        self._history_points = sum(len(edit.new_text) for _, edit in self._history)
        return made

    def advance(self, version: int) -> bool:
        """Take over the client's version, behind its changes; False if it is not newer than the one before."""
        newer = version > self._version
        if not newer:
            # From here on a number may stand for two texts, until there is one that was never used.
            self._unknown_up_to = max(self._unknown_up_to, self._highest_version)
        self._version = version
        self._highest_version = max(self._highest_version, version)
        return newer

    def history_since(self, version: int) -> list[Edit] | None:
        """The changes that led from `version` to the current text, one after the other.

        None if that is not known: too many changes ago (HISTORY_CHANGES, HISTORY_POINTS), before the document
        was opened, a version that the client has used twice, or one whose text was another before a late change.
        """
        if not self._unknown_up_to < version <= self._version or version in self._doubtful:
            return None
        changes: list[Edit] = []
        for base, change in reversed(self._history):
            if base < version:
                break
            changes.append(change)
        changes.reverse()
        return changes

    def _replace(self, edit: Edit, old_text: str) -> list[Edit]:
        changes = _minimal(edit, old_text)
        for change in changes:
            self._chunks.splice(change)
            self._remember(change)
        self._text = None
        return changes

    def _remember(self, change: Edit) -> None:
        self._history.append((self._version, change))
        self._history_points += len(change.new_text)
        while len(self._history) > HISTORY_CHANGES or self._history_points > HISTORY_POINTS:
            base, oldest = self._history.popleft()
            self._history_points -= len(oldest.new_text)
            self._unknown_up_to = max(self._unknown_up_to, base)


class DocumentStore:
    """All open documents of one session, by URI; a cell of a notebook is a document like any other."""

    def __init__(self, encoding: PositionEncoding = PositionEncoding.UTF16) -> None:
        self.encoding = encoding
        self._documents: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(self._documents.values())

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, uri: str) -> Document | None:
        """The open document, or None."""
        return self._documents.get(uri)

    def find(self, uri: str) -> Document | None:
        """The open document, also if `uri` is another spelling of its own.

        Clients do not always encode a URI as they did when they opened it.
        """
        document = self._documents.get(uri)
        if document is not None or not uri:
            return document
        spelled = _spelled(uri)
        return next((each for each in self if _spelled(each.uri) == spelled), None)

    def open(self, uri: str, language_id: str, version: int, text: str) -> Changed:
        """Open a document; one that is open already is replaced by a new Document, and that is reported."""
        problem = Problem.ALREADY_OPEN if uri in self._documents else None
        document = self._documents[uri] = Document(uri, language_id, version, text, self.encoding)
        return Changed(document, problem=problem)

    def change(self, uri: str, version: int, changes: Sequence[ContentChange]) -> Changed:
        """Make the changes of one message, each on the result of the one before."""
        document = self.find(uri)
        if document is None:
            return Changed(None, problem=Problem.NOT_OPEN)
        made, problem = document.change(version, changes)
        return Changed(document, tuple(made), problem)

    def close(self, uri: str) -> Changed:
        """Forget a document, and return it as it was last."""
        found = self.find(uri)
        document = self._documents.pop(found.uri) if found is not None else None
        return Changed(document, problem=Problem.NOT_OPEN if document is None else None)


def _spelled(uri: str) -> str:
    """One spelling of a URI: nothing encoded that need not be, and scheme, host and drive in small letters."""
    parts = urlsplit(uri)
    path = _DRIVE.sub(lambda found: found[0].lower(), unquote(parts.path))
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{path}?{unquote(parts.query)}#{unquote(parts.fragment)}"


class _Chunks:
    r"""A text in pieces, and how many code points, line ends and units stand before each of them.

    There is at least one chunk, none is empty beside another, and none ends between a ``\r`` and its ``\n``.
    """

    def __init__(self, text: str, encoding: PositionEncoding) -> None:
        self._encoding = encoding
        self._texts: list[str] = []
        self._points, self._ends, self._units = _Totals(), _Totals(), _Totals()
        # The line that was asked for last: both ends of a range are mostly in one.
        self._span: tuple[int, int, int] | None = None
        self._put(0, 0, text)

    @property
    def points(self) -> int:
        return self._points.total

    @property
    def line_ends(self) -> int:
        return self._ends.total

    def joined(self) -> str:
        return "".join(self._texts)

    def between(self, start: int, end: int) -> str:
        (first, left), (last, right) = self._find(start), self._find(end)
        if first == last:
            return self._texts[first][left:right]
        inner = self._texts[first + 1 : last]
        return "".join((self._texts[first][left:], *inner, self._texts[last][:right]))

    def splice(self, change: Edit) -> None:
        (first, left), (last, right) = self._find(change.start), self._find(change.end)
        texts = self._texts
        text = texts[first][:left] + change.new_text + texts[last][right:]
        last += 1
        while first and (len(text) < _SMALLEST or (text[0] == "\n" and texts[first - 1][-1] == "\r")):
            first -= 1
            text = texts[first] + text
        while last < len(texts) and (len(text) < _SMALLEST or (text[-1] == "\r" and texts[last][0] == "\n")):
            text += texts[last]
            last += 1
        self._put(first, last, text)

    def line_span(self, line: int) -> tuple[int, int]:
        """Start and end offset of a line, without its line end."""
        if self._span is None or self._span[0] != line:
            start = self._line_end(line)[1] if line else 0
            end = self._line_end(line + 1)[0] if line < self.line_ends else self.points
            self._span = line, start, end
        return self._span[1:]

    def line_ends_before(self, offset: int) -> int:
        chunk, rest = self._find(offset)
        text = self._texts[chunk]
        # Between a \r and its \n, the line end is not yet over.
        inside = 1 if text[rest - 1 : rest + 1] == "\r\n" and rest else 0
        return self._ends.before(chunk) + _count_line_ends(text[:rest]) - inside

    def units_between(self, start: int, end: int) -> int:
        if end - start <= CHUNK_POINTS:
            return _units(self.between(start, end), self._encoding)
        return self._units_before(end) - self._units_before(start)

    def offset_behind(self, start: int, end: int, units: int) -> int:
        """The offset that many units behind `start`, and `end` at most."""
        if units >= end - start and self.units_between(start, end) <= units:
            return end
        if end - start <= CHUNK_POINTS:
            return start + _points(self.between(start, end), units, self._encoding)
        unit = self._units_before(start) + units
        chunk = self._units.chunk_at(unit)
        rest = unit - self._units.before(chunk)
        return self._points.before(chunk) + _points(self._texts[chunk], rest, self._encoding)

    def _units_before(self, offset: int) -> int:
        chunk, rest = self._find(offset)
        return self._units.before(chunk) + _units(self._texts[chunk][:rest], self._encoding)

    def _line_end(self, number: int) -> tuple[int, int]:
        """Start and end offset of the line end with that number, the first being 1."""
        chunk = self._ends.chunk_with(number)
        start, end = _nth_line_end(self._texts[chunk], number - self._ends.before(chunk))
        begin = self._points.before(chunk)
        return begin + start, begin + end

    def _find(self, offset: int) -> tuple[int, int]:
        chunk = self._points.chunk_at(offset)
        return chunk, offset - self._points.before(chunk)

    def _put(self, first: int, last: int, text: str) -> None:
        pieces = _pieces(text)
        self._span = None
        self._texts[first:last] = pieces
        self._points.put(first, last, [len(piece) for piece in pieces])
        self._ends.put(first, last, [_count_line_ends(piece) for piece in pieces])
        self._units.put(first, last, [_units(piece, self._encoding) for piece in pieces])


class _Totals:
    """Sizes of chunks, and their running totals.

    Plain lists, added up in C: for 1,000 chunks that is about half of a change's 0.07 ms. A Fenwick tree takes a
    third of it, but is built anew whenever a chunk is split.
    """

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._totals = [0]

    @property
    def total(self) -> int:
        return self._totals[-1]

    def before(self, chunk: int) -> int:
        return self._totals[chunk]

    def chunk_at(self, count: int) -> int:
        """The chunk that holds what stands behind the first `count`; the last one, at the end."""
        return min(bisect_right(self._totals, count), len(self._sizes)) - 1

    def chunk_with(self, number: int) -> int:
        """The chunk that holds the item with that number, the first being 1."""
        return bisect_left(self._totals, number) - 1

    def put(self, first: int, last: int, sizes: list[int]) -> None:
        if self._sizes[first:last] == sizes:
            return
        self._sizes[first:last] = sizes
        self._totals[first:] = accumulate(self._sizes[first:], initial=self._totals[first])


def _minimal(edit: Edit, old_text: str) -> list[Edit]:
    change = trimmed(edit, old_text)
    first = change.start - edit.start
    old_text = old_text[first : first + change.end - change.start]
    if _count_line_ends(old_text) and _count_line_ends(change.new_text):
        return [
            Edit(change.start + part.start, change.start + part.end, part.new_text)
            for part in changes_between(old_text, change.new_text)
        ]
    return [change] if old_text or change.new_text else []


def _pieces(text: str) -> list[str]:
    if len(text) <= _LARGEST:
        return [text]
    pieces = []
    start = 0
    while start < len(text):
        end = start + CHUNK_POINTS
        if text[end - 1 : end + 1] == "\r\n":
            end += 1
        pieces.append(text[start:end])
        start = end
    return pieces


def _count_line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _nth_line_end(text: str, number: int) -> tuple[int, int]:
    """Start and end of the line end with that number, the first being 1."""
    if "\r" not in text:
        # Many times as fast as matching each of them.
        end = len(text) - len(text.split("\n", number)[number])
        return end - 1, end
    return next(islice(_LINE_END.finditer(text), number - 1, None)).span()


def _units(text: str, encoding: PositionEncoding) -> int:
    if encoding is PositionEncoding.UTF32 or text.isascii():
        return len(text)
    if encoding is PositionEncoding.UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _points(text: str, units: int, encoding: PositionEncoding) -> int:
    """How many characters of `text` are over after that many units, of which it has more."""
    if encoding is PositionEncoding.UTF32 or text.isascii():
        return units
    if encoding is PositionEncoding.UTF8:
        data = text.encode("utf-8", "surrogatepass")
        while data[units] & _CONTINUATION_BITS == _CONTINUATION:
            units -= 1
        return len(data[:units].decode("utf-8", "surrogatepass"))
    for seen, match in enumerate(_TWO_UNITS.finditer(text)):
        # The character's first unit is as many units from the start as code points, and one more for each
        # such character before it.
        first = match.start() + seen
        if units <= first:
            return units - seen
        if units == first + 1:
            return match.start()
    return units - len(_TWO_UNITS.findall(text))
