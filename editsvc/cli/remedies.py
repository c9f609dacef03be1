"""Error messages of the command line: the error's sentence, and its remedies as commands and options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from editsvc.errors import Means, with_remedies

if TYPE_CHECKING:
    from editsvc.engine.edit import EditResult
    from editsvc.errors import EditsvcError, Remedy


def message_of(exc: EditsvcError) -> str:
    """The message of an error, and what can be done about it."""
    return exc.sentence(remedy_sentence)


def message_of_result(result: EditResult) -> str:
    """The message of a result, and what can be done about it."""
    remedies = tuple(
        replace(remedy, name=_model_meant(result.model)) if remedy.means is Means.KNOWN_MODEL else remedy
        for remedy in result.remedies
    )
    return with_remedies(result.message, remedies, remedy_sentence)


def _model_meant(model: str | None) -> str:
    """The known model whose name is nearly `model`; "" if there is none, or it is known."""
    from editsvc.nearest import closest
    from editsvc.provider import models

    known = models.table()
    return (closest(model, known) or "") if model and model not in known else ""


def remedy_sentence(remedy: Remedy) -> str:
    """The sentence for a remedy."""
    texts = {
        Means.WAIVE: f"Add --allow {remedy.name} to accept it",
        Means.ALLOW_PATH: f"To edit it anyway, pass --allow-path {remedy.name}",
        Means.SMALLER_SCOPE: "Choose a smaller scope, such as --scope lines:A-B or --scope symbol:NAME",
        Means.LARGER_SCOPE: "Choose a larger scope, such as --scope file",
        Means.LINES_SCOPE: "Pass --scope lines:A-B or --scope file",
        Means.PREDICTION_OFF: "Use --prediction off",
        Means.VALID_KEY: "Set CEREBRAS_API_KEY to a valid key, or use --offline",
        Means.ANY_KEY: "For any other instruction, give a model a key: editsvc auth login, or CEREBRAS_API_KEY",
        Means.KNOWN_MODEL: (f"Did you mean --model {remedy.name}? " if remedy.name else "")
        + "Check --model and the base URL; editsvc models lists what the server offers",
        Means.KNOWN_SETTINGS: f"editsvc config show {remedy.name} explains it"
        if remedy.name
        else "editsvc config show --all lists them",
        Means.KNOWN_RUNS: "editsvc undo --list lists the runs that can be undone",
        Means.UNDO: "Run editsvc undo to restore the old text",
    }
    return f"{texts[remedy.means]} {remedy.when}".rstrip() + "."
