"""The process: one way to the client, until it leaves or a signal comes."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sys
from functools import partial
from typing import Final

from editsvc.system.signals import call_at_end
from lsp.session import EditServer, ProcessContext
from lsp.wire.stdio import PipeChannel, claim_standard_streams

_SIGNAL_STATUS: Final = 128


def run(*, tcp: int | None, ws: int | None, offline: bool) -> int:
    """Serve over stdio, or on a loopback port where one is given; returns the status for the shell."""
    logging.basicConfig(level=logging.WARNING, format="editsvc-lsp: %(message)s", stream=sys.stderr)
    context = ProcessContext.current(offline=offline)
    try:
        if tcp is not None or ws is not None:
            return asyncio.run(_listen(context, tcp=tcp, ws=ws))
        return asyncio.run(_stdio(context))
    except KeyboardInterrupt:
        return _SIGNAL_STATUS + signal.SIGINT


async def _stdio(context: ProcessContext) -> int:
    incoming, outgoing = claim_standard_streams()
    session = EditServer(context)
    channel = PipeChannel(incoming, outgoing, on_body=session.receive, on_end=session.disconnected)
    session.connect(channel)
    call_at_end(lambda number: session.end(_SIGNAL_STATUS + number))
    channel.start()
    status = await session.ended
    await session.wind_up()
    # Joins a thread, so it must not hold up the loop while others still end; nothing else runs by now.
    await asyncio.to_thread(channel.close)
    return status


async def _listen(context: ProcessContext, *, tcp: int | None, ws: int | None) -> int:
    from lsp.wire.sockets import listen_tcp, listen_ws

    token = os.environ.get("EDITSVC_LSP_TOKEN") or secrets.token_urlsafe(32)
    stop: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    call_at_end(lambda number: None if stop.done() else stop.set_result(_SIGNAL_STATUS + number))
    make_session = partial(EditServer, context)
    listening = (
        listen_ws(ws, token, make_session) if ws is not None else listen_tcp(tcp or 0, token, make_session)
    )
    try:
        async with listening as address:
            sys.stdout.write(f"listening on {address} token {token}\n")
            sys.stdout.flush()
            return await stop
    except OSError as exc:
        sys.stderr.write(f"editsvc-lsp: can't listen there: {exc.strerror or exc}.\n")
        return 2
