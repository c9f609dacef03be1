"""Code actions and lenses, as a client without a plugin uses them."""

from typing import Any

from lsp_session import URI, Session


async def offered(
    session: Session, at: int = 0, end: int | None = None, uri: str = URI
) -> list[dict[str, Any]]:
    """The actions for a selection in the editor's text."""
    place = session.client.range(session.client.text(uri), at, at if end is None else end)
    params = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": []}}
    found: list[dict[str, Any]] = await session.client.request("textDocument/codeAction", params)
    return found


async def begin(session: Session, title: str, at: int = 0) -> dict[str, Any]:
    """Choose the one action whose title begins so; returns the answer, which no editor shows."""
    (action,) = [one for one in await offered(session, at) if one["title"].startswith(title)]
    command = action["command"]
    answer: dict[str, Any] = await session.client.command(command["command"], *command["arguments"])
    return answer


async def choose(session: Session, title: str, at: int = 0) -> None:
    """The same, and wait for all that comes of it."""
    await begin(session, title, at)
    await session.settled()


async def titles(session: Session, at: int = 0) -> list[str]:
    """The titles of the actions that are about edits: no presets."""
    found = await offered(session, at)
    return [one["title"] for one in found if one["kind"].startswith("quickfix")]


async def lenses(session: Session, uri: str = URI) -> list[tuple[int, int, str]]:
    """Line, column and title of each lens."""
    found = await session.client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    places = [(lens["range"]["start"], lens["command"]["title"]) for lens in found]
    return [(start["line"], start["character"], title) for start, title in places]
