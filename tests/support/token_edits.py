"""Predictions and replies as tokens, for what looks at numbers alone."""

import random
from collections.abc import Iterator

LINE_END = 0


def edits(seed: str) -> Iterator[tuple[list[int], list[int]]]:
    """Predictions and replies as tokens: text that repeats itself as code does, with a few changes of every kind."""
    rng = random.Random(seed)
    words = [rng.randrange(1, 400) for _ in range(60)]
    while True:
        before: list[int] = []
        while len(before) < rng.randrange(300, 1_200):
            before += [*(rng.choice(words) for _ in range(rng.randrange(2, 12))), LINE_END]
        after = list(before)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(after))
            end = at + rng.randrange(0, 40)
            new = [rng.choice((*words, 900 + rng.randrange(50))) for _ in range(rng.randrange(0, 30))]
            if rng.random() < 0.3:  # a block moves
                moved, rest = after[at:end], after[:at] + after[end:]
                to = rng.randrange(len(rest) + 1)
                after = [*rest[:to], *moved, *rest[to:]]
            else:
                after[at:end] = new
        yield before, after
