"""A server of the chat completions API that is never the limit: ``python -m bench.server REPLIES.json PEM``.

A process of its own, without a framework: all events are bytes before the first request comes, and one thread hands
them to the sockets. It speaks HTTP/1.1 (a chunk an event), and TLS with HTTP/2 (a DATA frame an event) or HTTP/1.1, as
the client chooses. What is sent is chosen by the path, so that one server serves every measurement:
``/NAME/RATE/TOKENS/v1/chat/completions`` streams the reply NAME, RATE tokens a second (0: all at once), TOKENS to an
event. Each paced event is sent when it is due, in a packet and a TLS record of its own; events that are due within one
`TICK_S` follow each other. ``GET /log`` answers with the requests so far, and forgets them; times are those of
`time.monotonic`, which on Linux all processes share. Anything else is answered with an empty list of models.

`Server` is how a measurement has one.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Wire = Literal["http", "h2", "tls"]
"""HTTP/1.1; TLS, where HTTP/2 is offered besides HTTP/1.1; TLS with HTTP/1.1 alone."""

TICK_S: Final = 0.0003
_READ: Final = 1 << 18
_BURST: Final = 1 << 18  # is handed to the system at once
_LARGE: Final = 200_000  # tokens; their events are made when they are asked for
_ROUND: Final = 64  # events of one stream, between two of which others get a turn


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model says, token by token, and how many of them were predicted."""

    pieces: Sequence[str]
    accepted: int = 0
    rejected: int = 0
    prompt: int = 0


@dataclass(slots=True)
class Arrival:
    """One request as the server saw it.

    Attributes:
        path: What was asked for.
        protocol: "h2" or "http/1.1".
        connected: When its connection was accepted.
        first: When its first byte came.
        whole: When its last byte came.
        size: Bytes of its body, as they were sent.
        encoding: Its ``Content-Encoding``.
        token: When the first token of the answer was sent; 0 if none was.
        last: When the last byte of the answer was sent; 0 if it was not.
    """

    path: str
    protocol: str
    connected: float
    first: float
    whole: float = 0.0
    size: int = 0
    encoding: str = ""
    token: float = 0.0
    last: float = 0.0


class Server:
    """A server in a process of its own, while the context lasts."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self._replies = replies
        self._folder = tempfile.TemporaryDirectory()
        self.certificate = str(Path(self._folder.name) / "authority.pem")
        """The certificate that a client has to trust."""
        self._ports: dict[str, int] = {}

    def __enter__(self) -> Self:
        import trustme  # noqa: PLC0415 - only who starts a server needs one

        folder = Path(self._folder.name)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.certificate)
        authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(
            str(folder / "server.pem")
        )
        data = {name: asdict(reply) for name, reply in self._replies.items()}
        (folder / "replies.json").write_text(json.dumps(data), "utf-8")
        command = [
            sys.executable,
            "-m",
            "bench.server",
            str(folder / "replies.json"),
            str(folder / "server.pem"),
        ]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._ports = json.loads(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def base_url(self, wire: Wire, name: str, *, rate: float = 0, tokens: int = 1) -> str:
        """The base URL, without ``/v1``, of a server that answers with `name`."""
        scheme = "http" if wire == "http" else "https"
        return f"{scheme}://127.0.0.1:{self._ports[wire]}/{name}/{rate:g}/{tokens}"

    def log(self) -> list[Arrival]:
        """The requests that came since this was asked last, in their order."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._ports['http']}/log") as answer:
            return [Arrival(**found) for found in json.load(answer)]


# The server's own process from here on.


class _Events:
    """A reply as events: bare, and as chunks of HTTP/1.1."""

    def __init__(self, reply: dict[str, Any], tokens: int) -> None:
        pieces = reply["pieces"]
        texts = ["".join(pieces[at : at + tokens]) for at in range(0, len(pieces), tokens)]
        usage = {
            "prompt_tokens": reply["prompt"],
            "completion_tokens": len(pieces) + reply["rejected"],
            "total_tokens": reply["prompt"] + len(pieces) + reply["rejected"],
            "completion_tokens_details": {
                "accepted_prediction_tokens": reply["accepted"],
                "rejected_prediction_tokens": reply["rejected"],
                "reasoning_tokens": 0,
            },
            "prompt_tokens_details": {"cached_tokens": 0},
        }
        times = {
            "queue_time": 0.001,
            "prompt_time": 0.01,
            "completion_time": 1.0,
            "total_time": 1.1,
            "created": 1.8e9,
        }
        self.bare = [
            _event({"role": "assistant"}),
            *(_event({"content": text}) for text in texts),
            _event({}, finish="stop", more={"usage": usage, "time_info": times}),
            b"data: [DONE]\n\n",
        ]
        self.chunks = [b"%x\r\n%b\r\n" % (len(event), event) for event in self.bare]
        self.chunks[-1] += b"0\r\n\r\n"
        # Of HTTP/2: length and type; the stream's number comes between this and the event.
        self.heads = [len(event).to_bytes(3) + b"\0\0" for event in self.bare]
        self.tokens = tokens


def _event(delta: dict[str, str], *, finish: str | None = None, more: dict[str, Any] | None = None) -> bytes:
    choice: dict[str, Any] = {"delta": delta, "index": 0}
    if finish:
        choice["finish_reason"] = finish
    body = {
        "id": "chatcmpl-5e1f0a52-8b0c-4a8e-9a53-1d6f0e5d7c11",
        "choices": [choice],
        "created": 1800000000,
        "model": "gpt-oss-120b",
        "system_fingerprint": "fp_0f1e2d3c4b5a69788796",
        "object": "chat.completion.chunk",
        **(more or {}),
    }
    return b"data: %b\n\n" % json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(slots=True, eq=False)
class _Answer:
    """A reply that is being sent."""

    lane: _Lane
    arrival: Arrival
    events: _Events
    gap_s: float  # between two events
    stream: int
    begun: float
    at: int = 0

    def due(self, now: float) -> int:
        """How many events are to be sent by now."""
        if not self.gap_s:
            return len(self.events.bare)
        return min(len(self.events.bare), 1 + int((now - self.begun) / self.gap_s))


@dataclass(slots=True, eq=False)
class _Lane:
    """A connection."""

    socket: socket.socket
    accepted: float
    ready: bool
    h2: Any = None
    inbox: bytearray = field(default_factory=bytearray)
    first: float = 0.0
    outbox: memoryview = field(default_factory=lambda: memoryview(b""))
    arrivals: dict[int, Arrival] = field(default_factory=dict)
    answers: list[_Answer] = field(default_factory=list)
    watched: int = selectors.EVENT_READ


class _Loop:
    def __init__(self, replies: dict[str, Any], pem: str) -> None:
        self._replies = replies
        self._made: dict[tuple[str, int], _Events] = {}
        for name, reply in replies.items():
            for tokens in (1, 4) if len(reply["pieces"]) < _LARGE else ():
                self._made[name, tokens] = _Events(reply, tokens)
        # Of all selectors the one that waits for less than a millisecond.
        self._selector = selectors.SelectSelector()
        self._answers: list[_Answer] = []
        self._log: list[Arrival] = []
        self.ports: dict[str, int] = {}
        protocols: dict[str, list[str] | None] = {"http": None, "h2": ["h2", "http/1.1"], "tls": ["http/1.1"]}
        for wire, offered in protocols.items():
            context = None
            if offered:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(pem)
                context.set_alpn_protocols(offered)
            listening = socket.create_server(("127.0.0.1", 0), backlog=256)
            listening.settimeout(0)
            self.ports[wire] = listening.getsockname()[1]
            self._selector.register(listening, selectors.EVENT_READ, (context,))

    def run(self) -> None:
        """Serve until whoever started this goes away."""
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)
        while True:
            for key, mask in self._selector.select(self._wait_s()):
                if key.data is None:
                    return
                if isinstance(key.data, _Lane):
                    self._guarded(key.data, mask)
                else:
                    self._accept(key.fileobj, *key.data)
            now = time.monotonic()
            for answer in list(self._answers):
                if answer in self._answers and not answer.lane.outbox and answer.due(now) > answer.at:
                    try:
                        self._advance(answer, now)
                    except OSError:
                        self._drop(answer.lane)

    def _wait_s(self) -> float | None:
        free = [answer for answer in self._answers if not answer.lane.outbox]
        if not free:
            return None
        now = time.monotonic()
        wait_s = 1.0
        for answer in free:
            if answer.due(now) > answer.at:
                # A burst goes on at once, unless the window of HTTP/2 is full.
                wait_s = min(wait_s, 0 if answer.gap_s == 0 and self._window(answer) else TICK_S)
            else:
                wait_s = min(wait_s, max(TICK_S, answer.begun + answer.at * answer.gap_s - now))
        return wait_s

    def _accept(self, listening: Any, context: ssl.SSLContext | None) -> None:
        with suppress(BlockingIOError):
            while True:
                accepted, _ = listening.accept()
                accepted.settimeout(0)
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lane = _Lane(accepted, time.monotonic(), ready=context is None)
                if context is not None:
                    lane.socket = context.wrap_socket(
                        accepted, server_side=True, do_handshake_on_connect=False
                    )
                self._selector.register(lane.socket, selectors.EVENT_READ, lane)

    def _drop(self, lane: _Lane) -> None:
        self._answers = [answer for answer in self._answers if answer.lane is not lane]
        with suppress(KeyError, ValueError):
            self._selector.unregister(lane.socket)
        lane.socket.close()

    def _guarded(self, lane: _Lane, mask: int) -> None:
        try:
            if not lane.ready and not self._shake_hands(lane):
                return
            if mask & selectors.EVENT_WRITE:
                self._flush(lane)
            if mask & selectors.EVENT_READ:
                self._read(lane)
        except (OSError, ValueError, AssertionError) as exc:
            if not isinstance(exc, OSError):
                print(f"{type(exc).__name__}: {exc}", file=sys.stderr)
            self._drop(lane)

    def _shake_hands(self, lane: _Lane) -> bool:
        assert isinstance(lane.socket, ssl.SSLSocket)
        try:
            lane.socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self._watch(lane, selectors.EVENT_READ | selectors.EVENT_WRITE)
            return False
        lane.ready = True
        self._watch(lane, selectors.EVENT_READ)
        if lane.socket.selected_alpn_protocol() == "h2":
            from h2.config import H2Configuration  # noqa: PLC0415 - only this server needs it
            from h2.connection import H2Connection  # noqa: PLC0415 - same

            lane.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
            lane.h2.initiate_connection()
            lane.h2.increment_flow_control_window(1 << 30)
            self._send(lane, lane.h2.data_to_send())
        return True

    def _watch(self, lane: _Lane, mask: int) -> None:
        if lane.watched != mask:
            lane.watched = mask
            self._selector.modify(lane.socket, mask, lane)

    def _read(self, lane: _Lane) -> None:
        while True:
            try:
                data = lane.socket.recv(_READ)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            if not data:
                self._drop(lane)
                return
            now = time.monotonic()
            if lane.h2 is not None:
                self._take_h2(lane, data, now)
            else:
                lane.first = lane.first or now
                lane.inbox += data
                self._take_http1(lane, now)

    def _take_http1(self, lane: _Lane, now: float) -> None:
        end = lane.inbox.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = bytes(lane.inbox[:end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, path, _ = first.split(" ")
        body = len(lane.inbox) - end - 4
        if "chunked" in headers.get("transfer-encoding", ""):
            if not lane.inbox.endswith(b"0\r\n\r\n"):
                return
        elif body < int(headers.get("content-length", 0)):
            if headers.pop("expect", "") and not body:
                self._send(lane, b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        arrival = Arrival(path, "http/1.1", lane.accepted, lane.first, now, body)
        arrival.encoding = headers.get("content-encoding", "")
        lane.inbox.clear()
        lane.first = 0.0
        if not _streams(method, path):
            data = self._other(path, arrival)
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(
                data
            )
            self._send(lane, head + data)
            return
        self._send(
            lane,
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
            b"x-request-id: 5e1f0a52\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        self._begin(lane, arrival, 0)

    def _take_h2(self, lane: _Lane, data: bytes, now: float) -> None:
        from h2 import events  # noqa: PLC0415 - as above

        for event in lane.h2.receive_data(data):
            if isinstance(event, events.RequestReceived):
                headers: dict[Any, Any] = dict(event.headers)
                arrival = Arrival(headers[":path"], "h2", lane.accepted, now)
                arrival.encoding = headers.get("content-encoding", "")
                arrival.token = float(not _streams(headers[":method"], headers[":path"]))
                lane.arrivals[event.stream_id] = arrival
            elif isinstance(event, events.DataReceived):
                arrival = lane.arrivals[event.stream_id]
                arrival.size += len(event.data)
                lane.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, events.StreamEnded):
                arrival = lane.arrivals.pop(event.stream_id)
                arrival.whole = now
                self._answer_h2(lane, arrival, event.stream_id)
            elif isinstance(event, events.StreamReset):
                self._answers = [
                    each for each in self._answers if each.lane is not lane or each.stream != event.stream_id
                ]
        self._send(lane, lane.h2.data_to_send())

    def _answer_h2(self, lane: _Lane, arrival: Arrival, stream: int) -> None:
        streams = not arrival.token
        arrival.token = 0.0
        kind = "text/event-stream; charset=utf-8" if streams else "application/json"
        lane.h2.send_headers(
            stream,
            [
                (":status", "200"),
                ("content-type", kind),
                ("cache-control", "no-cache"),
                ("x-request-id", "5e1f"),
            ],
        )
        if streams:
            self._send(lane, lane.h2.data_to_send())
            self._begin(lane, arrival, stream)
        else:
            lane.h2.send_data(stream, self._other(arrival.path, arrival), end_stream=True)

    def _other(self, path: str, arrival: Arrival) -> bytes:
        if path == "/log":
            found, self._log = self._log, []
            return json.dumps([asdict(each) for each in found]).encode()
        self._log.append(arrival)
        return b'{"object":"list","data":[]}'

    def _begin(self, lane: _Lane, arrival: Arrival, stream: int) -> None:
        self._log.append(arrival)
        _, name, rate, tokens, *_ = arrival.path.split("/")
        key = (name, int(tokens))
        if key not in self._made:
            self._made[key] = _Events(self._replies[name], key[1])
        gap_s = key[1] / float(rate) if float(rate) else 0.0
        self._answers.append(_Answer(lane, arrival, self._made[key], gap_s, stream, time.monotonic()))

    def _window(self, answer: _Answer) -> int:
        """How many bytes may be sent; without HTTP/2 as many as one likes."""
        lane = answer.lane
        if lane.h2 is None:
            return _BURST
        return int(lane.h2.local_flow_control_window(answer.stream))

    def _advance(self, answer: _Answer, now: float) -> None:
        """Send what is due, as far as it goes."""
        end = answer.due(now)
        if answer.gap_s:
            end = min(end, answer.at + _ROUND)
            while answer.at < end and not answer.lane.outbox:
                if not self._send_events(answer, answer.at + 1):
                    return
        else:
            room, upto = min(_BURST, self._window(answer)), answer.at
            sizes = answer.events.chunks if answer.lane.h2 is None else answer.events.bare
            while upto < end and room >= len(sizes[upto]):
                room -= len(sizes[upto])
                upto += 1
            self._send_events(answer, upto)
        if answer.at == len(answer.events.bare):
            self._answers.remove(answer)
            if answer.lane.h2 is not None:
                answer.lane.h2.end_stream(answer.stream)
                self._send(answer.lane, answer.lane.h2.data_to_send())
            answer.arrival.last = time.monotonic()

    def _send_events(self, answer: _Answer, upto: int) -> bool:
        """Send the events before `upto`; False if the client's window has no room for them."""
        lane, events, start = answer.lane, answer.events, answer.at
        if start == upto:
            return False
        if lane.h2 is None:
            data = b"".join(events.chunks[start:upto])
        else:
            size = sum(map(len, events.bare[start:upto]))
            if self._window(answer) < size:
                return False
            # H2 would take 30 us for a frame; what it must know of them is how much room is left.
            lane.h2.outbound_flow_control_window -= size
            lane.h2.streams[answer.stream].outbound_flow_control_window -= size
            number = answer.stream.to_bytes(4)
            data = b"".join(
                [
                    part
                    for head, event in zip(events.heads[start:upto], events.bare[start:upto], strict=True)
                    for part in (head, number, event)
                ]
            )
        if start <= 1 < upto:
            answer.arrival.token = time.monotonic()
        answer.at = upto
        self._send(lane, data)
        return True

    def _send(self, lane: _Lane, data: bytes) -> None:
        if lane.outbox:
            lane.outbox = memoryview(bytes(lane.outbox) + data)
        elif data:
            lane.outbox = memoryview(data)
            self._flush(lane)

    def _flush(self, lane: _Lane) -> None:
        with suppress(BlockingIOError, ssl.SSLWantWriteError):
            while lane.outbox:
                lane.outbox = lane.outbox[lane.socket.send(lane.outbox) :]
        mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if lane.outbox else 0)
        self._watch(lane, mask)


def _streams(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/chat/completions")


def main() -> None:
    """Serve; the ports are printed as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("replies", type=Path, help="JSON: name to pieces, accepted, rejected, prompt")
    parser.add_argument("pem", help="the key and the certificate")
    options = parser.parse_args()
    loop = _Loop(json.loads(options.replies.read_text("utf-8")), options.pem)
    print(json.dumps(loop.ports), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
