"""What is known of a model of a server: its rule, its speed, and what it makes of each kind of prediction.

The rule is learned by `editsvc.prediction.fitting`. With it, the counts of *every* candidate follow from a reply, sent
or not, and with them how many passes verified something: so the time of a reply gives what such a pass costs. Sums of
these per kind and length of a prediction say what the next one is worth, before it is sent.

Only numbers are kept.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from editsvc.prediction.fitting import IGNORES, Fit, Knowledge, Observation, learn
from editsvc.prediction.verifier import Direction, Preset, Rejection, Verification
from editsvc.prediction.walk import Pair
from editsvc.tokens import O200K, VOCABULARIES

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Mapping, Sequence

FITTED: Final = "fitted"
"""The name of a server's own rule, beside those of the presets."""

_ENOUGH: Final = 10
_ERRORS: Final = 2.0  # so many standard errors decide
_FADING: Final = 0.995  # of the weight of a measured time, for each one after it: about 200 count
_SETTLED: Final = frozenset({Knowledge.KNOWN, Knowledge.CLOSE})
_SMALL: Final = 1_000
_MEDIUM: Final = 8_000
_SINGULAR: Final = 1e-9
_LEAST_TIMES: Final = 8
_HOUR_S: Final = 3_600
_SUMS: Final = 3
_PRODUCTS: Final = 10
_WIDEST: Final = 65_536
_LONGEST_MATCH: Final = 1_024
_SAME_TOKENS: Final = 2  # at the end of a reply
_LENGTHS: Final = 8
_LEAST_LENGTHS: Final = 3
_BETTER: Final = 3


class Asked(NamedTuple):
    """A request, without its texts: `kind` is the candidate that was sent, None for none.

    `completion` and `reasoning` are tokens, `write_s` is the time from the first token to the last. None means not
    reported. If a request with the candidate `lost` came first, and had to be made again without it, that took `lost_s`
    seconds.
    """

    provider: str
    model: str
    kind: str | None
    accepted: int | None
    rejected: int | None
    completion: int | None = None
    reasoning: int | None = None
    write_s: float | None = None
    lost: str | None = None
    lost_s: float = 0.0

    @property
    def output(self) -> int | None:
        """The tokens of the reply itself."""
        if self.completion is None:
            return None
        return self.completion - (self.reasoning or 0) - (self.rejected or 0)


class Rates(NamedTuple):
    """What is to be weighed: US dollars for an hour of waiting, and for an output token."""

    hour: float
    token: float


class Made(msgspec.Struct):
    """What a server makes of one kind of prediction: sums of accepted, rejected, proposing, and of their products.

    `sent` counts those that went out; `lost` and `lost_squares` are sums of the seconds of requests that had to be made
    again without one, and of their squares.
    """

    requests: int = 0
    sums: list[float] = msgspec.field(default_factory=lambda: [0.0] * _SUMS)
    products: list[float] = msgspec.field(default_factory=lambda: [0.0] * _SUMS**2)
    sent: int = 0
    lost: float = 0.0
    lost_squares: float = 0.0

    def add(self, counts: Verification) -> None:
        """One more prediction."""
        values = (counts.accepted, counts.rejected, counts.proposing)
        self.requests += 1
        self.sums = [a + b for a, b in zip(self.sums, values, strict=True)]
        pairs = [a * b for a in values for b in values]
        self.products = [a + b for a, b in zip(self.products, pairs, strict=True)]

    def weighed(self, weights: Sequence[float]) -> tuple[float, float]:
        """The mean of the weighted sum of the three, and its standard error."""
        n = self.requests
        mean = sum(w * s for w, s in zip(weights, self.sums, strict=True)) / n
        square = sum(
            weights[i] * weights[j] * self.products[_SUMS * i + j] for i in range(_SUMS) for j in range(_SUMS)
        )
        return mean, math.sqrt(max(0.0, square / n - mean * mean) / max(1, n - 1))

    def lost_s(self) -> tuple[float, float]:
        """The mean of the seconds that one costs which has to be made again, and its standard error."""
        if not self.sent:
            return 0.0, 0.0
        mean = self.lost / self.sent
        variance = max(0.0, self.lost_squares / self.sent - mean * mean)
        return mean, math.sqrt(variance / max(1, self.sent - 1))


class PassTimes(msgspec.Struct):
    """The times of replies, as sums for least squares: constant, plain tokens, and passes that proposed something."""

    requests: int = 0
    sums: list[float] = msgspec.field(default_factory=lambda: [0.0] * _PRODUCTS)

    def add(self, plain: int, proposing: int, seconds: float) -> None:
        """One more reply; a long one is measured as exactly as a short one, relative to its length."""
        weight = 1 / (1 + plain + proposing)
        row = (1.0, float(plain), float(proposing), seconds)
        products = [weight * row[i] * row[j] for i in range(4) for j in range(i, 4)]
        self.requests += 1
        self.sums = [_FADING * a + b for a, b in zip(self.sums, products, strict=True)]

    def solved(self) -> tuple[float, float, float] | None:
        """Seconds of a plain pass, the cost of one that proposes in plain ones, and that one's standard error.

        None if the times do not tell the two apart.
        """
        if self.requests < _LEAST_TIMES:
            return None
        c1, cx, cy, ct, xx, xy, xt, yy, yt, tt = self.sums
        inverse = _inverse(((c1, cx, cy), (cx, xx, xy), (cy, xy, yy)))
        if inverse is None:
            return None
        right = (ct, xt, yt)
        beta = [sum(a * b for a, b in zip(row, right, strict=True)) for row in inverse]
        token_s = beta[1]
        if token_s <= 0:
            return None
        left = tt - sum(a * b for a, b in zip(beta, right, strict=True))
        weight = min(self.requests, 1 / (1 - _FADING))
        noise = max(0.0, left) / max(1.0, weight - 3)
        return token_s, 1 + beta[2] / token_s, math.sqrt(max(0.0, noise * inverse[2][2])) / token_s


class KnownServer(msgspec.Struct):
    """One model of one provider; `noted_at` and `changed_at`, the last change of its rule, are Unix times.

    `passes` are those that wrote the replies to predictions since then, and `proposing` those of them that had
    something to propose. It counts in the tokens of `vocabulary`, as far as is known; `lengths` is by how much replies
    of late were longer or shorter in each, of those that were not as long in that one.
    """

    provider: str
    model: str
    fit: Fit = msgspec.field(default_factory=Fit)
    made: dict[str, Made] = msgspec.field(default_factory=dict)
    times: PassTimes = msgspec.field(default_factory=PassTimes)
    noted_at: float = 0.0
    changed_at: float | None = None
    passes: int = 0
    proposing: int = 0
    vocabulary: str = O200K
    lengths: dict[str, list[int]] = msgspec.field(default_factory=dict)

    @property
    def rule(self) -> Preset | None:
        """Its rule; None if that is not known well enough to foretell anything."""
        best = self.fit.best
        return best.rule if best is not None and self.fit.knowledge in _SETTLED else None

    @property
    def ignores(self) -> bool:
        """Whether it takes no notice of predictions."""
        rule = self.rule
        return rule is not None and not rule.most

    @property
    def pass_cost(self) -> tuple[float, float] | None:
        """The least and the most that a pass costs on average beside a prediction, in plain ones.

        It is what one that proposes costs, for the share of passes that did. None where that is not known.
        """
        times = self.times.solved()
        if self.rule is None or times is None or not self.passes:
            return None
        _, cost, error = times
        share = min(1.0, self.proposing / self.passes)
        low, high = (1 + share * (each - 1) for each in (cost - _ERRORS * error, cost + _ERRORS * error))
        return max(0.0, low), high

    def pays(self, kind: str, prediction_tokens: int, rates: Rates) -> bool | None:
        """Whether such a prediction pays; None where it is not known, or makes no difference.

        A balance of less than two standard errors is not known.
        """
        made = self.made.get(_cell(kind, prediction_tokens))
        times = self.times.solved()
        if self.rule is None or made is None or made.requests < _ENOUGH or times is None:
            return None
        token_s, cost, error = times
        second = rates.hour / _HOUR_S
        net, spread = made.weighed((token_s * second, -rates.token, -token_s * (cost - 1) * second))
        lost_s, lost_spread = made.lost_s()
        net -= lost_s * second
        spread += lost_spread * second
        by_cost = made.sums[2] / made.requests * token_s * second * error
        if abs(net) <= _ERRORS * math.hypot(spread, by_cost):
            return None
        return net > 0


def counts_as(counted: int, reported: int) -> bool:
    """Whether a reply of so many tokens is as long as the server says, but for what it adds at the end."""
    return abs(counted - reported) <= _SAME_TOKENS


def note_lengths(server: KnownServer, counted: Mapping[str, int], reported: int) -> bool:
    """Note how long a reply is in each vocabulary; True if another one fits better, in which all is learned anew."""
    for name, length in counted.items():
        server.lengths[name] = [*server.lengths.get(name, []), abs(length - reported)][-_LENGTHS:]
    own = server.lengths.get(server.vocabulary, [])
    best = min(server.lengths, key=lambda name: sum(server.lengths[name]))
    if len(own) < _LEAST_LENGTHS or _BETTER * sum(server.lengths[best]) >= sum(own):
        return False
    server.vocabulary = best
    server.lengths.clear()
    server.fit = Fit()
    _forget_figures(server)
    return True


def _forget_figures(server: KnownServer) -> None:
    """Forget what follows from a rule that is none any more."""
    server.made.clear()
    server.times = PassTimes()
    server.passes = server.proposing = 0


LONGEST_LEARNED: Final = 4_096
"""Tokens of a reply that is learned from: the cost grows with them, and what they tell does not."""


def learn_from(
    server: KnownServer,
    asked: Asked,
    candidates: Mapping[str, Sequence[Hashable]],
    output: Sequence[Hashable],
    *,
    line_ends: Container[Hashable] = (),
    at: float,
) -> dict[str, list[int]]:
    """Learn from one request at Unix time `at`; what the rule foretells of each candidate, as it was known before.

    `candidates` and `output` are tokens. Nothing is foretold while the rule is not known.
    """
    pairs = {kind: Pair(prediction, output, line_ends) for kind, prediction in candidates.items()}
    rule = server.rule
    scale = server.fit.scale
    made: dict[str, Verification] = {}
    if rule is not None:
        made = {kind: _scaled(pair.verification(rule), scale) for kind, pair in pairs.items()}
    sent = pairs.get(asked.kind) if asked.kind is not None else None
    changed = False
    if len(output) > LONGEST_LEARNED:
        sent = None
    if sent is not None and asked.accepted is not None and asked.rejected is not None:
        seen = Observation(asked.accepted, asked.rejected, asked.output)
        changed = learn(server.fit, sent, seen)
    server.noted_at = at
    if changed:
        server.changed_at = at
        _forget_figures(server)
    elif made and not server.fit.misses:
        _count(server, asked, made, {kind: pair.prediction_tokens for kind, pair in pairs.items()})
    return {f"{kind}:{FITTED}": [counts.accepted, counts.rejected] for kind, counts in made.items()}


def _count(
    server: KnownServer, asked: Asked, made: Mapping[str, Verification], lengths: Mapping[str, int]
) -> None:
    for kind, counts in made.items():
        one = server.made.setdefault(_cell(kind, lengths[kind]), Made())
        one.add(counts)
        one.sent += kind in {asked.kind, asked.lost}
        if kind == asked.lost:
            one.lost += asked.lost_s
            one.lost_squares += asked.lost_s**2
    if asked.write_s is None or asked.output is None or (asked.kind is not None and asked.kind not in made):
        return
    counts = made[asked.kind] if asked.kind is not None else Verification()
    plain = asked.output + (asked.reasoning or 0) - counts.accepted
    if plain > 0 and asked.write_s > 0:
        server.times.add(plain, counts.proposing, asked.write_s)
    text = asked.output - counts.accepted
    if asked.kind is not None and text > 0:
        server.passes += text
        server.proposing += counts.proposing


def _scaled(counts: Verification, scale: float) -> Verification:
    if scale == 1.0:
        return counts
    return Verification(
        round(scale * counts.accepted), round(scale * counts.rejected), counts.passes, counts.proposing
    )


def _cell(kind: str, prediction_tokens: int) -> str:
    size = "small" if prediction_tokens < _SMALL else "medium" if prediction_tokens < _MEDIUM else "large"
    return f"{kind}:{size}"


def _inverse(m: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """The inverse of a symmetric 3 by 3 matrix; None if it has none."""
    (a, b, c), (_, d, e), (_, _, f) = m
    minors = [
        [d * f - e * e, c * e - b * f, b * e - c * d],
        [c * e - b * f, a * f - c * c, b * c - a * e],
        [b * e - c * d, b * c - a * e, a * d - b * b],
    ]
    whole = a * minors[0][0] + b * minors[0][1] + c * minors[0][2]
    if whole <= _SINGULAR * a * d * f:
        return None
    return [[each / whole for each in row] for row in minors]


def sentence(server: KnownServer) -> str:
    """What is known of the server, for people."""
    name = f"{server.model} at {server.provider}"
    fit = server.fit
    rule = server.rule
    if rule is None:
        if fit.knowledge is Knowledge.UNKNOWN:
            return f"How {name} verifies predictions is unknown: no rule that was tried gives its counts."
        few = f"{fit.requests} request{'' if fit.requests == 1 else 's'} so far"
        return f"How {name} verifies predictions is not known yet ({few})."
    if server.ignores:
        return f"{name} takes no notice of predictions ({fit.requests} requests)."
    counts = "" if server.vocabulary == O200K else f", counted in {server.vocabulary}"
    said = [f"{name} {described(rule)}{counts}: {_certainty(fit)}"]
    times = server.times.solved()
    if times is not None:
        _, cost, error = times
        said.append(f"a pass that verifies takes {cost:.2f} plain ones, give or take {_ERRORS * error:.2f}")
    return "; ".join(said) + "."


def change_sentence(server: KnownServer) -> str | None:
    """That the server has changed its rule, for people; None if it has not."""
    if server.changed_at is None or server.fit.before is None:
        return None
    return (
        f"{server.model} at {server.provider} has changed how it verifies predictions: before, it "
        f"{described(server.fit.before)}."
    )


def described(rule: Preset) -> str:
    """What a rule does, as the end of a sentence about a server."""
    if not rule.most:
        return "took no notice of predictions"
    window = f"{rule.most:,}" if rule.least == rule.most else f"{rule.least:,} to {rule.most:,}"
    remainder = rule.rejection is Rejection.REMAINDER
    counted = "all of the prediction that it did not use" if remainder else "what it proposed and dropped"
    if rule.direction is Direction.NONE:
        return f"proposes {window} tokens a pass up to the first difference, and counts {counted} as rejected"
    match = f"{rule.n_min}" if rule.n_min == rule.n_max else f"{rule.n_min} to {rule.n_max}"
    where = {
        Direction.NEAREST: "in either direction",
        Direction.FORWARD: "further on",
        Direction.AHEAD: "further on, or else before",
        Direction.FIRST: "from the beginning",
    }[rule.direction]
    reach = f", up to {rule.reach:,} tokens away" if rule.reach else ""
    lines = ", at the ends of lines" if rule.at_lines else ""
    return (
        f"proposes {window} tokens a pass, finds its place again by {match} tokens {where}{reach}{lines}, and counts "
        f"{counted} as rejected"
    )


def _certainty(fit: Fit) -> str:
    told = f"{fit.exact} of {fit.foretold} requests were foretold to the token"
    if fit.knowledge is Knowledge.KNOWN:
        return f"known, since {told}" if fit.scale == 1.0 else f"known, {told}"
    usual = f"usually off by {fit.usual_error or 0:.1%}"
    if fit.scale != 1.0:
        return f"about, {usual}, since it counts tokens in a way of its own ({fit.scale:.2f} for one)"
    return f"about, {usual}"


def numbers(server: KnownServer) -> dict[str, str | int | float | None]:
    """What is known of the server, for programs; null means not known."""
    fit, rule, times = server.fit, server.rule, server.times.solved()
    return {
        "provider": server.provider,
        "model": server.model,
        "knowledge": fit.knowledge.value,
        "ignores_predictions": server.ignores if rule is not None else None,
        "least_window": rule.least if rule else None,
        "window": rule.most if rule else None,
        "match_tokens_min": rule.n_min if rule else None,
        "match_tokens_max": rule.n_max if rule else None,
        "direction": rule.direction.value if rule else None,
        "rejections": rule.rejection.value if rule else None,
        "reach": rule.reach or None if rule else None,
        "at_line_ends": rule.at_lines if rule else None,
        "window_step": rule.step or None if rule else None,
        "window_fall": rule.fall or None if rule else None,
        "probability": fit.sure if rule else None,
        "alternatives": len(fit.alternatives) - 1 if rule else None,
        "requests": fit.requests,
        "foretold": fit.foretold,
        "foretold_exactly": fit.exact,
        "usual_error": fit.usual_error,
        "vocabulary": server.vocabulary,
        "tokens_for_one": fit.scale,
        "pass_cost": times[1] if times else None,
        "pass_cost_error": times[2] if times else None,
        "token_s": times[0] if times else None,
        "mean_pass_cost_low": server.pass_cost[0] if server.pass_cost else None,
        "mean_pass_cost_high": server.pass_cost[1] if server.pass_cost else None,
        "misses": fit.misses,
        "changes": fit.changes,
        "changed_at": server.changed_at,
    }


def is_sane(server: KnownServer) -> bool:
    """Whether the numbers can be; a file may hold anything."""
    rules = [each.rule for each in server.fit.rules]
    challenger = server.fit.challenger
    if challenger is not None:
        rules += [each.rule for each in challenger.rules]
    counted = [server.fit.requests, server.fit.foretold, server.fit.exact, server.fit.misses]
    counted += [server.passes, server.proposing]
    return (
        min(counted) >= 0
        and server.vocabulary in VOCABULARIES
        and all(each.seen > 0 for each in server.fit.rules)
        and all(_possible(rule) for rule in rules)
        and all(len(made.sums) == _SUMS and len(made.products) == _SUMS**2 for made in server.made.values())
        and len(server.times.sums) == _PRODUCTS
        and all(map(math.isfinite, server.times.sums))
    )


def _possible(rule: Preset) -> bool:
    if rule == IGNORES or rule.most == 0:
        return rule.least == 0
    return (
        0 < rule.least <= rule.most <= _WIDEST
        and 0 < rule.n_min <= rule.n_max <= _LONGEST_MATCH
        and min(rule.step, rule.fall, rule.reach) >= 0
    )
