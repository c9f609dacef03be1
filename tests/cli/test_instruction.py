"""Where an instruction comes from: typed on the terminal, written in an editor, or read from a file."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from shell import Shell

from editsvc.files import typed

RENAME = "rename fetch to download"
CODE = "def fetch():\n    return 1\n\n\nfetch()\n"
QUESTION = "What should change?"
CTRL_C, CTRL_D, CTRL_R, UP = "\x03", "\x04", "\x12", "\x1b[A"


@pytest.fixture
def place(offline_shell: Shell) -> Shell:
    offline_shell.file("a.py", CODE)
    return offline_shell


def spawn(place: Shell, *args: str) -> "pexpect.spawn[str]":
    return pexpect.spawn(
        sys.executable,
        ["-m", "editsvc", "rewrite", *args],
        cwd=place.folder,
        env=os.environ | {"TERM": "xterm-256color"},
        dimensions=(30, 100),
        encoding="utf-8",
        timeout=60,
    )


def ended(child: "pexpect.spawn[str]") -> tuple[str, int | None]:
    child.expect(pexpect.EOF)
    child.close()
    return child.before, child.exitstatus


def kept(place: Shell) -> list[str]:
    return typed.load(place.data / typed.FILE)


def run(place: Shell, *args: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    stdin = {"input": given} if given is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(
        [sys.executable, "-m", "editsvc", "rewrite", *args],
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # without a terminal of its own
        **stdin,
    )


def editor(place: Shell, body: str) -> None:
    script = place.folder.parent / "an editor.sh"
    script.write_text(f'#!/bin/sh\nfile="$1"\ncp "$file" "{place.folder.parent}/shown"\n{body}\n')
    script.chmod(0o700)
    place.environ.setenv("VISUAL", f"'{script}'")
    place.environ.setenv("TERM", "xterm")


def test_what_is_typed_at_the_prompt_is_done_and_kept_for_the_owner_alone(place: Shell) -> None:
    child = spawn(place, "--apply", "a.py")
    child.expect_exact(QUESTION)
    child.send(f"{RENAME}\r")
    _, code = ended(child)
    assert code == 0
    assert (place.folder / "a.py").read_text() == CODE.replace("fetch", "download")
    assert kept(place) == [RENAME]
    assert stat.S_IMODE((place.data / typed.FILE).stat().st_mode) == 0o600
    assert RENAME not in json.dumps(place.records())


@pytest.mark.parametrize("keys", [UP, f"{CTRL_R}ren"])
def test_what_was_typed_before_comes_back(place: Shell, keys: str) -> None:
    typed.add(place.data / typed.FILE, RENAME)
    child = spawn(place, "--apply", "a.py")
    child.expect_exact(QUESTION)
    child.send(keys)
    child.expect_exact("fetch to download")
    child.send("\r")
    if keys != UP:
        child.send("\r")
    _, code = ended(child)
    assert code == 0
    assert (place.folder / "a.py").read_text() == CODE.replace("fetch", "download")


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_leaving_the_prompt_does_nothing(place: Shell, key: str) -> None:
    child = spawn(place, "--apply", "a.py")
    child.expect_exact(QUESTION)
    child.send(key)
    said, code = ended(child)
    assert code == 130
    assert "nothing more was changed" in said
    assert (place.folder / "a.py").read_text() == CODE
    assert kept(place) == []


def test_nothing_is_kept_where_the_history_is_off(place: Shell) -> None:
    place.environ.setenv("EDITSVC_HISTORY_ENABLED", "false")
    child = spawn(place, "--apply", "a.py")
    child.expect_exact(QUESTION)
    child.send(f"{RENAME}\r")
    assert ended(child)[1] == 0
    assert not (place.data / typed.FILE).exists()


def test_without_a_terminal_an_instruction_must_be_given(place: Shell) -> None:
    ran = run(place, "a.py")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        "editsvc: No instruction was given, and there is no terminal to ask on. "
        'Say what to change: -i "…", or -F FILE.\n'
    )


def test_the_editor_shows_the_files_and_its_comments_are_left_out(place: Shell) -> None:
    editor(place, f'printf "{RENAME}\\n" | cat - "$file" > "$file.new"; mv "$file.new" "$file"')
    ran = run(place, "-e", "--apply", "a.py")
    assert (ran.returncode, (place.folder / "a.py").read_text()) == (0, CODE.replace("fetch", "download"))
    shown = (place.folder.parent / "shown").read_text()
    assert "#   a.py\n" in shown
    assert kept(place) == [RENAME]


def test_an_instruction_that_is_given_can_be_edited_further(place: Shell) -> None:
    editor(place, 'sed -i s/load/download/ "$file"')
    assert run(place, "-e", "-i", "rename fetch to load", "--apply", "a.py").returncode == 0
    assert "def download" in (place.folder / "a.py").read_text()


def test_a_line_that_begins_with_a_hash_stays_if_it_was_there(place: Shell) -> None:
    place.file("a.css", "a { color: #00FF00; }\n")
    editor(place, ":")
    (place.folder / "wish").write_text("change\n#00FF00 to #0000FF\n")
    run(place, "-e", "-F", "wish", "a.css")
    assert kept(place) == ["change\n#00FF00 to #0000FF"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (':> "$file"', "The instruction is empty. Nothing was done."),
        (":", "The instruction is empty. Nothing was done."),
        ("exit 3", "ended with status 3. Nothing was done."),
        ('rm "$file"', "The editor left no UTF-8 text behind. Nothing was done."),
    ],
)
def test_an_editor_that_leaves_no_instruction_stops_the_command(place: Shell, body: str, said: str) -> None:
    editor(place, body)
    ran = run(place, "-e", "--apply", "a.py")
    assert ran.returncode == 2
    assert said in ran.stderr
    assert (place.folder / "a.py").read_text() == CODE


def test_an_instruction_can_be_in_a_file_or_come_through_a_pipe(place: Shell) -> None:
    (place.folder / "wish.txt").write_bytes(b"\xef\xbb\xbf" + RENAME.encode() + b"\n")
    assert "+def download" in run(place, "-F", "wish.txt", "a.py").stdout
    assert "+def download" in run(place, "-F", "-", "a.py", given=RENAME).stdout
    assert kept(place) == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-F", "-", "-"], "cannot be the instruction (-F -) and the file to edit (-)"),
        (["-F", "-"], "cannot be the instruction (-F -) and the file to edit (-)"),
        (["-F", "none", "a.py"], "cannot be read from none: No such file or directory. Check -F."),
        (["-F", "bytes", "a.py"], "The instruction in bytes is not UTF-8 text."),
        (["-i", "x", "-F", "bytes", "a.py"], "-i and -F exclude each other."),
    ],
)
def test_a_call_that_contradicts_itself_says_so(place: Shell, args: list[str], said: str) -> None:
    (place.folder / "bytes").write_bytes(b"\xff")
    ran = run(place, *args, given=RENAME)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr


def test_what_comes_through_a_pipe_is_the_file_if_none_is_named(place: Shell) -> None:
    ran = run(place, "-i", RENAME, "--apply", given=CODE)
    assert (ran.returncode, ran.stdout) == (0, CODE.replace("fetch", "download"))
    with (place.folder / "a.py").open() as file:
        piped = subprocess.run(
            [sys.executable, "-m", "editsvc", "rewrite", "-i", RENAME, "--apply"],
            stdin=file,
            capture_output=True,
            text=True,
            check=False,
            cwd=place.folder,
        )
    assert piped.stdout == CODE.replace("fetch", "download")


def test_no_file_and_no_pipe_is_a_usage_error(place: Shell) -> None:
    ran = run(place, "-i", RENAME)
    assert (ran.returncode, "Missing argument" in ran.stderr) == (2, True)


def test_the_history_keeps_the_latest_and_leaves_out_what_begins_with_a_blank(tmp_path: Path) -> None:
    path = tmp_path / "data" / typed.FILE
    for number in range(typed.MOST_KEPT + 300):
        typed.add(path, f"wish {number}\nand more")
    typed.add(path, " secret")
    typed.add(path, f"wish {number}\nand more")
    found = typed.load(path)
    assert (len(found), found[-1]) == (typed.MOST_KEPT, f"wish {number}\nand more")
    assert path.read_bytes().count(b"\n") < typed.MOST_KEPT + 300
    path.write_bytes(b'"half\n"a whole one"\n3\n')
    assert typed.load(path) == ["a whole one"]


def test_all_that_is_kept_can_be_forgotten(place: Shell) -> None:
    typed.add(place.data / typed.FILE, RENAME)
    ran = place.run("undo", "--forget")
    assert (ran.code, "the instructions that were typed" in ran.err) == (0, True)
    assert kept(place) == []
