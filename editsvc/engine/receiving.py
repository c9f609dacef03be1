"""Receives a reply: parses and shows it as it arrives, and starts over if another one replaces it."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from editsvc.engine.assembly import Misfit
from editsvc.errors import EndlessReply
from editsvc.prompt.rendering import EditFormat
from editsvc.provider.base import Priority
from editsvc.reply import ReplyParser
from editsvc.reply.runaway import Runaway
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.engine.edit import Listener
    from editsvc.engine.meanwhile import Meanwhile
    from editsvc.engine.plan import Plan
    from editsvc.engine.preview import Preview
    from editsvc.engine.run import EditRun
    from editsvc.prompt.rendering import Frame
    from editsvc.provider.base import Attempt
    from editsvc.reply import Reply, SectionsParser


class ReplyReceiver:
    """The `Receiver` of one request of an edit; structured edits, and answers to where, are not parsed, and not shown.

    `meanwhile`, where it is set, works ahead on what arrives. `limit` is the edit's deadline. It stands still while one
    of many files waits for its turn, or for others of ours: that says nothing about the server.
    """

    def __init__(
        self,
        run: EditRun,
        plan: Plan,
        frame: Frame,
        *,
        priority: Priority,
        limit: asyncio.Timeout,
        listener: Listener | None,
    ) -> None:
        self._run = run
        self._plan = plan
        self._frame = frame
        self._limit = limit
        self._listener = listener
        self._stands_still = priority is Priority.BATCH
        self._held = False
        self._left_s: float | None = None  # while the deadline stands still
        self._pieces: list[str] = []
        self._runaway = Runaway("")
        self._parser: ReplyParser | SectionsParser | None = None
        self._preview: Preview | None = None
        self.meanwhile: Meanwhile | None = None

    @property
    def text(self) -> str:
        """The received text of the current reply."""
        return "".join(self._pieces)

    def begin(self) -> None:
        """Get ready for a reply; takes milliseconds for a long document."""
        unparsed = self._plan.form is EditFormat.SEARCH_REPLACE or self._plan.asks_where
        self._runaway = Runaway(self._plan.document, one_line=unparsed, instruction=self._plan.instruction)
        self._parser = None if unparsed else self._plan.parser(self._frame)
        self._preview = None

    def finish(self) -> Reply | None:
        """The whole reply; None for one that is used as text."""
        self._preview = None  # what it knows of a large document is large, too
        return None if self._parser is None else self._parser.finish()

    def cut_off(self) -> None:
        """The reply has ended at its limit; raises EndlessReply if it repeats itself, so that more room is no use."""
        found = self._runaway.at_its_limit(self.text)
        if found is not None:
            raise _endless(found)

    def received(self, text: str) -> None:
        """More of the reply; raises Misfit or EndlessReply once it is certain that nothing comes of it."""
        if not self._pieces and self._listener is not None and not self._plan.asks_where:
            self._listener.begun()
        self._pieces.append(text)
        found = self._runaway.push(text)
        if found is not None:
            raise _endless(found)
        if self._parser is None:
            return
        if isinstance(self._parser, ReplyParser):
            lines = self._parser.push(text)
            arrived = [(self._plan.target.sections[0].number, lines)] if lines else []
        else:
            arrived = self._parser.push(text)
            if self._parser.misfit:
                raise Misfit(self._parser.misfit)
        if self._parser.astray:
            raise _endless(self._parser.astray)
        if self.meanwhile is not None and arrived:
            self.meanwhile.received(arrived)
        if arrived and self._listener is not None and self._listener.follows:
            self._show(self._listener, arrived)

    def _show(self, listener: Listener, arrived: Iterable[tuple[int, list[str]]]) -> None:
        """Let the front end see what these lines make certain."""
        if self._preview is None:  # not before: the request was to leave first
            from editsvc.engine.preview import Preview

            known = self._plan.known
            lines = split_lines(self._plan.document) if known is None else known().lines
            self._preview = Preview(lines, self._plan.target)
        for number, lines in arrived:
            listener.streamed(self._preview.push(number, lines))

    def restarted(self) -> None:
        """Another reply replaces the one received so far."""
        self._pieces.clear()
        self.begin()
        if self.meanwhile is not None:
            self.meanwhile.restarted()
        if self._listener is not None:
            self._listener.restarted()

    def attempted(self, attempt: Attempt) -> None:
        """A request has ended."""
        self._run.attempts.append(attempt)

    def held(self, seconds: float | None) -> None:
        """The request is held back."""
        if (self._stands_still or seconds is None) and self._left_s is None:
            self._left_s = self.time_left_s()
            self._limit.reschedule(None)
        self._held = True
        if self._listener is not None:
            self._listener.held(seconds)

    def released(self) -> None:
        """It goes on."""
        if self._held and self._listener is not None:
            self._listener.released()
        self._held = False
        if self._left_s is not None:
            left, self._left_s = self._left_s, None
            if not math.isinf(left):
                self._limit.reschedule(asyncio.get_running_loop().time() + left)

    def granted(self, seconds: float) -> None:
        """A slow server is asked: the deadline is no sooner than that."""
        now = asyncio.get_running_loop().time()
        when = self._limit.when()
        if when is not None and when < now + seconds:
            self._run.allowed_s += now + seconds - when
            self._limit.reschedule(now + seconds)

    def time_left_s(self) -> float:
        """Seconds until the edit's deadline."""
        if self._left_s is not None:
            return self._left_s
        when = self._limit.when()
        return math.inf if when is None else when - asyncio.get_running_loop().time()


def _endless(sentence: str) -> EndlessReply:
    """The error for a reply that was not read to its end, since nothing comes of it."""
    return EndlessReply(sentence, hint="Nothing was changed; rephrase the instruction.")
