"""What a failure means, how long a limit lasts, and how long to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.errors import (
    ContextExceeded,
    EditsvcError,
    IncompleteReply,
    ProviderAuthError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnreachable,
)
from editsvc.provider.failure_class import FailureClass, backoff_s, failure_class
from editsvc.provider.failures import from_status

SERVER = [
    ProviderUnavailable("503"),
    ProviderTimeout("silence"),
    ProviderUnreachable("refused"),
    ProviderProtocolError("HTML"),
    IncompleteReply("cut", finish_reason=None),
]
REQUEST = [
    ProviderAuthError("401"),
    IncompleteReply("too long", finish_reason="length"),
    IncompleteReply("withheld", finish_reason="content_filter"),
]


@pytest.mark.parametrize("error", SERVER, ids=lambda error: error.kind)
def test_the_server_is_to_blame(error: EditsvcError) -> None:
    assert failure_class(error) is FailureClass.SERVER


@pytest.mark.parametrize("error", REQUEST, ids=lambda error: error.kind)
def test_the_request_is_to_blame(error: EditsvcError) -> None:
    assert failure_class(error) is FailureClass.REQUEST


@pytest.mark.parametrize("status", [None, 400, 413, 429, 500])
def test_a_request_that_is_too_long_for_one_server_may_suit_another(status: int | None) -> None:
    assert failure_class(ContextExceeded("too long", http_status=status)) is FailureClass.LENGTH


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, FailureClass.REQUEST),
        (401, FailureClass.REQUEST),
        (402, FailureClass.REQUEST),
        (404, FailureClass.REQUEST),
        (408, FailureClass.PASSING),
        (409, FailureClass.PASSING),
        (413, FailureClass.LENGTH),
        (422, FailureClass.REQUEST),
        (429, FailureClass.LIMIT),
        (500, FailureClass.SERVER),
        (502, FailureClass.SERVER),
        (503, FailureClass.SERVER),
        (529, FailureClass.SERVER),
    ],
)
def test_no_4xx_ever_counts_against_a_server(status: int, expected: FailureClass) -> None:
    assert failure_class(from_status(status, "", server="s")) is expected


@given(st.integers(0, 50), st.floats(0, 1, exclude_max=True))
def test_the_pause_grows_is_bounded_and_never_less_than_half(retries: int, draw: float) -> None:
    most = min(0.25 * 2**retries, 4)
    assert most / 2 <= backoff_s(retries, draw) <= most


def limited(**headers: str) -> float | None:
    error = from_status(429, "", server="s", headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert isinstance(error, ProviderRateLimited)
    return error.retry_after_s


def test_a_limit_lasts_as_long_as_retry_after_says_in_seconds_or_as_a_date() -> None:
    assert limited(retry_after="7") == 7
    assert limited(retry_after="0.5") == 0.5
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = limited(retry_after=soon)
    assert found is not None and 80 < found <= 90
    assert limited(retry_after="Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize("said", ["soon", "", "nan", "inf", "-"])
def test_what_retry_after_does_not_say_the_limits_do(said: str) -> None:
    spent = {
        "x_ratelimit_remaining_tokens_minute": "0",
        "x_ratelimit_reset_tokens_minute": "21.5",
        "x_ratelimit_remaining_requests_day": "17",
        "x_ratelimit_reset_requests_day": "40000",
    }
    assert limited(retry_after=said, **spent) == 21.5
    assert limited(retry_after=said) is None
