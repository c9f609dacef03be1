"""The servers that the settings name, as a chain of providers."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from editsvc.provider import models
from editsvc.provider.breaker import Breaker
from editsvc.provider.cerebras import CerebrasProvider
from editsvc.provider.chain import Chain
from editsvc.provider.health import HealthFile
from editsvc.provider.limits import Limits
from editsvc.provider.limits_file import LimitsFile
from editsvc.provider.presence import Presence
from editsvc.provider.upstreams import RetryPolicy, Upstream, Upstreams
from editsvc.settings import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from editsvc.settings.environment import ApiKey
    from editsvc.settings.schema import Settings

FALLBACK: Final = "fallback"
# The SDK insists on a key; a server of one's own often has none.
_NO_KEY: Final = "none"


class Server(msgspec.Struct, frozen=True):
    """One server as it is configured; a fallback has a `prediction` of its own, and may need no key."""

    name: str
    base_url: str
    model: str
    key: ApiKey | None
    prediction: bool | None = None

    @property
    def fallback(self) -> bool:
        """Whether it is the second one."""
        return self.name == FALLBACK

    @property
    def origin(self) -> str:
        """Scheme, host and port: what the server is known by."""
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"


def configured(settings: Settings, environ: Mapping[str, str] | None = None) -> list[Server]:
    """The servers that edits are sent to, in their order; none without a key and a fallback.

    Raises SettingsError for a key command that fails.
    """
    servers = []
    key = environment.api_key(settings, environ)
    if key is not None:
        servers.append(Server("cerebras", settings.base_url, settings.model, key))
    if settings.fallback_base_url and settings.fallback_model:
        second = environment.fallback_api_key(settings, environ)
        servers.append(
            Server(
                FALLBACK,
                settings.fallback_base_url,
                settings.fallback_model,
                second,
                settings.fallback_prediction,
            )
        )
    return servers


def health_file(settings: Settings) -> HealthFile:
    """What is known about servers, on the clock of this process."""
    return HealthFile(environment.data_dir(settings), clock=time.monotonic, wall=time.time)


def limits_file(settings: Settings) -> LimitsFile:
    """What servers were found to take, on the clock of this process."""
    return LimitsFile(environment.data_dir(settings), clock=time.monotonic, wall=time.time)


def for_the_first(
    settings: Settings, table: dict[str, models.Model], first: Server
) -> tuple[Settings, dict[str, models.Model]]:
    """The settings and the model table for requests to `first`, which may be the fallback alone."""
    if not first.fallback:
        return settings, table
    row = msgspec.structs.replace(
        table.get(first.model, models.UNKNOWN), prediction=first.prediction, known=True
    )
    return msgspec.structs.replace(settings, model=first.model), {**table, first.model: row}


def provider(settings: Settings, server: Server) -> CerebrasProvider:
    """The provider for `server`."""
    return CerebrasProvider(
        api_key=server.key.value if server.key else _NO_KEY,
        base_url=server.base_url,
        name=server.name,
        compatible=server.fallback,
        connect_timeout_s=settings.connect_timeout_s,
        read_timeout_s=settings.read_timeout_s,
    )


def chain_of(
    settings: Settings,
    table: Mapping[str, models.Model],
    servers: Sequence[Server],
    *,
    remembered: bool = True,
) -> Chain:
    """The servers as a chain.

    What is learned about them is kept for `doctor` and for later processes, if `remembered`. What the breakers know
    counts from the start where there is more than one server, because only then is there somebody else to ask; what
    a server takes always does.
    """
    health, limits = health_file(settings), limits_file(settings)
    upstreams, origins = [], {}
    for number, server in enumerate(servers):
        upstream = Upstream(
            provider(settings, server),
            model=server.model if number else None,
            predicts=server.prediction,
            reasons=not number or table.get(server.model, models.UNKNOWN).reasoning_effort,
            breaker=Breaker(health=health.load(server.origin) if len(servers) > 1 else None),
            limits=limits.load(server.origin) if remembered else Limits(),
        )
        upstreams.append(upstream)
        origins[upstream] = server.origin
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
