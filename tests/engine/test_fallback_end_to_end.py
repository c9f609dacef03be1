"""The fallback drill: the first server fails or dies, the second one answers; through both front ends, over HTTP."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import held_server
import msgspec
import pytest
from engine_world import Memory, Told
from lsp_session import ONE_RENAME, ONE_RENAMED, RENAME, RENAMED, STEPS, URI, opened_session, write_cases
from patience import HANGING_S, read_timeout_s, until

from editsvc.app.composition import open_service
from editsvc.app.servers import configured, provider
from editsvc.emulator import Emulator, EmulatorOptions, parse_fault
from editsvc.engine.edit import EditRequest, EditResult
from editsvc.engine.service import EditService
from editsvc.errors import Status
from editsvc.prediction.policy import PredictionMode
from editsvc.provider import models
from editsvc.provider.chain import Chain
from editsvc.provider.health import HealthFile
from editsvc.provider.upstreams import Upstream, Upstreams
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source, TokenLog

KEY, SECOND_KEY = "csk-first-key-0000", "second-key-1111"
Run = Callable[..., Any]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return write_cases(tmp_path)


def variables(folder: Path, first: str, second: str, **more: str) -> dict[str, str]:
    (folder / "config.toml").touch()
    return {
        "CEREBRAS_API_KEY": KEY,
        "CEREBRAS_BASE_URL": first,
        "EDITSVC_FALLBACK_BASE_URL": f"{second}/v1",
        "EDITSVC_FALLBACK_MODEL": "gpt-oss-120b",
        "EDITSVC_FALLBACK_API_KEY": SECOND_KEY,
        "EDITSVC_FALLBACK_PREDICTION": "true",
        "EDITSVC_DATA_DIR": str(folder / "data"),
        "EDITSVC_CONFIG": str(folder / "config.toml"),
        "EDITSVC_EXPLORATION": "0",
        "EDITSVC_READ_TIMEOUT_S": "60",
        **more,
    }


@asynccontextmanager
async def two_servers(cases: Path, *faults: str, **options: Any) -> AsyncIterator[tuple[Emulator, Emulator]]:
    """The first one fails as it is told, the second one does not, and lets in its own key only."""
    failing = EmulatorOptions(
        script=cases, api_key=KEY, faults=tuple(parse_fault(fault) for fault in faults), **options
    )
    async with (
        Emulator(failing) as first,
        Emulator(EmulatorOptions(script=cases, api_key=SECOND_KEY)) as second,
    ):
        yield first, second


async def edited(environ: dict[str, str], instruction: str = RENAME) -> EditResult:
    settings = load(environ=environ, folder=Path(environ["EDITSVC_DATA_DIR"]).parent).settings
    async with open_service(settings, offline=False, environ=environ) as service:
        return await service.edit(EditRequest(Snapshot(STEPS), instruction, "steps.py", Source.CLI))


@pytest.mark.parametrize("prediction", ["on", "off"])
@pytest.mark.parametrize(
    "fault",
    [
        "status:500",
        "status:503,shape=top",
        "status:429,retry-after=60",
        "reset",
        "html-200",
        "cut:0",
        "cut:0.5",
        "cut:1",
        "end:0.5",
        "end:1",
        "error-event:at=0.5",
        "error-event:503",
        "garbage:0.5",
        "bad-utf8:0.5",
    ],
)
async def test_whatever_befalls_the_first_server_the_second_one_answers(
    tmp_path: Path, cases: Path, fault: str, prediction: str
) -> None:
    async with two_servers(cases, fault) as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url, EDITSVC_PREDICTION=prediction)
        result = await edited(environ)
        assert result.status is Status.CHANGED, result.message
        assert result.after is not None and result.after.text == RENAMED
        # A server writes its record after the last byte, which its client does not wait for.
        await until(lambda: first.records() and second.records())
        assert (result.provider, len(first.records()), len(second.records())) == ("fallback", 1, 1)
    (warning,) = result.warnings
    assert warning.startswith("fallback answered instead: ")
    with TokenLog(tmp_path / "data" / "log.db") as log:
        (record,) = log.export()
    assert (record["status"], record["provider"], record["attempts"]) == ("changed", "fallback", 2)
    assert [attempt["provider"] for attempt in record["route"]] == ["cerebras", "fallback"]
    assert record["prediction"]["sent"] == (prediction == "on")


@pytest.mark.parametrize("prediction", [PredictionMode.ON, PredictionMode.OFF])
@pytest.mark.parametrize("fault", ["stall-start", "stall:0.5"])
async def test_a_server_that_says_nothing_is_given_up_and_the_second_one_answers(
    tmp_path: Path, cases: Path, fault: str, prediction: PredictionMode
) -> None:
    """The settings have one read timeout for both; here the second server's is long, since it may only be slow."""
    async with two_servers(cases, fault) as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url, EDITSVC_PREDICTION=prediction)
        settings = load(environ=environ, folder=tmp_path).settings
        servers = configured(settings, environ)
        impatient = msgspec.structs.replace(settings, read_timeout_s=read_timeout_s(fault))
        hasty = provider(impatient, configured(impatient, environ)[0])
        patient = provider(settings, servers[1])
        log = Memory()
        service = EditService(
            provider=Chain(
                Upstreams(
                    [
                        Upstream(hasty),
                        Upstream(patient, model=servers[1].model, predicts=servers[1].server.said.prediction),
                    ],
                    clock=time.monotonic,
                )
            ),
            settings=settings,
            models=models.table(settings.models),
            recorder=log,
            shown_once=Told(),
            clock=time.monotonic,
            now=lambda: datetime.now(UTC),
            new_id=lambda: "edit-1",
        )
        result = await service.edit(EditRequest(Snapshot(STEPS), RENAME, "steps.py", Source.CLI))
        hasty.close()
        patient.close()
        assert result.status is Status.CHANGED, result.message
        assert result.after is not None and result.after.text == RENAMED
        await until(lambda: first.records() and second.records())
        assert (result.provider, len(first.records()), len(second.records())) == ("fallback", 1, 1)
    (warning,) = result.warnings
    assert warning.startswith("fallback answered instead: No data from 127.0.0.1 for 1 s")
    (record,) = log.records
    assert (record.status, record.provider, record.attempts) == ("changed", "fallback", 2)
    assert [attempt["provider"] for attempt in record.route or []] == ["cerebras", "fallback"]
    assert record.prediction is not None
    assert record.prediction.sent == (prediction is PredictionMode.ON)


async def test_the_second_server_is_not_asked_for_what_the_first_one_can_do(
    tmp_path: Path, cases: Path
) -> None:
    async with two_servers(cases) as (first, second):
        result = await edited(variables(tmp_path, first.base_url, second.base_url))
        assert (result.provider, second.records(), result.warnings) == ("cerebras", [], ())


async def test_a_key_that_is_wrong_is_said_and_not_papered_over(tmp_path: Path, cases: Path) -> None:
    async with two_servers(cases) as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url, CEREBRAS_API_KEY="csk-wrong-key")
        result = await edited(environ)
        assert (result.status, result.error) == (Status.FAILED, "ProviderAuthError")
        assert not second.records()


async def test_without_a_key_the_fallback_is_the_only_server(tmp_path: Path, cases: Path) -> None:
    async with two_servers(cases) as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url)
        del environ["CEREBRAS_API_KEY"]
        result = await edited(environ)
        assert result.after is not None and result.after.text == RENAMED
        assert (result.provider, result.model, result.warnings) == ("fallback", "gpt-oss-120b", ())
        assert result.decision is not None and result.decision.send


async def test_a_fallback_without_predictions_is_asked_without(tmp_path: Path, cases: Path) -> None:
    async with two_servers(cases, "cut:0.5") as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url, EDITSVC_FALLBACK_PREDICTION="false")
        result = await edited(environ)
        assert result.after is not None and result.after.text == RENAMED
        await until(second.records)
        assert [one.prediction_tokens for one in second.records()] == [None]
    assert result.decision is not None
    assert (result.decision.send, result.decision.reason) == (False, "model-cannot")


async def test_headers_that_are_meant_for_one_server_do_not_reach_the_other(
    tmp_path: Path, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The fault would befall the second server too, if it got the header.
    monkeypatch.setenv("CEREBRAS_CUSTOM_HEADERS", "x-emulator-fault: status:503")
    async with two_servers(cases) as (first, second):
        result = await edited(variables(tmp_path, first.base_url, second.base_url))
        assert result.status is Status.CHANGED
        await until(lambda: first.records() and second.records())
        assert [one.fault for one in first.records()] == ["status:503"]
        assert [one.fault for one in second.records()] == [""]


async def test_later_processes_know_which_server_is_let_alone(tmp_path: Path, cases: Path) -> None:
    async with two_servers(cases, "status:500") as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url)
        for _ in range(3):
            await edited(environ)
        await until(lambda: len(first.records()) >= 3)
        result = await edited(environ)  # a service of its own, as a process of its own would have
        assert (result.status, len(first.records())) == (Status.CHANGED, 3)
        assert result.warnings == (
            "fallback answered instead: cerebras has failed 3 times in a row and is not asked for now.",
        )
        (entry,) = HealthFile(tmp_path / "data", clock=time.monotonic, wall=time.time).entries().values()
        assert (entry.server, entry.reason) == (first.base_url, "ProviderUnavailable")


@pytest.mark.parametrize(
    "fault", ["status:503", "reset", "cut:0.5", "end:0.3", "error-event:at=0.8", "garbage"]
)
async def test_alone_a_server_that_fails_once_is_asked_again(tmp_path: Path, cases: Path, fault: str) -> None:
    async with two_servers(cases, fault, fault_count=1) as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url)
        for name in ("BASE_URL", "MODEL"):
            del environ[f"EDITSVC_FALLBACK_{name}"]
        result = await edited(environ)
        assert result.after is not None and result.after.text == RENAMED
        await until(lambda: len(first.records()) >= 2)
        # What broke off goes along in the prediction, so that it costs no time again.
        again = first.records()[1]
        assert again.accepted_tokens


async def test_nobody_waits_for_a_slow_first_token_twice(tmp_path: Path, cases: Path) -> None:
    async with two_servers(cases, "stall-start") as (first, second):
        environ = variables(tmp_path, first.base_url, second.base_url, EDITSVC_HEDGE_AFTER_S="0.1")
        result = await edited(environ)
        assert result.after is not None and result.after.text == RENAMED
        assert [attempt.outcome for attempt in result.attempts] == ["cancelled", "stop"]
        await until(first.records)
        assert first.records()[0].disconnected


# --- the front ends --------------------------------------------------------------------------------------------


async def test_in_an_editor_it_is_one_edit_in_one_go(tmp_path: Path, cases: Path) -> None:
    async with AsyncExitStack() as stack:
        first, second = await stack.enter_async_context(two_servers(cases, "cut:0.6"))
        environ = variables(tmp_path, first.base_url, second.base_url)
        session = await stack.enter_async_context(
            opened_session(tmp_path, environ=environ, options={"stream": True})
        )
        answer = await session.edit(ONE_RENAME)
        assert answer["status"] == "changed"
        assert session.client.text(URI) == ONE_RENAMED
        assert session.same_text()
        assert len(session.client.said("workspace/applyEdit")) == 1
        numbers = [message["seq"] for message in session.client.said("editsvc/stream")]
        assert numbers == list(range(len(numbers)))  # it never began anew
        assert [attempt["why"] for attempt in answer["attempts"]] == ["first", "resume"]
        (record,) = session.records()
        assert record["provider"] == "fallback"


@pytest.fixture
def dying_server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process that sends half a reply, says so on its stdout, and waits to be killed."""
    beginning = RENAMED[: RENAMED.index("eighth")]
    command = [sys.executable, str(Path(held_server.__file__)), beginning]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


async def test_a_server_that_is_killed_in_mid_stream(
    tmp_path: Path, cases: Path, dying_server: tuple[subprocess.Popen[str], str]
) -> None:
    process, address = dying_server
    path = tmp_path / "steps.py"
    path.write_text(STEPS)
    async with Emulator(EmulatorOptions(script=cases, api_key=SECOND_KEY)) as second:
        environ = os.environ | variables(tmp_path, address, second.base_url, EDITSVC_PREDICTION="off")
        command = (sys.executable, "-m", "editsvc", "rewrite", "-i", RENAME, "--apply", "--json", str(path))
        pipe = asyncio.subprocess.PIPE
        shell = await asyncio.create_subprocess_exec(
            *command, stdout=pipe, stderr=pipe, env=environ, cwd=tmp_path
        )
        out = asyncio.create_task(shell.communicate())
        assert process.stdout is not None
        async with asyncio.timeout(HANGING_S):
            said = await asyncio.to_thread(process.stdout.readline)
        assert said == "begun\n"
        process.send_signal(signal.SIGKILL)
        stdout, stderr = await out
    assert shell.returncode == 0, stderr
    (entry,) = json.loads(stdout)["edits"]
    assert path.read_text() == RENAMED
    assert [attempt["why"] for attempt in entry["attempts"]] == ["first", "resume"]
    assert entry["attempts"][0]["received"] > 0
    (warning,) = entry["warnings"]
    assert warning.startswith("fallback answered instead: ")
