"""How the steps of an edit grow with the file: ``python -m bench.sizes [--kinds python,csv] [--sizes 1m,5m] [--json]``.

Each kind of file is made in several sizes, and one edit with a small change goes through its steps, in a process of its
own. A figure is a step's processor time, a character of the file, as a multiple of that at 100 KB: 1 is linear. Beside
it stands the step's peak of resident memory above that of the idle process, in bytes a byte of the file; what earlier
steps keep counts, as it does in an edit. Aim: no step much above 1 where it takes time that anybody notices, and 12
times the file at most. Linux only: the peak is read, and reset, under ``/proc/self``.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editsvc import syntax
from editsvc.engine.assembly import assemble
from editsvc.engine.plan import Plan
from editsvc.files import disk
from editsvc.files.undo import Recording
from editsvc.guard import gate, secrets
from editsvc.guard.identity import prove
from editsvc.guard.proposal import Piece, Received
from editsvc.guard.unasked import judge
from editsvc.instruction.intent import intent_of
from editsvc.prediction import drafts
from editsvc.reply import Framing, Reply, ReplyKind
from editsvc.scope import contents, relevance, scopes
from editsvc.scope.sections import divide
from editsvc.text.diff import edits, unified_diff
from editsvc.text.document import apply, decode, line_count, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from editsvc.text.document import Snapshot
    from editsvc.text.section import Section

SIZES: Final = {"warm": 10_000, "100k": 100_000, "1m": 1_000_000, "5m": 5_000_000}
LINES: Final = 1_000_000
"""Of the size "lines"."""

INSTRUCTION: Final = "Let entry 777 count from one, and say why."
CHANGED: Final = "entry_777_"
"""What each kind of file holds in one place, in its middle, and the edit changes."""

_CONTENTS: Final = 8_000  # tokens
_NOTICED_S: Final = 0.02  # at 100 KB; a step that takes less there is not set in relation to it


def _python(number: int, rng: random.Random) -> str:
    return (
        f"def entry_{number}_(base, *, retries={rng.randrange(9)}):\n"
        f'    """Talks to service {number}."""\n    total = base + {rng.randrange(10_000)}\n'
        f"    for attempt in range(retries):\n        total += fetch(total, attempt)\n    return total\n\n\n"
    )


def _csv(number: int, rng: random.Random) -> str:
    return f"entry_{number}_,{rng.randrange(10**6)},{rng.random() * 1000:.2f},town {rng.randrange(300)}\n"


def _log(number: int, rng: random.Random) -> str:
    level = rng.choice(("INFO", "WARN", "DEBUG"))
    at = f"12:{number // 60 % 60:02}:{number % 60:02}"
    return f"2026-01-02 {at} {level} entry_{number}_ took {rng.randrange(900)} ms\n"


def _minified(number: int, rng: random.Random) -> str:
    return (
        f"function entry_{number}_(a,b){{var c=a+{rng.randrange(1000)};if(c>b){{return c*{rng.randrange(99)}}}"
        f'return d({rng.randrange(9999)},"x{rng.randrange(999)}")}};'
    )


def _json_line(number: int, rng: random.Random) -> str:
    return f'{"" if number else "["}{{"name":"entry_{number}_","value":{rng.random() * 100:.3f}}},'


def _json(number: int, rng: random.Random) -> str:
    begin = "" if number else "[\n"
    return f'{begin}  {{\n    "name": "entry_{number}_",\n    "value": {rng.random() * 100:.3f}\n  }},\n'


def _constants(number: int, rng: random.Random) -> str:
    return f"ENTRY_{number} = entry_{number}_{rng.randrange(10_000)}\n"


def _prose(number: int, rng: random.Random) -> str:
    words = (rng.choice(("river", "the", "a", "stone", "of", "old", "town")) for _ in range(12))
    return f"{' '.join(words)} entry_{number}_ {'' if number % 9 else chr(10) * 2}"


KINDS: Final[dict[str, tuple[str, Callable[[int, random.Random], str]]]] = {
    "python": ("a.py", _python),
    "constants": ("a.py", _constants),
    "csv": ("a.csv", _csv),
    "log": ("a.log", _log),
    "minified": ("a.js", _minified),
    "json-line": ("a.json", _json_line),
    "json": ("a.json", _json),
    "prose": ("a.md", _prose),
}


def a_file(kind: str, size: str) -> str:
    """A file of that kind and size; its entries are numbered, and the one in the middle has the number 777."""
    _, entry = KINDS[kind]
    rng = random.Random(7)
    parts: list[str] = []
    characters = lines = 0
    while characters < SIZES.get(size, sys.maxsize) and lines < (LINES if size == "lines" else sys.maxsize):
        parts.append(entry(len(parts), rng))
        characters += len(parts[-1])
        lines += parts[-1].count("\n")
    middle = len(parts) // 2
    for place, number in ((777, -1), (middle, 777)):
        if place < len(parts):
            parts[place] = entry(number, rng)
    return "".join(parts).rstrip(",") + ("]\n" if kind.startswith("json") else "")


class Steps:
    """The steps of an edit: `run` makes each in turn, and later ones go on with what earlier ones made.

    To add a step, `run` yields its name and a call.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self._name, self._data = name, data
        self._made: dict[str, Any] = {}

    def run(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """The name of each step, and a call that makes it; the next one may be asked for when it is made."""
        for title, call in self._titled():
            yield title, partial(self._keep, title, call)

    def _keep(self, title: str, call: Callable[[], Any]) -> None:
        self._made[title] = call()

    def _titled(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        made, data = self._made, self._data
        yield "decode", partial(decode, data)
        snapshot: Snapshot = made["decode"]
        yield "normalise", partial(normalise, snapshot.text)
        text: str = made["normalise"]
        language = syntax.language_of(self._name, text.partition("\n")[0])
        yield from self._before_the_request(text, language)
        parts: list[Section] = made["divide"]
        at = text.index(CHANGED)
        section = next(section for section in parts if section.start <= at < section.end)
        scope = scopes.Scope(scopes.ScopeKind.SECTIONS, scopes.ScopeReason.LOCATED, (section,))
        plan = Plan(text, language, INSTRUCTION, intent_of(INSTRUCTION), self._name, scope)
        yield "render", plan.rendered
        changed = section.text.replace(CHANGED, f"{CHANGED}1")
        yield "assemble", partial(assemble, text, scope, Reply(ReplyKind.CODE, changed, Framing.AGREED))
        after: str = made["assemble"].document
        proposal = plan.proposal(after, pieces=(Piece(section, changed),), whole=False, received=Received())
        yield "examine", partial(gate.examine, proposal)
        verdict: gate.Verdict = made["examine"]
        assert verdict.decision is gate.Decision.PASS, verdict.complaint
        yield "judge", partial(judge, verdict.proposal)
        for examined in (proposal, verdict.proposal):
            examined.forget()
        yield "edits", partial(edits, snapshot.text, after)
        yield "prove", partial(self._proved, snapshot, after)
        yield "encode", made["prove"].encode
        yield from self._written(data, made["encode"])

    def _before_the_request(
        self, text: str, language: syntax.Language | None
    ) -> Iterator[tuple[str, Callable[[], Any]]]:
        made = self._made
        yield "secrets", partial(secrets.find, text)
        yield "mask", partial(secrets.mask, text, made["secrets"], nonce="0")
        del made["mask"]  # a file without secrets is not masked
        yield "outline", partial(syntax.outline_of, text, language)
        outline: syntax.Outline | None = made.pop("outline")
        yield "divide", partial(divide, text, language, outline=outline)
        parts: list[Section] = made["divide"]
        yield "rank", partial(relevance.rank, INSTRUCTION, [section.text for section in parts])
        definitions = () if outline is None else outline.definitions
        yield "hints", partial(contents.hints, INSTRUCTION, text, parts, definitions=definitions)
        yield "entries", partial(contents.entries, parts, _CONTENTS)
        yield "drafts", partial(drafts.draft, text, f"rename {CHANGED} to entry_1_", language)

    def _proved(self, snapshot: Snapshot, after: str) -> Snapshot:
        found = self._made["edits"]
        return prove(snapshot, apply(snapshot.text, found), found, after)

    def _written(self, data: bytes, new: bytes) -> Iterator[tuple[str, Callable[[], Any]]]:
        yield "unified diff", partial(unified_diff, data, new, self._name)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / self._name
            path.write_bytes(data)
            recording = Recording(Path(folder) / "journal", "0a", datetime(2026, 1, 1, tzinfo=UTC))
            yield "write", partial(recording.write, disk.read(path), new)
            assert path.read_bytes() == data.replace(CHANGED.encode(), f"{CHANGED}1".encode())


def _resident(field: str) -> int:
    """A figure of this process's memory, in bytes: "VmRSS" as it is, "VmHWM" at its peak."""
    for line in Path("/proc/self/status").read_text("ascii").split("\n"):
        if line.startswith(f"{field}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {field}")


def measured(kind: str, size: str) -> dict[str, Any]:
    """The steps' seconds and peaks for one file, in this process."""
    name, _ = KINDS[kind]
    # What is loaded and compiled once is part of idleness.
    small = a_file(kind, "warm")
    for _, call in Steps(name, small.encode()).run():
        call()
    text = a_file(kind, size)
    data, lines = text.encode(), line_count(text)
    del text
    idle = _resident("VmRSS") - len(data)
    found = {}
    for title, call in Steps(name, data).run():
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        started = time.process_time()
        call()
        found[title] = (time.process_time() - started, _resident("VmHWM") - idle)
    return {"kind": kind, "size": size, "bytes": len(data), "lines": lines, "steps": found}


def _in_process(kind: str, size: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.sizes", "--one", kind, size]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{kind} {size}: {done.stderr}")
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _shown(rows: list[dict[str, Any]]) -> str:
    first, *others = rows
    heads = "".join(f"{row['size']:>9} x linear   x file" for row in others)
    said = ", ".join(f"{row['size']}: {row['bytes']:,} bytes, {row['lines']:,} lines" for row in rows)
    lines = [f"{first['kind']} ({said})", f"{'':<14}{first['size']:>12}{heads}"]

    def line(title: str, figures: list[tuple[float, int]]) -> str:
        seconds, _ = figures[0]
        text = f"{title:<14}{1000 * seconds:>9.1f} ms"
        for row, (later, peak) in zip(others, figures[1:], strict=True):
            growth = row["bytes"] / first["bytes"]
            told = f"{later / growth / seconds:>8.1f}" if later > _NOTICED_S and seconds else f"{'-':>8}"
            text += f"{later:>7.2f} s{told}{peak / row['bytes']:>9.1f}"
        return text

    lines += [line(f"  {title}", [row["steps"][title] for row in rows]) for title in first["steps"]]
    total = [
        (sum(seconds for seconds, _ in row["steps"].values()), max(peak for _, peak in row["steps"].values()))
        for row in rows
    ]
    return "\n".join([*lines, line("  all", total)])


def main() -> None:
    """Print a table for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--sizes", default="1m,5m,lines", help="beside 100k")
    parser.add_argument("--json", action="store_true", help="a line for each file instead of tables")
    parser.add_argument("--one", nargs=2, metavar=("KIND", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        json.dump(measured(*options.one), sys.stdout)
        return
    for kind in options.kinds.split(","):
        on_one_line = "\n" not in KINDS[kind][1](1, random.Random(0))
        sizes = [size for size in options.sizes.split(",") if size != "lines" or not on_one_line]
        rows = [_in_process(kind, size) for size in ("100k", *sizes)]
        print("\n".join(map(json.dumps, rows)) if options.json else _shown(rows) + "\n", flush=True)


if __name__ == "__main__":
    main()
