"""Documents to measure with, and edits of them: ASCII text of Python's own library, so that they are like real ones."""

from __future__ import annotations

import random
import re
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bench.server import Reply

_MODULES: Final = (
    "argparse.py",
    "tarfile.py",
    "inspect.py",
    "typing.py",
    "ast.py",
    "pydoc.py",
    "turtle.py",
    "_pydecimal.py",
    "_pyio.py",
    "doctest.py",
    "zipfile.py",
    "subprocess.py",
    "mailbox.py",
    "optparse.py",
    "pickle.py",
    "pdb.py",
    "smtplib.py",
    "shutil.py",
    "threading.py",
    "unittest/mock.py",
)
_DEFINITION: Final = re.compile(r"(?m)^(?:class|def) ")
_ASSIGNMENT: Final = re.compile(r"^( +\w+ = )([\w.]+(?:\([\w., ]*\))?)$")
INSTRUCTION: Final = "Pass the values that are assigned in the places that may be wrong through checked()."


@dataclass(frozen=True, slots=True)
class Case:
    """A document, what it is to become, and what a model says to that."""

    before: str
    after: str
    reply: Reply

    @property
    def tokens(self) -> int:
        """How many tokens the reply has."""
        return len(self.reply.pieces)


@cache
def python_text(lines: int) -> str:
    """About so many lines of Python, whole definitions; the modules come again if they are not enough."""
    library = Path(sysconfig.get_path("stdlib"))
    parts: list[str] = []
    missing, turn = lines, 0
    while missing > 0:
        path = library / _MODULES[turn % len(_MODULES)]
        turn += 1
        text = path.read_text("utf-8") if path.exists() else ""
        if (
            not text or not text.isascii()
        ):  # one other character, and Python holds all of them in twice the memory
            continue
        count = text.count("\n")
        if count > missing:
            starts = [found.start() for found in _DEFINITION.finditer(text)]
            at = next((at for at in starts if text.count("\n", 0, at) >= missing), len(text))
            text = text[:at]
            count = max(missing, text.count("\n"))
        parts.append(text)
        missing -= count
    return "".join(parts)


def changed(text: str, share: float, seed: int = 1) -> str:
    """`text` with about that share of its lines changed, where they assign something simple; at least one is."""
    lines = text.split("\n")
    places = [number for number, line in enumerate(lines) if _ASSIGNMENT.match(line)]
    rng = random.Random(seed)
    for number in rng.sample(places, min(len(places), max(1, round(share * len(lines))))):
        lines[number] = _ASSIGNMENT.sub(r"\1checked(\2)", lines[number])
    return "\n".join(lines)


def reply_of(text: str, *, info: str = "python", accepted_share: float = 0.95) -> Reply:
    """A reply that holds `text` in the fence that the engine asks for."""
    from editsvc.tokens import tokenizer  # noqa: PLC0415 - takes 0.1 s

    pieces = tokenizer().pieces(f"````{info}\n{text}````\n")
    accepted = int(accepted_share * len(pieces))
    return Reply(pieces, accepted, rejected=(len(pieces) - accepted) // 2, prompt=2 * len(pieces))


@cache
def rewritten(lines: int, share: float = 0.02) -> Case:
    """An edit of a Python file of about so many lines that changes that share of them."""
    before = python_text(lines)
    after = changed(before, share)
    return Case(before, after, reply_of(after))
