"""How far behind a reply the live preview is: ``python -m bench.lag [COMMITS.jsonl]``.

A lag is how many lines of the reply have been received, and are not committed to any block; the goal is 200, whatever
the edit. The edits are made up, on files of 5,000 lines; with a file of commits (lines of JSON with "before" and
"after") also the replies that would make them. Of those it is counted, too, how many changes are shown as the exact
diff has them, and how many lines of the original are called deleted or replaced that are still there.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from bench import first_hunk
from bench.rows import Row
from editsvc.text.diff import changed_spans
from editsvc.text.document import split_lines
from editsvc.text.streaming_diff import StreamingDiff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from editsvc.text.streaming_diff import Block

GOAL: Final = 200
LINES: Final = 5_000


def a_file(seed: int = 7) -> list[str]:
    """Functions of five lines, with blank lines and lines that occur again and again between them."""
    rng = random.Random(seed)
    lines: list[str] = []
    while len(lines) < LINES:
        number = len(lines)
        lines += [
            f"def entry_{number}(base, *, retries={rng.randrange(9)}):\n",
            f"    total = base + {rng.randrange(10_000)}\n",
            "    for attempt in range(retries):\n",
            f"        total += fetch_{number % 97}(total, attempt)\n",
            "    return total\n",
            "\n",
        ]
    return lines[:LINES]


def _new(rng: random.Random, count: int, *, table: bool = False) -> list[str]:
    kind = "    ROW_{} = {}\n" if table else "    added_{} = compute({})\n"
    return [kind.format(number, rng.randrange(10**6)) for number in range(count)]


def edits() -> dict[str, Callable[[list[str]], list[str]]]:
    """Kinds of edits: what each makes of the lines of a file."""
    rng = random.Random(1)
    middle = LINES // 2
    return {
        "nothing": lambda old: old,
        "one line in a hundred": lambda old: [
            line if number % 100 else "changed\n" for number, line in enumerate(old)
        ],
        "a third of the lines": lambda old: [
            line if rng.random() > 0.3 else f"changed {rng.random()}\n" for line in old
        ],
        "every second line": lambda old: [
            line if number % 2 else f"changed {number}\n" for number, line in enumerate(old)
        ],
        "every line": lambda old: [f"changed {number}\n" for number, _ in enumerate(old)],
        "a name in every line": lambda old: [line.replace("t", "renamed_t") for line in old],
        "indented": lambda old: ["    " + line if line.strip() else line for line in old],
        "in other quotes and indented": lambda old: ["\t" + line.replace("_", "-") for line in old],
        "moved up, 60 lines": lambda old: [*old[:100], *old[3000:3060], *old[100:3000], *old[3060:]],
        "moved up, 1,000 lines": lambda old: [*old[:100], *old[3000:4000], *old[100:3000], *old[4000:]],
        "moved down, 444 lines": lambda old: [*old[:100], *old[544:4000], *old[100:544], *old[4000:]],
        "turned around": lambda old: old[::-1],
        "functions in another order": lambda old: _shuffled(old, rng),
        "1,000 new lines": lambda old: [*old[:middle], *_new(rng, 1000), *old[middle:]],
        "10,000 new lines at the end": lambda old: [*old, *_new(rng, 10_000)],
        "1,000 rows between rows": lambda old: [*old[:middle], *_new(rng, 1000, table=True), *old[middle:]],
        "blank lines only": lambda old: ["\n"] * len(old),
        "one line again and again": lambda old: [old[0]] * len(old),
        "3,000 lines removed": lambda old: [*old[:500], *old[3500:]],
        "all but the end removed": lambda old: old[-500:],
        "the file twice": lambda old: [*old, *old],
        "another file": lambda _: a_file(seed=99)[::-1],
    }


def _shuffled(old: Sequence[str], rng: random.Random) -> list[str]:
    functions = [old[at : at + 6] for at in range(0, len(old), 6)]
    rng.shuffle(functions)
    return [line for function in functions for line in function]


def followed(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[Block]]:
    """The lag behind each line, and all blocks."""
    streaming = StreamingDiff(old)
    lags, blocks, committed = [], [], 0
    for number, line in enumerate(new, 1):
        found = streaming.push([line])
        if found:
            committed = found[-1].new_end
            blocks += found
        lags.append(number - committed)
    return lags, blocks + streaming.finish()


def changes(blocks: Sequence[Block]) -> set[tuple[int, int, int, int]]:
    """What is shown as changed, with what touches as one."""
    found: list[tuple[int, int, int, int]] = []
    for block in blocks:
        if block.equal:
            continue
        if found and found[-1][1::2] == (block.old_start, block.new_start):
            old_start, _, new_start, _ = found.pop()
            found.append((old_start, block.old_end, new_start, block.new_end))
        else:
            found.append((block.old_start, block.old_end, block.new_start, block.new_end))
    return set(found)


def exact(old: Sequence[str], new: Sequence[str]) -> set[tuple[int, int, int, int]]:
    """The same of the exact diff."""
    spans = changed_spans("".join(old), "".join(new))
    return {(span.old_start, span.old_end, span.new_start, span.new_end) for span in spans}


def measure(rounds: int) -> Iterator[Row]:
    """A row for each kind of edit, of which every turn gives the same, and how soon the first hunk is shown."""
    yield from first_hunk.measure(rounds)
    old = a_file()
    for name, change in edits().items():
        lags, _ = followed(old, change(old))
        worst = float(max(lags))
        yield Row(f"lag, {name}", "", worst, None, None, GOAL, "lines", 1, worst, worst, (worst,))


def _commits(path: Path) -> str:
    worst: list[int] = []
    right = shown = wanted = lost = removed = total = lines = 0
    for line in path.read_text("utf-8").split("\n"):
        if not line:
            continue
        commit = json.loads(line)
        old, new = split_lines(commit["before"]), split_lines(commit["after"])
        lags, blocks = followed(old, new)
        worst.append(max(lags, default=0))
        total += sum(lags)
        lines += len(lags)
        found, expected = changes(blocks), exact(old, new)
        right += len(found & expected)
        shown += len(found)
        wanted += len(expected)
        lost += sum(end - start for start, end, _, _ in found)
        removed += sum(end - start for start, end, _, _ in expected)
    over = sum(lag > GOAL for lag in worst)
    return (
        f"{len(worst):,} commits: the worst lag {median(worst):g} (median), {max(worst):,} at most, over"
        f" {GOAL} in {over}; {total / lines:.2f} on average;"
        f" {right:,} of {wanted:,} changes as the exact diff has them ({shown:,} shown);"
        f" {lost:,} lines of the original changed, exactly {removed:,}"
    )


def main() -> None:
    """Print a line for each kind of edit: the worst lag, the changes, and the time a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commits", nargs="*", type=Path)
    options = parser.parse_args()
    old = a_file()
    print(f"{'':<32}{'lag':>8}{'median':>8}{'as exact':>12}{'changed':>9}{'exactly':>9}{'us/line':>9}")
    for name, change in edits().items():
        new = change(old)
        started = time.process_time()
        lags, blocks = followed(old, new)
        spent = time.process_time() - started
        found, expected = changes(blocks), exact(old, new)
        print(
            f"{name:<32}{max(lags):>8,}{median(lags):>8g}{f'{len(found & expected)} of {len(expected)}':>12}"
            f"{sum(end - start for start, end, *_ in found):>9,}"
            f"{sum(end - start for start, end, *_ in expected):>9,}{1e6 * spent / len(new):>9.2f}"
        )
    for path in options.commits:
        print(_commits(path))


if __name__ == "__main__":
    sys.exit(main())
