"""Which files a command is about: files, folders, patterns, what git says has changed, and lists.

A file that is named is taken, whatever it is: if it cannot be edited, its user wants to know why. In folders and by
patterns files are *found*, and what nobody means by a folder is left out and counted: what git ignores (unless it is
tracked all the same), hidden files and folders, links, what tools make, keys, repositories within a repository, and
what is binary or very long. Nothing here prints or asks.
"""

from __future__ import annotations

import fnmatch
import os
import stat
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editsvc.errors import UsageError
from editsvc.files import workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LARGEST: Final = 1_000_000
"""Bytes of a file that is found; longer ones are rarely written by hand. A file that is named may have more."""

_HEAD: Final = 8_000  # what git looks at to tell whether a file is binary
_MAGIC: Final = frozenset("*?[")
_ANY_DEPTH: Final = "**"
_GIT: Final = ".git"
# What tools make, or bring along, and nobody edits. Within a repository .gitignore says so, except for the first ones.
_NEVER_WRITTEN: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_MADE_FOLDERS: Final = _NEVER_WRITTEN | {
    *("bower_components", "build", "dist", "out", "target", "third_party", "vendor", "vendored"),
    *("coverage", "env", "htmlcov", "venv"),
}
_MADE_FILES: Final = frozenset(
    {
        *(
            "Cargo.lock",
            "Gemfile.lock",
            "Pipfile.lock",
            "composer.lock",
            "flake.lock",
            "mix.lock",
            "pdm.lock",
        ),
        *(
            "bun.lock",
            "bun.lockb",
            "deno.lock",
            "go.sum",
            "go.work.sum",
            "gradle.lockfile",
            "npm-shrinkwrap.json",
        ),
        *(
            "package-lock.json",
            "packages.lock.json",
            "pnpm-lock.yaml",
            "poetry.lock",
            "pubspec.lock",
            "uv.lock",
        ),
        *("Package.resolved", "Podfile.lock", "yarn.lock"),
    }
)
_MADE_ENDINGS: Final = (".min.js", ".min.mjs", ".min.css", ".js.map", ".mjs.map", ".css.map")


class Skipped(StrEnum):
    """Why something that was found is left out, in words for behind its number."""

    IGNORED = "ignored by git"
    HIDDEN = "hidden"
    MADE = "made or brought along by tools"
    LINK = "symbolic links"
    NESTED = "other repositories"
    KEYS = "that usually hold keys"
    BINARY = "binary"
    LARGE = f"longer than {LARGEST:,} bytes"
    NO_FILE = "not regular files"


SAID_BY_NAME: Final = frozenset({Skipped.KEYS, Skipped.BINARY, Skipped.LARGE, Skipped.NESTED})
"""Of these a user may have meant one, so that they are named."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asks for, as it was typed.

    `paths` are files, folders and patterns; `listed` files and folders that a list names. `changed` is a revision (""
    for none: not asked), and `staged` what is in the index: then `paths` are where to look. `fits` says of a file that
    was found, by its name and its first bytes, whether it is of a type that is wanted.
    """

    paths: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    changed: str = ""
    staged: bool = False
    fits: Callable[[str, bytes], bool] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The files, as a user in the same folder would write them, each once.

    They are in the order of what names them, and within that in the order of their names. `found` of them were not
    named. `left_out` has what was left out, a folder as one, under the reason.
    """

    files: tuple[str, ...]
    found: int = 0
    left_out: Mapping[Skipped, Sequence[str]] = field(default_factory=dict)


def is_plain(path: str) -> bool:
    """Whether `path` names one file, or nothing that is there: no folder, and no pattern."""
    return not os.path.isdir(path) and not _is_pattern(path)  # noqa: PTH112 - as it was typed


def names_in(data: bytes) -> tuple[str, ...]:
    """The names in a list: one a line, or with NUL characters behind them, as from ``git ls-files -z``."""
    parts = data.split(b"\0") if b"\0" in data else data.replace(b"\r\n", b"\n").split(b"\n")
    return tuple(os.fsdecode(part) for part in parts if part.strip())


def select(wanted: Wanted, here: Path) -> Selection:
    """The files that are wanted by somebody in the folder `here`.

    Raises UsageError for what does not exist or contradicts itself, PathRefused for a folder out of the workspace.
    """
    search = _Search(wanted, here)
    if wanted.changed or wanted.staged:
        search.take_what_git_names()
    else:
        for path in (*wanted.paths, *wanted.listed):
            search.take(path)
    return Selection(tuple(search.files.values()), search.found, search.left_out)


class _Search:
    """What was taken and left out until now."""

    def __init__(self, wanted: Wanted, here: Path) -> None:
        self._wanted = wanted
        self._here = here
        self.files: dict[str, str] = {}  # absolute path → as it is shown
        self.found = 0
        self.left_out: dict[Skipped, list[str]] = {}

    def take(self, path: str) -> None:
        """Take what `path` names."""
        place = self._absolute(path)
        if os.path.isdir(place):  # noqa: PTH112 - a text is cheaper
            self._may_lead_there(path, place)
            self._take_all(path, place, _everything)
        elif _is_pattern(place):
            base, pattern = _divided(path)
            within = self._absolute(base or os.curdir)
            self._may_lead_there(path, within)
            if not self._take_all(base, within, pattern):
                raise UsageError(f"No file matches {path}.", hint="What git ignores is not looked at.")
        else:
            self._add(path, place, found=False)

    def take_what_git_names(self) -> None:
        """Take what has changed, as far as it is where the user says."""
        tree = _tree_at(self._here)
        if tree is None:
            raise UsageError(
                f"git knows what has changed in a repository, and {self._here} is in none.",
                hint="Name the files instead.",
            )
        places = [self._where(path) for path in self._wanted.paths]
        inside = tree.staged() if self._wanted.staged else tree.changed(self._wanted.changed)
        for name in sorted(inside, key=_order):
            place = os.path.join(tree.top, *name.split("/"))  # noqa: PTH118
            if os.path.lexists(place) and (not places or any(covers(place) for covers in places)):
                self._judge(os.path.relpath(place, os.path.realpath(self._here)), place)

    def _where(self, path: str) -> Callable[[str], bool]:
        """Whether a place is in what `path` names; raises UsageError if there is no such path."""
        place = os.path.realpath(self._absolute(path))
        if not os.path.lexists(place) and _is_pattern(place):
            base, pattern = _divided(path)
            top = os.path.realpath(self._absolute(base or os.curdir))
            return lambda found: _below(found, top) and pattern.matches(_parts(os.path.relpath(found, top)))
        if not os.path.lexists(place):
            raise UsageError(
                f"There is no file or folder {path}.", hint="Nor is it a revision that git knows."
            )
        return lambda found: found == place or _below(found, place)

    def _absolute(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._here, path))  # noqa: PTH118 - links stay as they are

    def _may_lead_there(self, path: str, place: str) -> None:
        """Raises PathRefused for a folder outside the workspace: each of its files would be."""
        try:
            workspace.typed(
                place if Path(path).is_absolute() else os.path.relpath(place, self._here), here=self._here
            )
        except workspace.PathRefused as exc:
            raise workspace.PathRefused(
                exc.message, hint="Name its files, or write its path from the root."
            ) from exc

    def _take_all(self, shown: str, top: str, pattern: _Pattern) -> int:
        """Take what is found below a folder; how many files were that, or are there already."""
        count = 0
        for path, place in self._walk("" if shown == os.curdir else shown, top, pattern):
            count += self._judge(path, place)
        return count

    def _walk(self, shown: str, top: str, pattern: _Pattern) -> Iterator[tuple[str, str]]:
        """The files below a folder that are not left out by their names, in order."""
        waiting: list[tuple[str, str, tuple[str, ...], _Tree | None]] = [
            (shown, top, (), _tree_at(Path(top)))
        ]
        while waiting:
            shown, folder, above, tree = waiting.pop()
            folders = []
            for entry in _entries(folder):
                path, parts = os.path.join(shown, entry.name), (*above, entry.name)  # noqa: PTH118
                is_folder = entry.is_dir(follow_symlinks=False)
                if not (pattern.leads_to(parts) if is_folder else pattern.matches(parts)):
                    continue
                why = _unmeant(entry, tree, is_folder=is_folder, hidden=pattern.names_hidden)
                if why is not None:
                    if entry.name != _GIT:
                        self._leave_out(why, path + os.sep if is_folder else path)
                elif is_folder:
                    own = tree if tree is not None else _own_tree(entry.path)
                    folders.append((path, entry.path, parts, own))
                else:
                    yield path, entry.path
            waiting += reversed(folders)

    def _judge(self, path: str, place: str) -> bool:
        """Take a file that was found, unless what it is or has in it speaks against that."""
        try:
            status = os.lstat(place)
            if stat.S_ISLNK(status.st_mode):
                return self._leave_out(Skipped.LINK, path)
            if not stat.S_ISREG(status.st_mode):
                return self._leave_out(Skipped.NO_FILE, path)
            name = os.path.basename(place)  # noqa: PTH119
            if name in _MADE_FILES or name.endswith(_MADE_ENDINGS):
                return self._leave_out(Skipped.MADE, path)
            with open(place, "rb") as file:  # noqa: PTH123
                head = file.read(_HEAD)
        except OSError:  # it is for whoever edits it to say why
            return self._add(path, place, found=True)
        if self._wanted.fits is not None and not self._wanted.fits(name, head):
            return False
        if workspace.is_protected(Path(place)):
            return self._leave_out(Skipped.KEYS, path)
        if b"\0" in head:
            return self._leave_out(Skipped.BINARY, path)
        if status.st_size > LARGEST:
            return self._leave_out(Skipped.LARGE, path)
        return self._add(path, place, found=True)

    def _add(self, path: str, place: str, *, found: bool) -> bool:
        if place not in self.files:
            self.files[place] = path
            self.found += found
        return True

    def _leave_out(self, why: Skipped, path: str) -> bool:
        self.left_out.setdefault(why, []).append(path)
        return False


# --- what is not meant by a folder ------------------------------------------------------------------------------------


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _unmeant(entry: os.DirEntry[str], tree: _Tree | None, *, is_folder: bool, hidden: bool) -> Skipped | None:
    """Why a file or folder is left out by its name and place alone; None if it is not."""
    if entry.is_symlink():
        return Skipped.LINK
    if entry.name == _GIT or (entry.name.startswith(".") and not hidden):
        return Skipped.HIDDEN
    if is_folder and tree is not None and os.path.lexists(os.path.join(entry.path, _GIT)):  # noqa: PTH118
        return Skipped.NESTED
    if tree is not None and tree.tracks(entry.path, is_folder=is_folder):
        return None
    if tree is not None and tree.ignores(entry.path, is_folder=is_folder):
        return Skipped.IGNORED
    if is_folder and entry.name in (_MADE_FOLDERS if tree is None else _NEVER_WRITTEN):
        return Skipped.MADE
    return None


# --- patterns ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern in parts between slashes; ``**`` stands for any number of folders. No parts match everything."""

    parts: tuple[str, ...] = ()

    @property
    def names_hidden(self) -> bool:
        """Whether it is about what is hidden."""
        return any(part.startswith(".") for part in self.parts)

    def matches(self, parts: Sequence[str]) -> bool:
        """Whether it is that of a file, or of a folder above it."""
        return not self.parts or any(
            _match(self.parts, parts[:end], whole=True) for end in range(1, len(parts) + 1)
        )

    def leads_to(self, parts: Sequence[str]) -> bool:
        """Whether something below that folder can match."""
        return self.matches(parts) or _match(self.parts, parts, whole=False)


_everything: Final = _Pattern()


def _match(pattern: Sequence[str], parts: Sequence[str], *, whole: bool) -> bool:
    if not parts:
        return not whole or all(part == _ANY_DEPTH for part in pattern)
    if not pattern:
        return False
    if pattern[0] == _ANY_DEPTH:
        return not whole or _match(pattern[1:], parts, whole=whole) or _match(pattern, parts[1:], whole=whole)
    first = fnmatch.fnmatchcase(os.path.normcase(parts[0]), os.path.normcase(pattern[0]))
    return first and _match(pattern[1:], parts[1:], whole=whole)


def _is_pattern(path: str) -> bool:
    return not _MAGIC.isdisjoint(path) and not os.path.lexists(path)


def _divided(path: str) -> tuple[str, _Pattern]:
    """The folder that a pattern begins with, as it was typed, and the rest."""
    parts = _parts(path)
    first = next(at for at, part in enumerate(parts) if not _MAGIC.isdisjoint(part))
    base = os.path.join(*parts[:first]) if first else ""  # noqa: PTH118
    return (os.sep + base if path.startswith(os.sep) else base), _Pattern(parts[first:])


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.replace(os.sep, "/").split("/") if part and part != os.curdir)


def _below(place: str, folder: str) -> bool:
    return place.startswith(folder.rstrip(os.sep) + os.sep)


def _order(name: str) -> list[str]:
    return name.split("/")


# --- git --------------------------------------------------------------------------------------------------------------


class _Tree:
    """A work tree of git, and what git says about it."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository
        self.top = os.path.realpath(repository.workdir)
        self._index: list[str] | None = None

    def tracks(self, place: str, *, is_folder: bool) -> bool:
        """Whether git has that file, or one in that folder."""
        name = self._name(place)
        index = self._tracked()
        at = bisect_left(index, f"{name}/" if is_folder else name)
        return at < len(index) and (index[at].startswith(f"{name}/") if is_folder else index[at] == name)

    def ignores(self, place: str, *, is_folder: bool) -> bool:
        """Whether .gitignore and its like say that nobody wants it."""
        name = self._name(place)
        try:
            return bool(self._repository.path_is_ignored(f"{name}/" if is_folder else name))
        except (UnicodeError, ValueError):  # a name that is not UTF-8
            return False

    def staged(self) -> list[str]:
        """What the index has, and the last commit has not, or has otherwise."""
        if self._repository.head_is_unborn:
            return self._tracked()
        return _names(self._repository.index.diff_to_tree(self._repository.head.peel().tree))

    def changed(self, revision: str) -> list[str]:
        """What is other than where the branch left `revision`, and what is new; raises UsageError."""
        import pygit2  # noqa: PLC0415 - 20 ms

        new = pygit2.enums.DiffOption.INCLUDE_UNTRACKED | pygit2.enums.DiffOption.RECURSE_UNTRACKED_DIRS
        if self._repository.head_is_unborn:
            found = self._repository.index.diff_to_workdir(flags=new)
            return sorted({*self._tracked(), *_names(found)})
        commit = self.commit(revision)
        base = self._repository.merge_base(commit.id, self._repository.head.peel().id)
        tree = (self._repository[base] if base is not None else commit).tree
        return sorted({*_names(tree.diff_to_workdir(new)), *self.staged()})

    def commit(self, revision: str) -> Any:
        """The commit that git takes `revision` for; raises UsageError."""
        import pygit2  # noqa: PLC0415

        try:
            return self._repository.revparse_single(revision).peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError) as exc:
            raise UsageError(
                f"git knows no commit {revision}.",
                hint="Name a branch, a tag or a commit.",
            ) from exc

    def _tracked(self) -> list[str]:
        if self._index is None:
            names = []
            index = self._repository.index
            for number in range(len(index)):
                try:
                    names.append(index[number].path)
                except UnicodeError:
                    continue
            self._index = sorted(names)
        return self._index

    def _name(self, place: str) -> str:
        return os.path.relpath(place, self.top).replace(os.sep, "/")


def is_revision(word: str, here: Path) -> bool:
    """Whether git takes `word` for a commit, in the repository of the folder `here`."""
    tree = _tree_at(here)
    if tree is None:
        return False
    try:
        tree.commit(word)
    except UsageError:
        return False
    return True


def _names(diff: Any) -> list[str]:
    """The files of a diff that are there, without submodules."""
    import pygit2  # noqa: PLC0415

    sides = [delta.new_file for delta in diff.deltas if delta.status is not pygit2.enums.DeltaStatus.DELETED]
    return [os.fsdecode(side.raw_path) for side in sides if side.mode != pygit2.enums.FileMode.COMMIT]


def _tree_at(folder: Path) -> _Tree | None:
    """The work tree that git finds in `folder`."""
    import pygit2  # noqa: PLC0415

    try:
        found = pygit2.discover_repository(str(folder))
        repository = pygit2.Repository(found) if found else None
    except (pygit2.GitError, KeyError, ValueError):
        return None
    return _Tree(repository) if repository is not None and repository.workdir else None


def _own_tree(folder: str) -> _Tree | None:
    """The work tree whose top `folder` is."""
    return _tree_at(Path(folder)) if os.path.lexists(os.path.join(folder, _GIT)) else None  # noqa: PTH118
