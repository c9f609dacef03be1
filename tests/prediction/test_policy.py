"""Whether a prediction is sent, how long a reply may be, and what it costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.errors import DocumentRefused, SettingsError
from editsvc.prediction import candidates
from editsvc.prediction.policy import (
    FORETOLD,
    VERSION,
    Cell,
    Decision,
    LearnedChoice,
    LearnedPolicy,
    PredictionMode,
    Reason,
    Size,
    decide,
    size_of,
)
from editsvc.prompt.rendering import Frame
from editsvc.provider import models
from editsvc.provider.models import Model
from editsvc.text.section import Section
from editsvc.tokens import estimate_from_text, tokenizer


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


MODEL = Cell("cerebras", "gpt-oss-120b")
SMALL_SYMBOL = Cell("cerebras", "gpt-oss-120b", "symbol", Size.SMALL)
LEARNED = LearnedPolicy(
    "learned-7",
    {
        MODEL: LearnedChoice(predict=True, scope_min_tokens=800),
        SMALL_SYMBOL: LearnedChoice(predict=False),
        Cell("cerebras", "half-known"): LearnedChoice(scope_min_tokens=2_000),
    },
)


def decided(
    *,
    mode: PredictionMode = PredictionMode.AUTO,
    capable: bool | None = True,
    refused_lately: bool = False,
    target_tokens: int = 1_000,
    cell: Cell | None = MODEL,
    exploration: float = 0.0,
    draw: float | None = None,
) -> Decision:
    return decide(
        mode,
        capable=capable,
        refused_lately=refused_lately,
        target_tokens=target_tokens,
        min_tokens=128,
        learned=LEARNED,
        cell=cell,
        exploration=exploration,
        draw=draw,
    )


@pytest.mark.parametrize(
    ("cell", "send", "reason", "version"),
    [
        (MODEL, True, Reason.PAYS, "learned-7"),
        (Cell("cerebras", "gpt-oss-120b", "file", Size.LARGE), True, Reason.PAYS, "learned-7"),
        (SMALL_SYMBOL, False, Reason.DOES_NOT_PAY, "learned-7"),
        (Cell("cerebras", "unheard-of"), True, Reason.PREDICTABLE, VERSION),
        (Cell("cerebras", "half-known"), True, Reason.PREDICTABLE, VERSION),
        (None, True, Reason.PREDICTABLE, VERSION),
    ],
)
def test_what_was_learned_decides_for_the_cell_else_for_the_model_else_not_at_all(
    cell: Cell | None, send: bool, reason: Reason, version: str
) -> None:
    found = decided(cell=cell)
    assert (found.send, found.reason, found.policy_version, found.propensity) == (send, reason, version, 1)


def test_a_model_with_which_predictions_pay_takes_them_whatever_the_table_does_not_know() -> None:
    assert decided(capable=None).send
    assert decided(capable=None, cell=SMALL_SYMBOL).reason is Reason.MODEL_UNKNOWN
    assert decided(capable=None, cell=Cell("cerebras", "unheard-of")).reason is Reason.MODEL_UNKNOWN


@pytest.mark.parametrize(
    ("cell", "draw", "send", "reason", "propensity"),
    [
        (MODEL, 0.0, False, Reason.HELD_OUT, 0.1),
        (MODEL, 0.0999, False, Reason.HELD_OUT, 0.1),
        (MODEL, 0.1, True, Reason.PAYS, 0.9),
        (Cell("cerebras", "unheard-of"), 0.05, False, Reason.HELD_OUT, 0.1),
        (Cell("cerebras", "unheard-of"), 0.5, True, Reason.PREDICTABLE, 0.9),
        (SMALL_SYMBOL, 0.05, True, Reason.EXPLORED, 0.1),
        (SMALL_SYMBOL, 0.5, False, Reason.DOES_NOT_PAY, 0.9),
    ],
)
def test_a_small_share_does_the_opposite_at_random_and_the_propensity_is_noted(
    cell: Cell, draw: float, send: bool, reason: Reason, propensity: float
) -> None:
    found = decided(cell=cell, exploration=0.1, draw=draw)
    assert (found.send, found.reason) == (send, reason)
    assert found.propensity == pytest.approx(propensity)


def test_without_a_draw_or_with_exploration_off_nothing_is_left_to_chance() -> None:
    assert decided(exploration=0.1, draw=None) == decided(exploration=0.0, draw=0.0) == decided()


@pytest.mark.parametrize(
    "decision",
    [
        decided(mode=PredictionMode.ON, exploration=0.5, draw=0.0),
        decided(mode=PredictionMode.OFF, exploration=0.5, draw=0.0),
        decided(target_tokens=0, exploration=0.5, draw=0.0),
        decided(target_tokens=127, exploration=0.5, draw=0.0),
        decided(capable=False, exploration=0.5, draw=0.0),
        decided(capable=None, cell=SMALL_SYMBOL, exploration=0.5, draw=0.0),
        decided(refused_lately=True, exploration=0.5, draw=0.0),
    ],
    ids=lambda decision: decision.reason,
)
def test_what_the_user_said_and_facts_against_it_are_never_explored(decision: Decision) -> None:
    assert decision.propensity == 1
    assert decision.reason not in {Reason.HELD_OUT, Reason.EXPLORED}
    assert decision.send is (decision.reason is Reason.ASKED)


@given(
    cell=st.sampled_from([MODEL, SMALL_SYMBOL, Cell(None, "other")]),
    exploration=st.floats(0, 2, exclude_min=True),
    draw=st.floats(0, 1, exclude_max=True),
)
def test_the_propensities_of_both_choices_add_up_to_one(cell: Cell, exploration: float, draw: float) -> None:
    usual, explored = (decided(cell=cell, exploration=exploration, draw=one) for one in (0.999999, 0.0))
    assert usual.send is not explored.send
    assert usual.propensity + explored.propensity == pytest.approx(1)
    assert 0 < explored.propensity <= 0.5 <= usual.propensity
    assert decided(cell=cell, exploration=exploration, draw=draw) in {usual, explored}


def test_the_threshold_for_parts_is_the_models_or_the_default() -> None:
    assert LEARNED.scope_min_tokens(SMALL_SYMBOL, 1_000) == 800
    assert LEARNED.scope_min_tokens(Cell("cerebras", "unheard-of"), 1_000) == 1_000
    assert (
        LearnedPolicy("learned-1", {MODEL: LearnedChoice(predict=True)}).scope_min_tokens(MODEL, 1_000)
        == 1_000
    )


@pytest.mark.parametrize(
    ("count", "size"),
    [
        (None, None),
        (0, Size.SMALL),
        (3_999, Size.SMALL),
        (4_000, Size.MEDIUM),
        (32_000, Size.LARGE),
    ],
)
def test_documents_fall_into_three_sizes(count: int | None, size: Size | None) -> None:
    assert size_of(count) is size


def test_the_candidate_is_the_text_in_the_frame_that_the_reply_is_asked_for() -> None:
    frame = Frame("````", "css")
    (whole,) = candidates.candidates(frame, [Section(1, "a {}\n", 1)], whole_file=True)
    assert (whole.kind, whole.text) == ("file", "````css\na {}\n````")
    (part,) = candidates.candidates(frame, [Section(1, "a {}\n", 1)], whole_file=False)
    assert part.kind == "scope"


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
    ratio = estimate_from_text(text) / tokenizer().count(text)
    assert 0.7 < ratio < 2.5


def test_the_budget_has_room_for_growth_rejected_tokens_and_reasoning() -> None:
    plain = Model(max_output_tokens=100_000)
    reasoning = Model(max_output_tokens=100_000, reasoning_effort=True)

    def budget(model: Model, *, predicts: bool) -> int:
        return candidates.completion_budget(model, prompt_tokens=5000, target_tokens=4000, predicts=predicts)

    assert (
        5000
        < budget(plain, predicts=False)
        < budget(plain, predicts=True)
        < budget(reasoning, predicts=True)
        < 13_000
    )


def test_a_budget_stays_within_the_models_limits() -> None:
    model = Model(context_tokens=10_000, max_output_tokens=8000)
    assert candidates.completion_budget(model, prompt_tokens=4000, target_tokens=5000, predicts=True) == 6000


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Model(max_output_tokens=3000), "output limit is 3,000 tokens"),
        (Model(context_tokens=9000), "context limit is 9,000 tokens with 6,000 of them in the prompt"),
        (
            Model(context_tokens=5000),
            "^The request has about 6,000 tokens, and the model's context limit is 5,000",
        ),
    ],
)
def test_what_cannot_fit_is_refused_with_the_figures_before_it_is_sent(model: Model, words: str) -> None:
    with pytest.raises(DocumentRefused, match=words):
        candidates.completion_budget(model, prompt_tokens=6000, target_tokens=4000, predicts=False)


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


@pytest.mark.parametrize(
    ("foretold", "send", "reason"),
    [(True, True, Reason.PAYS), (False, False, Reason.DOES_NOT_PAY), (None, True, Reason.PREDICTABLE)],
)
def test_what_the_server_would_do_decides_where_nothing_was_learned(
    foretold: bool | None, send: bool, reason: Reason
) -> None:
    decision = decide(
        PredictionMode.AUTO,
        capable=True,
        refused_lately=False,
        target_tokens=1_000,
        min_tokens=128,
        foretold=foretold,
    )

    assert (decision.send, decision.reason) == (send, reason)
    assert decision.policy_version == (VERSION if foretold is None else FORETOLD)


@pytest.mark.parametrize("learned", [True, False])
def test_what_was_learned_has_the_last_word(learned: bool) -> None:
    cell = Cell("cerebras", "m")
    decision = decide(
        PredictionMode.AUTO,
        capable=True,
        refused_lately=False,
        target_tokens=1_000,
        min_tokens=128,
        learned=LearnedPolicy("learned-3", {cell: LearnedChoice(learned)}),
        cell=cell,
        foretold=not learned,
    )

    assert decision.send is learned
    assert decision.policy_version == "learned-3"


def test_facts_against_a_prediction_count_whatever_is_foretold() -> None:
    decision = decide(
        PredictionMode.AUTO,
        capable=True,
        refused_lately=True,
        target_tokens=1_000,
        min_tokens=128,
        foretold=True,
    )

    assert decision.reason is Reason.SERVER_REFUSED
