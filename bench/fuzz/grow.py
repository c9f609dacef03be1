"""Inputs grown from a grammar's tokens, and from others by cutting, doubling, splicing, flipping and nesting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, AnyStr, Generic

if TYPE_CHECKING:
    import random

_MUTATIONS = 4
_POOL = 2_000
_LONGEST = 10_000
# What is to be gone on from must be small, or all become long.
_SMALL = 1_000


@dataclass(frozen=True)
class Grammar(Generic[AnyStr]):
    """What one field of an input is made of: `tokens` often, `rare` ones (long or deep) seldom; `seeds` are whole."""

    tokens: tuple[AnyStr, ...]
    seeds: tuple[AnyStr, ...]
    rare: tuple[AnyStr, ...] = ()
    longest: int = 400

    def grow(self, rng: random.Random, other: AnyStr | None = None) -> AnyStr:
        """A new value, or `other` changed."""
        if other is None:
            roll = rng.random()
            if roll < 0.5:
                return self._sentence(rng)
            other = rng.choice(self.seeds)
            if roll < 0.52:
                return other
        for _ in range(rng.randint(1, _MUTATIONS)):
            other = self._mutated(rng, other)
        return other

    def _sentence(self, rng: random.Random) -> AnyStr:
        empty = self.tokens[0][:0]
        chosen = rng.choices(self.tokens, k=rng.randint(0, 14))
        if chosen and rng.random() < 0.005:
            chosen[rng.randrange(len(chosen))] = self._token(rng, 1.0)
        return empty.join(chosen)

    def _token(self, rng: random.Random, rare: float = 0.002) -> AnyStr:
        if self.rare and rng.random() < rare:
            return rng.choice(self.rare)
        return rng.choice(self.tokens)

    def _mutated(self, rng: random.Random, value: AnyStr) -> AnyStr:
        a, b = sorted((rng.randint(0, len(value)), rng.randint(0, len(value))))
        match rng.randrange(8):
            case 0:  # cut
                value = value[:a]
            case 1:
                value = value[:a] + value[b:]
            case 2:  # double
                value = value[:b] + value[a:]
            case 3:  # splice
                value = value[:a] + rng.choice(self.seeds)[b:]
            case 4:  # a token in the place of something
                value = value[:a] + self._token(rng) + value[min(b, a + 4) :]
            case 5:
                value = value[:a] + self._token(rng) + value[a:]
            case 6:  # swap two stretches
                value = value[b:] + value[a:b] + value[:a]
            case _:  # nest
                token = self._token(rng)
                value = value[:a] + token + value[a:b] + token + value[b:]
        # Rare tokens are long on purpose, once; everything else stays small.
        return value[: _LONGEST if len(value) > 5 * self.longest else self.longest]


@dataclass
class Pool:
    """Inputs that led to an outcome which no other had: the best ones to go on from."""

    inputs: list[tuple[str | bytes, ...]] = field(default_factory=list)
    outcomes: set[str] = field(default_factory=set)

    def note(self, given: tuple[str | bytes, ...], outcome: str) -> None:
        """Keep `given` if its outcome is new."""
        if outcome not in self.outcomes:
            self.outcomes.add(outcome)
            if len(self.inputs) < _POOL and sum(map(len, given)) <= _SMALL:
                self.inputs.append(given)


def grown(
    rng: random.Random, grammars: tuple[Grammar[str] | Grammar[bytes], ...], pool: Pool
) -> tuple[str | bytes, ...]:
    """The next input: one value for each grammar."""
    if pool.inputs and rng.random() < 0.4:
        parent = list(rng.choice(pool.inputs))
        at = rng.randrange(len(grammars))
        parent[at] = grammars[at].grow(rng, parent[at])  # type: ignore[arg-type]
        return tuple(parent)
    return tuple(grammar.grow(rng) for grammar in grammars)
