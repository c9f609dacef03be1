"""What a didChange costs: ``python -m bench.documents``.

CPU time of the change alone, on documents of four million characters, at random places; beside each figure the
ratio to the text documents of pygls in the same run. Limits: 1 ms for a change of 100,000 lines, 20 ms for a
message with 100 ranges. The slowest of the first pastes holds the import of libgit2.
"""

from __future__ import annotations

import random
import time
from statistics import median
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from pygls.workspace import PositionCodec, TextDocument

from editsvc.text.document import PositionEncoding
from lsp.documents import ContentChange, DocumentStore

if TYPE_CHECKING:
    from collections.abc import Callable

LINES: Final = 100_000
ROUNDS: Final = 200
PYGLS_ROUNDS: Final = 7
URI: Final = "file:///a.py"
KINDS: Final = {
    "ASCII, \\n": "    value = compute(argument, other)\n",
    "ASCII, \\r\\n": "    value = compute(argument, other)\r\n",
    "emoji, \\n": "    value = 'aé😀'  # argument, other\n",
    "one line": "    value = compute(argument, other);",
}


def a_message(rng: random.Random, ranges: int, kind: str) -> list[ContentChange]:
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


def cpu_ms(call: Callable[[], object]) -> float:
    """CPU time of one call."""
    started = time.process_time()
    call()
    return 1000 * (time.process_time() - started)


def ours(text: str, messages: list[list[ContentChange]]) -> list[float]:
    """The cost of each message."""
    store = DocumentStore(PositionEncoding.UTF16)
    store.open(URI, "python", 0, text)
    return [
        cpu_ms(lambda: store.change(URI, version, message))  # noqa: B023 - called at once
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

    return [cpu_ms(lambda: change(message)) for message in messages]  # noqa: B023 - called at once


def main() -> None:
    """Print the table."""
    print(f"{'':<40}{'median':>10}{'slowest':>10}{'pygls':>10}{'ratio':>9}")
    for kind, line in KINDS.items():
        text = line * LINES
        rng = random.Random(1)
        for title, message in (
            ("one key", lambda: a_message(rng, 1, kind)),  # noqa: B023 - called in this turn of the loop
            ("100 ranges", lambda: a_message(rng, 100, kind)),  # noqa: B023 - same
            ("200 lines pasted", lambda: pasted(rng, kind)),  # noqa: B023 - same
        ):
            if kind == "one line" and title == "100 ranges":
                continue  # pygls takes more than a minute for it
            rounds = 1 if title == "100 ranges" else PYGLS_ROUNDS
            messages = [message() for _ in range(ROUNDS)]
            found = ours(text, messages)
            base = median(theirs(text, messages[:rounds]))
            print(
                f"{kind + ': ' + title:<40}{median(found):>7.3f} ms{max(found):>7.3f} ms"
                f"{base:>7.1f} ms{base / median(found):>8.0f}x"
            )


if __name__ == "__main__":
    main()
