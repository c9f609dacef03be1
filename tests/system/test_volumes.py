"""Which file systems come over a network, from what Linux says about its mounts."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from typing import cast

import pytest

from editsvc.system.volumes import mounts, network_file_system

MOUNTINFO = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
30 22 0:40 / /nothome rw - nfs4 server:/nothome rw,vers=4.2
31 22 0:41 / /srv/home rw,relatime shared:7 master:1 - nfs server:/home rw,vers=3
32 31 8:2 /scratch /srv/home/local rw,relatime - xfs /dev/sdb1 rw
33 22 0:43 / /mnt/a\040disk\134of\011ours rw - cifs //nas/share rw
34 22 0:44 / /mnt/remote rw - fuse.sshfs me@host: rw
35 22 0:45 / /mnt/stick rw - fuseblk /dev/sdc1 rw
36 22 0:46 / /mnt/twice rw - nfs4 server:/old rw
37 36 8:4 / /mnt/twice rw - ext4 /dev/sdd1 rw
38 22 0:47 / /mnt/vm rw - 9p host rw
a line that is cut
"""


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("/data/log.db", None),
        ("/srv/home/me/.local/share/editsvc/log.db", "nfs"),
        ("/srv/home", "nfs"),
        ("/srv/homer/log.db", None),
        ("/srv/home/local/log.db", None),
        ("/mnt/a disk\\of\tours/log.db", "cifs"),
        ("/mnt/remote/log.db", "fuse.sshfs"),
        ("/mnt/stick/log.db", None),
        ("/mnt/twice/log.db", None),
        ("/mnt/vm/x/../log.db", "9p"),
    ],
)
def test_the_innermost_and_latest_mount_decides(file: str, found: str | None) -> None:
    assert network_file_system(Path(file), MOUNTINFO) == found


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs"]
)
def test_kinds_of_network_file_systems(kind: str) -> None:
    assert network_file_system(Path("/x/log.db"), f"1 0 0:1 / / rw - {kind} where rw\n") == kind


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "fuseblk"])
def test_kinds_of_local_file_systems(kind: str) -> None:
    assert network_file_system(Path("/x/log.db"), f"1 0 0:1 / / rw - {kind} where rw\n") is None


def test_a_link_to_a_network_file_system_is_followed(tmp_path: Path) -> None:
    (tmp_path / "remote").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "remote")
    mountinfo = f"1 0 8:1 / / rw - ext4 a rw\n2 1 0:9 / {tmp_path / 'remote'} rw - nfs b rw\n"
    assert network_file_system(tmp_path / "data" / "log.db", mountinfo) == "nfs"


def test_a_share_of_windows_is_one() -> None:
    share = cast("Path", PureWindowsPath(r"\\server\share\log.db"))
    assert network_file_system(share, "") == "unc"


def test_where_the_system_says_nothing_nothing_is_known() -> None:
    assert network_file_system(Path("/data/log.db"), "") is None


def test_the_real_list_is_read_where_there_is_one() -> None:
    assert Path("/proc/self/mountinfo").exists() == (" - " in mounts())
