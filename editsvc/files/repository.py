"""What tells one repository from others: the address of its first remote, the same for every clone of it.

Read from git's own files, without running git: the address of `origin`, else that of the first remote that is named. A
repository without one is known by its folder, and so only on this machine.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from editsvc import late
from editsvc.files.workspace import work_tree

_LONGEST: Final = 1_000_000
_SECTION: Final = late.pattern(r'\s*\[\s*(?P<name>[\w.-]+)(?:\s+"(?P<remote>(?:[^"\\]|\\.)*)")?\s*\]')
_URL: Final = late.pattern(r'\s*url\s*=\s*"?(?P<url>[^"\n]*?)"?\s*')
# As for scp: a host, a colon, and a path.
_SCP: Final = late.pattern(r"(?:[^@/\s]+@)?(?P<host>[^:/\s]{2,}):(?!//)/*(?P<path>.+)")


def repository_of(path: str) -> str | None:
    """The name of the repository that a file is in, without users and passwords; None if it is in none.

    `path` need not be that of a file: what has no folder on this machine is in no repository.
    """
    file = Path(path)
    if not path or not file.is_absolute():
        return None
    top = work_tree(file.parent)
    if top is None:
        return None
    address = _remote(_config(top / ".git"))
    return _plain(address) if address else os.path.realpath(top)


def _config(git: Path) -> str:
    """The configuration of a repository; `git` is its folder, or the file of a work tree that names that."""
    folder = git
    if not git.is_dir():
        named = _text(git).partition("gitdir:")[2].strip()
        if not named:
            return ""
        folder = git.parent / named
        common = _text(folder / "commondir").strip()
        folder = folder / common if common else folder
    return _text(folder / "config")


def _text(file: Path) -> str:
    """What a small regular file holds; empty for anything else."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return ""  # to open a named pipe would be to wait for its other end
        with file.open("rb") as stream:
            return stream.read(_LONGEST).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _remote(config: str) -> str:
    found: dict[str, str] = {}
    remote: str | None = None
    for line in config.split("\n"):
        section = _SECTION.match(line)
        if section is not None:
            remote = section["remote"] if section["name"].lower() == "remote" else None
            continue
        url = _URL.fullmatch(line)
        if url is not None and remote is not None and url["url"]:
            found.setdefault(remote, url["url"])
    return found.get("origin") or next(iter(found.values()), "")


def _plain(address: str) -> str:
    """An address as host and path, however it is written: ``github.com/owner/name``."""
    scp = _SCP.fullmatch(address) if "://" not in address else None
    if scp is not None:
        host, path = scp["host"], scp["path"]
    else:
        try:
            parts = urlsplit(address)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            host, path = "", address
    path = path.rstrip("/").removesuffix(".git")
    return f"{host.lower()}/{path.strip('/')}" if host else path
