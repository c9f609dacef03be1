"""The paths of ``file:`` URIs, on this system or another."""

from __future__ import annotations

import re
import sys
from typing import Final
from urllib.parse import unquote, urlsplit

_DRIVE: Final = re.compile(r"/[A-Za-z][:|](?=/|$)")
_LOCAL: Final = frozenset({"", "localhost"})


def file_path(uri: str, *, windows: bool = sys.platform == "win32") -> str:
    r"""The path of a ``file:`` URI; empty for any other URI. A NUL stays in it, and is refused with the path.

    On Windows ``/c%3A/a b`` is ``c:\a b``, and a host is that of a share: ``//host/share``. Elsewhere other hosts than
    this one have no files.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    path = unquote(parts.path, errors="surrogateescape")
    # What follows a ? or a # in a file's name is written as an escape by some editors, and left as it is by others.
    path += f"?{unquote(parts.query)}" if parts.query else ""
    path += f"#{unquote(parts.fragment)}" if parts.fragment else ""
    if parts.scheme != "file" or not path:
        return ""
    if not windows:
        return path if parts.netloc in _LOCAL else ""
    if _DRIVE.match(path):
        path = path[1].lower() + ":" + path[3:]
    elif parts.netloc not in _LOCAL:
        path = f"//{parts.netloc}{path}"
    return path.replace("/", "\\")
