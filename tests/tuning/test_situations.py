"""What users meet, and what they must be told: the report and tuning say the same, and the right thing.

Each situation is a log as people make it: files of one to four edits, days that differ by a tenth, one request in
thirty-three left to chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from tuning_cases import START

from editsvc.errors import Status
from editsvc.provider import models
from editsvc.report import aggregate
from editsvc.tokenlog import RequestRecord, Source
from editsvc.tokenlog.rows import columns_of, record_of
from editsvc.tuning.judge import Terms
from editsvc.tuning.objective import Worth, listed
from editsvc.tuning.proposal import propose
from editsvc.tuning.tune import Tuning, tune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from editsvc.prediction.policy import Cell
    from editsvc.report import Report

TAU = 1 / 1_500
PRICE = 0.75
WORTH = Worth(30.0)


@dataclass(frozen=True)
class Outcome:
    """What becomes of a reply of so many tokens with a prediction; other fields replace those of the record."""

    accepted: int
    rejected: int
    seconds: float
    fields: dict[str, Any] = field(default_factory=dict)


def good(rng: Random, reply: int, _: float) -> Outcome:
    """Nine tenths are accepted, and a pass costs a tenth more."""
    accepted = int(reply * rng.uniform(0.85, 0.95))
    return Outcome(accepted, reply // 50, (reply - accepted) * 1.1 * TAU)


def bad(rng: Random, reply: int, _: float) -> Outcome:
    """The server loses its place at once, and every pass costs half as much again."""
    accepted = int(reply * rng.uniform(0.02, 0.1))
    return Outcome(accepted, reply // 3, (reply - accepted) * 1.5 * TAU)


def log(
    predicted: Callable[[Random, int, float], Outcome],
    *,
    requests: int = 2_000,
    a_day: int = 40,
    exploration: float = 0.03,
    model: str = "gpt-oss-120b",
    seed: int = 1,
    reply_tokens: Callable[[Random], int] = lambda rng: 50 + int(rng.lognormvariate(6.2, 0.6)),
    **fields: Any,
) -> list[RequestRecord]:
    """A log; `predicted` is asked with the length of the reply and the share of the log that is done."""
    rng = Random(seed)
    made: list[RequestRecord] = []
    pace = 1.0
    while len(made) < requests:
        path, reply = f"{rng.getrandbits(128):032x}", reply_tokens(rng)
        for _ in range(rng.randint(1, 4)):
            number = len(made)
            if number % a_day == 0:
                pace = math.exp(rng.gauss(-0.005, 0.1))
            at = START + timedelta(days=number // a_day, minutes=9 * (number % a_day))
            chance = rng.random() < exploration
            noise = pace * math.exp(rng.gauss(-0.005, 0.1))
            outcome = predicted(rng, reply, number / requests)
            values: dict[str, Any] = {
                "id": f"{model}-{number}",
                "created_at": at,
                "source": Source.LSP,
                "status": Status.CHANGED,
                "provider": "cerebras",
                "model": model,
                "path": path,
                "scope_kind": "file",
                "document_bytes": int(reply * 3.6),
                "attempts": 1,
                "finish_reason": "stop",
                "prediction_sent": not chance,
                "prediction_drawn": not chance,
                "prediction_reason": "held-out" if chance else "predictable",
                "propensity": exploration if chance else 1 - exploration,
                "completion_tokens": reply,
                "ttft_s": 0.2,
            }
            writing = reply * TAU * noise
            if not chance:
                writing = outcome.seconds * noise
                values |= {
                    "completion_tokens": reply + outcome.rejected,
                    "accepted_prediction_tokens": outcome.accepted,
                    "rejected_prediction_tokens": outcome.rejected,
                }
            values |= {"total_s": 0.2 + writing, "completion_time_s": writing}
            made.append(record_of(values | (outcome.fields if not chance else {}) | fields))
    return made[:requests]


def told(records: Sequence[RequestRecord], price: float | None = PRICE) -> tuple[Report, Tuning]:
    names = {record.model for record in records if record.model is not None}
    table = {name: models.Model(usd_per_million_output=price) for name in names}
    now = records[-1].created_at
    return (
        aggregate(records, terms=Terms(now, listed(table), WORTH)),
        tune(records, now=now, price_of=listed(table), worth=WORTH),
    )


def decisions(found: Tuning) -> dict[str, bool | None]:
    return {one.cell.model: one.predict for one in found.findings if one.cell == one.cell.whole_model}


def dear(rng: Random, reply: int, _: float) -> Outcome:
    """A second is saved, and every edit pays for hundreds of rejected tokens."""
    accepted = int(reply * rng.uniform(0.7, 0.9))
    return Outcome(accepted, int(rng.uniform(500, 800)), (reply - accepted) * 1.1 * TAU)


def uneven(rng: Random, reply: int, _: float) -> Outcome:
    """Most edits, the short ones, win a little; the long ones lose much."""
    return good(rng, reply, 0.0) if reply < LONG else Outcome(reply // 20, reply // 2, reply * TAU + 2.0)


LONG = 900


def two_lengths(rng: Random) -> int:
    return rng.randint(350, 450) if rng.random() < 0.6 else rng.randint(900, 1_500)


def broken_lately(rng: Random, reply: int, done: float) -> Outcome:
    return good(rng, reply, done) if done < 0.76 else bad(rng, reply, done)


def drowning(rng: Random, reply: int, done: float) -> Outcome:
    """Three in ten use up their limit with rejected tokens, and are made again without a prediction."""
    if rng.random() >= 0.3:
        return good(rng, reply, done)
    again = {
        "prediction_sent": False,
        "prediction_reason": "too-many-rejected",
        "attempts": 2,
        "completion_tokens": 3_000 + reply,
        "accepted_prediction_tokens": 40,
        "rejected_prediction_tokens": 2_900,
        "total_s": 8.0 * rng.uniform(0.8, 1.2),
        "completion_time_s": reply * TAU,
        "restarts": ["too-many-rejected"],
    }
    return Outcome(0, 0, 0.0, again)


def failing(rng: Random, reply: int, done: float) -> Outcome:
    """One in five ends at its limit."""
    if rng.random() >= 0.2:
        return good(rng, reply, done)
    failed = {
        "status": Status.FAILED,
        "error": "IncompleteReply",
        "finish_reason": "length",
        "completion_tokens": 3_000,
        "accepted_prediction_tokens": 40,
        "rejected_prediction_tokens": 2_400,
        "total_s": 10.0 * rng.uniform(0.8, 1.2),
        "completion_time_s": None,
    }
    return Outcome(0, 0, 0.0, failed)


def deaf(_: Random, reply: int, __: float) -> Outcome:
    return Outcome(0, 0, reply * TAU)


@pytest.mark.parametrize(
    ("predicted", "fields", "price", "kind", "predict", "words"),
    [
        pytest.param(good, {}, PRICE, "keep-predicting", True, "they save", id="a clear win"),
        pytest.param(bad, {}, PRICE, "stop-predicting", False, "they lose", id="a clear loss"),
        pytest.param(
            dear, {}, 60.0, "stop-predicting", False, "of rejected tokens an edit outweigh", id="a dear model"
        ),
        pytest.param(
            uneven,
            {"reply_tokens": two_lengths},
            PRICE,
            "stop-predicting",
            False,
            "they lose",
            id="most win a little, some lose much",
        ),
        pytest.param(
            broken_lately,
            {},
            PRICE,
            "stop-predicting",
            False,
            ", when the server changed",
            id="broken twelve days ago",
        ),
        pytest.param(
            drowning, {}, PRICE, "stop-predicting", False, "have to be repeated", id="three in ten drown"
        ),
        pytest.param(
            failing, {}, PRICE, "stop-predicting", False, "of predicted edits fail", id="one in five fails"
        ),
        pytest.param(
            deaf,
            {},
            PRICE,
            "prediction-ignored",
            None,
            "takes no notice of predictions: sending them costs nothing and gives nothing",
            id="no notice",
        ),
        pytest.param(
            good,
            {"requests": 300, "a_day": 12},
            PRICE,
            "keep-predicting",
            True,
            "they save",
            id="300 requests",
        ),
        pytest.param(good, {}, None, "keep-predicting", True, "they save", id="the price is unknown"),
    ],
)
def test_report_and_tuning_say_the_same_and_the_right_thing(
    predicted: Callable[[Random, int, float], Outcome],
    fields: dict[str, Any],
    price: float | None,
    kind: str,
    predict: bool | None,
    words: str,
) -> None:
    report, tuning = told(log(predicted, **fields), price)
    first = report.recommendations[0]
    assert first.kind == kind
    assert words in first.text
    assert len(first.sentence.split()) <= 15
    assert decisions(tuning) == {"gpt-oss-120b": predict}


def test_a_server_that_gets_no_more_predictions_since_it_took_no_notice_is_said_to() -> None:
    """Two requests show it, and the others go out without one."""
    records = log(deaf, requests=60, exploration=0.0)
    later = {
        "prediction_sent": False,
        "prediction_drawn": False,
        "prediction_reason": "server-ignores",
        "propensity": 1.0,
        "accepted_prediction_tokens": None,
        "rejected_prediction_tokens": None,
    }
    report, tuning = told([*records[:2], *(with_(record, **later) for record in records[2:])])
    assert report.recommendations[0].kind == "prediction-ignored"
    assert decisions(tuning) == {"gpt-oss-120b": None}


def test_where_users_choose_and_chance_does_not_the_saving_is_modelled_and_says_so() -> None:
    records = log(good, requests=5_000, exploration=0.0)
    rng = Random(3)
    chosen = []
    for record in records:
        if rng.random() < 0.2:
            seconds = (record.usage.completion_tokens or 0) * TAU
            chosen.append(
                with_(
                    record,
                    prediction_sent=False,
                    prediction_drawn=False,
                    prediction_reason="declined",
                    accepted_prediction_tokens=None,
                    rejected_prediction_tokens=None,
                    completion_time_s=seconds,
                    total_s=0.2 + seconds,
                    propensity=1.0,
                )
            )
        else:
            chosen.append(with_(record, propensity=1.0, prediction_reason="asked"))
    report, tuning = told(chosen)
    first = report.recommendations[0]
    assert first.kind == "keep-predicting"
    assert "they seem to save" in first.sentence
    assert "the setting exploration changes it" in first.text
    assert decisions(tuning) == {"gpt-oss-120b": True}


def test_where_nothing_went_without_a_prediction_what_is_known_of_servers_foretells() -> None:
    report, tuning = told(log(good, exploration=0.0))
    first = report.recommendations[0]
    assert first.kind == "keep-predicting-modelled"
    assert "modelled, not measured" in first.sentence
    assert decisions(tuning) == {"gpt-oss-120b": None}


def test_where_the_rule_of_the_server_says_what_a_pass_costs_that_foretells() -> None:
    """By what passes cost on other servers, such predictions may save or lose."""

    def mediocre(_: Random, reply: int, __: float) -> Outcome:
        accepted = int(0.3 * reply)
        return Outcome(accepted, reply // 50, (reply - accepted) * 1.6 * TAU)

    records = log(mediocre, exploration=0.0)
    assert told(records)[0].recommendations[0].kind == "not-enough-data"

    def known(cell: Cell) -> tuple[float, float] | None:
        return (1.5, 1.7) if cell.model == "gpt-oss-120b" else None

    terms = Terms(records[-1].created_at, worth=WORTH, pass_cost_of=known)
    first = aggregate(records, terms=terms).recommendations[0]

    assert first.kind == "stop-predicting-modelled"
    assert "modelled, not measured" in first.sentence
    assert first.evidence.startswith(
        "By the rule of the server, its passes cost 1.50 to 1.70 plain ones on average. "
    )
    assert first.numbers["low"] <= 1 - 1.6 * 0.7 <= first.numbers["high"]


def test_two_models_are_told_apart() -> None:
    records = [*log(good, requests=1_700), *log(bad, requests=400, a_day=8, model="llama-small", seed=2)]
    records.sort(key=lambda record: record.created_at)
    report, tuning = told(records)
    first, *rest = report.recommendations
    assert first.kind == "decide-by-model"
    assert "on for gpt-oss-120b, off for llama-small" in first.sentence
    assert [one.kind for one in rest[:2]] == ["keep-predicting-for-model", "stop-predicting-for-model"]
    assert decisions(tuning) == {"gpt-oss-120b": True, "llama-small": False}


def test_without_predictions_and_offline_nothing_is_claimed() -> None:
    never, tuning = told(
        [with_(record, prediction_sent=False, prediction_drawn=False) for record in log(deaf)]
    )
    assert never.recommendations[0].kind == "no-predictions"
    assert decisions(tuning)["gpt-oss-120b"] is None
    offline, tuning = told(log(good, offline=True))
    assert offline.recommendations[0].kind == "not-enough-data"
    assert "Its times are modelled" in offline.recommendations[0].text
    assert tuning.findings == ()


def weekly(records: list[RequestRecord]) -> Iterator[tuple[Tuning, bool]]:
    """Ten tunings, each a week after the last, and whether the rule changed."""
    table = {"gpt-oss-120b": models.Model(usd_per_million_output=PRICE)}
    policy = None
    for week in range(1, 11):
        now = START + timedelta(weeks=week)
        found = tune(
            [record for record in records if record.created_at < now],
            now=now,
            price_of=listed(table),
            worth=WORTH,
            standing=policy.learned if policy else None,
            prices=policy.prices if policy else {},
        )
        proposed = propose(found, policy, version=week, now=now, price_of=listed(table))
        yield found, proposed is not None
        policy = proposed or policy


def test_a_server_that_gets_faster_takes_nothing_away_from_a_rule_that_is_sure() -> None:
    """It writes faster by a quarter from the middle on, with and without predictions."""

    def faster(record: RequestRecord) -> RequestRecord:
        seconds = (record.server.completion_time_s or 0.0) / 1.27
        return with_(record, completion_time_s=seconds, total_s=0.2 + seconds)

    records = log(bad, requests=1_400, a_day=20)
    records = [*records[:700], *map(faster, records[700:])]
    rules = list(weekly(records))
    assert [found.findings[0].predict for found, _ in rules] == [False] * 10
    assert [changed for _, changed in rules] == [True] + [False] * 9
    token_s = rules[-1][0].findings[0].savings.token_s
    assert token_s is not None
    assert token_s.value == pytest.approx(TAU / 1.27, rel=0.08)


def test_a_pass_that_becomes_dear_is_noticed_and_ends_predictions() -> None:
    """The counts stay as they were; only what a pass takes that goes with a prediction is three times as much."""

    def predicted(rng: Random, reply: int, done: float) -> Outcome:
        accepted = int(reply * rng.uniform(0.45, 0.55))
        return Outcome(accepted, reply // 20, (reply - accepted) * (1.13 if done < 0.5 else 3.0) * TAU)

    report, tuning = told(log(predicted, exploration=0.05))
    assert report.recommendations[0].kind == "stop-predicting"
    assert decisions(tuning) == {"gpt-oss-120b": False}
    assert [change.kind for change in tuning.changes] == ["pass-cost"]


def with_(record: RequestRecord, **fields: Any) -> RequestRecord:
    return record_of(columns_of(record) | fields)
