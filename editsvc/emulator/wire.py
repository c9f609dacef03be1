"""The wire format of Cerebras chat completions: requests and replies.

Pure: bytes in, values out, and back. Only the fields that the emulator reads are declared; unknown fields are ignored,
as the server ignores most of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from editsvc.emulator.faults import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE: Final = b"data: [DONE]\n\n"


class ContentPart(msgspec.Struct):
    """A part of a message; images have no text."""

    type: str
    text: str = ""


class WireMessage(msgspec.Struct):
    """One message of a request."""

    role: str
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """The message's text, parts joined."""
        return joined(self.content)


class WirePrediction(msgspec.Struct):
    """The text sent as the expected reply."""

    type: Literal["content"]
    content: str | list[ContentPart]

    @property
    def text(self) -> str:
        """The prediction's text, parts joined."""
        return joined(self.content)


class Schema(msgspec.Struct):
    """The supported part of a JSON schema."""

    properties: dict[str, Any] = {}


class JsonSchema(msgspec.Struct):
    """A named schema that the reply must follow."""

    name: str
    schema: Schema | None = None
    strict: bool | None = None


class ResponseFormat(msgspec.Struct):
    """The format of the reply: text, a JSON object, or one that follows a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class ChatRequest(msgspec.Struct):
    """The body of ``POST /v1/chat/completions``."""

    model: str
    messages: list[WireMessage]
    stream: bool | None = None
    prediction: WirePrediction | msgspec.UnsetType | None = msgspec.UNSET
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    n: int | None = None
    logprobs: bool | None = None
    tools: list[Any] | None = None
    response_format: ResponseFormat | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    stream_options: dict[str, Any] | None = None
    reasoning_effort: Literal["none", "low", "medium", "high"] | None = None
    reasoning_format: Literal["none", "parsed", "text_parsed", "raw", "hidden"] | None = None
    disable_reasoning: bool | None = None
    is_cut: bool = False  # no field of a request: what is left of one that was too long

    @property
    def predicted(self) -> str | None:
        """The prediction's text; None without one."""
        return self.prediction.text if isinstance(self.prediction, WirePrediction) else None

    @property
    def limit(self) -> int | None:
        """The maximum of completion tokens, if the request sets one."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def wants_usage(self) -> bool:
        """Whether the usage is asked for in a stream."""
        return bool((self.stream_options or {}).get("include_usage"))

    @property
    def wants_json(self) -> bool:
        """Whether the reply is to be JSON."""
        return self.response_format is not None and self.response_format.type != "text"

    @property
    def stops(self) -> list[str]:
        """The sequences that end the reply."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


class PromptTokensDetails(msgspec.Struct):
    """The cached tokens of the prompt."""

    cached_tokens: int


class CompletionTokensDetails(msgspec.Struct):
    """The parts of the completion tokens."""

    accepted_prediction_tokens: int
    rejected_prediction_tokens: int
    reasoning_tokens: int


class WireUsage(msgspec.Struct):
    """Token counts; ``completion_tokens`` is output, reasoning and rejected tokens together."""

    total_tokens: int
    completion_tokens: int
    completion_tokens_details: CompletionTokensDetails | msgspec.UnsetType
    prompt_tokens: int
    prompt_tokens_details: PromptTokensDetails


class TimeInfo(msgspec.Struct):
    """Seconds by phase; `created` is a Unix time."""

    created: float
    queue_time: float
    prompt_time: float
    completion_time: float
    total_time: float


class ServedRequest(msgspec.Struct, frozen=True):
    """One line of the emulator's log: numbers and names, never text.

    `output_tokens` is the planned length of the reply, `sent_tokens` the part that was sent; `disconnected` says
    that the client left before the end. Times are seconds; `status` is 0 if no headers were sent.
    """

    number: int
    id: str
    at: float
    model: str = ""
    stream: bool = False
    status: int = 0
    preset: str = ""
    fault: str = ""
    case: str = ""
    reply: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    prediction_tokens: int | None = None
    reasoning_tokens: int = 0
    output_tokens: int = 0
    accepted_tokens: int = 0
    rejected_tokens: int = 0
    completion_tokens: int = 0
    passes: int = 0
    reserved_tokens: int = 0  # of the minute's limit
    proposing: int = 0
    finish_reason: str = ""
    modelled_s: float = 0.0
    sent_tokens: int = 0
    disconnected: bool = False
    duration_s: float = 0.0


class WireError(Exception):
    """A request that is answered by an error; the fields are those of the body."""

    def __init__(
        self, status: int, message: str, *, kind: str = "", param: str | None = None, code: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind or _ERROR_TYPES.get(status, ("", ""))[0] or _fallback(status)[0]
        self.param = param
        self.code = code or _ERROR_TYPES.get(status, ("", ""))[1] or _fallback(status)[1]
        self.detail: list[dict[str, Any]] | None = None
        self.more: dict[str, Any] = {}

    def body(self, shape: Shape | None = None) -> bytes:
        """The body as JSON: 429 has its fields at the top, others within ``error``, or as `shape` says.

        `detail` takes the place of the message where a server has a list of faults, `more` adds fields of its own.
        """
        if self.detail is not None:
            return msgspec.json.encode(
                {"object": "error", "message": {"detail": self.detail}, "type": self.kind, "code": self.code}
            )
        fields: dict[str, Any] = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        } | self.more
        top = shape is Shape.TOP or (shape is None and self.status == _TOO_MANY)
        return msgspec.json.encode(fields if top else {"error": fields})


_TOO_MANY: Final = 429
_FIRST_SERVER_ERROR: Final = 500
_ERROR_TYPES: Final[dict[int, tuple[str, str]]] = {
    400: ("invalid_request_error", "wrong_api_format"),
    401: ("invalid_request_error", "wrong_api_key"),
    402: ("payment_required_error", "payment_required"),
    403: ("permission_error", "permission_denied"),
    404: ("not_found_error", "not_found"),
    408: ("timeout_error", "request_timeout"),
    413: ("invalid_request_error", "request_too_large"),
    422: ("invalid_request_error", "unprocessable_entity"),
    429: ("too_many_requests_error", "request_quota_exceeded"),
    503: ("server_error", "queue_exceeded"),
}


def _fallback(status: int) -> tuple[str, str]:
    server = status >= _FIRST_SERVER_ERROR
    return ("server_error", "internal_error") if server else ("invalid_request_error", "request_refused")


def joined(content: str | list[ContentPart] | None) -> str:
    """The text of a content field, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.text for part in content or ())


_REQUEST: Final = msgspec.json.Decoder(ChatRequest)


def decode_request(body: bytes) -> ChatRequest:
    """The request in `body`; raises WireError (400) for anything else."""
    try:
        return _REQUEST.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise WireError(400, f"The request body is not a chat completion request: {exc}") from exc


@dataclass(frozen=True, slots=True)
class Identity:
    """The fields that all chunks of one reply share; `created` is a Unix time, `fingerprint` None leaves it out."""

    id: str
    created: float
    model: str
    fingerprint: str | None = "fp_emulator"


class ChunkEncoder:
    """Server-sent events for one reply; the shared fields are encoded once."""

    def __init__(self, identity: Identity, *, reasoning: str = "reasoning", thoughts: bool = False) -> None:
        self._thoughts = thoughts
        encode = msgspec.json.encode
        self._head = b'data: {"id":' + encode(identity.id) + b',"choices":[{"delta":'
        self._tail = b',"created":%d,"model":' % int(identity.created) + encode(identity.model)
        if identity.fingerprint is not None:
            self._tail += b',"system_fingerprint":' + encode(identity.fingerprint)
        self._tail += b',"object":"chat.completion.chunk"'
        self._bare = b'data: {"id":' + encode(identity.id) + b',"choices":[]' + self._tail
        self._content_end = b'},"index":0}]' + self._tail + b"}\n\n"
        self._content_start = self._head + b'{"content":'
        self._reasoning_start = self._head + b'{"%s":' % reasoning.encode()

    def role(self) -> bytes:
        """The first chunk: a role and nothing else."""
        return self._head + b'{"role":"assistant"' + self._content_end

    def content(self, text: str) -> bytes:
        """A piece of the reply."""
        return self._content_start + msgspec.json.encode(text) + self._content_end

    def content_bytes(self, data: bytes) -> bytes:
        """A piece of the reply that may be invalid UTF-8; `data` must not hold anything that JSON escapes."""
        return self._content_start + b'"' + data + b'"' + self._content_end

    def reasoning(self, text: str) -> bytes:
        """A piece of the reasoning, which some servers put into the content, as a list of parts."""
        if self._thoughts:
            parts = [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]
            return self._content_start + msgspec.json.encode(parts) + self._content_end
        return self._reasoning_start + msgspec.json.encode(text) + self._content_end

    def final(
        self, finish_reason: str, usage: WireUsage | None, time_info: TimeInfo | None, text: str = ""
    ) -> bytes:
        """The chunk with the finish reason; `text` is content that comes with it."""
        delta = b'{"content":' + msgspec.json.encode(text) + b"}" if text else b"{}"
        choice = delta + b',"finish_reason":' + msgspec.json.encode(finish_reason) + b',"index":0}]'
        return self._head + choice + self._tail + _measured(usage, time_info) + b"}\n\n"

    def trailing(self, usage: WireUsage | None, time_info: TimeInfo | None) -> bytes:
        """A chunk without choices."""
        return self._bare + _measured(usage, time_info) + b"}\n\n"


def _measured(usage: WireUsage | None, time_info: TimeInfo | None) -> bytes:
    data = b""
    if usage is not None:
        data += b',"usage":' + msgspec.json.encode(usage)
    if time_info is not None:
        data += b',"time_info":' + msgspec.json.encode(time_info)
    return data


def completion(
    identity: Identity,
    *,
    content: str,
    reasoning: str,
    finish_reason: str,
    usage: WireUsage | None,
    time_info: TimeInfo | None,
) -> bytes:
    """The JSON body of a reply that is not streamed."""
    message: dict[str, str] = {"role": "assistant", "content": content}
    if reasoning:
        message["reasoning"] = reasoning
    body: dict[str, Any] = {
        "id": identity.id,
        "choices": [{"finish_reason": finish_reason, "index": 0, "message": message}],
        "created": int(identity.created),
        "model": identity.model,
    }
    if identity.fingerprint is not None:
        body["system_fingerprint"] = identity.fingerprint
    body["object"] = "chat.completion"
    if usage is not None:
        body["usage"] = usage
    if time_info is not None:
        body["time_info"] = time_info
    return msgspec.json.encode(body)


def error_event(error: WireError, *, status: int | None) -> bytes:
    """An error in mid-stream; without `status` a client cannot tell which error it is."""
    fields: dict[str, Any] = msgspec.json.decode(error.body(Shape.ERROR))
    if status is not None:
        fields["status_code"] = status
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"


def plain_error_event(error: WireError) -> bytes:
    """An error in mid-stream that has its fields at the top, and so no ``error`` key."""
    return b"data: " + error.body(Shape.TOP) + b"\n\n"


def models_body(ids: Sequence[str], created: int) -> bytes:
    """The body of ``GET /v1/models``."""
    return msgspec.json.encode({"object": "list", "data": [_model(model_id, created) for model_id in ids]})


def model_body(name: str, created: int) -> bytes:
    """The body of ``GET /v1/models/{id}``."""
    return msgspec.json.encode(_model(name, created))


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "emulator"}
