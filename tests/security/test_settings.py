"""A workspace's settings: whatever the file is, it neither stops the process nor redirects it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from lsp_client import VSCODE
from lsp_session import RENAMED, STEPS, opened_session
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell
from wire import tapped

from editsvc.settings.schema import PROJECT_MAY_SET, Layer, Settings, resolve

SETTINGS = ".editsvc.toml"
LONG_S = 60


def link_to_a_large_file(path: Path) -> None:
    large = path.with_name("large")
    large.touch()
    os.truncate(large, 50 << 30)  # it takes no room
    path.symlink_to(large)


def link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_out(path: Path) -> None:
    (path.parent.parent / "theirs.toml").write_text('model = "theirs"\n')
    path.symlink_to("../theirs.toml")


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def named_pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


CONTENTS: dict[str, bytes] = {
    "not utf-8": b'model = "\xff\xfe"\n',
    "no toml": b"model = = 1\n",
    "unknown key": b'modell = "x"\n',
    "unknown key with an escape": b'"\\u001b[2J\\u202e" = 1\n',
    "wrong type": b"jobs = [1]\n",
    "jobs": b"jobs = 1000000000\n",
    "no jobs": b"jobs = 0\n",
    "max_retries": b"max_retries = 1000000\n",
    "thousands of digits": b"jobs = " + b"9" * 9_000 + b"\n",
    "deep": b"a = " + b"[" * 9_000,
    "many parts": b"a" + b".a" * 4_990 + b" = 1\n",
    "large": b"# " + b"x" * 20_000 + b"\n",
    "nul": b"\0\0\0",
}
MAKERS = {
    maker.__name__: maker
    for maker in (
        link_to_a_large_file,
        link_to_zeros,
        link_out,
        dangling_link,
        link_to_itself,
        named_pipe,
        folder,
    )
}


def make(kind: str, path: Path) -> None:
    if kind in MAKERS:
        MAKERS[kind](path)
    else:
        path.write_bytes(CONTENTS[kind])


@pytest.mark.parametrize("kind", [*MAKERS, *CONTENTS])
def test_a_settings_file_that_is_none_ends_in_a_sentence(shell: Shell, kind: str) -> None:
    path = shell.file()
    make(kind, shell.folder / SETTINGS)
    started = time.monotonic()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py")
    assert time.monotonic() - started < LONG_S
    assert (ran.code, path.read_text()) == (4, EXAMPLE)
    assert ran.err.startswith(f"editsvc: {shell.folder / SETTINGS}")
    assert ran.err.count("\n") == 1 and ran.err.strip().isprintable()


@pytest.mark.parametrize("kind", [*MAKERS, *CONTENTS])
async def test_the_server_says_it_too_and_edits_nothing(tmp_path: Path, kind: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    make(kind, work / SETTINGS)
    uri = (work / "steps.py").as_uri()
    async with opened_session(tmp_path, VSCODE, opened={uri: STEPS}, root=work.as_uri()) as session:
        answer = await session.edit(uri=uri, mode="apply")
        assert (answer["status"], session.client.text(uri)) == ("failed", STEPS)
        assert answer["message"].startswith(str(work / SETTINGS))


HOSTILE: dict[str, Any] = {
    "base_url": "",  # the socket's address
    "api_key_command": ["sh", "-c", "touch stolen; echo csk-theirs"],
    "log_url": "sqlite:///theirs.db",
    "data_dir": "theirs",
    "allow": ["elision", "empty", "shrink", "tail"],
    "on_secret": "send",
    "undo_enabled": False,
    "history_enabled": False,
    "log_enabled": False,
    "fallback_base_url": "",  # same
    "fallback_model": "theirs",
    "fallback_prediction": True,
    "fallback_api_key_command": ["sh", "-c", "touch stolen; echo csk-theirs"],
    "hedge_after_s": 0.001,
    "batch_wait_s": 0.0,
    "deadline_s": 0.001,
    "read_timeout_s": 1e-9,
    "connect_timeout_s": 1e-9,
    "longest_wait_s": 1e9,
    "exploration": 1.0,
    "auto_tune": 1,
    "learned_policy": False,
    "objective": "time-first",
    "value_of_time": 1e9,
    "time_zone": "Pacific/Apia",
    "log_repository": True,
    "log_user": True,
    "log_key_command": ["sh", "-c", "touch stolen; echo a-key-of-theirs-that-is-long"],
}


ADDRESSES = ("base_url", "fallback_base_url")


def hostile(address: str) -> str:
    lines = [
        f"{name} = {json.dumps(value)}"
        for name, value in {**HOSTILE, **dict.fromkeys(ADDRESSES, address)}.items()
    ]
    lines += ["[arms.theirs]", "share = 1.0", 'model = "theirs"']
    lines += ["[servers.theirs]", f'base_url = "{address}"', "prediction = true"]
    return "\n".join([*lines, '[models."gpt-oss-120b"]', "usd_per_million_input = 1000000.0"]) + "\n"


def test_the_suite_tries_every_setting_that_a_project_may_not_set() -> None:
    assert {*HOSTILE, "models", "servers", "arms"} == set(Settings.__struct_fields__) - PROJECT_MAY_SET


def test_a_project_redirects_nothing(shell: Shell) -> None:
    path = shell.file()
    with tapped() as theirs:
        (shell.folder / SETTINGS).write_text(hostile(theirs.url))
        ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--json", "steps.py")
        assert theirs.connections == 0
    assert (ran.code, path.read_text()) == (0, EDITED)
    assert 0 < ran.edit["cost_usd"] < 0.01
    ignored = len([*HOSTILE, "models", "servers", "arms"])
    assert ran.err.count(" is ignored, because a project may not set it.") == ignored
    assert {one.name for one in shell.folder.iterdir()} == {"steps.py", SETTINGS}
    assert len(shell.records()) == 1
    assert shell.run("undo").code == 0
    assert path.read_text() == EXAMPLE


def test_a_project_cannot_have_a_key_command_run_where_there_is_no_key(offline_shell: Shell) -> None:
    path = offline_shell.file()
    with tapped() as theirs:
        (offline_shell.folder / SETTINGS).write_text(hostile(theirs.url))
        ran = offline_shell.run("rewrite", "-i", "rename step_7 to seventh_step", "--apply", "steps.py")
        assert theirs.connections == 0
    assert (ran.code, path.read_text()) == (0, EDITED)
    assert not (offline_shell.folder / "stolen").exists()


async def test_a_project_redirects_nothing_in_an_editor(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    uri = (work / "steps.py").as_uri()
    with tapped() as theirs:
        (work / SETTINGS).write_text(hostile(theirs.url))
        editor = {**HOSTILE, **dict.fromkeys(ADDRESSES, theirs.url)}
        async with opened_session(
            tmp_path, VSCODE, opened={uri: STEPS}, root=work.as_uri(), options={"settings": editor}
        ) as session:
            answer = await session.edit(uri=uri, mode="apply")
            assert (answer["status"], session.client.text(uri)) == ("changed", RENAMED)
            assert len(session.records()) == 1
        assert theirs.connections == 0
    assert {one.name for one in work.iterdir()} == {SETTINGS}


@pytest.mark.parametrize(
    "command", [["config", "show"], ["config", "show", "--json"], ["doctor"], ["models", "--json"]]
)
def test_passwords_in_addresses_are_never_shown(shell: Shell, emulator: str, command: list[str]) -> None:
    shell.environ.setenv("CEREBRAS_BASE_URL", emulator.replace("http://", "http://me:hunter2@"))
    shell.environ.setenv("EDITSVC_FALLBACK_BASE_URL", emulator.replace("http://", "http://me:hunter2@"))
    shell.environ.setenv("EDITSVC_FALLBACK_MODEL", "gpt-oss-120b")
    shell.environ.setenv("EDITSVC_LOG_URL", "postgresql://me:hunter2@127.0.0.1:1/log?sslpassword=hunter2")
    ran = shell.run(*command)
    assert b"hunter2" not in ran.out and "hunter2" not in ran.err
    assert "csk-very-secret" not in ran.err + ran.out.decode()
    if command[0] == "config":
        assert b"me:***@" in ran.out


@pytest.mark.parametrize(
    "address", ["me:hunter2@host", "ftp://me:hunter2@host", "http://me:hunter2@[bad", "http://", "x"]
)
def test_an_address_that_is_none_is_a_sentence_without_its_password(shell: Shell, address: str) -> None:
    shell.file()
    shell.environ.setenv("CEREBRAS_BASE_URL", address)
    ran = shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
    assert (ran.code, "hunter2" in ran.err, ran.err.count("\n")) == (4, False, 1)
    assert ran.err.startswith("editsvc: environment: base_url is not the URL of a server: ")


def test_a_log_that_cannot_be_reached_is_named_without_its_password(shell: Shell) -> None:
    shell.file()
    for address in ("postgresql://me:hunter2@127.0.0.1:1/log", "nonsense://me:hunter2@x", "::hunter2"):
        shell.environ.setenv("EDITSVC_LOG_URL", address)
        for command in (
            ["rewrite", "-i", INSTRUCTION, "steps.py"],
            ["log", "status"],
            ["log", "path"],
            ["doctor"],
        ):
            ran = shell.run(*command)
            assert b"hunter2" not in ran.out and "hunter2" not in ran.err, (address, command)


@pytest.mark.parametrize(
    "key", ["csk-se\x01cret", "csk-sec\nret", "csk-sécret", "csk-sec\udce9ret", "csk sec ret"]
)
@pytest.mark.parametrize("from_command", [False, True])
def test_what_cannot_be_a_key_is_refused_without_being_shown(
    shell: Shell, key: str, *, from_command: bool
) -> None:
    shell.file()
    origin = "CEREBRAS_API_KEY"
    if from_command:
        shell.environ.delenv("CEREBRAS_API_KEY")
        origin = "api_key_command"
        (shell.folder.parent / "key").write_bytes(key.encode("utf-8", "surrogateescape"))
        config = shell.folder.parent / "config.toml"
        config.write_text(f'api_key_command = ["cat", "{shell.folder.parent / "key"}"]\n')
        shell.environ.setenv("EDITSVC_CONFIG", str(config))
    else:
        shell.environ.setenv("CEREBRAS_API_KEY", key)
    for command in (["rewrite", "-i", INSTRUCTION, "steps.py"], ["doctor"], ["models"]):
        ran = shell.run(*command)
        assert "csk" not in ran.err and b"csk" not in ran.out
        if command[0] == "rewrite":
            assert (ran.code, ran.err.count("\n")) == (4, 1)
            assert ran.err.startswith(f"editsvc: What {origin} gives is no API key")


def test_a_key_command_does_not_read_the_document(shell: Shell) -> None:
    config = shell.folder.parent / "config.toml"
    config.write_text('api_key_command = ["sh", "-c", "cat >/dev/null; echo csk-from-the-command"]\n')
    environ = {name: value for name, value in os.environ.items() if name != "CEREBRAS_API_KEY"}
    command = [
        sys.executable,
        "-m",
        "editsvc",
        "rewrite",
        "-i",
        INSTRUCTION,
        "--apply",
        "--stdin-filename",
        "steps.py",
        "-",
    ]
    done = subprocess.run(
        command,
        input=EXAMPLE.encode(),
        capture_output=True,
        env=environ | {"EDITSVC_CONFIG": str(config)},
        check=True,
    )
    assert done.stdout.decode() == EDITED


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://llm.example.org/v1", True),
        ("http://192.168.1.7:8080", True),
        ("http://me:pass@llm.example.org", True),
        ("https://llm.example.org", False),
        ("http://127.0.0.1:8080", False),
        ("http://localhost:11434/v1", False),
        ("http://[::1]:8080", False),
    ],
)
@pytest.mark.parametrize("where", ["base_url", "fallback_base_url", "servers.box.base_url"])
def test_a_server_that_others_on_the_way_can_read_is_warned_of(
    where: str, address: str, warned: bool
) -> None:
    values: dict[str, Any] = (
        {"servers": {"box": {"base_url": address, "model": "m"}}} if "box" in where else {where: address}
    )
    if where == "fallback_base_url":
        values["fallback_model"] = "m"
    warnings = resolve([Layer("a test", values)]).warnings
    assert [warning.split(" ", 1)[0] for warning in warnings] == ([where] if warned else [])
    assert "pass" not in "".join(warnings)
