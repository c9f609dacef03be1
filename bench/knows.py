"""How well a server's rule is learned from its counts: ``python -m bench.knows [--seed NAME] [--requests N] [--json]``.

Servers are played by the emulator's verifier: the four presets, and twenty that are drawn, with any window, ramp, match
length and direction, and both ways of counting; with ``--wide`` also twenty that do what few would do: other
directions, a reach, the ends of lines, ramps of other steps. Each answers edits of real Python; after some requests,
its counts for other requests are foretold. Then servers change their rule. Every draw has a seed, and another
``--seed`` draws other servers and other edits.

The last line says what did not reach its goal; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import sysconfig
import time
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from editsvc.prediction.fitting import CLOSE, MISSES, Fit, Observation, learn
from editsvc.prediction.verifier import PRESETS, Direction, Preset, Rejection, verify
from editsvc.prediction.walk import Pair
from editsvc.tokens import LineEnds, tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SERVERS: Final = 20
REQUESTS: Final = 20
OTHERS: Final = 40
RUNS: Final = 40
WITHIN: Final = 5
STEADY: Final = 100
_GOAL_SERVERS: Final = 18
_GOAL_SECONDS: Final = 0.1
_GOAL_NOTICED: Final = 0.95
_GOAL_ALARMS: Final = 0.001
_MODULES: Final = (
    "argparse bdb calendar cmd code codecs configparser copy csv dis doctest fileinput fnmatch ftplib gettext glob "
    "gzip hashlib heapq imaplib inspect ipaddress locale mailbox mimetypes netrc numbers optparse pdb pickle "
    "platform plistlib poplib pprint profile queue quopri random sched selectors shelve shlex shutil site smtplib "
    "socket stat statistics string subprocess symtable tabnanny tarfile tempfile textwrap threading timeit token "
    "trace traceback types uuid warnings wave weakref webbrowser zipapp"
)
_NARROWEST, _WIDEST = 4, 139
_RAMPS: Final = 0.45
_SHORTEST, _LONGEST = 2, 17


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one server: `within` of the forecasts for other requests were right, `worst` is the largest error.

    `total` is the error of their sum; `seconds` is the processor time of learning, a request.
    """

    server: str
    rule: str
    learned: str
    knowledge: str
    sure: float
    within: float
    total: float
    seconds: float


@cache
def _library() -> list[str]:
    folder = Path(sysconfig.get_path("stdlib"))
    paths = [folder / f"{name}.py" for name in _MODULES.split()]
    return [path.read_text("utf-8") for path in paths if path.exists()]


def edits(seed: str) -> Iterator[tuple[str, str]]:
    """Predictions and replies without end: files as they are, or as a draft has them, and as somebody edits them."""
    rng = random.Random(seed)
    while True:
        lines = rng.choice(_library()).split("\n")
        size = int(rng.triangular(30, 500, 120))
        start = rng.randrange(max(1, len(lines) - size))
        before = lines[start : start + size]
        after = list(before)
        for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6))):
            after = _edited(after, rng)
        yield _framed(before), _framed(after)


def _framed(lines: Sequence[str]) -> str:
    return "\n".join(["````python", *lines, "````", ""])


def _edited(lines: list[str], rng: random.Random) -> list[str]:
    """Lines after one more change of some kind."""
    at = rng.randrange(len(lines))
    end = min(len(lines), at + rng.randrange(1, 9))
    other = rng.choice(_library()).split("\n")
    from_there = rng.randrange(max(1, len(other) - 12))
    new = other[from_there : from_there + rng.randrange(1, 12)]
    kind = rng.randrange(7)
    if kind == 0:
        return [*lines[:at], *new, *lines[at:]]
    if kind == 1:
        return [*lines[:at], *lines[end:]] or lines
    if kind == 2:
        return [*lines[:at], *new, *lines[end:]]
    if kind == 3:
        words = [word for word in " ".join(lines[at:end]).split() if word.isidentifier()]
        word = rng.choice(words or ["self"])
        return [line.replace(word, f"{word}_2") for line in lines]
    if kind == 4:
        to = rng.randrange(len(lines))
        rest = [*lines[:at], *lines[end:]]
        return [*rest[:to], *lines[at:end], *rest[to:]]
    if kind == 5:
        return [*lines[:at], *(f"    {line}" for line in lines[at:end]), *lines[end:]]
    return [*lines[:at], lines[at].replace("(", "(timeout=10, ", 1) + "  # checked", *lines[at + 1 :]]


def drawn(seed: str) -> Preset:
    """A server that is not made after the grid."""
    rng = random.Random(seed)
    most = rng.randint(_NARROWEST, _WIDEST)
    least = rng.randrange(1, most) if rng.random() < _RAMPS else most
    n_min = rng.randint(_SHORTEST, _LONGEST)
    n_max = n_min + rng.choice((0, 0, 0, rng.randint(1, 8)))
    direction = rng.choice(
        (Direction.NEAREST, Direction.FORWARD, Direction.NEAREST, Direction.FORWARD, Direction.NONE)
    )
    if direction is Direction.NONE:
        n_min = n_max = 1
    return Preset(least, most, n_min, n_max, direction, rng.choice(list(Rejection)))


def drawn_wide(seed: str) -> Preset:
    """A server that also does one or two things that few would do."""
    rng = random.Random(seed)
    rule = drawn(f"{seed}, wide")
    odd: list[dict[str, Any]] = [
        {"direction": Direction.AHEAD},
        {"direction": Direction.FIRST},
        {"reach": rng.randint(24, 1_500)},
        {"at_lines": True},
    ]
    if rule.direction is Direction.NONE:
        match = rng.randint(_SHORTEST, _LONGEST)
        rule = replace(rule, direction=Direction.NEAREST, n_min=match, n_max=match)
    if rule.least != rule.most:
        odd += [{"step": rng.choice((4, 8, 16))}, {"fall": rng.choice((2, 0))}, {"idle_widens": False}]
    for each in rng.sample(odd, rng.choice((1, 1, 2))):
        rule = replace(rule, **each)
    return rule


def servers(number: int = SERVERS, seed: str = "") -> dict[str, Preset]:
    """The presets with both ways of counting, and `number` others, drawn by `seed`."""
    known = {
        f"{name}, {way}": replace(preset, rejection=way)
        for name, preset in PRESETS.items()
        for way in Rejection
    }
    return known | {f"drawn {number}": drawn(f"server {number}{seed}") for number in range(1, number + 1)}


def reported(rule: Preset, pair: tuple[str, str]) -> tuple[Pair, Observation]:
    """A pair as the scoring thread has it, and what a server with `rule` reports."""
    encode, ends = tokenizer().encode, LineEnds(tokenizer())
    prediction, output = encode(pair[0]), encode(pair[1])
    counts = verify(prediction, output, rule, ends)
    return Pair(prediction, output, ends), Observation(counts.accepted, counts.rejected, len(output))


def learned(
    name: str, rule: Preset, requests: int = REQUESTS, others: int = OTHERS, seed: str = ""
) -> Result:
    """What is learned of a server from so many requests."""
    fit, seconds = Fit(), 0.0
    pairs = edits(f"edits for {name}{seed}")
    for _ in range(requests):
        texts = next(pairs)
        _, seen = reported(rule, texts)
        started = time.process_time()
        encode = tokenizer().encode
        learn(fit, Pair(encode(texts[0]), encode(texts[1]), LineEnds(tokenizer())), seen)
        seconds += time.process_time() - started
    best = fit.best
    assert best is not None
    right, told, was = 0, [0, 0], [0, 0]
    for _ in range(others):
        pair, seen = reported(rule, next(pairs))
        counts = pair.verification(best.rule)
        right += close(counts.accepted, seen.accepted) and close(counts.rejected, seen.rejected)
        told = [told[0] + counts.accepted, told[1] + counts.rejected]
        was = [was[0] + seen.accepted, was[1] + seen.rejected]
    total = max(abs(a - b) / max(b, 1) for a, b in zip(told, was, strict=True))
    return Result(
        name,
        shown(rule),
        shown(best.rule),
        fit.knowledge,
        fit.sure,
        right / others,
        total,
        seconds / requests,
    )


def close(told: int, was: int) -> bool:
    """Whether a count was foretold within 2 %, or to the token."""
    return abs(told - was) <= CLOSE * was


class Change(NamedTuple):
    """After how many requests a change of rule was noticed (None: not within `WITHIN`).

    `differing` of these requests are counted otherwise by the two rules: fewer than three cannot be three misses.
    """

    after: int | None
    differing: int

    @property
    def visible(self) -> bool:
        """Whether it can be noticed at all."""
        return self.differing >= MISSES


def noticed(run: int, seed: str = "") -> Change:
    """How soon the change of rule in run `run` was noticed."""
    rng = random.Random(f"change {run}{seed}")
    rules = [*PRESETS.values(), *(drawn(f"change {run} {number}{seed}") for number in range(3))]
    before, after = rng.sample(rules, 2)
    fit = Fit()
    pairs = edits(f"edits of change {run}{seed}")
    for _ in range(REQUESTS):
        learn(fit, *reported(before, next(pairs)))
    changes, found, differing = fit.changes, None, 0
    for number in range(1, WITHIN + 1):
        pair, seen = reported(after, next(pairs))
        told = pair.verification(before)
        differing += (told.accepted, told.rejected) != (seen.accepted, seen.rejected)
        learn(fit, pair, seen)
        if found is None and fit.changes > changes:
            found = number
    return Change(found, differing)


def alarms(name: str, rule: Preset, requests: int, seed: str = "") -> int:
    """How often a steady server is said to have changed."""
    fit = Fit()
    pairs = edits(f"steady {name}{seed}")
    for _ in range(requests):
        learn(fit, *reported(rule, next(pairs)))
    return fit.changes


def shown(rule: Preset) -> str:
    """A rule in a few characters."""
    window = f"{rule.most}" if rule.least == rule.most else f"{rule.least}-{rule.most}"
    match = f"{rule.n_min}" if rule.n_min == rule.n_max else f"{rule.n_min}-{rule.n_max}"
    usual = Preset(rule.least, rule.most, rule.n_min, rule.n_max, rule.direction, rule.rejection)
    more = {key: value for key, value in asdict(rule).items() if value != getattr(usual, key)}
    return f"{window} {rule.direction} {match} {rule.rejection}{f' {more}' if more else ''}"


def main() -> int:
    """Play, print, compare with the goals."""
    parser = argparse.ArgumentParser(prog="python -m bench.knows", description=__doc__)
    parser.add_argument("--seed", default="", help="other servers and edits")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="to learn from")
    parser.add_argument("--runs", type=int, default=RUNS, help="changes of a server")
    parser.add_argument("--steady", type=int, default=STEADY, help="requests to each steady server")
    parser.add_argument("--wide", action="store_true", help="also servers that do what few would do")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    steady = servers(seed=options.seed)
    if options.wide:
        steady |= {
            f"wide {number}": drawn_wide(f"wide {number}{options.seed}") for number in range(1, SERVERS + 1)
        }
    results = [learned(name, rule, options.requests, seed=options.seed) for name, rule in steady.items()]
    changes = [noticed(run, options.seed) for run in range(options.runs)]
    found = [each.after for each in changes if each.visible]
    false = sum(alarms(name, rule, options.steady, options.seed) for name, rule in steady.items())
    asked = options.steady * len(steady)
    drawn_ones = [each for each in results if each.server.startswith("drawn")]
    good = sum(each.within >= _GOAL_NOTICED for each in drawn_ones)
    wide_ones = [each for each in results if each.server.startswith("wide")]
    good_wide = sum(each.within >= _GOAL_NOTICED for each in wide_ones)
    seconds = max(each.seconds for each in results)
    share = sum(each is not None for each in found) / max(1, len(found))
    failed = [
        sentence
        for sentence, reached in (
            (
                f"{good} of {len(drawn_ones)} servers foretold",
                good >= _GOAL_SERVERS * len(drawn_ones) / SERVERS,
            ),
            (f"{seconds:.3f} s a request", seconds <= _GOAL_SECONDS),
            (f"{share:.0%} of changes noticed", share >= _GOAL_NOTICED),
            (f"{false} false alarms in {asked:,} requests", false <= _GOAL_ALARMS * asked),
        )
        if not reached
    ]
    if options.json:
        json.dump(
            {
                "servers": [asdict(each) for each in results],
                "noticed_after": found,
                "alike_changes": len(changes) - len(found),
                "false_alarms": false,
                "steady_requests": asked,
                "missed": failed,
            },
            sys.stdout,
            indent=1,
        )
        return 1 if failed else 0
    for each in results:
        print(
            f"{each.server:28} {each.within:5.0%} within 2 %, sums {each.total:6.2%}  {1000 * each.seconds:5.1f} ms  "
            f"{each.knowledge:8} {each.sure:4.0%}  {each.learned}"
            + ("" if each.rule == each.learned else f"   (is {each.rule})")
        )
    print(f"{good} of {len(drawn_ones)} drawn servers foretold; the dearest took {seconds:.3f} s a request")
    if wide_ones:
        print(f"{good_wide} of {len(wide_ones)} wide servers foretold")
    print(f"{share:.0%} of {len(found)} changes noticed within {WITHIN} requests")
    if len(found) < len(changes):
        print(
            f"{len(changes) - len(found)} changes that show in fewer than {MISSES} of these are not counted"
        )
    print(f"{false} false alarms in {asked:,} requests")
    print(f"Not reached: {'; '.join(failed)}." if failed else "All goals are reached.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
