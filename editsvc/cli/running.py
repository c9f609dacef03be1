"""One run of ``editsvc rewrite``: files edited side by side, printed in order, and asked about if wanted."""

from __future__ import annotations

import asyncio
import gc
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.cli import output
from editsvc.cli.display import display
from editsvc.cli.instruction import STDIN
from editsvc.cli.outcomes import (
    FileOutcome,
    Teller,
    Writing,
    finish,
    keep_refused,
    of_error,
    of_result,
    of_several,
    refused_by,
    to_its_end,
)
from editsvc.engine.edit import EditRequest
from editsvc.errors import Cancelled, EditsvcError, Stale
from editsvc.files import disk, workspace
from editsvc.system.signals import call_at_end
from editsvc.text.document import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.cli.asking import Asking
    from editsvc.cli.display import Display
    from editsvc.cli.estimate import Purse
    from editsvc.cli.going_on import GoingOn
    from editsvc.cli.totals import Totals
    from editsvc.engine.service import EditService
    from editsvc.guard.findings import Check
    from editsvc.prediction.policy import PredictionMode
    from editsvc.scope.scopes import ScopeRequest

_CANCELLED: Final = Cancelled("The edit was cancelled.")


class Options(msgspec.Struct, frozen=True):
    """What the command line says, checked."""

    instruction: str
    scope: ScopeRequest
    prediction: PredictionMode | None
    allow: tuple[Check, ...] | None
    allow_path: tuple[str, ...]
    only_asked: bool | None
    interactive: bool
    as_json: bool
    live: bool
    batch: str | None
    writing: Writing
    purse: Purse | None = None
    going_on: GoingOn | None = None


async def run(
    options: Options,
    paths: Sequence[str],
    teller: Teller,
    *,
    offline: bool,
    totals: Totals,
    asking: Asking | None = None,
) -> list[FileOutcome]:
    """Edit `paths`, at most `jobs` at a time: an outcome for each, in their order, all of them told.

    They are told as they end to somebody who watches, else in their order: so two runs can be compared. With `asking`
    the user chooses the hunks of each file as its edit ends.
    """
    from editsvc.app.composition import open_service
    from editsvc.cli.together import files_of

    settings = options.writing.settings
    task = asyncio.current_task()
    if task is not None:
        call_at_end(lambda _number: task.cancel(), interrupts=False)
    run_files = partial(files_of, options.instruction, paths)
    if options.writing.batch is not None:
        from editsvc.cli import resuming

        run_files = partial(run_files, resuming.at_first(settings, options.writing.batch))
    async with open_service(settings, offline=offline, run_files=run_files) as service:
        if service.offline and not offline:
            output.print_message(
                "editsvc: no API key was found, so the offline engine edits (set CEREBRAS_API_KEY for a model)."
            )
        with display(paths, drawn=options.live, totals=totals) as shown:
            course = _Course(
                options, paths, teller, service=service, shown=shown, totals=totals, asking=asking
            )
            return await course.run(settings.jobs)


class _Course:
    """The files of one run on their way: what has ended, and what of it was told."""

    def __init__(
        self,
        options: Options,
        paths: Sequence[str],
        teller: Teller,
        *,
        service: EditService,
        shown: Display,
        totals: Totals,
        asking: Asking | None,
    ) -> None:
        self._asking = asking
        self._options = options
        self._paths = paths
        self._teller = teller
        self._service = service
        self._shown = shown
        self._totals = totals
        self._outcomes: dict[int, FileOutcome] = {}
        self._told = 0  # so many, if they are told in their order
        self._next = iter(range(len(paths)))
        self._stopped = False
        self._as_they_end = teller.as_they_end or (options.live and sys.stdout.isatty())

    async def run(self, jobs: int) -> list[FileOutcome]:
        """All outcomes; if the task is cancelled, those that have ended, and that the others have not."""
        if self._asking is None:
            workers = [asyncio.create_task(self._work()) for _ in range(min(jobs, len(self._paths)))]
        else:
            limit = asyncio.Semaphore(jobs)
            workers = [
                asyncio.create_task(self._asked(number, limit, self._asking))
                for number in range(len(self._paths))
            ]
        try:
            await asyncio.gather(*workers)
        except asyncio.CancelledError:
            self._stopped = True
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            missing = [number for number in range(len(self._paths)) if number not in self._outcomes]
            rest = [of_error(self._paths[number], _CANCELLED) for number in missing]
            self._outcomes.update(zip(missing, rest, strict=True))
            for outcome in rest:
                self._totals.add(outcome)
            told = rest if self._as_they_end or self._asking else self._in_order()[self._told :]
            said = () if self._asking is None else self._asking.told
            self._tell([one for one in told if one.path not in said], titled=True)
        return self._in_order()

    def _in_order(self) -> list[FileOutcome]:
        return [self._outcomes[number] for number in sorted(self._outcomes)]

    async def _work(self) -> None:
        """Edit one file after the other."""
        for number in self._next:
            if self._stopped:
                return
            self._ended(number, await self._edited(self._paths[number]))

    async def _asked(self, number: int, limit: asyncio.Semaphore, asking: Asking) -> None:
        """Edit a file when there is room, and ask about it: meanwhile others are edited."""
        path = self._paths[number]

        async def edited() -> FileOutcome:
            async with limit:
                return await self._edited(path)

        outcome = await asking.about(path, edited(), self._shown)
        self._outcomes[number] = outcome
        self._totals.add(outcome)

    async def _edited(self, path: str) -> FileOutcome:
        purse = self._options.purse
        if purse is None:
            return await _one(self._options, path, self._service, self._shown)
        try:
            purse.take(path)
        except EditsvcError as exc:
            return of_error(path, exc)
        outcome = None
        try:
            outcome = await _one(self._options, path, self._service, self._shown)
        finally:
            paid = outcome.result if outcome is not None and outcome.earlier is None else None
            purse.settle(path, paid.cost_usd if paid is not None else None)
        return outcome

    def _ended(self, number: int, outcome: FileOutcome) -> None:
        self._outcomes[number] = outcome
        self._totals.add(outcome)
        if self._as_they_end:
            self._tell([outcome])
            return
        # Those behind the first one may have ended before it.
        ready: list[FileOutcome] = []
        while self._told + len(ready) in self._outcomes:
            ready.append(self._outcomes[self._told + len(ready)])
        self._told += len(ready)
        self._tell(ready)

    def _tell(self, outcomes: Sequence[FileOutcome], *, titled: bool = False) -> None:
        if outcomes and not self._options.as_json:
            with self._shown.aside():
                self._teller.tell(outcomes, titled=titled)


async def _one(options: Options, path: str, service: EditService, shown: Display) -> FileOutcome:
    from editsvc.tokenlog import Source

    try:
        source, data = await asyncio.to_thread(_read, path, options.allow_path)
        name = options.writing.stdin_filename if source is None else Path(path).name
        snapshot = decode(data, uri=path)
    except EditsvcError as exc:
        warning = await service.record_refusal(exc, source=Source.CLI, path=_absolute(path))
        return replace(of_error(path, exc), remarks=(warning,) if warning else ())
    remarks: tuple[str, ...] = ()
    if source is not None and options.writing.batch is not None:
        from editsvc.cli import resuming

        outcome, remarks = resuming.of_earlier(options.writing, path, source, snapshot)
        if outcome is not None:
            return await to_its_end(finish, options.writing, outcome)
    request = EditRequest(
        snapshot=snapshot,
        instruction=options.instruction,
        filename=Path(name).name,
        source=Source.CLI,
        path=str(source.path) if source else "",
        scope=options.scope,
        prediction=options.prediction,
        allow=options.allow,
        only_asked=options.only_asked,
        batch=options.batch,
    )
    if options.going_on is not None:
        request, remark = options.going_on.request(request, source)
        remarks = (*remarks, remark) if remark else remarks
    with shown.file(path) as listener:
        result = await service.edit(request, listener)
    if options.going_on is not None:
        result = options.going_on.result(result, snapshot)
    gc.enable()  # if no request was sent
    from editsvc.engine.places import unexplained

    outcome = of_result(path, result, source)
    outcome = replace(outcome, remarks=(*remarks, *outcome.remarks))
    if options.batch is not None:
        outcome = of_several(outcome)
    shown.unexplained(len(unexplained(result)))
    if result.refused is not None:
        from editsvc.files import refused

        allow = None if options.allow is None else tuple(map(str, options.allow))
        asked = refused.Asked(request.instruction, request.filename, refused_by(result), allow)
        return await asyncio.to_thread(keep_refused, options.writing, outcome, asked)
    if options.interactive:
        return outcome
    return await to_its_end(finish, options.writing, outcome)


def _read(path: str, allowed: Sequence[str]) -> tuple[disk.SourceFile | None, bytes]:
    if path == STDIN:
        return None, sys.stdin.buffer.read()
    real = workspace.typed(path, here=Path.cwd(), allowed=allowed)
    source = disk.read(Path(path))
    if source.path != real:
        raise Stale(f"{path} leads elsewhere by now.", hint="Run the edit again.")
    return source, source.data


def _absolute(path: str) -> str:
    return str(Path(path).absolute())
