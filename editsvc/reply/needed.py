"""A reply that says which sections of a file an edit needs, in the agreed line or in any way that leaves no doubt.

Models put words around the numbers, copy lines of the list, or speak of lines instead of sections.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.prompt.rendering import CANNOT, SECTIONS
from editsvc.reply.reasoning import Reasoning
from editsvc.text.document import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_AGREED: Final = late.pattern(rf"[\W_]*{SECTIONS.rstrip(':')}\b\W*?:(?P<numbers>.*)", re.IGNORECASE)
_REFUSED: Final = late.pattern(rf"\W*{CANNOT}\**\s*(?P<reason>.*)")
_LISTED: Final = late.pattern(r"\W*(?P<range>\d+(?:-\d+)?) \(\d+-\d+\)")
_ASIDE: Final = late.pattern(r"\([^()]*\)")
_RANGE: Final = late.pattern(
    r"(?<![\w.])(?P<first>\d{1,9})(?:\s*(?:-|\u2013|\.\.+|to)\s*(?P<last>\d{1,9}))?(?![\w]|\.\d)"
)
# What a number is of: the word before it, also before a whole list ("sections 3, 7 and 9").
_OF: Final = late.pattern(r"\b(?P<what>section|line)s?\b|(?<=\d)\s*[.;]\s+(?=[^\W\d])", re.IGNORECASE)
# A longer text with numbers in it may be about anything.
_SHORT: Final = 200


@dataclass(frozen=True, slots=True)
class Needed:
    """The numbers of sections and of lines (1-based) that a reply names, in inclusive ranges; `refusal` is a reason."""

    sections: tuple[tuple[int, int], ...] = ()
    lines: tuple[tuple[int, int], ...] = ()
    refusal: str | None = None


def needed(reply: str) -> Needed:
    """What `reply` asks for; nothing where it names no section and no line."""
    reasoning = Reasoning(None)
    lines = [
        line
        for line in map(reasoning.line, normalise(reply).strip().split("\n"))
        if line is not None and line.strip()
    ]
    for line in lines:
        if refused := _REFUSED.fullmatch(line):
            return Needed(refusal=refused["reason"].strip())
    agreed = [match["numbers"] for match in map(_AGREED.match, lines) if match]
    if agreed:
        # The numbers may stand below the word.
        following = lines[next(number for number, line in enumerate(lines) if _AGREED.match(line)) + 1 :]
        return _named(agreed if any(map(_RANGE.search, agreed)) else following, of="section")
    whole = "\n".join(lines)
    if any(map(_LISTED.match, lines)) or len(whole) <= _SHORT:
        return _named(lines, of="section")
    return _named(lines, of="")


def _named(lines: Iterable[str], *, of: str) -> Needed:
    found: dict[str, list[tuple[int, int]]] = {"section": [], "line": []}
    for line in lines:
        listed = _LISTED.match(line)
        text = listed["range"] if listed else _ASIDE.sub(" ", line)
        for what, first, last in _numbers(text, of):
            if what:
                found[what].append((min(first, last), max(first, last)))
    return Needed(tuple(found["section"]), tuple(found["line"]))


def _numbers(text: str, of: str) -> Iterator[tuple[str, int, int]]:
    """The ranges in `text`, and what each is of; `of` where no word says so."""
    words = [(match.start(), (match["what"] or "").lower() or of) for match in _OF.finditer(text)]
    for match in _RANGE.finditer(text):
        before = [what for start, what in words if start < match.start()]
        first = int(match["first"])
        yield (before[-1] if before else of), first, int(match["last"] or first)
