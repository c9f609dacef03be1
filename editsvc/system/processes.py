"""Other programs: where they are found, how they are started, and how a command is written down."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

if sys.platform == "win32":
    PROGRAM_SUFFIX: Final = ".exe"
    NO_WINDOW: Final = subprocess.CREATE_NO_WINDOW  # an editor has no console, and would see one open
else:
    PROGRAM_SUFFIX: Final = ""
    NO_WINDOW: Final = 0

_USUAL_EXTENSIONS: Final = ".COM;.EXE;.BAT;.CMD"


def become(program: Path, arguments: Sequence[str]) -> int:  # noqa: RET503 - execv does not return
    """Go on as `program`; where a process cannot do that, the exit code of a child that does."""
    words = [str(program), *arguments]
    if sys.platform == "win32":
        return subprocess.run(words, check=False).returncode  # noqa: S603 - our own program, by its full path
    os.execv(program, words)  # noqa: S606 - same


def command_line(words: Sequence[str]) -> str:
    """`words` as a command to paste into the shell of this system."""
    import shlex  # noqa: PLC0415 - only who tells a command needs it

    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def found_program(name: str, environ: Mapping[str, str]) -> str:
    """What to start for the program `name`; raises FileNotFoundError.

    Windows looks into the current folder first, which may be somebody else's workspace: so it is not asked.
    """
    return on_windows_path(name, environ, os.path.isfile) if sys.platform == "win32" else name


def on_windows_path(name: str, environ: Mapping[str, str], is_file: Callable[[str], bool]) -> str:
    """The file of a program in the folders of PATH, as a shell of Windows finds it; raises FileNotFoundError.

    A name with a folder is taken as it is. Relative folders of PATH count as none.
    """
    if PureWindowsPath(name).parent.name or PureWindowsPath(name).anchor:
        return name
    extensions = (environ.get("PATHEXT") or _USUAL_EXTENSIONS).split(";")
    names = [name] if PureWindowsPath(name).suffix.upper() in map(str.upper, extensions) else []
    names += [name + extension for extension in extensions if extension]
    for folder in filter(None, environ.get("PATH", "").split(";")):
        place = PureWindowsPath(folder.strip('"'))
        if place.is_absolute():
            for candidate in names:
                if is_file(str(place / candidate)):
                    return str(place / candidate)
    raise FileNotFoundError(2, "it is in no folder of PATH", name)
