"""What a didChange costs: ``python -m bench.documents [--json] [--rounds N]``.

Processor time of the change alone, on documents of four million characters, at random places, beside the text
documents of pygls. The slowest of 200 is said as well.
"""

from __future__ import annotations

import random
from importlib import import_module
from statistics import median
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from pygls.workspace import PositionCodec, TextDocument, Workspace

from bench import rows
from editsvc.text.document import PositionEncoding
from lsp.documents import ContentChange, DocumentStore

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES: Final = 100_000
AMONG: Final = 10_000
ROUNDS: Final = 200
URI: Final = "file:///a.py"
KINDS: Final = {
    "ASCII, \\n": "    value = compute(argument, other)\n",
    "ASCII, \\r\\n": "    value = compute(argument, other)\r\n",
    "emoji, \\n": "    value = 'aé😀'  # argument, other\n",
    "one line": "    value = compute(argument, other);",
}


GOALS: Final = {"one key": 1.0, "100 ranges": 20.0, "200 lines pasted": 20.0}
"""How many milliseconds each may take."""


def a_message(rng: random.Random, title: str, kind: str) -> list[ContentChange]:
    """One of `GOALS`."""
    if title == "200 lines pasted":
        return pasted(rng, kind)
    return typed(rng, 100 if title == "100 ranges" else 1, kind)


def typed(rng: random.Random, ranges: int, kind: str) -> list[ContentChange]:
    """So many keys typed at random places: three in four insert a character, one replaces one."""
    changes = []
    for _ in range(ranges):
        line = 0 if kind == "one line" else rng.randrange(LINES)
        column = rng.randrange(LINES) if kind == "one line" else rng.randrange(30)
        changes.append(ContentChange("x", (line, column, line, column + (rng.random() < 0.25))))
    return changes


def pasted(rng: random.Random, kind: str) -> list[ContentChange]:
    """Two hundred lines, pasted over as many."""
    line = 0 if kind == "one line" else rng.randrange(LINES - 200)
    return [ContentChange(KINDS[kind] * 200 + "x", (line, 0, line + 200, 0))]


def ours(text: str, messages: list[list[ContentChange]]) -> list[float]:
    """The cost of each message."""
    store = DocumentStore(PositionEncoding.UTF16)
    store.open(URI, "python", 0, text)
    return [
        rows.cpu_ms(lambda: store.change(URI, version, message))  # noqa: B023 - called at once
        for version, message in enumerate(messages, 1)
    ]


def theirs(text: str, messages: list[list[ContentChange]]) -> list[float]:
    """The same with pygls."""
    codec = PositionCodec(types.PositionEncodingKind.Utf16)
    document = TextDocument(URI, text, 0, "python", position_codec=codec)

    def change(message: list[ContentChange]) -> None:
        for item in message:
            if item.span is not None:
                start, end = types.Position(*item.span[:2]), types.Position(*item.span[2:])
                document.apply_change(
                    types.TextDocumentContentChangePartial(types.Range(start, end), item.text)
                )

    return [rows.cpu_ms(lambda: change(message)) for message in messages]  # noqa: B023 - called at once


def typed_among(count: int) -> float:
    """Milliseconds of a key typed into one of so many open documents of 10,000 lines; the median of many."""
    store = DocumentStore(PositionEncoding.UTF16)
    text = KINDS["ASCII, \\n"] * AMONG
    for number in range(count):
        store.open(f"file:///{number}.py", "python", 0, text)
    rng = random.Random(1)
    uri = f"file:///{count // 2}.py"
    return median(
        rows.cpu_ms(lambda: store.change(uri, version, [_key(rng)]))  # noqa: B023 - called at once
        for version in range(1, ROUNDS + 1)
    )


def typed_among_pygls(count: int) -> float:
    """The same with the workspace of pygls."""
    workspace = Workspace("", position_encoding=types.PositionEncodingKind.Utf16)
    text = KINDS["ASCII, \\n"] * AMONG
    for number in range(count):
        workspace.put_text_document(types.TextDocumentItem(f"file:///{number}.py", "python", 0, text))
    rng = random.Random(1)
    uri = f"file:///{count // 2}.py"
    identity = types.VersionedTextDocumentIdentifier(1, uri)

    def change() -> None:
        key = _key(rng)
        assert key.span is not None
        start, end = types.Position(*key.span[:2]), types.Position(*key.span[2:])
        workspace.update_text_document(
            identity, types.TextDocumentContentChangePartial(types.Range(start, end), key.text)
        )

    return median(rows.cpu_ms(change) for _ in range(20))


def _key(rng: random.Random) -> ContentChange:
    line, column = rng.randrange(AMONG), rng.randrange(30)
    return ContentChange("x", (line, column, line, column))


def measure(rounds: int) -> Iterator[rows.Row]:
    """All rows."""
    import_module("pygit2")  # which the first paste would load
    for kind, line in KINDS.items():
        if rows.is_short() and kind != "ASCII, \\n":
            continue
        text = line * LINES
        rng = random.Random(1)
        for title, goal in GOALS.items():
            if kind == "one line" and title == "100 ranges":
                continue  # pygls takes more than a minute for it
            if rows.is_short() and title == "100 ranges":
                continue
            turns = 1 if title == "100 ranges" else rounds
            messages = [a_message(rng, title, kind) for _ in range(ROUNDS)]
            found = ours(text, messages)
            base = theirs(text, messages[:turns])
            # Ours is so much faster that one turn of it says nothing: each is as many changes as there are for a turn.
            size = len(found) // turns
            parts = [median(found[at * size : (at + 1) * size]) for at in range(turns)]
            what = f"didChange, {LINES:,} lines ({kind}), {title}"
            yield rows.compared(what, "documents of pygls", parts, base)
            yield rows.alone(f"{what}: the slowest", [max(found)], goal=goal)


if __name__ == "__main__":
    rows.main(__doc__, measure)
