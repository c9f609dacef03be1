"""The product on CPython for Windows, run by Wine: real modules of Windows, on a stand-in for its kernel.

``make test-windows`` installs it. What Wine does otherwise than Windows, these tests cannot tell.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from editsvc.emulator import Emulator, EmulatorOptions

pytestmark = pytest.mark.windows

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".windows"
OLD, NEW = b"def fetch():\r\n    pass\r\n", b"def download():\r\n    pass\r\n"
RENAME = ("-i", "rename fetch to download")


def on_drive(path: Path) -> str:
    """The path as Wine shows it."""
    return "Z:" + str(path).replace("/", "\\")


class Windows:
    """A folder with client.py in it, and a Python for Windows there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "client.py"
        self.file.write_bytes(OLD)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CEREBRAS")},
            "WINEPREFIX": str(PLACE / "prefix"),
            "WINEDEBUG": "-all",
            "PYTHONPATH": f"{on_drive(ROOT)};{on_drive(PLACE / 'packages')}",
            "EDITSVC_DATA_DIR": on_drive(folder / "data"),
            "EDITSVC_CONFIG": "nul",
        }

    def python(self, *words: str, given: bytes = b"", **more: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            ["wine", str(PLACE / "python/python.exe"), *words],
            cwd=self.folder,
            env=self.environ | more,
            input=given,
            capture_output=True,
            check=False,
        )

    def editsvc(self, *words: str, code: int = 0, **more: str) -> bytes:
        ran = self.python("-m", "editsvc", *words, **more)
        assert ran.returncode == code, ran.stderr.decode()
        return ran.stdout if code == 0 else ran.stderr

    def script(self, text: str) -> str:
        ran = self.python("-c", text)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout.decode().replace("\r", "")


@pytest.fixture
def windows(tmp_path: Path) -> Windows:
    return Windows(tmp_path)


def test_a_diff_keeps_the_bytes_of_lines(windows: Windows) -> None:
    diff = windows.editsvc("rewrite", "--offline", *RENAME, "client.py")
    assert b"-def fetch():\r\n+def download():\r\n" in diff
    assert b"--- a/client.py\n+++ b/client.py\n" in diff


def test_a_file_is_written_reported_and_restored(windows: Windows) -> None:
    inode = windows.file.stat().st_ino
    windows.editsvc("rewrite", "--offline", *RENAME, "--apply", "client.py")
    assert windows.file.read_bytes() == NEW
    assert windows.file.stat().st_ino != inode
    assert {path.name for path in windows.folder.iterdir()} == {"client.py", "data"}
    report = windows.editsvc("report", "--format", "json")
    assert json.loads(report)["requests"] == 1 and b"\r" not in report
    windows.editsvc("undo")
    assert windows.file.read_bytes() == OLD


def test_a_report_for_people_is_utf_8_when_it_is_no_console(windows: Windows) -> None:
    windows.editsvc("rewrite", "--offline", *RENAME, "client.py")
    assert "─" in windows.editsvc("report").decode()


async def test_a_server_is_asked(windows: Windows) -> None:
    async with Emulator(EmulatorOptions()) as emulator:
        diff = await asyncio.to_thread(
            windows.editsvc,
            "rewrite",
            *RENAME,
            "client.py",
            CEREBRAS_API_KEY="k",
            CEREBRAS_BASE_URL=emulator.base_url,
        )
    assert b"+def download():\r\n" in diff


WRITE = """
import os
from pathlib import Path
from editsvc.files import disk
path = Path("client.py")
held = {held}
source = disk.read(path)
try:
    disk.write(source, b"new")
except disk.FileError as exc:
    print("refused", exc.sentence())
else:
    print("written")
"""


def test_a_file_that_another_program_reads_is_written_in_place(windows: Windows) -> None:
    inode = windows.file.stat().st_ino
    assert windows.script(WRITE.format(held='open("client.py", "rb")')) == "written\n"
    assert (windows.file.read_bytes(), windows.file.stat().st_ino) == (b"new", inode)
    assert list(windows.folder.iterdir()) == [windows.file]


def test_a_file_that_is_read_only_is_refused(windows: Windows) -> None:
    said = windows.script(WRITE.format(held="path.chmod(0o444)"))
    assert said.startswith("refused") and "read-only" in said
    assert windows.file.read_bytes() == OLD


def test_what_a_killed_process_left_is_removed_and_what_is_being_written_is_not(windows: Windows) -> None:
    left, living = (windows.folder / f".client.py.{random}.editsvc" for random in ("abcd_123", "wxyz_789"))
    left.write_bytes(b"half")
    living.write_bytes(b"half")
    assert windows.script(WRITE.format(held=f"open({living.name!r}, 'rb')")) == "written\n"
    assert not left.exists() and living.exists()


@pytest.mark.parametrize("name", ["NUL", "CON", "client.py:stream"])
def test_names_that_windows_keeps_for_itself_are_no_files(windows: Windows, name: str) -> None:
    (windows.folder / "client.py:stream").write_bytes(OLD)
    windows.editsvc("rewrite", "--offline", *RENAME, "--apply", name, code=1)
    assert windows.file.read_bytes() == OLD


def test_processes_append_without_overwriting_each_other(windows: Windows) -> None:
    text = """
import sys
from pathlib import Path
from editsvc.system.files import FILES
for number in range(40):
    FILES.append(Path("spool"), b"%s %d\\n" % (sys.argv[1].encode(), number))
"""
    command = ["wine", str(PLACE / "python/python.exe"), "-c", text]
    running = [
        subprocess.Popen(
            [*command, name],
            cwd=windows.folder,
            env=windows.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in "abc"
    ]
    for process in running:
        _, complaint = process.communicate()
        assert process.returncode == 0, complaint.decode()
    lines = (windows.folder / "spool").read_text().split("\n")
    assert sorted(lines) == sorted(["", *(f"{name} {number}" for name in "abc" for number in range(40))])


def test_the_key_command_is_not_taken_from_the_current_folder(windows: Windows) -> None:
    (windows.folder / "op.bat").write_text("@echo planted\r\n")
    text = """
from editsvc.errors import SettingsError
from editsvc.settings import environment
from editsvc.settings.schema import Settings
try:
    print(environment.api_key(Settings(api_key_command=["op"]), {}))
except SettingsError as exc:
    print(exc.sentence())
"""
    assert "could not be run" in windows.script(text)


def test_the_language_server_edits_a_file_with_a_drive(windows: Windows) -> None:
    uri = "file:///z%3A" + str(windows.file)
    text = OLD.decode()
    edit = {
        "command": "editsvc.edit",
        "arguments": [{"uri": uri, "instruction": RENAME[1], "mode": "preview"}],
    }
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    messages: list[tuple[str, dict[str, object], int | None]] = [
        ("initialize", {"rootUri": "file:///Z%3A" + str(windows.folder), "capabilities": {}}, 1),
        ("initialized", {}, None),
        ("textDocument/didOpen", {"textDocument": document}, None),
        ("workspace/executeCommand", edit, 2),
    ]
    command = ["wine", str(PLACE / "python/python.exe"), "-c", "from lsp import main; main(['--offline'])"]
    with subprocess.Popen(
        command,
        cwd=windows.folder,
        env=windows.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None and server.stdout is not None

        def send(method: str, params: dict[str, object] | None, number: int | None) -> None:
            message = {"jsonrpc": "2.0", "method": method, "params": params, "id": number}
            body = json.dumps({name: value for name, value in message.items() if value is not None}).encode()
            server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            server.stdin.flush()

        answers = reader(server.stdout)
        for message in messages:
            send(*message)
        answer = answers(2)
        send("shutdown", None, 3)
        answers(3)
        send("exit", None, None)
        assert server.wait() == 0
    assert answer["status"] == "changed"
    assert "--- a/client.py\n" in answer["diff"] and "+def download():\r\n" in answer["diff"]


def reader(stream: object) -> Callable[[int], dict[str, object]]:
    """Reads messages until the answer with a number has come."""

    def answer(number: int) -> dict[str, object]:
        while True:
            length = 0
            while (line := stream.readline()) != b"\r\n":
                assert line, "the server has ended"
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            message = json.loads(stream.read(length))
            if message.get("id") == number and "method" not in message:
                return message["result"]

    return answer
