"""Hunks that the instruction does not explain: marked, and taken back with one command or one click."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_session import STEPS, URI, Session

Start = Callable[..., Any]
RENAME = "rename step_3 to third"
ASKED = STEPS.replace("step_3", "third")
MORE = ASKED.replace("return value + 6\n", "return value * 6\n").replace("return value + 9\n", "return 9\n")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "eager.jsonl"
    path.write_text(json.dumps({"instruction": RENAME, "before": STEPS, "after": MORE}) + "\n")
    return path


async def edited(session: Session, **more: Any) -> dict[str, Any]:
    answer = await session.edit(RENAME, scope="file", **more)
    assert answer["status"] == "changed"
    return answer


async def test_each_hunk_has_its_mark(start: Start, script: Path) -> None:
    answer = await edited(await start(script=script))
    marks = ["explained", "unexplained", "unexplained"]
    assert [hunk["mark"] for hunk in answer["hunks"]] == answer["marks"] == marks
    assert [hunk["findings"] for hunk in answer["hunks"]] == [[], [], []]


@pytest.mark.parametrize("argument", [{}, {"editId": "its own"}])
async def test_one_command_takes_back_what_was_not_asked_for(
    start: Start, script: Path, argument: dict[str, str]
) -> None:
    session = await start(script=script)
    answer = await edited(session)
    named = {"editId": answer["editId"]} if argument else {}
    rejected = await session.client.command("editsvc.rejectUnexplained", named)
    assert (rejected["status"], session.client.text(URI)) == ("changed", ASKED)
    assert [hunk["state"] for hunk in rejected["hunks"]] == ["open", "rejected", "rejected"]
    again = await session.client.command("editsvc.rejectUnexplained", named)
    assert (again["status"], session.client.text(URI)) == ("unchanged", ASKED)
    assert again["message"]


async def test_one_that_was_accepted_stays(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await edited(session)
    await session.client.command("editsvc.acceptHunk", {"editId": answer["editId"], "hunkId": 1})
    await session.client.command("editsvc.rejectUnexplained", {"editId": answer["editId"]})
    assert session.client.text(URI) == ASKED.replace("return value + 6\n", "return value * 6\n")


async def test_in_a_preview_they_are_not_applied(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await edited(session, mode="preview")
    await session.client.command("editsvc.rejectUnexplained", {"editId": answer["editId"]})
    await session.client.command("editsvc.acceptEdit", {"editId": answer["editId"]})
    assert session.client.text(URI) == ASKED


async def test_they_can_be_left_out_from_the_start(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await edited(session, onlyAsked=True, mode="apply")
    assert session.client.text(URI) == ASKED
    assert any("2 of 3 hunks are left out" in warning for warning in answer["warnings"])


async def test_an_editors_setting_says_the_same(start: Start, script: Path) -> None:
    capabilities = {"workspace": {"configuration": True}}
    session = await start(script=script, settings={"only_asked": True}, capabilities=capabilities)
    await edited(session, mode="apply")
    assert session.client.text(URI) == ASKED


async def test_without_a_plugin_lenses_and_actions_say_it(start: Start, script: Path) -> None:
    session = await start(script=script)
    await edited(session)
    lenses = await session.client.request("textDocument/codeLens", {"textDocument": {"uri": URI}})
    titles = [lens["command"]["title"] for lens in lenses]
    plain = ["Accept", "Reject", "Accept all", "Reject all"]
    unasked = ["Not asked for? Accept", "Reject", "Reject all not asked for", "Accept all", "Reject all"]
    assert titles == [*plain, *unasked, *unasked]
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    asked = {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": []}}
    actions = await session.client.request("textDocument/codeAction", asked)
    (action,) = [one for one in actions if one["kind"] == "quickfix.editsvc.rejectUnexplained"]
    assert action["title"] == "Reject the changes that were not asked for (2)"
    await session.client.command(action["command"]["command"], *action["command"]["arguments"])
    await session.settled()
    assert session.client.text(URI) == ASKED


async def test_an_instruction_in_a_comment_keeps_the_marks_in_order(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "comment.jsonl"
    path.write_text(json.dumps({"instruction": RENAME, "before": STEPS, "after": MORE}) + "\n")
    text = f"# edit: {RENAME}\n{STEPS}"
    session = await start(script=path, opened={URI: text})
    comment = {
        "start": {"line": 0, "character": 0},
        "end": {"line": 0, "character": len(f"# edit: {RENAME}")},
    }
    answer = await session.edit(RENAME, scope="file", comment=comment)
    assert [hunk["mark"] for hunk in answer["hunks"]] == [
        "explained",
        "explained",
        "unexplained",
        "unexplained",
    ]
    await session.client.command("editsvc.rejectUnexplained", {"editId": answer["editId"]})
    assert session.client.text(URI) == ASKED
