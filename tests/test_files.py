"""Files on disk: replaced whole or not at all, with everything else about them kept."""

import os
import stat
from pathlib import Path

import pytest

from editsvc import files
from editsvc.errors import DocumentRefused, Stale
from editsvc.files import FileError


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "run.sh"
    path.write_bytes(b"old")
    path.chmod(0o751)
    files.write(files.read(path), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert list(tmp_path.iterdir()) == [path]


def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    os.setxattr(path, "user.note", b"kept")
    files.write(files.read(path), b"new")
    assert os.getxattr(path, "user.note") == b"kept"


def test_a_symbolic_link_stays_one_and_its_target_changes(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    files.write(files.read(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_hard_links_stay_together(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"old and longer")
    os.link(one, two)
    files.write(files.read(one), b"new")
    assert two.read_bytes() == b"new"
    assert one.stat().st_ino == two.stat().st_ino


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    source = files.read(path)
    path.write_bytes(b"somebody else's")
    with pytest.raises(Stale, match="changed by somebody else"):
        files.write(source, b"new")
    assert path.read_bytes() == b"somebody else's"


def test_a_folder_that_takes_no_file_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    source = files.read(path)
    moved = tmp_path / "moved"
    path.rename(moved)
    with pytest.raises(FileError, match="cannot be written"):
        files.write(source, b"new")
    assert moved.read_bytes() == b"old"


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_cannot_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "missing"
    with pytest.raises((FileError, DocumentRefused), match=r"cannot be read|not a regular file"):
        files.read(path)
