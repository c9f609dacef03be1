"""What an editor may set, and what a workspace cannot reach through it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from editsvc.settings.schema import PROJECT_MAY_SET, Settings
from lsp.settings import ApplyMode, Preset, camel, read, schema

Start = Callable[..., Any]
CONFIGURATION = {
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
}


def test_one_wrong_value_takes_no_other_away() -> None:
    own, engine, warnings = read({"mode": "apply", "presets": "none", "model": "m", "colour": 1})

    assert (own.mode, own.presets, engine) == (ApplyMode.APPLY, [], {"model": "m"})
    assert [warning.split(" is wrong")[0] for warning in warnings] == [
        "The setting editsvc.presets",
        "editsvc.colour is not a setting.",
    ]


@pytest.mark.parametrize("key", sorted(set(Settings.__struct_fields__) - PROJECT_MAY_SET))
def test_what_a_workspace_may_not_set_is_ignored_and_said(key: str) -> None:
    _, engine, warnings = read({key: "x"})

    assert not engine
    assert len(warnings) == 1 and camel(key) in warnings[0]


def test_a_preset_is_offered_for_its_languages_and_may_replace_a_built_in_one() -> None:
    own, _, _ = read({"presets": [{"id": "types", "title": "T", "instruction": "i", "languages": ["go"]}]})

    assert [preset.title for preset in own.offered("go") if preset.id == "types"] == ["T"]
    assert not [preset for preset in own.offered("python") if preset.id == "types"]
    assert any(isinstance(preset, Preset) for preset in own.offered("python"))


@pytest.mark.parametrize("key", ["commentMarker", "comment_marker"])
def test_a_setting_has_the_name_of_editors_and_that_of_settings_files(key: str) -> None:
    own, _, warnings = read({key: "todo"})

    assert (own.comment_marker, warnings) == ("todo", [])


def test_of_two_names_for_one_setting_that_of_editors_counts() -> None:
    own, engine, _ = read({"codeLenses": False, "code_lenses": True, "onlyAsked": True, "only_asked": False})

    assert (own.code_lenses, engine) == (False, {"only_asked": True})


@pytest.mark.parametrize("key", ["builtinPresets", "builtin_presets"])
def test_a_wrong_value_is_named_as_editors_name_it(key: str) -> None:
    _, _, (warning,) = read({key: "perhaps"})

    assert warning.startswith("The setting editsvc.builtinPresets is wrong: ")


def test_without_a_model_only_presets_that_need_none_are_offered() -> None:
    own, _, _ = read(
        {
            "presets": [
                {"id": "faster", "title": "Make it faster", "instruction": "make it faster"},
                {"id": "amount", "title": "Say amount", "instruction": "rename total to amount"},
            ]
        }
    )

    assert [preset.title for preset in own.offered("python", offline=True)] == [
        "Say amount",
        "Add documentation stubs",
        "Sort imports",
    ]
    assert [preset.title for preset in own.offered("cpp", offline=True)] == [
        "Say amount",
        "Add documentation stubs",
    ]


async def test_names_of_both_kinds_are_one_setting_also_between_messages(start: Start) -> None:
    session = await start(options={"settings": {"commentMarker": "first"}})
    session.client.notify(
        "workspace/didChangeConfiguration", {"settings": {"editsvc": {"comment_marker": "second"}}}
    )

    assert session.server.edits.settings.comment_marker == "second"


def test_the_schema_describes_every_setting() -> None:
    properties = schema()["properties"]

    assert {"mode", "presets", "commentMarker", *map(camel, PROJECT_MAY_SET)} <= properties.keys()
    assert all("description" in value for value in properties.values())
    references = [value["$ref"] for value in properties.values() if "$ref" in value]
    assert {reference.removeprefix("#/$defs/") for reference in references} <= schema()["$defs"].keys()


async def test_settings_are_asked_for_and_can_be_pushed(start: Start) -> None:
    session = await start(settings={"mode": "apply"}, capabilities=CONFIGURATION)
    while not session.client.said("workspace/configuration"):
        await _turn()
    await _turn()
    assert session.server.edits.settings.mode is ApplyMode.APPLY
    assert session.client.said("client/registerCapability")

    session.client.notify("workspace/didChangeConfiguration", {"settings": {"editsvc": {"mode": "preview"}}})
    assert session.server.edits.settings.mode is ApplyMode.PREVIEW

    session.client.settings = {"mode": "review"}
    session.client.notify("workspace/didChangeConfiguration", {"settings": None})
    await _turn()
    assert session.server.edits.settings.mode is ApplyMode.REVIEW


async def test_what_came_with_initialize_holds_until_the_client_says_otherwise(start: Start) -> None:
    first = {"mode": "apply", "confirm": True}
    session = await start(
        options={"settings": first}, settings={"mode": "preview"}, capabilities=CONFIGURATION
    )
    await _turn()

    assert session.server.edits.settings.mode is ApplyMode.PREVIEW
    assert session.server.edits.settings.confirm is True


def test_the_page_describes_every_setting_and_every_command() -> None:
    from lsp import actions

    page = (Path(__file__).parents[2] / "docs" / "language-server.md").read_text("utf-8")
    commands = [value for name, value in vars(actions).items() if name.isupper() and isinstance(value, str)]

    assert all(f"`{name}`" in page for name in schema()["properties"])
    assert all(name in page for name in commands if name.startswith("editsvc."))


async def test_a_client_cannot_redirect_requests(start: Start) -> None:
    session = await start(options={"settings": {"base_url": "http://evil.invalid", "model": "qwen-3.8-27b"}})
    answer = await session.edit(mode="preview")

    assert (answer["status"], answer["model"]) == ("changed", "qwen-3.8-27b")
    assert len(session.emulator.records()) == 1
    assert any(
        "editsvc.baseUrl is ignored" in said["message"] for said in session.client.said("window/logMessage")
    )


async def test_a_project_file_cannot_either(start: Start, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".editsvc.toml").write_text(
        'base_url = "http://evil.invalid"\nlog_url = "sqlite:////tmp/evil.db"\nmodel = "qwen-3.8-27b"\n'
    )
    session = await start(root=project.as_uri())
    answer = await session.edit(mode="preview")

    assert (answer["status"], answer["model"]) == ("changed", "qwen-3.8-27b")
    assert len(session.records()) == 1


async def test_new_settings_are_used_by_the_next_edit_while_one_is_running(start: Start) -> None:
    session = await start(speed=400.0)
    first = session.client.command("editsvc.edit", _asked(session, "preview"))
    while not session.server.edits._running:
        await _turn()
    settings = {"editsvc": {"model": "zai-glm-4.7"}}
    session.client.notify("workspace/didChangeConfiguration", {"settings": settings})
    session.client.open("file:///project/other.py", session.client.text("file:///project/steps.py"))
    second = await session.edit(mode="preview", uri="file:///project/other.py")

    assert (await first)["status"] == "changed"
    assert second["model"] == "zai-glm-4.7"


async def test_wrong_settings_of_the_user_are_said_by_each_edit(start: Start) -> None:
    session = await start(environ={"EDITSVC_DEADLINE_S": "soon"})
    answer = await session.edit()

    assert answer["status"] == "failed"
    assert "deadline_s" in answer["message"]


def _asked(session: Any, mode: str) -> dict[str, Any]:
    from lsp_session import RENAME, URI

    return {"uri": URI, "instruction": RENAME, "mode": mode}


async def _turn() -> None:
    import asyncio

    for _ in range(10):
        await asyncio.sleep(0)
