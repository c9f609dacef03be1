"""The picture of the report page in the docs: ``python -m bench.page docs/report.png``.

The log is made up: four weeks of three models, a few edits a file, some days slower than others, one request in ten
held out at random. A browser (Chromium) draws the page in a window of 1280 pixels.
"""

from __future__ import annotations

import math
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from editsvc.errors import Status
from editsvc.report import read
from editsvc.report.page import to_html
from editsvc.tokenlog import RequestRecord, Source, TokenLog, Verdict
from editsvc.tokenlog.rows import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAYS, A_DAY, EDITS = 28, 80, 4
WIDTH, HEIGHT = 1280, 1560
# How well predictions fit, and tokens a second.
MODELS = {"gpt-oss-120b": (0.86, 1_500), "qwen-3-235b": (0.72, 900), "llama-3.3-70b": (0.6, 1_100)}


def records(seed: int = 3) -> Iterator[RequestRecord]:
    """The requests of four weeks; fewer at weekends."""
    rng = random.Random(seed)
    for day in range(DAYS):
        begins = NOW - timedelta(days=DAYS - day)
        pace = rng.lognormvariate(0, 0.1)
        for number in range(A_DAY // (1 if begins.weekday() < 5 else 6)):
            if number % EDITS == 0:
                path = f"{rng.getrandbits(128):032x}"
                model = rng.choices(list(MODELS), [5, 3, 2])[0]
                fits, length = (
                    rng.betavariate(9 * MODELS[model][0], 9 * (1 - MODELS[model][0])),
                    rng.gauss(6, 0.6),
                )
            size = 40 + int(math.exp(rng.gauss(length, 0.2)))
            sent = rng.random() < 0.9
            accepted = int(size * fits) if sent else 0
            rejected = int((size - accepted) * rng.uniform(0.2, 0.5)) if sent else 0
            failed = rng.random() < 0.01
            took = (
                (size - accepted)
                / MODELS[model][1]
                * (1.2 if sent else 1)
                * pace
                * rng.lognormvariate(0, 0.15)
            )
            yield record_of(
                {
                    "id": f"{rng.getrandbits(128):032x}",
                    "created_at": begins + timedelta(minutes=9 * number),
                    "source": Source.LSP if number % 3 else Source.CLI,
                    "status": Status.FAILED if failed else Status.CHANGED,
                    "error": "ProviderTimeout" if failed else None,
                    "attempts": 1,
                    "finish_reason": None if failed else "stop",
                    "provider": "cerebras",
                    "model": model,
                    "language": "python",
                    "path": path,
                    "scope_kind": "file",
                    "document_bytes": 4 * size,
                    "prediction_sent": sent,
                    "prediction_drawn": sent,
                    "prediction_kind": "file" if sent else None,
                    "propensity": 0.9 if sent else 0.1,
                    "prompt_tokens": None if failed else 2 * size,
                    "completion_tokens": None if failed else size + rejected,
                    "accepted_prediction_tokens": accepted if sent and not failed else None,
                    "rejected_prediction_tokens": rejected if sent and not failed else None,
                    "ttft_s": 0.15,
                    "total_s": 0.15 + took,
                    "completion_time_s": None if failed else took,
                    "cost_usd": None if failed else (0.7 * size + 0.75 * (size + rejected)) / 1e6,
                    "rejected_cost_usd": None if failed else 0.75 * rejected / 1e6,
                    "verdict": rng.choices([None, Verdict.ACCEPTED, Verdict.REJECTED], [3, 6, 1])[0],
                }
            )


def main() -> None:
    """Draw."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("There is no browser: install Chromium.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with TokenLog(folder / "log.db") as log:
            for record in records():
                log.append(record)
            page = folder / "report.html"
            page.write_text(to_html(read(log, days=True, now=NOW)), "utf-8")
        subprocess.run(
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                f"--user-data-dir={folder / 'profile'}",
                "--blink-settings=preferredColorScheme=1",
                f"--window-size={WIDTH},{HEIGHT}",
                f"--screenshot={Path(sys.argv[1]).resolve()}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    main()
