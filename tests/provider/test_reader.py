"""One thread that reads many sockets: when it looks, when it waits, and when it ends."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from patience import HANGING_S

from editsvc.provider.reader import FIRST_TICK_S, TICK_S, StreamReader


class Pipe:
    """A source that keeps what it reads; `theirs` is the other end."""

    def __init__(
        self, *, at_once: int = 1 << 16, room: int = 1 << 30, deadline: float = float("inf")
    ) -> None:
        self.socket, self.theirs = socket.socketpair()
        self.socket.settimeout(0)
        self.at_once = at_once
        self.room = room
        self.deadline = deadline
        self.reads: list[bytes] = []
        self.threads: set[str] = set()
        self.more_waits = False
        self.go_on: Callable[[], None] | None = None
        self.has_only_begun = False
        self.expired = False
        self.closed = threading.Event()

    def read(self) -> bool:
        self.threads.add(threading.current_thread().name)
        with suppress(BlockingIOError):
            piece = self.socket.recv(self.at_once)
            self.more_waits = len(piece) == self.at_once
            self.reads.append(piece)
            return bool(piece)
        self.more_waits = False
        return True

    def expire(self) -> None:
        self.expired = True

    def is_full(self, then: Callable[[], None]) -> bool:
        if sum(map(len, self.reads)) <= self.room:
            return False
        self.go_on = then
        return True

    def close(self) -> None:
        self.socket.close()
        self.closed.set()

    @property
    def received(self) -> bytes:
        return b"".join(self.reads)

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + HANGING_S
        while not holds():
            assert time.monotonic() < end, self.reads
            time.sleep(0.001)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def reader(pauses: list[float]) -> Iterator[StreamReader]:
    def pause(seconds: float) -> None:
        pauses.append(seconds)
        time.sleep(seconds)

    yield StreamReader(sleep=pause)
    end = time.monotonic() + HANGING_S
    while any(thread.name == "replies" for thread in threading.enumerate()):
        assert time.monotonic() < end, "the thread outlives its last stream"
        time.sleep(0.001)


def test_every_stream_is_read_to_its_end_by_the_same_thread(reader: StreamReader) -> None:
    pipes = [Pipe() for _ in range(40)]
    for pipe in pipes:
        reader.add(pipe)
    assert sum(thread.name == "replies" for thread in threading.enumerate()) == 1
    for round_ in range(5):
        for number, pipe in enumerate(pipes):
            pipe.theirs.sendall(b"%d:%d " % (number, round_))
    for pipe in pipes:
        pipe.theirs.close()
    for number, pipe in enumerate(pipes):
        assert pipe.closed.wait(HANGING_S)
        assert pipe.received == b"".join(b"%d:%d " % (number, round_) for round_ in range(5))
        assert pipe.threads == {"replies"}


def test_between_two_looks_is_a_pause_in_which_events_gather(
    reader: StreamReader, pauses: list[float]
) -> None:
    pipe = Pipe()
    reader.add(pipe)
    pipe.theirs.sendall(b"first")
    pipe.until(lambda: pipe.received == b"first")
    pipe.theirs.close()
    assert pipe.closed.wait(HANGING_S)
    assert FIRST_TICK_S < max(pauses) <= 2 * TICK_S


def test_the_pauses_are_short_as_long_as_a_stream_has_only_begun(
    reader: StreamReader, pauses: list[float]
) -> None:
    pipe, other = Pipe(), Pipe()
    pipe.has_only_begun = True
    for each in (pipe, other):
        reader.add(each)
        each.theirs.sendall(b"first")
        each.until(lambda each=each: each.received == b"first")  # type: ignore[misc]
    assert max(pauses) <= FIRST_TICK_S
    pipe.theirs.close()
    other.theirs.close()


def test_what_has_come_before_a_stream_is_added_is_read_without_a_word_from_its_socket(
    reader: StreamReader,
) -> None:
    pipe = Pipe(at_once=1)
    pipe.theirs.sendall(b"abc")
    reader.add(pipe)
    pipe.until(lambda: pipe.received == b"abc")
    pipe.theirs.close()


def test_a_stream_that_is_full_stands_still_until_it_is_told_to_go_on(reader: StreamReader) -> None:
    pipe, other = Pipe(at_once=1, room=2), Pipe()
    reader.add(pipe)
    reader.add(other)
    pipe.theirs.sendall(b"abcdef")
    pipe.until(lambda: pipe.go_on is not None)
    other.theirs.sendall(b"meanwhile")
    other.until(lambda: other.received == b"meanwhile")
    assert pipe.received == b"abc"

    pipe.room = 100
    assert pipe.go_on is not None
    pipe.go_on()
    pipe.until(lambda: pipe.received == b"abcdef")
    pipe.theirs.close()
    other.theirs.close()


@pytest.mark.parametrize("full", [False, True])
def test_a_stream_is_given_up_when_its_time_is_over(reader: StreamReader, full: bool) -> None:
    pipe = Pipe(room=0) if full else Pipe()
    reader.add(pipe)
    if full:
        pipe.theirs.sendall(b"abc")
        pipe.until(lambda: pipe.go_on is not None)
    pipe.deadline = time.monotonic()
    if not full:
        reader.add(
            nobody := Pipe(deadline=float("-inf"))
        )  # wakes the thread, as a call that is cancelled does
        assert nobody.closed.wait(HANGING_S)
        nobody.theirs.close()
    assert pipe.closed.wait(HANGING_S)
    assert pipe.expired
    pipe.theirs.close()


def test_the_thread_begins_again_with_the_next_stream(reader: StreamReader) -> None:
    for _ in range(3):
        pipe = Pipe()
        reader.add(pipe)
        pipe.theirs.sendall(b"x")
        pipe.theirs.close()
        assert pipe.closed.wait(HANGING_S)
        assert pipe.received == b"x"
