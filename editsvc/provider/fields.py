"""Which fields of a request one server takes, beyond what its dialect says: learned from its refusals. Pure.

A server that refuses a request because of a field says which, in one of a few shapes. That field is left out, or, for
the limit of the reply, goes by its other name; the rest stays. What then succeeds is remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from editsvc import late
from editsvc.provider import overflow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from editsvc.provider.dialects import Dialect, LimitField

PREDICTION: Final = "prediction"
REFUSALS: Final = frozenset({400, 422})
"""The statuses with which a server refuses a request because of what is in it."""

_LIMITS: Final[tuple[LimitField, LimitField]] = ("max_completion_tokens", "max_tokens")
_DROPPED: Final = frozenset({"temperature", "stream_options", "reasoning_effort"})
_UNWANTED: Final = late.pattern(
    r"support|unknown|unrecogni[sz]ed|unexpected|not (?:allowed|permitted|accepted|available|valid|a valid)|forbidden"
    r"|\bextra|additional|invalid|deprecated|instead|only|must be|cannot|does ?n.t"
)
# Some models were trained on turns of two speakers, and their templates say so in these words.
_TWO_SPEAKERS: Final = late.pattern(
    r"(?:system|developer)['\"`”]? (?:roles?|messages?|prompts?|instructions?)\b[^.]{0,30}\b(?:not|n't|un)"
    r"|(?:not|n't) support ['\"`“]?system\b|roles must alternate|only ['\"`“]?user['\"`”]? and ['\"`“]?assistant\b"
)
_DEEP: Final = 5
_LONGEST_TEXT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Fields:
    """What to leave out of requests, and the name of the limit where it is not the dialect's.

    With `two_speakers` the system's message begins the user's first, and no speaker has two messages in a row.
    """

    dropped: frozenset[str] = frozenset()
    limit: LimitField | None = None
    two_speakers: bool = False

    def limit_field(self, dialect: Dialect, *, predicted: bool) -> LimitField:
        """The name of the limit of the reply."""
        return self.limit or dialect.limit_field(predicted=predicted)

    def after_refusal(
        self, body: Any, sent: Collection[str], dialect: Dialect, *, status: int = 400
    ) -> Fields | None:
        """What to try instead of a request with the fields `sent`; None where that would not help.

        `body` is that of the refusal. A prediction is left out by whoever decides on it, and not here.
        """
        name = named(body, sent)
        if overflow.read(body) is not None:
            return None
        # A template that raises is a defect of the server's to some, which answer 500.
        if status in {*REFUSALS, 500} and not self.two_speakers and _wants_two_speakers(body):
            return replace(self, two_speakers=True)
        if name is None or status not in REFUSALS:
            return None
        limit = next((one for one in _LIMITS if one in sent), None)
        if name == PREDICTION and limit == _LIMITS[0] and _mentions(body, limit):
            name = limit  # it takes the two together only under the older name
        if name == limit and self.limit is None:
            other = _LIMITS[1] if limit == _LIMITS[0] else _LIMITS[0]
            return replace(self, limit=other)
        if name in _DROPPED or name in dialect.extra:
            return replace(self, dropped=self.dropped | {name})
        return None


def named(body: Any, sent: Collection[str]) -> str | None:
    """The field of `sent` that the body of a refusal names; None if it names none, or says nothing against it."""
    for name in _pointers(body, _DEEP):
        if name in sent:
            return name
    text = "\n".join(_texts(body, _DEEP)).lower()
    if _UNWANTED.search(text) is None:
        return None
    # The field that a sentence is about comes first in it; what to use instead of it comes later.
    found = [(at, name) for name in sent if (at := _place(text, name)) is not None]
    return min(found)[1] if found else None


def _wants_two_speakers(body: Any) -> bool:
    return any(_TWO_SPEAKERS.search(text.lower()) is not None for text in _texts(body, _DEEP))


def _mentions(body: Any, name: str) -> bool:
    return any(name in text for text in _texts(body, _DEEP))


def _place(text: str, name: str) -> int | None:
    # A word of everyday speech counts only where it is quoted, or is said to be unsupported itself.
    word = re.escape(name)
    pattern = word if "_" in name else rf"""['"`“]{word}['"`”]|\b{word}s?\b(?=[^.]{{0,40}}support)"""
    found = re.search(rf"(?<![a-z_])(?:{pattern})(?![a-z_])", text)
    return None if found is None else found.start()


def _pointers(value: Any, deep: int) -> Iterator[str]:
    """The names of fields that stand as such in an error: ``param``, ``loc``."""
    if not deep:
        return
    if isinstance(value, list):
        for item in value[:_DEEP]:
            yield from _pointers(item, deep - 1)
    elif isinstance(value, dict):
        param = value.get("param")
        if isinstance(param, str):
            yield re.split(r"[.\[]", param.removeprefix("body."), maxsplit=1)[0]
        place = value.get("loc")
        if isinstance(place, list):
            yield from (part for part in place[:_DEEP] if isinstance(part, str))
        for item in value.values():
            yield from _pointers(item, deep - 1)


def _texts(value: Any, deep: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:_LONGEST_TEXT]
    elif isinstance(value, list) and deep:
        for item in value[:_DEEP]:
            yield from _texts(item, deep - 1)
    elif isinstance(value, dict) and deep:
        for name, item in value.items():
            if name not in {"input", "body", "messages"}:  # which would be the request itself
                yield from _texts(item, deep - 1)


def said(body: Any) -> str:
    """What the body of an error says in words, in whatever shape: the first text under the names that servers use."""
    return next(_said(body, _DEEP), "")


def _said(value: Any, deep: int) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, list) and deep:
        for item in value[:_DEEP]:
            yield from _said_at(item, deep - 1)
    elif isinstance(value, dict) and deep:
        for name in ("message", "msg", "detail", "error", "errors"):
            if name in value:
                yield from _said(value[name], deep - 1)


def _said_at(item: Any, deep: int) -> Iterator[str]:
    """An entry of a list of faults, with the place that it is about."""
    place = item.get("loc") if isinstance(item, dict) else None
    where = ".".join(str(part) for part in place[:_DEEP]) if isinstance(place, list) else ""
    for text in _said(item, deep):
        yield f"{where}: {text}" if where else text
