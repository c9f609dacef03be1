"""Whether a prediction is sent, how long a reply may be, and what it costs."""

import pytest

from editsvc import models, prediction
from editsvc.errors import DocumentRefused, SettingsError
from editsvc.models import Model
from editsvc.policy import PredictionMode, Reason, decide
from editsvc.prompt import Frame
from editsvc.tokens import tokenizer


@pytest.mark.parametrize(
    ("mode", "capable", "refused", "tokens", "send", "reason"),
    [
        ("auto", True, False, 1000, True, Reason.PREDICTABLE),
        ("auto", True, False, 127, False, Reason.TOO_SMALL),
        ("auto", True, True, 1000, False, Reason.SERVER_REFUSED),
        ("auto", False, False, 1000, False, Reason.MODEL_CANNOT),
        ("auto", None, False, 1000, False, Reason.MODEL_UNKNOWN),
        ("on", None, True, 5, True, Reason.ASKED),
        ("on", True, False, 0, False, Reason.NO_TEXT),
        ("off", True, False, 1000, False, Reason.DECLINED),
    ],
)
def test_every_decision_has_its_reason(
    mode: str, capable: bool | None, refused: bool, tokens: int, send: bool, reason: Reason
) -> None:
    decision = decide(
        PredictionMode(mode), capable=capable, refused_lately=refused, target_tokens=tokens, min_tokens=128
    )
    assert (decision.send, decision.reason) == (send, reason)
    assert decision.propensity == 1
    assert decision.policy_version


def test_the_candidate_is_the_text_in_the_frame_that_the_reply_is_asked_for() -> None:
    frame = Frame("````", "css")
    candidate = prediction.candidate(frame, "a {}\n", whole_file=True)
    assert (candidate.kind, candidate.text) == ("file", "````css\na {}\n````")
    assert prediction.candidate(frame, "a {}\n", whole_file=False).kind == "scope"


SAMPLES = {
    "python": "def total(prices):\n    return sum(price.amount for price in prices if price.currency == 'EUR')\n"
    * 40,
    "css": ".button:hover { color: #00ff00; margin: 0 4px 2px; }\n" * 40,
    "json": '{"name": "tool", "values": [1, 22, 333, 4.5], "nested": {"deep": null}}\n' * 40,
    "base64": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w\n" * 40,
    "chinese": "def 总和(价格):\n    返回 总和(价格)\n" * 40,
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_estimate_of_tokens_is_good_enough_for_a_budget(name: str) -> None:
    text = SAMPLES[name]
    ratio = prediction.estimated_tokens(text) / tokenizer().count(text)
    assert 0.7 < ratio < 2.5


def test_the_budget_has_room_for_growth_rejected_tokens_and_reasoning() -> None:
    plain = Model(max_output_tokens=100_000)
    reasoning = Model(max_output_tokens=100_000, reasoning_effort=True)

    def budget(model: Model, *, predicts: bool) -> int:
        return prediction.completion_budget(model, prompt_tokens=5000, target_tokens=4000, predicts=predicts)

    assert (
        5000
        < budget(plain, predicts=False)
        < budget(plain, predicts=True)
        < budget(reasoning, predicts=True)
        < 13_000
    )


def test_a_budget_stays_within_the_models_limits() -> None:
    model = Model(context_tokens=10_000, max_output_tokens=8000)
    assert prediction.completion_budget(model, prompt_tokens=4000, target_tokens=5000, predicts=True) == 6000


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Model(max_output_tokens=3000), "output limit is 3,000 tokens"),
        (Model(context_tokens=9000), "context limit is 9,000 tokens with 6,000 of them in the prompt"),
    ],
)
def test_what_cannot_fit_is_refused_with_the_figures_before_it_is_sent(model: Model, words: str) -> None:
    with pytest.raises(DocumentRefused, match=words):
        prediction.completion_budget(model, prompt_tokens=6000, target_tokens=4000, predicts=False)


def test_the_cost_is_unknown_where_a_price_or_a_count_is() -> None:
    model = Model(usd_per_million_input=0.35, usd_per_million_output=0.75)
    assert model.cost_usd(1_000_000, 2_000_000) == pytest.approx(1.85)
    assert model.cost_usd(None, 5) is None
    assert model.output_cost_usd(None) is None
    assert models.UNKNOWN.cost_usd(5, 5) is None


def test_a_settings_file_adds_to_the_model_table_and_changes_it() -> None:
    table = models.table({"gpt-oss-120b": {"usd_per_million_output": 9.0}, "mine": {"prediction": True}})
    assert (table["gpt-oss-120b"].usd_per_million_output, table["gpt-oss-120b"].prediction) == (9.0, True)
    assert table["mine"].known


def test_a_wrong_key_in_the_model_table_is_named() -> None:
    with pytest.raises(SettingsError, match=r'models\."mine" are wrong.*predicts'):
        models.table({"mine": {"predicts": True}})
