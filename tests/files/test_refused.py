"""What is kept of refused replies, and for how long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from editsvc.errors import Stale
from editsvc.files import disk, journal, refused
from editsvc.files.disk import FileError
from editsvc.files.journal import JournalLimits
from editsvc.files.refused import Asked, Keeper

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = Asked("Make it clearer.\n\nBut keep “é”.", "a.py", ("elision",), ("tail",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "refused"


def source(tmp_path: Path, name: str = "a.py", data: bytes = b"old\n") -> disk.SourceFile:
    (tmp_path / name).write_bytes(data)
    return disk.read(tmp_path / name)


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path, folder: Path) -> None:
    file = source(tmp_path)
    Keeper(folder, "aa", NOON).keep(file, b"new\r\n\n{}\n", ASKED)
    (found,) = refused.latest(folder)
    assert found.asked == ASKED
    assert refused.document(found, file) == b"new\r\n\n{}\n"
    assert refused.of_file(folder, file.path) == found


def test_it_fits_no_other_bytes_and_no_other_file(tmp_path: Path, folder: Path) -> None:
    Keeper(folder, "aa", NOON).keep(source(tmp_path), b"new\n", ASKED)
    (found,) = refused.latest(folder)
    for other in (source(tmp_path, data=b"mine\n"), source(tmp_path, "b.py")):
        with pytest.raises(Stale):
            refused.document(found, other)


def test_damage_is_noticed(tmp_path: Path, folder: Path) -> None:
    file = source(tmp_path)
    Keeper(folder, "aa", NOON).keep(file, b"new\n", ASKED)
    (found,) = refused.latest(folder)
    found.place.write_bytes(found.place.read_bytes()[:-2])
    with pytest.raises(FileError, match="is damaged"):
        refused.document(found, file)
    found.place.write_bytes(b"{")
    assert refused.latest(folder) == []


def test_the_latest_run_is_meant_and_an_older_one_when_it_is_empty(tmp_path: Path, folder: Path) -> None:
    for number, names in enumerate((["a.py"], ["c.py", "b.py"])):
        keeper = Keeper(folder, f"a{number}", NOON + timedelta(seconds=number))
        for name in names:
            keeper.keep(source(tmp_path, name), b"new\n", ASKED)
    assert [one.path.name for one in refused.latest(folder)] == ["b.py", "c.py"]
    for one in refused.latest(folder):
        refused.drop(folder, one.path)
    assert [one.path.name for one in refused.latest(folder)] == ["a.py"]


def test_the_limits_are_those_of_the_journal(tmp_path: Path, folder: Path) -> None:
    for number in range(5):
        keeper = Keeper(folder, f"a{number}", NOON, JournalLimits(runs=3))
        keeper.keep(source(tmp_path, f"{number}.py"), b"new\n", ASKED)
    assert [run.id for run in journal.run_places(folder)] == ["a4", "a3", "a2"]
    with pytest.raises(FileError, match="too large"):
        Keeper(folder, "bb", NOON, JournalLimits(size=100)).keep(source(tmp_path), b"n" * 200, ASKED)
    journal.prune(folder, NOON + timedelta(days=31))
    assert refused.latest(folder) == []


def test_an_earlier_reply_is_never_taken_for_a_later_one_that_could_not_be_kept(
    tmp_path: Path, folder: Path
) -> None:
    file = source(tmp_path)
    Keeper(folder, "aa", NOON).keep(file, b"first\n", ASKED)
    with pytest.raises(FileError):
        Keeper(folder, "bb", NOON, JournalLimits(size=100)).keep(file, b"n" * 200, ASKED)
    assert refused.latest(folder) == []


def test_nothing_is_kept_is_no_error(folder: Path, tmp_path: Path) -> None:
    assert refused.latest(folder) == []
    assert refused.of_file(folder, tmp_path) is None
    refused.drop(folder, tmp_path)
