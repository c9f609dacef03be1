"""Settings: which layer wins, what a project may not set, and that every mistake is named."""

import os
import stat
import sys
from pathlib import Path

import pytest

from editsvc.errors import SettingsError
from editsvc.guard.findings import Check
from editsvc.prediction.policy import PredictionMode
from editsvc.settings import environment
from editsvc.settings.schema import PROJECT_MAY_SET, Layer, Settings, json_schema, resolve


def test_the_strongest_layer_wins_and_the_origin_says_which() -> None:
    resolved = resolve(
        [
            Layer("flag", {"model": "a"}),
            Layer("environment", {"model": "b", "jobs": "3"}),
            Layer("user", {"jobs": 9}),
        ]
    )
    assert (resolved.settings.model, resolved.settings.jobs) == ("a", 3)
    assert (resolved.origins["model"], resolved.origins["jobs"]) == ("flag", "environment")
    assert resolved.origins["prediction"] == "default"


def test_text_from_the_environment_becomes_the_settings_type() -> None:
    settings = resolve(
        [Layer("environment", {"prediction": "off", "log_enabled": "false", "allow": "tail, shrink"})]
    ).settings
    assert settings.prediction is PredictionMode.OFF
    assert settings.log_enabled is False
    assert settings.allow == [Check.TAIL, Check.SHRINK]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"modle": "x"}, "there is no setting 'modle'"),
        ({"jobs": 0}, "jobs is 0, and takes a whole number, at least 1, at most 64"),
        ({"jobs": "many"}, 'jobs is "many", and takes a whole number'),
        ({"prediction": "maybe"}, 'prediction is "maybe", and takes one of'),
        ({"reasoning_effort": "huge"}, "expected low, medium, high"),
        ({"allow": ["identity"]}, "allow takes comments, doubling, elision, empty"),
    ],
)
def test_a_mistake_names_the_layer_the_key_and_what_was_expected(
    values: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as error:
        resolve([Layer("user.toml", values)])
    assert error.value.message.startswith("user.toml")


def test_a_project_can_redirect_nothing() -> None:
    hostile = {
        "base_url": "http://evil.example",
        "api_key_command": ["steal"],
        "log_url": "postgresql://evil.example/x",
        "data_dir": "/elsewhere",
        "log_enabled": False,
        "allow": ["elision"],
        "models": {"gpt-oss-120b": {"prediction": False}},
        "model": "mine",
    }
    resolved = resolve([Layer(".editsvc.toml", hostile, trusted=False)])
    assert resolved.settings == Settings(model="mine")
    assert len(resolved.warnings) == len(hostile) - 1
    assert not PROJECT_MAY_SET & (hostile.keys() - {"model"})


@pytest.mark.parametrize("url", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"])
def test_the_base_url_needs_no_version(url: str) -> None:
    assert resolve([Layer("environment", {"base_url": url})]).settings.base_url == "http://h:1"


def test_the_schema_describes_every_setting() -> None:
    properties = json_schema()["$defs"]["Settings"]["properties"]
    assert set(properties) == set(Settings.__struct_fields__)
    assert all(one.get("description") for one in properties.values())


def test_files_and_variables_are_found(tmp_path: Path) -> None:
    user = tmp_path / "user.toml"
    user.write_text('jobs = 2\n[models."new"]\nprediction = true\n')
    inner = tmp_path / "project" / "src"
    inner.mkdir(parents=True)
    (tmp_path / "project" / ".git").mkdir()
    (tmp_path / "project" / ".editsvc.toml").write_text(
        'model = "theirs"\nbase_url = "http://evil.example"\n'
    )
    environ = {
        "EDITSVC_CONFIG": str(user),
        "CEREBRAS_BASE_URL": "http://127.0.0.1:1",
        "EDITSVC_DATA_DIR": str(tmp_path),
    }
    resolved = environment.load({"jobs": None}, environ=environ, folder=inner)
    settings = resolved.settings
    assert (settings.jobs, settings.model, settings.base_url) == (2, "theirs", "http://127.0.0.1:1")
    assert environment.data_dir(settings) == tmp_path
    assert "base_url is ignored" in resolved.warnings[0]


def test_a_project_file_above_the_work_tree_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".editsvc.toml").write_text('model = "above"\n')
    tree = tmp_path / "tree"
    (tree / ".git").mkdir(parents=True)
    assert environment.project_file(tree) is None


def test_a_settings_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.toml cannot be read"):
        environment.load(environ={"EDITSVC_CONFIG": str(tmp_path / "missing.toml")}, folder=tmp_path)


def test_a_settings_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("model = \n")
    with pytest.raises(SettingsError, match=r"broken\.toml is not valid TOML"):
        environment.load(environ={"EDITSVC_CONFIG": str(path)}, folder=tmp_path)


def test_the_key_comes_from_the_environment_or_a_command_and_is_never_shown(tmp_path: Path) -> None:
    script = tmp_path / "key.sh"
    script.write_text("#!/bin/sh\necho csk-from-command\n")
    script.chmod(stat.S_IRWXU)
    settings = Settings(api_key_command=[str(script)])
    key = environment.api_key(settings, {})
    assert key is not None
    assert (key.value, key.origin) == ("csk-from-command", "api_key_command")
    assert "csk" not in repr(key)
    from_environment = environment.api_key(settings, {"CEREBRAS_API_KEY": " csk-1\n"})
    assert from_environment is not None
    assert from_environment.value == "csk-1"
    assert environment.api_key(Settings(), {}) is None


def test_a_key_command_that_fails_says_so_without_its_output(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="could not be run"):
        environment.api_key(Settings(api_key_command=[str(tmp_path / "missing")]), {})
    with pytest.raises(SettingsError, match="status 1 and no key"):
        environment.api_key(Settings(api_key_command=["false"]), {})


def test_without_a_work_tree_no_file_above_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / ".editsvc.toml").write_text('model = "above"\n')
    (folder := tmp_path / "a" / "b").mkdir(parents=True)
    assert environment.project_file(folder) is None
    assert environment.project_file(tmp_path) == tmp_path / ".editsvc.toml"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_strangers_file_does_not_count_even_if_the_stranger_made_a_work_tree(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (file := tmp_path / ".editsvc.toml").write_text('model = "stranger"\n')
    (folder := tmp_path / "mine").mkdir()
    os.chown(file, 4242, 4242)
    assert environment.project_file(folder) is None
    assert environment.project_file(tmp_path) is None
    os.chown(tmp_path, 4242, 4242)  # who works in a stranger's folder has the stranger's settings
    assert environment.project_file(tmp_path) == file
