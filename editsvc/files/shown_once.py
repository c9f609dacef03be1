"""The warnings that were already shown: nobody reads one that comes with every edit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from editsvc.system.files import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path


class ShownOnce:
    """One empty file for each warning, so that several processes agree without a lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: set[str] = set()

    def first_time(self, key: str) -> bool:
        """True the first time that this installation asks about `key`; at least once a process if it cannot write."""
        if key in self._told:
            return False
        self._told.add(key)
        try:
            make_private_folder(self._folder)
            (self._folder / re.sub(r"[^\w.-]", "_", key)).touch(exist_ok=False)
        except FileExistsError:
            return False
        except OSError:
            return True
        return True
