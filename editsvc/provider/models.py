"""What is known about each model: capabilities, limits, prices, marks; a table, not code paths."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from editsvc.errors import SettingsError
from editsvc.provider.dialects import base_name

if TYPE_CHECKING:
    from collections.abc import Mapping


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row; None means that nothing is known. Prices are US dollars for a million tokens."""

    prediction: bool | None = None
    reasoning_effort: bool = False
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    preview: bool = False
    deprecated: str = ""
    known: bool = True

    def cost_usd(self, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
        """What a request cost, or None if a price or a count is not known.

        Rejected prediction tokens are billed as completion tokens and are part of that count.
        """
        if prompt_tokens is None or completion_tokens is None:
            return None
        if self.usd_per_million_input is None or self.usd_per_million_output is None:
            return None
        spent = prompt_tokens * self.usd_per_million_input + completion_tokens * self.usd_per_million_output
        return spent / 1_000_000

    def output_cost_usd(self, tokens: int | None) -> float | None:
        """What so many completion tokens cost, or None if that is not known."""
        if tokens is None or self.usd_per_million_output is None:
            return None
        return tokens * self.usd_per_million_output / 1_000_000


UNKNOWN = Model(known=False)


def row(table: Mapping[str, Model], name: str) -> Model:
    """The row of the model `name`, or that of its namesake elsewhere: ``openai/gpt-oss-120b`` is gpt-oss-120b."""
    found = table.get(name)
    return table.get(base_name(name), UNKNOWN) if found is None else found


def table(overrides: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Model]:
    """The built-in rows with `overrides` (model name to keys) on top; raises SettingsError for wrong keys."""
    rows: dict[str, dict[str, Any]] = tomllib.loads(
        files("editsvc.provider").joinpath("models.toml").read_text("utf-8")
    )
    for name, keys in (overrides or {}).items():
        rows[name] = {**rows.get(name, {}), **keys}
    result = {}
    for name, keys in rows.items():
        try:
            result[name] = msgspec.convert(keys, Model)
        except msgspec.ValidationError as exc:
            raise SettingsError(
                f'The settings for models."{name}" are wrong: {exc}.',
                hint=f"Keys are {', '.join(Model.__struct_fields__[:-1])}.",
            ) from exc
    return result
