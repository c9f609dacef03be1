"""``editsvc lsp``: start the language server, which is a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from editsvc.errors import SettingsError


@click.command(
    short_help="Start the language server.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
    options_metavar="[--stdio | --tcp PORT | --ws PORT] [--offline]",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="")
def command(*, arguments: tuple[str, ...]) -> int:
    """Start the language server: editsvc-lsp with the same options.

    Editors start editsvc-lsp themselves; docs/language-server.md tells how.
    """
    # Beside the interpreter, never from PATH or the folder: a workspace could hold a program of that name.
    name = "editsvc-lsp.exe" if os.name == "nt" else "editsvc-lsp"
    program = Path(sys.executable).parent / name
    if not program.exists():
        raise SettingsError(
            f"{program} is missing.", hint="Install editsvc again, for example with pipx reinstall editsvc."
        )
    if os.name == "posix":
        os.execv(program, [str(program), *arguments])  # noqa: S606 - our own program, by its full path
    return subprocess.run([program, *arguments], check=False).returncode  # noqa: S603 - same
