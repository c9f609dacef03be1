"""Speed beside other programs: ``python -m bench [PART …] [--against PATH] [--rounds N] [-o FILE]``, or ``make bench``.

Measures every part (bench/rows.py has how), each in a process of its own, and writes ``bench/RESULTS.md``: each figure
beside its peer's, with quartiles, and what it was measured with. The figures of every single turn go beside it, as
``bench/results.json``, which ``python -m pyperf stats`` and ``python -m pyperf compare_to`` read. docs/speed.md
explains each row.

With ``--against PATH`` the same harness measures another checkout as well, such as the commit before, in turns with
this one: the package then comes from there. What it does not have yet is left out.

``--short`` is for CI: fewer rows, less than a minute. It exits with 1 if a ratio is more than twice the one that
``bench/expected.json`` has, in two attempts; ``--short --expect`` writes that file.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.rows import Row

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "bench" / "RESULTS.md"
EXPECTED: Final = ROOT / "bench" / "expected.json"
PARTS: Final = {
    "stream": "While the model writes",
    "many": "Many edits at once",
    "ending": "From the last byte to the edit",
    "lag": "What is shown meanwhile",
    "requests": "Requests",
    "starts": "Starts",
    "memory": "Memory",
    "report": "Reports",
    "batch": "Many files",
    "documents": "Documents in the language server",
    "steps": "Steps by themselves",
}
SHORT: Final = ("stream", "ending", "requests", "documents", "steps")
_ABOUT: Final = (
    "Ours beside the peer's, medians; the ratio is the median of the ratios of single turns, with its quartiles. "
    "● reaches its goal, ○ does not. [docs/speed.md](../docs/speed.md) says how each is measured."
)
_NONE: Final = "-"
_SHORT_ROUNDS: Final = 3
_TOO_MUCH: Final = 2.0
_SLICES: Final = 3  # turns between this checkout and another one
_NAMED: Final = (
    "cerebras_cloud_sdk",
    "openai",
    "httpx",
    "h2",
    "pygls",
    "pygit2",
    "msgspec",
    "tree-sitter",
    "pyperf",
)


@dataclass(frozen=True)
class Checkout:
    """A folder with a version of the product."""

    path: Path

    @property
    def commit(self) -> str:
        """Its commit, with a mark if something is not committed."""
        done = subprocess.run(
            ["git", "-C", str(self.path), "describe", "--always", "--dirty", "--abbrev=10"],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or "unknown"

    def rows(self, part: str, rounds: int) -> list[Row]:
        """What a part measures here; empty if it cannot be measured."""
        with tempfile.TemporaryDirectory() as folder:
            # Of the other checkout comes the product alone: Python looks in the folder it is started in first.
            (Path(folder) / "bench").symlink_to(ROOT / "bench")
            done = subprocess.run(
                [sys.executable, "-m", "bench", part, "--json", "--rounds", str(rounds)],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(self.path)},
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            print(f"  {part} of {self.commit}: not measured: {last}", flush=True)
            return []
        return rows.read(done.stdout)


def measured(
    parts: Sequence[str], rounds: int, checkouts: Sequence[Checkout], output: Path | None = None
) -> dict[str, list[tuple[Row | None, ...]]]:
    """The rows of each part, with one of each checkout, if it has it; written to `output` after each part."""
    found: dict[str, list[tuple[Row | None, ...]]] = {}
    slices = _SLICES if len(checkouts) > 1 and rounds >= _SLICES else 1
    for part in parts:
        taken: dict[str, list[list[Row]]] = defaultdict(lambda: [[] for _ in checkouts])
        for turn in range(slices):
            size = rounds // slices + (turn < rounds % slices)
            order = list(enumerate(checkouts))
            for place, checkout in order if turn % 2 == 0 else reversed(order):
                for each in checkout.rows(part, size):
                    taken[each.name][place].append(each)
        found[part] = [
            tuple(rows.merged(each) if each else None for each in several) for several in taken.values()
        ]
        print(f"{PARTS[part]}", flush=True)
        for several in found[part]:
            for checkout, row in zip(checkouts, several, strict=True):
                if row is not None:
                    mark = f"{checkout.commit}: " if len(checkouts) > 1 else ""
                    print(f"  {mark}{rows.shown(row)}", flush=True)
        if output is not None:
            output.write_text(written(found, checkouts), "utf-8")
            keep(found, output.with_name(f"{output.stem.lower()}.json"))
    return found


def written(found: Mapping[str, list[tuple[Row | None, ...]]], checkouts: Sequence[Checkout]) -> str:
    """RESULTS.md."""
    other = len(checkouts) > 1
    heads = ["what", "beside", "ours", "peer's", "ratio (quartiles)", "goal", "turns"]
    heads += ["before", "now ÷ before"] if other else []
    lines = [
        "<!-- Made by python -m bench. -->",
        "# How fast it is",
        "",
        _ABOUT,
        "",
        *(f"- {name}: {value}" for name, value in machine().items()),
        f"- editsvc: {checkouts[0].commit}" + (f"; before: {checkouts[1].commit}" if other else ""),
    ]
    missing = [title for part, title in PARTS.items() if part not in found]
    lines += [f"- not measured in this run: {'; '.join(missing)}"] if missing else []
    for part in (name for name in PARTS if name in found):
        several = found[part]
        lines += ["", f"## {PARTS[part]}", "", _line(heads), _line(["---"] * len(heads))]
        lines += [
            _line(_cells(row, (before or [None])[0] if other else None, other=other))
            for row, *before in several
        ]
    return "\n".join(lines) + "\n"


def _cells(row: Row | None, before: Row | None, *, other: bool) -> list[str]:
    shown = row or before
    assert shown is not None
    cells = [shown.what, shown.against, *(_figures(row) if row else [_NONE] * 5)]
    if other:
        cells.append(f"{before.judged:.3g}" if before else _NONE)
        cells.append(f"{row.judged / before.judged:.2f}" if row and before and before.judged else _NONE)
    return cells


def _figures(row: Row) -> list[str]:
    mark = {None: "", True: " ●", False: " ○"}[row.reached]
    spread = f"({row.low:.3g} to {row.high:.3g})"
    ours = f"{row.ours:.3g} {row.unit}"
    if row.peer is None:
        ours, peer, ratio = f"{ours} {spread}", "", ""
    else:
        peer, ratio = f"{row.peer:.3g} {row.unit}", f"{row.ratio:.3g} {spread}"
    goal = "" if row.goal is None else f"≤ {row.goal:g}{mark}"
    return [ours, peer, ratio, goal, str(row.runs)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine() -> dict[str, str]:
    """What the figures were taken with."""
    import pyperf  # noqa: PLC0415 - only the whole table needs it

    known = pyperf.Run([1.0], collect_metadata=True).get_metadata()
    processor = known.get("cpu_model_name") or platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{processor}, {os.cpu_count()} processors, {memory:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "load": str(known.get("load_avg_1min", "unknown")),
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {_version(name)}" for name in _NAMED),
        "programs": ", ".join(_programs()),
        "date": str(known.get("date", ""))[:10],
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _programs() -> Iterable[str]:
    for name in ("git", "curl", "hyperfine"):
        if shutil.which(name) is None:
            yield f"{name} (not installed)"
            continue
        done = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
        words = done.stdout.split()
        yield f"{name} {next(word for word in words if word[0].isdigit())}"


def keep(found: Mapping[str, list[tuple[Row | None, ...]]], path: Path) -> None:
    """Write the figures of every turn of this checkout as a suite of pyperf."""
    import pyperf  # noqa: PLC0415 - only the whole table needs it

    benchmarks = []
    for row in (each[0] for several in found.values() for each in several):
        if row is None:
            continue
        for name, values in ((row.name, row.our_values), (f"{row.name}: the peer", row.peer_values)):
            scale = {"ms": 1e-3, "us": 1e-6, "MB": 1e6}.get(row.unit, 1.0)
            unit = {"ms": "second", "us": "second", "s": "second", "MB": "byte"}.get(row.unit, "integer")
            kept = [max(scale * value, 1e-12) for value in values]
            if kept:
                run = pyperf.Run(kept, metadata={"name": name, "unit": unit}, collect_metadata=False)
                benchmarks.append(pyperf.Benchmark([run]))
    if benchmarks:
        pyperf.BenchmarkSuite(benchmarks).dump(str(path), replace=True)


def short(*, expect: bool) -> int:
    """The short form; 1 if a ratio doubled twice."""
    os.environ[rows.SHORT] = "1"
    here = [Checkout(ROOT)]
    found = measured(SHORT, _SHORT_ROUNDS, here)
    ratios = _ratios(found)
    if expect:
        rounded = {name: float(f"{ratio:.2g}") for name, ratio in ratios.items()}
        EXPECTED.write_text(json.dumps(rounded, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return 0
    expected: dict[str, float] = json.loads(EXPECTED.read_text("utf-8"))
    late = slower(ratios, expected)
    if late:
        print("Once more, because of:", *late, sep="\n  ")
        parts = [
            part for part, several in found.items() if any(row.name in late for (row,) in several if row)
        ]
        late &= slower(_ratios(measured(parts, _SHORT_ROUNDS, here)), expected)
    for name in sorted(late):
        print(f"More than {_TOO_MUCH:g} times what bench/expected.json has ({expected[name]:g}): {name}")
    missing = sorted(expected.keys() - ratios.keys())
    for name in missing:
        print(f"In bench/expected.json, and not measured: {name}")
    return 1 if late or missing else 0


def _ratios(found: Mapping[str, list[tuple[Row | None, ...]]]) -> dict[str, float]:
    every = (each[0] for several in found.values() for each in several)
    return {row.name: row.ratio for row in every if row is not None and row.ratio is not None}


def slower(ratios: Mapping[str, float], expected: Mapping[str, float]) -> set[str]:
    """The names of ratios that are more than twice what is expected; what is not expected is new."""
    return {name for name, ratio in ratios.items() if ratio > _TOO_MUCH * expected.get(name, ratio)}


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named"
    )
    parser.add_argument("--against", type=Path, metavar="PATH", help="another checkout, beside this one")
    parser.add_argument("--rounds", type=int, default=rows.ROUNDS, help="turns of each measurement")
    parser.add_argument(
        "--json", action="store_true", help="measure one part here, and print its rows as JSON"
    )
    parser.add_argument("--short", action="store_true", help="for CI")
    parser.add_argument("--expect", action="store_true", help="with --short: write what is to be expected")
    parser.add_argument(
        "-o", "--output", type=Path, help="where the table goes; RESULTS.md if all is measured"
    )
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {unknown.pop()}; there are {', '.join(PARTS)}")
    if options.json:
        (part,) = options.parts
        rows.dump(importlib.import_module(f"bench.{part}").measure(options.rounds))
        return 0
    if options.short:
        return short(expect=options.expect)
    checkouts = [Checkout(ROOT), *([Checkout(options.against.resolve())] if options.against else [])]
    output = options.output or (None if options.parts else RESULTS)
    measured(options.parts or list(PARTS), options.rounds, checkouts, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
