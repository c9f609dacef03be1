"""What checks need of a document as it was, worked out once, whatever replies come.

Nearly all of it can be known before a reply begins: see `Original.prepare`.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple, Unpack

from editsvc import syntax
from editsvc.guard.changes import tells
from editsvc.guard.remarks import Remarks
from editsvc.guard.telling import tells as tells_where
from editsvc.text.comparison import Lined

if TYPE_CHECKING:
    from collections.abc import Callable

Given = TypeVarTuple("Given")
Result = TypeVar("Result")

_PREPARED: Final = ("lines", "starts", "contents", "total", "telling", "remarks", "segments")
_STEPS: Final = 40_000  # of the parser, as for the check of syntax


class Original(Lined):
    r"""A document (``\n`` only) that a reply is to change."""

    def __init__(self, text: str, language: syntax.Language | None = None) -> None:
        super().__init__(text)
        self.language = language
        self._once: dict[tuple[object, ...], Any] = {}

    def once(self, function: Callable[[Unpack[Given]], Result], *arguments: *Given) -> Result:
        """What the pure `function` makes of `arguments`, worked out once for all replies."""
        key = (function, *arguments)
        try:
            found: Result = self._once[key]
        except KeyError:
            found = self._once[key] = function(*arguments)
        return found

    @cached_property
    def contents(self) -> Counter[str]:
        """How often each line occurs, without the white space around it."""
        return Counter(map(str.strip, self.lines))

    @cached_property
    def total(self) -> int:
        """How many lines tell something."""
        return sum(count for content, count in self.contents.items() if tells(content))

    @cached_property
    def telling(self) -> frozenset[str]:
        """Those of `contents` that tell where they come from."""
        return frozenset(filter(tells_where, self.contents))

    def tells(self, content: str) -> bool:
        """Whether a line of any text, without the white space around it, tells where it comes from."""
        return content in self.telling or (content not in self.contents and tells_where(content))

    @cached_property
    def remarks(self) -> Remarks | None:
        """Which lines are comments; None if the language has none, or is not known."""
        return None if self.language is None else Remarks.of(self.lines, self.language)

    @cached_property
    def outline(self) -> syntax.Outline | None:
        """The definitions; None if the text cannot be parsed within the budget, or has no grammar."""
        return syntax.outline_of(self.text, self.language)

    @cached_property
    def segments(self) -> syntax.Segments | None:
        """The segments of the text, if it is sound; None if it has to be parsed as a whole."""
        return syntax.segments_of(self, self.language, syntax.ParseBudget(_STEPS))

    @property
    def segments_if_known(self) -> syntax.Segments | None:
        """The same, where there was time to prepare it."""
        return self.__dict__.get("segments")

    def prepare(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Work out what nearly every edit needs, as long as that is `wanted`."""
        for name in _PREPARED:
            if not wanted():
                return
            getattr(self, name)

    def forget(self) -> None:
        """As above."""
        super().forget()
        self._once.clear()
        for name in ("contents", "total", "telling", "remarks", "outline", "segments"):
            self.__dict__.pop(name, None)
