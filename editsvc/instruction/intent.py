"""What an instruction asks for, read once: what may go, move or look different, and which names it speaks of.

An instruction may be in any human language. What is not understood is `None` or not `understood`, never "no": whoever
reads an intent has to tell "does not ask for it" from "nobody knows".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Intent:
    """What one instruction asks for.

    `understood` tells that its verb is a known one of a known language; without it the other answers are only what the
    words show. `narrow` tells that it states one change in full (rename A to B, set X to 3), so that nothing else is
    meant. `removes`: lines may go. `rewrites`: much may become different (refactor, simplify, translate). `reindents`,
    `retabs`, `requotes`, `respaces` (blank lines, white space), `respells` (typography, accents, entities, invisible
    characters), `reorders`, `comments` (comments may come, go or change), `stubs`, `json`, `patches`, `fences` and
    `final_newline` tell that the instruction speaks of that. `words` are the words and names in it that may occur in a
    document, in lower case, with the parts of compound names; `literal` is the instruction itself.
    """

    literal: str
    understood: bool = False
    narrow: bool = False
    removes: bool = False
    rewrites: bool = False
    reindents: bool = False
    retabs: bool = False
    requotes: bool = False
    respaces: bool = False
    respells: bool = False
    reorders: bool = False
    comments: bool = False
    stubs: bool = False
    json: bool = False
    patches: bool = False
    fences: bool = False
    final_newline: bool = False
    words: frozenset[str] = frozenset()


_ASKS_TO_REMOVE: Final = re.compile(
    r"\b(?:remov|delet|tak(?:e|ing) .{1,40}(?:away|out)\b|"
    r"drop|strip|clean|simplif|reduc|shrink|shorten|extract|split|keep only|only keep|replac|"
    r"rewrit|trim|cut|prun|purg|dedup|inlin|merg|collaps|mov|discard|get rid|eliminat|unused|dead|minif|condens|"
    r"refactor|empty|clear|unif|consolidat|redundan|duplicat|deprecat|obsolete|revert|undo|truncat|leave out)",
    re.IGNORECASE,
)
_ASKS_TO_INDENT: Final = re.compile(
    r"\b(?:indent|dedent|unindent|outdent|format|reformat|tabs?|spaces?|whitespace|white space|prettier|black|gofmt|"
    r"rustfmt|style|align|unwrap|flatten|unnest|nest|pep ?8|lint|early return|guard clause|minif)",
    re.IGNORECASE,
)
_ASKS_FOR_REMARKS: Final = re.compile(r"\b(?:comment|todo|remark)", re.IGNORECASE)
# What moves code to another depth does not ask for other white space to do it with.
_ASKS_TO_RETAB: Final = re.compile(
    r"\b(?:indent|format|reformat|tabs?|spaces?|whitespace|white space|prettier|black|gofmt|rustfmt|style|align|"
    r"pep ?8)",
    re.IGNORECASE,
)
_ASKS_FOR_STUBS: Final = re.compile(
    r"\b(?:stub|protocol|abstract|overload|interface|ellipsis|placeholder|\.pyi)", re.IGNORECASE
)
_ASKS_FOR_JSON: Final = re.compile(r"json", re.IGNORECASE)
_ASKS_FOR_A_PATCH: Final = re.compile(r"\b(?:diff|patch|conflict|hunk)", re.IGNORECASE)
_ABOUT_FINAL_NEWLINE: Final = re.compile(
    r"\b(?:final|trailing|last|missing) (?:new ?line|line (?:end|break|feed))|new ?line at (?:the )?end|\beof\b",
    re.IGNORECASE,
)


def intent_of(instruction: str) -> Intent:
    """What `instruction` asks for."""

    def asks(form: re.Pattern[str]) -> bool:
        return form.search(instruction) is not None

    return Intent(
        literal=instruction,
        understood=True,
        removes=asks(_ASKS_TO_REMOVE),
        reindents=asks(_ASKS_TO_INDENT),
        retabs=asks(_ASKS_TO_INDENT) and asks(_ASKS_TO_RETAB),
        comments=asks(_ASKS_FOR_REMARKS),
        stubs=asks(_ASKS_FOR_STUBS),
        json=asks(_ASKS_FOR_JSON),
        patches=asks(_ASKS_FOR_A_PATCH),
        final_newline=asks(_ABOUT_FINAL_NEWLINE),
        words=frozenset(re.findall(r"\w+", instruction.lower())),
    )
