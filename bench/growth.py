"""How figures grow: ``python -m bench.growth [CURVE …] [--rounds N] [--json]``, which draws docs/growth-*.svg.

A curve has medians of turns (see bench/rows.py), ours beside the peers', on logarithmic axes: a straight line at 45
degrees is growth in proportion. The figures themselves go into docs/growth.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from bench import batch, documents, plot, report, rows, texts
from bench.stream import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs"
_PER_EVENT: Final = 16


@dataclass(frozen=True)
class Curve:
    """Named lines over one quantity; a line has a point for each place where it was measured."""

    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]


def by_file(rounds: int) -> Curve:
    """A whole edit of files of 1 KB to 5 MB."""
    sizes = (30, 300, 3_000, 30_000, 140_000)
    return _edits(
        rounds,
        "A whole edit, by the size of the file",
        "bytes of the file",
        {float(len(texts.rewritten(lines, 0.02).before)): texts.rewritten(lines, 0.02) for lines in sizes},
    )


def by_edit(rounds: int) -> Curve:
    """A whole edit of 4,000 lines, of which 1 to 256 change."""
    cases = {float(changed): texts.rewritten(4_000, changed / 4_000) for changed in (1, 4, 16, 64, 256)}
    return _edits(rounds, "A whole edit of 4,000 lines, by the lines that change", "lines that change", cases)


def _edits(rounds: int, title: str, x: str, cases: Mapping[float, texts.Case]) -> Curve:
    names = {"editsvc": "editsvc, all of the edit", "cerebras": "SDK's loop, which only joins the reply"}
    lines: dict[str, list[tuple[float, float]]] = {shown: [] for shown in names.values()}
    with ExitStack() as stack:
        bench = Bench(stack, dict(enumerate(cases.values())))
        for number, place in enumerate(cases):
            found = rows.interleaved(
                {name: _cpu(bench, name, number) for name in names}, rounds=rounds, warmups=1
            )
            for name, values in found.items():
                lines[names[name]].append((place, median(values)))
    return Curve(title, x, "ms of processor time", lines)


def _cpu(bench: Bench, name: str, size: int) -> Callable[[], float]:
    return lambda: 1000 * bench.run(name, size, "http", rate=0, tokens=_PER_EVENT).cpu_s


def by_documents(rounds: int) -> Curve:
    """One key typed into one of 1 to 1,000 open documents."""
    del rounds  # a turn is as many keys as are measured anyway
    counts = (1, 10, 100, 1_000)
    return Curve(
        "A key typed, by the open documents of 10,000 lines",
        "open documents",
        "ms of processor time",
        {
            "editsvc": [(count, documents.typed_among(count)) for count in counts],
            "pygls": [(count, documents.typed_among_pygls(count)) for count in counts],
        },
    )


def by_files(rounds: int) -> Curve:
    """One run of `rewrite --apply` on 1 to 200 files."""
    ours, peer = [], []
    for files in (1, 5, 20, 100, 200):
        found = batch.compared(files, min(files, 20), rounds)
        ours.append((float(files), median(found["editsvc"]) * files))
        if files <= 20:  # beyond, each costs the same
            peer.append((float(files), median(found["xargs"]) * files))
    return Curve(
        "One run, by the files that it edits",
        "files",
        "ms from start to end",
        {"editsvc": ours, "xargs": peer},
    )


def by_records(rounds: int) -> Curve:
    """A report over 1,000 to 1,000,000 records."""
    counts = (1_000, 10_000, 100_000, 1_000_000)
    lines: dict[str, list[tuple[float, float]]] = {}
    for count in counts:
        for row in report.measure(rounds, count, [(), ("model",), ("model", "language")]):
            name = row.what.rpartition("records ")[2]
            lines.setdefault(name, []).append((float(count), 1000 * row.ours))
    return Curve("A report, by the records of the log", "records", "ms of processor time", lines)


CURVES: Final[dict[str, Callable[[int], Curve]]] = {
    "file": by_file,
    "edit": by_edit,
    "documents": by_documents,
    "files": by_files,
    "records": by_records,
}


def drawn(name: str, curve: Curve) -> str:
    """The curve as SVG."""
    return plot.logarithmic(f"growth-{name}", curve.title, curve.x, curve.y, curve.lines)


def _measured(names: Iterable[str], rounds: int) -> Iterator[tuple[str, Curve]]:
    for name in names:
        yield name, CURVES[name](rounds)


def main() -> None:
    """Measure, draw, and keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "curves", nargs="*", metavar="CURVE", help=f"of {', '.join(CURVES)}; all if none is named"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print the figures, and draw nothing")
    options = parser.parse_args()
    kept = DOCS / "growth.json"
    found = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for name, curve in _measured(options.curves or CURVES, options.rounds):
        found[name] = asdict(curve)
        found[name]["lines"] = {
            title: [(place, float(f"{value:.3g}")) for place, value in points]
            for title, points in curve.lines.items()
        }
        if options.json:
            continue
        kept.write_text(json.dumps(found, sort_keys=True) + "\n", "utf-8")
        (DOCS / f"growth-{name}.svg").write_text(drawn(name, curve), "utf-8")
        print(f"docs/growth-{name}.svg: {curve.title}", flush=True)
    if options.json:
        json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
