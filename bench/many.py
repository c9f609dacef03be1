"""Many edits at once: ``python -m bench.many [--json] [--rounds N]``.

Fifty edits of one process that start in the same moment, each reply at 1,000 tokens a second and a token an event. Said
are the share of a core that the process takes while all of them stream, and, beside the SDK's asynchronous client with
as many streams, the processor time of all of it, from fifty requests to fifty results; the scores that are made behind
the results are left out. Then how long the slowest edit takes beside curl draining one such reply alone, which tells
whether the pace was kept; and how late a timer of 5 ms comes on the event loop, beginning and end included.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import quantiles
from typing import TYPE_CHECKING, Final

from bench import rows, texts
from bench.stream import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.clients import Measured
    from bench.server import Arrival, Wire

EDITS: Final = 50
RATE: Final = 1_000
LINES: Final = 1_000
_WIRES: Final[dict[Wire, str]] = {"http": "HTTP/1.1", "h2": "TLS, HTTP/2"}
_HUNDREDTHS: Final = 100


def measure(rounds: int) -> Iterator[rows.Row]:
    """All rows."""
    # A turn of these takes as long as ten of others.
    rounds = max(1, rounds // 2)
    with ExitStack() as stack:
        bench = Bench(stack, {LINES: texts.rewritten(LINES)})
        for wire, title in _WIRES.items():
            if wire == "http" or not rows.is_short():
                yield from _at_once(bench, rounds, wire, title)


def _at_once(bench: Bench, rounds: int, wire: Wire, title: str) -> Iterator[rows.Row]:
    # Over HTTP/2 the peer takes half a minute.
    names = ["editsvc", "curl", *(["cerebras-async"] if wire == "http" else [])]
    found: dict[str, list[Measured]] = {name: [] for name in names}
    shares: list[float] = []

    def call(name: str) -> Callable[[], float]:
        def run() -> float:
            bench.server.log()
            if name == "editsvc":
                task = bench.task(LINES, wire, rate=RATE, tokens=1, times=EDITS)
                measured, used = bench.client(name).watched(task)
                shares.append(_share(used, bench.server.log()))
            else:
                times = 1 if name == "curl" else EDITS
                measured = bench.run(name, LINES, wire, rate=RATE, tokens=1, times=times)
            found[name].append(measured)
            return measured.wall_s

        return run

    rows.interleaved({name: call(name) for name in found}, rounds=rounds)
    ours, curls = found["editsvc"][1:], found["curl"][1:]
    what = f"{EDITS} edits at once, {RATE:,} tokens a second each, {title}"
    length_s = bench.cases[LINES].tokens / RATE
    yield rows.alone(
        f"{what}: share of a core while they stream",
        shares[1:],
        unit="%",
        goal=30,
    )
    yield rows.alone(
        f"{what}: processor time of all, by the length of the streams",
        [100 * each.cpu_s / length_s for each in ours],
        unit="%",
    )
    if "cerebras-async" in found:
        yield rows.compared(
            f"{what}: processor time of all",
            "Cerebras SDK's async loop",
            [1000 * each.cpu_s for each in ours],
            [1000 * each.cpu_s for each in found["cerebras-async"][1:]],
        )
    yield rows.compared(
        f"{what}: the slowest",
        "curl, one alone",
        [1000 * max(each.walls) for each in ours],
        [1000 * each.wall_s for each in curls],
        goal=1.05,
    )
    yield rows.alone(
        f"{what}: lag of the event loop, p99",
        [1000 * quantiles(each.lags, n=_HUNDREDTHS, method="inclusive")[98] for each in ours],
        goal=20,
    )
    yield rows.alone(
        f"{what}: lag of the event loop, most", [1000 * max(each.lags, default=0.0) for each in ours]
    )


def _share(used: list[tuple[float, float]], served: list[Arrival]) -> float:
    """Of a core, in percent, from when the last reply has begun to when the first one ends."""
    begins, ends = max(each.token for each in served), min(each.last for each in served)
    inside = [mark for mark in used if begins <= mark[0] <= ends] or used
    (first_at, first), (last_at, last) = inside[0], inside[-1]
    return 100 * (last - first) / (last_at - first_at)


if __name__ == "__main__":
    rows.main(__doc__, measure)
