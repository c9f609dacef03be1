"""What goes to stdout and stderr, and how it looks on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from editsvc import figures, late
from editsvc.cli import looks
from editsvc.engine.edit import Restart

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    from editsvc.engine.edit import EditResult

# Controls, and characters that reorder or hide what is around them; JSON itself escapes those below U+0020 alone.
_UNPRINTABLE_IN_JSON: Final = late.pattern(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_DIFF_COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


def write_json(value: Any, *, indent: int = 2) -> None:
    """`value` as indented JSON on stdout; what could steer a terminal is written as an escape of JSON's."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()
    write_bytes(_UNPRINTABLE_IN_JSON.sub(_json_escape, text).encode() + b"\n")


def write_json_line(value: Any) -> None:
    """`value` as one line of JSON on stdout, there at once for whoever reads."""
    text = msgspec.json.encode(value).decode()
    write_bytes(_UNPRINTABLE_IN_JSON.sub(_json_escape, text).encode() + b"\n")


def write_bytes(data: bytes) -> None:
    """`data` on stdout, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write_text(text: str) -> None:
    """`text` on stdout: with whatever could steer a terminal made visible on one, as it is everywhere else."""
    if sys.stdout.isatty():
        click.echo("\n".join(map(visible, text.split("\n"))), nl=False)
    else:
        write_bytes(text.encode())


def write_line(line: str) -> None:
    """A line for people on stdout, with whatever could steer a terminal made visible."""
    click.echo(visible(line))


def print_message(sentence: str) -> None:
    """A sentence for people, on stderr: one line, with whatever could steer a terminal made visible.

    File names and what servers say may hold anything, line ends that fake a second sentence included.
    """
    click.echo(visible(sentence), err=True)


def write_diff(diff: bytes, *, paged: bool = True) -> None:
    """A unified diff on stdout: for people if that is a terminal or colours are wanted, else byte for byte.

    On a terminal it goes through the user's pager, if it may be `paged`.
    """
    on_terminal = sys.stdout.isatty()
    if not diff or not (on_terminal or looks.coloured()):
        write_bytes(diff)
        return
    lines = diff.decode("utf-8", "replace").split("\n")
    shown = coloured_diff(lines) if looks.coloured() else map(visible, lines)
    text = "\n".join(shown)
    if on_terminal and paged:
        from editsvc.cli import pager

        command = pager.wanted()
        if command is not None and pager.page(command, text):
            return
    click.echo(text, nl=False, color=True)


def print_diff(diff: bytes) -> None:
    """A unified diff for people, on stderr, with whatever could steer a terminal made visible."""
    lines = diff.decode("utf-8", "replace").removesuffix("\n").split("\n")
    shown = coloured_diff(lines) if looks.coloured(sys.stderr) else map(visible, lines)
    for line in shown:
        click.echo(line, err=True, color=True)


def coloured_diff(lines: Sequence[str]) -> list[str]:
    """The lines of a diff in their colours, with the words marked that differ in lines which replace others."""
    from editsvc.cli.marks import changed_words

    shown: list[str] = []
    at = 0
    while at < len(lines):
        old = _run(lines, at, "-")
        new = _run(lines, at + len(old), "+")
        if old and new:
            group = (*old, *new)
            marks = [
                mark for side in changed_words([x[1:] for x in old], [x[1:] for x in new]) for mark in side
            ]
            shown += [_marked(line, ranges) for line, ranges in zip(group, marks, strict=True)]
        else:
            group = tuple(old or new or lines[at : at + 1])
            shown += map(coloured_line, group)
        at += len(group)
    return shown


def _run(lines: Sequence[str], start: int, prefix: str) -> list[str]:
    """The lines from `start` on that begin with `prefix`, and are no names of files."""
    end = start
    while end < len(lines) and lines[end].startswith(prefix) and not _is_name(lines, end):
        end += 1
    return list(lines[start:end])


def _is_name(lines: Sequence[str], at: int) -> bool:
    """Whether a line names a file: the two names come one behind the other, and a hunk follows."""
    first = at - 1 if lines[at].startswith("+++ ") else at
    names = [line[:4] for line in lines[max(first, 0) : first + 2]]
    return (
        names == ["--- ", "+++ "]
        and lines[first + 2 : first + 3] != []
        and lines[first + 2].startswith("@@ ")
    )


def _marked(line: str, ranges: Sequence[tuple[int, int]]) -> str:
    """A removed or added line with those ranges, behind its prefix, in reverse video."""
    if not ranges:
        return coloured_line(line)
    colour = _DIFF_COLOURS[line[0]]
    pieces, done = [], 0
    for start, end in ranges:
        pieces.append(click.style(visible(line[done : start + 1]), fg=colour))
        pieces.append(click.style(visible(line[start + 1 : end + 1]), fg=colour, reverse=True))
        done = end + 1
    pieces.append(click.style(visible(line[done:]), fg=colour))
    return "".join(pieces)


def coloured_line(line: str) -> str:
    """One line of a diff in its colour, with whatever could steer a terminal made visible."""
    return click.style(
        visible(line), fg=_DIFF_COLOURS.get(line[:1]), bold=line.startswith(("---", "+++")) or None
    )


def visible(line: str) -> str:
    """`line` with control characters, tabs excepted, as escapes: code must not move somebody's cursor."""
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() or char == "\t" else _escape(char) for char in line)


def utf8(text: str) -> str:
    """`text`, with what is not UTF-8 in a file's name replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Shown:
    """What Rich draws, with whatever could steer a terminal made visible: names in the log come from workspaces."""

    def __init__(self, drawn: RenderableType) -> None:
        self._drawn = drawn

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for text, style, control in console.render(self._drawn, options):
            yield Segment(text if control else "\n".join(map(visible, text.split("\n"))), style, control)


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _escape(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"  # noqa: PLR2004 - a byte


@contextmanager
def progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr, if that is a terminal: call it with what is being done, how many are, and of how many."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def update(what: str, done: int, total: int) -> None:
            bar.update(task, description=f"{title}: {what}", completed=done, total=total)

        yield update


def token_line(result: EditResult) -> str:
    """``gpt-oss-120b · 2 of 31 sections · 204 tokens in 0.4 s · 96 % of the prediction accepted (188/7) · $0.0011``."""
    usage = result.usage
    parts = ["offline engine" if result.offline else (result.model or ""), *_scope(result)]
    took = f" in {figures.seconds(result.timing.total_s)}" if result.timing.total_s is not None else ""
    if usage.completion_tokens is not None:
        parts.append(f"{usage.completion_tokens:,} tokens{took}")
    else:
        parts.append(f"tokens not reported{took}")
    if Restart.LOCATED in result.restarts:
        parts.append("located")
    if Restart.NEXT_PART in result.restarts:
        parts.append(f"in {1 + result.restarts.count(Restart.NEXT_PART)} parts")
    again = [restart for restart in result.restarts if not restart.planned]
    if again:
        parts.append(f"asked again ({', '.join(again)})")
    parts.append(_prediction(result))
    if result.cost_usd is not None and not result.offline:
        parts.append(figures.dollars(result.cost_usd))
    return " · ".join(parts)


def _scope(result: EditResult) -> list[str]:
    """The scope that was offered to the model; empty for the whole file."""
    scope = result.scope
    if scope is None or scope.kind == "file":
        return []
    if result.parts_offered is not None and result.parts_offered > 1:
        rewritten = result.parts_rewritten
        return [
            f"{rewritten} of {result.parts_offered} sections"
            if rewritten
            else f"{result.parts_offered} sections"
        ]
    section = scope.sections[0]
    return [section.name or f"lines {section.first_line}-{section.last_line}"]


def _prediction(result: EditResult) -> str:
    accepted, rejected = result.usage.accepted_prediction_tokens, result.usage.rejected_prediction_tokens
    if result.decision is None or not result.decision.send:
        reason = f" ({result.decision.reason})" if result.decision else ""
        return f"no prediction{reason}"
    if accepted is None or rejected is None:
        return "prediction sent, its acceptance not reported"
    share = figures.accepted(accepted, rejected) or "nothing"
    return f"{share} of the prediction accepted ({accepted:,}/{rejected:,})"
