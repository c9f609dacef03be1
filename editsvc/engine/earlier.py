"""An edit that was made before, and is to be done in another way: what it predicts, and what the model sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.guard import secrets
from editsvc.prompt.rendering import EarlierEdit
from editsvc.text.choosing import choosable
from editsvc.text.diff import edits
from editsvc.text.document import apply, normalise
from editsvc.tokens import estimate_from_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.engine.edit import Earlier
    from editsvc.guard.secrets import Masked
    from editsvc.text.document import Edit

SHOWN_AT_MOST: Final = 12_000
"""Tokens of a diff that the model is shown. A longer one is only predicted from."""


def steps(original: str, earlier: Earlier, masked: Masked | None) -> tuple[Edit, ...]:
    r"""The edits that were made of `original` (``\n`` only), as edits of the text that may be sent."""
    if earlier.text is None or earlier.before is not None:
        return ()
    made = edits(original, normalise(earlier.text))
    return tuple(made if masked is None else secrets.mask_edits(made, masked)[0])


def shown(document: str, made: Sequence[Edit], earlier: Earlier, *, may_hold_secrets: bool) -> EarlierEdit:
    """What the model is shown: the edits `made` of `document`, which may be sent, or those of the text before.

    Of that, nothing is shown that holds a secret, unless it may.
    """
    if earlier.before is None:
        return EarlierEdit(_diff(document, apply(document, made)), earlier.refused)
    diff = _diff(normalise(earlier.before), normalise(earlier.text or earlier.before))
    if not may_hold_secrets and secrets.find(diff):
        diff = ""
    return EarlierEdit(diff, earlier.refused, elsewhere=True)


def _diff(old: str, new: str) -> str:
    """The hunks of a diff; "" if that is too long."""
    found = choosable(old, new)
    lines = [line for part in found.parts for line in (f"{found.header(part)}\n", *found.body(part))]
    diff = "".join(lines)
    return diff if estimate_from_length(len(diff)) <= SHOWN_AT_MOST else ""
