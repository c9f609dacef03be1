"""What is generated within a limit, when it is due, and what it counts as."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from editsvc.emulator.generation import Generation, GenerationPlan, generate
from editsvc.prediction.verifier import PRESETS, Latency, Preset, Rejection, modelled_time, verify
from editsvc.tokens import Unit

LATENCY = Latency(first_token_s=0.5, prefill_tokens_per_s=100, token_s=0.25, pass_cost=2)
texts = st.text("ab", max_size=60)
presets = st.sampled_from([*PRESETS.values(), replace(PRESETS["resync"], rejection=Rejection.REMAINDER)])


def generated(text: str, prediction: str, plan: GenerationPlan) -> Generation:
    return generate([Unit(letter, 1) for letter in text], text, prediction, plan)


@given(texts, texts, presets, st.integers(0, 20))
def test_with_room_enough_everything_is_generated_and_counted_as_the_verifier_counts(
    text: str, prediction: str, preset: Preset, reasoning: int
) -> None:
    plan = GenerationPlan(preset, LATENCY, 100_000, uncached_prompt_tokens=50, reasoning_tokens=reasoning)
    made = generated(text, prediction, plan)

    assert made.text == text
    assert not made.limited
    assert made.verification == verify(prediction, text, plan.preset)
    assert made.completion_tokens == len(text) + reasoning + made.verification.rejected
    modelled = modelled_time(
        made.verification,
        LATENCY,
        output_tokens=len(text),
        uncached_prompt_tokens=50,
        reasoning_tokens=reasoning,
    )
    assert abs(made.end_s - modelled) < 1e-9


@given(texts, texts, presets, st.integers(0, 20), st.integers(1, 80))
def test_the_limit_holds_reasoning_and_rejected_tokens_too(
    text: str, prediction: str, preset: Preset, reasoning: int, limit: int
) -> None:
    plan = GenerationPlan(preset, LATENCY, limit, reasoning_tokens=reasoning)
    made = generated(text, prediction, plan)

    assert made.completion_tokens <= limit
    assert made.output_tokens + len(made.reasoning_due) + made.verification.rejected == made.completion_tokens
    assert text.startswith(made.text)
    assert made.limited == (made.text != text)
    assert made.verification.accepted <= made.output_tokens


@given(texts, texts, presets)
def test_nothing_is_due_before_what_was_written_before_it(text: str, prediction: str, preset: Preset) -> None:
    made = generated(text, prediction, GenerationPlan(preset, LATENCY, 1000, reasoning_tokens=3))
    due = [made.start_s, *made.reasoning_due, *made.due]

    assert due == sorted(due)
    assert made.end_s >= due[-1]


def test_a_character_of_several_tokens_is_sent_whole_or_not_at_all() -> None:
    units = [Unit("a", 1), Unit("\u03b1", 3), Unit("b", 1)]
    output = [1, 2, 3, 4, 5]

    made = generate(units, output, [], GenerationPlan(PRESETS["resync"], LATENCY, 3))

    assert (made.text, made.output_tokens, made.limited) == ("a", 3, True)


def test_tokens_of_one_pass_are_due_at_once() -> None:
    text = "abcdefghijklmnopqrstuvwxyz"
    made = generated(text, text, GenerationPlan(PRESETS["prefix-only"], LATENCY, 100))

    assert len(set(made.due)) == 1
