"""The emulated service, without a network: a request's bytes in, timed events out.

The service holds what a server remembers between requests: the prompt cache, the quota, the number of the
next request. Everything else about an answer follows from the request and the options.
"""

from __future__ import annotations

import hmac
from collections import deque
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.emulator.answer import (
    Delivery,
    Event,
    early_fault,
    error_events,
    reply_events,
)
from editsvc.emulator.dialects import Overflow, kind_of
from editsvc.emulator.faults import Fault, FaultName, parse_fault
from editsvc.emulator.generation import Generation, GenerationPlan, generate
from editsvc.emulator.mistakes import misplaced, mistaken
from editsvc.emulator.prompt_cache import PromptCache
from editsvc.emulator.quota import Quota
from editsvc.emulator.responder import ModelReply, ModelReplyKind, written
from editsvc.emulator.structured import encode, structured, unnumbered
from editsvc.emulator.task import FoundWrapper, Job, read_job
from editsvc.emulator.wire import (
    ChatRequest,
    Identity,
    ServedRequest,
    WireError,
    decode_request,
    model_body,
    models_body,
)
from editsvc.errors import UsageError
from editsvc.prediction.verifier import preset_named
from editsvc.tokens import LineEnds

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from editsvc.emulator.dialects import Kind
    from editsvc.emulator.options import EmulatedModel, EmulatorOptions
    from editsvc.emulator.responder import Responder
    from editsvc.tokens import Tokenizer

FAULT_HEADER: Final = "x-emulator-fault"
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class ServedCall:
    """One POST: its body (not compressed any more), the two headers that matter, and the Unix time."""

    body: bytes
    now: float
    authorization: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The events to play, and the log record without the fields that depend on the delivery."""

    events: Iterator[Event]
    record: ServedRequest


class EmulatedService:
    """Answers calls; safe to use from several threads."""

    def __init__(self, options: EmulatorOptions, responder: Responder, tokenizer: Tokenizer) -> None:
        self.options = options
        self._responder = responder
        self._tokenizer = tokenizer
        self._preset = replace(preset_named(options.preset), rejection=options.rejection)
        self._models = {model.id: model for model in options.models}
        self._kind = kind_of(options.dialect)
        self._cache = PromptCache()
        self._quota = Quota(options.tokens_per_minute)
        self._numbers = count()
        self._records: deque[ServedRequest] = deque(maxlen=_REMEMBERED)

    def answer(self, call: ServedCall) -> Answer:
        """The answer to one chat completion."""
        number = next(self._numbers)
        name = f"chatcmpl-emulator-{self.options.seed:x}-{number:06x}"
        headers = {"inference-id": name}
        record = ServedRequest(number=number, id=name, at=call.now, preset=self.options.preset)
        try:
            fault = parse_fault(call.fault) if call.fault else self.options.fault_plan.pick(number)
        except UsageError as exc:
            error = WireError(400, exc.sentence(), param=FAULT_HEADER)
            return Answer(error_events(error, headers), msgspec.structs.replace(record, status=400))
        record = msgspec.structs.replace(record, fault=str(fault or ""))
        early = early_fault(fault, headers)
        if early is not None:
            return Answer(early, record)
        try:
            return self._replied(call, fault, headers, record)
        except WireError as error:
            return Answer(error_events(error, headers), msgspec.structs.replace(record, status=error.status))

    def models(self, authorization: str, now: float, name: str | None = None) -> bytes:
        """The body of the list of models, or of one; raises WireError."""
        self._authorize(authorization)
        if name is None:
            return models_body(list(self._models), int(now))
        return model_body(self._model(name).id, int(now))

    def remember(self, record: ServedRequest) -> None:
        """Store the record of a call that has ended."""
        self._records.append(record)

    def records(self) -> list[ServedRequest]:
        """The records of the last calls, in the order in which they ended."""
        return list(self._records)

    def _authorize(self, authorization: str) -> None:
        key = self.options.api_key
        if key is None:
            return
        given = authorization.removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, key.encode()):
            missing = "No API key was sent." if not given else "The API key is wrong."
            raise WireError(401, missing, param="api_key")

    def _model(self, name: str) -> EmulatedModel:
        try:
            return self._models[name]
        except KeyError:
            raise WireError(
                404,
                f"Model {name} does not exist or you do not have access to it.",
                param="model",
                code="model_not_found",
            ) from None

    def _replied(
        self, call: ServedCall, fault: Fault | None, headers: dict[str, str], record: ServedRequest
    ) -> Answer:
        self._authorize(call.authorization)
        kind = self._kind
        request = decode_request(call.body)
        kind.admit(msgspec.json.decode(call.body), request)
        model = self._model(request.model)
        admit(request, model, fault)
        prompt = self._tokenizer.encode(_rendered(request))
        room = model.context - (kind.limit(request) or 1)
        if kind.overflow is not Overflow.REFUSED and len(prompt) > room:
            request = _cut(request, model.context)
            prompt = prompt[-model.context // 2 :]
        predicted = request.predicted if kind.predicts else None
        prediction = self._tokenizer.encode(predicted) if predicted else []
        limit = _limit(kind, request, model, len(prompt))
        quota = self._quota.reserve(len(prompt) + limit, call.now)
        if kind.cerebras:
            headers |= quota.headers
        if not quota.granted:
            headers["retry-after"] = str(quota.retry_after_s)
        quota.check()
        cached = self._cache.remember(model.id, prompt)
        reply, text = self._text(request, fault)
        if request.is_cut and kind.overflow is Overflow.EMPTY:
            text = ""
        plan = GenerationPlan(
            self._preset,
            self.options.latency,
            limit,
            len(prompt) - cached,
            self.options.reasoning_tokens if _reasons(request, model) else 0,
            LineEnds(self._tokenizer),
        )
        generation, finish_reason = self._generated(text, prediction, plan, fault)
        delivery = Delivery(
            Identity(record.id, call.now, model.id),
            headers,
            len(prompt),
            cached,
            finish_reason,
            fault,
            self.options.tokens_per_event,
            request.reasoning_format == "hidden",
            f"{self.options.seed}:{record.number}",
            kind,
            request.wants_usage or not request.stream,
        )
        if delivery.has(FaultName.NO_FINGERPRINT):
            delivery = replace(delivery, identity=replace(delivery.identity, fingerprint=None))
        verification = generation.verification
        return Answer(
            reply_events(generation, delivery, stream=bool(request.stream)),
            msgspec.structs.replace(
                record,
                model=model.id,
                stream=bool(request.stream),
                case=reply.case,
                reply=reply.kind.value,
                prompt_tokens=len(prompt),
                reserved_tokens=len(prompt) + limit,
                cached_tokens=cached,
                prediction_tokens=None if predicted is None else len(prediction),
                reasoning_tokens=len(generation.reasoning_due),
                output_tokens=generation.output_tokens,
                accepted_tokens=verification.accepted,
                rejected_tokens=verification.rejected,
                completion_tokens=generation.completion_tokens,
                passes=verification.passes,
                proposing=verification.proposing,
                finish_reason=finish_reason,
                modelled_s=generation.end_s,
            ),
        )

    def _text(self, request: ChatRequest, fault: Fault | None) -> tuple[ModelReply, str]:
        job = read_job(request)
        if job is None:
            reply = ModelReply(ModelReplyKind.CANNOT, "The messages do not contain a recognisable file.")
            job = Job("", "", (), "", "", FoundWrapper())
        else:
            job = unnumbered(job) if request.wants_json else job
            reply = self._responder.answer(job)
        reply = mistaken(reply, job, fault)
        if request.wants_json and reply.kind is not ModelReplyKind.PROSE:
            text = encode(misplaced(structured(reply, job.text), job, fault))
        else:
            text = written(reply, job, self.options.reply)
        ends = [at for at in (text.find(stop) for stop in request.stops if stop) if at >= 0]
        return reply, text[: min(ends)] if ends else text

    def _generated(
        self, text: str, prediction: Sequence[Hashable], plan: GenerationPlan, fault: Fault | None
    ) -> tuple[Generation, str]:
        units = self._tokenizer.units(text)
        output = self._tokenizer.encode(text)
        finish_reason = "stop"
        if fault is not None and fault.name is FaultName.EMPTY_REPLY:
            units, output = [], []
        if fault is not None and fault.name in _FINISH_EARLY:
            keep = round(len(units) * fault.at)
            units = units[:keep]
            output = output[: sum(unit.tokens for unit in units)]
            finish_reason = _FINISH_EARLY[fault.name]
        elif fault is not None and fault.name is FaultName.UNKNOWN_FINISH:
            finish_reason = "finished_for_a_new_reason"
        elif fault is not None and fault.name is FaultName.FINISH_EOS:
            finish_reason = "eos"
        generation = generate(units, output, prediction, plan)
        return generation, "length" if generation.limited else finish_reason


_FINISH_EARLY: Final = {
    FaultName.LENGTH: "length",
    FaultName.CONTENT_FILTER: "content_filter",
    FaultName.UNCLOSED: "stop",
    FaultName.FINISH_ERROR: "error",
}


def admit(request: ChatRequest, model: EmulatedModel, fault: Fault | None) -> None:
    """Raise WireError for a request that the server would reject."""
    if not request.messages:
        raise WireError(400, "messages: at least one message is required.", param="messages")
    sent = request.prediction is not msgspec.UNSET
    if sent and (not model.prediction or (fault and fault.name is FaultName.PREDICTION_UNSUPPORTED)):
        raise WireError(400, "property 'prediction' is unsupported", param="prediction")
    if request.predicted is not None:
        for name, used in (
            ("tools", bool(request.tools)),
            ("logprobs", bool(request.logprobs)),
            ("n", (request.n or 1) > 1),
        ):
            if used:
                raise WireError(400, f"property {name!r} is not supported with 'prediction'", param=name)
    if (request.n or 1) > 1:
        raise WireError(400, "This server makes one choice only.", param="n")
    if request.reasoning_format == "raw":
        raise WireError(400, "This server keeps reasoning out of the content.", param="reasoning_format")
    if request.limit is not None and request.limit < 1:
        raise WireError(400, "max_completion_tokens must be at least 1.", param="max_completion_tokens")
    _admit_format(request)


def _admit_format(request: ChatRequest) -> None:
    form = request.response_format
    if form is None or form.type == "text":
        return
    if request.tools:
        wrong = "property 'tools' is not supported with a 'response_format' of JSON"
    elif form.type == "json_object":
        wrong = "a 'response_format' of type 'json_object' cannot be streamed" if request.stream else ""
    elif form.json_schema is None or form.json_schema.schema is None:
        wrong = "a 'response_format' of type 'json_schema' needs a name and a schema"
    elif "edits" not in form.json_schema.schema.properties:
        wrong = "This server knows one schema only: that of structured edits."
    else:
        return
    if wrong:
        raise WireError(400, wrong, param="response_format")


def _limit(kind: Kind, request: ChatRequest, model: EmulatedModel, prompt_tokens: int) -> int:
    """The maximum of completion tokens; raises WireError if the context has no room for them."""
    limit = kind.limit(request)
    wanted = 1 if limit is None else limit
    if prompt_tokens + wanted > model.context and kind.overflow is Overflow.REFUSED:
        raise kind.too_long(prompt_tokens + wanted, model.context)
    return max(1, model.context - prompt_tokens) if limit is None else limit


def _cut(request: ChatRequest, context: int) -> ChatRequest:
    """What is left of a request that is too long: the end of its last message."""
    last = request.messages[-1]
    # A token has a few characters; how many exactly is of no interest here.
    rest = last.text[-context * 2 :]
    return msgspec.structs.replace(
        request, messages=[msgspec.structs.replace(last, content=rest)], is_cut=True
    )


def _reasons(request: ChatRequest, model: EmulatedModel) -> bool:
    return model.reasoning and not request.disable_reasoning and request.reasoning_effort != "none"


def _rendered(request: ChatRequest) -> str:
    """The messages as one text, as a chat template would have them."""
    return "".join(f"<|start|>{message.role}<|message|>{message.text}<|end|>" for message in request.messages)
