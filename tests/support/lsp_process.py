"""The language server as a process, with a client at its pipes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from lsp_client import LspClient, Profile

from lsp.wire.frames import FrameReader, frame

COMMAND = (sys.executable, "-c", "import sys; from lsp import main; sys.exit(main())")


class Process:
    """A running server; `client` talks to it, `read` goes on until `stop_reading`."""

    def __init__(self, process: asyncio.subprocess.Process, profile: Profile) -> None:
        self.process = process
        self.client = LspClient(self.send, profile)
        self._reading = asyncio.create_task(self._read())

    def send(self, message: dict[str, Any]) -> None:
        self.send_bytes(frame(json.dumps(message).encode()))

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        frames = FrameReader()
        while data := await self.process.stdout.read(65536):
            for body in frames.push(data):
                self.client.receive(json.loads(body))

    def stop_reading(self) -> None:
        self._reading.cancel()

    def hang_up(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def status(self) -> int:
        # Not by `wait`: that also waits for the pipes, which a test may have left full.
        async with asyncio.timeout(60):
            while self.process.returncode is None:
                await asyncio.sleep(0.01)
        return self.process.returncode

    async def errors(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def running(profile: Profile, environ: Mapping[str, str], *args: str) -> AsyncIterator[Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *args, stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, **environ}
    )
    server = Process(process, profile)
    try:
        yield server
        assert server.client.problems == []
    finally:
        server.stop_reading()
        if process.returncode is None:
            process.kill()
            await server.status()
        # The pipes' transports are closed by the loop's next turns; a test must not end before.
        process._transport.close()  # type: ignore[attr-defined]
        await asyncio.sleep(0)
