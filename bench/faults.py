"""The fault matrix: every fault of the emulator, through both front ends, and what becomes of the file.

    python -m bench.faults
    python -m bench.faults --only cut stall --front cli
    python -m bench.faults --quick --json
    python -m bench.faults --quick --dialect all --front cli

A row is a fault, with its place where it takes one (before the first token, in the middle, at the end). A cell is one
edit: in the command line or the language server; with a prediction and without; and with a server that fails always,
one that fails once, and one that always fails with a second server behind it that does not. The servers are emulators
behind real HTTP, the files real files, the buffers those of a client of the language server. With --processes each
front end is a process of its own, too.

Of each cell it is checked that
- the file or the buffer is, to the byte, as it was, or as it should be;
- status and exit code are those of docs/errors.md for what docs/providers.md says about such a fault (`RULES`);
- one sentence tells what happened, on one line of standard error or as `message`; no traceback, no key;
- there is one record in the log, with that status and error, and a `route` where more than one request was made.

Ends with 1 if one of these does not hold, and tells which.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editsvc.cli import main as editsvc_main
from editsvc.emulator import FAULTS, EmulatorOptions, FaultName, parse_fault
from editsvc.emulator.dialects import KINDS
from editsvc.tokenlog import LOG_FILE, TokenLog
from lsp.session import EditServer, ProcessContext

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from editsvc.emulator import Emulator

SUPPORT: Final = Path(__file__).parents[1] / "tests" / "support"
KEY: Final = "csk-very-secret"
SECOND_KEY: Final = "second-very-secret"
_PATIENCE_S: Final = 60.0
_NO_NOTICE: Final = "takes no notice of predictions: they make its replies no faster."
_WAITS: Final = "because of the server's limits or a failure."


# --- what is to become of an edit --------------------------------------------------------------------------------


class How(StrEnum):
    """How often the fault occurs, and whether there is another server."""

    ALWAYS = "always"
    ONCE = "once"
    SECOND = "second"


class Kind(StrEnum):
    """What docs/providers.md says about faults of a kind."""

    HARMLESS = "the reply is whole all the same"
    PASSING = "another request may help, here or elsewhere"
    LONG = "another server may help; this one asks for more patience than anybody has"
    LENGTH = "another server may take requests that are as long"
    FINAL = "another request would meet it, too"
    MISTAKE = "the model's own: the reply is whole, and is refused"
    MENDED = "the model's own: it is told so once, and may do better"


@dataclass(frozen=True)
class Outcome:
    """How an edit ends: its status, the exit code, and the error, of docs/errors.md."""

    status: str = "changed"
    code: int = 0
    error: str | None = None

    @property
    def sign(self) -> str:
        """One character for the table."""
        return {"changed": "=", "refused": "r"}.get(self.status, "f" if self.code == 3 else "k")


DONE: Final = Outcome()


def failed(error: str) -> Outcome:
    """The server failed; its key is the matter in one case."""
    return Outcome("failed", 4 if error == "ProviderAuthError" else 3, error)


def refused(error: str) -> Outcome:
    """The model or a check refused; a check by its name."""
    return Outcome("refused", 1, error)


@dataclass(frozen=True)
class Subject:
    """What is edited, with which settings."""

    instruction: str
    before: str
    after: str
    environ: tuple[tuple[str, str], ...] = ()


def _steps(count: int) -> str:
    text = "".join(
        f"def step_{number}(value):\n    return (value + {number})\n\n\n" for number in range(count)
    )
    return text.rstrip("\n") + "\n"


STEPS: Final = Subject("Call step 7 seventh.", _steps(20), _steps(20).replace("step_7", "seventh"))
PARTS: Final = Subject("Call step 77 late.", _steps(150), _steps(150).replace("step_77(", "late("))
SEARCHED: Final = replace(STEPS, environ=(("EDITSVC_EDIT_FORMAT", "search-replace"),))
_MARKUP: Final = "".join(f'LINE_{number} = "<b>{number} & {number + 1}</b>"\n' for number in range(20))
MARKUP: Final = Subject("Call line 7 seventh.", _MARKUP, _MARKUP.replace("LINE_7 ", "SEVENTH "))
SUBJECTS: Final = (STEPS, PARTS, MARKUP)


@dataclass(frozen=True)
class Rule:
    """What is to become of the edits of one fault; `error` is what they end with, where they do."""

    kind: Kind
    error: Outcome = DONE
    subject: Subject = STEPS

    def outcome(self, how: How) -> Outcome:
        """What is to become of an edit."""
        if self.kind is Kind.HARMLESS:
            return DONE
        if self.kind is Kind.PASSING and how is not How.ALWAYS:
            return DONE
        if self.kind in {Kind.LONG, Kind.LENGTH} and how is How.SECOND:
            return DONE
        if self.kind is Kind.MENDED and how is How.ONCE:
            return DONE
        return self.error


def passing(error: str) -> Rule:
    """A failure that is over when somebody else is asked, or the same server again."""
    return Rule(Kind.PASSING, failed(error))


def final(error: str) -> Rule:
    """A failure that every request of the kind would meet."""
    return Rule(Kind.FINAL, failed(error))


def mistake(error: str, subject: Subject = STEPS) -> Rule:
    """A reply that is refused."""
    return Rule(Kind.MISTAKE, refused(error), subject)


def mended(error: str) -> Rule:
    """A reply that the model is asked again about, and that is refused if it insists."""
    return Rule(Kind.MENDED, refused(error))


HARMLESS: Final = Rule(Kind.HARMLESS)
PLACES: Final = (0, 0.5, 1)
"""Before the first token, in the middle, at the end; for faults that take a place."""

RULES: Final[dict[str, Rule]] = {
    # What is wrong with the request stays wrong with it.
    **{f"status:{code}": final("ProviderRejected") for code in (400, 402, 404, 422)},
    "status:413": Rule(Kind.LENGTH, failed("ContextExceeded")),
    **{f"status:{code}": final("ProviderAuthError") for code in (401, 403)},
    "status:400,shape=top": final("ProviderRejected"),
    "status:401,shape=top": final("ProviderAuthError"),
    "redirect": final("ProviderRejected"),
    # There is more room for the reply the second time.
    "length": Rule(Kind.MENDED, failed("IncompleteReply:length")),
    "content-filter": final("IncompleteReply:content_filter"),
    "unknown-finish": final("IncompleteReply:other"),
    "endless": final("EndlessReply"),
    "endless-event": final("EndlessReply"),
    # The server's own trouble, or the way's.
    **{f"status:{code}": passing("ProviderRejected") for code in (408, 409)},
    **{f"status:{code}": passing("ProviderUnavailable") for code in (500, 502, 503, 504)},
    "status:503,shape=top": passing("ProviderUnavailable"),
    "status:503,shape=error": passing("ProviderUnavailable"),
    "loading": passing("ProviderBusy"),
    "busy": passing("ProviderBusy"),
    "finish-error": passing("ProviderUnavailable"),
    "empty-reply": passing("ProviderProtocolError"),
    "status:429": passing("ProviderRateLimited"),
    "status:429,shape=error": passing("ProviderRateLimited"),
    "status:429,retry-after=1": passing("ProviderRateLimited"),
    "status:429,retry-after=600": Rule(Kind.LONG, failed("ProviderRateLimited")),
    "endless-error": passing("ProviderUnavailable"),
    "reset": passing("ProviderUnreachable"),
    "stall-start": passing("ProviderTimeout"),
    "stall": passing("ProviderTimeout"),
    "html-200": passing("ProviderProtocolError"),
    "cut": passing("IncompleteReply:None"),
    "end": passing("IncompleteReply:None"),
    "error-event": passing("ProviderUnavailable"),
    "error-event:503": passing("ProviderUnavailable"),
    "error-event:429": passing("ProviderRateLimited"),
    "error-plain": passing("ProviderUnavailable"),
    "garbage": passing("ProviderProtocolError"),
    "empty-data": passing("ProviderProtocolError"),
    "bad-utf8": passing("ProviderProtocolError"),
    # What other servers of the kind do, and what is coped with.
    "prediction-unsupported": HARMLESS,
    "not-stream": HARMLESS,
    "slow:0.001": HARMLESS,
    "pings": HARMLESS,
    "finish-eos": HARMLESS,
    "no-done": HARMLESS,
    # Of a short prompt, a quarter is less than any context, and so the rest was cached. Of this one less is sent then.
    "cut-prompt": Rule(Kind.PASSING, refused("DocumentRefused"), PARTS),
    "uncached-usage": HARMLESS,
    "no-usage": HARMLESS,
    "no-time-info": HARMLESS,
    "no-fingerprint": HARMLESS,
    "trailing-usage": HARMLESS,
    "content-in-final": HARMLESS,
    "crlf": HARMLESS,
    # What the model gets wrong. Asked for another form of reply, it does better.
    "wrong-part": Rule(Kind.HARMLESS, subject=PARTS),
    "search-missing": Rule(Kind.HARMLESS, subject=SEARCHED),
    "search-twice": Rule(Kind.HARMLESS, subject=SEARCHED),
    "broken-syntax": mended("GuardRefused:syntax"),
    "elision": mended("GuardRefused:elision"),
    "truncated": mended("GuardRefused:tail"),
    "truncated:0": mended("GuardRefused:empty"),
    "truncated:1": HARMLESS,  # nothing is missing
    "unclosed": mended("GuardRefused:frame"),
    "unclosed:0": passing("ProviderProtocolError"),  # nothing has come at all
    "unclosed:1": HARMLESS,  # all that is missing is the end of the frame
    "refusal": mistake("ModelRefused"),
    "prose-only": mended("GuardRefused:prose"),
    "entities": Rule(Kind.HARMLESS, subject=MARKUP),
}


# Where servers of a kind differ: an empty reply means that the request was too long, or a field is no field of theirs.
OF_A_DIALECT: Final[dict[tuple[str, str], Rule]] = {
    ("lmstudio", "empty-reply"): Rule(Kind.LENGTH, failed("ContextExceeded")),
    ("lmstudio", "unclosed:0"): Rule(Kind.LENGTH, failed("ContextExceeded")),
    # It leaves half of its context to a prompt, so that what it has read tells the context, which is remembered.
    ("ollama", "cut-prompt"): Rule(Kind.LENGTH, refused("DocumentRefused"), PARTS),
}


def rule_of(cell: Cell) -> Rule:
    """What is to become of the edit of a cell."""
    return OF_A_DIALECT.get((cell.dialect, cell.fault), rows()[cell.fault])


def rows() -> dict[str, Rule]:
    """Every fault with every place that it can have, in the order of the emulator's table."""
    found: dict[str, Rule] = {}
    for name in FAULTS:
        for fault, rule in RULES.items():
            if fault.partition(":")[0] != name:
                continue
            if "at" not in FAULTS[FaultName(name)].parameters or "at=" in fault:
                found[fault] = rule
                continue
            if fault != name and fault in {f"{name}:{at}" for at in PLACES}:
                continue
            for at in PLACES:
                key = "" if FAULTS[FaultName(name)].parameters[0] == "at" else "at="
                placed = f"{fault}:{key}{at}" if fault == name else f"{fault},at={at}"
                found[placed] = RULES.get(placed, rule)
    return found


# --- one cell ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One edit."""

    fault: str
    front: str
    prediction: str
    how: How
    processes: bool = False
    dialect: str = "cerebras"

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.dialect} · {self.fault} · {self.front} · prediction {self.prediction} · {self.how}"


@dataclass
class Seen:
    """What became of an edit: `said` is everything that a user or a client was told."""

    text: str
    status: str
    message: str
    said: str
    code: int | None = None
    problems: list[str] = field(default_factory=list)


def _support(module: str) -> Any:
    """A module that the tests use, too."""
    if str(SUPPORT) not in sys.path:
        sys.path.insert(0, str(SUPPORT))
    return import_module(module)


def check(cell: Cell) -> tuple[Cell, list[str], float]:
    """What is wrong with a cell, and how long it took in seconds."""
    begun = time.monotonic()
    rule, serving = rule_of(cell), _support("emulated").serving
    # A thread of an edit that has ended may still score it, and writes what was learned.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, ExitStack() as stack:
        folder = Path(name)
        script = folder / "cases.jsonl"
        script.write_text(
            "".join(
                json.dumps(
                    {"instruction": subject.instruction, "before": subject.before, "after": subject.after}
                )
                + "\n"
                for subject in SUBJECTS
            )
        )
        faults, count = (parse_fault(cell.fault),), 1 if cell.how is How.ONCE else None
        first = stack.enter_context(
            serving(
                EmulatorOptions(
                    script=script, api_key=KEY, faults=faults, fault_count=count, dialect=cell.dialect
                )
            )
        )
        servers = [first]
        if cell.how is How.SECOND:
            servers.append(stack.enter_context(serving(EmulatorOptions(script=script, api_key=SECOND_KEY))))
        environ = _environ(folder, cell, servers, rule.subject)
        try:
            seen = (_cli if cell.front == "cli" else _lsp)(cell, folder, rule.subject, environ)
            problems = _problems(rule, cell.how, seen, folder / "data", servers)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is what is wrong with this cell
            place = traceback.extract_tb(exc.__traceback__)[-1]
            problems = [f"{type(exc).__name__}: {exc} ({Path(place.filename).name}:{place.lineno})"]
    return cell, problems, time.monotonic() - begun


def _environ(folder: Path, cell: Cell, servers: Sequence[Emulator], subject: Subject) -> dict[str, str]:
    (folder / "config.toml").write_text(_tables(cell, servers))
    found = {
        "CEREBRAS_API_KEY": KEY,
        "CEREBRAS_BASE_URL": servers[0].base_url,
        "EDITSVC_DATA_DIR": str(folder / "data"),
        "EDITSVC_CONFIG": str(folder / "config.toml"),
        "EDITSVC_EXPLORATION": "0",
        "EDITSVC_PREDICTION": cell.prediction,
        # Only a server that says nothing is to be given up on soon: others may be slow because the machine is.
        "EDITSVC_READ_TIMEOUT_S": "60"
        if all(word not in cell.fault for word in ("stall", "loading", "busy"))
        else "2",
        "EDITSVC_MAX_RETRIES": "1",
        **dict(subject.environ),
    }
    for second in servers[1:]:
        found |= {
            "EDITSVC_FALLBACK_BASE_URL": second.base_url,
            "EDITSVC_FALLBACK_MODEL": "gpt-oss-120b",
            "EDITSVC_FALLBACK_API_KEY": SECOND_KEY,
            "EDITSVC_FALLBACK_PREDICTION": "true",
        }
    return found


def _tables(cell: Cell, servers: Sequence[Emulator]) -> str:
    """The settings file that names the servers, for another dialect than that of the short form."""
    if cell.dialect == "cerebras":
        return ""
    asked = [("first", cell.dialect, servers[0].base_url, KEY)]
    asked += [("second", "compatible", one.base_url, SECOND_KEY) for one in servers[1:]]
    return "".join(
        f'[servers.{name}]\nbase_url = "{url}"\ndialect = "{dialect}"\nmodel = "gpt-oss-120b"\n'
        f'api_key_command = ["{sys.executable}", "-c", "print(\'{key}\')"]\n'
        for name, dialect, url, key in asked
    )


def _problems(rule: Rule, how: How, seen: Seen, data: Path, servers: Sequence[Emulator]) -> list[str]:
    expected = rule.outcome(how)
    found = list(seen.problems)
    right = rule.subject.after if expected.status == "changed" else rule.subject.before
    if seen.text != right:
        other = rule.subject.before if right == rule.subject.after else rule.subject.after
        found.append(f"the text is {'that of the other outcome' if seen.text == other else 'DAMAGED'}")
    if seen.status != expected.status:
        found.append(f"the status is {seen.status}, not {expected.status}: {seen.message}")
    if seen.code not in {None, expected.code}:
        found.append(f"the exit code is {seen.code}, not {expected.code}")
    if expected.status != "changed":
        sentence = seen.message.strip()
        if not sentence or "\n" in sentence or "\r" in sentence or sentence[-1] not in ".!?)":
            found.append(f"the message is no sentence on one line: {seen.message!r}")
    if "Traceback" in seen.said:
        found.append("a traceback was shown")
    if KEY in seen.said or SECOND_KEY in seen.said:
        found.append("a key was shown")
    return found + _log_problems(expected, data, servers)


def _log_problems(expected: Outcome, data: Path, servers: Sequence[Emulator]) -> list[str]:
    with TokenLog(data / LOG_FILE) as log:
        records = list(log.export())
    if len(records) != 1:
        return [f"there are {len(records)} records in the log"]
    (record,) = records
    found = []
    if (record["status"], record["error"]) != (expected.status, expected.error):
        found.append(
            f"the record says {record['status']}, {record['error']}, not {expected.status}, {expected.error}"
        )
    # A request that was left is in the emulator's books a moment later.
    end = time.monotonic() + 10
    while (made := sum(len(server.records()) for server in servers)) != record["attempts"]:
        if time.monotonic() > end:
            found.append(f"the record has {record['attempts']} requests, and {made} were made")
            break
        time.sleep(0.01)
    if made > 1 and len(record["route"] or ()) != made:
        found.append(f"the record's route has {len(record['route'] or ())} of {made} requests")
    return found


# --- the command line --------------------------------------------------------------------------------------------


def _cli(cell: Cell, folder: Path, subject: Subject, environ: dict[str, str]) -> Seen:
    path = folder / "steps.py"
    path.write_bytes(subject.before.encode())
    words = ["rewrite", "-i", subject.instruction, "--apply", "steps.py"]
    run = _in_a_process if cell.processes else _in_this_process
    code, out, err = run(words, folder, environ)
    # That it waits is said meanwhile, and what a server does otherwise than others, once.
    lines = [line for line in err.split("\n") if line and not line.endswith((_WAITS, _NO_NOTICE))]
    err = "".join(f"{line}\n" for line in lines)
    seen = Seen(path.read_bytes().decode(), "changed", "", out + err, code)
    if code == 0:
        if not out.startswith("---"):
            seen.problems.append("there is no diff on standard output")
        return seen
    seen.status = {1: "refused", 3: "failed", 4: "failed"}.get(code, f"exit {code}")
    # What a check refused can be seen and had all the same, which a second line says.
    err = err.partition("\n")[0] + "\n" if "--show-refused" in err else err
    lines = lines[:1] if "--show-refused" in "".join(lines) else lines
    seen.message = err.removesuffix("\n")
    if out:
        seen.problems.append("there is something on standard output")
    if len(lines) != 1 or not err.startswith("editsvc: "):
        seen.problems.append(f"standard error has {len(lines)} lines: {err!r}")
    return seen


def _in_a_process(words: Sequence[str], folder: Path, environ: dict[str, str]) -> tuple[int, str, str]:
    ran = subprocess.run(
        [sys.executable, "-m", "editsvc", *words],
        check=False,
        cwd=folder,
        env=_bare(os.environ) | environ,
        capture_output=True,
        encoding="utf-8",
        timeout=_PATIENCE_S,
    )
    return ran.returncode, ran.stdout, ran.stderr


def _in_this_process(words: Sequence[str], folder: Path, environ: dict[str, str]) -> tuple[int, str, str]:
    """The command's own entry, with the two streams led into files."""
    before, here = dict(os.environ), Path.cwd()
    kept = [os.dup(number) for number in (1, 2)]
    streams = [folder / "out", folder / "err"]
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.environ.clear()
        os.environ.update(_bare(before) | environ)
        os.chdir(folder)
        for number, path in enumerate(streams, 1):
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, number)
            os.close(opened)
        try:
            editsvc_main(list(words))
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else -1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        for number, descriptor in enumerate(kept, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
    out, err = (path.read_bytes().decode() for path in streams)
    return code, out, err


def _bare(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(("EDITSVC", "CEREBRAS"))}


# --- the language server -----------------------------------------------------------------------------------------


def _lsp(cell: Cell, _: Path, subject: Subject, environ: dict[str, str]) -> Seen:
    return asyncio.run(_in_an_editor(cell, subject, environ))


async def _in_an_editor(cell: Cell, subject: Subject, environ: dict[str, str]) -> Seen:
    uri = "file:///project/steps.py"
    async with _session(environ, processes=cell.processes) as client:
        await client.initialize({"stream": True})
        client.open(uri, subject.before)
        asked = {"uri": uri, "instruction": subject.instruction, "mode": "apply"}
        answer = await asyncio.wait_for(client.command("editsvc.edit", asked), _PATIENCE_S)
        seen = Seen(client.text(uri), answer["status"], answer["message"], json.dumps([answer, client.heard]))
        landed = len(client.said("workspace/applyEdit"))
        if landed != (answer["status"] == "changed"):
            seen.problems.append(f"the buffer was edited {landed} times")
        numbers = [message["seq"] for message in client.said("editsvc/stream")]
        # It begins anew, at 0, when another reply takes the place of what was shown.
        if any(number not in {0, before + 1} for before, number in pairwise([-1, *numbers])):
            seen.problems.append(f"the numbers of the stream's messages have holes: {numbers}")
        await client.shutdown()
    return seen


@asynccontextmanager
async def _session(environ: dict[str, str], *, processes: bool) -> AsyncIterator[Any]:
    editor = _support("lsp_client")
    if processes:
        async with _support("lsp_process").running(editor.VSCODE, environ) as process:
            yield process.client
            await process.status()
        return
    server, channel = EditServer(ProcessContext(environ)), _support("lsp_session").MemoryChannel()
    server.connect(channel)
    client = editor.LspClient(lambda message: server.receive(json.dumps(message).encode()), editor.VSCODE)
    channel.deliver = client.receive
    try:
        yield client
    finally:
        await server.wind_up()


# --- all cells ---------------------------------------------------------------------------------------------------


def cells(
    only: Sequence[str],
    fronts: Sequence[str],
    *,
    quick: bool,
    processes: bool,
    dialects: Sequence[str] = ("cerebras",),
) -> list[Cell]:
    """The cells that are asked for; `quick` leaves out places at the edges and cells without a prediction."""
    chosen = [
        fault
        for fault in rows()
        if (not only or fault.partition(":")[0] in only or fault in only)
        and not (quick and (fault.endswith((":0", ":1", "at=0", "at=1"))))
    ]
    return [
        Cell(fault, front, prediction, how, processes, dialect)
        for dialect in dialects
        for fault in chosen
        for front in fronts
        for prediction in (("on",) if quick else ("on", "off"))
        for how in How
    ]


def run(asked: Sequence[Cell], jobs: int) -> dict[Cell, list[str]]:
    """What is wrong with each cell; nothing, if all is well."""
    found: dict[Cell, list[str]] = {}
    begun = last = time.monotonic()
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for ended in as_completed([pool.submit(check, cell) for cell in asked]):
            cell, problems, _ = ended.result()
            found[cell] = problems
            now = time.monotonic()
            if now - last >= 5 or len(found) == len(asked):
                last = now
                wrong = sum(map(bool, found.values()))
                print(
                    f"{now - begun:5.0f} s  {len(found):4} of {len(asked)} cells, {wrong} wrong",
                    file=sys.stderr,
                )
    return found


def table(found: dict[Cell, list[str]]) -> str:
    """Rows are faults, columns cells, a sign each."""
    columns = list(
        dict.fromkeys((cell.dialect, cell.front, cell.prediction) for cell in sorted(found, key=_order))
    )
    faults = [fault for fault in rows() if any(cell.fault == fault for cell in found)]
    wide = max(map(len, faults))
    at = {(cell.fault, cell.dialect, cell.front, cell.prediction, cell.how): cell for cell in found}
    heads = [f"{front} {prediction}" for _, front, prediction in columns]
    lines = [" " * wide + "  " + "  ".join(f"{head:7}" for head in heads)]
    if len({dialect for dialect, _, _ in columns}) > 1:
        lines.insert(0, " " * wide + "  " + "  ".join(f"{dialect[:7]:7}" for dialect, _, _ in columns))
    lines.append(" " * wide + "  " + "  ".join(["a o s  "] * len(heads)))
    for fault in faults:
        groups = []
        for dialect, front, prediction in columns:
            signs = []
            for how in How:
                cell = at.get((fault, dialect, front, prediction, how))
                wrong = cell is not None and found[cell]
                signs.append(" " if cell is None else "X" if wrong else rule_of(cell).outcome(how).sign)
            groups.append(" ".join(signs) + "  ")
        lines.append(f"{fault:{wide}}  " + "  ".join(groups).rstrip())
    legend = (
        "",
        "on, off: with a prediction, or without",
        "a  the server fails always   o  once   s  always, and a second server does not",
        "=  changed, and exactly right",
        "r  refused (exit code 1)   f  failed (3)   k  failed, the key is the matter (4):",
        "   untouched, and one sentence says why",
        "X  wrong",
    )
    return "\n".join([*lines, *legend])


def _order(cell: Cell) -> tuple[int, bool, bool]:
    return list(KINDS).index(cell.dialect), cell.front != "cli", cell.prediction != "on"


def main() -> int:
    """Fill the matrix and print it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.faults", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="faults, or rows of the table")
    parser.add_argument(
        "--dialect",
        nargs="+",
        default=["cerebras"],
        choices=(*KINDS, "all"),
        metavar="NAME",
        help=f"kinds of servers, or all: {', '.join(KINDS)}",
    )
    parser.add_argument("--front", choices=("cli", "lsp"), help="one front end instead of both")
    parser.add_argument("--quick", action="store_true", help="in mid-reply and with predictions only")
    parser.add_argument("--processes", action="store_true", help="start a process for each edit (slow)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many cells at a time")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    unknown = [
        name for name in asked.only if name not in rows() and name not in {str(fault) for fault in FAULTS}
    ]
    if unknown:
        parser.error(f"there is no fault {unknown[0]}; see docs/emulator.md")
    fronts = (asked.front,) if asked.front else ("cli", "lsp")
    kinds = list(KINDS) if "all" in asked.dialect else asked.dialect
    chosen = cells(asked.only, fronts, quick=asked.quick, processes=asked.processes, dialects=kinds)
    begun = time.monotonic()
    found = run(chosen, asked.jobs)
    took = time.monotonic() - begun
    wrong = {cell: problems for cell, problems in found.items() if problems}
    outcomes = Counter(rule_of(cell).outcome(cell.how).status for cell in found if cell not in wrong)
    if asked.json:
        entries = [
            {
                "dialect": cell.dialect,
                "fault": cell.fault,
                "front": cell.front,
                "prediction": cell.prediction,
                "how": cell.how,
                "expected": rule_of(cell).outcome(cell.how).status,
                "problems": found[cell],
            }
            for cell in chosen
        ]
        totals = {
            "cells": len(found),
            "wrong": len(wrong),
            "outcomes": dict(outcomes),
            "seconds": round(took, 1),
        }
        print(json.dumps({"schema": 1, **totals, "matrix": entries}, indent=2))
    else:
        print(table(found))
        print()
        for cell, problems in wrong.items():
            print(f"PROBLEM  {cell.name}: {'; '.join(problems)}")
        counts = ", ".join(f"{count} {status}" for status, count in sorted(outcomes.items()))
        print(f"{len(found)} cells in {took:.0f} s: {counts}; {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
