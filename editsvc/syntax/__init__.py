"""What the product knows of programming languages: a table of them, bounded parsing, definitions, errors.

`languages` holds the table and how a document's language is told; `parsing` turns text into a tree within a
deadline, and byte offsets into code points; `outline` finds definitions. Grammars are imported when a
document in their language is parsed, never before.
"""

from editsvc.syntax.languages import LANGUAGES, Language, by_name, language_of
from editsvc.syntax.outline import Definition, definitions
from editsvc.syntax.parsing import PARSE_DEADLINE_S, Tree, parse, syntax_errors

__all__ = [
    "LANGUAGES",
    "PARSE_DEADLINE_S",
    "Definition",
    "Language",
    "Tree",
    "by_name",
    "definitions",
    "language_of",
    "parse",
    "syntax_errors",
]
