"""A local model of how a server verifies a prediction (static predicted outputs).

A cursor walks the prediction. Each pass of the model proposes up to `width` tokens from there, keeps the
prefix that the model agrees with, and emits one token of the model's own. Where the two diverge, a server may
drop the prediction or look for the place where it fits again. No server publishes its method; the presets
are the variants that fit published examples and measurements. The text is the same with any prediction.

Units: tokens, as any hashable values; seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence


class Direction(StrEnum):
    """Where a lost cursor may go: the nearest match, the nearest one ahead, or nowhere."""

    NEAREST = "nearest"
    FORWARD = "forward"
    NONE = "none"


class Rejection(StrEnum):
    """What counts as rejected: proposed tokens that were not kept, or all of the prediction that was not."""

    PER_PROPOSAL = "per-proposal"
    REMAINDER = "remainder"


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to verify.

    A pass proposes between `least` and `most` tokens: it starts with `least`, doubles after a pass without a
    rejection, and falls to a quarter after one with. A lost cursor is found again by the last `n_max` tokens
    of the output, or fewer, down to `n_min`: the longest match counts, then the nearest to where the cursor
    was, then the one ahead.
    """

    least: int
    most: int
    n_min: int
    n_max: int
    direction: Direction
    rejection: Rejection = Rejection.PER_PROPOSAL


PRESETS: Final[dict[str, Preset]] = {
    "resync": Preset(32, 32, 8, 16, Direction.NEAREST),
    "adaptive": Preset(8, 64, 3, 3, Direction.NEAREST),
    "forward-only": Preset(32, 32, 4, 4, Direction.FORWARD),
    "prefix-only": Preset(32, 32, 1, 1, Direction.NONE),
}


class Pass(NamedTuple):
    """One pass of the model: what it proposed, what was kept, and all it emitted (its own token included)."""

    proposed: int
    accepted: int
    emitted: int


_PLAIN: Final = Pass(0, 0, 1)


@dataclass(frozen=True, slots=True)
class Verification:
    """The counts for one (prediction, output): `proposing` passes had something to propose."""

    accepted: int = 0
    rejected: int = 0
    passes: int = 0
    proposing: int = 0


@dataclass(frozen=True, slots=True)
class Latency:
    """A server's speed.

    `first_token_s` passes before the first token at an empty prompt, `prefill_tokens_per_s` is read of the
    prompt (0: at once), `token_s` is one plain pass, and `pass_cost` is what a pass with a proposal takes in
    plain ones.
    """

    first_token_s: float = 0.2
    prefill_tokens_per_s: float = 30_000.0
    token_s: float = 1 / 1_500
    pass_cost: float = 1.13

    def prompt_s(self, uncached_tokens: int) -> float:
        """Seconds until the first token, when `uncached_tokens` of the prompt are to be read."""
        read_s = uncached_tokens / self.prefill_tokens_per_s if self.prefill_tokens_per_s else 0.0
        return self.first_token_s + read_s

    def pass_s(self, made: Pass) -> float:
        """Seconds of made pass: its own token, if it has made, and what verifying adds."""
        own = made.emitted - made.accepted
        return self.token_s * (own + (self.pass_cost - 1 if made.proposed else 0.0))


def passes(prediction: Sequence[Hashable], output: Sequence[Hashable], preset: Preset) -> Iterator[Pass]:
    """The passes that make `output` with `prediction`; what they emit adds up to the output.

    Time is linear in both, apart from a logarithm for each token emitted while the cursor is lost.
    """
    places = _Places(prediction, preset)
    cursor = 0
    lost_at = 0
    width = preset.least
    i = 0
    end = len(output)
    while i < end:
        if cursor < 0:  # nothing to propose: as below, in less than half of the time
            width = min(preset.most, 2 * width)
            i += 1
            yield _PLAIN
            cursor = places.find(output, i, near=lost_at)
            continue
        proposal = prediction[cursor : cursor + width]
        accepted = _common_prefix(proposal, output[i : i + len(proposal)])
        proposed = len(proposal)
        width = min(preset.most, 2 * width) if accepted == proposed else max(preset.least, width // 4)
        start = i
        i += accepted
        cursor += accepted
        lost_at = cursor
        if i < end:
            own = output[i]
            i += 1
            found = cursor < len(prediction) and prediction[cursor] == own
            cursor = cursor + 1 if found else -1
        yield Pass(proposed, accepted, i - start)
        if not 0 <= cursor < len(prediction):
            cursor = places.find(output, i, near=lost_at)


def verify(prediction: Sequence[Hashable], output: Sequence[Hashable], preset: Preset) -> Verification:
    """The counts that a server with `preset` would report for `output`."""
    return tally(passes(prediction, output, preset), len(prediction), preset.rejection)


def tally(made: Iterable[Pass], prediction_tokens: int, rejection: Rejection) -> Verification:
    """The counts of the passes that were `made` with a prediction of `prediction_tokens`.

    A prediction that was used twice (the output repeats a part of it) has no negative remainder.
    """
    accepted = proposed = number = proposing = 0
    for step in made:
        accepted += step.accepted
        proposed += step.proposed
        number += 1
        proposing += step.proposed > 0
    if rejection is Rejection.REMAINDER:
        return Verification(accepted, max(0, prediction_tokens - accepted), number, proposing)
    return Verification(accepted, proposed - accepted, number, proposing)


def modelled_time(
    verification: Verification,
    latency: Latency,
    *,
    output_tokens: int,
    uncached_prompt_tokens: int = 0,
    reasoning_tokens: int = 0,
) -> float:
    """Seconds that a reply would take: ``T0 + P/r_p + (reasoning + L - A)·τ + proposing·(s - 1)·τ``."""
    plain = reasoning_tokens + output_tokens - verification.accepted
    verifying = verification.proposing * (latency.pass_cost - 1)
    return latency.prompt_s(uncached_prompt_tokens) + (plain + verifying) * latency.token_s


def _common_prefix(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    if left == right:
        return len(left)
    for i, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return i
    return min(len(left), len(right))


class _Places:
    """Where the last tokens of an output occur in a prediction.

    Positions are grouped by the `n_min` tokens before them when the first is asked for; a group is divided by
    the token before those only when somebody looks further back. So every position is looked at no more than
    ``n_max - n_min + 1`` times however repetitive the prediction is, and no candidate has to be left out.
    """

    def __init__(self, prediction: Sequence[Hashable], preset: Preset) -> None:
        self._prediction = prediction
        self._preset = preset
        self._groups: dict[tuple[Hashable, ...], _PositionGroup] | None = None

    def find(self, output: Sequence[Hashable], end: int, *, near: int) -> int:
        """The position after the best match of ``output[:end]``'s last tokens, or -1."""
        preset = self._preset
        if preset.direction is Direction.NONE or end < preset.n_min or not self._prediction:
            return -1
        if self._groups is None:
            self._groups = self._grouped()
        group = self._groups.get(tuple(output[end - preset.n_min : end]))
        if group is None:
            return -1
        best = self._best(group.positions, near)
        for n in range(preset.n_min + 1, min(preset.n_max, end) + 1):
            group = group.preceded_by(self._prediction, n).get(output[end - n])
            if group is None:
                break
            longer = self._best(group.positions, near)
            best = best if longer < 0 else longer
        return best

    def _grouped(self) -> dict[tuple[Hashable, ...], _PositionGroup]:
        n = self._preset.n_min
        groups: dict[tuple[Hashable, ...], _PositionGroup] = {}
        for position in range(n, len(self._prediction) + 1):
            key = tuple(self._prediction[position - n : position])
            group = groups.get(key)
            if group is None:
                group = groups[key] = _PositionGroup()
            group.positions.append(position)
        return groups

    def _best(self, positions: list[int], near: int) -> int:
        after = bisect_left(positions, near)
        ahead = positions[after] if after < len(positions) else -1
        if self._preset.direction is Direction.FORWARD or after == 0:
            return ahead
        behind = positions[after - 1]
        return ahead if ahead >= 0 and ahead - near <= near - behind else behind


class _PositionGroup:
    """Positions, ascending, that have the same tokens before them."""

    __slots__ = ("_divided", "positions")

    def __init__(self) -> None:
        self.positions: list[int] = []
        self._divided: dict[Hashable, _PositionGroup] | None = None

    def preceded_by(self, prediction: Sequence[Hashable], n: int) -> dict[Hashable, _PositionGroup]:
        """The group, divided by the `n`-th token before each position."""
        if self._divided is None:
            self._divided = {}
            for position in self.positions:
                if position >= n:
                    self._divided.setdefault(prediction[position - n], _PositionGroup()).positions.append(
                        position
                    )
        return self._divided
