"""Small JSON files of hints in the data folder: what they say saves finding it out anew, and nothing depends on it.

Each is replaced whole. Processes that write at the same time may overwrite each other's last word.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from editsvc.files import disk
from editsvc.system.files import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 65_536
"""Bytes of a file that are read, unless it says otherwise."""

T = TypeVar("T")


def read(path: Path, kind: type[T], *, largest: int = LARGEST) -> T | None:
    """What a file holds; None if it is not there, or cannot be used."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(largest), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def write(path: Path, hints: Any, *, for_people: bool = True) -> None:
    """Replace a file, with lines that people can read, or compact; one that cannot be written is left."""
    data = msgspec.json.encode(hints)
    if for_people:
        data = msgspec.json.format(data, indent=2)
    with suppress(OSError):
        make_private_folder(path.parent)
        disk.put(path, data, durable=False)
