"""A refused edit is kept for a while, and made all the same without asking the model and paying again."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_session import STEPS, URI, Session

from editsvc.guard.findings import WAIVABLE
from editsvc.text.document import Snapshot
from lsp.contract import Anyway, EditArgument
from lsp.editing.refused_edits import LARGEST_KEPT, MOST_KEPT, RefusedEdit, RefusedEdits

Start = Callable[..., Any]
ELIDE = "Make the steps clearer."
LEFT_OUT = "# ... rest of the code unchanged ..."
ELIDED = f"def step_0(number):\n    return number\n\n\n{LEFT_OUT}\n"
EVERYTHING = sorted(WAIVABLE)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "elides.jsonl"
    lines = [{"instruction": ELIDE, "before": text, "after": ELIDED} for text in (STEPS, f"# mine\n{STEPS}")]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


async def refused(session: Session, **more: Any) -> dict[str, Any]:
    answer = await session.edit(ELIDE, scope="file", mode="apply", **more)
    await session.settled()
    assert answer["status"] == ("running" if more.get("notify") else "refused")
    assert session.client.text(URI) == STEPS
    return answer


def attempts(session: Session) -> list[int]:
    return [record["attempts"] for record in session.records()]


async def anyway(session: Session) -> Any:
    """The code action that makes a refused edit; None if none is offered."""
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    asked = {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": []}}
    actions = await session.client.request("textDocument/codeAction", asked)
    return next((one for one in actions if one["kind"] == "quickfix.editsvc.anyway"), None)


async def test_the_answer_has_the_diff_that_was_refused_and_the_way_to_have_it(
    start: Start, script: Path
) -> None:
    answer = await refused(await start(script=script))
    assert answer["diff"] == ""
    assert f"+{LEFT_OUT}\n" in answer["refusedDiff"]
    assert answer["anyway"]["retry"] == answer["editId"]


async def test_it_is_made_without_another_request(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await refused(session)
    again = await session.edit(
        ELIDE, scope="file", mode="apply", allow=EVERYTHING, retry=answer["anyway"]["retry"]
    )
    assert (again["status"], session.client.text(URI)) == ("changed", ELIDED)
    assert (again["attempts"], again["cost_usd"]) == ([], None)
    assert attempts(session)[-1] == 0


async def test_it_can_be_reviewed_hunk_by_hunk(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await refused(session)
    again = await session.edit(ELIDE, scope="file", allow=EVERYTHING, retry=answer["editId"])
    assert {hunk["state"] for hunk in again["hunks"]} == {"open"}
    await session.client.command("editsvc.rejectEdit", {"editId": again["editId"]})
    assert session.client.text(URI) == STEPS


async def test_what_is_not_allowed_is_refused_again_and_can_be_retried_again(
    start: Start, script: Path
) -> None:
    session = await start(script=script)
    answer = await refused(session)
    while answer["anyway"] is not None:
        answer = await session.edit(ELIDE, scope="file", mode="apply", **answer["anyway"])
    assert (answer["status"], session.client.text(URI)) == ("changed", ELIDED)
    first, *others = attempts(session)
    assert first > 0
    assert set(others) == {0}


async def test_on_a_text_that_has_changed_the_model_is_asked(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await refused(session)
    session.client.type(URI, 0, 0, "# mine\n")
    again = await session.edit(ELIDE, scope="file", mode="apply", allow=EVERYTHING, retry=answer["editId"])
    assert (again["status"], session.client.text(URI)) == ("changed", ELIDED)
    assert len(again["attempts"]) > 0


async def test_another_instruction_or_an_unknown_edit_asks_the_model(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await refused(session)
    other = await session.edit("Another one.", scope="file", allow=EVERYTHING, retry=answer["editId"])
    unknown = await session.edit(ELIDE, scope="file", allow=EVERYTHING, retry="nobody")
    assert len(other["attempts"]) > 0
    assert len(unknown["attempts"]) > 0


async def test_an_edit_that_was_made_is_kept_no_longer(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await refused(session)
    await session.edit(ELIDE, scope="file", mode="apply", allow=EVERYTHING, retry=answer["editId"])
    assert session.server.edits.refused.get(answer["editId"]) is None


async def test_a_document_that_is_closed_takes_its_refused_edits_along(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await refused(session)
    assert session.server.edits.refused.get(answer["editId"]) is not None
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    while session.server.edits.refused.get(answer["editId"]) is not None:
        await asyncio.sleep(0.01)


async def test_a_client_with_nothing_but_code_actions_has_a_way_out(start: Start, script: Path) -> None:
    session = await start(script=script)
    await refused(session, notify=True)
    while session.client.text(URI) == STEPS:
        action = await anyway(session)
        assert action["title"].startswith("Edit anyway, without ")
        await session.client.command(action["command"]["command"], *action["command"]["arguments"])
        await session.settled()
    assert session.client.text(URI) == ELIDED
    assert set(attempts(session)[1:]) == {0}
    assert await anyway(session) is None


async def test_that_action_goes_as_soon_as_the_text_changes(start: Start, script: Path) -> None:
    session = await start(script=script)
    await refused(session, notify=True)
    assert await anyway(session) is not None
    session.client.type(URI, 0, 0, "# mine\n")
    assert await anyway(session) is None


async def test_a_plugin_that_has_buttons_is_offered_no_action(start: Start, script: Path) -> None:
    session = await start(script=script)
    await refused(session)
    assert await anyway(session) is None


def kept(number: int, *, uri: str = URI, text: str = ELIDED) -> RefusedEdit:
    argument = EditArgument(uri=uri, instruction=ELIDE)
    return RefusedEdit(
        f"{number}", argument, STEPS, STEPS, Snapshot(text), Anyway(("elision",), retry=f"{number}")
    )


async def test_only_a_few_are_kept_and_the_oldest_goes_first() -> None:
    edits = RefusedEdits()
    for number in range(MOST_KEPT + 2):
        assert edits.keep(kept(number))
    assert [edit.id for edit in edits.of(URI, STEPS)] == [f"{n}" for n in range(MOST_KEPT + 1, 1, -1)]


async def test_none_is_kept_for_ever() -> None:
    edits = RefusedEdits(kept_s=0)
    edits.keep(kept(1))
    while edits.get("1") is not None:
        await asyncio.sleep(0)


async def test_a_huge_one_is_not_kept() -> None:
    assert not RefusedEdits().keep(kept(1, text="x" * (LARGEST_KEPT + 1)))
