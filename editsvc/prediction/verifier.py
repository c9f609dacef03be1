"""A local model of how a server verifies a prediction (static predicted outputs).

A cursor walks the prediction. Each pass of the model proposes up to `width` tokens from there, keeps the
prefix that the model agrees with, and emits one token of the model's own. Where the two diverge, a server may
drop the prediction or look for the place where it fits again. No server publishes its method; the presets
are the variants that fit published examples and measurements. The text is the same with any prediction.

Units: tokens, as any hashable values; seconds.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterable, Iterator, Sequence


# From the narrowest pass to the widest that anybody makes.
_DOUBLINGS: Final = 16


class Direction(StrEnum):
    """Where a lost cursor may go.

    To the nearest match, the nearest one ahead, the nearest one ahead or else behind, the first of the prediction, or
    nowhere.
    """

    NEAREST = "nearest"
    FORWARD = "forward"
    AHEAD = "ahead-or-behind"
    FIRST = "first"
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

    With a `step`, a pass without a rejection adds that instead of doubling; `fall` is what the width is divided by
    after one with a rejection, 0 for back to `least`; unless it is `idle_widens`, a pass that proposes nothing leaves
    the width as it is. A cursor moves by no more than `reach` tokens, 0 for any number, and with `at_lines` only after
    a token that ends a line.
    """

    least: int
    most: int
    n_min: int
    n_max: int
    direction: Direction
    rejection: Rejection = Rejection.PER_PROPOSAL
    step: int = 0
    fall: int = 4
    idle_widens: bool = True
    reach: int = 0
    at_lines: bool = False

    def wider(self, width: int, passes: int = 1) -> int:
        """The width after so many passes without a rejection."""
        more = width + self.step * passes if self.step else width << min(passes, _DOUBLINGS)
        return min(self.most, more)

    def narrower(self, width: int) -> int:
        """The width after a pass with a rejection."""
        return max(self.least, width // self.fall) if self.fall else self.least


_RANGE: Final = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")
_ENDS: Final = {"window": ("least", "most"), "match": ("n_min", "n_max")}
_FLAGS: Final[dict[str, dict[str, Any]]] = {
    "at-lines": {"at_lines": True},
    "idle-keeps": {"idle_widens": False},
}

PRESETS: Final[dict[str, Preset]] = {
    "resync": Preset(32, 32, 8, 16, Direction.NEAREST),
    "adaptive": Preset(8, 64, 3, 3, Direction.NEAREST),
    "forward-only": Preset(32, 32, 4, 4, Direction.FORWARD),
    "prefix-only": Preset(32, 32, 1, 1, Direction.NONE),
}


def preset_named(text: str) -> Preset:
    """The preset with that name, or the one that ``window=8-64,match=3,direction=forward`` describes.

    What is not said is as in ``resync``; ``step``, ``fall`` and ``reach`` are numbers, and ``at-lines`` and
    ``idle-keeps`` stand alone. Raises ValueError with what is wrong.
    """
    if text in PRESETS:
        return PRESETS[text]
    said: dict[str, Any] = {}
    for part in text.split(","):
        name, given, value = part.strip().partition("=")
        numbers = _RANGE.fullmatch(value)
        if not given and name in _FLAGS:
            said |= _FLAGS[name]
        elif name == "direction" and value in list(Direction):
            said[name] = Direction(value)
        elif name in _ENDS and numbers:
            said |= zip(_ENDS[name], (int(numbers[1]), int(numbers[2] or numbers[1])), strict=True)
        elif name in {"step", "fall", "reach"} and numbers and not numbers[2]:
            said[name] = int(value)
        else:
            raise ValueError(f"{part.strip()!r} says nothing about a verifier")
    found = replace(PRESETS["resync"], **said)
    if not 0 < found.least <= found.most or not 0 < found.n_min <= found.n_max:
        raise ValueError("windows and matches are numbers from 1, the smaller first")
    return found


# A position, or several ascending ones; None where there is none.
_Hit = int | list[int] | None


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


def passes(
    prediction: Sequence[Hashable],
    output: Sequence[Hashable],
    preset: Preset,
    line_ends: Container[Hashable] = (),
) -> Iterator[Pass]:
    """The passes that make `output` with `prediction`; what they emit adds up to the output.

    `line_ends` are the tokens that end a line, for a preset that asks for them. Time is linear in both texts, apart
    from a logarithm for each token emitted while the cursor is lost.
    """
    for step in _steps(prediction, output, preset, line_ends):
        if isinstance(step, int):
            yield from repeat(_PLAIN, step)
        else:
            yield step


def _steps(
    prediction: Sequence[Hashable],
    output: Sequence[Hashable],
    preset: Preset,
    line_ends: Container[Hashable],
) -> Iterator[Pass | int]:
    """The passes as `passes` has them, those with nothing to propose as their number."""
    places = Places(Index(prediction, output), preset, line_ends)
    cursor = 0
    lost_at = 0
    width = preset.least
    i = 0
    end = len(output)
    while i < end:
        if cursor < 0:
            found, cursor = places.next(i, near=lost_at)
            plain, i = found - i, found
            if preset.idle_widens:
                width = preset.wider(width, plain)
            yield plain
            continue
        proposal = prediction[cursor : cursor + width]
        accepted = _common_prefix(proposal, output[i : i + len(proposal)])
        proposed = len(proposal)
        width = preset.wider(width) if accepted == proposed else preset.narrower(width)
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


def verify(
    prediction: Sequence[Hashable],
    output: Sequence[Hashable],
    preset: Preset,
    line_ends: Container[Hashable] = (),
) -> Verification:
    """The counts that a server with `preset` would report for `output`; `line_ends` as in `passes`."""
    return tally(_steps(prediction, output, preset, line_ends), len(prediction), preset.rejection)


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


class Index:
    """Where the last tokens of an output occur in a prediction, for any number of presets.

    Positions are grouped by the `n_min` tokens before them when the first is asked for; a group is divided by
    the token before those only when somebody looks further back. So every position is looked at no more than
    ``n_max - n_min + 1`` times however repetitive the prediction is, and no candidate has to be left out.
    """

    def __init__(self, prediction: Sequence[Hashable], output: Sequence[Hashable]) -> None:
        self.prediction = prediction
        self.output = output
        self._numbers: list[array[int]] = []
        self._hits: dict[int, list[_Hit]] = {}
        self._groups: dict[int, _PositionGroup] = {}

    @property
    def numbers(self) -> list[array[int]]:
        """Both texts as numbers, equal ones for equal tokens."""
        if not self._numbers:
            self._numbers = _numbers(self.prediction, self.output)
        return self._numbers

    def hits(self, n: int) -> list[_Hit]:
        """For each end of the output from `n` on, the positions with the same `n` tokens before them."""
        found = self._hits.get(n)
        if found is None:
            prediction, output = self.numbers
            positions: dict[bytes, int | list[int]] = {}
            for position, tokens in enumerate(_windows(prediction, n), n):
                there = positions.setdefault(tokens, position)
                if there is not position:
                    if isinstance(there, int):
                        positions[tokens] = [there, position]
                    else:
                        there.append(position)
            found = self._hits[n] = list(map(positions.get, _windows(output, n)))
        return found

    def longer(self, positions: list[int], end: int, n_min: int, n_max: int) -> Iterator[list[int]]:
        """Of `positions`, which match `n_min` tokens, those that match one more each time, as long as there are any."""
        # One list stands for all ends with the same tokens before them.
        group = self._groups.get(id(positions))
        if group is None:
            group = self._groups[id(positions)] = _PositionGroup(positions)
        for n in range(n_min + 1, min(n_max, end) + 1):
            longer = group.preceded_by(self.prediction, n).get(self.output[end - n])
            if longer is None:
                return
            group = longer
            yield group.positions


class Places:
    """Where a lost cursor goes by `preset`."""

    def __init__(self, index: Index, preset: Preset, line_ends: Container[Hashable] = ()) -> None:
        self._index = index
        self._preset = preset
        self._line_ends = line_ends
        self._nowhere = preset.direction is Direction.NONE or not index.prediction

    def next(self, start: int, *, near: int) -> tuple[int, int]:
        """The first end behind `start` for which there is a place, and that place; the output's end and -1 if none."""
        least, end = self._preset.n_min, len(self._index.output)
        if not self._nowhere:
            hits = self._index.hits(least)
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
        preset = self._preset
        least = preset.n_min
        if self._nowhere or end < least:
            return -1
        if preset.at_lines and self._index.output[end - 1] not in self._line_ends:
            return -1
        hit = self._index.hits(least)[end - least]
        if hit is None:
            return -1
        if isinstance(hit, int):
            return nearest([hit], near, preset.direction, preset.reach)
        candidates = [hit]
        if preset.n_max > least:
            candidates += self._index.longer(hit, end, least, preset.n_max)
        for each in reversed(candidates):
            best = nearest(each, near, preset.direction, preset.reach)
            if best >= 0:
                return best
        return -1


def nearest(positions: Sequence[int], near: int, direction: Direction, reach: int = 0) -> int:
    """That of the ascending `positions` to which a cursor lost at `near` goes, or -1."""
    after = bisect_left(positions, near)
    ahead = positions[after] if after < len(positions) else -1
    behind = positions[after - 1] if after else -1
    if reach:
        ahead = ahead if ahead - near <= reach else -1
        behind = behind if near - behind <= reach else -1
    if direction is Direction.FORWARD or behind < 0:
        return ahead
    if direction is Direction.FIRST:
        return positions[bisect_left(positions, near - reach)] if reach else positions[0]
    if ahead < 0 or (direction is Direction.NEAREST and ahead - near > near - behind):
        return behind
    return ahead


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
