"""``editsvc rewrite``: files in, diffs out, and written if asked."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from editsvc import environment, files, undo, workspace
from editsvc import scope as scopes
from editsvc.cli import output
from editsvc.cli.waits import WaitTeller
from editsvc.diff import hunks, keep_hunks, unified_diff
from editsvc.diff_names import diff_name
from editsvc.edit import EditRequest, facts
from editsvc.errors import Cancelled, EditsvcError, ExitCode, Stale, Status, UsageError
from editsvc.guard import WAIVABLE, Check
from editsvc.policy import PredictionMode
from editsvc.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.config import Settings
    from editsvc.diff_names import DiffName
    from editsvc.scope import ScopeRequest
    from editsvc.service import EditResult, EditService
    from editsvc.tokenlog import TokenLog

STDIN: Final = "-"
SCHEMA: Final = 1
_CANCELLED: Final = Cancelled("The edit was cancelled.")


@dataclass(frozen=True)
class Options:
    """What the command line says, checked. `recording` keeps what is overwritten, if that is wanted."""

    settings: Settings
    instruction: str
    scope: ScopeRequest
    prediction: PredictionMode | None
    allow: tuple[Check, ...] | None
    allow_path: tuple[str, ...]
    apply: bool
    interactive: bool
    as_json: bool
    live: bool
    stdin_filename: str
    batch: str | None
    recording: undo.Recording | None


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    `result` is None if it could not even be read, `error` the kind of what ended it; `remark` is about the diff.
    """

    path: str
    status: Status
    message: str
    exit_code: ExitCode
    error: str | None = None
    diff: bytes = b""
    remark: str = ""
    output: bytes | None = None
    source: files.SourceFile | None = None
    result: EditResult | None = None


@click.command(
    short_help="Change files as an instruction says.",
    epilog="""\b
Examples:
  editsvc rewrite -i "rename fetch to download" client.py
  editsvc rewrite -i "change #00FF00 to blue" theme.css | git apply
  editsvc rewrite -i "add type hints" --scope symbol:Client.get --apply client.py
  editsvc rewrite -i "sort imports" --interactive --apply src/*.py
  editsvc rewrite -i "fix the typo" - < notes.md
  editsvc rewrite -i "sort the lines" --allow-path .env .env""",
)
@click.option("-i", "--instruction", required=True, help="What is to change, in plain words.")
@click.option(
    "--scope",
    default="auto",
    show_default=True,
    metavar="SCOPE",
    help="What may be rewritten: auto, file, symbol:NAME or lines:A-B.",
)
@click.option(
    "--prediction",
    type=click.Choice([mode.value for mode in PredictionMode]),
    help="Send the text itself as the predicted output.  [default: auto]",
)
@click.option("--apply", is_flag=True, help="Write the files; without it nothing is written.")
@click.option("--interactive", is_flag=True, help="Ask hunk by hunk, as git add -p does.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of diffs.")
@click.option("--model", help="The model that edits.")
@click.option("--offline", is_flag=True, help="Use the offline engine, even if there is an API key.")
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice(sorted(check.value for check in WAIVABLE)),
    help="Accept an edit that this check would refuse; can be repeated.",
)
@click.option(
    "--allow-path",
    multiple=True,
    metavar="FILE",
    help="Edit FILE although it leads out of the workspace or usually holds keys; can be repeated.",
)
@click.option("--jobs", type=click.IntRange(1, 64), help="How many files at the same time.  [default: 4]")
@click.option("--stdin-filename", default="stdin.txt", show_default=True, help="The name that - stands for.")
@click.argument("paths", nargs=-1, metavar="FILE...")
def command(
    *,
    instruction: str,
    scope: str,
    prediction: str | None,
    apply: bool,
    interactive: bool,
    as_json: bool,
    model: str | None,
    offline: bool,
    allow: tuple[str, ...],
    allow_path: tuple[str, ...],
    jobs: int | None,
    stdin_filename: str,
    paths: tuple[str, ...],
) -> int:
    """Change files as an instruction says.

    Prints a unified diff that git apply takes, and writes nothing without --apply. FILE can be - for standard
    input; with --apply the new text then goes to standard output instead of a diff.

    A file that leads out of the workspace (the git work tree, else the current folder), that is in a .git folder, or
    that usually holds keys (.env, *.pem, .ssh and the like) is refused unless --allow-path names it. A path that
    begins with / may lead anywhere.
    """
    paths = paths or tuple(dict.fromkeys(allow_path))
    if not paths:
        raise click.UsageError("Missing argument 'FILE...'.", click.get_current_context())
    if not instruction.strip():
        raise UsageError("The instruction is empty.", hint='Say what is to change: -i "…".')
    if len(set(paths)) != len(paths):
        raise UsageError("A file is named twice.", hint="Name each file once.")
    if interactive and (STDIN in paths or not sys.stdin.isatty()):
        raise UsageError("--interactive asks on the terminal, and standard input is none.")
    resolved = environment.load({"model": model, "jobs": jobs})
    for warning in resolved.warnings:
        output.say(f"editsvc: {warning}")
    options = Options(
        settings=resolved.settings,
        instruction=instruction,
        scope=scopes.parse(scope),
        prediction=PredictionMode(prediction) if prediction else None,
        allow=tuple(Check(name) for name in allow) or None,
        allow_path=allow_path,
        apply=apply,
        interactive=interactive,
        as_json=as_json,
        live=sys.stderr.isatty() and not as_json,
        stdin_filename=stdin_filename,
        batch="this run" if len(paths) > 1 else None,
        recording=_recording(resolved.settings),
    )
    outcomes = asyncio.run(_run(options, paths, offline=offline))
    if options.interactive:
        # Questions are asked when no event loop runs any more: it would take Ctrl-C for itself.
        outcomes = [_ask(options, outcome, titled=len(paths) > 1) for outcome in outcomes]
    if options.as_json:
        output.write_json({"schema": SCHEMA, "edits": [_entry(outcome) for outcome in outcomes]})
        for outcome in outcomes:
            _complain(outcome, titled=len(paths) > 1)
    return max(outcome.exit_code for outcome in outcomes)


def _recording(settings: Settings) -> undo.Recording | None:
    if not settings.undo_enabled:
        return None
    return undo.Recording(
        environment.data_dir(settings) / undo.FOLDER, secrets.token_hex(4), datetime.now(UTC)
    )


async def _run(options: Options, paths: Sequence[str], *, offline: bool) -> list[Outcome]:
    from editsvc.app import open_service

    settings = options.settings
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None and os.name == "posix":
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    outcomes: list[Outcome] = []
    async with open_service(settings, offline=offline) as service:
        if service.offline and not offline:
            output.say(
                "editsvc: no API key was found, so the offline engine edits (set CEREBRAS_API_KEY for a model)."
            )
        # What is drawn or asked on a terminal comes one file after the other.
        limit = asyncio.Semaphore(1 if options.live or options.interactive else settings.jobs)

        async def edit(path: str) -> Outcome:
            async with limit:
                return await _one(options, path, service)

        tasks = [asyncio.create_task(edit(path)) for path in paths]
        try:
            for running in tasks:
                outcomes.append(await running)
                if not options.as_json and not options.interactive:
                    _print(options, outcomes[-1], titled=len(paths) > 1)
        except asyncio.CancelledError:
            for running in tasks:
                running.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for path, end in list(zip(paths, ended, strict=True))[len(outcomes) :]:
                outcomes.append(end if isinstance(end, Outcome) else _ended(path, _CANCELLED))
                if not options.as_json:
                    _print(options, outcomes[-1], titled=True)
    return outcomes


async def _one(options: Options, path: str, service: EditService) -> Outcome:
    from editsvc.tokenlog import Source

    try:
        source, data = await asyncio.to_thread(_read, path, options.allow_path)
        name = options.stdin_filename if source is None else Path(path).name
        snapshot = decode(data, uri=path)
    except EditsvcError as exc:
        warning = await service.note_refusal(exc, source=Source.CLI, path=_absolute(path))
        if warning:
            output.say(f"editsvc: {warning}")
        return _ended(path, exc)
    request = EditRequest(
        snapshot=snapshot,
        instruction=options.instruction,
        filename=Path(name).name,
        source=Source.CLI,
        path=str(source.path) if source else "",
        scope=options.scope,
        prediction=options.prediction,
        allow=options.allow,
        batch=options.batch,
    )
    if options.live:
        from editsvc.cli.live import LiveDiff

        with LiveDiff(path) as listener:
            result = await service.edit(request, listener)
    else:
        result = await service.edit(request, WaitTeller(path))
    outcome = Outcome(
        path, result.status, result.message, result.exit_code, result.error, source=source, result=result
    )
    if result.after is None or options.interactive:
        return outcome
    finishing = asyncio.create_task(asyncio.to_thread(_finish, options, outcome, result.after.encode()))
    try:
        return await asyncio.shield(finishing)
    except asyncio.CancelledError:
        return await finishing  # the file is being written: what happened to it must be reported


def _finish(options: Options, outcome: Outcome, new: bytes) -> Outcome:
    """Make the diff, and write if asked."""
    result, source = outcome.result, outcome.source
    if result is None:
        return outcome
    name = _name(options, outcome)
    diff = unified_diff(result.before.encode(), new, name.path, from_top=name.from_top)
    status = Status.CHANGED if diff else Status.UNCHANGED
    written = None
    try:
        if options.apply and source is None:
            written = new
        elif options.apply and source is not None and diff:
            _write(options, source, new)
    except EditsvcError as exc:
        _amend(options.settings, result.id, exc)
        message = exc.sentence()
        return replace(outcome, status=exc.status, message=message, exit_code=exc.exit_code, error=exc.kind)
    remark = name.remark if diff and not options.apply else ""
    return replace(outcome, status=status, diff=diff, output=written, remark=remark)


def _write(options: Options, source: files.SourceFile, new: bytes) -> None:
    if options.recording is None:
        files.write(source, new)
    elif warning := options.recording.write(source, new):
        output.say(f"editsvc: {warning}")


def _ended(path: str, exc: EditsvcError) -> Outcome:
    return Outcome(path, exc.status, exc.sentence(), exc.exit_code, exc.kind)


def _ask(options: Options, outcome: Outcome, *, titled: bool) -> Outcome:
    """Let the user choose the hunks of one file, log what was chosen, and go on as without questions."""
    from editsvc.cli.choose import choose_hunks

    result = outcome.result
    if result is not None and result.after is not None:
        old, new = result.before.encode(), result.after.encode()
        if result.edits:
            name = _name(options, outcome)
            diff = unified_diff(old, new, name.path, from_top=name.from_top).decode()
            count = len(hunks(diff))
            taken = choose_hunks(outcome.path, diff)
            _judge(options.settings, result.id, len(taken), count)
            new = keep_hunks(old, new, taken)
        outcome = _finish(options, outcome, new)
    if not options.as_json:
        _print(options, outcome, titled=titled)
    return outcome


def _judge(settings: Settings, record: str, taken: int, count: int) -> None:
    from editsvc.tokenlog import Verdict

    verdict = Verdict.ACCEPTED if taken == count else Verdict.PARTIAL if taken else Verdict.REJECTED
    _log(settings, "What you chose was not logged.", lambda log: log.set_verdict(record, verdict, taken))


def _amend(settings: Settings, record: str, exc: EditsvcError) -> None:
    """Have it in the log that an edit which passed was not written."""
    missing = "That the file was not written was not logged."
    _log(settings, missing, lambda log: log.set_outcome(record, exc.status, exc.kind))


def _log(settings: Settings, missing: str, note: Callable[[TokenLog], object]) -> None:
    from editsvc.app import open_log
    from editsvc.tokenlog import LogUnavailable

    if not settings.log_enabled:
        return
    try:
        with open_log(settings) as log:
            note(log)
    except LogUnavailable as exc:
        output.say(f"editsvc: {exc.told(missing)}")


def _name(options: Options, outcome: Outcome) -> DiffName:
    path = Path(outcome.path if outcome.source else options.stdin_filename)
    return diff_name(path, here=Path.cwd(), environ=os.environ)


def _read(path: str, allowed: Sequence[str]) -> tuple[files.SourceFile | None, bytes]:
    if path == STDIN:
        return None, sys.stdin.buffer.read()
    real = workspace.typed(path, here=Path.cwd(), allowed=allowed)
    source = files.read(Path(path))
    if source.path != real:
        raise Stale(f"{path} leads elsewhere by now.", hint="Run the edit again.")
    return source, source.data


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def _print(options: Options, outcome: Outcome, *, titled: bool) -> None:
    if outcome.output is not None:
        output.write_bytes(outcome.output)
    else:
        output.write_diff(outcome.diff)
    if outcome.remark:
        output.say(f"editsvc: {outcome.remark}")
    result = outcome.result
    if result is not None:
        for warning in result.warnings:
            output.say(f"editsvc: {warning}")
    if outcome.exit_code is ExitCode.DONE and result is not None:
        title = f"{outcome.path}: " if titled else ""
        nothing = "nothing to change · " if outcome.status is Status.UNCHANGED else ""
        written = "written · " if options.apply and outcome.diff and outcome.output is None else ""
        output.say(f"{title}{nothing}{written}{output.token_line(result)}")
    else:
        _complain(outcome, titled=titled)


def _complain(outcome: Outcome, *, titled: bool) -> None:
    if outcome.exit_code is not ExitCode.DONE:
        output.say(f"editsvc: {outcome.path + ': ' if titled else ''}{outcome.message}")


def _entry(outcome: Outcome) -> dict[str, Any]:
    """One element of ``edits``; what was not reported is null."""
    return {
        "path": output.utf8(outcome.path),
        "status": outcome.status,
        "message": output.utf8(outcome.message),
        "error": outcome.error,
        "diff": outcome.diff.decode("utf-8", "replace"),
        **facts(outcome.result),
    }
