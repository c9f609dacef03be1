"""What is done while a reply is awaited, and while it comes, so that less is left to do behind its last byte."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from editsvc.engine.plan import Plan
    from editsvc.guard.ahead import Ahead
    from editsvc.guard.original import Original

# Characters of a document; what is known of a longer one would take much memory for as long as the reply comes.
_LONGEST: Final = 3_000_000
_BATCH: Final = 50  # lines; fewer are not worth a turn


class Meanwhile:
    """Works ahead for the checks of one reply, in threads, a short turn at a time; to be used on the event loop.

    Nothing depends on how far it comes: what was not done is done when it is needed.
    """

    def __init__(self, plan: Plan, known: Callable[[], Original]) -> None:
        self._sections = {section.number: section for section in plan.target.sections}
        self._known = known
        self._loop = asyncio.get_running_loop()
        self._ahead: Ahead | None = None
        self._number: int | None = None
        self._lines: list[tuple[int, list[str]]] = []
        self._waiting = 0
        self._turn: asyncio.Future[None] | None = None
        self._over = False

    def begin(self) -> None:
        """Begin, now that the request is on its way: before that, it would be held up; safe from every thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits for the reply any more
            self._loop.call_soon_threadsafe(self._go)

    def received(self, arrived: Iterable[tuple[int, list[str]]]) -> None:
        """More lines of the reply, by the numbers of their sections."""
        for number, lines in arrived:
            self._lines.append((number, lines))
            self._waiting += len(lines)
        if self._ahead is not None and self._waiting >= _BATCH:
            self._go()

    def restarted(self) -> None:
        """Another reply replaces what was received so far."""
        self._lines.clear()
        self._waiting, self._number, self._ahead = 0, None, None

    async def ended(self) -> None:
        """The reply is complete: the present turn is the last one."""
        self.stop()
        if self._turn is not None:
            await asyncio.wait([self._turn])

    def stop(self) -> None:
        """No turn is to begin any more."""
        self._over = True

    def _go(self) -> None:
        if self._turn is not None or self._over:
            return
        lines, self._lines, self._waiting = self._lines, [], 0
        self._turn = self._loop.run_in_executor(None, self._work, lines)
        self._turn.add_done_callback(self._done)

    def _done(self, turn: asyncio.Future[None]) -> None:
        self._turn = None
        if not turn.cancelled() and turn.exception() is None and self._waiting >= _BATCH:
            self._go()

    def _work(self, arrived: Sequence[tuple[int, list[str]]]) -> None:
        if self._ahead is None:
            from editsvc.guard.ahead import Ahead

            known = self._known()
            known.prepare(lambda: not self._over)
            if self._over:
                return
            self._ahead = Ahead(known)
        for number, lines in arrived:
            if self._over:
                return
            if number != self._number:
                self._number = number
                section = self._sections.get(number)
                if section is not None:
                    self._ahead.turn_to(section.first_line - 1, section.last_line)
            self._ahead.push(lines)


@asynccontextmanager
async def working_ahead(plan: Plan) -> AsyncIterator[Meanwhile | None]:
    """A `Meanwhile` for the reply that is received within; None where there is nothing to prepare."""
    if plan.known is None or plan.asks_where or len(plan.document) > _LONGEST:
        yield None
        return
    meanwhile = Meanwhile(plan, plan.known)
    try:
        yield meanwhile
        await meanwhile.ended()
    finally:
        meanwhile.stop()
