"""Going on with a run of many files: what it was called with, and what its earlier part leaves to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from editsvc import figures
from editsvc.cli import output
from editsvc.engine.edit import EditResult
from editsvc.errors import CostReached, EditsvcError, ExitCode, Status, UsageError
from editsvc.files import batches
from editsvc.files.batches import Standing
from editsvc.settings import environment
from editsvc.text.document import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.cli.outcomes import FileOutcome, Writing
    from editsvc.files.disk import SourceFile
    from editsvc.settings.schema import Settings
    from editsvc.text.document import Snapshot

# What an earlier part has decided: the files, and all that an edit depends on.
_DECIDED: Final = frozenset(
    {
        *("instruction", "instruction_file", "edit", "scope", "prediction", "interactive", "only_asked"),
        *("model", "offline", "allow", "allow_path", "stdin_filename", "paths"),
        *("changed", "staged", "from_file", "types"),
    }
)
_LEFT: Final = frozenset({ExitCode.PROVIDER, ExitCode.SETTINGS, ExitCode.INTERRUPTED})


def keeping(
    writing: Writing, earlier: batches.Unfinished | None, paths: Sequence[str], call: dict[str, Any]
) -> Writing:
    """`writing`, with what is made kept: in the `earlier` run that goes on, or in a new one.

    A new run that cannot be kept goes without that, and says so. Raises Refused if another process is at the run.
    """
    if writing.kept is None:
        return writing
    if earlier is not None:
        batch = batches.go_on(earlier, writing.kept.now)
        return msgspec.structs.replace(writing, batch=batch)
    try:
        batch = batches.begin(
            _folder(writing.settings),
            writing.kept.run_id,
            writing.kept.now,
            here=Path.cwd(),
            paths=paths,
            applied=writing.apply,
            call=call,
        )
    except EditsvcError as exc:
        output.print_message(f"editsvc: this run cannot be resumed. {exc.sentence()}")
        return writing
    return msgspec.structs.replace(writing, batch=batch)


def end(writing: Writing, outcomes: Sequence[FileOutcome]) -> None:
    """The run has ended: forget it if nothing is left to do, else say how to go on."""
    batch = writing.batch
    if batch is None:
        return
    missing = left(writing, outcomes)
    over = not missing and (
        writing.apply or all(outcome.status is not Status.CHANGED for outcome in outcomes)
    )
    batch.close(over=over)
    if batch.trouble:
        output.print_message(f"editsvc: {batch.trouble}")
    elif missing:
        output.print_message(
            f"editsvc: {figures.count(missing, 'file')} left; editsvc rewrite --resume goes on with the run."
        )


def find(settings: Settings) -> batches.Unfinished:
    """The run to go on with; raises UsageError for options that contradict it, and Refused."""
    context = click.get_current_context()
    given = [
        parameter
        for parameter in context.command.params
        if parameter.name in _DECIDED
        and context.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        what = given[0].opts[0] if isinstance(given[0], click.Option) else "A file"
        raise UsageError(
            f"{what} cannot be changed when a run goes on.",
            hint="--resume takes the instruction, the files and the options of that run.",
        )
    return batches.latest(_folder(settings), Path.cwd())


def _folder(settings: Settings) -> Path:
    return environment.data_dir(settings) / batches.FOLDER


def of_earlier(
    writing: Writing, path: str, source: SourceFile, snapshot: Snapshot
) -> tuple[FileOutcome | None, tuple[str, ...]]:
    """What became of a file that an earlier part of the run has asked about, else None; and what is to be said."""
    if writing.batch is None:
        return None, ()
    earlier = writing.batch.earlier(path, source.data)
    if earlier.standing is Standing.CHANGED:
        return None, (f"{path} has changed since this run edited it, and is asked about anew.",)
    entry = earlier.entry
    if earlier.standing is Standing.TO_ASK or entry is None:
        return None, ()
    from editsvc.cli.outcomes import FileOutcome

    status = Status(entry["status"])
    outcome = FileOutcome(
        path,
        status,
        str(entry["message"]),
        ExitCode.REFUSED if status is Status.REFUSED else ExitCode.DONE,
        entry["error"],
        source=source,
        earlier=entry,
    )
    if earlier.standing is Standing.DONE:
        return replace(outcome, written=status is Status.CHANGED), ()
    after = decode(earlier.text, uri=path)
    return replace(outcome, result=EditResult("", status, before=snapshot, after=after)), ()


def at_first(settings: Settings, batch: batches.Batch) -> Callable[[str, bytes], bytes]:
    """What tells the bytes that a file with these bytes had when its run began; the same ones if that is not known."""
    from editsvc.files import undo

    before = undo.contents_before(environment.data_dir(settings) / undo.FOLDER)

    def content(path: str, data: bytes) -> bytes:
        earlier = batch.earlier(path, data)
        found = before(Path(path).resolve(), earlier.before) if earlier.before else None
        return data if found is None else found

    return content


def left(writing: Writing, outcomes: Sequence[FileOutcome]) -> int:
    """How many files another try may do something for."""
    return sum(
        outcome.exit_code in _LEFT
        or outcome.error == CostReached.__name__
        or (writing.apply and outcome.status is Status.CHANGED and not outcome.written and bool(outcome.diff))
        for outcome in outcomes
    )
