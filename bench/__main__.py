"""Speed, as ratios within one run: ``python -m bench``.

Each figure is the median of interleaved repetitions; a ratio holds on another machine, the milliseconds do not.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from editsvc.provider.sse import EventParser
from editsvc.provider.wire import decode_chunk
from editsvc.text import diff
from editsvc.text.document import split_lines
from editsvc.text.streaming_diff import StreamingDiff

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


def milliseconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def compare(title: str, candidates: dict[str, Callable[[], object]], *, rounds: int = ROUNDS) -> None:
    """Print the medians of `candidates`, and each one's ratio to the first."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, call in candidates.items():
            times[name].append(milliseconds(call))
    base = median(next(iter(times.values())))
    print(f"\n{title}")
    for name, found in times.items():
        print(f"  {name:<44}{median(found):>10.1f} ms{median(found) / base:>8.2f}x")


def process(*arguments: str) -> Callable[[], object]:
    """A call that runs Python once."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def a_file(lines: int, seed: int = 1) -> str:
    """A text of so many lines, most of them different."""
    rng = random.Random(seed)
    return "".join(
        f"    value_{number} = {rng.random()}\n" if number % 5 else "\n" for number in range(lines)
    )


def edited(text: str, share: float, seed: int = 2) -> str:
    """`text` with that share of its lines changed."""
    rng = random.Random(seed)
    return "".join("changed\n" if rng.random() < share else line for line in split_lines(text))


def main() -> None:
    """Print every comparison."""
    compare(
        "Start-up: the list of commands, against what it cannot do without (limit 2.5x)",
        {
            "python -c 'import click'": process("-c", "import click"),
            "editsvc --help": process("-m", "editsvc", "--help"),
        },
        rounds=15,
    )
    for count, share in ((10_000, 0.001), (10_000, 0.3), (200_000, 0.01)):
        old = a_file(count)
        new = edited(old, share)
        old_lines, new_lines = split_lines(old), split_lines(new)

        def stream(old_lines: list[str] = old_lines, new_lines: list[str] = new_lines) -> None:
            streaming = StreamingDiff(old_lines)
            for line in new_lines:
                streaming.push([line])
            streaming.finish()

        compare(
            f"Diff of {count:,} lines, {100 * share:g} % changed",
            {
                "spans (libgit2)": lambda old=old, new=new: diff.changed_spans(old, new),  # type: ignore[misc]
                "edits with line ends": lambda old=old, new=new: diff.edits(old, new),  # type: ignore[misc]
                "streaming, line by line": stream,
            },
            rounds=3,
        )
    chunk = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":" token"}}],"model":"m"}\n\n'
    stream_bytes = chunk * 20_000

    def parse() -> None:
        for event in EventParser().push(stream_bytes):
            decode_chunk(event.data)

    def json_only() -> None:
        import json  # noqa: PLC0415 - only to compare with

        for line in stream_bytes.split(b"\n\n"):
            if line:
                json.loads(line[6:])

    compare("20,000 one-token events", {"json.loads alone": json_only, "events and chunks": parse})


if __name__ == "__main__":
    main()
