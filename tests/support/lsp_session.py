"""A session of the language server in this process: an emulator behind it, a client at its other end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_client import VSCODE, LspClient, Profile
from patience import HANGING_S

from editsvc.emulator import Emulator, EmulatorOptions
from lsp.editing.apply_edits import Patience
from lsp.session import EditServer, ProcessContext

URI = "file:///project/steps.py"
STEPS = "".join(f"def step_{n}(value):\n    return value + {n}\n\n\n" for n in range(12)).rstrip("\n") + "\n"
RENAME = "Call step 3 third and step 8 eighth."
RENAMED = STEPS.replace("step_3", "third").replace("step_8", "eighth")
ONE_RENAME = "Call step 5 fifth."
ONE_RENAMED = STEPS.replace("step_5", "fifth")
EMOJI = "# \U0001f600 grin\nname = '\U0001f600'\nsecond = 2\n"
SHORTEN = "Call second two."
SHORTENED = EMOJI.replace("second", "two")
# A client in this process answers and reports in any case, only later if the machine is busy. An edit that it skipped
# is waited for in full, but that is no race: the timers of the clients, all shorter, are on the same loop.
PATIENT = Patience(
    answer=HANGING_S, report=HANGING_S, unwatched=HANGING_S, skipped=0.3, retry=0.01, person=HANGING_S
)


class MemoryChannel:
    """A pipe that never fills, to a client on the same loop; `frozen` it swallows nothing and delivers nothing."""

    def __init__(self) -> None:
        self.deliver: Callable[[dict[str, Any]], None] = lambda _: None
        self.frozen = False
        self.backlog = 0

    def send(self, body: bytes) -> None:
        if self.frozen:
            self.backlog += len(body)
        else:
            asyncio.get_running_loop().call_soon(self.deliver, json.loads(body))


@dataclass
class Session:
    server: EditServer
    client: LspClient
    channel: MemoryChannel
    emulator: Emulator

    def same_text(self, uri: str = URI) -> bool:
        """Whether the server's text is the editor's."""
        document = self.server.documents.get(uri)
        return document is not None and document.text == self.client.text(uri)

    async def edit(self, instruction: str = RENAME, **argument: Any) -> dict[str, Any]:
        asked = {"uri": URI, "instruction": instruction, **argument}
        answer: dict[str, Any] = await self.client.command("editsvc.edit", asked)
        return answer

    async def settled(self) -> None:
        """Wait until all that commands have begun is over: those of code actions are answered before."""
        while len(self.server.parts.tasks) or self.server.protocol.is_quiet:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0)  # what was sent is heard

    def told(self) -> list[str]:
        """What the editor was asked to show its user, in order."""
        return [said["message"] for said in self.client.said("window/showMessage")]

    def records(self) -> list[dict[str, Any]]:
        log = self.server.service_handle.log()
        assert log is not None
        with log:
            return list(log.export())


def write_cases(folder: Path) -> Path:
    """A script for the emulator that knows the edits of this module."""
    path = folder / "cases.jsonl"
    known = [
        {"id": "rename", "instruction": RENAME, "before": STEPS, "after": RENAMED},
        {"id": "one", "instruction": ONE_RENAME, "before": STEPS, "after": ONE_RENAMED},
        {"id": "shorten", "instruction": SHORTEN, "before": EMOJI, "after": SHORTENED},
    ]
    path.write_text("".join(json.dumps(case) + "\n" for case in known))
    return path


@asynccontextmanager
async def opened_session(
    folder: Path,
    profile: Profile = VSCODE,
    *,
    options: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    patience: Patience = PATIENT,
    environ: dict[str, str] | None = None,
    opened: dict[str, str] | None = None,
    root: str | None = None,
    capabilities: dict[str, Any] | None = None,
    client: str | None = None,
    **emulator: Any,
) -> AsyncIterator[Session]:
    """A session that is initialized and has `opened` open (by default `STEPS`); the rest is the emulator's."""
    (folder / "config.toml").touch()
    if "script" not in emulator:
        emulator["script"] = write_cases(folder)
    async with Emulator(EmulatorOptions(**emulator)) as emulated:
        context = ProcessContext(
            {
                "CEREBRAS_API_KEY": "csk-test",
                "CEREBRAS_BASE_URL": emulated.base_url,
                "EDITSVC_DATA_DIR": str(folder / "data"),
                "EDITSVC_EXPLORATION": "0",
                "EDITSVC_READ_TIMEOUT_S": str(HANGING_S),
                "EDITSVC_CONFIG": str(folder / "config.toml"),
                **(environ or {}),
            },
            patience=patience,
        )
        server = EditServer(context)
        channel = MemoryChannel()
        server.connect(channel)
        editor = LspClient(lambda message: server.receive(json.dumps(message).encode()), profile)
        channel.deliver = editor.receive
        editor.settings, editor.name = settings, client
        try:
            await editor.initialize(options, root, **(capabilities or {}))
            for uri, text in ({URI: STEPS} if opened is None else opened).items():
                editor.open(uri, text)
            yield Session(server, editor, channel, emulated)
            assert editor.problems == []
        finally:
            await server.wind_up()
