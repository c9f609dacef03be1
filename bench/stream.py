"""What a whole edit costs while the model writes: ``python -m bench.stream [--json] [--rounds N]``.

Processor time a token, of a file of Python of 1,000 and of 4,000 lines with 2 % of its lines changed, over HTTP/1.1 and
over TLS with HTTP/2: all of an edit (see bench/clients.py) beside loops over the same reply that only put it together.
A reply comes at once ("burst") or at 3,000 tokens a second ("paced"); 1 or 4 tokens are in an event. Beside it, how
long a paced edit takes from request to result, and how long curl takes for the same.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import rows, texts
from bench.clients import PEERS, Measured, Process, Task, curl, digest
from bench.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.server import Wire

RATE: Final = 3_000
_WIRES: Final[dict[Wire, str]] = {"http": "HTTP/1.1", "h2": "TLS, HTTP/2"}
_NAMES: Final = {
    "cerebras": "Cerebras SDK's sync loop",
    "cerebras-async": "Cerebras SDK's async loop",
    "openai": "OpenAI SDK's sync loop",
    "curl": "curl",
}
_WARM_UPS: Final = 2


class Bench:
    """A server, the clients and the texts."""

    def __init__(self, stack: ExitStack, cases: dict[int, texts.Case]) -> None:
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.cases = cases
        self.server = stack.enter_context(
            Server({str(size): case.reply for size, case in self.cases.items()})
        )
        for size, case in self.cases.items():
            self._path(size, "before").write_text(case.before, "utf-8")
            body = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": 2 * case.before}]}
            self._path(size, "body").write_text(json.dumps(body), "utf-8")
        self._stack = stack
        self._clients: dict[str, Process] = {}

    def client(self, name: str) -> Process:
        """The process of that client."""
        if name not in self._clients:
            process = Process(name, certificate=self.server.certificate)
            self._clients[name] = self._stack.enter_context(process)
        return self._clients[name]

    def run(self, name: str, size: int, wire: Wire, *, rate: float, tokens: int, times: int = 1) -> Measured:
        """One measurement."""
        task = self.task(size, wire, rate=rate, tokens=tokens, times=times)
        if name == "curl":
            return curl(task, self.server.certificate, self._path(size, "body"))
        return self.client(name).run(task)

    def task(self, size: int, wire: Wire, *, rate: float, tokens: int, times: int = 1) -> Task:
        """What is to be done."""
        return Task(
            base_url=self.server.base_url(wire, str(size), rate=rate, tokens=tokens),
            document=str(self._path(size, "before")),
            after=digest(self.cases[size].after),
            reply=digest("".join(self.cases[size].reply.pieces)),
            instruction=texts.INSTRUCTION,
            times=times,
        )

    def _path(self, size: int, name: str) -> Path:
        return self._folder / f"{size}-{name}"


def measure(rounds: int) -> Iterator[rows.Row]:
    """All rows."""
    short = rows.is_short()
    sizes = (1_000,) if short else (1_000, 4_000)
    with ExitStack() as stack:
        bench = Bench(stack, {size: texts.rewritten(size) for size in sizes})
        for size in sizes:
            for wire in _WIRES:
                # The other peers say where the SDK stands; once is enough for that.
                others = size == sizes[0] and not short
                yield from _costs(bench, rounds, size, wire, rate=0, tokens=1, goal=0.5, others=others)
                yield from _costs(bench, rounds, size, wire, rate=0, tokens=4, goal=0.8)
        for wire in _WIRES:
            yield from _costs(bench, rounds, 1_000, wire, rate=RATE, tokens=1, goal=0.5, others=not short)
            if not short:
                yield from _costs(bench, rounds, 1_000, wire, rate=RATE, tokens=4, goal=0.8)
        edits, scored = bench.client("editsvc").scored()
        yield rows.alone("edits of these measurements with what-if scores", [100 * scored / edits], unit="%")


def _costs(
    bench: Bench,
    rounds: int,
    size: int,
    wire: Wire,
    *,
    rate: float,
    tokens: int,
    goal: float,
    others: bool = False,
) -> Iterator[rows.Row]:
    names = ["editsvc", *(PEERS if others else ["cerebras"])]
    if rate or others:
        names.append("curl")
    found: dict[str, list[Measured]] = {name: [] for name in names}

    def call(name: str) -> Callable[[], float]:
        def run() -> float:
            measured = bench.run(name, size, wire, rate=rate, tokens=tokens)
            found[name].append(measured)
            return measured.cpu_s

        return run

    # A paced edit takes seconds, and one before it has warmed everything.
    warmups = 1 if rate else _WARM_UPS
    rows.interleaved({name: call(name) for name in names}, rounds=rounds, warmups=warmups)
    count = bench.cases[size].tokens
    taken = {name: [1e6 * each.cpu_s / count for each in values[warmups:]] for name, values in found.items()}
    manner = f"paced at {rate:,.0f}/s" if rate else "burst"
    event = "1 token" if tokens == 1 else f"{tokens} tokens"
    what = f"edit of {size:,} lines, {manner}, {event} an event, {_WIRES[wire]}: processor time a token"
    for name in names[1:]:
        judged = goal if name == "cerebras" else None
        yield rows.compared(what, _NAMES[name], taken["editsvc"], taken[name], unit="us", goal=judged)
    if rate and tokens == 1:
        walls = {name: [1000 * each.wall_s for each in found[name][warmups:]] for name in ("editsvc", "curl")}
        yield rows.compared(
            f"edit of {size:,} lines, {manner}, {_WIRES[wire]}: request to result",
            "curl",
            walls["editsvc"],
            walls["curl"],
            goal=1.01,
        )


if __name__ == "__main__":
    rows.main(__doc__, measure)
