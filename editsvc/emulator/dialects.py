"""The kinds of servers that can be emulated: what each takes, how it refuses, and what it tells.

Independent of what the client believes about them (`editsvc.provider.dialects`): each is a check of the other.
Sources are the documentation and the published code of the servers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from editsvc.emulator.wire import WireError
from editsvc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editsvc.emulator.wire import ChatRequest

_COMMON: Final = frozenset({"model", "messages", "temperature", "stream", "response_format", "stop", "n"})
_OPENAI: Final = _COMMON | {
    "max_completion_tokens",
    "max_tokens",
    "prediction",
    "reasoning_effort",
    "stream_options",
    "logprobs",
    "tools",
}


class Overflow(StrEnum):
    """What becomes of a request that is too long."""

    REFUSED = "refused"
    CUT = "cut"  # the end of the prompt is answered, and nothing is said
    EMPTY = "empty"  # an empty reply


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of server.

    `known` are the fields that it takes; another is refused with `unknown`, or ignored where that is 0. `limits` are
    the fields that limit a reply, the one that counts first; without one a reply has no limit. `predicts` says whether
    predictions do anything, `reports` whether the usage tells of them, `tells_usage` whether it does so unasked.
    `comment` is sent before a reply, `before` an event without choices. `thoughts` go into the content as a list.
    """

    known: frozenset[str] = _OPENAI
    unknown: int = 0
    limits: tuple[str, ...] = ("max_completion_tokens", "max_tokens")
    together: bool = True  # max_completion_tokens together with a prediction
    predicts: bool = True
    reports: bool = True
    tells_usage: bool = False
    trailing: bool = True  # usage in a chunk of its own
    cerebras: bool = False  # time_info and the headers of limits
    key_header: str = "authorization"
    needs_key: bool = True
    overflow: Overflow = Overflow.REFUSED
    overflow_type: str = "invalid_request_error"
    overflow_code: str = "context_length_exceeded"
    overflow_text: str = (
        "This model's maximum context length is {limit} tokens. However, you requested {length} tokens. "
        "Please reduce the length of the messages."
    )
    nested: bool = False  # errors as Mistral has them: the message is an object
    reasoning: str = "reasoning"
    comment: bytes = b""
    before: bool = False
    thoughts: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def admit(self, body: Mapping[str, Any], request: ChatRequest) -> None:
        """Raise WireError for a request that such a server refuses because of its fields."""
        for name in body:
            if name not in self.known and self.unknown:
                raise self.refusal(name)
        if request.predicted is not None and not self.together and "max_completion_tokens" in body:
            raise WireError(
                400,
                "Unsupported parameter: 'prediction' is not supported with 'max_completion_tokens'.",
                param="prediction",
                code="unsupported_parameter",
            )

    def refusal(self, name: str) -> WireError:
        """The error for a field that it does not take."""
        if self.nested:
            error = WireError(self.unknown, "Extra inputs are not permitted", param=name)
            error.detail = [
                {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
            ]
            return error
        return WireError(
            self.unknown, f"property '{name}' is unsupported", param=name, code="wrong_api_format"
        )

    def limit(self, request: ChatRequest) -> int | None:
        """The limit of the reply, as far as such a server takes notice of one."""
        values = (getattr(request, name) for name in self.limits)
        return next((value for value in values if value is not None), None)

    def too_long(self, length: int, limit: int) -> WireError:
        """The error for a request that is too long."""
        error = WireError(
            400,
            self.overflow_text.format(length=length, limit=limit),
            kind=self.overflow_type,
            param="messages",
            code=self.overflow_code,
        )
        error.more = {
            name: length if value == "length" else limit if value == "limit" else value
            for name, value in self.extra.items()
        }
        return error


_OWN: Final = _OPENAI  # such servers ignore what they do not know
KINDS: Final[dict[str, Kind]] = {
    "cerebras": Kind(
        known=_OPENAI | {"reasoning_format", "disable_reasoning"},
        tells_usage=True,
        trailing=False,
        cerebras=True,
        overflow_text=(
            "Please reduce the length of the messages or completion. "
            "Current length is {length} while limit is {limit}"
        ),
        overflow_type="",
    ),
    "openai": Kind(unknown=400, together=False),
    "azure": Kind(unknown=400, together=False, key_header="api-key", before=True),
    "mistral": Kind(
        known=(_OPENAI | {"random_seed"})
        - {"max_completion_tokens", "stream_options", "logprobs", "reasoning_effort"},
        unknown=422,
        limits=("max_tokens",),
        reports=False,
        tells_usage=True,
        trailing=False,
        nested=True,
        thoughts=True,
        overflow_text="Prompt contains {length} tokens, too large for model with {limit} maximum context length",
    ),
    "fireworks": Kind(
        known=_OPENAI | {"context_length_exceeded_behavior", "perf_metrics_in_response", "speculation"},
        unknown=400,
        reports=False,
        tells_usage=True,
        trailing=False,
        reasoning="reasoning_content",
        overflow_text="The prompt is too long: {length}, model maximum context length: {limit}",
    ),
    "openrouter": Kind(comment=b": OPENROUTER PROCESSING\n\n"),
    "vllm": Kind(
        known=_OWN,
        predicts=False,
        needs_key=False,
        overflow_type="BadRequestError",
        overflow_text=(
            "This model's maximum context length is {limit} tokens. However, your request has {length} input tokens. "
            "Please reduce the length of the input messages."
        ),
    ),
    "llama.cpp": Kind(
        known=_OWN,
        predicts=False,
        needs_key=False,
        reasoning="reasoning_content",
        overflow_type="exceed_context_size_error",
        overflow_text="the request exceeds the available context size, try increasing it",
        extra={"n_prompt_tokens": "length", "n_ctx": "limit"},
    ),
    "ollama": Kind(
        known=_OWN, predicts=False, needs_key=False, limits=("max_tokens",), overflow=Overflow.CUT
    ),
    "lmstudio": Kind(
        known=_OWN, predicts=False, needs_key=False, limits=("max_tokens",), overflow=Overflow.EMPTY
    ),
    "compatible": Kind(predicts=False, needs_key=False),
}


def kind_of(name: str) -> Kind:
    """The kind of that name; raises UsageError."""
    try:
        return KINDS[name]
    except KeyError:
        raise UsageError(f"There is no dialect {name!r}.", hint=f"Dialects: {', '.join(KINDS)}.") from None
