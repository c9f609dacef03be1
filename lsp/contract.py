"""The contract between the language server and editors: commands, arguments, answers, hunks, notifications.

Everything that the server sends or takes besides LSP's own messages is one of these structs, or stands in `lsp.names`,
which holds all that a session needs before its client is initialized; on the wire their
fields have the names that `msgspec` encodes. ``docs/language-server.md``, the types of the VS Code extension and
those of the Neovim plugin are generated from here: after a change, run ``python docs/reference.py``.

Arguments may leave out fields that have a default. Answers and notifications hold every field, and null is "not
reported".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from editsvc.engine.edit import Restart  # noqa: TC001 - msgspec reads the annotations
from editsvc.guard.findings import WAIVABLE, Action, Check, Mark
from editsvc.prediction.candidates import PredictionKind  # noqa: TC001 - same
from editsvc.prediction.policy import PredictionMode, Reason  # noqa: TC001 - same
from editsvc.prompt.rendering import EditFormat  # noqa: TC001 - same
from editsvc.provider.base import AttemptReason  # noqa: TC001 - same
from editsvc.scope.scopes import ScopeKind, ScopeReason  # noqa: TC001 - same
from editsvc.syntax import Extent  # noqa: TC001 - same
from lsp.names import Command, Described, Notification
from lsp.settings import ApplyMode  # noqa: TC001 - same

# --- LSP's own types, as msgspec reads them -------------------------------------------------------------------

_Natural = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Position(Struct, frozen=True, forbid_unknown_fields=True):
    """A position, as LSP has it, in the encoding that was agreed on."""

    line: _Natural
    character: _Natural


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """A range, as LSP has it."""

    start: Position
    end: Position


# --- what the client asks for ---------------------------------------------------------------------------------


class EditArgument(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The argument of ``editsvc.edit``."""

    uri: Annotated[str, Meta(description="an open document; a notebook's cell is one too")]
    instruction: Annotated[str, Meta(description="what is to change")]
    range: Annotated[Range | None, Meta(description="what is selected")] = None
    scope: Annotated[
        str | None,
        Meta(
            description="`auto`, `file`, `symbol:NAME` or `lines:A-B`; other than `auto`, it counts more than `range`"
        ),
    ] = None
    mode: Annotated[
        ApplyMode | None,
        Meta(
            description="`review` (if absent) leaves each hunk open, `apply` does not, "
            "`preview` changes nothing until it is accepted"
        ),
    ] = None
    prediction: Annotated[
        PredictionMode | None,
        Meta(description="whether to send the text as the predicted output; if absent, as the settings say"),
    ] = None
    comment: Annotated[
        Range | None,
        Meta(description="the range of a comment that holds the instruction, and goes away with the edit"),
    ] = None
    notify: Annotated[
        bool,
        Meta(
            description="set by code actions, whose result no editor shows: the command is answered at once "
            "(`running`), and the server tells the user how it ended"
        ),
    ] = False
    allow_path: Annotated[
        bool,
        Meta(
            description="edit the document although its file is one that is "
            "[refused otherwise](#files-that-are-not-edited)"
        ),
    ] = False
    allow: Annotated[
        tuple[str, ...],
        Meta(
            description="[checks](errors.md#checks) that this edit need not pass, besides those that the user's "
            "settings allow"
        ),
    ] = ()
    only_asked: Annotated[
        bool | None,
        Meta(
            description="leave out the hunks that the instruction does not explain; if absent, as the settings say"
        ),
    ] = None
    retry: Annotated[
        str | None,
        Meta(
            description="the `editId` of an edit that a check refused: [make that one](#an-edit-that-was-refused), "
            "without asking the model again"
        ),
    ] = None

    def __post_init__(self) -> None:
        """Raises ValueError for an unknown check, or one that cannot be waived."""
        for name in self.allow:
            if name not in WAIVABLE:
                known = ", ".join(sorted(WAIVABLE))
                raise ValueError(f"allow takes any of {known}, not {name!r}")


class HunkArgument(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The argument of ``editsvc.acceptHunk`` and ``editsvc.rejectHunk``."""

    edit_id: Annotated[str, Meta(description="the edit")]
    hunk_id: Annotated[int, Meta(description="the hunk's `id`")]
    notify: Annotated[bool, Meta(description="as for `editsvc.edit`")] = False


class EditIdArgument(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The argument of the commands about a whole edit."""

    edit_id: Annotated[str | None, Meta(description="the edit; without it, the latest is meant")] = None
    notify: Annotated[bool, Meta(description="as for `editsvc.edit`")] = False


class ScopesArgument(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The argument of ``editsvc.scopes``."""

    uri: Annotated[str, Meta(description="an open document")]
    range: Annotated[Range, Meta(description="what is selected")]
    cursor: Annotated[
        Position | None, Meta(description="where the cursor is; if absent, at the start of `range`")
    ] = None


class ReportArgument(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The argument of ``editsvc.report``."""

    format: Annotated[Literal["json", "html"], Meta(description="data, or a page")] = "json"


# --- hunks ----------------------------------------------------------------------------------------------------


class HunkStatus(Described):
    """The state of a hunk."""

    OPEN = "open", "in the buffer, not decided on"
    APPLIED = "applied", "the same, in mode `apply`, which shows no lenses"
    PROPOSED = (
        "proposed",
        "not in the buffer: a preview, or an edit that the editor did not make, and that is kept",
    )
    EDITED = "edited", "you have typed in it"
    ACCEPTED = "accepted", "decided: it stays"
    REJECTED = "rejected", "decided: taken back"
    GONE = "gone", "its text was deleted with what was around it"
    SURVIVED = "survived", "the document was closed before it was decided on"
    CONFLICT = (
        "conflict",
        "not applied, because its lines were changed; `newText` holds what it would have written",
    )
    LOST = "lost", "the editor made part of the edit, or made it in the wrong place"


class Hunk(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A hunk of an edit."""

    id: Annotated[int, Meta(description="its number in the edit, from 0")]
    range: Annotated[Range, Meta(description="where it is now, or would go")]
    state: Annotated[HunkStatus, Meta(description="its [state](#hunks)")]
    old_text: Annotated[str, Meta(description="what stood there before the edit")]
    new_text: Annotated[str, Meta(description="what the edit wrote, or would write")]
    mark: Annotated[
        Mark, Meta(description="whether the instruction explains it; `unexplained`: it was not asked for")
    ] = Mark.UNKNOWN
    findings: Annotated[
        tuple[str, ...], Meta(description="sentences about what checks found in its lines")
    ] = ()


class StreamedHunk(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A hunk of a reply that is still being written."""

    id: Annotated[int, Meta(description="its number in the stream, from 0")]
    range: Annotated[Range, Meta(description="whole lines of the document's `version`")]
    new_text: Annotated[str, Meta(description="what it will write")]
    state: Literal["streaming"] = "streaming"


# --- what the server answers ----------------------------------------------------------------------------------


class AnswerStatus(Described):
    """How a command ended."""

    RUNNING = (
        "running",
        "the command was one of a code action (`notify`), and goes on; the server tells the user how it ends",
    )
    CHANGED = "changed", "the edit is in the buffer, or, in mode `preview`, ready; the decision is made"
    UNCHANGED = "unchanged", "there is nothing to change"
    REFUSED = "refused", "by the model, by a check of the reply, or by the editor"
    CONFLICT = "conflict", "some or all hunks no longer fit; `hunks` says which"
    FAILED = (
        "failed",
        "the provider failed, or it is not certain whether the edit is in the buffer; `message` says which",
    )
    CANCELLED = "cancelled", "by `editsvc.cancel`, by the progress, or because the document was closed"


class DecisionAnswer(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The answer to accepting and rejecting."""

    edit_id: Annotated[str, Meta(description="the edit; empty if there is none")]
    status: Annotated[AnswerStatus, Meta(description="how it ended")]
    message: Annotated[str, Meta(description="a sentence for the user; empty if there is nothing to say")]
    hunks: Annotated[tuple[Hunk, ...], Meta(description="all hunks of the edit")]


class CancelAnswer(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The answer to ``editsvc.cancel``."""

    edit_id: Annotated[str | None, Meta(description="the edit; null if none was named and none runs")]
    status: Annotated[AnswerStatus, Meta(description="`cancelled`, or `unchanged` if it was too late")]
    message: Annotated[str, Meta(description="a sentence for the user; empty if there is nothing to say")]
    hunks: Annotated[tuple[Hunk, ...], Meta(description="always empty")] = ()


class DiffAnswer(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The answer to ``editsvc.showDiff``."""

    edit_id: Annotated[str, Meta(description="the edit")]
    status: Annotated[AnswerStatus, Meta(description="`changed`, or `unchanged` if there is nothing to show")]
    message: Annotated[str, Meta(description="a sentence for the user; empty if there is nothing to say")]
    diff: Annotated[
        str, Meta(description="what the editor was asked to show: the text as it is, and as it would be")
    ]


class ScopeName(Described):
    """The names of what can be rewritten from a place."""

    SELECTION = "selection", "the lines that are selected: `range` is the selection"
    SYMBOL = "symbol", "the definition around the cursor: `range` is the cursor, twice"
    PARTS = (
        "parts",
        "what the model chooses of a long file, at a cursor outside of all definitions: `range` as above",
    )
    FILE = "file", "all of it: `scope` is `file`"


class OfferedScope(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that can be rewritten from a place."""

    name: Annotated[ScopeName, Meta(description="what it is, and how `editsvc.edit` is asked for it")]
    title: Annotated[str, Meta(description="the words for it, such as `function fetch, lines 12 to 40`")]
    range: Annotated[Range, Meta(description="its whole lines, to be shown")]


class ScopesAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to ``editsvc.scopes``."""

    scopes: Annotated[tuple[OfferedScope, ...], Meta(description="the most likely first; at least one")]


class ReportPage(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to ``editsvc.report`` with the format ``html``."""

    html: Annotated[str, Meta(description="the page")]


class Anyway(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The addition to the argument of a refused edit that, with the user's consent, lets it pass."""

    allow: Annotated[tuple[str, ...], Meta(description="the checks to waive")] = ()
    allow_path: Annotated[bool, Meta(description="true if it is the file that is refused")] = False
    retry: Annotated[
        str | None, Meta(description="the edit, if it can be made without asking the model again")
    ] = None


class RemedyKind(Described):
    """What a client can offer as a button after an edit that was not made."""

    SET_KEY = "set-key", "ask for an API key, and with it make the same edit again"
    RETRY = "retry", "make the same edit again"
    RESTART = "restart", "start the server again, which reads all settings, and make the same edit again"
    ANYWAY = "anyway", "make the edit all the same: the same argument, with what `anyway` adds"
    SHOW_REPLY = "show-reply", "show `refusedDiff`"
    WHOLE_FILE = "whole-file", "make the same edit with the scope `file`, without a range"
    CHANGE_INSTRUCTION = "change-instruction", "ask again, with the instruction there to be changed"
    OPEN_SETTING = "open-setting", "show the setting that `setting` names"
    OFFLINE_HELP = "offline-help", "show what can be done [without a key](offline-engine.md)"
    SHOW_LOG = "show-log", "show the server's log"


class OfferedRemedy(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that the user can do about an edit that was not made."""

    kind: Annotated[RemedyKind, Meta(description="what it is")]
    title: Annotated[str, Meta(description="the words for a button")]
    setting: Annotated[str | None, Meta(description="a setting of the section `editsvc`")] = None


class RewrittenScope(Struct, frozen=True, forbid_unknown_fields=True):
    """The rewritten or offered scope; lines are 1-based and inclusive."""

    kind: Annotated[ScopeKind, Meta(description="what it is made of")]
    start_line: Annotated[int, Meta(description="the first line")]
    end_line: Annotated[int, Meta(description="the last line")]
    reason: Annotated[ScopeReason, Meta(description="why it was chosen")]
    parts_offered: Annotated[int | None, Meta(description="how many parts the model could rewrite")]
    parts_rewritten: Annotated[int | None, Meta(description="how many it did rewrite")]


class PredictionUse(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a predicted output was sent."""

    sent: Annotated[bool, Meta(description="whether it was")]
    kind: Annotated[PredictionKind | None, Meta(description="what it was made from")]
    reason: Annotated[Reason | None, Meta(description="why it was sent, or not")]


class TokenUsage(Struct, frozen=True, forbid_unknown_fields=True):
    """The server's token counts."""

    prompt_tokens: Annotated[int | None, Meta(description="of the request")]
    cached_tokens: Annotated[int | None, Meta(description="of these, read from the prompt cache")]
    completion_tokens: Annotated[int | None, Meta(description="of the reply")]
    reasoning_tokens: Annotated[int | None, Meta(description="of these, spent on reasoning")]
    accepted_prediction_tokens: Annotated[int | None, Meta(description="predicted, and in the reply")]
    rejected_prediction_tokens: Annotated[
        int | None, Meta(description="predicted, not in the reply, and billed")
    ]


class EditTiming(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds by this machine's clock."""

    ttft_s: Annotated[float | None, Meta(description="until the first piece of the reply")]
    total_s: Annotated[float | None, Meta(description="until the end of the reply")]
    tokens_per_s: Annotated[float | None, Meta(description="tokens received per second, waiting included")]


class EditAttempt(Struct, frozen=True, forbid_unknown_fields=True):
    """One HTTP request of an edit."""

    provider: Annotated[str, Meta(description="the server that it went to")]
    model: Annotated[str, Meta(description="the model that was asked")]
    why: Annotated[AttemptReason, Meta(description="why it was sent")]
    predicted: Annotated[bool, Meta(description="whether a prediction went along")]
    outcome: Annotated[str, Meta(description="the finish reason, the kind of an error, or `cancelled`")]
    received: Annotated[int, Meta(description="characters of the reply")]
    waited_s: Annotated[float, Meta(description="seconds that it was held back")]
    total_s: Annotated[float, Meta(description="seconds that it then took")]
    drafted_tokens: Annotated[
        int | None, Meta(description="what the server says it proposed to itself, to be faster")
    ]
    accepted_draft_tokens: Annotated[int | None, Meta(description="of these, those that stood")]


class ShownFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """The figures of an edit in words, the same that every front end shows."""

    tokens: Annotated[str | None, Meta(description="of the reply")]
    acceptance: Annotated[str | None, Meta(description="the share of the prediction that was accepted")]
    total: Annotated[str | None, Meta(description="the time that it took")]
    cost: Annotated[str | None, Meta(description="in dollars")]
    policy: Annotated[
        str | None,
        Meta(description="that `editsvc tune` would decide otherwise by now; null if it would not"),
    ] = None


class EditFinding(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a check of the reply found, and what was done about it; lines are 1-based and inclusive."""

    kind: Annotated[Check, Meta(description="the [check](errors.md#checks)")]
    message: Annotated[str, Meta(description="a sentence for the user")]
    before: Annotated[
        tuple[int, ...] | None, Meta(description="first and last line of the old text that it concerns")
    ]
    after: Annotated[
        tuple[int, ...] | None, Meta(description="first and last line of the new text that it concerns")
    ]
    action: Annotated[
        Action, Meta(description="`restored`, `asked-again`, `refused` or `warned`: what was done about it")
    ]


class ResultFields(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata of an edit's requests, under the same names as in ``editsvc rewrite --json``."""

    scope: Annotated[RewrittenScope | None, Meta(description="what was rewritten")]
    edit_format: Annotated[EditFormat | None, Meta(description="the form in which the reply was asked for")]
    restarts: Annotated[tuple[Restart, ...], Meta(description="why the model was asked again, in order")]
    findings: Annotated[
        tuple[EditFinding, ...], Meta(description="what the checks found in the replies, in order")
    ]
    marks: Annotated[
        tuple[Mark, ...],
        Meta(description="whether the instruction explains each hunk, in order; empty if that was not asked"),
    ]
    syntax_check: Annotated[Extent | None, Meta(description="how much of the new text was parsed")]
    provider: Annotated[str | None, Meta(description="the server that answered")]
    model: Annotated[str | None, Meta(description="the model that answered")]
    arm: Annotated[str | None, Meta(description="the [named arm](arms.md) that was drawn, if one was")]
    request_id: Annotated[str | None, Meta(description="the server's name for the request")]
    finish_reason: Annotated[str | None, Meta(description="why the reply ended")]
    prediction: Annotated[PredictionUse, Meta(description="whether a predicted output was sent")]
    usage: Annotated[TokenUsage, Meta(description="the server's token counts")]
    timing: Annotated[EditTiming, Meta(description="seconds")]
    attempts: Annotated[
        tuple[EditAttempt, ...],
        Meta(description="the [HTTP requests](providers.md), in the order they ended"),
    ]
    cost_usd: Annotated[float | None, Meta(description="dollars, if the prices are known")]
    warnings: Annotated[tuple[str, ...], Meta(description="sentences for the user's log")]
    offline: Annotated[bool | None, Meta(description="whether the offline engine made the edit")]


class EditAnswer(
    ResultFields, frozen=True, kw_only=True, rename={"edit_id": "editId", "refused_diff": "refusedDiff"}
):
    """The answer to ``editsvc.edit``."""

    edit_id: Annotated[str, Meta(description="the edit; its record's `id` in the log")]
    status: Annotated[AnswerStatus, Meta(description="how it ended")]
    message: Annotated[str, Meta(description="a sentence for the user; empty if there is nothing to say")]
    diff: Annotated[
        str,
        Meta(
            description="the edit as it was proposed, for `git apply` in the folder that the editor has open"
        ),
    ]
    hunks: Annotated[tuple[Hunk, ...], Meta(description="the hunks, wherever they are")]
    refused_diff: Annotated[
        str, Meta(description="what a check refused, as a diff for the user to see; empty if none did")
    ]
    error: Annotated[str | None, Meta(description="the [kind](errors.md) of what ended the edit")]
    anyway: Annotated[
        Anyway | None,
        Meta(
            description="what to add to the argument to have a refused edit made all the same. Only the user may say "
            "so, each time: no setting of a workspace, preset or instruction in a comment can"
        ),
    ]
    remedies: Annotated[
        tuple[OfferedRemedy, ...],
        Meta(
            description="what the user can do if the edit was not made, the best first: a button for each, "
            "beside the message; empty if it was made, or cancelled"
        ),
    ]
    shown: Annotated[
        ShownFigures,
        Meta(description="the figures in words: a client need not work them out, and round otherwise"),
    ]


# --- what the server tells ------------------------------------------------------------------------------------


class StreamParams(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The parameters of ``editsvc/stream``: hunks that became certain since the previous message."""

    edit_id: Annotated[str, Meta(description="the edit")]
    uri: Annotated[str, Meta(description="the document")]
    version: Annotated[int, Meta(description="the document's version that the edit is made on")]
    seq: Annotated[int, Meta(description="counts up; 0 starts over, and what was sent before is void")]
    hunks: Annotated[tuple[StreamedHunk, ...], Meta(description="a hunk never changes once it was sent")]
    reached: Annotated[int, Meta(description="lines that are done")]
    total: Annotated[int, Meta(description="lines in all")]


class HunksParams(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The parameters of ``editsvc/hunks``: an edit in review, as it is now."""

    edit_id: Annotated[str, Meta(description="the edit")]
    uri: Annotated[str, Meta(description="the document")]
    version: Annotated[int, Meta(description="the document's version that the ranges are for")]
    hunks: Annotated[tuple[Hunk, ...], Meta(description="all hunks of the edit")]


@dataclass(frozen=True, slots=True)
class Signature:
    """The argument and answer of a command; an answer without a struct is an object from the report."""

    argument: type[Struct]
    answer: type[Struct]


COMMANDS: Final = {
    Command.EDIT: Signature(EditArgument, EditAnswer),
    Command.ACCEPT_HUNK: Signature(HunkArgument, DecisionAnswer),
    Command.REJECT_HUNK: Signature(HunkArgument, DecisionAnswer),
    Command.ACCEPT_EDIT: Signature(EditIdArgument, DecisionAnswer),
    Command.REJECT_EDIT: Signature(EditIdArgument, DecisionAnswer),
    Command.REJECT_UNEXPLAINED: Signature(EditIdArgument, DecisionAnswer),
    Command.CANCEL: Signature(EditIdArgument, CancelAnswer),
    Command.SHOW_DIFF: Signature(EditIdArgument, DiffAnswer),
    Command.SCOPES: Signature(ScopesArgument, ScopesAnswer),
    Command.REPORT: Signature(ReportArgument, ReportPage),
}
NOTIFICATIONS: Final[dict[Notification, type[Struct]]] = {
    Notification.STREAM: StreamParams,
    Notification.HUNKS: HunksParams,
}
