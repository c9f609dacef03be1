"""The tasks behind a session's commands: kept until they end."""

from __future__ import annotations

import asyncio
from typing import Any, Final

_WIND_UP_S: Final = 2.0


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
