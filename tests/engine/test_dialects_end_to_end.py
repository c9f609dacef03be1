"""An edit by each kind of server, through the settings of a user: with nothing but its address, key and model."""

import json
from pathlib import Path
from typing import Any

import pytest
from lsp_session import ONE_RENAME, ONE_RENAMED, STEPS, write_cases

from editsvc.app.composition import open_service
from editsvc.emulator import EmulatedModel, Emulator, EmulatorOptions, parse_fault
from editsvc.emulator.dialects import KINDS
from editsvc.emulator.options import DEFAULT_MODELS
from editsvc.engine.edit import EditRequest, EditResult
from editsvc.errors import Status
from editsvc.provider import dialects
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

KEY = "a-secret-key"
PREDICTS = {"cerebras", "openai", "azure", "mistral", "fireworks"}
MODELS = {"openai": "gpt-4.1", "azure": "gpt-4o-2024-08-06", "mistral": "codestral-latest"}


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return write_cases(tmp_path)


def options(name: str, cases: Path, **more: Any) -> EmulatorOptions:
    context = more.pop("context", 131_072)
    model = EmulatedModel(MODELS.get(name, "gpt-oss-120b"), reasoning=False, context=context)
    return EmulatorOptions(dialect=name, script=cases, models=(model, *DEFAULT_MODELS[1:]), **more)


async def edited(
    folder: Path, tables: dict[str, dict[str, Any]], text: str = STEPS, times: int = 1, **more: str
) -> list[EditResult]:
    lines = []
    for name, table in tables.items():
        lines += [f'[servers."{name}"]', *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    (folder / "config.toml").write_text("\n".join(lines))
    environ = {
        "EDITSVC_CONFIG": str(folder / "config.toml"),
        "EDITSVC_DATA_DIR": str(folder / "data"),
        "EDITSVC_EXPLORATION": "0",
        "THE_KEY": KEY,
        **more,
    }
    settings = load(environ=environ, folder=folder).settings
    async with open_service(settings, offline=False, environ=environ) as service:
        return [
            await service.edit(EditRequest(Snapshot(text), ONE_RENAME, "steps.py", Source.CLI))
            for _ in range(times)
        ]


def table(emulator: Emulator, name: str, **more: Any) -> dict[str, Any]:
    return {"base_url": emulator.base_url, "dialect": name, "api_key_variable": "THE_KEY", **more}


def test_what_the_client_knows_of_can_be_emulated() -> None:
    assert set(dialects.table()) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
async def test_a_server_of_each_kind_makes_the_edit_with_one_request(
    tmp_path: Path, cases: Path, name: str
) -> None:
    async with Emulator(options(name, cases, api_key=KEY)) as emulator:
        (result,) = await edited(tmp_path, {"one": table(emulator, name)})
        (record,) = emulator.records()
    assert result.status is Status.CHANGED, result.message
    assert result.after is not None and result.after.text == ONE_RENAMED
    assert result.decision is not None and result.decision.send is (name in PREDICTS)
    assert (record.prediction_tokens is not None) is (name in PREDICTS)
    assert result.usage.completion_tokens == record.completion_tokens
    assert result.model == MODELS.get(name, "gpt-oss-120b")  # the first that it lists


@pytest.mark.parametrize("name", KINDS)
async def test_a_request_that_is_too_long_is_told_as_such_and_names_no_limit_of_ours(
    tmp_path: Path, cases: Path, name: str
) -> None:
    async with Emulator(options(name, cases, context=1_500)) as emulator:
        given = {"one": table(emulator, name, max_output_tokens=700, context_tokens=100_000)}
        (result,) = await edited(tmp_path, given, STEPS * 40, EDITSVC_LOCATE="off")
    assert result.status is not Status.CHANGED
    assert "too short" in result.message or "tokens" in result.message or "longer" in result.message
    assert "did not fit into" not in result.message


@pytest.mark.parametrize("name", ["ollama", "compatible", "vllm"])
async def test_who_leaves_out_what_was_cached_has_read_it_all_the_same(
    tmp_path: Path, cases: Path, name: str
) -> None:
    apart = options(name, cases, faults=(parse_fault("uncached-usage"),))
    async with Emulator(apart) as emulator:
        results = await edited(tmp_path, {"one": table(emulator, name)}, times=3)
        told = [record.prompt_tokens - record.cached_tokens for record in emulator.records()]
    assert [result.status for result in results] == [Status.CHANGED] * 3
    assert [result.usage.prompt_tokens for result in results] == told
    assert told[1] < told[0] / 2


@pytest.mark.parametrize("name", ["openai", "mistral", "ollama", "vllm"])
async def test_each_kind_can_be_the_second_server(tmp_path: Path, cases: Path, name: str) -> None:
    faults = (parse_fault("status:500"),)
    async with (
        Emulator(options("cerebras", cases, faults=faults)) as first,
        Emulator(options(name, cases)) as second,
    ):
        tables = {"one": table(first, "cerebras"), "two": table(second, name)}
        (result,) = await edited(tmp_path, tables)
    assert (result.status, result.provider) == (Status.CHANGED, "two")
    # Whether to predict is decided for the one that is asked.
    assert result.decision is not None and result.decision.send is (name in PREDICTS)


async def test_who_answers_first_takes_none_and_the_second_one_does(tmp_path: Path, cases: Path) -> None:
    faults = (parse_fault("status:500"),)
    async with (
        Emulator(options("ollama", cases, faults=faults)) as first,
        Emulator(options("cerebras", cases)) as second,
    ):
        tables = {"one": table(first, "ollama"), "two": table(second, "cerebras")}
        (result,) = await edited(tmp_path, tables)
        assert first.records()[0].prediction_tokens is None
        assert second.records()[0].prediction_tokens
    assert result.decision is not None and result.decision.send


async def test_a_server_that_takes_no_notice_of_predictions_gets_none_after_two(
    tmp_path: Path, cases: Path
) -> None:
    async with Emulator(options("compatible", cases)) as emulator:
        results = await edited(tmp_path, {"one": table(emulator, "compatible", prediction=True)}, times=4)
    assert [result.decision.send for result in results if result.decision] == [True, True, False, False]
    assert results[3].decision is not None and results[3].decision.reason == "server-ignores"
    warned = [warning for result in results for warning in result.warnings if "takes no notice" in warning]
    assert len(warned) == 1


async def test_a_server_that_loads_its_model_is_waited_for(tmp_path: Path, cases: Path) -> None:
    loading = options("llama.cpp", cases, faults=(parse_fault("loading"),), fault_count=2)
    async with Emulator(loading) as emulator:
        (result,) = await edited(tmp_path, {"one": table(emulator, "llama.cpp")}, EDITSVC_MAX_RETRIES="0")
    assert result.status is Status.CHANGED
    assert [attempt.outcome for attempt in result.attempts] == ["ProviderBusy", "ProviderBusy", "stop"]


async def test_what_a_server_refused_once_is_not_sent_by_the_next_process(
    tmp_path: Path, cases: Path
) -> None:
    async with Emulator(options("mistral", cases)) as emulator:
        given = {"one": table(emulator, "compatible", model="codestral-latest")}
        await edited(tmp_path, given)
        before = len(emulator.records())
        await edited(tmp_path, given)
        assert (before, len(emulator.records())) == (2, 3)
