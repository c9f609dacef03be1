"""The bench that tries every fault, small: a few of its cells, and that it knows all faults."""

import json
import subprocess
import sys

import pytest
from benches import ROOT, bench

from editsvc.emulator import FAULTS


@pytest.mark.slow
def test_a_few_cells_of_the_matrix() -> None:
    rows = ("status:503", "cut:0", "length:0.5", "broken-syntax", "unclosed:0")
    done = bench("faults", "--json", "--jobs", "1", "--front", "lsp", "--only", *rows)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["cells"], found["wrong"]) == (30, 0)
    assert found["outcomes"] == {"changed": 16, "failed": 10, "refused": 4}


def test_every_fault_has_a_row() -> None:
    program = "import json; from bench.faults import rows; print(json.dumps(list(rows())))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True)
    assert {row.partition(":")[0] for row in json.loads(done.stdout)} == {str(name) for name in FAULTS}
