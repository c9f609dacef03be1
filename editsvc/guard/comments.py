"""Comments that are gone from code that stayed, and putting them back where there is no doubt about their place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.guard.changes import tells
from editsvc.guard.findings import Answer, Check, Finding, Lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from editsvc.guard.proposal import Proposal
    from editsvc.guard.remarks import Gone

_MANY: Final = 3  # lines
_SEVERAL: Final = 2  # lines
_SETTINGS: Final = frozenset({"yaml", "toml", "ini", "properties", "dotenv"})
_SHARE: Final = 0.5  # of all lines with comments
_NEARLY_ALL: Final = 0.8  # of them
_WORD: Final = re.compile(r"\w{4,}")
_LICENCE: Final = re.compile(r"copyright|\blicen[cs]e|SPDX|©|\(c\)", re.IGNORECASE)
_TO_TOOLS: Final = re.compile(
    r"[a-z]+lint[:-]|lint-disable|\bnolint\b|\bnoqa\b|pylint:|type: ?ignore|@ts-|rubocop:|NOSONAR|NOLINT|"
    r"(?:istanbul|prettier|c8|v8)[- ]ignore|pragma: no"
)
_CODE: Final = re.compile(r"[;{}()\[\],=]$|\w\(.*\)$")


def comments_lost(proposal: Proposal) -> Iterator[Finding]:
    """Comments that are gone from code that stayed, though the instruction does not speak of comments.

    Where many are gone, or the whole head of the document, the model drops them by habit; where few are, people do so
    too, and it is only said.
    """
    intent = proposal.intent
    if proposal.before == proposal.after or intent.comments:
        return
    lost = proposal.comments_gone
    if not lost:
        return
    may_go = intent.removes or intent.rewrites
    many = _many(lost, proposal, _NEARLY_ALL if may_go else _SHARE)
    if may_go and not many:
        return
    # People arrange the comments of settings while they change them; code is read by others.
    settings = proposal.language is None or proposal.language.name in _SETTINGS
    many_of_code = many and not settings
    if (
        intent.understood
        and not may_go
        and (many_of_code or (intent.narrow and len(lost) >= (1 if many else _SEVERAL)))
    ):
        answer = Answer.ASK_THEN_REFUSE
    else:
        answer = Answer.ASK_THEN_WARN if many or intent.narrow else Answer.WARN
    numbers = sorted((*lost.whole, *(line for line, _ in lost.trailing)))
    where = Lines(numbers[0] + 1, numbers[-1] + 1)
    yield Finding(
        Check.COMMENTS,
        f"{_counted(len(lost))} gone, though the code beside {'it' if len(lost) == 1 else 'them'} stayed "
        f"({_said(where)}).",
        answer,
        before=where,
        when="if they should be removed",
    )


def restore_comments(proposal: Proposal, waived: Collection[Check] = ()) -> tuple[str, list[Finding]]:
    """The new text with comments put back whose place is beyond doubt, and what was put back.

    Beyond doubt is a comment at the end of a line whose code is as it was, if several lines lost theirs, and not all
    the same one; and, where the instruction states one change in full, every such comment, and lines of comments
    between two lines that stayed. Where many are gone nothing is put back: then the reply is not one to mend. The check
    may be `waived`.
    """
    intent = proposal.intent
    unchanged: tuple[str, list[Finding]] = (proposal.after, [])
    meant = intent.comments or intent.removes or intent.rewrites
    if proposal.before == proposal.after or meant or Check.COMMENTS in waived:
        return unchanged
    lost = proposal.comments_gone
    certain = intent.narrow and intent.understood
    old, new = proposal.old, list(proposal.new)
    # One remark that stood on several lines is cleared away, or answered, at once.
    remarks = {old[line][len(new[number].rstrip()) :].strip() for line, number in lost.trailing}
    if not lost or _many(lost, proposal) or not (certain or len(remarks) >= _SEVERAL):
        return unchanged
    before: dict[int, Sequence[str]] = {}  # what is put back before a line
    for line, number in lost.trailing:
        new[number] = old[line]
    # A comment that has words of the instruction may have to go.
    whole = {number for number in lost.whole if not intent.words & set(_WORD.findall(old[number].lower()))}
    for span in proposal.spans if certain else ():
        lines = range(span.old_start, span.old_end)
        if span.new_start == span.new_end and all(
            number in whole or not tells(old[number]) for number in lines
        ):
            before[span.new_start] = old[span.old_start : span.old_end]
    mended: list[str] = []
    back: list[int] = []
    trailing = {number for _, number in lost.trailing}
    for number in range(len(new) + 1):
        for text in before.get(number, ()):
            if mended and not mended[-1].endswith("\n"):
                mended[-1] += "\n"
            back += [len(mended)] if tells(text) else []
            mended.append(text)
        if number < len(new):
            back += [len(mended)] if number in trailing else []
            mended.append(new[number])
    if not back:
        return unchanged
    where = Lines(back[0] + 1, back[-1] + 1)
    message = f"{_counted(len(back))} gone from code that stayed, and put back ({_said(where)})."
    return "".join(mended), [Finding(Check.COMMENTS, message, Answer.RESTORE, after=where)]


def _many(lost: Gone, proposal: Proposal, share: float = _SHARE) -> bool:
    """Whether so many comments are gone, or the head of the document, that it is no single slip."""
    language = proposal.language
    if language is None:
        return False
    comments = proposal.old_remarks
    head = next(
        (number for number, line in enumerate(proposal.old) if tells(line) and not comments[number]), 0
    )
    licence = [number for number in lost.whole if number < head]
    if any(_LICENCE.search(proposal.old[number]) for number in licence):
        return True
    code = sum(1 for number in lost.whole if _CODE.search(proposal.old[number].rstrip()))
    told = sum(1 for number in lost.whole if _TO_TOOLS.search(proposal.old[number]))
    if len(lost) < _MANY or 2 * (code + told) >= len(lost):
        return False  # code in comments is cleared away by people, too, and so is what a tool was told
    total = sum(1 for number, line in enumerate(proposal.old) if comments[number] and tells(line))
    return len(lost) >= share * (total + len(lost.trailing)) or len(licence) >= _MANY


def _counted(number: int) -> str:
    return "A comment is" if number == 1 else f"Comments on {number} lines are"


def _said(lines: Lines) -> str:
    return f"line {lines.first}" if lines.first == lines.last else f"lines {lines.first} to {lines.last}"
