"""One document under several names: clients do not always write a URI as they did when they opened it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_session import RENAME, RENAMED, STEPS, Session

Start = Callable[..., Any]
OPENED = "file:///C%3A/a%20b/x%2By.py"
SPELLINGS = ["file:///c:/a%20b/x+y.py", "FILE:///C:/a b/x%2by.py", "file:///c%3a/a%20b/x%2By.py"]


async def edit(session: Session, uri: str, instruction: str = RENAME) -> str:
    asked = {"uri": uri, "instruction": instruction, "mode": "apply"}
    answer = await session.client.command("editsvc.edit", asked)
    return str(answer["status"])


@pytest.mark.parametrize("uri", SPELLINGS)
async def test_a_command_and_a_change_find_the_document_by_any_spelling(start: Start, uri: str) -> None:
    session = await start(opened={OPENED: STEPS}, offline=True, script=None)
    typed = {
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
        "text": "#\n",
    }
    session.client.buffers[OPENED].text = f"#\n{STEPS}"
    session.client.buffers[OPENED].version = 2
    session.client.notify(
        "textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [typed]}
    )
    assert await edit(session, uri, "rename step_3 to third") == "changed"
    (sent,) = session.client.said("workspace/applyEdit")

    assert sent["edit"]["documentChanges"][0]["textDocument"]["uri"] == OPENED, "the client's own spelling"
    assert session.client.text(OPENED) == "#\n" + STEPS.replace("step_3", "third")


async def test_a_command_finds_the_document_by_a_link_to_its_file(start: Start, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "steps.py").write_text(STEPS)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    opened = (tmp_path / "real" / "steps.py").as_uri()
    session = await start(opened={opened: STEPS})

    assert await edit(session, (tmp_path / "link" / "steps.py").as_uri()) == "changed"
    assert session.client.text(opened) == RENAMED


async def test_two_buffers_of_one_file_are_two_documents(start: Start, tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "link").symlink_to(tmp_path)
    one, other = (tmp_path / "steps.py").as_uri(), (tmp_path / "link" / "steps.py").as_uri()
    session = await start(opened={one: STEPS, other: STEPS})

    assert await edit(session, other) == "changed"
    assert (session.client.text(one), session.client.text(other)) == (STEPS, RENAMED)


async def test_an_empty_document_is_one_too(start: Start) -> None:
    session = await start(opened={OPENED: ""})
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    asked = {"textDocument": {"uri": OPENED}, "range": place, "context": {"diagnostics": []}}

    assert await session.client.request("textDocument/codeAction", asked)


NULL_RANGES = [
    pytest.param({"range": None, "text": "x\n"}, id="a change of everything with a null range"),
    pytest.param({"text": "x\n"}, id="without a range"),
    pytest.param({"range": None, "rangeLength": None, "text": "x\n"}, id="and a null length"),
]


@pytest.mark.parametrize("change", NULL_RANGES)
async def test_a_null_range_means_none(start: Start, change: dict[str, Any]) -> None:
    session = await start(opened={OPENED: STEPS})
    session.client.notify(
        "textDocument/didChange", {"textDocument": {"uri": OPENED, "version": 2}, "contentChanges": [change]}
    )
    document = session.server.documents.get(OPENED)
    assert document is not None
    assert document.text == "x\n"


async def test_code_actions_for_a_null_range_are_those_of_the_document(start: Start) -> None:
    session = await start(opened={OPENED: STEPS})
    asked = {"textDocument": {"uri": OPENED}, "range": None, "context": {"diagnostics": []}}

    assert await session.client.request("textDocument/codeAction", asked)
