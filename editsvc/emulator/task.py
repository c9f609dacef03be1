"""Which file a request is about, what is asked for, and what the reply is to look like.

Requests that `editsvc.prompt` wrote are read by its own parser. For others the file is looked for where
people put it: in the prediction, in the largest fenced block, or in the longest of several messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from editsvc import prompt
from editsvc.text import BOM, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.emulator.wire import ChatRequest

_FENCED: Final = re.compile(
    r"^(?P<opening>(?P<fence>`{3,}|~{3,})[^\n`]*)\n(?P<code>(?:.*\n)*?)(?P=fence)[ \t]*$", re.MULTILINE
)
_RUN: Final = re.compile(r"`{3,}")


class Wrapper(Protocol):
    """How a reply to one request is written."""

    def wrap(self, code: str) -> str:
        """`code` as the reply is to hold it."""
        ...

    def cannot(self, reason: str) -> str:
        """The reply that says that the instruction can't be carried out."""
        ...

    def whole_file(self, reason: str) -> str:
        """The reply that asks for all of the file."""
        ...


@dataclass(frozen=True, slots=True)
class FoundWrapper:
    """The fence lines that were found around somebody's file; both are empty where there were none."""

    opening: str = ""
    closing: str = ""

    def wrap(self, code: str) -> str:
        """`code` between the fence lines, or as it is."""
        if not self.opening:
            return code
        end = "" if not code or code.endswith("\n") else "\n"
        return f"{self.opening}\n{code}{end}{self.closing}"

    def cannot(self, reason: str) -> str:
        """A sentence; there is no agreed form."""
        return f"I'm sorry, but I can't do that: {reason}"

    def whole_file(self, reason: str) -> str:
        """A sentence; there is no agreed form."""
        return f"I need to see the whole file: {reason}"


@dataclass(frozen=True, slots=True)
class Job:
    r"""One request as a responder sees it; all texts have ``\n`` only.

    `conversation` is the text of all messages; `target` is what is to be rewritten, the whole `document` or a
    part of it; `filename` is empty where the request names none.
    """

    conversation: str
    document: str
    target: str
    instruction: str
    filename: str
    wrapper: Wrapper


def read_job(request: ChatRequest) -> Job | None:
    """The job in `request`, or None where no file can be made out."""
    texts = [normalise(message.text) for message in request.messages]
    conversation = "\n".join(texts)
    parsed = prompt.parse(
        [
            prompt.Message("user" if message.role == "user" else "system", text)
            for message, text in zip(request.messages, texts, strict=True)
        ]
    )
    if parsed is not None:
        return Job(conversation, parsed.document, parsed.target, parsed.instruction, parsed.filename, parsed)
    asked = [text for message, text in zip(request.messages, texts, strict=True) if message.role == "user"]
    found = _find_file(asked, None if request.predicted is None else normalise(request.predicted))
    if found is None:
        return None
    document, wrapper = found
    block = wrapper.wrap(document)
    rest = "\n".join(text.replace(block, "").replace(document, "") if document else text for text in asked)
    return Job(conversation, document, document, rest.strip(), "", wrapper)


def _find_file(asked: Sequence[str], predicted: str | None) -> tuple[str, FoundWrapper] | None:
    if predicted is not None:
        fenced = _FENCED.fullmatch(predicted.strip("\n"))
        return _block(fenced) if fenced else (predicted, FoundWrapper())
    blocks = [match for text in asked for match in _FENCED.finditer(text)]
    if blocks:
        return _block(max(blocks, key=lambda match: len(match["code"])))
    if len(asked) > 1:
        return max(asked, key=len), FoundWrapper()
    return None


def _block(match: re.Match[str]) -> tuple[str, FoundWrapper]:
    return match["code"], FoundWrapper(match["opening"], match["fence"])


def fence_for(code: str) -> str:
    """A fence of at least three backticks that nothing in `code` can close."""
    return "`" * max(3, 1 + max(map(len, _RUN.findall(code)), default=0))


def canonical(text: str) -> str:
    """`text` without what editors and transports change: BOM, line ends, final newlines."""
    return normalise(text.removeprefix(BOM)).rstrip("\n")
