"""What the checks of an edit find: the kind, a sentence, the lines, and what may be done about it.

A check never decides alone. It answers with findings, each of which says how it is best dealt with (`Answer`); the gate
(`editsvc.guard.gate`) turns all of them together into what is done (`Action`): put the old text back, ask the model
once more, refuse, or tell the user.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final

_QUOTED: Final = 80  # characters


class Check(StrEnum):
    """The kinds of findings, each the name of a check, in the order in which a document meets them."""

    FRAME = "frame"
    EMPTY = "empty"
    PROSE = "prose"
    WRAPPING = "wrapping"
    PLACE = "place"
    DOUBLING = "doubling"
    RETOUCHED = "retouched"
    ENTITIES = "entities"
    WHITESPACE = "whitespace"
    ELISION = "elision"
    INDENTATION = "indentation"
    TAIL = "tail"
    SHRINK = "shrink"
    LOSS = "loss"
    COMMENTS = "comments"
    ORDER = "order"
    OTHER_TEXT = "other-text"
    UNDONE = "undone"
    UNASKED = "unasked"
    SYNTAX = "syntax"
    SCOPE = "scope"
    INVISIBLE = "invisible"
    SECRETS = "secrets"
    LOST_SECRET = "lost-secret"  # noqa: S105 - the name of a check
    IDENTITY = "identity"


WAIVABLE: Final = frozenset(Check) - {Check.FRAME, Check.SCOPE, Check.SECRETS, Check.IDENTITY}
"""The checks that a user may waive by name; the others guard what nobody can mean."""


class Answer(Enum):
    """How a finding is best dealt with: at first, and if the model insists after it was asked again."""

    RESTORE = "the old text was put back"
    ASK_THEN_REFUSE = "ask the model once more; if it insists, refuse"
    ASK_THEN_WARN = "ask the model once more; if it insists, believe it, and say so"
    WARN = "say so"


class Action(StrEnum):
    """What was done about a finding."""

    RESTORED = "restored"
    ASKED_AGAIN = "asked-again"
    REFUSED = "refused"
    WARNED = "warned"


class Mark(StrEnum):
    """Whether a change was asked for; the values are what is logged."""

    EXPLAINED = "explained"
    HARMLESS = "harmless"
    UNEXPLAINED = "unexplained"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a document, 1-based and inclusive."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found: one sentence for the user, and the lines of the old and of the new text.

    The model is told the same sentence when it is asked again. Lines are None where there are none on that side. `when`
    says, for a check that may be waived, in which case it should be, such as "if they are wanted".
    """

    kind: Check
    message: str
    answer: Answer
    before: Lines | None = None
    after: Lines | None = None
    when: str = "if it is intended"


@dataclass(frozen=True, slots=True)
class Handled:
    """A finding, and what was done about it, as users and the log see it. Lines are as in `Finding`."""

    kind: Check
    message: str
    action: Action
    before: Lines | None = None
    after: Lines | None = None

    @classmethod
    def of(cls, finding: Finding, action: Action) -> Handled:
        """`finding`, with `action` done."""
        return cls(finding.kind, finding.message, action, finding.before, finding.after)

    def json(self) -> dict[str, Any]:
        """The finding as ``--json`` and the language server have it."""
        return {
            "kind": self.kind,
            "message": self.message,
            "before": self.before and [self.before.first, self.before.last],
            "after": self.after and [self.after.first, self.after.last],
            "action": self.action,
        }


def quoted(line: str) -> str:
    """A line of a document as a message shows it: in quotation marks, shortened."""
    text = line.strip()
    return f"“{text[:_QUOTED]}{'…' if len(text) > _QUOTED else ''}”"
