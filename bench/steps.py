"""Some steps by themselves: ``python -m bench.steps [--json] [--rounds N]``.

The list of commands, as hyperfine measures it where that is installed; exact and streaming diffs beside libgit2; a
stream of events beside what decoding their JSON alone takes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import rows, texts
from editsvc.provider.sse import EventParser
from editsvc.provider.wire import decode_chunk
from editsvc.text import diff
from editsvc.text.document import split_lines
from editsvc.text.streaming_diff import StreamingDiff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EVENT: Final = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":" token"}}],"model":"m"}\n\n'
_EVENTS: Final = 20_000


def measure(rounds: int) -> Iterator[rows.Row]:
    """All rows."""
    yield _help(rounds)
    sizes = ((4_000, 0.02),) if rows.is_short() else ((4_000, 0.02), (4_000, 0.3), (50_000, 0.02))
    for lines, share in sizes:
        yield from _diffs(rounds, lines, share)
    yield _events(rounds)


def _help(rounds: int) -> rows.Row:
    """`editsvc --help` beside what it cannot do without."""
    commands = {"editsvc": ["-m", "editsvc", "--help"], "click": ["-c", "import click"]}

    def run(arguments: list[str]) -> Callable[[], float]:
        command = [sys.executable, *arguments]
        if shutil.which("hyperfine") is None:
            return lambda: rows.wall_ms(lambda: subprocess.run(command, check=True, capture_output=True))
        return lambda: _hyperfine(command)

    found = rows.interleaved({name: run(arguments) for name, arguments in commands.items()}, rounds=rounds)
    return rows.compared(
        "editsvc --help", "python -c 'import click'", found["editsvc"], found["click"], goal=2.5
    )


def _hyperfine(command: list[str]) -> float:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        words = subprocess.list2cmdline(command)
        tool = ["hyperfine", "--shell=none", "--runs=3", "--style=none", f"--export-json={file.name}", words]
        subprocess.run(tool, check=True, capture_output=True)
        (result,) = json.loads(Path(file.name).read_text("utf-8"))["results"]
    return 1000 * float(result["median"])


def _diffs(rounds: int, lines: int, share: float) -> Iterator[rows.Row]:
    old = texts.python_text(lines)
    new = texts.changed(old, share)
    old_lines, new_lines = split_lines(old), split_lines(new)

    def stream() -> None:
        streaming = StreamingDiff(old_lines)
        for line in new_lines:
            streaming.push([line])
        streaming.finish()

    calls = {
        "libgit2": lambda: rows.cpu_ms(lambda: diff.changed_spans(old, new)),
        "edits": lambda: rows.cpu_ms(lambda: diff.edits(old, new)),
        "streaming": lambda: rows.cpu_ms(stream),
    }
    found = rows.interleaved(calls, rounds=rounds)
    what = f"{lines:,} lines, {100 * share:g} % changed"
    yield rows.compared(f"exact edits of {what}", "libgit2's spans", found["edits"], found["libgit2"])
    yield rows.compared(
        f"streaming diff of {what}, line by line", "libgit2's spans", found["streaming"], found["libgit2"]
    )


def _events(rounds: int) -> rows.Row:
    data = _EVENT * _EVENTS

    def ours() -> None:
        for event in EventParser().push(data):
            decode_chunk(event.data)

    def decoding() -> None:
        for line in data.split(b"\n\n"):
            if line:
                json.loads(line[6:])

    found = rows.interleaved(
        {"ours": lambda: rows.cpu_ms(ours), "json": lambda: rows.cpu_ms(decoding)}, rounds=rounds
    )
    return rows.compared(f"{_EVENTS:,} events read", "json.loads alone", found["ours"], found["json"])


if __name__ == "__main__":
    rows.main(__doc__, measure)
