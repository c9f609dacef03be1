"""``editsvc policy``: shows and resets the learned prediction policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from editsvc.cli import output
from editsvc.cli.usage import CommandGroup
from editsvc.settings import environment

if TYPE_CHECKING:
    from pathlib import Path

    from editsvc.tuning.policy_file import PolicyFile


@click.group(cls=CommandGroup, short_help="Show or reset the learned prediction policy.")
def command() -> None:
    """Show or reset the learned prediction policy; editsvc tune learns it."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(*, as_json: bool) -> int:
    """Show the current policy, and the reasons for its decisions."""
    from editsvc.tuning import POLICY_FILE, policy_file

    folder, enabled = _settings()
    loaded = policy_file.load(folder)
    if loaded.warning:
        output.print_message(f"editsvc: {loaded.warning}")
    if not enabled:
        output.print_message("editsvc: the setting learned_policy is off, so the built-in rule decides.")
    policy = loaded.policy
    if as_json:
        output.write_json(
            {
                "schema": 1,
                "enabled": enabled,
                "path": str(folder / POLICY_FILE),
                "policy": policy_file.to_json(policy) if policy is not None else None,
            }
        )
    elif policy is None:
        click.echo(
            "The built-in rule is in force: a prediction is sent if the model takes one and the text is long enough."
        )
    else:
        output.write_text(policy_file.render(policy))
    return 0


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def history(*, as_json: bool) -> int:
    """List the versions of the policy, the latest first: who made each, and what it changed."""
    from editsvc.tuning import policy_file, tunings

    folder, _ = _settings()
    versions = policy_file.history(folder)
    current = policy_file.load(folder).policy
    in_force = None if current is None else current.version
    known = tunings.load(folder)
    made = {version.version: known.of(version.version) for version in versions}
    if as_json:
        output.write_json(
            {
                "schema": 1,
                "in_force": in_force,
                "versions": [
                    policy_file.to_json(version)
                    | {
                        "by": tuned.by if (tuned := made[version.version]) else None,
                        "changes": list(tuned.changes) if tuned else None,
                    }
                    for version in versions
                ],
            }
        )
        return 0
    for version in versions:
        tuned = made[version.version]
        mark = "  (by itself)" if tuned is not None and tuned.by == tunings.BY_ITSELF else ""
        mark += "  (in force)" if version.version == in_force else ""
        output.write_line(
            f"{version.name:<12} {version.created_at:%Y-%m-%d %H:%M}  {_summary(version)}{mark}"
        )
        for change in tuned.changes if tuned is not None else ():
            output.write_line(f"             {change}")
    if not versions:
        output.print_message(
            "There are no versions yet; editsvc tune creates one when the log holds enough data."
        )
    return 0


@command.command()
def reset() -> int:
    """Restore the built-in rule; earlier versions are kept."""
    from editsvc.tuning import policy_file

    folder, _ = _settings()
    if policy_file.reset(folder):
        output.print_message("The built-in rule is in force again.")
    else:
        output.print_message("The built-in rule is already in force.")
    return 0


def _settings() -> tuple[Path, bool]:
    settings = environment.load().settings
    return environment.data_dir(settings), settings.learned_policy


def _summary(policy: PolicyFile) -> str:
    names = {True: "predict", False: "do not predict", None: "undecided"}
    return ", ".join(
        f"{' '.join(filter(None, (rule.model, rule.scope_kind, rule.size)))}: {names[rule.predict]}"
        for rule in policy.rule
    )
