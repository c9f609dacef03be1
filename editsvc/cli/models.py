"""``editsvc models``: the table beside what the server lists."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click
import msgspec

from editsvc.cli import output
from editsvc.cli.remedies import message_of
from editsvc.errors import ProviderError
from editsvc.provider import models
from editsvc.redact import without_secrets
from editsvc.settings import environment

if TYPE_CHECKING:
    from editsvc.settings.schema import Settings


@click.command(short_help="List the known models, and those that the server offers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, as_json: bool) -> int:
    """List the known models, and those that the server offers.

    The table is a starting point: rows [models."NAME"] in the settings file add to it and change it.
    """
    settings = environment.load().settings
    table = models.table(settings.models)
    listed, why_not = _listed(settings)
    names = sorted({*table, *(listed or ())})
    rows = [
        {
            "name": name,
            "listed": None if listed is None else name in listed,
            "default": name == settings.model,
            **msgspec.to_builtins(table.get(name, models.UNKNOWN)),
        }
        for name in names
    ]
    if as_json:
        output.write_json(
            {"schema": 1, "models": rows, "server": why_not or without_secrets(settings.base_url)}
        )
        return 0
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table("model", "listed", "predicts", "effort", "context", "output", "$/M in", "$/M out", box=None)
    shown.columns[0].no_wrap = True
    for column in shown.columns[4:]:
        column.justify = "right"
    for name, row in zip(names, rows, strict=True):
        model = table.get(name, models.UNKNOWN)
        shown.add_row(
            Text(name + ("*" if row["default"] else "")),
            _yes(row["listed"]),
            _yes(model.prediction),
            _yes(model.reasoning_effort if model.known else None),
            _number(model.context_tokens),
            _number(model.max_output_tokens),
            _number(model.usd_per_million_input),
            _number(model.usd_per_million_output),
        )
    Console(highlight=False).print(output.Shown(shown))
    for name in names:
        for note in _notes(name, table.get(name, models.UNKNOWN)):
            output.print_message(note)
    output.print_message(
        f'* the default. To add or change a row: [models."NAME"] in {environment.user_file(os.environ)}.'
    )
    if why_not:
        output.print_message(f"editsvc: what the server lists is not known: {why_not}")
    return 0


def _notes(name: str, model: models.Model) -> list[str]:
    notes = []
    if not model.known:
        notes.append(f"{name}: nothing is known about it.")
    if model.preview:
        notes.append(f"{name}: a preview, it may disappear at short notice.")
    if model.deprecated:
        notes.append(f"{name}: deprecated, {model.deprecated}.")
    return notes


def _listed(settings: Settings) -> tuple[list[str] | None, str]:
    from editsvc.app.servers import configured, provider

    servers = configured(settings)
    if not servers:
        return None, "there is no API key (set CEREBRAS_API_KEY)."
    server = provider(settings, servers[0])
    try:
        return asyncio.run(server.models()), ""
    except ProviderError as exc:
        return None, message_of(exc)
    finally:
        server.close()


def _yes(value: object) -> str:
    return "?" if value is None else "yes" if value else "no"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,}"
