"""Kill edits at random moments, and look at what is left: ``python -m bench.kills --kills 1000``.

Nothing may get lost: after each kill the file is old or new, byte for byte, and never between. The edits are real
ones of ``editsvc rewrite --apply`` with the offline engine, over files of 1 KB to 5 MB, and they end by SIGKILL:

command     the whole command, in a process of its own, at any moment of its life
fork        the same in a child of a process that has everything loaded, so that more kills fall on the edit; half of
            them as soon as something is written
write       a child that does nothing but write an edit of the command, there and back, over and over
in place    the same with a file that has a second name, and is written in place, half of them as soon as its first byte
            changes: it may be half written, and then ``editsvc undo`` must bring back what it was

A kill counts as ``before`` the write if nothing on disk tells of the edit, as ``after`` it if the file is new, and else
as ``during``: something was in the journal, or beside the file. Of the two last ones the child says where it was.
"""

from __future__ import annotations

import argparse
import importlib
import json
import mmap
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editsvc.files import disk, journal, undo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INSTRUCTION: Final = "rename foo to bar"
AGAIN: Final = "rename bar to baz"
SIZES: Final = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 5_000_000)
SHARES: Final = {"command": 0.2, "fork": 0.35, "write": 0.25, "in place": 0.2}
_LARGEST_FOR_COMMANDS: Final = 100_000
_BEFORE, _DURING, _AFTER = 0, 1, 2
_MOMENTS: Final = ("before", "during", "after")
_USES: Final = 5
_PATIENCE_S: Final = 120.0
_A_WRITE_S: Final = 0.01


@dataclass
class Subject:
    """A file that is edited, `old` and `new`, and how long an edit of it takes, in each way."""

    path: Path
    old: bytes
    new: bytes = b""
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Tally:
    """What was seen; `wrong` are sentences about what must not be."""

    moments: dict[str, Counter[str]] = field(
        default_factory=lambda: {way: Counter(dict.fromkeys(_MOMENTS, 0)) for way in SHARES}
    )
    half: int = 0
    undone: int = 0
    most_left_beside: int = 0
    wrong: list[str] = field(default_factory=list)


class World:
    """A folder with files, a data folder, and ways to run the command there."""

    def __init__(self, folder: Path, sizes: Sequence[int], rng: random.Random) -> None:
        self.folder = folder / "files"
        self.data = folder / "data"
        self.folder.mkdir()
        self.rng = rng
        self.phase = mmap.mmap(-1, 1)
        self.tally = Tally()
        self.environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("EDITSVC", "CEREBRAS"))
            },
            "EDITSVC_DATA_DIR": str(self.data),
            "EDITSVC_CONFIG": str(folder / "config.toml"),
        }
        (folder / "config.toml").touch()
        self.subjects = [self._subject(size) for size in sizes]

    def _subject(self, size: int) -> Subject:
        path = self.folder / f"f{size}.py"
        subject = Subject(path, _code(size, self.rng).encode())
        path.write_bytes(subject.old)
        return subject

    def rehearse(self) -> None:
        """Load what the command loads, and let it edit each file once, to know what becomes of it."""
        first = self.subjects[0]
        listed = subprocess.run(
            [sys.executable, "-c", _LISTING, *_edit(first.path)],
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        first.path.write_bytes(first.old)
        os.environ.clear()
        os.environ.update(self.environ)
        for name in listed.stdout.split():
            if name.partition(".")[0] not in sys.stdlib_module_names:
                with suppress(ImportError):  # a few are made while a program runs
                    importlib.import_module(name)
        for subject in self.subjects:
            for way in ("command", "fork"):
                if way == "command" and len(subject.old) > _LARGEST_FOR_COMMANDS:
                    continue
                subject.path.write_bytes(subject.old)
                started = time.monotonic()
                code = os.waitstatus_to_exitcode(os.waitpid(self.start(way, _edit(subject.path)), 0)[1])
                subject.seconds[way] = time.monotonic() - started
                subject.new = subject.path.read_bytes()
                if code or subject.new == subject.old:
                    sys.exit(f"{subject.path.name} could not be edited: status {code}.")
            subject.path.write_bytes(subject.old)

    def start(self, way: str, arguments: Sequence[str]) -> int:
        """Start ``editsvc`` in one of two ways; returns the process's id."""
        if way == "command":
            command = [sys.executable, "-m", "editsvc", *arguments]
            silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
            return os.posix_spawn(sys.executable, command, self.environ, file_actions=silent)
        return _forked(lambda: _command(arguments))

    def run(self, *arguments: str) -> int:
        """Let the command come to its end, in a child; returns its exit code."""
        return os.waitstatus_to_exitcode(os.waitpid(self.start("fork", arguments), 0)[1])

    # --- kills ---

    def kill_an_edit(self, way: str, subject: Subject) -> None:
        """Kill the command while it edits `subject`, and look."""
        journal, beside = self._journal(), self._beside()
        pid = self.start(way, _edit(subject.path))
        if way == "fork" and self.rng.random() < 0.5:
            deadline = time.monotonic() + _PATIENCE_S
            while self._journal() == journal and time.monotonic() < deadline:
                time.sleep(0.0002)
            time.sleep(self.rng.uniform(0, _A_WRITE_S))
        else:
            time.sleep(self.rng.uniform(0, 1.1 * subject.seconds[way]))
        _kill(pid)
        found = subject.path.read_bytes()
        if found == subject.new:
            moment = _AFTER
        else:
            moment = _DURING if self._journal() != journal or self._beside() - beside else _BEFORE
        self.tally.moments[way][_MOMENTS[moment]] += 1
        if found not in {subject.old, subject.new}:
            self._wrong(f"{way}: {subject.path.name} is neither old nor new after a kill.")
        elif found == subject.new:
            self._restore(subject, way)
        self._settle(subject)

    def kill_a_write(self, way: str, subject: Subject) -> None:
        """Kill a child that writes `subject`, there and back, and look."""
        second = self.folder / "second-name.py"
        if way == "in place":
            os.link(subject.path, second)
        self.phase[0], parent = _BEFORE, os.getpid()
        pid = _forked(lambda: self._write_on_and_on(subject, parent))
        if way == "in place" and self.rng.random() < 0.5:
            self._wait_until_overwritten(subject)
        else:
            time.sleep(self.rng.uniform(0, 0.05))
        _kill(pid)
        self.tally.moments[way][_MOMENTS[self.phase[0]]] += 1
        found = subject.path.read_bytes()
        if found not in {subject.old, subject.new}:
            self._look_at_half(way, subject)
        if way == "in place":
            if not subject.path.samefile(second):
                self._wrong("in place: the two names were parted.")
            second.unlink()
        self._settle(subject)

    def _wait_until_overwritten(self, subject: Subject) -> None:
        """Wait for the first byte that an edit changes, and see it at once: the rest takes a millisecond."""
        at = next(
            at
            for at, (before, after) in enumerate(zip(subject.old, subject.new, strict=False))
            if before != after
        )
        with subject.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as seen:
            first, deadline = seen[at], time.monotonic() + _PATIENCE_S
            while seen[at] == first and time.monotonic() < deadline:
                pass

    def _write_on_and_on(self, subject: Subject, parent: int) -> int:
        texts = [subject.old, subject.new]
        while os.getppid() == parent:  # if that is interrupted, this ends
            texts.reverse()
            self.phase[0] = _BEFORE
            source = disk.read(subject.path)
            recording = undo.Recording(self.data / undo.FOLDER, secrets.token_hex(4), datetime.now(UTC))
            self.phase[0] = _DURING
            recording.write(source, texts[0])
            self.phase[0] = _AFTER
        return 0

    def _look_at_half(self, way: str, subject: Subject) -> None:
        if way != "in place":
            self._wrong(f"{way}: {subject.path.name} is neither old nor new after a kill.")
            return
        self.tally.half += 1
        if self.run("undo") or subject.path.read_bytes() not in {subject.old, subject.new}:
            self._wrong(f"in place: undo did not bring {subject.path.name} back.")
        else:
            self.tally.undone += 1

    def _restore(self, subject: Subject, way: str) -> None:
        if self.run("undo") or subject.path.read_bytes() != subject.old:
            self._wrong(f"{way}: undo did not bring {subject.path.name} back.")
        else:
            self.tally.undone += 1

    def _settle(self, subject: Subject) -> None:
        self.tally.most_left_beside = max(self.tally.most_left_beside, len(self._beside()))
        subject.path.write_bytes(subject.old)

    def _beside(self) -> set[str]:
        """The names of what lies beside the files."""
        return {name for name in os.listdir(self.folder) if name.endswith(".editsvc")}  # noqa: PTH208 - it is fast

    def _journal(self) -> int:
        """When a run was last added to the journal, or dropped."""
        with suppress(FileNotFoundError):
            return (self.data / undo.FOLDER).stat().st_mtime_ns
        return 0

    def _wrong(self, sentence: str) -> None:
        self.tally.wrong.append(sentence)

    # --- afterwards ---

    def look_back(self) -> int:
        """After all kills: edits and undo work, the log is sound, nothing lies about; returns the log's records."""
        for subject in self.subjects:
            if len(subject.old) > _LARGEST_FOR_COMMANDS:
                disk.write(disk.read(subject.path), subject.new)
                continue
            steps = (_edit(subject.path), _edit(subject.path, AGAIN), ("undo",), ("undo",))
            expected = (subject.new, subject.new.replace(b"bar", b"baz"), subject.new, subject.old)
            for step, content in zip(steps, expected, strict=True):
                if self.run(*step) or subject.path.read_bytes() != content:
                    self._wrong(f"afterwards: editsvc {step[0]} did not do its work on {subject.path.name}.")
        if left := self._beside():
            self._wrong(f"afterwards: files lie about: {', '.join(sorted(left))}.")
        runs = len(list((self.data / undo.FOLDER).iterdir()))
        if runs > journal.LIMITS.runs:
            self._wrong(f"afterwards: the journal has {runs} runs.")
        with closing(sqlite3.connect(self.data / "log.db")) as log:
            ((sound,),) = log.execute("PRAGMA integrity_check").fetchall()
            ((count,),) = log.execute("SELECT count(*) FROM editsvc_requests").fetchall()
        if sound != "ok":
            self._wrong(f"afterwards: the log is damaged: {sound}.")
        if self.run("log", "status"):
            self._wrong("afterwards: editsvc log status fails.")
        # An edit is in the log before its file is written.
        least = sum(self.tally.moments[way]["after"] for way in ("command", "fork"))
        if count < least:
            self._wrong(
                f"afterwards: the log has {count} records, and {least} files were written by killed processes."
            )
        return int(count)


_LISTING: Final = """
import sys
from editsvc.cli import main
before = set(sys.modules)
try:
    main(sys.argv[1:])
except SystemExit as ended:
    if ended.code:
        raise
print(*sorted(name for name in set(sys.modules) - before if getattr(sys.modules[name], "__spec__", None)))
"""


def _edit(path: Path, instruction: str = INSTRUCTION) -> tuple[str, ...]:
    return "rewrite", "--offline", "--apply", "-i", instruction, str(path)


def _code(size: int, rng: random.Random) -> str:
    """Python of about `size` bytes, with a few uses of the name that is renamed."""
    parts = ["def foo(value):\n    return value + 1\n"]
    length = len(parts[0])
    while length < size:
        number = len(parts)
        parts.append(f"def step_{number}(value):\n    return value * {rng.randrange(1_000)} + {number}\n")
        length += len(parts[-1])
    for _ in range(_USES):
        parts.insert(rng.randrange(1, len(parts) + 1), "print(foo(7))\n")
    return "\n\n".join(parts)


def _forked(act: Callable[[], int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        code = act()
    finally:
        os._exit(code)


def _command(arguments: Sequence[str]) -> int:
    from editsvc.cli import main  # noqa: PLC0415 - loaded by then

    try:
        main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def run(
    kills: int, sizes: Sequence[int], seed: int, folder: Path, said: Callable[[str], None]
) -> dict[str, Any]:
    """All kills, and the figures; `said` is told how far it has come."""
    started = time.monotonic()
    rng = random.Random(seed)
    world = World(folder, sizes, rng)
    world.rehearse()
    for way, share in SHARES.items():
        for number in range(round(kills * share)):
            subjects = [subject for subject in world.subjects if way != "command" or way in subject.seconds]
            if way == "fork":
                # Files that take seconds are edited now and then.
                subjects = [
                    subject for subject in subjects if subject.seconds[way] < 1 or not number % 20
                ] or subjects
            # What is written in place is half written for a moment, and for longer if it is large.
            subject = max(
                rng.choices(subjects, k=4 if way == "in place" else 1), key=lambda one: len(one.old)
            )
            (world.kill_an_edit if way in {"command", "fork"} else world.kill_a_write)(way, subject)
        said(f"{way}: {dict(world.tally.moments[way])}")
    records = world.look_back()
    tally = world.tally
    return {
        "kills": sum(sum(found.values()) for found in tally.moments.values()),
        "sizes": list(sizes),
        "moments": {way: dict(found) for way, found in tally.moments.items()},
        "half_written": tally.half,
        "undone": tally.undone,
        "most_left_beside": tally.most_left_beside,
        "records": records,
        "wrong": tally.wrong,
        "seconds": round(time.monotonic() - started, 1),
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    lines = ["".ljust(12) + "".join(title.rjust(9) for title in ("kills", *_MOMENTS))]
    for way, found in figures["moments"].items():
        row = (sum(found.values()), *(found[moment] for moment in _MOMENTS))
        lines.append(way.ljust(12) + "".join(f"{count:,}".rjust(9) for count in row))
    smallest, largest = min(figures["sizes"]), max(figures["sizes"])
    lines.append(
        f"Files of {smallest:,} to {largest:,} bytes: old or new after each kill, but for {figures['half_written']} "
        "that were being written in place."
    )
    lines.append(
        f"editsvc undo brought {figures['undone']} files back. The log is sound, with {figures['records']:,} records. "
        f"At most {figures['most_left_beside']} files lay beside the edited ones, none in the end."
    )
    if figures["wrong"]:
        lines = [
            lines[0],
            *lines[1 : 1 + len(figures["moments"])],
            *(f"WRONG {line}" for line in figures["wrong"]),
        ]
    return "\n".join([*lines, f"{figures['seconds']:.0f} s."])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--largest", type=int, default=max(SIZES), help="bytes of the largest file")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    sizes = [size for size in SIZES if size <= arguments.largest]

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    say(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="editsvc-kills-") as folder:
        figures = {"schema": 1, "seed": seed, **run(arguments.kills, sizes, seed, Path(folder), say)}
    print(json.dumps(figures, indent=2) if arguments.as_json else table(figures))
    sys.exit(bool(figures["wrong"]))


if __name__ == "__main__":
    main()
