"""The options about a run as a whole: what it may cost, how it is told, how it goes on, and its commit."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import click
import msgspec

from editsvc.cli import output, selecting
from editsvc.cli.option_group import OptionGroup
from editsvc.cli.outcomes import SCHEMA, Manner
from editsvc.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.cli.committing import Repository
    from editsvc.cli.estimate import Estimate, Purse
    from editsvc.cli.outcomes import FileOutcome, Writing
    from editsvc.files.batches import Unfinished
    from editsvc.settings.schema import Settings


class Call(msgspec.Struct, frozen=True):
    """What a run was called with, as far as its edits depend on it; no `instruction` is one that is not known yet."""

    instruction: str | None
    scope: str
    prediction: str | None
    only_asked: bool
    allow: tuple[str, ...]
    allow_path: tuple[str, ...]
    model: str | None
    offline: bool


class Ways(msgspec.Struct, frozen=True):
    """What the options say about a run as a whole."""

    estimate: bool = False
    max_cost: float | None = None
    resume: bool = False
    commit: bool = False
    jsonl: bool = False
    stat: bool = False
    quiet: bool = False

    @property
    def manner(self) -> Manner:
        """What goes to stdout."""
        return Manner.LINES if self.jsonl else Manner.STAT if self.stat else Manner.DIFFS

    def check(self, *, as_json: bool) -> None:
        """Raises UsageError for what cannot be meant together."""
        if sum((as_json, self.jsonl, self.stat)) > 1:
            raise UsageError("--json, --jsonl and --stat exclude each other.", hint="Choose one of them.")


options: Final = OptionGroup(Ways)
"""The options about a run as a whole."""

options.add("--estimate", is_flag=True, help="Say what it would take, and send nothing.")
options.add(
    "--max-cost",
    type=click.FloatRange(min=0),
    metavar="USD",
    help="Start no more files when the run would cost more than this.",
)
options.add(
    "--resume",
    is_flag=True,
    help="Go on with the last run of this folder, and ask for nothing twice.",
)
options.add(
    "--commit",
    is_flag=True,
    help="Write the files, and commit them with the instruction as the message.",
)
options.add("--jsonl", is_flag=True, help="Print a line of JSON for each file, when it has ended.")
options.add("--stat", is_flag=True, help="Print how many lines change, as git does, instead of diffs.")
options.add("-q", "--quiet", is_flag=True, help="Say only what went wrong.")


def find(settings: Settings) -> tuple[Unfinished, Call]:
    """The run to go on with, and its call; raises UsageError and Refused."""
    from editsvc.cli import resuming

    found = resuming.find(settings)
    return found, msgspec.convert(found.plan.call, Call)


class Beforehand:
    """What can be said about a run before it begins."""

    def __init__(self, settings: Settings, paths: Sequence[str], *, offline: bool) -> None:
        self._settings = settings
        self._paths = paths
        self._offline = offline
        self.sizes = selecting.sizes(paths)

    @cached_property
    def estimate(self) -> Estimate:
        """What it will take."""
        from editsvc.cli.estimate import of_run

        return of_run(self._settings, self.sizes, offline=self._offline)

    def sentence(self) -> str:
        """What to know before many files are edited."""
        from editsvc import figures
        from editsvc.cli import committing

        dirty = committing.dirty(self._paths)
        more = f" {figures.count(len(dirty), 'file')} of them with uncommitted changes." if dirty else ""
        return f"{self.estimate.sentence()}{more}"

    def print(self, *, as_json: bool) -> ExitCode:
        """Print the estimate."""
        if as_json:
            output.write_json({"schema": SCHEMA, "estimate": self.estimate.json()})
        else:
            output.write_line(self.estimate.sentence())
        return ExitCode.DONE


class Many:
    """A run that is prepared: how its files are written, what it may cost, and what is to be done at its end."""

    def __init__(
        self, writing: Writing, instruction: str, purse: Purse | None, repository: Repository | None
    ) -> None:
        self.writing = writing
        self.purse = purse
        self._instruction = instruction
        self._repository = repository

    def end(self, outcomes: Sequence[FileOutcome]) -> ExitCode:
        """Say how to go on if something is left, and commit what was written if that is wanted."""
        if self.writing.batch is not None:
            from editsvc.cli import resuming

            resuming.end(self.writing, outcomes)
        if self._repository is None:
            return ExitCode.DONE
        from editsvc.cli import committing

        return committing.commit(self._repository, outcomes, self._instruction)


def prepare(
    ways: Ways,
    writing: Writing,
    earlier: Unfinished | None,
    paths: Sequence[str],
    *,
    call: Call | None,
    beforehand: Beforehand,
) -> Many:
    """Prepare a run; one with a `call` and several files is kept, so that it can go on.

    Raises UsageError for what cannot be committed or has no price, Refused if another process is at the run.
    """
    repository = purse = None
    if ways.commit:
        from editsvc.cli import committing

        repository = committing.prepare(paths)
        for sentence in repository.remarks:
            output.print_message(f"editsvc: {sentence}")
    if ways.max_cost is not None:
        from editsvc.cli.estimate import Purse

        purse = Purse(ways.max_cost, beforehand.estimate)
    if call is not None and (len(paths) > 1 or earlier is not None):
        from editsvc.cli import resuming

        writing = resuming.keeping(writing, earlier, paths, msgspec.to_builtins(call))
    return Many(writing, (call.instruction if call else None) or "", purse, repository)
