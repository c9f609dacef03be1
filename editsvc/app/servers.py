"""The servers that the settings name, as a chain of providers."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.errors import SettingsError
from editsvc.provider import models
from editsvc.provider.breaker import Breaker
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.chain import Chain
from editsvc.provider.health import HealthFile
from editsvc.provider.lessons_file import LessonsFile
from editsvc.provider.limits import Limits
from editsvc.provider.limits_file import LimitsFile
from editsvc.provider.presence import Presence
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams
from editsvc.settings import environment
from editsvc.settings.servers import servers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from editsvc.prediction.policy import Cell
    from editsvc.provider.lessons import Lessons
    from editsvc.settings.environment import ApiKey
    from editsvc.settings.schema import ArmTable, Settings
    from editsvc.settings.servers import Server
    from editsvc.tuning.objective import PriceOf

# The SDK insists on a key; a server of one's own often has none.
_NO_KEY: Final = "none"


@dataclass(frozen=True, slots=True)
class Asked:
    """A server that edits may be sent to, with its key if it has one."""

    server: Server
    key: ApiKey | None

    @property
    def name(self) -> str:
        """The server's name in results and in the log."""
        return self.server.name

    @property
    def origin(self) -> str:
        """What the server is known by."""
        return self.server.origin

    @property
    def model(self) -> str:
        """Its model; "" where nobody has said which."""
        return self.server.model or ""


def configured(settings: Settings, environ: Mapping[str, str] | None = None) -> list[Asked]:
    """The servers that edits are sent to, in their order: those that have a key, or need none.

    Raises SettingsError for a key command that fails.
    """
    found = []
    for server in servers(settings):
        key = environment.key_of(server, settings, environ)
        if key is not None or not server.needs_key:
            found.append(Asked(server, key))
    return found


def health_file(settings: Settings) -> HealthFile:
    """What is known about servers, on the clock of this process."""
    return HealthFile(environment.data_dir(settings), clock=time.monotonic, wall=time.time)


def limits_file(settings: Settings) -> LimitsFile:
    """What servers were found to take, on the clock of this process."""
    return LimitsFile(environment.data_dir(settings), clock=time.monotonic, wall=time.time)


def lessons_file(settings: Settings) -> LessonsFile:
    """What servers turned out to do."""
    return LessonsFile(environment.data_dir(settings), wall=time.time)


async def with_models(settings: Settings, asked: Sequence[Asked]) -> list[Asked]:
    """The same servers, each with a model: of one that nobody named, the first that the server lists.

    A server that cannot be asked keeps the name in the setting `model`: whatever is wrong shows when it is needed.
    """
    found = []
    for one in asked:
        model = one.server.model
        if model is None:
            there = provider(settings, one)
            try:
                listed = await there.models()
            except Exception:  # noqa: BLE001 - the first request meets it too, and says so
                listed = []
            finally:
                there.close()
            model = listed[0] if listed else settings.model
        found.append(Asked(one.server.with_model(model), one.key))
    return found


def for_the_first(
    settings: Settings, table: dict[str, models.Model], first: Asked
) -> tuple[Settings, dict[str, models.Model]]:
    """The settings and the model table for requests to `first`: its model, and what that takes there."""
    name = first.model or settings.model
    row = first.server.with_model(name).row(table)
    return msgspec.structs.replace(settings, model=name), {**table, name: row}


def in_arm(name: str, arm: ArmTable, asked: Sequence[Asked]) -> list[Asked]:
    """The servers of a named arm, of those that edits may be sent to; raises SettingsError for one that cannot be."""
    found = list(asked)
    if arm.servers is not None:
        known = {one.name: one for one in asked}
        missing = next((server for server in arm.servers if server not in known), None)
        if missing is not None:
            raise SettingsError(
                f"The arm {name} asks the server {missing}, which has no key.",
                hint=f"Give it one, or remove [arms.{name}].",
            )
        found = [known[server] for server in arm.servers]
    if arm.model is not None:
        found[0] = Asked(found[0].server.with_model(arm.model), found[0].key)
    return found


def price_of(settings: Settings) -> PriceOf:
    """What output costs at the servers of the settings; of another server, what the table of models says."""
    from editsvc.tuning.objective import listed  # noqa: PLC0415 - most processes judge nothing

    table = models.table(settings.models)
    named = {one.name: one for one in servers(settings)}
    elsewhere = listed(table)

    def price(cell: Cell) -> float | None:
        server = named.get(cell.provider or "")
        if server is not None:
            return server.with_model(cell.model).row(table).usd_per_million_output
        return elsewhere(cell)

    return price


def rows(table: Mapping[str, models.Model], asked: Sequence[Asked]) -> dict[str, tuple[str, models.Model]]:
    """The model of each server, by the server's name, with what is known about it there."""
    return {one.name: (one.model, one.server.row(table)) for one in asked}


def provider(settings: Settings, asked: Asked, lessons: Lessons | None = None) -> CerebrasProvider:
    """The provider for a server."""
    server = asked.server
    waits = server.patience
    return CerebrasProvider(
        api_key=asked.key.value if asked.key else _NO_KEY,
        base_url=server.base_url,
        name=server.name,
        dialect=server.dialect,
        lessons=lessons,
        connect_timeout_s=waits.connect_s,
        read_timeout_s=waits.gap_s or settings.read_timeout_s or waits.assumed_gap_s,
    )


def chain_of(
    settings: Settings,
    table: Mapping[str, models.Model],
    asked: Sequence[Asked],
    *,
    remembered: bool = True,
) -> Chain:
    """The servers as a chain.

    What is learned about them is kept for `doctor` and for later processes, if `remembered`. What the breakers know
    counts from the start where there is more than one server, because only then is there somebody else to ask; what
    a server takes always does.
    """
    health, limits, lessons = health_file(settings), limits_file(settings), lessons_file(settings)
    upstreams, origins = [], {}
    for number, one in enumerate(asked):
        row, known = one.server.row(table), lessons.load(one.origin, kept=remembered)
        upstream = Upstream(
            provider(settings, one, known),
            model=one.model if number else None,
            predicts=False if row.prediction is False and number else None,
            reasons=not number or row.reasoning_effort,
            breaker=Breaker(health=health.load(one.origin) if len(asked) > 1 else None),
            limits=limits.load(one.origin) if remembered else Limits(),
            lessons=known,
            patience=one.server.patience,
            at_once=one.server.at_once,
        )
        upstreams.append(upstream)
        origins[upstream] = one.origin
    return Chain(
        Upstreams(
            upstreams,
            RetryPolicy(
                max_retries=settings.max_retries,
                longest_wait_s=settings.longest_wait_s,
                batch_wait_s=settings.batch_wait_s,
                hedge_after_s=settings.hedge_after_s,
            ),
            clock=time.monotonic,
            draw=random.random,
            presence=Presence(environment.data_dir(settings), wall=time.time) if remembered else None,
            changed=(lambda upstream: health.save(origins[upstream], upstream.breaker.health))
            if remembered
            else (lambda _: None),
            learned=(lambda upstream: limits.save(origins[upstream], upstream.limits))
            if remembered
            else (lambda _: None),
        )
    )
