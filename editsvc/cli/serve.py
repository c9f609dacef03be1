"""``editsvc serve``: a process that has loaded everything, and forks for each command that is handed to it."""

from __future__ import annotations

import sys

import click

from editsvc.errors import SettingsError


@click.command(short_help="Stay ready, so that rewrite starts at once.")
def command() -> int:
    """Stay ready, so that rewrite starts at once: a command that is started meanwhile is handed to this process.

    Every command runs in a process of its own, which has loaded everything when it begins, and with the arguments, the
    folder, the environment and the terminal of the command that was typed. Only this user's commands are taken, and
    only those of the same installation; all others, and those that ask you something, run as usual. Linux only.
    """
    if sys.platform == "linux":
        from editsvc.cli.ready import serve

        return serve()
    raise SettingsError("serve needs Linux; elsewhere every command starts by itself.")
