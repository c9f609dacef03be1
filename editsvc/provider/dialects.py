"""What each kind of chat server takes, and how it answers: a table, not code paths. Pure."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

CEREBRAS: Final = "cerebras"
COMPATIBLE: Final = "compatible"
BY_TABLE: Final = "table"
"""Among patterns of models: as the model table says."""

LimitField = Literal["max_completion_tokens", "max_tokens"]


class Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row; the head of ``dialects.toml`` says what each field means."""

    title: str
    source: str
    limit: LimitField
    name: str = ""
    base_url: str = ""
    hosts: tuple[str, ...] = ()
    port: int | None = None
    key_variable: str = ""
    auth: Literal["bearer", "api-key"] = "bearer"
    limit_predicted: LimitField | None = None
    predicts: tuple[str, ...] | None = None
    reports_prediction: bool = True
    efforts: tuple[str, ...] = (BY_TABLE,)
    fixed_temperature: tuple[str, ...] = ()
    asks_for_usage: bool = True
    extra: dict[str, Any] = {}
    compressed: bool = False
    custom_headers: bool = False
    own: bool = False
    hosted: tuple[str, ...] = ()
    cuts_prompts: bool = False
    empty_if_too_long: bool = False
    longer_context: str = "give it a larger context"

    def limit_field(self, *, predicted: bool) -> LimitField:
        """The field for the most tokens of a reply, beside a prediction or without."""
        return (self.limit_predicted or self.limit) if predicted else self.limit

    def takes_prediction(self, model: str, *, known: bool | None) -> bool | None:
        """Whether `model` takes predictions here; None if nobody says. `known` is what the model table says."""
        if self.predicts is None:
            return None
        return known if BY_TABLE in self.predicts else _is_one_of(model, self.predicts)

    def takes_effort(self, model: str, *, known: bool) -> bool:
        """Whether `model` takes ``reasoning_effort`` here, and so spends tokens on reasoning."""
        if not self.efforts:
            return False
        return known or _is_one_of(model, self.efforts)

    def takes_temperature(self, model: str) -> bool:
        """Whether `model` takes a temperature of 0 here."""
        return not _is_one_of(model, self.fixed_temperature)

    def passes_on(self, model: str) -> bool:
        """Whether a server of one's own lets a company compute `model`."""
        return any(fnmatchcase(model.lower(), pattern) for pattern in self.hosted)


def base_name(model: str) -> str:
    """The name of a model without who offers it and how it was packed: ``openai/gpt-oss-20b:free`` is gpt-oss-20b."""
    return model.rpartition("/")[2].partition(":")[0].lower()


def _is_one_of(model: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(base_name(model), pattern) for pattern in patterns)


@cache
def table() -> dict[str, Dialect]:
    """Every dialect by its name."""
    rows = tomllib.loads(files("editsvc.provider").joinpath("dialects.toml").read_text("utf-8"))
    return {name: msgspec.convert({**row, "name": name}, Dialect) for name, row in rows.items()}


def at(base_url: str, otherwise: str = COMPATIBLE) -> Dialect:
    """The dialect that an address speaks for: by its host, or on this machine by its port."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    for dialect in table().values():
        if any(host == one or (one[0] == "." and host.endswith(one)) for one in dialect.hosts):
            return dialect
    if is_near(base_url):
        for dialect in table().values():
            if dialect.port is not None and parts.port == dialect.port:
                return dialect
    return table()[otherwise]


def is_vendor(base_url: str, dialect: Dialect) -> bool:
    """Whether an address is that of the company whose dialect it is: its key may go there, and it needs one."""
    return bool(dialect.hosts) and at(base_url).name == dialect.name


def is_loopback(base_url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_near(base_url: str) -> bool:
    """Whether an address is on this machine or in a network of one's own, where servers of one's own are."""
    host = urlsplit(base_url).hostname or ""
    if (
        is_loopback(base_url)
        or "." not in host
        or host.endswith((".local", ".lan", ".internal", ".home.arpa"))
    ):
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return False
