"""Committing what a run has written, and nothing else, by git itself: so its hooks and settings count."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc import figures
from editsvc.cli import output
from editsvc.errors import ExitCode, UsageError
from editsvc.files import workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.cli.outcomes import FileOutcome

_NAMED_AT_MOST: Final = 5
_STAGED: Final = frozenset("MADRCT")
_UNTRACKED: Final = "??"
_IGNORED: Final = "!!"


@dataclass(frozen=True, slots=True)
class Repository:
    """Where is committed; `untracked` are real paths of files that git does not know."""

    top: Path
    untracked: frozenset[Path]
    remarks: tuple[str, ...]


def prepare(paths: Sequence[str]) -> Repository:
    """The repository of these files; raises UsageError if what is written there cannot be committed alone."""
    real = [Path(os.path.realpath(path)) for path in paths]
    tops = {workspace.work_tree(path.parent) for path in real}
    if None in tops:
        outside = next(path for path in real if workspace.work_tree(path.parent) is None)
        raise UsageError(
            f"--commit needs a git repository, and {outside} is in none.",
            hint="Run git init, or leave it out.",
        )
    if len(tops) > 1:
        raise UsageError(
            "--commit makes one commit, and the files are in several repositories.",
            hint="Run it once in each of them.",
        )
    (top,) = tops
    assert top is not None  # noqa: S101 - for mypy
    found = _status(top, real)
    staged = [name for name, code in found.items() if code[0] in _STAGED]
    if staged:
        raise UsageError(
            f"{_named(staged)} {'has' if len(staged) == 1 else 'have'} staged changes, which would go into the commit.",
            hint="Commit or unstage them first.",
        )
    untracked = [name for name, code in found.items() if code in {_UNTRACKED, _IGNORED}]
    changed = [name for name in found if name not in untracked]
    remarks = []
    if changed:
        remarks.append(f"{_named(changed)} had changes before, which go into the same commit.")
    if untracked:
        remarks.append(f"git does not track {_named(untracked)}: what is written there is not committed.")
    return Repository(top, frozenset(top / name for name in untracked), tuple(remarks))


def dirty(paths: Sequence[str]) -> list[str]:
    """The files among these that git has otherwise, if there is a repository and git to ask."""
    real = [Path(os.path.realpath(path)) for path in paths]
    found = []
    try:
        for top in sorted({top for path in real if (top := workspace.work_tree(path.parent)) is not None}):
            found += [name for name, code in _status(top, real).items() if code not in {_UNTRACKED, _IGNORED}]
    except UsageError:
        return []
    return found


def commit(repository: Repository, outcomes: Sequence[FileOutcome], message: str) -> ExitCode:
    """Commit the files that were written; the exit code, and all that git and its hooks say."""
    written = [
        outcome.source.path
        for outcome in outcomes
        if outcome.written and outcome.source is not None and outcome.source.path not in repository.untracked
    ]
    changed = set(_status(repository.top, written)) if written else set()
    names = [name for path in written if (name := _name(repository.top, path)) in changed]
    if not names:
        output.print_message("editsvc: nothing was written that could be committed.")
        return ExitCode.DONE
    # Only these, whatever else is staged; a hook may refuse it.
    done = _git(
        repository.top,
        [
            "commit",
            "--quiet",
            "--only",
            f"--message={message}",
            "--pathspec-from-file=-",
            "--pathspec-file-nul",
        ],
        b"\0".join(map(os.fsencode, names)),
    )
    for line in done.stdout.decode("utf-8", "replace").rstrip().split("\n"):
        if line:
            output.print_message(line)
    if done.returncode:
        output.print_message(
            f"editsvc: git did not make the commit (status {done.returncode}); the files are written all the same."
        )
        return ExitCode.REFUSED
    head = _git(repository.top, ["log", "-1", "--format=%h %s"]).stdout.decode("utf-8", "replace").strip()
    output.print_message(f"editsvc: committed {figures.count(len(names), 'file')}: {head}")
    return ExitCode.DONE


def _status(top: Path, paths: Sequence[Path]) -> dict[str, str]:
    """What git says of those of these files that are not as committed: two letters for each name from the top."""
    names = {_name(top, path) for path in paths if path.is_relative_to(top)}
    done = _git(top, ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignored"])
    if done.returncode:
        raise UsageError(f"git cannot be asked in {top}: {done.stdout.decode('utf-8', 'replace').strip()}")
    lines = [os.fsdecode(line) for line in done.stdout.split(b"\0") if line]
    found = {line[3:]: line[:2] for line in lines}
    # A folder of which nothing is tracked may stand for all that is in it.
    folders = [(name, code) for name, code in found.items() if name.endswith("/")]
    exact = {name: found[name] for name in names if name in found}
    return exact | {
        name: code
        for folder, code in folders
        for name in names
        if name.startswith(folder) and name not in exact
    }


def _name(top: Path, path: Path) -> str:
    return path.relative_to(top).as_posix()


def _git(top: Path, args: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What git did in a work tree: stdout and stderr in one; raises UsageError if there is no git."""
    # Names are names, and no patterns.
    environ = {**os.environ, "GIT_LITERAL_PATHSPECS": "1"}
    try:
        return subprocess.run(  # noqa: S603
            ["git", "-C", str(top), *args],  # noqa: S607 - the user's git
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            check=False,
        )
    except OSError as exc:
        raise UsageError(f"--commit needs git, which cannot be run: {exc.strerror or exc}.") from exc


def _named(names: Sequence[str]) -> str:
    if len(names) > _NAMED_AT_MOST:
        return figures.some(names, _NAMED_AT_MOST)
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
