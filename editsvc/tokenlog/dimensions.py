"""The dimensions by which requests can be grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Name to column; None for the day, which depends on a zone.
DIMENSIONS: Final[dict[str, str | None]] = {
    "model": "model",
    "provider": "provider",
    "language": "language",
    "scope": "scope_kind",
    "size": "document_size",
    "prediction_kind": "prediction_kind",
    "prediction_sent": "prediction_sent",
    "instruction_class": "instruction_class",
    "source": "source",
    "day": None,
    "status": "status",
    "error": "error",
    "policy_version": "policy_version",
    "version": "editsvc_version",
    "prompt": "prompt_version",
    "arm": "named_arm",
    "repository": "repository_hmac",
    "user": "user_hmac",
}
_ALIASES: Final = {
    "scope_kind": "scope",
    "prediction": "prediction_kind",
    "kind": "prediction_kind",
    "instruction": "instruction_class",
    "policy": "policy_version",
    "editsvc_version": "version",
    "prompt_version": "prompt",
}
# Documents by their bytes: each name, and the number of bytes from which on the next one applies.
SIZES: Final[tuple[tuple[str, int], ...]] = (
    ("under 1 kB", 1_000),
    ("1 to 4 kB", 4_000),
    ("4 to 16 kB", 16_000),
    ("16 to 64 kB", 64_000),
)
LARGEST: Final = "64 kB and more"


def shown(name: str, value: object) -> str | None:
    """What stands in reports for the `value` that a dimension's column has."""
    if name == "prediction_sent":
        return "yes" if value else "no"
    return None if value is None else str(value)


def size(document_bytes: int | None) -> str | None:
    """The name of a document's size; None if unknown."""
    if document_bytes is None:
        return None
    return next((name for name, below in SIZES if document_bytes < below), LARGEST)


def dimensions(names: Sequence[str]) -> tuple[str, ...]:
    """`names` as the log has them: hyphens for underscores, and a few short forms, are taken too.

    Raises UsageError for an unknown or repeated one.
    """
    plain = [name.strip().lower().replace("-", "_").replace(" ", "_") for name in names]
    found = tuple(_ALIASES.get(name, name) for name in plain)
    for name, asked in zip(found, names, strict=True):
        if name not in DIMENSIONS:
            raise UsageError(
                f"A report cannot be grouped by {asked!r}.", hint=f"Use any of: {', '.join(DIMENSIONS)}."
            )
    if len(set(found)) < len(found):
        raise UsageError("A report cannot be grouped twice by the same thing.")
    return found
