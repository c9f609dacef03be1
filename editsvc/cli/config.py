"""``editsvc config``: the settings in force, and where each comes from."""

from __future__ import annotations

import os
from typing import Any

import click
import msgspec

from editsvc import environment
from editsvc.cli import output
from editsvc.cli.usage import Group
from editsvc.config import json_schema, shown


@click.group(cls=Group, short_help="Show the settings in force.")
def command() -> None:
    """Show the settings in force."""


@command.command()
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(*, origin: bool, as_json: bool) -> int:
    """Show every setting: flag > environment > project file > user file > default."""
    resolved = environment.load()
    values = shown(resolved.settings)
    keys = {"api_key": environment.api_key(resolved.settings)}
    if resolved.settings.fallback_base_url:
        keys["fallback_api_key"] = environment.fallback_api_key(resolved.settings)
    found = {name: f"set ({key.origin})" if key else "not set" for name, key in keys.items()}
    for warning in resolved.warnings:
        output.say(f"editsvc: {warning}")
    if as_json:
        settings = (
            {name: {"value": value, "origin": resolved.origins[name]} for name, value in values.items()}
            if origin
            else values
        )
        output.write_json({"schema": 1, "settings": settings, **found})
        return 0
    width = max(map(len, values))
    for name, value in values.items():
        line = f"{name:<{width}}  {_shown(value)}"
        output.write_line(f"{line}  [{resolved.origins[name]}]" if origin else line)
    for name, said in found.items():
        click.echo(f"{name:<{width}}  {said}")
    click.echo(err=True)
    output.say(f"User file: {environment.user_file(os.environ)}")
    return 0


@command.command()
def schema() -> int:
    """Print the JSON Schema of a settings file."""
    output.write_json(json_schema())
    return 0


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
