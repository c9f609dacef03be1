"""What will be rewritten, said before anything is asked for; it is what then is rewritten."""

from collections.abc import Callable
from typing import Any

import pytest
from lsp_client import PROFILES, Profile, RpcError
from lsp_session import EMOJI, ONE_RENAME, STEPS, URI, Session

from editsvc import syntax
from lsp.editing.offered_scopes import offered

Start = Callable[..., Any]
PYTHON = syntax.by_name("python")


def titles(text: str, start: int, end: int, **more: Any) -> list[str]:
    found = offered(text, (start, end), end, PYTHON, **{"divide_above": 1000, **more})
    return [f"{one.name}: {one.title}" for one in found]


def test_a_cursor_means_the_definition_around_it() -> None:
    text = "class Client:\n    def fetch(self):\n        return 1\n\n\nx = 1\n"
    at = text.index("return")

    assert titles(text, at, at) == [
        "symbol: method Client.fetch, lines 2 to 3",
        "file: the whole file, 6 lines",
    ]


def test_a_selection_comes_first() -> None:
    start = STEPS.index("    return value + 1")

    assert titles(STEPS, start, start + 10) == [
        "selection: line 6",
        "symbol: function step_1, lines 5 to 6",
        "file: the whole file, 46 lines",
    ]


def test_one_character_is_a_cursor_as_it_is_for_an_edit() -> None:
    assert titles(STEPS, 0, 1)[0].startswith("symbol: function step_0")


def test_a_cursor_outside_of_all_definitions_means_the_file_or_what_a_model_needs_of_a_long_one() -> None:
    at = STEPS.index("\n\n\ndef step_3") + 2

    assert titles(STEPS, at, at) == ["file: the whole file, 46 lines"]
    assert titles(STEPS, at, at, divide_above=10)[0] == "parts: the parts of the file that need it"


def test_an_empty_document_is_one_line() -> None:
    assert titles("", 0, 0) == ["file: the whole file, 1 line"]


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_lines_are_those_of_the_document_whatever_ends_them(ends: str) -> None:
    text = STEPS.replace("\n", ends)
    at = text.index("value + 5")

    assert titles(text, at, at)[0] == "symbol: function step_5, lines 21 to 22"


async def scopes(session: Session, start: int, end: int, uri: str = URI) -> list[dict[str, Any]]:
    place = session.client.range(session.client.text(uri), start, end)
    answer = await session.client.command("editsvc.scopes", {"uri": uri, "range": place})
    found: list[dict[str, Any]] = answer["scopes"]
    return found


async def test_what_is_said_is_what_is_rewritten(start: Start) -> None:
    session = await start()
    at = STEPS.index("return value + 5")
    first, *_ = await scopes(session, at, at)
    answer = await session.edit(ONE_RENAME, range=session.client.range(STEPS, at, at))

    assert first["title"] == "function step_5, lines 21 to 22"
    assert first["range"]["start"] == {"line": answer["scope"]["start_line"] - 1, "character": 0}
    assert first["range"]["end"] == {"line": answer["scope"]["end_line"], "character": 0}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.name)
async def test_its_lines_are_in_the_encoding_of_the_client(start: Start, profile: Profile) -> None:
    uri = "file:///project/emoji.py"
    session = await start(profile, opened={uri: EMOJI.rstrip("\n")})
    *_, file = await scopes(session, 0, 0, uri)

    assert session.client.range(EMOJI, 0, len(EMOJI) - 1) == file["range"]


async def test_a_document_that_is_not_open_has_none(start: Start) -> None:
    session = await start()
    place = session.client.range(STEPS, 0, 0)
    with pytest.raises(RpcError, match="is not open"):
        await session.client.command("editsvc.scopes", {"uri": "file:///other.py", "range": place})
