"""Sessions of the language server in this process, an emulator to answer, and clients that are editors."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from lsp_session import Session, opened_session, write_cases

from editsvc.emulator import Emulator, EmulatorOptions


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return write_cases(tmp_path)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Starts a session, as `opened_session` does: ``await start(profile, speed=…, options=…)``."""
    async with AsyncExitStack() as stack:

        async def begin(*args: Any, **options: Any) -> Session:
            return await stack.enter_async_context(opened_session(tmp_path, *args, **options))

        yield begin


@pytest.fixture
async def slow_emulator(cases: Path) -> AsyncIterator[str]:
    """The address of an emulator that echoes, very slowly."""
    async with Emulator(EmulatorOptions(echo=True, speed=2.0)) as emulator:
        yield emulator.base_url
