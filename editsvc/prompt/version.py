"""The version of the prompt: a digest of what samples render to, so that no change of its text can go unnoticed.

A number that somebody has to raise would be forgotten, or raised for nothing. A digest of the texts alone would miss
their order, and what stands between them: so every kind of message is rendered, and that is what counts.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Final

from editsvc.prompt import contents, rendering
from editsvc.prompt.rendering import EarlierEdit, EditFormat, Task
from editsvc.text.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.prompt.rendering import Message

_DIGITS: Final = 8
_SECTIONS: Final = (Section(1, "a\n", 1), Section(2, "b\n", 2), Section(3, "c\n", 3))
_DOCUMENT: Final = "".join(section.text for section in _SECTIONS)
_SAME: Final = EarlierEdit("@@ -1 +1 @@\n-a\n+b\n", "reason")
_ELSEWHERE: Final = EarlierEdit(elsewhere=True)


@cache
def prompt_version() -> str:
    """The version of the prompt as this editsvc writes it: eight hexadecimal digits."""
    digest = hashlib.sha256()
    for message in samples():
        # A NUL is in no message: it keeps one apart from the next.
        digest.update(f"{message.role}\0{message.content}\0".encode())
    return digest.hexdigest()[:_DIGITS]


def samples() -> Iterator[Message]:
    """The messages of every kind of request, each at least once."""
    whole = Task(_DOCUMENT, "change it", "a.py", "python")
    tasks = (
        whole,
        Task(_DOCUMENT, "change it", "a.md", "markdown", about_fences=True),
        Task(_DOCUMENT, "change it", "a.py", "python", _SECTIONS),
        Task(_DOCUMENT, "change it", "a.py", "python", _SECTIONS[:1]),
        Task(_DOCUMENT, "change it", "a.py", "python", _SECTIONS[:2], _SECTIONS[:1], others=True),
        Task(_DOCUMENT, "change it", "a.py", "python", _SECTIONS[:2], _SECTIONS[:1], located=True),
        Task(_DOCUMENT, "change it", "a.py", "python", earlier=_SAME),
        Task(_DOCUMENT, "change it", "a.py", "python", earlier=_ELSEWHERE),
    )
    for task in tasks:
        yield from rendering.render(task)[0]
    yield from rendering.render(whole, EditFormat.SEARCH_REPLACE)[0]
    entries = [contents.Entry(1, 1, 1, 1, "a"), contents.Entry(2, 3, 2, 3, "b")]
    hints = [contents.Hint(2, 2, "b")]
    yield from contents.render("a.py", "change it", 3, entries, hints)
    yield contents.render_more("change it", entries, hints)
    for remark in (rendering.correction("That is wrong."), contents.BY_THEMSELVES, contents.UNCLEAR):
        yield rendering.Message("user", remark)
