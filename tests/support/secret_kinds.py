"""Realistic secrets in the code around them, by kind, made from `fixtures/secrets/kinds.txt`."""

from __future__ import annotations

import random
import re
import string
import uuid
from pathlib import Path
from typing import NamedTuple

KINDS = Path(__file__).parents[2] / "fixtures" / "secrets" / "kinds.txt"
_PART = re.compile(r"\{(?:u|([a-zA-Z])([0-9]+))\}")
_SIGNS = "!#%+-_=^*~"
_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "m": string.ascii_letters,
    "U": string.ascii_uppercase + "234567",
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "-_",
    "b": string.ascii_letters + string.digits + "+/",
    "s": string.ascii_letters + string.digits + _SIGNS,
}


class Example(NamedTuple):
    """A piece of code with a secret from `start` up to `end`."""

    kind: str
    text: str
    start: int
    end: int


def examples(seed: int = 0) -> list[Example]:
    """One example of each kind; another `seed` makes other secrets."""
    chance = random.Random(seed)
    lines = KINDS.read_text("utf-8").split("\n")
    return [_made(*line.split("  ", 1), chance) for line in lines if line and not line.startswith("#")]


def _made(kind: str, template: str, chance: random.Random) -> Example:
    def part(match: re.Match[str]) -> str:
        name, length = match.groups()
        if name is None:
            return str(uuid.UUID(int=chance.getrandbits(128), version=4))
        # Words of one kind of characters are no random ones; people and machines see to that.
        while True:
            made = "".join(chance.choice(_ALPHABETS[name]) for _ in range(int(length)))
            if made[0].isalnum() and made[-1].isalnum() and (name not in "as" or _is_mixed(made)):
                return made

    text = _PART.sub(part, template).replace("⏎", "\n")
    start, end = text.index("«"), text.index("»") - 1
    return Example(kind, text.replace("«", "").replace("»", "") + "\n", start, end)


def _is_mixed(word: str) -> bool:
    return len(word) < 8 or (any(map(str.isdigit, word)) and any(map(str.islower, word)))
