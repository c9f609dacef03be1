"""What the product knows of programming languages: a table of them, bounded parsing, definitions, errors.

`languages` holds the table and how a document's language is told; `parsing` turns text into a tree within a
deadline, and byte offsets into code points; `outline` finds definitions; `breakage` tells what an edit broke.
Grammars are imported when a
document in their language is parsed, never before.
"""

from editsvc.syntax.breakage import SyntaxFault, breakage
from editsvc.syntax.languages import LANGUAGES, Language, by_name, language_of
from editsvc.syntax.outline import TYPE_KINDS, Definition, Outline, definitions, outline_of
from editsvc.syntax.parsing import PARSE_DEADLINE_S, Tree, parse, syntax_errors

__all__ = [
    "LANGUAGES",
    "PARSE_DEADLINE_S",
    "TYPE_KINDS",
    "Definition",
    "Language",
    "Outline",
    "SyntaxFault",
    "Tree",
    "breakage",
    "by_name",
    "definitions",
    "language_of",
    "outline_of",
    "parse",
    "syntax_errors",
]
