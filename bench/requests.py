"""What a request costs before it is sent: ``python -m bench.requests [--size 1000000] [--json]``.

Processor time from the call of `EditService.edit` until the bytes of the body are ready, beside a `json.dumps` of the
same body with an `httpx.Request` around it, in one process, interleaved, medians; the goal is 2. "first" is the first
edit of a document, "next" is one after a small change of it, "again" is one of the same text. The file goes along
twice, as the file and as its prediction, so a body is about twice its file. Below stands what the steps of a first
edit take, each by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import sysconfig
import tempfile
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from bench import rows
from bench.clients import Process, Task
from bench.server import Reply, Server
from bench.sizes import KINDS, a_file
from editsvc import syntax
from editsvc.engine.edit import EditRequest
from editsvc.engine.plan import Plan
from editsvc.engine.service import EditService
from editsvc.guard import secrets
from editsvc.instruction.intent import intent_of
from editsvc.prediction.policy import PredictionMode
from editsvc.provider import dialects
from editsvc.provider.base import Completion, CompletionRequest
from editsvc.provider.models import Model
from editsvc.provider.wire import encode_request
from editsvc.scope import scopes
from editsvc.settings.schema import Settings
from editsvc.text.document import Snapshot, normalise
from editsvc.tokens import estimate_from_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from editsvc.provider.base import Receiver

ROUNDS: Final = 9
DIALECT: Final = dialects.table()[dialects.CEREBRAS]
MODEL: Final = "large"
TABLE: Final = {MODEL: Model(prediction=True, context_tokens=20_000_000, max_output_tokens=20_000_000)}
SETTINGS: Final[dict[str, Any]] = {"model": MODEL, "locate": "off"}
INSTRUCTION: Final = "give up on a connection after 10 seconds"
LIBRARY: Final = "library"
"""Modules of Python's standard library, one after the other."""


class Encoded:
    """A `Completer` that makes the body, notes when it was ready, and ends the request there."""

    name = "bench"
    refuses_predictions = False

    def ignores_predictions(self, _: str) -> bool:
        """It takes what it gets."""
        return False

    def __init__(self) -> None:
        self.body = b""
        self.ready = 0.0

    def context_tokens(self, model: str) -> int | None:
        """Nothing was learned."""
        del model
        return None

    async def complete(self, request: CompletionRequest, receiver: Receiver) -> Completion:
        """A reply without content that broke off."""
        del receiver
        self.body = await asyncio.to_thread(encode_request, request, DIALECT)
        self.ready = time.process_time()
        return Completion(finish_reason=None)


class Nobody:
    """Who has been shown nothing."""

    def first_time(self, key: str) -> bool:
        """Whether to show it now."""
        del key
        return False


def a_service(encoded: Encoded) -> EditService:
    """A service that remembers nothing yet."""
    return EditService(
        provider=encoded,
        settings=msgspec.convert(SETTINGS, Settings),
        models=TABLE,
        recorder=None,
        shown_once=Nobody(),
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex,
    )


def a_text(kind: str, size: int) -> tuple[str, str]:
    """The name and the text of a file of that kind, of about so many characters."""
    if kind != LIBRARY:
        name, _ = KINDS[kind]
        text = a_file(kind, "5m" if size > 1_000_000 else "1m")
        return name, text[: text.rfind("\n", 0, size) + 1 or size]
    parts: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        parts.append(path.read_text("utf-8", "replace"))
        if sum(map(len, parts)) >= size:
            break
    text = "".join(parts)
    return "library.py", text[: text.rfind("\n", 0, size) + 1]


async def _edit(service: EditService, name: str, text: str, scope: scopes.ScopeKind) -> None:
    request = EditRequest(
        Snapshot(text, 1, f"file:///{name}"),
        INSTRUCTION,
        name,
        "bench",
        scope=scopes.ScopeRequest(scope),
        prediction=PredictionMode.ON,
    )
    await service.edit(request)


def timed(
    name: str, text: str, scope: scopes.ScopeKind, rounds: int = ROUNDS
) -> tuple[dict[str, list[float]], bytes]:
    """Milliseconds of each way to a body in each round, and the body."""
    times: dict[str, list[float]] = {title: [] for title in ("base", "first", "next", "again")}
    middle = text.index("\n", len(text) // 2) + 1 if "\n" in text[len(text) // 2 :] else len(text) // 2
    encoded = Encoded()

    async def take_turns() -> None:
        for number in range(rounds + 1):
            service = a_service(encoded)
            changed = f"{text[:middle]}x = {number}\n{text[middle:]}"
            for title, document in (("first", text), ("next", changed), ("again", changed)):
                started = time.process_time()
                await _edit(service, name, document, scope)
                times[title].append(1000 * (encoded.ready - started))
            body = json.loads(encoded.body)
            started = time.process_time()
            content = json.dumps(body).encode()
            httpx.Request("POST", "http://localhost/v1/chat/completions", content=content)
            times["base"].append(1000 * (time.process_time() - started))

    asyncio.run(take_turns())
    # The first round loads and compiles what is needed once.
    return {title: values[1:] for title, values in times.items()}, encoded.body


def measured(name: str, text: str, scope: scopes.ScopeKind) -> dict[str, Any]:
    """Milliseconds of each way to a body, and the steps."""
    times, body = timed(name, text, scope)
    found = {title: median(values) for title, values in times.items()}
    steps = {title: _cpu(call) for title, call in _steps(name, text, scope)}
    return {"ms": found, "body": len(body), "steps": steps}


def measure(rounds: int) -> Iterator[rows.Row]:
    """The rows of the table of results."""
    kinds = (LIBRARY,) if rows.is_short() else (LIBRARY, "json", "prose")
    for kind in kinds:
        name, text = a_text(kind, 200_000 if rows.is_short() else 1_000_000)
        for scope in (scopes.ScopeKind.FILE, scopes.ScopeKind.AUTO):
            times, body = timed(name, text, scope, rounds)
            for title in ("first", "next", "again"):
                yield rows.compared(
                    f"request for {kind}, {len(text) / 1e6:.1g} MB, scope {scope}, {title}",
                    "json.dumps and httpx",
                    times[title],
                    times["base"],
                    goal=2,
                )
            if scope is scopes.ScopeKind.FILE:
                plain = len(body) / 1e6
                yield rows.compared(
                    f"bytes on the wire for {kind}, {len(text) / 1e6:.1g} MB, scope {scope}",
                    "the body as it is",
                    [on_the_wire(text) / 1e6],
                    [plain],
                    unit="MB",
                    goal=0.35,
                )


def on_the_wire(text: str) -> int:
    """How many bytes of a body a server gets that takes all encodings, for an edit of the whole of `text`."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Server({"a": Reply(["I cannot."])}) as server,
        Process("editsvc", certificate=server.certificate) as process,
    ):
        document = Path(folder) / "document"
        document.write_text(text, "utf-8")
        task = Task(server.base_url("http", "a"), str(document), "", "", INSTRUCTION)
        # The edit fails: its request is what counts.
        with suppress(RuntimeError):
            process.run(task)
        return server.log()[0].size


def _cpu(call: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        started = time.process_time()
        call()
        times.append(1000 * (time.process_time() - started))
    return median(times)


def _steps(name: str, text: str, kind: scopes.ScopeKind) -> Iterator[tuple[str, Callable[[], object]]]:
    language = syntax.language_of(name, text.partition("\n")[0])
    scope = scopes.choose(scopes.ScopeRequest(kind), text, language)
    plan = Plan(text, language, INSTRUCTION, intent_of(INSTRUCTION), name, scope)
    rendered = plan.rendered()
    asked = CompletionRequest(
        MODEL, rendered.messages, 4_000_000, prediction=rendered.candidates[0].text, prompt_tokens=1
    )
    yield "normalise", lambda: normalise(text)
    yield "secrets", lambda: secrets.find(text)
    yield "scope", lambda: scopes.choose(scopes.ScopeRequest(kind), text, language)
    yield "tokens", lambda: estimate_from_text(text)
    yield "rendered", plan.rendered
    yield "encode", lambda: encode_request(asked, DIALECT)
    body = encode_request(asked, DIALECT)
    from editsvc.provider.compression import compressed  # noqa: PLC0415 - an earlier version has none

    yield "compress", lambda: compressed(body)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1_000_000, help="of the file, in characters")
    parser.add_argument("--kinds", default=f"{LIBRARY},python,constants,json,prose,minified")
    parser.add_argument("--scopes", default="file,auto")
    parser.add_argument("--json", action="store_true", help="a line for each file instead of a table")
    options = parser.parse_args()
    for kind in options.kinds.split(","):
        name, text = a_text(kind, options.size)
        for scope in map(scopes.ScopeKind, options.scopes.split(",")):
            found = {"kind": kind, "scope": scope, "characters": len(text), **measured(name, text, scope)}
            print(json.dumps(found) if options.json else _shown(found), flush=True)


def _shown(found: dict[str, Any]) -> str:
    base = found["ms"]["base"]
    ratios = ", ".join(
        f"{title} {found['ms'][title] / base:.2f} ({found['ms'][title]:.1f} ms)"
        for title in ("first", "next", "again")
    )
    steps = ", ".join(f"{title} {milliseconds:.1f}" for title, milliseconds in found["steps"].items())
    head = f"{found['kind']}, scope {found['scope']}: {found['characters']:,} characters, body {found['body']:,} bytes"
    return f"{head}\n  of json.dumps and httpx ({base:.1f} ms): {ratios}\n  steps, ms: {steps}"


if __name__ == "__main__":
    sys.exit(main())
