"""A piece of a document, as every step of an edit knows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(r"[^\n]*\S[^\n]*")


@dataclass(frozen=True, slots=True)
class Section:
    r"""A stretch of a document: the text, with ``\n`` only, and where it stands.

    That is consecutive whole lines, or, of a line that is very long, a part of it: then the text has no line end, and
    another section goes on where it ends.

    `number` is what a request and its reply call the section; 0 where nothing needs to be told apart. `first_line` is
    1-based, `start` an offset in code points. In a reply, `text` is to take the place of the section with that
    number, and nothing more is known but whether it is said to be `deleted`. `name` says what the section is, where
    its first line does not: the qualified name of the definition that it begins with or lies in, or in Markdown the
    heading.
    """

    number: int
    text: str
    first_line: int = 0
    start: int = 0
    name: str = ""
    deleted: bool = False

    @property
    def end(self) -> int:
        """The offset behind the last character."""
        return self.start + len(self.text)

    @property
    def whole_lines(self) -> bool:
        """Whether it ends with a line, as far as the text tells: the last one of a document may lack its end."""
        return self.text.endswith("\n")

    @property
    def first_line_text(self) -> str:
        """The first line that is not blank, without its end."""
        match = _LINE.search(self.text)
        return "" if match is None else match[0]

    @property
    def first_words(self) -> str:
        """The same without the white space around it."""
        return self.first_line_text.strip()

    @property
    def last_line(self) -> int:
        """The last line, inclusive; that of an empty text is the first one."""
        lines = self.text.count("\n") + (not self.text.endswith("\n") and bool(self.text))
        return self.first_line + max(0, lines - 1)
