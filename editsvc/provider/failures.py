"""Maps foreign errors to ours, here and nowhere else.

Covers the SDK's exceptions, the raw httpx exceptions that it lets through in mid-stream, and the errors that
servers send as events.
"""

from __future__ import annotations

import contextlib
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx
from cerebras.cloud import sdk

from editsvc import credible
from editsvc.errors import (
    ContextExceeded,
    EditsvcError,
    EndlessReply,
    IncompleteReply,
    Means,
    PredictionUnsupported,
    ProviderAuthError,
    ProviderBusy,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnreachable,
    Remedy,
    place_of,
)
from editsvc.provider import overflow
from editsvc.provider.breaker import LONGEST_COOLDOWN_S
from editsvc.provider.budget import limit_reset_s
from editsvc.provider.call import NoToken
from editsvc.provider.fields import PREDICTION, REFUSALS, named, said
from editsvc.provider.noticed import advice
from editsvc.redact import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editsvc.provider.dialects import Dialect
    from editsvc.provider.overflow import Overflow
    from editsvc.provider.patience import Waits
    from editsvc.provider.wire import Chunk

_LONGEST_MESSAGE: Final = 300
# llama.cpp, TGI and others while they load; Ollama when its queue is full.
_NOT_READY: Final = re.compile(
    r"(?i)loading|warming up|starting up|not ready|initiali[sz]ing|server busy|pending requests|queue (?:is )?full"
)
_STATUS: Final = re.compile(r"[0-9]{3}", re.ASCII)
# An error as JSON would have it, with words that end where nothing but brackets follows.
_UNESCAPED: Final = re.compile(
    rb'\{\s*"error"\s*:\s*(?:\{[^{}]*?"message"\s*:\s*)?"(?P<words>[^\n]*?)(?:"[\s}]*)?\Z'
)
_DEEPEST_CAUSE: Final = 8
_LONGEST_BROKEN: Final = 4_000  # bytes
_RATE_LIMIT: Final = "x-ratelimit-"
_REQUEST_ID_HEADERS: Final = ("x-request-id", "inference-id", "cf-ray")


def request_id(headers: Mapping[str, str]) -> str | None:
    """The server's id of the request, for its support; None if it did not send one that can be shown."""
    return next((found for name in _REQUEST_ID_HEADERS if (found := credible.name(headers.get(name)))), None)


def rate_limit(headers: Mapping[str, str]) -> dict[str, str]:
    """The known ones of the ``x-ratelimit-`` headers, without that prefix."""
    found = {
        name.lower().removeprefix(_RATE_LIMIT): value
        for name, value in headers.items()
        if name.lower().startswith(_RATE_LIMIT)
    }
    return credible.rate_limits(found) or {}


def from_status(
    status: int, message: str, *, server: str, headers: Mapping[str, str] | None = None, body: Any = None
) -> ProviderError:
    """The error for an HTTP status, whether it came as a status or inside an event.

    `body` is what came with it, decoded if that was possible; None for no more than `message`.
    """
    headers = headers or {}
    body = message if body is None else body
    found = _overflow(status, body)
    if found is not None:
        return overflow.error(
            found, server=server, request_id=request_id(headers), status=status, message=message
        )
    if status == 413:  # noqa: PLR2004 - the numbers of HTTP are their names
        status = 429  # Groq's, for its limit of tokens a minute
    words = f": {message}" if message else ""
    identity = request_id(headers)
    if status in {401, 403}:
        return ProviderAuthError(
            f"{server} does not accept the API key ({status}{words}).",
            remedies=(Remedy(Means.VALID_KEY),),
            request_id=identity,
        )
    if status == 429:  # noqa: PLR2004
        limits = rate_limit(headers)
        wait = _retry_after_s(headers.get("retry-after"))
        wait = limit_reset_s(limits) if wait is None else wait
        wait = None if wait is None else min(wait, LONGEST_COOLDOWN_S)
        after = f" in {wait:g} s" if wait is not None else " later"
        return ProviderRateLimited(
            f"{server} does not allow more requests for now (429{words}).",
            hint=f"Try again{after}.",
            request_id=identity,
            retry_after_s=wait,
            rate_limit=limits,
        )
    if status == 503 and _NOT_READY.search(str(body)) is not None:  # noqa: PLR2004
        return ProviderBusy(
            f"{server} is not ready yet (503{words}).", hint="Try again in a moment.", request_id=identity
        )
    if status >= 500:  # noqa: PLR2004
        return ProviderUnavailable(
            f"{server} failed ({status}{words}).", hint="Try again in a moment.", request_id=identity
        )
    if status in REFUSALS and named(body, {PREDICTION}) == PREDICTION:
        return PredictionUnsupported(
            f"{server} does not support predictions for this model ({status}{words}).",
            remedies=(Remedy(Means.PREDICTION_OFF),),
            request_id=identity,
        )
    remedy = {404: Means.KNOWN_MODEL}.get(status)
    hint = {402: "Check the account's balance.", 408: "Try again."}.get(
        status, "The request was not accepted; nothing was changed."
    )
    return ProviderRejected(
        f"{server} refused the request ({status}{words}).",
        hint="" if remedy else hint,
        remedies=(Remedy(remedy),) if remedy else (),
        request_id=identity,
        http_status=status,
    )


def _overflow(status: int, body: Any) -> Overflow | None:
    """What a refusal says about a request that is too long; None if it is another refusal."""
    if status not in {400, 413, 422, 429} and status < 500:  # noqa: PLR2004
        return None
    found = overflow.read(body)
    if status == 429:  # noqa: PLR2004 - which passes, unless no waiting helps
        return found if found is not None and found.a_minute else None
    if status == 413 and found is None and not overflow.is_rate(body):  # noqa: PLR2004
        return overflow.Overflow()  # that is what the status means
    return found


def from_event(chunk: Chunk, *, server: str, headers: Mapping[str, str]) -> ProviderError | None:
    """The error that an event carries, in any of the shapes servers use; None if it is a chunk."""
    body = chunk.error
    if body is None and chunk.choices is None and chunk.usage is None:
        if not isinstance(chunk.message, str):
            return ProviderProtocolError(
                f"{server} sent an event that is neither a part of a reply nor an error.",
                hint="Check the base URL.",
                request_id=request_id(headers),
            )
        body = {"message": chunk.message, "type": chunk.type, "code": chunk.code}
    if not body:
        return None
    details = body if isinstance(body, dict) else {"message": str(body)}
    message = details.get("message")
    status = next(
        (
            code
            for code in map(_status, (chunk.status_code, details.get("status_code"), details.get("code")))
            if code
        ),
        0,
    )
    text = shorten(message if isinstance(message, str) else "")
    if status:
        return from_status(status, text, server=server, headers=headers, body=body)
    return from_words(text, server=server, headers=headers, body=body)


def from_words(text: str, *, server: str, headers: Mapping[str, str], body: Any = None) -> ProviderError:
    """The error for what a server says in the middle of a reply, without a status; `body` is all that it says."""
    found = overflow.read({"error": text} if body is None else body)
    if found is not None:
        return overflow.error(found, server=server, request_id=request_id(headers), message=shorten(text))
    return ProviderUnavailable(
        f"{server} broke off the reply with an error{': ' + shorten(text) if text else ''}.",
        hint="Try again in a moment.",
        request_id=request_id(headers),
    )


def from_exception(exc: Exception, *, server: str, waits: Waits, proxy: str = "") -> EditsvcError:
    """The error for whatever the SDK or httpx raised; `waits` says how long it waited, `proxy` is on the way, if any.

    An unknown exception becomes an error too, by the name of its class: the caller must never be left without one.
    """
    cause = exc.__cause__ if isinstance(exc, sdk.APIConnectionError) else None
    if isinstance(cause, EditsvcError):
        return cause  # our own, raised below the SDK
    if isinstance(exc, httpx.DecodingError) or isinstance(cause, httpx.DecodingError):
        return ProviderProtocolError(
            f"{server} sent a compressed answer that cannot be read: {_reason(cause or exc)}.",
            hint="Nothing was changed; try again, and check the proxies between you and the server.",
        )
    if isinstance(exc, sdk.APITimeoutError | httpx.TimeoutException):
        cause = exc if isinstance(exc, httpx.TimeoutException) else exc.__cause__
        if isinstance(cause, httpx.ConnectTimeout | httpx.PoolTimeout):
            return ProviderUnreachable(
                f"No connection to {server}{_through(proxy)} in time.", hint="Check the network."
            )
        seconds = waits.gap_s if isinstance(exc, httpx.ReadTimeout) else waits.first_token_s
        return ProviderTimeout(
            f"No data from {server} for {seconds:g} s.", hint="Try again, or raise read_timeout_s."
        )
    if isinstance(exc, NoToken):
        return ProviderTimeout(
            f"No word of the reply from {server} within {waits.first_token_s:g} s.",
            hint="Try again, or raise read_timeout_s.",
        )
    if isinstance(exc, sdk.APIStatusError) and exc.response.has_redirect_location:
        return _redirected(exc, server)
    if isinstance(exc, sdk.APIStatusError):
        return from_status(
            _embedded_status(exc),
            shorten(_message(exc)),
            server=server,
            headers=exc.response.headers,
            body=exc.body,
        )
    if isinstance(exc, sdk.APIConnectionError):
        return ProviderUnreachable(
            f"No connection to {server}{_through(proxy)}: {_reason(exc.__cause__ or exc)}.",
            hint="Check the network, the proxy and the base URL."
            if proxy
            else "Check that the server is running, and the base URL."
            if _nobody_listens(exc)
            else "Check the network and the base URL.",
        )
    if isinstance(exc, httpx.TransportError):
        return IncompleteReply(
            f"The connection to {server} broke in the middle of the reply: {_reason(exc)}.",
            finish_reason=None,
            hint="Nothing was changed; try again.",
        )
    return ProviderError(
        f"The request to {server} failed in a way that editsvc does not know: {place_of(exc)}.",
        hint="Nothing was changed. Please report it.",
    )


def _redirected(exc: sdk.APIStatusError, server: str) -> ProviderRejected:
    """The error for a redirect: a key does not go where nobody has said that it may."""
    status, place = exc.status_code, exc.response.headers["location"]
    with contextlib.suppress(httpx.InvalidURL):
        place = str(exc.response.url.join(place))
    place = without_secrets(shorten(place)).removesuffix("/chat/completions")
    return ProviderRejected(
        f"{server} redirects to {place} ({status}), which editsvc does not follow.",
        hint="If you trust that address, make it the base URL.",
        request_id=request_id(exc.response.headers),
        http_status=status,
    )


def _through(proxy: str) -> str:
    return f" through the proxy {proxy}" if proxy else ""


def no_list(*, server: str) -> ProviderProtocolError:
    """The error for an answer that is not a list of models."""
    return ProviderProtocolError(
        f"{server} answered with something other than a list of models.", hint="Check the base URL."
    )


def not_a_stream(content_type: str, *, server: str, headers: Mapping[str, str]) -> ProviderProtocolError:
    """The error for an answer with status 200 that is not a stream of events."""
    return ProviderProtocolError(
        f"{server} answered with {content_type or 'something unknown'}, where a stream of events was expected.",
        hint="Check the base URL.",
        request_id=request_id(headers),
    )


def endless(tokens: int, *, server: str, headers: Mapping[str, str]) -> EndlessReply:
    """The error for a reply that is longer than so many tokens can be long."""
    return EndlessReply(
        f"{server} exceeded the limit of {tokens:,} tokens, and was cut off.",
        hint="Nothing was changed; check whether the server respects max_completion_tokens.",
        request_id=request_id(headers),
    )


def broken_off(*, server: str, headers: Mapping[str, str]) -> ProviderUnavailable:
    """The error for a reply whose finish reason is that it failed."""
    return ProviderUnavailable(
        f"{server} broke off the reply with an error.",
        hint="Try again in a moment.",
        request_id=request_id(headers),
    )


def empty(dialect: Dialect, *, server: str, headers: Mapping[str, str]) -> ProviderError:
    """The error for a reply without a word in it."""
    if dialect.empty_if_too_long:
        return ContextExceeded(
            f"{server} sent an empty reply, as it does where its context is too short.",
            hint=advice(dialect),
            request_id=request_id(headers),
        )
    return ProviderProtocolError(
        f"{server} sent an empty reply.",
        hint="Nothing was changed; try again.",
        request_id=request_id(headers),
    )


def from_garbage(data: bytes, *, server: str, headers: Mapping[str, str]) -> ProviderError:
    """The error for an event that is not JSON of the agreed shape.

    Some servers put the words of their own error between quotes as they are, and it is worth knowing what they say.
    """
    found = _UNESCAPED.match(data[:_LONGEST_BROKEN])
    words = found["words"].decode("utf-8", "replace").strip() if found else ""
    error = from_words(words, server=server, headers=headers) if words else None
    return error or ProviderProtocolError(
        f"{server} sent an event that is not valid JSON of the chat completions API.",
        hint="Nothing was changed; try again.",
        request_id=request_id(headers),
    )


def _nobody_listens(exc: BaseException | None) -> bool:
    """Whether a machine that is there refused the connection, as it does where nothing listens."""
    for _ in range(_DEEPEST_CAUSE):
        if exc is None:
            break
        if isinstance(exc, ConnectionRefusedError):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


def shorten(message: str) -> str:
    """A server's message on one line, without its final stop."""
    text = " ".join(message.split()).rstrip(".")
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"


def _message(exc: sdk.APIStatusError) -> str:
    if isinstance(exc.body, dict | list) and (words := said(exc.body)):
        return words
    # An HTML page from a proxy would fill the terminal.
    return "" if "<" in exc.message else exc.message


def _embedded_status(exc: sdk.APIStatusError) -> int:
    return exc.status_code if exc.status_code >= 300 else 500  # noqa: PLR2004 - an error behind a 200


def _status(value: Any) -> int:
    if isinstance(value, str) and _STATUS.fullmatch(value):
        value = int(value)
    return value if isinstance(value, int) and 400 <= value < 600 else 0  # noqa: PLR2004


def _retry_after_s(value: str | None) -> float | None:
    """Seconds until the time that ``retry-after`` names, as a number or as a date (RFC 9110, section 10.2.3)."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):  # a date without a zone, or not a date
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _reason(exc: BaseException) -> str:
    text = shorten(str(exc))
    return text or type(exc).__name__
