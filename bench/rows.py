"""What every measurement of speed hands over, and how it is taken.

A module of ``bench`` that measures speed has a function ``measure(rounds)`` that yields a `Row` as soon as it is known;
``python -m bench`` calls it. Where nothing else is to be printed, its ``main`` is one line:
``rows.main(__doc__, measure)``.

How a figure is made is the same everywhere. Ours and the peer take turns (`interleaved`), so that what else runs on the
machine meets both. A row's ratio is the median of the ratios of the turns; `low` and `high` are its quartiles. A ratio
holds on another machine; milliseconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass, replace
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROUNDS: Final = 7
SHORT: Final = "EDITSVC_BENCH_SHORT"
"""Is set in the environment of a short form: a module leaves out what takes long, and keeps the names of the rest."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of results.

    Attributes:
        what: What is measured, in a few words; together with `against` the name of the row.
        against: The peer's name; empty if there is none.
        ours: Median of our figures, in `unit`.
        peer: Median of the peer's figures; None if there is no peer.
        ratio: Median of ours ÷ peer over the turns; None if there is no peer.
        goal: The highest ratio that is wanted, or the highest figure if there is no peer; None if nothing is.
        unit: Of `ours` and `peer`: "ms", "us", "s", "MB", "lines", "%", "x".
        runs: How many turns.
        low: Lower quartile of the ratio, or of our figures if there is no peer.
        high: Upper quartile of the same.
        our_values: Our figure in each turn.
        peer_values: The peer's, in the same order.
    """

    what: str
    against: str
    ours: float
    peer: float | None
    ratio: float | None
    goal: float | None
    unit: str
    runs: int
    low: float
    high: float
    our_values: tuple[float, ...] = ()
    peer_values: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """What the row is known by."""
        return f"{self.what} ÷ {self.against}" if self.against else self.what

    @property
    def judged(self) -> float:
        """The figure that the goal is for."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None if there is none."""
        return None if self.goal is None else self.judged <= self.goal


def compared(
    what: str,
    against: str,
    ours: Sequence[float],
    peer: Sequence[float],
    *,
    unit: str = "ms",
    goal: float | None = None,
) -> Row:
    """The row of figures that were taken in turns; as many of ours as of the peer's."""
    ratios = [mine / theirs for mine, theirs in zip(ours, peer, strict=True)]
    low, high = _quartiles(ratios)
    return Row(
        what,
        against,
        median(ours),
        median(peer),
        median(ratios),
        goal,
        unit,
        len(ratios),
        low,
        high,
        tuple(ours),
        tuple(peer),
    )


def alone(what: str, values: Sequence[float], *, unit: str = "ms", goal: float | None = None) -> Row:
    """The row of figures that have no peer."""
    low, high = _quartiles(values)
    return Row(what, "", median(values), None, None, goal, unit, len(values), low, high, tuple(values))


def merged(rows: Sequence[Row]) -> Row:
    """One row from several of the same name: all their turns."""
    ours = [value for row in rows for value in row.our_values]
    peer = [value for row in rows for value in row.peer_values]
    first = rows[0]
    if first.against:
        return compared(first.what, first.against, ours, peer, unit=first.unit, goal=first.goal)
    return alone(first.what, ours, unit=first.unit, goal=first.goal)


def interleaved(
    calls: Mapping[str, Callable[[], float]], *, rounds: int = ROUNDS, warmups: int = 1
) -> dict[str, list[float]]:
    """The figures that each call returns, in turns: every call once, then every call again.

    Every second turn goes backwards, so that nobody always comes first. The turns for warming up are not in the answer.
    """
    found: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(-warmups, rounds):
        for name in list(calls) if turn % 2 == 0 else reversed(list(calls)):
            value = calls[name]()
            if turn >= 0:
                found[name].append(value)
    return found


def cpu_ms(call: Callable[[], object]) -> float:
    """Processor time of one call in this process, all its threads included."""
    started = time.process_time()
    call()
    return 1000 * (time.process_time() - started)


def wall_ms(call: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def child_cpu_ms(call: Callable[[], object]) -> float:
    """Processor time of the child processes that ended while `call` ran, which has to wait for them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def is_short() -> bool:
    """Whether the short form is wanted."""
    return bool(os.environ.get(SHORT))


def main(about: str | None, measure: Callable[[int], Iterable[Row]]) -> None:
    """Print the rows: as a table, or as one JSON object.

    Args:
        about: The docstring of the module.
        measure: Yields the rows for so many turns.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object: {'rows': [...]}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each measurement")
    options = parser.parse_args()
    found = []
    for row in measure(options.rounds):
        found.append(row)
        if not options.json:
            print(shown(row), flush=True)
    if options.json:
        dump(found)


def dump(found: Iterable[Row]) -> None:
    """Print rows as one JSON object."""
    json.dump({"rows": [asdict(row) for row in found]}, sys.stdout)


def read(text: str) -> list[Row]:
    """The rows that a module printed with ``--json``."""
    return [_row(found) for found in json.loads(text)["rows"]]


def _row(found: dict[str, Any]) -> Row:
    row = Row(**found)
    # What comes from JSON has lists.
    return replace(row, our_values=tuple(row.our_values), peer_values=tuple(row.peer_values))


def shown(row: Row) -> str:
    """A row as one line for a terminal."""
    mark = {None: " ", True: "●", False: "○"}[row.reached]
    goal = "" if row.goal is None else f"goal {row.goal:g}"
    if row.peer is None:
        return f"{mark} {row.what:<74}{row.ours:>10.4g} {row.unit:<6}({row.low:.4g} to {row.high:.4g}) {goal}"
    return (
        f"{mark} {row.name:<74}{row.ours:>10.4g} ÷{row.peer:>10.4g} {row.unit:<4}={row.ratio:>8.3g} "
        f"({row.low:.3g} to {row.high:.3g}) {goal}"
    )


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
