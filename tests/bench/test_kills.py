"""The bench that kills edits, small: what it checks, it checks for real."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_few_kills_lose_nothing() -> None:
    command = [
        sys.executable,
        "-m",
        "bench.kills",
        "--kills",
        "20",
        "--largest",
        "3000",
        "--seed",
        "7",
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert (figures["kills"], figures["wrong"]) == (20, [])
    assert {way: sum(found.values()) for way, found in figures["moments"].items()} == {
        "command": 4,
        "fork": 7,
        "write": 5,
        "in place": 4,
    }
