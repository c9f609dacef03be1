"""``editsvc lsp``: start the language server, which is a program of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from editsvc.errors import SettingsError, UsageError
from editsvc.system import processes


@click.command(short_help="Start the language server.")
@click.option("--stdio", is_flag=True, help="Talk over standard input and output (the default).")
@click.option("--tcp", type=int, metavar="PORT", help="Listen on a loopback port; 0 takes a free one.")
@click.option("--ws", type=int, metavar="PORT", help="The same for WebSocket clients.")
@click.option("--offline", is_flag=True, help="Use the offline engine, even if there is an API key.")
@click.option("--settings-schema", is_flag=True, help="Print the JSON Schema of the editor settings.")
@click.option("--version", is_flag=True, help="Show the version and exit.")
def command(*, tcp: int | None, ws: int | None, **flags: bool) -> int:
    """Start the language server: editsvc-lsp with the same options.

    Editors start editsvc-lsp themselves; docs/language-server.md explains how.
    """
    if flags["stdio"] + (tcp is not None) + (ws is not None) > 1:
        raise UsageError("--stdio, --tcp and --ws exclude each other.", hint="Use one of them.")
    arguments = [f"--{name.replace('_', '-')}" for name, given in flags.items() if given]
    for name, port in (("--tcp", tcp), ("--ws", ws)):
        if port is not None:
            arguments += [name, str(port)]
    # Beside the interpreter, never from PATH or the folder: a workspace could hold a program of that name.
    program = Path(sys.executable).parent / f"editsvc-lsp{processes.PROGRAM_SUFFIX}"
    if not program.exists():
        raise SettingsError(
            f"{program} is missing.", hint="Install editsvc again, in the way that it was installed."
        )
    return processes.become(program, arguments)
