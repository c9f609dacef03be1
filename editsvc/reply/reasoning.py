r"""Reasoning in front of an answer, which some servers do not keep apart: it is taken off before the reply is read.

It stands between tags of its own, and may quote the file with its fences. Only what stands before anything else is
taken off, and nothing where the file itself begins like that.
"""

from __future__ import annotations

import re
from typing import Final

from editsvc import late

TAGS: Final = frozenset(
    {"think", "thinking", "thought", "thoughts", "reasoning", "reflection", "analysis", "scratchpad"}
    | {"inner_monologue"}
)
"""The names of the tags that models put around their reasoning."""

_WORDS: Final = "|".join(sorted(TAGS))
_OPENING: Final = late.pattern(
    rf"<(?P<tag>{_WORDS})>|\[(?P<bracket>{_WORDS})\]|\u25c1(?P<triangle>{_WORDS})\u25b7"
    r"|(?P<channel>(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>)",
    re.IGNORECASE,
)
_CHANNEL_END: Final = r"<\|channel\|>final<\|message\|>"
_ONLY_CLOSING: Final = late.pattern(rf"\s*</(?:{_WORDS})>\s*", re.IGNORECASE)


class Reasoning:
    """Takes the lines of one reply to a file that begins with the line `first`, in order."""

    def __init__(self, first: str | None) -> None:
        begins = "" if first is None else first.strip()
        self._over = _OPENING.match(begins) is not None
        self._end: re.Pattern[str] | None = None

    def line(self, line: str) -> str | None:
        """What is left of `line`, or None if it is all reasoning."""
        if self._over:
            return line
        if self._end is None:
            opening = _OPENING.match(line.lstrip())
            if opening is None:
                self._over = bool(line.strip())
                return line
            self._end = _closing(opening)
            line = line.lstrip()[opening.end() :]
        end = self._end.search(line)
        if end is None:
            return None
        self._over = True
        rest = line[end.end() :]
        return rest if rest.strip() else None


def closes_reasoning(line: str) -> bool:
    """Whether `line` only ends reasoning: some templates begin it, and send the model's end of it."""
    return _ONLY_CLOSING.fullmatch(line) is not None


def _closing(opening: re.Match[str]) -> re.Pattern[str]:
    if opening["channel"]:
        return re.compile(_CHANNEL_END)
    if opening["tag"]:
        return re.compile(rf"</{re.escape(opening['tag'])}>", re.IGNORECASE)
    if opening["bracket"]:
        return re.compile(rf"\[/{re.escape(opening['bracket'])}\]", re.IGNORECASE)
    return re.compile(rf"\u25c1/{re.escape(opening['triangle'])}\u25b7", re.IGNORECASE)
