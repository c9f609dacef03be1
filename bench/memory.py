"""What an edit of a large file holds: ``python -m bench.memory [--json] [--rounds N]``.

The highest resident memory of a process while it edits a file of 7 MB, above what it holds after an edit of a small
one, beside the size of the file; and the same for the SDK's sync loop, which only puts the reply together. Each turn is
a process of its own, since what is freed does not all go back to the system. Linux only: the peak is read, and reset,
under ``/proc``.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import rows, texts
from bench.clients import Process, Task, digest
from bench.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINES: Final = {"small": 200, "large": 190_000}
# Events of a token each would hold the server's memory; how many tokens one holds says nothing about ours.
_TOKENS: Final = 16
_MEGABYTE: Final = 1e6


@dataclass
class _Bench:
    server: Server
    folder: Path
    cases: dict[str, texts.Case]
    later: dict[str, list[float]] = field(default_factory=dict)

    def task(self, name: str) -> Task:
        """The edit of that file."""
        case = self.cases[name]
        document = self.folder / name
        document.write_text(case.before, "utf-8")
        return Task(
            base_url=self.server.base_url("http", name, tokens=_TOKENS),
            document=str(document),
            after=digest(case.after),
            reply=digest("".join(case.reply.pieces)),
            instruction=texts.INSTRUCTION,
        )

    def peak(self, client: str) -> Callable[[], float]:
        """A call that measures a process until the result, in MB, and notes the peak until it is at rest."""

        def run() -> float:
            with Process(client, certificate=self.server.certificate) as process:
                process.run(self.task("small"))
                idle = process.resident("VmRSS")
                process.forget_peak()
                measured = process.run(self.task("large"))
                self.later.setdefault(client, []).append((process.resident("VmHWM") - idle) / _MEGABYTE)
                return (measured.peak - idle) / _MEGABYTE

        return run


def measure(rounds: int) -> Iterator[rows.Row]:
    """All rows."""
    turns = max(1, rounds // 2)  # each takes long, and they differ little
    cases = {name: texts.rewritten(lines, 0.001) for name, lines in LINES.items()}
    size = len(cases["large"].before.encode()) / _MEGABYTE
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(Server({name: case.reply for name, case in cases.items()}))
        bench = _Bench(server, folder, cases)
        found = rows.interleaved(
            {name: bench.peak(name) for name in ("editsvc", "cerebras")}, rounds=turns, warmups=0
        )
    what = f"peak of memory above idle, a file of {size:.0f} MB"
    file = [size] * turns
    yield rows.compared(f"{what}, until the result", "the file", found["editsvc"], file, unit="MB", goal=12)
    yield rows.compared(
        f"{what}, scores included", "the file", bench.later["editsvc"], file, unit="MB", goal=12
    )
    yield rows.compared(f"{what}: Cerebras SDK's sync loop", "the file", found["cerebras"], file, unit="MB")


if __name__ == "__main__":
    rows.main(__doc__, measure)
