r"""Replies as structured edits: texts to search for, each with what takes its place, as strict JSON.

The alternative to rewriting, for models that copy well: a few lines are billed instead of a section, and there
is nothing to predict. Code inside of JSON is escaped, and models get that wrong more often than plain code, so
this is off by default, and an edit whose search text does not occur exactly once is never guessed at: the
caller falls back to rewriting.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import msgspec

from editsvc.errors import EditsvcError
from editsvc.text.document import Edit, normalise
from editsvc.text.document import apply as apply_edits

RESPONSE_FORMAT: Final[dict[str, Any]] = {
    "type": "json_schema",
    "json_schema": {
        "name": "edits",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {
                "edits": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"search": {"type": "string"}, "replace": {"type": "string"}},
                        "required": ["search", "replace"],
                        "additionalProperties": False,
                    },
                },
                "cannot": {"type": ["string", "null"]},
            },
            "required": ["edits", "cannot"],
            "additionalProperties": False,
        },
    },
}
"""What ``response_format`` asks for: constrained decoding, so that a reply is always of this form."""


class SearchReplace(msgspec.Struct, frozen=True):
    """One edit: `search` occurs once in the text, and `replace` takes its place."""

    search: str
    replace: str


class StructuredReply(msgspec.Struct, frozen=True):
    """A whole reply; `cannot` is the reason why there are no edits."""

    edits: tuple[SearchReplace, ...]
    cannot: str | None = None


class NotApplied(EditsvcError):
    """The reply is not of the form, or a search text does not say where: the caller asks for a rewrite."""


def parse(reply: str) -> StructuredReply:
    """The edits in `reply`; raises NotApplied for what is none."""
    try:
        return msgspec.json.decode(reply.encode("utf-8", "surrogatepass"), type=StructuredReply)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise NotApplied(f"The reply is not the expected JSON: {exc}.") from exc


def apply(text: str, edits: tuple[SearchReplace, ...]) -> str:
    r"""`text` (``\n`` only) with `edits` made, all against the text as it was.

    Raises NotApplied if a search text is empty, does not occur exactly once, or overlaps another's place.
    """
    places = []
    for number, edit in enumerate(edits, 1):
        search = normalise(edit.search)
        start = text.find(search)
        if not search or start < 0:
            raise NotApplied(f"The search text of edit {number} does not occur in the file.")
        if text.find(search, start + 1) >= 0:
            raise NotApplied(f"The search text of edit {number} occurs more than once in the file.")
        places.append(Edit(start, start + len(search), normalise(edit.replace)))
    places.sort()
    if any(place.end > following.start for place, following in pairwise(places)):
        raise NotApplied("Two edits of the reply overlap.")
    return apply_edits(text, places)
