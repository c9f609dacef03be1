"""Processes that are killed while they write lose nothing that the log had acknowledged."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_forty_kills_of_eight_writers_lose_and_double_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.kills_log", "--kills", "40"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = re.fullmatch(
        r"40 kills of 8 writers: ([\d,]+) records acknowledged, 0 lost, 0 doubled; integrity: ok\n",
        ran.stdout,
    )
    assert said
    assert int(said[1].replace(",", "")) > 40
