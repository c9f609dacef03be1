"""``editsvc tune``: learn from the log when a prediction pays."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from editsvc.cli import output
from editsvc.errors import UsageError
from editsvc.settings import environment


@click.command(
    short_help="Learn from the log when a prediction pays.",
    epilog="""\b
Examples:
  editsvc tune --dry-run
  editsvc tune --since 30d
  editsvc policy show""",
)
@click.option(
    "--since", default="90d", show_default=True, help="How far back: hours (12h), days (90d), a date, or all."
)
@click.option("--dry-run", is_flag=True, help="Show what would be decided, and change nothing.")
@click.option("--auto", is_flag=True, help="Tune only if the setting auto_tune says that it is time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, since: str, dry_run: bool, auto: bool, as_json: bool) -> int:
    """Learn from the log when a prediction pays, and act on it from now on.

    Shows for each model the evidence with 95 % intervals, the decision, and what would change it. Time saved is
    weighed against the price of rejected tokens by the settings value_of_time and objective.

    With the setting auto_tune, editsvc does so by itself after so many requests, in the background after an edit;
    --auto is the same for a scheduler, and says one line.
    """
    if auto:
        return _by_itself(dry_run=dry_run, as_json=as_json)
    from editsvc.app.composition import open_log
    from editsvc.app.tuning import consider_all, put_in_force
    from editsvc.report import parse_since
    from editsvc.tuning import policy_file, sentences, tunings
    from editsvc.tuning.serialise import to_json
    from editsvc.zones import local

    resolved = environment.load()
    settings = resolved.settings
    for warning in resolved.warnings:
        output.print_message(f"editsvc: {warning}")
    now = datetime.now(UTC)
    start = parse_since(since, now, environment.zone(settings))
    folder = environment.data_dir(settings)
    with open_log(settings) as log:
        found, considered = consider_all(settings, log, now, since=start)
        logged = log.status()["count"]
    if considered.warning:
        output.print_message(f"editsvc: {considered.warning}")
    place = None
    if not dry_run:
        tunings.begun(folder, at=now.timestamp(), requests=logged)
        place = put_in_force(considered, folder, now=now, by=tunings.BY_HAND)
    proposed = considered.proposed
    in_force = considered.standing if proposed is None or dry_run else proposed
    if as_json:
        output.write_json(
            {
                **to_json(found),
                "policy": in_force.name if in_force is not None else None,
                "proposed": policy_file.to_json(proposed) if proposed is not None else None,
                "written": place is not None,
                "dry_run": dry_run,
            }
        )
    else:
        output.write_text(
            sentences.text(found, f"since {local(start, log.zone):%Y-%m-%d}" if start else "in all")
        )
        click.echo()
        stays = in_force.name if in_force is not None else "the built-in rule"
        if proposed is None:
            click.echo(f"Nothing changes: {stays} stays in force.")
        elif place is None:
            click.echo(f"This would become {proposed.name}; {stays} stays in force (--dry-run).")
        else:
            click.echo(f"{proposed.name} is in force: {place}")
    if not settings.learned_policy:
        output.print_message(
            "editsvc: the setting learned_policy is off, so the built-in rule decides all the same."
        )
    return 0


def _by_itself(*, dry_run: bool, as_json: bool) -> int:
    from editsvc.app.composition import open_log
    from editsvc.app.tuning import AutoTuning, consider

    settings = environment.load().settings
    if not settings.auto_tune:
        raise UsageError(
            "The setting auto_tune is 0, so editsvc does not tune by itself.",
            hint="editsvc config set auto_tune 200 tunes after every 200 requests; editsvc tune tunes now.",
        )
    if not settings.log_enabled:
        raise UsageError("There is no log to learn from: the setting log_enabled is off.")
    with open_log(settings) as log:
        tuning = AutoTuning(settings, log, lambda: datetime.now(UTC))
        left = max(0, tuning.left())
        found = None
        if not left:
            found = consider(settings, log, datetime.now(UTC)) if dry_run else tuning.tune()
    changes = [] if found is None else found.changes
    if as_json:
        output.write_json(
            {
                "schema": 1,
                "requests_left": left,
                "tuned": found is not None and not dry_run,
                "changes": changes,
                "policy": found.proposed.name if found is not None and found.proposed is not None else None,
            }
        )
        return 0
    if left:
        click.echo(f"Not yet: {left:,} of {settings.auto_tune:,} requests are still to come.")
    elif found is None:
        click.echo("Another process is tuning.")
    elif found.proposed is None:
        click.echo("Nothing changes.")
    else:
        name = f"This would become {found.proposed.name}" if dry_run else f"{found.proposed.name} is in force"
        click.echo(f"{name}: {'; '.join(changes)}.")
    return 0
