"""A soak run: a language server that edits many documents at once, for long, with a server that fails.

    python -m bench.soak --minutes 30 --edits 20 --faults 0.1
    python -m bench.soak --minutes 1 --json

The language server and the emulator are processes; a client here opens documents and has all of them edited over and
over: a name is changed and changed back, the edits are applied, some are taken back while they run. At the end:

- memory: the language server's resident memory in the last tenth of the run, compared with the second tenth (after
  everything has been loaded and every pool has been filled once);
- records: as many in the log as edits were asked for, by status;
- tasks: every edit answered within its deadline, and nothing of it left in the server afterwards;
- connections: none but idle ones when nothing runs, and no more descriptors than in the first half;
- texts: every document is, to the byte, what its successful edits make of it.

Ends with 1 if one of these does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editsvc.tokenlog import LOG_FILE, TokenLog
from lsp.wire.frames import FrameReader, frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FAULTS = (
    "status:500",
    "status:503,shape=top",
    "status:429,retry-after=1",
    "reset",
    "stall-start",
    "html-200",
    "cut:0.5",
    "cut:1",
    "end:0.3",
    "stall:0.5",
    "error-event:503",
    "garbage:0.7",
    "length:0.5",
    "truncated:0.6",
    "elision:0.5",
    "refusal",
)
NAMES = ("fetch", "download")
STUCK_S = 60.0
KEPT_CONNECTIONS = 8  # idle ones are kept for the next edits
LOGGED = ("changed", "unchanged", "refused", "failed", "cancelled")


def source(number: int) -> str:
    """A module of some 120 lines; each has a tail of its own, so that no two are alike."""
    return f"def {NAMES[0]}(value):\n    return value\n\n\n" + "".join(
        f"def step_{step}(value):\n    return {NAMES[0]}(value) + {step * number}\n\n\n" for step in range(30)
    )


@dataclass
class Client:
    """A client that opens documents, applies what it is sent, and reports it."""

    process: asyncio.subprocess.Process
    texts: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    count: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        assert self.process.stdin is not None
        self.process.stdin.write(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))

    async def request(self, method: str, params: Any) -> Any:
        """Send a request and wait for its result; raises TimeoutError after `STUCK_S`."""
        self.count += 1
        number = self.count
        future = self.waiting[number] = asyncio.get_running_loop().create_future()
        self.send({"id": number, "method": method, "params": params})
        try:
            return await asyncio.wait_for(future, STUCK_S)
        finally:
            self.waiting.pop(number, None)

    async def read(self) -> None:
        """Take what the server says, until it ends."""
        assert self.process.stdout is not None
        frames = FrameReader()
        while data := await self.process.stdout.read(1 << 16):
            for body in frames.push(data):
                self.take(json.loads(body))

    def take(self, message: dict[str, Any]) -> None:
        """Take one message."""
        if "method" not in message:
            future = self.waiting.get(message["id"])
            if future is not None and not future.done():
                if "error" in message:
                    self.problems[f"JSON-RPC error: {message['error'].get('message')}"] += 1
                    future.set_result({"status": "error"})
                else:
                    future.set_result(message["result"])
            return
        if message["method"] == "workspace/applyEdit":
            self.apply(message["params"]["edit"])
            self.send({"id": message["id"], "result": {"applied": True}})
        elif "id" in message:
            self.send({"id": message["id"], "result": None})

    def apply(self, edit: dict[str, Any]) -> None:
        """Make a workspace edit, and report the changes."""
        for change in edit["documentChanges"]:
            uri = change["textDocument"]["uri"]
            lines = self.texts[uri].split("\n")
            starts = [0]
            for line in lines:
                starts.append(starts[-1] + len(line) + 1)
            text, changes = self.texts[uri], []
            for part in sorted(
                change["edits"], key=lambda part: starts[part["range"]["start"]["line"]], reverse=True
            ):
                start, end = (
                    starts[place["line"]] + place["character"]
                    for place in (part["range"]["start"], part["range"]["end"])
                )
                text = text[:start] + part["newText"] + text[end:]
                changes.append({"range": part["range"], "text": part["newText"]})
            self.change(uri, text, changes)

    def open(self, uri: str, text: str) -> None:
        """Open a document."""
        self.texts[uri], self.versions[uri] = text, 1
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})

    def change(self, uri: str, text: str, changes: list[dict[str, Any]]) -> None:
        """Give a document another text, and report the changes that lead there."""
        self.texts[uri] = text
        self.versions[uri] += 1
        identifier = {"uri": uri, "version": self.versions[uri]}
        params = {"textDocument": identifier, "contentChanges": changes}
        self.send({"method": "textDocument/didChange", "params": params})


@dataclass
class Tally:
    """What happened so far."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong_texts: int = 0
    memory_mb: list[float] = field(default_factory=list)
    descriptors: list[tuple[int, int]] = field(default_factory=list)  # edits so far, and open descriptors
    stuck: int = 0


@dataclass(frozen=True)
class Document:
    """One document that is edited: its name, its number, and the dice for what happens to it."""

    uri: str
    number: int
    draw: random.Random


@dataclass(frozen=True)
class Plan:
    """How long the edits go on: until `end` on the monotonic clock, and until `changed` of them have succeeded."""

    end: float
    changed: int
    cancels: float

    def is_over(self, tally: Tally) -> bool:
        """Whether no further edit is to be asked for."""
        return time.monotonic() >= self.end and tally.statuses["changed"] >= self.changed


async def edit_repeatedly(client: Client, document: Document, tally: Tally, plan: Plan) -> None:
    """Rename in one document and back again, and cancel a share of these edits while they run."""
    uri, number, draw = document.uri, document.number, document.draw
    names = NAMES
    pristine = {name: source(number).replace(NAMES[0], name) for name in NAMES}
    while not plan.is_over(tally):
        old, new = names
        argument = {"uri": uri, "instruction": f"rename {old} to {new}", "mode": "apply"}
        params: dict[str, Any] = {"command": "editsvc.edit", "arguments": [argument]}
        token = None
        if draw.random() < plan.cancels:
            token = params["workDoneToken"] = f"{uri}-{tally.statuses.total()}-{draw.random()}"
        asking = asyncio.create_task(client.request("workspace/executeCommand", params))
        if token is not None:
            await asyncio.sleep(draw.random() * 0.5)
            client.send({"method": "window/workDoneProgress/cancel", "params": {"token": token}})
        try:
            answer = await asking
        except TimeoutError:
            tally.stuck += 1
            return
        tally.statuses[answer["status"]] += 1
        if answer["status"] == "changed":
            names = new, old
        if client.texts[uri] != pristine[names[0]]:
            there = client.texts[uri] == pristine[names[1]]
            found = "is that of the edit's other side" if there else "is neither"
            client.problems[f"after an edit that ended as {answer['status']} the text {found}"] += 1
            tally.wrong_texts += 1
            return
        await asyncio.sleep(draw.random() * 0.6)


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def descriptors(pid: int) -> int:
    """Open file descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def connections(pid: int) -> int:
    """Established TCP connections of a process."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            link = str(entry.readlink())
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().split("\n")[1:] if line]
    return sum(row[3] == "01" and row[9] in inodes for row in rows)


@asynccontextmanager
async def emulator(rate: float, seed: int) -> AsyncIterator[str]:
    """An emulator as a process, whose requests go wrong at `rate`; yields its address."""
    faults = [part for fault in FAULTS for part in ("--fault", fault)]
    command = [
        *(sys.executable, "-m", "editsvc", "emulate", "--offline", "--speed", "2500", "--ttft", "0.05"),
        *("--fault-rate", str(rate), "--seed", str(seed), *faults),
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().removeprefix("listening on ").strip()
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def language_server(address: str, folder: Path) -> AsyncIterator[Client]:
    """A language server as a process, and a client that has said hello."""
    (folder / "config.toml").touch()
    environ = os.environ | {
        "CEREBRAS_API_KEY": "soak",
        "CEREBRAS_BASE_URL": address,
        "EDITSVC_DATA_DIR": str(folder / "data"),
        "EDITSVC_CONFIG": str(folder / "config.toml"),
        "EDITSVC_READ_TIMEOUT_S": "2",
    }
    pipe = asyncio.subprocess.PIPE
    code = "import sys; from lsp import main; sys.exit(main())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=pipe, stdout=pipe, env=environ
    )
    client = Client(process)
    reading = asyncio.create_task(client.read())
    try:
        capabilities = {
            "general": {"positionEncodings": ["utf-32"]},
            "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
            "window": {"workDoneProgress": True},
        }
        await client.request("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        client.send({"method": "initialized", "params": {}})
        yield client
        await client.request("shutdown", None)
        client.send({"method": "exit"})
        await asyncio.wait_for(process.wait(), STUCK_S)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        await reading


async def soak(
    minutes: float, edits: int, rate: float, cancels: float, seed: int, *, changed: int = 0
) -> dict[str, Any]:
    """The whole run."""
    tally, seconds = Tally(), minutes * 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with emulator(rate, seed) as address, language_server(address, folder) as client:
            pid = client.process.pid
            uris = [f"file:///soak/file_{number}.py" for number in range(edits)]
            for number, uri in enumerate(uris):
                client.open(uri, source(number))
            plan = Plan(time.monotonic() + seconds, changed, cancels)
            running = [
                asyncio.create_task(
                    edit_repeatedly(
                        client, Document(uri, number, random.Random(f"{seed}:{number}")), tally, plan
                    )
                )
                for number, uri in enumerate(uris)
            ]
            watching = asyncio.create_task(watch(pid, tally, seconds))
            await asyncio.gather(*running)
            watching.cancel()
            quiet = await settled(pid, tally)
        records = logged(folder / "data")
    return verdict(tally, records, quiet, client, minutes=minutes, edits=edits, rate=rate)


async def settled(pid: int, tally: Tally) -> dict[str, int]:
    """What stays open when nothing runs: closing abandoned streams and writing records takes a while."""
    give_up = time.monotonic() + STUCK_S
    while True:
        await asyncio.sleep(1)
        quiet = {"connections": connections(pid), "descriptors": descriptors(pid)}
        if nothing_leaked(quiet, tally) or time.monotonic() > give_up:
            return quiet


def nothing_leaked(quiet: dict[str, int], tally: Tally) -> bool:
    """Whether only idle connections are left, and no more descriptors than in the first half of the edits."""
    return quiet["connections"] <= KEPT_CONNECTIONS and quiet["descriptors"] <= early_descriptors(tally)


def early_descriptors(tally: Tally) -> int:
    """The most descriptors open at once in the first half of the edits."""
    half = tally.statuses.total() / 2
    return max((count for edits, count in tally.descriptors if edits <= half), default=0)


async def watch(pid: int, tally: Tally, seconds: float) -> None:
    """Look at the process every second, and say every ten what there is."""
    begun = last = time.monotonic()
    while True:
        await asyncio.sleep(min(1.0, seconds / 60))
        tally.memory_mb.append(memory_mb(pid))
        tally.descriptors.append((tally.statuses.total(), descriptors(pid)))
        if time.monotonic() - last >= 10:
            last = time.monotonic()
            print(
                f"{last - begun:6.0f} s  {tally.statuses.total():6} edits  {tally.memory_mb[-1]:6.1f} MB  "
                f"{tally.descriptors[-1][1]:3} descriptors",
                file=sys.stderr,
                flush=True,
            )


def logged(data: Path) -> list[dict[str, Any]]:
    """All records of the log."""
    with TokenLog(data / LOG_FILE) as log:
        return list(log.export())


def verdict(
    tally: Tally, records: list[dict[str, Any]], quiet: dict[str, int], client: Client, **asked: Any
) -> dict[str, Any]:
    """Everything that was found, and whether it is as it should be."""
    tenth = max(1, len(tally.memory_mb) // 10)
    early, late = (
        statistics.median(part or [0.0])
        for part in (tally.memory_mb[tenth : 2 * tenth], tally.memory_mb[-tenth:])
    )
    in_log = Counter(record["status"] for record in records)
    routes = Counter(
        attempt["why"] for record in records for attempt in record["route"] or () if attempt["why"] != "first"
    )
    answered = {status: count for status, count in tally.statuses.items() if status in LOGGED}
    checks = {
        "memory flat within 5 %": late <= early * 1.05,
        "no record lost": len(records) == len({record["id"] for record in records}) == sum(answered.values()),
        "no edit stuck": not tally.stuck,
        "no wrong text": not tally.wrong_texts,
        "no error of the protocol": not client.problems,
        "no connection leaked": quiet["connections"] <= KEPT_CONNECTIONS,
        "no descriptor leaked": quiet["descriptors"] <= early_descriptors(tally),
    }
    return {
        "schema": 1,
        **asked,
        "edits_made": tally.statuses.total(),
        "answers": dict(tally.statuses),
        "records": dict(in_log),
        "asked_again": dict(routes),
        "memory_mb": {"second_tenth": round(early, 1), "last_tenth": round(late, 1)},
        "quiet": quiet,
        "problems": dict(client.problems),
        "checks": checks,
        "passed": all(checks.values()),
    }


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--edits", type=int, default=20, help="how many documents are edited at once")
    parser.add_argument("--faults", type=float, default=0.1, help="the share of requests that go wrong")
    parser.add_argument("--cancels", type=float, default=0.03, help="the share of edits that are taken back")
    parser.add_argument("--changed", type=int, default=0, help="go on until so many edits have succeeded")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    found = asyncio.run(
        soak(asked.minutes, asked.edits, asked.faults, asked.cancels, asked.seed, changed=asked.changed)
    )
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            if name != "checks":
                print(f"{name}: {value}")
        for name, held in found["checks"].items():
            print(f"{'ok' if held else 'PROBLEM':8} {name}")
    return 0 if found["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
