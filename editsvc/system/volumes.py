"""Which file system a file is on, as far as SQLite's write-ahead log must know.

In WAL mode all processes share memory through a file, which network file systems do not do between hosts
(https://www.sqlite.org/wal.html, "Overview", and https://www.sqlite.org/howtocorrupt.html, section 2.1).
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")

# Types as in mountinfo. FUSE file systems (``fuse`` and ``fuse.NAME``: sshfs, glusterfs, rclone, …) count as well:
# few of them share memory between processes soundly, and the rollback journal is right on all.
NETWORK: Final = frozenset(
    {
        *(
            "9p",
            "acfs",
            "afpfs",
            "afs",
            "beegfs",
            "ceph",
            "cifs",
            "coda",
            "davfs",
            "fhgfs",
            "fuse",
            "gfs2",
            "gpfs",
        ),
        *("lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "prl_fs", "pvfs2", "smb2", "smb3"),
        *("smbfs", "vboxsf", "virtiofs", "vmhgfs", "wekafs"),
    }
)
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")
_FIELDS_BEFORE_OPTIONAL: Final = 6


def mounts() -> str:
    """What the system says about mounts; empty where it says nothing, as everywhere but on Linux."""
    try:
        return MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def network_file_system(file: Path, mountinfo: str) -> str | None:
    """The type of the network file system that holds `file`; None for a local one, or where that is not known.

    `mountinfo` is the text of ``/proc/self/mountinfo`` (see proc(5)). `file` need not exist; symbolic links are
    followed. On Windows a path of a share, or on a drive that stands for one, counts as ``unc``.
    """
    if file.drive:
        return "unc" if file.drive.startswith("\\\\") or _is_remote(file) else None
    found = _file_system(os.path.realpath(file), mountinfo)
    return found if found in NETWORK or found.startswith("fuse.") else None


def _is_remote(file: Path) -> bool:
    remote = False
    if sys.platform == "win32":
        from editsvc.system.windows_api import is_remote  # noqa: PLC0415 - only on Windows

        remote = is_remote(os.path.splitdrive(os.path.realpath(file))[0] + "\\")
    return remote


def _file_system(path: str, mountinfo: str) -> str:
    best, kind = "", ""
    for line in mountinfo.split("\n"):
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < _FIELDS_BEFORE_OPTIONAL or not after:
            continue
        point = _ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), fields[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        # Of two mounts on one place, the later one hides the earlier.
        if inside and len(point) >= len(best):
            best, kind = point, after.split(" ")[0]
    return kind
