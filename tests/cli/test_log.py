"""A log in trouble: the edit is made, the record is kept or its loss is said in one line, and it comes back once."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from shell import EDITED, INSTRUCTION, Shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def garbage(log: Path) -> None:
    log.write_bytes(b"Dear diary, today I was not a database.\n" * 500)


def truncated(log: Path) -> None:
    log.write_bytes(log.read_bytes()[: 5 * 4096])


def newer(log: Path) -> None:
    with closing(sqlite3.connect(log)) as other, other:
        other.execute("UPDATE editsvc_schema SET version_num = '0999_later'")


def a_folder(log: Path) -> None:
    log.unlink()
    log.mkdir()


TROUBLES = {
    garbage: "is damaged, or is not an SQLite database",
    truncated: "is damaged, or is not an SQLite database",
    newer: "has the revision 0999_later",
    a_folder: "cannot be opened",
}


def edit(shell: Shell) -> str:
    """Edit a file, and return what was said about the log."""
    path = shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "steps.py")
    assert (ran.code, path.read_text()) == (0, EDITED)
    said = [line for line in ran.err.split("\n") if "token log" in line]
    return "\n".join(said)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_an_edit_goes_on_and_its_record_waits_until_the_log_is_good_again(
    shell: Shell, trouble: Callable[[Path], None]
) -> None:
    assert not edit(shell)
    log, kept = shell.data / "log.db", shell.data / "kept.db"
    kept.write_bytes(log.read_bytes())
    trouble(log)
    said = edit(shell)
    assert TROUBLES[trouble] in said
    assert f"; the record waits in {shell.data / 'unlogged.jsonl'}." in said
    assert "\n" not in said
    status = shell.run("log", "status")
    assert status.code == 4
    # What the first edit's prediction was worth is worked out behind it, and may wait there, too.
    waits = re.compile(r"1 record waits in|2 records wait in")
    assert waits.search(status.err)
    assert waits.search(shell.run("doctor").out.decode())
    log.rename(shell.data / "away")
    kept.rename(log)
    assert len({record["id"] for record in shell.records()}) == len(shell.records()) == 2
    assert shell.run("log", "status", "--json").json["waiting"] == 0


def test_a_log_that_another_process_holds_delays_a_run_over_many_files_once(shell: Shell) -> None:
    """Each would wait for five seconds; that only one does is in the log's own tests, that none is lost here."""
    assert not edit(shell)
    with closing(sqlite3.connect(shell.data / "log.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        names = [f"f{number}.py" for number in range(4)]
        for name in names:
            shell.file(name)
        ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", *names)
        assert ran.code == 0
        told = [line for line in ran.err.split("\n") if "; the record waits in " in line]
        assert told
        assert len(told) == len(set(told))
        other.execute("ROLLBACK")
    assert len(shell.records()) == 5


def test_purging_deletes_what_waits(shell: Shell) -> None:
    assert not edit(shell)
    garbage(shell.data / "log.db")
    assert edit(shell)
    ran = shell.run("log", "purge", "--all", "--yes")
    assert ran.code == 4
    assert "what waited for it (1) is deleted" in ran.err
    assert not (shell.data / "unlogged.jsonl").exists()


def test_names_are_those_that_a_report_groups_by(
    offline_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline_shell.environ.setenv("EDITSVC_LOG_REPOSITORY", "true")
    offline_shell.environ.setenv("EDITSVC_LOG_USER", "true")
    (offline_shell.folder / "steps.py").write_text("def step_0():\n    return 1\n")
    ran = offline_shell.run("rewrite", "-i", "rename step_0 to first_step", "steps.py")
    assert ran.code == 0
    printed = dict(
        line.split() for line in offline_shell.run("log", "names").out.decode().strip().split("\n")
    )
    report = offline_shell.run("report", "--by", "repository,user", "--format", "csv").out.decode()
    assert f"\n{printed['repository']},{printed['user']},1," in report
