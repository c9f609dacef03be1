"""What transports and JSON-RPC need of a session, so that neither knows what a session is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Sequence

    from lsprotocol import types


class Channel(Protocol):
    """The way to the client; `send` never blocks, and `backlog` is how many bytes still wait there."""

    def send(self, body: bytes) -> None:
        """Send the body of one message."""
        ...

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        ...


class Session(Protocol):
    """One conversation with one client."""

    ended: asyncio.Future[int]
    """Gets the status for the shell when the client has left."""
    admitted: bool
    """Whether the client has shown the token, where one is asked for."""

    @property
    def notebook_sync(self) -> types.NotebookDocumentSyncOptions | None:
        """Which notebooks the client is to synchronise."""
        ...

    @property
    def content_schemes(self) -> Sequence[str]:
        """The schemes of documents whose texts the client may ask for; empty if it cannot."""
        ...

    def connect(self, channel: Channel) -> None:
        """Begin to talk over `channel`."""
        ...

    def receive(self, body: bytes) -> None:
        """Take one message; never raises."""
        ...

    def disconnected(self) -> None:
        """The client has closed its end."""
        ...

    def end(self, status: int) -> None:
        """End the session; only the first call counts."""
        ...

    async def wind_up(self) -> None:
        """Stop what runs and write what is due; once, however often it is called."""
        ...

    def on_initialize(self, params: types.InitializeParams, encoding: str) -> None:
        """The client has introduced itself; raises JsonRpcInvalidRequest if it is not let in."""
        ...

    def on_initialized(self) -> Awaitable[None]:
        """The client is ready for requests."""
        ...
