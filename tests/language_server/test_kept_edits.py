"""An edit that the editor did not make is kept, offered by code actions, and goes in when the editor lets it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from code_actions import begin, choose, lenses, titles
from lsp_client import EMACS, NEOVIM, PLAIN, PROFILES, SILENCE, VSCODE, Profile, RpcError
from lsp_session import EMOJI, PATIENT, RENAME, RENAMED, STEPS, URI, Session
from patience import until

Start = Callable[..., Any]
PUT_IN = "Put in the edit that is ready (2 changes)"
DROP = "Drop the edit that is ready"
SHOW = "Show the edit that is ready"
HASTY = replace(PATIENT, retry=0.0, report=0.05, unwatched=0.05, answer=0.5)


def refuse(session: Session, answer: dict[str, Any] | Exception) -> None:
    """Have the editor refuse edits, in its way."""

    def before(_params: dict[str, Any]) -> dict[str, Any]:
        if isinstance(answer, Exception):
            raise answer
        return answer

    session.client.before_apply = before


def let(session: Session) -> None:
    """Have the editor make edits again."""
    session.client.before_apply = lambda _: None


REFUSALS = [
    pytest.param(
        VSCODE,
        {"applied": False, "failureReason": "read-only"},
        "The editor refused the edit 6 times: read-only; the edit is kept, see the code actions.",
        id="refused with a reason",
    ),
    pytest.param(
        PLAIN,
        {"applied": False},
        "The editor refused the edit 6 times; the edit is kept, see the code actions.",
        id="refused without one, as Kate does after two seconds",
    ),
    pytest.param(
        EMACS,
        RpcError({"code": -32603, "message": "Internal error"}),
        "The editor refused the edit 6 times: Internal error; the edit is kept, see the code actions.",
        id="an error, as of Emacs for an old version",
    ),
    pytest.param(
        NEOVIM,
        {"applied": True},
        "The editor says that it made the edit, but has not reported the change; the edit is kept, "
        "see the code actions.",
        id="said to be made, and not made",
    ),
    pytest.param(
        VSCODE,
        SILENCE,
        "The editor did not answer yet; the edit is kept, see the code actions.",
        id="no answer",
    ),
]


@pytest.mark.parametrize(("profile", "answer", "message"), REFUSALS)
async def test_what_the_editor_did_not_make_is_kept_and_put_in_later(
    start: Start, profile: Profile, answer: dict[str, Any] | Exception, message: str
) -> None:
    session = await start(profile, patience=HASTY)
    refuse(session, answer)
    result = await session.edit()
    assert result["message"] == message
    assert [hunk["state"] for hunk in result["hunks"]] == ["proposed", "proposed"]
    assert session.client.text(URI) == STEPS
    session.client.type(URI, 0, 0, "# typed\n")
    session.client.report(URI)

    assert await titles(session) == [PUT_IN, SHOW, DROP]
    let(session)
    await choose(session, PUT_IN)
    session.client.report(URI)
    assert session.client.text(URI) == f"# typed\n{RENAMED}"
    assert session.same_text()
    assert "Accept all changes (2)" in await titles(session)
    await choose(session, "Accept all changes (2)")
    await session.client.request("shutdown")
    (record,) = session.records()
    assert (record["verdict"], record["hunks"], record["hunks_accepted"]) == ("accepted", 2, 2)


async def test_lenses_offer_it_too_in_their_order(start: Start) -> None:
    session = await start(patience=HASTY)
    refuse(session, {"applied": False})
    await session.edit()

    assert await lenses(session) == [(12, 0, "Put in 2 changes"), (12, 1, "Show"), (12, 2, "Drop")]


async def test_it_can_be_dropped(start: Start) -> None:
    session = await start(patience=HASTY)
    refuse(session, {"applied": False})
    await session.edit()
    await choose(session, DROP)

    assert await titles(session) == []
    await session.client.request("shutdown")
    assert [record["verdict"] for record in session.records()] == ["rejected"]


async def test_an_editor_that_refuses_again_is_told_again_and_the_edit_stays(start: Start) -> None:
    session = await start(patience=HASTY)
    refuse(session, {"applied": False, "failureReason": "read-only"})
    await session.edit()
    await choose(session, PUT_IN)

    assert session.told() == ["The editor refused the edit 6 times: read-only."]
    assert PUT_IN in await titles(session)


async def test_what_no_longer_fits_is_not_put_in_but_can_be_seen(start: Start) -> None:
    session = await start(patience=HASTY)
    refuse(session, {"applied": False})
    await session.edit()
    at = STEPS.index("step_3")
    session.client.type(URI, at, at, "my_")
    assert (await titles(session))[0] == "Put in the edit that is ready (1 change)"
    session.client.type(URI, 0, len(session.client.text(URI)), "")

    assert await titles(session) == [
        "Show the edit that does not fit any more",
        "Drop the edit that does not fit any more",
    ]


async def test_the_document_takes_it_along(start: Start) -> None:
    session = await start(patience=HASTY)
    refuse(session, {"applied": False})
    answer = await session.edit()
    session.client.close(URI)
    with pytest.raises(RpcError, match="There is no open edit"):
        await session.client.command("editsvc.acceptEdit", {"editId": answer["editId"]})


async def test_hunks_left_out_of_a_code_actions_edit_are_kept_apart(start: Start) -> None:
    preset = {"id": "r", "title": "Rename", "instruction": RENAME}
    session = await start(options={"settings": {"presets": [preset]}})
    typed = False

    def type_once(_params: dict[str, Any]) -> None:
        nonlocal typed
        if not typed:
            typed = True
            at = session.client.text(URI).index("step_3")
            session.client.type(URI, at, at, "my_")

    session.client.before_apply = type_once
    await choose(session, "Rename")
    assert session.client.text(URI) == RENAMED.replace("third", "my_step_3")
    (message,) = session.told()
    assert message.startswith("1 of 2 hunks was left out")
    at = session.client.text(URI).index("my_")
    session.client.type(URI, at, at + 3, "")
    await choose(session, "Put in the edit that is ready (1 change)")

    assert session.client.text(URI) == RENAMED


# --- edits that arrive late -----------------------------------------------------------------------------------


def held(session: Session, *, answers: bool) -> list[dict[str, Any]]:
    """Have the editor take edits and make them later: `params` of those that wait."""
    waiting: list[dict[str, Any]] = []

    def hold(params: dict[str, Any]) -> dict[str, Any]:
        waiting.append(params)
        return {"applied": True} if answers else SILENCE

    session.client.before_apply = hold
    return waiting


@pytest.mark.parametrize("profile", [*PROFILES, PLAIN], ids=lambda profile: profile.name)
@pytest.mark.parametrize("answers", [True, False], ids=["says yes at once", "says nothing"])
async def test_an_edit_that_the_editor_makes_late_is_reviewed_and_logged(
    start: Start, profile: Profile, *, answers: bool
) -> None:
    """An editor may ask its user first, or stand at a prompt."""
    preset = {"id": "r", "title": "Rename", "instruction": RENAME}
    session = await start(profile, patience=HASTY, options={"settings": {"presets": [preset]}})
    waiting = held(session, answers=answers)
    await choose(session, "Rename")
    assert session.told()[-1].endswith("the edit is kept, see the code actions.")
    session.client._apply(waiting[-1]["edit"])
    session.client.report(URI)

    assert session.client.text(URI) == RENAMED
    assert PUT_IN not in await titles(session)
    assert session.told()[-1] == "The edit has arrived, to be accepted or rejected: see the code actions."
    at = RENAMED.index("third")
    let(session)
    await choose(session, "Reject this change", at)
    session.client.report(URI)
    assert session.client.text(URI) == RENAMED.replace("third", "step_3")
    await choose(session, "Accept all changes (1)")
    await session.client.request("shutdown")
    (record,) = session.records()
    assert (record["verdict"], record["hunks"], record["hunks_accepted"]) == ("partial", 2, 1)


async def test_typing_is_not_taken_for_a_late_edit_and_does_not_hide_it(start: Start) -> None:
    session = await start(PLAIN, patience=HASTY)
    waiting = held(session, answers=False)
    await session.edit()
    for letter in "# typed\n":
        session.client.type(URI, len(session.client.text(URI)), len(session.client.text(URI)), letter)
    assert PUT_IN in await titles(session)
    session.client._apply(waiting[-1]["edit"])

    assert session.client.text(URI) == f"{RENAMED}# typed\n"
    assert "Accept all changes (2)" in await titles(session)


async def test_an_edit_that_is_there_already_is_not_put_in_twice(start: Start, tmp_path: Path) -> None:
    """One that only adds lines would fit a second time."""
    added = EMOJI + "third = 3\n"
    script = tmp_path / "adds.jsonl"
    script.write_text(json.dumps({"instruction": "Add third.", "before": EMOJI, "after": added}) + "\n")
    session = await start(PLAIN, patience=HASTY, script=script, opened={URI: EMOJI})
    waiting = held(session, answers=False)
    await session.edit("Add third.")
    session.client._apply(waiting[-1]["edit"])

    assert not [one for one in await titles(session) if one.startswith("Put in")]
    assert session.client.text(URI) == added


async def test_one_that_was_put_in_by_the_action_is_not_taken_for_a_late_one(start: Start) -> None:
    session = await start(patience=HASTY)
    held(session, answers=False)
    await session.edit()
    let(session)
    await begin(session, PUT_IN)
    await session.settled()

    assert session.client.text(URI) == RENAMED
    assert not session.told()
    assert len([one for one in await titles(session) if one.startswith("Accept all")]) == 1


async def test_who_was_asked_and_refused_is_not_asked_again(start: Start) -> None:
    """What takes as long as a person does to refuse is not sent another time: Emacs would ask again, six times."""
    session = await start(EMACS, patience=replace(HASTY, person=0.0))
    refuse(session, RpcError({"code": -32603, "message": "User cancelled server edit"}))
    answer = await session.edit()

    assert len(session.client.said("workspace/applyEdit")) == 1
    assert answer["message"] == (
        "The editor refused the edit: User cancelled server edit; the edit is kept, see the code actions."
    )


async def test_an_undo_right_behind_an_edit_does_not_have_it_made_again(start: Start) -> None:
    """Both changes may come in one piece, before the server has looked at the first."""
    session = await start()

    def make_and_undo(params: dict[str, Any]) -> dict[str, Any]:
        session.client._apply(params["edit"])
        session.client.undo(URI)
        return {"applied": True}

    session.client.before_apply = make_and_undo
    answer = await session.edit()

    assert session.client.text(URI) == STEPS
    assert len(session.client.said("workspace/applyEdit")) == 1
    assert [hunk["state"] for hunk in answer["hunks"]] == ["rejected", "rejected"]


async def test_only_the_last_few_are_kept(start: Start) -> None:
    session = await start(patience=HASTY)
    refuse(session, {"applied": False})
    for _ in range(9):
        await session.edit()
    await until(lambda: len(session.server.decisions.proposed(URI)) == 8)
    await asyncio.sleep(0)
