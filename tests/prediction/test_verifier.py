"""The verifier of predicted outputs, against its published description."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editsvc.prediction.verifier import (
    PRESETS,
    Direction,
    Latency,
    Preset,
    Rejection,
    Verification,
    modelled_time,
    passes,
    verify,
)
from editsvc.prediction.walk import Pair

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE = [f"word{i}" for i in range(330)]

# Few different tokens, in runs: predictions that fit, nearly fit, repeat themselves, and do not fit at all.
tokens = st.lists(st.sampled_from("abc"), max_size=80)
phrases = st.lists(
    st.sampled_from(["abcab", "cab", "aaaa", "bcbcbcbcbc", "abcabcabcabcabcabc"]), max_size=12
).map(lambda parts: list("".join(parts)))
sequences = tokens | phrases
small_presets = st.builds(
    Preset,
    least=st.sampled_from([1, 3]),
    most=st.sampled_from([3, 8]),
    n_min=st.sampled_from([1, 2]),
    n_max=st.sampled_from([2, 5]),
    direction=st.sampled_from(Direction),
    rejection=st.sampled_from(Rejection),
    step=st.sampled_from([0, 0, 2]),
    fall=st.sampled_from([4, 2, 0]),
    idle_widens=st.booleans(),
    reach=st.sampled_from([0, 0, 4, 10]),
    at_lines=st.sampled_from([False, False, True]),
)
LINE_ENDS = frozenset("b")  # as if each b ended a line
presets = st.sampled_from(list(PRESETS.values())) | small_presets


def naive(pred: Sequence[str], out: Sequence[str], preset: Preset) -> Verification:
    """The published pseudo-code, line by line, with a search through all of the prediction."""
    cur = lost = i = accepted = rejected = number = proposing = 0
    w = preset.least
    while i < len(out):
        prop = pred[cur : cur + w] if cur >= 0 else []
        k = 0
        while k < len(prop) and i + k < len(out) and prop[k] == out[i + k]:
            k += 1
        accepted += k
        rejected += len(prop) - k
        number += 1
        proposing += bool(prop)
        if prop or preset.idle_widens or cur >= 0:
            w = widened(w, preset) if k == len(prop) else narrowed(w, preset)
        i += k
        if cur >= 0:
            cur += k
            lost = cur
        if i < len(out):
            t = out[i]
            i += 1
            cur = cur + 1 if cur >= 0 and list(pred[cur : cur + 1]) == [t] else -1
        if cur < 0 or cur >= len(pred):
            cur = naive_search(pred, out[:i], preset, lost)
    if preset.rejection is Rejection.REMAINDER:
        rejected = max(0, len(pred) - accepted)
    return Verification(accepted, rejected, number, proposing)


def widened(w: int, preset: Preset) -> int:
    return min(preset.most, w + preset.step if preset.step else 2 * w)


def narrowed(w: int, preset: Preset) -> int:
    return max(preset.least, w // preset.fall) if preset.fall else preset.least


def naive_search(pred: Sequence[str], seen: Sequence[str], preset: Preset, lost: int) -> int:
    if preset.direction is Direction.NONE or (preset.at_lines and seen[-1] not in LINE_ENDS):
        return -1
    for n in range(preset.n_max, preset.n_min - 1, -1):
        if n > len(seen):
            continue
        last = list(seen[len(seen) - n :])
        matches = [p for p in range(n, len(pred) + 1) if list(pred[p - n : p]) == last]
        if preset.reach:
            matches = [p for p in matches if abs(p - lost) <= preset.reach]
        if preset.direction is Direction.FORWARD:
            matches = [p for p in matches if p >= lost]
        if matches:
            return min(matches, key=lambda p: preference(p, lost, preset.direction))
    return -1


def preference(place: int, lost: int, direction: Direction) -> tuple[int, ...]:
    if direction is Direction.FIRST:
        return (place,)
    if direction is Direction.AHEAD:
        return place < lost, abs(place - lost)
    return abs(place - lost), place < lost


@settings(max_examples=400)
@given(sequences, sequences, presets)
def test_it_counts_what_the_published_pseudo_code_counts(
    prediction: list[str], output: list[str], preset: Preset
) -> None:
    assert verify(prediction, output, preset, LINE_ENDS) == naive(prediction, output, preset)


@given(sequences, st.integers(0, 80), st.integers(0, 80), sequences, presets)
def test_it_counts_an_edit_of_the_prediction_as_the_pseudo_code_does(
    prediction: list[str], start: int, end: int, new: list[str], preset: Preset
) -> None:
    output = prediction[:start] + new + prediction[end:]

    assert verify(prediction, output, preset, LINE_ENDS) == naive(prediction, output, preset)


@settings(max_examples=400)
@given(
    sequences, st.integers(0, 80), st.integers(0, 80), sequences, st.lists(presets, min_size=1, max_size=6)
)
def test_many_presets_at_once_count_what_each_counts(
    prediction: list[str], start: int, end: int, new: list[str], several: list[Preset]
) -> None:
    output = prediction[:start] + new + prediction[end:]
    pair = Pair(prediction, output, LINE_ENDS)

    for preset in several:
        assert pair.verification(preset) == verify(prediction, output, preset, LINE_ENDS)


@given(sequences, sequences, presets)
def test_the_passes_emit_the_whole_output_whatever_is_predicted(
    prediction: list[str], output: list[str], preset: Preset
) -> None:
    made = list(passes(prediction, output, preset))

    assert sum(one.emitted for one in made) == len(output)
    assert all(0 <= one.accepted <= one.proposed for one in made)
    assert all(one.emitted - one.accepted == 1 for one in made[:-1])


@given(sequences, sequences, presets)
def test_no_more_is_accepted_than_was_written_or_than_a_cursor_can_pass_once(
    prediction: list[str], output: list[str], preset: Preset
) -> None:
    result = verify(prediction, output, preset)

    assert result.accepted <= len(output)
    assert result.proposing <= result.passes <= len(output)
    if preset.direction in {Direction.FORWARD, Direction.NONE}:
        assert result.accepted <= len(prediction)


@pytest.mark.parametrize("name", PRESETS)
def test_without_a_prediction_every_token_is_a_pass(name: str) -> None:
    assert verify([], LINE, PRESETS[name]) == Verification(0, 0, len(LINE), 0)


@pytest.mark.parametrize("name", PRESETS)
def test_without_an_output_nothing_is_proposed(name: str) -> None:
    assert verify(LINE, [], PRESETS[name]) == Verification()


@pytest.mark.parametrize("name", ["resync", "forward-only", "prefix-only"])
def test_a_verbatim_repeat_is_capped_at_one_own_token_for_each_pass(name: str) -> None:
    """33 tokens a pass: 32 accepted and the model's own, so 10 passes for 330."""
    result = verify(LINE, LINE, PRESETS[name])

    assert result == Verification(accepted=320, rejected=0, passes=10, proposing=10)
    assert result.accepted / len(LINE) == 32 / 33


def test_the_adaptive_verifier_proposes_more_from_pass_to_pass_up_to_64() -> None:
    made = list(passes(LINE, LINE, PRESETS["adaptive"]))

    assert [one.proposed for one in made] == [8, 16, 32, 64, 64, 64, 64, 11]


def test_a_changed_line_stops_a_verifier_that_only_takes_a_prefix() -> None:
    output = [*LINE[:100], "new", *LINE[101:]]

    assert verify(LINE, output, PRESETS["prefix-only"]).accepted == 97
    assert verify(LINE, output, PRESETS["resync"]).accepted > 300


def test_only_a_verifier_that_looks_back_follows_a_move_to_the_front() -> None:
    output = [*LINE[200:], *LINE[:200]]

    assert verify(LINE, output, PRESETS["resync"]).accepted > 290
    assert verify(LINE, output, PRESETS["forward-only"]).accepted < 130


def test_the_remainder_counts_what_was_never_proposed_too() -> None:
    preset = PRESETS["prefix-only"]
    output = ["other", *LINE]

    assert verify(LINE, output, preset).rejected == 32
    assert verify(LINE, output, replace(preset, rejection=Rejection.REMAINDER)).rejected == len(LINE)


@pytest.mark.parametrize("name", PRESETS)
def test_a_long_monotonous_file_does_not_take_longer_than_its_length_allows(name: str) -> None:
    """60,000 equal tokens, and an output that keeps losing the cursor: quadratic work would not end."""
    prediction = ["x"] * 60_000
    output = (["x"] * 40 + ["y"]) * 1_500

    result = verify(prediction, output, PRESETS[name])

    assert result.passes <= len(output)


@given(sequences, sequences, presets, st.floats(1, 2), st.integers(0, 500))
def test_the_modelled_time_is_the_sum_of_its_passes(
    prediction: list[str], output: list[str], preset: Preset, pass_cost: float, reasoning: int
) -> None:
    latency = Latency(first_token_s=0.2, prefill_tokens_per_s=1000, token_s=0.5, pass_cost=pass_cost)
    stepped = latency.prompt_s(300) + reasoning * latency.token_s
    stepped += sum(latency.pass_s(one) for one in passes(prediction, output, preset))

    modelled = modelled_time(
        verify(prediction, output, preset),
        latency,
        output_tokens=len(output),
        uncached_prompt_tokens=300,
        reasoning_tokens=reasoning,
    )

    assert modelled == pytest.approx(stepped)


def test_a_prefill_of_zero_reads_the_prompt_at_once() -> None:
    assert Latency(first_token_s=0.1, prefill_tokens_per_s=0).prompt_s(1_000_000) == 0.1
