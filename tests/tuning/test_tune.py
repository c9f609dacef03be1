"""From the log to decisions, and the words they come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tuning_cases import DAY, START, Made

from editsvc.errors import Status
from editsvc.prediction.policy import Cell, LearnedChoice, LearnedPolicy
from editsvc.provider import models
from editsvc.settings.schema import Objective
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tuning.drift import ChangeKind
from editsvc.tuning.objective import Worth, listed
from editsvc.tuning.policy_file import PolicyFile, Rule
from editsvc.tuning.proposal import propose
from editsvc.tuning.sentences import text
from editsvc.tuning.serialise import to_json
from editsvc.tuning.tune import Tuning, tune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    MakeRecord = Callable[..., RequestRecord]

MODEL = Cell("cerebras", "gpt-oss-120b")
TABLE = {"gpt-oss-120b": models.Model(usd_per_million_output=0.75)}
NOW = START + 60 * DAY


def log(
    make: MakeRecord,
    *,
    sent: int = 60,
    plain: int = 12,
    accepted: float = 0.8,
    rejected: float = 0.05,
    pass_cost: float = 1.1,
    seed: int = 1,
    **fields: Any,
) -> list[RequestRecord]:
    """Requests with and, now and then, without a prediction; shares are those of the reply's tokens."""
    rng = Random(seed)
    kinds = [True] * sent + [False] * plain
    rng.shuffle(kinds)
    made = []
    for predicted in kinds:
        reply = rng.randint(200, 1_000)
        factor = rng.uniform(0.9, 1.1)
        case = Made(reply, seconds_factor=factor)
        if predicted:
            share = accepted * rng.uniform(0.9, 1.1)
            case = Made(reply, int(share * reply), int(rejected * reply), pass_cost, factor)
        made.append(make(case, **fields))
    return made


def tuned(records: Iterable[RequestRecord], **given_: Any) -> Tuning:
    return tune(records, **{"now": NOW, "price_of": listed(TABLE), "worth": Worth(), **given_})


def test_predictions_that_save_time_are_sent(make_record: MakeRecord) -> None:
    (found,) = tuned(log(make_record)).findings
    assert (found.cell, found.predict, found.standing, found.requests) == (MODEL, True, None, 72)
    assert found.net is not None and 0.7 < found.net.low < found.net.value < found.net.high < 0.85
    assert found.certainty is not None and found.certainty > 0.99


def test_predictions_that_cost_time_are_not(make_record: MakeRecord) -> None:
    (found,) = tuned(log(make_record, accepted=0.1, pass_cost=1.6)).findings
    assert found.predict is False
    assert found.net is not None and found.net.high < 0


@pytest.mark.parametrize(
    ("objective", "predict"),
    [(Objective.TIME_FIRST, True), (Objective.BALANCED, True), (Objective.COST_FIRST, False)],
)
def test_the_objective_decides_between_time_and_money(
    objective: Objective, predict: bool, make_record: MakeRecord
) -> None:
    """A fifth of the time is saved, about $5 for each hour of it."""
    records = log(make_record, accepted=0.25, rejected=0.4, plain=40)
    (found,) = tuned(records, worth=Worth(30.0, objective)).findings
    assert found.predict is predict


def test_the_rate_of_exchange_is_the_users_value_of_time(make_record: MakeRecord) -> None:
    records = log(make_record, accepted=0.25, rejected=0.4, plain=40)
    (found,) = tuned(records).findings
    limit = found.savings.hour_limit
    assert limit is not None
    dear, cheap = (tuned(records, worth=Worth(limit * factor)).findings[0] for factor in (1.5, 0.5))
    assert (dear.predict, cheap.predict) == (True, False)


@pytest.mark.parametrize(
    ("sent", "plain", "words"),
    [
        (10, 5, "not enough data: 15 requests with known times, 20 are needed"),
        (40, 2, "not enough data: 2 requests without a prediction and with known times, 3 are needed"),
        (2, 40, "not enough data: 2 requests with a prediction and with known times, 3 are needed"),
    ],
)
def test_too_few_requests_decide_nothing_and_say_so(
    sent: int, plain: int, words: str, make_record: MakeRecord
) -> None:
    found = tuned(log(make_record, sent=sent, plain=plain))
    assert found.findings[0].predict is None
    assert f"cerebras gpt-oss-120b: built-in rule ({words})" in text(found, "in all")


def test_an_empty_log_says_that_there_is_not_enough_data() -> None:
    found = tuned([])
    assert text(found, "since yesterday") == (
        "Not enough data: 0 records since yesterday, but none is a complete first-attempt reply of a "
        "server with token counts. The built-in rule stays in force.\n"
    )


def test_the_offline_engine_teaches_nothing(make_record: MakeRecord) -> None:
    found = tuned(log(make_record, offline=True))
    assert (found.records, found.usable, found.findings) == (72, 0, ())


def test_a_tie_does_not_flip_what_stands(make_record: MakeRecord) -> None:
    """About as much is accepted as passes cost more: whatever holds is held."""
    records = log(make_record, accepted=0.06, rejected=0.0, pass_cost=1.05, plain=30)
    for standing in (True, False):
        policy = LearnedPolicy("learned-1", {MODEL: LearnedChoice(standing)})
        (found,) = tuned(records, standing=policy).findings
        assert found.certainty is not None and 0.3 < found.certainty < 0.7
        assert found.predict is standing


def test_clear_evidence_flips_what_stands(make_record: MakeRecord) -> None:
    policy = LearnedPolicy("learned-1", {MODEL: LearnedChoice(predict=False)})
    (found,) = tuned(log(make_record), standing=policy).findings
    assert (found.standing, found.predict) == (False, True)


def test_old_requests_fade(make_record: MakeRecord) -> None:
    """Four months of half-lives ago predictions paid; the little that is recent outweighs that."""
    old = log(make_record, sent=21, plain=4, created_at=START)
    young = log(make_record, accepted=0.05, rejected=0.4, pass_cost=1.8, sent=21, plain=8, created_at=NOW)
    (found,) = tuned([*old, *young], half_life_days=10.0).findings
    assert found.predict is False


def test_only_what_came_after_a_change_counts(make_record: MakeRecord) -> None:
    before = log(make_record, sent=100, plain=10)
    after = log(make_record, accepted=0.05, rejected=0.4, pass_cost=1.8, sent=30, plain=6)
    found = tuned([*before, *after])
    assert found.findings[0].predict is False
    assert found.findings[0].savings.sent == 30
    assert ChangeKind.ACCEPTANCE in {change.kind for change in found.changes}
    assert "accepts 11 % of predictions, and accepted 94 % before" in text(found, "in all")


def test_the_value_of_a_policy_is_not_taken_from_before_a_change(make_record: MakeRecord) -> None:
    before = log(make_record, sent=100, plain=10)
    after = log(make_record, accepted=0.05, rejected=0.4, pass_cost=1.8, sent=60, plain=30)
    found = tuned([*before, *after]).evaluation
    # The change shows in requests with a prediction, so those without one just before it are lost.
    assert 85 <= found.requests <= 90
    assert found.snips is not None and found.logged is not None
    assert found.snips.value < found.logged.value


def test_a_server_that_refuses_predictions_gets_none(make_record: MakeRecord) -> None:
    records = log(make_record)
    records += [make_record(prediction_reason="server-refused", attempts=2) for _ in range(4)]
    found = tuned(records)
    assert found.findings[0].predict is False
    assert "has refused predictions since" in text(found, "in all")


def test_models_are_decided_one_by_one(make_record: MakeRecord) -> None:
    records = [
        *log(make_record, model="good"),
        *log(make_record, model="bad", accepted=0.05, rejected=0.5, pass_cost=1.7),
        *log(make_record, model="new", sent=3, plain=0),
    ]
    found = {one.cell.model: one.predict for one in tuned(records).findings}
    assert found == {"good": True, "bad": False, "new": None}


def test_a_cell_that_differs_from_its_model_is_decided_by_itself(make_record: MakeRecord) -> None:
    records = [
        *log(make_record, scope_kind="file", document_bytes=9_000, sent=100),
        *log(
            make_record,
            scope_kind="symbol",
            document_bytes=9_000,
            accepted=0.05,
            rejected=0.5,
            pass_cost=1.8,
            sent=40,
            plain=5,
        ),
    ]
    # Side by side, so that one kind of request is no change of the other.
    Random(3).shuffle(records)
    records = [
        replace(record, created_at=START + number * timedelta(hours=1))
        for number, record in enumerate(records)
    ]
    found = {one.cell.scope_kind: one.predict for one in tuned(records).findings}
    assert found == {None: True, "file": True, "symbol": False}
    policy = propose(tuned(records), None, version=1, now=NOW, price_of=listed(TABLE))
    assert policy is not None
    assert [(rule.scope_kind, rule.predict) for rule in policy.rule] == [(None, True), ("symbol", False)]


def test_what_is_not_reported_is_no_error(make_record: MakeRecord) -> None:
    bare = [
        RequestRecord(id=str(number), created_at=START, source=Source.LSP, status=Status.FAILED)
        for number in range(30)
    ]
    untimed = [make_record(Made(500, 400, 10), completion_time_s=None) for _ in range(30)]
    found = tuned([*bare, *untimed], price_of=listed({}))
    assert (found.records, found.usable) == (60, 30)
    assert found.findings[0].missing.startswith("not enough data: 0 requests with known times")
    assert found.findings[0].savings.acceptance is not None


numbers = st.none() | st.integers(0, 2_000)
seconds = st.none() | st.floats(0, 50)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "prediction_sent": st.booleans(),
                "accepted_prediction_tokens": numbers,
                "rejected_prediction_tokens": numbers,
                "completion_tokens": numbers,
                "reasoning_tokens": numbers,
                "ttft_s": seconds,
                "total_s": seconds,
                "completion_time_s": seconds,
                "propensity": st.none() | st.floats(0, 1),
                "document_bytes": numbers,
                "scope_kind": st.sampled_from([None, "file", "symbol"]),
                "parts_offered": st.none() | st.integers(0, 9),
                "model": st.sampled_from([None, "gpt-oss-120b", "unheard-of"]),
                "provider": st.sampled_from([None, "cerebras"]),
                "offline": st.booleans(),
            }
        ),
        max_size=12,
    ),
    copies=st.integers(1, 6),
)
def test_whatever_is_in_the_log_it_is_tuned_and_told(
    rows: list[dict[str, Any]], copies: int, make_record: MakeRecord
) -> None:
    records = [make_record(**row) for row in rows for _ in range(copies)]
    found = tuned(records)
    assert text(found, "in all").endswith("\n")
    assert to_json(found)["records"] == len(records)
    propose(found, None, version=1, now=NOW, price_of=listed(TABLE))


def test_the_words_tell_evidence_decision_and_what_would_change_it(make_record: MakeRecord) -> None:
    told = text(tuned(log(make_record, accepted=0.5, rejected=0.2, plain=40)), "since 2026-08-23")
    assert told.startswith("100 records since 2026-08-23, of which 100 count")
    assert "cerebras gpt-oss-120b: predict (before: built-in rule)" in told
    for word in ("acceptance", "coverage", "plain token", "cost of a pass", "time saved", "rejected", "net"):
        assert f"\n  {word}" in told
    assert "The decision would flip if the cost of a pass were above 1." in told
    assert "or if the value of time were below $" in told


def test_the_words_tell_what_would_make_predictions_pay(make_record: MakeRecord) -> None:
    told = text(
        tuned(log(make_record, accepted=0.2, rejected=0.9, pass_cost=1.0), worth=Worth(1.0)), "in all"
    )
    assert ": do not predict" in told
    assert "The decision would flip if the value of time were above $" in told


def test_the_value_of_time_at_which_it_flips_is_in_the_users_terms(make_record: MakeRecord) -> None:
    records = log(make_record, accepted=0.5, rejected=0.2, plain=40)
    plain, first = (
        to_json(tuned(records, worth=Worth(30.0, one)))["findings"][0]
        for one in Objective
        if one != Objective.TIME_FIRST
    )
    assert first["flips_at"]["value_of_time"] == pytest.approx(10 * plain["flips_at"]["value_of_time"])


def test_a_model_without_a_price_is_told_of(make_record: MakeRecord) -> None:
    found = tuned(log(make_record, model="unheard-of"))
    assert "the price of this model is unknown" in text(found, "in all")
    assert to_json(found)["findings"][0]["rejected_cost_usd"] is None


def test_a_policy_is_proposed_with_its_reasons(make_record: MakeRecord) -> None:
    policy = propose(tuned(log(make_record)), None, version=3, now=NOW, price_of=listed(TABLE))
    assert policy is not None
    (rule,) = policy.rule
    assert (policy.name, rule.cell, rule.predict, rule.requests) == ("learned-3", MODEL, True, 72)
    assert rule.why.startswith("Counting money as time at $30 an hour, a prediction saves 7")
    assert rule.usd_per_million_output == 0.75


def test_the_same_decisions_make_no_new_version(make_record: MakeRecord) -> None:
    found = tuned(log(make_record))
    policy = propose(found, None, version=1, now=NOW, price_of=listed(TABLE))
    assert policy is not None
    again = tuned(log(make_record, seed=2), standing=policy.learned, prices=policy.prices)
    assert propose(again, policy, version=2, now=NOW, price_of=listed(TABLE)) is None


def test_a_new_price_makes_a_new_version(make_record: MakeRecord) -> None:
    policy = propose(tuned(log(make_record)), None, version=1, now=NOW, price_of=listed(TABLE))
    assert policy is not None
    dearer = {"gpt-oss-120b": models.Model(usd_per_million_output=0.85)}
    again = tuned(log(make_record), standing=policy.learned, prices=policy.prices, price_of=listed(dearer))
    assert "costs $0.85 for a million tokens, and cost $0.75" in text(again, "in all")
    assert propose(again, policy, version=2, now=NOW, price_of=listed(dearer)) is not None


def test_nothing_known_makes_no_policy() -> None:
    assert propose(tuned([]), None, version=1, now=NOW, price_of=listed(TABLE)) is None


@pytest.fixture
def standing() -> PolicyFile:
    return PolicyFile(
        version=1,
        created_at=START,
        objective="balanced",
        value_of_time=30.0,
        rule=(
            Rule(provider="cerebras", model="gpt-oss-120b", predict=False, usd_per_million_output=0.75),
            Rule(provider="cerebras", model="gpt-oss-120b", scope_kind="file", predict=True),
        ),
    )


def test_a_model_of_which_little_is_heard_keeps_its_rules(
    standing: PolicyFile, make_record: MakeRecord
) -> None:
    for records in ([], log(make_record, sent=3, plain=1)):
        found = tuned(records, standing=standing.learned, prices=standing.prices)
        assert propose(found, standing, version=2, now=NOW, price_of=listed(TABLE)) is None


def test_a_model_that_changed_begins_anew_with_the_built_in_rule(standing: PolicyFile) -> None:
    dearer = {"gpt-oss-120b": models.Model(usd_per_million_output=7.5)}
    found = tuned([], standing=standing.learned, prices=standing.prices, price_of=listed(dearer))
    policy = propose(found, standing, version=2, now=NOW, price_of=listed(dearer))
    assert policy is not None
    assert policy.rule == ()


def test_a_threshold_for_parts_is_kept_and_never_learned(make_record: MakeRecord) -> None:
    """Parts and the whole are never drawn, and what asked again is missing on one side: no log says which pays."""
    rng = Random(1)
    records = []
    for number in range(120):
        length, parts = rng.randint(1_000, 30_000), number % 2 == 0
        tokens = length / 3.6
        seconds = (1.5 + 0.0001 * tokens if parts else 0.001 * tokens) * rng.uniform(0.95, 1.05)
        records.append(
            make_record(
                Made(500, 400, 10),
                document_bytes=length,
                scope_kind="file",
                parts_offered=5 if parts else None,
                completion_time_s=seconds,
            )
        )
    assert tuned(records).findings[0].scope_min_tokens is None
    written = LearnedPolicy("learned-1", {MODEL: LearnedChoice(scope_min_tokens=1_500)})
    assert tuned(records, standing=written).findings[0].scope_min_tokens == 1_500
