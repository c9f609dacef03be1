"""A command that is handed to ``editsvc serve`` does what it does by itself, and so does one that cannot be."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from held_server import held_server
from patience import HANGING_S

from editsvc.cli import handover

if sys.platform != "linux":
    pytest.skip("serve is for Linux", allow_module_level=True)

# Behind the command, whether this process has run it itself.
_ENTRY = """
import atexit, os, sys
where = os.environ["WHERE"]
atexit.register(lambda: open(where, "w").write("here" if "click" in sys.modules else "handed over"))
from editsvc.cli import main
main()
"""
CODE = "import os\n\n\ndef fetch(path):\n    return os.stat(path)\n"
RENAME = ("-i", "rename fetch to download")


@dataclass
class Ran:
    code: int
    out: bytes
    err: str
    where: str


@dataclass
class Place:
    """A folder to work in, and an environment whose runtime folder is `runtime`."""

    folder: Path
    runtime: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("CEREBRAS")}
        return {
            **known,
            "XDG_RUNTIME_DIR": str(self.runtime),
            "EDITSVC_DATA_DIR": str(self.folder / "data"),
            "EDITSVC_CONFIG": os.devnull,
            **self.more,
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", _ENTRY, *arguments],
            cwd=self.folder,
            env={**self.environ, "WHERE": str(self.folder / "where")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, given: bytes = b"") -> Ran:
        process = self.start(*arguments)
        out, err = process.communicate(given, HANGING_S)
        return Ran(process.returncode, out, err.decode(), (self.folder / "where").read_text())

    def logged(self) -> list[str]:
        """How the edits ended, as the log has it."""
        lines = self.run("log", "export").out.split(b"\n")
        return [json.loads(line)["status"] for line in lines if line]


@pytest.fixture(scope="module")
def runtime() -> Iterator[Path]:
    """A runtime folder with a server; its path is short, as that of a socket must be."""
    folder = Path(tempfile.mkdtemp(prefix="run"))
    environ = Place(folder, folder).environ
    command = [sys.executable, "-m", "editsvc", "serve"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, cwd=folder) as server:
        assert server.stderr is not None
        assert b"ready" in server.stderr.readline()
        yield folder
        server.terminate()
        assert server.wait(HANGING_S) == 0
    assert not (folder / "editsvc" / "commands.sock").exists()
    shutil.rmtree(folder)


@pytest.fixture
def place(tmp_path: Path, runtime: Path) -> Place:
    (tmp_path / "client.py").write_text(CODE)
    return Place(tmp_path, runtime)


def timeless(text: str) -> str:
    """Times, and ids of runs, differ from run to run."""
    return re.sub(r"in [\d.]+ m?s|undo [0-9a-f]{8}|\"(?:request_id|\w+_s|waited_s)\": [^,}]+", "…", text)


def test_only_its_user_can_reach_the_socket(runtime: Path) -> None:
    folder = runtime / "editsvc"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "commands.sock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "given", "code"),
    [
        (["rewrite", *RENAME, "client.py"], b"", 0),
        (["rewrite", *RENAME, "--json", "client.py"], b"", 0),
        (["rewrite", *RENAME, "--apply", "client.py"], b"", 0),
        (["rewrite", *RENAME, "--apply", "-"], CODE.encode(), 0),
        (["rewrite", "-i", "rename no_such to x", "client.py"], b"", 1),
        (["rewrite", *RENAME, "missing.py"], b"", 1),
        (["rewrite", *RENAME], b"", 1),
        (["rewrite", *RENAME, "--no-such-option"], b"", 2),
        (["rewrite", *RENAME, "--scope", "nowhere", "client.py"], b"", 2),
    ],
    ids=lambda value: " ".join(value[3:]) if isinstance(value, list) else None,
)
def test_what_it_prints_writes_and_returns_is_the_same(
    place: Place, tmp_path: Path, arguments: list[str], given: bytes, code: int
) -> None:
    handed = place.run(*arguments, given=given)
    written = (place.folder / "client.py").read_text()
    (place.folder / "client.py").write_text(CODE)

    alone = Place(place.folder, tmp_path / "none").run(*arguments, given=given)

    assert (handed.where, alone.where) == ("handed over", "here")
    assert handed.code == alone.code == code
    assert timeless(handed.out.decode()) == timeless(alone.out.decode())
    assert timeless(handed.err) == timeless(alone.err)
    assert written == (place.folder / "client.py").read_text()


def test_what_was_written_is_logged_and_can_be_undone(place: Place) -> None:
    assert place.run("rewrite", *RENAME, "--apply", "client.py").where == "handed over"
    assert "download" in (place.folder / "client.py").read_text()

    assert place.logged() == ["changed"]
    assert place.run("undo").code == 0
    assert (place.folder / "client.py").read_text() == CODE


def test_it_has_the_environment_of_whoever_typed_it(place: Place) -> None:
    place.more["EDITSVC_LOG_ENABLED"] = "false"

    assert place.run("rewrite", *RENAME, "client.py").where == "handed over"

    assert not (place.folder / "data" / "log.db").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("LC_ALL", "C"), ("PYTHONOPTIMIZE", "1"), ("XDG_RUNTIME_DIR", "/nowhere")]
)
def test_what_changes_how_a_process_starts_is_not_handed_over(place: Place, name: str, value: str) -> None:
    place.more[name] = value

    ran = place.run("rewrite", *RENAME, "client.py")

    assert (ran.where, ran.code) == ("here", 0)


@pytest.mark.parametrize("arguments", [["log", "path"], ["--version"], ["undo", "--list"]])
def test_other_commands_run_as_usual(place: Place, arguments: list[str]) -> None:
    assert place.run(*arguments).where == "here"


def test_a_folder_that_others_can_look_into_is_not_trusted(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="run"))
    (folder / "editsvc").mkdir()
    (folder / "editsvc").chmod(0o755)
    (tmp_path / "client.py").write_text(CODE)
    there = Place(tmp_path, folder)

    assert there.run("rewrite", *RENAME, "client.py").where == "here"
    refused = there.run("serve")

    assert refused.code == 4
    assert "is not a folder that only you can look into" in refused.err
    shutil.rmtree(folder)


def test_one_server_is_enough(place: Place) -> None:
    second = place.run("serve")

    assert second.code == 4
    assert "running already" in second.err
    assert place.run("rewrite", *RENAME, "client.py").where == "handed over"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_edit(place: Place, number: signal.Signals) -> None:
    with held_server("import sys\n", "") as server:
        place.more.update(CEREBRAS_API_KEY="k", CEREBRAS_BASE_URL=server.url)
        process = place.start("rewrite", "-i", "use sys", "--apply", "client.py")
        assert server.begun.wait(HANGING_S)

        process.send_signal(number)
        _, err = process.communicate(timeout=HANGING_S)

        assert process.returncode == 130, err
    assert (place.folder / "where").read_text() == "handed over"
    assert (place.folder / "client.py").read_text() == CODE
    assert place.logged() == ["cancelled"]


def test_an_edit_whose_client_is_killed_is_cancelled(place: Place) -> None:
    with held_server("import sys\n", "") as server:
        place.more.update(CEREBRAS_API_KEY="k", CEREBRAS_BASE_URL=server.url)
        process = place.start("rewrite", "-i", "use sys", "--apply", "client.py")
        assert server.begun.wait(HANGING_S)

        process.kill()
        process.communicate(timeout=HANGING_S)

        ends = time.monotonic() + HANGING_S
        while place.logged() != ["cancelled"]:
            assert time.monotonic() < ends
    assert (place.folder / "client.py").read_text() == CODE


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        (["rewrite", "client.py"], True),
        (["rewrite", "-i", "x", "client.py"], False),
        (["rewrite", "-ix", "client.py"], False),
        (["rewrite", "--instruction=x", "client.py"], False),
        (["rewrite", "-F", "wish.txt", "client.py"], False),
        (["rewrite", "-i", "x", "-e", "client.py"], True),
        (["rewrite", "-ei", "x", "client.py"], True),
        (["rewrite", "-i", "x", "--interactive", "client.py"], True),
    ],
)
def test_a_command_that_asks_its_user_something_is_not_handed_over(arguments: list[str], asks: bool) -> None:
    assert handover.talks(arguments) is asks
