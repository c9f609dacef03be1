"""The options about which files, and the question before a run of many."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from editsvc import figures
from editsvc.cli import instruction, output
from editsvc.cli.option_group import OptionGroup
from editsvc.cli.usage import completed_by
from editsvc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.files.selection import Selection

ASKED_ABOVE: Final = 20
"""So many files are edited without a question."""
HEAD: Final = "HEAD"
_NAMED_AT_MOST: Final = 5


class Chosen(msgspec.Struct, frozen=True):
    """What the options say about which files."""

    changed: str = ""
    staged: bool = False
    from_file: str | None = None
    types: tuple[str, ...] = ()
    yes: bool = False

    @property
    def names_files(self) -> bool:
        """Whether files need not be named on the command line."""
        return bool(self.changed or self.staged or self.from_file)


options: Final = OptionGroup(Chosen)
"""The options about which files."""

options.add(
    "--changed",
    is_flag=False,
    flag_value=HEAD,
    default="",
    metavar="[REF]",
    help="Edit the files that differ from the last commit, or from where this branch left REF.",
)
options.add("--staged", is_flag=True, help="Edit the files that git add has staged.")
options.add(
    "--from-file",
    metavar="FILE",
    shell_complete=completed_by("files"),
    help="Edit the files that FILE names, one a line or with NUL behind each; - is stdin.",
)
options.add(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    shell_complete=completed_by("types"),
    help="Of folders and patterns, only files of this language, as in py; can be repeated.",
)
options.add("--yes", "-y", is_flag=True, help="Do not ask before many files are edited.")


def select(paths: Sequence[str], chosen: Chosen) -> Selection:
    """The files; raises UsageError for what does not exist or contradicts itself."""
    from editsvc.files.selection import Selection, Wanted, is_plain, is_revision, names_in, select

    here = Path.cwd()
    changed = chosen.changed
    if sum((bool(changed), chosen.staged, chosen.from_file is not None)) > 1:
        raise UsageError(
            "--changed, --staged and --from-file exclude each other.", hint="Choose one of them."
        )
    if changed not in {"", HEAD} and not is_revision(changed, here) and (here / changed).exists():
        # An option may have a value or not: what follows it and is no revision is the first path.
        paths, changed = (changed, *paths), HEAD
    if instruction.STDIN in paths:
        if len(paths) > 1 or chosen.names_files:
            raise UsageError("Standard input (-) is edited alone.", hint="Name only files, or only -.")
        return Selection((instruction.STDIN,))
    if not chosen.names_files and all(map(is_plain, paths)):
        _refuse_twins(paths)
        return Selection(tuple(paths))
    listed = names_in(_list(chosen.from_file)) if chosen.from_file is not None else ()
    wanted = Wanted(tuple(paths), listed, changed, chosen.staged, _fits(chosen.types))
    return select(wanted, here)


def of_files(paths: Sequence[str]) -> Selection:
    """These files, as they were selected before."""
    from editsvc.files.selection import Selection

    return Selection(tuple(paths))


def sizes(paths: Sequence[str]) -> dict[str, int]:
    """The bytes of each file; 0 for what is not there."""
    found = {}
    for path in paths:
        try:
            found[path] = Path(path).stat().st_size
        except (OSError, ValueError):
            found[path] = 0
    return found


def _refuse_twins(paths: Sequence[str]) -> None:
    if len(set(paths)) != len(paths):
        raise UsageError("A file is named twice.", hint="Name each file once.")


def _list(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == instruction.STDIN else Path(name).read_bytes()
    except OSError as exc:
        raise UsageError(
            f"The list of files {name} cannot be read: {exc.strerror or exc}.", hint="Check --from-file."
        ) from exc


def _fits(types: Sequence[str]) -> Callable[[str, bytes], bool] | None:
    """Whether a file is of one of these types: names of languages, or endings of files."""
    if not types:
        return None
    from editsvc import syntax
    from editsvc.nearest import closest

    names, endings = set(), []
    for word in types:
        language = syntax.by_name(word)
        if language is not None:
            names.add(language.name)
        elif word.startswith("."):
            endings.append(word.lower())
        else:
            found = closest(word, [language.name for language in syntax.LANGUAGES])
            hint = f"Did you mean {found}?" if found else "Name a language, or an ending such as .vue."
            raise UsageError(f"There is no type {word!r}.", hint=hint)

    def fits(name: str, head: bytes) -> bool:
        if name.lower().endswith(tuple(endings)):
            return True
        first_line = head.partition(b"\n")[0].decode("utf-8", "replace")
        language = syntax.language_of(name, first_line) if names else None
        return language is not None and language.name in names

    return fits


def say_what_was_left_out(selection: Selection) -> None:
    """One sentence for all of it, and names where somebody may have meant that file."""
    from editsvc.files.selection import SAID_BY_NAME

    counted = [
        f"{len(names):,} {why}" for why, names in selection.left_out.items() if why not in SAID_BY_NAME
    ]
    named = [
        f"{len(names):,} {why} ({figures.some(names, _NAMED_AT_MOST)})"
        for why, names in selection.left_out.items()
        if why in SAID_BY_NAME
    ]
    if counted or named:
        output.print_message(f"editsvc: left out: {', '.join(counted + named)}.")


def confirm(selection: Selection, chosen: Chosen, about: Callable[[], str]) -> None:
    """Ask before many files are edited; raises click.Abort for no, UsageError where nobody can be asked.

    `about` is what can be said about the run beforehand. A script that names each file knows how many there are.
    """
    count = len(selection.files)
    if count <= ASKED_ABOVE or chosen.yes:
        return
    if sys.stdin.isatty() and sys.stderr.isatty():
        output.print_message(about())
        if not click.confirm(f"Edit {figures.count(count, 'file')}?", err=True):
            raise click.Abort
    elif selection.found:
        raise UsageError(
            f"{count:,} files would be edited, and there is no terminal to ask on.",
            hint="Add --yes, or name fewer; --estimate says what it would cost.",
        )
