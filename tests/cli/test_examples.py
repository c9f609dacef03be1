"""Every example that help, the README or a page shows does what it says, without a key, or says that it needs one."""

import os
import re
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest
from command_tree import nodes
from shell import Shell

from editsvc.files import disk
from editsvc.files.refused import FOLDER, Asked, Keeper

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "fixtures" / "demo"
# What lasts until Ctrl-C, or for minutes, and a sign that it is at work.
LASTING = {"emulate": "listening on ", "--watch": "requests", "bench policy": "After one log"}
WISH = "rename fetch to download"
NEEDS_A_KEY = "needs a key"
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").glob("**/*.md") if page.name != "commands.md"),
]
_EXAMPLE = re.compile(
    r"(?:\$ )?((?:(?:echo|cat) [^|]+ \| )?editsvc [a-z].*|(?:[A-Z_]+=\S+ )+editsvc [a-z].*)"
)


@dataclass(frozen=True)
class Example:
    """A line of text that somebody may copy into a shell."""

    where: str
    line: str
    remark: str

    def __str__(self) -> str:
        return f"{self.where}: {self.line}"


def example(where: str, line: str) -> Example:
    command, _, remark = line.partition(" # ")
    return Example(where, command.strip(), remark.strip())


def examples() -> list[Example]:
    found = []
    for node in nodes():
        name = " ".join(["editsvc", *node.words])
        text = f"{node.found.help or ''}\n{node.found.epilog or ''}"
        found += [
            example(name, match[1])
            for line in text.split("\n")
            if (match := _EXAMPLE.fullmatch(line.strip()))
        ]
    for page in PAGES:
        for block in re.findall(r"^```\w*\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            found += [
                example(page.name, match[1])
                for line in block.split("\n")
                if (match := _EXAMPLE.fullmatch(line.strip()))
            ]
    return found


ALL = examples()
WITHOUT = [one for one in ALL if NEEDS_A_KEY not in one.remark]


@pytest.fixture
def place(offline_shell: Shell) -> Path:
    """A folder with what examples name, in a work tree of git; edits to take back, to go on from, and refused."""
    folder = offline_shell.folder
    shutil.copytree(DEMO, folder, dirs_exist_ok=True)
    (folder / "src").mkdir()
    shutil.copy(DEMO / "client.py", folder / "src" / "client.py")
    shutil.copy(ROOT / "fixtures" / "replay" / "cases.jsonl", folder)
    (folder / "notes.md").write_text("Read teh page.\n")
    (folder / ".env").write_text("DEBUG=1\n")
    (folder / "list.txt").write_text("client.py\nsrc/client.py\n")
    (folder / "wish.txt").write_text(f"{WISH}\n")
    (folder / "key.txt").write_text("csk-0123456789\n")
    for name in (".zfunc", ".local/share/bash-completion/completions", ".config/fish/completions"):
        (folder / name).mkdir(parents=True)
    offline_shell.environ.setenv("HOME", str(folder))
    offline_shell.environ.setenv("VISUAL", f"sh -c 'echo {WISH} > \"$0\"'")
    offline_shell.environ.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    (folder / "models.py").write_text("class Point:\n    def __init__(self, x):\n        self.x = x\n")
    pexpect.run("git init -q", cwd=str(folder))
    offline_shell.environ.setenv("EDITSVC_READ_TIMEOUT_S", "60")
    before = (folder / "models.py").read_bytes()
    edit = ("rewrite", "--offline", "-i", "rename x to left", "--apply", "models.py")
    assert offline_shell.run(*edit).code == 0
    assert (folder / "models.py").read_bytes() != before
    assert offline_shell.run("rewrite", "--offline", "-i", WISH, "client.py").code == 0
    refusing = Keeper(offline_shell.data / FOLDER, "aa", datetime.now(UTC))
    client = disk.read(folder / "client.py")
    refusing.keep(
        client, client.data + b"# ... the rest ...\n", Asked("add a main", "client.py", ("elision",))
    )
    return folder


def start(line: str, folder: Path) -> "pexpect.spawn[str]":
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    # With a failure in front of a pipe the line fails.
    return pexpect.spawn(
        "/bin/bash",
        ["--norc", "-o", "pipefail", "-c", line],
        cwd=str(folder),
        env=environ | {"TERM": "xterm-256color", "GIT_PAGER": "", "MANPAGER": "cat"},
        dimensions=(50, 120),
        encoding="utf-8",
        timeout=120,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_there_are_examples_for_what_people_do_first() -> None:
    assert {one.where for one in ALL} >= {
        "editsvc",
        "editsvc rewrite",
        "editsvc retry",
        "editsvc undo",
        "editsvc report",
        "README.md",
    }
    assert len(ALL) > 30


@pytest.mark.slow
@pytest.mark.parametrize("one", WITHOUT, ids=str)
def test_an_example_works_as_shown_without_a_key(
    offline_shell: Shell, place: Path, emulator: str, one: Example
) -> None:
    line = one.line.replace("8080", str(free_port()))
    if "editsvc auth" in line:
        offline_shell.environ.setenv("CEREBRAS_BASE_URL", emulator)
        if "login" not in line:
            start("editsvc auth login --with-token < key.txt", place).expect(pexpect.EOF)
    if line.startswith("CEREBRAS_"):
        server = start(re.sub(r".*BASE_URL=http://[\d.]+:(\d+).*", r"editsvc emulate --port \1", line), place)
        server.expect_exact("listening on ")
    elif "rewrite" not in line and "undo ID" in line:
        line = line.replace("ID", offline_shell.run("undo", "--list", "--json").json["runs"][0]["id"])
    elif "--resume" in line:
        run = ("rewrite", "--offline", "-i", WISH, "client.py", "src/client.py")
        assert offline_shell.run(*run).code == 0
    child = start(line, place)
    if line.endswith("auth login"):
        child.expect_exact("it is not shown")
        child.waitnoecho()
        child.sendline("csk-0123456789")
    elif "rewrite" in line and not re.search(r" -[iFe] | --again| --refine| --estimate| --resume", line):
        child.expect_exact("What should change?")
        child.send(f"{WISH}\r")
    sign = next((sign for words, sign in LASTING.items() if words in line), None)
    if sign is not None:
        child.expect_exact(sign)
        child.sendintr()
    if "--interactive" in line:
        child.expect_exact("Take this hunk")
        child.send("a")
    child.expect(pexpect.EOF)
    child.close()
    said = f"{one}\n{child.before}"
    assert child.exitstatus in ({0} if sign is None else {0, 130}), said
    assert "Traceback" not in child.before, said
    if line.startswith("CEREBRAS_"):
        server.kill(signal.SIGINT)
        server.expect(pexpect.EOF)
        server.close()


@pytest.mark.parametrize("one", [one for one in ALL if NEEDS_A_KEY in one.remark], ids=str)
def test_an_example_that_needs_a_key_says_how_to_set_one(place: Path, one: Example) -> None:
    child = start(one.line, place)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
    assert "CEREBRAS_API_KEY" in child.before
