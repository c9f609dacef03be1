"""The soak run in small: some seconds of edits with a server that fails. The half hour is `python -m bench.soak`."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_nothing_is_lost_stuck_or_wrong_while_requests_fail_and_edits_are_taken_back() -> None:
    command = [
        sys.executable,
        "-m",
        "bench.soak",
        "--json",
        "--minutes",
        "0.1",
        "--edits",
        "4",
        "--changed",
        "4",
    ]
    ran = subprocess.run(
        [*command, "--faults", "0.3", "--cancels", "0.2"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    found = json.loads(ran.stdout)
    # So short a run says nothing about memory: everything is still being loaded.
    checks = {name: held for name, held in found["checks"].items() if not name.startswith("memory")}
    assert all(checks.values()), found
    assert found["answers"]["changed"] >= 4
    assert sum(found["answers"].values()) == sum(found["records"].values())
