"""What one edit took, as it is measured, shown and logged: tokens, seconds by our clock, seconds by the server's.

None always means "not reported", never zero. Every field is a column of the token log under its own name, except
where its metadata says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Usage:
    """The server's token counts; None where it reported none, which is not the same as 0."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None

    @property
    def total_tokens(self) -> int | None:
        """Prompt and completion together."""
        if self.prompt_tokens is None or self.completion_tokens is None:
            return None
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        """The counts of two requests together; what one of them did not report is not known of both."""
        pairs = ((getattr(self, count.name), getattr(other, count.name)) for count in fields(self))
        return Usage(*(None if a is None or b is None else a + b for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Drafts:
    """What a server proposed to itself in order to be faster, and how much of it stood: tokens.

    That is its own affair, drafted from the prompt or by a small model, or its own count of a prediction: it says
    nothing in the sense of accepted and rejected prediction tokens, and is not added to them.
    """

    drafted_tokens: int | None = None
    accepted_draft_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds by the client's clock; `tokens_per_s` counts what was received, waiting included."""

    ttft_s: float | None = None
    total_s: float | None = None
    tokens_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class ServerTimes:
    """The server's ``time_info``, in seconds; None where it reported none."""

    queue_time_s: float | None = None
    prompt_time_s: float | None = None
    completion_time_s: float | None = None
    total_time_s: float | None = field(default=None, metadata={"logged": False})
