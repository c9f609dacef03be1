"""Which lines say where a text comes from: by their words and their rarity, never by their length.

Braces, blank lines and lone keywords occur in any text, so that to find one tells nothing. A line with a word of its
own does, however short it is, and the more so the fewer there are of it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_WORD: Final = re.compile(r"\w+")
# What stands alone on a line in one language or another, and begins, divides or ends any block.
_COMMON: Final = frozenset(
    _WORD.findall(
        "begin break case catch class continue default defer do done else endfor endforeach endif endwhile end esac "
        "except exit false fi finally for if in loop nil none null override param pass private protected public rescue "
        "return returns self static summary super test then this throw true try unsafe void while yield"
    )
)


def tells(content: str) -> bool:
    """Whether `content`, a line without the white space around it, has a word that not just any text has."""
    return any(word[0] not in _COMMON for word in _WORD.finditer(content.lower()))


def telling(lines: Iterable[str]) -> list[str]:
    """Those of `lines` that tell something, in order, without the white space around them."""
    return [content for content in map(str.strip, lines) if content and tells(content)]


def counted(lines: Iterable[str], contents: Collection[str]) -> Counter[str]:
    """How often each of `contents` occurs in `lines`, whatever their indentation."""
    return Counter(content for content in map(str.strip, lines) if content in contents)
