"""A reply as timed bytes, faults included. Pure.

A server (any: aiohttp, ASGI, a socket) plays the events in order and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from random import Random
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.emulator.dialects import KINDS, Kind
from editsvc.emulator.faults import Fault, FaultName
from editsvc.emulator.wire import (
    DONE,
    ChunkEncoder,
    CompletionTokensDetails,
    Identity,
    PromptTokensDetails,
    TimeInfo,
    WireError,
    WireUsage,
    completion,
    error_event,
    plain_error_event,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.emulator.generation import Generation

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream; charset=utf-8"
THOUGHT: Final = " think"
_PING_S: Final = 0.1
_MOST_DRAWN: Final = 8
_LINE: Final = "and so on\n"
_ENOUGH: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Begin:
    """Send status and headers; times are seconds since the request was complete."""

    due_s: float
    status: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Send:
    """Send bytes of the body, which hold `tokens` tokens of the reply."""

    due_s: float
    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Abort:
    """Close the connection without ending the body."""

    due_s: float


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection: the client gets neither a byte nor an orderly end."""

    due_s: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Send nothing more, until the client leaves."""

    due_s: float


Event = Begin | Send | Abort | Reset | Hang


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a generated reply is sent; `seed` determines random event sizes."""

    identity: Identity
    headers: dict[str, str]
    prompt_tokens: int
    cached_tokens: int
    finish_reason: str
    fault: Fault | None = None
    tokens_per_event: int = 1
    hide_reasoning: bool = False
    seed: str = ""
    kind: Kind = field(default_factory=lambda: KINDS["cerebras"])
    wants_usage: bool = False

    def has(self, *names: FaultName) -> bool:
        """Whether the fault is one of `names`."""
        return self.fault is not None and self.fault.name in names


# --- errors -------------------------------------------------------------------------------------------------


def error_events(error: WireError, headers: dict[str, str], fault: Fault | None = None) -> Iterator[Event]:
    """An HTTP error, in the shape and with the ``retry-after`` of `fault`."""
    extra = {"retry-after": fault.retry_after} if fault and fault.retry_after else {}
    yield Begin(0, error.status, {**headers, **extra, "content-type": JSON})
    yield Send(0, error.body(fault.shape if fault else None))


def early_fault(fault: Fault | None, headers: dict[str, str]) -> Iterator[Event] | None:
    """The events of a fault that comes before any reply; None for other faults."""
    if fault is None:
        return None
    match fault.name:
        case FaultName.STATUS:
            status = fault.code or 500
            error = WireError(status, f"The emulator was told to answer with status {status}.")
            return error_events(error, headers, fault)
        case FaultName.LOADING:
            error = WireError(503, "Loading model", kind="unavailable_error", code="503")
            return error_events(error, headers, fault)
        case FaultName.BUSY:
            error = WireError(503, "server busy, please try again. maximum pending requests exceeded")
            return error_events(error, headers, fault)
        case FaultName.REDIRECT:
            return iter((Begin(0, 307, {**headers, "location": fault.to}),))
        case FaultName.RESET:
            return iter((Reset(0),))
        case FaultName.ENDLESS_ERROR:
            head = Begin(0, fault.code or 500, {**headers, "content-type": JSON})
            return chain([head, Send(0, b'{"message": "')], _without_end(0, b"It went wrong. " * 1_000))
        case FaultName.STALL_START:
            return iter((Hang(0),))
        case FaultName.HTML_200:
            page = b"<!DOCTYPE html>\n<title>Sign in</title>\n<p>Sign in to use this network.</p>\n"
            return iter((Begin(0, 200, {**headers, "content-type": "text/html"}), Send(0, page)))
        case _:
            return None


# --- replies ------------------------------------------------------------------------------------------------


def measured(generation: Generation, delivery: Delivery) -> tuple[WireUsage | None, TimeInfo | None]:
    """The reported usage and times; None if a fault leaves them out."""
    verification = generation.verification
    prompt = delivery.prompt_tokens
    if delivery.has(FaultName.CUT_PROMPT):
        prompt //= 4
    cached = min(prompt, delivery.cached_tokens)
    if delivery.has(FaultName.UNCACHED_USAGE):
        prompt, cached = prompt - cached, 0
    usage = WireUsage(
        total_tokens=prompt + generation.completion_tokens,
        completion_tokens=generation.completion_tokens,
        completion_tokens_details=CompletionTokensDetails(
            accepted_prediction_tokens=verification.accepted,
            rejected_prediction_tokens=verification.rejected,
            reasoning_tokens=len(generation.reasoning_due),
        ),
        prompt_tokens=prompt,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=cached),
    )
    times = TimeInfo(
        created=delivery.identity.created,
        queue_time=0.0,
        prompt_time=generation.start_s,
        completion_time=generation.end_s - generation.start_s,
        total_time=generation.end_s,
    )
    kind = delivery.kind
    if not kind.reports or not kind.predicts:
        usage.completion_tokens_details = msgspec.UNSET
    tells_usage = kind.tells_usage or delivery.wants_usage
    return (
        usage if tells_usage and not delivery.has(FaultName.NO_USAGE) else None,
        times if kind.cerebras and not delivery.has(FaultName.NO_TIME_INFO) else None,
    )


def reply_events(generation: Generation, delivery: Delivery, *, stream: bool) -> Iterator[Event]:
    """`generation` as a stream of server-sent events, or as one JSON body."""
    if stream and not delivery.has(FaultName.NOT_STREAM):
        return _slowed(_streamed(generation, delivery), delivery.fault)
    return _slowed(_single(generation, delivery), delivery.fault)


def _slowed(events: Iterator[Event], fault: Fault | None) -> Iterator[Event]:
    if fault is None or fault.name is not FaultName.SLOW:
        yield from events
        return
    delay = 0.0
    for event in events:
        yield replace(event, due_s=event.due_s + delay)
        delay += fault.seconds


def _single(generation: Generation, delivery: Delivery) -> Iterator[Event]:
    usage, times = measured(generation, delivery)
    body = completion(
        delivery.identity,
        content=generation.text,
        reasoning="" if delivery.hide_reasoning else THOUGHT * len(generation.reasoning_due),
        finish_reason=delivery.finish_reason,
        usage=usage,
        time_info=times,
    )
    due = generation.end_s
    yield Begin(due, 200, {**delivery.headers, "content-type": JSON})
    fault = delivery.fault
    if fault is None:
        yield Send(due, body, generation.output_tokens)
        return
    part = body[: int(len(body) * fault.at)]
    match fault.name:
        case FaultName.CUT:
            yield from (Send(due, part), Abort(due))
        case FaultName.STALL:
            yield from (Send(due, part), Hang(due))
        case FaultName.ENDLESS | FaultName.ENDLESS_EVENT:
            yield Send(due, body[: body.index(b'"content":') + len(b'"content":"')])
            yield from _without_end(due, _LINE.encode("unicode_escape") * 1_000)
        case FaultName.END:
            yield Send(due, part)
        case FaultName.ERROR_EVENT:
            yield Send(due, _broken(fault.code).body())
        case FaultName.ERROR_PLAIN:
            yield Send(due, _broken(None).body(shape=None))
        case FaultName.GARBAGE:
            yield Send(due, b"{this is not JSON")
        case FaultName.EMPTY_DATA:
            yield Send(due, b"")
        case FaultName.BAD_UTF8:
            yield Send(due, part + b"\xff\xfe" + body[len(part) :], generation.output_tokens)
        case _:
            yield Send(due, body, generation.output_tokens)


def _streamed(generation: Generation, delivery: Delivery) -> Iterator[Event]:
    kind = delivery.kind
    encoder = ChunkEncoder(delivery.identity, reasoning=kind.reasoning, thoughts=kind.thoughts)
    pings = _pings(delivery)
    yield Begin(0.0 if pings else generation.start_s, 200, {**delivery.headers, "content-type": EVENT_STREAM})
    yield from pings
    start = generation.start_s + (pings[-1].due_s if pings else 0.0)
    generation = replace(generation, start_s=start)
    if kind.comment:
        yield Send(start, kind.comment)
    if kind.before:
        yield Send(start, encoder.trailing(None, None))
    yield Send(start, encoder.role())
    if not delivery.hide_reasoning:
        for due in generation.reasoning_due:
            yield Send(due, encoder.reasoning(THOUGHT))
    content = _grouped(generation, delivery)
    held = ("", 0)
    if delivery.has(FaultName.CONTENT_IN_FINAL):
        content, held = _without_last(content)
    fault_at = delivery.fault.at * generation.output_tokens if delivery.fault else 0.0
    fired = not delivery.has(*_MIDWAY)
    sent = 0
    for due, text, tokens in content:
        if not fired and sent >= fault_at:
            fired = True
            yield from _midway(due, encoder, delivery.fault)
            if delivery.has(*_ENDING):
                return
        yield Send(due, encoder.content(text), tokens)
        sent += tokens
    if not fired:
        yield from _midway(generation.end_s, encoder, delivery.fault)
        if delivery.has(*_ENDING):
            return
    yield from _finished(generation, delivery, encoder, held)


def _finished(
    generation: Generation, delivery: Delivery, encoder: ChunkEncoder, held: tuple[str, int]
) -> Iterator[Event]:
    usage, times = measured(generation, delivery)
    due = generation.end_s
    if delivery.has(FaultName.TRAILING_USAGE) or (delivery.kind.trailing and usage is not None):
        text, tokens = held
        yield Send(due, encoder.final(delivery.finish_reason, None, None, text), tokens)
        yield Send(due, encoder.trailing(usage, times))
    else:
        text, tokens = held
        yield Send(due, encoder.final(delivery.finish_reason, usage, times, text), tokens)
    if not delivery.has(FaultName.NO_DONE):
        yield Send(due, DONE)


def _pings(delivery: Delivery) -> list[Send]:
    """The comments that keep a connection open while nothing is said yet."""
    if not delivery.has(FaultName.PINGS) or delivery.fault is None:
        return []
    count = max(1, round(delivery.fault.seconds / _PING_S))
    return [Send(number * _PING_S, b": ping\n\n") for number in range(1, count + 1)]


def _without_last(
    groups: Iterator[tuple[float, str, int]],
) -> tuple[Iterator[tuple[float, str, int]], tuple[str, int]]:
    """All groups but the last, and the last one's text and tokens."""
    whole = list(groups)
    if not whole:
        return iter(()), ("", 0)
    _, text, tokens = whole.pop()
    return iter(whole), (text, tokens)


def _grouped(generation: Generation, delivery: Delivery) -> Iterator[tuple[float, str, int]]:
    """The units, grouped into events of at least `tokens_per_event` tokens: (due, text, tokens)."""
    draw = Random(delivery.seed)  # noqa: S311 - repeatable, not secret
    fixed = delivery.tokens_per_event
    wanted = fixed or draw.randint(1, _MOST_DRAWN)
    texts: list[str] = []
    tokens = 0
    due = generation.start_s
    for unit, unit_due in zip(generation.units, generation.due, strict=True):
        texts.append(unit.text)
        tokens += unit.tokens
        due = unit_due
        if tokens >= wanted:
            yield due, "".join(texts), tokens
            texts.clear()
            tokens = 0
            wanted = fixed or draw.randint(1, _MOST_DRAWN)
    if texts:
        yield due, "".join(texts), tokens


_ENDING: Final = (
    FaultName.CUT,
    FaultName.END,
    FaultName.STALL,
    FaultName.ENDLESS,
    FaultName.ENDLESS_EVENT,
    FaultName.ERROR_EVENT,
    FaultName.ERROR_PLAIN,
)
_MIDWAY: Final = (*_ENDING, FaultName.GARBAGE, FaultName.EMPTY_DATA, FaultName.BAD_UTF8)


def _midway(due: float, encoder: ChunkEncoder, fault: Fault | None) -> Iterator[Event]:
    """The bytes that a fault inserts into a stream."""
    if fault is None:
        return
    match fault.name:
        case FaultName.CUT:
            yield Abort(due)
        case FaultName.STALL:
            yield Hang(due)
        case FaultName.ENDLESS:
            yield from _without_end(due, encoder.content(_LINE) * 100)
        case FaultName.ENDLESS_EVENT:
            yield Send(due, b"data: ")
            yield from _without_end(due, b"x" * 10_000)
        case FaultName.ERROR_EVENT:
            yield Send(due, error_event(_broken(fault.code), status=fault.code))
        case FaultName.ERROR_PLAIN:
            yield Send(due, plain_error_event(_broken(None)))
        case FaultName.GARBAGE:
            yield Send(due, b"data: {this is not JSON\n\n")
        case FaultName.EMPTY_DATA:
            yield Send(due, b"data:\n\n")
        case FaultName.BAD_UTF8:
            yield Send(due, encoder.content_bytes(b"\xff\xfe"))
        case _:
            return


def _without_end(due: float, data: bytes) -> Iterator[Event]:
    """`data` again and again; a client that is still connected at the end enforces no limit of its own."""
    yield from repeat(Send(due, data), _ENOUGH // len(data))
    yield Abort(due)


def _broken(status: int | None) -> WireError:
    return WireError(status or 500, "The model stopped: the emulator was told to fail.")
