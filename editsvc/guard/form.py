"""Whether a reply has the form that was asked for: its frame is whole, and it holds the file rather than talk of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.guard.findings import Answer, Check, Finding, Lines, quoted
from editsvc.guard.similarity import line_similarity, similarity, words
from editsvc.reply import Framing
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from editsvc.guard.proposal import Proposal

# How a chat model begins and ends; only consulted where the language itself cannot tell prose from code.
_CHAT: Final = re.compile(
    r"\s*(?:sure\b|certainly\b|of course\b|absolutely\b|okay\b|ok,|done[.!]|here(?:'s|’s| is| are)\b|below is\b|"
    r"i(?:'ve|’ve| have|'m| am|’m| can't| can’t| cannot| will| made| changed| updated| added| removed)\b|"
    r"let me know\b|hope (?:this|that)\b|as requested\b|note that\b|"
    r"the (?:updated|following|above|modified|changed) (?:code|file|version|text)\b|"
    r"this (?:code|version|change|update) )",
    re.IGNORECASE,
)
# How an answer begins that wraps the file, or edits of it, in JSON.
_JSON_ANSWER: Final = re.compile(r"\s*(?:\[\s*)?\{\s*\"[^\"\n]*\"\s*:")
# How the edits that other tools ask for begin: a unified diff, search and replace blocks, a patch.
_PATCH_ANSWER: Final = re.compile(
    r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|<{5,9} ?(?:SEARCH|ORIGINAL|HEAD)\b|\*{3} Begin Patch\b"
)
_PATCH_HEADING: Final = 6  # lines before the first hunk of a diff, at most
_PROSE_LINE: Final = re.compile(r"\s*[A-Z][\w'’,-]*(?:\s+[\w'’`\"(),./-]+){2,}\s*[.:!?]?\s*")
# Languages whose grammar accepts a plain sentence.
_PROSE_IS_VALID: Final = frozenset({"yaml", "html", "shellscript", "css"})
_FENCE: Final = re.compile(r"`{3,}|~{3,}")
_SIMILAR: Final = 0.5
_HARDLY_SIMILAR: Final = 0.2


def open_frame(proposal: Proposal) -> Iterator[Finding]:
    """A frame that does not end, or that more of the file follows."""
    received = proposal.received
    if received is None or received.framing is Framing.NONE:
        return
    old, new = proposal.replied_lines
    if not received.closed and _last(old) != _last(new):
        yield Finding(
            Check.FRAME,
            "The reply has no closing fence, so its end may be missing.",
            Answer.ASK_THEN_REFUSE,
            after=_line(len(new)),
        )
    behind = [line.strip() for line in split_lines(received.behind)]
    known = {line.strip() for line in old if line.strip()} if behind else ()
    if known and any(line in known or _FENCE.match(line) for line in behind):
        yield Finding(
            Check.FRAME,
            "More of the file, or a fence, follows the reply's closing fence, so it is not clear which text is meant.",
            Answer.ASK_THEN_REFUSE,
            after=_line(len(new)),
        )


def empty(proposal: Proposal) -> Iterator[Finding]:
    """A reply of nothing for something, where the reply does not say that it is to go."""
    for piece in proposal.pieces if len(proposal.offered) > 1 else ():
        if not piece.deleted and piece.section.text.strip() and not piece.text:
            yield Finding(
                Check.EMPTY,
                f"Section {piece.section.number} of the reply is empty, but is not said to be deleted.",
                Answer.ASK_THEN_REFUSE,
                before=Lines(piece.section.first_line, piece.section.last_line),
                when="if it should be removed",
            )
            return
    old, new = proposal.replied
    part_may_go = not proposal.whole and proposal.intent.removes
    if old.strip() and not new.strip() and not part_may_go:
        yield Finding(
            Check.EMPTY,
            "The reply is empty, and would delete everything.",
            Answer.ASK_THEN_REFUSE,
            when="if that is intended",
        )


def prose(proposal: Proposal) -> Iterator[Finding]:
    """A reply without the agreed frame that is not plainly the file, and the forms of other tools in any frame."""
    received, language = proposal.received, proposal.language
    if received is None:
        return
    old, new = proposal.replied_lines
    is_json = language is not None and language.name.startswith("json")
    if not is_json and not proposal.intent.json and _is_json_answer(*proposal.replied, received.framing):
        yield _prose("The reply is JSON, but the file is not.", 1, "if the file should become JSON")
    if not proposal.intent.patches and _is_patch_answer(old, new):
        yield _prose("The reply is a patch, not the file.", 1, "if the file should contain a patch")
    if received.framing is Framing.AGREED:
        return
    strict = language is not None and bool(language.grammar) and language.name not in _PROSE_IS_VALID
    broken = strict and breaks(proposal.replied, language)
    if received.framing is Framing.NONE:
        in_words = similarity(*map(words, proposal.replied))
        alike = line_similarity(old, new) >= _SIMILAR or in_words >= _SIMILAR
        if not alike and (broken or not strict or (old and in_words < _HARDLY_SIMILAR)):
            yield _prose(
                "The reply is not fenced as requested and does not resemble the file: it may be prose.",
                1,
                "if it is right",
            )
            return
    known = {line.strip() for line in old}
    for number in _edges(new, known):
        line = new[number]
        if (broken and _PROSE_LINE.fullmatch(line.rstrip("\n"))) or (not strict and _CHAT.match(line)):
            yield _prose(
                f"The reply is not fenced as requested, and line {number + 1} seems to be addressed to the user: "
                f"{quoted(line)}",
                number + 1,
                "if it is right",
            )
            return


def breaks(texts: tuple[str, str], language: syntax.Language | None) -> bool:
    """Whether the second text has syntax errors where the first has none."""
    if language is None:
        return False
    before, after = texts
    return bool(syntax.syntax_errors(after, language)) and not syntax.syntax_errors(before, language)


def is_json(text: str) -> bool:
    """Whether `text` is JSON to its end."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _prose(message: str, line: int, when: str) -> Finding:
    return Finding(Check.PROSE, message, Answer.ASK_THEN_REFUSE, after=Lines(line, line), when=when)


def _line(number: int) -> Lines | None:
    return Lines(number, number) if number else None


def _last(lines: Sequence[str]) -> str:
    return next((line.rstrip("\n") for line in reversed(lines) if line.strip()), "")


def _is_json_answer(original: str, code: str, framing: Framing) -> bool:
    """Whether the reply looks like a file, or edits of it, in JSON, as other tools ask for them.

    In the agreed frame it must be JSON to its end: a part of a file may begin with an object like any other.
    """
    if not original.strip() or original.lstrip()[0] in "{[" or not _JSON_ANSWER.match(code):
        return False
    return framing is not Framing.AGREED or is_json(code)


def _is_patch_answer(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether the reply begins as edits do in other tools, and the file does not."""
    before, after = (
        any(_PATCH_ANSWER.match(line.lstrip()) for line in lines[:_PATCH_HEADING]) for lines in (old, new)
    )
    return after and not before


def _edges(new: Sequence[str], known: set[str]) -> list[int]:
    """The lines before the first and after the last one that the original holds too."""
    same = [number for number, line in enumerate(new) if len(line.strip()) > 1 and line.strip() in known]
    if not same:
        return list(range(len(new)))
    return [*range(same[0]), *range(same[-1] + 1, len(new))]
