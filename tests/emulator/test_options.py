"""Settings that do not fit together are refused before anything listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from editsvc.emulator import EmulatedModel, EmulatorOptions, parse_model, parse_tokens_per_event
from editsvc.errors import UsageError


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_it_listens_on_loopback_addresses(host: str) -> None:
    assert EmulatorOptions(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
def test_other_hosts_must_be_allowed_explicitly(host: str) -> None:
    with pytest.raises(UsageError, match="loopback"):
        EmulatorOptions(host=host)

    assert EmulatorOptions(host=host, allow_remote=True).host == host


@pytest.mark.parametrize(
    "wrong",
    [
        {"preset": "psychic"},
        {"port": 70_000},
        {"echo": True, "offline": True},
        {"echo": True, "script": Path("cases.jsonl")},
        {"speed": -1},
        {"ttft": float("nan")},
        {"verify_cost": 0.5},
        {"fault_rate": 1.5},
        {"fault_count": -1},
        {"fault_rate": 0.5, "fault_count": 3},
        {"models": ()},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        EmulatorOptions(**wrong)


def test_a_model_is_a_name_and_what_it_cannot_do() -> None:
    assert parse_model("a") == EmulatedModel("a")
    assert parse_model("a:no-prediction,no-reasoning,context=99") == EmulatedModel(
        "a", prediction=False, reasoning=False, context=99
    )


@pytest.mark.parametrize("wrong", ["", ":no-prediction", "a:psychic", "a:context=0", "a:context=x"])
def test_a_model_that_makes_no_sense_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        parse_model(wrong)


def test_events_hold_a_number_of_tokens_or_a_random_one() -> None:
    assert parse_tokens_per_event("3") == 3
    assert parse_tokens_per_event("random") == 0


@pytest.mark.parametrize("wrong", ["0", "-1", "many", ""])
def test_other_numbers_of_tokens_are_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        parse_tokens_per_event(wrong)


def test_the_speed_is_that_of_a_plain_pass() -> None:
    latency = EmulatorOptions(speed=1000, ttft=0.2, prefill=500, verify_cost=1.5).latency

    assert (latency.token_s, latency.prompt_s(500), latency.pass_cost) == (0.001, 1.2, 1.5)
