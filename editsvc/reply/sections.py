"""A reply that holds numbered sections of a document, each in a frame of its own.

A model that does not keep to that answers with the whole file, with a refusal, or with prose; everything that
does not begin with a numbered frame goes to a `ReplyParser`, as if the whole file had been asked for.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.prompt import rendering
from editsvc.reply.parser import Framing, LineBuffer, Reply, ReplyKind, ReplyParser, first_line
from editsvc.reply.reasoning import Reasoning, closes_reasoning
from editsvc.text.document import BOM, split_lines
from editsvc.text.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.prompt.rendering import Frame

WHOLE: Final = 0
"""The number under which lines are shown that belong to the whole document."""

_NUMBERED: Final = late.pattern(
    r" {0,3}(?P<fence>`{3,})(?:[^`\d]*[\s#])?(?P<number>\d{1,9})\b(?P<rest>[^`]*)"
)
_DELETED: Final = late.pattern(rf"\b(?:{rendering.DELETED}|delete|removed?)\b", re.IGNORECASE)
_ANY_FENCE: Final = late.pattern(r" {0,3}(?:`{3,}|~{3,})")
_ENDS: Final = late.pattern(r"\s*(?:[)\]}]|(?:end|fi|done|esac)\b)")
_PROSE_BEFORE: Final = 6  # lines that a model may talk before the first frame


class SectionsParser:
    """Takes the deltas of one reply; `sections` are those of `document` that were offered.

    `misfit` is a sentence, once it is certain that the sections are not those that were offered; else "".
    `final_newline_meant` and `may_need_more` are as for `ReplyParser`. A section's blank lines at the end are
    restored where a reply has none and another definition follows, as it was: models drop blank lines before a closing
    fence.
    """

    def __init__(
        self,
        frame: Frame,
        document: str,
        sections: Sequence[Section],
        *,
        final_newline_meant: bool = False,
        may_need_more: bool = False,
    ) -> None:
        self._frame = frame
        self._offered = {section.number: section for section in sections}
        self._final_newline_meant = final_newline_meant
        self._whole = ReplyParser(
            frame, document, final_newline_meant=final_newline_meant, may_need_more=may_need_more
        )
        self._document = document
        self._reasoning = Reasoning(first_line(document))
        self._buffer = LineBuffer()
        self._held: list[str] = []  # before it is clear which kind of reply this is
        self._said = 0  # lines of them that are not blank
        self._decided = self._numbered = False
        self._fence = ""
        self._open = False
        self._received: list[tuple[int, list[str]]] = []
        self._begun: set[int] = set()
        self._last = max(self._offered, default=0)
        self._deleted: list[bool] = []
        self.misfit = ""
        self._between: list[str] = []
        self._before = ""
        self._started = False

    # Most replies begin with a frame as it was agreed on, and need neither.
    @cached_property
    def _own_fences(self) -> bool:
        return any(_ANY_FENCE.match(line) for line in split_lines(self._document))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(line.strip() for line in split_lines(self._document))

    def push(self, delta: str) -> list[tuple[int, list[str]]]:
        """The lines that became certain with `delta`, by the number of their section (`WHOLE`: of the document)."""
        if not self._started and delta:
            self._started = True
            delta = delta.removeprefix(BOM)
        shown: list[tuple[int, list[str]]] = []
        for line in self._buffer.push(delta):
            shown += self._line(line)
        return shown

    @property
    def astray(self) -> str:
        """As `ReplyParser.astray`."""
        return "" if self._numbered else self._whole.astray

    def finish(self) -> Reply:
        """The whole reply; `push` must not be called again."""
        for line in self._buffer.finish():
            self._line(line)
        if not self._numbered:
            if not self._decided:
                self._whole.push("".join(self._held))
            return self._whole.finish()
        closed = not self._open
        if self._open and self._received[-1][1]:
            last = self._received[-1][1][-1].rstrip()
            if last.endswith(self._fence):  # the closing fence sometimes sticks to the last line
                closed = True
                self._received[-1][1][-1] = last.removesuffix(self._fence) + "\n"
        sections = tuple(
            Section(number, self._completed(number, "".join(lines)), deleted=deleted)
            for (number, lines), deleted in zip(self._received, self._deleted, strict=True)
        )
        return Reply(
            ReplyKind.CODE,
            framing=Framing.AGREED,
            closed=closed,
            before=self._before,
            after="".join(self._between).strip(),
            sections=sections,
        )

    def _line(self, received: str) -> list[tuple[int, list[str]]]:
        line = self._reasoning.line(received)
        if line is None:
            return []
        if self._decided and not self._numbered:
            lines = self._whole.push(line)
            return [(WHOLE, lines)] if lines else []
        if not self._decided:
            return self._undecided(line)
        content = line.rstrip()
        if self._open and content == self._fence:
            self._open = False
        elif self._open:
            self._received[-1][1].append(line)
            return [(self._received[-1][0], [line])]
        elif opening := self._opens(content):
            self._begin(*opening)
        elif content or self._between:
            self._between.append(line)
        return []

    def _undecided(self, line: str) -> list[tuple[int, list[str]]]:
        content = line.rstrip()
        if closes_reasoning(line) and content.strip() not in self._known:
            self._held, self._said = [], 0
            return []
        opening = self._opens(content)
        self._held.append(line)
        self._said += bool(line.strip())
        if opening is not None:
            self._decided = self._numbered = True
            self._before = "".join(self._held[:-1]).strip()
            self._begin(*opening)
        elif (
            (content.strip() in self._known and content)
            or _ANY_FENCE.match(content)
            or self._said > _PROSE_BEFORE
        ):
            self._decided = True
            lines = self._whole.push("".join(self._held))
            return [(WHOLE, lines)] if lines else []
        return []

    def _opens(self, content: str) -> tuple[int, bool] | None:
        """The number of the section that `content` begins, and whether that is said to go."""
        match = _NUMBERED.fullmatch(content)
        if match is None:
            return None
        agreed = match["fence"] == self._frame.fence
        # A shorter fence is as good, as long as nothing in the file could be taken for its end.
        if not agreed and (self._own_fences or self._fence == self._frame.fence):
            return None
        if self._fence and match["fence"] != self._fence:
            return None
        self._fence = match["fence"]
        return int(match["number"]), _DELETED.search(match["rest"]) is not None

    def _begin(self, number: int, deleted: bool) -> None:  # noqa: FBT001 - as `_opens` has it
        self._open = True
        self._between = []
        if number not in self._offered:
            self.misfit = f"The reply contains section {number}, which was not offered."
        elif number in self._begun:
            self.misfit = f"The reply contains section {number} twice."
        self._begun.add(number)
        self._received.append((number, []))
        self._deleted.append(deleted)

    def _completed(self, number: int, code: str) -> str:
        """A section's text as it is meant: its last line end, and the blank lines behind it."""
        if not code:
            return ""
        if not code.endswith("\n"):
            code += "\n"
        section = self._offered.get(number)
        if section is None:
            return code
        if self._runs_on(number, code):
            code += _blank_lines_behind(section.text)
        last = number == self._last
        if section.text and not section.whole_lines and not (last and self._final_newline_meant):
            return code.removesuffix("\n")
        return code

    def _runs_on(self, number: int, code: str) -> bool:
        """Whether blank lines are missing between a section and the definition that follows as it was."""
        section, following = self._offered[number], self._offered.get(number + 1)
        return (
            following is not None
            and following.name not in {"", section.name}
            and following.number not in self._begun
            and not _blank_lines_behind(code)
            and _ends_like(code, section, following)
        )


def _ends_like(code: str, section: Section, following: Section) -> bool:
    """Whether the new text of a section ends as the old one did, or as something does that has an end of its own.

    A comment or a statement that is to stand right above what follows does not.
    """
    last, was = _last_line(code), _last_line(section.text)
    beside = len(following.first_line_text) - len(following.first_line_text.lstrip())
    inside = len(last) - len(last.lstrip()) > beside
    return last.strip() == was.strip() or inside or _ENDS.match(last) is not None


def _last_line(text: str) -> str:
    return next((line for line in reversed(split_lines(text)) if line.strip()), "")


def _blank_lines_behind(text: str) -> str:
    """The blank lines at the end of `text`."""
    lines = split_lines(text)
    count = len(lines)
    while count and not lines[count - 1].strip():
        count -= 1
    return "".join(lines[count:])
