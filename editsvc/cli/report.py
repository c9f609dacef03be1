"""``editsvc report``: what the log says."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from editsvc import environment
from editsvc.cli import output


@click.command(
    short_help="Tell what the predictions were worth.",
    epilog="""\b
Examples:
  editsvc report
  editsvc report --since 7d --by model,language
  editsvc report --since 2026-11-01 --format json""",
)
@click.option(
    "--since", default="28d", show_default=True, help="From when on: hours (12h), days (28d), a date, or all."
)
@click.option(
    "--by", default="", metavar="NAME,…", help="Group by model, provider, language, status, source, day, …"
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(*, since: str, by: str, form: str) -> int:
    """Tell what the predictions were worth: acceptance, coverage, tokens, cost, latency.

    Three rates are kept apart: how many predicted tokens the server accepted, how much of the reply they
    made up, and how many edits were kept by their users.
    """
    from editsvc.app import open_log
    from editsvc.report import aggregate, parse_since, to_json

    settings = environment.load().settings
    start = parse_since(since, datetime.now(UTC))
    with open_log(settings) as log:
        report = aggregate(
            log.records(start), by=[name.strip() for name in by.split(",") if name.strip()], since=start
        )
    if form == "json":
        output.write_json(to_json(report))
        return 0
    from rich.console import Console

    from editsvc.report.table import to_table

    Console(highlight=False).print(to_table(report))
    return 0
