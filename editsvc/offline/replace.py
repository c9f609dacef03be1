"""Replace a piece of text: no syntax, the same in every language.

A number is a word of its own kind: ``10`` is not part of ``1.10``, ``0x10``, ``10e3``, ``1_0`` or ``2020-10-01``, but
it is the number in ``10px`` and ``10u32``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable, NotHere
from editsvc.text.document import Edit

if TYPE_CHECKING:
    from editsvc.instruction.commands import Replace
    from editsvc.syntax import Language

_NAME: Final = re.compile(r"\w+")
_DATE: Final = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
# What makes another number of the one before it; a unit or the suffix of a type does not.
_LONGER: Final = re.compile(r"\d|_\d|\.\d|\w")
_SIGNS: Final = frozenset("=!<>+-*/%&|^~?:")
_UNIT: Final = re.compile(r"(?![eEpP][+-]?\d)(?:_?[iuf](?:8|16|32|64|128|size)|[^\W\d_]{1,5})(?!\w)")


def apply(text: str, value: Replace, _language: Language | None) -> list[Edit]:
    """Edits that replace every `value.old` by `value.new`; raises NotApplicable if the text does not occur."""
    found = list(re.finditer(re.escape(value.old), text))
    if found and value.whole_parts:
        dates = [match.span() for match in _DATE.finditer(text)] if value.old.isdecimal() else []
        found = [
            match
            for match in found
            if _is_whole(text, match.start(), match.end())
            and (_NAME.fullmatch(value.new) or not _is_in_name(text, match.start(), match.end()))
            and not any(start <= match.start() < end for start, end in dates)
        ]
        if not found:
            raise NotApplicable(
                f"The text `{value.old}` stands only inside of longer words, numbers and operators."
            )
    if not found:
        raise NotHere(f"The text `{value.old}` is not in the file.")
    return [Edit(match.start(), match.end(), value.new) for match in found]


def _is_in_name(text: str, start: int, end: int) -> bool:
    """True for a part of a longer name, which has to stay one."""
    return _NAME.fullmatch(text, start, end) is not None and any(
        _NAME.fullmatch(character) for character in (text[max(0, start - 1) : start], text[end : end + 1])
    )


def _is_whole(text: str, start: int, end: int) -> bool:
    """True if `text[start:end]` consists of whole numbers and whole parts of a name."""
    if not any(map(str.isalnum, text[start:end])):
        # "==" is not a part of "===".
        return text[start - 1 : start] not in _SIGNS and text[end : end + 1] not in _SIGNS
    begins = _begins_number(text, start, end) if text[start].isdecimal() else _parts_at(text, start)
    ends = _ends_number(text, start, end) if text[end - 1].isdecimal() else _parts_at(text, end)
    return begins and ends


def _begins_number(text: str, start: int, end: int) -> bool:
    """True if a number begins at `start`; one with a dot in it may follow letters, as in ``python3.11``."""
    before = text[max(0, start - 2) : start]
    if before.endswith("."):
        return before == ".."  # a range
    if "." in text[start:end]:
        return not before[-1:].isdecimal() and not re.fullmatch(r"\d_", before)
    return not (before[-1:].isalnum() or before.endswith("_"))


def _ends_number(text: str, start: int, end: int) -> bool:
    """True if a number ends at `end`, a unit aside."""
    if _LONGER.match(text, end) is None:
        return True
    prefixed = text[start : start + 2].lower() in ("0x", "0b", "0o")
    return not prefixed and _UNIT.match(text, end) is not None


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
