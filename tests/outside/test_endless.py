"""A server that never ends: reading stops at a small multiple of what was asked for, and others are answered."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from outside import TEXT, Product, Server, ended, event, head, serving

_AT_ONCE = 60_000
_EVENTS = head()
_LINE = event("x = 1\n")
MOST = 24 << 20
"""What is called endless here, in bytes: three times what is read at most."""
SHAPES = {
    "content": (_EVENTS, _LINE),
    "events of nothing": (_EVENTS, b'data: {"choices":[]}\n\n'),
    "one line": (_EVENTS + b"data: ", b"x" * 1_000),
    "lines of one event": (_EVENTS + b"data: [\n", b'data: "x",\n'),
    "one body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", b"x" * 1_000),
    "an error": (b"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\n\r\n", b"x" * 1_000),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}


def endless(shape: str) -> Iterator[bytes]:
    first, part = SHAPES[shape]
    yield first
    many = part * (_AT_ONCE // len(part))
    yield from itertools.repeat(many, MOST // len(many))


def no_end_is_waited_for(server: Server, going_on: Callable[[], bool]) -> None:
    """The client hangs up, or takes all that there is, or neither, as it has to think about what came."""
    while not server.left.wait(0.02) and server.taken < MOST - _AT_ONCE and going_on():
        pass
    assert server.taken < MOST - _AT_ONCE


@pytest.mark.parametrize("shape", SHAPES)
def test_the_end_of_an_endless_reply_is_not_waited_for(product: Product, shape: str) -> None:
    path = product.file("steps.py")
    with serving(lambda _: endless(shape)) as server:
        product.asks(server.address)
        with product.popen("rewrite", "-i", "improve it", "--apply", "steps.py") as process:
            try:
                no_end_is_waited_for(server, lambda: process.poll() is None)
                assert ended(process).is_told
            finally:
                process.kill()
    assert path.read_text() == TEXT


def test_a_language_server_goes_on_to_answer_while_a_reply_has_no_end(product: Product) -> None:
    path = product.file("steps.py")
    with serving(lambda _: endless("content")) as server:
        product.asks(server.address)
        with product.editor() as editor:
            uri = editor.open(path)
            asked = editor.edit(uri, "improve it")
            no_end_is_waited_for(server, lambda: True)
            place = {"line": 1, "character": 0}
            other = {
                "textDocument": {"uri": uri},
                "range": {"start": place, "end": place},
                "context": {"diagnostics": []},
            }
            assert "result" in editor.wait(editor.ask("textDocument/codeAction", other))
            assert editor.wait(asked)["result"]["status"] != "changed"
