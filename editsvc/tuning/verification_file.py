"""What is known of servers, kept in a file beside the log: so that every process knows it, and people can look.

Numbers only: rules, scores, sums and the lengths of runs. One JSON file in the data folder, replaced whole. Processes
that write at the same time may overwrite each other's last request; it is learned from others as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.files import hints
from editsvc.prediction.fitting import places
from editsvc.prediction.servers import KnownServer, is_sane
from editsvc.tuning import VERIFICATION_FILE

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA: Final = 1
_LARGEST: Final = 16_777_216
_MOST: Final = 64  # models; the latest stay


class _Kept(msgspec.Struct):
    schema: int
    servers: list[KnownServer]


class VerificationFile:
    """The file in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / VERIFICATION_FILE

    def load(self) -> list[KnownServer]:
        """Every server that something is known of; nothing, if the file is not there or cannot be used."""
        kept = hints.read(self._path, _Kept, largest=_LARGEST)
        if kept is None or kept.schema != _SCHEMA:
            return []
        servers = [server for server in kept.servers if is_sane(server)]
        for server in servers:
            for fit in (server.fit, server.fit.challenger):
                if fit is not None:  # runs by the places of another version mean nothing
                    fit.traces = [trace for trace in fit.traces if len(trace.of) == len(places())]
        return servers

    def save(self, servers: list[KnownServer]) -> None:
        """Keep `servers`; a file that cannot be written is none of an edit's business."""
        latest = sorted(servers, key=lambda server: server.noted_at)[-_MOST:]
        hints.write(self._path, _Kept(_SCHEMA, latest), for_people=False)

    def forget(self) -> bool:
        """Forget every server; False if nothing was known. Raises OSError."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True
