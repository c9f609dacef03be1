"""The command line: data on stdout, everything for people on stderr.

A process may hand its command to one that is ready (`editsvc.cli.handover`); before that, nothing is loaded.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from editsvc import late

if TYPE_CHECKING:
    import click

    from editsvc.cli.group import COMMANDS, command
else:
    __getattr__ = late.names(__name__, {"group": ("COMMANDS", "command")})

__all__ = ["COMMANDS", "command", "main"]


def main(args: list[str] | None = None, *, group: click.Command | None = None) -> None:
    """Run the command line, here or in a process that is ready, and exit; `args` are those of the process if None."""
    if sys.platform == "linux" and args is None and group is None:
        from editsvc.cli.handover import hand_over

        hand_over()
    from editsvc.cli.group import command, run

    run(args, command if group is None else group)
