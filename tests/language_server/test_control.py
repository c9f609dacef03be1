"""Stop, wait, tell: cancelling in its three ways, order, progress, and requests that make no sense."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from lsp_client import PLAIN, RpcError
from lsp_session import ONE_RENAME, ONE_RENAMED, RENAME, STEPS, URI, Session
from patience import HANGING_S, until

Start = Callable[..., Any]
OTHER = "file:///project/other.py"
# Twelve functions are some 150 tokens: at this speed the reply would take longer than a test waits for anything.
SLOW = {"speed": 2.0}


async def begin(session: Session, uri: str = URI, **argument: Any) -> tuple[asyncio.Future[Any], int]:
    """An edit whose reply is on its way; the answer to come, and the request's id."""
    asked = {"uri": uri, "instruction": RENAME, "prediction": "off", **argument}
    answer = session.client.command("editsvc.edit", asked, workDoneToken=f"token-{uri}")
    number = session.client.last_id
    await until(lambda: reports(session, f"token-{uri}"))
    return answer, number


def reports(session: Session, token: str) -> list[Any]:
    """What was said about how far a reply is; before it begins, the server is said to be reading."""
    said = [step["value"] for step in session.client.said("$/progress") if step["token"] == token]
    return [value for value in said if value["kind"] == "report" and " lines" in value["message"]]


async def until_one_waits(session: Session) -> None:
    """Until an edit waits for the turn of the one before it."""
    await until(lambda: session.server.edits._turns[URI]._waiters)


async def stopped(session: Session) -> None:
    """Until the emulator sees its client leave, long before the reply is over."""
    await until(lambda: any(record.disconnected for record in session.emulator.records()))


async def test_cancelling_the_request_stops_the_stream_and_is_answered(start: Start) -> None:
    session = await start(**SLOW)
    answer, number = await begin(session)
    session.client.notify("$/cancelRequest", {"id": number})

    with pytest.raises(RpcError) as error:
        await asyncio.wait_for(answer, HANGING_S)
    assert error.value.code == -32800
    await stopped(session)
    assert session.client.text(URI) == STEPS


async def test_cancelling_the_progress_stops_the_stream_and_answers_with_a_result(start: Start) -> None:
    session = await start(**SLOW)
    answer, _ = await begin(session)
    session.client.notify("window/workDoneProgress/cancel", {"token": f"token-{URI}"})

    assert (await asyncio.wait_for(answer, HANGING_S))["status"] == "cancelled"
    await stopped(session)
    assert session.client.said("$/progress")[-1]["value"]["kind"] == "end"


@pytest.mark.parametrize("named", [True, False], ids=["by its id", "the latest one"])
async def test_the_command_stops_the_stream_and_the_edit_answers_with_a_result(
    start: Start, named: bool
) -> None:
    session = await start(options={"stream": True}, **SLOW)
    answer, _ = await begin(session)
    edit_id = session.client.said("editsvc/stream")[-1]["editId"]
    said = await session.client.command("editsvc.cancel", {"editId": edit_id} if named else None)

    assert (said["editId"], said["status"]) == (edit_id, "cancelled")
    result = await asyncio.wait_for(answer, HANGING_S)
    assert (result["editId"], result["status"]) == (edit_id, "cancelled")
    await stopped(session)


@pytest.mark.parametrize("by", ["progress", "request"])
async def test_an_edit_that_is_cancelled_in_the_same_breath_never_begins(start: Start, by: str) -> None:
    session = await start()
    answer = session.client.command(
        "editsvc.edit", {"uri": URI, "instruction": RENAME, "mode": "apply"}, workDoneToken="a-token"
    )
    if by == "progress":
        session.client.notify("window/workDoneProgress/cancel", {"token": "a-token"})
        assert (await asyncio.wait_for(answer, HANGING_S))["status"] == "cancelled"
    else:
        session.client.notify("$/cancelRequest", {"id": session.client.last_id})
        with pytest.raises(RpcError):
            await asyncio.wait_for(answer, HANGING_S)

    # Whatever was ordered would have arrived before the answer to another edit.
    assert (await session.edit(ONE_RENAME, mode="apply"))["status"] == "changed"
    assert session.client.text(URI) == ONE_RENAMED
    assert not session.server.edits.running_in(URI)
    await session.client.request("shutdown")
    assert sorted(record["status"] for record in session.records()) == ["cancelled", "changed"]


async def test_an_edit_that_is_cancelled_while_it_waits_for_its_turn_is_in_the_log(start: Start) -> None:
    session = await start(**SLOW)
    first, _ = await begin(session)
    asked = {"uri": URI, "instruction": ONE_RENAME, "mode": "apply"}
    second = session.client.command("editsvc.edit", asked, workDoneToken="second")
    await until_one_waits(session)
    session.client.notify("window/workDoneProgress/cancel", {"token": "second"})
    assert (await asyncio.wait_for(second, HANGING_S))["status"] == "cancelled"
    session.client.notify("window/workDoneProgress/cancel", {"token": f"token-{URI}"})
    await first
    await session.client.request("shutdown")
    assert [record["status"] for record in session.records()] == ["cancelled", "cancelled"]


async def test_a_cancelled_edit_is_in_the_log(start: Start) -> None:
    session = await start(**SLOW)
    answer, _ = await begin(session)
    await session.client.command("editsvc.cancel")
    result = await answer
    await session.server.edits.wind_up()

    (record,) = session.records()
    assert (record["id"], record["status"], record["source"]) == (result["editId"], "cancelled", "lsp")


async def test_closing_the_document_stops_its_edit(start: Start) -> None:
    session = await start(**SLOW)
    answer, _ = await begin(session)
    session.client.close(URI)

    assert (await asyncio.wait_for(answer, HANGING_S))["status"] == "cancelled"
    await stopped(session)


async def test_a_shutdown_answers_the_edits_that_run(start: Start) -> None:
    session = await start(**SLOW)
    answer, _ = await begin(session)
    await asyncio.wait_for(session.client.request("shutdown"), HANGING_S)

    with pytest.raises(RpcError):
        await answer
    assert session.emulator.records()[0].disconnected
    session.client.notify("exit")
    assert await session.server.ended == 0


async def test_after_a_shutdown_requests_are_refused_and_an_exit_without_one_is_an_error(
    start: Start,
) -> None:
    session = await start()
    await session.client.request("shutdown")
    with pytest.raises(RpcError) as error:
        await session.edit()
    assert error.value.code == -32600

    rude = await start()
    rude.client.notify("exit")
    assert await rude.server.ended == 1


async def test_edits_of_different_documents_run_side_by_side(start: Start) -> None:
    session = await start(opened={URI: STEPS, OTHER: STEPS}, **SLOW)
    first, _ = await begin(session, mode="preview")
    second, _ = await begin(session, OTHER, mode="preview")
    assert session.server.edits.running_in(URI) and session.server.edits.running_in(OTHER)

    await session.client.command("editsvc.cancel")
    assert (await second)["status"] == "cancelled"
    await session.client.command("editsvc.cancel")
    assert (await first)["status"] == "cancelled"


async def test_edits_of_one_document_run_one_after_the_other_each_on_the_others_result(start: Start) -> None:
    session = await start(offline=True, script=None)
    first = session.client.command("editsvc.edit", asked("rename step_3 to third"))
    second = session.client.command("editsvc.edit", asked("rename third to drei"))

    assert ((await first)["status"], (await second)["status"]) == ("changed", "changed")
    assert session.client.text(URI) == STEPS.replace("step_3", "drei")
    assert session.same_text()


async def test_an_edit_that_waits_can_be_cancelled_and_sends_no_request(start: Start) -> None:
    session = await start(**SLOW)
    first, _ = await begin(session, mode="preview")
    waiting = session.client.command("editsvc.edit", asked(RENAME))
    number = session.client.last_id
    await until_one_waits(session)
    session.client.notify("$/cancelRequest", {"id": number})

    with pytest.raises(RpcError):
        await asyncio.wait_for(waiting, HANGING_S)
    await session.client.command("editsvc.cancel")
    await first
    await stopped(session)
    assert len(session.emulator.records()) == 1


async def test_progress_tells_how_far_the_edit_is(start: Start) -> None:
    session = await start(speed=200.0)
    answer = await session.edit(mode="preview", prediction="off")
    assert answer["status"] == "changed"

    steps = [step["value"] for step in session.client.said("$/progress")]
    assert [step["kind"] for step in steps] == ["begin", *["report"] * (len(steps) - 2), "end"]
    assert steps[0]["cancellable"] is True
    assert steps[1]["message"].split(" · ")[0].endswith("/46 lines")
    shares = [step["percentage"] for step in steps[:-1]]
    assert shares == sorted(shares)
    assert len({step["token"] for step in session.client.said("$/progress")}) == 1


async def test_a_client_without_progress_gets_none(start: Start) -> None:
    session = await start(PLAIN)
    await session.edit(mode="preview")

    assert not session.client.said("$/progress")
    assert not session.client.said("window/workDoneProgress/create")


async def test_hunks_are_streamed_to_clients_that_ask_and_what_was_said_stays_true(start: Start) -> None:
    session = await start(options={"stream": True}, speed=400.0)
    answer = await session.edit(mode="preview", prediction="off")

    streamed = session.client.said("editsvc/stream")
    assert [message["seq"] for message in streamed] == list(range(len(streamed)))
    assert {message["editId"] for message in streamed} == {answer["editId"]}
    texts = [hunk["newText"] for message in streamed for hunk in message["hunks"]]
    assert texts == ["def third(value):\n", "def eighth(value):\n"]
    assert session.client.text(URI) == STEPS


async def test_the_messages_of_a_fast_reply_are_few(start: Start) -> None:
    session = await start(options={"stream": True})
    now = asyncio.get_running_loop().time
    begun = now()
    await session.edit(mode="preview")
    ticks = (now() - begun) / 0.03

    assert len(session.client.said("editsvc/stream")) + len(session.client.said("$/progress")) <= 4 + ticks


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        pytest.param("editsvc.edit", {"uri": URI}, id="no instruction"),
        pytest.param("editsvc.edit", {"uri": URI, "instruction": " "}, id="an empty instruction"),
        pytest.param("editsvc.edit", {"uri": URI, "instruction": 3}, id="a number for a text"),
        pytest.param("editsvc.edit", {"uri": URI, "instruction": "x", "mode": "force"}, id="no such mode"),
        pytest.param("editsvc.edit", {"uri": URI, "instruction": "x", "scope": "half"}, id="no such scope"),
        pytest.param("editsvc.edit", {"uri": URI, "instruction": "x", "typo": 1}, id="no such field"),
        pytest.param("editsvc.edit", {"uri": URI, "instruction": "x", "allow": ["all"]}, id="no such check"),
        pytest.param(
            "editsvc.edit", {"uri": URI, "instruction": "x", "allow": ["identity"]}, id="a firm check"
        ),
        pytest.param(
            "editsvc.edit", {"uri": URI, "instruction": "x", "allow": "syntax"}, id="no list of checks"
        ),
        pytest.param("editsvc.edit", {"uri": OTHER, "instruction": "x"}, id="a document that is not open"),
        pytest.param(
            "editsvc.edit",
            {
                "uri": URI,
                "instruction": "x",
                "range": {"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 0}},
            },
            id="a negative line",
        ),
        pytest.param("editsvc.acceptHunk", {"editId": "none", "hunkId": 0}, id="no such edit"),
        pytest.param("editsvc.rejectEdit", {"editId": "none"}, id="no such edit to reject"),
        pytest.param("editsvc.cancel", {"editId": "none"}, id="no such edit to cancel"),
        pytest.param("editsvc.report", {"since": "1d"}, id="an argument where there is none"),
        pytest.param("editsvc.fly", {}, id="no such command"),
    ],
)
async def test_a_call_that_makes_no_sense_is_answered_with_what_is_wrong(
    start: Start, command: str, argument: Any
) -> None:
    session = await start()
    with pytest.raises(RpcError) as error:
        await asyncio.wait_for(session.client.command(command, argument), HANGING_S)

    assert error.value.code == -32602
    assert str(error.value).endswith(".")
    assert not session.client.said("window/showMessage")


async def test_the_first_request_must_be_initialize(start: Start) -> None:
    from lsp_peers import Ours

    ours = Ours({})
    with pytest.raises(RpcError) as error:
        await ours.client.request("textDocument/codeLens", {"textDocument": {"uri": URI}})
    assert error.value.code == -32002
    await ours.close()


async def test_a_client_that_has_stopped_reading_is_given_up(start: Start) -> None:
    session = await start()
    session.channel.frozen = True
    session.channel.backlog = 65 << 20
    session.client.notify("$/anything")

    assert await session.server.ended == 1


async def test_a_client_that_reads_slowly_gets_less_stream(start: Start) -> None:
    session = await start(options={"stream": True}, speed=400.0)
    session.channel.frozen = True
    session.channel.backlog = 2 << 20
    before = session.channel.backlog
    session.client.command("editsvc.edit", asked(RENAME, mode="preview", prediction="off"))
    await until(lambda: session.server.edits._tasks)
    await until(lambda: not session.server.edits._tasks)
    written = session.channel.backlog - before

    # The answer itself, the progress' two ends, and the rest of the stream in one message.
    assert 0 < written < 8000


async def test_the_report_is_that_of_the_command_line(start: Start) -> None:
    session = await start()
    await session.edit(mode="preview")
    report = await session.client.command("editsvc.report")

    assert (report["schema"], report["requests"]) == (1, 1)


def asked(instruction: str, **more: Any) -> dict[str, Any]:
    return {"uri": URI, "instruction": instruction, "mode": "apply", **more}
