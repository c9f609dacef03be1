"""What the language server says about an error, and what can be asked for in spite of a refusal.

An editor has selections, settings and a question; it has no flags, and no command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc.errors import Means, with_remedies
from editsvc.settings.schema import PROJECT_MAY_SET
from lsp.contract import Anyway

if TYPE_CHECKING:
    from editsvc.engine.edit import EditResult
    from editsvc.errors import EditsvcError, Remedy
    from lsp.contract import EditArgument

ANYWAY: Final = "Edit anyway"
LEAVE: Final = "Leave it as it is"


def message_of(exc: EditsvcError) -> str:
    """The message of an error, and what can be done about it."""
    return exc.sentence(remedy_sentence)


def message_of_result(result: EditResult) -> str:
    """The message of a result, and what can be done about it."""
    return with_remedies(result.message, result.remedies, remedy_sentence)


def remedy_sentence(remedy: Remedy) -> str:
    """The sentence for a remedy; "" for one that no editor has."""
    texts = {
        Means.WAIVE: f"The check “{remedy.name}” can be waived for this edit",
        Means.ALLOW_PATH: "You can edit it anyway",
        Means.SMALLER_SCOPE: "Select fewer lines",
        Means.LARGER_SCOPE: "Select more lines, or edit the whole file",
        Means.LINES_SCOPE: "Select the lines you mean, or edit the whole file",
        Means.PREDICTION_OFF: f"Set {_setting('prediction')} to off",
        Means.VALID_KEY: "Set CEREBRAS_API_KEY to a valid key where the editor is started",
        Means.KNOWN_MODEL: f"Check {_setting('model')}, and base_url in your settings file",
        Means.KNOWN_SETTINGS: "See the settings page",
        Means.KNOWN_RUNS: "",
        Means.UNDO: "",
    }
    text = texts[remedy.means]
    return f"{text} {remedy.when}".rstrip() + "." if text else ""


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
    return f"editsvc.{name}" if name in PROJECT_MAY_SET else f"{name} in your settings file"
