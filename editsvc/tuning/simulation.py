"""Logs whose truth is known: servers that verify in a certain way, edits, and requests under a policy.

The outcome of an edit on a server is computed once by `editsvc.prediction.verifier`; requests are then drawn from
these outcomes, as people make them: day by day, some edits of a file in a row, which fare alike, on a server that is
slower on some days than on others. Edits are synthetic token sequences that resemble code, or given texts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from editsvc.prediction.policy import Cell, PredictionMode, decide, size_of
from editsvc.prediction.verifier import PRESETS, Rejection, verify
from editsvc.tokens import CHARACTERS_PER_TOKEN
from editsvc.tuning.observation import Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from random import Random

    from editsvc.prediction.policy import LearnedPolicy

PROVIDER: Final = "simulated"
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
MIN_TOKENS: Final = 128
A_DAY: Final = 16
"""Requests to a model on one day."""
_BETWEEN: Final = timedelta(minutes=5)
# The standard deviation of the logarithm of a time, and of a clock's jitter in seconds.
_NOISE: Final = 0.1
_JITTER_S: Final = 0.003
# Shares of made-up edits: those that rename, those that change lines all over (after these), and those of a file.
_RENAME: Final = 0.15
_SPRAWL: Final = 0.15
_WHOLE_FILE: Final = 0.6
# Of all other changes, those that write new lines, and those that take old ones away.
_WRITES: Final = 0.8
_TAKES_AWAY: Final = 0.6
# Code repeats itself: so many lines are taken from above.
_REPEATED: Final = 0.2
_VOCABULARY: Final = 600
_NEWLINE: Final = 0
_CARRIAGE_RETURN: Final = -1


@dataclass(frozen=True, slots=True)
class SimulatedEdit:
    r"""A text before and after, as tokens; `scope_kind` is the requested scope.

    `mangled` is the text before with ``\r\n`` for line ends, where the reply has ``\n``.
    """

    before: tuple[Hashable, ...]
    after: tuple[Hashable, ...]
    mangled: tuple[Hashable, ...]
    scope_kind: str = "file"


@dataclass(frozen=True, slots=True)
class SimulatedServer:
    """How a simulated server works.

    `pass_cost` is what a pass that proposes takes in plain ones, `price` US dollars for a million output tokens.
    A server that `mangles` has other line ends in the prediction than in the reply.
    """

    preset: str
    pass_cost: float
    token_s: float = 1 / 1_500
    price: float = 0.75
    reasoning_tokens: int = 0
    rejection: Rejection = Rejection.PER_PROPOSAL
    mangles: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """A model and its server; `later`, if given, is the server from the middle of the log on."""

    name: str
    server: SimulatedServer
    later: SimulatedServer | None = None

    @property
    def cell(self) -> Cell:
        """All requests to the model."""
        return Cell(PROVIDER, self.name)

    @property
    def last(self) -> SimulatedServer:
        """The server at the end."""
        return self.later or self.server


@dataclass(frozen=True, slots=True)
class SimulatedOutcome:
    """The simulated result of one edit; times have no noise."""

    scope_kind: str
    document_bytes: int
    reply_tokens: int
    reasoning_tokens: int
    accepted: int
    rejected: int
    sent_s: float
    plain_s: float

    @property
    def target_tokens(self) -> int:
        """The length of the rewritten text."""
        return round(self.document_bytes / CHARACTERS_PER_TOKEN)


def outcomes(edits: Sequence[SimulatedEdit], server: SimulatedServer) -> list[SimulatedOutcome]:
    """The result of each edit on `server`."""
    preset = replace(PRESETS[server.preset], rejection=server.rejection)
    found = []
    for edit in edits:
        done = verify(edit.mangled if server.mangles else edit.before, edit.after, preset)
        reply = len(edit.after) + server.reasoning_tokens
        verifying = done.proposing * (server.pass_cost - 1)
        found.append(
            SimulatedOutcome(
                scope_kind=edit.scope_kind,
                document_bytes=round(len(edit.before) * CHARACTERS_PER_TOKEN),
                reply_tokens=reply,
                reasoning_tokens=server.reasoning_tokens,
                accepted=done.accepted,
                rejected=done.rejected,
                sent_s=(reply - done.accepted + verifying) * server.token_s,
                plain_s=reply * server.token_s,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Habits:
    """How requests are made: edits of a file in a row, and the standard deviation of the logarithm of a day's pace."""

    edits: int = 1
    day_noise: float = 0.0
    exploration: float = 0.03


class SimulatedLog:
    """Makes the log of one model, one request after another: `A_DAY` a day, `edits` of one file in a row.

    A file is one edit of the pool, so that all requests to it fare alike but for the noise of their times.
    """

    def __init__(self, model: Cell, habits: Habits, rng: Random) -> None:
        self._model = model
        self._habits = habits
        self._rng = rng
        self._number = 0
        self._pace = 1.0
        self._file = ""
        self._place = 0.0

    @property
    def now(self) -> datetime:
        """When the next request will be made."""
        return self._at(self._number)

    def made(
        self, pool: Sequence[SimulatedOutcome], count: int, learned: LearnedPolicy | None = None
    ) -> Iterator[Observation]:
        """So many requests to a server with these outcomes."""
        for _ in range(count):
            yield self._one(pool, learned)

    def _at(self, number: int) -> datetime:
        day, hour = divmod(number, A_DAY)
        return START + timedelta(days=day) + hour * _BETWEEN

    def _one(self, pool: Sequence[SimulatedOutcome], learned: LearnedPolicy | None) -> Observation:
        rng, habits = self._rng, self._habits
        if self._number % A_DAY == 0 and habits.day_noise:
            self._pace = math.exp(rng.gauss(-habits.day_noise * habits.day_noise / 2, habits.day_noise))
        if self._number % habits.edits == 0:
            self._file, self._place = f"{rng.getrandbits(64):016x}", rng.random()
        drawn = pool[int(self._place * len(pool))]
        its_cell = cell_of(self._model, drawn)
        decision = decide(
            PredictionMode.AUTO,
            capable=True,
            refused_lately=False,
            target_tokens=drawn.target_tokens,
            min_tokens=MIN_TOKENS,
            learned=learned,
            cell=its_cell,
            exploration=habits.exploration,
            draw=rng.random(),
        )
        seconds = drawn.sent_s if decision.send else drawn.plain_s
        noise = self._pace * math.exp(rng.gauss(-_NOISE * _NOISE / 2, _NOISE))
        at = self.now
        self._number += 1
        return Observation(
            at,
            its_cell,
            decision.send,
            drawn.reply_tokens,
            drawn.reasoning_tokens,
            drawn.accepted if decision.send else 0,
            drawn.rejected if decision.send else 0,
            max(seconds * noise + rng.gauss(0, _JITTER_S), 1e-4),
            decision.propensity,
            path=self._file,
        )


def cell_of(model: Cell, drawn: SimulatedOutcome) -> Cell:
    """The cell of a request."""
    return Cell(model.provider, model.model, drawn.scope_kind, size_of(drawn.document_bytes))


def generated_edits(rng: Random, count: int) -> list[SimulatedEdit]:
    """So many edits of made-up code: renames, changed, inserted and deleted lines, and sprawling changes."""
    return [_edit(rng) for _ in range(count)]


def given_edits(
    texts: Sequence[Mapping[str, str]], encode: Callable[[str], Sequence[Hashable]]
) -> list[SimulatedEdit]:
    """Edits from texts with the keys ``before`` and ``after``, in tokens by `encode`."""
    return [
        SimulatedEdit(
            before=tuple(encode(text["before"])),
            after=tuple(encode(text["after"])),
            mangled=tuple(encode(text["before"].replace("\n", "\r\n"))),
        )
        for text in texts
    ]


def _edit(rng: Random) -> SimulatedEdit:
    size = min(max(round(rng.lognormvariate(math.log(500), 0.9)), 40), 4_000)
    lines = _code(rng, size)
    changed = list(lines)
    kind = rng.random()
    if kind < _RENAME:
        old, new = 1 + int(_VOCABULARY * rng.random() ** 3), _VOCABULARY + 1
        changed = [tuple(new if token == old else token for token in line) for line in lines]
    elif kind < _RENAME + _SPRAWL:
        share = rng.uniform(0.05, 0.3)
        changed = [_line(rng) if rng.random() < share else line for line in lines]
    else:
        for _ in range(1 + int(rng.expovariate(0.8))):
            place = int(rng.random() * len(changed))
            span = 1 + int(rng.expovariate(0.25))
            fresh = [_line(rng) for _ in range(span)] if rng.random() < _WRITES else []
            changed[place : place + (span if rng.random() < _TAKES_AWAY else 0)] = fresh
        changed = changed or lines[:1]
    scope_kind = "file" if rng.random() < _WHOLE_FILE else "symbol"
    before = _tokens(lines)
    return SimulatedEdit(before, _tokens(changed), tuple(_with_other_ends(before)), scope_kind)


def _code(rng: Random, size: int) -> list[tuple[int, ...]]:
    """Lines of about `size` tokens in all."""
    lines: list[tuple[int, ...]] = []
    written = 0
    while written < size:
        line = rng.choice(lines) if lines and rng.random() < _REPEATED else _line(rng)
        lines.append(line)
        written += len(line)
    return lines


def _line(rng: Random) -> tuple[int, ...]:
    length = 3 + int(rng.expovariate(0.15))
    return (*(1 + int(_VOCABULARY * rng.random() ** 3) for _ in range(length)), _NEWLINE)


def _tokens(lines: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(token for line in lines for token in line)


def _with_other_ends(tokens: Sequence[int]) -> Iterator[int]:
    for token in tokens:
        if token == _NEWLINE:
            yield _CARRIAGE_RETURN
        yield token
