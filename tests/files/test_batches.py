"""Runs of many files as they are kept: what is left to do about each file, and who may go on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from editsvc.errors import Refused
from editsvc.files import batches
from editsvc.files.batches import Batch, Standing
from editsvc.files.journal import JournalLimits

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ODD = "a\udcff b.py"  # not UTF-8, and a blank


def begun(folder: Path, **more: JournalLimits) -> Batch:
    return batches.begin(
        folder / "batches",
        "aa",
        NOW,
        here=Path("/there"),
        paths=["x.py", ODD],
        applied=True,
        call={"scope": "auto"},
        **more,
    )


def test_what_is_left_to_do_follows_from_the_file(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.keep("x.py", b"old", b"new", {"status": "changed"})
    first.keep(ODD, b"same", b"same", {"status": "unchanged"})
    first.close(over=False)
    run = batches.latest(tmp_path / "batches", Path("/there"))
    assert (run.files, run.plan.applied, run.plan.call) == (("x.py", ODD), True, {"scope": "auto"})
    again = batches.go_on(run, NOW)
    assert again.earlier("x.py", b"new").standing is Standing.DONE
    assert again.earlier("x.py", b"old") == batches.Earlier(Standing.TO_WRITE, {"status": "changed"}, b"new")
    assert again.earlier("x.py", b"other").standing is Standing.CHANGED
    assert again.earlier(ODD, b"same").standing is Standing.DONE
    assert again.earlier("y.py", b"old") == batches.NOTHING


def test_the_latest_edit_of_a_file_counts_also_across_processes(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.keep("x.py", b"old", b"new", {})
    first.close(over=False)
    second = batches.go_on(batches.latest(tmp_path / "batches", Path("/there")), NOW)
    second.keep("x.py", b"other", b"newer", {})
    second.close(over=False)
    third = batches.go_on(batches.latest(tmp_path / "batches", Path("/there")), NOW)
    assert third.earlier("x.py", b"other").text == b"newer"
    assert third.earlier("x.py", b"old").standing is Standing.CHANGED


def test_a_damaged_entry_is_asked_for_again(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.keep("x.py", b"old", b"new", {})
    first.close(over=False)
    run = batches.latest(tmp_path / "batches", Path("/there"))
    (entry,) = run.place.glob("*.edit")
    entry.write_bytes(entry.read_bytes() + b"er")
    assert batches.go_on(run, NOW).earlier("x.py", b"old") == batches.NOTHING


def test_one_process_at_a_time_is_at_a_run(tmp_path: Path) -> None:
    first = begun(tmp_path)
    run = batches.latest(tmp_path / "batches", Path("/there"))
    with pytest.raises(Refused, match="still under way in another process"):
        batches.go_on(run, NOW)
    first.close(over=False)
    batches.go_on(run, NOW).close(over=True)
    with pytest.raises(Refused, match="There is no run to go on with"):
        batches.latest(tmp_path / "batches", Path("/there"))


def test_a_run_of_another_folder_is_not_found(tmp_path: Path) -> None:
    begun(tmp_path).close(over=False)
    with pytest.raises(Refused):
        batches.latest(tmp_path / "batches", Path("/there/sub"))


def test_a_run_that_becomes_too_large_is_kept_no_further_and_says_so(tmp_path: Path) -> None:
    batch = begun(tmp_path, limits=JournalLimits(size=2_000))
    batch.keep("x.py", b"old", b"new", {})
    batch.keep(ODD, b"old", b"n" * 3_000, {})
    assert batch.trouble.startswith("This run cannot be resumed from here on. The run is too large")
    batch.close(over=False)
    again = batches.go_on(batches.latest(tmp_path / "batches", Path("/there")), NOW)
    assert again.earlier("x.py", b"old").text == b"new"
    assert again.earlier(ODD, b"old") == batches.NOTHING
