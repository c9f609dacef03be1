"""``editsvc rewrite``: files in, diffs out, and written if asked."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import signal
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from editsvc.cli import output
from editsvc.cli.display import can_be_drawn_on, display
from editsvc.cli.remedies import message_of, message_of_result
from editsvc.engine.edit import EditRequest, result_json
from editsvc.errors import Cancelled, EditsvcError, ExitCode, Stale, Status, UsageError
from editsvc.files import disk, undo, workspace
from editsvc.files.diff_names import diff_name
from editsvc.guard.findings import WAIVABLE, Check
from editsvc.prediction.policy import PredictionMode
from editsvc.scope import scopes
from editsvc.settings import environment
from editsvc.text.diff import hunks, keep_hunks, unified_diff
from editsvc.text.document import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.cli.display import Display
    from editsvc.engine.edit import EditResult
    from editsvc.engine.service import EditService
    from editsvc.files.diff_names import DiffName
    from editsvc.scope.scopes import ScopeRequest
    from editsvc.settings.schema import Settings
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
class FileOutcome:
    """What became of one file.

    `result` is None if it could not even be read, `error` the kind of what ended it; `remarks` are sentences about it.
    """

    path: str
    status: Status
    message: str
    exit_code: ExitCode
    error: str | None = None
    diff: bytes = b""
    remarks: tuple[str, ...] = ()
    output: bytes | None = None
    source: disk.SourceFile | None = None
    result: EditResult | None = None


@click.command(
    short_help="Change files as an instruction says.",
    epilog="""\b
Examples:
  editsvc rewrite -i "rename fetch to download" client.py
  editsvc rewrite -i "change #00FF00 to blue" theme.css | git apply
  editsvc rewrite -i "replace 'prices/' with 'offers/'" --scope symbol:price_of --apply client.py
  editsvc rewrite -i "sort imports" --interactive --apply src/*.py
  editsvc rewrite -i "replace 'teh' with 'the'" - < notes.md
  editsvc rewrite -i "rename DEBUG to VERBOSE" --allow-path .env .env
  editsvc rewrite -i "add type hints" --scope symbol:fetch --apply client.py  # needs a key

Without a key the offline engine edits: it renames, replaces, recolours, removes, documents and sorts.""",
)
@click.option("-i", "--instruction", required=True, help="What to change, in plain words.")
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
@click.option("--model", help="The model to use.")
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
    help="Edit FILE even if it leads out of the workspace or usually holds keys; can be repeated.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="How many files to edit at the same time.  [default: 4]"
)
@click.option(
    "--stdin-filename", default="stdin.txt", show_default=True, help="The file name to assume for -."
)
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
        raise UsageError("The instruction is empty.", hint='Say what to change: -i "…".')
    if len(set(paths)) != len(paths):
        raise UsageError("A file is named twice.", hint="Name each file once.")
    if interactive and (STDIN in paths or not sys.stdin.isatty()):
        raise UsageError("--interactive asks on the terminal, and standard input is none.")
    resolved = environment.load({"model": model, "jobs": jobs})
    for warning in resolved.warnings:
        output.print_message(f"editsvc: {warning}")
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
        live=can_be_drawn_on() and not as_json,
        stdin_filename=stdin_filename,
        batch="this run" if len(paths) > 1 else None,
        recording=_recording(resolved.settings),
    )
    teller = _Teller(options, titled=len(paths) > 1)
    try:
        outcomes = asyncio.run(_run(options, paths, teller, offline=offline))
    finally:
        teller.release()
    if options.interactive:
        # Questions are asked when no event loop runs any more: it would take Ctrl-C for itself.
        outcomes = _asked(options, outcomes, teller)
    if options.as_json:
        output.write_json({"schema": SCHEMA, "edits": [_entry(outcome) for outcome in outcomes]})
        for outcome in outcomes:
            teller.remark(outcome, told=outcome.result.warnings if outcome.result else ())
            teller.complain(outcome)
    return max(outcome.exit_code for outcome in outcomes)


def _recording(settings: Settings) -> undo.Recording | None:
    if not settings.undo_enabled:
        return None
    return undo.Recording(
        environment.data_dir(settings) / undo.FOLDER, secrets.token_hex(4), datetime.now(UTC)
    )


async def _run(
    options: Options, paths: Sequence[str], teller: _Teller, *, offline: bool
) -> list[FileOutcome]:
    from editsvc.app.composition import open_service

    settings = options.settings
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None and os.name == "posix":
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    outcomes: list[FileOutcome] = []
    async with open_service(settings, offline=offline) as service:
        if service.offline and not offline:
            output.print_message(
                "editsvc: no API key was found, so the offline engine edits (set CEREBRAS_API_KEY for a model)."
            )
        limit = asyncio.Semaphore(settings.jobs)
        with display(paths, drawn=options.live) as shown:

            async def edit(path: str) -> FileOutcome:
                async with limit:
                    return await _one(options, path, service, shown)

            tasks = [asyncio.create_task(edit(path)) for path in paths]
            try:
                while len(outcomes) < len(tasks):
                    await tasks[len(outcomes)]
                    # Those behind it may have ended before it: they are printed in the order of the command line.
                    ready = [
                        ended.result() for ended in itertools.takewhile(_is_done, tasks[len(outcomes) :])
                    ]
                    outcomes += ready
                    if not options.as_json and not options.interactive:
                        with shown.aside():
                            teller.tell(ready)
            except asyncio.CancelledError:
                for running in tasks:
                    running.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                rest = [
                    end if isinstance(end, FileOutcome) else _ended(path, _CANCELLED)
                    for path, end in list(zip(paths, ended, strict=True))[len(outcomes) :]
                ]
                outcomes += rest
                if not options.as_json and not options.interactive:
                    with shown.aside():
                        teller.tell(rest, titled=True)
    return outcomes


def _is_done(task: asyncio.Task[FileOutcome]) -> bool:
    return task.done()


async def _one(options: Options, path: str, service: EditService, shown: Display) -> FileOutcome:
    from editsvc.tokenlog import Source

    try:
        source, data = await asyncio.to_thread(_read, path, options.allow_path)
        name = options.stdin_filename if source is None else Path(path).name
        snapshot = decode(data, uri=path)
    except EditsvcError as exc:
        warning = await service.record_refusal(exc, source=Source.CLI, path=_absolute(path))
        return replace(_ended(path, exc), remarks=(warning,) if warning else ())
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
    with shown.file(path) as listener:
        result = await service.edit(request, listener)
    outcome = FileOutcome(
        path,
        result.status,
        message_of_result(result),
        result.exit_code,
        result.error,
        remarks=result.warnings,
        source=source,
        result=result,
    )
    if result.after is None or options.interactive:
        return outcome
    finishing = asyncio.create_task(asyncio.to_thread(_finish, options, outcome))
    try:
        return await asyncio.shield(finishing)
    except asyncio.CancelledError:
        return await finishing  # the file is being written: what happened to it must be reported


def _finish(options: Options, outcome: FileOutcome) -> FileOutcome:
    """Make the diff, and write if asked."""
    result = outcome.result
    if result is None or result.after is None:
        return outcome
    name = _name(options, outcome)
    old, new = result.before.encode(), result.after.encode()
    diff = unified_diff(old, new, name.path, from_top=name.from_top)
    return _write_if_asked(options, replace(outcome, diff=diff), new, name)


def _write_if_asked(options: Options, outcome: FileOutcome, new: bytes, name: DiffName) -> FileOutcome:
    result, source, diff = outcome.result, outcome.source, outcome.diff
    if result is None:
        return outcome
    written = None
    remarks = outcome.remarks
    if name.remark and diff and not options.apply:
        remarks += (name.remark,)
    try:
        if options.apply and source is None:
            written = new
        elif options.apply and source is not None and diff:
            remarks += _write(options, source, new)
    except EditsvcError as exc:
        _amend(options.settings, result.id, exc)
        message = message_of(exc)
        return replace(
            outcome, status=exc.status, message=message, exit_code=exc.exit_code, error=exc.kind, diff=b""
        )
    return replace(outcome, output=written, remarks=remarks)


def _write(options: Options, source: disk.SourceFile, new: bytes) -> tuple[str, ...]:
    """Put `new` in place; returns sentences about that."""
    if options.recording is None:
        disk.write(source, new)
        return ()
    warning = options.recording.write(source, new)
    return (warning,) if warning else ()


def _ended(path: str, exc: EditsvcError) -> FileOutcome:
    return FileOutcome(path, exc.status, message_of(exc), exc.exit_code, exc.kind)


def _asked(options: Options, outcomes: Sequence[FileOutcome], teller: _Teller) -> list[FileOutcome]:
    """Ask about each file; who interrupted the edits is asked nothing more."""
    if all(outcome.status is not Status.CANCELLED for outcome in outcomes):
        return [_ask(options, outcome, teller) for outcome in outcomes]
    ended = [
        _ended(outcome.path, _CANCELLED) if outcome.exit_code is ExitCode.DONE else outcome
        for outcome in outcomes
    ]
    if not options.as_json:
        teller.tell(ended)
    return ended


def _ask(options: Options, outcome: FileOutcome, teller: _Teller) -> FileOutcome:
    """Let the user choose the hunks of one file, log what was chosen, and go on as without questions."""
    from editsvc.cli.choose import choose_hunks

    result = outcome.result
    if result is not None and result.after is not None:
        name = _name(options, outcome)
        old, new = result.before.encode(), result.after.encode()
        diff = unified_diff(old, new, name.path, from_top=name.from_top)
        if diff:
            found = hunks(diff.decode())
            taken = choose_hunks(outcome.path, found)
            _record_verdict(options.settings, result.id, len(taken), len(found))
            if len(taken) < len(found):
                new = keep_hunks(old, new, found, taken)
                diff = unified_diff(old, new, name.path, from_top=name.from_top)
            if not taken:
                outcome = replace(outcome, status=Status.UNCHANGED)
        outcome = _write_if_asked(options, replace(outcome, diff=diff), new, name)
    if not options.as_json:
        teller.tell([outcome])
    return outcome


def _record_verdict(settings: Settings, record: str, taken: int, count: int) -> None:
    from editsvc.tokenlog import Verdict

    verdict = Verdict.ACCEPTED if taken == count else Verdict.PARTIAL if taken else Verdict.REJECTED
    _log(
        settings,
        "Your choices were not logged.",
        lambda log: log.set_verdict(record, verdict, taken, hunks=count),
    )


def _amend(settings: Settings, record: str, exc: EditsvcError) -> None:
    """Log that an edit which passed the checks was not written."""
    missing = "The failed write was not logged."
    _log(settings, missing, lambda log: log.set_outcome(record, exc.status, exc.kind))


def _log(settings: Settings, missing: str, write: Callable[[TokenLog], object]) -> None:
    from editsvc.app.composition import open_log
    from editsvc.tokenlog import LogUnavailable

    if not settings.log_enabled:
        return
    try:
        with open_log(settings) as log:
            write(log)
    except LogUnavailable as exc:
        output.print_message(f"editsvc: {exc.warning(missing)}")


def _name(options: Options, outcome: FileOutcome) -> DiffName:
    path = Path(outcome.path if outcome.source else options.stdin_filename)
    return diff_name(path, here=Path.cwd(), environ=os.environ)


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


class _Teller:
    """Prints the outcomes of files: diffs on stdout, messages on stderr, and no message twice in a run."""

    def __init__(self, options: Options, *, titled: bool) -> None:
        self._options = options
        self._titled = titled
        self._said: set[str] = set()
        self._kept: list[FileOutcome] = []

    def tell(self, outcomes: Sequence[FileOutcome], *, titled: bool = False) -> None:
        """Print these."""
        for outcome in outcomes:
            if self._waits():
                self._kept.append(outcome)
            else:
                self._write(outcome)
            self.remark(outcome)
            if outcome.exit_code is ExitCode.DONE and outcome.result is not None:
                title = f"{outcome.path}: " if titled or self._titled else ""
                nothing = "nothing to change · " if outcome.status is Status.UNCHANGED else ""
                written = (
                    "written · " if self._options.apply and outcome.diff and outcome.output is None else ""
                )
                output.print_message(f"{title}{nothing}{written}{output.token_line(outcome.result)}")
            else:
                self.complain(outcome, titled=titled)

    def release(self) -> None:
        """Write the diffs that waited until nothing is drawn any more."""
        for outcome in self._kept:
            self._write(outcome)
        self._kept.clear()

    def complain(self, outcome: FileOutcome, *, titled: bool = False) -> None:
        """Say why a file was not edited; of many with the same reason, in full for the first."""
        if outcome.exit_code is ExitCode.DONE:
            return
        if not titled and not self._titled:
            output.print_message(f"editsvc: {outcome.message}")
            return
        message = outcome.message
        if outcome.message in self._said:
            message = f"{outcome.status}, for the same reason."
        self._said.add(outcome.message)
        output.print_message(f"editsvc: {outcome.path}: {message}")

    def _waits(self) -> bool:
        """Whoever reads a pipe may write to the terminal that is drawn on."""
        return self._titled and self._options.live and not sys.stdout.isatty()

    def remark(self, outcome: FileOutcome, *, told: Sequence[str] = ()) -> None:
        """Print the remarks about a file, except those `told` elsewhere or printed before."""
        for remark in outcome.remarks:
            if remark not in self._said and remark not in told:
                self._said.add(remark)
                output.print_message(f"editsvc: {remark}")

    @staticmethod
    def _write(outcome: FileOutcome) -> None:
        if outcome.output is not None:
            output.write_bytes(outcome.output)
        else:
            output.write_diff(outcome.diff)


def _entry(outcome: FileOutcome) -> dict[str, Any]:
    """One element of ``edits``; what was not reported is null."""
    return {
        "path": output.utf8(outcome.path),
        "status": outcome.status,
        "message": output.utf8(outcome.message),
        "error": outcome.error,
        "diff": outcome.diff.decode("utf-8", "replace"),
        **result_json(outcome.result),
    }
