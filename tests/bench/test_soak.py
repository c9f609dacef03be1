"""The soak run in small: some seconds of edits with a server that fails. The half hour is `python -m bench.soak`."""

import json

import pytest
from benches import bench


@pytest.mark.slow
def test_nothing_is_lost_stuck_or_wrong_while_requests_fail_and_edits_are_taken_back() -> None:
    small = ("--minutes", "0.1", "--edits", "4", "--changed", "4", "--faults", "0.3", "--cancels", "0.2")
    ran = bench("soak", "--json", *small)
    found = json.loads(ran.stdout)
    # So short a run says nothing about memory: everything is still being loaded.
    checks = {name: held for name, held in found["checks"].items() if not name.startswith("memory")}
    assert all(checks.values()), found
    assert found["answers"]["changed"] >= 4
    assert sum(found["answers"].values()) == sum(found["records"].values())
