"""The questions of ``--interactive`` about many files: asked as their edits end, while the others go on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import click

from editsvc import figures
from editsvc.cli.outcomes import FileOutcome, log, name_in_diff, to_its_end, write_if_asked
from editsvc.errors import ExitCode, Status

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from editsvc.cli.choose import Chosen
    from editsvc.cli.display import Display
    from editsvc.cli.keys import Answers
    from editsvc.cli.outcomes import Teller, Writing
    from editsvc.settings.schema import Settings

_NOT_ASKED: Final = "not asked about, left with q"


@dataclass
class _Sum:
    """What was chosen in all files."""

    taken: int = 0
    count: int = 0
    files: int = 0
    not_asked: int = 0


@dataclass
class Asking:
    """Asks about one file at a time; `told` are the paths of which everything was said.

    With `quiet` nothing is said of files, as for ``--json``.
    """

    writing: Writing
    teller: Teller
    answers: Answers
    quiet: bool = False
    told: set[str] = field(default_factory=set)
    _left: bool = False
    _sum: _Sum = field(default_factory=_Sum)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[object]] = field(default_factory=set)

    async def about(
        self, path: str, editing: Coroutine[object, object, FileOutcome], shown: Display
    ) -> FileOutcome:
        """The outcome of `editing` and of the questions about it.

        Who leaves with q ends all edits that are under way, and an interrupt cancels them.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("not in a task")
        self._tasks.add(task)
        outcome = None
        try:
            outcome = await editing
            async with self._turn:
                with shown.aside():
                    outcome = await self._asked(outcome)
                    self._tell(outcome)
        except asyncio.CancelledError:
            if not self._left:
                raise
            task.uncancel()
            if outcome is None or outcome.exit_code is ExitCode.DONE:
                outcome = FileOutcome(path, Status.UNCHANGED, "", ExitCode.DONE, choice=_NOT_ASKED)
                self._sum.not_asked += 1
            self._tell(outcome)
        finally:
            self._tasks.discard(task)
        return outcome

    def summary(self) -> str:
        """What was chosen in several files, in a sentence; "" if there was nothing to choose."""
        if not self._sum.count and not self._sum.not_asked:
            return ""
        of = figures.count(self._sum.count, "hunk")
        words = f"In all {self._sum.taken:,} of {of} taken, in {figures.count(self._sum.files, 'file')}"
        if self._sum.not_asked:
            words += f"; {figures.count(self._sum.not_asked, 'file')} not asked about"
        return f"{words}."

    async def _asked(self, outcome: FileOutcome) -> FileOutcome:
        """Let the user choose the hunks of one file, log what was chosen, and go on as without questions."""
        from editsvc.cli.choose import Choice, choose
        from editsvc.text.diff import unified_diff

        result = outcome.result
        if result is None or result.after is None:
            return outcome
        name = name_in_diff(self.writing, outcome)
        old, new = result.before.encode(), result.after.encode()
        if old != new:
            try:
                chosen = await choose(outcome.path, Choice.of(result), self.answers)
            except click.Abort:
                self._cancel()
                raise asyncio.CancelledError from None
            self._count(chosen)
            await asyncio.to_thread(_record_verdict, self.writing.settings, result.id, chosen)
            new = chosen.text
            status = outcome.status if chosen.taken else Status.UNCHANGED
            outcome = replace(outcome, status=status, choice=chosen.sentence)
            if chosen.left:
                self._leave()
        diff = unified_diff(old, new, name.path, from_top=name.from_top)
        return await to_its_end(write_if_asked, self.writing, replace(outcome, diff=diff), new, name)

    def _count(self, chosen: Chosen) -> None:
        self._sum.taken += chosen.taken
        self._sum.count += chosen.count
        self._sum.files += 1

    def _tell(self, outcome: FileOutcome) -> None:
        self.told.add(outcome.path)
        if not self.quiet and outcome.choice != _NOT_ASKED:
            self.teller.tell([outcome])

    def _leave(self) -> None:
        """End everything that was not asked about."""
        self._left = True
        self._cancel()

    def _cancel(self) -> None:
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()


def _record_verdict(settings: Settings, record: str, chosen: Chosen) -> None:
    """Log what was chosen: nothing, where the user left before anything was."""
    from editsvc.tokenlog import Verdict

    if not chosen.decided:
        return
    taken, count = chosen.taken, chosen.count
    verdict = Verdict.ACCEPTED if taken == count else Verdict.PARTIAL if taken else Verdict.REJECTED
    log(
        settings,
        "Your choices were not logged.",
        lambda opened: opened.set_verdict(record, verdict, taken, hunks=count),
    )
