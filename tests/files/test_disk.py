"""Files on disk: replaced whole or not at all, with everything else about them kept."""

import fcntl
import os
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import no_file_above

from editsvc.errors import DocumentRefused, Stale
from editsvc.files import disk
from editsvc.files.disk import FileError

OLD = b"old\n" * 3_000
AS_IT_WAS = "It was not changed."


def file(folder: Path, name: str = "f", content: bytes = OLD) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


# What is kept


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o751, 0o4755])
def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = file(tmp_path)
    path.chmod(mode)
    disk.write(disk.read(path), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode & 0o777  # it runs as nobody else any more
    assert list(tmp_path.iterdir()) == [path]


def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    path = file(tmp_path)
    os.setxattr(path, "user.note", b"kept")
    disk.write(disk.read(path), b"new")
    assert os.getxattr(path, "user.note") == b"kept"


def access_list(user: int, permissions: int) -> bytes:
    """Of a file that its owner may read and write, `user` as said, and nobody else (see acl(5))."""
    everybody = 2**32 - 1
    entries = [
        (1, 6, everybody),
        (2, permissions, user),
        (4, 0, everybody),
        (16, 7, everybody),
        (32, 0, everybody),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def test_an_access_list_is_kept(tmp_path: Path) -> None:
    path = file(tmp_path)
    os.setxattr(path, "system.posix_acl_access", access_list(4711, 4))
    disk.write(disk.read(path), b"new")
    assert os.getxattr(path, "system.posix_acl_access") == access_list(4711, 4)


def test_a_file_without_an_access_list_gets_none_from_its_folder(tmp_path: Path) -> None:
    path = file(tmp_path)
    path.chmod(0o640)
    os.setxattr(tmp_path, "system.posix_acl_default", access_list(4711, 7))
    disk.write(disk.read(path), b"new")
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_symbolic_link_stays_one_and_its_target_changes(tmp_path: Path) -> None:
    target, link = file(tmp_path, "target"), tmp_path / "link"
    link.symlink_to(target)
    disk.write(disk.read(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("new", [b"new", OLD + b"and more", OLD.upper(), b""])
def test_hard_links_stay_together(tmp_path: Path, new: bytes) -> None:
    one, two = file(tmp_path, "one"), tmp_path / "two"
    os.link(one, two)
    disk.write(disk.read(one), new)
    assert two.read_bytes() == new
    assert one.stat().st_ino == two.stat().st_ino


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127 + "x", "n" * 237, "n" * 238])
def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path, name: str) -> None:
    path = file(tmp_path, name)
    leave_behind(path)
    disk.write(disk.read(path), b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


# Somebody else


def rewrite(path: Path) -> None:
    path.write_bytes(b"somebody else's")


def delete(path: Path) -> None:
    path.unlink()


def turn_into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def turn_into_a_link(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


def turn_the_folder_into_a_link(path: Path) -> None:
    moved = path.parent.with_name("elsewhere")
    path.parent.rename(moved)
    path.parent.symlink_to(moved)


CHANGES = [rewrite, delete, turn_into_a_folder, turn_into_a_link, turn_the_folder_into_a_link]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("links", [1, 2])
def test_what_changed_since_it_was_read_is_left_alone(
    tmp_path: Path, change: Callable[[Path], None], links: int
) -> None:
    (tmp_path / "folder").mkdir()
    path = file(tmp_path / "folder")
    if links == 2:
        os.link(path, tmp_path / "second")
    source = disk.read(path)
    change(path)
    before = contents(tmp_path)
    with pytest.raises(Stale, match=r"changed by another program|deleted or moved|no longer the same file"):
        disk.write(source, b"new")
    assert contents(tmp_path) == before


# Python reports to audit hooks what it does to the file system, before it is done. The file is changed when it is
# looked at for the last time: by then the new content must stand beside it, whole.
LATE = """
import os, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], f"{sys.argv[1]}/../support"]
import test_disk as tests
from editsvc.files import disk
from editsvc.errors import Stale

path, change, links = Path(sys.argv[2]), getattr(tests, sys.argv[3]), int(sys.argv[4])
if links == 2:
    os.link(path, path.parent.parent / "second")
source = disk.read(path)
seen = []

def act():
    seen.append([one.read_bytes() for one in path.parent.iterdir() if one.name.endswith(".editsvc")])
    change(path)

def hook(event, arguments):
    if event == "open" and not seen and links == 1 and str(arguments[0]) == str(path):
        act()

sys.addaudithook(hook)
try:
    disk.write(source, b"new" * 50_000, before_overwriting=act)
except Stale:
    print(seen == ([[b"new" * 50_000]] if links == 1 else [[]]))
"""


@pytest.mark.parametrize("change", [change.__name__ for change in CHANGES])
@pytest.mark.parametrize("links", ["1", "2"])
def test_what_changes_while_it_is_written_is_left_alone(tmp_path: Path, change: str, links: str) -> None:
    (tmp_path / "folder").mkdir()
    path = file(tmp_path / "folder")
    support = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", LATE, support, str(path), change, links],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"
    kept = {content for name, content in contents(tmp_path).items() if name != "second"}
    assert kept <= {OLD, b"somebody else's"}
    assert not [name for name in contents(tmp_path) if name.endswith(".editsvc")]


# What fails


@pytest.mark.parametrize("links", [1, 2])
@pytest.mark.parametrize(
    ("new", "room"),
    [(OLD * 2, len(OLD)), (OLD * 2, 5_000), (OLD.upper(), 5_000), (OLD.upper()[:9_000], 5_000)],
)
def test_a_disk_that_is_full_leaves_the_file_as_it_was(
    tmp_path: Path, links: int, new: bytes, room: int
) -> None:
    path = file(tmp_path)
    if links == 2:
        os.link(path, tmp_path / "second")
    source = disk.read(path)
    with no_file_above(room), pytest.raises(FileError, match="cannot be written") as caught:
        disk.write(source, new)
    assert caught.value.hint == AS_IT_WAS
    assert set(contents(tmp_path).values()) == {OLD}
    assert len(list(tmp_path.iterdir())) == links


# Root may write everything, so that a child becomes somebody else first (and Python is loaded before that).
AS_NOBODY = """
import os, sys
from pathlib import Path
from editsvc.files import disk
from editsvc.errors import EditsvcError

path, new = Path(sys.argv[1]), sys.argv[2].encode()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    disk.write(disk.read(path), new)
    print("written")
except EditsvcError as exc:
    print(exc.sentence())
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of nobody's, where nobody gets to: those of pytest are the user's own."""
    with tempfile.TemporaryDirectory(prefix="editsvc-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
        yield folder
        folder.chmod(0o755)


def as_nobody(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(path), "new"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def nobodys(path: Path) -> Path:
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    return path


def test_a_file_that_is_read_only_is_refused(open_folder: Path) -> None:
    path = nobodys(file(open_folder))
    path.chmod(0o444)
    assert as_nobody(path) == f"{path} cannot be written: it is read-only."
    assert contents(open_folder) == {"f": OLD}


def test_a_folder_that_takes_no_file_leaves_everything_as_it_was(open_folder: Path) -> None:
    path = nobodys(file(open_folder))
    open_folder.chmod(0o555)
    assert as_nobody(path) == f"{path} cannot be written: Permission denied. {AS_IT_WAS}"
    assert contents(open_folder) == {"f": OLD}


def test_a_folder_that_takes_files_and_shows_none_is_enough(open_folder: Path) -> None:
    path = nobodys(file(open_folder))
    open_folder.chmod(0o311)
    assert as_nobody(path) == "written"
    open_folder.chmod(0o755)
    assert contents(open_folder) == {"f": b"new"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to somebody else")
def test_a_file_of_somebody_else_stays_theirs(open_folder: Path) -> None:
    path = file(open_folder)
    os.chown(path, 4711, 4712)
    path.chmod(0o666)
    inode = path.stat().st_ino
    assert as_nobody(path) == "written"
    now = path.stat()
    assert (now.st_uid, now.st_gid, now.st_ino, stat.S_IMODE(now.st_mode)) == (4711, 4712, inode, 0o666)
    assert contents(open_folder) == {"f": b"new"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to somebody else")
def test_root_gives_the_new_file_to_the_owner_of_the_old_one(tmp_path: Path) -> None:
    path = file(tmp_path)
    os.chown(path, 4711, 4712)
    disk.write(disk.read(path), b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (4711, 4712)


# What killed processes leave


def leave_behind(path: Path, random: str = "abcd_123") -> Path:
    left = path.with_name(f"{disk._prefix(path)}{random}.editsvc")
    left.write_bytes(b"half of the new cont")
    return left


def test_what_a_killed_process_left_beside_a_file_goes_with_the_next_write_of_it(tmp_path: Path) -> None:
    path, other = file(tmp_path), file(tmp_path, "g")
    of_another = leave_behind(other)
    alike = file(tmp_path, ".f.abcd_123.editsvc.txt"), file(tmp_path, ".f.mine.editsvc")
    leave_behind(path)
    leave_behind(path, "zzzzzzzz")
    disk.write(disk.read(path), b"new")
    assert set(tmp_path.iterdir()) == {path, other, of_another, *alike}


def test_what_a_living_process_is_writing_stays(tmp_path: Path) -> None:
    path = file(tmp_path)
    with leave_behind(path).open("rb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        disk.write(disk.read(path), b"new")
        assert len(list(tmp_path.iterdir())) == 2
    disk.write(disk.read(path), b"newer")
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_not_swept(tmp_path: Path) -> None:
    path, target = file(tmp_path), file(tmp_path, "target")
    leave_behind(path).unlink()
    leave_behind(path).unlink()
    link = path.with_name(f"{disk._prefix(path)}abcd_123.editsvc")
    link.symlink_to(target)
    disk.write(disk.read(path), b"new")
    assert link.is_symlink() and target.read_bytes() == OLD


@given(st.data())
def test_exactly_what_a_killed_process_leaves_counts_as_half_written(data: st.DataObject) -> None:
    few = st.binary(max_size=6).map(lambda drawn: bytes(byte % 3 for byte in drawn))
    old, new = data.draw(few), data.draw(few)
    size = max(len(old), len(new))
    old_full, new_full = old.ljust(size, b"\0"), new.ljust(size, b"\0")
    states = {
        old_full[:first] + new_full[first:second] + old_full[second:]
        for first in range(size + 1)
        for second in range(first, size + 1)
    } - {old, new}
    content = data.draw(few | st.sampled_from(sorted(states | {b""})))
    assert disk.half_written(content, old, new) == (content in states)


# Reading


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_cannot_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "missing"
    with pytest.raises((FileError, DocumentRefused), match=r"cannot be read|not a regular file"):
        disk.read(path)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (path := tmp_path / "large.py").open("wb") as sparse:
        sparse.truncate(10**12)
    with pytest.raises(DocumentRefused, match=r"has 1000000 MB, and files of up to 32 MB are edited\."):
        disk.read(path)
