"""Editors that ask for the actions of a word or a line when nothing is selected: that is a place, no bound."""

from pathlib import Path
from typing import Any

import pytest
from lsp_client import VSCODE
from lsp_session import STEPS, URI, Session, opened_session

LITERALS = {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}}
KATE = {"textDocument": {"codeAction": {"codeActionLiteralSupport": LITERALS}}}
LINE = STEPS.index("    return value + 3")
NEXT = STEPS.index("\n", LINE) + 1
WORD = STEPS.index("value", LINE)
Place = tuple[int, int]


async def bounds(session: Session, place: Place) -> Place | None:
    """The selection that a preset would be bounded by."""
    params = {
        "textDocument": {"uri": URI},
        "range": session.client.range(STEPS, *place),
        "context": {"diagnostics": []},
    }
    action, *_ = await session.client.request("textDocument/codeAction", params)
    (argument,) = action["command"]["arguments"]
    start, end = session.client.offsets(STEPS, argument["range"])
    return None if start == end else (start, end)


CASES = [
    pytest.param("Eglot", {}, (WORD, WORD + 5), None, id="eglot, a word"),
    pytest.param("Eglot", {}, (LINE, NEXT), (LINE, NEXT), id="eglot, a line"),
    pytest.param("Eglot", {}, (LINE, NEXT - 1), (LINE, NEXT - 1), id="eglot, all of a line"),
    pytest.param("Eglot", {}, (WORD, NEXT + 30), (WORD, NEXT + 30), id="eglot, more than a line"),
    pytest.param(None, KATE, (LINE, NEXT), None, id="Kate, a line"),
    pytest.param("Kate", {}, (LINE, NEXT), None, id="Kate that says its name"),
    pytest.param(None, KATE, (WORD, WORD + 5), (WORD, WORD + 5), id="Kate, a word that is selected"),
    pytest.param("helix", {}, (LINE, NEXT), (LINE, NEXT), id="others, a line"),
    pytest.param(None, {}, (WORD, WORD + 5), (WORD, WORD + 5), id="others, a word"),
]


@pytest.mark.parametrize(("name", "capabilities", "place", "expected"), CASES)
async def test_what_an_editor_sends_for_a_cursor_is_no_selection(
    tmp_path: Path, name: str | None, capabilities: dict[str, Any], place: Place, expected: Place | None
) -> None:
    async with opened_session(tmp_path, VSCODE, capabilities=capabilities, client=name) as session:
        assert await bounds(session, place) == expected
