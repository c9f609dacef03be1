"""How a server verifies predictions, learned from the counts that it reports.

Every request with a prediction has two numbers that follow from the server's rule: accepted and rejected tokens. Rules
are tried on the same prediction and reply, and those that give the same numbers are kept. What is kept of a request is
a score for each rule, no text.

A rule has two parts. Where a lost cursor goes (`Place`) decides in which runs prediction and reply agree; how much a
pass proposes (`Window`) divides these runs. So the lengths of the runs of a few requests, for each place of a grid,
are enough to look for the window that fits all of them: what is accepted grows with it. The best rules are
scored on each further request. One that gave the exact numbers several times in a row is *known*: the runs are
forgotten, and only the rules that cannot be told apart from it are tried from then on. Where no rule gives them,
because the tokens are others than those counted here or the server does something else, the nearest one stands, with
its usual error.

What the rule foretells is compared with what the server reports *before* it is learned from. Three misses in a row are
a change of the server: everything is then learned anew, from the first of them on.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import replace
from enum import StrEnum
from functools import cache, lru_cache
from itertools import count
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.prediction.verifier import Direction, Preset, Rejection
from editsvc.prediction.walk import DEEPEST, Course, Place, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from editsvc.prediction.walk import Pair, Runs

MISSES: Final = 3
"""So many misses in a row are a change of the server."""
KNOWN_AFTER: Final = 4
"""So many exact forecasts make a rule known."""
CLOSE: Final = 0.02
"""The relative error up to which a forecast counts as right where tokens are counted in another way."""

# Steps of `Pair`, of about three microseconds each, and of `Course`, of half a one; so a request costs less than
# 0.1 s. What the runs of a request took leaves less for trying windows on them.
_BUDGET: Final = 20_000
_LONGEST: Final = 60_000  # tokens of prediction and reply: what is longer tells nothing more, and costs
_JOINT_TRIES: Final = 45_000
_LEAST_TRIES: Final = 12_000
_LOOKED_AT: Final = 96
_THOROUGH: Final = 6
_AROUND_BUDGET: Final = 8_000
_A_CALL: Final = 6
_A_STEP: Final = 4
_TRACES: Final = 6
_DEPTH: Final = 2
_EXPANDED: Final = 16
_HOPELESS: Final = 8.0
_STRIDE: Final = 5
_WIDTHS: Final = 4
_WIDEST: Final = 256
_RAMPS: Final = (
    *(Window(least, least + 1) for least in (8, 4, 1, 16)),
    Window(32, 33, idle_widens=False),
    *(Window(least, least + 1) for least in (2, 32, 12)),
    Window(16, 17, fall=0),
    *(Window(least, least + 1) for least in (24, 48, 6)),
    Window(8, 9, idle_widens=False),
    *(Window(least, least + 1) for least in (20, 40)),
    Window(48, 49, fall=0),
)
_WINDOWS_KEPT: Final = 5
_AROUND: Final = 3
_POOL: Final = 48
_ALIKE_POOL: Final = 96
_SETTLED_AFTER: Final = 6
_EXACTNESS: Final = 3.0  # what being exact is worth, beside the logarithm of the tokens that a rule is off by
_PRIOR: Final = 2.0
_LEAST_SEEN: Final = 3
_ERRORS: Final = 20
_LEAST_ERRORS: Final = 6
_TRIED: Final = 8
_FORGOTTEN_AFTER: Final = 16
_LONG_ENOUGH: Final = 20
_IN_A_ROW: Final = 5  # requests, with those among them that cannot tell
_MARGIN: Final = 1.5
_ODD: Final = 3  # so many of the last errors may be of odd requests
# A tokenizer that is not ours shows in the length of replies; what is added for their end does not.
_SAME_LENGTH: Final = 0.004
_SAME_TOKENS: Final = 2
_ABOUT_ALL: Final = 0.03
_ALIKE: Final = 1e-6
_WRONG: Final = 0.1
_USUAL_FALL: Final = 4
_LARGEST_WIDTH: Final = 1_024
_LARGEST_LEAST: Final = 65
_LARGEST_MATCH: Final = 64


class Knowledge(StrEnum):
    """How sure the rule of a server is.

    `KNOWN`: it gave the exact counts, several times in a row. `CLOSE`: it is the nearest of those that were tried, and
    usually off by some percent. `LEARNING`: there were too few requests so far. `UNKNOWN`: no rule that was tried comes
    near.
    """

    KNOWN = "known"
    CLOSE = "close"
    LEARNING = "learning"
    UNKNOWN = "unknown"


IGNORES: Final = Preset(0, 0, 1, 1, Direction.NONE)
"""The rule of a server that takes no notice of predictions."""


class Observation(msgspec.Struct, frozen=True):
    """What a server reported of one request: `output` are the tokens of its reply, if it told enough to know."""

    accepted: int
    rejected: int
    output: int | None = None


class ScoredRule(msgspec.Struct):
    """A rule, and how it did: `hits` of `seen` requests exactly; `loss` grows with what it was off by.

    `errors` are the last relative ones.
    """

    rule: Preset
    seen: int = 0
    hits: int = 0
    loss: float = 0.0
    errors: list[float] = msgspec.field(default_factory=list)


class Trace(msgspec.Struct):
    """A request in numbers: what the server reported, and the lengths of its runs, for each of `places()`.

    `runs` are those that differ (see `Pair.runs`), and `of` is for each place the number of its own, -1 if none.
    """

    accepted: int
    rejected: int
    prediction: int
    runs: list[list[int]]
    of: list[int]


class Fit(msgspec.Struct):
    """What is known of one model of one server; `learn` changes it.

    `requests` were learned from since the last change. `foretold` were forecast before, `exact` of them to the token.
    `errors` are the relative errors of the last forecasts. `misses` counts those in a row, since the first of which
    `challenger` learns, beside what was the rule then (`doubted`), which is a miss where it is off by more than
    `tolerance`. `changes` counts changes of the server, before the last of which `before` was its rule. `counted` and
    `reported` are tokens of replies, by our count and the server's.
    """

    rules: list[ScoredRule] = msgspec.field(default_factory=list)
    requests: int = 0
    foretold: int = 0
    exact: int = 0
    errors: list[float] = msgspec.field(default_factory=list)
    misses: int = 0
    challenger: Fit | None = None
    doubted: Preset | None = None
    tolerance: float = 0.0
    changes: int = 0
    before: Preset | None = None
    counted: int = 0
    reported: int = 0
    traces: list[Trace] = msgspec.field(default_factory=list)

    @property
    def best(self) -> ScoredRule | None:
        """The rule that did best; None before the first request."""
        return self.rules[0] if self.rules else None

    @property
    def scale(self) -> float:
        """How many tokens the server counts for one that is counted here; 1 where both count alike."""
        if not self.counted or not self.reported:
            return 1.0
        off = abs(self.reported - self.counted)
        if off <= max(_SAME_LENGTH * self.counted, _SAME_TOKENS * self.requests):
            return 1.0
        return self.reported / self.counted

    @property
    def usual_error(self) -> float | None:
        """The median relative error of the best rule, of late; None before the first forecast."""
        if self.best is None or not self.errors or not self.best.errors:
            return None
        return sorted(self.best.errors)[len(self.best.errors) // 2]

    @property
    def knowledge(self) -> Knowledge:
        """How sure it is."""
        best, usual = self.best, self.usual_error
        if best is None or usual is None:
            return Knowledge.LEARNING
        if best.hits >= KNOWN_AFTER and usual == 0:
            return Knowledge.KNOWN
        if len(self.errors) < _LEAST_ERRORS:
            return Knowledge.LEARNING
        return Knowledge.CLOSE if usual <= _WRONG else Knowledge.UNKNOWN

    @property
    def alternatives(self) -> list[Preset]:
        """The rules that did exactly as well as the best one: those that no request has told apart."""
        best = self.best
        if best is None:
            return []
        return [
            each.rule
            for each in self.rules
            if each.hits == each.seen >= min(best.seen, KNOWN_AFTER)
            or (each.seen == best.seen and abs(each.loss - best.loss) < _ALIKE)
        ]

    @property
    def sure(self) -> float:
        """The probability of the best rule and of those that did as well, among all that were tried."""
        best = self.best
        if best is None:
            return 0.0
        alike = set(self.alternatives)
        least = best.loss / best.seen
        weights = [
            (each.rule in alike, math.exp(-(each.loss / each.seen - least) * min(each.seen, best.seen)))
            for each in self.rules
        ]
        return sum(weight for same, weight in weights if same) / sum(weight for _, weight in weights)


def counts_by(rule: Preset, pair: Pair, scale: float = 1.0) -> tuple[int, int]:
    """The accepted and rejected tokens that a server with `rule` would report, in tokens of its own."""
    made = pair.counts(rule)
    return round(scale * made.accepted), round(scale * pair.rejected(made, rule.rejection))


def learn(fit: Fit, pair: Pair, seen: Observation) -> bool:
    """Learn from one request; True if this is the one that shows that the server has changed.

    A request whose texts are very long teaches nothing.
    """
    if not pair.prediction_tokens or pair.prediction_tokens + pair.output_tokens > _LONGEST:
        return False
    missed = _missed(fit, pair, seen)
    challenger = fit.challenger
    if not missed:
        if challenger is not None and _told_apart(fit, challenger, pair):
            challenger = fit.challenger = fit.doubted = None
            fit.misses = 0
        _score(fit, pair, seen)
    else:
        fit.doubted = fit.doubted or (fit.best.rule if fit.best else None)
        _note_miss(fit, pair, seen)
    if missed or challenger is not None:
        challenger = fit.challenger = challenger or Fit()
        fit.misses += missed
        _score(challenger, pair, seen, near=[fit.doubted] if fit.doubted else [])
    if challenger is None or fit.misses < MISSES:
        return False
    trusted = max((each.seen for each in fit.rules if each.rule == fit.doubted), default=0) - fit.misses
    both = _of_both(fit, challenger)
    enough = KNOWN_AFTER if both is not None else _TRIED
    if not both and challenger.requests <= _IN_A_ROW and trusted >= enough:
        _start_over(fit, challenger)
        return True
    _correct(fit, challenger, both or [])
    return False


def _of_both(fit: Fit, challenger: Fit) -> list[ScoredRule] | None:
    """The rules that give the counts from before the misses and since: then the server need not have changed.

    None if that cannot be said: the runs from before are forgotten, or are not those of rules that fit since.
    """
    exact = [each for each in challenger.rules if each.hits == each.seen]
    if not fit.traces:
        return None
    found, unknown = [], False
    for each in exact:
        before = _on_traces(each.rule, fit.traces, fit.scale)
        unknown = unknown or before is None
        if before is not None and before.hits == before.seen:
            before.seen += each.seen
            before.hits += each.hits
            before.errors = [*before.errors, *each.errors][-_ERRORS:]
            found.append(before)
    return found if found or not unknown else None


def _on_traces(rule: Preset, traces: Sequence[Trace], scale: float) -> ScoredRule | None:
    """The score of a rule on the traces; None if they lack its runs."""
    at = _numbered().get(Place(rule.n_min, rule.n_max, rule.direction, rule.reach, rule.at_lines))
    if at is None or any(trace.of[at] < 0 for trace in traces):
        return None
    score = ScoredRule(rule)
    for trace in traces:
        told = _divided(
            Course(trace.runs[trace.of[at]]), _window(rule), rule.rejection, trace.prediction, scale
        )
        _note(score, told, Observation(trace.accepted, trace.rejected))
    return score


@cache
def _numbered() -> dict[Place, int]:
    return {place: number for number, place in enumerate(places())}


def _note_miss(fit: Fit, pair: Pair, seen: Observation) -> None:
    """Score the rules on a miss, beside those that are nearly the same: the rule may not have been quite right."""
    scale = fit.scale
    best = fit.rules[0].rule
    _foretell(fit, pair, seen)
    fit.requests += 1
    for each in fit.rules:
        _add(each, each.rule, pair, seen, scale)
    known = {each.rule for each in fit.rules}
    limit = pair.steps + _AROUND_BUDGET
    for rule in _neighbours(best):
        if rule not in known and pair.steps < limit and not _distance(rule, pair, seen, scale):
            fit.rules.append(ScoredRule(rule, 1, 1, errors=[0.0]))
    _sort(fit, 0.0)


def _told_apart(fit: Fit, challenger: Fit, pair: Pair) -> bool:
    """Whether the two differ on a request."""
    if fit.doubted is None or challenger.best is None:
        return False
    return counts_by(fit.doubted, pair, fit.scale) != counts_by(challenger.best.rule, pair, challenger.scale)


def _start_over(fit: Fit, challenger: Fit) -> None:
    """Go on with what the challenger has learned, since the server has changed."""
    fit.before = fit.doubted
    fit.changes += 1
    for name in ("rules", "requests", "foretold", "exact", "errors", "counted", "reported", "traces"):
        setattr(fit, name, getattr(challenger, name))
    fit.misses, fit.challenger, fit.doubted = 0, None, None


def _correct(fit: Fit, challenger: Fit, both: Sequence[ScoredRule]) -> None:
    """Go on with the rules of `both`, or what the challenger has learned: the rule was not quite right."""
    if both:
        fit.rules = [*both]
        fit.traces = [*fit.traces, *challenger.traces][-_TRACES:]
        _sort(fit, 0.0)
    else:
        for name in ("rules", "requests", "foretold", "exact", "errors", "counted", "reported", "traces"):
            setattr(fit, name, getattr(challenger, name))
    fit.misses, fit.challenger, fit.doubted = 0, None, None


def _missed(fit: Fit, pair: Pair, seen: Observation) -> bool:
    """Whether the request speaks against a rule that is settled."""
    if fit.doubted is not None:
        return _error(counts_by(fit.doubted, pair, fit.scale), seen) > fit.tolerance
    if fit.knowledge not in {Knowledge.KNOWN, Knowledge.CLOSE} or not fit.best:
        return False
    if fit.knowledge is Knowledge.CLOSE and fit.requests < _LONG_ENOUGH:
        return False  # better ones are still being looked for
    scale = fit.scale
    odd = sorted(fit.best.errors)[-_ODD:]
    usual = odd[0] if len(odd) == _ODD else 0.0
    fit.tolerance = _MARGIN * usual + CLOSE if usual else 0.0
    if _error(counts_by(fit.best.rule, pair, scale), seen) <= fit.tolerance:
        return False
    # A rule that could not be told apart until now may be the one.
    return not any(_error(counts_by(rule, pair, scale), seen) == 0 for rule in fit.alternatives)


def _error(told: tuple[int, int], seen: Observation) -> float:
    """The larger relative error of the two counts; what a token or two make of a small count is no error of a rule."""
    return max(
        abs(told[0] - seen.accepted) / max(seen.accepted, 1),
        abs(told[1] - seen.rejected) / max(seen.rejected, 1),
    )


def _score(fit: Fit, pair: Pair, seen: Observation, near: Sequence[Preset] = ()) -> None:
    """Score the rules on a request, and look for better ones, also among the neighbours of those in `near`."""
    _foretell(fit, pair, seen)
    fit.requests += 1
    if seen.output is not None:
        fit.counted += pair.output_tokens
        fit.reported += seen.output
    scale = fit.scale
    started = pair.steps
    for each in fit.rules:
        _add(each, each.rule, pair, seen, scale)
    rules = {each.rule: each for each in fit.rules}
    settled = _settled(fit)
    usual = 0.0
    if _beyond_doubt(fit):
        fit.traces.clear()
    if not settled:
        before = pair.steps
        fit.traces = [*fit.traces, _trace(pair, seen)][-_TRACES:]
        limit = max(_JOINT_TRIES - _A_STEP * (pair.steps - before), _LEAST_TRIES)
        usual = min((each.loss / each.seen for each in fit.rules), default=0.0)
        left = min(pair.steps + _AROUND_BUDGET, started + _BUDGET)
        for found in [*_fitting(fit, scale, limit), *_around(fit, near, pair, seen, left)]:
            rules.setdefault(found.rule, found)
    fit.rules = [*rules.values()]
    _sort(fit, usual)
    exact = sum(each.hits == each.seen for each in fit.rules) if settled else 0
    del fit.rules[min(exact, _ALIKE_POOL) if settled else max(_POOL, min(exact, _ALIKE_POOL)) :]


def _sort(fit: Fit, usual: float) -> None:
    fit.rules.sort(key=lambda each: _rank(each, usual, fit.requests))


def _settled(fit: Fit) -> bool:
    """Whether some rule was exact for long enough, the last request included."""
    return any(each.hits == each.seen >= _SETTLED_AFTER for each in fit.rules)


def _beyond_doubt(fit: Fit) -> bool:
    """Whether some rule was exact for so long that three misses in a row are a change, whatever came before."""
    return any(each.hits == each.seen >= _FORGOTTEN_AFTER for each in fit.rules)


def _foretell(fit: Fit, pair: Pair, seen: Observation) -> None:
    """Note how well the rule does that is the best so far."""
    if fit.best is None or fit.requests < _LEAST_SEEN:
        return
    error = _error(counts_by(fit.best.rule, pair, fit.scale), seen)
    fit.foretold += 1
    fit.exact += error == 0
    fit.errors = [*fit.errors, error][-_ERRORS:]


def _add(each: ScoredRule, rule: Preset, pair: Pair, seen: Observation, scale: float) -> None:
    _note(each, counts_by(rule, pair, scale), seen)


def _note(each: ScoredRule, told: tuple[int, int], seen: Observation) -> None:
    off = abs(told[0] - seen.accepted) + abs(told[1] - seen.rejected)
    each.errors = [*each.errors, _error(told, seen)][-_ERRORS:]
    each.seen += 1
    each.hits += off == 0
    each.loss += _EXACTNESS + math.log1p(off) if off else 0.0


def _rank(each: ScoredRule, usual: float, requests: int) -> tuple[float, ...]:
    """The best first: of those that have seen enough, by what they were off by; then the simplest."""
    fresh = each.seen < min(_LEAST_SEEN, requests)
    mean = (each.loss + _PRIOR * usual) / (each.seen + _PRIOR)
    return fresh, round(mean, 6), -min(each.seen, KNOWN_AFTER), simplicity(each.rule)


@lru_cache(maxsize=4_096)
def simplicity(rule: Preset) -> float:
    """How much has to be said to say what the rule is: of those that fit alike, the simplest is taken."""
    said = (
        (rule.least != rule.most)
        + (rule.n_min != rule.n_max)
        + 2 * bool(rule.step)
        + (rule.fall != _USUAL_FALL)
    )
    said += 2 * (not rule.idle_widens) + 2 * bool(rule.reach) + 2 * rule.at_lines
    said += 2 * (rule.direction in {Direction.AHEAD, Direction.FIRST})
    return said + sum(_roundness(number) for number in (rule.least, rule.most, rule.n_min, rule.n_max))


def _roundness(number: int) -> float:
    """0 for a power of two, and more for a number that fewer people would choose."""
    return 0.0 if number & (number - 1) == 0 else 0.1 if number % 8 == 0 else 0.2


def _distance(rule: Preset, pair: Pair, seen: Observation, scale: float) -> int:
    accepted, rejected = counts_by(rule, pair, scale)
    return abs(accepted - seen.accepted) + abs(rejected - seen.rejected)


def _trace(pair: Pair, seen: Observation) -> Trace:
    numbers: dict[tuple[int, ...], int] = {}
    of = [-1] * len(places())
    limit = pair.steps + _BUDGET
    simple: dict[tuple[int, Direction], Runs] = {}
    for at, place in _ordered():
        runs = _alike(place, simple)
        if runs is None:
            if pair.steps >= limit:
                continue
            found = pair.followed(place)
            runs = found.runs
            if place.n_min == place.n_max and not place.reach and not place.at_lines:
                simple[place.n_min, place.direction] = found
        of[at] = numbers.setdefault(runs, len(numbers))
    return Trace(seen.accepted, seen.rejected, pair.prediction_tokens, [[*runs] for runs in numbers], of)


@cache
def _ordered() -> list[tuple[int, Place]]:
    """The usual ones first, by length, since what was found for one is used for the next, and the simple ones first."""
    return sorted(
        enumerate(places()),
        key=lambda each: (
            each[0] >= len(_usual_places()),
            each[1].n_min,
            each[1].at_lines,
            each[1].reach,
            each[1].n_max,
            each[0],
        ),
    )


def _alike(place: Place, simple: Mapping[tuple[int, Direction], Runs]) -> tuple[int, ...] | None:
    """The runs of a place where they must be those of a simpler one; None if they have to be looked for.

    They are the same if the cursor never had a choice, and if it never went as far as it is limited to.
    """
    if place.at_lines:
        return None
    found = simple.get((place.n_min, place.direction))
    choice = place.n_max > place.n_min
    if found is None and place.direction in {Direction.AHEAD, Direction.FIRST}:
        found, choice = simple.get((place.n_min, Direction.NEAREST)), True
    if found is None or (choice and not found.alone) or (place.reach and found.farthest > place.reach):
        return None
    return found.runs


# The runs of a place in each trace, by their numbers, and a window.
_Tried = tuple[tuple[int, ...], Window]


class _Joint:
    """The traces of a fit, and how far a rule is off on all of them."""

    def __init__(self, traces: Sequence[Trace], scale: float, way: Rejection, limit: int) -> None:
        # The cheap ones first: they end most attempts.
        self._traces = sorted(traces, key=lambda trace: max(map(len, trace.runs)))
        self._courses = [[Course(runs) for runs in trace.runs] for trace in self._traces]
        self._scale = scale
        self._way = way
        self._known: dict[tuple[int, int, Window], float] = {}
        self._widths: dict[tuple[int, int, Window | None], tuple[int, int]] = {}
        self.limit = limit
        self.tried = 0
        self.best = math.inf
        # Places that no trace tells apart are tried as one; the first of them is the simplest.
        self.classes: dict[tuple[int, ...], list[Place]] = {}
        each_of = zip(*(trace.of for trace in self._traces), strict=True)
        for place, runs in zip(places(), each_of, strict=True):
            if -1 not in runs:
                self.classes.setdefault(runs, []).append(place)
        usual = set(_usual_places())
        self.usual = [runs for runs, alike in self.classes.items() if alike[0] in usual]

    def loss(self, runs: tuple[int, ...], window: Window, depth: int = _TRACES) -> float:
        """How far the rule is off, for the search; by the first `depth` traces, or fewer where it is far from the best.

        Where one of two numbers is not right yet, all traces are off by little: that is nearer than a trace that is met
        by chance, and others that are not.
        """
        loss = 0.0
        known = self._known
        for number, which in enumerate(runs):
            if number == depth:
                return loss * len(runs) / depth
            key = number, which, window
            one = known.get(key)
            if one is None:
                one = known[key] = self._one(number, which, window)
            loss += one
            if loss > self.best * (number + 1) / len(runs) + _HOPELESS:
                return loss * len(runs) / (number + 1)
        self.best = min(self.best, loss)
        return loss

    def widths(self, number: int, which: int, ramp: Window | None = None) -> tuple[int, int]:
        """The least and the greatest width with which a trace was accepted as the server says, or nearly so.

        What is accepted grows with the width, so it need not be tried for each. A `ramp` begins with its `least`.
        """
        key = number, which, ramp
        found = self._widths.get(key)
        if found is None:
            aim = self._traces[number].accepted / self._scale
            low = self._first(number, which, ramp, aim)
            high = self._first(number, which, ramp, aim + 1) - 1 if self._scale == 1.0 else low
            found = self._widths[key] = (low, high) if high >= low else (max(high, 1), low)
        return found

    def fixed(self, runs: tuple[int, ...], depth: int = _TRACES) -> list[Window]:
        """The windows of one width that fit the first traces by what was accepted, or nearly; the simple ones first."""
        ranges = [self.widths(number, which) for number, which in enumerate(runs[:depth])]
        low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
        if low > high:
            low, high = ranges[-1]
        return [Window(width, width) for width in self._chosen(runs[:depth], None, low, high)]

    def ramped(self, runs: tuple[int, ...], ramp: Window, depth: int = _TRACES) -> list[Window]:
        """The windows that begin as `ramp` does and fit the first traces by what was accepted, as far as one can."""
        low, high = ramp.least + 1, _WIDEST
        for number, which in enumerate(runs[:depth]):
            least, most = self.widths(number, which, ramp)
            if number and (least > high or most < low):
                break
            low, high = max(low, least), max(min(high, most), low)
            if low == high:
                break
        return [ramp._replace(most=most) for most in self._chosen(runs[:depth], ramp, low, high)]

    def _chosen(self, runs: tuple[int, ...], ramp: Window | None, low: int, high: int) -> list[int]:
        """Of the widths that were accepted alike, those that were rejected as the server says, and the simplest."""
        if high - low < _WIDTHS:
            return [*range(low, high + 1)]
        chosen = heapq.nsmallest(_WIDTHS, range(low, high + 1), key=lambda width: (_roundness(width), width))
        if self._way is Rejection.PER_PROPOSAL:
            number = len(runs) - 1
            course = self._courses[number][runs[number]]
            aim = self._traces[number].rejected / self._scale

            def enough(window: Window) -> bool:
                accepted, proposed = course.divided(window)
                return proposed - accepted >= aim

            first = self._least(course, ramp, low, high, enough)
            chosen = [*range(max(low, first - 1), min(first + 2, high) + 1), *chosen]
        return [*dict.fromkeys(chosen)]

    def beside(self, runs: tuple[int, ...], window: Window, *, every: bool) -> Iterator[Window]:
        """The windows that differ in one respect, and fit as well as they can where that is another ramp.

        Of ramps, `every` one that ends alike is among them: where they begin matters rarely, and then much.
        """
        least, most = window.least, window.most
        if not most:
            return
        if least == most:
            yield from self.fixed(runs)
            yield from (Window(each, each) for each in _nearby(most, _LARGEST_WIDTH))
            for other in dict.fromkeys((most // 2, most // 4, most // 8, most * 3 // 4, most - 1)):
                if 0 < other < most:
                    yield window._replace(least=other)
                    yield from self.ramped(runs, window._replace(least=other))
            return
        for other in _nearby(least, most - 1):
            yield from self.ramped(runs, window._replace(least=other))
        for other in _nearby(most, _LARGEST_WIDTH):
            if other > least:
                yield window._replace(most=other)
        for other in range(1, most, 1 + most // _LARGEST_LEAST) if every else _nearby(least, most - 1):
            yield window._replace(least=other)
        for fall in (4, 2, 0):
            yield from self.ramped(runs, window._replace(fall=fall))
        for step in dict.fromkeys((0, 1, 4, 8, 16, least)):
            yield from self.ramped(runs, window._replace(step=step))
        yield window._replace(idle_widens=not window.idle_widens)
        yield Window(most, most)

    def _first(self, number: int, which: int, ramp: Window | None, aim: float) -> int:
        """The least width with which so many tokens are accepted, or the greatest of all."""
        course = self._courses[number][which]
        low = 1 if ramp is None else ramp.least + 1
        return self._least(course, ramp, low, _WIDEST, lambda window: course.accepted(window) >= aim)

    def _least(
        self, course: Course, ramp: Window | None, low: int, high: int, enough: Callable[[Window], bool]
    ) -> int:
        """The least width that is `enough`, where every greater one is as well; or `high`."""
        before, calls = course.steps, 0
        while low < high:
            middle = (low + high) // 2
            calls += 1
            if enough(Window(middle, middle) if ramp is None else ramp._replace(most=middle)):
                high = middle
            else:
                low = middle + 1
        self.tried += _A_CALL * calls + course.steps - before
        return low

    def scored(self, runs: tuple[int, ...], window: Window) -> ScoredRule:
        """The score of such a rule on the traces."""
        score = ScoredRule(_rule(self.classes[runs][0], window, self._way))
        for number, (trace, which) in enumerate(zip(self._traces, runs, strict=True)):
            _note(score, self._told(number, which, window), Observation(trace.accepted, trace.rejected))
        return score

    def _one(self, number: int, which: int, window: Window) -> float:
        trace = self._traces[number]
        accepted, rejected = self._told(number, which, window)
        return math.sqrt(abs(accepted - trace.accepted) + abs(rejected - trace.rejected))

    def _told(self, number: int, which: int, window: Window) -> tuple[int, int]:
        course = self._courses[number][which]
        before = course.steps
        told = _divided(course, window, self._way, self._traces[number].prediction, self._scale)
        self.tried += _A_CALL + course.steps - before
        return told


def _divided(
    course: Course, window: Window, way: Rejection, prediction: int, scale: float
) -> tuple[int, int]:
    """What a server reports whose passes divide a course in that way, with a prediction of so many tokens."""
    if not window.most:
        accepted = proposed = 0
    elif way is Rejection.REMAINDER:
        accepted = proposed = course.accepted(window)
    else:
        accepted, proposed = course.divided(window)
    rejected = proposed - accepted
    if way is Rejection.REMAINDER:
        rejected = max(0, prediction - accepted)
    if scale != 1.0:
        accepted, rejected = round(scale * accepted), round(scale * rejected)
    return accepted, rejected


def _fitting(fit: Fit, scale: float, limit: int) -> list[ScoredRule]:
    """The rules that fit the kept runs best: for every place windows that may be it, then neighbours of the best."""
    way = _way(fit, scale)
    joint = _Joint(fit.traces, scale, way, limit)
    if not joint.classes:
        return []
    found = _first_windows(joint, fit)
    _refine(joint, found)
    for key in heapq.nsmallest(_POOL, found, key=lambda each: found[each]):
        found[key] = joint.loss(*key)
    best = heapq.nsmallest(
        _POOL // 2, found.items(), key=lambda each: (each[1], _window_simplicity(each[0][1]))
    )
    rules = []
    for (runs, window), _ in best:
        score = joint.scored(runs, window)
        # What is exact so far may be any of these: a further request will tell.
        alike = joint.classes[runs] if score.hits == score.seen else joint.classes[runs][:1]
        rules += [
            msgspec.structs.replace(score, rule=_rule(place, window, way), errors=[*score.errors])
            for place in alike
        ]
    return rules[: 2 * _POOL]


def _first_windows(joint: _Joint, fit: Fit) -> dict[_Tried, float]:
    """The losses, by the first traces, of what was best so far, of windows of one width, and of some ramps."""
    found: dict[_Tried, float] = {}
    windows = dict.fromkeys(_window(each.rule) for each in fit.rules)
    for window in (*[*windows][:_WINDOWS_KEPT], _window(IGNORES)):
        for runs in joint.classes:
            found[runs, window] = joint.loss(runs, window, _DEPTH)
    for runs in joint.classes:
        if joint.tried > joint.limit * 2 // 5:
            break
        for window in joint.fixed(runs, _DEPTH):
            found[runs, window] = joint.loss(runs, window, _DEPTH)
    # Where there is not enough work for all ramps, every request begins elsewhere.
    start = fit.requests * _STRIDE % len(_RAMPS)
    for ramp in (*_RAMPS[start:], *_RAMPS[:start]):
        if joint.tried > joint.limit * 3 // 5:
            break
        for runs in joint.usual:
            window = joint.ramped(runs, ramp, 1)[0]
            found[runs, window] = joint.loss(runs, window, _DEPTH)
    return found


def _refine(joint: _Joint, found: dict[_Tried, float]) -> None:
    """Try the neighbours of the best that were `found`, of theirs the best, and so on."""
    turn = count()
    # The first traces alone may fit by chance.
    for key in heapq.nsmallest(_LOOKED_AT, found, key=lambda each: found[each]):
        found[key] = joint.loss(*key)
    waiting = [(loss, next(turn), *key) for key, loss in found.items()]
    heapq.heapify(waiting)
    expanded: dict[tuple[int, ...], int] = {}
    while waiting and joint.tried < joint.limit and len(expanded) < _EXPANDED:
        _, _, runs, window = heapq.heappop(waiting)
        found[runs, window] = joint.loss(runs, window)
        # No place gets all of the work.
        expanded[runs] = expanded.get(runs, 0) + 1
        if expanded[runs] > _EXPANDED:
            continue
        for other in joint.beside(runs, window, every=len(expanded) <= _THOROUGH and expanded[runs] == 1):
            if joint.tried > joint.limit:
                break
            if (runs, other) not in found:
                loss = found[runs, other] = joint.loss(runs, other)
                heapq.heappush(waiting, (loss, next(turn), runs, other))


def _way(fit: Fit, scale: float) -> Rejection:
    """How rejections are counted: as a remainder if they and what was accepted are always all of the prediction."""
    all_of_it = sum(
        abs(trace.accepted + trace.rejected - scale * trace.prediction)
        <= (0 if scale == 1.0 else _ABOUT_ALL * trace.prediction)
        for trace in fit.traces
    )
    return Rejection.REMAINDER if 2 * all_of_it > len(fit.traces) else Rejection.PER_PROPOSAL


def _around(fit: Fit, near: Sequence[Preset], pair: Pair, seen: Observation, limit: int) -> list[ScoredRule]:
    """Neighbours of the best rules that fit this request better: places that are not on the grid are among them."""
    best = [*near, *(each.rule for each in fit.rules[:_AROUND])]
    scale = fit.scale
    tried = {each.rule for each in fit.rules}
    found = []
    for rule in best:
        for other in _neighbours(rule):
            if other not in tried and pair.steps < limit:
                tried.add(other)
                found.append((_distance(other, pair, seen, scale), simplicity(other), len(tried), other))
    kept = []
    for _, _, _, rule in heapq.nsmallest(_POOL // 4, found):
        each = ScoredRule(rule)
        _add(each, rule, pair, seen, scale)
        kept.append(each)
    return kept


def _rule(place: Place, window: Window, way: Rejection) -> Preset:
    return Preset(
        window.least,
        window.most,
        place.n_min,
        place.n_max,
        place.direction,
        way,
        window.step,
        window.fall,
        window.idle_widens,
        place.reach,
        place.at_lines,
    )


def _window(rule: Preset) -> Window:
    return Window(rule.least, rule.most, rule.step, rule.fall, rule.idle_widens)


@cache
def places() -> list[Place]:
    """The places that are tried: the simple ones first, the rare ones with what effort is left."""
    return [*dict.fromkeys([*_usual_places(), *_rare_places()])]


@cache
def _usual_places() -> list[Place]:
    both = (Direction.NEAREST, Direction.FORWARD)
    lengths = (4, 8, 3, 2, 16, 6, 5, 12, 10, 7, 9, 11, 13, 14, 15, 20, 24, 17, 18, 19, 22)
    found = [Place(1, 1, Direction.NONE)]
    found += [Place(n, n, direction) for n in lengths for direction in both]
    found += [
        Place(n, n, direction)
        for n in (4, 8, 3, 16, 6, 2)
        for direction in (Direction.AHEAD, Direction.FIRST)
    ]
    found += [Place(8, 16, direction) for direction in both]
    found += [
        Place(n, n + more, direction)
        for n in range(2, 15)
        for more in (2, 4, 8)
        for direction in both
        if n + more <= DEEPEST
    ]
    found += [
        Place(n, n, direction, reach)
        for n in (4, 8, 3)
        for reach in (32, 64, 100, 128, 200, 256, 512, 1_024, 2_048)
        for direction in both
    ]
    found += [Place(n, n, direction, at_lines=True) for n in (4, 2, 8, 16) for direction in both]
    return found


@cache
def _rare_places() -> list[Place]:
    both = (Direction.NEAREST, Direction.FORWARD)
    lengths = (3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 17, 2, 4, 8, 16)
    found = [Place(n, n, direction) for n in lengths for direction in (Direction.AHEAD, Direction.FIRST)]
    found += [Place(n, n, direction, at_lines=True) for n in lengths for direction in both]
    found += [
        Place(n, n, direction, reach) for n in lengths for reach in (64, 256, 1_024) for direction in both
    ]
    return found


def _window_simplicity(window: Window) -> float:
    return simplicity(_rule(places()[0], window, Rejection.PER_PROPOSAL))


def _window_neighbours(rule: Preset) -> Iterator[Preset]:
    """The rules with another window that differs in one respect."""
    if not rule.most:
        return
    for most in _nearby(rule.most, _LARGEST_WIDTH):
        if rule.least == rule.most:
            yield replace(rule, least=most, most=most)
        elif most > rule.least:
            yield replace(rule, most=most)
    if rule.least == rule.most:
        for least in range(1, min(rule.most, _LARGEST_LEAST)):
            yield replace(rule, least=least)
    else:
        yield replace(rule, least=rule.most)
        for least in range(1, min(rule.most, _LARGEST_LEAST)):
            yield replace(rule, least=least)
        for fall in (4, 2, 0):
            yield replace(rule, fall=fall)
        for step in (0, 1, 4, 8, 16, rule.least):
            yield replace(rule, step=step)
        yield replace(rule, idle_widens=not rule.idle_widens)


def _neighbours(rule: Preset) -> Iterator[Preset]:
    """The rules that differ from `rule` in one respect."""
    if not rule.most:
        return
    yield from _window_neighbours(rule)
    if rule.direction is Direction.NONE:
        for direction in (Direction.NEAREST, Direction.FORWARD):
            yield replace(rule, direction=direction, n_min=4, n_max=4)
        return
    for direction in Direction:
        if direction is Direction.NONE:
            yield replace(rule, direction=direction, n_min=1, n_max=1, reach=0, at_lines=False)
        else:
            yield replace(rule, direction=direction)
    apart = rule.n_max - rule.n_min
    for n in _nearby(rule.n_min, _LARGEST_MATCH):
        yield replace(rule, n_min=n, n_max=n + apart)
        if n <= rule.n_max:
            yield replace(rule, n_min=n)
    for n in (*_nearby(rule.n_max, _LARGEST_MATCH), rule.n_min):
        if n >= rule.n_min:
            yield replace(rule, n_max=n)
    reaches = [32, 64, 128, 256, 512, 1_024, 2_048]
    if rule.reach:
        reaches = [0, *_nearby(rule.reach, 65_536)]
        reaches += [rule.reach * eighths // 8 for eighths in (4, 5, 6, 7, 9, 10, 12, 14)]
    for reach in reaches:
        yield replace(rule, reach=reach)
    yield replace(rule, at_lines=not rule.at_lines)


def _nearby(number: int, largest: int) -> list[int]:
    steps = (1, -1, 2, -2, 4, -4, 8, -8, 16, -16)
    near = [number + step for step in steps if abs(step) < max(3, number)]
    near += [2 * number, number // 2]
    return [each for each in dict.fromkeys(near) if 0 < each <= largest and each != number]
