"""``--again`` and ``--refine``: a run that goes on from the last one of the workspace."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from editsvc.cli import output
from editsvc.errors import EditsvcError, ExitCode, Status, UsageError
from editsvc.files import last
from editsvc.files.journal import digest
from editsvc.files.workspace import work_tree
from editsvc.settings import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.cli.outcomes import FileOutcome, Writing
    from editsvc.engine.edit import EditRequest, EditResult
    from editsvc.files.disk import SourceFile
    from editsvc.settings.schema import Settings
    from editsvc.text.document import Snapshot

_BLANK_LINES: Final = re.compile(r"\n\s*\n")


def workspace() -> Path:
    """The folder whose last run counts here: the git work tree, else the current folder."""
    here = Path(os.path.realpath(Path.cwd()))
    return work_tree(here) or here


@dataclass(frozen=True)
class GoingOn:
    """The last run, and what is to be different from it: None if it is only done again.

    `began` are the texts that edits began with, by the files' real paths.
    """

    last: last.LastRun
    wish: str | None = None
    began: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of_last(cls, settings: Settings, wish: str | None) -> Self:
        """Go on from the last run of the workspace; raises UsageError if none is kept."""
        if wish is not None and not wish.strip():
            raise UsageError(
                "The wish of --refine is empty.", hint='Say what is to be different: --refine "…".'
            )
        place = workspace()
        found = last.latest(environment.data_dir(settings) / last.FOLDER, place)
        if found is None:
            hint = (
                'Say what to change: -i "…".' if settings.undo_enabled else "The setting undo_enabled is off."
            )
            raise UsageError(f"No run is kept for {place} that could be gone on from.", hint=hint)
        return cls(found, wish)

    @property
    def instructions(self) -> tuple[str, ...]:
        """The last instruction, and what came to it since."""
        wish = () if self.wish is None else (_BLANK_LINES.sub("\n", self.wish.strip()),)
        return (*self.last.instructions, *wish)

    @property
    def instruction(self) -> str:
        """All of it as one instruction, each part a paragraph."""
        return together(self.instructions)

    def paths(self) -> tuple[str, ...]:
        """The files of the last run, as somebody here would write them; raises UsageError if they had no name."""
        if any(one.path == last.STDIN for one in self.last.files):
            raise UsageError(
                "The last run edited standard input.", hint="Name a FILE, or - with the text again."
            )
        return tuple(_typed(Path(one.path)) for one in self.last.files)

    def request(self, request: EditRequest, source: SourceFile | None) -> tuple[EditRequest, str]:
        """The request for a file, and a sentence if it cannot begin where the last edit began."""
        from editsvc.engine.edit import Earlier
        from editsvc.text.document import decode

        if self.wish is None:
            return request, ""
        name = request.snapshot.uri
        kept = self.last.file(_key(source))
        if kept is None:
            return (
                request,
                f"{name} was not in the last run: all that was asked for is done on its present text.",
            )
        before, after = (
            None if text is None else decode(text, uri=name) for text in (kept.before, kept.after)
        )
        known = after.text if after is not None else None
        made = known is not None or bool(kept.refused)
        if not last.is_as_left(kept, request.snapshot.encode()):
            earlier = (
                Earlier(known, kept.refused, before=before.text) if made and before is not None else None
            )
            return (
                replace(request, earlier=earlier),
                f"{name} has changed since the last edit: all that was asked for is done on its present text.",
            )
        if before is None:
            return request, ""
        self.began[_key(source)] = before.encode()
        earlier = Earlier(known, kept.refused) if made else None
        return replace(request, snapshot=before, earlier=earlier), ""

    def result(self, result: EditResult, present: Snapshot) -> EditResult:
        """The result as an edit of the file as it is now, where it began with the text before the last edit."""
        if result.before == present:
            return result
        from editsvc.text.diff import edits
        from editsvc.text.document import apply, normalise

        if result.after is None:
            return replace(result, before=present)
        made = tuple(edits(present.text, normalise(result.after.text)))
        return replace(
            result,
            status=Status.CHANGED if made else Status.UNCHANGED,
            before=present,
            after=replace(present, text=apply(present.text, made)),
            edits=made,
            marks=(),
        )


def together(instructions: Sequence[str]) -> str:
    """Instructions as one, each a paragraph."""
    return "\n\n".join(instructions)


def remember(
    writing: Writing,
    instructions: tuple[str, ...],
    scope: str,
    outcomes: Sequence[FileOutcome],
    began: dict[str, bytes],
) -> None:
    """Keep a run that has ended, to go on from: nothing if that is switched off, or begins with a blank."""
    if writing.kept is None:
        return
    folder = environment.data_dir(writing.settings) / last.FOLDER
    try:
        if instructions[0][:1].isspace():
            last.forget(folder, workspace())
            return
        files = tuple(_kept(writing, outcome, began) for outcome in outcomes)
        writing.kept.last(folder, workspace(), last.LastRun(instructions, scope, files))
    except EditsvcError as exc:
        output.print_message(f"editsvc: this run is not kept for --again and --refine. {exc.message}")


def _kept(writing: Writing, outcome: FileOutcome, began: dict[str, bytes]) -> last.LastFile:
    result, source = outcome.result, outcome.source
    path = _key(source) if result is not None else _real(outcome.path)
    if result is None:
        return last.LastFile(path)
    present = result.before.encode()
    before = began.get(path, present)
    if result.refused is not None:
        return last.LastFile(path, before, result.refused.encode(), digest(present), result.message)
    if result.after is None:
        refused = result.message if result.status is Status.REFUSED else ""
        return last.LastFile(path, before, None, digest(present), refused)
    # Of hunks that were chosen, those that were taken; of none, what was proposed.
    taken = outcome.text if outcome.text not in {None, present} else result.after.encode()
    written = writing.apply and outcome.exit_code is ExitCode.DONE and outcome.text is not None
    return last.LastFile(path, before, taken, digest(outcome.text if written and outcome.text else present))


def _key(source: SourceFile | None) -> str:
    return last.STDIN if source is None else str(source.path)


def _real(path: str) -> str:
    return last.STDIN if path == "-" else os.path.realpath(path)


def _typed(path: Path) -> str:
    here = Path.cwd()
    real = Path(os.path.realpath(here))
    if path.is_relative_to(real):
        return str(path.relative_to(real))
    return os.path.relpath(path, real) if path.is_relative_to(workspace()) else str(path)
