"""An emulator for code that is not on an event loop, and a model that says what it is told to."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from editsvc.emulator import Emulator, EmulatorOptions
from editsvc.emulator.responder import ModelReply, ModelReplyKind, Responder
from editsvc.emulator.task import Job

_PATIENCE_S = 60


@dataclass(frozen=True)
class Verbatim:
    """A model that replies `text`, whatever it is asked; `meanwhile` is called before it does."""

    text: str
    meanwhile: Callable[[], None] = lambda: None

    def answer(self, _: Job) -> ModelReply:
        self.meanwhile()
        return ModelReply(ModelReplyKind.PROSE, self.text)


@contextmanager
def serving(options: EmulatorOptions, responder: Responder | None = None) -> Iterator[Emulator]:
    """An emulator on a thread of its own, where nothing that its client does can hold it up."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    emulator = Emulator(options, responder=responder)
    try:
        asyncio.run_coroutine_threadsafe(emulator.__aenter__(), loop).result(_PATIENCE_S)
        yield emulator
    finally:
        asyncio.run_coroutine_threadsafe(emulator.__aexit__(), loop).result(_PATIENCE_S)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(_PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE_S)
        loop.close()
