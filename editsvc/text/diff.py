r"""The exact difference of two texts: as line ranges, as edits, and as a unified diff that ``git apply`` takes.

libgit2 does the comparing (pygit2), with text forced: it keeps form feeds, U+2028, lone ``\r`` and a missing
final newline intact. Its lines end at ``\n`` alone, as git's do; for texts with other line ends use `edits`,
which compares normalised lines and gives each line its own end back.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, AnyStr, Final

from editsvc.text.document import Edit, line_end, normalise, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygit2 import DiffHunk, Patch

CONTEXT_LINES: Final = 3
_LONG: Final = 200_000  # characters
_AROUND: Final = 20_000  # characters beside what differs, in which a change among equal lines finds its place
_STEP: Final = 65_536
_HEADING: Final = re.compile(rb"^[A-Za-z_$].*\n", re.MULTILINE)
_HUNK_LINES: Final = re.compile(rb"^@@ -(\d+)(,\d+|) \+(\d+)(,\d+|) @@", re.MULTILINE)
_LINE_END: Final = re.compile("\n")
_QUOTED: Final = dict(zip(b'\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True))
_FIRST_PRINTABLE: Final = 0x20
_DELETE: Final = 0x7F


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `old_start` up to `old_end` of the old text became `new_start` up to `new_end` (0-based, half-open)."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def changed_spans(old: str, new: str) -> list[Span]:
    r"""The changed line ranges of two texts whose lines end in ``\n``, in order, without context.

    Of long texts, libgit2 only sees what lies between their equal ends: it takes ten times their memory.
    """
    if old == new:
        return []
    if min(len(old), len(new)) > _LONG:
        start, end, new_end = _differing(old, new, "\n")
        skipped = old.count("\n", 0, start)
        spans = [
            Span(
                skipped + span.old_start,
                skipped + span.old_end,
                skipped + span.new_start,
                skipped + span.new_end,
            )
            for span in _spans(old[start:end], new[start:new_end])
        ]
        if _is_settled(spans, skipped, old, start, end):
            return spans
    return _spans(old, new)


def _spans(old: str, new: str) -> list[Span]:
    # The patch keeps no reference to its buffers: with temporaries it reads freed memory.
    old_buffer, new_buffer = old.encode("utf-8", "surrogatepass"), new.encode("utf-8", "surrogatepass")
    patch = _patch(old_buffer, new_buffer, context_lines=0)
    spans = [_span(hunk) for hunk in patch.hunks]
    del patch, old_buffer, new_buffer
    return spans


def _differing(old: AnyStr, new: AnyStr, line_end: AnyStr) -> tuple[int, int, int]:
    """Whole lines that hold all that differs, and some around it: where they begin in both, and end in either."""
    head = _alike(old, new)
    tail = _alike(old, new, most=min(len(old), len(new)) - head, backwards=True)
    start = old.rfind(line_end, 0, max(0, head - _AROUND)) + 1
    kept = len(old) - (old.find(line_end, min(len(old), len(old) - tail + _AROUND)) + 1 or len(old))
    return start, len(old) - kept, len(new) - kept


def _alike(old: AnyStr, new: AnyStr, *, most: int | None = None, backwards: bool = False) -> int:
    """How many characters two texts begin with, or end with, that are the same."""
    most = min(len(old), len(new)) if most is None else most
    found, step = 0, _STEP
    while step and found < most:
        size = min(step, most - found)
        at, new_at = (len(old) - found - size, len(new) - found - size) if backwards else (found, found)
        if old[at : at + size] == new[new_at : new_at + size]:
            found += size
        else:
            step //= 2
    return found


def _is_settled(spans: Sequence[Span], skipped: int, old: str, start: int, end: int) -> bool:
    """Whether no change reaches the ends of what was looked at; then it might go on, or lie elsewhere, behind them."""
    before = not start or spans[0].old_start > skipped
    return before and (end == len(old) or spans[-1].old_end < skipped + old.count("\n", start, end))


def edits(old: str, new: str) -> list[Edit]:
    r"""The edits that turn `old`, with whatever line ends it has, into `new`, which has ``\n`` only.

    One edit for each changed range of lines, in order, in code points of `old`. A replaced line keeps the end
    of the line in its place, an added one takes that of the line before it, and where there is none, the one
    that the file uses most.
    """
    if old == new:
        return []
    if "\r" not in old:
        return _plain_edits(old, new)
    old_lines, new_lines = split_lines(old), split_lines(new)
    ends = [line_end(line) for line in old_lines]
    counts = Counter(end for end in ends if end)
    usual = counts.most_common(1)[0][0] if counts else "\n"
    starts = [0]
    for line in old_lines:
        starts.append(starts[-1] + len(line))
    result: list[Edit] = []
    for span in changed_spans(normalise(old), new):
        parts: list[str] = []
        for number in range(span.new_start, span.new_end):
            line = new_lines[number]
            if line.endswith("\n"):
                line = line[:-1] + _end_for(ends, span, number - span.new_start, usual)
            first = starts[span.old_start]
            before = parts[-1] if parts else old[max(0, first - 1) : first]
            # An empty line behind a lone carriage return would be the second half of one line end.
            parts.append("\r" if line == "\n" and before.endswith("\r") else line)
        edit = Edit(starts[span.old_start], starts[span.old_end], "".join(parts))
        result = _appended(result, edit, old)
    return result


def _plain_edits(old: str, new: str) -> list[Edit]:
    """As `edits`, for a text in which every line ends as in `new`: no line is looked at that stays."""
    spans = changed_spans(old, new)
    old_lines = sorted({line for span in spans for line in (span.old_start, span.old_end)})
    new_lines = sorted({line for span in spans for line in (span.new_start, span.new_end)})
    was, now = _offsets(old, old_lines), _offsets(new, new_lines)
    return [
        Edit(was[span.old_start], was[span.old_end], new[now[span.new_start] : now[span.new_end]])
        for span in spans
    ]


def _offsets(text: str, lines: Sequence[int]) -> dict[int, int]:
    """The offsets at which the lines with those numbers (0-based, ascending) begin; the end where there is none."""
    found: dict[int, int] = {}
    ends = _LINE_END.finditer(text)
    passed, offset = 0, 0
    for line in lines:
        for match in islice(ends, line - passed):
            passed, offset = passed + 1, match.end()
        found[line] = offset if passed == line else len(text)
    return found


def _appended(edits: list[Edit], edit: Edit, old: str) -> list[Edit]:
    r"""`edits` and `edit`, whose text does not end in ``\r`` where what follows it begins with ``\n``.

    The two would become one line end. So the line ends ``\r`` before that place become ``\n``, those of `edit`
    first, and then, as far as it must be, those before it.
    """
    text, start = edit.new_text, edit.start
    if not old.startswith("\n", edit.end):
        return [*edits, edit]
    settled = 0  # characters at the end of the text
    while (text[: len(text) - settled] or old[max(0, start - 1) : start]).endswith("\r"):
        if settled < len(text):
            at = len(text) - settled - 1
            text = f"{text[:at]}\n{text[at + 1 :]}"
            settled += 1
        else:
            text, start = old[start - 1] + text, start - 1
        if edits and edits[-1].end == start:
            text, start, edits = edits[-1].new_text + text, edits[-1].start, edits[:-1]
    return [*edits, Edit(start, edit.end, text)]


def unified_diff(
    old: bytes, new: bytes, path: str, *, from_top: bool = False, context_lines: int = CONTEXT_LINES
) -> bytes:
    r"""The unified diff of two files' bytes, or ``b""`` where they are equal.

    `path` is relative, with forward slashes; ``a/`` and ``b/`` are put before it and it is quoted as git does.
    With `from_top` a ``diff --git`` line comes first: then ``git apply`` takes the path as relative to the top of the
    work tree; without, as relative to the current folder. `editsvc.files.diff_names` tells what is needed.
    """
    if old == new:
        return b""
    body = _body(old, new, context_lines)
    before, after = _git_name(f"a/{path}"), _git_name(f"b/{path}")
    head = f"--- {before}\n+++ {after}\n"
    if from_top:
        head = f"diff --git {before} {after}\n{head}"
    return head.encode("utf-8", "surrogateescape") + body


def _body(old: bytes, new: bytes, context_lines: int) -> bytes:
    """The hunks of a unified diff; those of long texts are found as by `changed_spans`."""
    if min(len(old), len(new)) > _LONG:
        start, end, new_end = _differing(old, new, b"\n")
        # What a hunk is headed with is the last line above that begins with a letter.
        head = _heading_above(old, start)
        middle, new_middle = head + old[start:end], head + new[start:new_end]
        patch = _patch(middle, new_middle, context_lines=context_lines)
        first, last = patch.hunks[0], patch.hunks[-1]
        reached = last.old_start + last.old_lines - 1
        before = not start or first.old_start > head.count(b"\n") + 1
        if before and (end == len(old) or reached < middle.count(b"\n")):
            skipped = old.count(b"\n", 0, start) - head.count(b"\n")
            return _HUNK_LINES.sub(lambda hunk: _moved(hunk, skipped), _hunks_in(patch))
    return _hunks_in(_patch(old, new, context_lines=context_lines))


def _heading_above(text: bytes, start: int) -> bytes:
    """The last line before `start` that begins as libgit2 has the headings of hunks begin; `start` begins a line."""
    end = start
    while end:
        at = text.rfind(b"\n", 0, max(0, end - _STEP)) + 1
        found = [*_HEADING.finditer(text, at, end)]
        if found:
            return found[-1].group()
        end = at
    return b""


def _hunks_in(patch: Patch) -> bytes:
    data: bytes = patch.data
    return data[data.index(b"\n@@ ") + 1 :]


def _moved(hunk: re.Match[bytes], lines: int) -> bytes:
    return b"@@ -%d%b +%d%b @@" % (lines + int(hunk[1]), hunk[2], lines + int(hunk[3]), hunk[4])


def _patch(old: bytes, new: bytes, *, context_lines: int) -> Patch:
    import pygit2  # noqa: PLC0415 - 56 ms that `editsvc --help` does not need

    return pygit2.Patch.create_from(
        old, new, flag=pygit2.enums.DiffOption.FORCE_TEXT, context_lines=context_lines
    )


def _span(hunk: DiffHunk) -> Span:
    # Like diff, libgit2 names the line before an empty range.
    old_start = hunk.old_start - (1 if hunk.old_lines else 0)
    new_start = hunk.new_start - (1 if hunk.new_lines else 0)
    return Span(old_start, old_start + hunk.old_lines, new_start, new_start + hunk.new_lines)


def _end_for(ends: Sequence[str], span: Span, index: int, usual: str) -> str:
    line = min(span.old_start + index, span.old_end)
    own = ends[line] if line < span.old_end else ""
    before = ends[line - 1] if line else ""
    return own or before or usual


def _git_name(path: str) -> str:
    """`path` as git writes it behind ``---``: C-quoted if it must be, with a tab behind it if it has spaces."""
    data = path.encode("utf-8", "surrogateescape")
    if all(byte >= _FIRST_PRINTABLE and byte not in _QUOTED and byte < _DELETE for byte in data):
        return path + ("\t" if " " in path else "")
    quoted = "".join(
        f"\\{_QUOTED[byte]}"
        if byte in _QUOTED
        else chr(byte)
        if _FIRST_PRINTABLE <= byte < _DELETE
        else f"\\{byte:03o}"
        for byte in data
    )
    return f'"{quoted}"'
