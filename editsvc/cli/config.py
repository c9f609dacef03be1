"""``editsvc config``: the settings in force, and where each comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from editsvc.cli import output
from editsvc.cli.usage import CommandGroup, closest, columns, wrapped
from editsvc.errors import SettingsError, UsageError
from editsvc.settings import environment
from editsvc.settings.schema import PROJECT_MAY_SET, Settings, explained, json_schema, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.settings.schema import Resolved

_WIDEST: Final = 100


@click.group(cls=CommandGroup, short_help="Show the current settings.")
def command() -> None:
    """Show the current settings."""


@command.command()
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("names", nargs=-1, metavar="[NAME...]")
def show(*, origin: bool, as_json: bool, names: tuple[str, ...]) -> int:
    """Show every setting: flag > environment > project file > user file > default.

    With NAME, explain those settings: what they mean and take, their values, and where these come from. That works
    while other settings are wrong, too.
    """
    _refuse_unknown(names)
    try:
        resolved = environment.load()
    except SettingsError:
        if not as_json:
            _explain(names or Settings.__struct_fields__, None)
        raise
    if names and not as_json:
        _explain(names, resolved)
        return 0
    values = shown(resolved.settings)
    if names:
        values = {name: values[name] for name in names}
    keys = {"api_key": environment.api_key(resolved.settings)}
    if resolved.settings.fallback_base_url:
        keys["fallback_api_key"] = environment.fallback_api_key(resolved.settings)
    found = {name: f"set ({key.origin})" if key else "not set" for name, key in keys.items()}
    for warning in resolved.warnings:
        output.print_message(f"editsvc: {warning}")
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
    output.print_message(f"User file: {environment.user_file(os.environ)}")
    return 0


@command.command()
def schema() -> int:
    """Print the JSON Schema of a settings file."""
    output.write_json(json_schema())
    return 0


def _refuse_unknown(names: Sequence[str]) -> None:
    for name in names:
        if name not in Settings.__struct_fields__:
            instead = closest(name, Settings.__struct_fields__)
            hint = f"Did you mean {instead}?" if instead else "editsvc config show lists them all."
            raise UsageError(f"There is no setting {name!r}.", hint=hint)


def _explain(names: Sequence[str], resolved: Resolved | None) -> None:
    """A paragraph about each setting; without `resolved` it is not known what is in force."""
    width = min(columns(), _WIDEST)
    for name in names:
        default = _shown(shown(Settings())[name])
        meaning, takes = explained(name)
        sentences = [meaning, takes, f"Default: {default}."]
        if name in PROJECT_MAY_SET:
            sentences.append(f"A project file may set it ({environment.PROJECT_FILE}).")
        value = f" = {_shown(shown(resolved.settings)[name])}  [{resolved.origins[name]}]" if resolved else ""
        for line in (name + value, *wrapped(" ".join(filter(None, sentences)), width, "  ")):
            output.write_line(line)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
