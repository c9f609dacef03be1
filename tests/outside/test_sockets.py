"""Before the token nobody gets much of a language server that listens at a port."""

import contextlib
import json
import socket

from outside import Product

_MEGABYTE = b" " * (1 << 20)
MANY = 40
"""Connections that say nothing: less than a process may have, and more than could be needed."""


def is_closed(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side has hung up, within some time."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_who_has_not_shown_the_token_sends_no_long_message(product: Product) -> None:
    with product.listening() as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"Content-Length: 150000000\r\n\r\n")
        taken = 0
        with contextlib.suppress(OSError):
            connection.settimeout(20)
            for _ in range(32):
                connection.sendall(_MEGABYTE)
                taken += 1
        assert taken < 32


def test_only_some_connections_wait_for_their_token(product: Product) -> None:
    with product.listening() as port, contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(MANY)
        ]
        # The last one shows when all were seen: it is turned away, or answered.
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}).encode()
        with contextlib.suppress(OSError):
            connections[-1].sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        is_closed(connections[-1], 20)
        left = [connection for connection in connections[:-1] if not is_closed(connection, 0.01)]
        assert 0 < len(left) <= MANY // 2
