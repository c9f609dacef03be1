"""A refusal that the user can overrule: said as data, asked where a client can ask, and never by a workspace."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_client import RpcError
from lsp_session import STEPS, URI, Session

Start = Callable[..., Any]
ELIDE = "Make the steps clearer."
ELIDED = "def step_0(number):\n    return number\n\n\n# ... rest of the code unchanged ...\n"
ASKS = {"window": {"showMessage": {"messageActionItem": {"additionalPropertiesSupport": False}}}}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A model that leaves most of the file out, with a remark in its place."""
    path = tmp_path / "elides.jsonl"
    lines = [{"instruction": ELIDE, "before": text, "after": ELIDED} for text in (STEPS, f"# mine\n{STEPS}")]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


async def until_asked(session: Session, times: int = 1) -> list[Any]:
    while len(session.client.said("window/showMessageRequest")) < times:
        await asyncio.sleep(0.01)
    return session.client.said("window/showMessageRequest")


async def until_text(session: Session, text: str) -> None:
    while session.client.text(URI) != text:
        await asyncio.sleep(0.01)


async def run_action(session: Session) -> Any:
    """Edit as a code action does, whose result no client shows."""
    asked = {"uri": URI, "instruction": ELIDE, "scope": "file", "mode": "apply", "notify": True}
    answer = await session.client.command("editsvc.edit", asked)
    assert answer["status"] == "running"
    await session.settled()
    return answer


async def test_a_refusal_says_what_to_add_until_the_edit_is_made(start: Start, script: Path) -> None:
    session = await start(script=script)
    answer = await session.edit(ELIDE, scope="file", mode="apply")
    waived = []
    while answer["anyway"] is not None:
        assert answer["status"] == "refused"
        assert answer["error"].startswith("GuardRefused:")
        assert answer["error"].partition(":")[2] in answer["anyway"]["allow"]
        assert len(answer["anyway"]["allow"]) > len(waived)
        waived = answer["anyway"]["allow"]
        assert session.client.text(URI) == STEPS
        answer = await session.edit(ELIDE, scope="file", mode="apply", **answer["anyway"])

    assert "elision" in waived
    assert answer["status"] == "changed"
    assert session.client.text(URI) == ELIDED


async def test_what_cannot_be_waived_is_not_offered(start: Start) -> None:
    session = await start(faults=("missing-fence",))
    answer = await session.edit(mode="apply")

    assert answer["anyway"] is None


async def test_a_check_that_is_not_one_is_named_with_those_that_are(start: Start) -> None:
    session = await start()
    with pytest.raises(RpcError, match=r"allow takes any of comments, .*elision.*, not 'everything'"):
        await session.edit(ELIDE, allow=["everything"])


async def test_what_the_users_settings_allow_stays_allowed(
    start: Start, script: Path, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text('allow = ["elision"]\n')
    session = await start(script=script)
    answer = await session.edit(ELIDE, scope="file", mode="apply", allow=["tail", "shrink"])

    assert answer["status"] == "changed"


async def test_a_client_that_can_ask_is_asked_and_the_edit_is_made_on_the_text_of_then(
    start: Start, script: Path
) -> None:
    session = await start(script=script, capabilities=ASKS)
    session.client.questions = "held"
    await run_action(session)
    (question,) = await until_asked(session)
    assert "elision" in question["message"]
    assert [action["title"] for action in question["actions"]] == ["Leave it as it is", "Accept anyway"]
    session.client.type(URI, 0, 0, "# mine\n")
    session.client.questions = "Accept anyway"
    session.client.answer_held()

    await asyncio.wait_for(until_text(session, ELIDED), 60)


async def test_nothing_is_edited_if_the_user_leaves_it(start: Start, script: Path) -> None:
    session = await start(script=script, capabilities=ASKS)
    session.client.questions = "Leave it as it is"
    await run_action(session)
    await until_asked(session)
    await session.edit("Call step 3 third and step 8 eighth.", mode="apply")

    assert len(session.client.said("window/showMessageRequest")) == 1
    assert ELIDED not in session.client.text(URI)


async def test_a_client_that_cannot_ask_is_told(start: Start, script: Path) -> None:
    session = await start(script=script)
    await run_action(session)

    (message,) = session.told()
    assert "elision" in message
    assert not session.client.said("window/showMessageRequest")


async def test_a_plugin_that_shows_the_answer_itself_is_not_asked_too(start: Start, script: Path) -> None:
    session = await start(script=script, capabilities=ASKS)
    answer = await session.edit(ELIDE, scope="file", mode="apply")

    assert answer["anyway"]
    assert not session.client.said("window/showMessageRequest")


async def test_a_file_that_usually_holds_keys_is_asked_about_too(start: Start, tmp_path: Path) -> None:
    from lsp_session import RENAME, RENAMED

    uri = (tmp_path / "keys.pem").as_uri()
    session = await start(opened={uri: STEPS}, capabilities=ASKS)
    session.client.questions = "Edit anyway"
    asked = {"uri": uri, "instruction": RENAME, "mode": "apply", "notify": True}
    await session.client.command("editsvc.edit", asked)
    (question,) = await until_asked(session)
    assert "keys.pem" in question["message"]

    async def edited() -> None:
        while session.client.text(uri) != RENAMED:
            await asyncio.sleep(0.01)

    await asyncio.wait_for(edited(), 60)


async def test_a_workspace_waives_nothing(start: Start, script: Path) -> None:
    settings = {
        "allow": ["elision", "tail", "shrink"],
        "presets": [{"id": "x", "title": "X", "instruction": ELIDE, "allow": ["elision"]}],
    }
    session = await start(
        script=script, settings=settings, capabilities={"workspace": {"configuration": True}}
    )
    answer = await session.edit(ELIDE, scope="file", mode="apply")
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    asked = {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": []}}
    actions = await session.client.request("textDocument/codeAction", asked)

    assert answer["status"] == "refused"
    assert actions
    for action in actions:
        assert not {"allow", "allowPath"} & set(action["command"]["arguments"][0])


async def test_a_shutdown_takes_the_question_back(start: Start, script: Path) -> None:
    session = await start(script=script, capabilities=ASKS)
    session.client.questions = "held"
    await run_action(session)
    await until_asked(session)
    await asyncio.wait_for(session.client.shutdown(), 60)
