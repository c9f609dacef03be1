"""A shell to run commands in, against an emulator in a process of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell starts in the background ignores Ctrl-C, and hands that down to the commands tested here.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "cases.jsonl"
    cases = [{"id": "steps", "instruction": INSTRUCTION, "before": EXAMPLE, "after": EDITED}]
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    return path


@pytest.fixture(scope="session")
def start_emulator() -> Iterator[Callable[..., str]]:
    running: list[subprocess.Popen[str]] = []

    def start(*args: str) -> str:
        command = [sys.executable, "-m", "editsvc", "emulate", *args]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        return line.removeprefix("listening on ").strip()

    yield start
    for process in running:
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="session")
def emulator(start_emulator: Callable[..., str], script: Path) -> str:
    return start_emulator("--script", str(script))


@pytest.fixture
def offline_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Shell:
    """A shell without a key."""
    folder, data = tmp_path / "work", tmp_path / "data"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("CEREBRAS_API_KEY", "CEREBRAS_BASE_URL", "EDITSVC_CONFIG", "EDITSVC_LOG_URL", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EDITSVC_DATA_DIR", str(data))
    monkeypatch.setenv("EDITSVC_MAX_RETRIES", "0")
    monkeypatch.setenv("EDITSVC_EXPLORATION", "0")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Shell(folder, data, monkeypatch, capfdbinary)


@pytest.fixture
def shell(offline_shell: Shell, emulator: str) -> Shell:
    """A shell with a key, and the emulator as its server."""
    offline_shell.environ.setenv("CEREBRAS_API_KEY", "csk-very-secret")
    offline_shell.environ.setenv("CEREBRAS_BASE_URL", emulator)
    return offline_shell
