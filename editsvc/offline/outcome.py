"""What a transformation makes of a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from editsvc.text.document import LineIndex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.text.document import Edit

_MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """Edits that do not overlap, in code points, and sentences about what they leave as it was on purpose."""

    edits: list[Edit]
    notes: tuple[str, ...] = ()


def lines_of(text: str, offsets: Iterable[int]) -> str:
    """The lines of `offsets` as people name them: "line 3", "lines 3, 5 and 8"; at most four are listed."""
    index = LineIndex(text)
    numbers = sorted({index.line_of(offset) + 1 for offset in offsets})
    shown = [str(number) for number in numbers[:_MOST]]
    if len(numbers) > _MOST:
        shown.append(f"{len(numbers) - _MOST} more")
    listed = f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]
    return f"line {listed}" if len(numbers) == 1 else f"lines {listed}"
