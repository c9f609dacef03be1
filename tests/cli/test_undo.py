"""``editsvc undo`` as its users meet it."""

import subprocess
import sys
from pathlib import Path

import pytest
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell

NAMES = ("a.py", "b.py", "c.py")


def apply(shell: Shell, *names: str) -> None:
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", *names)
    assert ran.code == 0, ran.err


def three_files(shell: Shell) -> list[Path]:
    paths = [shell.file(name) for name in NAMES]
    apply(shell, *NAMES)
    assert [path.read_text() for path in paths] == [EDITED] * 3
    return paths


def entries(shell: Shell) -> list[Path]:
    return sorted((shell.data / "undo").glob("*/*.before"))


@pytest.mark.parametrize("kind", ["plain", "crlf", "bom", "no final newline"])
def test_the_last_edit_is_taken_back_byte_for_byte(shell: Shell, kind: str) -> None:
    before = {
        "plain": EXAMPLE.encode(),
        "crlf": EXAMPLE.replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + EXAMPLE.encode(),
        "no final newline": EXAMPLE.rstrip("\n").encode(),
    }[kind]
    path = shell.file(content=before)
    apply(shell, "steps.py")
    assert path.read_bytes() != before
    ran = shell.run("undo")
    assert (ran.code, ran.out, ran.err) == (0, b"", "steps.py: restored\n")
    assert path.read_bytes() == before
    assert entries(shell) == []


def test_the_whole_run_is_taken_back_from_any_folder(shell: Shell, tmp_path: Path) -> None:
    paths = three_files(shell)
    shell.environ.chdir(tmp_path)
    assert shell.run("undo").code == 0
    assert [path.read_text() for path in paths] == [EXAMPLE] * 3


def test_files_that_changed_or_went_since_are_left_alone_and_named(shell: Shell) -> None:
    first, second, third = three_files(shell)
    second.write_text("mine\n")
    third.unlink()
    ran = shell.run("undo")
    assert ran.code == 1
    assert (first.read_text(), second.read_text(), third.exists()) == (EXAMPLE, "mine\n", False)
    assert ran.err == (
        "a.py: restored\n"
        "editsvc: b.py: The file was changed since the edit. It was left alone.\n"
        "editsvc: c.py: The file was deleted since the edit.\n"
    )


def test_a_single_file_that_changed_since_is_refused_as_stale(shell: Shell) -> None:
    path = shell.file()
    apply(shell, "steps.py")
    path.write_text(EDITED + "# mine\n")
    ran = shell.run("undo", "--json")
    assert ran.code == 1
    assert path.read_text() == EDITED + "# mine\n"
    (told,) = ran.json["files"]
    assert (told["path"], told["status"], told["diff"]) == ("steps.py", "stale", "")
    assert told["message"] in ran.err


def test_dry_run_prints_a_diff_that_git_applies_and_writes_nothing(shell: Shell) -> None:
    path = shell.file()
    apply(shell, "steps.py")
    ran = shell.run("undo", "--dry-run")
    assert (ran.code, path.read_text()) == (0, EDITED)
    subprocess.run(["git", "apply", "-"], input=ran.out, cwd=shell.folder, check=True)
    assert path.read_text() == EXAMPLE


def test_dry_run_names_what_could_not_be_taken_back(shell: Shell) -> None:
    path = shell.file()
    apply(shell, "steps.py")
    path.write_text("mine\n")
    ran = shell.run("undo", "--dry-run")
    assert (ran.code, ran.out) == (1, b"")
    assert "changed since the edit" in ran.err


def test_json_tells_what_was_done(shell: Shell) -> None:
    shell.file()
    apply(shell, "steps.py")
    told = shell.run("undo", "--json").json
    (file,) = told.pop("files")
    assert set(told) == {"schema", "id", "at", "dry_run"}
    assert (told["schema"], told["dry_run"]) == (1, False)
    assert (file["path"], file["status"], file["message"]) == ("steps.py", "changed", "")
    assert "-def seventh_step(value):\n+def step_7(value):\n" in file["diff"]


def test_the_list_shows_each_run_with_the_state_of_its_files(shell: Shell) -> None:
    _, second, third = three_files(shell)
    second.write_text("mine\n")
    third.write_text(EXAMPLE)
    (run,) = shell.run("undo", "--list", "--json").json["runs"]
    assert {file["path"]: file["status"] for file in run["files"]} == {
        "a.py": "applied",
        "b.py": "stale",
        "c.py": "before",
    }
    listed = shell.run("undo", "--list").out.decode()
    assert listed.startswith(f"{run['id']}  20")
    assert "  applied  a.py\n" in listed and "  stale    b.py\n" in listed


def test_an_earlier_run_is_taken_back_by_its_id(shell: Shell) -> None:
    first, second = shell.file("a.py"), shell.file("b.py")
    apply(shell, "a.py")
    apply(shell, "b.py")
    runs = shell.run("undo", "--list", "--json").json["runs"]
    assert [run["files"][0]["path"] for run in runs] == ["b.py", "a.py"]
    assert shell.run("undo", runs[1]["id"]).code == 0
    assert (first.read_text(), second.read_text()) == (EXAMPLE, EDITED)


def test_a_last_run_that_is_stale_hides_no_earlier_one(shell: Shell) -> None:
    first, second = shell.file("a.py"), shell.file("b.py")
    apply(shell, "a.py")
    apply(shell, "b.py")
    second.write_text("mine\n")
    ran = shell.run("undo")
    assert (ran.code, first.read_text(), second.read_text()) == (1, EDITED, "mine\n")
    assert ran.err.endswith("Earlier runs can be undone by ID: editsvc undo --list.\n")


@pytest.mark.parametrize(("args", "words"), [((), "nothing to undo"), (("feed",), "no run feed")])
def test_nothing_to_take_back_is_said(shell: Shell, args: tuple[str, ...], words: str) -> None:
    ran = shell.run("undo", *args)
    assert ran.code == 1
    assert words in ran.err
    assert not shell.data.exists()


def test_without_apply_nothing_is_kept(shell: Shell) -> None:
    shell.file()
    shell.run("rewrite", "-i", INSTRUCTION, "steps.py")
    assert entries(shell) == []


def test_switched_off_nothing_is_kept_and_what_was_kept_can_still_be_taken_back(shell: Shell) -> None:
    first, second = shell.file("a.py"), shell.file("b.py")
    apply(shell, "a.py")
    shell.environ.setenv("EDITSVC_UNDO_ENABLED", "false")
    apply(shell, "b.py")
    assert len(entries(shell)) == 1
    ran = shell.run("undo")
    assert ran.code == 0
    assert "undo_enabled is off" in ran.err
    assert (first.read_text(), second.read_text()) == (EXAMPLE, EDITED)


def test_a_project_cannot_switch_it(shell: Shell) -> None:
    shell.file()
    shell.file(".editsvc.toml", "undo_enabled = false\n")
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py")
    assert "undo_enabled is ignored" in ran.err
    assert len(entries(shell)) == 1


def test_a_journal_that_cannot_be_written_is_a_warning_and_the_edit_stands(shell: Shell) -> None:
    path = shell.file()
    shell.data.mkdir()
    (shell.data / "undo").write_bytes(b"a file, where the folder should be")
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py")
    assert (ran.code, path.read_text()) == (0, EDITED)
    assert "editsvc: steps.py cannot be restored by editsvc undo." in ran.err
    ran = shell.run("undo")
    assert ran.code == 1
    assert "cannot be read" in ran.err


def test_forget_removes_one_run_or_all(shell: Shell) -> None:
    path = shell.file("a.py")
    shell.file("b.py")
    apply(shell, "a.py")
    apply(shell, "b.py")
    latest = shell.run("undo", "--list", "--json").json["runs"][0]["id"]
    assert shell.run("undo", "--forget", latest).code == 0
    assert len(entries(shell)) == 1
    assert shell.run("undo", "--forget").code == 0
    assert not (shell.data / "undo").exists()
    assert path.read_text() == EDITED


def test_the_log_and_its_export_know_nothing_of_the_journal(shell: Shell) -> None:
    shell.file()
    apply(shell, "steps.py")
    assert b"step_" not in shell.run("log", "export").out
    assert b"step_" not in (shell.data / "log.db").read_bytes()


@pytest.mark.parametrize(
    "args", [("--list", "--dry-run"), ("--forget", "--dry-run"), ("--list", "feed"), ("--forget", "--json")]
)
def test_options_that_contradict_each_other_are_a_usage_error(shell: Shell, args: tuple[str, ...]) -> None:
    assert shell.run("undo", *args).code == 2


def test_the_command_needs_no_server_no_database_and_no_parser() -> None:
    script = (
        "import sys, editsvc.cli.undo\n"
        "heavy = ('sqlalchemy', 'aiohttp', 'pygit2', 'cerebras', 'httpx', 'tree_sitter')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_an_edit_that_was_undone_counts_as_rejected_and_says_by_what(shell: Shell) -> None:
    shell.file()
    apply(shell, "steps.py")
    assert shell.run("undo", "--dry-run").code == 0
    (before,) = shell.records()
    assert shell.run("undo").code == 0
    (after,) = shell.records()
    assert (before["verdict"], before["verdict_by"]) == (None, None)
    assert (after["verdict"], after["verdict_by"], after["hunks_accepted"]) == ("rejected", "undo", 0)


def test_an_edit_that_could_not_be_undone_is_not_rejected(shell: Shell) -> None:
    path = shell.file()
    apply(shell, "steps.py")
    path.write_text(EDITED + "# mine\n")
    assert shell.run("undo").code == 1
    assert shell.records()[0]["verdict"] is None
