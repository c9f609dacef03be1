r"""Documents as text: lines, positions, edits; how bytes become text and come back unchanged.

Units: an *offset* counts code points from the start of the document (BOM not counted); a *line* is
0-based; a *column* counts units of a `PositionEncoding` from the start of its line. Lines break at ``\n``,
``\r\n`` and ``\r`` and at nothing else (LSP 3.17, "Text Documents"); ``str.splitlines`` also breaks at
``\v \f \x1c \x1d \x1e \x85 U+2028 U+2029`` and is banned by the linter.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from editsvc.errors import DocumentRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOM: Final = "\ufeff"
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MANY_LINES: Final = 200_000
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class PositionEncoding(StrEnum):
    """What a column counts; the values are those of LSP's ``positionEncoding``."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def split_lines(text: str) -> list[str]:
    r"""The lines of `text` with their ends; ``"".join(split_lines(t)) == t``, and no line is empty.

    >>> split_lines("a\r\nb\rc\x0cd\n")
    ['a\r\n', 'b\r', 'c\x0cd\n']
    """
    if "\r" not in text:  # three times as fast, and nearly every file
        lines = text.split("\n")
        last = lines.pop()
        for number, line in enumerate(lines):  # in place, so that no line is there twice
            lines[number] = line + "\n"
        if last:
            lines.append(last)
        return lines
    return _LINE.findall(text)


def shared_lines(text: str) -> list[str]:
    """As `split_lines`, with equal lines of a large text as one object: a short line takes twenty times its size."""
    lines = split_lines(text)
    if len(lines) < _MANY_LINES:
        return lines
    known: dict[str, str] = {}
    for number, line in enumerate(lines):
        lines[number] = known.setdefault(line, line)
    return lines


def line_count(text: str) -> int:
    """How many lines `split_lines` would find."""
    if "\r" in text:
        return sum(1 for _ in _LINE.finditer(text))
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def common_prefix(a: str, b: str) -> int:
    """How many code points the two texts have in common at their beginning."""
    # Halving compares slices as blocks of memory: linear, and far from a Python loop over characters.
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_suffix(a: str, b: str) -> int:
    """How many code points the two texts have in common at their end."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def half_character(text: str) -> int | None:
    """The offset of the first surrogate in `text` that stands alone, which UTF-8 cannot hold; None if there is none."""
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        return exc.start
    return None


def printable(name: str) -> str:
    """`name` with U+FFFD for what cannot be printed: a file's name is one line, and valid Unicode, wherever it goes."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name)


def line_end(line: str) -> str:
    r"""The end of one line: ``"\n"``, ``"\r\n"``, ``"\r"``, or ``""`` for a last line without one."""
    if line.endswith("\n"):
        return "\r\n" if line.endswith("\r\n") else "\n"
    return "\r" if line.endswith("\r") else ""


def normalise(text: str) -> str:
    r"""`text` as a model sees it: every line end is ``\n``, nothing else differs."""
    return _LINE_END.sub("\n", text) if "\r" in text else text


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document at one moment: its text without the BOM, and where it came from.

    `version` is the editor's (LSP), or None for a file; `bom` tells whether the bytes began with a UTF-8 BOM.
    """

    text: str
    uri: str = ""
    version: int | None = None
    bom: bool = False

    @classmethod
    def of(cls, text: str, uri: str = "", version: int | None = None) -> Snapshot:
        """The snapshot of a text that may begin with a BOM, as files and editors' buffers do."""
        return cls(text.removeprefix(BOM), uri, version, text.startswith(BOM))

    def with_bom(self, edits: Iterable[Edit]) -> list[Edit]:
        """`edits` of the text as edits of the text that the snapshot was made of, BOM included."""
        shift = int(self.bom)
        return [Edit(edit.start + shift, edit.end + shift, edit.new_text) for edit in edits]

    def encode(self) -> bytes:
        """The document's bytes, BOM included."""
        return ((BOM if self.bom else "") + self.text).encode()


def decode(data: bytes, *, uri: str = "", version: int | None = None) -> Snapshot:
    """The snapshot of a file's bytes; ``decode(data).encode() == data``.

    Raises DocumentRefused, with the byte offset, for anything that is not UTF-8, and for NUL bytes.
    """
    nul = data.find(0)
    if nul >= 0:
        raise DocumentRefused(
            f"The file is binary: UTF-8 text was expected, and byte {nul} is NUL.",
            hint="editsvc edits UTF-8 text only.",
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        raise DocumentRefused(
            f"The file is not UTF-8: byte {exc.start} (0x{data[exc.start]:02x}) starts no valid character.",
            hint="Convert it to UTF-8 first.",
        ) from exc
    return Snapshot.of(text, uri, version)


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the code points from `start` up to `end` by `new_text`."""

    start: int
    end: int
    new_text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """`text` with all `edits` made at once; every offset refers to the text before any of them.

    Raises ValueError if an edit is out of bounds or two overlap. Two insertions at one offset are put in the
    order given.
    """
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    parts: list[str] = []
    position = 0
    for edit in ordered:
        if not 0 <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {edit.start}..{edit.end} is outside of a text of {len(text)} code points")
        if edit.start < position:
            raise ValueError(
                f"edit {edit.start}..{edit.end} overlaps the one before, which ends at {position}"
            )
        parts += (text[position : edit.start], edit.new_text)
        position = edit.end
    parts.append(text[position:])
    return "".join(parts)


@dataclass(frozen=True)
class LineIndex:
    """Where lines start, and conversions between offsets and (line, column) in each encoding.

    A text of n line ends has n+1 lines here, as in LSP: the last one may be empty.
    """

    text: str
    starts: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        # A list would take five times the memory, which counts in files of a million lines.
        starts = array("q", (match.end() for match in _LINE_END.finditer(self.text)))
        starts.insert(0, 0)
        object.__setattr__(self, "starts", starts)

    @cached_property
    def _ascii(self) -> bool:
        return self.text.isascii()

    @property
    def line_count(self) -> int:
        """The number of lines, the last empty one included."""
        return len(self.starts)

    def line_of(self, offset: int) -> int:
        """The line that holds `offset`."""
        return bisect_right(self.starts, offset) - 1

    def line_span(self, line: int) -> tuple[int, int]:
        """Start and end offset of `line`, without its line end."""
        start = self.starts[line]
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        end -= len(line_end(self.text[max(start, end - 2) : end]))
        return start, end

    def position(self, offset: int, encoding: PositionEncoding) -> tuple[int, int]:
        """(line, column) of `offset`; raises ValueError outside of the text."""
        if not 0 <= offset <= len(self.text):
            raise ValueError(f"offset {offset} is outside of a text of {len(self.text)} code points")
        line = self.line_of(offset)
        start = self.starts[line]
        if self._ascii or encoding is PositionEncoding.UTF32:
            return line, offset - start
        return line, _units(self.text[start:offset], encoding)

    def offset(self, line: int, column: int, encoding: PositionEncoding) -> int:
        """The offset of (line, column).

        A column past the line's end means the line's end, as LSP has it; a column inside of a character means
        the character's start; a line past the last means the end of the text. Raises ValueError for negatives.
        """
        if line < 0 or column < 0:
            raise ValueError(f"position {line}:{column} is negative")
        if line >= len(self.starts):
            return len(self.text)
        start, end = self.line_span(line)
        if self._ascii or encoding is PositionEncoding.UTF32:
            return min(start + column, end)
        content = self.text[start:end]
        if content.isascii():
            return min(start + column, end)
        return start + _code_points(content, column, encoding)


def _units(text: str, encoding: PositionEncoding) -> int:
    if encoding is PositionEncoding.UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _code_points(text: str, units: int, encoding: PositionEncoding) -> int:
    if encoding is PositionEncoding.UTF8:
        data = text.encode("utf-8", "surrogatepass")[:units]
        return len(data.decode("utf-8", "ignore"))
    data = text.encode("utf-16-le", "surrogatepass")[: 2 * units]
    return len(data.decode("utf-16-le", "ignore"))
