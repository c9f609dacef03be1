"""Edits are shown as diffs where there is no plugin: as documents of LSP 3.18, as private files, or as messages."""

import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from code_actions import choose, lenses, offered, titles
from lsp_client import RpcError
from lsp_session import RENAME, RENAMED, STEPS, URI, Session

Start = Callable[..., Any]
PRESET = {"id": "r", "title": "Rename", "instruction": RENAME}
PREVIEW = {"settings": {"presets": [PRESET], "builtin_presets": False, "mode": "preview"}}
REVIEW = {"settings": {"presets": [PRESET], "builtin_presets": False}}
FILES = {"window": {"showDocument": {"support": True}}}
TEXTS = {**FILES, "workspace": {"textDocumentContent": {}}}
SHOW = "Show the edit that is ready"
PUT_IN = "Put in the edit that is ready (2 changes)"


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def opened(start: Start, private: Path) -> Callable[..., Any]:
    """Starts a session whose private files are in `private`."""

    async def begin(options: dict[str, Any], capabilities: dict[str, Any] | None = None) -> Session:
        environ = {"XDG_RUNTIME_DIR": str(private)}
        session: Session = await start(options=options, capabilities=capabilities, environ=environ)
        session.client.shows = bool(capabilities)
        return session

    return begin


def diff_of(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(("+", "-")) and line[:3] not in {"+++", "---"}]


CHANGES = ["-def step_3(value):", "+def third(value):", "-def step_8(value):", "+def eighth(value):"]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_preview_is_ready_to_be_shown_put_in_or_dropped(opened: Any) -> None:
    session = await opened(PREVIEW)
    await choose(session, "Rename")

    assert session.told() == ["2 changes are ready to be shown or put in: see the code actions."]
    assert session.client.text(URI) == STEPS
    assert await titles(session) == [PUT_IN, SHOW, "Drop the edit that is ready"]
    assert [title for *_, title in await lenses(session)] == ["Put in 2 changes", "Show", "Drop"]
    await choose(session, PUT_IN)
    assert session.client.text(URI) == RENAMED
    assert await titles(session) == [], "putting it in has accepted it"
    await session.client.request("shutdown")
    assert [record["verdict"] for record in session.records()] == ["accepted"]


async def test_a_preview_is_decided_on_hunk_by_hunk_on_its_lines(opened: Any) -> None:
    session = await opened(PREVIEW)
    await choose(session, "Rename")
    at = STEPS.index("step_3")
    await choose(session, "Drop this change", at)
    assert "Put in this change only" not in await titles(session, at)
    await choose(session, "Put in the edit that is ready (1 change)")

    assert session.client.text(URI) == STEPS.replace("step_8", "eighth")
    await session.client.request("shutdown")
    assert [(one["verdict"], one["hunks_accepted"]) for one in session.records()] == [("partial", 1)]


async def test_a_plugin_that_shows_its_previews_is_offered_no_actions(opened: Any) -> None:
    session = await opened(PREVIEW)
    await session.edit(mode="preview")

    assert await titles(session) == []


async def test_a_client_that_asks_for_texts_gets_it_from_memory(opened: Any, private: Path) -> None:
    session = await opened(PREVIEW, TEXTS)
    assert session.client.server["capabilities"]["workspace"]["textDocumentContent"] == {
        "schemes": ["editsvc-diff"]
    }
    await choose(session, "Rename")
    await choose(session, SHOW)
    (shown,) = session.client.said("window/showDocument")
    assert shown["uri"].startswith("editsvc-diff:/")
    assert shown["uri"].endswith("/steps.py.diff")
    content = await session.client.request("workspace/textDocumentContent", {"uri": shown["uri"]})

    assert diff_of(content["text"].split("\n")) == CHANGES
    assert files(private) == []
    await choose(session, "Drop the edit that is ready")
    with pytest.raises(RpcError, match="not kept any more"):
        await session.client.request("workspace/textDocumentContent", {"uri": shown["uri"]})


async def test_another_that_opens_documents_gets_a_private_file_until_it_is_decided(
    opened: Any, private: Path
) -> None:
    session = await opened(PREVIEW, FILES)
    await choose(session, "Rename")
    assert files(private) == [], "nothing is written unasked"
    await choose(session, SHOW)
    (shown,) = session.client.said("window/showDocument")
    (path,) = files(private)
    assert unquote(urlsplit(shown["uri"]).path) == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert diff_of(path.read_text("utf-8").split("\n")) == CHANGES
    await choose(session, PUT_IN)

    assert files(private) == []


@pytest.mark.parametrize("end", ["close", "shutdown"])
async def test_the_file_goes_with_the_document_and_with_the_session(
    opened: Any, private: Path, end: str
) -> None:
    session = await opened(PREVIEW, FILES)
    await choose(session, "Rename")
    await choose(session, SHOW)
    assert len(files(private)) == 1
    if end == "close":
        session.client.close(URI)
    else:
        await session.client.request("shutdown")

    assert files(private) == []


async def test_shown_again_it_is_the_diff_to_the_text_of_now_under_another_name(
    opened: Any, private: Path
) -> None:
    session = await opened(PREVIEW, FILES)
    await choose(session, "Rename")
    await choose(session, SHOW)
    at = STEPS.index("step_8")
    session.client.type(URI, at, at, "my_")
    await choose(session, SHOW)
    first, second = session.client.said("window/showDocument")
    (path,) = files(private)

    assert first["uri"] != second["uri"]
    assert diff_of(path.read_text("utf-8").split("\n")) == CHANGES[:2]


async def test_what_a_killed_server_left_is_removed(opened: Any, private: Path) -> None:
    left = private / "editsvc-lsp-left"
    fresh = private / "editsvc-lsp-fresh"
    for folder in (left, fresh):
        folder.mkdir()
        (folder / "1-x.diff").touch()
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(left, (long_ago, long_ago))
    session = await opened(PREVIEW, FILES)
    await choose(session, "Rename")
    await choose(session, SHOW)

    assert not left.exists()
    assert fresh.exists(), "that of a server that still runs"


@pytest.mark.parametrize("capabilities", [None, FILES], ids=["cannot open documents", "fails to"])
async def test_a_client_that_opens_nothing_is_shown_the_diff_as_a_message(
    opened: Any, private: Path, capabilities: Any
) -> None:
    session = await opened(PREVIEW, capabilities)
    session.client.shows = False
    await choose(session, "Rename")
    await choose(session, SHOW)

    assert session.told()[-1].startswith("Hover over a change")
    assert diff_of(session.told()[-1].split("\n")) == CHANGES
    assert files(private) == []


async def test_what_is_in_review_is_shown_with_what_it_replaced(opened: Any, private: Path) -> None:
    session = await opened(REVIEW, FILES)
    await choose(session, "Rename")
    at = RENAMED.index("third")
    await choose(session, "Reject this change", at)
    session.client.type(URI, 0, 0, "# typed\n")
    await choose(session, "Show all changes as a diff (1)")
    (path,) = files(private)

    assert diff_of(path.read_text("utf-8").split("\n")) == CHANGES[2:]


async def test_a_plugin_that_draws_hunks_is_not_offered_a_diff(opened: Any) -> None:
    session = await opened({**REVIEW, "hunks": True})
    await choose(session, "Rename")

    assert not [title for title in await titles(session) if title.startswith("Show")]


async def test_what_a_check_refused_can_be_seen(start: Start, tmp_path: Path) -> None:
    left_out = "# ... rest of the code unchanged ..."
    script = tmp_path / "elides.jsonl"
    after = f"def step_0(number):\n    return number\n\n\n{left_out}\n"
    script.write_text(json.dumps({"instruction": "Elide.", "before": STEPS, "after": after}) + "\n")
    preset = {"id": "e", "title": "Elide", "instruction": "Elide."}
    session = await start(script=script, options={"settings": {"presets": [preset]}})
    await choose(session, "Elide")
    await choose(session, "Show what was refused: Elide.")

    assert f"+{left_out}" in session.told()[-1].split("\n")


async def test_the_command_answers_with_the_diff_to_those_who_ask_for_it(opened: Any) -> None:
    session = await opened(REVIEW, FILES)
    answer = await session.edit()
    shown = await session.client.command("editsvc.showDiff", {"editId": answer["editId"]})

    assert shown["status"] == "changed"
    assert diff_of(shown["diff"].split("\n")) == CHANGES
    assert len(session.client.said("window/showDocument")) == 1


@pytest.mark.parametrize("offline", [False, True], ids=["a model", "the offline engine"])
async def test_what_a_model_will_write_is_tagged_for_clients_that_know_the_tag(
    start: Start, *, offline: bool
) -> None:
    literals = {"codeActionKind": {"valueSet": [""]}}
    action_support = {"tagSupport": {"valueSet": [1]}, "codeActionLiteralSupport": literals}
    capabilities = {"textDocument": {"codeAction": action_support}}
    environ = {"CEREBRAS_API_KEY": ""} if offline else {}
    presets = [PRESET, {"id": "sort", "title": "Sort", "instruction": "sort imports"}]
    session = await start(
        options={"settings": {"presets": presets}}, capabilities=capabilities, environ=environ
    )
    (action,) = [one for one in await offered(session) if one["title"] == "Sort"]

    assert action.get("tags") == (None if offline else [1])


async def test_others_get_no_tag(start: Start) -> None:
    session = await start(options=REVIEW)

    assert not [one for one in await offered(session) if "tags" in one]
