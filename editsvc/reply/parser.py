r"""From the deltas of a stream to code: the frame comes off, refusals are recognised, nothing is guessed.

`ReplyParser` is a machine without I/O: ``push(delta)`` returns the code lines that are certain so far (for
show), ``finish()`` returns the `Reply`. What it must survive: replies in the agreed frame, in a frame of the
model's own, with prose around, or bare; code that holds fences itself (Markdown); deltas cut anywhere, also
between ``\r`` and ``\n``. It removes only whole fence lines and what stands outside of them. Whether a reply
may be used is not decided here but in `editsvc.guard.gate`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.prompt import rendering
from editsvc.reply.reasoning import Reasoning, closes_reasoning
from editsvc.text.document import BOM, normalise, split_lines

if TYPE_CHECKING:
    from editsvc.prompt.rendering import Frame
    from editsvc.text.section import Section

_FENCE: Final = late.pattern(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)\n?")
# So many lines that are not the file's, before a frame or behind it, are no remark any more.
_MOST_TALK: Final = 200
# So many lines of the original in a row show that a reply without a frame is code and not prose.
_RUN_THAT_SHOWS_CODE: Final = 3
_SENTINELS: Final = late.pattern(
    r"\**(?P<word>"
    + "|".join(map(re.escape, (rendering.CANNOT, rendering.WHOLE_FILE, rendering.SECTIONS)))
    + r")\**\s*(?P<reason>.*)"
)


class ReplyKind(StrEnum):
    """What a reply is."""

    CODE = "code"
    CANNOT = "cannot"
    WHOLE_FILE = "whole_file"
    SECTIONS = "sections"


_KINDS: Final = {
    rendering.CANNOT: ReplyKind.CANNOT,
    rendering.WHOLE_FILE: ReplyKind.WHOLE_FILE,
    rendering.SECTIONS: ReplyKind.SECTIONS,
}


class Framing(StrEnum):
    """How the code stood in the reply."""

    AGREED = "agreed"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reply:
    r"""A finished reply.

    `code` has ``\n`` only. Its final newline follows the original's: a frame hides it, and models write one, or
    leave it out, by habit. In the agreed frame and without one, a further blank line says that there is to be a
    final newline now; in a frame of the model's own, blank lines at the end follow the original too.
    `closed` tells whether the frame ended; `before` and `after` are what stood outside of it; `reason` is the
    model's, when `kind` is not CODE. A reply of numbered sections has them in `sections`, in the order in which they
    came, and no `code`.
    """

    kind: ReplyKind
    code: str = ""
    framing: Framing = Framing.NONE
    closed: bool = True
    before: str = ""
    after: str = ""
    reason: str = ""
    sections: tuple[Section, ...] | None = None


class _ParserState(Enum):
    START = "before the first line that is not blank"
    UNDECIDED = "prose before a frame, or code without one"
    AGREED = "in the agreed frame"
    OTHER = "in a frame of the model's own"
    BARE = "code without a frame"
    SENTINEL = "a refusal"
    CLOSED = "after the frame"


class LineBuffer:
    r"""Lines out of deltas: ``\r\n`` and ``\r`` become ``\n``; linear also for one line of megabytes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._carriage_return = False

    def push(self, delta: str) -> list[str]:
        r"""The lines that `delta` completes, each with its ``\n``."""
        if self._carriage_return:
            delta = "\r" + delta
        self._carriage_return = delta.endswith("\r")
        if self._carriage_return:
            delta = delta[:-1]
        if "\n" not in delta and "\r" not in delta:
            if delta:
                self._parts.append(delta)
            return []
        lines = normalise(delta).split("\n")
        lines[0] = "".join((*self._parts, lines[0]))
        last = lines.pop()
        self._parts = [last] if last else []
        return [line + "\n" for line in lines]

    def finish(self) -> list[str]:
        """The last line, if it had no end."""
        rest = "".join(self._parts) + ("\n" if self._carriage_return else "")
        self._parts, self._carriage_return = [], False
        return [rest] if rest else []


def first_line(text: str) -> str | None:
    """The first line of `text` that is not blank, without its end; None if there is none."""
    start = len(text) - len(text.lstrip())
    if start == len(text):
        return None
    begin = max(text.rfind(end, 0, start) for end in "\r\n") + 1
    ends = (text.find(end, start) for end in "\r\n")
    return text[begin : min((end for end in ends if end >= 0), default=len(text))]


class ReplyParser:
    """Takes the deltas of one reply; `original` is the text that was to be rewritten.

    `final_newline_meant` tells that the instruction is about the final newline, so that the reply decides;
    `may_need_more` that the model may ask for other sections of the file instead.
    """

    def __init__(
        self, frame: Frame, original: str, *, final_newline_meant: bool = False, may_need_more: bool = False
    ) -> None:
        self._final_newline_meant = final_newline_meant
        self._may_need_more = may_need_more
        self._frame = frame
        self._original = original
        self._first = first_line(original)
        self._buffer = LineBuffer()
        self._reasoning = Reasoning(self._first)
        self._state = _ParserState.START
        self._fence = ""
        self._before: list[str] = []
        self._code: list[str] = []
        self._held: list[str] = []  # from a line on that may close a frame of the model's own
        self._after: list[str] = []
        self._reason: list[str] = []
        self._kind = ReplyKind.CODE
        self._run = 0
        self._code_seen = False
        self._shown = 0
        self._started = False

    # Most replies keep to the agreed frame, and need neither.
    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(line.rstrip("\n") for line in split_lines(self._original) if line.strip())

    @cached_property
    def _original_has_fences(self) -> bool:
        return any(_FENCE.fullmatch(line.rstrip("\n")) for line in split_lines(self._original))

    def push(self, delta: str) -> list[str]:
        """The code lines that became certain with `delta`."""
        if not self._started and delta:
            self._started = True
            delta = delta.removeprefix(BOM)
        for line in self._buffer.push(delta):
            self._line(line)
        return self._show()

    @property
    def astray(self) -> str:
        """A sentence, once it is certain that the reply does not become the file; else ""."""
        if self._state is _ParserState.CLOSED and len(self._after) > _MOST_TALK:
            return (
                f"The reply goes on after its closing fence: it was stopped {len(self._after)} lines later."
            )
        talks = self._state is _ParserState.UNDECIDED and not self._code_seen
        if talks and len(self._before) > _MOST_TALK and len(self._before) > len(self._known):
            return f"The first {len(self._before)} lines of the reply hold neither a fence nor a line of the file."
        return ""

    def finish(self) -> Reply:
        """The whole reply; `push` must not be called again."""
        for line in self._buffer.finish():
            self._line(line)
        if self._state is _ParserState.SENTINEL:
            return Reply(self._kind, reason=" ".join(" ".join(self._reason).split()))
        if self._state in {_ParserState.AGREED, _ParserState.OTHER, _ParserState.CLOSED}:
            return self._framed()
        return self._bare()

    def _show(self) -> list[str]:
        lines = self._code[self._shown :]
        self._shown = len(self._code)
        return lines

    def _line(self, received: str) -> None:
        line = self._reasoning.line(received)
        if line is None:
            return
        match self._state:
            case _ParserState.START | _ParserState.UNDECIDED:
                self._undecided(line)
            case _ParserState.AGREED:
                if line.rstrip() == self._frame.fence:
                    self._state = _ParserState.CLOSED
                else:
                    self._code.append(line)
            case _ParserState.OTHER:
                self._other(line)
            case _ParserState.BARE:
                self._code.append(line)
            case _ParserState.SENTINEL:
                self._reason.append(line)
            case _ParserState.CLOSED:
                self._after.append(line)

    def _undecided(self, line: str) -> None:
        content = line.rstrip("\n")
        first = self._state is _ParserState.START
        if closes_reasoning(line) and content not in self._known:
            # Its beginning was in the prompt: all that came so far is reasoning.
            self._state = _ParserState.START
            self._before = []
            self._run = 0
            self._code_seen = False
            return
        if first and not content.strip():
            self._before.append(line)
            return
        fence = _FENCE.fullmatch(line)
        if fence and fence["fence"] == self._frame.fence:
            self._state = _ParserState.AGREED
            return
        if first and content == self._first:
            self._bare_from_here()
            self._code.append(line)
            return
        if first and (sentinel := self._sentinel(content)):
            self._state = _ParserState.SENTINEL
            self._kind = _KINDS[sentinel["word"]]
            self._reason.append(sentinel["reason"])
            return
        if fence and not self._code_seen:
            self._state = _ParserState.OTHER
            self._fence = fence["fence"]
            return
        self._state = _ParserState.UNDECIDED
        self._before.append(line)
        if content in self._known:
            self._code_seen = True
            self._run += 1
            if self._run >= _RUN_THAT_SHOWS_CODE:
                self._bare_from_here()
        elif content.strip():
            self._run = 0

    def _sentinel(self, content: str) -> re.Match[str] | None:
        match = _SENTINELS.fullmatch(content)
        if match and match["word"] == rendering.SECTIONS and not self._may_need_more:
            return None
        return match

    def _bare_from_here(self) -> None:
        self._state = _ParserState.BARE
        self._code, self._before = self._before, []
        if self._first is not None and not self._original.startswith("\n"):
            # A blank line before everything is a habit of models, never an edit.
            while self._code and not self._code[0].strip():
                del self._code[0]

    def _other(self, line: str) -> None:
        fence = _FENCE.fullmatch(line)
        if fence and not fence["info"].strip() and fence["fence"].startswith(self._fence):
            if not self._original_has_fences:
                self._state = _ParserState.CLOSED
                return
            # The file holds fences of its own: only the last one can be the frame's.
            self._code += self._held
            self._held = [line]
        elif self._held:
            self._held.append(line)
        else:
            self._code.append(line)

    def _framed(self) -> Reply:
        agreed = not self._fence
        closed = self._state is _ParserState.CLOSED
        if self._held:
            closed = True
            self._after = self._held[1:]
        elif not closed and self._code:
            # The closing fence sometimes sticks to the last line.
            fence = self._fence or self._frame.fence
            last = self._code[-1].rstrip()
            if last.endswith(fence) and not (self._fence and self._original_has_fences):
                closed = True
                self._code[-1] = last.removesuffix(fence) + "\n"
        code = self._with_final_newline("".join(self._code))
        if not agreed and not self._final_newline_meant:
            # Around a frame of its own a model is free with blank lines; those at the end follow the original.
            end = len(self._original) - len(self._original.rstrip("\n")) if self._original else 1
            code = code.rstrip("\n") + "\n" * end
        framing = Framing.AGREED if agreed else Framing.OTHER
        before, after = "".join(self._before), "".join(self._after)
        return Reply(ReplyKind.CODE, code, framing, closed, before.strip(), after.strip())

    def _bare(self) -> Reply:
        if self._state is not _ParserState.BARE:
            self._bare_from_here()
        return Reply(ReplyKind.CODE, self._with_final_newline("".join(self._code)))

    def _with_final_newline(self, code: str) -> str:
        if code and not code.endswith("\n"):
            code += "\n"
        if self._original and not self._original.endswith("\n") and not self._final_newline_meant:
            return code.removesuffix("\n")
        return code
