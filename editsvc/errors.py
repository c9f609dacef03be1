"""Everything that can end an edit, as one tree.

::

    EditsvcError
    ├── UsageError                  exit 2: the call contradicts itself
    ├── SettingsError               exit 4: a key or a setting is missing or wrong
    ├── Refused                     exit 1: the edit is not made, on purpose
    │   ├── DocumentRefused         the document is not UTF-8 text, or too large for the model
    │   ├── ScopeRefused            the scope does not name exactly one place
    │   ├── ModelRefused            the model says that it cannot do this
    │   ├── NotUnderstood           (offline) the instruction is none of those the offline engine knows
    │   ├── NotApplicable           (offline) what the instruction is about is ambiguous, or cannot be changed
    │   │   └── NotHere             the document does not have it; of several files, others may
    │   ├── CostReached             (many files) the run has cost what it may; the file was not started
    │   ├── PathRefused             (workspace) the file may not be edited unless the user says so
    │   ├── GuardRefused            the reply failed a check (elision, shrink, frame, …)
    │   └── Stale                   the document has changed since it was read
    ├── FileError                   (files) exit 1: a file cannot be read or written
    ├── LogUnavailable              (tokenlog) exit 4: the log cannot be used; never ends an edit
    │   ├── RecordWaits             the record was kept beside the log, and goes in later
    │   └── RecordNotTaken          the log works, and does not take this record
    ├── ProviderError               exit 3: the server failed, or the way to it
    │   ├── ProviderUnreachable     no connection, or it broke before the reply began
    │   ├── ProviderTimeout         nothing arrived for too long
    │   ├── ProviderRateLimited     429
    │   ├── ProviderUnavailable     5xx, also as an event in the stream
    │   │   └── ProviderBusy        503: it loads its model, or its queue is full
    │   ├── ProviderRejected        any other 4xx: the request itself is not accepted
    │   │   ├── ContextExceeded     it is longer than the server takes, whatever the status
    │   │   └── PredictionUnsupported   400 "property 'prediction' is unsupported"
    │   ├── ProviderProtocolError   bytes that are not in the expected wire format
    │   ├── IncompleteReply         the stream ended without finish_reason "stop"
    │   └── EndlessReply            repeats itself, or more than was asked for
    ├── ProviderAuthError           exit 4: 401 or 403, the key is at fault
    ├── Defect                      exit 1: something unexpected, a bug; the last catch
    └── Cancelled                   exit 130: the user or the editor cancelled the request

A message is one sentence: what was expected, what was found. `hint` says what to do, where that is the same for
everybody; what is done in another way at a shell than in an editor is one of the `remedies`, which each front end
puts into its own words. None of them ever holds code from the document beyond the one line that a refusal is about,
and `kind` (logged) holds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


_ITEM: Final = "  · "
_OURS: Final = frozenset({"editsvc", "lsp"})


class ExitCode(IntEnum):
    """What a command returns to the shell; with several files the highest applies."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    PROVIDER = 3
    SETTINGS = 4
    INTERRUPTED = 130


class Status(StrEnum):
    """How an edit ended."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Means(StrEnum):
    """The kinds of remedies."""

    WAIVE = "waive"
    ALLOW_PATH = "allow-path"
    SMALLER_SCOPE = "smaller-scope"
    LARGER_SCOPE = "larger-scope"
    LINES_SCOPE = "lines-scope"
    PREDICTION_OFF = "prediction-off"
    VALID_KEY = "valid-key"
    ANY_KEY = "any-key"
    KNOWN_MODEL = "known-model"
    KNOWN_SETTINGS = "known-settings"
    KNOWN_RUNS = "known-runs"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Something that the user can do, as a value: a front end says how.

    `name` is the check to waive, the path to allow (as it was typed), or the setting; `when` says in which case, such
    as "if they are wanted".
    """

    means: Means
    name: str = ""
    when: str = ""


def with_remedies(sentence: str, remedies: tuple[Remedy, ...], words: Callable[[Remedy], str]) -> str:
    """`sentence`, with the remedies behind it in a front end's `words`."""
    # Behind a list, a sentence begins a line of its own.
    gap = "\n" if "\n" in sentence else " "
    return gap.join(filter(None, (sentence, *map(words, remedies))))


def listed(introduction: str, items: Iterable[str]) -> str:
    """`introduction`, with one item a line below it."""
    return "\n".join((f"{introduction}:", *(f"{_ITEM}{item}" for item in items)))


def in_a_row(text: str) -> str:
    """`text` for a front end that shows no lines: the items of a list stand one behind the other, in quotes."""
    told: list[str] = []
    for line in text.split("\n"):
        item = line.removeprefix(_ITEM)
        if item == line:
            told.append(line)
        else:
            told[-1] = f"{told[-1].removesuffix('.')}{' ' if told[-1].endswith(':') else ', '}“{item}”."
    return " ".join(told)


def place_of(cause: BaseException) -> str:
    """The class of an exception, and where it came from; its message is left out, since it may hold code or a key."""
    place = ""
    step = cause.__traceback__
    while step is not None:
        module = str(step.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] in _OURS:
            place = f" in {module}, line {step.tb_lineno}"
        step = step.tb_next
    return f"{type(cause).__name__}{place}"


class EditsvcError(Exception):
    """The root: one sentence, a hint, and what it means for the shell and for the log."""

    exit_code: ClassVar[ExitCode] = ExitCode.PROVIDER
    status: ClassVar[Status] = Status.FAILED

    def __init__(self, message: str, *, hint: str = "", remedies: tuple[Remedy, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.remedies = remedies

    @property
    def kind(self) -> str:
        """A name for the log: says what happened without a word of the document."""
        return type(self).__name__

    def sentence(self, words: Callable[[Remedy], str] = lambda _: "") -> str:
        """The message, with the hint behind it, and the remedies in a front end's words; "" for one that it lacks."""
        return with_remedies(f"{self.message} {self.hint}".rstrip(), self.remedies, words)


class UsageError(EditsvcError):
    """The call contradicts itself."""

    exit_code = ExitCode.USAGE


class SettingsError(EditsvcError):
    """A key or a setting is missing, unknown or of the wrong type."""

    exit_code = ExitCode.SETTINGS


class Refused(EditsvcError):
    """The edit is not made, on purpose; the document stays as it is."""

    exit_code = ExitCode.REFUSED
    status = Status.REFUSED


class DocumentRefused(Refused):
    """The document is not UTF-8 text, is too large, or does not fit the model."""


class ScopeRefused(Refused):
    """The scope does not name exactly one place in the document."""


class ModelRefused(Refused):
    """The model says that it cannot carry out the instruction."""


class CostReached(Refused):
    """The run has cost as much as it may, and the file was not started."""


class GuardRefused(Refused):
    """The reply failed a check.

    `check` is its name (see `editsvc.guard.findings.Check`), `line` the 1-based line of the new text, where there is
    one.
    """

    def __init__(
        self,
        message: str,
        *,
        check: str,
        line: int | None = None,
        hint: str = "",
        remedies: tuple[Remedy, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, remedies=remedies)
        self.check = check
        self.line = line

    @property
    def kind(self) -> str:
        """The class and the check that failed."""
        return f"{type(self).__name__}:{self.check}"


class Stale(Refused):
    """The document has changed since it was read."""


class ProviderError(EditsvcError):
    """The server failed, or the way to it. `request_id` is the server's, where it sent one."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        remedies: tuple[Remedy, ...] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, remedies=remedies)
        self.request_id = request_id


class ProviderUnreachable(ProviderError):
    """There was no connection, or it broke."""


class ProviderTimeout(ProviderError):
    """Nothing arrived for longer than the read timeout."""


class ProviderRateLimited(ProviderError):
    """429. `retry_after_s` is the server's, where it sent one; `rate_limit` its headers, without their prefix."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        request_id: str | None = None,
        retry_after_s: float | None = None,
        rate_limit: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, request_id=request_id)
        self.retry_after_s = retry_after_s
        self.rate_limit = rate_limit or {}


class ProviderUnavailable(ProviderError):
    """5xx, as a status or as an event in the stream."""


class ProviderBusy(ProviderUnavailable):
    """503 from a server that works, and is not ready: it loads its model, or its queue is full."""


class ProviderRejected(ProviderError):
    """A 4xx: the request itself is not accepted; `http_status` says which."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        remedies: tuple[Remedy, ...] = (),
        request_id: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, remedies=remedies, request_id=request_id)
        self.http_status = http_status


class ContextExceeded(ProviderRejected):
    """The request is longer than the server takes: `length` tokens, of `limit`; None where it does not say.

    With `a_minute`, the limit is that of the tokens of a minute, and the request alone is above it.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        remedies: tuple[Remedy, ...] = (Remedy(Means.SMALLER_SCOPE),),
        request_id: str | None = None,
        http_status: int | None = None,
        limit: int | None = None,
        length: int | None = None,
        a_minute: bool = False,
    ) -> None:
        super().__init__(
            message, hint=hint, remedies=remedies, request_id=request_id, http_status=http_status
        )
        self.limit = limit
        self.length = length
        self.a_minute = a_minute


class PredictionUnsupported(ProviderRejected):
    """400 "property 'prediction' is unsupported": the same request without it may pass."""


class ProviderProtocolError(ProviderError):
    """The bytes are not in the expected wire format."""


class IncompleteReply(ProviderError):
    """The stream ended without ``finish_reason == "stop"``; `finish_reason` is what it said, if anything.

    With `context_was_full` the reply ended well before the limit that it was given.
    """

    def __init__(
        self,
        message: str,
        *,
        finish_reason: str | None,
        hint: str = "",
        remedies: tuple[Remedy, ...] = (),
        request_id: str | None = None,
        context_was_full: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, remedies=remedies, request_id=request_id)
        self.finish_reason = finish_reason
        self.context_was_full = context_was_full

    @property
    def kind(self) -> str:
        """The class and the finish reason."""
        return f"{type(self).__name__}:{self.finish_reason}"


class EndlessReply(ProviderError):
    """The reply had no end: it repeated itself, or was longer than what was asked for."""


class ProviderAuthError(ProviderError):
    """401 or 403: the key is missing, wrong, or not allowed to use the model."""

    exit_code = ExitCode.SETTINGS


class Defect(EditsvcError):
    """Something unexpected went wrong: a bug in editsvc or in a library."""

    exit_code = ExitCode.REFUSED

    def __init__(self, cause: BaseException) -> None:
        super().__init__(
            f"editsvc has a bug: {place_of(cause)}.", hint="Please report it and say what you did."
        )
        self.cause = type(cause).__name__

    @property
    def kind(self) -> str:
        """The class, and that of what went wrong."""
        return f"{type(self).__name__}:{self.cause}"


class Cancelled(EditsvcError):
    """The user or the editor cancelled the request."""

    exit_code = ExitCode.INTERRUPTED
    status = Status.CANCELLED
