"""How the extension brings its server along, in a real VS Code on a machine that has no editsvc.

The specs are in ``vscode/host/installing.js``. Each machine is a VS Code of its own: what is on PATH, which package of
the extension it got, whether there is an index. The wheels come once from the index that pip is configured for here;
the machines themselves reach no network.
"""

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_vscode import BROWSER, EDITORS, EXTENSION, HOST, MISSING, ROOT, install

pytestmark = [
    pytest.mark.editors,
    pytest.mark.skipif(bool(MISSING), reason="; ".join(MISSING)),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the wheels are made for Linux here"),
]

PYTHON = "{}.{}".format(*sys.version_info)
TARGET = f"linux-{ {'x86_64': 'x64', 'aarch64': 'arm64'}.get(os.uname().machine, os.uname().machine) }"
NOWHERE = "http://127.0.0.1:9/simple"
PATIENCE_MS = 240_000
BUNDLE = [sys.executable, str(EXTENSION / "scripts" / "bundle.py")]

FIRST = "the first edit comes after one question"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two packages of the extension: with the server's wheel, and with all wheels."""
    if not (EXTENSION / "node_modules" / ".bin" / "vsce").exists():
        install(["npm", "install", "--no-audit", "--no-fund"], "What builds the extension", EXTENSION)
    folder = tmp_path_factory.mktemp("packages")
    made = {}
    for name, words in (("offline", ["--platform", TARGET, "--pythons", PYTHON]), ("small", [])):
        subprocess.run([*BUNDLE, *words], check=True)
        target = ["--target", TARGET] if words else []
        made[name] = folder / f"{name}.vsix"
        subprocess.run(
            ["npm", "run", "package", "--", *target, "--out", str(made[name])], cwd=EXTENSION, check=True
        )
        if words:
            shutil.copytree(EXTENSION / "server" / "wheels", folder / "wheels")
    made["wheels"] = folder / "wheels"
    return made


@pytest.fixture(scope="module")
def place() -> Callable[[], str]:
    """Names the folder that the extension installs into, by what it brings along."""

    def name() -> str:
        said = json.loads((EXTENSION / "server" / "bundle.json").read_text("utf-8"))
        return f"server-{said['version']}-{said['digest'][:8]}"

    return name


@pytest.fixture
def machine(tmp_path: Path, packages: dict[str, Path], place: Callable[[], str]) -> Callable[..., None]:
    """Runs specs in a VS Code; its programs are Python, and what the system has in /usr/bin."""
    if not (EDITORS / "installed").exists():
        install([str(HOST.parent / "install.sh"), str(EDITORS)], "VS Code")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(getattr(sys, "_base_executable", sys.executable))
    root = tmp_path / "run" / "data" / "data" / "User" / "globalStorage" / "editsvc.editsvc"

    def run(
        *specs: str, package: str, prepare: Callable[[Path, Path], None] | None = None, **more: Any
    ) -> None:
        (tmp_path / "workspace").mkdir()
        settings = tmp_path / "run" / "data" / "data" / "Machine" / "settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(
            json.dumps(
                {
                    "workbench.startupEditor": "none",
                    "chat.disableAIFeatures": True,
                    "security.workspace.trust.startupPrompt": "never",
                }
            ),
            "utf-8",
        )
        if prepare:
            prepare(root, programs)
        given = {
            "specs": "./installing",
            "chosen": specs,
            "rounds": PATIENCE_MS // 3000,
            "place": place(),
            "root": str(root),
            "patienceMs": PATIENCE_MS,
        }
        (tmp_path / "given.json").write_text(json.dumps(given), "utf-8")
        (tmp_path / "config.toml").touch()
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        environ = {
            **kept,
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "EDITSVC_TEST_FOLDER": str(tmp_path),
            "EDITSVC_CONFIG": str(tmp_path / "config.toml"),
            "EDITSVC_DATA_DIR": str(tmp_path / "editsvc"),
            "PIP_INDEX_URL": NOWHERE,
            "PIP_RETRIES": "1",
            "PIP_CONFIG_FILE": os.devnull,
            **more.pop("env", {}),
        }
        job = {
            "editors": str(EDITORS),
            "run": str(tmp_path / "run"),
            "workspace": str(tmp_path / "workspace"),
            "extension": str(packages[package]),
            "host": str(HOST),
            "chrome": BROWSER,
            "longestMs": PATIENCE_MS * 2,
            "env": environ,
            **more,
        }
        (tmp_path / "run.json").write_text(json.dumps(job), "utf-8")
        node = EDITORS / "node_modules" / "node" / "bin" / "node"
        subprocess.run([str(node), str(HOST.parent / "driver.mjs"), str(tmp_path / "run.json")], check=True)
        results = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))["results"]
        if os.environ.get("EDITSVC_PICTURES") and package == "offline" and FIRST in specs:
            shutil.copy(
                tmp_path / "run" / "install-question.png", ROOT / "docs" / "editors" / "vscode-install.png"
            )
        assert {one["name"]: one.get("error") for one in results} == dict.fromkeys(specs)

    return run


def older(folder: Path, wheels: Path) -> Path:
    """An environment with the product as it would be if it were version 0.0.9."""
    source = folder / "source"
    runpy.run_path(BUNDLE[1])["copy_sources"](source)
    for name in ("pyproject.toml", "editsvc/__init__.py"):
        text = (source / name).read_text("utf-8")
        (source / name).write_text(text.replace('"0.1.0"', '"0.0.9"'), "utf-8")
    uv = [sys.executable, "-m", "uv"]
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*uv, "-q", "venv", "--python", sys.executable, str(folder / "server")], check=True)
    into = ["--python", str(folder / "server" / "bin" / "python"), "--no-index", "--find-links", str(wheels)]
    subprocess.run([*uv, "-q", "pip", "install", *into, str(wheel)], check=True)
    return folder / "server"


def test_without_a_network(machine: Callable[..., None]) -> None:
    machine(
        FIRST,
        "what was installed can be removed, and an installation cancelled",
        "a Python that cannot be used is named",
        package="offline",
    )


def test_from_what_pip_is_told(machine: Callable[..., None], packages: dict[str, Path]) -> None:
    machine(
        FIRST,
        package="small",
        env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(packages["wheels"])},
    )


def test_an_index_that_is_down(machine: Callable[..., None]) -> None:
    machine(
        "an index that cannot be reached is told, with what works without a network",
        package="small",
    )


def test_an_untrusted_workspace(machine: Callable[..., None]) -> None:
    machine("nothing is installed in a workspace that is not trusted", package="offline", trusted=False)


def test_an_update(machine: Callable[..., None], packages: dict[str, Path], tmp_path: Path) -> None:
    def prepare(root: Path, _programs: Path) -> None:
        made = older(tmp_path / "older", packages["wheels"])
        facts = {
            "version": "0.0.9",
            "id": "0.0.9-00000000",
            "madeWith": "Python",
            "by": "uv",
            "bytes": 1,
            "tested": True,
            "installedAt": 1,
        }
        (made / "server.json").write_text(json.dumps(facts), "utf-8")
        root.mkdir(parents=True)
        made.rename(root / "server-0.0.9-00000000")

    (tmp_path / "older").mkdir()
    machine(
        "an older server of the extension is updated by itself, and goes", package="offline", prepare=prepare
    )


def test_an_older_server_on_path(
    machine: Callable[..., None], packages: dict[str, Path], tmp_path: Path
) -> None:
    def prepare(_root: Path, programs: Path) -> None:
        made = older(tmp_path / "older", packages["wheels"])
        program = programs / "editsvc-lsp"
        program.write_text(
            f"#!/bin/sh\necho started >>'{tmp_path}/old.log'\nexec '{made}/bin/editsvc-lsp' \"$@\"\n"
        )
        program.chmod(0o755)

    (tmp_path / "older").mkdir()
    machine(
        "a server on PATH that is older is told, and replaced by one button",
        package="offline",
        prepare=prepare,
    )


@pytest.mark.parametrize("tool", ["pipx", "uv"])
def test_the_wheel_is_installed_for_other_editors_as_the_page_says(
    tool: str, tmp_path: Path, packages: dict[str, Path]
) -> None:
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    words = {"pipx": "pipx install ./", "uv": "uv tool install ./"}[tool]
    assert words in page
    subprocess.run([*BUNDLE, "--wheel", str(tmp_path)], check=True)
    (wheel,) = tmp_path.glob("editsvc-*.whl")
    environ = {
        **os.environ,
        "PIPX_HOME": str(tmp_path / "home"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "UV_TOOL_DIR": str(tmp_path / "home"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(packages["wheels"]),
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(packages["wheels"]),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [*words.removesuffix("./").split(), f"./{wheel.name}"]
    subprocess.run(
        [sys.executable, "-m", *command, "--python", sys.executable], cwd=tmp_path, env=environ, check=True
    )
    said = subprocess.run(
        [str(tmp_path / "bin" / "editsvc-lsp"), "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["editsvc-lsp", wheel.name.split("-")[1]]
