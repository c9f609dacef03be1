"""Benchmarks as they are started from a shell, in a process of their own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def bench(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m bench.NAME`` from the project's folder, whatever it returns."""
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
