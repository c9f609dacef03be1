"""The tasks behind a session's commands: kept until they end, answered early where an editor is slow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Answer = TypeVar("_Answer")
_WIND_UP_S: Final = 2.0
# How long a client has to report a change before the command that made it is answered all the same.
_EARLY_S: Final = 1.0


class Tasks:
    """The tasks that run for commands; one for a session."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many still run."""
        return len(self._tasks)

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task until it ends."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_retrieve_exception)

    async def answer_or_early(
        self, task: asyncio.Task[_Answer], sent: asyncio.Event, early: Callable[[], _Answer]
    ) -> _Answer:
        """The answer of `task`, or `early` if the client does not report in time what it was sent.

        Emacs runs the command of an action synchronously, and reports its changes only when its user could
        type again: so the change that would prove the edit comes after the answer, and is waited for there.
        """
        self.keep(task)
        sending = asyncio.create_task(sent.wait())
        try:
            await asyncio.wait({task, sending}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait({task}, timeout=_EARLY_S)
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            sending.cancel()
        return task.result() if task.done() else early()

    async def wind_up(self) -> None:
        """Cancel all tasks, and give them time to write their records."""
        tasks = list(self._tasks)
        for task in tasks:
            # One that was stopped before is writing its record, and a second cancellation would lose that.
            if not task.cancelling():
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_WIND_UP_S)


def _retrieve_exception(task: asyncio.Task[Any]) -> None:
    """Retrieve a task's exception: when its request was cancelled, nobody else does."""
    if not task.cancelled():
        task.exception()
