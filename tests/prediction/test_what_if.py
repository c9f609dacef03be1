"""What-if: every candidate scored against the reply that came."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.prediction.verifier import PRESETS, verify
from editsvc.prediction.what_if import MOST_TOKENS, best, score
from editsvc.tokens import O200kPieces, tokenizer

FILE = "".join(f"def handler_{i}(request):\n    return render(request, {i})\n" for i in range(40))
SCOPE = FILE[: len(FILE) // 2]
REPLY = FILE.replace("render", "respond")
CANDIDATES = {"file": FILE, "scope": SCOPE, "draft": REPLY, "none": None}
TOKENIZER = tokenizer()


@dataclass
class Counting(O200kPieces):
    """A tokenizer that remembers what it was given."""

    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def encode(self, text: str) -> list[str]:
        self.seen.append(text)
        return super().encode(text)


def test_every_candidate_has_the_counts_of_the_verifier_for_every_preset() -> None:
    output = TOKENIZER.encode(REPLY)
    expected = {"none": [0, 0]}
    for name, text in CANDIDATES.items():
        for preset, how in PRESETS.items():
            if text is not None:
                result = verify(TOKENIZER.encode(text), output, how)
                expected[f"{name}:{preset}"] = [result.accepted, result.rejected]

    assert score(CANDIDATES, REPLY, TOKENIZER) == expected


@pytest.mark.parametrize("preset", PRESETS)
def test_a_draft_that_is_right_is_best_whatever_the_verifier(preset: str) -> None:
    scores = score(CANDIDATES, REPLY, TOKENIZER)

    assert scores is not None
    assert scores[f"draft:{preset}"][1] == 0
    assert best(scores, preset=preset) == "draft"


def test_presets_can_be_chosen() -> None:
    scores = score({"file": FILE}, FILE, TOKENIZER, presets={"mine": PRESETS["resync"]})

    assert scores is not None
    assert list(scores) == ["file:mine"]


def test_each_text_is_tokenised_once() -> None:
    counting = Counting()

    scores = score({"file": FILE, "scope": FILE, "draft": SCOPE}, REPLY, counting)

    assert sorted(counting.seen) == sorted([FILE, SCOPE, REPLY])
    assert scores is not None
    assert scores["file:resync"] == scores["scope:resync"] != scores["draft:resync"]


def test_equal_candidates_do_not_share_their_lists() -> None:
    scores = score({"file": FILE, "scope": FILE}, REPLY, TOKENIZER)

    assert scores is not None
    scores["file:resync"].append(1)
    assert len(scores["scope:resync"]) == 2


def test_nothing_is_said_where_there_is_too_much_to_read() -> None:
    tokens = len(TOKENIZER.encode(FILE)) + len(TOKENIZER.encode(REPLY))

    assert score({"file": FILE}, REPLY, TOKENIZER, most_tokens=4 * tokens) is not None
    assert score({"file": FILE}, REPLY, TOKENIZER, most_tokens=4 * tokens - 1) is None


def test_what_is_plainly_too_long_is_not_even_tokenised() -> None:
    counting = Counting()

    assert score({"file": "x" * (8 * MOST_TOKENS)}, "x", counting) is None
    assert counting.seen == []


class Strict(O200kPieces):
    """A tokenizer that reads UTF-8, as most do."""

    def encode(self, text: str) -> list[str]:
        return super().encode(text.encode().decode())


@pytest.mark.parametrize(("prediction", "reply"), [("\ud800", FILE), (FILE, "\ud800")])
def test_nothing_is_said_of_text_that_has_no_tokens(prediction: str, reply: str) -> None:
    assert score({"file": prediction}, reply, Strict()) is None


def test_without_candidates_there_are_no_scores() -> None:
    assert score({}, REPLY, TOKENIZER) == {}
    assert score({"none": None}, REPLY, TOKENIZER) == {"none": [0, 0]}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"file:resync": [90, 10], "draft:resync": [95, 40], "none": [0, 0]}, "draft"),
        ({"file:resync": [90, 10], "scope:resync": [90, 5]}, "scope"),
        ({"file:resync": [90, 10], "scope:resync": [90, 10]}, "file"),
        ({"file:resync": [0, 32], "none": [0, 0]}, "none"),
        ({"file:resync": [1, 5], "draft:adaptive": [900, 0]}, "file"),
        ({"draft:adaptive": [900, 0], "none": [0, 0]}, None),
        ({}, None),
    ],
)
def test_the_best_has_most_accepted_then_fewest_rejected(
    scores: dict[str, list[int]], expected: str | None
) -> None:
    assert best(scores, preset="resync") == expected


@given(
    st.dictionaries(st.sampled_from(["file", "scope", "draft"]), st.text(max_size=60)), st.text(max_size=60)
)
def test_scores_are_counts_of_tokens_for_any_text(candidates: dict[str, str], reply: str) -> None:
    scores = score(candidates, reply, O200kPieces())

    assert scores is not None
    assert len(scores) == len(candidates) * len(PRESETS)
    for accepted, rejected in scores.values():
        assert 0 <= accepted <= len(O200kPieces().encode(reply))
        assert rejected >= 0
