"""A run of many files that was interrupted, or killed, goes on and asks for nothing twice."""

import json
import os
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell
from terminal import Terminal, editsvc, gated

NAMES = ("alpha.py", "beta.py", "gamma.py", "delta.py")
CALL = ("rewrite", "-i", INSTRUCTION)


def asked(url: str) -> int:
    """How many requests an emulator has had."""
    with urllib.request.urlopen(f"{url}/emulator/requests") as answer:
        loaded = json.load(answer)
    found: list[Any] = loaded["requests"] if isinstance(loaded, dict) else loaded
    return len(found)


def texts(shell: Shell) -> list[bool]:
    return [(shell.folder / name).read_text() == EDITED for name in NAMES]


@pytest.fixture
def own(shell: Shell, start_emulator: Callable[..., str], script: Path) -> str:
    """An emulator that only this test asks; and the files."""
    url = start_emulator("--script", str(script))
    shell.environ.setenv("CEREBRAS_BASE_URL", url)
    for name in NAMES:
        shell.file(name)
    return url


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_goes_on_and_asks_only_for_what_is_missing(shell: Shell, own: str, how: int) -> None:
    with gated(own, NAMES) as gates:
        terminal = Terminal(
            editsvc(*CALL, "--apply", "--jobs", "2", *NAMES),
            folder=shell.folder,
            environ={"CEREBRAS_BASE_URL": gates.url},
        )
        gates.let("alpha.py", "beta.py")
        terminal.until(lambda: "alpha.py: written" in terminal.text and "beta.py: written" in terminal.text)
        os.kill(terminal.child.pid, how)
        terminal.child.wait()
        assert texts(shell) == [True, True, False, False]
        gates.let(*NAMES)
        shell.environ.setenv("CEREBRAS_BASE_URL", gates.url)
        ran = shell.run("rewrite", "--resume")
        assert ran.code == 0, ran.err
        assert (gates.asked.count("alpha.py"), gates.asked.count("beta.py")) == (1, 1)
    assert texts(shell) == [True] * 4
    assert "4 files: 4 written · 2 of them asked for before" in ran.err
    assert "alpha.py: done · asked for before" in ran.err
    over = shell.run("rewrite", "--resume")
    assert over.code == 1
    assert "There is no run to go on with in this folder." in over.err


def test_what_was_paid_for_and_not_written_is_written_without_asking(shell: Shell, own: str) -> None:
    ran = shell.run(*CALL, *NAMES)
    assert (ran.code, texts(shell)) == (0, [False] * 4)
    before = asked(own)
    written = shell.run("rewrite", "--resume", "--apply")
    assert written.code == 0, written.err
    assert asked(own) == before
    assert texts(shell) == [True] * 4
    assert written.err.count("written · asked for before") == 4
    assert written.out == ran.out  # the same diffs
    undone = shell.run("undo")
    assert (undone.code, texts(shell)) == (0, [False] * 4)


def test_a_file_that_has_changed_since_is_asked_about_anew_and_that_is_said(shell: Shell, own: str) -> None:
    shell.run(*CALL, *NAMES)
    before = asked(own)
    shell.file("beta.py", EXAMPLE + "# mine\n")
    ran = shell.run("rewrite", "--resume", "--apply")
    assert "beta.py has changed since this run edited it, and is asked about anew." in ran.err
    assert asked(own) == before + 1
    assert (shell.folder / "alpha.py").read_text() == EDITED


def test_a_file_that_was_deleted_is_named(shell: Shell, own: str) -> None:
    shell.run(*CALL, *NAMES)
    (shell.folder / "beta.py").unlink()
    ran = shell.run("rewrite", "--resume", "--apply")
    assert ran.code == 1
    assert "beta.py cannot be read" in ran.err
    assert (shell.folder / "alpha.py").read_text() == EDITED


def test_refusals_are_not_asked_for_again_and_failures_are(
    shell: Shell, start_emulator: Callable[..., str], script: Path
) -> None:
    for name in NAMES:
        shell.file(name)
    shell.environ.setenv(
        "CEREBRAS_BASE_URL",
        start_emulator("--script", str(script), "--fault", "status:500", "--fault-count", "1"),
    )
    ran = shell.run(*CALL, "--apply", "--jobs", "1", *NAMES)
    assert ran.code == 3
    assert texts(shell).count(True) == 3
    assert "editsvc: 1 file left; editsvc rewrite --resume goes on with the run." in ran.err
    assert shell.run("rewrite", "--resume").code == 0
    assert texts(shell) == [True] * 4


def test_the_json_of_a_run_that_goes_on_has_all_of_it(shell: Shell, own: str) -> None:
    first = shell.run(*CALL, "--json", *NAMES).json["edits"]
    again = shell.run("rewrite", "--resume", "--apply", "--json").json["edits"]
    assert [edit["resumed"] for edit in first] == [False] * 4
    assert again == [{**edit, "resumed": True} for edit in first]


@pytest.mark.parametrize(
    ("args", "what"), [(["-i", "x"], "-i"), (["alpha.py"], "A file"), (["--changed"], "--changed")]
)
def test_what_was_decided_cannot_be_changed(shell: Shell, args: list[str], what: str) -> None:
    ran = shell.run("rewrite", "--resume", *args)
    assert ran.code == 2
    assert f"{what} cannot be changed when a run goes on." in ran.err


def test_a_run_is_found_in_its_own_folder(shell: Shell, own: str) -> None:
    shell.run(*CALL, *NAMES)
    (shell.folder / "sub").mkdir()
    shell.environ.chdir(shell.folder / "sub")
    assert "There is no run to go on with" in shell.run("rewrite", "--resume").err


def test_a_run_that_lives_is_left_alone(shell: Shell, own: str) -> None:
    with gated(own, NAMES) as gates:
        terminal = Terminal(
            editsvc(*CALL, "--apply", *NAMES),
            folder=shell.folder,
            environ={"CEREBRAS_BASE_URL": gates.url},
        )
        terminal.until(lambda: gates.most == 4)
        ran = shell.run("rewrite", "--resume")
        assert ran.code == 1
        assert "The run is still under way in another process." in ran.err
        gates.let(*NAMES)
        assert terminal.end() == 0
    assert texts(shell) == [True] * 4


def test_nothing_is_kept_where_that_is_switched_off(shell: Shell, own: str) -> None:
    shell.environ.setenv("EDITSVC_UNDO_ENABLED", "false")
    assert shell.run(*CALL, *NAMES).code == 0
    assert not (shell.data / "batches").exists()


def test_what_is_kept_is_private_and_can_be_forgotten(shell: Shell, own: str) -> None:
    shell.run(*CALL, *NAMES)
    kept = [path for path in (shell.data / "batches").rglob("*") if path.is_file()]
    assert len(kept) == 5
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    shell.run("undo", "--forget")
    assert not (shell.data / "batches").exists()


def test_a_run_that_has_written_all_is_forgotten(shell: Shell, own: str) -> None:
    assert shell.run(*CALL, "--apply", *NAMES).code == 0
    assert list((shell.data / "batches").iterdir()) == []


def test_where_a_run_cannot_be_kept_it_is_made_all_the_same(shell: Shell, own: str) -> None:
    shell.data.mkdir(parents=True)
    (shell.data / "batches").write_text("a file where the folder should be")
    ran = shell.run(*CALL, "--apply", *NAMES)
    assert (ran.code, texts(shell)) == (0, [True] * 4)
    assert ran.err.count("this run cannot be resumed.") == 1


def test_a_rename_that_goes_on_follows_the_files_that_it_has_renamed_already(shell: Shell) -> None:
    (shell.folder / "base.py").write_text("def fetch(url):\n    return url\n")
    calls = "".join(f"value_{number} = fetch({number})\n" for number in range(3_000))
    (shell.folder / "long.py").write_text(f"from base import fetch\n\n{calls}")
    (shell.folder / "last.py").write_text("from base import fetch\n\nprint(fetch(1))\n")
    command = ("rewrite", "--offline", "--apply", "-i", "rename fetch to load")
    terminal = Terminal(
        editsvc(*command, "--jobs", "1", "base.py", "long.py", "last.py"), folder=shell.folder
    )
    terminal.until(lambda: "base.py: written" in terminal.text)
    os.kill(terminal.child.pid, signal.SIGKILL)
    terminal.child.wait()
    assert (shell.folder / "base.py").read_text() == "def load(url):\n    return url\n"
    assert "fetch" in (shell.folder / "last.py").read_text(), "the run has ended before it was killed"
    ran = shell.run("rewrite", "--resume")
    assert ran.code == 0, ran.err
    assert (shell.folder / "last.py").read_text() == "from base import load\n\nprint(load(1))\n"
    assert "fetch" not in (shell.folder / "long.py").read_text()
