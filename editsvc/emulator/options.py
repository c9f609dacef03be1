"""The options of an emulator: frozen, and checked once."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from editsvc.emulator.dialects import kind_of
from editsvc.emulator.faults import Fault, FaultPlan
from editsvc.errors import UsageError
from editsvc.prediction.verifier import PRESETS, Latency, Rejection, preset_named

if TYPE_CHECKING:
    from pathlib import Path


class ReplyStyle(StrEnum):
    """How code is wrapped in a reply."""

    AUTO = "auto"
    RAW = "raw"
    FENCED = "fenced"
    PROSE = "prose"
    PROSE_RAW = "prose-raw"


@dataclass(frozen=True, slots=True)
class EmulatedModel:
    """A model that the emulator offers; `context` is in tokens, prompt and completion together."""

    id: str
    prediction: bool = True
    reasoning: bool = True
    context: int = 131_072


DEFAULT_MODELS: Final = (
    EmulatedModel("gpt-oss-120b"),
    EmulatedModel("zai-glm-4.7"),
    EmulatedModel("qwen-3.8-27b", prediction=False),
)
RANDOM_EVENTS: Final = 0
_LAST_PORT: Final = 65_535


def parse_model(text: str) -> EmulatedModel:
    """The model that ``NAME[:no-prediction,no-reasoning,context=N]`` describes; raises UsageError."""
    name, _, features = text.partition(":")
    if not name:
        raise UsageError("A model needs a name.", hint="For example my-model:no-prediction.")
    prediction = reasoning = True
    context = 131_072
    for feature in features.split(",") if features else ():
        key, _, value = feature.partition("=")
        if feature == "no-prediction":
            prediction = False
        elif feature == "no-reasoning":
            reasoning = False
        elif key == "context" and value.isascii() and value.isdigit() and int(value) > 0:
            context = int(value)
        else:
            raise UsageError(
                f"The model {name!r} has no feature {feature!r}.",
                hint="Features: no-prediction, no-reasoning, context=TOKENS.",
            )
    return EmulatedModel(name, prediction, reasoning, context)


def parse_tokens_per_event(text: str) -> int:
    """The number in `text`, or `RANDOM_EVENTS` for ``random``; raises UsageError."""
    if text == "random":
        return RANDOM_EVENTS
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise UsageError(f"Tokens per event is a number, or random; {text!r} is neither.")
    return int(text)


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """All settings of an emulator; raises UsageError for invalid values and combinations."""

    host: str = "127.0.0.1"
    """Where to listen; another machine can connect only if `allow_remote` is set too."""
    port: int = 0
    """The port; 0 takes a free one."""
    allow_remote: bool = False
    """Listen on a host that is not a loopback address."""
    dialect: str = "cerebras"
    """The kind of server: a name of `editsvc.emulator.dialects.KINDS`."""
    preset: str = "resync"
    """How predictions are verified: a name, or a description (`editsvc.prediction.verifier.preset_named`)."""
    rejection: Rejection = Rejection.PER_PROPOSAL
    """What counts as a rejected token."""
    script: Path | None = None
    """Answer from the cases in this JSONL file."""
    offline: bool = False
    """Answer by the offline engine, which is also the default."""
    echo: bool = False
    """Answer with the file as it is."""
    locates_wrongly: float = 0.0
    """The share of first answers to where an edit is to be made that name another place, 0..1."""
    reply: ReplyStyle = ReplyStyle.AUTO
    """How the code is wrapped; auto is the agreed frame, or the fence found around the file."""
    speed: float = 0.0
    """Tokens per second without prediction; 0 is as fast as possible."""
    ttft: float = 0.0
    """Seconds before the first token, with an empty prompt."""
    prefill: float = 0.0
    """Uncached prompt tokens read per second; 0 reads at once."""
    verify_cost: float = 1.13
    """The cost of a pass that verifies a proposal, in plain passes."""
    tokens_per_event: int = 1
    """Tokens in one event; 0 draws 1 to 8 for each."""
    reasoning_tokens: int = 0
    """Reasoning tokens before each reply, of models that reason."""
    models: tuple[EmulatedModel, ...] = DEFAULT_MODELS
    """The models that the server offers."""
    api_key: str | None = None
    """The only accepted API key; None accepts any."""
    tokens_per_minute: int = 0
    """Answer 429 above this; 0 never does. The prompt and ``max_completion_tokens`` count, as reserved tokens."""
    refuse_gzip: bool = False
    """Answer 415 to a compressed request, as some servers do."""
    faults: tuple[Fault, ...] = ()
    """Faults for requests that do not ask for one by the header ``x-emulator-fault``."""
    fault_rate: float | None = None
    """The share of requests that get one, 0..1; None is all."""
    fault_count: int | None = None
    """Only the first so many requests get one; None is all."""
    seed: int = 0
    """The seed of everything random: faults by rate, tokens per event."""
    log: Path | None = None
    """Append a JSON line per request to this file: numbers and names, never text."""

    def __post_init__(self) -> None:
        """Check every field."""
        self._check_place()
        self._check_answers()
        self._check_faults()
        for name in ("speed", "ttft", "prefill", "reasoning_tokens", "tokens_per_event", "tokens_per_minute"):
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name} is a number from 0, and got {getattr(self, name)}.")
        if not self.verify_cost >= 1:
            raise UsageError(f"A verifying pass costs at least 1 plain pass, and got {self.verify_cost}.")

    def _check_place(self) -> None:
        if not self.allow_remote and not _is_loopback(self.host):
            raise UsageError(
                f"The emulator listens on loopback addresses only, and {self.host!r} is not one.",
                hint="Allow other machines explicitly if that is what you want.",
            )
        if not 0 <= self.port <= _LAST_PORT:
            raise UsageError(f"A port is a number from 0 to {_LAST_PORT}, and got {self.port}.")

    def _check_answers(self) -> None:
        kind_of(self.dialect)
        try:
            preset_named(self.preset)
        except ValueError as exc:
            raise UsageError(
                f"{self.preset!r} is not a preset: {exc}.",
                hint=f"Presets: {', '.join(PRESETS)}; or for example window=8-64,match=3,direction=forward.",
            ) from None
        if (self.script is not None) + self.offline + self.echo > 1:
            raise UsageError("The emulator answers from a script, offline, or by echo; choose one.")
        if not 0 <= self.locates_wrongly <= 1:
            raise UsageError(
                f"The share of wrong places is a number from 0 to 1, and got {self.locates_wrongly}."
            )
        if not self.models:
            raise UsageError("The emulator needs a model to offer.")

    def _check_faults(self) -> None:
        if self.fault_rate is not None and not 0 <= self.fault_rate <= 1:
            raise UsageError(f"A fault rate is a number from 0 to 1, and got {self.fault_rate}.")
        if self.fault_count is not None and self.fault_count < 0:
            raise UsageError(f"A fault count is a number from 0, and got {self.fault_count}.")
        if self.fault_rate is not None and self.fault_count is not None:
            raise UsageError("Faults come at a rate or to the first requests; choose one.")

    @property
    def latency(self) -> Latency:
        """The speed as the verifier's latency model."""
        token_s = 1 / self.speed if self.speed else 0.0
        return Latency(self.ttft, self.prefill, token_s, self.verify_cost)

    @property
    def fault_plan(self) -> FaultPlan:
        """The requests that get a fault."""
        return FaultPlan(self.faults, self.fault_rate, self.fault_count, self.seed)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
