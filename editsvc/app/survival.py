"""What became of applied edits about which nobody said a word: those that still stood a day later have survived.

The undo journal knows which bytes an edit left; git tells whether a file is somebody's work, and what was committed.
Where there is no git, a file that nobody touched may as well be one that nobody looked at.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc.errors import EditsvcError
from editsvc.files import undo
from editsvc.files.journal import digest
from editsvc.settings import environment

if TYPE_CHECKING:
    from datetime import datetime

    from pygit2 import Repository

    from editsvc.settings.schema import Settings
    from editsvc.tokenlog import TokenLog

A_DAY: Final = timedelta(days=1)


def note_survivors(settings: Settings, log: TokenLog, now: datetime) -> int:
    """Log which applied edits still stand after a day; returns their number, and never raises."""
    noted = 0
    with suppress(EditsvcError, OSError):
        for run in undo.runs(environment.data_dir(settings) / undo.FOLDER):
            if now - run.at < A_DAY:
                continue
            for entry in run.entries:
                if entry.edit is not None and survived(entry):
                    noted += log.set_survived(entry.edit, entry.hunks)
    return noted


def survived(entry: undo.Entry) -> bool:
    """Whether git can tell that the file is, or was committed, as the edit wrote it."""
    import pygit2  # noqa: PLC0415 - 20 ms, for those who have applied something

    try:
        place = pygit2.discover_repository(str(entry.path.parent))
        if place is None:
            return False
        repository = pygit2.Repository(place)
        name = _name(repository, entry.path)
        if name is None:
            return False
        committed = repository.revparse_single("HEAD").peel(pygit2.Tree)[name]
    except (KeyError, ValueError, pygit2.GitError):
        return False  # nothing is committed, or not this file
    if isinstance(committed, pygit2.Blob) and digest(committed.data) == entry.after:
        return True
    return undo.state(entry) is undo.FileState.APPLIED


def _name(repository: Repository, path: Path) -> str | None:
    """The name of a file within its work tree."""
    if repository.is_bare:
        return None
    root = Path(repository.workdir).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None
