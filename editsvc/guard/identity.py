"""Proof that an edit changes nothing but what it says, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from editsvc.errors import GuardRefused
from editsvc.guard.findings import Check
from editsvc.text.document import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.text.document import Edit, Snapshot


def prove(before: Snapshot, text: str, edits: Sequence[Edit], intended: str) -> Snapshot:
    r"""The document with `text`, which is that of `before` with `edits` made, after proof that nothing else differs.

    `intended` (``\n`` only) is what the text must read, but for its line ends. The bytes outside of the edits are
    compared one by one. Raises GuardRefused(identity), which nothing can waive: it would be a defect of this program.
    """
    old, new = _bytes(before.text), _bytes(text)
    same = normalise(text) == intended
    read = at = new_at = 0  # code points of the old text, bytes of the old and of the new one
    for edit in sorted(edits):
        kept = len(_bytes(before.text[read : edit.start]))
        same = same and old[at : at + kept] == new[new_at : new_at + kept]
        at += kept + len(_bytes(before.text[edit.start : edit.end]))
        new_at += kept + len(_bytes(edit.new_text))
        read = edit.end
    if not same or old[at:] != new[new_at:]:
        raise GuardRefused(
            "The edit would change text outside of its hunks.",
            check=Check.IDENTITY,
            hint="This is a bug in editsvc; nothing was written.",
        )
    return replace(before, text=text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
