"""The instructions that were typed at the prompt or in an editor, so that they can be found again.

They are in a file of their own in the data folder, readable only by its owner: one JSON string a line, the oldest
first. Nothing else is ever put there, and the log has none of it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from editsvc.system.files import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "instructions.jsonl"
MOST_KEPT: Final = 1_000
_ROOM: Final = 100  # the file is shortened only when it has so many more
_LONGEST: Final = 10_000  # characters; what is longer is a document, and none that somebody types again


def load(path: Path) -> list[str]:
    """The instructions, the oldest first; what cannot be read is passed over."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return []
    found = []
    for line in lines:
        with suppress(ValueError):  # a line that was half written, or is none of ours
            instruction = json.loads(line)
            if isinstance(instruction, str):
                found.append(instruction)
    return found[-MOST_KEPT:]


def add(path: Path, instruction: str) -> None:
    """Keep `instruction` as the latest one, unless it is so already or begins with a blank; raises OSError."""
    known = load(path)
    if instruction[:1].isspace() or len(instruction) > _LONGEST or known[-1:] == [instruction]:
        return
    make_private_folder(path.parent)
    line = json.dumps(instruction).encode() + b"\n"
    if len(known) >= MOST_KEPT and _lines(path) >= MOST_KEPT + _ROOM:
        _replace(path, [*known[1:], instruction])
        return
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:  # noqa: PTH123 - a descriptor
        file.write(line)  # one write: two commands may add at the same time


def forget(path: Path) -> None:
    """Delete them all; raises OSError."""
    path.unlink(missing_ok=True)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _replace(path: Path, instructions: list[str]) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.writelines(json.dumps(each).encode() + b"\n" for each in instructions)
    beside.replace(path)
