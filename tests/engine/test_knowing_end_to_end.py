"""What follows from edits alone: the rule of a server that nobody described, what it decides, and tuning by itself."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tuning_logs import logged

from editsvc.app.composition import open_service
from editsvc.emulator import Emulator, EmulatorOptions
from editsvc.engine.edit import EditRequest
from editsvc.engine.service import EditService
from editsvc.errors import Status
from editsvc.prediction.fitting import Knowledge
from editsvc.prediction.servers import KnownServer
from editsvc.prediction.verifier import Direction
from editsvc.scope import scopes
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog import LOG_FILE, Source, TokenLog
from editsvc.tuning import POLICY_FILE, policy_file, tunings
from editsvc.tuning.verification_file import VerificationFile

PRESET = "window=11-45,match=6,direction=forward"
OTHER = "window=24,match=12"
PATIENCE_S = 60


def changed(number: int) -> tuple[str, str]:
    """A text and what becomes of it: some lines are new, some are gone, and one word is another everywhere."""
    rng = random.Random(number)
    words = [f"word{rng.randrange(60)}" for _ in range(12)]
    lines = [
        f"    {rng.choice(words)} = compute_{index}({rng.choice(words)}, {rng.randrange(900)})"
        for index in range(60)
    ]
    after = [line.replace(words[0], "renamed") for line in lines]
    for _ in range(4):
        at = rng.randrange(50)
        after[at : at + rng.randrange(3)] = [
            f"    check_{rng.randrange(99)}(flag={rng.randrange(9)})" for _ in range(rng.randrange(1, 6))
        ]
    return "def run():\n" + "\n".join(lines) + "\n", "def run():\n" + "\n".join(after) + "\n"


def instruction(number: int) -> str:
    return f"Make the change number {number}."


@pytest.fixture
def script(tmp_path: Path) -> Path:
    cases = [
        {"instruction": instruction(number), "before": before, "after": after}
        for number, (before, after) in ((number, changed(number)) for number in range(40))
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.toml").touch()
    return {
        "CEREBRAS_API_KEY": "csk-some-key-0000",
        "EDITSVC_DATA_DIR": str(tmp_path / "data"),
        "EDITSVC_CONFIG": str(tmp_path / "config.toml"),
        "EDITSVC_EXPLORATION": "0",
        "EDITSVC_READ_TIMEOUT_S": "60",
    }


async def edit(service: EditService, number: int) -> None:
    asked = EditRequest(
        Snapshot(changed(number)[0]), instruction(number), "run.py", Source.LSP, scope=scopes.parse("file")
    )
    result = await service.edit(asked)
    assert result.status is Status.CHANGED, result.message


async def edits(
    tmp_path: Path, environ: dict[str, str], emulator: Emulator, numbers: range
) -> AsyncIterator[KnownServer]:
    """What is known of the server after each edit; one process makes them all."""
    environ["CEREBRAS_BASE_URL"] = emulator.base_url
    settings = load(environ=environ, folder=tmp_path).settings
    async with open_service(settings, offline=False, environ=environ) as service:
        for number in numbers:
            before = known(tmp_path)
            await edit(service, number)
            while (now := known(tmp_path)) is None or (
                before is not None and now.noted_at == before.noted_at
            ):
                await asyncio.sleep(0.01)
            yield now


def known(tmp_path: Path) -> KnownServer | None:
    servers = VerificationFile(tmp_path / "data").load()
    return servers[0] if servers else None


def what_if(tmp_path: Path) -> list[tuple[list[int], list[int]]]:
    """What the rule foretold of the prediction that was sent, and what the server reported, of each request."""
    with TokenLog(tmp_path / "data" / LOG_FILE) as log:
        return [
            (
                record.what_if["file:fitted"],
                [record.usage.accepted_prediction_tokens or 0, record.usage.rejected_prediction_tokens or 0],
            )
            for record in log.records()
            if record.what_if and "file:fitted" in record.what_if
        ]


async def test_the_rule_of_a_server_that_is_no_preset_is_learned_and_its_change_noticed(
    tmp_path: Path, environ: dict[str, str], script: Path
) -> None:
    environ["EDITSVC_LEARNED_POLICY"] = "false"  # an emulator that takes no time says nothing of what pays
    async with Emulator(EmulatorOptions(script=script, preset=PRESET)) as emulator:
        async for server in edits(tmp_path, environ, emulator, range(14)):
            last = server
    rule = last.rule
    assert last.fit.knowledge is Knowledge.KNOWN
    assert rule is not None
    assert (rule.least, rule.most, rule.n_min, rule.direction) == (11, 45, 6, Direction.FORWARD)
    foretold = what_if(tmp_path)
    assert len(foretold) >= 8
    assert all(told == was for told, was in foretold)

    async with Emulator(EmulatorOptions(script=script, preset=OTHER)) as emulator:
        async for server in edits(tmp_path, environ, emulator, range(14, 19)):
            last = server
    assert last.fit.changes == 1
    assert last.fit.before == rule
    assert last.fit.requests <= 5


async def test_tuning_by_itself_follows_an_edit_where_it_is_switched_on(
    tmp_path: Path, environ: dict[str, str], script: Path
) -> None:
    """The log says that predictions cost more than they save."""
    environ["EDITSVC_AUTO_TUNE"] = "40"
    lost(tmp_path / "data")
    async with Emulator(EmulatorOptions(script=script)) as emulator:
        environ["CEREBRAS_BASE_URL"] = emulator.base_url
        settings = load(environ=environ, folder=tmp_path).settings
        async with open_service(settings, offline=False, environ=environ) as service:
            await edit(service, 0)
            async with asyncio.timeout(PATIENCE_S):
                while not tunings.load(tmp_path / "data").made:
                    await asyncio.sleep(0.01)
            (made,) = tunings.load(tmp_path / "data").made
            assert (made.by, made.version) == (tunings.BY_ITSELF, 1)
            assert made.changes == ("cerebras gpt-oss-120b: do not predict (before: built-in rule)",)
            await edit(service, 1)
    policy = policy_file.load(tmp_path / "data").policy
    assert policy is not None
    assert [rule.predict for rule in policy.rule] == [False]
    with TokenLog(tmp_path / "data" / LOG_FILE) as log:
        first, second = list(log.records())[-2:]
    assert (first.prediction.sent, second.prediction.sent) == (True, False)
    assert second.policy_version == "learned-1"


async def test_it_is_off_by_default(tmp_path: Path, environ: dict[str, str], script: Path) -> None:
    lost(tmp_path / "data")
    async with Emulator(EmulatorOptions(script=script)) as emulator:
        async for _ in edits(tmp_path, environ, emulator, range(2)):
            pass
    assert not (tmp_path / "data" / POLICY_FILE).exists()


def lost(data: Path) -> None:
    """Requests that show that predictions lose."""
    data.mkdir()
    with TokenLog(data / LOG_FILE) as log:
        for record in logged(60, accepted=0.02, start=datetime.now(UTC) - timedelta(days=6)):
            log.append(record)
