"""``python -m bench.fuzz``: feed the parsers, and say what they could not take."""

from __future__ import annotations

import argparse
import json
import sys

from bench.fuzz.parsers import PARSERS
from bench.fuzz.run import Report, fuzz


def main() -> int:
    """Run; 1 if a parser failed."""
    arguments = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    arguments.add_argument(
        "parsers", metavar="PARSER", nargs="*", help=f"any of {', '.join(PARSERS)}; default: all"
    )
    arguments.add_argument("--inputs", type=int, default=100_000, help="for each parser (default: 100000)")
    arguments.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same inputs (default: 1)"
    )
    arguments.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    arguments.add_argument("--json", action="store_true", help="print one JSON object")
    options = arguments.parse_args()
    if unknown := [name for name in options.parsers if name not in PARSERS]:
        arguments.error(f"there is no parser {unknown[0]}; there are {', '.join(PARSERS)}")
    if options.inputs < 1 or options.jobs < 1:
        arguments.error("--inputs and --jobs are at least 1")
    reports = []
    for name in options.parsers or PARSERS:
        report = fuzz(
            PARSERS[name], inputs=options.inputs, seed=options.seed, jobs=options.jobs, progress=_say
        )
        _say(f"{name}: {report.inputs:,} inputs, {len(report.failures)} failures")
        reports.append(report)
    if options.json:
        print(
            json.dumps({"schema": 1, "seed": options.seed, "parsers": [_row(report) for report in reports]})
        )
    else:
        _table(reports)
    return 1 if any(report.failures for report in reports) else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _row(report: Report) -> dict[str, object]:
    return {
        "parser": report.parser,
        "inputs": report.inputs,
        "seconds": round(report.seconds, 1),
        "outcomes": len(report.outcomes),
        "slowest_ms": round(1000 * report.slowest_s, 2),
        "slowest": repr(report.slowest),
        "failures": [{"input": repr(given), "problem": problem} for given, problem in report.failures],
    }


def _table(reports: list[Report]) -> None:
    print(f"{'parser':<10}{'inputs':>12}{'a second':>12}{'outcomes':>10}{'slowest':>12}{'failures':>10}")
    for report in reports:
        speed = report.inputs / report.seconds if report.seconds else 0
        print(
            f"{report.parser:<10}{report.inputs:>12,}{speed:>12,.0f}{len(report.outcomes):>10}"
            f"{1000 * report.slowest_s:>9.1f} ms{len(report.failures):>10}"
        )
    for report in reports:
        for given, problem in report.failures:
            print(f"\n{report.parser}: {problem}\n  {given!r}")


if __name__ == "__main__":
    sys.exit(main())
