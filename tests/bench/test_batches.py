"""The bench of one run of many files, small: what it checks, it checks for real."""

import json

import pytest
from benches import bench


@pytest.mark.slow
def test_many_files_with_faults_a_limit_and_a_kill_are_all_done_or_named() -> None:
    done = bench("batches", "--files", "60", "--minutes", "1.5", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["wrong"] == []
    assert sum(figures["statuses"].values()) == 60
    assert figures["faults"] > 0
    assert figures["resumed"] >= figures["told_before"] >= 24
    assert figures["windows"]
