"""What an edit needs of the rest of the product, as seen from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from editsvc.errors import Status
    from editsvc.prediction.servers import Asked
    from editsvc.tokenlog.record import RequestRecord


class Recorder(Protocol):
    """Where records go; `append` may block, and raises LogUnavailable."""

    def append(self, record: RequestRecord) -> None:
        """Store one record."""
        ...

    def set_outcome(self, record_id: str, status: Status, error: str | None) -> object:
        """Amend how an edit ended; raises LogUnavailable."""
        ...

    def digest(self, path: str) -> str:
        """The keyed hash of a path."""
        ...


class Scorer(Protocol):
    """Scores the candidate predictions after an edit; must not block."""

    def edit_under_way(self) -> AbstractContextManager[None]:
        """An edit is under way within, which scoring is not to slow down."""
        ...

    def submit(
        self, record_id: str, candidates: Mapping[str, str], reply: str, asked: Asked | None = None
    ) -> None:
        """Score the candidates against the reply, and add the numbers to the record; learn from what was `asked`."""
        ...


class Foretells(Protocol):
    """Foretells whether a prediction pays, by the rule of the server that it goes to."""

    def __call__(self, provider: str, model: str, kind: str, prediction_tokens: int, /) -> bool | None:
        """Whether a prediction of that kind and length pays; None if that is not known."""
        ...


class Whose(NamedTuple):
    """The keyed hashes of the repository and the user of an edit; None for what is not to be logged.

    `warning` says why one is missing that is to be.
    """

    repository: str | None = None
    user: str | None = None
    warning: str = ""


class ShownOnce(Protocol):
    """Remembers the warnings already shown to the user."""

    def first_time(self, key: str) -> bool:
        """True on the first call for `key`."""
        ...
