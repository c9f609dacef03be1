"""A server that takes less than its model is known for: it is asked for less, and the next edit knows it beforehand."""

import json
from pathlib import Path

import pytest

from editsvc.app.composition import open_service
from editsvc.app.servers import limits_file
from editsvc.emulator import EmulatedModel, Emulator, EmulatorOptions
from editsvc.engine.edit import EditRequest, EditResult
from editsvc.errors import Status
from editsvc.scope import scopes
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

LONG = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(200))
CHANGED = LONG.replace("value + 70\n", "value + 7000\n")
INSTRUCTION = "Let step_70 add 7000."
MODEL = "gpt-oss-120b"


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


def options(tmp_path: Path, context: int, minute: int = 0) -> EmulatorOptions:
    script = tmp_path / "cases.jsonl"
    script.write_text(json.dumps({"instruction": INSTRUCTION, "before": LONG, "after": CHANGED}) + "\n")
    small = EmulatedModel(MODEL, context=context)
    return EmulatorOptions(script=script, models=(small,), tokens_per_minute=minute)


async def edited(tmp_path: Path, environ: dict[str, str], spec: str = "auto") -> EditResult:
    """One edit by a service of its own, as a process of its own would have."""
    settings = load(environ=environ, folder=tmp_path).settings
    async with open_service(settings, offline=False, environ=environ) as service:
        return await service.edit(
            EditRequest(Snapshot(LONG), INSTRUCTION, "steps.py", Source.CLI, scope=scopes.parse(spec))
        )


async def test_what_one_process_was_refused_the_next_one_does_not_ask(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    async with Emulator(options(tmp_path, 6_000)) as emulator:
        environ["CEREBRAS_BASE_URL"] = emulator.base_url
        first = await edited(tmp_path, environ)
        assert first.after is not None and first.after.text == CHANGED, first.message
        assert first.attempts[0].outcome == "ContextExceeded"
        second = await edited(tmp_path, environ)
        assert second.after is not None and second.after.text == CHANGED, second.message
        assert {attempt.outcome for attempt in second.attempts} == {"stop"}
        settings = load(environ=environ, folder=tmp_path).settings
        assert limits_file(settings).of(emulator.base_url)[MODEL].context == 6_000


async def test_so_it_is_with_what_a_minute_does_not_have(tmp_path: Path, environ: dict[str, str]) -> None:
    async with Emulator(options(tmp_path, 131_072, minute=6_000)) as emulator:
        environ["CEREBRAS_BASE_URL"] = emulator.base_url
        first = await edited(tmp_path, environ)
        # How much of the minute is left after that is another matter.
        assert [attempt.outcome for attempt in first.attempts[:2]] == ["ContextExceeded", "stop"]
        second = await edited(tmp_path, environ)
        assert "ContextExceeded" not in [attempt.outcome for attempt in second.attempts]
        settings = load(environ=environ, folder=tmp_path).settings
        assert limits_file(settings).of(emulator.base_url)[MODEL].minute == 6_000


async def test_lines_that_the_user_chose_are_not_cut_down_for_it(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    async with Emulator(options(tmp_path, 6_000)) as emulator:
        environ["CEREBRAS_BASE_URL"] = emulator.base_url
        result = await edited(tmp_path, environ, "lines:1-800")
        assert result.status is Status.FAILED
        assert "127.0.0.1 takes 6,000 tokens, prompt and reply together" in result.message


async def test_the_offline_engine_is_no_server_to_remember(tmp_path: Path, environ: dict[str, str]) -> None:
    del environ["CEREBRAS_API_KEY"]
    settings = load(environ=environ, folder=tmp_path).settings
    async with open_service(settings, offline=True, environ=environ) as service:
        asked = EditRequest(Snapshot("a = 1\n"), "replace 'a' with 'b'", "a.py", Source.CLI)
        assert (await service.edit(asked)).status is Status.CHANGED
    assert (tmp_path / "data").is_dir()
    assert not (tmp_path / "data" / "limits.json").exists()
