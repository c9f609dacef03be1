"""The product as it is shipped: emulate, rewrite, report, tune, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from editsvc.cli.report import FORMATS
from editsvc.prediction.verifier import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = 'def fetch(url):\n    return get(url)\n\n\nprint(fetch("x"))\n'
LARGER = SMALL + "".join(
    f"\n\ndef step_{number}(value):\n    return value + {number}\n" for number in range(40)
)


def run(folder: Path, server: str, *args: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("EDITSVC_", "CEREBRAS_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "editsvc", *args],
        cwd=folder,
        env=kept
        | {
            "CEREBRAS_API_KEY": "any",
            "CEREBRAS_BASE_URL": server,
            "EDITSVC_DATA_DIR": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def reported(folder: Path, server: str, requests: int) -> None:
    """Every format, and tune, work, and say what there is."""
    for form in FORMATS:
        done = run(folder, server, "report", "--format", form, "--by", "model")
        assert (done.returncode, done.stderr) == (0, ""), form
        if form == "json":
            shown = json.loads(done.stdout)
            assert (shown["requests"], shown["missing"]) == (requests, [])
    tuned = run(folder, server, "tune")
    assert tuned.returncode == 0, tuned.stderr
    assert "Traceback" not in tuned.stderr


@pytest.mark.slow
def test_a_small_file_on_the_shipped_defaults(tmp_path: Path, start_emulator: Callable[..., str]) -> None:
    server = start_emulator("--port", "0")
    (tmp_path / "a.py").write_text(SMALL)
    reported(tmp_path, server, 0)
    for requests in (1, 2):
        done = run(tmp_path, server, "rewrite", "-i", "rename fetch to download", "a.py")
        assert done.returncode == 0, done.stderr
        reported(tmp_path, server, requests)


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_with_a_prediction_without_and_as_it_comes(
    tmp_path: Path, start_emulator: Callable[..., str], preset: str
) -> None:
    server = start_emulator("--port", "0", "--preset", preset)
    files = [f"{number}.py" for number in range(8)]
    for name in files:
        (tmp_path / name).write_text(LARGER)
    for mode in ("on", "off", "auto"):
        done = run(
            tmp_path, server, "rewrite", "--prediction", mode, "-i", "rename fetch to download", *files
        )
        assert done.returncode == 0, done.stderr
    done = run(tmp_path, server, "report", "--format", "json", "--by", "prediction_sent")
    assert (done.returncode, done.stderr) == (0, "")
    shown = json.loads(done.stdout)
    assert (shown["requests"], shown["missing"]) == (24, [])
    assert sum(group["requests"] for group in shown["groups"]) == 24
    assert run(tmp_path, server, "tune").returncode == 0
