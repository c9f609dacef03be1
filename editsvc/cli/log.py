"""``editsvc log``: the record of requests, and how to be rid of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from editsvc.cli import output
from editsvc.cli.usage import CommandGroup
from editsvc.errors import UsageError
from editsvc.settings import environment

if TYPE_CHECKING:
    from editsvc.tokenlog import TokenLog


@click.group(cls=CommandGroup, short_help="Show, export and purge the log of requests.")
def command() -> None:
    """Show, export and purge the log of requests: numbers and names, never code, instructions or paths."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(*, as_json: bool) -> int:
    """Show where the log is and what it holds."""
    with _log() as log:
        found = log.status()
    if as_json:
        output.write_json({"schema": 1, **found})
    else:
        width = max(map(len, found))
        for name, value in found.items():
            output.write_line(f"{name:<{width}}  {'-' if value is None else value}")
    return 0


@command.command()
def path() -> int:
    """Print where the log is."""
    place = environment.log_place(environment.load().settings)
    if isinstance(place, str):
        with _log() as log:
            output.write_line(log.status()["url"])  # without a password
    else:
        output.write_line(str(place))
    return 0


@command.command()
@click.option("--since", default="all", show_default=True, help="How far back: 12h, 28d, a date, or all.")
def export(*, since: str) -> int:
    """Print the records as JSON lines."""
    from editsvc.report import parse_since

    with _log() as log:
        start = parse_since(since, datetime.now(UTC), log.zone)
        for record in log.export(start):
            output.write_json(record, indent=-1)
    return 0


@command.command()
@click.argument("path", default=".")
def names(*, path: str) -> int:
    """Print what the log calls the repository at PATH, and you.

    Reports by repository and by user show these. Nothing is logged by them unless log_repository and log_user are on.
    """
    from pathlib import Path

    from editsvc.app.names import Names

    found = Names(environment.load().settings).of(str(Path(path).absolute() / "file"))
    output.write_line(f"repository  {found.repository}")
    output.write_line(f"user        {found.user}")
    return 0


@command.command()
@click.option("--before", metavar="WHEN", help="Only records older than this: 90d, or a date.")
@click.option("--all", "everything", is_flag=True, help="Everything.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(*, before: str | None, everything: bool, yes: bool) -> int:
    """Delete records for good."""
    from editsvc.report import parse_since
    from editsvc.zones import local

    if (before is None) == (not everything):
        raise UsageError("Say which records are to go.", hint="Use --before 90d, or --all.")
    zone = environment.zone(environment.load().settings)
    limit = parse_since(before, datetime.now(UTC), zone) if before else None
    if before and limit is None:
        raise UsageError("--before takes a time.", hint="Use --all to delete everything.")
    if not yes:
        what = f"the records before {local(limit, zone):%Y-%m-%d %H:%M}" if limit else "every record"
        click.confirm(
            f"Delete {what}?",
            abort=True,
            err=True,
        )
    with _log() as log:
        count = log.purge(before=limit, everything=everything)
    output.print_message(f"{count} record{'s' if count != 1 else ''} deleted.")
    return 0


def _log() -> TokenLog:
    from editsvc.app.composition import open_log

    return open_log(environment.load().settings)
