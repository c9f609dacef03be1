"""Faults: what can go wrong between a client and a model, by name.

A fault is written ``NAME[:PARAM]``. PARAM is a comma-separated list of ``key=value`` items; the first
may be a value alone, for the first key of the fault in the table. ``cut:0.2`` and ``cut:at=0.2`` are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from editsvc.errors import UsageError


class Shape(StrEnum):
    """The two shapes of an error's body: fields at the top, or within ``error``."""

    TOP = "top"
    ERROR = "error"


class FaultName(StrEnum):
    """Every fault; `FAULTS` describes them."""

    STATUS = "status"
    PREDICTION_UNSUPPORTED = "prediction-unsupported"
    LOADING = "loading"
    BUSY = "busy"
    REDIRECT = "redirect"
    RESET = "reset"
    STALL_START = "stall-start"
    HTML_200 = "html-200"
    NOT_STREAM = "not-stream"
    CUT = "cut"
    END = "end"
    STALL = "stall"
    PINGS = "pings"
    SLOW = "slow"
    ENDLESS = "endless"
    ENDLESS_EVENT = "endless-event"
    ENDLESS_ERROR = "endless-error"
    NO_DONE = "no-done"
    ERROR_EVENT = "error-event"
    ERROR_PLAIN = "error-plain"
    GARBAGE = "garbage"
    EMPTY_DATA = "empty-data"
    BAD_UTF8 = "bad-utf8"
    LENGTH = "length"
    CONTENT_FILTER = "content-filter"
    UNKNOWN_FINISH = "unknown-finish"
    FINISH_EOS = "finish-eos"
    FINISH_ERROR = "finish-error"
    EMPTY_REPLY = "empty-reply"
    CUT_PROMPT = "cut-prompt"
    UNCACHED_USAGE = "uncached-usage"
    NO_USAGE = "no-usage"
    NO_TIME_INFO = "no-time-info"
    NO_FINGERPRINT = "no-fingerprint"
    TRAILING_USAGE = "trailing-usage"
    CONTENT_IN_FINAL = "content-in-final"
    ELISION = "elision"
    TRUNCATED = "truncated"
    UNCLOSED = "unclosed"
    REFUSAL = "refusal"
    PROSE_ONLY = "prose-only"
    ENTITIES = "entities"
    CRLF = "crlf"
    BROKEN_SYNTAX = "broken-syntax"
    WRONG_PART = "wrong-part"
    SEARCH_MISSING = "search-missing"
    SEARCH_TWICE = "search-twice"


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """A row of the table: the parameters that a fault takes, the one that may stand alone first."""

    meaning: str
    parameters: tuple[str, ...] = ()


_AT: Final = ("at",)
_TURNS: Final = ("turns",)
FAULTS: Final[dict[FaultName, FaultSpec]] = {
    FaultName.STATUS: FaultSpec(
        "an HTTP error instead of a reply (default 500)", ("code", "retry-after", "shape")
    ),
    FaultName.PREDICTION_UNSUPPORTED: FaultSpec(
        "400 for a request with a prediction, as from a model that takes none"
    ),
    FaultName.LOADING: FaultSpec("503, as from a server that loads its model"),
    FaultName.BUSY: FaultSpec("503, as from a server whose queue is full"),
    FaultName.REDIRECT: FaultSpec("307 to another place (default /v1/moved)", ("to",)),
    FaultName.RESET: FaultSpec("the connection is reset (RST) before the headers"),
    FaultName.STALL_START: FaultSpec("the headers never come"),
    FaultName.HTML_200: FaultSpec("an HTML page with status 200, such as a proxy's sign-in page"),
    FaultName.NOT_STREAM: FaultSpec("a JSON body instead of the requested stream"),
    FaultName.CUT: FaultSpec("the connection breaks in the middle of the chunked body", _AT),
    FaultName.END: FaultSpec("a clean end, without finish_reason and without [DONE]", _AT),
    FaultName.STALL: FaultSpec("silence in mid-reply, until the client leaves", _AT),
    FaultName.PINGS: FaultSpec("comments for so many seconds before the reply (default 0.1)", ("seconds",)),
    FaultName.SLOW: FaultSpec("seconds between two events (default 0.1)", ("seconds",)),
    FaultName.ENDLESS: FaultSpec("the reply repeats one line without end, ignoring the limit", _AT),
    FaultName.ENDLESS_EVENT: FaultSpec("an event in mid-reply that does not end", _AT),
    FaultName.ENDLESS_ERROR: FaultSpec("an HTTP error (default 500) whose body does not end", ("code",)),
    FaultName.NO_DONE: FaultSpec("the final chunk, but no [DONE]"),
    FaultName.ERROR_EVENT: FaultSpec(
        "an error event in mid-reply; with a code it has a status_code", ("code", "at")
    ),
    FaultName.ERROR_PLAIN: FaultSpec("an event in mid-reply that is an error without an error key", _AT),
    FaultName.GARBAGE: FaultSpec("an event in mid-reply that is not JSON; the reply goes on", _AT),
    FaultName.EMPTY_DATA: FaultSpec("an empty data: event in mid-reply; the reply goes on", _AT),
    FaultName.BAD_UTF8: FaultSpec("a delta in mid-reply that is not UTF-8; the reply goes on", _AT),
    FaultName.LENGTH: FaultSpec("finish_reason length in mid-reply", _AT),
    FaultName.CONTENT_FILTER: FaultSpec("finish_reason content_filter in mid-reply", _AT),
    FaultName.UNKNOWN_FINISH: FaultSpec("an unknown finish_reason"),
    FaultName.FINISH_EOS: FaultSpec("finish_reason eos, another word for stop"),
    FaultName.FINISH_ERROR: FaultSpec("finish_reason error in mid-reply, with status 200", _AT),
    FaultName.EMPTY_REPLY: FaultSpec("a reply without content, and finish_reason stop"),
    FaultName.CUT_PROMPT: FaultSpec(
        "usage that tells of a quarter of the prompt, as if the rest had been cut"
    ),
    FaultName.UNCACHED_USAGE: FaultSpec("usage that leaves out the tokens of the prompt that were cached"),
    FaultName.NO_USAGE: FaultSpec("no usage"),
    FaultName.NO_TIME_INFO: FaultSpec("no time_info"),
    FaultName.NO_FINGERPRINT: FaultSpec("chunks without system_fingerprint"),
    FaultName.TRAILING_USAGE: FaultSpec("usage in a chunk of its own, after the final one, with choices []"),
    FaultName.CONTENT_IN_FINAL: FaultSpec("the last content is in the chunk with the finish_reason"),
    FaultName.ELISION: FaultSpec("the tail of the code is '# ... rest of the code unchanged ...'", _AT),
    FaultName.TRUNCATED: FaultSpec(
        "the code ends early, but the frame is closed and finish_reason is stop", _AT
    ),
    FaultName.UNCLOSED: FaultSpec("the reply ends early with the frame open, and finish_reason is stop", _AT),
    FaultName.REFUSAL: FaultSpec("the model declines"),
    FaultName.PROSE_ONLY: FaultSpec("a sentence instead of code"),
    FaultName.ENTITIES: FaultSpec("< > & in the code as HTML entities"),
    FaultName.CRLF: FaultSpec("CRLF line ends in the code"),
    FaultName.BROKEN_SYNTAX: FaultSpec("a changed line leaves a bracket open", _TURNS),
    FaultName.WRONG_PART: FaultSpec("the last part of the reply has a number that was not offered", _TURNS),
    FaultName.SEARCH_MISSING: FaultSpec(
        "the first search text of a structured reply does not occur in the file", _TURNS
    ),
    FaultName.SEARCH_TWICE: FaultSpec(
        "the first search text of a structured reply occurs more than once in the file", _TURNS
    ),
}

_LEAST_ERROR: Final = 400
_LAST_STATUS: Final = 599


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with its parameters; `at` is a fraction 0..1 of the reply's tokens.

    `turns` limits it to the first so many replies of a conversation; None is all.
    """

    name: FaultName
    at: float = 0.5
    code: int | None = None
    retry_after: str = ""
    shape: Shape | None = None
    seconds: float = 0.1
    to: str = "/v1/moved"
    turns: int | None = None
    source: str = ""

    def __str__(self) -> str:
        """The fault as it was written."""
        return self.source or self.name


def parse_fault(text: str) -> Fault:
    """The fault that `text` names; raises UsageError for an unknown name, key or value."""
    name, _, parameters = text.strip().partition(":")
    try:
        fault = FaultName(name)
    except ValueError:
        raise UsageError(f"{name!r} is not a fault.", hint=f"Faults: {', '.join(FaultName)}.") from None
    taken = FAULTS[fault].parameters
    values: dict[str, str] = {}
    for i, item in enumerate(parameters.split(",") if parameters else ()):
        key, equals, value = item.partition("=")
        if not equals and i == 0 and taken:
            key, value = taken[0], item
        if key not in taken:
            accepted = ", ".join(taken) or "nothing"
            raise UsageError(f"The fault {fault} does not take {item!r}.", hint=f"It takes {accepted}.")
        values[key] = value
    return Fault(
        name=fault,
        at=_number(fault, values.get("at", "0.5"), 0, 1),
        code=_status(fault, values["code"]) if "code" in values else None,
        retry_after=values.get("retry-after", ""),
        shape=_shape(fault, values["shape"]) if "shape" in values else None,
        seconds=_number(fault, values.get("seconds", "0.1"), 0, 3600),
        to=values.get("to", "/v1/moved"),
        turns=_turns(fault, values["turns"]) if "turns" in values else None,
        source=text.strip(),
    )


def _number(fault: FaultName, text: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        raise UsageError(f"The fault {fault} takes a number, and {text!r} is not a number.") from None
    if not least <= number <= most:
        raise UsageError(f"The fault {fault} takes a number from {least} to {most}, and got {text}.")
    return number


def _status(fault: FaultName, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not _LEAST_ERROR <= int(text) <= _LAST_STATUS:
        raise UsageError(f"The fault {fault} takes an HTTP status from 400 to 599, and got {text!r}.")
    return int(text)


def _turns(fault: FaultName, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise UsageError(f"The fault {fault} takes a number of turns from 1, and got {text!r}.")
    return int(text)


def _shape(fault: FaultName, text: str) -> Shape:
    try:
        return Shape(text)
    except ValueError:
        raise UsageError(f"The fault {fault} takes shape=top or shape=error, and got {text!r}.") from None


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The requests that get a fault, decided by their number alone, so that a run can be repeated.

    Without `rate` and `count` every request does; `count` limits them to the first so many, `rate` is a
    share 0..1 drawn with `seed`. Several faults are taken in turn, or drawn if there is a rate.
    """

    faults: tuple[Fault, ...] = ()
    rate: float | None = None
    count: int | None = None
    seed: int = 0

    def pick(self, number: int) -> Fault | None:
        """The fault of the `number`-th request (from 0), if any."""
        if not self.faults or (self.count is not None and number >= self.count):
            return None
        if self.rate is None:
            return self.faults[number % len(self.faults)]
        draw = Random(f"{self.seed}:{number}")  # noqa: S311 - repeatable, not secret
        return draw.choice(self.faults) if draw.random() < self.rate else None
