"""Clients that lag, refuse, lie or say nothing: what counts is the text that they report."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from held_server import held_server
from lsp_client import EMACS, NEOVIM, PLAIN, PROFILES, SILENCE, VSCODE, Profile, RpcError, Sync, lagging
from lsp_session import PATIENT, RENAME, RENAMED, STEPS, URI, Session
from patience import until

Start = Callable[..., Any]
TYPED = "# typed\n"


def type_first(session: Session, text: str = TYPED, at: int = 0, *, times: int = 1) -> None:
    """The user types just before the edit arrives, so that its version is old."""
    left = times

    def before(_params: dict[str, Any]) -> None:
        nonlocal left
        if left:
            left -= 1
            session.client.type(URI, at, at, text)

    session.client.before_apply = before


@asynccontextmanager
async def streaming(
    start: Start, profile: Profile, mode: str
) -> AsyncIterator[tuple[Session, asyncio.Future[Any]]]:
    """A session whose edit has streamed one of its two hunks, and the answer to come: the rest comes at the end."""
    at = RENAMED.index("eighth")
    with held_server(RENAMED[:at], RENAMED[at:]) as server:
        environ = {"CEREBRAS_BASE_URL": server.url}
        session = await start(profile, options={"stream": True}, environ=environ)
        asked = {"uri": URI, "instruction": RENAME, "mode": mode, "prediction": "off"}
        answer = session.client.command("editsvc.edit", asked)
        await until(lambda: any(message["hunks"] for message in session.client.said("editsvc/stream")))
        assert not answer.done()
        yield session, answer
        server.go_on.set()
        await asyncio.wait({answer})


@pytest.mark.parametrize("profile", [*PROFILES, PLAIN], ids=lambda profile: profile.name)
async def test_what_is_typed_as_the_edit_arrives_is_kept_and_the_edit_sent_again(
    start: Start, profile: Profile
) -> None:
    session = await start(profile)
    type_first(session)
    answer = await session.edit(mode="apply")
    session.client.report(URI)

    assert answer["status"] == "changed"
    assert session.client.text(URI) == TYPED + RENAMED
    assert session.same_text()


@pytest.mark.parametrize("profile", [*PROFILES, PLAIN], ids=lambda profile: profile.name)
async def test_what_is_typed_while_it_streams_is_kept(start: Start, profile: Profile) -> None:
    async with streaming(start, profile, "apply") as (session, answer):
        for number in range(5):
            session.client.type(URI, number, number, "#")
            session.client.report(URI)
        session.client.type(URI, 5, 5, "\n")
    result = await answer
    session.client.report(URI)

    assert result["status"] == "changed"
    assert session.client.text(URI) == "#####\n" + RENAMED
    assert session.same_text()


async def test_a_hunk_whose_lines_were_changed_is_a_conflict_and_the_others_are_applied(start: Start) -> None:
    async with streaming(start, VSCODE, "review") as (session, answer):
        at = STEPS.index("step_3")
        session.client.type(URI, at, at, "my_")
    result = await answer

    assert result["status"] == "conflict"
    assert "1 of 2 hunks" in result["message"]
    assert [hunk["state"] for hunk in result["hunks"]] == ["conflict", "open"]
    lost = result["hunks"][0]
    assert lost["newText"] == "def third(value):\n"
    assert lost["range"]["start"]["line"] == 12
    assert session.client.text(URI) == STEPS.replace("step_3", "my_step_3").replace("step_8", "eighth")


async def test_if_no_hunk_fits_nothing_is_sent(start: Start) -> None:
    async with streaming(start, VSCODE, "review") as (session, answer):
        session.client.type(URI, 0, len(STEPS), "")
    result = await answer

    assert result["status"] == "conflict"
    assert [hunk["state"] for hunk in result["hunks"]] == ["conflict", "conflict"]
    assert not session.client.said("workspace/applyEdit")
    assert session.client.text(URI) == ""


async def test_an_edit_that_is_refused_again_and_again_is_given_up(start: Start) -> None:
    session = await start()
    session.client.before_apply = lambda _: {"applied": False, "failureReason": "read-only"}
    answer = await session.edit()

    assert answer["status"] == "refused"
    assert "read-only" in answer["message"]
    assert 1 < len(session.client.said("workspace/applyEdit")) < 10
    assert session.client.text(URI) == STEPS and session.same_text()


async def test_a_client_that_claims_and_does_nothing_is_found_out(start: Start) -> None:
    session = await start(patience=replace(PATIENT, report=0.2))
    session.client.before_apply = lambda _: {"applied": True}
    answer = await session.edit()

    assert answer["status"] == "failed"
    assert "has not reported" in answer["message"]
    assert len(session.client.said("workspace/applyEdit")) == 1, "a second one could be made twice"


async def test_a_client_that_never_answers_is_not_waited_for_for_ever(start: Start) -> None:
    session = await start(patience=replace(PATIENT, answer=0.2))
    session.client.before_apply = lambda _: SILENCE
    answer = await session.edit()

    assert answer["status"] == "failed"
    assert "did not answer" in answer["message"]


async def test_a_client_that_answers_nothing_but_changes_the_text_is_believed(start: Start) -> None:
    session = await start()

    def apply_silently(params: dict[str, Any]) -> dict[str, Any]:
        session.client._apply(params["edit"])
        return SILENCE

    session.client.before_apply = apply_silently

    assert (await session.edit())["status"] == "changed"
    assert session.same_text()


async def test_an_error_is_no_end_if_the_next_try_succeeds(start: Start) -> None:
    session = await start(EMACS)
    errors = [RpcError({"code": -32603, "message": "Internal error"})]

    def fail_once(_params: dict[str, Any]) -> None:
        if errors:
            raise errors.pop()

    session.client.before_apply = fail_once

    assert (await session.edit())["status"] == "changed"


@pytest.mark.parametrize("sync", list(Sync), ids=lambda sync: sync.value)
@pytest.mark.parametrize("lag_s", [0.0, 0.1], ids=["at once", "late"])
async def test_it_does_not_matter_how_the_change_is_reported(start: Start, sync: Sync, lag_s: float) -> None:
    session = await start(lagging(replace(VSCODE, sync=sync), lag_s))
    answer = await session.edit()

    assert answer["status"] == "changed"
    assert [hunk["state"] for hunk in answer["hunks"]] == ["open", "open"]
    assert session.same_text()
    assert session.client.text(URI) == RENAMED


async def test_a_change_that_was_not_reported_when_the_edit_was_made_is_told_apart_from_it(
    start: Start,
) -> None:
    """Emacs makes an edit of the last version that it has reported over text that it has not reported yet."""
    session = await start(lagging(EMACS, 0.1))
    type_first(session, at=len(STEPS))
    answer = await session.edit()

    assert answer["status"] == "changed"
    assert session.client.text(URI) == RENAMED + TYPED
    assert session.same_text()
    states = [hunk["state"] for hunk in answer["hunks"]]
    assert states == ["open", "open"]
    await session.client.command("editsvc.rejectEdit", {"editId": answer["editId"]})
    assert session.client.text(URI) == STEPS + TYPED


async def test_a_document_that_is_closed_as_the_edit_arrives_gets_none(start: Start) -> None:
    session = await start()

    def close(_params: dict[str, Any]) -> dict[str, Any]:
        session.client.close(URI)
        return {"applied": False}

    session.client.before_apply = close

    assert (await session.edit())["status"] == "refused"


async def test_confirmation_is_asked_for_where_the_client_has_it(start: Start) -> None:
    session = await start(VSCODE, options={"settings": {"confirm": True}})
    session.client.before_apply = lambda _: {"applied": False}
    answer = await session.edit()

    (sent,) = session.client.said("workspace/applyEdit")
    (annotation,) = sent["edit"]["changeAnnotations"].values()
    assert annotation["needsConfirmation"] is True
    assert {one["annotationId"] for one in sent["edit"]["documentChanges"][0]["edits"]} == {"editsvc"}
    assert answer["status"] == "refused", "who says no once is not asked again"


@pytest.mark.parametrize("profile", [VSCODE, NEOVIM], ids=lambda profile: profile.name)
async def test_edits_are_versioned_where_the_client_knows_versions(start: Start, profile: Profile) -> None:
    session = await start(profile)
    await session.edit()
    (sent,) = session.client.said("workspace/applyEdit")

    assert sent["edit"]["documentChanges"][0]["textDocument"] == {"uri": URI, "version": 1}
    assert "changeAnnotations" not in sent["edit"]


async def test_and_plain_where_it_does_not(start: Start) -> None:
    session = await start(PLAIN)
    await session.edit()
    (sent,) = session.client.said("workspace/applyEdit")

    assert list(sent["edit"]) == ["changes"]
