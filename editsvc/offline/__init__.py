"""Edits without a model: a documented set of instructions, done by syntax. Pure.

`editsvc.instruction.reading` turns a sentence into a value, and a module for each transformation turns the value
into edits. It refuses what it does not understand, and does not guess where an instruction is ambiguous.
"""

from typing import TYPE_CHECKING

from editsvc import late

if TYPE_CHECKING:
    from editsvc.offline.errors import NotApplicable, NotHere, NotUnderstood
    from editsvc.offline.transform import edits, notes, refusal, rewrite, rewrite_by
else:
    __getattr__ = late.names(
        __name__,
        {
            "errors": ("NotApplicable", "NotHere", "NotUnderstood"),
            "transform": ("edits", "notes", "refusal", "rewrite", "rewrite_by"),
        },
    )

__all__ = [
    "NotApplicable",
    "NotHere",
    "NotUnderstood",
    "edits",
    "notes",
    "refusal",
    "rewrite",
    "rewrite_by",
]
