"""Sockets on the loopback interface."""

from __future__ import annotations

import socket
import sys


def bound(host: str, port: int) -> socket.socket:
    """A TCP socket for `port` (0: a free one), which no other process can share; raises OSError if it is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # Others could listen on the same port with SO_REUSEADDR, and get what was meant for us.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Connections that ended a minute ago are not in the way.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made
