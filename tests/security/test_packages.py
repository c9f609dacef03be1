"""A workspace that has packages named like ours, or like those that we use: the installed programs import none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp.wire.frames import frame

NAMES = ("lsp", "editsvc", "click", "msgspec", "pygls", "sqlalchemy", "aiohttp", "tomllib", "asyncio", "json")
CODE = "def foo():\n    return 1\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A work tree whose modules leave a trace when they are imported."""
    folder = tmp_path / "work"
    (folder / ".git").mkdir(parents=True)
    trace = f"open({str(tmp_path / 'imported')!r}, 'a').write(__name__ + '\\n')\n"
    for name in NAMES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(trace)
        (folder / f"{name}.py").write_text(trace)
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "setup.py"):
        (folder / name).write_text(trace)
    (folder / "a.py").write_text(CODE)
    return folder


def program(workspace: Path, *command: str) -> "subprocess.Popen[bytes]":
    """An installed program, started in the workspace as its user would."""
    ours = ("CEREBRAS", "EDITSVC", "PYTHON")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environ |= {"EDITSVC_DATA_DIR": str(workspace.parent / "data"), "XDG_CONFIG_HOME": str(workspace.parent)}
    return subprocess.Popen(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=workspace,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_trap_works(workspace: Path) -> None:
    subprocess.run([sys.executable, "-c", "import click"], cwd=workspace, check=True)
    assert (workspace.parent / "imported").read_text() == "click\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["rewrite", "--offline", "-i", "rename foo to bar", "--apply", "a.py"],
        ["undo", "--list"],
        ["doctor"],
        ["report"],
        ["lsp", "--version"],
    ],
)
def test_the_command_imports_nothing_from_the_workspace(workspace: Path, arguments: list[str]) -> None:
    with program(workspace, "editsvc", *arguments) as running:
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert not (workspace.parent / "imported").exists()
    if arguments[0] == "rewrite":
        assert (workspace / "a.py").read_text() == CODE.replace("foo", "bar")


def test_the_module_imports_nothing_from_the_workspace_but_what_bears_its_own_name(workspace: Path) -> None:
    shutil.rmtree(workspace / "editsvc")
    (workspace / "editsvc.py").unlink()
    with program(
        workspace, "python", "-m", "editsvc", "rewrite", "--offline", "-i", "rename foo to bar", "a.py"
    ) as running:
        shown, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert b"+def bar" in shown
    assert not (workspace.parent / "imported").exists()


def test_the_server_imports_nothing_from_the_workspace_and_edits(workspace: Path) -> None:
    uri = (workspace / "a.py").as_uri()
    messages: list[dict[str, Any]] = [
        {
            "id": 1,
            "method": "initialize",
            "params": {"processId": None, "rootUri": workspace.as_uri(), "capabilities": {}},
        },
        {"method": "initialized", "params": {}},
        {
            "method": "textDocument/didOpen",
            "params": {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": CODE}},
        },
        {
            "id": 2,
            "method": "workspace/executeCommand",
            "params": {
                "command": "editsvc.edit",
                "arguments": [{"uri": uri, "instruction": "rename foo to bar", "mode": "preview"}],
            },
        },
    ]
    given = b"".join(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()) for message in messages)
    with program(workspace, "editsvc-lsp", "--stdio") as server:
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(given)
        server.stdin.flush()
        seen = b""
        while b"+def bar" not in seen:
            data = server.stdout.read1()
            assert data, seen
            seen += data
        server.communicate(timeout=60)
    assert not (workspace.parent / "imported").exists()
