"""The words that differ between removed lines and the added ones in their place, for marking on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editsvc import late

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN: Final = late.pattern(r"\w+|\s+|[^\w\s]")
_LINE_END: Final = "\0"
_LONGEST: Final = 20_000  # characters; more is not read word by word
# Below this share of equal characters, lines are others, and marks all over them say nothing.
_LEAST_ALIKE: Final = 0.4

Marks = list[list[tuple[int, int]]]
"""For each line the ranges of characters that are marked."""


def changed_words(old: Sequence[str], new: Sequence[str]) -> tuple[Marks, Marks]:
    """What differs in lines that replace others, without their prefixes; nothing where most of it does."""
    none: tuple[Marks, Marks] = ([[] for _ in old], [[] for _ in new])
    if not old or not new or sum(map(len, old)) + sum(map(len, new)) > _LONGEST:
        return none
    from editsvc.text.diff import changed_spans

    was, now = list(_tokens(old)), list(_tokens(new))
    spans = changed_spans(_as_lines(was), _as_lines(now))
    dropped = [token for span in spans for token in was[span.old_start : span.old_end]]
    added = [token for span in spans for token in now[span.new_start : span.new_end]]
    if min(_alike(was, dropped), _alike(now, added)) < _LEAST_ALIKE:
        return none
    return (
        _ranges(was, [(span.old_start, span.old_end) for span in spans], len(old)),
        _ranges(now, [(span.new_start, span.new_end) for span in spans], len(new)),
    )


def _tokens(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield from _TOKEN.findall(line)
        yield _LINE_END


def _as_lines(tokens: Sequence[str]) -> str:
    return "".join(f"{token}\n" for token in tokens)


def _alike(tokens: Sequence[str], different: Sequence[str]) -> float:
    """The share of the characters that stay, blanks left out."""
    whole = sum(len(token) for token in tokens if not token.isspace() and token != _LINE_END)
    other = sum(len(token) for token in different if not token.isspace() and token != _LINE_END)
    return 1 - other / whole if whole else 0.0


def _ranges(tokens: Sequence[str], spans: Sequence[tuple[int, int]], lines: int) -> Marks:
    found: Marks = [[] for _ in range(lines)]
    marked = {at for start, end in spans for at in range(start, end)}
    line = column = 0
    for at, token in enumerate(tokens):
        if token == _LINE_END:
            line, column = line + 1, 0
            continue
        if at in marked:
            last = found[line][-1] if found[line] else None
            if last is not None and last[1] == column:
                found[line][-1] = (last[0], column + len(token))
            else:
                found[line].append((column, column + len(token)))
        column += len(token)
    return found
