"""What a workspace or a server can put into names and messages steers no terminal and fakes no sentence."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell

from editsvc.cli import output

ESCAPE, BIDI, C1 = "\x1b]0;owned\x07\x1b[2J", "\u202e", "\x9b31m"
NAMES = [
    f"a{ESCAPE}.py",
    f"a{BIDI}yp.exe.py",
    f"a{C1}.py",
    "a\neditsvc: all is well\n.py",
    "a\r\x08\x7f.py",
    "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y.py",
    'quote".py',
    "back\\slash.py",
    "tab\tand space .py",
    "-dash.py",
    os.fsdecode(b"latin-\xe9.py"),
    "grüße.py",
    "[bold red]markup.py",
]
SAFE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]*")


def is_safe(text: str) -> bool:
    return SAFE.fullmatch(text) is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_diff_names_a_file_as_git_does_and_git_applies_it(shell: Shell, name: str) -> None:
    path = shell.file(name)
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--", name)
    assert ran.code == 0
    assert is_safe(ran.err) and ran.err.count("\n") == 1
    head, second, third = ran.out.split(b"\n")[:3]
    assert (head[:4], second[:4], third[:3]) == (b"--- ", b"+++ ", b"@@ ")
    assert is_safe((head + second).decode())
    subprocess.run(["git", "apply", "-"], input=ran.out, cwd=shell.folder, check=True)
    assert path.read_text() == EDITED
    assert [one.name for one in shell.folder.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_steers_the_terminal_or_fakes_a_line(shell: Shell, name: str) -> None:
    shell.file(name, b"\xff")
    for arguments in (["--", name], ["--", name, "missing.py"], ["--json", "--", name], [f"--{name}"]):
        ran = shell.run("rewrite", "-i", INSTRUCTION, *arguments)
        assert ran.code in {1, 2}
        assert is_safe(ran.err) and is_safe(ran.out.decode()), arguments
        assert not re.search(r"^(editsvc: all is well|\+y\.py)", ran.err, re.MULTILINE)
        assert "Traceback" not in ran.err


@pytest.mark.parametrize("name", NAMES)
def test_undo_names_files_safely_too(shell: Shell, name: str) -> None:
    path = shell.file(name)
    assert shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--", name).code == 0
    for arguments in (["--list"], ["--dry-run"], ["--list", "--json"], []):
        ran = shell.run("undo", *arguments)
        assert ran.code == 0
        assert is_safe(ran.err) and is_safe(ran.out.decode()), arguments
    assert path.read_text() == EXAMPLE


def test_what_a_server_says_steers_no_terminal(shell: Shell) -> None:
    shell.file()
    for model in (f"evil{ESCAPE}", f"evil{BIDI}", "evil\neditsvc: written"):
        ran = shell.run("rewrite", "-i", INSTRUCTION, "--model", model, "--json", "steps.py")
        assert ran.code == 3  # the emulator repeats the name of a model that it does not have
        assert "evil" in ran.err and is_safe(ran.err) and is_safe(ran.out.decode())
        assert not re.search(r"^editsvc: written", ran.err, re.MULTILINE)
    for arguments in (["report", "--by", "model"], ["log", "export"], ["report", "--format", "json"]):
        ran = shell.run(*arguments)
        assert is_safe(ran.out.decode()), arguments


@pytest.mark.parametrize("no_colour", ["", "1"])
@pytest.mark.parametrize("interactive", [False, True])
def test_code_and_names_steer_no_real_terminal(
    shell: Shell, emulator: str, interactive: bool, no_colour: str
) -> None:
    name = f"a{ESCAPE}{BIDI}.py"
    shell.file(name, EXAMPLE.replace("return value + 8\n", f"return value + 8  # {ESCAPE}{BIDI}{C1}\n"))
    environ = os.environ | {"TERM": "xterm-256color", "NO_COLOR": no_colour, "CEREBRAS_BASE_URL": emulator}
    environ.pop("CEREBRAS_API_KEY", None)
    arguments = ["-m", "editsvc", "rewrite", "--offline", "-i", "rename step_7 to seventh_step"]
    arguments += ["--interactive", name] if interactive else [name]
    child = pexpect.spawn(
        sys.executable,
        arguments,
        cwd=shell.folder,
        env=environ,
        dimensions=(40, 200),
        encoding="utf-8",
        timeout=60,
    )
    seen = ""
    if interactive:
        child.expect_exact("Take this hunk")
        seen += child.before
        child.send("y")
    child.expect(pexpect.EOF)
    seen += child.before
    child.close()
    assert child.exitstatus == 0
    assert "seventh_step" in seen
    for steering in (ESCAPE, "\x1b[2J", "\x1b]0;", "owned\x07", BIDI, C1):
        assert steering not in seen
    assert "\\x1b]0;owned\\x07" in seen


def test_what_json_escapes_means_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    value = {"x": f"{ESCAPE}{BIDI}{C1}\u2028\ufeff\U000e0041é😀"}
    output.write_json(value)
    shown = capsys.readouterr().out
    assert json.loads(shown) == value
    assert is_safe(shown) and "é😀" in shown


@pytest.mark.parametrize("made", ["file", "terminal"])
def test_a_table_shows_names_from_the_log_safely(shell: Shell, tmp_path: Path, made: str) -> None:
    shell.file()
    shell.run("rewrite", "-i", INSTRUCTION, "--model", f"evil{ESCAPE}{BIDI}[bold]", "steps.py")
    if made == "file":
        shell.run("report", "--by", "model", "-o", str(tmp_path / "report.txt"))
        shown = (tmp_path / "report.txt").read_text()
    else:
        command = ["-m", "editsvc", "report", "--by", "model"]
        child = pexpect.spawn(sys.executable, command, dimensions=(80, 200), encoding="utf-8", timeout=60)
        child.expect(pexpect.EOF)
        shown = child.before
        child.close()
    assert "evil\\x1b]0;" in shown and "[bold]" in shown
    assert "\x1b]0;" not in shown and BIDI not in shown
