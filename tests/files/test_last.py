"""What is kept of the last run of a workspace, and for how long."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from editsvc.files import journal, last
from editsvc.files.disk import FileError
from editsvc.files.last import LastFile, LastRun

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WISHES = ("Make it clearer.\n\nBut keep “é”.", "and keep the docstring")
RUN = LastRun(
    WISHES,
    "lines:3-4",
    (
        LastFile("/x/a.py", b"old\n{}\n", b"new\r\n\n\x00", "aa"),
        LastFile("/x/\udcff \n.py", b"", None, "", "It lost half."),
        LastFile(last.STDIN, b"\n", b""),
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / last.FOLDER


def test_what_is_kept_comes_back_as_it_was(folder: Path) -> None:
    last.keep(folder, "aa", NOON, Path("/x"), RUN)
    assert last.latest(folder, Path("/x")) == RUN
    assert last.latest(folder, Path("/x")).file("/x/a.py") == RUN.files[0]  # type: ignore[union-attr]


def test_a_workspace_has_one_of_its_own(folder: Path) -> None:
    for name in ("aa", "bb", "cc"):
        last.keep(
            folder, name, NOON, Path("/y") if name == "cc" else Path("/x"), LastRun((name,), "auto", ())
        )
    assert [last.latest(folder, Path(place)).instructions for place in ("/x", "/y")] == [("bb",), ("cc",)]  # type: ignore[union-attr]
    assert last.latest(folder, Path("/z")) is None
    assert len(journal.run_places(folder)) == 2
    last.forget(folder, Path("/x"))
    assert last.latest(folder, Path("/x")) is None
    assert last.latest(folder, Path("/y")) is not None


def test_it_is_its_owners_alone(folder: Path) -> None:
    last.keep(folder, "aa", NOON, Path("/x"), RUN)
    (run,) = journal.run_places(folder)
    (entry,) = run.path.iterdir()
    assert [path.stat().st_mode & 0o777 for path in (folder, run.path, entry)] == [0o700, 0o700, 0o600]


def test_of_files_that_are_too_large_together_the_instruction_is_kept(folder: Path) -> None:
    large = os.urandom(journal.LIMITS.size // 2 + 1)
    last.keep(
        folder, "aa", NOON, Path("/x"), LastRun(("Go.",), "auto", (LastFile("/x/a", large, large, "aa"),))
    )
    assert last.latest(folder, Path("/x")) == LastRun(("Go.",), "auto", (LastFile("/x/a", None, None, "aa"),))


def test_damage_is_noticed_and_what_is_no_entry_is_passed_over(folder: Path) -> None:
    last.keep(folder, "aa", NOON, Path("/x"), RUN)
    (run,) = journal.run_places(folder)
    (entry,) = run.path.iterdir()
    entry.write_bytes(entry.read_bytes()[:-1])
    with pytest.raises(FileError, match="is damaged"):
        last.latest(folder, Path("/x"))
    entry.write_bytes(b"{}")
    assert last.latest(folder, Path("/x")) is None
    last.keep(folder, "bb", NOON, Path("/x"), RUN)
    assert last.latest(folder, Path("/x")) == RUN


@pytest.mark.parametrize(
    ("data", "known"), [(b"old", True), (b"new", True), (b"half", True), (b"mine", False)]
)
def test_a_file_is_known_as_it_was_as_it_was_to_be_and_as_it_was_left(data: bytes, known: bool) -> None:
    kept = LastFile("/x/a", b"old", b"new", journal.digest(b"half"))
    assert last.is_as_left(kept, data) is known
