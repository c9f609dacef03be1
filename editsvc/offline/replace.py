"""Replace a piece of text: no syntax, the same in every language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from editsvc.offline.errors import NotApplicable
from editsvc.text.document import Edit

if TYPE_CHECKING:
    from editsvc.instruction.commands import Replace
    from editsvc.syntax import Language


def apply(text: str, value: Replace, _language: Language | None) -> list[Edit]:
    """Edits that replace every `value.old` by `value.new`; raises NotApplicable if the text does not occur."""
    found = list(re.finditer(re.escape(value.old), text))
    if value.whole_parts:
        found = [match for match in found if _is_whole(text, match.start(), match.end())]
    if not found:
        raise NotApplicable(f"The text `{value.old}` is not in the file.")
    return [Edit(match.start(), match.end(), value.new) for match in found]


def _is_whole(text: str, start: int, end: int) -> bool:
    """True if `text[start:end]` consists of whole parts of a name."""
    return _parts_at(text, start) and _parts_at(text, end)


def _parts_at(text: str, offset: int) -> bool:
    """True if a word, or a part of a camelCase or snake_case name, begins or ends at `offset`."""
    if offset in (0, len(text)):
        return True
    before, after = text[offset - 1], text[offset]
    if not (before.isalnum() and after.isalnum()):
        return True
    if before.isdigit() or after.isdigit():
        return before.isdigit() != after.isdigit()
    # "HTTPServer": the part "Server" begins at the last of several capitals.
    acronym = before.isupper() and after.isupper() and text[offset + 1 : offset + 2].islower()
    return (before.islower() and after.isupper()) or acronym
