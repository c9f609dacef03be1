"""A provider that plays a perfect model, and records the tokens a server would have billed and its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from editsvc.emulator.options import ReplyStyle
from editsvc.emulator.prompt_cache import PromptCache
from editsvc.emulator.responder import Case, Mislocating, ScriptResponder, written
from editsvc.emulator.structured import encode, structured, unnumbered
from editsvc.emulator.task import read_job
from editsvc.emulator.wire import ChatRequest, WireMessage
from editsvc.errors import ContextExceeded, ProviderProtocolError
from editsvc.prediction.verifier import PRESETS, Latency, Verification, modelled_time, verify
from editsvc.provider.base import Completion
from editsvc.tokens import tokenizer
from editsvc.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from editsvc.provider.base import CompletionRequest


@dataclass(frozen=True, slots=True)
class Request:
    """The bill of one request: tokens of the prompt, uncached ones among them, and of the reply; per preset."""

    prompt_tokens: int
    uncached_tokens: int
    output_tokens: int
    verifications: Mapping[str, Verification]

    def billed(self, preset: str) -> int:
        """Tokens billed as output."""
        return self.output_tokens + self.verifications[preset].rejected

    def seconds(self, preset: str, latency: Latency) -> float:
        """The modelled time."""
        return modelled_time(
            self.verifications[preset],
            latency,
            output_tokens=self.output_tokens,
            uncached_prompt_tokens=self.uncached_tokens,
        )


@dataclass
class PerfectModel:
    """Answers with the change of a case; `requests` are those since the last call of `taken`.

    Prompt and reply together may have `context` tokens; of the first answers to where an edit is to be made, the share
    `locates_wrongly` names another place.
    """

    name = "replay"
    cases: list[Case]
    context: int | None = None
    locates_wrongly: float = 0.0
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._responder = Mislocating(ScriptResponder(self.cases), self.locates_wrongly)
        self._cache = PromptCache()
        self._tokenizer = tokenizer()

    async def complete(self, request: CompletionRequest, on_delta: Callable[[str], None]) -> Completion:
        """Answer at once; the usage is the first preset's. Raises ContextExceeded, as servers do."""
        job = read_job(
            ChatRequest(
                model=request.model,
                messages=[WireMessage(message.role, message.content) for message in request.messages],
            )
        )
        if job is None:
            raise ProviderProtocolError("The request holds no file.")
        if request.response_format is None:
            text = written(self._responder.answer(job), job, ReplyStyle.AUTO)
        else:
            job = unnumbered(job)
            text = encode(structured(self._responder.answer(job), job.text))
        prompt = self._tokenizer.encode("".join(message.content for message in request.messages))
        asked = len(prompt) + request.max_completion_tokens
        if self.context is not None and asked > self.context:
            raise ContextExceeded(
                f"The request has {asked:,} tokens, and the model takes {self.context:,}.",
                limit=self.context,
                length=asked,
            )
        reply = self._tokenizer.encode(text)
        whole = len(reply) <= request.max_completion_tokens
        if not whole:
            units = self._tokenizer.units(text)[: request.max_completion_tokens]
            text = "".join(unit.text for unit in units)
            reply = reply[: request.max_completion_tokens]
        predicted = self._tokenizer.encode(request.prediction or "")
        cached = self._cache.remember(request.model, prompt)
        counts = {name: verify(predicted, reply, preset) for name, preset in PRESETS.items()}
        done = Request(len(prompt), len(prompt) - cached, len(reply), counts)
        self.requests.append(done)
        on_delta(text)
        first = next(iter(counts))
        return Completion(
            "stop" if whole else "length",
            Usage(
                prompt_tokens=len(prompt),
                cached_tokens=cached,
                completion_tokens=done.billed(first),
                accepted_prediction_tokens=counts[first].accepted,
                rejected_prediction_tokens=counts[first].rejected,
            ),
            ttft_s=0.0,
            total_s=0.0,
        )

    def taken(self) -> list[Request]:
        """The requests since the last call."""
        taken, self.requests = self.requests, []
        return taken

    async def models(self) -> list[str]:
        """The only model."""
        return [self.name]

    def warm_up(self) -> None:
        """Nothing is needed."""

    def close(self) -> None:
        """Nothing is open."""
