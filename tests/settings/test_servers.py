"""Which servers are asked, in which order, with which key, model and patience: tables, or the short form for two."""

import math
from pathlib import Path
from typing import Any

import pytest

from editsvc.app.servers import configured
from editsvc.errors import SettingsError
from editsvc.provider import models
from editsvc.provider.patience import WHOLE_S
from editsvc.settings import environment
from editsvc.settings.schema import Layer, Settings, resolve, shown
from editsvc.settings.servers import Server, servers

TABLE = models.table()
LOCAL = {"base_url": "http://127.0.0.1:8080/v1"}


def settings(**values: Any) -> Settings:
    return resolve([Layer("config.toml", values)]).settings


def of(**tables: dict[str, Any]) -> list[Server]:
    return servers(settings(servers=tables))


def names(found: list[Server]) -> list[str]:
    return [server.name for server in found]


def test_without_tables_the_short_form_names_one_or_two() -> None:
    assert names(servers(Settings())) == ["cerebras"]
    two = servers(settings(fallback_base_url="http://10.0.0.7:8000", fallback_model="mine"))
    assert names(two) == ["cerebras", "fallback"]
    assert [(one.base_url, one.model) for one in two] == [
        ("https://api.cerebras.ai", "gpt-oss-120b"),
        ("http://10.0.0.7:8000", "mine"),
    ]
    assert [one.dialect.name for one in two] == ["cerebras", "compatible"]


def test_tables_are_asked_in_their_order_and_the_short_form_only_completes_them() -> None:
    found = servers(
        settings(
            base_url="https://api.eu.cerebras.ai",
            model="zai-glm-4.7",
            servers={"local": LOCAL, "cerebras": {}, "mistral": {"model": "codestral-latest"}},
        )
    )
    assert names(found) == ["local", "cerebras", "mistral"]
    assert found[1].base_url == "https://api.eu.cerebras.ai"
    assert found[1].model == "zai-glm-4.7"
    assert found[2].base_url == "https://api.mistral.ai"


def test_who_lists_only_a_local_server_sends_nothing_to_anybody_else() -> None:
    environ = {"CEREBRAS_API_KEY": "csk-1", "EDITSVC_DATA_DIR": "/nowhere"}
    asked = configured(settings(servers={"local": LOCAL}, data_dir="/nowhere"), environ)
    assert [(one.name, one.key) for one in asked] == [("local", None)]


@pytest.mark.parametrize(
    ("address", "dialect"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://api.fireworks.ai/inference/v1", "fireworks"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.cerebras.ai/v1", "cerebras"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://192.168.1.20:1234", "lmstudio"),
        ("http://localhost:8000", "compatible"),
        ("https://example.com:11434", "compatible"),
        ("https://notapi.openai.com.example.com", "compatible"),
    ],
)
def test_an_address_tells_the_dialect(address: str, dialect: str) -> None:
    (server,) = of(one={"base_url": address})
    assert server.dialect.name == dialect


def test_a_table_may_say_the_dialect_or_have_its_name() -> None:
    said, named = of(one={**LOCAL, "dialect": "vllm"}, ollama={"base_url": "http://gpu.lan:9000"})
    assert (said.dialect.name, named.dialect.name) == ("vllm", "ollama")


def test_a_key_goes_to_its_own_server_alone(tmp_path: Path) -> None:
    environ = {"OPENAI_API_KEY": "sk-vendor", "EDITSVC_MY_PROXY_API_KEY": "sk-mine", "OTHER": "sk-other"}
    given = settings(
        data_dir=str(tmp_path),
        servers={
            "openai": {"model": "gpt-4.1"},
            "my-proxy": {"base_url": "https://proxy.example", "dialect": "openai", "model": "gpt-4.1"},
            "third": {"base_url": "https://third.example", "api_key_variable": "OTHER"},
            "fourth": {"base_url": "https://fourth.example", "dialect": "openai"},
        },
    )
    asked = configured(given, environ)
    found = {one.name: one.key.value if one.key else None for one in asked}
    assert found == {"openai": "sk-vendor", "my-proxy": "sk-mine", "third": "sk-other", "fourth": None}


def test_a_server_on_this_machine_needs_no_key_and_one_of_a_company_does(tmp_path: Path) -> None:
    given = settings(data_dir=str(tmp_path), servers={"openai": {"model": "gpt-4.1"}, "local": LOCAL})
    assert [one.name for one in configured(given, {})] == ["local"]
    assert not environment.key_is_nowhere(given, {})
    short = settings(data_dir=str(tmp_path), base_url="http://127.0.0.1:11434")
    assert [one.name for one in configured(short, {})] == ["cerebras"]
    assert configured(settings(data_dir=str(tmp_path)), {}) == []


def test_one_request_at_a_time_on_this_machine_unless_told_otherwise() -> None:
    elsewhere = {"base_url": "https://api.example"}
    assert [one.at_once for one in of(local=LOCAL, other=elsewhere)] == [1, math.inf]
    assert [one.at_once for one in of(local={**LOCAL, "jobs": 3}, other={**elsewhere, "jobs": 2})] == [3, 2]
    (local,) = servers(settings(servers={"local": LOCAL}, jobs=8))
    assert local.at_once == 8


def test_patience_follows_from_where_a_server_is_and_settings_have_the_last_word() -> None:
    near, far, cerebras = of(
        local=LOCAL, far={"base_url": "https://api.example"}, cerebras={"base_url": "https://api.cerebras.ai"}
    )
    waits = [one.patience.of(4_000, 1_000) for one in (near, far, cerebras)]
    assert waits[0].first_token_s > 600 > waits[1].first_token_s > waits[2].first_token_s
    assert waits[0].grants and waits[0].whole_s > WHOLE_S
    assert not waits[1].grants and waits[1].whole_s == waits[2].whole_s == WHOLE_S
    (told,) = of(local={**LOCAL, "first_token_timeout_s": 9, "read_timeout_s": 2, "deadline_s": 50})
    waited = told.patience.of(4_000, 1_000)
    assert (waited.first_token_s, waited.gap_s, waited.whole_s, waited.grants) == (9, 2, 50, False)


@pytest.mark.parametrize(
    ("table", "takes"),
    [
        ({"dialect": "openai", "model": "gpt-4o-mini"}, True),
        ({"dialect": "openai", "model": "gpt-4.1-mini-2025-04-14"}, True),
        ({"dialect": "openai", "model": "gpt-5"}, False),
        ({"dialect": "azure", "model": "gpt-4o-2024-08-06"}, True),
        ({"dialect": "mistral", "model": "codestral-latest"}, True),
        ({"dialect": "mistral", "model": "mistral-small-latest"}, False),
        ({"dialect": "fireworks", "model": "accounts/fireworks/models/anything"}, True),
        ({"dialect": "cerebras", "model": "gpt-oss-120b"}, True),
        ({"dialect": "cerebras", "model": "qwen-3.8-27b"}, None),
        ({"dialect": "vllm", "model": "openai/gpt-oss-120b"}, False),
        ({"dialect": "ollama", "model": "gpt-oss:20b"}, False),
        ({"dialect": "openrouter", "model": "openai/gpt-4.1"}, None),
        ({"dialect": "compatible", "model": "gpt-oss-120b"}, None),
        ({"dialect": "compatible", "model": "x", "prediction": True}, True),
    ],
)
def test_whether_a_model_takes_predictions_depends_on_who_serves_it(
    table: dict[str, Any], takes: bool | None
) -> None:
    (server,) = of(one={"base_url": "https://one.example", **table})
    assert server.row(TABLE).prediction is takes


def test_prices_and_limits_are_those_of_the_server() -> None:
    priced = {"usd_per_million_input": 1.0, "usd_per_million_output": 2.0, "context_tokens": 8_000}
    table = {"base_url": "https://one.example", "model": "openai/gpt-oss-120b"}
    plain, told = of(plain=table, told={**table, **priced})
    assert plain.row(TABLE).cost_usd(1_000, 1_000) is None  # what Cerebras takes for it says nothing
    assert plain.row(TABLE).reasoning_effort  # but it reasons wherever it is
    assert told.row(TABLE).cost_usd(1_000_000, 1_000_000) == 3.0
    assert told.row(TABLE).context_tokens == 8_000


AT_CEREBRAS = (0.35, 0.75)
FREE = (0.0, 0.0)
NOT_KNOWN = (None, None)


@pytest.mark.parametrize(
    ("table", "price"),
    [
        ({"dialect": "cerebras"}, AT_CEREBRAS),
        ({"base_url": "https://api.cerebras.ai"}, AT_CEREBRAS),
        ({"base_url": "http://127.0.0.1:8080", "dialect": "cerebras"}, AT_CEREBRAS),  # a way there
        ({"base_url": "http://127.0.0.1:11434"}, FREE),
        ({"base_url": "http://localhost:1234/v1"}, FREE),
        ({"base_url": "http://127.0.0.1:8080"}, FREE),
        ({"base_url": "http://127.0.0.1:8080", "dialect": "llama.cpp"}, FREE),
        ({"base_url": "http://192.168.0.9:8000", "dialect": "vllm"}, FREE),
        ({"base_url": "http://127.0.0.1:11434", "model": "gpt-oss:120b-cloud"}, NOT_KNOWN),
        ({"base_url": "https://gpu.example:8000", "dialect": "vllm"}, NOT_KNOWN),  # somebody pays for that
        ({"base_url": "http://192.168.0.9:8000"}, NOT_KNOWN),
        ({"base_url": "http://127.0.0.1:8080", "dialect": "openrouter"}, NOT_KNOWN),
        ({}, NOT_KNOWN),
        ({"dialect": "fireworks"}, NOT_KNOWN),
        ({"base_url": "http://127.0.0.1:8080", "usd_per_million_output": 2.0}, (0.0, 2.0)),
    ],
)
def test_a_price_is_that_of_a_model_at_a_server(
    table: dict[str, Any], price: tuple[float | None, float | None]
) -> None:
    """The shipped prices are about Cerebras, whatever the model is called elsewhere."""
    (server,) = of(one={"base_url": "https://one.example", "model": "gpt-oss-120b", **table})
    row = server.row(TABLE)
    assert (row.usd_per_million_input, row.usd_per_million_output) == price


def test_prices_that_the_user_gave_for_a_model_count_wherever_it_is() -> None:
    said = {"gpt-oss-120b": {"usd_per_million_input": 0.1, "usd_per_million_output": 0.5}}
    for address in ("https://one.example", "http://127.0.0.1:4000", "http://127.0.0.1:11434"):
        table = {"base_url": address, "model": "gpt-oss-120b"}
        (server,) = servers(settings(servers={"one": table}, models=said))
        assert server.row(models.table(said)).cost_usd(1_000_000, 1_000_000) == 0.6


def test_of_a_model_of_an_unknown_server_it_is_still_said_that_nothing_is_known() -> None:
    (free,) = of(one={**LOCAL, "model": "qwen3-coder"})
    assert not free.row(TABLE).known


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"one": {}}, "servers.one has no base_url"),
        ({"one": {"base_url": "ftp://x"}}, r"servers.one.base_url is not the URL of a server: ftp://x"),
        ({"one": {**LOCAL, "dialect": "klingon"}}, "servers.one.dialect is 'klingon'"),
        ({"one": {**LOCAL, "jobs": 0}}, "servers.one is wrong"),
        ({"one": {**LOCAL, "speed": 1}}, "servers.one is wrong"),
        ({"One Server": LOCAL}, "is no name of a server"),
        ("http://127.0.0.1", "servers is not a table"),
    ],
)
def test_a_mistake_in_a_table_names_the_server_and_what_is_wrong(tables: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as error:
        settings(servers=tables)
    assert error.value.message.startswith("config.toml")


def test_a_workspace_names_no_servers() -> None:
    resolved = resolve([Layer(".editsvc.toml", {"servers": {"theirs": LOCAL}}, trusted=False)])
    assert (resolved.settings.servers, len(resolved.warnings)) == ({}, 1)


def test_a_model_that_is_named_for_a_run_is_that_of_the_first_server() -> None:
    layers = [
        Layer("flag", {"model": "asked"}),
        Layer("config.toml", {"servers": {"local": LOCAL, "b": LOCAL}}),
    ]
    assert [one.model for one in servers(resolve(layers).settings)] == ["asked", None]


def test_passwords_in_addresses_are_not_shown() -> None:
    given = settings(servers={"local": {"base_url": "https://me:hunter2@example.com"}})
    assert "hunter2" not in str(shown(given))
