"""The name of a file in a diff, such that ``git apply`` in the same folder changes exactly that file.

The only place that decides this, for both front ends. The behaviour of git, as tested with git 2.39:

- A path without a ``diff --git`` line is taken from the current folder; with that line, from the top of the work tree.
- A path with ``..``, or with ``.git`` in it, is refused, and so is one that leads through a symbolic link. The option
  ``--unsafe-paths`` takes them, and so from any folder also files of other repositories, in one diff with all others.
- With a ``diff --git`` line, a file outside the current folder is skipped silently. So such a file never
  gets that line.
- Without that line, in a folder below the top, git guesses how much of the path to strip: in ``lib``, ``a/lib/x``
  means the file ``x``, not ``lib/x``. So the line is needed there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc.files.workspace import is_gits_own, work_tree

if TYPE_CHECKING:
    from collections.abc import Mapping


OUTSIDE: Final = (
    "The diff leads out of the folder: git apply takes it with --unsafe-paths, and --apply writes "
    "the files without git."
)
"""The remark for a file outside the folder, the same for all of them."""

_ON_ANOTHER_DRIVE: Final = "The diff leads to another drive, where git apply cannot follow: use --apply."


@dataclass(frozen=True, slots=True)
class DiffName:
    """A file's name in a diff: `path` has forward slashes, and is relative to the current folder.

    With `from_top` it is relative to the top of the work tree, and a ``diff --git`` line is needed. `remark` is a
    sentence if ``git apply`` does not take the diff in the current folder.
    """

    path: str
    from_top: bool = False
    remark: str = ""


def diff_name(path: Path, *, here: Path, environ: Mapping[str, str]) -> DiffName:
    """The name of the file that `path` leads to, for a diff that is applied in the folder `here`.

    Links are followed, as when the file is written; the file need not exist.
    """
    real, folder = Path(os.path.realpath(here / path)), Path(os.path.realpath(here))
    try:
        name = Path(os.path.relpath(real, folder)).as_posix()
    except ValueError:  # another drive
        name = real.as_posix()
    if not real.is_relative_to(folder):
        # git refuses a path with .. loudly; a path from the top would be skipped here, or hit another file.
        return DiffName(name, remark=OUTSIDE if name.startswith("../") else _ON_ANOTHER_DRIVE)
    if is_gits_own(Path(name)):
        return DiffName(name, remark=f"git apply does not change files in .git, such as {path}: use --apply.")
    prefix = _prefix(folder, environ)
    if prefix and name.startswith(prefix):
        return DiffName(prefix + name, from_top=True)
    return DiffName(name)


def _prefix(folder: Path, environ: Mapping[str, str]) -> str:
    """The path from the top of git's work tree to `folder`, with a trailing slash; empty at the top, and outside."""
    top = _top(folder, environ)
    if top is None or top == folder or not folder.is_relative_to(top):
        return ""
    return f"{folder.relative_to(top).as_posix()}/"


def _top(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """The top of the work tree that git finds in `folder`: not every ``.git`` is a repository."""
    import pygit2  # noqa: PLC0415 - 20 ms; already loaded if there is a diff

    if named := environ.get("GIT_WORK_TREE"):
        return Path(os.path.realpath(folder / named))
    if "GIT_DIR" in environ:
        return folder
    try:
        found = pygit2.discover_repository(str(folder))
        inside = pygit2.Repository(found).workdir if found else None
    except (pygit2.GitError, KeyError, ValueError):
        return work_tree(folder)
    return Path(os.path.realpath(inside)) if inside else None
