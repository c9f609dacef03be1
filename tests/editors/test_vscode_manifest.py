"""What VS Code reads before the extension runs: its settings, its walkthrough, and its pages; no editor is needed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from editsvc.instruction.commands import describe
from lsp.settings import SNAKE, schema

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text("utf-8"))
GROUPS: list[dict[str, Any]] = MANIFEST["contributes"]["configuration"]
SETTINGS: dict[str, dict[str, Any]] = {
    name: setting for group in GROUPS for name, setting in group["properties"].items()
}
SERVERS = schema()
EARLIER = {name for name in SETTINGS if "_" in name}
OWN = {name for name in SETTINGS if name.count(".") > 1} | {"editsvc.openReview"}


@pytest.mark.editors
@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is missing")
def test_the_settings_are_made_from_those_of_the_server() -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from lsp import main; sys.exit(main())",
        "--settings-schema",
    ]
    made = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout
    script = ["node", str(EXTENSION / "scripts" / "settings.mjs"), "--check"]

    assert subprocess.run(script, input=made, check=False).returncode == 0


def test_the_settings_are_those_of_the_server() -> None:
    assert SETTINGS.keys() - OWN - EARLIER == {f"editsvc.{name}" for name in SERVERS["properties"]}


@pytest.mark.parametrize("name", SERVERS["properties"])
def test_a_setting_is_what_the_server_takes(name: str) -> None:
    declared, setting = SERVERS["properties"][name], SETTINGS[f"editsvc.{name}"]
    definition = SERVERS["$defs"].get(declared.get("$ref", "").removeprefix("#/$defs/"), {})

    for key in ("default", "type", "minimum", "maximum", "pattern"):
        assert setting.get(key) == declared.get(key, "string" if key == "type" else None), key
    assert setting.get("enum") == definition.get("enum")


@pytest.mark.parametrize("name", sorted(SETTINGS.keys() - EARLIER))
def test_a_setting_reads_well(name: str) -> None:
    setting = SETTINGS[name]

    assert re.fullmatch(r"editsvc(\.[a-z][a-zA-Z]*)+", name), "in camel case, as VS Code has it"
    assert "order" in setting
    assert setting["markdownDescription"][0] == setting["markdownDescription"][0].upper()
    assert setting["markdownDescription"].endswith(".")
    for other in re.findall(r"`#([^#`]+)#`", json.dumps(setting)):
        assert other in SETTINGS, "a link leads nowhere"
    if "enum" in setting:
        assert len(setting["markdownEnumDescriptions"]) == len(setting["enum"])
        assert all(one.endswith(".") for one in setting["markdownEnumDescriptions"])


def test_the_order_is_that_of_the_groups() -> None:
    orders = [SETTINGS[name]["order"] for name in SETTINGS if name not in EARLIER]

    assert orders == sorted(set(orders))
    assert [group["order"] for group in GROUPS] == list(range(len(GROUPS)))


@pytest.mark.parametrize("name", sorted(EARLIER))
def test_an_earlier_name_leads_to_the_present_one(name: str) -> None:
    (present,) = re.findall(r"`#editsvc\.([^#`]+)#`", SETTINGS[name]["markdownDeprecationMessage"])

    assert f"editsvc.{SNAKE[present]}" == name


def test_a_workspace_that_is_not_trusted_sets_nothing() -> None:
    restricted = MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]

    assert restricted == list(SETTINGS)
    assert SETTINGS["editsvc.server.path"]["scope"] == "machine"


def test_the_walkthrough_has_pictures_and_shows_no_markup() -> None:
    (walkthrough,) = MANIFEST["contributes"]["walkthroughs"]
    commands = {command["command"] for command in MANIFEST["contributes"]["commands"]}

    for step in walkthrough["steps"]:
        assert "`" not in step["description"], "VS Code shows it as it is"
        for command in re.findall(r"\(command:(editsvc\.\w+)", step["description"]):
            assert command in commands
        media = step["media"]
        shown = media.get("image", media.get("markdown"))
        pictures = [shown] if isinstance(shown, str) else shown.values()
        assert all((EXTENSION / picture).is_file() for picture in pictures)
        if "image" in media:
            assert media["altText"]


def test_the_pictures_of_the_pages_are_in_the_package() -> None:
    # Readers of the project see them so. The page of an extension in VS Code shows none that has no address of its own,
    # which vsce makes from the manifest's repository; the walkthrough shows what is in the package.
    for page in ("README.md", "CHANGELOG.md"):
        for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", (EXTENSION / page).read_text("utf-8")):
            assert picture.startswith("media/"), "what .vscodeignore lets in"
            assert (EXTENSION / picture).is_file()


def test_the_moving_picture_moves_and_is_small() -> None:
    data = (EXTENSION / "media" / "edit.gif").read_bytes()

    assert data.startswith(b"GIF89a")
    assert data.count(b"\x21\xf9\x04") > 10, "its frames, each with its own control block"
    assert len(data) < 400_000


def test_what_works_without_a_key_is_what_the_offline_engine_does() -> None:
    page = (EXTENSION / "media" / "offline.md").read_text("utf-8")

    for example, effect in describe():
        assert f"| `{example}` | {effect} |" in page
