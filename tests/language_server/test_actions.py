"""Without a plugin: presets, instructions in comments, accept and reject, all as code actions and lenses."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from lsp_client import NEOVIM, PROFILES, VSCODE, Profile
from lsp_session import ONE_RENAME, ONE_RENAMED, RENAME, RENAMED, STEPS, URI, Session

Start = Callable[..., Any]
COMMENTED = STEPS.replace("def step_3", "# edit: rename step_3 to third\ndef step_3")


async def actions(session: Session, start: int, end: int, **context: Any) -> list[dict[str, Any]]:
    place = session.client.range(session.client.text(URI), start, end)
    params = {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": [], **context}}
    found: list[dict[str, Any]] = await session.client.request("textDocument/codeAction", params)
    return found


async def choose(session: Session, action: dict[str, Any]) -> Any:
    """What an editor does with an action: resolve it if it has no command, then run that; and wait for the end."""
    if "command" not in action:
        action = await session.client.request("codeAction/resolve", action)
    command = action["command"]
    answer = await session.client.command(command["command"], *command["arguments"])
    await session.settled()
    return answer


def titled(found: list[dict[str, Any]], title: str) -> dict[str, Any]:
    (action,) = [action for action in found if action["title"].startswith(title)]
    return action


async def lenses(session: Session) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await session.client.request(
        "textDocument/codeLens", {"textDocument": {"uri": URI}}
    )
    return found


async def test_presets_are_offered_for_what_is_selected(start: Start) -> None:
    preset = {"id": "third", "title": "Rename two steps", "instruction": RENAME}
    session = await start(options={"settings": {"presets": [preset]}})
    action = titled(await actions(session, 0, 0), "Rename two steps")

    assert action["kind"] == "refactor.rewrite.editsvc.third"
    assert "edit" not in action
    assert (await choose(session, action))["status"] == "running"
    assert session.client.text(URI) == RENAMED


def place_of(answer: dict[str, Any]) -> tuple[str, int, int, str]:
    """The scope of an edit, in its answer or in its record."""
    scope = answer["scope"]
    return scope["kind"], scope["start_line"], scope["end_line"], scope["reason"]


async def test_a_selection_bounds_what_is_rewritten(start: Start) -> None:
    preset = {"id": "r", "title": "Rename", "instruction": ONE_RENAME}
    session = await start(options={"settings": {"presets": [preset]}})
    first = STEPS.index("def step_5")
    selected = STEPS[first : STEPS.index("def step_6")]
    action = titled(await actions(session, first, first + len(selected)), "Rename")
    await choose(session, action)

    assert place_of(session.records()[0]) == ("lines", 21, 24, "asked")
    assert session.client.text(URI) == ONE_RENAMED


async def test_a_cursor_means_the_function_around_it(start: Start) -> None:
    session = await start()
    at = STEPS.index("return value + 5")
    place = session.client.range(STEPS, at, at)
    answer = await session.edit(ONE_RENAME, range=place)

    assert place_of(answer) == ("symbol", 21, 22, "cursor")


async def test_a_scope_that_is_named_counts_more_than_a_range(start: Start) -> None:
    session = await start()
    place = session.client.range(STEPS, 0, 10)
    answer = await session.edit(ONE_RENAME, range=place, scope="symbol:step_5")

    assert place_of(answer) == ("symbol", 21, 22, "asked")


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_an_instruction_in_a_comment_is_applied_and_taken_away(start: Start, profile: Profile) -> None:
    session = await start(profile, offline=True, script=None, opened={URI: COMMENTED})
    at = COMMENTED.index("# edit") + 5
    action = titled(await actions(session, at, at), "Apply this instruction: rename step_3 to third")
    answer = await choose(session, action)

    assert answer["status"] == "running"
    assert session.client.text(URI) == STEPS.replace("step_3", "third")
    session.client.report(URI)
    assert session.same_text()
    assert len(session.client.said("workspace/applyEdit")) == 1
    await session.client.command("editsvc.rejectEdit", {"editId": answer["editId"]})
    assert session.client.text(URI) == COMMENTED


async def test_elsewhere_the_instruction_is_not_offered(start: Start) -> None:
    session = await start(opened={URI: COMMENTED})

    assert not [one for one in await actions(session, 0, 0) if one["title"].startswith("Apply")]


async def test_a_comment_that_is_gone_is_no_instruction_any_more(start: Start) -> None:
    session = await start(opened={URI: COMMENTED})
    at = COMMENTED.index("# edit")
    action = titled(await actions(session, at, at), "Apply")
    session.client.type(URI, at, at + len("# edit: rename"), "# do not rename")
    await choose(session, action)

    assert session.told() == ["The comment with the instruction is no longer there. Ask again."]


async def test_a_result_that_no_client_shows_is_shown_by_the_server(start: Start) -> None:
    preset = {"id": "p", "title": "Preset", "instruction": RENAME}
    session = await start(options={"settings": {"presets": [preset]}}, faults=(_fault("refusal"),))
    await choose(session, titled(await actions(session, 0, 0), "Preset"))

    (message,) = session.told()
    assert message.startswith("The model")


async def test_open_hunks_have_lenses_and_actions_that_decide(start: Start) -> None:
    session = await start()
    answer = await session.edit()
    assert [hunk["state"] for hunk in answer["hunks"]] == ["open", "open"]

    shown = await lenses(session)
    assert [lens["command"]["title"] for lens in shown] == [
        "Accept",
        "Reject",
        "Accept all",
        "Reject all",
    ] * 2
    lines = [lens["range"]["start"]["line"] for lens in shown]
    assert lines == [12] * 4 + [32] * 4

    at = RENAMED.index("third")
    await choose(session, titled(await actions(session, at, at), "Reject this change"))
    assert session.client.text(URI) == RENAMED.replace("third", "step_3")

    everything = titled(await actions(session, 0, 0), "Accept all changes (1)")
    accepted = await choose(session, everything)
    assert [hunk["state"] for hunk in accepted["hunks"]] == ["rejected", "accepted"]
    assert not await lenses(session)
    assert not [one for one in await actions(session, 0, 0) if "change" in one["title"]]


async def test_lenses_can_be_switched_off(start: Start) -> None:
    session = await start(NEOVIM, options={"settings": {"code_lenses": False}})
    await session.edit()

    assert not await lenses(session)


async def test_an_editor_that_asks_for_a_kind_gets_that_kind(start: Start) -> None:
    session = await start()
    await session.edit()
    rewrites = await actions(session, 0, 0, only=["refactor.rewrite"])
    fixes = await actions(session, 0, 0, only=["quickfix"])

    assert rewrites and all(one["kind"].startswith("refactor.rewrite.editsvc.") for one in rewrites)
    assert fixes and all(one["kind"].startswith("quickfix.editsvc.") for one in fixes)
    assert not await actions(session, 0, 0, only=["source.organizeImports"])


async def test_resolving_runs_nothing(start: Start) -> None:
    session = await start(VSCODE)
    for action in await actions(session, 0, 0):
        resolved = await session.client.request("codeAction/resolve", action)
        assert resolved["command"]["command"] == "editsvc.edit"

    assert not session.emulator.records()


@pytest.mark.parametrize("profile", [VSCODE, NEOVIM], ids=["resolves", "does not resolve"])
async def test_every_client_gets_the_commands_at_once(start: Start, profile: Any) -> None:
    """Helix says that it resolves commands, and then runs the one that the action had before."""
    session = await start(profile)

    assert all("command" in action for action in await actions(session, 0, 0))


async def test_a_running_edit_can_be_cancelled_by_an_action(start: Start) -> None:
    session = await start(speed=2.0)
    asked = {"uri": URI, "instruction": RENAME, "prediction": "off"}
    running = session.client.command("editsvc.edit", asked)
    await choose(session, titled(await actions(session, 0, 0), "Cancel the running edit"))

    assert (await running)["status"] == "cancelled"


def _fault(name: str) -> Any:
    from editsvc.emulator import parse_fault

    return parse_fault(name)


async def test_lenses_keep_their_order_in_editors_that_sort_them_by_column(start: Start) -> None:
    session = await start()
    await session.edit()
    shown = await lenses(session)
    starts = [lens["range"]["start"] for lens in shown]

    assert [(place["line"], place["character"]) for place in starts] == [
        (line, column) for line in (12, 32) for column in range(4)
    ]


async def test_a_trailing_comment_is_offered_from_anywhere_on_its_line_and_bounds_nothing(
    start: Start,
) -> None:
    text = STEPS.replace("return value + 3", "return value + 3  # edit: rename step_3 to third")
    session = await start(offline=True, script=None, opened={URI: text})
    line = text.index("    return value + 3")
    for at in (line, line + 8, text.index("# edit"), text.index("\n", line)):
        action = titled(await actions(session, at, at), "Apply this instruction")
        assert "range" not in action["command"]["arguments"][0]
    assert not [one for one in await actions(session, line - 1, line - 1) if one["title"].startswith("Apply")]
    at = line + 8
    await choose(session, titled(await actions(session, at, at), "Apply this instruction"))

    assert session.client.text(URI) == STEPS.replace("step_3", "third")


async def test_presets_that_need_a_model_are_not_offered_without_a_key(start: Start) -> None:
    text = "import sys\nimport os\n\n\ndef total():\n    return os.sep + sys.path[0]\n"
    session = await start(environ={"CEREBRAS_API_KEY": ""}, opened={URI: text})
    # Where a keyring may hold a key, it is looked into for an edit, and not before.
    await session.edit("rename total to path", mode="apply")
    text = session.client.text(URI)
    at = text.index("return")
    found = await actions(session, at, at)

    assert [action["title"] for action in found] == ["Add documentation stubs", "Sort imports"]
    for action in found:
        assert (await choose(session, action))["status"] != "refused"
    while not session.same_text() or "Returns:" not in session.client.text(URI):
        await asyncio.sleep(0.01)
    while not session.client.text(URI).startswith("import os\nimport sys\n"):
        await asyncio.sleep(0.01)
