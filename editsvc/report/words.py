"""The kinds of errors in words: the log has names of classes, and people read reports."""

from __future__ import annotations

from typing import Final

ERRORS: Final = {
    "UsageError": "a command that contradicts itself",
    "SettingsError": "a wrong setting or key",
    "Refused": "refused",
    "DocumentRefused": "no text, or too long for the model",
    "ScopeRefused": "not one place in the document",
    "ModelRefused": "the model declined",
    "CostReached": "the run had cost what it may",
    "GuardRefused": "the reply failed a check",
    "Misfit": "the reply's sections were not those offered",
    "Stale": "the document had changed",
    "PathRefused": "a path that was not allowed",
    "NotUnderstood": "no form that the offline engine knows",
    "NotApplicable": "the target is missing or ambiguous",
    "NotHere": "nothing in the document to do",
    "ProviderError": "the server failed",
    "ProviderUnreachable": "no connection",
    "ProviderTimeout": "the server was silent too long",
    "ProviderRateLimited": "a rate limit",
    "ProviderUnavailable": "the server was unavailable",
    "ProviderBusy": "the server was busy",
    "ProviderRejected": "the server did not accept the request",
    "ContextExceeded": "too long for the server",
    "PredictionUnsupported": "the server takes no predictions",
    "ProviderProtocolError": "an answer in no known form",
    "IncompleteReply": "the reply broke off",
    "EndlessReply": "the reply had no end",
    "ProviderAuthError": "the key was not accepted",
    "Defect": "a bug",
    "Cancelled": "cancelled",
    "FileError": "a file could not be read or written",
    "LogUnavailable": "the log could not be used",
    "RecordNotTaken": "the log did not take a record",
    "RecordWaits": "a record waits for the log",
    "NotApplied": "a search text did not say where",
}


def error(kind: str) -> str:
    """An error's kind in words, with the name of the check behind a colon; an unknown name as it is."""
    name, _, check = kind.partition(":")
    words = ERRORS.get(name, name)
    return f"{words} ({check.replace('-', ' ')})" if check else words
