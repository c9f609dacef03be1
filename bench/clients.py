"""The programs that are measured beside each other, each in a process of its own: ``python -m bench.clients NAME``.

A process takes tasks from its standard input, one JSON object a line, and answers each with a `Measured`. It stays,
so that neither starting nor loading is in a figure, and so that all take turns. What each does with a reply:

- editsvc: the whole edit, `EditService.edit` of a service as the front ends have it, with guard, diff and preview, the
  record in the log, and the scoring of predictions behind it; it is not done before the process is at rest again.
- cerebras, cerebras-async, openai: the SDK's own loop, which puts the pieces together, and nothing else.
- curl is started for each task, by whoever measures; it throws the reply away.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from editsvc.engine.service import EditService

_REST_S: Final = 0.3
_SCORED_WITHIN_S: Final = 60.0
_LOOKS_S: Final = 0.05
_LITTLE_S: Final = 0.001  # of processor time between two looks: nobody is at work
_TIMER_S: Final = 0.005
_DIGESTED: Final = 1 << 20
NEVER_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Task:
    """One edit to be made: the path of the document, and the digests of what it becomes, and of the reply.

    Texts of the measurement itself would count as memory.
    """

    base_url: str
    document: str
    after: str
    reply: str
    instruction: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """What one task took; times in seconds, `begun` and `ended` on the clock that all processes share.

    `peak` is the highest resident memory by the time of the result, in bytes; 0 where there is no ``/proc``.
    Of several edits at once, `walls` has how long each took, and `lags` how late a timer of 5 ms was on the event loop.
    """

    cpu_s: float
    wall_s: float
    begun: float
    ended: float
    peak: int = 0
    lags: tuple[float, ...] = ()
    walls: tuple[float, ...] = ()


class Client(Protocol):
    """Carries out tasks."""

    async def run(self, task: Task) -> None:
        """Raises if the outcome is not the expected one."""
        ...

    async def rest(self) -> None:
        """Wait until nothing of it goes on."""
        ...


class Editsvc:
    """The product."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._folder = tempfile.TemporaryDirectory()
        self._services: dict[str, EditService] = {}
        self._log: sqlite3.Connection | None = None

    async def run(self, task: Task) -> None:
        """One edit of the whole file."""
        from editsvc.engine.edit import EditRequest  # noqa: PLC0415 - the others are not to load it
        from editsvc.errors import Status  # noqa: PLC0415 - same
        from editsvc.scope.scopes import ScopeKind, ScopeRequest  # noqa: PLC0415 - same
        from editsvc.text.document import Snapshot  # noqa: PLC0415 - same
        from editsvc.tokenlog import Source  # noqa: PLC0415 - same

        service = await self._service(task.base_url)
        request = EditRequest(
            Snapshot(_read(task.document)),
            task.instruction,
            "module.py",
            Source.BENCH,
            path="module.py",
            scope=ScopeRequest(ScopeKind.FILE),
        )
        result = await service.edit(request, _Screen())
        if result.status is not Status.CHANGED or result.after is None:
            raise RuntimeError(f"The edit ended as {result.status}: {result.message}")
        if digest(result.after.text) != task.after:
            raise RuntimeError("The edit did not become what the reply says.")

    async def _service(self, base_url: str) -> EditService:
        if base_url not in self._services:
            from editsvc.app.composition import open_service  # noqa: PLC0415 - as above
            from editsvc.settings.schema import Settings  # noqa: PLC0415 - same

            settings = Settings(
                base_url=base_url,
                data_dir=self._folder.name,
                exploration=0.0,
                deadline_s=NEVER_S,
                models={"gpt-oss-120b": {"max_output_tokens": 50_000_000, "context_tokens": 100_000_000}},
            )
            environ = {"CEREBRAS_API_KEY": "csk-for-a-measurement"}
            opened = open_service(settings, offline=False, environ=environ)
            self._services[base_url] = await self._stack.enter_async_context(opened)
        return self._services[base_url]

    async def rest(self) -> None:
        """Wait for the log and the scores; on a busy machine a pause alone does not say that nothing is left to do."""
        gives_up = time.monotonic() + _SCORED_WITHIN_S
        await at_rest()
        while self._is_unscored() and time.monotonic() < gives_up:
            await at_rest()

    def scored(self) -> tuple[int, int]:
        """How many edits are in the log, and how many of them have scores."""
        if self._log is None:
            self._log = sqlite3.connect(Path(self._folder.name) / "log.db")
            self._stack.callback(self._log.close)
        found: tuple[int, int] = self._log.execute(
            "SELECT count(*), count(nullif(what_if, 'null')) FROM editsvc_requests"
        ).fetchone()
        return found

    def _is_unscored(self) -> bool:
        try:
            edits, scored = self.scored()
        except sqlite3.OperationalError:
            return True  # the log is not there yet
        return scored < edits


class _Screen:
    """A front end that follows the stream as an editor does, and draws nothing."""

    follows = True

    def __init__(self) -> None:
        self.latest: Any = None

    def restarted(self) -> None:
        raise RuntimeError("The request was sent again.")

    def streamed(self, update: Any) -> None:
        self.latest = update

    def held(self, seconds: float | None) -> None:
        raise RuntimeError(f"The request was held for {seconds} s.")

    def released(self) -> None:
        """It was not held."""

    def begun(self) -> None:
        """What counts is what is shown."""

    def locating(self) -> None:
        raise RuntimeError("The model was asked where.")


class Peer:
    """A loop over the stream of an SDK; subclasses make the client for a base URL."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    async def run(self, task: Task) -> None:
        """One completion, put together."""
        client = self._clients.get(task.base_url)
        if client is None:
            client = self._clients[task.base_url] = self.connect(task.base_url)
        document = _read(task.document)
        text = await self.loop(
            client,
            model="gpt-oss-120b",
            messages=[
                {"role": "system", "content": "You rewrite code exactly as instructed."},
                {
                    "role": "user",
                    "content": f"````python\n{document}````\n\nInstruction:\n{task.instruction}",
                },
            ],
            prediction={"type": "content", "content": f"````python\n{document}````\n"},
            stream=True,
        )
        if digest(text) != task.reply:
            raise RuntimeError("The reply is not what the server sent.")

    def connect(self, base_url: str) -> Any:
        """A client for `base_url`."""
        raise NotImplementedError

    async def loop(self, client: Any, **request: Any) -> str:
        """The reply; the loop that the SDK's documentation shows."""
        text = ""
        for chunk in client.chat.completions.create(**request):
            text += chunk.choices[0].delta.content or ""
        return text

    async def rest(self) -> None:
        """Nothing goes on behind it."""


class CerebrasSync(Peer):
    """The Cerebras SDK as it comes."""

    def connect(self, base_url: str) -> Any:
        """A client."""
        from cerebras.cloud.sdk import Cerebras  # noqa: PLC0415 - the others are not to load it

        return Cerebras(api_key="csk-x", base_url=base_url, warm_tcp_connection=False, timeout=NEVER_S)


class CerebrasAsync(Peer):
    """Its asynchronous client."""

    def connect(self, base_url: str) -> Any:
        """A client."""
        from cerebras.cloud.sdk import AsyncCerebras  # noqa: PLC0415 - as above

        return AsyncCerebras(api_key="csk-x", base_url=base_url, warm_tcp_connection=False, timeout=NEVER_S)

    async def loop(self, client: Any, **request: Any) -> str:
        """The reply."""
        text = ""
        async for chunk in await client.chat.completions.create(**request):
            text += chunk.choices[0].delta.content or ""
        return text


class OpenAi(Peer):
    """OpenAI's SDK as it comes."""

    def connect(self, base_url: str) -> Any:
        """A client."""
        from openai import OpenAI  # noqa: PLC0415 - as above

        return OpenAI(api_key="sk-x", base_url=f"{base_url}/v1", timeout=NEVER_S)


PEERS: Final[dict[str, Callable[[], Peer]]] = {
    "cerebras": CerebrasSync,
    "cerebras-async": CerebrasAsync,
    "openai": OpenAi,
}


class Process:
    """A client in a process of its own, while the context lasts."""

    def __init__(self, name: str, *, certificate: str) -> None:
        self._name = name
        self._certificate = certificate

    def __enter__(self) -> Self:
        environ = {**os.environ, "SSL_CERT_FILE": self._certificate}
        command = [sys.executable, "-m", "bench.clients", self._name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def run(self, task: Task) -> Measured:
        """Carry out `task`; raises RuntimeError if it does not end as expected."""
        return Measured(**self._ask(asdict(task)))

    def watched(self, task: Task) -> tuple[Measured, list[tuple[float, float]]]:
        """`run`, and what the process had used at moments meanwhile: seconds on both clocks."""
        clock = (~self._process.pid << 3) | 2  # clock_getcpuclockid(3), as Linux makes it
        used: list[tuple[float, float]] = []
        done = threading.Event()

        def look() -> None:
            while not done.wait(_LOOKS_S):
                used.append((time.monotonic(), time.clock_gettime(clock)))

        thread = threading.Thread(target=look)
        thread.start()
        try:
            return self.run(task), used
        finally:
            done.set()
            thread.join()

    def resident(self, name: str) -> int:
        """A figure of the process's memory; see `resident`."""
        return resident(name, self._process.pid)

    def forget_peak(self) -> None:
        """Let the peak begin anew."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5", "ascii")

    def scored(self) -> tuple[int, int]:
        """How many edits of editsvc were logged, and how many have scores."""
        first, second = self._ask("scored")
        return first, second

    def _ask(self, question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._name} ended.")
        found = json.loads(answer)
        if isinstance(found, str):
            raise RuntimeError(f"{self._name}: {found}")  # noqa: TRY004 - it is a sentence about what went wrong
        return found


def curl(task: Task, certificate: str, body: Path) -> Measured:
    """The same request sent, and its reply drained, by curl; its own time from request to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--fail", "--cacert", certificate, "--output", os.devnull),
            *(
                "--header",
                "Content-Type: application/json",
                "--header",
                "Expect:",
                "--data-binary",
                f"@{body}",
            ),
            *("--write-out", "%{time_total}", f"{task.base_url}/v1/chat/completions"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(cpu_s, float(done.stdout), begun, time.monotonic())


async def at_rest(quiet_s: float = _REST_S) -> None:
    """Wait until no thread of this process has worked for so long."""
    quiet_since, used = time.monotonic(), time.process_time()
    while time.monotonic() - quiet_since < quiet_s:
        await asyncio.sleep(_LOOKS_S)
        now = time.process_time()
        if now - used > _LITTLE_S:
            quiet_since = time.monotonic()
        used = now


def digest(text: str) -> str:
    """What two texts are told apart by, without a copy of either."""
    made = hashlib.sha256()
    for at in range(0, len(text), _DIGESTED):
        made.update(text[at : at + _DIGESTED].encode())
    return made.hexdigest()


def resident(name: str, pid: int | str = "self") -> int:
    """A figure of a process's memory, in bytes: "VmRSS" as it is, "VmHWM" at its peak; 0 where that is not said."""
    status = Path(f"/proc/{pid}/status")
    for line in status.read_text("ascii").split("\n") if status.exists() else ():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    return 0


def _read(path: str) -> str:
    return Path(path).read_text("utf-8")


async def _measured(client: Client, task: Task) -> Measured:
    used, begun = time.process_time(), time.monotonic()
    await client.run(task)
    ended, peak = time.monotonic(), resident("VmHWM")
    await client.rest()
    return Measured(time.process_time() - used, ended - begun, begun, ended, peak)


async def _many(client: Client, task: Task) -> Measured:
    lags: list[float] = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TIMER_S
            await asyncio.sleep(_TIMER_S)
            lags.append(loop.time() - due)

    async def one() -> float:
        begun = time.monotonic()
        await client.run(task)
        return time.monotonic() - begun

    used, begun = time.process_time(), time.monotonic()
    watcher = asyncio.create_task(watch())
    walls = await asyncio.gather(*(one() for _ in range(task.times)))
    ended, done = time.monotonic(), time.process_time()
    watcher.cancel()
    await client.rest()
    return Measured(done - used, ended - begun, begun, ended, 0, tuple(lags), tuple(walls))


async def serve(name: str) -> None:
    """Take tasks until there are no more."""
    async with AsyncExitStack() as stack:
        client: Any = Editsvc(stack) if name == "editsvc" else PEERS[name]()
        while line := await asyncio.to_thread(sys.stdin.readline):
            question = json.loads(line)
            try:
                if question == "scored":
                    answer: Any = client.scored()
                else:
                    task = Task(**question)
                    answer = asdict(await (_measured if task.times == 1 else _many)(client, task))
            except Exception as exc:  # noqa: BLE001 - whoever measures says it
                answer = f"{type(exc).__name__}: {exc}"
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
