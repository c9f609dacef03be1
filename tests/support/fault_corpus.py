"""The fault corpus, read: ``fixtures/faults``. docs/faults.md describes the format."""

import re
from dataclasses import dataclass
from pathlib import Path

from sections import Section, read

FOLDER = Path(__file__).parents[2] / "fixtures" / "faults"

# Every known way to damage files or trust, in the order of docs/faults.md; the first eleven lose work without a word.
ROWS = {
    "truncated-reply": "A reply that is not whole",
    "elision": "Code that is left out",
    "moving-buffer": "Text that moves while the reply is made",
    "false-applied": "An editor that says one thing and does another",
    "indentation": "White space",
    "leaking-frame": "What surrounds the code, and gets in",
    "prose": "Words instead of code",
    "wrong-file": "The wrong document",
    "line-ends": "Line ends, and the end of the file",
    "positions": "Where a line ends, and how wide a character is",
    "not-text": "What is no text",
    "reject": "Taking back",
    "undo": "Undoing, and saving",
    "slow-diff": "Slow comparisons",
    "flood": "Too many messages",
    "cancel": "Cancelling",
    "queue": "Waiting requests",
    "too-long": "Long files",
    "one-at-a-time": "Several edits",
    "selection": "Selections",
    "code-in-json": "Code in JSON",
    "language-guess": "Guesses about language",
    "wrong-place": "The right text in the wrong place",
    "doubling": "What is there twice",
    "retouched": "The old line, but for a character",
    "loss": "What is gone without a word",
    "undone": "An edit that was not made",
    "right-edits": "Right edits that look wrong",
    "clients-differ": "Editors that differ",
}
_ESCAPE = re.compile(r"\\(?:x(?P<byte>[0-9a-f]{2})|u(?P<code>[0-9a-f]{4})|(?P<letter>[rnt\\])|\n)")
_LETTERS = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}
# What only an editor has.
_OF_BUFFERS = (
    "typed",
    "typed late",
    "typed afterwards",
    "client claims",
    "switched to",
    "selection",
    "rejected",
    "conflict",
)


@dataclass(frozen=True)
class Fault:
    """A fixture: what happens (`story`, in paragraphs), the rule that prevents it, its rows, and the case."""

    name: str
    title: str
    story: str
    rule: str
    rows: tuple[str, ...]
    sections: dict[str, Section]

    def has(self, name: str) -> bool:
        """Whether there is such a section, plain or escaped."""
        return name in self.sections or f"{name} escaped" in self.sections

    def value(self, name: str) -> str:
        """What stands in the section's head."""
        return (self.sections.get(name) or self.sections[f"{name} escaped"]).value

    def content(self, name: str) -> bytes:
        """The bytes of a section."""
        if name in self.sections:
            return self.sections[name].text.encode()
        return unescaped(self.sections[f"{name} escaped"].text)

    def text(self, name: str) -> str:
        """The same as text."""
        return self.content(name).decode()

    @property
    def settings(self) -> dict[str, str]:
        """The settings that the case is about, as variables of the environment."""
        found = {}
        if self.has("divided"):
            found["EDITSVC_SCOPE_MIN_TOKENS"] = "1"
        if self.has("format"):
            found["EDITSVC_EDIT_FORMAT"] = self.value("format")
        return found

    @property
    def tests(self) -> list[str]:
        """The ids of tests that show what this fixture only describes."""
        return self.content("tests").decode().split() if self.has("tests") else []

    @property
    def of_buffers(self) -> bool:
        """Whether it can happen in an editor only."""
        return any(map(self.has, _OF_BUFFERS))


def unescaped(text: str) -> bytes:
    r"""The bytes of an escaped section: ``\xNN`` a byte, ``\uNNNN`` a character, ``\r \n \t \\``.

    A backslash at the end of a line takes the line end away.
    """
    parts, at = [], 0
    for match in _ESCAPE.finditer(text):
        parts.append(text[at : match.start()].encode())
        if match["byte"]:
            parts.append(bytes.fromhex(match["byte"]))
        elif match["code"]:
            parts.append(chr(int(match["code"], 16)).encode())
        elif match["letter"]:
            parts.append(_LETTERS[match["letter"]])
        at = match.end()
    assert "\\" not in _ESCAPE.sub("", text), "a backslash that is no escape"
    return b"".join([*parts, text[at:].encode()])


def load(path: Path) -> Fault:
    """The fixture in a file."""
    head = path.read_text("utf-8").partition("\n-- ")[0]
    title, *paragraphs = head.strip().split("\n\n")
    *story, facts = paragraphs
    lines = facts.split("\n")
    rule = [line.removeprefix("Rule: ") for line in lines if line.startswith("Rule: ")]
    rows = tuple(line.removeprefix("Row: ") for line in lines if line.startswith("Row: "))
    assert len(rule) == 1 and rows and len(lines) == 1 + len(rows), f"{path.name}: one Rule, then Rows"
    return Fault(path.stem, title, "\n\n".join(story), rule[0], rows, read(path))


def corpus() -> dict[str, Fault]:
    """Every fixture by its name."""
    return {path.stem: load(path) for path in sorted(FOLDER.glob("*.txt"))}
