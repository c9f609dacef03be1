"""What is known of a server says what the next prediction is worth, and what a verifying pass costs."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import pytest
from token_edits import edits

from editsvc.prediction.fitting import Knowledge
from editsvc.prediction.servers import (
    Asked,
    KnownServer,
    Rates,
    change_sentence,
    is_sane,
    learn_from,
    numbers,
    sentence,
)
from editsvc.prediction.verifier import PRESETS, Preset, Rejection, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKEN_S = 0.001
CHEAP = Rates(hour=30.0, token=0.75e-6)
DEAR = Rates(hour=0.01, token=60e-6)


def answered(
    rule: Preset,
    prediction: Sequence[int],
    output: Sequence[int],
    *,
    sent: bool = True,
    pass_cost: float = 1.0,
    kind: str = "file",
) -> Asked:
    """What a server reports that verifies by `rule`."""
    counts = verify(prediction, output, rule)
    if not sent:
        return Asked("cerebras", "m", None, 0, 0, len(output), 0, 0.01 + TOKEN_S * len(output))
    written = len(output) - counts.accepted + counts.proposing * (pass_cost - 1)
    return Asked(
        "cerebras",
        "m",
        kind,
        counts.accepted,
        counts.rejected,
        len(output) + counts.rejected,
        0,
        0.01 + TOKEN_S * written,
    )


def acquainted(rule: Preset, requests: int = 40, *, pass_cost: float = 1.0, held_out: int = 4) -> KnownServer:
    """A server after so many requests, of which every `held_out`-th had no prediction."""
    server = KnownServer("cerebras", "m")
    for number, (prediction, output) in enumerate(islice(edits("acquainted"), requests)):
        asked = answered(rule, prediction, output, sent=number % held_out != 0, pass_cost=pass_cost)
        learn_from(server, asked, {"file": prediction}, output, at=float(number))
    return server


def test_the_rule_gives_the_counts_of_every_candidate_sent_or_not() -> None:
    rule = PRESETS["forward-only"]
    server = acquainted(rule)
    prediction, output = next(edits("another"))
    draft = output[:50] + prediction[50:]
    asked = answered(rule, prediction, output, sent=False)

    told = learn_from(server, asked, {"file": prediction, "draft": draft}, output, at=99.0)

    for kind, candidate in (("file", prediction), ("draft", draft)):
        counts = verify(candidate, output, rule)
        assert told[f"{kind}:fitted"] == [counts.accepted, counts.rejected]


def test_nothing_is_foretold_before_the_rule_is_known() -> None:
    server = KnownServer("cerebras", "m")
    prediction, output = next(edits("first"))
    asked = answered(PRESETS["resync"], prediction, output)

    assert learn_from(server, asked, {"file": prediction}, output, at=0.0) == {}
    assert server.pays("file", len(prediction), CHEAP) is None
    assert "not known yet (1 request so far)" in sentence(server)


@pytest.mark.parametrize("pass_cost", [1.0, 1.13, 1.5, 2.0])
def test_the_passes_that_propose_give_the_cost_of_one(pass_cost: float) -> None:
    server = acquainted(PRESETS["resync"], pass_cost=pass_cost)
    solved = server.times.solved()

    assert solved is not None
    token_s, cost, error = solved
    assert token_s == pytest.approx(TOKEN_S, rel=0.02)
    assert cost == pytest.approx(pass_cost, abs=max(0.02, 2 * error))


def test_the_cost_of_a_pass_is_within_its_error_where_times_vary() -> None:
    rng = random.Random("times")
    server = KnownServer("cerebras", "m")
    rule = PRESETS["resync"]
    for number, (prediction, output) in enumerate(islice(edits("noisy"), 80)):
        asked = answered(rule, prediction, output, sent=number % 3 != 0, pass_cost=1.5)
        assert asked.write_s is not None
        asked = asked._replace(write_s=asked.write_s * rng.uniform(0.9, 1.1))
        learn_from(server, asked, {"file": prediction}, output, at=float(number))
    solved = server.times.solved()

    assert solved is not None
    _, cost, error = solved
    assert abs(cost - 1.5) < 3 * error
    assert 0 < error < 1


@pytest.mark.parametrize("pass_cost", [1.0, 1.5, 3.0])
def test_what_passes_cost_on_average_is_by_those_that_propose(pass_cost: float) -> None:
    rule = PRESETS["prefix-only"]
    server = acquainted(rule, pass_cost=pass_cost)
    passes = proposing = 0
    for number, (prediction, output) in enumerate(islice(edits("acquainted"), 40)):
        counts = verify(prediction, output, rule)
        if number % 4 and number > 10:
            passes, proposing = passes + counts.passes, proposing + counts.proposing
    mean = 1 + proposing / passes * (pass_cost - 1)

    assert server.pass_cost is not None
    low, high = server.pass_cost
    assert low - 0.05 * mean <= mean <= high + 0.05 * mean
    assert high - low < 0.2 * mean


def test_of_a_server_that_is_not_known_no_pass_has_a_cost() -> None:
    assert KnownServer("cerebras", "m").pass_cost is None


def test_a_prediction_pays_where_it_saves_more_than_it_costs() -> None:
    server = acquainted(PRESETS["resync"])

    assert server.pays("file", 600, CHEAP) is True
    assert server.pays("file", 600, DEAR) is False


def test_the_same_predictions_do_not_pay_where_a_verifying_pass_is_dear() -> None:
    server = acquainted(replace(PRESETS["prefix-only"], least=2, most=2), pass_cost=8.0)

    assert server.pays("file", 600, CHEAP) is False


def test_of_kinds_and_lengths_that_were_hardly_seen_nothing_is_foretold() -> None:
    server = acquainted(PRESETS["resync"])

    assert server.pays("draft", 600, CHEAP) is None
    assert server.pays("file", 100_000, CHEAP) is None


def test_a_server_that_takes_no_notice_is_named_as_one_and_decides_nothing() -> None:
    server = KnownServer("cerebras", "m")
    for prediction, output in islice(edits("no notice"), 12):
        asked = Asked("cerebras", "m", "file", 0, 0, len(output), 0, TOKEN_S * len(output))
        learn_from(server, asked, {"file": prediction}, output, at=0.0)

    assert server.ignores
    assert "takes no notice of predictions" in sentence(server)
    assert numbers(server)["ignores_predictions"] is True
    assert server.pays("file", 600, CHEAP) is None


def test_after_a_change_only_the_new_rule_counts_and_the_old_one_is_named() -> None:
    server = acquainted(PRESETS["resync"])
    assert change_sentence(server) is None
    rule = PRESETS["prefix-only"]
    for number, (prediction, output) in enumerate(islice(edits("changed"), 4)):
        asked = answered(rule, prediction, output)
        learn_from(server, asked, {"file": prediction}, output, at=1_000.0 + number)

    assert server.changed_at is not None
    assert server.changed_at >= 1_002.0
    assert server.fit.changes == 1
    assert sum(made.requests for made in server.made.values()) <= 1
    said = change_sentence(server)
    assert said is not None
    assert "before, it proposes 32 tokens a pass, finds its place again by 8" in said


def test_a_request_that_reported_nothing_teaches_nothing() -> None:
    server = KnownServer("cerebras", "m")
    prediction, output = next(edits("silent"))
    asked = Asked("cerebras", "m", "file", None, None, len(output))

    learn_from(server, asked, {"file": prediction}, output, at=0.0)

    assert server.fit.requests == 0


def test_the_sentence_names_rule_certainty_and_cost() -> None:
    rule = replace(PRESETS["adaptive"], rejection=Rejection.REMAINDER)
    server = acquainted(rule, pass_cost=1.13)

    said = sentence(server)

    assert server.fit.knowledge is Knowledge.KNOWN
    assert said.startswith(
        "m at cerebras proposes 8 to 64 tokens a pass, finds its place again by 3 tokens in either direction, and "
        "counts all of the prediction that it did not use as rejected: known, since "
    )
    assert "; a pass that verifies takes 1.13 plain ones, give or take 0.0" in said


def test_numbers_are_json_and_what_is_kept_comes_back() -> None:
    server = acquainted(PRESETS["resync"])

    assert msgspec.json.decode(msgspec.json.encode(server), type=KnownServer) == server
    assert msgspec.json.decode(msgspec.json.encode(numbers(server))) == numbers(server)
    assert is_sane(server)


@pytest.mark.parametrize(
    "rule",
    [Preset(9, 3, 1, 1, PRESETS["resync"].direction), Preset(1, 10**9, 1, 1, PRESETS["resync"].direction)],
)
def test_a_rule_that_cannot_be_is_not_taken_from_a_file(rule: Preset) -> None:
    server = acquainted(PRESETS["resync"], 8)
    server.fit.rules[0].rule = rule

    assert not is_sane(server)


def test_what_had_to_be_made_again_counts_by_the_time_that_it_took() -> None:
    """Its counts follow from the rule, whatever was reported; what it lost is known of those that were sent."""
    server = acquainted(PRESETS["resync"])
    assert server.pays("file", 600, CHEAP) is True
    requests = server.fit.requests
    for number, (prediction, output) in enumerate(islice(edits("drowned"), 40)):
        asked = Asked("cerebras", "m", None, None, None, lost="file", lost_s=2.0)
        learn_from(server, asked, {"file": prediction}, output, at=1_000.0 + number)

    assert server.fit.requests == requests
    assert server.pays("file", 600, CHEAP) is False
