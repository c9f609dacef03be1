"""The edit service of a session: opened when it is first needed, opened anew when the settings change."""

from __future__ import annotations

import asyncio
import importlib
from collections import deque
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editsvc.errors import SettingsError
from editsvc.settings import environment
from editsvc.settings.schema import Settings
from lsp.remedies import message_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from editsvc.engine.service import EditService
    from editsvc.settings.schema import Resolved
    from editsvc.tokenlog import TokenLog


# What is on the way to a request, and then what a reply needs; each takes a moment, and the event loop gets turns.
_LOADED_FIRST: Final = (
    "editsvc.app.composition",
    "editsvc.guard.secrets",
    "httpx",
    "pydantic",
    "cerebras.cloud.sdk",
    "httpcore",
    "editsvc.provider.connections",
    "editsvc.provider.reading",
    "editsvc.provider.stream",
    "editsvc.engine.rehearsal",
    "editsvc.guard.gate",
    "editsvc.offline.transform",
    "pygit2",
)


# Grammars and what else belongs to a language; nobody edits in more of them at once.
_MOST_LANGUAGES: Final = 8


class ServiceHandle:
    """One for a session. `environ` is the process's; `folder` is where a project's settings file is looked for."""

    def __init__(self, environ: Mapping[str, str], *, offline: bool) -> None:
        self._environ = environ
        self._offline = offline
        self._editor: dict[str, Any] = {}
        self._folder: Path | None = None
        self._opened: _Opened | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.settings = Settings()
        self._failure: SettingsError | None = None
        self._asks_a_model: bool | None = None
        self._loading = False
        self._languages: set[str] = set()
        self._to_load: deque[Callable[[], Awaitable[object]]] = deque(
            [
                *(partial(asyncio.to_thread, importlib.import_module, name) for name in _LOADED_FIRST),
                partial(asyncio.to_thread, _rehearse, None),
                self._warm_up_service,
                partial(asyncio.to_thread, _count_once),
            ]
        )

    def configure(self, editor: Mapping[str, Any], folder: Path | None) -> list[str]:
        """Take the editor's values over; returns sentences about what is ignored.

        Values that are wrong are left out. If the user's own settings are wrong, every edit fails with the
        sentence that says so, until they are right.
        """
        warnings: list[str] = []
        accepted: dict[str, Any] = {}
        for key, value in editor.items():
            try:
                self._load({key: value}, folder)
            except SettingsError as exc:
                if exc.message.startswith("flag:"):
                    warnings.append(f"editsvc: {message_of(exc).removeprefix('flag: ')}")
                    continue
            accepted[key] = value
        before = self.settings, self._failure
        try:
            resolved = self._load(accepted, folder)
        except SettingsError as exc:
            self._failure = exc
        else:
            self._failure, self.settings = None, resolved.settings
            warnings += resolved.warnings
        if (self.settings, self._failure) != before and self._opened is not None:
            self._retire(self._opened)
            self._opened = None
        return warnings

    def _load(self, values: Mapping[str, Any], folder: Path | None) -> Resolved:
        return environment.load(values, environ=self._environ, folder=folder or Path(Path.cwd().anchor))

    async def warm_up(self) -> None:
        """Load what an edit needs, so that the first one does not wait for it; does nothing that was done.

        Done in a thread, step by step, what an edit needs first before the rest. An edit that comes meanwhile ends it
        behind the present step, which is mostly what that edit needs as well. Never raises, and sends nothing. The
        service is opened, and the server connected to, only where that asks nobody for a key.
        """
        if self._loading:
            return
        self._loading = True
        try:
            while self._to_load and not (self._opened is not None and self._opened.users):
                with suppress(Exception):  # the first edit meets it too, and says so
                    await self._to_load.popleft()()
        finally:
            self._loading = False

    def will_edit(self, language: str) -> bool:
        """Whether `language` is a new one, for which `warm_up` has something to do again."""
        if language in self._languages or len(self._languages) >= _MOST_LANGUAGES:
            return False
        self._languages.add(language)
        self._to_load.append(partial(asyncio.to_thread, _rehearse, language))
        return True

    async def _warm_up_service(self) -> None:
        if self._failure is None and environment.key_is_at_hand(
            self.settings, self._environ, offline=self._offline
        ):
            service = await self._open().ready()
            await service.warm_up()

    @asynccontextmanager
    async def service(self) -> AsyncIterator[EditService]:
        """The service for one edit; raises SettingsError if there can't be one."""
        if self._failure is not None:
            raise self._failure
        opened = self._open()
        opened.users += 1
        try:
            yield await opened.ready()
        except SettingsError:
            # Nothing was opened; the next edit tries again.
            if self._opened is opened:
                self._opened = None
            raise
        finally:
            opened.users -= 1
            if opened.retired and not opened.users:
                opened.stop.set()

    def _open(self) -> _Opened:
        if self._opened is None:
            self._opened = _Opened(self.settings, self._environ, offline=self._offline)
        return self._opened

    def reminder(self) -> str:
        """A sentence if the policy that decides about predictions is old, as far as that is known by now."""
        return self._opened.reminder() if self._opened is not None else ""

    def asks_a_model(self) -> bool:
        """Whether edits are made by a model, as far as that is known without asking anybody for a key."""
        if self._asks_a_model is not None:
            return self._asks_a_model
        return not self._offline and environment.key_is_at_hand(self.settings, self._environ, offline=False)

    def is_offline(self) -> bool:
        """Whether it is certain that no model is asked; what needs one is not offered then."""
        if self._asks_a_model is not None:
            return not self._asks_a_model
        return self._offline or environment.key_is_nowhere(self.settings, self._environ)

    def made(self, *, offline: bool | None) -> None:
        """An edit was made, by the offline engine or not."""
        self._asks_a_model = None if offline is None else not offline

    def log(self) -> TokenLog | None:
        """The token log, to be used in a thread and closed; None if nothing is logged."""
        if not self.settings.log_enabled:
            return None
        from editsvc.app.composition import open_log

        return open_log(self.settings)

    async def close(self) -> None:
        """End the connections; edits that still run lose theirs."""
        if self._opened is not None:
            self._retire(self._opened)
            self._opened.stop.set()
            self._opened = None
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _retire(self, opened: _Opened) -> None:
        opened.retired = True
        self._closing.add(opened.task)
        opened.task.add_done_callback(self._closing.discard)
        if not opened.users:
            opened.stop.set()


class _Opened:
    """A service inside of a task of its own, so that it is closed where it was opened."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], *, offline: bool) -> None:
        self.users = 0
        self.retired = False
        self.stop = asyncio.Event()
        self._ready: asyncio.Future[EditService] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._run(settings, environ, offline=offline))

    async def ready(self) -> EditService:
        return await asyncio.shield(self._ready)

    def reminder(self) -> str:
        """What the service reminds of; empty if it was not opened."""
        ready = self._ready
        if not ready.done() or ready.cancelled() or ready.exception() is not None:
            return ""
        return ready.result().reminds()

    async def _run(self, settings: Settings, environ: Mapping[str, str], *, offline: bool) -> None:
        try:
            app = await asyncio.to_thread(importlib.import_module, "editsvc.app.composition")
            async with app.open_service(settings, offline=offline, environ=environ, reminds=True) as service:
                self._ready.set_result(service)
                await self.stop.wait()
        except Exception as exc:  # noqa: BLE001 - whoever waits for the service gets it
            if not self._ready.done():
                self._ready.set_exception(exc)
                # If everybody has left meanwhile, nobody is to be told that it was never looked at.
                self._ready.exception()


def _rehearse(language: str | None) -> None:
    """Load what edits need, those that say plainly what they want included; in no language for None."""
    from editsvc import syntax
    from editsvc.engine.rehearsal import rehearse

    known = syntax.by_name(language) if language is not None else None
    rehearse(known)
    rehearse(known, instruction="change b to 3")


def _count_once() -> None:
    """Load what predictions are scored with, behind an edit."""
    from editsvc.engine.scoring import load

    load()
