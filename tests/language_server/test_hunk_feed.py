"""``editsvc/hunks``: plugins learn where open hunks are and what became of them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from lsp_session import STEPS, URI, Session
from patience import until

Start = Callable[..., Any]
ASKED = {"hunks": True}


def told(session: Session) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.client.said("editsvc/hunks")
    return found


def states(message: dict[str, Any]) -> list[str]:
    return [hunk["state"] for hunk in message["hunks"]]


async def test_an_edit_that_arrives_tells_where_its_hunks_are(start: Start) -> None:
    session = await start(options=ASKED)
    answer = await session.edit()
    (message,) = told(session)

    assert (message["editId"], message["uri"]) == (answer["editId"], URI)
    assert message["hunks"] == answer["hunks"]
    assert states(message) == ["open", "open"]


async def test_what_is_decided_is_told_at_once(start: Start) -> None:
    session = await start(options=ASKED)
    answer = await session.edit()
    await session.client.command("editsvc.acceptHunk", {"editId": answer["editId"], "hunkId": 0})
    assert states(told(session)[-1]) == ["accepted", "open"]
    await session.client.command("editsvc.rejectHunk", {"editId": answer["editId"], "hunkId": 1})
    session.client.report(URI)
    await asyncio.sleep(0)

    assert states(told(session)[-1]) == ["accepted", "rejected"]


async def test_hunks_follow_what_is_typed_above_them(start: Start) -> None:
    session = await start(options=ASKED)
    await session.edit()
    before = told(session)[-1]
    session.client.type(URI, 0, 0, "# above\n")
    session.client.report(URI)
    while len(told(session)) < 2:
        await asyncio.sleep(0.01)
    after = told(session)[-1]

    lines = [hunk["range"]["start"]["line"] for hunk in before["hunks"]]
    assert [hunk["range"]["start"]["line"] for hunk in after["hunks"]] == [line + 1 for line in lines]
    assert after["version"] > before["version"]


async def test_a_client_that_does_not_ask_is_told_nothing(start: Start) -> None:
    session = await start()
    await session.edit()
    assert session.client.text(URI) != STEPS
    assert told(session) == []


async def test_an_edit_that_is_applied_silently_is_no_review(start: Start) -> None:
    session = await start(options=ASKED)
    await session.edit(mode="apply")
    assert told(session) == []


@pytest.mark.parametrize("accepted", [[], [0], [1]])
async def test_an_edit_that_was_undone_stays_so_when_another_writes_the_same(
    start: Start, accepted: list[int]
) -> None:
    session = await start(options=ASKED)
    first = await session.edit()
    for hunk in accepted:
        await session.client.command("editsvc.acceptHunk", {"editId": first["editId"], "hunkId": hunk})
    session.client.undo(URI)
    session.client.report(URI)
    second = await session.edit()
    session.client.type(URI, 0, 0, "# above\n")
    before = len(told(session))
    session.client.report(URI)
    await until(lambda: len(told(session)) > before)

    assert {message["editId"] for message in told(session)[-1:]} == {second["editId"]}
    latest = {message["editId"]: states(message) for message in told(session)}
    assert latest[second["editId"]] == ["open", "open"]
    assert first["editId"] not in {
        lens["command"]["arguments"][0]["editId"] for lens in await lenses(session)
    }


async def lenses(session: Session) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await session.client.request(
        "textDocument/codeLens", {"textDocument": {"uri": URI}}
    )
    return found
