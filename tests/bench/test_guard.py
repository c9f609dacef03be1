"""False alarms are counted: a commit that the gate lets pass, and one that it does not."""

import json
from pathlib import Path

from benches import bench

STEPS = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(12))


def test_what_the_gate_says_of_commits_is_counted(tmp_path: Path) -> None:
    right = {"instruction": "rename step_3 to third", "after": STEPS.replace("step_3(", "third(")}
    elided = {"instruction": "rename step_3 to third", "after": STEPS[:40] + "# ... rest unchanged ...\n"}
    file = tmp_path / "commits.jsonl"
    cases = [
        {"id": str(number), "path": "steps.py", "before": STEPS, **case}
        for number, case in enumerate((right, elided))
    ]
    file.write_text("".join(json.dumps(case) + "\n" for case in cases))
    done = bench("guard", str(file), "--jobs", "1", "--show", "elision")
    assert done.returncode == 0, done.stderr
    rows = dict(line.strip("|").split(" | ", 1) for line in done.stdout.split("\n") if line.startswith("| "))
    assert rows[" commits"].startswith("2 | 2")
    assert rows[" refused"].startswith("1 (50.00 %)")
    assert rows[" restored"].startswith("0 (0.00 %)")
    assert rows[" hunks explained"].split()[0] >= "1"
    assert "1 languages: python 2" in done.stdout
    assert "rest unchanged" in done.stdout
