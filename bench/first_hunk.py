"""From the first token of a reply to the first hunk that a client is told of: ``python -m bench.first_hunk [--json]``.

Wall time, on one clock, from the moment at which the server sent its first token, in a process of its own, until the
language server's first message about a hunk is handed over: a running service, one edit at a time, of a file whose
third line changes. The goal is 10 ms. At a pace, the lines that follow the hunk are waited for as well: it takes a few
of them to be certain where it ends.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from bench import rows
from bench.server import Reply, Server
from editsvc.engine.edit import EditRequest
from editsvc.engine.service import EditService
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.chain import Chain
from editsvc.provider.models import Model
from editsvc.provider.upstreams import Upstream, Upstreams
from editsvc.scope import scopes
from editsvc.settings.schema import Settings
from editsvc.text.document import Snapshot
from lsp.editing.progress import StreamReporter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lsp.contract import StreamedHunk

LINES: Final = 600
RATE: Final = 3_000
GOAL_MS: Final = 10
OLD: Final = "".join(f"value_{number} = compute({number})\n" for number in range(LINES))
NEW: Final = OLD.replace("value_2 = compute(2)", "value_2 = 2", 1)
MODEL: Final = Model(prediction=True, context_tokens=1_000_000, max_output_tokens=1_000_000)


class Client:
    """Notes when it is told of a hunk for the first time."""

    backlog = 0

    def __init__(self) -> None:
        self.told = 0.0

    def report(self, message: str, percentage: int) -> None:
        """Progress is no hunk."""

    def stream(self, seq: int, hunks: Sequence[StreamedHunk], reached: int, total: int) -> None:
        """Hunks, or none."""
        del seq, reached, total
        if hunks and not self.told:
            self.told = time.monotonic()


class Shown:
    """Everything was shown before."""

    def first_time(self, key: str) -> bool:
        """Never."""
        del key
        return False


def _service(base_url: str) -> tuple[EditService, Chain]:
    provider = CerebrasProvider(api_key="csk-x", base_url=base_url)
    chain = Chain(Upstreams([Upstream(provider)], clock=time.monotonic))
    service = EditService(
        provider=chain,
        settings=msgspec.convert({}, Settings),
        models={"gpt-oss-120b": MODEL},
        recorder=None,
        shown_once=Shown(),
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex,
    )
    return service, chain


async def _told(service: EditService) -> float:
    client = Client()
    reporter = StreamReporter(client, asyncio.get_running_loop(), stream=True)
    request = EditRequest(
        Snapshot(OLD, "file:///a.py", 1),
        "Let value_2 be 2.",
        "a.py",
        "bench",
        scope=scopes.ScopeRequest(scopes.ScopeKind.FILE),
    )
    result = await service.edit(request, reporter)
    reporter.finish()
    if not client.told:
        raise RuntimeError(f"No hunk was shown: {result.message}")
    return client.told


async def _turns(server: Server, rate: float, rounds: int) -> list[float]:
    service, chain = _service(server.base_url("http", "reply", rate=rate))
    found = []
    try:
        for _ in range(rounds + 1):
            told = await _told(service)
            (arrival,) = server.log()
            found.append(1000 * (told - arrival.token))
    finally:
        chain.close()
    return found[1:]  # what is loaded once was loaded by the first


def measure(rounds: int) -> Iterator[rows.Row]:
    """A row for a reply that comes at once, and one at a pace."""
    text = f"````python\n{NEW}````"
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    with Server({"reply": Reply(pieces)}) as server:
        for title, rate in (("at once", 0.0), (f"{RATE:,} tokens a second", RATE)):
            values = asyncio.run(_turns(server, rate, rounds))
            yield rows.alone(f"first token → first hunk, {title}", values, goal=GOAL_MS if not rate else None)


if __name__ == "__main__":
    rows.main(__doc__, measure)
