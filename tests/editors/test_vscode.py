"""The extension in a real VS Code: its specs run in the extension host, with a browser's keys, mouse and screen.

The specs are in ``vscode/host/*specs.js``, their names are the tests here. They share one VS Code, which takes
seconds to start, and choose among servers that are prepared here. VS Code comes by npm into ``.editors`` or the
folder that EDITSVC_EDITORS_DIR names. With EDITSVC_PICTURES set, the pictures in the documentation are made anew.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
HOST = Path(__file__).parent / "vscode" / "host"
EDITORS = Path(os.environ.get("EDITSVC_EDITORS_DIR", ROOT / ".editors")).absolute()
SPECS = [
    spec
    for file in sorted(HOST.glob("*specs.js"))
    for spec in re.findall(r"^  '(.+)': async", file.read_text("utf-8"), re.MULTILINE)
]
SECRET = "csk-typed-by-hand"
MOVING = "media/edit.gif"
ROUNDS = int(os.environ.get("EDITSVC_ROUNDS", "10"))
"""How often an instruction is typed to a host that is far away; the parts that know no editor do it 100 times."""

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
NEEDED = {
    "npm": (shutil.which("npm"), "install Node.js with npm (apt-get install npm)"),
    "a browser": (BROWSER, "install one (apt-get install chromium-headless-shell fonts-dejavu-core)"),
}
MISSING = [f"{name} is missing: {how}" for name, (found, how) in NEEDED.items() if not found]

pytestmark = pytest.mark.editors
needs_an_editor = pytest.mark.skipif(bool(MISSING), reason="; ".join(MISSING))

ORDERS = '''\
"""Orders, and what they cost."""

from dataclasses import dataclass


@dataclass
class Line:
    article: str
    price: int
    count: int


@dataclass
class Order:
    number: int
    lines: list[Line]

    def total(self) -> int:
        result = 0
        for line in self.lines:
            result += line.price * line.count
        return result

    def is_free(self) -> bool:
        return self.total() == 0


def receipt(order: Order) -> str:
    rows = []
    for line in order.lines:
        rows.append("%s: %d x %d" % (line.article, line.count, line.price))
    return "\\n".join(rows)
'''
LOOP = """\
        result = 0
        for line in self.lines:
            result += line.price * line.count
        return result
"""
SUM = """\
        return sum(line.price * line.count for line in self.lines)
"""
PERCENT = """\
        rows.append("%s: %d x %d" % (line.article, line.count, line.price))
"""
F_STRING = """\
        rows.append(f"{line.article}: {line.count} x {line.price}")
"""
LEFT_OUT = """\
        result = 0
        # ... rest of the code unchanged ...
        return result
"""
PARSED = """\
    values = {}
    for line in text.split("\\n"):
        line = line.strip()
        if not line:
            continue
        if line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"no value for {name}")
        values[name.strip()] = value.strip()
    known = {name: values[name] for name in NAMES if name in values}
    return known
"""
IN_ONE = """\
    pairs = (line.partition("=") for line in text.split("\\n") if line.strip() and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() in NAMES}
"""
SETTINGS = f'''\
"""Settings from lines of text."""

NAMES = ("host", "port", "user")


def parse(text: str) -> dict[str, str]:
{PARSED}

def shown(settings: dict[str, str]) -> str:
    return ", ".join(sorted(settings))
'''
WIDE_OLD = (
    '    return f"{order.number}: {order.customer} has ordered {len(order.lines)} articles for {order.total()} cents, '
    "which are to be delivered to {order.street}, {order.town}, {order.country} on {order.day}, at the latest by noon"
    '"\\n'
)
WIDE = f'''\
"""What is said about an order."""


def sentence(order) -> str:
{WIDE_OLD}'''
THREE = "".join(f"def step_{n}(value):\n    return value + {n}\n\n\n" for n in range(3)).rstrip("\n") + "\n"
STEPS = "".join(f"def step_{n}(value):\n    return value + {n}\n\n\n" for n in range(60)).rstrip("\n") + "\n"


def line_of(text: str, part: str) -> int:
    """The 0-based line on which `part` begins."""
    return text[: text.index(part)].count("\n")


def cases() -> dict[str, dict[str, Any]]:
    """The edits that the emulator knows, with what the specs ask about them."""
    both = ORDERS.replace(LOOP, SUM).replace(PERCENT, F_STRING)
    doubled = STEPS
    for number in range(2, 60, 6):
        doubled = doubled.replace(f"value + {number}\n", f"value * {number}\n")
    return {
        "orders": {
            "instruction": "Use sum() and an f-string",
            "before": ORDERS,
            "after": both,
            "second": [PERCENT, F_STRING],
            "secondOnly": ORDERS.replace(PERCENT, F_STRING),
            "firstLine": line_of(both, SUM),
            "secondLine": line_of(ORDERS, PERCENT),
        },
        "elided": {
            "instruction": "Say what is left out",
            "before": ORDERS,
            "after": ORDERS.replace(LOOP, LEFT_OUT),
            "firstLine": line_of(ORDERS, LOOP),
            "lastLine": line_of(ORDERS, LOOP) + LOOP.count("\n") - 1,
        },
        "settings": {
            "instruction": "Simplify parse",
            "before": SETTINGS,
            "after": SETTINGS.replace(PARSED, IN_ONE),
            "firstLine": line_of(SETTINGS, PARSED),
        },
        "wide": {
            "instruction": "Say by midnight instead of noon",
            "before": WIDE,
            "after": WIDE.replace("by noon", "by midnight"),
            "firstLine": line_of(WIDE, WIDE_OLD),
        },
        "three": {
            "instruction": "Multiply instead of adding",
            "before": THREE,
            "after": THREE.replace("value +", "value *"),
        },
        "firstTwo": {
            "instruction": "Multiply in the first two steps",
            "before": THREE,
            "after": THREE.replace("value + 0", "value * 0").replace("value + 1", "value * 1"),
        },
        "steps": {
            "instruction": "Multiply in every sixth step",
            "before": STEPS,
            "after": doubled,
            "firstNewLine": "return value * 2",
            "firstOldLine": "return value + 2",
        },
    }


@pytest.fixture(scope="module")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Starts an emulator that knows `cases` and returns its address."""
    script = tmp_path_factory.mktemp("cases") / "cases.jsonl"
    fields = ("instruction", "before", "after")
    lines = [json.dumps({field: case[field] for field in fields}) + "\n" for case in cases().values()]
    script.write_text("".join(lines), "utf-8")
    with ExitStack() as stack:

        def start(*options: str) -> str:
            known = ("--json", "--port", "0", "--script", str(script), *options)
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "editsvc", "emulate", *known], stdout=subprocess.PIPE, text=True
                )
            )
            stack.callback(process.terminate)
            assert process.stdout is not None
            address: str = json.loads(process.stdout.readline())["base_url"]
            return address

        yield start


@pytest.fixture(scope="module")
def vscode() -> Path:
    """The folder with VS Code and what drives it; installed if it is missing."""
    if not (EDITORS / "installed").exists():
        install([str(HOST.parent / "install.sh"), str(EDITORS)], "VS Code")
    return EDITORS


def install(command: list[str], what: str, folder: Path = ROOT) -> None:
    """Install by npm; where that cannot be done the tests are skipped, and say so."""
    done = subprocess.run(command, cwd=folder, check=False, stdin=subprocess.DEVNULL)
    if done.returncode and os.environ.get("EDITSVC_REQUIRE_EDITORS"):
        pytest.fail(f"{what} could not be installed by npm; the lines above say why.")
    if done.returncode:
        pytest.skip(f"{what} could not be installed by npm; the lines above say why.")


@pytest.fixture(scope="module")
def package() -> Path:
    """The extension as it is shipped, made from the sources."""
    if not (EXTENSION / "node_modules" / ".bin" / "vsce").exists():
        install(["npm", "install", "--no-audit", "--no-fund"], "What builds the extension", EXTENSION)
    subprocess.run([sys.executable, str(EXTENSION / "scripts" / "bundle.py")], check=True)
    subprocess.run(["npm", "run", "package", "--", "--out", "editsvc.vsix"], cwd=EXTENSION, check=True)
    return EXTENSION / "editsvc.vsix"


def write_servers(folder: Path, emulate: Any) -> None:
    """The language servers that the specs choose from, as programs with an environment of their own."""
    fast = emulate("--speed", "3000", "--ttft", "0.05")
    slow = emulate("--speed", "40")
    late = emulate("--ttft", "5")
    locked = emulate("--api-key", SECRET)
    declining = emulate("--fault", "refusal")
    recovering = emulate("--fault", "status", "--fault-count", "1")
    server = f"{sys.executable} -P -c 'import sys; from lsp import main; sys.exit(main())'"
    relay = f"{sys.executable} {HOST.parents[1] / 'relay.py'} {folder / 'messages.jsonl'} 0 {server}"
    programs = {
        "fast": ({"CEREBRAS_BASE_URL": fast, "CEREBRAS_API_KEY": "any"}, server),
        "slow": ({"CEREBRAS_BASE_URL": slow, "CEREBRAS_API_KEY": "any"}, server),
        "late": ({"CEREBRAS_BASE_URL": late, "CEREBRAS_API_KEY": "any"}, server),
        "timed": ({"CEREBRAS_BASE_URL": fast, "CEREBRAS_API_KEY": "any"}, relay),
        "locked": ({"CEREBRAS_BASE_URL": locked}, server),
        "keyless": ({}, server),
        "declining": ({"CEREBRAS_BASE_URL": declining, "CEREBRAS_API_KEY": "any"}, server),
        "recovering": (
            {"CEREBRAS_BASE_URL": recovering, "CEREBRAS_API_KEY": "any", "EDITSVC_MAX_RETRIES": "0"},
            server,
        ),
        "unreachable": (
            {
                "CEREBRAS_BASE_URL": "http://127.0.0.1:9",
                "CEREBRAS_API_KEY": "any",
                "EDITSVC_MAX_RETRIES": "0",
            },
            server,
        ),
        "misset": (
            {
                "CEREBRAS_BASE_URL": fast,
                "CEREBRAS_API_KEY": "any",
                "EDITSVC_CONFIG": str(folder / "wrong.toml"),
            },
            server,
        ),
    }
    (folder / "servers").mkdir()
    (folder / "config.toml").touch()
    for name, (environ, command) in programs.items():
        values = {
            "PYTHONPATH": str(ROOT),
            "EDITSVC_CONFIG": str(folder / "config.toml"),
            "EDITSVC_DATA_DIR": str(folder / "data"),
            "EDITSVC_EXPLORATION": "0",
            **environ,
        }
        exports = "".join(f"export {key}='{value}'\n" for key, value in values.items())
        program = folder / "servers" / name
        program.write_text(f"#!/bin/sh\n{exports}echo $$ >'{program}.pid'\nexec {command}\n")
        program.chmod(0o755)


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    vscode: Path,
    package: Path,
    emulate: Any,
) -> dict[str, dict[str, Any]]:
    """What became of each spec that was chosen; they all run in one VS Code."""
    folder = tmp_path_factory.mktemp("vscode")
    write_servers(folder, emulate)
    (folder / "workspace").mkdir()
    chosen = [spec for spec in SPECS if any(f"[{spec}]" in item.name for item in request.session.items)]
    tasks = tomllib.loads((HOST.parents[1] / "tasks.toml").read_text("utf-8"))["task"]
    keys = {task["id"]: task.get("vscode") for task in tasks}
    given = {"cases": cases(), "tasks": keys, "secret": SECRET, "rounds": ROUNDS, "chosen": chosen}
    (folder / "given.json").write_text(json.dumps(given), "utf-8")
    machine = folder / "run" / "data" / "data" / "Machine"
    machine.mkdir(parents=True)
    settings = {
        "editsvc.server.path": str(folder / "servers" / "fast"),
        "breadcrumbs.enabled": False,
        "workbench.startupEditor": "none",
        "workbench.colorTheme": "Default Dark Modern",
        "editor.minimap.enabled": False,
        "chat.disableAIFeatures": True,
        "remote.autoForwardPorts": False,
    }
    (machine / "settings.json").write_text(json.dumps(settings), "utf-8")
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("CEREBRAS_", "EDITSVC_"))
    }
    run = {
        "editors": str(vscode),
        "run": str(folder / "run"),
        "workspace": str(folder / "workspace"),
        "extension": str(package),
        "host": str(HOST),
        "chrome": BROWSER,
        "longestMs": 900_000 + 3_000 * ROUNDS,
        "env": {**environ, "HOME": str(folder), "EDITSVC_TEST_FOLDER": str(folder)},
    }
    (folder / "run.json").write_text(json.dumps(run), "utf-8")
    node = vscode / "node_modules" / "node" / "bin" / "node"
    subprocess.run([str(node), str(HOST.parent / "driver.mjs"), str(folder / "run.json")], check=True)
    if os.environ.get("EDITSVC_PICTURES"):
        for picture in (folder / "run").glob("vscode-*.png"):
            shutil.copy(picture, ROOT / "docs" / "editors" / picture.name)
        for picture in (folder / "run").glob("walkthrough-*.png"):
            shutil.copy(picture, EXTENSION / "media" / picture.name.removeprefix("walkthrough-"))
    found = json.loads((folder / "run" / "results.json").read_text("utf-8"))["results"]
    if os.environ.get("EDITSVC_PICTURES"):
        for frames in filter(None, (one.get("facts", {}).get("frames") for one in found)):
            save_moving(folder / "run", frames)
    return {one["name"]: one for one in found}


def save_moving(folder: Path, frames: list[dict[str, Any]]) -> None:
    """The moving picture of the walkthrough and README.md; what makes it comes with the extra `editors`."""
    # Here, because tests that need no editor are collected without that extra.
    from moving_picture import save_frames

    save_frames([(folder / f"{one['name']}.png", one["ms"]) for one in frames], EXTENSION / MOVING)


@needs_an_editor
@pytest.mark.parametrize("spec", SPECS)
def test_in_vscode(spec: str, results: dict[str, dict[str, Any]]) -> None:
    assert spec in results, "the editor ended before"
    assert results[spec].get("error") is None, results[spec]["error"]
    for times in results[spec]["facts"].get("runs", ()):
        sys.stdout.write(", ".join(f"{name} {time:.0f} ms" for name, time in times.items()) + "\n")


@needs_an_editor
def test_the_parts_that_know_no_editor(vscode: Path, package: Path) -> None:
    path = f"{vscode / 'node_modules' / 'node' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["npm", "test"], cwd=EXTENSION, check=True, env={**os.environ, "PATH": path})


@needs_an_editor
def test_the_package_is_small_and_holds_what_is_needed(package: Path) -> None:
    names = set(zipfile.ZipFile(package).namelist())
    needed = (
        "package.json",
        "dist/extension.js",
        "LICENSE.txt",
        "readme.md",
        "changelog.md",
        "media/icon.png",
        MOVING,
        "server/bundle.json",
        "server/constraints.txt",
    )

    assert package.stat().st_size < 2_000_000
    assert {f"extension/{name}" for name in needed} <= names
    assert not [name for name in names if "node_modules" in name or name.endswith(".ts")]


def test_every_task_of_the_list_is_counted_in_vs_code() -> None:
    tasks = tomllib.loads((HOST.parents[1] / "tasks.toml").read_text("utf-8"))["task"]
    counted = re.findall(r"^    done\('(.+)'\)", (HOST / "tasks-specs.js").read_text("utf-8"), re.MULTILINE)

    assert sorted(counted) == sorted(task["id"] for task in tasks)


def test_every_command_that_can_be_chosen_is_in_the_guide() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    guide = (ROOT / "docs" / "editors" / "vscode.md").read_text("utf-8")
    hidden = {
        one["command"] for one in manifest["contributes"]["menus"]["commandPalette"] if one["when"] == "false"
    }

    for command in manifest["contributes"]["commands"]:
        if command["command"] not in hidden:
            assert command["title"].rstrip("…") in guide, command["command"]
    for binding in manifest["contributes"]["keybindings"]:
        assert keys_in_words(binding["key"]) in guide, binding["key"]


def keys_in_words(key: str) -> str:
    return "+".join(part.capitalize() for part in key.split("+"))
