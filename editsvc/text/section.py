"""A piece of a document, as every step of an edit knows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    r"""Consecutive whole lines of a document: the text, with ``\n`` only, and where it stands.

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
    def last_line(self) -> int:
        """The last line, inclusive; that of an empty text is the first one."""
        lines = self.text.count("\n") + (not self.text.endswith("\n") and bool(self.text))
        return self.first_line + max(0, lines - 1)
