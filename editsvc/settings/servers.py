"""The servers that the settings name, in the order in which they are asked: one representation for all ways to say it.

Either there are tables ``[servers.NAME]``, or the short form: `base_url` with what belongs to it, and
`fallback_base_url`. The short form is two tables, named cerebras and fallback; what a table of one of these names
leaves out, the short form says. Reads nothing by itself.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from editsvc.errors import UsageError
from editsvc.provider import dialects, models
from editsvc.provider.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editsvc.provider.dialects import Dialect
    from editsvc.provider.models import Model
    from editsvc.settings.schema import ServerTable, Settings

CEREBRAS: Final = "cerebras"
FALLBACK: Final = "fallback"
_PRICES: Final = frozenset({"usd_per_million_input", "usd_per_million_output"})
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Server:
    """One server as it is configured, without its key.

    `model` is None where nobody said which: then it is the one that the server has. `said` holds what the user said of
    the model: it counts more than the tables do. `at_once` is how many requests it gets at the same time.
    `key_setting` is the setting with the command that prints the key. `models` is the setting of that name: what the
    user says of models, whoever serves them.
    """

    name: str
    base_url: str
    dialect: Dialect
    model: str | None
    said: ServerTable
    patience: Patience
    at_once: float = math.inf
    key_variables: tuple[str, ...] = ()
    key_setting: str = ""
    key_command: tuple[str, ...] = ()
    needs_key: bool = False
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Scheme, host and port: what the server is known by."""
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    def with_model(self, model: str) -> Server:
        """The same server with a model."""
        return replace(self, model=model)

    def row(self, table: Mapping[str, Model]) -> Model:
        """What is known about its model, here: prices, limits, and what it takes."""
        name, said = self.model or "", self.said
        known = models.row(table, name)
        row = msgspec.structs.replace(
            known,
            prediction=self.dialect.takes_prediction(name, known=known.prediction),
            reasoning_effort=self.dialect.takes_effort(name, known=known.reasoning_effort),
        )
        if self.dialect.name != dialects.CEREBRAS and name not in self.models:
            # The shipped table is about Cerebras: what it takes for a model, and how long it offers it.
            row = msgspec.structs.replace(row, preview=False, deprecated="")
        row = msgspec.structs.replace(row, **self._prices(row))
        told = {
            key: value
            for key in (
                "prediction",
                "reasoning_effort",
                "context_tokens",
                "max_output_tokens",
                "usd_per_million_input",
                "usd_per_million_output",
            )
            if (value := getattr(said, key)) is not None
        }
        known_now = known.known or row.prediction is not None or bool(told)
        return msgspec.structs.replace(row, **told, known=known_now)

    def _prices(self, row: Model) -> dict[str, float | None]:
        """What the model costs here, where the server's own table does not say it: None for what nobody has said."""
        name = self.model or ""
        words = self.models.get(name, {})
        if self.dialect.name == dialects.CEREBRAS:
            return {price: getattr(row, price) for price in _PRICES}
        if not _PRICES.isdisjoint(words):
            return {price: words.get(price) for price in _PRICES}
        return dict.fromkeys(_PRICES, 0.0 if self.is_ones_own and not self.dialect.passes_on(name) else None)

    @property
    def is_ones_own(self) -> bool:
        """Whether it runs on a machine of the user's, as far as its address and its kind tell: then nobody is paid."""
        if self.dialect.own:
            return dialects.is_near(self.base_url)
        return self.dialect.name == dialects.COMPATIBLE and dialects.is_loopback(self.base_url)


def servers(settings: Settings) -> list[Server]:
    """Every server that the settings name, in their order, whether it has a key or not."""
    if not settings.servers:
        found = [_server(settings, CEREBRAS, _first(settings))]
        if settings.fallback_base_url and settings.fallback_model:
            found.append(_server(settings, FALLBACK, _second(settings)))
        return found
    short = {CEREBRAS: _first(settings), FALLBACK: _second(settings)}
    return [
        _server(settings, name, _completed(table, short[name]) if name in short else table)
        for name, table in settings.servers.items()
    ]


def named(settings: Settings, name: str) -> Server | None:
    """The server of that name; the fallback and Cerebras may also be meant where nothing says that they are asked."""
    return next((server for server in servers(settings) if server.name == name), None)


def required(settings: Settings, name: str) -> Server:
    """The server of that name; raises UsageError if the settings have none."""
    server = named(settings, name)
    if server is None:
        known = ", ".join(one.name for one in servers(settings))
        raise UsageError(f"There is no server {name!r}.", hint=f"The settings name {known}.")
    return server


def _first(settings: Settings) -> ServerTable:
    from editsvc.settings.schema import ServerTable  # noqa: PLC0415 - it needs this module's callers

    return ServerTable(
        base_url=settings.base_url, model=settings.model, api_key_command=settings.api_key_command
    )


def _second(settings: Settings) -> ServerTable:
    from editsvc.settings.schema import ServerTable  # noqa: PLC0415 - as above

    return ServerTable(
        base_url=settings.fallback_base_url,
        model=settings.fallback_model,
        prediction=settings.fallback_prediction,
        api_key_command=settings.fallback_api_key_command,
    )


def _completed(table: ServerTable, short: ServerTable) -> ServerTable:
    missing = {name: getattr(short, name) for name in short.__struct_fields__ if getattr(table, name) is None}
    return msgspec.structs.replace(table, **missing)


def _server(settings: Settings, name: str, table: ServerTable) -> Server:
    by_name = dialects.table().get(name)
    base_url = table.base_url or (by_name.base_url if by_name else "")
    if table.dialect is not None:
        dialect = dialects.table()[table.dialect]
    elif name == CEREBRAS:
        dialect = dialects.at(base_url, otherwise=dialects.CEREBRAS)
    else:
        dialect = dialects.at(base_url, otherwise=by_name.name if by_name else dialects.COMPATIBLE)
    base_url = base_url or dialect.base_url
    vendor = dialects.is_vendor(base_url, dialect)
    variables = ["CEREBRAS_API_KEY" if name == CEREBRAS else variable_of(name)]
    if table.api_key_variable:
        variables.insert(0, table.api_key_variable)
    elif vendor and dialect.key_variable:
        variables.append(dialect.key_variable)
    short = name in {CEREBRAS, FALLBACK} and not settings.servers
    setting = {CEREBRAS: "api_key_command", FALLBACK: "fallback_api_key_command"}[name] if short else ""
    return Server(
        name=name,
        base_url=base_url,
        dialect=dialect,
        model=table.model,
        said=table,
        patience=_patience(settings, table, base_url, dialect),
        at_once=_at_once(settings, table, base_url, dialect),
        key_variables=tuple(dict.fromkeys(variables)),
        key_setting=setting or f"servers.{name}.api_key_command",
        key_command=tuple(table.api_key_command or ()),
        needs_key=vendor or dialect.name == dialects.CEREBRAS,
        models=settings.models,
    )


def _at_once(settings: Settings, table: ServerTable, base_url: str, dialect: Dialect) -> float:
    if table.jobs is not None:
        return table.jobs
    # One that speaks as Cerebras does is a way there, or an emulator, and takes as many as that.
    if not dialects.is_loopback(base_url) or dialect.name == dialects.CEREBRAS:
        return math.inf
    from editsvc.settings.schema import MANY  # noqa: PLC0415 - as above

    # Most have one slot, and take turns with several requests, or lose them.
    return 1 if settings.jobs == MANY else settings.jobs


def _patience(settings: Settings, table: ServerTable, base_url: str, dialect: Dialect) -> Patience:
    """How long to wait for it: what was said of it, then what was said of all, then what its kind calls for."""
    return Patience(
        near=dialect.own or dialects.is_near(base_url),
        brisk=dialect.name == dialects.CEREBRAS,
        connect_s=table.connect_timeout_s or settings.connect_timeout_s,
        first_token_s=table.first_token_timeout_s or table.read_timeout_s or settings.read_timeout_s or None,
        gap_s=table.read_timeout_s or settings.read_timeout_s or None,
        whole_s=table.deadline_s or settings.deadline_s or None,
    )


def variable_of(name: str) -> str:
    """The environment variable for the key of the server `name`."""
    return f"EDITSVC_{_NOT_IN_A_NAME.sub('_', name.upper())}_API_KEY"
