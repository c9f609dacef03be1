"""What the syntax check catches, and what it wrongly stops: ``python -m bench.syntax COMMITS.jsonl``.

Each line of the file is an object with ``id``, ``path``, ``before`` and ``after``. What the commit made of the file is
a right edit, so whatever the check finds in it is a false alarm. Damaged in one of three ways, it is a wrong one: cut
off somewhere behind its first third, a line with a bracket dropped, a single bracket or quote dropped. Where that
happens is drawn by the commit's `id`, so two versions of the check are tried on the same damage; ``--verdicts``
prints each, to be compared.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editsvc import syntax
from editsvc.text.document import normalise, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RIGHT: Final = "right"
CUT_OFF: Final = "cut off"
LINE: Final = "line dropped"
BRACKET: Final = "bracket dropped"
DAMAGE: Final = (CUT_OFF, LINE, BRACKET)
_LINES_WITH: Final = re.compile(r"[()\[\]{}]")
_CHARACTERS: Final = re.compile(r"[()\[\]{}\"'`]")
_FEWEST_LINES: Final = 6
_BATCH: Final = 40


def damaged(text: str, kind: str, seed: str) -> str | None:
    """`text` with damage of one of the kinds in `DAMAGE`; None if there is no room for it."""
    rng = random.Random(f"{seed}\0{kind}")
    lines = split_lines(text)
    if kind == CUT_OFF:
        if len(lines) < _FEWEST_LINES:
            return None
        return "".join(lines[: rng.randrange(len(lines) // 3, len(lines) - 1)])
    if kind == LINE:
        with_bracket = [number for number, line in enumerate(lines) if _LINES_WITH.search(line)]
        if not with_bracket:
            return None
        del lines[rng.choice(with_bracket)]
        return "".join(lines)
    places = [match.start() for match in _CHARACTERS.finditer(text)]
    if not places:
        return None
    place = rng.choice(places)
    return text[:place] + text[place + 1 :]


def verdicts(lines: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """For each commit and kind: the language, the kind, the commit's id, and what is found; empty if nothing is."""
    for line in lines:
        case = json.loads(line)
        before, after = normalise(case["before"]), normalise(case["after"])
        language = syntax.language_of(case["path"], before.partition("\n")[0])
        if language is None or syntax.breakage("", "", language) is None:
            continue
        for kind in (RIGHT, *DAMAGE):
            reply = after if kind == RIGHT else damaged(after, kind, case["id"])
            if reply is None or reply == before:
                continue
            found = syntax.breakage(before, reply, language)
            faults = [] if found is None else found.faults
            yield (
                language.name,
                kind,
                case["id"],
                "; ".join(f"{fault.line + 1}: {fault.text}" for fault in faults[:3]),
            )


def table(found: Iterable[tuple[str, str, str, str]]) -> str:
    """A Markdown table of what was caught of each kind, one row for each language."""
    caught: dict[str, Counter[str]] = defaultdict(Counter)
    tried: dict[str, Counter[str]] = defaultdict(Counter)
    for language, kind, _, faults in found:
        for row in (language, "all"):
            tried[row][kind] += 1
            caught[row][kind] += bool(faults)
    head = ["language", *DAMAGE, "false alarms"]
    rows = [head, ["---", *("---:" for _ in head[1:])]]
    rows += [
        [row, *(_share(caught[row][kind], tried[row][kind]) for kind in (*DAMAGE, RIGHT))]
        for row in sorted(tried, key=lambda row: (row == "all", -tried[row][RIGHT], row))
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _share(count: int, total: int) -> str:
    return f"{count}/{total} ({100 * count / total:.1f} %)" if total else ""


def _verdicts(lines: Sequence[str]) -> list[tuple[str, str, str, str]]:
    return list(verdicts(lines))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.syntax", description=__doc__)
    parser.add_argument("commits", type=Path)
    parser.add_argument("--limit", type=int, help="only so many commits, evenly chosen")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--verdicts", action="store_true", help="one line for each try: language, kind, id, faults"
    )
    options = parser.parse_args()
    lines = [line for line in options.commits.read_text("utf-8").split("\n") if line]
    if options.limit:
        lines = lines[:: max(1, len(lines) // options.limit)][: options.limit]
    batches = [lines[at : at + _BATCH] for at in range(0, len(lines), _BATCH)]
    with ProcessPoolExecutor(options.jobs) as pool:
        found = [verdict for batch in pool.map(_verdicts, batches) for verdict in batch]
    if options.verdicts:
        sys.stdout.write("".join("\t".join(verdict) + "\n" for verdict in found))
    else:
        sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()
