"""A local model of how a server verifies a prediction (static predicted outputs).

A cursor walks the prediction. Each pass of the model proposes up to `width` tokens from there, keeps the
prefix that the model agrees with, and emits one token of the model's own. Where the two diverge, a server may
drop the prediction or look for the place where it fits again. No server publishes its method; the presets
are the variants that fit published examples and measurements. The text is the same with any prediction.

Units: tokens, as any hashable values; seconds.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from itertools import repeat
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


# A position, or several ascending ones; None where there is none.
_Hit = int | list[int] | None


class Pass(NamedTuple):
    """One pass of the model: what it proposed, what was kept, and all it emitted (its own token included)."""

    proposed: int
    accepted: int
    emitted: int


_PLAIN: Final = Pass(0, 0, 1)
# From the narrowest pass to the widest that anybody makes.
_DOUBLINGS: Final = 16


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
    for step in _steps(prediction, output, preset):
        if isinstance(step, int):
            yield from repeat(_PLAIN, step)
        else:
            yield step


def _steps(
    prediction: Sequence[Hashable], output: Sequence[Hashable], preset: Preset
) -> Iterator[Pass | int]:
    """The passes as `passes` has them, those with nothing to propose as their number."""
    places = _Places(prediction, output, preset)
    cursor = 0
    lost_at = 0
    width = preset.least
    i = 0
    end = len(output)
    while i < end:
        if cursor < 0:
            found, cursor = places.next(i, near=lost_at)
            plain, i = found - i, found
            width = min(preset.most, width << min(plain, _DOUBLINGS))
            yield plain
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
            follows = cursor < len(prediction) and prediction[cursor] == own
            cursor = cursor + 1 if follows else -1
        yield Pass(proposed, accepted, i - start)
        if not 0 <= cursor < len(prediction):
            cursor = places.find(i, near=lost_at)


def verify(prediction: Sequence[Hashable], output: Sequence[Hashable], preset: Preset) -> Verification:
    """The counts that a server with `preset` would report for `output`."""
    return tally(_steps(prediction, output, preset), len(prediction), preset.rejection)


def tally(made: Iterable[Pass | int], prediction_tokens: int, rejection: Rejection) -> Verification:
    """The counts of the passes that were `made` with a prediction of `prediction_tokens`.

    A number stands for so many passes that had nothing to propose. A prediction that was used twice (the output
    repeats a part of it) has no negative remainder.
    """
    accepted = proposed = number = proposing = 0
    for step in made:
        if isinstance(step, int):
            number += step
            continue
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

    def __init__(self, prediction: Sequence[Hashable], output: Sequence[Hashable], preset: Preset) -> None:
        self._prediction = prediction
        self._output = output
        self._preset = preset
        self._nowhere = preset.direction is Direction.NONE or not prediction
        self._hits: list[_Hit] = []
        self._groups: dict[int, _PositionGroup] = {}

    def next(self, start: int, *, near: int) -> tuple[int, int]:
        """The first end behind `start` for which there is a place, and that place; the output's end and -1 if none."""
        least, end = self._preset.n_min, len(self._output)
        if not self._nowhere:
            hits = self._look_up()
            first = near if self._preset.direction is Direction.FORWARD else 0
            for at in range(max(start + 1, least), end + 1):
                hit = hits[at - least]
                if hit is None or (hit if isinstance(hit, int) else hit[-1]) < first:
                    continue
                found = self.find(at, near=near)
                if found >= 0:
                    return at, found
        return end, -1

    def find(self, end: int, *, near: int) -> int:
        """The position after the best match of the last tokens of ``output[:end]``, or -1."""
        least = self._preset.n_min
        if self._nowhere or end < least:
            return -1
        hit = self._look_up()[end - least]
        if hit is None:
            return -1
        if isinstance(hit, int):
            return -1 if self._preset.direction is Direction.FORWARD and hit < near else hit
        candidates = [hit]
        if self._preset.n_max > least:
            candidates += self._longer(hit, end)
        return next((best for each in reversed(candidates) if (best := self._best(each, near)) >= 0), -1)

    def _longer(self, positions: list[int], end: int) -> Iterator[list[int]]:
        """The positions that match one token more each time, as long as there are any."""
        # One list stands for all ends with the same tokens before them.
        group = self._groups.get(id(positions))
        if group is None:
            group = self._groups[id(positions)] = _PositionGroup(positions)
        for n in range(self._preset.n_min + 1, min(self._preset.n_max, end) + 1):
            longer = group.preceded_by(self._prediction, n).get(self._output[end - n])
            if longer is None:
                return
            group = longer
            yield group.positions

    def _look_up(self) -> list[_Hit]:
        """For each end of the output from `n_min` on, the positions with the same tokens before them."""
        if not self._hits:
            n = self._preset.n_min
            prediction, output = _numbers(self._prediction, self._output)
            positions: dict[bytes, int | list[int]] = {}
            for position, tokens in enumerate(_windows(prediction, n), n):
                there = positions.setdefault(tokens, position)
                if there is not position:
                    if isinstance(there, int):
                        positions[tokens] = [there, position]
                    else:
                        there.append(position)
            self._hits = list(map(positions.get, _windows(output, n)))
        return self._hits

    def _best(self, positions: list[int], near: int) -> int:
        after = bisect_left(positions, near)
        ahead = positions[after] if after < len(positions) else -1
        if self._preset.direction is Direction.FORWARD or after == 0:
            return ahead
        behind = positions[after - 1]
        return ahead if ahead >= 0 and ahead - near <= near - behind else behind


def _numbers(*sequences: Sequence[Hashable]) -> list[array[int]]:
    """The tokens as numbers, equal ones as equal numbers; a vocabulary's tokens are numbers already."""
    try:
        return [array("Q", tokens) for tokens in sequences]  # type: ignore[arg-type]
    except (TypeError, OverflowError):
        known: dict[Hashable, int] = {}
        return [array("Q", [known.setdefault(token, len(known)) for token in each]) for each in sequences]


def _windows(numbers: array[int], n: int) -> list[bytes]:
    """Every `n` numbers in a row, as bytes.

    Of tuples, the garbage collector would look at each: that took several times as long as the verifying.
    """
    data, size = numbers.tobytes(), numbers.itemsize
    return [data[at : at + n * size] for at in range(0, len(data) - (n - 1) * size, size)]


class _PositionGroup:
    """Positions, ascending, that have the same tokens before them."""

    __slots__ = ("_divided", "positions")

    def __init__(self, positions: list[int]) -> None:
        self.positions = positions
        self._divided: dict[Hashable, _PositionGroup] | None = None

    def preceded_by(self, prediction: Sequence[Hashable], n: int) -> dict[Hashable, _PositionGroup]:
        """The group, divided by the `n`-th token before each position."""
        if self._divided is None:
            self._divided = {}
            for position in self.positions:
                if position >= n:
                    self._divided.setdefault(prediction[position - n], _PositionGroup([])).positions.append(
                        position
                    )
        return self._divided
