"""What became of files: written if asked, shown, and told. One way for every command that edits."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from editsvc import figures, late
from editsvc.cli import output
from editsvc.cli.remedies import message_of, message_of_result
from editsvc.engine.edit import result_json
from editsvc.errors import EditsvcError, ExitCode, Status
from editsvc.files import disk
from editsvc.guard.findings import WAIVABLE, Action, Check, Mark
from editsvc.settings import environment
from editsvc.text.document import half_character

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from editsvc.engine.edit import EditResult
    from editsvc.files import batches, last, refused, undo
    from editsvc.files.diff_names import DiffName
    from editsvc.guard.findings import Handled
    from editsvc.settings.schema import Settings
    from editsvc.tokenlog import TokenLog

SCHEMA: Final = 1
_NOT_HERE: Final = "NotHere"
_NOT_UNDERSTOOD: Final = "NotUnderstood"
_MOST_NAMED: Final = 3
_NUMBERS: Final = late.pattern(r"[0-9a-f]*\d[0-9a-f.,]*(?:-[0-9a-f]+)*")


class Manner(StrEnum):
    """What goes to stdout: diffs, what git calls their statistics, or a line of JSON for each file."""

    DIFFS = "diffs"
    STAT = "stat"
    LINES = "lines"


class Writing(msgspec.Struct, frozen=True):
    """What is done with the edits of a run.

    With `apply` files are written. `kept` keeps what is overwritten, and what a check refuses, if that is wanted.
    `show_refused` shows that, too. `stdin_filename` is the name of what has none. `batch` keeps what was made of each
    file, so that the run can go on if it is interrupted.
    """

    settings: Settings
    apply: bool
    show_refused: bool
    stdin_filename: str = ""
    kept: Kept | None = None
    batch: batches.Batch | None = None


class Kept:
    """What a run keeps in the data folder; made when there is something to keep."""

    def __init__(self, folder: Path, run_id: str, now: datetime) -> None:
        self._folder, self.run_id, self.now = folder, run_id, now
        self._lock = threading.Lock()
        self._recording: undo.Recording | None = None
        self._keeper: refused.Keeper | None = None

    @property
    def recording(self) -> undo.Recording:
        """Keeps what is overwritten."""
        from editsvc.files import undo

        with self._lock:
            if self._recording is None:
                self._recording = undo.Recording(self._folder / undo.FOLDER, self.run_id, self.now)
            return self._recording

    @property
    def keeper(self) -> refused.Keeper:
        """Keeps what a check refuses."""
        from editsvc.files import refused

        with self._lock:
            if self._keeper is None:
                self._keeper = refused.Keeper(self._folder / refused.FOLDER, self.run_id, self.now)
            return self._keeper

    def last(self, folder: Path, workspace: Path, run: last.LastRun) -> None:
        """Keep what a later run can go on from; raises FileError."""
        from editsvc.files import last

        last.keep(folder, self.run_id, self.now, workspace, run)


def writing_for(
    settings: Settings, *, apply: bool, show_refused: bool, stdin_filename: str = "", instruction: str = ""
) -> Writing:
    """What is done with the edits of a run that begins now.

    Nothing is kept of one whose `instruction` is no text: each of its edits is refused.
    """
    if not settings.undo_enabled or half_character(instruction) is not None:
        return Writing(settings, apply, show_refused, stdin_filename)
    kept = Kept(environment.data_dir(settings), secrets.token_hex(4), datetime.now(UTC))
    return Writing(settings, apply, show_refused, stdin_filename, kept)


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file.

    `result` is None if it could not even be read, `error` the kind of what ended it; `remarks` are sentences about it.
    `refused` is the diff of what a check refused, `way_out` a sentence that says how to see or to have it. `choice`
    says in words which hunks the user took, where that was asked. `written` tells that the file is as its edit left it.
    `earlier` is its entry of ``edits``, if an earlier part of the run has asked about it. `text` is the new text as it
    is shown or written. `absent` tells that the file lacks what the instruction is about, and is one of several, of
    which others may have it.
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
    refused: bytes = b""
    way_out: str = ""
    choice: str = ""
    written: bool = False
    earlier: Mapping[str, Any] | None = None
    text: bytes | None = None
    absent: bool = False


def of_error(path: str, exc: EditsvcError) -> FileOutcome:
    """The outcome for a file whose edit `exc` ended."""
    return FileOutcome(path, exc.status, message_of(exc), exc.exit_code, exc.kind)


def of_result(path: str, result: EditResult, source: disk.SourceFile | None) -> FileOutcome:
    """The outcome of an edit, before anything is done with it."""
    return FileOutcome(
        path,
        result.status,
        message_of_result(result),
        result.exit_code,
        result.error,
        remarks=result.warnings,
        source=source,
        result=result,
    )


def of_several(outcome: FileOutcome) -> FileOutcome:
    """The outcome of one of several files: one that lacks what the instruction is about is unchanged."""
    if outcome.error != _NOT_HERE:
        return outcome
    return replace(outcome, status=Status.UNCHANGED, exit_code=ExitCode.DONE, error=None, absent=True)


def finish(writing: Writing, outcome: FileOutcome) -> FileOutcome:
    """Make the diff, and write if asked."""
    result = outcome.result
    if result is None or result.after is None:
        if outcome.status is Status.REFUSED and outcome.source is not None:
            keep_for_later(writing, outcome, outcome.source.data)
        return outcome
    from editsvc.text.diff import unified_diff

    name = name_in_diff(writing, outcome)
    old, new = result.before.encode(), result.after.encode()
    outcome = replace(outcome, diff=unified_diff(old, new, name.path, from_top=name.from_top))
    keep_for_later(writing, outcome, new)
    return write_if_asked(writing, outcome, new, name)


def keep_for_later(writing: Writing, outcome: FileOutcome, new: bytes) -> None:
    """Keep how an edit that a model was asked for has ended, before its file is written."""
    result, source = outcome.result, outcome.source
    if writing.batch is None or result is None or source is None or outcome.earlier is not None:
        return
    if result.after is not None or result.attempts:
        writing.batch.keep(outcome.path, source.data, new, entry(outcome))


def write_if_asked(writing: Writing, outcome: FileOutcome, new: bytes, name: DiffName) -> FileOutcome:
    """Put `new` in place, or hand it on, if there is a difference and it is asked for."""
    result, source, diff = outcome.result, outcome.source, outcome.diff
    if result is None:
        return outcome
    handed_on, written = None, False
    remarks = outcome.remarks
    if name.remark and diff and not writing.apply:
        remarks += (name.remark,)
    try:
        if writing.apply and source is None:
            handed_on = new
        elif writing.apply and source is not None and diff:
            remarks += _write(writing, source, new, result)
            written = True
    except EditsvcError as exc:
        _amend(writing.settings, result.id, exc)
        message = message_of(exc)
        return replace(
            outcome, status=exc.status, message=message, exit_code=exc.exit_code, error=exc.kind, diff=b""
        )
    return replace(outcome, output=handed_on, remarks=remarks, written=written, text=new)


def _write(writing: Writing, source: disk.SourceFile, new: bytes, result: EditResult) -> tuple[str, ...]:
    """Put `new` in place; returns sentences about that."""
    if writing.kept is None:
        disk.write(source, new)
        return ()
    warning = writing.kept.recording.write(source, new, result.id, len(result.edits))
    writing.kept.keeper.written(source.path)
    return (warning,) if warning else ()


def keep_refused(writing: Writing, outcome: FileOutcome, asked: refused.Asked) -> FileOutcome:
    """Keep what a check refused, if that is wanted, and say how to see it and how to have it."""
    result, source = outcome.result, outcome.source
    if result is None or result.refused is None:
        return outcome
    from editsvc.text.diff import unified_diff

    name = name_in_diff(writing, outcome)
    document = result.refused.encode()
    diff = unified_diff(result.before.encode(), document, name.path, from_top=name.from_top)
    outcome = replace(outcome, refused=diff)
    if source is not None:
        keep_for_later(writing, outcome, source.data)
    if source is not None and writing.kept is not None:
        try:
            writing.kept.keeper.keep(source, document, asked)
        except EditsvcError as exc:
            remark = f"What was refused is not kept for editsvc retry. {message_of(exc)}"
            outcome = replace(outcome, remarks=(*outcome.remarks, remark))
        else:
            return replace(outcome, way_out=_retry_sentence(refused_by(result), shown=writing.show_refused))
    if writing.show_refused:
        return outcome
    return replace(outcome, way_out="To see what was refused, add --show-refused.")


def refused_by(result: EditResult) -> tuple[str, ...]:
    """The checks that refused, in order."""
    kinds = (found.kind for found in result.findings if found.action is Action.REFUSED)
    return tuple(dict.fromkeys(kinds))


def _retry_sentence(checks: Sequence[str], *, shown: bool) -> str:
    ways = [] if shown else ["To see what was refused: editsvc retry --show-refused."]
    if WAIVABLE.issuperset(checks):
        allowed = " ".join(f"--allow {check}" for check in checks)
        ways.append(f"To make that edit without asking again: editsvc retry {allowed}.")
    return " ".join(ways)


def name_in_diff(writing: Writing, outcome: FileOutcome) -> DiffName:
    """The file's name in its diff."""
    from editsvc.files.diff_names import diff_name

    path = Path(outcome.path if outcome.source else writing.stdin_filename)
    return diff_name(path, here=Path.cwd(), environ=os.environ)


def log(settings: Settings, missing: str, write: Callable[[TokenLog], object]) -> None:
    """Write into the log, if there is one; `missing` says what it lacks if that fails."""
    from editsvc.app.composition import open_log
    from editsvc.tokenlog import LogUnavailable

    if not settings.log_enabled:
        return
    try:
        with open_log(settings) as opened:
            write(opened)
    except LogUnavailable as exc:
        output.print_message(f"editsvc: {exc.warning(missing)}")


def _amend(settings: Settings, record: str, exc: EditsvcError) -> None:
    """Log that an edit which passed the checks was not written."""
    missing = "The failed write was not logged."
    log(settings, missing, lambda opened: opened.set_outcome(record, exc.status, exc.kind))


class Teller:
    """Prints the outcomes of files: diffs on stdout, messages on stderr, and no message twice in a run.

    `titled` puts each file's name before what is said about it; `live` tells that something is drawn meanwhile,
    `chosen` that the user has seen each hunk. `summary` is the line about an edit that was made. With `manner` less is
    said, or other things. What is
    kept until the end is printed in the `order` of the files.
    """

    def __init__(
        self,
        writing: Writing,
        *,
        titled: bool,
        live: bool = False,
        chosen: bool = False,
        summary: Callable[[EditResult], str] = output.token_line,
        manner: Manner = Manner.DIFFS,
        quiet: bool = False,
        order: Sequence[str] = (),
    ) -> None:
        self._order = {path: number for number, path in enumerate(order)}
        self._manner = manner
        self._quiet = quiet
        self._alike: dict[str, list[FileOutcome]] = {}
        self._writing = writing
        self._titled = titled
        self._live = live
        self._chosen = chosen
        self._summary = summary
        self._said: set[str] = set()
        self._kept: list[FileOutcome] = []
        self._missing: list[FileOutcome] = []
        self._pages: bool | None = None

    @property
    def as_they_end(self) -> bool:
        """Whether a file is told when it has ended, whatever became of those before it."""
        return self._manner is Manner.LINES

    def tell(self, outcomes: Sequence[FileOutcome], *, titled: bool = False) -> None:
        """Print these."""
        for outcome in outcomes:
            if outcome.absent:
                self._missing.append(outcome)
            self._hand_out(outcome)
            if self._manner is Manner.LINES:
                self._tell_beside(outcome, titled=titled)
                continue
            if outcome.absent:
                continue  # counted at the end
            title = f"{outcome.path}: " if titled or self._titled else ""
            if not self._quiet:
                self._findings(outcome, title)
                self._remark(outcome)
            if outcome.exit_code is not ExitCode.DONE:
                self._complain(outcome, titled=titled)
            elif not self._quiet and (outcome.result is not None or outcome.earlier is not None):
                output.print_message(f"{title}{self._made(outcome)}")
                self._unasked(outcome, title)

    def _hand_out(self, outcome: FileOutcome) -> None:
        """What goes to stdout."""
        if self._manner is Manner.LINES:
            output.write_json_line(entry(outcome))
        elif outcome.output is not None:
            self._write(outcome, paged=False)
        elif self._manner is Manner.STAT or self._waits():
            self._kept.append(outcome)
        elif not self._seen(outcome):
            self._write(outcome, paged=not self._titled)

    def _made(self, outcome: FileOutcome) -> str:
        """What was done with an edit, and what it took."""
        parts = []
        if outcome.choice:
            parts.append(outcome.choice)
        elif outcome.status is Status.UNCHANGED:
            parts.append("nothing to change")
        if outcome.earlier is not None:
            parts.append("written" if outcome.written and outcome.diff else "done")
            parts.append("asked for before")
        elif outcome.result is not None:
            parts += ["written"] if outcome.written else []
            parts.append(self._summary(outcome.result))
        return " · ".join(parts)

    def conclude(self, summary: str) -> None:
        """Say what is to be said about all files together, when the last one was told."""
        if self._manner is Manner.STAT:
            from editsvc.cli import stat

            stat.write(sorted(stat.of_diff(outcome.path, outcome.diff) for outcome in self._kept))
            self._kept.clear()
        for first, *others in self._alike.values():
            if others:
                names = ", ".join(outcome.path for outcome in others)
                word = others[0].status if others[0].status is first.status else "not edited"
                output.print_message(f"editsvc: {word} for the same reason as {first.path}: {names}")
        self._alike.clear()
        if not self._quiet:
            self._count_missing()
        if self._titled and summary and not self._quiet:
            output.print_message(f"editsvc: {summary}")

    def _count_missing(self) -> None:
        """Say of the files that lack what the instruction is about how many they are; why, if that is all files."""
        if not self._missing:
            return
        if len(self._missing) == len(self._order):
            # The one that has a similar name says more.
            telling = max(self._missing, key=lambda outcome: len(outcome.message))
            self._print(telling, telling.message)
        counted = figures.count(len(self._missing), "file")
        named = figures.some([outcome.path for outcome in self._missing], _MOST_NAMED)
        output.print_message(f"editsvc: nothing to change in {counted}: {named}")
        self._missing.clear()

    @staticmethod
    def _print(outcome: FileOutcome, message: str) -> None:
        """A message; what the offline engine understands is a list, and any other line break comes from elsewhere."""
        lines = message.split("\n") if outcome.error == _NOT_UNDERSTOOD else [message]
        output.print_message(f"editsvc: {lines[0]}")
        for line in lines[1:]:
            output.print_message(line)

    def tell_beside_json(self, outcomes: Sequence[FileOutcome]) -> None:
        """Print what is not in the JSON, and why files were not edited."""
        for outcome in outcomes:
            self._tell_beside(outcome)

    def _tell_beside(self, outcome: FileOutcome, *, titled: bool = False) -> None:
        if not self._quiet:
            self._remark(outcome, told=outcome.result.warnings if outcome.result else ())
        self._complain(outcome, titled=titled)

    def release(self) -> None:
        """Write the diffs that waited until nothing is drawn any more."""
        if self._manner is Manner.STAT:
            return
        output.write_diff(b"".join(outcome.diff for outcome in self._in_order()), paged=True)
        self._kept.clear()

    def _seen(self, outcome: FileOutcome) -> bool:
        """Whether the user has seen all of it, hunk by hunk, and it is written."""
        return self._chosen and self._writing.apply and outcome.output is None and sys.stdout.isatty()

    def _in_order(self) -> list[FileOutcome]:
        return sorted(self._kept, key=lambda outcome: self._order.get(outcome.path, 0))

    def _complain(self, outcome: FileOutcome, *, titled: bool = False) -> None:
        """Say why a file was not edited; of many with the same reason, for the first, and the others at the end."""
        if outcome.exit_code is ExitCode.DONE:
            return
        if titled or self._titled:
            alike = self._alike.setdefault(_reason(outcome), [])
            alike.append(outcome)
            if len(alike) == 1:
                self._print(outcome, f"{outcome.path}: {outcome.message}")
        else:
            self._print(outcome, outcome.message)
        if self._writing.show_refused and outcome.refused and outcome.result is not None:
            for found in outcome.result.findings:
                if found.action is Action.REFUSED:
                    output.print_message(f"refused ({_where(found)}): {found.message}")
            output.print_diff(outcome.refused)
        self._say(outcome.way_out)

    def _waits(self) -> bool:
        """Whoever reads a pipe may write to the terminal that is drawn on.

        And a pager that the user has chosen takes all diffs at once; without one, each is shown when it is there.
        """
        if self._chosen or not self._titled:
            return False
        from editsvc.cli import pager

        if self._pages is None:
            self._pages = pager.wanted(usual=False) is not None
        return self._pages or (self._live and not sys.stdout.isatty())

    def _findings(self, outcome: FileOutcome, title: str) -> None:
        """Say what was put back, and what the model was asked again for; what was refused is said apart."""
        findings = outcome.result.findings if outcome.result else ()
        refusing = {found.kind for found in findings if found.action is Action.REFUSED}
        for found in findings:
            if found.action is Action.RESTORED:
                self._say(f"{title}put back: {found.message}")
            elif found.action is Action.ASKED_AGAIN and found.kind not in refusing:
                self._say(f"{title}asked again: {found.message}")

    def _unasked(self, outcome: FileOutcome, title: str) -> None:
        if self._chosen or outcome.result is None or not outcome.diff:
            return
        from editsvc.engine.places import unexplained_sentence

        sentence = unexplained_sentence(outcome.result)
        if sentence:
            them = "it" if outcome.result.marks.count(Mark.UNEXPLAINED) == 1 else "them"
            output.print_message(f"editsvc: {title}{sentence}; leave {them} out with --only-asked")

    def _remark(self, outcome: FileOutcome, *, told: Sequence[str] = ()) -> None:
        """Print the remarks about a file, except those `told` elsewhere or printed before."""
        findings = outcome.result.findings if outcome.result else ()
        # What was put back, and which hunks were not asked for, is said in other places.
        apart = {
            found.message
            for found in findings
            if found.action is Action.RESTORED or found.kind is Check.UNASKED
        }
        for remark in outcome.remarks:
            if remark not in told and remark not in apart:
                self._say(remark)

    def _say(self, sentence: str) -> None:
        if sentence and sentence not in self._said:
            self._said.add(sentence)
            output.print_message(f"editsvc: {sentence}")

    @staticmethod
    def _write(outcome: FileOutcome, *, paged: bool) -> None:
        if outcome.output is not None:
            output.write_bytes(outcome.output)
        else:
            output.write_diff(outcome.diff, paged=paged)


async def to_its_end(work: Callable[..., FileOutcome], *arguments: Any) -> FileOutcome:
    """Do `work` in a thread, and wait for it also if the task is cancelled: it may be writing a file."""
    import asyncio

    doing = asyncio.create_task(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        return await doing  # what happened to the file must be reported


def say_what_was_not_written(writing: Writing, outcomes: Sequence[FileOutcome]) -> None:
    """Say on a terminal that nothing was written, where there was something to write: a script knows."""
    if writing.apply or not (sys.stdout.isatty() and sys.stderr.isatty()):
        return
    if any(one.diff and one.source is not None and one.exit_code is ExitCode.DONE for one in outcomes):
        if writing.batch is not None and not writing.batch.trouble:
            output.print_message(
                "Not written; editsvc rewrite --resume --apply writes it without asking again."
            )
        else:
            output.print_message("Not written; add --apply.")


def _reason(outcome: FileOutcome) -> str:
    """What the messages of files have in common that were not edited for the same reason: neither name nor number."""
    text = outcome.message.replace(outcome.path, "").replace(Path(outcome.path).name, "")
    return f"{outcome.error} {_NUMBERS.sub('', text)}"


def _where(found: Handled) -> str:
    """The check of a finding, and its lines."""
    from editsvc.engine.places import spoken

    sides = ((found.after, "new"), (found.before, "old"))
    places = [f"{spoken([lines])} of the {side} text" for lines, side in sides if lines is not None]
    return ", ".join([found.kind, *places[:1]])


def entry(outcome: FileOutcome) -> dict[str, Any]:
    """One element of ``edits``; what was not reported is null."""
    if outcome.earlier is not None:
        return {**outcome.earlier, "path": output.utf8(outcome.path), "resumed": True}
    return {
        "path": output.utf8(outcome.path),
        "status": outcome.status,
        "message": output.utf8(outcome.message or outcome.choice),
        "error": outcome.error,
        "diff": outcome.diff.decode("utf-8", "replace"),
        "refused_diff": outcome.refused.decode("utf-8", "replace"),
        "resumed": False,
        **result_json(outcome.result),
    }
