"""The class of a failure: whether the server is at fault, and whether and when another request may help. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from editsvc.errors import (
    ContextExceeded,
    IncompleteReply,
    ProviderBusy,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnreachable,
)

if TYPE_CHECKING:
    from editsvc.errors import EditsvcError

# The server says itself that the same request may pass a moment later (RFC 9110, sections 15.5.9 and 15.5.10).
_PASSING: Final = frozenset({408, 409})
_FIRST_BACKOFF_S: Final = 0.25
_LONGEST_BACKOFF_S: Final = 4.0
# Without a word from the server about how long its limit lasts.
COOLDOWN_S: Final = 1.0


class FailureClass(StrEnum):
    """What a failure says about the server and about further requests."""

    SERVER = "server"  # counts for the breaker; another request may help, here or elsewhere
    PASSING = "passing"  # counts for nothing; another request may help
    BUSY = "busy"  # it works, and is not ready: another server may help, or this one in a while
    LIMIT = "limit"  # 429: another server may help, or this one later
    LENGTH = "length"  # too long for this server, and perhaps not for another
    REQUEST = "request"  # no other request of the kind will fare better


def failure_class(error: EditsvcError) -> FailureClass:
    """The class of `error`.

    A reply that ended with a finish reason (``length``, ``content_filter``) is the request's; one that ended
    without any was cut off.
    """
    if isinstance(error, ProviderRateLimited):
        return FailureClass.LIMIT
    if isinstance(error, ContextExceeded):
        return FailureClass.LENGTH
    if isinstance(error, IncompleteReply):
        return FailureClass.SERVER if error.finish_reason is None else FailureClass.REQUEST
    if isinstance(error, ProviderBusy):
        return FailureClass.BUSY
    if isinstance(error, ProviderUnavailable | ProviderTimeout | ProviderUnreachable | ProviderProtocolError):
        return FailureClass.SERVER
    if isinstance(error, ProviderRejected) and error.http_status in _PASSING:
        return FailureClass.PASSING
    return FailureClass.REQUEST


def backoff_s(retries: int, draw: float) -> float:
    """How long to wait before the next request to a server that failed `retries` + 1 times, in seconds.

    Twice as long each time, up to 4 s; `draw`, uniform in [0, 1), takes up to half of it away, so that clients
    that failed together do not come back together.
    """
    return float(min(_FIRST_BACKOFF_S * 2.0**retries, _LONGEST_BACKOFF_S) * (1 - draw / 2))
