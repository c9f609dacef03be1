r"""The hunks of a change as somebody chooses among them: split, edited, and put together again.

Lines end at ``\n`` alone, as in a diff. A hunk is made of changes that lie close together; each change says which lines
of the old text become which others. So hunks can be taken in any combination, whatever context they share.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from editsvc.text.diff import CONTEXT_LINES, changed_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NO_NEWLINE: Final = "\\ No newline at end of file\n"
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


class DoesNotApply(ValueError):
    """An edited hunk does not fit the text: the message is a sentence that says where."""


@dataclass(frozen=True, slots=True)
class Change:
    """Lines `start` up to `end` of the old text (0-based, half-open) become the lines `new`.

    `shift` is how many lines further down they are in the new text, where all changes before are made.
    """

    start: int
    end: int
    new: tuple[str, ...]
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A hunk to choose: its changes, in order, and the lines of the old text that are shown with them."""

    changes: tuple[Change, ...]
    first: int
    last: int

    @property
    def can_be_split(self) -> bool:
        """Whether unchanged lines stand between its changes."""
        return len(self.changes) > 1

    @property
    def new_first(self) -> int:
        """The line of the new text at which it begins, 0-based."""
        return self.first + self.changes[0].shift

    @property
    def new_count(self) -> int:
        """How many lines it has in the new text."""
        return self.last - self.first + sum(len(one.new) - (one.end - one.start) for one in self.changes)


@dataclass(frozen=True, slots=True)
class Choosable:
    """A text and the hunks that would change it, in order."""

    lines: tuple[str, ...]
    parts: tuple[Part, ...]

    def header(self, part: Part) -> str:
        """The line that a diff has above the hunk."""
        old, new = part.last - part.first, part.new_count
        return f"@@ -{part.first + bool(old)},{old} +{part.new_first + bool(new)},{new} @@"  # as diff counts

    def body(self, part: Part) -> list[str]:
        """The hunk's lines with their prefixes and ends."""
        found: list[str] = []
        at = part.first
        for change in part.changes:
            found += self._prefixed(" ", self.lines[at : change.start])
            found += self._prefixed("-", self.lines[change.start : change.end])
            found += self._prefixed("+", change.new)
            at = change.end
        return found + self._prefixed(" ", self.lines[at : part.last])

    @staticmethod
    def _prefixed(prefix: str, lines: Iterable[str]) -> list[str]:
        found: list[str] = []
        for line in lines:
            found += [prefix + line] if line.endswith("\n") else [f"{prefix}{line}\n", NO_NEWLINE]
        return found

    def text(self, taken: Iterable[Part]) -> str:
        """The old text with these hunks alone."""
        found: list[str] = []
        at = 0
        for change in sorted(
            (change for part in taken for change in part.changes), key=lambda one: one.start
        ):
            found += self.lines[at : change.start]
            found += change.new
            at = change.end
        return "".join(found + list(self.lines[at:]))

    def split(self, index: int) -> Choosable:
        """The same with a hunk for each change of the one with that index."""
        part = self.parts[index]
        made = []
        for number, change in enumerate(part.changes):
            before = part.changes[number - 1].end if number else part.first
            after = part.changes[number + 1].start if number + 1 < len(part.changes) else part.last
            first = max(before, change.start - CONTEXT_LINES)
            made.append(Part((change,), first, min(after, change.end + CONTEXT_LINES)))
        return replace(self, parts=(*self.parts[:index], *made, *self.parts[index + 1 :]))

    def edited(self, index: int, lines: Sequence[str]) -> Choosable:
        """The same with the hunk with that index as somebody wrote it; raises DoesNotApply.

        `lines` are as `body` gives them; one without prefix or blank is context, as in ``git apply``.
        """
        part = self.parts[index]
        written = _written(lines)
        old = [text for sign, text in written if sign != "+"]
        at = self._place(part, old)
        changes: list[Change] = []
        shift = part.changes[0].shift
        here = start = at
        new: list[str] = []
        for sign, text in [*written, (" ", "")]:
            if sign == " ":
                if new or here > start:
                    changes.append(Change(start, here, tuple(new), shift))
                    shift += len(new) - (here - start)
                here += 1
                start, new = here, []
            elif sign == "-":
                here += 1
            else:
                new.append(text)
        self._check_end(changes)
        if not changes:
            raise DoesNotApply("The edited hunk changes nothing.")
        made = Part(tuple(changes), at, at + len(old))
        return replace(self, parts=(*self.parts[:index], made, *self.parts[index + 1 :]))

    def _place(self, part: Part, old: Sequence[str]) -> int:
        """Where those lines of the old text are, in the hunk."""
        places = range(part.first, part.last - len(old) + 1)
        for at in places:
            if list(self.lines[at : at + len(old)]) == list(old):
                return at
        for number, text in enumerate(old):
            if text not in self.lines[part.first : part.last]:
                raise DoesNotApply(
                    f"Line {number + 1} of its old text is not in the file at that place: {text.rstrip()!r}."
                )
        raise DoesNotApply("Its old lines are not in the file in this order.")

    def _check_end(self, changes: Sequence[Change]) -> None:
        """Only the last line of a text can be without a newline."""
        count = len(self.lines)
        for change in changes:
            inner = change.new[:-1] if change.end == count else change.new
            above = self.lines[-1:] if change.start == count and change.new else ()
            if not all(line.endswith("\n") for line in (*inner, *above)):
                raise DoesNotApply("A line without a newline can only be the last one of the file.")


def choosable(old: str, new: str) -> Choosable:
    """The hunks between two texts, as a diff with the usual context has them."""
    lines, new_lines = tuple(_LINE.findall(old)), _LINE.findall(new)
    changes = [
        Change(
            span.old_start,
            span.old_end,
            tuple(new_lines[span.new_start : span.new_end]),
            span.new_start - span.old_start,
        )
        for span in changed_spans(old, new)
    ]
    groups: list[list[Change]] = [[changes[0]]] if changes else []
    for before, change in pairwise(changes):
        if change.start - before.end <= 2 * CONTEXT_LINES:
            groups[-1].append(change)
        else:
            groups.append([change])
    parts = tuple(
        Part(
            tuple(group),
            max(0, group[0].start - CONTEXT_LINES),
            min(len(lines), group[-1].end + CONTEXT_LINES),
        )
        for group in groups
    )
    return Choosable(lines, parts)


def _written(lines: Sequence[str]) -> list[tuple[str, str]]:
    """The sign and the text of each line; raises DoesNotApply for one without a sign."""
    found: list[tuple[str, str]] = []
    for number, line in enumerate(lines):
        if line.startswith("\\"):
            if found:
                sign, text = found[-1]
                found[-1] = (sign, text.removesuffix("\n"))
        elif line[:1] in {" ", "+", "-"}:
            found.append((line[0], line[1:]))
        elif not line.strip("\r\n"):
            found.append((" ", line))
        else:
            raise DoesNotApply(f"Line {number + 1} begins with none of blank, + and -: {line.rstrip()!r}.")
    return found
