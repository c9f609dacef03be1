"""What-if: the score that each candidate prediction would have had, from the reply obtained with one of them.

A prediction does not change a greedy reply, so every candidate can be scored afterwards against the same
reply, by `editsvc.prediction.verifier`. Only counts leave this module, never text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.prediction.verifier import PRESETS, verify

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from editsvc.prediction.verifier import Preset
    from editsvc.tokens import Tokenizer

# The verifier reads 1.3 to 5 million tokens of source code a second, prediction and reply both counted; this is
# less than a second of a thread beside the edits. Three candidates of 40,000 tokens and four presets fit.
MOST_TOKENS: Final = 1_000_000
# Source code has three to four characters a token. Tokenising is fast, but not for any length.
_CHARACTERS_PER_TOKEN: Final = 8


class Tokenised(NamedTuple):
    """The tokens of a reply, and those of each text that was or could have been predicted, by the text."""

    output: Sequence[Hashable]
    predictions: Mapping[str, Sequence[Hashable]]


def score(
    candidates: Mapping[str, str | None],
    reply: str,
    tokenizer: Tokenizer,
    *,
    presets: Mapping[str, Preset] = PRESETS,
    most_tokens: int = MOST_TOKENS,
) -> dict[str, list[int]] | None:
    """[accepted, rejected] under ``"<candidate>:<preset>"`` for each candidate text and preset.

    A candidate whose text is None stands for sending no prediction: [0, 0] under its name alone. None, and so
    nothing said, if more than `most_tokens` would have to be read (predictions and reply, once for each
    verification), or if a text has lone surrogates and the tokenizer does not take those. Each text is
    tokenised once, and equal ones are verified once.
    """
    tokens = tokenised(candidates, reply, tokenizer, presets=presets, most_tokens=most_tokens)
    return None if tokens is None else scores(candidates, tokens, presets=presets)


def tokenised(
    candidates: Mapping[str, str | None],
    reply: str,
    tokenizer: Tokenizer,
    *,
    presets: Mapping[str, Preset] = PRESETS,
    most_tokens: int = MOST_TOKENS,
) -> Tokenised | None:
    """What `scores` needs of the texts; None as for `score`."""
    texts = {text for text in candidates.values() if text is not None}
    if sum(map(len, texts)) + len(reply) > _CHARACTERS_PER_TOKEN * most_tokens:
        return None
    try:
        output = tokenizer.encode(reply)
        predictions = {text: tokenizer.encode(text) for text in texts}
    except UnicodeEncodeError:
        return None
    if len(presets) * sum(len(prediction) + len(output) for prediction in predictions.values()) > most_tokens:
        return None
    return Tokenised(output, predictions)


def scores(
    candidates: Mapping[str, str | None], tokens: Tokenised, *, presets: Mapping[str, Preset] = PRESETS
) -> dict[str, list[int]]:
    """What `score` returns, of texts that are tokenised."""
    counts = {
        text: _counts(prediction, tokens.output, presets) for text, prediction in tokens.predictions.items()
    }
    found: dict[str, list[int]] = {}
    for name, text in candidates.items():
        if text is None:
            found[name] = [0, 0]
        else:
            found.update({f"{name}:{preset}": [*pair] for preset, pair in counts[text].items()})
    return found


def best(what_if: Mapping[str, Sequence[int]], *, preset: str) -> str | None:
    """The candidate that is best by `preset`: most tokens accepted, then fewest rejected, then the first.

    What tokens cost is not weighed, so sending none is best only where nothing is accepted. None if there are
    no scores by that preset.
    """
    found: dict[str, tuple[int, int]] = {}
    scored = False
    for key, (accepted, rejected) in what_if.items():
        candidate, _, by = key.partition(":")
        if by in (preset, ""):
            found[candidate] = (accepted, -rejected)
            scored = scored or by == preset
    return max(found, key=lambda candidate: found[candidate]) if scored else None


def _counts(
    prediction: Sequence[Hashable], output: Sequence[Hashable], presets: Mapping[str, Preset]
) -> dict[str, tuple[int, int]]:
    results = {name: verify(prediction, output, preset) for name, preset in presets.items()}
    return {name: (result.accepted, result.rejected) for name, result in results.items()}
