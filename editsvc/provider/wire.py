"""The JSON of the chat completions API, as far as it is read or written here.

Everything that a server might leave out has a default, and what is not listed is ignored: chunks of other
servers, and of this one next month, must still decode. Here is also the border for a server's numbers: what passes
can be, by `editsvc.credible`.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from editsvc import credible
from editsvc.prompt.rendering import Message
from editsvc.provider.fields import Fields
from editsvc.usage import Drafts, ServerTimes, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editsvc.provider.base import CompletionRequest
    from editsvc.provider.dialects import Dialect


ALL: Final = Fields()
"""The fields that a dialect has, all of them."""

_SHOWN: Final = 24
_DIGITS: Final = 18


class Reported(NamedTuple):
    """The counts and times of a chunk in our own words; `odd` has those that cannot be: name to value."""

    usage: Usage | None
    server: ServerTimes | None
    odd: dict[str, str]
    drafts: Drafts | None = None


class Content(msgspec.Struct, gc=False):
    """A delta, or the message of a reply that was not streamed."""

    content: str | list[Any] | None = None
    reasoning: Any = None
    reasoning_content: Any = None

    @property
    def text(self) -> str:
        """The content; of a list of parts, those that are text, and not thoughts."""
        if isinstance(self.content, list):
            return "".join(
                part["text"]
                for part in self.content
                if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
            )
        return self.content or ""

    @property
    def says_something(self) -> bool:
        """Whether there is a token in it, if only of the reasoning."""
        return bool(self.content or self.reasoning or self.reasoning_content)


class WireChoice(msgspec.Struct, gc=False):
    """One choice of a chunk, or of a reply that was not streamed."""

    delta: Content | None = None
    message: Content | None = None
    finish_reason: str | None = None
    index: int = 0


class Chunk(msgspec.Struct, gc=False):
    """One event of a stream, or the body of a reply that was not streamed; errors have the same shape."""

    choices: list[WireChoice] | None = None
    # Whatever these hold, the rest of the chunk is worth reading; see `credible.name`, and `reported` below.
    id: Any = None
    model: Any = None
    usage: Any = None
    time_info: Any = None
    perf_metrics: Any = None  # of Fireworks
    metrics: Any = None  # of vLLM
    timings: Any = None  # of llama.cpp
    error: Any = None
    # An error may also stand at the top level, without an `error` key.
    message: Any = None
    type: Any = None
    code: Any = None
    status_code: Any = None


_decode: Final = msgspec.json.Decoder(Chunk).decode
decode_chunks: Final = msgspec.json.Decoder(list[Chunk]).decode
"""The chunks in a JSON array; raises as `decode_chunk`, for what that would read too."""

_encoder = msgspec.json.Encoder()


class ListedModel(msgspec.Struct):
    """A row of ``GET /v1/models``."""

    id: str


class ModelList(msgspec.Struct):
    """The body of ``GET /v1/models``; some servers that have none say null."""

    data: list[ListedModel] | None


decode_models = msgspec.json.Decoder(ModelList).decode


def decode_chunk(data: bytes) -> Chunk:
    """The chunk in `data`; raises DecodeError, UnicodeDecodeError or RecursionError for what is none.

    Numbers that JSON does not have (NaN, Infinity) or that no machine holds are read too, since they say nothing
    about the reply; they stand as what `reported` does not take for a number.
    """
    try:
        return _decode(data)
    except msgspec.DecodeError as exc:
        try:
            value = json.loads(data.decode(), parse_int=_integer, parse_float=_float, parse_constant=str)
            # Once more by the strict decoder: Python's takes what is not valid Unicode, and that is no text.
            return _decode(msgspec.json.encode(value))
        except (ValueError, RecursionError):
            raise exc from None


def reported(chunk: Chunk) -> Reported:
    """What `chunk` says about tokens and times; a number that cannot be counts as not reported."""
    odd: dict[str, str] = {}
    return Reported(_usage(chunk.usage, odd), _times(chunk.time_info, odd), odd, _drafts(chunk))


def _usage(raw: Any, odd: dict[str, str]) -> Usage | None:
    if raw is None:
        return None
    completion = _field(raw, "completion_tokens_details")
    read = {
        "prompt": _field(raw, "prompt_tokens"),
        "cached": _cached(raw),
        "completion": _field(raw, "completion_tokens"),
        "reasoning": _field(completion, "reasoning_tokens"),
        "accepted": _field(completion, "accepted_prediction_tokens"),
        "rejected": _field(completion, "rejected_prediction_tokens"),
    }
    read["prompt"] = _whole_prompt(read["prompt"], read["cached"])
    found = credible.tokens(**read)
    for name, value in read.items():
        _record_odd(odd, f"{name} tokens", value, getattr(found, name))
    return Usage(*found)


def _drafts(chunk: Chunk) -> Drafts | None:
    """What a server says of its own speculation; each of those that tell it has its own place and words."""
    vllm = _field(chunk.metrics or _field(chunk.usage, "metrics"), "speculative_decoding")
    for told, drafted, accepted in (
        (chunk.perf_metrics, "speculation-prompt-tokens", "speculation-prompt-matched-tokens"),
        (vllm, "num_draft_tokens", "num_accepted_draft_tokens"),
        (chunk.timings, "draft_n", "draft_n_accepted"),
    ):
        counts = [_counted(_field(told, name)) for name in (drafted, accepted)]
        if counts[0] is not None:
            return Drafts(counts[0], credible.part(counts[1], counts[0]))
    return None


def _counted(value: Any) -> int | None:
    """A count; some write it as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        value = int(value)
    return credible.count(value)


def _cached(raw: Any) -> Any:
    """The tokens that came from the prompt cache, under the names that servers and proxies have for them."""
    told = _field(_field(raw, "prompt_tokens_details"), "cached_tokens")
    names = ("cache_read_input_tokens", "prompt_cache_hit_tokens")
    return told if told is not None else next(filter(None, (_field(raw, name) for name in names)), None)


def _whole_prompt(prompt: Any, cached: Any) -> Any:
    """All tokens of the prompt: more that were cached than there are means that these are counted apart."""
    if not credible.count(prompt) or not credible.count(cached) or cached <= prompt:
        return prompt
    return prompt + cached


def _times(raw: Any, odd: dict[str, str]) -> ServerTimes | None:
    if raw is None:
        return None
    rules = {
        "queue_time": credible.seconds,
        "prompt_time": credible.seconds,
        "completion_time": credible.duration,
        "total_time": credible.seconds,
    }
    found = {name: rule(_field(raw, name)) for name, rule in rules.items()}
    for name, value in found.items():
        # 0 is what servers say that do not measure.
        _record_odd(odd, name, _field(raw, name) or None, value)
    return ServerTimes(*found.values())


def _record_odd(odd: dict[str, str], name: str, raw: Any, taken: float | None) -> None:
    if raw is not None and taken is None:
        odd[name] = _shown(raw)


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _field(value: Any, name: str) -> Any:
    """A field of what should be an object; whatever else it is has no fields."""
    return value.get(name) if isinstance(value, dict) else None


def _integer(digits: str) -> int | str:
    # Python refuses to convert thousands of digits, and would take long for hundreds of thousands.
    return int(digits) if len(digits) <= _DIGITS else digits


def _float(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


def encode_request(request: CompletionRequest, dialect: Dialect, fields: Fields = ALL) -> bytes:
    """The body of a request as `dialect` has it, with the `fields` that this server turned out to take.

    What is not given is left out, since the API takes no nulls.
    """
    return _encoder.encode(request_fields(request, dialect, fields))


def two_speakers(messages: Iterable[Message]) -> list[Message]:
    """The same said by user and assistant in turns, for models that know no others."""
    told: list[Message] = []
    for message in messages:
        role: Literal["user", "assistant"] = "assistant" if message.role == "assistant" else "user"
        if told and told[-1].role == role:
            told[-1] = Message(role, f"{told[-1].content}\n\n{message.content}")
        else:
            told.append(Message(role, message.content))
    return told


def request_fields(request: CompletionRequest, dialect: Dialect, fields: Fields = ALL) -> dict[str, Any]:
    """The same, before it is encoded."""
    predicted = request.prediction is not None
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            {"role": message.role, "content": message.content}
            for message in (two_speakers(request.messages) if fields.two_speakers else request.messages)
        ],
    }
    if dialect.takes_temperature(request.model):
        body["temperature"] = 0
    body[fields.limit_field(dialect, predicted=predicted)] = request.max_completion_tokens
    body["stream"] = True
    if dialect.asks_for_usage:
        body["stream_options"] = {"include_usage": True}
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    if predicted:
        body["prediction"] = {"type": "content", "content": request.prediction}
    if request.response_format is not None:
        body["response_format"] = request.response_format
    body |= dialect.extra
    return {name: value for name, value in body.items() if name not in fields.dropped}
