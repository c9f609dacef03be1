"""How long a report takes, in every grouping: ``python -m bench.report [--json] [--rounds N] [--records N]``.

The log is made up: three models, ninety days, one request in twenty-five held out at random, with everything
reported that a server reports. It is kept in the system's folder for temporary files and used again.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import rows as table
from editsvc.report import read
from editsvc.tokenlog import TokenLog
from editsvc.tokenlog.dimensions import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MILLION = 1_000_000
DAYS = 90
START = datetime(2026, 8, 23)  # noqa: DTZ001 - as SQLite has it: the UTC wall time
CANDIDATES, PRESETS = ("file", "scope", "draft"), ("resync", "adaptive", "forward-only", "prefix-only")
GROUPINGS = ((), *((name,) for name in DIMENSIONS), ("model", "language"))
GOAL_S = 2.0


def rows(count: int, seed: int = 20261121) -> Iterator[dict[str, Any]]:
    """So many requests as the table holds them, evenly over the days."""
    rng = random.Random(seed)
    limits = json.dumps({f"x-ratelimit-{name}-tokens-minute": "275000" for name in ("limit", "remaining")})
    for number in range(count):
        sent = rng.random() < 0.96
        size = 20 + int(rng.lognormvariate(6, 0.7))
        accepted = int(size * rng.betavariate(4, 1.2)) if sent else 0
        rejected = int((size - accepted) * 0.4) if sent else 0
        error = rng.choices([None, "GuardRefused:elision", "ProviderTimeout"], [94, 4, 2])[0]
        time_s = 0.2 + (size - accepted) / 1500 * rng.lognormvariate(0, 0.2)
        yield {
            "id": f"{rng.getrandbits(128):032x}",
            "created_at": (START + timedelta(days=DAYS * number / count)).isoformat(" ", "microseconds"),
            "source": rng.choice(["cli", "lsp"]),
            "status": {None: "changed", "ProviderTimeout": "failed"}.get(error, "refused"),
            "error": error,
            "language": rng.choice(["python", "go", "rust", "typescript"]),
            "provider": "cerebras",
            "model": rng.choice(["gpt-oss-120b", "qwen-3-235b", "llama-3.3-70b"]),
            "path": f"{rng.getrandbits(128):032x}",
            "scope_kind": rng.choice(["file", "symbol"]),
            "document_bytes": 4 * size,
            "prediction_sent": sent,
            "prediction_kind": "file" if sent else None,
            "prediction_reason": "pays" if sent else "held-out",
            "propensity": 0.96 if sent else 0.04,
            "policy_version": "learned-7",
            "editsvc_version": rng.choice(["0.1.0", "0.2.0"]),
            "prompt_version": rng.choice(["23eddd02", "9f1b6c04"]),
            "named_arm": "none",
            "request_id": f"chatcmpl-{rng.getrandbits(64):016x}",
            "finish_reason": "stop",
            "attempts": rng.choices([1, 2], [98, 2])[0],
            "prompt_tokens": 2 * size,
            "cached_tokens": size // 2,
            "completion_tokens": size + rejected,
            "reasoning_tokens": 0,
            "accepted_prediction_tokens": accepted,
            "rejected_prediction_tokens": rejected,
            "max_completion_tokens": 3 * size,
            "ttft_s": rng.lognormvariate(-1.5, 0.3),
            "total_s": time_s,
            "tokens_per_s": size / time_s,
            "queue_time_s": 0.001,
            "prompt_time_s": 0.01,
            "completion_time_s": time_s - 0.19,
            "cost_usd": size * 1e-6,
            "rejected_cost_usd": rejected * 1e-6,
            "rate_limit": limits,
            "hunks": 4,
            "hunks_accepted": 3,
            "verdict": rng.choice(["accepted", "rejected", "partial", None]),
            "what_if": json.dumps(
                {f"{name}:{preset}": [accepted, rejected] for name in CANDIDATES for preset in PRESETS}
            ),
            "offline": False,
            "instruction_class": "rename",
        }


def made(count: int) -> Path:
    """A log with so many requests."""
    file = Path(tempfile.gettempdir()) / f"editsvc-bench-{count}" / "log.db"
    with TokenLog(file) as log:
        if log.status()["count"] == count:
            return file
    print(f"Making {file} ...", file=sys.stderr)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("DELETE FROM editsvc_requests")
        names = [name for _, name, *_ in connection.execute("PRAGMA table_info(editsvc_requests)")]
        marks = ",".join("?" * len(names))
        connection.executemany(
            f"INSERT INTO editsvc_requests VALUES ({marks})",
            ([row.get(name) for name in names] for row in rows(count)),
        )
    return file


def measure(
    rounds: int, records: int = MILLION, groupings: Sequence[tuple[str, ...]] = GROUPINGS
) -> Iterator[table.Row]:
    """A row for each grouping, and one for what a page shows: seconds of processor time, the file in memory."""
    turns = max(1, rounds // 2)
    with TokenLog(made(records), timeout_s=60) as log:
        kinds: dict[str, dict[str, Any]] = {"with days, as in HTML": {"days": True}}
        kinds |= {f"by {', '.join(by)}" if by else "of the whole": {"by": by} for by in groupings}

        def call(options: dict[str, Any]) -> Callable[[], float]:
            return lambda: table.cpu_ms(lambda: read(log, **options)) / 1000

        gc.disable()  # as in the command
        try:
            found = table.interleaved(
                {name: call(options) for name, options in kinds.items()}, rounds=turns, warmups=0
            )
        finally:
            gc.enable()
    for name, values in found.items():
        yield table.alone(f"report over {records:,} records {name}", values, unit="s", goal=GOAL_S)


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=table.ROUNDS)
    parser.add_argument("--records", type=int, default=MILLION)
    options = parser.parse_args()
    found = measure(options.rounds, options.records)
    if options.json:
        table.dump(found)
    else:
        print("\n".join(map(table.shown, found)))


if __name__ == "__main__":
    main()
