"""What servers turned out to do, beyond what is written about them; safe to use from several threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from editsvc.provider.fields import Fields
from editsvc.provider.noticed import PromptsSeen
from editsvc.provider.patience import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ENOUGH: Final = 2
"""So many predictions in a row that nothing came of, and it is known that a server takes no notice of them."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """About one model at one server.

    `ignored` counts the predictions in a row that it took no notice of, `whole` says that it does not stream, `prompts`
    has what it counted of them.
    """

    fields: Fields = field(default_factory=Fields)
    pace: Pace = field(default_factory=Pace)
    ignored: int = 0
    whole: bool = False
    prompts: PromptsSeen = field(default_factory=PromptsSeen)

    @property
    def ignores_predictions(self) -> bool:
        """Whether it is of no use to send any."""
        return self.ignored >= ENOUGH


class Lessons:
    """What is known about the models of one server; `changed` is called after each thing learned, in any thread."""

    def __init__(
        self,
        known: Mapping[str, Lesson] | None = None,
        *,
        changed: Callable[[Lessons], None] = lambda _: None,
    ) -> None:
        self._known = dict(known or {})
        self._changed = changed
        self._lock = threading.Lock()

    def of(self, model: str) -> Lesson:
        """What is known about `model`."""
        return self._known.get(model, Lesson())

    def known(self) -> Iterable[tuple[str, Lesson]]:
        """The models that something is known about, with that."""
        with self._lock:
            return list(self._known.items())

    def learn(self, model: str, **news: object) -> Lesson:
        """Note `news`, by the names of a `Lesson`'s fields; returns what was known before."""
        with self._lock:
            before = self._known.get(model, Lesson())
            after = self._known[model] = replace(before, **news)  # type: ignore[arg-type]
        if after != before:
            self._changed(self)
        return before
