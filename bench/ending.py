"""The end of an edit, beside git: ``python -m bench.ending [--lines 4000,10000] [--rounds N] [--json]``.

From the last byte of a reply to the result: the exact edits, with the guard and the syntax check done. Every edit goes
through the real service; a model that knows the answer waits for a moment, as servers do, and streams it. Set beside it
is ``git diff --no-index`` of the same two files, the start of git included, in turn with the edit. Both are processor
time; a figure is the median of all rounds. Below each follow the steps in rounds of their own, with a profiler, which
makes them longer; what is indented is a part of others, and belongs to the first that needs it.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import json
import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bench import rows as table
from bench.clients import at_rest
from editsvc.emulator.options import ReplyStyle
from editsvc.emulator.responder import Case, ScriptResponder, written
from editsvc.emulator.task import read_job
from editsvc.emulator.wire import ChatRequest, WireMessage
from editsvc.engine import assembly, places
from editsvc.engine.concluding import Concluder
from editsvc.engine.edit import EditRequest
from editsvc.engine.service import EditService
from editsvc.errors import Status
from editsvc.guard import gate, identity, soundness, unasked, undone
from editsvc.provider.base import Completion
from editsvc.provider.models import Model
from editsvc.scope.scopes import ScopeKind, ScopeRequest
from editsvc.settings.schema import Settings
from editsvc.text import diff, document
from editsvc.text.comparison import Comparison
from editsvc.text.document import Snapshot, split_lines
from editsvc.tokenlog import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import CodeType

    from editsvc.engine.edit import EditResult
    from editsvc.provider.base import CompletionRequest, Receiver

SHARE: Final = 0.02
INSTRUCTION: Final = "Raise the limits of all services, and say in each what its limit is."
FORMS: Final = {
    "whole file": ScopeRequest(ScopeKind.FILE),
    "sections": ScopeRequest(),
}
_SETTINGS: Final = {"model": "bench", "locate": "off", "exploration": 0.0, "on_secret": "send"}
_WAIT_S: Final = 0.25  # until the first piece; servers take as long
_PIECE: Final = 2_000  # characters
_PACE: Final = 500_000.0  # characters a second, forty times as many as fast servers write
_LAST: Final = 100  # characters: what comes in 10 ms
_NOUN_WORDS: Final = """
account archive batch branch bucket cache channel client cluster cookie cursor device digest entry event feed filter
folder handle index invoice ledger letter market message metric module notice order packet parcel payment policy profile
queue record region report request result router sample schema search sensor server session signal socket source stream
switch ticket token tracker update user vector window worker
"""
_VERB_WORDS: Final = """
build check close count drain fetch flush group load merge open parse plan print push read rank save send sort split
"""
_NOUNS: Final = _NOUN_WORDS.split()
_VERBS: Final = _VERB_WORDS.split()


def _python(rng: random.Random, number: int) -> Iterator[str]:
    noun, other, verb = rng.choice(_NOUNS), rng.choice(_NOUNS), rng.choice(_VERBS)
    name = f"{verb}_{noun}_{number}"
    yield f"class {noun.title()}{other.title()}{number}:\n"
    yield f'    """What is known of one {noun}, and of its {other}."""\n\n'
    yield f"    limit = {rng.randrange(10, 10_000)}\n\n"
    yield f"    def __init__(self, {noun}: str, *, {other}: int = {rng.randrange(100)}) -> None:\n"
    yield f"        self.{noun} = {noun}.strip()\n        self.{other} = {other}\n"
    yield "        self._seen: set[str] = set()\n\n"
    yield f"    def {name}(self, items: list[str]) -> dict[str, int]:\n"
    yield f'        """Each of `items`, and how often the {noun} has it."""\n'
    yield "        found: dict[str, int] = {}\n"
    for _ in range(rng.randrange(2, 7)):
        word = rng.choice(_NOUNS)
        yield f"        for item in items[{rng.randrange(9)} : {rng.randrange(10, 900)}]:\n"
        yield f'            if item.startswith("{word}-{rng.randrange(10**6)}") and item not in self._seen:\n'
        yield f"                found[item] = found.get(item, 0) + {rng.randrange(1, 90)}  # {word} first\n"
        yield f'                self._seen.add(f"{{item}}/{{self.{noun}}}")\n'
    yield f"        return {{key: value for key, value in found.items() if value < self.limit + {number}}}\n\n\n"


def _typescript(rng: random.Random, number: int) -> Iterator[str]:
    noun, other, verb = rng.choice(_NOUNS), rng.choice(_NOUNS), rng.choice(_VERBS)
    name = f"{verb}{noun.title()}{number}"
    yield f"/** What is known of one {noun}, and of its {other}. */\n"
    yield f"export class {noun.title()}{other.title()}{number} {{\n"
    yield f"  static readonly limit = {rng.randrange(10, 10_000)};\n"
    yield "  private readonly seen = new Set<string>();\n\n"
    yield f"  constructor(readonly {noun}: string, private {other} = {rng.randrange(100)}) {{}}\n\n"
    yield f"  {name}(items: readonly string[]): Map<string, number> {{\n"
    yield "    const found = new Map<string, number>();\n"
    for _ in range(rng.randrange(2, 7)):
        word = rng.choice(_NOUNS)
        yield f"    for (const item of items.slice({rng.randrange(9)}, {rng.randrange(10, 900)})) {{\n"
        yield f"      if (item.startsWith('{word}-{rng.randrange(10**6)}') && !this.seen.has(item)) {{\n"
        yield f"        found.set(item, (found.get(item) ?? 0) + {rng.randrange(1, 90)}); // {word} first\n"
        yield f"        this.seen.add(`${{item}}/${{this.{noun}}}`);\n      }}\n    }}\n"
    yield f"    return new Map([...found].filter(([, value]) => value < {number}));\n  }}\n}}\n\n"


LANGUAGES: Final[dict[str, tuple[str, Callable[[random.Random, int], Iterator[str]]]]] = {
    "python": ("services.py", _python),
    "typescript": ("services.ts", _typescript),
}


def a_file(language: str, lines: int) -> str:
    """A file of about so many lines, the same at every call."""
    rng = random.Random(language)
    parts: list[str] = []
    count = 0
    while count < lines:
        part = "".join(LANGUAGES[language][1](rng, len(parts)))
        parts.append(part)
        count += part.count("\n")
    return "".join(parts)


def edited(language: str, text: str, share: float = SHARE) -> str:
    """`text` with that share of its lines changed; for some of them, lines come or go."""
    rng = random.Random(share)
    lines = split_lines(text)
    mark = "#" if language == "python" else "//"
    may = [
        number
        for number, line in enumerate(lines)
        if any(sign.isdigit() for sign in line) and "limit" in line
    ]
    may += [number for number, line in enumerate(lines) if "first\n" in line]
    for number in rng.sample(may, min(len(may), int(share * len(lines)))):
        line = lines[number]
        margin = line[: len(line) - len(line.lstrip())]
        way = rng.random()
        if way < 0.7:
            head, _, tail = line.rpartition("first\n")
            lines[number] = (
                f"{head}last, as its limit says\n{tail}" if head else line.replace("limit", "limit_of_it")
            )
        else:
            lines[number] = f"{margin}{mark} The limit of it is {rng.randrange(10**6)}.\n{line}"
    return "".join(lines)


class _KnowsTheAnswer:
    """A `Completer` that answers with the change of a case, and tells when it has sent the last of it."""

    name = "bench"
    refuses_predictions = False

    def ignores_predictions(self, _: str) -> bool:
        return False

    def __init__(self, case: Case) -> None:
        self._responder = ScriptResponder([case])
        self._text = ""
        self.ended = 0.0

    def context_tokens(self, _model: str) -> int | None:
        """No limit."""
        return None

    async def complete(self, request: CompletionRequest, receiver: Receiver) -> Completion:
        """Wait, and stream the answer; it is the same in all rounds."""
        if not self._text:
            messages = [WireMessage(message.role, message.content) for message in request.messages]
            job = read_job(ChatRequest(model=request.model, messages=messages))
            assert job is not None
            self._text = written(self._responder.answer(job), job, ReplyStyle.AUTO)
        # An earlier version does not ask to be told.
        getattr(request, "sent", lambda: None)()
        await asyncio.sleep(_WAIT_S)
        before, last = self._text[:-_LAST], self._text[-_LAST:]
        for at in range(0, len(before), _PIECE):
            receiver.received(before[at : at + _PIECE])
            await asyncio.sleep(_PIECE / _PACE)
        # At the pace of a server, what can be done meanwhile is done by now; what comes last is not known before.
        await at_rest()
        self.ended = time.process_time()
        receiver.received(last)
        return Completion("stop", ttft_s=_WAIT_S, total_s=_WAIT_S)


class _Silent:
    def first_time(self, _key: str) -> bool:
        return False


def _named() -> dict[CodeType, str]:
    """The functions that are measured, and the step that each is."""
    found: dict[CodeType, str] = {}

    def of(step: str, *functions: Callable[..., Any]) -> None:
        for function in functions:
            found[function.__code__] = step

    of("assemble", assembly.assemble)
    of("gate", gate.examine)
    of("judge", unasked.judge)
    of("edits", diff.edits, Comparison.edits)
    of("apply", document.apply)
    of("prove", identity.prove)
    of("marks", places.marks_of)
    of("  comparison", diff.changed_spans)
    of("  lines", vars(Comparison)["new"].func)
    of("  syntax", soundness.broken_syntax)
    of("  characters", soundness.deceptive_characters)
    for rules in (gate._FORM, gate._RESTORERS, gate._CONTENT, (undone.undone,)):  # noqa: SLF001
        for rule in rules:
            of(f"  {rule.__module__.rpartition('.')[2]}.{rule.__name__}", rule)
    return found


class _Watched(Concluder):
    """What a service makes results with, which profiles what it does with a reply."""

    watches = False
    spent: Mapping[str, float] = MappingProxyType({})

    def __init__(self, concluder: Concluder) -> None:
        vars(self).update(vars(concluder))

    def conclude(self, *arguments: Any) -> Any:
        if not self.watches:
            return super().conclude(*arguments)
        profile = cProfile.Profile(builtins=False)
        try:
            return profile.runcall(super().conclude, *arguments)
        finally:
            steps = _named()
            self.spent = spent = dict.fromkeys(steps.values(), 0.0)
            for entry in profile.getstats():
                if not isinstance(entry.code, str) and entry.code in steps:
                    spent[steps[entry.code]] += 1000 * entry.totaltime


@dataclass
class _Ending:
    """One edit that is made again and again."""

    language: str
    lines: int
    form: str
    ours: list[float] = field(default_factory=list)
    git: list[float] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.old = a_file(self.language, self.lines)
        self.new = edited(self.language, self.old)
        self._filename = LANGUAGES[self.language][0]
        self._model = _KnowsTheAnswer(Case(INSTRUCTION, self.old, self.new))
        ids = itertools.count(1)
        self._service = EditService(
            provider=self._model,
            settings=msgspec.convert(_SETTINGS, Settings),
            models={"bench": Model(context_tokens=1_000_000_000)},
            recorder=None,
            shown_once=_Silent(),
            clock=time.monotonic,
            now=lambda: datetime.now(UTC),
            new_id=lambda: str(next(ids)),
        )
        self._watched = self._service._concluder = _Watched(self._service._concluder)  # noqa: SLF001

    def edit(self) -> float:
        """Milliseconds of processor time from the last byte of the reply to the result."""
        result, ended = asyncio.run(self._edited())
        assert result.status is Status.CHANGED, result.message
        assert result.after is not None
        assert result.after.text == self.new
        return 1000 * ended

    def watched(self) -> Mapping[str, float]:
        """Milliseconds of each step."""
        self._watched.watches = True
        self.edit()
        self._watched.watches = False
        return self._watched.spent

    async def _edited(self) -> tuple[EditResult, float]:
        result = await self._service.edit(
            EditRequest(Snapshot(self.old), INSTRUCTION, self._filename, Source.BENCH, scope=FORMS[self.form])
        )
        return result, time.process_time() - self._model.ended

    def diff(self, folder: Path) -> float:
        """Milliseconds of processor time of git."""
        old, new = folder / f"old-{self._filename}", folder / f"new-{self._filename}"
        old.write_text(self.old, "utf-8")
        new.write_text(self.new, "utf-8")
        command = ["git", "diff", "--no-index", "--no-color", "--no-ext-diff", str(old), str(new)]
        with Path(os.devnull).open("wb") as nowhere:
            process = os.posix_spawnp(
                "git", command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
            )
            _, _, used = os.wait4(process, 0)
        return 1000 * (used.ru_utime + used.ru_stime)


def run(lines: list[int], languages: list[str], rounds: int, forms: list[str]) -> list[dict[str, Any]]:
    """The figures of every edit: milliseconds, and how many times git's they are."""
    endings = [_Ending(*each) for each in itertools.product(languages, lines, forms)]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for ending in endings:
            ending.edit()
            ending.diff(Path(name))
        for _, ending in itertools.product(range(rounds), endings):
            ending.ours.append(ending.edit())
            ending.git.append(ending.diff(Path(name)))
        for _, ending in itertools.product(range(rounds), endings):
            for step, spent in ending.watched().items():
                ending.steps.setdefault(step, []).append(spent)
    for ending in endings:
        ours, git = median(ending.ours), median(ending.git)
        rows.append(
            {
                "language": ending.language,
                "lines": len(split_lines(ending.old)),
                "form": ending.form,
                "ours_ms": round(ours, 2),
                "git_ms": round(git, 2),
                "ratio": round(ours / git, 2),
                "spread_ms": [round(one, 2) for one in _middle(ending.ours)],
                "steps_ms": {step: round(median(spent), 2) for step, spent in ending.steps.items()},
            }
        )
    return rows


def measure(rounds: int) -> Iterator[table.Row]:
    """The rows of the table of results."""
    sizes = (4_000,) if table.is_short() else (4_000, 10_000, 50_000)
    with tempfile.TemporaryDirectory() as name:
        for language, lines, form in itertools.product(LANGUAGES, sizes, FORMS):
            ending = _Ending(language, lines, form)
            found = table.interleaved(
                {"editsvc": ending.edit, "git": partial(ending.diff, Path(name))}, rounds=rounds
            )
            yield table.compared(
                f"last byte to result, {language}, {lines:,} lines, {form}",
                "git diff --no-index",
                found["editsvc"],
                found["git"],
                goal=0.5,
            )


def _middle(found: list[float]) -> tuple[float, float]:
    """The first and the last quarter's border."""
    if len(found) < 2:
        return found[0], found[0]
    first, _, last = quantiles(found, n=4)
    return first, last


def _shown(rows: list[dict[str, Any]]) -> str:
    parts = []
    for row in rows:
        low, high = row["spread_ms"]
        parts.append(
            f"{row['language']}, {row['lines']:,} lines, {row['form']}: {row['ours_ms']:.1f} ms "
            f"({low:.1f}-{high:.1f}), git {row['git_ms']:.1f} ms: {row['ratio']:.2f}"
        )
        steps = row["steps_ms"].items()
        parts += [f"  {step:<34}{spent:>8.2f} ms" for step, spent in steps if spent >= 0.05]
    return "\n".join(parts)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.ending", description=__doc__)
    parser.add_argument("--lines", default="4000,10000,50000")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="one object for each edit")
    options = parser.parse_args()
    rows = run(
        [int(each) for each in options.lines.split(",")],
        options.languages.split(","),
        options.rounds,
        options.forms.split(","),
    )
    print(json.dumps(rows, indent=1) if options.json else _shown(rows))


if __name__ == "__main__":
    main()
