"""The undo journal: what it keeps, what it gives back, and what it leaves alone."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limits import no_file_above

from editsvc.errors import Refused, Stale
from editsvc.files import disk, undo
from editsvc.files import journal as journal_files
from editsvc.files.disk import FileError, SourceFile
from editsvc.files.journal import JournalLimits
from editsvc.files.undo import FileState, Recording

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "data" / "undo"


def write(journal: Path, run_id: str, *paths: Path, new: bytes = b"new\n", now: datetime = NOON) -> None:
    """One run that makes every file `new`."""
    recording = Recording(journal, run_id, now)
    for path in paths:
        assert recording.write(disk.read(path), new) == ""


def file(folder: Path, name: str = "a.py", content: bytes = b"old\n") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def restore_last(journal: Path) -> None:
    for entry in undo.last(undo.runs(journal)).entries:
        undo.restore(entry)


def ids(journal: Path) -> list[str]:
    return [run.id for run in undo.runs(journal)]


# What comes back


@pytest.mark.parametrize(
    "before",
    [
        b"one\r\ntwo\r\n",
        b"\xef\xbb\xbfone\n",
        b"no final newline",
        b"one\rtwo\nthree\r\n",
        b"",
        b"\n\n{}\n",
        "form feed \x0c, U+2028 \u2028\n".encode(),
    ],
)
def test_the_bytes_from_before_come_back(tmp_path: Path, journal: Path, before: bytes) -> None:
    path = file(tmp_path, content=before)
    write(journal, "aa", path)
    assert path.read_bytes() == b"new\n"
    restore_last(journal)
    assert path.read_bytes() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
@given(before=st.binary(max_size=60), after=st.binary(max_size=60))
def test_any_bytes_come_back(tmp_path: Path, journal: Path, before: bytes, after: bytes) -> None:
    path = file(tmp_path, content=before)
    Recording(journal, "aa", NOON).write(disk.read(path), after)
    (run,) = undo.runs(journal)
    undo.restore(run.entries[0])
    assert path.read_bytes() == before
    assert undo.runs(journal) == []


def test_the_mode_is_the_one_that_the_file_has_now(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path)
    path.chmod(0o755)
    write(journal, "aa", path)
    path.chmod(0o750)
    restore_last(journal)
    assert stat.S_IMODE(path.stat().st_mode) == 0o750


def test_a_symbolic_link_stays_one(tmp_path: Path, journal: Path) -> None:
    target, link = file(tmp_path, "target"), tmp_path / "link"
    link.symlink_to(target)
    write(journal, "aa", link)
    restore_last(journal)
    assert link.is_symlink() and target.read_bytes() == b"old\n"


def test_a_name_that_is_not_utf8_is_found_again(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path, os.fsdecode(b"caf\xe9 100%\n.py"))
    write(journal, "aa", path)
    restore_last(journal)
    assert path.read_bytes() == b"old\n"


def test_one_run_over_several_files_is_one_run(tmp_path: Path, journal: Path) -> None:
    paths = [file(tmp_path, name, name.encode()) for name in ("a", "b", "c")]
    write(journal, "aa", *paths)
    (run,) = undo.runs(journal)
    assert (run.id, run.at, [entry.path for entry in run.entries]) == ("aa", NOON, paths)
    restore_last(journal)
    assert [path.read_bytes() for path in paths] == [b"a", b"b", b"c"]


def test_runs_are_taken_back_one_after_the_other_the_latest_first(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path, content=b"1")
    write(journal, "aa", path, new=b"2")
    write(journal, "bb", path, new=b"1", now=NOON + timedelta(minutes=1))
    restore_last(journal)
    assert path.read_bytes() == b"2"
    restore_last(journal)
    assert path.read_bytes() == b"1"
    with pytest.raises(Refused, match="nothing to undo"):
        undo.last(undo.runs(journal))


def test_a_clock_that_was_set_back_does_not_change_the_order(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path)
    write(journal, "aa", path, new=b"2")
    write(journal, "bb", path, new=b"3", now=NOON - timedelta(hours=1))
    assert ids(journal) == ["bb", "aa"]


# What is left alone


def test_a_file_that_changed_since_is_left_alone_and_stays_in_the_journal(
    tmp_path: Path, journal: Path
) -> None:
    path = file(tmp_path)
    write(journal, "aa", path)
    path.write_bytes(b"new, and more\n")
    (entry,) = undo.last(undo.runs(journal)).entries
    with pytest.raises(Stale, match="file was changed since the edit"):
        undo.restore(entry)
    assert path.read_bytes() == b"new, and more\n"
    path.write_bytes(b"new\n")
    restore_last(journal)
    assert path.read_bytes() == b"old\n"


def test_a_file_that_was_deleted_since_is_not_made_again(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path)
    write(journal, "aa", path)
    path.unlink()
    (entry,) = undo.last(undo.runs(journal)).entries
    assert undo.state(entry) is FileState.STALE
    with pytest.raises(Stale, match="file was deleted since the edit"):
        undo.restore(entry)
    assert not path.exists()


def test_a_folder_in_the_place_of_the_file_is_left_alone(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path)
    write(journal, "aa", path)
    path.unlink()
    path.mkdir()
    (entry,) = undo.last(undo.runs(journal)).entries
    with pytest.raises(Stale, match="changed"):
        undo.restore(entry)


def test_what_has_its_bytes_from_before_already_is_skipped(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path)
    write(journal, "aa", path, new=b"2")
    write(journal, "bb", path, new=b"3", now=NOON + timedelta(minutes=1))
    path.write_bytes(b"2")  # by hand, or the write of bb never came
    assert undo.last(undo.runs(journal)).id == "aa"


def test_a_damaged_entry_changes_nothing(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path)
    write(journal, "aa", path)
    (entry,) = undo.runs(journal)[0].entries
    entry.place.write_bytes(entry.place.read_bytes()[:-1])
    with pytest.raises(FileError, match="damaged"):
        undo.restore(entry)
    assert path.read_bytes() == b"new\n"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{}\n", b'{"format":2,"path":"","before":"","after":""}\n']
)
def test_what_is_no_entry_of_this_format_is_left_out(tmp_path: Path, journal: Path, content: bytes) -> None:
    write(journal, "aa", file(tmp_path, "a"), file(tmp_path, "b"))
    first, second = undo.runs(journal)[0].entries
    first.place.write_bytes(content)
    assert undo.runs(journal)[0].entries == (second,)


# Writing


def test_an_edit_that_was_not_written_leaves_no_entry(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path)
    source = disk.read(path)
    path.write_bytes(b"somebody else's")
    with pytest.raises(Stale):
        Recording(journal, "aa", NOON).write(source, b"new\n")
    assert path.read_bytes() == b"somebody else's"
    assert undo.runs(journal) == []


def test_a_file_that_is_gone_is_an_error_of_the_edit_and_leaves_no_entry(
    tmp_path: Path, journal: Path
) -> None:
    with pytest.raises(Stale, match="gone was deleted or moved meanwhile"):
        Recording(journal, "aa", NOON).write(SourceFile(tmp_path / "gone", b"old"), b"new")
    assert undo.runs(journal) == []


def test_a_journal_that_cannot_be_made_is_a_warning_and_the_edit_stands(tmp_path: Path) -> None:
    path = file(tmp_path)
    (tmp_path / "data").write_bytes(b"a file, where the folder should be")
    warning = Recording(tmp_path / "data" / "undo", "aa", NOON).write(disk.read(path), b"new\n")
    assert warning.startswith("a.py cannot be restored by editsvc undo. The journal ")
    assert path.read_bytes() == b"new\n"


def test_a_disk_that_is_full_is_a_warning_and_leaves_no_half_entry(tmp_path: Path, journal: Path) -> None:
    path = file(tmp_path, content=b"x" * 10_000)
    with no_file_above(4_096):
        warning = Recording(journal, "aa", NOON).write(disk.read(path), b"new\n")
    assert "cannot be restored" in warning
    assert path.read_bytes() == b"new\n"
    assert undo.runs(journal) == []
    assert [inner for inner in journal.rglob("*") if inner.is_file()] == []


def test_files_written_from_several_threads_are_one_run(tmp_path: Path, journal: Path) -> None:
    paths = [file(tmp_path, f"{number}.py", f"{number}".encode()) for number in range(30)]
    recording = Recording(journal, "aa", NOON)
    with ThreadPoolExecutor(8) as pool:
        warnings = set(pool.map(lambda path: recording.write(disk.read(path), b"new"), paths))
    assert warnings == {""}
    (run,) = undo.runs(journal)
    assert {entry.path for entry in run.entries} == set(paths)
    restore_last(journal)
    assert [path.read_text() for path in paths] == [str(number) for number in range(30)]


def test_only_the_owner_can_read_the_journal(tmp_path: Path, journal: Path) -> None:
    write(journal, "aa", file(tmp_path))
    made = [journal.parent, journal, *journal.rglob("*")]
    modes = (
        {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()},
        {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()},
    )
    assert modes == ({0o700}, {0o600})


# Written in place


@pytest.mark.parametrize(("old", "new"), [(b"old\n" * 9, b"NEWER\n" * 9), (b"older\n" * 9, b"NEW\n" * 9)])
def test_what_a_killed_process_left_half_written_is_taken_back(
    tmp_path: Path, journal: Path, old: bytes, new: bytes
) -> None:
    path = file(tmp_path, content=old)
    os.link(path, tmp_path / "link")
    write(journal, "aa", path, new=new)
    (entry,) = undo.last(undo.runs(journal)).entries
    kept = entry.place.read_bytes()
    size = max(len(old), len(new))
    for reached in range(1, len(new)):
        path.write_bytes(new[:reached] + old.ljust(size, b"\0")[reached:])
        entry.place.parent.mkdir(exist_ok=True)
        entry.place.write_bytes(kept)
        (found,) = undo.last(undo.runs(journal)).entries
        assert undo.state(found) is FileState.HALF
        undo.restore(found)
        assert (path.read_bytes(), undo.runs(journal)) == (old, [])
    assert path.samefile(tmp_path / "link")


def test_what_somebody_else_made_of_a_file_that_was_written_in_place_is_not_taken_for_half_of_it(
    tmp_path: Path, journal: Path
) -> None:
    path = file(tmp_path, content=b"one\ntwo\nthree\n")
    os.link(path, tmp_path / "link")
    write(journal, "aa", path, new=b"ONE\nTWO\nTHREE\n")
    (entry,) = undo.last(undo.runs(journal)).entries
    for content in (b"ONE\ntwo\nThree\n", b"one\nTWO\n", b"ONE\ntwo\nthree\n!", b"one\ntwo\n", b""):
        path.write_bytes(content)
        assert undo.state(entry) is FileState.STALE
        with pytest.raises(Stale):
            undo.restore(entry)
        assert path.read_bytes() == content


def test_the_bytes_from_after_the_edit_are_kept_when_a_file_that_got_a_second_name_is_put_back(
    tmp_path: Path, journal: Path
) -> None:
    path = file(tmp_path)
    write(journal, "aa", path)
    (entry,) = undo.runs(journal)[0].entries
    assert entry.size is None
    os.link(path, tmp_path / "link")
    found = undo.restoration(entry)
    assert found is not None
    undo._keep_both(entry, found)
    (entry,) = undo.runs(journal)[0].entries
    assert entry.size == len(b"old\n")
    path.write_bytes(b"olw\n")  # half way back
    assert undo.state(entry) is FileState.HALF
    undo.restore(entry)
    assert path.read_bytes() == b"old\n"


# Limits


def test_the_oldest_runs_go_when_there_are_too_many(tmp_path: Path, journal: Path) -> None:
    for number in range(5):
        recording = Recording(journal, f"a{number}", NOON, JournalLimits(runs=3))
        recording.write(disk.read(file(tmp_path, "a")), b"new")
        recording.write(disk.read(file(tmp_path, "b")), b"new")
    assert ids(journal) == ["a4", "a3", "a2"]
    assert all(len(run.entries) == 2 for run in undo.runs(journal))


def test_the_oldest_runs_go_when_they_take_too_much_room(tmp_path: Path, journal: Path) -> None:
    for number in range(4):
        recording = Recording(journal, f"a{number}", NOON, JournalLimits(size=10_000))
        for name in "bc":
            recording.write(disk.read(file(tmp_path, name, b"x" * 2_000)), b"new")
    assert ids(journal) == ["a3", "a2"]
    assert sum(path.stat().st_size for path in journal.rglob("*.before")) <= 10_000


def test_a_run_that_grows_drops_others_but_never_its_own_files(tmp_path: Path, journal: Path) -> None:
    write(journal, "aa", file(tmp_path, "a", b"x" * 3_000))
    recording = Recording(journal, "bb", NOON, JournalLimits(size=10_000))
    for name in "bcd":
        assert recording.write(disk.read(file(tmp_path, name, b"x" * 2_500)), b"new") == ""
    assert [(run.id, len(run.entries)) for run in undo.runs(journal)] == [("bb", 3)]


def test_a_run_too_large_for_the_journal_says_which_file_cannot_be_taken_back(
    tmp_path: Path, journal: Path
) -> None:
    recording = Recording(journal, "aa", NOON, JournalLimits(size=5_000))
    assert recording.write(disk.read(file(tmp_path, "a", b"x" * 4_000)), b"new") == ""
    large, small = file(tmp_path, "b", b"x" * 4_000), file(tmp_path, "c")
    assert "b cannot be restored by editsvc undo. The run is too large" in recording.write(
        disk.read(large), b"new"
    )
    assert recording.write(disk.read(small), b"new") == ""
    assert large.read_bytes() == b"new"
    assert [entry.path.name for entry in undo.runs(journal)[0].entries] == ["a", "c"]


def test_runs_that_are_too_old_go(tmp_path: Path, journal: Path) -> None:
    write(journal, "aa", file(tmp_path))
    journal_files.prune(journal, NOON + timedelta(days=30))
    assert ids(journal) == ["aa"]
    journal_files.prune(journal, NOON + timedelta(days=30, seconds=1))
    assert ids(journal) == []


def test_to_prune_or_to_forget_what_is_not_there_is_no_error(journal: Path) -> None:
    journal_files.prune(journal, NOON)
    journal_files.forget(journal)
    assert undo.runs(journal) == []


# Finding


def test_a_run_is_found_by_the_beginning_of_its_id(tmp_path: Path, journal: Path) -> None:
    for run_id in ("ab12", "ab34", "cd56"):
        write(journal, run_id, file(tmp_path))
    found = undo.runs(journal)
    assert undo.find(found, "c").id == "cd56"
    with pytest.raises(Refused, match="several runs"):
        undo.find(found, "ab")
    for unknown in ("ef", ""):
        with pytest.raises(Refused, match="no run"):
            undo.find(found, unknown)


def test_one_run_or_all_can_be_forgotten(tmp_path: Path, journal: Path) -> None:
    for run_id in ("aa", "bb", "cc"):
        write(journal, run_id, file(tmp_path))
    journal_files.forget(undo.runs(journal)[0].place)
    assert ids(journal) == ["bb", "aa"]
    journal_files.forget(journal)
    assert not journal.exists()


# Killed


# Python reports what a process does to the file system to audit hooks, before it is done. Each child is killed at
# the next such event, until one comes to its end.
KILLER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from editsvc.files import disk, undo

def act(folder, what):
    if what == "write":
        undo.Recording(folder / "undo", "aa", datetime(2026, 3, 1, tzinfo=UTC)).write(disk.read(folder / "f"), b"new")
    else:
        (run,) = undo.runs(folder / "undo")
        undo.restore(run.entries[0])

def kill_at(number):
    seen = 0
    def hook(event, _):
        nonlocal seen
        if event == "open" or event.startswith(("os.", "shutil.", "tempfile.")):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

root, what = Path(sys.argv[1]), sys.argv[2]
for number in range(1, 200):
    folder = root / f"{number:03d}"
    folder.mkdir()
    (folder / "f").write_bytes(b"old")
    if what == "take back":
        act(folder, "write")
    child = os.fork()
    if not child:
        kill_at(number)
        act(folder, what)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
sys.exit("no child came to its end")
"""


@pytest.mark.parametrize("what", ["write", "take back"])
def test_a_process_may_be_killed_at_any_moment(tmp_path: Path, what: str) -> None:
    subprocess.run([sys.executable, "-c", KILLER, str(tmp_path), what], check=True)
    seen = set()
    for folder in sorted(tmp_path.iterdir()):
        path, journal = folder / "f", folder / "undo"
        content, found = path.read_bytes(), undo.runs(journal)
        seen.add((content, len(found)))
        if content == b"new":
            restore_last(journal)
        else:
            with pytest.raises(Refused, match="nothing to undo"):
                undo.last(found)
        assert path.read_bytes() == b"old"
        # What the killed process left behind is in nobody's way.
        path.write_bytes(b"other")
        write(journal, "bb", path, now=NOON + timedelta(days=1))
        restore_last(journal)
        assert path.read_bytes() == b"other"
    kept, written = (b"old", 1), (b"new", 1)
    assert seen == {(b"old", 0), kept, written}
