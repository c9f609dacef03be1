"""The bench that kills edits, small: what it checks, it checks for real."""

import json

import pytest
from benches import bench


@pytest.mark.slow
def test_a_few_kills_lose_nothing() -> None:
    done = bench("kills", "--kills", "20", "--largest", "3000", "--seed", "7", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert (figures["kills"], figures["wrong"]) == (20, [])
    assert {way: sum(found.values()) for way, found in figures["moments"].items()} == {
        "command": 4,
        "fork": 7,
        "write": 5,
        "in place": 4,
    }
