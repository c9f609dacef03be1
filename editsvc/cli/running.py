"""One run of ``editsvc rewrite``: files edited side by side, printed in order, and asked about if wanted."""

from __future__ import annotations

import asyncio
import gc
import itertools
import sys
from dataclasses import replace
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
    refused_by,
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


async def run(
    options: Options,
    paths: Sequence[str],
    teller: Teller,
    *,
    offline: bool,
    asking: Asking | None = None,
) -> list[FileOutcome]:
    """Edit `paths`, at most `jobs` at a time: an outcome for each, in their order, all of them told.

    With `asking` the user chooses the hunks of each file as its edit ends.
    """
    from editsvc.app.composition import open_service

    settings = options.writing.settings
    task = asyncio.current_task()
    if task is not None:
        call_at_end(lambda _number: task.cancel(), interrupts=False)
    outcomes: list[FileOutcome] = []
    async with open_service(settings, offline=offline) as service:
        if service.offline and not offline:
            output.print_message(
                "editsvc: no API key was found, so the offline engine edits (set CEREBRAS_API_KEY for a model)."
            )
        limit = asyncio.Semaphore(settings.jobs)
        with display(paths, drawn=options.live) as shown:

            async def limited(path: str) -> FileOutcome:
                async with limit:
                    return await _one(options, path, service, shown)

            async def edit(path: str) -> FileOutcome:
                return await (limited(path) if asking is None else asking.about(path, limited(path), shown))

            tasks = [asyncio.create_task(edit(path)) for path in paths]
            try:
                while len(outcomes) < len(tasks):
                    await tasks[len(outcomes)]
                    # Those behind it may have ended before it: they are printed in the order of the command line.
                    ready = [
                        ended.result() for ended in itertools.takewhile(_is_done, tasks[len(outcomes) :])
                    ]
                    outcomes += ready
                    if not options.as_json and asking is None:
                        with shown.aside():
                            teller.tell(ready)
            except asyncio.CancelledError:
                for running in tasks:
                    running.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                rest = [
                    end if isinstance(end, FileOutcome) else of_error(path, _CANCELLED)
                    for path, end in list(zip(paths, ended, strict=True))[len(outcomes) :]
                ]
                outcomes += rest
                if not options.as_json:
                    told = () if asking is None else asking.told
                    with shown.aside():
                        teller.tell([one for one in rest if one.path not in told], titled=True)
    return outcomes


def _is_done(task: asyncio.Task[FileOutcome]) -> bool:
    return task.done()


async def _one(options: Options, path: str, service: EditService, shown: Display) -> FileOutcome:
    from editsvc.tokenlog import Source

    try:
        source, data = await asyncio.to_thread(_read, path, options.allow_path)
        name = options.writing.stdin_filename if source is None else Path(path).name
        snapshot = decode(data, uri=path)
    except EditsvcError as exc:
        warning = await service.record_refusal(exc, source=Source.CLI, path=_absolute(path))
        return replace(of_error(path, exc), remarks=(warning,) if warning else ())
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
    with shown.file(path) as listener:
        result = await service.edit(request, listener)
    gc.enable()  # if no request was sent
    from editsvc.engine.places import unexplained

    outcome = of_result(path, result, source)
    shown.unexplained(len(unexplained(result)))
    if result.refused is not None:
        from editsvc.files import refused

        allow = None if options.allow is None else tuple(map(str, options.allow))
        asked = refused.Asked(request.instruction, request.filename, refused_by(result), allow)
        return await asyncio.to_thread(keep_refused, options.writing, outcome, asked)
    if result.after is None or options.interactive:
        return outcome
    finishing = asyncio.create_task(asyncio.to_thread(finish, options.writing, outcome))
    try:
        return await asyncio.shield(finishing)
    except asyncio.CancelledError:
        return await finishing  # the file is being written: what happened to it must be reported


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
