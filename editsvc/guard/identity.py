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

    `intended` (``\n`` only) is what the text must read, but for its line ends. The characters outside of the edits are
    compared one by one: texts of the same characters have the same bytes. Raises GuardRefused(identity), which nothing
    can waive: it would be a defect of this program.
    """
    old = before.text
    same = normalise(text) == intended
    at = new_at = 0
    for edit in sorted(edits):
        kept = max(0, edit.start - at)
        same = same and old[at : edit.start] == text[new_at : new_at + kept]
        at, new_at = edit.end, new_at + kept + len(edit.new_text)
    if not same or old[at:] != text[new_at:]:
        raise GuardRefused(
            "The edit would change text outside of its hunks.",
            check=Check.IDENTITY,
            hint="This is a bug in editsvc; nothing was written.",
        )
    return replace(before, text=text)
