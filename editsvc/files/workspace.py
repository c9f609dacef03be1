"""The rules for which files may be edited, for both front ends.

Allowed are files in the workspace, and files outside it that the user named by an absolute path or opened. Refused,
unless explicitly allowed by the user, are paths that lead out of the workspace, the internal files of version control
systems, and files that usually hold keys, by whatever name they are reached. Only names and links are examined.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc import late
from editsvc.errors import Means, Refused, Remedy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Names are folded before comparing: case, and what HFS+ and NTFS ignore, as git's own protection of .git does (see
# is_hfs_dotgit and is_ntfs_dotgit in its path.c and utf8.c).
_IGNORED: Final = late.pattern("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GITS: Final = frozenset({".git", "git~1"})
_VERSION_CONTROL: Final = _GITS | {".hg", ".svn", ".jj", ".bzr"}
_KEY_FOLDERS: Final = frozenset(
    {".ssh", ".gnupg", ".aws", ".azure", ".gcloud", ".kube", ".docker", ".password-store", ".chef"}
)
_KEY_FILES: Final = frozenset(
    {
        ".boto",
        ".credentials",
        ".dockercfg",
        ".envrc",
        ".git-credentials",
        ".htdigest",
        ".htpasswd",
        ".my.cnf",
        ".mylogin.cnf",
        ".netrc",
        ".npmrc",
        ".pgpass",
        ".pypirc",
        ".s3cfg",
        ".terraformrc",
        ".vault-token",
        "_netrc",
        "application_default_credentials.json",
        "credentials.tfrc.json",
        "pgpass.conf",
        "terraform.rc",
    }
)
_KEY_SUFFIXES: Final = (
    *(".agekey", ".key", ".p8", ".pem", ".ppk"),
    *(".jks", ".kdb", ".kdbx", ".keystore", ".p12", ".pfx", ".pkcs12"),
    *(".ovpn", ".tfstate", ".tfstate.backup"),
)
# The last folder of a path, and the file: names that hold keys in one place and no secrets elsewhere.
_KEY_PLACES: Final = frozenset(
    {
        (".cargo", "credentials"),
        (".cargo", "credentials.toml"),
        (".gem", "credentials"),
        (".m2", "settings-security.xml"),
        ("gcloud", "credentials.db"),
        ("gh", "hosts.yml"),
    }
)
_KEY_NAMES: Final = late.pattern(
    # Private keys of OpenSSH, of users and of hosts; the histories of shells and databases.
    r"(id_(rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)|ssh_host_\w+_key)([._-].*)?|\..*_history"
)
_PUBLIC: Final = ".pub"
_ENVIRONMENT: Final = late.pattern(r".*\.env|\.env\..*")
_SAMPLES: Final = frozenset({"dist", "example", "sample", "template"})


class PathRefused(Refused):
    """The path leads out of the workspace, or to a file that usually holds keys, and was not explicitly allowed."""


def typed(path: str, *, here: Path, allowed: Collection[str] = ()) -> Path:
    """The real path of the file that a user in the folder `here` means by `path`; raises PathRefused.

    The workspace of a relative path is the git work tree of `here`, else `here`. An absolute path is an explicit one,
    and its workspace is the git work tree that it is in, else its folder. `allowed` are paths, typed in the same
    folder, that may be edited whatever they are.
    """
    named, real = _named(here / path), _real(here / path)
    if any(named == _named(here / exempt) for exempt in allowed):
        return real
    if Path(path).is_absolute():
        root = work_tree(named.parent) or named.parent
    else:
        root = work_tree(here) or here
        if not named.is_relative_to(root):
            raise _refused(path, f"leads out of the workspace {root}")
    _refuse_what_is_outside(path, real, root)
    _refuse_what_is_protected(path, (named, real))
    return real


def opened(path: Path, *, root: Path | None) -> None:
    """Raises PathRefused if the file of a document that an editor has opened may not be edited.

    `root` is the folder that the editor has open. A document outside it is allowed, a link out of it is not.
    """
    named, real = _named(path), _real(path)
    if root is not None and (named.is_relative_to(_named(root)) or named.is_relative_to(_real(root))):
        _refuse_what_is_outside(path.name, real, root)
    _refuse_what_is_protected(path.name, (named, real))


def is_gits_own(path: Path) -> bool:
    """Whether git takes a part of `path` for its own folder, under any name that file systems fold to it."""
    return any(_folded(part) in _GITS for part in path.parts)


def is_protected(path: Path) -> bool:
    """Whether a file is one of a version control system, or usually holds keys; links are not followed."""
    parts = [_folded(part) for part in path.parts]
    return not (_VERSION_CONTROL | _KEY_FOLDERS).isdisjoint(parts) or _holds_keys(parts)


def _refuse_what_is_outside(name: str, real: Path, root: Path) -> None:
    if not real.is_relative_to(_real(root)):
        raise _refused(name, f"leads out of the workspace {root} through a symbolic link")


def _refuse_what_is_protected(name: str, paths: Iterable[Path]) -> None:
    for path in paths:
        parts = [_folded(part) for part in path.parts]
        if not _VERSION_CONTROL.isdisjoint(parts):
            raise _refused(name, "belongs to the version control system, not to the code")
        if not _KEY_FOLDERS.isdisjoint(parts) or _holds_keys(parts):
            raise _refused(name, "is a file that usually holds keys or passwords")


def _refused(name: str, why: str) -> PathRefused:
    return PathRefused(f"{name} {why}.", remedies=(Remedy(Means.ALLOW_PATH, name),))


def _holds_keys(parts: list[str]) -> bool:
    name = parts[-1] if parts else ""
    if name.endswith(_PUBLIC):
        return False
    if _ENVIRONMENT.fullmatch(name):
        return _SAMPLES.isdisjoint(name.split("."))
    return (
        name in _KEY_FILES
        or name.endswith(_KEY_SUFFIXES)
        or tuple(parts[-2:]) in _KEY_PLACES
        or _KEY_NAMES.fullmatch(name) is not None
    )


def _folded(name: str) -> str:
    return _IGNORED.sub("", name).partition(":")[0].rstrip(" .").casefold()


def _named(path: Path) -> Path:
    """The path as it was named, absolute, without ``..``; links are not followed."""
    return Path(os.path.normpath(path))


def _real(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except ValueError as exc:
        raise PathRefused("A path cannot hold a NUL character.") from exc


def work_tree(folder: Path) -> Path | None:
    """The top of the git work tree that `folder` is in."""
    return next((parent for parent in (folder, *folder.parents) if os.path.lexists(parent / ".git")), None)
