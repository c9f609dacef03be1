"""What can be: numbers and names that a server reports, or a log holds, are believed within these bounds only.

A number that cannot be counts as not reported, which is None and not the same as 0. Impossible are negative
counts and times, what is not finite, what is beyond every request, and a part that is greater than its whole.
Merely odd, and believed, is everything else: among it more accepted and rejected tokens together than completion
tokens, as a server has them that does not count rejected ones as completion.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

Number = TypeVar("Number", int, float)

MOST: Final = 1_000_000_000
"""Tokens, bytes, lines or hunks of one request; no context window, and no file that is edited, comes near."""
LARGEST_DOCUMENT: Final = 32_000_000
"""Code points, or bytes in a file: what is larger is no source code, and is refused before it is looked at."""
MOST_SECONDS: Final = 1_000_000.0
"""Eleven days; no request takes so long."""
MOST_USD: Final = 1_000_000.0
"""For one request."""

FINISH_REASONS: Final = frozenset(
    {
        *("stop", "length", "content_filter", "tool_calls", "function_call"),  # OpenAI's
        *("error", "eos", "abort", "cancelled", "model_length", "max_tokens", "end_turn", "stop_sequence"),
        *("model_context_window_exceeded", "insufficient_system_resource", "repetition"),
    }
)
"""Why replies end, at the servers that are known."""
OTHER: Final = "other"
"""Every other reason, in the log."""
_LONGEST_WORD: Final = 40
_SIGNS_OF_WORDS: Final = str.maketrans("_.-", "aaa")
_LONGEST_NAME: Final = 200
_LONGEST_LIMIT: Final = 32
_RATE_LIMITS: Final = frozenset(
    f"{what}-{unit}{window}"
    for what in ("limit", "remaining", "reset")
    for unit in ("tokens", "requests")
    for window in ("", "-minute", "-hour", "-day")
)


def word(value: object) -> str | None:
    """`value` as a word of a protocol, to be shown; what is none, or longer than 40 characters, becomes `OTHER`."""
    if not value:
        return None
    if type(value) is not str or len(value) > _LONGEST_WORD or not value.isascii():
        return OTHER
    return value if value.translate(_SIGNS_OF_WORDS).isalnum() else OTHER


def finish_reason(value: object) -> str | None:
    """`value` as one of the `FINISH_REASONS`, or `OTHER`."""
    return value if value is None or (type(value) is str and value in FINISH_REASONS) else OTHER


def name(value: object) -> str | None:
    """`value` as a model's name or a request's id: up to 200 printable characters of ASCII, without blanks."""
    if type(value) is not str or " " in value or not _is_printable(value, _LONGEST_NAME):
        return None
    return value


def rate_limits(value: object) -> dict[str, str] | None:
    """The known ones of rate-limit headers, without their prefix; None if there are none."""
    if type(value) is not dict:
        return None
    known = {name: value[name] for name in sorted(_RATE_LIMITS & value.keys())}
    return {name: said for name, said in known.items() if _is_printable(said, _LONGEST_LIMIT)} or None


def _is_printable(value: object, longest: int) -> bool:
    """Whether `value` is text of ASCII that can be shown, of at most so many characters."""
    return type(value) is str and 0 < len(value) <= longest and value.isascii() and value.isprintable()


def count(value: object) -> int | None:
    """`value` as a count up to `MOST`; JSON has one kind of number, so 12.0 is a count, and 12.5 is not."""
    if type(value) is float and value.is_integer():  # not so for infinity and NaN
        value = int(value)
    return value if type(value) is int and 0 <= value <= MOST else None


def seconds(value: object) -> float | None:
    """`value` as a time that may be 0, as that in a queue."""
    return _number(value, MOST_SECONDS)


def duration(value: object) -> float | None:
    """`value` as the time of something that was done: nothing is done in no time, so 0 says that nobody measured."""
    return _number(value, MOST_SECONDS) or None


def dollars(value: object) -> float | None:
    """`value` as what a request cost."""
    return _number(value, MOST_USD)


def speed(value: object) -> float | None:
    """`value` as tokens a second."""
    return _number(value, MOST) or None


def probability(value: object) -> float | None:
    """`value` as the probability of something that happened, which is above 0."""
    return _number(value, 1.0) or None


def part(value: Number | None, whole: Number | None) -> Number | None:
    """`value` unless it is more than `whole`, which it is a part of; both can be."""
    return None if value is not None and whole is not None and value > whole else value


def writing(completion_s: object, ttft_s: object, total_s: object) -> float | None:
    """The seconds in which a reply was written.

    The server's word comes first; without it counts what passed here between the first token and the end.
    """
    taken = duration(completion_s)
    if taken is not None:
        return taken
    first, end = seconds(ttft_s), seconds(total_s)
    return None if first is None or end is None else duration(end - first)


class Tokens(NamedTuple):
    """The token counts of one request; cached ones are part of the prompt, the last three of the completion."""

    prompt: int | None
    cached: int | None
    completion: int | None
    reasoning: int | None
    accepted: int | None
    rejected: int | None


def tokens(
    *,
    prompt: object,
    cached: object,
    completion: object,
    reasoning: object,
    accepted: object,
    rejected: object,
) -> Tokens:
    """The counts that can be.

    Of a prediction both counts are unknown if one of them is greater than the whole: half of them would make a
    rate that nobody reported.
    """
    of_prompt, of_completion = count(prompt), count(completion)
    taken, dropped = count(accepted), count(rejected)
    if part(taken, of_completion) != taken or part(dropped, of_completion) != dropped:
        taken = dropped = None
    return Tokens(
        of_prompt,
        part(count(cached), of_prompt),
        of_completion,
        part(count(reasoning), of_completion),
        taken,
        dropped,
    )


def _number(value: object, most: float) -> float | None:
    # The type, since True is an int as well. An int that no float can hold is compared exactly.
    if (type(value) is not float and type(value) is not int) or not 0 <= value <= most:
        return None
    return float(value)
