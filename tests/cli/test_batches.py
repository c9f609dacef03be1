"""Runs of many files for scripts and for careful people: estimates, limits, commits, JSON lines, statistics."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell

from editsvc.cli.stat import Changed, lines, of_diff
from editsvc.text.diff import changed_spans, unified_diff

NAMES = ("alpha.py", "beta.py", "gamma.py", "delta.py")
CALL = ("rewrite", "-i", INSTRUCTION)


@pytest.fixture
def files(shell: Shell) -> Shell:
    for name in NAMES:
        shell.file(name)
    return shell


def texts(shell: Shell) -> list[bool]:
    return [(shell.folder / name).read_text() == EDITED for name in NAMES]


# --- lines of JSON, and less ------------------------------------------------------------------------------------------


def test_a_line_of_json_for_each_file_has_the_shape_of_an_entry(files: Shell) -> None:
    entries = files.run(*CALL, "--json", *NAMES).json["edits"]
    ran = files.run(*CALL, "--jsonl", *NAMES, "gone.py")
    found = [json.loads(line) for line in ran.out.decode().split("\n")[:-1]]
    assert ran.code == 1
    assert sorted(edit["path"] for edit in found) == sorted([*NAMES, "gone.py"])
    assert all(edit.keys() == entries[0].keys() for edit in found)
    assert {edit["path"]: edit["diff"] for edit in found if edit["path"] != "gone.py"} == {
        edit["path"]: edit["diff"] for edit in entries
    }
    assert next(edit for edit in found if edit["path"] == "gone.py")["error"] == "FileError"
    assert "editsvc: gone.py: gone.py cannot be read" in ran.err


def test_quiet_says_only_what_went_wrong(files: Shell) -> None:
    ran = files.run(*CALL, "-q", "--apply", *NAMES, "gone.py")
    assert ran.code == 1
    assert ran.err == "editsvc: gone.py: gone.py cannot be read: No such file or directory.\n"
    assert texts(files) == [True] * 4


@pytest.mark.parametrize("pair", [("--json", "--jsonl"), ("--jsonl", "--stat"), ("--json", "--stat")])
def test_one_way_to_tell_at_a_time(files: Shell, pair: tuple[str, str]) -> None:
    ran = files.run(*CALL, *pair, *NAMES)
    assert ran.code == 2
    assert "--json, --jsonl and --stat exclude each other." in ran.err


def test_statistics_are_those_of_git(repository: Shell) -> None:
    told = repository.run(*CALL, "--apply", "--stat", *NAMES).out.decode()
    assert told.rstrip("\n") == " " + git(repository, "diff", "--stat")


@pytest.mark.parametrize("width", [80, 40, 20])
def test_long_bars_and_long_names_fit(width: int) -> None:
    changed = [
        Changed("a/very/long/name/of/a/file/that/does/not/fit.py", 500, 1),
        Changed("b.py", 0, 3),
        Changed("c.py", 0, 0),
    ]
    *rows, total = ["".join(line) for line in lines(changed, width)]
    assert len(rows) == 2
    assert all(len(row) <= width for row in rows)
    assert rows[0].endswith("-") and "+" in rows[0]
    assert total == " 2 files changed, 500 insertions(+), 4 deletions(-)"


def test_lines_of_a_diff_that_look_like_its_head_are_counted() -> None:
    diff = b"--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n--- old remark\n+++ new\n same\n"
    assert of_diff("x.sql", diff) == Changed("x.sql", 1, 1)


LINE = st.sampled_from(
    ["same", "--- x", "+++ y", "@@ -1 +1 @@", "\\ No", "diff --git a/x b/x", "\r", "\x0c", "é", ""]
)
TEXT = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n"])), max_size=8).map(
    lambda lines: "".join(line + end for line, end in lines)
)


@given(TEXT, TEXT)
def test_whatever_lines_look_like_they_are_counted_once(old: str, new: str) -> None:
    spans = changed_spans(old, new)
    added = sum(span.new_end - span.new_start for span in spans)
    removed = sum(span.old_end - span.old_start for span in spans)
    diff = unified_diff(old.encode(), new.encode(), 'a "quoted"\tname.py')
    assert of_diff("x", diff) == Changed("x", added, removed)


# --- cost -------------------------------------------------------------------------------------------------------------


def test_an_estimate_sends_nothing_and_says_what_it_is_made_of(files: Shell) -> None:
    files.environ.setenv("CEREBRAS_BASE_URL", "http://127.0.0.1:9")
    ran = files.run("rewrite", "--estimate", *NAMES)
    assert ran.code == 0
    assert ran.out.startswith(b"4 files: about ")
    assert b"with 4 at a time (an estimate from the sizes of the files alone).\n" in ran.out
    assert files.run("rewrite", "--estimate", "--offline", *NAMES).out == (
        b"4 files, which the offline engine edits: nothing is sent, and nothing is paid for.\n"
    )
    assert files.records() == []


def test_an_estimate_learns_from_the_log(files: Shell) -> None:
    for _ in range(2):
        files.run(*CALL, *NAMES)
    records = files.records()
    found = files.run("rewrite", "--estimate", "--json", "alpha.py").json["estimate"]
    assert (found["files"], found["edits_in_log"], found["offline"]) == (1, 8, False)
    assert found["prompt_tokens"] == pytest.approx(records[0]["usage"]["prompt_tokens"], rel=0.05)
    assert found["completion_tokens"] == pytest.approx(records[0]["usage"]["completion_tokens"], rel=0.05)
    assert found["cost_usd"] == pytest.approx(records[0]["cost_usd"], rel=0.05)
    assert b"(an estimate from 8 edits in the log)" in files.run("rewrite", "--estimate", "alpha.py").out


def test_no_file_is_started_that_would_cost_too_much(files: Shell) -> None:
    files.run(*CALL, *NAMES)
    files.run(*CALL, *NAMES)
    one = files.records()[0]["cost_usd"]
    ran = files.run(*CALL, "--apply", "--jobs", "1", "--max-cost", str(2.5 * one), *NAMES)
    assert ran.code == 1
    assert texts(files) == [True, True, False, False]
    assert "gamma.py: It was not started: the run has cost $" in ran.err
    assert "refused for the same reason as gamma.py: delta.py" in ran.err
    assert "editsvc: 2 files left; editsvc rewrite --resume goes on with the run." in ran.err
    assert files.run("rewrite", "--resume").code == 0
    assert texts(files) == [True] * 4


def test_a_model_without_a_price_cannot_be_limited(files: Shell) -> None:
    ran = files.run(*CALL, "--max-cost", "1", "--model", "unheard-of", *NAMES)
    assert ran.code == 2
    assert "The price of this model is not known" in ran.err


# --- commits ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(files: Shell) -> Shell:
    git(files, "init", "-q")
    for name, value in (("user.name", "A"), ("user.email", "a@example.org"), ("commit.gpgsign", "false")):
        git(files, "config", name, value)
    files.file("other.py")
    git(files, "add", ".")
    git(files, "commit", "-qm", "first")
    return files


def git(shell: Shell, *args: str) -> str:
    return subprocess.run(
        ["git", *args], cwd=shell.folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def committed(shell: Shell) -> list[str]:
    return sorted(git(shell, "show", "--name-only", "--format=", "HEAD").split())


def test_what_was_written_is_committed_with_the_instruction(repository: Shell) -> None:
    ran = repository.run(*CALL, "--commit", *NAMES)
    assert ran.code == 0, ran.err
    assert git(repository, "log", "-1", "--format=%B") == INSTRUCTION
    assert committed(repository) == sorted(NAMES)
    assert git(repository, "status", "--porcelain") == ""
    assert f"editsvc: committed 4 files: {git(repository, 'rev-parse', '--short', 'HEAD')} " in ran.err


def test_what_else_is_staged_stays_staged(repository: Shell) -> None:
    repository.file("other.py", "a = 1\n")
    git(repository, "add", "other.py")
    assert repository.run(*CALL, "--commit", *NAMES).code == 0
    assert committed(repository) == sorted(NAMES)
    assert git(repository, "status", "--porcelain") == "M  other.py"


def test_staged_changes_of_the_same_files_are_refused(repository: Shell) -> None:
    repository.file("alpha.py", EXAMPLE + "# mine\n")
    git(repository, "add", "alpha.py")
    ran = repository.run(*CALL, "--commit", *NAMES)
    assert ran.code == 2
    assert "alpha.py has staged changes, which would go into the commit." in ran.err
    assert texts(repository) == [False] * 4


def test_files_with_changes_and_files_that_git_does_not_know_are_said(repository: Shell) -> None:
    repository.file("alpha.py", EXAMPLE + "\n")
    repository.file("new.py")
    ran = repository.run(*CALL, "--commit", *NAMES, "new.py")
    assert ran.code == 0, ran.err
    assert "alpha.py had changes before, which go into the same commit." in ran.err
    assert "git does not track new.py: what is written there is not committed." in ran.err
    assert committed(repository) == sorted(NAMES)
    assert git(repository, "status", "--porcelain") == "?? new.py"


def test_hooks_run_and_may_refuse(repository: Shell) -> None:
    hook = repository.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'not on a Friday'\nexit 1\n")
    hook.chmod(0o755)
    ran = repository.run(*CALL, "--commit", *NAMES)
    assert ran.code == 1
    assert "not on a Friday" in ran.err
    assert "git did not make the commit (status 1); the files are written all the same." in ran.err
    assert texts(repository) == [True] * 4
    assert git(repository, "log", "--format=%s") == "first"


def test_a_commit_needs_one_repository(files: Shell, tmp_path: Path) -> None:
    ran = files.run(*CALL, "--commit", *NAMES)
    assert ran.code == 2
    assert "--commit needs a git repository, and " in ran.err
    for name in ("one", "two"):
        (files.folder / name).mkdir()
        subprocess.run(["git", "init", "-q"], cwd=files.folder / name, check=True)
        files.file(f"{name}/a.py")
    ran = files.run(*CALL, "--commit", str(files.folder / "one" / "a.py"), str(files.folder / "two" / "a.py"))
    assert ran.code == 2
    assert "the files are in several repositories" in ran.err
    assert texts(files) == [False] * 4


def test_nothing_written_is_nothing_to_commit(repository: Shell) -> None:
    for name in NAMES:
        repository.file(name, EDITED)
    git(repository, "commit", "-qam", "second")
    ran = repository.run(*CALL, "--commit", *NAMES)
    assert "editsvc: nothing was written that could be committed." in ran.err
    assert git(repository, "log", "-1", "--format=%s") == "second"


def test_a_run_that_goes_on_commits_all_of_it(
    repository: Shell, start_emulator: Callable[..., str], script: Path
) -> None:
    repository.environ.setenv(
        "CEREBRAS_BASE_URL",
        start_emulator("--script", str(script), "--fault", "status:500", "--fault-count", "1"),
    )
    assert repository.run(*CALL, "--apply", "--jobs", "1", *NAMES).code == 3
    ran = repository.run("rewrite", "--resume", "--commit")
    assert ran.code == 0, ran.err
    assert committed(repository) == sorted(NAMES)
    assert git(repository, "log", "-1", "--format=%B") == INSTRUCTION
