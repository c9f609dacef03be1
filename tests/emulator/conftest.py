"""An emulator that runs on this machine, and the real SDK to talk to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from editsvc.emulator import EmulatorOptions
from editsvc.emulator.server import Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from typing import Any

    from cerebras.cloud.sdk import AsyncCerebras, Cerebras

FILE = "".join(f"def function_{i}(value):\n    return value + {i}\n\n\n" for i in range(20))


@pytest.fixture
def source() -> str:
    """A file of 80 lines."""
    return FILE


@pytest.fixture
def echo_body(source: str) -> Callable[..., dict[str, Any]]:
    """A request to rewrite the file, as somebody else's program might put it."""

    def build(**changes: Any) -> dict[str, Any]:
        messages = [
            {"role": "user", "content": "Leave it as it is."},
            {"role": "user", "content": source},
        ]
        return {"model": "gpt-oss-120b", "messages": messages, **changes}

    return build


@pytest.fixture
def emulated() -> Callable[..., AbstractAsyncContextManager[Emulator]]:
    """Starts an emulator; it echoes if nothing else is said."""

    @asynccontextmanager
    async def start(responder: Any = None, **options: Any) -> AsyncIterator[Emulator]:
        if responder is None and not {"script", "offline"} & options.keys():
            options["echo"] = True
        async with Emulator(EmulatorOptions(**options), responder=responder) as emulator:
            yield emulator

    return start


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client without an opinion about the API."""
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


@pytest.fixture
def async_sdk() -> Callable[..., AbstractAsyncContextManager[AsyncCerebras]]:
    """The SDK's asynchronous client, which neither warms up nor tries again."""
    from cerebras.cloud.sdk import AsyncCerebras

    @asynccontextmanager
    async def connect(emulator: Emulator, **options: Any) -> AsyncIterator[AsyncCerebras]:
        defaults = {"api_key": "any", "max_retries": 0, "timeout": 60.0}
        async with AsyncCerebras(
            base_url=emulator.base_url, warm_tcp_connection=False, **{**defaults, **options}
        ) as client:
            yield client

    return connect


@pytest.fixture
def sync_sdk() -> Callable[..., Cerebras]:
    """The SDK's synchronous client; to be used in a thread, beside the emulator's loop."""
    from cerebras.cloud.sdk import Cerebras

    def connect(emulator: Emulator, **options: Any) -> Cerebras:
        defaults = {"api_key": "any", "max_retries": 0, "timeout": 60.0}
        return Cerebras(base_url=emulator.base_url, warm_tcp_connection=False, **{**defaults, **options})

    return connect
