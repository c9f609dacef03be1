"""Where nothing is drawn, somebody should still know why nothing happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.cli import output

if TYPE_CHECKING:
    from editsvc.engine.edit import StreamUpdate

_WORTH_SAYING_S = 1.0


class WaitTeller:
    """A listener that says when a file's request is held back because of the server's limits; once is enough."""

    follows = False

    def __init__(self, path: str) -> None:
        self._path = path
        self._said = False

    def restarted(self) -> None:
        """Nothing is drawn."""

    def streamed(self, update: StreamUpdate) -> None:
        """Nothing is drawn."""

    def held(self, seconds: float | None) -> None:
        """Say so."""
        if not self._said and seconds is not None and seconds >= _WORTH_SAYING_S:
            self._said = True
            output.say(
                f"editsvc: {self._path} waits about {seconds:.0f} s, because of the server's limits or a failure."
            )
