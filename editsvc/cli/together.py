"""The files of a run as the offline engine needs them: a name that one defines is renamed in those that import it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc.cli.instruction import STDIN
from editsvc.errors import EditsvcError
from editsvc.text.document import decode, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.offline.naming.links import Files

_INCLUDE: Final = re.compile(r'(?m)^[ \t]*#[ \t]*include[ \t]*"([^"\r\n]+)"')
_WITH_HEADERS: Final = frozenset({".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx"})
_LARGEST: Final = 10_000_000


def files_of(instruction: str, paths: Sequence[str]) -> Files | None:
    """The files at `paths`, if the instruction renames something; None if it does not, or if none can be read.

    Beside them, what tells where names come from: the go.mod above a Go file, and the headers that C includes.
    """
    from editsvc.instruction.commands import Rename
    from editsvc.instruction.reading import readings

    parts = re.split(r"\n[ \t]*\n", instruction)
    if not any(
        isinstance(found.command, Rename) for part in (instruction, *parts) for found in readings(part)
    ):
        return None
    from editsvc.offline.naming.links import Files

    texts: dict[str, str] = {}
    for path in paths:
        text = _text(Path(path)) if path != STDIN else None
        if text is not None:
            texts[_key(Path(path))] = text
    known: dict[str, str] = {}
    for key, text in texts.items():
        for near in _near(Path(key), text):
            if _key(near) not in texts and _key(near) not in known:
                found = _text(near)
                if found is not None:
                    known[_key(near)] = found
    return Files(texts, known) if texts else None


def _near(path: Path, text: str) -> list[Path]:
    if path.suffix == ".go":
        return [folder / "go.mod" for folder in path.parents]
    if path.suffix in _WITH_HEADERS:
        return [path.parent / written for written in _INCLUDE.findall(text)]
    return []


def _key(path: Path) -> str:
    # As it is written, so that ".." of an include leads where it does for a compiler.
    import os

    return Path(os.path.normpath(path.absolute())).as_posix()


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return normalise(decode(path.read_bytes()).text)
    except (OSError, EditsvcError):
        return None
