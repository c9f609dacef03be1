"""The whole life of an edit, in the editors' different ways: open, edit, apply, review, decide, log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_client import PLAIN, PROFILES, VSCODE, Profile, RpcError, Sync
from lsp_session import EMOJI, RENAME, RENAMED, SHORTEN, SHORTENED, STEPS, URI, Session
from unidiff.patch import PatchSet

Start = Callable[..., Any]


async def decide(session: Session, command: str, answer: dict[str, Any], hunk: int | None = None) -> Any:
    argument = {"editId": answer["editId"]} | ({} if hunk is None else {"hunkId": hunk})
    decided = await session.client.command(f"editsvc.{command}", argument)
    session.client.report(URI)
    return decided


def states(answer: dict[str, Any]) -> list[str]:
    return [hunk["state"] for hunk in answer["hunks"]]


async def verdict(session: Session) -> tuple[str | None, int | None]:
    """What the log says, when everything has ended."""
    await session.client.request("shutdown")
    (record,) = session.records()
    return record["verdict"], record["hunks_accepted"]


@pytest.mark.parametrize("profile", [*PROFILES, PLAIN], ids=lambda profile: profile.name)
async def test_an_edit_goes_into_the_buffer_in_one_step(start: Start, profile: Profile) -> None:
    session = await start(profile)

    answer = await session.edit(mode="apply")

    assert (answer["status"], answer["message"]) == ("changed", "")
    assert session.client.text(URI) == RENAMED
    assert session.same_text()
    assert len(session.client.said("workspace/applyEdit")) == 1
    session.client.undo(URI)
    assert session.client.text(URI) == STEPS


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_one_hunk_is_rejected_the_rest_accepted_and_the_log_knows(
    start: Start, profile: Profile
) -> None:
    session = await start(profile)
    answer = await session.edit()
    assert states(answer) == ["open", "open"]
    rejected = await decide(session, "rejectHunk", answer, 0)
    accepted = await decide(session, "acceptEdit", answer)

    assert states(rejected) == ["rejected", "open"]
    assert states(accepted) == ["rejected", "accepted"]
    assert session.client.text(URI) == STEPS.replace("step_8", "eighth")
    assert session.same_text()
    assert await verdict(session) == ("partial", 1)


async def test_the_answer_holds_what_the_contract_says(start: Start) -> None:
    session = await start()
    answer = await session.edit()

    assert {"editId", "status", "message", "diff", "hunks", "usage", "prediction", "timing"} <= answer.keys()
    (first, second) = answer["hunks"]
    assert first["id"] == 0 and second["id"] == 1
    assert first["range"] == {"start": {"line": 12, "character": 0}, "end": {"line": 13, "character": 0}}
    assert [len(file) for file in PatchSet(answer["diff"])] == [2]
    assert answer["usage"]["completion_tokens"] > 0
    assert answer["prediction"]["sent"] is True and answer["prediction"]["reason"] == "predictable"
    assert answer["timing"]["total_s"] > 0
    assert answer["offline"] is False
    (record,) = session.records()
    assert (record["id"], record["source"], record["status"]) == (answer["editId"], "lsp", "changed")


async def test_a_preview_changes_nothing_until_it_is_accepted(start: Start) -> None:
    session = await start()
    answer = await session.edit(mode="preview")
    assert (answer["status"], states(answer)) == ("changed", ["proposed", "proposed"])
    assert session.client.text(URI) == STEPS

    one = await decide(session, "acceptHunk", answer, 1)
    assert states(one) == ["proposed", "accepted"]
    assert session.client.text(URI) == STEPS.replace("step_8", "eighth")
    both = await decide(session, "acceptEdit", answer)
    assert states(both) == ["accepted", "accepted"]
    assert session.client.text(URI) == RENAMED
    assert await verdict(session) == ("accepted", 2)


async def test_a_preview_can_be_rejected(start: Start) -> None:
    session = await start()
    answer = await session.edit(mode="preview")
    rejected = await decide(session, "rejectEdit", answer)

    assert states(rejected) == ["rejected", "rejected"]
    assert session.client.text(URI) == STEPS
    with pytest.raises(RpcError):
        await decide(session, "acceptEdit", answer)
    assert await verdict(session) == ("rejected", 0)


async def test_a_rejection_finds_its_hunk_behind_what_was_typed(start: Start) -> None:
    session = await start()
    answer = await session.edit()
    session.client.type(URI, 0, 0, "# one\n# two \U0001f600\n")
    at = session.client.text(URI).index("def step_5")
    session.client.type(URI, at, at, "# between\n")
    await decide(session, "rejectHunk", answer, 1)
    await decide(session, "rejectHunk", answer, 0)

    expected = "# one\n# two \U0001f600\n" + STEPS.replace("def step_5", "# between\ndef step_5")
    assert session.client.text(URI) == expected
    assert session.same_text()
    assert await verdict(session) == ("rejected", 0)


async def test_a_hunk_that_was_typed_into_can_be_accepted_and_not_rejected(start: Start) -> None:
    session = await start()
    answer = await session.edit()
    at = RENAMED.index("third")
    session.client.type(URI, at, at, "my_")
    refused = await decide(session, "rejectHunk", answer, 0)

    assert (refused["status"], states(refused)) == ("conflict", ["edited", "open"])
    assert "changed since" in refused["message"]
    assert session.client.text(URI) == RENAMED.replace("third", "my_third")
    everything = await decide(session, "rejectEdit", answer)
    assert (everything["status"], states(everything)) == ("conflict", ["edited", "rejected"])
    accepted = await decide(session, "acceptHunk", answer, 0)
    assert states(accepted) == ["accepted", "rejected"]
    assert await verdict(session) == ("partial", 1)


@pytest.mark.parametrize("sync", list(Sync), ids=lambda sync: sync.value)
async def test_an_undo_of_the_edit_rejects_it(start: Start, sync: Sync) -> None:
    session = await start(Profile("undoer", VSCODE.encoding, VSCODE.stale, sync))
    answer = await session.edit()
    session.client.undo(URI)
    assert session.client.text(URI) == STEPS

    assert not await session.client.request("textDocument/codeLens", {"textDocument": {"uri": URI}})
    edit = session.server.reviews.get(answer["editId"])
    assert edit is not None and [hunk.state for hunk in edit.review.hunks] == ["rejected", "rejected"]
    assert await verdict(session) == ("rejected", 0)


async def test_saving_decides_nothing(start: Start) -> None:
    session = await start()
    answer = await session.edit()
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})

    assert states(await decide(session, "acceptHunk", answer, 0)) == ["accepted", "open"]


async def test_what_nobody_decided_on_survives_and_is_not_called_accepted(start: Start) -> None:
    session = await start()
    answer = await session.edit()
    await decide(session, "acceptHunk", answer, 0)
    session.client.close(URI)

    assert await verdict(session) == ("partial", 1)
    (record,) = session.records()
    assert record["hunks_survived"] == 1


async def test_an_edit_that_merely_survived_has_no_verdict(start: Start) -> None:
    session = await start()
    await session.edit()

    assert await verdict(session) == (None, 0)
    (record,) = session.records()
    assert record["hunks_survived"] == 2


async def test_a_refused_rejection_leaves_the_hunk_open(start: Start) -> None:
    session = await start()
    answer = await session.edit()
    session.client.before_apply = lambda _: {"applied": False}
    refused = await decide(session, "rejectHunk", answer, 0)

    assert (refused["status"], states(refused)) == ("refused", ["open", "open"])
    assert session.client.text(URI) == RENAMED
    session.client.before_apply = lambda _: None
    assert states(await decide(session, "rejectHunk", answer, 0)) == ["rejected", "open"]


async def test_an_applied_edit_can_be_taken_back_too(start: Start) -> None:
    session = await start()
    answer = await session.edit(mode="apply")
    assert states(answer) == ["applied", "applied"]
    await decide(session, "rejectEdit", answer)

    assert session.client.text(URI) == STEPS
    assert await verdict(session) == ("rejected", 0)


async def test_two_edits_can_be_open_in_one_document(start: Start) -> None:
    session = await start(offline=True, script=None)
    first = await session.edit("rename step_3 to third")
    second = await session.edit("rename step_8 to eighth")
    await decide(session, "rejectEdit", first)

    assert session.client.text(URI) == STEPS.replace("step_8", "eighth")
    assert states(await decide(session, "acceptEdit", second)) == ["accepted"]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_positions_behind_an_emoji_are_right_in_every_encoding(start: Start, profile: Profile) -> None:
    session = await start(profile, opened={URI: EMOJI})
    answer = await session.edit(SHORTEN)
    assert session.client.text(URI) == SHORTENED
    session.client.report(URI)
    session.client.type(URI, 2, 3, "\U0001f389\U0001f389")
    session.client.report(URI)
    await decide(session, "rejectEdit", answer)

    assert session.client.text(URI) == EMOJI.replace("# \U0001f600", "# \U0001f389\U0001f389")
    assert session.same_text()


@pytest.mark.parametrize("end", ["\r\n", "\r"], ids=["CRLF", "CR"])
async def test_line_ends_stay_what_they_are(start: Start, end: str) -> None:
    session = await start(opened={URI: STEPS.replace("\n", end)})
    answer = await session.edit()
    assert session.client.text(URI) == RENAMED.replace("\n", end)
    await decide(session, "rejectEdit", answer)
    assert session.client.text(URI) == STEPS.replace("\n", end)


async def test_a_bom_that_the_editor_sends_stays_where_it_is(start: Start) -> None:
    session = await start(opened={URI: "\ufeff" + STEPS})
    await session.edit()

    assert session.client.text(URI) == "\ufeff" + RENAMED


@pytest.mark.parametrize("bad", ["a\0b\n", "a\ud83d\n"], ids=["NUL", "half of a surrogate pair"])
async def test_what_is_no_text_is_refused(start: Start, bad: str) -> None:
    session = await start(opened={URI: bad})
    answer = await session.edit()

    assert answer["status"] == "refused"
    assert session.client.text(URI) == bad


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("refusal", "refused"),
        ("elision", "refused"),
        ("length", "failed"),
        ("cut", "failed"),
        ("end", "failed"),
    ],
)
async def test_a_reply_that_went_wrong_changes_nothing(start: Start, fault: str, status: str) -> None:
    from editsvc.emulator import parse_fault

    session = await start(faults=(parse_fault(fault),), environ={"EDITSVC_MAX_RETRIES": "0"})
    answer = await session.edit()

    assert (answer["status"], answer["hunks"], answer["diff"]) == (status, [], "")
    assert answer["message"].endswith(".")
    assert session.client.text(URI) == STEPS
    assert not session.client.said("workspace/applyEdit")


async def test_nothing_to_change_is_said(start: Start) -> None:
    session = await start(echo=True, script=None)
    answer = await session.edit()

    assert (answer["status"], answer["hunks"]) == ("unchanged", [])


async def test_a_cell_of_a_notebook_is_a_document(start: Start) -> None:
    cell = "vscode-notebook-cell:/project/book.ipynb#W0"
    session = await start(opened={})
    item = {"uri": cell, "languageId": "python", "version": 1, "text": STEPS}
    book = {"uri": "file:///project/book.ipynb", "notebookType": "jupyter-notebook", "version": 1}
    kind = {"kind": 2, "document": cell}
    session.client.notify(
        "notebookDocument/didOpen",
        {"notebookDocument": {**book, "cells": [kind]}, "cellTextDocuments": [item]},
    )
    changes = [{"range": session.client.range(STEPS, 0, 0), "text": "import os\n"}]
    content = {"document": {"uri": cell, "version": 2}, "changes": changes}
    session.client.notify(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"uri": book["uri"], "version": 2},
            "change": {"cells": {"textContent": [content]}},
        },
    )
    asked = {"uri": cell, "instruction": RENAME, "mode": "preview"}
    session.client.notify("$/setTrace", {"value": "off"})
    answer = await session.client.command("editsvc.edit", asked)
    (record,) = session.records()

    assert record["language"] == "python"
    assert answer["status"] in {"changed", "unchanged"}
    document = session.server.documents.get(cell)
    assert document is not None and document.text == "import os\n" + STEPS


async def test_what_a_broken_log_cannot_take_waits_and_the_client_is_told(
    start: Start, tmp_path: Path
) -> None:
    session = await start()
    log = tmp_path / "data" / "log.db"
    log.mkdir(parents=True)  # in the way

    answer = await session.edit()
    await decide(session, "acceptEdit", answer)

    assert session.client.text(URI) == RENAMED
    told = [
        said["message"] for said in session.client.said("window/logMessage") if "token log" in said["message"]
    ]
    assert told[0].endswith(
        f"cannot be opened; the record waits in {log.with_name('unlogged.jsonl')}. "
        "Check the path and the permissions of its folder."
    )
    log.rmdir()
    assert await verdict(session) == ("accepted", 2)
