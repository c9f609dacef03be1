"""What a human language needs, so that it is understood."""

from __future__ import annotations

import textwrap
from typing import Final, NamedTuple

ARROWS: Final = " -> => → ⇒"
KINDS: Final = " class struct enum trait interface record union namespace macro"
"""Words for kinds that people use in every language, since the languages of programs have them."""


class Wording(NamedTuple):
    """A human language.

    `before` and `after` are manners that say nothing about the edit. `describing` are words that describe something
    more often than they name it, so that a name that looks like one has to be quoted; `never` are words that name
    nothing at all. `plural` is the end of most words that stand for several of a kind. `forms` has a form on each line,
    which goes on where the next line is indented further.
    """

    name: str
    before: str
    after: str
    never: str
    describing: str
    plural: str
    sets: dict[str, str]
    parts: dict[str, str]
    forms: dict[str, str]

    def rows(self, action: str) -> list[str]:
        """The forms of an action."""
        rows: list[str] = []
        for line in textwrap.dedent(self.forms[action]).strip("\n").split("\n"):
            if line.startswith(" ") and rows:
                rows[-1] += f" {line.strip()}"
            elif line.strip():
                rows.append(line.strip())
        return rows
