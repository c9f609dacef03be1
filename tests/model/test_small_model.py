"""Edits that a real model is too small for: each is right, or refused or failed with a sentence; never damaged.

A made-up reply is as bad as whoever made it up could think of. This model is bad in its own ways: it parrots the
prompt, stops in the middle, repeats itself, and answers another question.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from local_servers import with_servers

pytestmark = pytest.mark.model

CODES = {"changed": 0, "unchanged": 0, "refused": 1, "failed": 3}
SIZE = 'WIDTH = 80\nHEIGHT = 24\nTITLE = "shop"\n'
SHOP = '''"""The stock of a shop."""

LIMIT = 10


def fetch(name):
    """The number of pieces of one article."""
    return STOCK.get(name, 0)


def order(name, count):
    if count > LIMIT:
        raise ValueError("too many")
    return fetch(name) - count


STOCK = {"apple": 3, "pear": 7}
'''
PAGE = """# Shop

Fruit from the garden.

## Opening hours

Monday to Friday, 9 to 5.

## Address

Mill Lane 3
"""
YAML = "name: shop\nreplicas: 2\nports:\n  - 80\n  - 443\nlog: info\n"
LONG = "".join(
    f'def step_{number}(value):\n    """Step {number} of the sum."""\n    return value + {number}\n\n\n'
    for number in range(40)
)


@dataclass(frozen=True)
class Task:
    """A file, an instruction, and every text that carries it out."""

    name: str
    before: str
    instruction: str
    right: tuple[str, ...]
    arguments: tuple[str, ...] = ()


TASKS = [
    Task("size.py", SIZE, "change WIDTH to 100", (SIZE.replace("80", "100"),)),
    Task("shop.py", SHOP, "rename fetch to count_of", (SHOP.replace("fetch", "count_of"),)),
    Task(
        "page.md",
        PAGE,
        "write Thursday instead of Friday",
        (PAGE.replace("Friday", "Thursday"),),
    ),
    Task("deploy.yaml", YAML, "set replicas to 4", (YAML.replace("2", "4"),)),
    Task(
        "shop.py",
        SHOP,
        "rename fetch to count_of",
        (SHOP.replace("def fetch", "def count_of"),),
        ("--scope", "symbol:fetch"),
    ),
    Task("steps.py", LONG, "rename step_7 to seventh", (LONG.replace("step_7(", "seventh("),)),
]


REWRITTEN = [pytest.param(task, "rewrite", id=f"{task.name}: {task.instruction}") for task in TASKS]
AS_DATA = [pytest.param(task, "search-replace", id=f"{task.name} as data") for task in TASKS[:2]]


@pytest.mark.parametrize(("task", "form"), [*REWRITTEN, *AS_DATA])
def test_an_edit_is_right_or_says_why_not(model: str, tmp_path: Path, task: Task, form: str) -> None:
    file = tmp_path / task.name
    file.write_text(task.before)
    # It is waited for as long as it needs; a test is not.
    bounds = {"EDITSVC_EDIT_FORMAT": form, "EDITSVC_DEADLINE_S": "180"}
    environ = with_servers(tmp_path, local=model) | bounds
    ran = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("editsvc")), "rewrite", "-i", task.instruction),
            *("--apply", "--json", *task.arguments, task.name),
        ],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    (edit,) = json.loads(ran.stdout)["edits"]
    after = file.read_text()
    assert ran.returncode == CODES[edit["status"]], ran.stderr
    assert "Traceback" not in ran.stderr
    if after == task.before:
        assert edit["status"] in {"refused", "failed"}, edit["message"]
        assert edit["message"]
    else:
        assert edit["status"] == "changed"
        assert after in task.right
