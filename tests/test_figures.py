"""Figures as people read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc import figures


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.0, 0, "0 %"),
        (0.0, 1, "0.0 %"),
        (1.0, 0, "100 %"),
        (0.615, 0, "62 %"),
        (0.004, 0, "<1 %"),
        (0.996, 0, ">99 %"),
        (0.996, 1, "99.6 %"),
        (0.0004, 1, "<0.1 %"),
        (0.9996, 1, ">99.9 %"),
        (-0.004, 0, ">-1 %"),
        (-0.25, 0, "-25 %"),
        (-0.999, 0, "<-99 %"),
        (2.5, 0, "250 %"),
    ],
)
def test_a_share_as_a_percentage(share: float, digits: int, text: str) -> None:
    assert figures.percent(share, digits) == text


@given(accepted=st.integers(0, 10**9), rejected=st.integers(0, 10**9))
def test_an_edits_acceptance_is_all_or_nothing_only_if_it_was(accepted: int, rejected: int) -> None:
    text = figures.accepted(accepted, rejected)
    if not accepted + rejected:
        assert text is None
        return
    assert text is not None
    found = re.fullmatch(r"([<>]?)(\d+) %", text)
    assert found
    number = int(found[2])
    assert 0 <= number <= 100
    assert (text == "0 %") == (accepted == 0)
    assert (text == "100 %") == (rejected == 0)


def test_what_was_not_reported_has_no_figure() -> None:
    assert figures.accepted(None, 3) is figures.accepted(3, None) is None


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.0, "$0.00"), (0.00003, "<$0.0001"), (0.0011, "$0.0011"), (0.5, "$0.5000"), (1234.5, "$1,234.50")],
)
def test_what_is_not_free_does_not_read_as_free(amount: float, text: str) -> None:
    assert figures.dollars(amount) == text
