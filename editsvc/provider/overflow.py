"""Whether a server's error says that a request is too long, and what it says about the length. Pure.

Servers have a hundred sentences for it, and change them. What they have in common is recognised: a word for what is too
long (context length, prompt, input tokens, …) together with one for too much, in whatever field of the body it stands.
A limit of tokens a minute is another thing, which passes, unless the request alone is above it: then it never will.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from editsvc import credible, late
from editsvc.errors import ContextExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator

FINISH_REASONS: Final = frozenset({"model_context_window_exceeded"})
"""Why a reply ended, where the context was full; servers that say ``length`` do not tell it from the reply's limit."""

# The fields of an error that say something; what else there is may repeat the request, and with it the document.
_FIELDS: Final = frozenset(
    {
        "error",
        "errors",
        "message",
        "msg",
        "detail",
        "details",
        "code",
        "type",
        "error_type",
        "metadata",
        "raw",
    }
)
# Where a server gives figures as such.
_LIMITS: Final = frozenset({"n_ctx", "max_model_len", "max_context_length", "context_length"})
_LENGTHS: Final = frozenset({"n_prompt_tokens"})
_DEEP: Final = 6
_LONGEST_TEXT: Final = 2_000

_NUMBER: Final = r"(\d{1,3}(?:[,_]\d{3})+|\d+)\b"
_IS: Final = r"(?:\s+(?:is|of|to|at|only|most))*\s*[:=(]?\s*"
_WHAT: Final = (
    r"(?:context|prompt|input|sequence)[ _-]?(?:length|size|window|limit|tokens?\b|token[ _-](?:count|limit))"
)

# A length, and that it is too much, in whatever order; or one of the sentences that need no such word.
_LENGTH: Final = late.pattern(rf"{_WHAT}|inputs` (?:tokens|must)|\btoken[ _-]limit")
_TOO_MUCH: Final = late.pattern(
    r"exceed|too (?:long|large|big|many)|(?:longer|larger|greater|more) than|maximum|reduce|context size is"
    r"|(?:must|should) (?:be|have) (?:<|less|fewer|at most|below|\[)"
)
_TOO_LONG: Final = late.pattern(
    r"(?:prompt|input|conversation|messages|request)\b(?![^.]{0,40}(?:header|cookie|ur[il]\b))"
    r"[^.]{0,40}?[ _]too[ _](?:long|large|big)"
    r"|\brequest_too_large"
    r"|(?:prompt|input|messages)\b[^.]{0,40}? exceed"
    r"|reduce the (?:length|size) of (?:the|your) (?:messages|prompt|input|request)"
    r"|too many (?:input |prompt )?tokens"
    r"|string_above_max_length"
)
# What passes with time, or by asking less often.
_RATE: Final = late.pattern(
    r"per[ -](?:second|sec|minute|min|hour|day)\b|rate[ _-]?limit|throttl|quota|too many requests|please wait|concurren"
)
_A_MINUTE: Final = late.pattern(
    rf"(?:per[ -]min(?:ute)?\b|\btpm\b).{{0,40}}?limit:? {_NUMBER}.{{0,40}}?requested:? {_NUMBER}", re.DOTALL
)

_LIMIT_SAID: Final = tuple(
    map(
        late.pattern,
        (
            rf"\bn_ctx\W+{_NUMBER}",
            rf"while (?:the )?limit is {_NUMBER}",
            rf"(?:maximum|max|allowed|configured|model'?s?|available) (?:\w+ )?{_WHAT}{_IS}{_NUMBER}",
            rf"\bcontext[ _-](?:length|size|window|limit){_IS}{_NUMBER}(?! \+)",
            rf"{_NUMBER} (?:tokens? )?(?:maximum|max)\b",
            rf"must (?:be|have) (?:<=?|less than(?: or equal to)?|at most) {_NUMBER}",
            rf"tokens allowed{_IS}{_NUMBER}",
            rf"input length should be \[\d+, ?{_NUMBER}\]",
            rf"limit{_IS}{_NUMBER}(?! \+)",
            rf"cannot exceed {_NUMBER}",
            rf"\d > {_NUMBER}",
        ),
    )
)
_LENGTH_SAID: Final = tuple(
    map(
        late.pattern,
        (
            rf"current length is {_NUMBER}",
            rf"for a total of (?:at least )?{_NUMBER} tokens",
            rf"requested (?:about |a total of )?{_NUMBER} tokens",
            rf"(?:resulted in|contains?|has|have|received|requested:?) (?:at least |about )?{_NUMBER}(?! output)",
            rf"(?:request|prompt|input|length|count)(?: is)? ?\({_NUMBER}(?: tokens)?\)",
            rf"(?:input|prompt) (?:length|(?:token )?count)(?: of| is)? {_NUMBER}",
            rf"too (?:long|large): {_NUMBER}",
            rf"{_NUMBER}(?: tokens)? > \d",
            rf"\bn_keep\W+{_NUMBER}",
        ),
    )
)
# Prompt and reply apart.
_SUM_SAID: Final = tuple(
    map(
        late.pattern,
        (
            rf"{_NUMBER} \+ {_NUMBER} >",
            rf"given: {_NUMBER} `inputs` tokens and {_NUMBER} `max_new_tokens`",
            rf"too large: {_NUMBER}.{{0,80}}?{_NUMBER} input tokens",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Overflow:
    """A request is too long: `length` tokens, of `limit`; None where the server does not say.

    With `a_minute`, the limit is that of the tokens of a minute, and the request alone is above it.
    """

    limit: int | None = None
    length: int | None = None
    a_minute: bool = False


def read(body: Any) -> Overflow | None:
    """What the body of an error, decoded or a text, says about a request that is too long; None if it is not that."""
    figures: dict[str, int] = {}
    text = _text(body, figures)
    minute = _A_MINUTE.search(text)
    if minute is not None:
        limit, length = map(_count, minute.groups())
        above = limit is not None and length is not None and length > limit
        return Overflow(limit, length, a_minute=True) if above else None
    told = _TOO_LONG.search(text) or (_LENGTH.search(text) and _TOO_MUCH.search(text))
    if not told or _RATE.search(text) is not None:
        return None
    limit = figures.get("limit") or _first(_LIMIT_SAID, text)
    length = _total(text) or figures.get("length") or _first(_LENGTH_SAID, text)
    if limit is not None and length is not None and length < limit:
        length = None  # that of the prompt, or another number
    return Overflow(limit, length)


def error(
    found: Overflow,
    *,
    server: str,
    request_id: str | None = None,
    status: int | None = None,
    message: str = "",
) -> ContextExceeded:
    """The error for a request that is longer than `server` takes; `message` is its own, of `status`."""
    if found.limit is None:
        said = ": ".join(filter(None, (str(status or ""), message)))
        text = f"The request is longer than {server} takes{f' ({said})' if said else ''}."
    else:
        needed = "more" if found.length is None else f"{found.length:,}"
        takes = f"{server} takes {found.limit:,} tokens"
        if found.a_minute:
            text = f"{takes} a minute, and this request alone needs {needed}."
        else:
            text = f"{takes}, prompt and reply together, and this request needs {needed}."
    return ContextExceeded(
        text,
        request_id=request_id,
        http_status=status,
        limit=found.limit,
        length=found.length,
        a_minute=found.a_minute,
    )


def is_rate(body: Any) -> bool:
    """Whether the body of an error is about how much is asked for in some time, and not at once."""
    return _RATE.search(_text(body, {})) is not None


def _text(body: Any, figures: dict[str, int]) -> str:
    return "\n".join(_texts(body, figures, _DEEP)).lower()


def _texts(value: Any, figures: dict[str, int], deep: int) -> Iterator[str]:
    """The texts in `value` that say what went wrong; `figures` gets the lengths that are given as numbers."""
    if isinstance(value, str):
        yield " ".join(value[:_LONGEST_TEXT].split())
    elif isinstance(value, list) and deep:
        for item in value[:_DEEP]:
            yield from _texts(item, figures, deep - 1)
    elif isinstance(value, dict) and deep:
        for name, item in value.items():
            kind = "limit" if name in _LIMITS else "length" if name in _LENGTHS else ""
            if kind and (count := credible.count(item)):
                figures.setdefault(kind, count)
            elif name in _FIELDS:
                yield from _texts(item, figures, deep - 1)


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> int | None:
    for pattern in patterns:
        if (found := pattern.search(text)) is not None and (count := _count(found[1])):
            return count
    return None


def _total(text: str) -> int | None:
    for pattern in _SUM_SAID:
        if (found := pattern.search(text)) is not None:
            one, other = map(_count, found.groups())
            return None if one is None or other is None else credible.count(one + other)
    return None


def _count(digits: str) -> int | None:
    plain = re.sub("[,_]", "", digits)
    return credible.count(int(plain)) or None if len(plain) <= len(str(credible.MOST)) else None
