"""The counts of many presets for one prediction and one output, at the cost of a few.

What two presets have in common is worked out once: where the last tokens of the output occur, how long prediction and
output agree from a place on, and where a lost cursor goes. What is left of a preset is a step for each place where
the two diverge. The counts are those of `editsvc.prediction.verifier.verify`, to the token.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.prediction.verifier import (
    Direction,
    Index,
    Places,
    Preset,
    Rejection,
    Verification,
    nearest,
)

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Sequence

_STRIDE: Final = 64
_MANY: Final = 200
DEEPEST: Final = 25
"""So many tokens are looked back at by `Pair.runs`."""


class Place(NamedTuple):
    """Where a lost cursor goes: the part of a preset that decides how long prediction and output run together."""

    n_min: int
    n_max: int
    direction: Direction
    reach: int = 0
    at_lines: bool = False


class Window(NamedTuple):
    """How much a pass proposes: the part of a preset that divides runs into passes."""

    least: int
    most: int
    step: int = 0
    fall: int = 4
    idle_widens: bool = True


class Runs(NamedTuple):
    """How prediction and output run together (see `Pair.runs`), and what that says about other places.

    `farthest` is how far a cursor moved at most; if it never had a choice, the runs are `alone` possible.
    """

    runs: tuple[int, ...]
    farthest: int
    alone: bool


class Counts(NamedTuple):
    """What one preset makes of a pair, however rejections are counted."""

    accepted: int
    proposed: int
    passes: int
    proposing: int


class Pair:
    """A prediction and an output, ready for any number of presets; `line_ends` as in `verify`."""

    def __init__(
        self,
        prediction: Sequence[Hashable],
        output: Sequence[Hashable],
        line_ends: Container[Hashable] = (),
    ) -> None:
        self.prediction_tokens = len(prediction)
        self.output_tokens = len(output)
        self.steps = 0
        """How much work was done so far, for limits that do not depend on the machine."""
        self._index = Index(prediction, output)
        self._line_ends = line_ends
        self._bytes: tuple[bytes, bytes, int] | None = None
        self._runs: dict[tuple[int, int], int] = {}
        self._places: dict[Place, tuple[Places, dict[tuple[int, int], tuple[int, int]]]] = {}
        self._counts: dict[Preset, Counts] = {}
        self._matches: dict[int, list[list[int]]] = {}
        self._resumptions: dict[tuple[int, int, Direction, int, bool], dict[int, int]] = {}

    def verification(self, preset: Preset) -> Verification:
        """What `verify` says."""
        counts = self.counts(preset)
        return Verification(
            counts.accepted, self.rejected(counts, preset.rejection), counts.passes, counts.proposing
        )

    def rejected(self, counts: Counts, rejection: Rejection) -> int:
        """The rejected tokens of `counts`, counted in that way."""
        if rejection is Rejection.REMAINDER:
            return max(0, self.prediction_tokens - counts.accepted)
        return counts.proposed - counts.accepted

    def counts(self, preset: Preset) -> Counts:
        """The counts of `preset`, whatever its `rejection`."""
        known = self._counts.get(preset)
        if known is None:
            known = self._counts[preset] = self._walked(preset)
        return known

    def _walked(self, preset: Preset) -> Counts:
        length, end = self.prediction_tokens, self.output_tokens
        if not length or not preset.most:
            return Counts(0, 0, end, 0)
        accepted = proposed = passes = proposing = 0
        most, width = preset.most, preset.least
        i = cursor = lost_at = 0
        left = self._run(0, 0)
        while i < end:
            self.steps += 1
            if not 0 <= cursor < length:
                at, cursor = self._found(preset, i, lost_at)
                plain, i = at - i, at
                passes += plain
                if plain and preset.idle_widens:
                    width = preset.wider(width, plain)
                if i >= end or cursor < 0:
                    break
                if cursor >= length:  # the place after the last token: nothing to propose there
                    passes, i, width, lost_at, cursor = passes + 1, i + 1, preset.wider(width), cursor, -1
                    continue
                left = self._run(i, cursor)
            if width == most and left > width:  # whole windows at once
                whole = left // (width + 1)
                moved = whole * (width + 1)
                passes, proposing = passes + whole, proposing + whole
                accepted, proposed = accepted + whole * width, proposed + whole * width
                i, cursor, left = i + moved, cursor + moved, left - moved
                lost_at = cursor - 1
                continue
            size = min(width, length - cursor)
            kept = min(left, size)
            passes, proposing = passes + 1, proposing + 1
            accepted, proposed = accepted + kept, proposed + size
            width = preset.wider(width) if kept == size else preset.narrower(width)
            i, cursor, lost_at = i + kept, cursor + kept, cursor + kept
            if i < end:
                i += 1
                cursor = cursor + 1 if left > kept else -1
                left -= kept + 1
        return Counts(accepted, proposed, passes, proposing)

    def _found(self, preset: Preset, i: int, near: int) -> tuple[int, int]:
        """The first end from `i` on for which a cursor lost at `near` finds a place, and that place, or -1."""
        rule = Place(preset.n_min, preset.n_max, preset.direction, preset.reach, preset.at_lines)
        places, found = self._places.get(rule) or self._places.setdefault(
            rule, (Places(self._index, preset, self._line_ends), {})
        )
        there = found.get((i, near))
        if there is None:
            there = found[i, near] = self._next(places, i, near)
        return there

    def runs(self, place: Place) -> tuple[int, ...]:
        """How prediction and output run together where a lost cursor goes to `place`.

        Three numbers for each run: its tokens, those of the prediction that come after it, and those of the output that
        are written before the next run. Only where a run ends with the prediction may a window change what comes next;
        that is left out here.
        """
        return self.followed(place).runs

    def followed(self, place: Place) -> Runs:
        """The runs as `runs` has them, and how the cursor moved."""
        length, end = self.prediction_tokens, self.output_tokens
        found: list[int] = []
        farthest, alone = 0, True
        i = cursor = 0
        while i < end:
            run = self._run(i, cursor)
            i += run
            cursor += run
            if i >= end:
                found += (run, length - cursor, 0)
                break
            i += 1
            at, then = self._resumed(place, i, cursor)
            found += (run, length - cursor, at - i)
            self.steps += 1
            if then < 0:
                break
            farthest = max(farthest, abs(then - cursor))
            alone = alone and len(self._matches[at][place.n_min - 2]) == 1
            i, cursor = at, min(then, length)
        return Runs(tuple(found), farthest, alone)

    def _resumed(self, place: Place, start: int, near: int) -> tuple[int, int]:
        """The first end from `start` on for which there is a place in the prediction, and that place; or -1."""
        if place.direction is Direction.NONE:
            return self.output_tokens, -1
        n_min, n_max, direction, reach, at_lines = place
        ends, output = self._line_ends, self._index.output
        # Where there is a place for more tokens in common there is one for fewer: it is looked for from there on.
        known = self._resumptions.setdefault((start, near, direction, reach, at_lines), {})
        end = known.get(n_min) or known.get(n_min - 1) or max(start, n_min)
        while end <= self.output_tokens:
            matches = self._matches[end] if end in self._matches else self._match(end)
            if (
                len(matches) > n_min - 2
                and not (direction is Direction.FORWARD and matches[n_min - 2][-1] < near)
                and not (at_lines and output[end - 1] not in ends)
            ):
                for positions in reversed(matches[n_min - 2 : n_max - 1]):
                    best = nearest(positions, near, direction, reach)
                    if best >= 0:
                        known[n_min] = end
                        return end, best
            end += 1
        known[n_min] = end
        return self.output_tokens, -1

    def _match(self, end: int) -> list[list[int]]:
        """The positions in the prediction that match the last two tokens of the output, three of them, and so on."""
        self.steps += 2
        hit = self._index.hits(2)[end - 2] if end > 1 else None
        found: list[list[int]] = []
        if hit is not None:
            found.append([hit] if isinstance(hit, int) else hit)
            if len(found[0]) > _MANY:
                found += self._index.longer(found[0], end, 2, DEEPEST)
            else:
                self._narrow(found, end)
        self._matches[end] = found
        return found

    def _narrow(self, found: list[list[int]], end: int) -> None:
        """Add to `found` those of its last positions that match one token more each time."""
        prediction, output = self._index.prediction, self._index.output
        positions = found[-1]
        for n in range(len(found) + 2, min(DEEPEST, end) + 1):
            if len(positions) == 1:
                at, most = positions[0], min(DEEPEST, end, positions[0])
                while n <= most and prediction[at - n] == output[end - n]:
                    found.append(positions)
                    n += 1  # noqa: PLW2901 - the loop ends here
                return
            token = output[end - n]
            kept = [at for at in positions if at >= n and prediction[at - n] == token]
            if not kept:
                return
            if len(kept) < len(positions):
                positions = kept
            found.append(positions)

    def _next(self, places: Places, i: int, near: int) -> tuple[int, int]:
        place = places.find(i, near=near)
        if place >= 0:
            return i, place
        at, place = places.next(i, near=near)
        self.steps += 1 + (at - i) // 8
        return at, place

    def _run(self, i: int, cursor: int) -> int:
        """For how many tokens the output from `i` on is the prediction from `cursor` on."""
        known = self._runs.get((i, cursor))
        if known is not None:
            return known
        if self._bytes is None:
            prediction, output = self._index.numbers
            self._bytes = prediction.tobytes(), output.tobytes(), output.itemsize
        ours, theirs, size = self._bytes
        most = min(self.prediction_tokens - cursor, self.output_tokens - i)
        run, stride = 0, _STRIDE
        while run < most:
            stride = min(stride, most - run)
            a, b, n = (cursor + run) * size, (i + run) * size, stride * size
            if ours[a : a + n] == theirs[b : b + n]:
                run += stride
                stride *= 2
            elif stride == 1:
                break
            else:
                stride //= 2
                most = min(most, run + 2 * stride + 1)
        self._runs[i, cursor] = run
        return run


class Course:
    """Runs as `Pair.runs` has them, ready to be divided into passes by any number of windows."""

    def __init__(self, runs: Sequence[int]) -> None:
        self._runs = list(zip(runs[::3], runs[1::3], runs[2::3], strict=True))
        self._alike: list[tuple[int, int, int]] = []
        self._lengths: list[tuple[int, int]] = []
        self.steps = 0
        """How much work was done so far."""

    def divided(self, window: Window) -> tuple[int, int]:
        """The accepted and the proposed tokens with passes of `window`."""
        return self._fixed(window.most) if window.least == window.most else self._ramped(window)

    def accepted(self, window: Window) -> int:
        """The accepted tokens alone, which is less work."""
        if window.least != window.most:
            return self._ramped(window)[0]
        if not self._lengths:
            self._lengths = [*Counter(run for run, _, _ in self._runs).items()]
        size = window.most + 1
        self.steps += len(self._lengths)
        return sum([times * (run - run // size) for run, times in self._lengths])

    def _fixed(self, most: int) -> tuple[int, int]:
        """Where all passes are alike, the order of runs does not matter."""
        if not self._alike and self._runs:
            self._alike = [
                (*key, times) for key, times in Counter((run, after) for run, after, _ in self._runs).items()
            ]
        self.steps += len(self._alike)
        size = most + 1
        accepted = proposed = 0
        for run, after, times in self._alike:
            whole = run // size
            kept = run - whole
            accepted += times * kept
            proposed += times * (kept + min(after, most - run + whole * size))
        if self._runs:
            run, after, gap = self._runs[-1]
            if not gap and not run % size:  # the output ends there, and nothing more is proposed
                proposed -= min(most, after)
        return accepted, proposed

    def _ramped(self, window: Window) -> tuple[int, int]:
        least, most, step, fall, idle_widens = window
        self.steps += len(self._runs)
        accepted = proposed = 0
        last = len(self._runs)
        width = least
        for number, (run, after, gap) in enumerate(self._runs, 1):
            while run > width:
                if width == most:
                    whole, run = divmod(run, most + 1)  # noqa: PLW2901 - what is left of it
                    accepted += whole * most
                    proposed += whole * most
                    break
                accepted += width
                proposed += width
                run -= width + 1  # noqa: PLW2901 - as above
                width = min(most, width + step if step else 2 * width)
            if run or gap or number < last:
                size = min(width, run + after)
                accepted += run
                proposed += size
                if run == size:
                    width = min(most, width + step if step else 2 * width)
                else:
                    width = max(least, width // fall) if fall else least
            if gap and idle_widens:
                width = min(most, width + step * gap if step else width << min(gap, 16))
        return accepted, proposed
