"""A socket between the product and its server: hears all that is sent, and may do something meanwhile."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_QUIET_S = 10


class Tap:
    """What has come in at `url`: how often somebody connected, and all that they sent."""

    def __init__(self, target: str, meanwhile: Callable[[], None]) -> None:
        self._target = target
        self._meanwhile = meanwhile
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.connections = 0
        self.heard = b""

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _relay(self, client: socket.socket) -> None:
        client.settimeout(_QUIET_S)
        with client, suppress(OSError):
            if not self._target:
                while data := client.recv(65536):
                    self.heard += data
                return
            place = urlsplit(self._target)
            with socket.create_connection((place.hostname, place.port or 80), _QUIET_S) as server:
                back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
                back.start()
                while data := client.recv(65536):
                    self.heard += data
                    self._meanwhile()
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)
                back.join(_QUIET_S)

    @staticmethod
    def _pass_on(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def tapped(target: str = "", meanwhile: Callable[[], None] = lambda: None) -> Iterator[Tap]:
    """A tap before the server at the address `target`; without one nobody answers.

    `meanwhile` is called whenever something was sent, before the server gets it.
    """
    tap = Tap(target, meanwhile)
    thread = threading.Thread(target=tap.serve, daemon=True)
    thread.start()
    try:
        yield tap
    finally:
        tap.close()
        thread.join(_QUIET_S)
