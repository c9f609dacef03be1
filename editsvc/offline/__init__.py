"""Edits without a model: a documented set of instructions, done by syntax. Pure.

`editsvc.instruction.commands` turns a sentence into a value, and a module for each transformation turns the value
into edits. It refuses what it does not understand, and does not guess where an instruction is ambiguous.
"""

from editsvc.offline.errors import NotApplicable, NotUnderstood
from editsvc.offline.transform import edits, notes, outcome, rewrite, rewrite_by

__all__ = [
    "NotApplicable",
    "NotUnderstood",
    "edits",
    "notes",
    "outcome",
    "rewrite",
    "rewrite_by",
]
