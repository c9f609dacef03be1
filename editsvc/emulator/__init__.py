"""A local server that speaks the Cerebras API: predictions verified, time modelled, faults on request.

::

    async with Emulator(EmulatorOptions(script=Path("cases.jsonl"))) as emulator:
        client = AsyncCerebras(base_url=emulator.base_url, api_key="any", warm_tcp_connection=False)

The layers, from the bottom: `wire` (bytes and values), `faults`, `task` (which file a request is about),
`parts` (the new text of each part of it), `responder` (who plays the model), `structured` (its reply as edits),
`mistakes` (faults of the reply's text), `generation` (which token comes when), `answer` (timed bytes), `service`
(requests to answers), `server` (a socket). Only the last knows aiohttp, and it decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.emulator.faults import FAULTS, Fault, FaultName, parse_fault
from editsvc.emulator.options import (
    EmulatedModel,
    EmulatorOptions,
    ReplyStyle,
    parse_model,
    parse_tokens_per_event,
)

if TYPE_CHECKING:
    from editsvc.emulator.server import Emulator, run, serve

__all__ = [
    "FAULTS",
    "EmulatedModel",
    "Emulator",
    "EmulatorOptions",
    "Fault",
    "FaultName",
    "ReplyStyle",
    "parse_fault",
    "parse_model",
    "parse_tokens_per_event",
    "run",
    "serve",
]

_SERVER = ("Emulator", "run", "serve")


def __getattr__(name: str) -> object:
    """The server's names, imported when they are first used: aiohttp takes 0.1 s."""
    if name in _SERVER:
        from editsvc.emulator import server  # noqa: PLC0415 - see above

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
