"""Which numbers can be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import credible

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=4),
    st.lists(st.integers(), max_size=2),
    st.sampled_from([-5, 2**63 - 1, 2**63, 10**9, 10**9 + 1, 0, 12.0, 12.5]),
)


@pytest.mark.parametrize("value", [0, 1, 12.0, credible.MOST])
def test_a_count_that_can_be(value: float) -> None:
    assert credible.count(value) == value


@pytest.mark.parametrize(
    "value", [-5, 2**63 - 1, 10**400, 12.5, math.nan, math.inf, True, "7", b"7", [7], {}, None]
)
def test_a_count_that_cannot_be_is_not_known(value: object) -> None:
    assert credible.count(value) is None


def test_nothing_is_done_in_no_time_but_nobody_may_have_waited() -> None:
    assert (credible.duration(0.0), credible.duration(0.2)) == (None, 0.2)
    assert credible.seconds(0.0) == 0.0


@pytest.mark.parametrize(
    ("completion", "ttft", "total", "expected"),
    [
        (0.4, 1.0, 9.0, 0.4),
        (0.0, 0.25, 1.25, 1.0),
        (None, 0.25, 1.25, 1.0),
        (-1.0, 0.25, 1.25, 1.0),
        (math.nan, 0.25, 1.25, 1.0),
        (0.0, 0.2, 0.2, None),
        (0.0, None, 1.0, None),
        (None, 2.0, 1.0, None),
    ],
)
def test_the_time_in_which_a_reply_was_written(
    completion: float | None, ttft: float | None, total: float | None, expected: float | None
) -> None:
    assert credible.writing(completion, ttft, total) == expected


@given(
    st.fixed_dictionaries(
        dict.fromkeys(("prompt", "cached", "completion", "reasoning", "accepted", "rejected"), ODD)
    )
)
def test_no_part_is_more_than_its_whole(told: dict[str, object]) -> None:
    found = credible.tokens(**told)
    for number in found:
        assert number is None or 0 <= number <= credible.MOST
    for part, whole in (
        (found.cached, found.prompt),
        (found.reasoning, found.completion),
        (found.accepted, found.completion),
        (found.rejected, found.completion),
    ):
        assert part is None or whole is None or part <= whole


def test_more_accepted_than_written_makes_both_counts_of_the_prediction_unknown() -> None:
    found = credible.tokens(prompt=9, cached=0, completion=10, reasoning=0, accepted=11, rejected=1)
    assert (found.completion, found.accepted, found.rejected) == (10, None, None)


def test_a_server_that_does_not_count_rejected_tokens_as_completion_is_merely_odd() -> None:
    found = credible.tokens(prompt=9, cached=0, completion=10, reasoning=0, accepted=8, rejected=5)
    assert (found.accepted, found.rejected) == (8, 5)


@given(ODD)
def test_every_rule_takes_whatever_it_is_given(value: object) -> None:
    for rule in (credible.seconds, credible.duration, credible.dollars, credible.speed, credible.probability):
        found = rule(value)
        assert found is None or (math.isfinite(found) and found >= 0)


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter", None])
def test_a_reason_that_is_known_is_kept(reason: str | None) -> None:
    assert credible.finish_reason(reason) == credible.word(reason) == reason


@pytest.mark.parametrize("reason", ["x" * 41, "two words", "a\nb", "\x1b[2J", "ünknown", 7, ["stop"]])
def test_a_reason_that_is_no_word_is_another_one(reason: object) -> None:
    assert credible.finish_reason(reason) == credible.word(reason) == "other"


def test_a_word_that_is_not_known_is_shown_and_not_logged() -> None:
    assert (credible.word("finished-new"), credible.finish_reason("finished-new")) == (
        "finished-new",
        "other",
    )


@pytest.mark.parametrize("name", ["", "x" * 201, "a b", "a\nb", "\x1b[2J", "ünknown", 7, None])
def test_what_is_no_name_is_none(name: object) -> None:
    assert credible.name(name) is None


def test_a_name_is_kept() -> None:
    assert credible.name("openai/gpt-oss-20b:free") == "openai/gpt-oss-20b:free"


@given(st.dictionaries(st.text(), st.text() | st.integers()) | ODD)
def test_of_rate_limits_only_those_that_are_known_are_kept(headers: object) -> None:
    assert credible.rate_limits(headers) is None
    if isinstance(headers, dict):
        known = {"remaining-tokens-minute": "7", "reset-requests": "6m0s"}
        assert credible.rate_limits({**headers, **known, "limit-tokens": "9" * 33}) == known
