"""An applied edit that nobody touched for a day has survived, where git can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pygit2
import pytest

from editsvc.app.survival import A_DAY, note_survivors
from editsvc.errors import Status
from editsvc.files import disk, undo
from editsvc.settings.schema import Settings
from editsvc.tokenlog import RequestRecord, Source, TokenLog, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEFORE, AFTER = b"one\n", b"two\n"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TokenLog]:
    with TokenLog(tmp_path / "log.db") as opened:
        opened.append(
            RequestRecord(
                id="e1", created_at=NOW, source=Source.CLI, status=Status.CHANGED, hunks=3, attempts=1
            )
        )
        yield opened


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def committed(folder: Path) -> None:
    """Commit everything in `folder`, which becomes a repository if it is none."""
    repository = pygit2.init_repository(str(folder))
    repository.index.add_all()
    repository.index.write()
    somebody = pygit2.Signature("Somebody", "somebody@example.com")
    parents = [] if repository.head_is_unborn else [repository.head.target]
    repository.create_commit("HEAD", somebody, somebody, "x", repository.index.write_tree(), parents)


def applied(tmp_path: Path, path: Path) -> Path:
    recording = undo.Recording(tmp_path / "data" / undo.FOLDER, "abc123", NOW)
    assert recording.write(disk.read(path), AFTER, "e1", 3) == ""
    return path


def found(tmp_path: Path, log: TokenLog, after: timedelta = A_DAY) -> tuple[int, RequestRecord]:
    noted = note_survivors(Settings(data_dir=str(tmp_path / "data")), log, NOW + after)
    (record,) = log.records()
    return noted, record


def test_an_edit_that_stands_after_a_day_has_survived_which_is_no_verdict(
    tmp_path: Path, project: Path, log: TokenLog
) -> None:
    (project / "a.txt").write_bytes(BEFORE)
    committed(project)
    applied(tmp_path, project / "a.txt")
    noted, record = found(tmp_path, log)
    assert (noted, record.verdict, record.verdict_by, record.hunks_survived) == (1, None, "survival", 3)
    assert found(tmp_path, log)[0] == 0


def test_an_edit_that_was_committed_as_it_was_has_survived_whatever_came_after(
    tmp_path: Path, project: Path, log: TokenLog
) -> None:
    (project / "a.txt").write_bytes(BEFORE)
    committed(project)
    path = applied(tmp_path, project / "a.txt")
    committed(project)
    path.write_bytes(b"three\n")
    assert found(tmp_path, log)[1].verdict_by == "survival"


@pytest.mark.parametrize("case", ["too early", "changed", "no git", "not in git"])
def test_where_nobody_can_tell_nothing_is_said(
    case: str, tmp_path: Path, project: Path, log: TokenLog
) -> None:
    path = project / "a.txt"
    path.write_bytes(BEFORE)
    if case not in {"no git", "not in git"}:
        committed(project)
    if case == "not in git":
        pygit2.init_repository(str(project))
    applied(tmp_path, path)
    if case == "changed":
        path.write_bytes(b"three\n")
    noted, record = found(tmp_path, log, timedelta(hours=23) if case == "too early" else A_DAY)
    assert (noted, record.verdict_by, record.hunks_survived) == (0, None, None)


def test_what_the_user_said_stands(tmp_path: Path, project: Path, log: TokenLog) -> None:
    (project / "a.txt").write_bytes(BEFORE)
    committed(project)
    applied(tmp_path, project / "a.txt")
    log.set_verdict("e1", Verdict.ACCEPTED, 3)
    noted, record = found(tmp_path, log)
    assert (noted, record.verdict, record.verdict_by) == (0, "accepted", None)


def test_an_edit_that_survived_and_was_undone_after_all_is_rejected(
    tmp_path: Path, project: Path, log: TokenLog
) -> None:
    (project / "a.txt").write_bytes(BEFORE)
    committed(project)
    applied(tmp_path, project / "a.txt")
    found(tmp_path, log)
    assert log.set_undone("e1")
    (record,) = log.records()
    assert (record.verdict, record.verdict_by, record.hunks_survived) == ("rejected", "undo", None)
