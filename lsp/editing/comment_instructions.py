r"""Instructions that stand in the code as comments: ``# edit: make this a dataclass``.

Pure: text in, places out. A comment is an instruction if its first word is the marker, with a colon behind
it. It is looked for in the language's own comment syntax; a block comment may go over several lines. Offsets
are code points, and lines break at ``\n``, ``\r\n`` and ``\r``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from editsvc.text.document import Edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.syntax import Language

_BLOCK_LINE_START: Final = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t]*\*?[ \t]*")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its words, its comment's range, the range that goes away with it, and that of its lines.

    What goes away is the whole line, with its end, if the comment stands alone there; else the comment and the
    blanks before it. `lines_start` up to `lines_end` are the lines that the comment is on, without the last one's end.
    """

    words: str
    start: int
    end: int
    removed_start: int
    removed_end: int
    lines_start: int
    lines_end: int

    def touches(self, start: int, end: int) -> bool:
        """Whether a selection, or a cursor, is on a line of the comment."""
        return self.lines_start <= end and start <= self.lines_end


def find(text: str, language: Language, marker: str) -> list[Instruction]:
    """All instructions in `text`, in order."""
    if marker.lower() not in text.lower():
        return []
    found = []
    pattern = _pattern(language.line_comment, language.block_comment, marker)
    for match in pattern.finditer(text):
        words = match["line"] or _BLOCK_LINE_START.sub(" ", match["block"] or "")
        words = words.strip()
        if words:
            start, end = match.span("comment")
            found.append(Instruction(words, start, end, *_removed(text, match), *_lines(text, start, end)))
    return found


def without(text: str, instruction: Instruction) -> str:
    """`text` without the instruction's comment."""
    return text[: instruction.removed_start] + text[instruction.removed_end :]


def with_removal(edits: Sequence[Edit], instruction: Instruction) -> list[Edit]:
    """`edits` of the text `without` the comment, as edits of the text with it that take the comment away too.

    They are in order and do not touch, so that each is a hunk of its own.
    """
    at, length = instruction.removed_start, instruction.removed_end - instruction.removed_start
    first, behind_them = met(edits, instruction)
    before, around = edits[:first], edits[first:behind_them]
    behind = [Edit(edit.start + length, edit.end + length, edit.new_text) for edit in edits[behind_them:]]
    # Everything that meets at the comment's place is one hunk with it.
    start = min([at, *(edit.start for edit in around)])
    end = max([at, *(edit.end for edit in around)]) + length
    removal = Edit(start, end, "".join(edit.new_text for edit in around))
    return [*before, removal, *behind]


def met(edits: Sequence[Edit], instruction: Instruction) -> tuple[int, int]:
    """Which of `edits` meet at the comment's place: the first one's number, and that behind the last."""
    at = instruction.removed_start
    return sum(edit.end < at for edit in edits), sum(edit.start <= at for edit in edits)


@lru_cache
def _pattern(line_comment: str, block_comment: tuple[str, str] | None, marker: str) -> re.Pattern[str]:
    word = rf"{re.escape(marker)}[ \t]*:[ \t]*"
    line, block = "(?P<line>(?!))", "(?P<block>(?!))"  # what never matches
    if line_comment:
        # "##" and "///" are comments as well; "a#edit:" is none.
        begin = rf"(?<!\S){re.escape(line_comment)}{re.escape(line_comment[-1])}*[ \t]*"
        line = rf"{begin}{word}(?P<line>[^\r\n]*)"
    if block_comment:
        opening, closing = map(re.escape, block_comment)
        block = rf"{opening}[\s*]*{word}(?P<block>(?:(?!{closing}).)*){closing}"
    return re.compile(rf"(?P<comment>{line}|{block})", re.IGNORECASE | re.DOTALL)


def _lines(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the first line of a range begins, and the last one ends."""
    while start and text[start - 1] not in "\r\n":
        start -= 1
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    return start, end


def _removed(text: str, match: re.Match[str]) -> tuple[int, int]:
    start, end = match.span("comment")
    while start and text[start - 1] in " \t":
        start -= 1
    line_ends = end
    while line_ends < len(text) and text[line_ends] in " \t":
        line_ends += 1
    alone = start == 0 or text[start - 1] in "\r\n"
    at_end = line_ends == len(text) or text[line_ends] in "\r\n"
    if not at_end:
        return match.start("comment"), line_ends
    if not alone:
        return start, line_ends
    if text.startswith("\r\n", line_ends):
        return start, line_ends + 2
    return start, min(len(text), line_ends + 1)
