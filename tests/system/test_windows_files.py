"""The half for Windows, on whatever system the tests run, with a stand-in for what it asks Windows for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from editsvc.system.windows_files import WindowsFiles

if TYPE_CHECKING:
    from collections.abc import Callable

USUAL = b"mine, and inherited rights"


@dataclass
class Windows:
    """Files have rights, attributes and streams by name; a lock can be taken once."""

    rights: dict[str, bytes] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    more: dict[str, list[str]] = field(default_factory=dict)
    may_set: bool = True
    locked: int = 0
    busy: int = 0

    def security(self, path: Path) -> bytes:
        return self.rights.get(path.name, USUAL)

    def set_access_list(self, path: Path, security: bytes) -> None:
        if not self.may_set:
            raise PermissionError
        self.rights[path.name] = security

    def attributes(self, path: Path) -> int:
        return self.marks.get(path.name, 0x20)

    def set_attributes(self, path: Path, attributes: int) -> None:
        self.marks[path.name] = attributes

    def streams(self, path: Path) -> list[str]:
        return self.more.get(path.name, [])

    def lock(self, descriptor: int) -> None:
        if self.busy:
            self.busy -= 1
            raise PermissionError
        assert not self.locked
        self.locked += 1

    def unlock(self, descriptor: int) -> None:
        self.locked -= 1


class Busy(type(Path())):
    """A path whose file others have open, for so many tries."""

    tries = 0
    seen = 0

    def replace(self, target: Path) -> Path:
        return self._tried(super().replace, target)

    def rename(self, target: Path) -> Path:
        return self._tried(super().rename, target)

    def _tried(self, act: Callable[[Path], Path], target: Path) -> Path:
        type(self).seen += 1
        if self.seen <= self.tries:
            raise PermissionError(13, "used by another process")
        return act(target)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def windows() -> Windows:
    return Windows()


@pytest.fixture
def files(windows: Windows, pauses: list[float]) -> WindowsFiles:
    return WindowsFiles(windows, sleep=pauses.append)


def pair(folder: Path, tries: int) -> tuple[Path, Path]:
    kind = type("Once", (Busy,), {"tries": tries})
    new, old = folder / "new", folder / "old"
    new.write_bytes(b"new")
    old.write_bytes(b"old")
    return kind(new), old


@pytest.mark.parametrize("tries", [0, 1, 9])
def test_a_file_that_others_have_open_for_a_moment_is_replaced_after_it(
    tmp_path: Path, files: WindowsFiles, pauses: list[float], tries: int
) -> None:
    new, old = pair(tmp_path, tries)
    assert files.replace(new, old)
    assert old.read_bytes() == b"new"
    assert len(pauses) == tries
    assert list(tmp_path.iterdir()) == [old]


def test_a_file_that_stays_open_elsewhere_is_not_replaced_and_nobody_waits_for_ever(
    tmp_path: Path, files: WindowsFiles, pauses: list[float]
) -> None:
    new, old = pair(tmp_path, 1_000)
    assert not files.replace(new, old)
    assert old.read_bytes() == b"old" and Path(new).read_bytes() == b"new"
    assert 1.0 < sum(pauses) < 2.0


def test_what_was_swept_away_before_it_took_its_place_is_not_replaced(
    tmp_path: Path, files: WindowsFiles
) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"old")
    assert not files.replace(tmp_path / "gone", old)
    assert old.read_bytes() == b"old"


def taken_over(files: WindowsFiles, folder: Path) -> bool:
    return files.take_over(0, folder / "new", folder / "old")


def test_rights_and_attributes_go_over_to_the_new_file(
    tmp_path: Path, files: WindowsFiles, windows: Windows
) -> None:
    windows.rights["old"], windows.marks["old"] = b"others may read", 0x22
    assert taken_over(files, tmp_path)
    assert windows.rights["new"] == b"others may read"
    assert windows.marks["new"] == 0x22


def test_a_file_whose_rights_cannot_be_given_to_another_is_written_in_place(
    tmp_path: Path, files: WindowsFiles, windows: Windows
) -> None:
    windows.rights["old"], windows.may_set = b"somebody else's", False
    assert not taken_over(files, tmp_path)


def test_a_file_with_more_streams_is_written_in_place(
    tmp_path: Path, files: WindowsFiles, windows: Windows
) -> None:
    windows.more["old"] = [":Zone.Identifier:$DATA"]
    assert not taken_over(files, tmp_path)


def test_processes_that_append_take_turns(
    tmp_path: Path, files: WindowsFiles, windows: Windows, pauses: list[float]
) -> None:
    windows.busy = 3
    place = tmp_path / "spool"
    status = files.append(place, b"one\n")
    assert (status.st_ino, status.st_size) == (place.stat().st_ino, 4)
    files.append(place, b"two\n")
    assert place.read_bytes() == b"one\ntwo\n"
    assert len(pauses) == 3 and windows.locked == 0


def test_what_is_published_replaces_nothing(tmp_path: Path, files: WindowsFiles) -> None:
    new = tmp_path / "new"
    new.write_bytes(b"salt")
    files.publish(new, tmp_path / "salt")
    assert (tmp_path / "salt").read_bytes() == b"salt" and not new.exists()


def test_a_write_at_an_offset_leaves_the_rest(tmp_path: Path, files: WindowsFiles) -> None:
    place = tmp_path / "f"
    place.write_bytes(b"0123456789")
    descriptor = files.open(place, os.O_RDWR)
    try:
        assert files.write_at(descriptor, memoryview(b"ab"), 4) == 2
        files.sync(descriptor)
    finally:
        os.close(descriptor)
    assert place.read_bytes() == b"0123ab6789"


def test_a_file_is_claimed_by_one_process(tmp_path: Path) -> None:
    path = tmp_path / "run.plan"
    path.write_bytes(b"{}")
    windows = Windows()
    files = WindowsFiles(windows, sleep=lambda _: None)
    with path.open("rb") as opened:
        assert files.claim(opened.fileno())
        windows.busy = 1
        assert not files.claim(opened.fileno())
