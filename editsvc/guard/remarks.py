"""Which lines of a document are nothing but comments, or parts of them, and which are gone from code that stayed.

Told by how lines begin. In Python a docstring counts as a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.guard.changes import tells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from editsvc import syntax
    from editsvc.guard.changes import Change
    from editsvc.text.comparison import Comparison

_DOCSTRING: Final = re.compile(r"[rRuUbB]{0,2}(\"\"\"|''')")


def comment_lines(lines: Sequence[str], language: syntax.Language) -> list[bool]:
    """For each line, whether it is nothing but a comment, or a part of one."""
    return Remarks.of(lines, language).flags


@dataclass(frozen=True, slots=True)
class Remarks:
    """For each line of a text, whether it is a comment; and what is open where it begins, as the sign that ends it.

    `open` has one more, for the end of the text; it is "" where no comment is open.
    """

    language: syntax.Language
    flags: list[bool]
    open: list[str]

    @classmethod
    def of(cls, lines: Iterable[str], language: syntax.Language) -> Remarks:
        """Those of a text."""
        found = cls(language, [], [""])
        found._read(lines)
        return found

    def changed(self, comparison: Comparison) -> Remarks:
        """Those of the new text, where these are the ones of the old text: only what may differ is read."""
        new = comparison.new
        found = Remarks(self.language, [], [""])
        at = 0
        for span in comparison.spans:
            found._stayed(self, at, span.old_start, new)
            found._read(new[span.new_start : span.new_end])
            at = span.old_end
        found._stayed(self, at, len(self.flags), new)
        return found

    def _stayed(self, was: Remarks, start: int, end: int, new: Sequence[str]) -> None:
        """Go on with the lines `start` up to `end` of the old text."""
        while start < end and self.open[-1] != was.open[start]:
            self._read((new[len(self.flags)],))
            start += 1
        self.flags.extend(was.flags[start:end])
        self.open.extend(was.open[start + 1 : end + 1])

    def _read(self, lines: Iterable[str]) -> None:
        """Go on with `lines`."""
        language, flags, states = self.language, self.flags, self.open
        mark = language.line_comment
        opening, closing = language.block_comment or ("", "")
        python = language.name == "python"
        until = states[-1]
        for line in lines:
            text = line.strip()
            begins = bool(until)
            if until:
                if until in text:
                    until = ""
            elif mark and text.startswith(mark):
                begins = True
            elif opening and text.startswith(opening):
                rest = text.partition(closing)
                begins = not rest[2].strip()  # else code goes on behind it
                if not rest[1]:
                    until = closing
            elif python and (match := _DOCSTRING.match(text)):
                begins = True
                if match[1] not in text[match.end() :]:
                    until = match[1]
            flags.append(begins)
            states.append(until)


@dataclass(frozen=True, slots=True)
class Gone:
    """Comments that are gone from code that stayed.

    `whole` are the numbers of old lines that are nothing but a comment, `trailing` pairs of an old line and the new one
    that is the same without the comment at its end. All are 0-based.
    """

    whole: tuple[int, ...]
    trailing: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        """How many lines have lost a comment."""
        return len(self.whole) + len(self.trailing)


def gone(
    comparison: Comparison, was: Remarks, changes: Sequence[Change], now: Callable[[], Sequence[bool]]
) -> Gone:
    """The comments that are gone from code that stayed, where no other comment came in their place.

    `was` are the comments of the old text, and `now` tells which lines of the new one are comments.
    """
    language = was.language
    if not (language.line_comment or language.block_comment):
        return Gone((), ())
    concerned = [change for change in changes if change.gone]
    old, new = comparison.old, comparison.new
    if not any(change.net > 0 or _may_hold_comments(change, old, language) for change in concerned):
        return Gone((), ())
    before, after = was.flags, now()
    whole: list[int] = []
    trailing: list[tuple[int, int]] = []
    for change in concerned:
        comments = [number for number in change.gone if before[number]]
        code = [number for number in change.gone if not before[number]]
        come = [number for number in change.come if not after[number]]
        cut = list(_cut(code, come, old, new, language)) if code and come else []
        trailing += cut
        if not comments or len(come) < len(change.come):  # other comments came
            continue
        # Where more code is gone than came, its comments are gone with it.
        if len(code) > len(come):
            missing = set(code) - {line for line, _ in cut}
            comments = [number for number in comments if _next_code(number, before, old) not in missing]
        whole += comments
    return Gone(tuple(whole), tuple(trailing))


def _may_hold_comments(change: Change, old: Sequence[str], language: syntax.Language) -> bool:
    """Whether a line that is gone may have a comment; the inside of one that goes over many lines may not show it."""
    marks = [mark for mark in (language.line_comment, *(language.block_comment or ()), '"""', "'''") if mark]
    return any(
        old[number].lstrip()[:1] == "*" or any(mark in old[number] for mark in marks)
        for number in change.gone
    )


def _cut(
    code: Sequence[int],
    come: Sequence[int],
    old: Sequence[str],
    new: Sequence[str],
    language: syntax.Language,
) -> Iterator[tuple[int, int]]:
    """The lines of `code` that a line of `come` equals but for a comment at its end."""
    markers = [marker for marker in (language.line_comment, (language.block_comment or ("",))[0]) if marker]
    form = re.compile(rf"\s+(?:{'|'.join(map(re.escape, markers))})")
    bare: dict[str, list[int]] = {}
    for number in reversed(code):
        for match in form.finditer(old[number]):
            bare.setdefault(old[number][: match.start()], []).append(number)
    used: set[int] = set()
    for number in come:
        for candidate in reversed(bare.get(new[number].rstrip(), ())):
            if candidate not in used:
                used.add(candidate)
                yield candidate, number
                break


def _next_code(number: int, comments: Sequence[bool], lines: Sequence[str]) -> int:
    """The first line below `number` that is neither blank nor a comment; the number of lines if there is none."""
    for below in range(number + 1, len(lines)):
        if not comments[below] and tells(lines[below]):
            return below
    return len(lines)
