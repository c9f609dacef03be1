"""The false alarms of the guard on real commits: ``python -m bench.guard COMMITS.jsonl``.

Each line of the file is an object with ``path``, ``instruction``, ``before`` and ``after``; what the commit made of the
file is taken as the reply of a perfect model, which insists on it when it is asked again. So whatever the gate says
about it is a false alarm, but for findings that only warn. Every commit is tried as a whole file, and if it is long
enough as numbered sections; with its own instruction (the commit's subject), and with one that says nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editsvc import syntax
from editsvc.emulator.parts import rewritten
from editsvc.guard import gate
from editsvc.guard.findings import Action, Check, Mark
from editsvc.guard.proposal import Piece, Proposal, Received
from editsvc.guard.unasked import judge
from editsvc.instruction.intent import intent_of
from editsvc.scope.sections import divide
from editsvc.text.document import Snapshot, normalise
from editsvc.text.section import Section
from editsvc.tokens import estimate_from_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NEUTRAL: Final = "make the change"
SECTIONS_ABOVE: Final = 1_000  # tokens, as the setting scope_min_tokens
_BATCH: Final = 50
_SHOWN: Final = 100


@dataclass
class Tally:
    """What the gate said of a number of commits, in one way of asking."""

    commits: int = 0
    asked: int = 0
    refused: int = 0
    warned: int = 0
    restored: int = 0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """The commits of `other` too."""
        self.commits += other.commits
        self.asked += other.asked
        self.refused += other.refused
        self.warned += other.warned
        self.restored += other.restored
        self.kinds += other.kinds
        self.languages += other.languages
        self.marks += other.marks
        self.shown += other.shown


def proposals(case: dict[str, Any], instruction: str) -> Iterator[tuple[str, Proposal]]:
    """The commit as a whole file, and as sections where it would be divided into some."""
    before, after = (normalise(Snapshot.of(case[side]).text) for side in ("before", "after"))
    name = Path(case["path"]).name
    language = syntax.language_of(case["path"], before.partition("\n")[0])
    intent = intent_of(instruction)
    whole = (Piece(Section(1, before, 1), after),)
    yield (
        "file",
        Proposal(before, after, intent, language, filename=name, pieces=whole, received=Received()),
    )
    if estimate_from_length(len(before)) < SECTIONS_ABOVE:
        return
    sections = divide(before, language)
    changed = rewritten([section.text for section in sections], before, after)
    if changed and len(sections) > 1:
        pieces = tuple(Piece(sections[at], text, deleted=not text) for at, text in changed.items())
        yield (
            "sections",
            Proposal(
                before,
                after,
                intent,
                language,
                filename=name,
                pieces=pieces,
                whole=False,
                offered=tuple(sections),
                received=Received(),
            ),
        )


def examine(lines: Sequence[str], show: str) -> dict[tuple[str, str], Tally]:
    """The tallies of some commits, by instruction and form of reply."""
    tallies: dict[tuple[str, str], Tally] = {}
    for line in lines:
        case = json.loads(line)
        for said, instruction in (("subject", case["instruction"]), ("neutral", NEUTRAL)):
            for form, proposal in proposals(case, instruction):
                tally = tallies.setdefault((said, form), Tally())
                _count(tally, proposal, case, show)
    return tallies


def _count(tally: Tally, proposal: Proposal, case: dict[str, Any], show: str) -> None:
    first = gate.examine(proposal)
    again = proposal
    if any(found.kind is Check.PLACE for found in first.handled):
        # The whole file is asked for then, which a perfect model gives.
        piece = Piece(Section(1, proposal.before, 1), proposal.after)
        again = replace(proposal, pieces=(piece,), whole=True, offered=())
    verdict = gate.examine(again, asked=True) if first.decision is gate.Decision.ASK else first
    tally.commits += 1
    tally.languages[proposal.language.name if proposal.language else "none"] += 1
    tally.asked += first.decision is gate.Decision.ASK
    tally.refused += verdict.decision is gate.Decision.REFUSE
    tally.warned += any(found.action is Action.WARNED for found in verdict.handled)
    tally.restored += verdict.document != proposal.after
    tally.marks.update(str(judged.mark) for judged in judge(verdict.proposal))
    seen = {(found.kind, str(found.action)) for found in (*first.handled, *verdict.handled)}
    tally.kinds.update(seen)
    for found in verdict.handled:
        if found.kind == show or (show == "refused" and found.action is Action.REFUSED):
            tally.shown.append(
                f"{case['id']} “{case['instruction'][:_SHOWN]}” {found.action} {found.kind}: {found.message}"
            )


def table(tallies: dict[tuple[str, str], Tally]) -> str:
    """The totals, and each kind, as Markdown."""
    ways = list(tallies)
    lines = [
        "| | " + " | ".join(f"{form}, {said}" for said, form in ways) + " |",
        "|---|" + "---:|" * len(ways),
    ]

    def row(name: str, values: Iterable[str]) -> None:
        lines.append(f"| {name} | " + " | ".join(values) + " |")

    row("commits", (f"{tallies[way].commits:,}" for way in ways))
    for name in ("asked", "refused", "warned", "restored"):
        row(name, (_share(getattr(tallies[way], name), tallies[way].commits) for way in ways))
    for mark in Mark:
        shares = (_share(tallies[way].marks[mark], tallies[way].marks.total()) for way in ways)
        row(f"hunks {mark}", shares)
    kinds = {kind for tally in tallies.values() for kind in tally.kinds}
    for kind, action in sorted(kinds, key=lambda found: (list(Check).index(Check(found[0])), found[1])):
        row(
            f"`{kind}` {action}",
            (_share(tallies[way].kinds[kind, action], tallies[way].commits) for way in ways),
        )
    return "\n".join(lines)


def _share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.2f} %)" if total else "0"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("commits", type=Path)
    parser.add_argument("--limit", type=int, help="only so many commits, evenly chosen")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", default="", help="print the findings of this check, or `refused`")
    options = parser.parse_args()
    lines = options.commits.read_text("utf-8").split("\n")
    lines = [line for line in lines if line]
    if options.limit:
        lines = lines[:: max(1, len(lines) // options.limit)][: options.limit]
    batches = [lines[at : at + _BATCH] for at in range(0, len(lines), _BATCH)]
    tallies: dict[tuple[str, str], Tally] = {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in pool.map(examine, batches, [options.show] * len(batches)):
            for way, tally in done.items():
                tallies.setdefault(way, Tally()).add(tally)
    whole = tallies["subject", "file"]
    named = [f"{name} {count}" for name, count in whole.languages.most_common()]
    sys.stdout.write(table(tallies) + f"\n\n{len(named)} languages: {', '.join(named)}\n")
    for line in tallies["subject", "file"].shown:
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
