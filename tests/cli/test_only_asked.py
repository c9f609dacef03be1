"""Hunks that the instruction does not explain: said, chosen, and left out."""

import json
import os
import sys
from collections.abc import Callable

import pexpect
import pytest
from shell import EXAMPLE, Shell

RENAME = "rename step_3 to third"
ASKED = EXAMPLE.replace("step_3", "third")
MORE = ASKED.replace("return value + 9\n", "return value * 9\n").replace("return value + 15\n", "return 15\n")


@pytest.fixture(scope="module")
def eager(start_emulator: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that does more than it was asked for."""
    path = tmp_path_factory.mktemp("eager") / "cases.jsonl"
    path.write_text(json.dumps({"instruction": RENAME, "before": EXAMPLE, "after": MORE}) + "\n")
    return start_emulator("--script", str(path))


@pytest.fixture
def shell(offline_shell: Shell, eager: str) -> Shell:
    offline_shell.environ.setenv("CEREBRAS_API_KEY", "csk-very-secret")
    offline_shell.environ.setenv("CEREBRAS_BASE_URL", eager)
    return offline_shell


def rewrite(shell: Shell, *more: str) -> "pexpect.spawn[str]":
    return pexpect.spawn(
        sys.executable,
        ["-m", "editsvc", "rewrite", "-i", RENAME, "--scope", "file", *more],
        cwd=str(shell.folder),
        env=os.environ | {"TERM": "xterm-256color", "NO_COLOR": "1"},
        dimensions=(60, 200),
        encoding="utf-8",
        timeout=60,
    )


def test_what_was_not_asked_for_is_said_with_its_lines(shell: Shell) -> None:
    shell.file()
    ran = shell.run("rewrite", "-i", RENAME, "--scope", "file", "steps.py")
    assert ran.code == 0
    assert ran.err.endswith(
        "editsvc: 2 of 3 hunks are not explained by the instruction: lines 38, 62; leave them out with --only-asked\n"
    )


def test_it_is_left_out_if_that_is_wanted(shell: Shell) -> None:
    path = shell.file()
    ran = shell.run("rewrite", "-i", RENAME, "--scope", "file", "--only-asked", "--apply", "steps.py")
    assert (ran.code, path.read_text()) == (0, ASKED)
    assert "2 of 3 hunks are left out" in ran.err
    assert "lines 38, 62 of the old text" in ran.err


def test_the_setting_says_the_same(shell: Shell) -> None:
    path = shell.file()
    shell.environ.setenv("EDITSVC_ONLY_ASKED", "true")
    assert shell.run("rewrite", "-i", RENAME, "--scope", "file", "--apply", "steps.py").code == 0
    assert path.read_text() == ASKED


def test_json_has_a_mark_for_each_hunk_in_order(shell: Shell) -> None:
    shell.file()
    arguments = ("rewrite", "-i", RENAME, "--scope", "file", "--json")
    assert shell.run(*arguments, "steps.py").edit["marks"] == ["explained", "unexplained", "unexplained"]
    assert shell.run(*arguments, "--only-asked", "steps.py").edit["marks"] == ["explained"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("uy", ASKED),
        ("nnuy", ASKED),
        ("un", EXAMPLE),
        ("yyy", MORE),
        ("yny", MORE.replace("value * 9", "value + 9")),
    ],
)
def test_hunk_by_hunk_each_says_it_and_one_key_leaves_all_of_them_out(
    shell: Shell, answers: str, expected: str
) -> None:
    path = shell.file()
    child = rewrite(shell, "--interactive", "--apply", "steps.py")
    child.expect_exact("steps.py: 3 hunks, 2 of them with what the instruction does not explain")
    for answer in answers:
        child.expect_exact("Take this hunk")
        child.send(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, path.read_text()) == (0, expected)


def test_the_header_of_such_a_hunk_says_so(shell: Shell) -> None:
    shell.file()
    child = rewrite(shell, "--interactive", "steps.py")
    child.expect_exact(",u,p,?]")
    assert "not explained" not in child.before.partition("@@")[2]
    child.send("n")
    child.expect_exact("(2/3) Take this hunk")
    assert "@@ step_9 · not explained by the instruction" in child.before
    child.send("q")
    child.expect(pexpect.EOF)


def test_while_many_files_run_their_sum_is_shown(shell: Shell) -> None:
    names = ["a.py", "b.py"]
    for name in names:
        shell.file(name)
    child = rewrite(shell, "--jobs", "1", *names)
    child.expect_exact("1 of 2 done · 2 hunks not asked for")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_several_files_each_say_it(shell: Shell) -> None:
    for name in ("a.py", "b.py"):
        shell.file(name)
    ran = shell.run("rewrite", "-i", RENAME, "--scope", "file", "a.py", "b.py")
    for name in ("a.py", "b.py"):
        assert f"editsvc: {name}: 2 of 3 hunks are not explained by the instruction: lines 38, 62" in ran.err
