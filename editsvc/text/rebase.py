r"""Carry edits over to a text that was changed meanwhile, and say which of them no longer fit.

An edit is made for one version of a text; while it was made, the user typed. Offsets are code points. A
*change* is what the user did: an `Edit` of the text of its moment, each one on the result of the one before.

An edit fits if all of this holds, and is a conflict otherwise:

- Its range reads as it did. Typing inside and taking that back is allowed; a change across a border is not.
- Its borders are what they were. Where a line began, a line begins; where a line ended, a line ends; inside of
  a line the same character stands beside it. So typing at the start of a line that is rewritten is a conflict,
  and a whole line put before it is none.
- An insertion goes before what the user typed at the same point, if that stands on the line that begins there,
  and behind it, if that stands on the line that ends there. If the user broke lines at that very point, only
  the user knows the order: a conflict.

What the user typed is never inside of a range that an applied edit replaces, so none of it is lost. The rules
are those of a three-way merge by lines, except that neighbours may touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.text.diff import changed_spans
from editsvc.text.document import Edit, common_prefix, common_suffix, line_end, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE_ENDS: Final = ("\n", "\r")
# For comparing lines together with their ends: no content holds a \r, so no two lines look the same.
_VISIBLE_END: Final = {"\n": "\n", "\r\n": "\r\n", "\r": "\r\r\n", "": ""}


@dataclass(frozen=True, slots=True)
class Rebased:
    """The outcome of a rebase: ``applied[k]`` is edit number ``indices[k]`` on the new text, in order.

    `conflicts` are the numbers of all others. The applied ones do not overlap: `apply` takes them.
    """

    applied: tuple[Edit, ...]
    indices: tuple[int, ...]
    conflicts: tuple[int, ...]


def map_offset(offset: int, change: Edit, *, stick_right: bool) -> int:
    """Where `offset` is after `change`.

    With `stick_right`, an offset goes behind text that is inserted exactly there, and behind what replaces a
    range around it; else before. At the border of a replaced range it keeps to that border.
    """
    start, end, new = change.start, change.end, len(change.new_text)
    if offset < start or (offset == start and end > start):
        return offset
    if offset > end or (offset == end and end > start):
        return offset + new - (end - start)
    return start + new if stick_right else start


def rebase(edits: Sequence[Edit], changes: Sequence[Edit], *, before: str, after: str) -> Rebased:
    """`edits`, made for `before`, carried over to `after`, which `changes` made of it.

    `edits` are in order and do not overlap. O(edits x changes), besides one comparison of each range.
    """
    applied: list[Edit] = []
    indices: list[int] = []
    conflicts: list[int] = []
    for index, edit in enumerate(edits):
        carry = _insertion if edit.start == edit.end else _replacement
        carried = carry(edit, changes, before, after)
        if carried is None:
            conflicts.append(index)
        else:
            applied.append(carried)
            indices.append(index)
    return Rebased(tuple(applied), tuple(indices), tuple(conflicts))


def rebase_by_text(edits: Sequence[Edit], before: str, after: str) -> Rebased:
    """As `rebase`, where nothing but the two texts is known."""
    return rebase(edits, changes_between(before, after), before=before, after=after)


def changes_between(before: str, after: str) -> list[Edit]:
    """Changes that lead from `before` to `after`: one for each range of lines, cut down to what differs.

    They come from the last to the first, so that they can be made one after the other. A line end of another
    kind is a difference.
    """
    old_lines, new_lines = split_lines(before), split_lines(after)
    old_starts, new_starts = _starts(old_lines), _starts(new_lines)
    changes = []
    for span in changed_spans(_visible(old_lines), _visible(new_lines)):
        start, end = old_starts[span.old_start], old_starts[span.old_end]
        new_text = after[new_starts[span.new_start] : new_starts[span.new_end]]
        changes.append(trimmed(Edit(start, end, new_text), before[start:end]))
    changes.reverse()
    return changes


def trimmed(edit: Edit, old_text: str) -> Edit:
    """`edit` without what it replaces by the same, at both ends; `old_text` is the text of its range."""
    new_text = edit.new_text
    prefix = common_prefix(old_text, new_text)
    old_text, new_text = old_text[prefix:], new_text[prefix:]
    suffix = common_suffix(old_text, new_text)
    return Edit(edit.start + prefix, edit.end - suffix, new_text[: len(new_text) - suffix])


def is_line_start(text: str, offset: int) -> bool:
    r"""True if a line begins at `offset`; between the ``\r`` and the ``\n`` of one line end, none does."""
    if offset == 0:
        return True
    return text.startswith(_LINE_ENDS, offset - 1) and not _inside_line_end(text, offset)


def is_line_end(text: str, offset: int) -> bool:
    """True if the content of a line ends at `offset`; the end of the text is one."""
    if offset == len(text):
        return True
    return text.startswith(_LINE_ENDS, offset) and not _inside_line_end(text, offset)


def insertion_point(
    new_text: str, *, before: str, offset: int, after: str, typed: tuple[int, int]
) -> int | None:
    """Where in `after` a text goes that was to be inserted at `offset` of `before`; None if it would join lines.

    `typed` is the range in `after` of what the user put at that very point; empty if that is nothing.
    """
    left, right = typed
    untouched = left == right
    if is_line_start(before, offset):
        if not is_line_start(after, left):
            return None
        apart = new_text.endswith(_LINE_ENDS) or is_line_end(after, left)
        return left if apart or (untouched and _same_right(before, offset, after, left)) else None
    if is_line_end(before, offset):
        if not is_line_end(after, right):
            return None
        apart = new_text.startswith(_LINE_ENDS)
        return right if apart or (untouched and _same_left(before, offset, after, right)) else None
    beside = _same_left(before, offset, after, left) and _same_right(before, offset, after, left)
    return left if untouched and beside else None


def _insertion(edit: Edit, changes: Sequence[Edit], before: str, after: str) -> Edit | None:
    left = right = edit.start
    for change in changes:
        if change.start < left and right < change.end:
            return None
        left = map_offset(left, change, stick_right=False)
        right = map_offset(right, change, stick_right=True)
    if any(end in after[left:right] for end in _LINE_ENDS):
        return None
    point = insertion_point(edit.new_text, before=before, offset=edit.start, after=after, typed=(left, right))
    return None if point is None else Edit(point, point, edit.new_text)


def _replacement(edit: Edit, changes: Sequence[Edit], before: str, after: str) -> Edit | None:
    start, end = edit.start, edit.end
    for change in changes:
        across = change.start < start < change.end or change.start < end < change.end
        start = map_offset(start, change, stick_right=True)
        end = map_offset(end, change, stick_right=False)
        if across or start >= end:
            return None
    if after[start:end] != before[edit.start : edit.end]:
        return None
    if not (_start_fits(before, edit.start, after, start) and _end_fits(edit, before, after, end)):
        return None
    return Edit(start, end, edit.new_text)


def _start_fits(before: str, old: int, after: str, new: int) -> bool:
    if is_line_start(before, old):
        return is_line_start(after, new)
    return _same_left(before, old, after, new)


def _end_fits(edit: Edit, before: str, after: str, new: int) -> bool:
    old = edit.end
    if is_line_start(before, old):
        # The edit takes the line's end away: it was the last line, and it must still be.
        open_ended = bool(edit.new_text) and not edit.new_text.endswith(_LINE_ENDS)
        return is_line_start(after, new) and (not open_ended or is_line_end(after, new))
    if is_line_end(before, old):
        return is_line_end(after, new)
    return _same_right(before, old, after, new)


def _same_left(before: str, old: int, after: str, new: int) -> bool:
    return new > 0 and after[new - 1] == before[old - 1]


def _same_right(before: str, old: int, after: str, new: int) -> bool:
    return after[new : new + 1] == before[old : old + 1]


def _inside_line_end(text: str, offset: int) -> bool:
    return text.startswith("\r\n", offset - 1)


def _starts(lines: Sequence[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _visible(lines: Sequence[str]) -> str:
    parts = []
    for line in lines:
        end = line_end(line)
        parts.append(line.removesuffix(end) + _VISIBLE_END[end])
    return "".join(parts)
