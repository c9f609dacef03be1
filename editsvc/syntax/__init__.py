"""Knowledge of programming languages: a table of them, bounded parsing, definitions, errors.

`languages` holds the table and how a document's language is told; `parsing` turns text into a tree within a `budget` of
work, and byte offsets into code points; `outline` finds definitions; `broken` tells what an edit broke, by the
`segments` that changed, by the `surroundings` of the changes where a text is too large, and with `balance`, which pairs
brackets by what a `lexis` says of a language, and `blocks`, where a grammar knows less than its language, or more.
Grammars are imported when a document in their language is parsed, never before.
"""

from typing import TYPE_CHECKING

from editsvc import late
from editsvc.syntax.budget import PARSE_STEPS, PATIENT_STEPS, ParseBudget
from editsvc.syntax.languages import LANGUAGES, Language, by_name, language_of

if TYPE_CHECKING:
    from editsvc.syntax.broken import Breakage, Extent, SyntaxFault, breakage
    from editsvc.syntax.outline import TYPE_KINDS, Definition, Outline, definitions, outline_of
    from editsvc.syntax.parsing import Tree, error_lines, parse, syntax_errors
    from editsvc.syntax.segments import Segments, segments_of
else:
    __getattr__ = late.names(
        __name__,
        {
            "broken": ("Breakage", "Extent", "SyntaxFault", "breakage"),
            "outline": ("TYPE_KINDS", "Definition", "Outline", "definitions", "outline_of"),
            "parsing": ("Tree", "error_lines", "parse", "syntax_errors"),
            "segments": ("Segments", "segments_of"),
        },
    )

__all__ = [
    "LANGUAGES",
    "PARSE_STEPS",
    "PATIENT_STEPS",
    "TYPE_KINDS",
    "Breakage",
    "Definition",
    "Extent",
    "Language",
    "Outline",
    "ParseBudget",
    "Segments",
    "SyntaxFault",
    "Tree",
    "breakage",
    "by_name",
    "definitions",
    "error_lines",
    "language_of",
    "outline_of",
    "parse",
    "segments_of",
    "syntax_errors",
]
