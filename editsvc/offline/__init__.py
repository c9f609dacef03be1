"""Edits without a model: a documented set of instructions, done by syntax. Pure.

`instruction` turns a sentence into a value, a module for each transformation turns the value into edits, and
`engine` puts the two together. It refuses what it does not understand, and does not guess
where an instruction is ambiguous.
"""

from editsvc.offline.errors import NotApplicable, NotUnderstood
from editsvc.offline.instruction import Instruction, describe, parse
from editsvc.offline.transform import edits, rewrite, rewrite_by

__all__ = [
    "Instruction",
    "NotApplicable",
    "NotUnderstood",
    "describe",
    "edits",
    "parse",
    "rewrite",
    "rewrite_by",
]
