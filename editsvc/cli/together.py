"""The files of a run as the offline engine needs them: a name that one defines is renamed in those that import it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc.cli.instruction import STDIN
from editsvc.errors import EditsvcError
from editsvc.syntax import language_of
from editsvc.text.document import decode, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from editsvc.offline.naming.links import Files

_WITH_HEADERS: Final = frozenset({"c", "cpp"})
_LARGEST: Final = 10_000_000
_MOST_READ: Final = 2_000


def files_of(
    instruction: str,
    paths: Sequence[str],
    at_first: Callable[[str, bytes], bytes] = lambda _path, data: data,
) -> Files | None:
    """The files at `paths`, if the instruction renames something; None if it does not, or if none can be read.

    Beside them, what tells where names come from: the go.mod above a Go file, and the headers that C includes, with
    those that these include. A file that the run has edited already counts as it was: `at_first` tells its bytes then.
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
        text = _text(Path(path), partial(at_first, path)) if path != STDIN else None
        if text is not None:
            texts[_key(Path(path))] = text
    known: dict[str, str] = {}
    seen = set(texts)
    todo = list(texts.items())
    while todo and len(known) < _MOST_READ:
        path, text = todo.pop()
        for near in _near(Path(path), text):
            key = _key(near)
            if key not in seen:
                seen.add(key)
                found = _text(near)
                if found is not None:
                    known[key] = found
                    todo.append((key, found))
    return Files(texts, known) if texts else None


def _near(path: Path, text: str) -> list[Path]:
    if path.suffix == ".go":
        return [folder / "go.mod" for folder in path.parents]
    language = language_of(path.name)
    if language is not None and language.name in _WITH_HEADERS:
        from editsvc.offline.naming.headers import includes

        return [path.parent / written for written in includes(text)]
    return []


def _key(path: Path) -> str:
    # As it is written, so that ".." of an include leads where it does for a compiler.
    import os

    return Path(os.path.normpath(path.absolute())).as_posix()


def _text(path: Path, at_first: Callable[[bytes], bytes] = lambda data: data) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return normalise(decode(at_first(path.read_bytes())).text)
    except (OSError, EditsvcError):
        return None
