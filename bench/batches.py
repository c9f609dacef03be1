"""One run of many real files, with faults, a limit and a kill: ``python -m bench.batches [--files 500]``.

Files of the standard library, copied to a folder of their own, are edited by ``editsvc rewrite --apply`` through
``editsvc emulate``, which lets 5 % of the requests fail and answers 429 above a number of tokens a minute. The run is
killed (SIGKILL) on its way, and goes on with ``--resume``. Then is counted:

told        every file ends with a status, and what is changed on disk is what was said to be
429         how many requests the server has refused: a limit that is kept has next to none
twice       how many files were edited twice, by the log: no more than were under way when the run was killed
used        what of the limit was used, in the fullest way it could have been: the least of all whole minutes, which are
            those of the server's windows that neither begin nor end with the run
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INSTRUCTION: Final = "rename self to this"
JOBS: Final = 8
_MINUTE_S: Final = 60
_SMALLEST: Final = 300
_LARGEST: Final = 150_000
# What a request reserves of a limit, by the bytes of its file: measured, and good enough to choose a limit by.
_RESERVED_A_BYTE: Final = 0.65
_FAULTS: Final = ("status:500", "cut:0.5", "reset", "status:503")
_LOST_AT_MOST: Final = 0.1
# Not python -m: that would import modules of the standard library from the folder with the copies.
_EDITSVC: Final = str(Path(sys.executable).parent / "editsvc")


@dataclass
class Figures:
    """What was counted; `wrong` are sentences about what must not be."""

    files: int
    limit: int
    told_before: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    faults: int = 0
    refused_429: int = 0
    twice: int = 0
    resumed: int = 0
    windows: list[float] = field(default_factory=list)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def copied(folder: Path, count: int) -> list[Path]:
    """So many files of the standard library, in a folder."""
    library = Path(sysconfig.get_paths()["stdlib"])
    found: list[Path] = []
    for path in sorted(library.rglob("*.py")):
        inside = path.relative_to(library)
        if len(found) < count and "site-packages" not in inside.parts:
            size = path.stat().st_size
            if _SMALLEST <= size <= _LARGEST:
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
                found.append(target)
    return found


def measure(count: int, minutes: float, seed: int, *, folder: Path) -> Figures:
    """One run of `count` files, with a limit that it takes about so many minutes within."""
    work = folder / "work"
    files = copied(work, count)
    before = {path: path.read_bytes() for path in files}
    limit = round(_RESERVED_A_BYTE * sum(map(len, before.values())) / minutes)
    figures = Figures(len(files), limit)
    log = folder / "requests.jsonl"
    faults = [word for fault in _FAULTS for word in ("--fault", fault)]
    emulator = subprocess.Popen(
        [
            *(_EDITSVC, "emulate", "--port", "0", "--log", str(log), "--ttft", "0.2"),
            *("--tokens-per-minute", str(limit), *faults, "--fault-rate", "0.05", "--seed", str(seed)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert emulator.stdout is not None
        url = emulator.stdout.readline().removeprefix("listening on ").strip()
        environ = {
            **os.environ,
            "CEREBRAS_API_KEY": "csk-for-a-measurement",
            "CEREBRAS_BASE_URL": url,
            "EDITSVC_DATA_DIR": str(folder / "data"),
            "EDITSVC_CONFIG": os.devnull,
            "EDITSVC_EXPLORATION": "0",
        }
        began = time.time()
        first = _killed(["-i", INSTRUCTION, "--apply", "--yes", "."], work, environ, after=2 * count // 5)
        figures.told_before = len(first)
        killed = time.time()
        done = _run(["--resume"], work, environ)
        ended = time.time()
        figures.seconds = ended - began
        told = [json.loads(line) for line in done.stdout.split(b"\n") if line]
        _judge_files(figures, told, {str(path.relative_to(work)): path for path in files}, before)
        exported = subprocess.run(
            [_EDITSVC, "log", "export"], env=environ, capture_output=True, check=True
        ).stdout
        _judge_log(figures, [json.loads(line) for line in exported.split(b"\n") if line])
    finally:
        emulator.send_signal(signal.SIGINT)
        emulator.wait(10)
    _judge_requests(
        figures, [json.loads(line) for line in log.read_text("utf-8").split("\n") if line], killed
    )
    return figures


def _command(args: Sequence[str]) -> list[str]:
    return [_EDITSVC, "rewrite", "--jobs", str(JOBS), "--jsonl", *args]


def _killed(args: Sequence[str], work: Path, environ: dict[str, str], *, after: int) -> list[str]:
    """What a run has told when it is killed, which is when it has told so much."""
    with subprocess.Popen(
        _command(args), cwd=work, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(json.loads(line)["path"])
            if len(told) >= after:
                process.kill()
                break
    return told


def _run(args: Sequence[str], work: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(_command(args), cwd=work, env=environ, capture_output=True, check=False)


def _judge_files(
    figures: Figures, told: list[dict[str, Any]], files: dict[str, Path], before: dict[Path, bytes]
) -> None:
    figures.statuses = dict(Counter(edit["status"] for edit in told))
    figures.resumed = sum(edit["resumed"] for edit in told)
    if sorted(edit["path"] for edit in told) != sorted(files):
        figures.wrong.append(f"{len(told)} of {len(files)} files were told.")
    for edit in told:
        path = files[edit["path"]]
        if (path.read_bytes() != before[path]) != (edit["status"] == "changed"):
            figures.wrong.append(f"{edit['path']} is said to be {edit['status']}, and is not.")
        if edit["status"] not in {"changed", "unchanged"} and not edit["message"]:
            figures.wrong.append(f"{edit['path']} is {edit['status']} without a reason.")
    if figures.resumed < figures.told_before:
        figures.wrong.append(f"{figures.told_before} files were told, and {figures.resumed} taken over.")


def _judge_log(figures: Figures, records: list[dict[str, Any]]) -> None:
    paid = Counter(record["path"] for record in records if record["status"] not in {"failed", "cancelled"})
    figures.twice = sum(times - 1 for times in paid.values())
    if figures.twice > JOBS:
        figures.wrong.append(f"{figures.twice} files were edited twice.")


def _judge_requests(figures: Figures, served: list[dict[str, Any]], killed: float) -> None:
    figures.requests = len(served)
    figures.faults = sum(bool(one["fault"]) for one in served)
    figures.refused_429 = sum(one["status"] == 429 for one in served)
    # When a process begins, it does not know what is left of the minute: each of its first requests may be refused.
    if figures.refused_429 > 2 * JOBS:
        figures.wrong.append(f"{figures.refused_429} requests ran into the limit.")
    good = [one for one in served if one["status"] == 200 and not one["fault"]]
    after = sum(one["at"] >= killed for one in good)
    if after > figures.files - figures.told_before + JOBS:
        figures.wrong.append(f"{after} replies came for {figures.files - figures.told_before} files.")
    if not served:
        figures.wrong.append("Nothing was asked.")
        return
    figures.windows = [round(share, 3) for share in _whole_windows(served, figures.limit)]
    if not figures.windows:
        figures.wrong.append("The run was too short for a whole minute.")
    elif min(figures.windows) < 1 - _LOST_AT_MOST:
        figures.wrong.append(f"Of the limit, {min(figures.windows):.0%} was used.")


def _whole_windows(served: list[dict[str, Any]], limit: int) -> Iterator[float]:
    """The share of the limit that was used, in each minute of the server's but the first and the last one."""
    used: Counter[int] = Counter()
    for one in served:
        used[int(one["at"] // _MINUTE_S)] += one["reserved_tokens"]
    for minute in range(min(used) + 1, max(used)):
        yield used[minute] / limit


def main() -> int:
    """Measure, and print what was counted; 1 if something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="editsvc-batches-") as name:
        figures = measure(options.files, options.minutes, options.seed, folder=Path(name))
    if options.json:
        print(json.dumps(asdict(figures)))
    else:
        for key, value in asdict(figures).items():
            print(f"{key:14}{value}")
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
