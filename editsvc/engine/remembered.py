"""What is kept from one edit to the next: of documents, so that an edit pays for what changed, and of runs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from editsvc.scope import scopes

if TYPE_CHECKING:
    from editsvc.guard.secrets import Scan, Secret
    from editsvc.prediction.carry_over import CarryOver
    from editsvc.scope.scopes import Scope, ScopeRequest
    from editsvc.syntax import Language
    from editsvc.text.document import Edit

_MOST_CHARACTERS: Final = 8_000_000
_MOST_DOCUMENTS: Final = 16
_MOST_BATCHES: Final = 16


@dataclass(frozen=True, slots=True)
class _Known:
    """Of one document: its text as it was searched for secrets, and the scope that was chosen for what was asked."""

    scan: Scan | None = None
    asked: tuple[str, Any] | None = None
    scope: Scope | None = None

    @property
    def characters(self) -> int:
        """How much text is kept; a scope holds it twice."""
        scanned = 0 if self.scan is None else len(self.scan.text)
        return scanned + (0 if self.asked is None else 2 * len(self.asked[0]))


class RememberedDocuments:
    """A few documents by their names, such as URIs; safe to use from several threads.

    What it returns depends on the texts alone: a document that it remembers costs less, and that is all.
    """

    def __init__(self, *, most_characters: int = _MOST_CHARACTERS) -> None:
        self._most_characters = most_characters
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def secrets(self, name: str, text: str) -> list[Secret]:
        """As `secrets.find`; lines that the document had when it was last asked about are not searched again."""
        from editsvc.guard import secrets

        known = self._get(name)
        scan = secrets.scan(text, known.scan)
        self._keep(name, replace(known, scan=scan))
        return scan.secrets()

    def scope(
        self, name: str, request: ScopeRequest, document: str, language: Language | None, *, divide_above: int
    ) -> Scope:
        """As `scopes.choose`; the document is not parsed again if it is the same, and so is the request."""
        asked = document, (request, language.name if language else None, divide_above)
        known = self._get(name)
        if known.scope is not None and known.asked == asked:
            return known.scope
        scope = scopes.choose(request, document, language, divide_above=divide_above)
        self._keep(name, replace(known, asked=asked, scope=scope))
        return scope

    def _get(self, name: str) -> _Known:
        with self._lock:
            return self._known.get(name) or _Known()

    def _keep(self, name: str, known: _Known) -> None:
        with self._lock:
            self._known[name] = known
            self._known.move_to_end(name)
            kept = sum(each.characters for each in self._known.values())
            while self._known and (kept > self._most_characters or len(self._known) > _MOST_DOCUMENTS):
                kept -= self._known.popitem(last=False)[1].characters


class RememberedBatches:
    """What the edits of a few runs over several documents did, for the drafts of their next ones; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, CarryOver] = OrderedDict()

    def draft(self, batch: str, document: str, language: Language | None) -> tuple[Edit, ...]:
        """The edits that earlier documents of `batch` suggest for this one."""
        known = self._known.get(batch)
        return known.draft(document, language) if known is not None else ()

    def learn(self, batch: str, before: str, after: str, language: Language | None) -> None:
        """Remember what an edit of `batch` did."""
        from editsvc.prediction.carry_over import CarryOver

        with self._lock:
            known = self._known.get(batch) or CarryOver()
            self._known[batch] = known.learn(before, after, language)
            while len(self._known) > _MOST_BATCHES:
                self._known.popitem(last=False)
