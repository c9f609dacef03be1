"""Runs of many files, kept so that one that was interrupted, or killed, can go on and asks for nothing twice.

What an edit made is kept before its file is written: so at every moment a file is as it was (and the edit is written
without asking again), as the edit left it (and is done), or other than both (and is asked about anew). The first file
of a run is its plan; it is claimed as long as the run's process lives. See `editsvc.files.journal` for how and how
long all of it is kept.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from editsvc.errors import Refused
from editsvc.files.disk import FileError
from editsvc.files.journal import (
    LIMITS,
    JournalLimits,
    RunWriter,
    digest,
    files,
    forget,
    quoted,
    run_places,
    unquoted,
    unquoted_text,
)
from editsvc.system.files import FILES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

FOLDER: Final = "batches"
FORMAT: Final = 1
_PLAN: Final = ".plan"
_EDIT: Final = ".edit"


class Plan(msgspec.Struct, frozen=True):
    """What a run is to do: the `call`, which is the caller's, on these files, typed in the folder `here`.

    Paths are quoted. `applied` tells whether files are written.
    """

    format: int
    here: str
    files: tuple[str, ...]
    applied: bool
    call: dict[str, Any]


class Made(msgspec.Struct, frozen=True):
    """How the edit of one file ended: the SHA-256 of its bytes before and after it, and what was said about it."""

    path: str
    before: str
    after: str
    entry: dict[str, Any]


class Standing(StrEnum):
    """What is to be done about a file when its run goes on."""

    DONE = "done"  # as the edit left it, or not to be changed
    TO_WRITE = "to write"  # the edit was made, and its file is as it was
    CHANGED = "changed"  # the edit was made, and the file is another one by now
    TO_ASK = "to ask"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier part of a run leaves to do about one file; `text` is what is to be written.

    `before` is the SHA-256 of what a file that is done had before it.
    """

    standing: Standing
    entry: Mapping[str, Any] | None = None
    text: bytes = b""
    before: str = ""


NOTHING: Final = Earlier(Standing.TO_ASK)


class Batch:
    """One run, as it is kept; from several threads. The first one that cannot be kept ends the keeping.

    `trouble` is a sentence then, else "". A run is made by `begin` or `go_on`, and ends with `close`.
    """

    def __init__(
        self, writer: RunWriter | None, place: Path, claimed: int, made: Mapping[str, tuple[Path, Made]]
    ) -> None:
        self._writer = writer
        self._place = place
        self._claimed = claimed
        self._made = dict(made)
        self._lock = threading.Lock()
        self.trouble = ""

    def keep(self, path: str, before: bytes, after: bytes, entry: dict[str, Any]) -> None:
        """Keep how the edit of `path` ended, durably, before anything is done with it."""
        made = Made(quoted(path), digest(before), digest(after), entry)
        body = b"" if before == after else after
        with self._lock:
            if self._writer is None:
                return
            try:
                self._writer.add(msgspec.json.encode(made) + b"\n" + body, _EDIT)
            except FileError as exc:
                self._writer = None
                self.trouble = f"This run cannot be resumed from here on. {exc.sentence()}"

    def earlier(self, path: str, content: bytes) -> Earlier:
        """What an earlier part of the run has left of a file that has `content` now."""
        found = self._made.get(path)
        if found is None:
            return NOTHING
        place, made = found
        now = digest(content)
        if now == made.after:
            return Earlier(Standing.DONE, made.entry, before=made.before)
        if now != made.before:
            return Earlier(Standing.CHANGED, made.entry)
        with suppress(OSError):
            text = place.read_bytes().partition(b"\n")[2]
            if digest(text) == made.after:
                return Earlier(Standing.TO_WRITE, made.entry, text)
        return NOTHING

    def close(self, *, over: bool) -> None:
        """The process is done with the run; with `over` nothing is left to do, and it is forgotten."""
        with self._lock:
            self._writer = None
            if self._claimed >= 0:
                os.close(self._claimed)
                self._claimed = -1
        if over:
            with suppress(FileError):
                forget(self._place)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that can go on."""

    place: Path
    id: str
    at: datetime
    plan: Plan

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the run, as they were typed."""
        return tuple(unquoted_text(path) for path in self.plan.files)


def begin(
    folder: Path,
    run_id: str,
    now: datetime,
    *,
    here: Path,
    paths: Sequence[str],
    applied: bool,
    call: dict[str, Any],
    limits: JournalLimits = LIMITS,
) -> Batch:
    """Keep a run that begins now; raises FileError."""
    plan = Plan(FORMAT, quoted(here), tuple(map(quoted, paths)), applied, call)
    writer = RunWriter(folder, run_id, now, limits)
    place = writer.add(msgspec.json.encode(plan), _PLAN)
    return Batch(writer, place.parent, _claim(place), {})


def latest(folder: Path, here: Path) -> Unfinished:
    """The last run that was begun in the folder `here` and is not over; raises Refused if there is none."""
    for run in run_places(folder):
        for place in files(run.path, _PLAN):
            plan = _plan(place)
            if plan is not None and unquoted(plan.here) == here:
                return Unfinished(run.path, run.id, run.at, plan)
    raise Refused(
        "There is no run to go on with in this folder.",
        hint="Kept are runs of several files that were interrupted, or have not been written.",
    )


def go_on(run: Unfinished, now: datetime, limits: JournalLimits = LIMITS) -> Batch:
    """Go on with a run; raises Refused if a living process is at it, FileError if it cannot be read."""
    (place,) = files(run.place, _PLAN)
    claimed = _claim(place)
    if claimed < 0:
        raise Refused("The run is still under way in another process.", hint="Wait for its end, or stop it.")
    made = {}
    for kept in files(run.place, _EDIT):
        found = _made(kept)
        if found is not None:
            made[unquoted_text(found.path)] = (kept, found)  # the last one counts
    writer = RunWriter.going_on(run.place, now, limits)
    return Batch(writer, run.place, claimed, made)


def _claim(place: Path) -> int:
    """A descriptor that says that this process is at the run; -1 if another one is."""
    try:
        descriptor = FILES.open(place, os.O_RDWR)
    except OSError as exc:
        raise FileError(f"{place} cannot be opened: {exc.strerror or exc}.") from exc
    if FILES.claim(descriptor):
        return descriptor
    os.close(descriptor)
    return -1


def _plan(place: Path) -> Plan | None:
    with suppress(OSError, msgspec.DecodeError):
        plan = msgspec.json.decode(place.read_bytes(), type=Plan)
        return plan if plan.format == FORMAT else None
    return None


def _made(place: Path) -> Made | None:
    with suppress(OSError, msgspec.DecodeError), place.open("rb") as file:
        return msgspec.json.decode(file.readline(), type=Made)
    return None
