"""A hover over a change shows what stood there, for editors that can open no diff."""

from collections.abc import Callable
from typing import Any

import pytest
from code_actions import choose
from lsp_client import PROFILES, VSCODE, Profile
from lsp_session import EMOJI, RENAME, SHORTEN, STEPS, URI, Session

Start = Callable[..., Any]
MARKDOWN = {"textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}}}
PREVIEW = {
    "settings": {"mode": "preview", "presets": [{"id": "r", "title": "Rename", "instruction": RENAME}]}
}


async def hovered(session: Session, line: int) -> dict[str, Any] | None:
    place = {"line": line, "character": 0}
    found = await session.client.request(
        "textDocument/hover", {"textDocument": {"uri": URI}, "position": place}
    )
    contents: dict[str, Any] | None = None if found is None else found["contents"]
    return contents


async def test_over_an_open_hunk_it_is_what_was_there_before(start: Start) -> None:
    session = await start(capabilities=MARKDOWN)
    await session.edit()

    assert await hovered(session, 12) == {
        "kind": "markdown",
        "value": "```diff\n-def step_3(value):\n+def third(value):\n```",
    }
    assert await hovered(session, 13) is None


async def test_over_a_preview_it_is_what_would_be_written(start: Start) -> None:
    session = await start(options=PREVIEW)
    await choose(session, "Rename")

    assert await hovered(session, 32) == {
        "kind": "plaintext",
        "value": "-def step_8(value):\n+def eighth(value):",
    }
    assert session.client.text(URI) == STEPS


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_lines_are_whole_whatever_the_unit_of_positions(start: Start, profile: Profile) -> None:
    session = await start(profile, opened={URI: EMOJI.rstrip("\n")})
    await session.edit(SHORTEN)

    contents = await hovered(session, 2)
    assert contents is not None
    assert contents["value"] == "-second = 2\n+two = 2"


async def test_a_plugin_that_draws_hunks_gets_none(start: Start) -> None:
    session = await start(VSCODE, options={"hunks": True})
    await session.edit()

    assert await hovered(session, 12) is None


async def test_nor_does_anybody_once_it_is_decided(start: Start) -> None:
    session = await start()
    await session.edit()
    await choose(session, "Accept all changes")

    assert await hovered(session, 12) is None
