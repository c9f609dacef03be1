"""How soon a client is told: the first hunk at once, everything after it in ticks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from editsvc.engine.edit import StreamUpdate
from editsvc.text.streaming_diff import Block
from lsp.editing.progress import StreamReporter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lsp.contract import StreamedHunk


@dataclass
class Client:
    """Keeps the ids of the hunks in each message, and the progress."""

    backlog: int = 0
    hunks: list[list[int]] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)

    def report(self, message: str, percentage: int) -> None:
        self.reports.append(message)

    def stream(self, seq: int, hunks: Sequence[StreamedHunk], reached: int, total: int) -> None:
        assert seq == len(self.hunks)
        self.hunks.append([hunk.id for hunk in hunks])


def update(line: int, *, changed: bool) -> StreamUpdate:
    lines = [f"line {number}\n" for number in range(line + 1)]
    return StreamUpdate(
        [Block(line, line + 1, line, line + 1, equal=not changed)], line + 1, 99, lines, lines
    )


async def test_the_first_hunk_is_sent_before_anything_is_waited_for() -> None:
    client = Client()
    reporter = StreamReporter(client, asyncio.get_running_loop(), stream=True)

    reporter.streamed(update(0, changed=False))
    assert client.hunks == []
    reporter.streamed(update(1, changed=True))
    assert client.hunks == [[0]]
    reporter.streamed(update(2, changed=True))
    assert client.hunks == [[0]]

    reporter.finish()
    assert client.hunks == [[0], [1]]


async def test_so_is_the_first_progress_of_a_client_that_draws_no_hunks() -> None:
    client = Client()
    reporter = StreamReporter(client, asyncio.get_running_loop(), stream=False)

    reporter.streamed(update(0, changed=True))
    reporter.streamed(update(1, changed=True))
    reporter.finish()

    assert client.reports == ["1/99 lines · 1 hunk · 0 % of the lines kept"]


async def test_a_reply_that_begins_anew_has_a_first_hunk_of_its_own() -> None:
    client = Client()
    reporter = StreamReporter(client, asyncio.get_running_loop(), stream=True)

    reporter.streamed(update(0, changed=True))
    client.hunks.clear()
    reporter.restarted()
    reporter.streamed(update(4, changed=True))
    reporter.finish()

    assert client.hunks[0] == [0]


async def test_a_client_that_reads_nothing_is_told_nothing() -> None:
    client = Client(backlog=1 << 30)
    reporter = StreamReporter(client, asyncio.get_running_loop(), stream=True)

    reporter.streamed(update(0, changed=True))

    assert client.hunks == []
    client.backlog = 0
    reporter.finish()
    assert client.hunks == [[0]]
