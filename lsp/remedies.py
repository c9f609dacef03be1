"""What the language server says about an error, and what can be done about it: in a sentence, and as buttons.

An editor has selections, settings and a question; it has no flags, and no command line. Which buttons an error has is
decided here, for all editors: they get them as data, and never look into a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.errors import Means, in_a_row, with_remedies
from editsvc.settings.schema import PROJECT_MAY_SET
from lsp.contract import AnswerStatus, Anyway, OfferedRemedy, RemedyKind
from lsp.settings import camel

if TYPE_CHECKING:
    from editsvc.engine.edit import EditResult
    from editsvc.errors import EditsvcError, Remedy
    from lsp.contract import EditArgument

ACCEPT_ANYWAY: Final = "Accept anyway"
EDIT_ANYWAY: Final = "Edit anyway"
LEAVE: Final = "Leave it as it is"


def message_of(exc: EditsvcError) -> str:
    """The message of an error, and what can be done about it."""
    return in_a_row(exc.sentence(remedy_sentence))


def message_of_result(result: EditResult) -> str:
    """The message of a result, and what can be done about it."""
    return in_a_row(with_remedies(result.message, result.remedies, remedy_sentence))


def remedy_sentence(remedy: Remedy) -> str:
    """The sentence for a remedy; "" for one that no editor has."""
    texts = {
        Means.WAIVE: f"The check “{remedy.name}” can be waived for this edit",
        Means.ALLOW_PATH: "You can edit it anyway",
        Means.SMALLER_SCOPE: "Select fewer lines",
        Means.LARGER_SCOPE: "Select more lines, or edit the whole file",
        Means.LINES_SCOPE: "Select the lines you mean, or edit the whole file",
        Means.PREDICTION_OFF: f"Set {_setting('prediction')} to off",
        Means.VALID_KEY: "Set a valid API key: with the editor's command for it, or as CEREBRAS_API_KEY where the "
        "editor is started",
        Means.ANY_KEY: "For any other instruction, set an API key: with the editor's command for it, or as "
        "CEREBRAS_API_KEY where the editor is started",
        Means.KNOWN_MODEL: f"Check {_setting('model')}, and base_url in your settings file",
        Means.KNOWN_SETTINGS: "See the settings page",
        Means.KNOWN_RUNS: "",
        Means.UNDO: "",
    }
    text = texts[remedy.means]
    return f"{text} {remedy.when}".rstrip() + "." if text else ""


# Editors cut what does not fit beside each other, so a few short words are all there is room for.
_TITLES: Final = {
    RemedyKind.SET_KEY: "Set API key",
    RemedyKind.RETRY: "Retry",
    RemedyKind.RESTART: "Restart and retry",
    RemedyKind.ANYWAY: ACCEPT_ANYWAY,
    RemedyKind.SHOW_REPLY: "Show the reply",
    RemedyKind.WHOLE_FILE: "Whole file",
    RemedyKind.CHANGE_INSTRUCTION: "Change instruction",
    RemedyKind.OPEN_SETTING: "Open setting",
    RemedyKind.OFFLINE_HELP: "What works without a key",
    RemedyKind.SHOW_LOG: "Show log",
}

_REFUSED: Final = (RemedyKind.RETRY, RemedyKind.CHANGE_INSTRUCTION)
_FAILED: Final = (RemedyKind.RETRY, RemedyKind.SHOW_LOG)
_BROKEN: Final = (RemedyKind.RESTART, RemedyKind.SHOW_LOG)
_OFFLINE: Final = (RemedyKind.SET_KEY, RemedyKind.OFFLINE_HELP)

BY_ERROR: Final[dict[str, tuple[RemedyKind, ...]]] = {
    "UsageError": (RemedyKind.CHANGE_INSTRUCTION,),
    "SettingsError": _BROKEN,
    "Refused": _REFUSED,
    "NotApplied": _REFUSED,
    "DocumentRefused": _FAILED,
    "ScopeRefused": (RemedyKind.CHANGE_INSTRUCTION,),
    "ModelRefused": _REFUSED,
    "NotUnderstood": _OFFLINE,
    "NotApplicable": _OFFLINE,
    "NotHere": _OFFLINE,
    "PathRefused": (RemedyKind.SHOW_LOG,),
    "GuardRefused": (RemedyKind.RETRY,),
    "Misfit": (RemedyKind.RETRY,),
    "Stale": (RemedyKind.RETRY,),
    "FileError": _FAILED,
    "LogUnavailable": _FAILED,
    "RecordWaits": _FAILED,
    "RecordNotTaken": _FAILED,
    "ProviderError": _FAILED,
    "ProviderUnreachable": _FAILED,
    "ProviderTimeout": _FAILED,
    "ProviderRateLimited": _FAILED,
    "ProviderBusy": _FAILED,
    "ProviderUnavailable": _FAILED,
    "ProviderRejected": _FAILED,
    "ContextExceeded": (RemedyKind.CHANGE_INSTRUCTION, RemedyKind.SHOW_LOG),
    "PredictionUnsupported": _FAILED,
    "ProviderProtocolError": _FAILED,
    "IncompleteReply": _FAILED,
    "EndlessReply": _FAILED,
    "ProviderAuthError": (RemedyKind.SET_KEY, RemedyKind.SHOW_LOG),
    "Defect": _FAILED,
    "Cancelled": (RemedyKind.RETRY,),
    "CostReached": (RemedyKind.RETRY,),
}
"""What can be done about an error of each class, whatever it is about; `_BY_MEANS` adds what it says itself."""

_BY_MEANS: Final = {
    Means.LARGER_SCOPE: RemedyKind.WHOLE_FILE,
    Means.LINES_SCOPE: RemedyKind.WHOLE_FILE,
    Means.VALID_KEY: RemedyKind.SET_KEY,
}
_SETTINGS: Final = {Means.PREDICTION_OFF: "prediction", Means.KNOWN_MODEL: "model"}
WRONG: Final = frozenset({AnswerStatus.CONFLICT, AnswerStatus.REFUSED, AnswerStatus.FAILED})
"""The statuses that are no success, whose message a user must see."""


def offered(
    status: AnswerStatus,
    error: str | None,
    remedies: tuple[Remedy, ...],
    *,
    anyway: Anyway | None = None,
    reply: bool = False,
    offline: bool = False,
) -> tuple[OfferedRemedy, ...]:
    """The buttons for an answer, in the order of `RemedyKind`; none for an edit that was made, cancelled, or goes on.

    `error` is the kind of what ended the edit; None stands for an editor that did not take it. `anyway` and `reply`
    tell that there is what these buttons need, `offline` that no model was asked: the same again would end the same
    way.
    """
    if status not in WRONG:
        return ()
    kinds = set(BY_ERROR.get(error.partition(":")[0], _FAILED) if error else (RemedyKind.RETRY,))
    kinds |= {_BY_MEANS[remedy.means] for remedy in remedies if remedy.means in _BY_MEANS}
    if anyway is not None:
        kinds.add(RemedyKind.ANYWAY)
    if reply:
        kinds.add(RemedyKind.SHOW_REPLY)
    if offline and error:
        kinds = (kinds - set(_REFUSED)) | set(_OFFLINE)
    setting = next((_SETTINGS[remedy.means] for remedy in remedies if remedy.means in _SETTINGS), None)
    if setting:
        kinds.add(RemedyKind.OPEN_SETTING)
    titles = {**_TITLES, **({RemedyKind.ANYWAY: title_of(anyway)} if anyway else {})}
    return tuple(
        OfferedRemedy(kind, titles[kind], setting if kind is RemedyKind.OPEN_SETTING else None)
        for kind in RemedyKind
        if kind in kinds
    )


def title_of(anyway: Anyway) -> str:
    """The words for having it all the same: a reply is accepted, but of a file that is refused there is none yet."""
    return EDIT_ANYWAY if anyway.allow_path else ACCEPT_ANYWAY


def anyway(remedies: tuple[Remedy, ...], argument: EditArgument, retry: str | None = None) -> Anyway | None:
    """What to add to the argument of ``editsvc.edit`` for an edit that is made all the same; None if none can be.

    What was allowed before stays allowed: an edit may fail one check after the other. `retry` is the edit's id if what
    was refused is kept.
    """
    waived = [remedy.name for remedy in remedies if remedy.means is Means.WAIVE]
    if waived:
        return Anyway(allow=tuple(sorted({*argument.allow, *waived})), retry=retry)
    if any(remedy.means is Means.ALLOW_PATH for remedy in remedies):
        return Anyway(allow_path=True)
    return None


def _setting(name: str) -> str:
    """A setting as it is called where it can be set."""
    return f"editsvc.{camel(name)}" if name in PROJECT_MAY_SET else f"{name} in your settings file"
