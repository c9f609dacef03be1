"""``editsvc undo``: restores what the last edit changed, byte for byte."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from editsvc.cli import output
from editsvc.cli.looks import looks
from editsvc.cli.remedies import message_of
from editsvc.errors import EditsvcError, ExitCode, Stale, Status, UsageError
from editsvc.files import batches, journal, last, refused, typed, undo
from editsvc.settings import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.settings.schema import Settings
    from editsvc.tokenlog import TokenLog

SCHEMA: Final = 1
_KEPT: Final = (undo.FOLDER, refused.FOLDER, batches.FOLDER, last.FOLDER)
STALE: Final = "stale"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The outcome for one file; `diff` is empty if nothing was restored."""

    path: str
    status: str
    message: str = ""
    exit_code: ExitCode = ExitCode.DONE
    diff: bytes = b""


@click.command(
    short_help="Undo what rewrite --apply has written.",
    epilog="""\b
Examples:
  editsvc undo                       # the last run, all its files
  editsvc undo --dry-run             # what that would change
  editsvc undo --list
  editsvc undo ID                    # an earlier run, as --list names it""",
)
@click.option("--list", "as_list", is_flag=True, help="List the runs that can be undone.")
@click.option("--dry-run", is_flag=True, help="Print the diff, and write nothing.")
@click.option("--forget", is_flag=True, help="Delete what is kept, of the run ID or of all runs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@looks
@click.argument("run_id", required=False, metavar="[ID]")
def command(*, as_list: bool, dry_run: bool, forget: bool, as_json: bool, run_id: str | None) -> int:
    """Undo what rewrite --apply has written: the last run with all its files, or the run ID.

    A file is restored byte for byte if it is as the edit left it, or half written because the process was killed. A
    file that has changed since is left as it is and named, and the exit code is 1. The old text is kept in the data
    folder, readable only by its owner, for the last 20 runs, 30 days and 50 MB; the setting undo_enabled turns that
    off. The same goes for what a check refused, which editsvc retry needs, for runs of several files that are not
    finished, with which rewrite --resume goes on, and for the last run of each workspace, from which rewrite --again
    and --refine go on. --forget removes all of it, and the instructions that were typed at the prompt of editsvc
    rewrite.
    """
    if as_list + dry_run + forget > 1:
        raise UsageError("--list, --dry-run and --forget exclude each other.", hint="Use one of them.")
    if as_list and run_id is not None:
        raise UsageError("--list takes no ID.", hint="Use --dry-run ID to see what a run has changed.")
    if forget and as_json:
        raise UsageError("--forget prints nothing that could be JSON.")
    settings = environment.load().settings
    data, now = environment.data_dir(settings), datetime.now(UTC)
    if forget and run_id is None:
        return _forget_all(data)
    for folder in _KEPT:
        journal.prune(data / folder, now)
    found = undo.runs(data / undo.FOLDER)
    if not settings.undo_enabled:
        output.print_message("editsvc: the setting undo_enabled is off, so new edits cannot be undone.")
    if as_list:
        _list(found, as_json=as_json)
        return ExitCode.DONE
    run = undo.last(found) if run_id is None else undo.find(found, run_id)
    if forget:
        return _forget(run, data)
    code = _restore(run, settings, dry_run=dry_run, as_json=as_json)
    if code and run_id is None and len(found) > 1:
        output.print_message("Earlier runs can be undone by ID: editsvc undo --list.")
    return code


def _forget_all(data: Path) -> int:
    for folder in _KEPT:
        journal.forget(data / folder)
    typed.forget(data / typed.FILE)
    output.print_message(
        "The undo journal was deleted, and with it the replies that were refused, the runs that were not finished, the "
        "last runs, and the instructions that were typed."
    )
    return ExitCode.DONE


def _forget(run: undo.Run, data: Path) -> int:
    journal.forget(run.place)
    for folder in _KEPT[1:]:
        for place in journal.run_places(data / folder):
            if place.id == run.id:
                journal.forget(place.path)
    output.print_message(f"Run {run.id} can no longer be undone.")
    return ExitCode.DONE


def _restore(run: undo.Run, settings: Settings, *, dry_run: bool, as_json: bool) -> int:
    # The last write comes first: two names may have led to one file. Shown they are by name, because files that
    # are edited at the same time are written in any order.
    entries = run.entries[::-1]
    outcomes = [_one(entry, dry_run=dry_run) for entry in entries]
    if not dry_run:
        _reject(
            settings,
            [
                entry.edit
                for entry, outcome in zip(entries, outcomes, strict=True)
                if entry.edit is not None and outcome.status == Status.CHANGED
            ],
        )
    outcomes.sort(key=lambda outcome: outcome.path)
    if as_json:
        files = [
            {
                "path": outcome.path,
                "status": outcome.status,
                "message": outcome.message,
                "diff": outcome.diff.decode("utf-8", "replace"),
            }
            for outcome in outcomes
        ]
        output.write_json({"schema": SCHEMA, "id": run.id, "at": run.at, "dry_run": dry_run, "files": files})
    if dry_run and not as_json:
        output.write_diff(b"".join(outcome.diff for outcome in outcomes))
    for outcome in outcomes:
        _print_outcome(outcome, dry_run=dry_run)
    return max(outcome.exit_code for outcome in outcomes)


def _reject(settings: Settings, edits: Sequence[str]) -> None:
    """Log that the user took these edits back."""
    from editsvc.cli.outcomes import log

    def undone(opened: TokenLog) -> None:
        for edit in edits:
            opened.set_undone(edit)

    if edits:
        log(settings, "That the edit was undone is not logged.", undone)


def _one(entry: undo.Entry, *, dry_run: bool) -> _Outcome:
    from editsvc.files.diff_names import diff_name
    from editsvc.text.diff import unified_diff

    path = _shown(entry.path)
    try:
        done = undo.restoration(entry) if dry_run else undo.restore(entry)
    except EditsvcError as exc:
        status = STALE if isinstance(exc, Stale) else exc.status
        return _Outcome(path, status, output.utf8(message_of(exc)), exc.exit_code)
    if done is None:
        return _Outcome(path, Status.UNCHANGED, "The file is as it was before the edit.")
    name = diff_name(entry.path, here=Path.cwd(), environ=os.environ)
    diff = unified_diff(done.source.data, done.data, name.path, from_top=name.from_top)
    return _Outcome(path, Status.CHANGED, diff=diff)


def _print_outcome(outcome: _Outcome, *, dry_run: bool) -> None:
    path = outcome.path
    if outcome.exit_code is not ExitCode.DONE:
        output.print_message(f"editsvc: {path}: {outcome.message}")
    elif outcome.status == Status.UNCHANGED:
        output.print_message(f"{path}: nothing to undo")
    elif not dry_run:
        output.print_message(f"{path}: restored")


def _list(found: Sequence[undo.Run], *, as_json: bool) -> None:
    described: list[dict[str, Any]] = [
        {
            "id": run.id,
            "at": run.at,
            "files": sorted(
                ({"path": _shown(entry.path), "status": undo.state(entry)} for entry in run.entries),
                key=itemgetter("path"),
            ),
        }
        for run in found
    ]
    if as_json:
        output.write_json({"schema": SCHEMA, "runs": described})
        return
    for run in described:
        click.echo(f"{run['id']}  {run['at'].astimezone():%Y-%m-%d %H:%M:%S}")
        for file in run["files"]:
            output.write_line(f"  {file['status']:<8} {file['path']}")
    if not described:
        output.print_message("There is nothing to undo.")


def _shown(path: Path) -> str:
    """`path` as a person here would write it."""
    here = Path.cwd()
    return output.utf8(str(path.relative_to(here) if path.is_relative_to(here) else path))
