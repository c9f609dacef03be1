"""Where an edit changes a document, and what is to be said of each place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from editsvc import figures
from editsvc.errors import Status
from editsvc.guard.findings import Action, Check, Lines, Mark
from editsvc.text.document import LineIndex, apply

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.engine.edit import EditResult
    from editsvc.guard.findings import Handled
    from editsvc.guard.unasked import Judged
    from editsvc.text.document import Edit


@dataclass(frozen=True, slots=True)
class Place:
    """One of an edit's hunks: its lines in the old and in the new text, None on a side where it has none.

    `at` and `new_at` are the lines, from 1, at which it begins in either text, whether it has lines there or not.
    `findings` are the sentences of what checks found in its lines.
    """

    before: Lines | None
    after: Lines | None
    at: int
    new_at: int
    mark: Mark
    findings: tuple[str, ...] = ()


def places(result: EditResult) -> tuple[Place, ...]:
    """The place of each of the result's edits, in order."""
    if result.after is None or not result.edits:
        return ()
    old, new = LineIndex(result.before.text), LineIndex(result.after.text)
    marks = result.marks or (Mark.UNKNOWN,) * len(result.edits)
    found = []
    shift = 0
    for edit, mark in zip(result.edits, marks, strict=True):
        start, length = edit.start + shift, len(edit.new_text)
        shift += length - (edit.end - edit.start)
        before, after = _lines(old, edit.start, edit.end), _lines(new, start, start + length)
        place = Place(before, after, old.line_of(edit.start) + 1, new.line_of(start) + 1, mark)
        sentences = dict.fromkeys(one.message for one in result.findings if _concerns(one, place))
        found.append(replace(place, findings=tuple(sentences)))
    return tuple(found)


def marks_of(before: str, edits: Sequence[Edit], judged: Sequence[Judged]) -> tuple[Mark, ...]:
    """The mark of each edit of `before`, from what is known of the lines at which it begins."""
    if not judged:
        return ()
    found = {one.span.old_start: one.mark for one in judged}
    if "\r" in before:
        lines = LineIndex(before)
        return tuple(found.get(lines.line_of(edit.start), Mark.UNKNOWN) for edit in edits)
    marks, line, at = [], 0, 0
    for edit in edits:
        line, at = line + before.count("\n", at, edit.start), edit.start
        marks.append(found.get(line, Mark.UNKNOWN))
    return tuple(marks)


def unexplained(result: EditResult) -> list[Place]:
    """The places that the instruction does not explain."""
    return [place for place in places(result) if place.mark is Mark.UNEXPLAINED]


def without_unexplained(result: EditResult) -> EditResult:
    """The result without the edits that its instruction does not explain, and with a warning that says where they were.

    The same result if it has none.
    """
    left_out = unexplained(result)
    if not left_out:
        return result
    kept = [number for number, mark in enumerate(result.marks) if mark is not Mark.UNEXPLAINED]
    edits = tuple(result.edits[number] for number in kept)
    old_lines = (place.before or Lines(place.at, place.at) for place in left_out)
    warning = (
        f"{_of_all(left_out, result)} left out, because the instruction does not explain "
        f"{'it' if len(left_out) == 1 else 'them'}: {spoken(old_lines)} of the old text."
    )
    said = {found.message for found in result.findings if found.kind is Check.UNASKED}
    return replace(
        result,
        status=Status.CHANGED if edits else Status.UNCHANGED,
        after=replace(result.before, text=apply(result.before.text, edits)),
        edits=edits,
        marks=tuple(result.marks[number] for number in kept),
        message=result.message if edits else warning,
        warnings=(*(one for one in result.warnings if one not in said), warning),
    )


def unexplained_sentence(result: EditResult) -> str:
    """Which places the instruction does not explain, with their lines in the new text; "" if there are none."""
    found = unexplained(result)
    if not found:
        return ""
    new_lines = (place.after or Lines(place.new_at, place.new_at) for place in found)
    return f"{_of_all(found, result)} not explained by the instruction: {spoken(new_lines)}"


def spoken(lines: Iterable[Lines]) -> str:
    """Lines in words, such as "lines 12-14, 40"."""
    parts = [f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}" for one in lines]
    return f"line{'' if len(parts) == 1 and '-' not in parts[0] else 's'} {', '.join(parts)}"


def _of_all(some: Sequence[Place], result: EditResult) -> str:
    verb = "is" if len(some) == 1 else "are"
    return f"{len(some):,} of {figures.count(len(result.edits), 'hunk')} {verb}"


def _lines(index: LineIndex, start: int, end: int) -> Lines | None:
    if start == end:
        return None
    return Lines(index.line_of(start) + 1, index.line_of(end - 1) + 1)


def _concerns(found: Handled, place: Place) -> bool:
    """Whether a finding is about the lines of a place; lines of a text that was not taken are no lines of it."""
    if found.kind is Check.UNASKED:
        return False  # its mark says so
    if _meet(found.before, place.before):
        return True
    return found.action in {Action.WARNED, Action.RESTORED} and _meet(found.after, place.after)


def _meet(one: Lines | None, other: Lines | None) -> bool:
    return one is not None and other is not None and one.first <= other.last and other.first <= one.last
