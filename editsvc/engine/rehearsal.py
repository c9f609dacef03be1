"""An edit of two lines without a model, so that everything is loaded before somebody waits for it.

It takes the way of any edit: modules, patterns and tables are loaded, and the grammar of a language. Nothing of it is
sent, logged or kept.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from editsvc.engine.edit import EditRequest
from editsvc.engine.service import EditService
from editsvc.prediction.policy import PredictionMode
from editsvc.provider.base import Completion
from editsvc.settings.schema import Settings
from editsvc.text.document import Snapshot
from editsvc.tokenlog.values import Source

if TYPE_CHECKING:
    from editsvc.engine.edit import EditResult, StreamUpdate
    from editsvc.errors import Status
    from editsvc.provider.base import CompletionRequest, Receiver
    from editsvc.syntax import Language
    from editsvc.tokenlog.record import RequestRecord

_DOCUMENT: Final = "a = 1\nb = 2\n"
_OLD, _NEW = "b = 2", "b = 3"
_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SETTINGS: Final = Settings(prediction=PredictionMode.ON)


def rehearse(language: Language | None = None, *, instruction: str = "let b be three") -> EditResult:
    """The result of the edit, in a document in `language`; blocks for as long as the loading takes.

    Must not be called on the thread of an event loop. An `instruction` that can be drafted loads the offline engine.
    """
    service = EditService(
        provider=_Understudy(),
        settings=_SETTINGS,
        models={},
        recorder=_NoLog(),
        shown_once=_Shown(),
        clock=lambda: 0.0,
        now=lambda: _MOMENT,
        new_id=lambda: "rehearsal",
    )
    request = EditRequest(
        snapshot=Snapshot.of(_DOCUMENT),
        instruction=instruction,
        filename=_name(language),
        source=Source.BENCH,
        path="rehearsal",
    )
    return asyncio.run(service.edit(request, _Audience()))


@cache
def rehearse_once() -> None:
    """Rehearse an edit in no language, unless this process has."""
    rehearse()


def _name(language: Language | None) -> str:
    if language is None:
        return "a.txt"
    return f"a{language.suffixes[0]}" if language.suffixes else language.filenames[0]


class _Understudy:
    """Answers with the prediction, one line of it changed."""

    name = "rehearsal"
    refuses_predictions = False

    def ignores_predictions(self, _: str) -> bool:
        return False

    def context_tokens(self, _model: str) -> int | None:
        return None

    async def complete(self, request: CompletionRequest, receiver: Receiver) -> Completion:
        request.sent()
        await asyncio.sleep(0)  # what is done while a reply is awaited begins
        receiver.received((request.prediction or "").replace(_OLD, _NEW))
        return Completion(finish_reason="stop")


class _Audience:
    follows = True

    def streamed(self, update: StreamUpdate) -> None:
        pass

    def restarted(self) -> None:
        pass

    def held(self, seconds: float | None) -> None:
        pass

    def released(self) -> None:
        pass

    def locating(self) -> None:
        pass

    def begun(self) -> None:
        pass


class _NoLog:
    def append(self, record: RequestRecord) -> None:
        pass

    def set_outcome(self, _record_id: str, _status: Status, _error: str | None) -> None:
        pass

    def digest(self, _path: str) -> str:
        return "0" * 32


class _Shown:
    def first_time(self, _key: str) -> bool:
        return False
