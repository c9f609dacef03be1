"""What the tests of all editors start from: an emulator that answers, and folders that are nobody's home."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from nvim_desk import desk, model, reviewing

from editsvc.emulator import Emulator, EmulatorOptions

__all__ = ["desk", "model", "reviewing"]
"""Of the plugin for Neovim."""


@contextmanager
def emulating(options: EmulatorOptions) -> Iterator[Emulator]:
    """An emulator on a loop of its own: an editor's test waits for another process, and blocks meanwhile."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="emulator")
    thread.start()
    emulator = Emulator(options)
    try:
        yield asyncio.run_coroutine_threadsafe(emulator.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(emulator.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def emulate() -> Iterator[Callable[..., Emulator]]:
    """Starts an emulator with the given options."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(emulating(EmulatorOptions(**options)))


@pytest.fixture
def xdg(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has just got this computer: empty folders, no key, no settings."""
    home = tmp_path / "home"
    names = {
        "HOME": ".",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_STATE_HOME": "state",
        "XDG_CACHE_HOME": "cache",
        "XDG_RUNTIME_DIR": "run",
        "EDITSVC_DATA_DIR": "editsvc",
    }
    for folder in names.values():
        (home / folder).mkdir(parents=True, exist_ok=True)
    settings = home / "config" / "editsvc.toml"
    settings.touch()
    return {
        **{name: str(home / folder) for name, folder in names.items()},
        "CEREBRAS_API_KEY": "",
        "EDITSVC_EXPLORATION": "0",
        "EDITSVC_CONFIG": str(settings),
    }


@pytest.fixture
def write_cases(tmp_path: Path) -> Callable[[list[dict[str, Any]]], Path]:
    """Writes a script for the emulator."""

    def write(cases: list[dict[str, Any]]) -> Path:
        path = tmp_path / "cases.jsonl"
        path.write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
        return path

    return write
