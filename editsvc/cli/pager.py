"""Long diffs go through the user's pager, by git's rules.

$GIT_PAGER, else pager.diff or core.pager, else $PAGER, else less; an empty one or cat is none. LESS is FRX and LV is -c
unless they are set. Git's settings are read from the user's and the system's files only: a repository's own might run
anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import Final

from editsvc.cli import looks
from editsvc.system import terminal

_USUAL: Final = "less"
_ENVIRONMENT: Final = {"LESS": "FRX", "LV": "-c"}
_SETTINGS: Final = ("pager.diff", "core.pager")
_NONE: Final = frozenset({"", "cat"})
_SWITCHES: Final = {
    "true": None,
    "yes": None,
    "on": None,
    "1": None,
    "false": "",
    "no": "",
    "off": "",
    "0": "",
}


def wanted(*, usual: bool = True) -> str | None:
    """The pager's command for the shell, if standard output is a terminal and there is a pager; else None.

    Without `usual` only one counts that the user has chosen.
    """
    if not sys.stdout.isatty() or looks.paging_is_off() or not terminal.has_keys():
        return None
    named = next((name for name in ("GIT_PAGER",) if name in os.environ), None)
    found = os.environ[named] if named else _from_git()
    if found is None:
        found = os.environ.get("PAGER")
    if found is None and usual:
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        found = _USUAL if shutil.which(_USUAL) and not dumb else ""
    return None if found is None or found.strip() in _NONE else found


def page(command: str, text: str) -> bool:
    """Show `text` in the pager, and wait for its end; false if it could not be started, and nothing was shown."""
    if command == _USUAL and "LESS" not in os.environ and _fits(text):
        return False  # less would print it and end
    environ = {**_ENVIRONMENT, **os.environ}
    with terminal.interrupts_are_for_others():
        running = subprocess.Popen(  # noqa: S602 - what the user has set is for a shell, as with git
            command, shell=True, stdin=subprocess.PIPE, env=environ
        )
        with suppress(BrokenPipeError):  # whoever reads has seen enough
            running.communicate(text.encode("utf-8", "surrogateescape"))
        running.wait()
    # A shell says so if there is no such program.
    return running.returncode not in {126, 127}


def _fits(text: str) -> bool:
    size = shutil.get_terminal_size()
    lines = text.split("\n")
    return sum(1 + len(line.expandtabs()) // max(size.columns, 1) for line in lines) < size.lines


def _from_git() -> str | None:
    """The pager in git's settings for this user; "" if paging is off there, None if they do not say."""
    git = shutil.which("git")
    if git is None:
        return None
    for name in _SETTINGS:
        for place in ("--global", "--system"):
            done = subprocess.run(  # noqa: S603 - found on the path
                [git, "config", place, "--includes", "--get", name],
                capture_output=True,
                encoding="utf-8",
                errors="surrogateescape",
                stdin=subprocess.DEVNULL,
                check=False,
            )
            value = done.stdout.rstrip("\n")
            if done.returncode:
                continue
            if name == _SETTINGS[0] and value.casefold() in _SWITCHES:
                if _SWITCHES[value.casefold()] == "":
                    return ""
                continue
            return value
    return None
