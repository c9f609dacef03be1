"""Edits without a model: a documented set of instructions, done by syntax. Pure.

`editsvc.instruction.commands` turns a sentence into a value, and a module for each transformation turns the value
into edits. It refuses what it does not understand, and does not guess where an instruction is ambiguous.
"""

from typing import TYPE_CHECKING

from editsvc import late

if TYPE_CHECKING:
    from editsvc.offline.errors import NotApplicable, NotUnderstood
    from editsvc.offline.transform import edits, notes, rewrite, rewrite_by
else:
    __getattr__ = late.names(
        __name__,
        {
            "errors": ("NotApplicable", "NotUnderstood"),
            "transform": ("edits", "notes", "rewrite", "rewrite_by"),
        },
    )

__all__ = [
    "NotApplicable",
    "NotUnderstood",
    "edits",
    "notes",
    "rewrite",
    "rewrite_by",
]
