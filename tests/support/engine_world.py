"""An engine, an emulator and a log that is a list, in one process."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from patience import read_timeout_s

from editsvc.emulator import Emulator, EmulatorOptions
from editsvc.emulator.responder import Responder
from editsvc.engine.edit import StreamUpdate
from editsvc.engine.ports import Scorer
from editsvc.engine.service import EditService
from editsvc.errors import Status
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.chain import Chain
from editsvc.provider.models import Model
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams
from editsvc.settings.schema import Settings
from editsvc.tokenlog import LogUnavailable, RequestRecord

MODEL = Model(prediction=True, reasoning_effort=True, max_output_tokens=40_000)


@dataclass
class Memory:
    """A log that is a list."""

    records: list[RequestRecord] = field(default_factory=list)
    broken: bool = False

    def append(self, record: RequestRecord) -> None:
        if self.broken:
            raise LogUnavailable("The disk is full.")
        self.records.append(record)

    def set_outcome(self, record_id: str, status: Status, error: str | None) -> None:
        for number, record in enumerate(self.records):
            if record.id == record_id:
                self.records[number] = replace(record, status=status, error=error)

    def digest(self, path: str) -> str:
        return f"{hash(path) & (1 << 127):032x}"


class Told(set[str]):
    def first_time(self, key: str) -> bool:
        new = key not in self
        self.add(key)
        return new


@dataclass
class Watcher:
    """A front end that keeps everything it is shown."""

    updates: list[StreamUpdate] = field(default_factory=list)
    restarts: int = 0
    locates: int = 0
    begins: int = 0
    holds: list[float | None] = field(default_factory=list)
    follows: bool = True

    def restarted(self) -> None:
        self.restarts += 1
        self.updates.clear()

    def streamed(self, update: StreamUpdate) -> None:
        self.updates.append(update)

    def released(self) -> None:
        pass

    def begun(self) -> None:
        self.begins += 1

    def locating(self) -> None:
        self.locates += 1

    def held(self, seconds: float | None) -> None:
        self.holds.append(seconds)


@dataclass
class World:
    service: EditService
    log: Memory
    emulator: Emulator


@asynccontextmanager
async def world(
    tmp_path: Path,
    cases: Sequence[dict[str, str]],
    *,
    settings: dict[str, Any] | None = None,
    model: Model = MODEL,
    scorer: Scorer | None = None,
    max_retries: int = 0,
    log: Memory | None = None,
    responder: Responder | None = None,
    **options: Any,
) -> AsyncIterator[World]:
    """An engine whose model knows `cases`, or is `responder`; further options are the emulator's."""
    script = tmp_path / "cases.jsonl"
    script.write_text("".join(json.dumps(case) + "\n" for case in cases))
    async with Emulator(EmulatorOptions(script=script, **options), responder=responder) as emulator:
        timeout_s = read_timeout_s(*options.get("faults", ()))
        provider = CerebrasProvider(api_key="x", base_url=emulator.base_url, read_timeout_s=timeout_s)
        log, counter = log or Memory(), itertools.count(1)
        service = EditService(
            provider=Chain(
                Upstreams(
                    [Upstream(provider)],
                    RetryPolicy(max_retries=max_retries),
                    clock=asyncio.get_running_loop().time,
                )
            ),
            settings=msgspec.convert(settings or {}, Settings),
            models={"gpt-oss-120b": model},
            recorder=log,
            shown_once=Told(),
            clock=asyncio.get_running_loop().time,
            now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            new_id=lambda: f"edit-{next(counter)}",
            scorer=scorer,
        )
        yield World(service, log, emulator)
        provider.close()
