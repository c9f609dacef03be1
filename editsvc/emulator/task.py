"""The task in a request: its file, its instruction, and the form of the reply.

Requests that `editsvc.prompt.rendering` wrote are read by its own parser. In others the file is searched for in
the usual places: the prediction, the largest fenced block, or the longest of several messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from editsvc.prompt import contents, rendering
from editsvc.text.document import BOM, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.emulator.wire import ChatRequest
    from editsvc.prompt.contents import Entry
    from editsvc.text.section import Section

_FENCED: Final = re.compile(
    r"^(?P<opening>(?P<fence>`{3,}|~{3,})[^\n`]*)\n(?P<code>(?:.*\n)*?)(?P=fence)[ \t]*$", re.MULTILINE
)
_RUN: Final = re.compile(r"`{3,}")


class Wrapper(Protocol):
    """How a reply to one request is written."""

    def wrap(self, code: str) -> str:
        """`code` in the form of the reply."""
        ...

    def wrap_sections(self, sections: Iterable[Section]) -> str:
        """Several sections of the file in the form of the reply, each with its number."""
        ...

    def cannot(self, reason: str) -> str:
        """The reply that says that the instruction can't be carried out."""
        ...

    def whole_file(self, reason: str) -> str:
        """The reply that asks for all of the file."""
        ...

    def needed(self, numbers: str) -> str:
        """The reply that asks for sections of the file."""
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

    def wrap_sections(self, sections: Iterable[Section]) -> str:
        """One after another; there is no agreed place for their numbers."""
        return "\n".join(self.wrap(section.text) for section in sections)

    def cannot(self, reason: str) -> str:
        """A sentence; there is no agreed form."""
        return f"I'm sorry, but I can't do that: {reason}"

    def whole_file(self, reason: str) -> str:
        """A sentence; there is no agreed form."""
        return f"I need to see the whole file: {reason}"

    def needed(self, numbers: str) -> str:
        """A sentence; there is no agreed form."""
        return f"I need to see these sections of the file: {numbers}"


@dataclass(frozen=True, slots=True)
class Job:
    r"""One request as a responder sees it; all texts have ``\n`` only.

    `conversation` is the text of all messages that ask for the edit; `filename` is empty if the request
    does not name the file. `sections` have their numbers and texts: empty if the whole `document` is to be rewritten,
    with the number 0 for a single section. If only excerpts of a long file are shown, `document` is empty, and only
    the sections are known. `turn` counts the replies that the request already holds. `listed` are the contents of a
    file that is not shown at once: the sections that a reply may ask for, all of them (`asks_where`) or others than are
    shown. `others` tells that changes in other sections are no business of the reply.
    """

    conversation: str
    document: str
    sections: Sequence[Section]
    instruction: str
    filename: str
    wrapper: Wrapper
    turn: int = 0
    listed: Sequence[Entry] = ()
    asks_where: bool = False
    others: bool = False

    @property
    def numbered(self) -> bool:
        """Whether the reply must number its sections."""
        return any(section.number for section in self.sections)

    @property
    def text(self) -> str:
        """The text to rewrite if sections are not numbered: the single section, or the document."""
        return self.sections[0].text if self.sections and not self.numbered else self.document


def read_job(request: ChatRequest) -> Job | None:
    """The job in `request`, or None if no file is recognised.

    A request of ours may go on after the task, with a reply and a remark on it: the job is the same.
    """
    texts = [normalise(message.text) for message in request.messages]
    roles = [message.role for message in request.messages]
    messages = [
        rendering.Message("user" if role == "user" else "system", text)
        for role, text in zip(roles, texts, strict=True)
    ]
    asked = rendering.task_in(messages)
    if asked is not None and roles[-1] == "user":
        task = "\n".join(texts[: asked + 1])
        questions = [found for found in map(contents.parse, texts) if found is not None]
        listed = [entry for question in questions for entry in question.entries]
        turn = roles[asked:].count("assistant")
        if contents.parse(texts[asked]) is not None:
            first = questions[0]
            return Job(
                task,
                "",
                (),
                first.instruction,
                first.filename,
                rendering.Parsed("", (), first.instruction, first.filename, rendering.Frame("")),
                turn,
                listed,
                asks_where=True,
            )
        parsed = rendering.parse(messages)
        if parsed is not None:
            return Job(
                task,
                parsed.document,
                parsed.sections,
                parsed.instruction,
                parsed.filename,
                parsed,
                turn,
                listed,
                others=parsed.others,
            )
    said = [text for role, text in zip(roles, texts, strict=True) if role == "user"]
    found = _find_file(said, None if request.predicted is None else normalise(request.predicted))
    if found is None:
        return None
    document, wrapper = found
    block = wrapper.wrap(document)
    rest = "\n".join(text.replace(block, "").replace(document, "") if document else text for text in said)
    return Job("\n".join(texts), document, (), rest.strip(), "", wrapper, roles.count("assistant"))


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
    """`text` without the details that editors and transports change: BOM, line ends, final newlines."""
    return normalise(text.removeprefix(BOM)).rstrip("\n")
