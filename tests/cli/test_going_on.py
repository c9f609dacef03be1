"""``--again`` and ``--refine``: what they go on from, and what is said where they cannot."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell

from editsvc.files import journal
from editsvc.files.last import FOLDER

RENAME = "rename step_7 to seventh"
RENAMED = EXAMPLE.replace("step_7", "seventh")
WISH = "and rename step_8 to eighth"
BOTH = RENAMED.replace("step_8", "eighth")
CALL = ("rewrite", "--offline")


def applied(shell: Shell, diff: bytes) -> None:
    done = subprocess.run(["git", "apply"], cwd=shell.folder, input=diff, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_again_repeats_the_instruction_on_the_same_files_or_on_others(offline_shell: Shell) -> None:
    first, second, third = (offline_shell.file(name) for name in ("a.py", "b.py", "c.py"))
    offline_shell.run(*CALL, "-i", RENAME, "a.py", "b.py")
    assert first.read_text() == EXAMPLE
    assert offline_shell.run(*CALL, "--again", "--apply").code == 0
    assert [path.read_text() for path in (first, second, third)] == [RENAMED, RENAMED, EXAMPLE]
    assert offline_shell.run(*CALL, "--again", "--apply", "c.py").code == 0
    assert third.read_text() == RENAMED


def test_again_takes_the_scope_along_for_the_same_files_alone(offline_shell: Shell) -> None:
    text = "def one():\n    a = 'z'\n\n\ndef two():\n    a = 'x'\n"
    offline_shell.file("a.py", text)
    offline_shell.file("b.py", text)
    offline_shell.run(*CALL, "-i", "replace 'x' with 'y'", "--scope", "lines:5-6", "a.py")
    scopes = [
        offline_shell.run(*CALL, *words, "--json").edit["scope"]["start_line"]
        for words in (("--again",), ("--again",), ("--again", "--scope", "file"), ("--again", "b.py"))
    ]
    assert scopes == [5, 5, 1, 1]


@pytest.mark.parametrize("apply", [False, True])
def test_refine_begins_where_the_last_edit_began_and_changes_the_file_as_it_is(
    offline_shell: Shell, apply: bool
) -> None:
    path = offline_shell.file()
    more = ["--apply"] if apply else []
    offline_shell.run(*CALL, "-i", RENAME, *more, "steps.py")
    refined = offline_shell.run(*CALL, "--refine", WISH)
    assert (refined.code, refined.err.count("changed since")) == (0, 0)
    assert (b"seventh" in refined.out.replace(b" def seventh", b"")) is not apply
    applied(offline_shell, refined.out)
    assert path.read_text() == BOTH


def test_refine_can_be_refined_and_taken_back(offline_shell: Shell) -> None:
    path = offline_shell.file()
    offline_shell.run(*CALL, "-i", RENAME, "--apply", "steps.py")
    offline_shell.run(*CALL, "--refine", WISH, "--apply")
    offline_shell.run(*CALL, "--refine", "rename step_9 to ninth", "--apply")
    assert path.read_text() == BOTH.replace("step_9", "ninth")
    for expected in (BOTH, RENAMED, EXAMPLE):
        assert offline_shell.run("undo").code == 0
        assert path.read_text() == expected


def test_a_wish_may_be_long_and_have_blank_lines(offline_shell: Shell) -> None:
    path = offline_shell.file("a.txt", "two\n")
    long = "x" * 400
    offline_shell.run(*CALL, "-i", "replace 'two' with 'three'", "a.txt")
    ran = offline_shell.run(*CALL, "--refine", f"\n\nreplace 'three' with '{long}'\n\n", "--apply")
    assert ran.code == 0, ran.err
    assert path.read_text() == f"{long}\n"


def test_a_file_that_has_changed_since_is_edited_as_it_is_and_that_is_said(offline_shell: Shell) -> None:
    path = offline_shell.file()
    offline_shell.run(*CALL, "-i", RENAME, "steps.py")
    path.write_text(EXAMPLE + "# mine\n")
    ran = offline_shell.run(*CALL, "--refine", WISH, "--apply")
    said = "editsvc: steps.py has changed since the last edit: all that was asked for is done on its present text.\n"
    assert (ran.code, said in ran.err) == (0, True)
    assert path.read_text() == BOTH + "# mine\n"


def test_a_file_that_was_not_in_the_last_run_gets_all_of_it_and_that_is_said(offline_shell: Shell) -> None:
    offline_shell.file()
    other = offline_shell.file("other.py")
    offline_shell.run(*CALL, "-i", RENAME, "steps.py")
    ran = offline_shell.run(*CALL, "--refine", WISH, "--apply", "other.py")
    assert "other.py was not in the last run: all that was asked for is done on its present text." in ran.err
    assert other.read_text() == BOTH


def test_with_hunks_chosen_it_goes_on_from_those_that_were_taken(offline_shell: Shell) -> None:
    lines = [f"two {number}\n" for number in range(30)]
    lines[1], lines[29] = "one 1\n", "one 29\n"
    text = "".join(lines)
    path = offline_shell.file("a.txt", text)
    command = ["-m", "editsvc", *CALL, "-i", "replace 'one' with '1'", "--interactive", "--apply", "a.txt"]
    subprocess.run(
        [sys.executable, *command], cwd=offline_shell.folder, input=b"y\nn\n", capture_output=True, check=True
    )
    assert path.read_text() == text.replace("one 1\n", "1 1\n")
    ran = offline_shell.run(*CALL, "--refine", "replace '1 29' with 'end'", "--apply")
    assert (ran.code, "changed since" in ran.err) == (0, False), ran.err
    assert path.read_text() == text.replace("one 1\n", "1 1\n").replace("one 29\n", "end\n")


@pytest.fixture
def scripted(shell: Shell, start_emulator: Callable[..., str], tmp_path: Path) -> Shell:
    """A model whose first edit loses half of the file, and whose second one does not."""
    cases = [
        {
            "instruction": "Tidy up.",
            "before": EXAMPLE,
            "after": EXAMPLE[: len(EXAMPLE) // 3] + "# ... rest ...\n",
        },
        {"instruction": "Tidy up.\n\nand lose nothing", "before": EXAMPLE, "after": EDITED},
        {"instruction": "Fly.\n\nor call it seventh", "before": EXAMPLE, "after": EDITED},
        {"instruction": INSTRUCTION, "before": EXAMPLE, "after": EDITED},
    ]
    path = tmp_path / "script.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    shell.environ.setenv("CEREBRAS_BASE_URL", start_emulator("--script", str(path)))
    return shell


@pytest.mark.parametrize(
    ("first", "wish"), [("Tidy up.", "and lose nothing"), ("Fly.", "or call it seventh")]
)
def test_refine_works_after_a_refusal_too(scripted: Shell, first: str, wish: str) -> None:
    path = scripted.file()
    assert scripted.run("rewrite", "-i", first, "--apply", "steps.py").code == 1
    ran = scripted.run("rewrite", "--refine", wish, "--apply")
    assert ran.code == 0, ran.err
    assert path.read_text() == EDITED
    assert "changed since" not in ran.err


def test_again_works_after_a_failure(scripted: Shell) -> None:
    path = scripted.file()
    assert scripted.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py", fault="500:always").code == 3
    assert scripted.run("rewrite", "--again", "--apply").code == 0
    assert path.read_text() == EDITED


def test_standard_input_can_be_refined_when_it_comes_again(offline_shell: Shell, tmp_path: Path) -> None:
    def piped(*words: str, data: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "editsvc", *CALL, *words]
        return subprocess.run(
            command, cwd=offline_shell.folder, input=data, capture_output=True, text=True, check=False
        )

    assert piped("-i", RENAME, "--apply", data=EXAMPLE).stdout == RENAMED
    assert piped("--refine", WISH, "--apply", "-", data=EXAMPLE).stdout == BOTH
    ran = piped("--again", data=EXAMPLE)
    assert (ran.returncode, "The last run edited standard input. Name a FILE" in ran.stderr) == (2, True)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--again"], "No run is kept for "),
        (["--refine", "x"], "No run is kept for "),
        (["--again", "--refine", "x"], "--again and --refine exclude each other."),
        (["--again", "-i", "x"], "--again has the last instruction"),
        (["--refine", "x", "-F", "y"], "--refine has the last instruction"),
        (["--refine", "x", "-e"], "--refine and -e exclude each other."),
        (["--refine", " "], "The wish of --refine is empty."),
        (["--refine"], "Option '--refine' requires an argument"),
        (["--fi", "x"], "No such option '--fi'"),
        (["--agian"], "Did you mean '--again'?"),
    ],
)
def test_a_wrong_call_is_explained(offline_shell: Shell, args: list[str], words: str) -> None:
    offline_shell.file()
    ran = offline_shell.run(*CALL, *args)
    assert (ran.code, words in ran.err) == (2, True), ran.err


def test_each_workspace_has_a_last_run_of_its_own(
    offline_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (offline_shell.folder / name / "sub").mkdir(parents=True)
        subprocess.run(["git", "init", "-q", name], cwd=offline_shell.folder, check=True)
        monkeypatch.chdir(offline_shell.folder / name)
        path = offline_shell.file(f"{name}/steps.py")
        offline_shell.run(*CALL, "-i", f"rename step_7 to step_{name}", "steps.py")
    monkeypatch.chdir(offline_shell.folder / "one" / "sub")
    assert offline_shell.run(*CALL, "--again", "--apply").code == 0
    assert "def step_one(value)" in (offline_shell.folder / "one" / "steps.py").read_text()
    assert path.read_text() == EXAMPLE


def kept(shell: Shell) -> int:
    return len(journal.run_places(shell.data / FOLDER))


def test_what_is_kept_is_private_and_can_be_switched_off_and_forgotten(offline_shell: Shell) -> None:
    offline_shell.file()
    offline_shell.run(*CALL, "-i", RENAME, "steps.py")
    assert kept(offline_shell) == 1
    modes = {path.stat().st_mode & 0o077 for path in (offline_shell.data / FOLDER).rglob("*")}
    assert modes == {0}
    offline_shell.run(*CALL, "-i", f" {RENAME}", "steps.py")  # begins with a blank
    assert kept(offline_shell) == 0
    offline_shell.run(*CALL, "-i", RENAME, "steps.py")
    assert "the last runs" in offline_shell.run("undo", "--forget").err
    assert kept(offline_shell) == 0
    offline_shell.environ.setenv("EDITSVC_UNDO_ENABLED", "false")
    offline_shell.run(*CALL, "-i", RENAME, "steps.py")
    assert kept(offline_shell) == 0
    assert "The setting undo_enabled is off." in offline_shell.run(*CALL, "--again").err


def test_forgetting_one_run_forgets_what_it_left_to_go_on_from(offline_shell: Shell) -> None:
    offline_shell.file()
    offline_shell.run(*CALL, "-i", RENAME, "--apply", "steps.py")
    run_id = offline_shell.run("undo", "--list", "--json").json["runs"][0]["id"]
    assert offline_shell.run("undo", "--forget", run_id).code == 0
    assert kept(offline_shell) == 0


def test_the_last_instruction_can_be_edited(offline_shell: Shell) -> None:
    path = offline_shell.file()
    offline_shell.run(*CALL, "-i", RENAME, "steps.py")
    offline_shell.environ.setenv("VISUAL", "sed -i s/seventh/sept/")
    assert offline_shell.run(*CALL, "--again", "-e", "--apply").code == 0
    assert path.read_text() == EXAMPLE.replace("step_7", "sept")
    path.write_text(EXAMPLE)
    assert offline_shell.run(*CALL, "--again", "--apply").code == 0
    assert path.read_text() == EXAMPLE.replace("step_7", "sept")
