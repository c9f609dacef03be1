"""How help and usage errors look: every group and command of the command line is drawn by what stands here.

Text is wrapped to the terminal, between words only: a name such as ``--allow-path`` stays whole. The lines of a
paragraph that begins with a backspace (click's mark) are commands to copy, and stay whole as well; what does not fit
there is the remark behind a command, which then gets a line of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import click

from editsvc import late
from editsvc.nearest import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.shell_completion import CompletionItem

_WIDEST: Final = 100
_USUAL: Final = 80
# Columns that a meaning needs to stand beside its term.
_ROOM: Final = 26
_INDENT: Final = "  "
_KEPT: Final = "\b"
_STAYS: Final = "\N{NO-BREAK SPACE}"
_REMARK: Final = late.pattern(r"(?P<command>.*\S)\s{2,}(?P<remark># .*)")


def columns() -> int:
    """The width of the terminal: $COLUMNS, else that of the first stream which is one, else 80."""
    if os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size().columns
    for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
        with suppress(OSError, ValueError):  # not a terminal, or closed
            return os.get_terminal_size(stream.fileno()).columns or _USUAL
    return _USUAL


def wrapped(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """`text` in lines of at most `width` columns, broken between words; a longer word has a line of its own."""
    return textwrap.wrap(
        text,
        max(width, 1),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def completed_by(
    name: str,
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What a shell completes a parameter by: the function `name` of `editsvc.cli.completing`, loaded when it asks."""

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        from editsvc.cli import completing

        found: list[CompletionItem] = getattr(completing, name)(context, parameter, typed)
        return found

    return complete


class Formatter(click.HelpFormatter):
    """Help as lines of text."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How the command is called."""
        first = "Usage: " if prefix is None else prefix
        lines = wrapped(f"{first}{prog} {args}", self.width, hanging=" " * len(first))
        self.write("".join(f"{line}\n" for line in lines))

    def write_text(self, text: str) -> None:
        """Paragraphs, with a blank line between two."""
        paragraphs = [
            paragraph for paragraph in re.split(r"\n[ \t]*\n", text.strip("\n")) if paragraph.strip()
        ]
        for number, paragraph in enumerate(paragraphs):
            if number:
                self.write_paragraph()
            indent = " " * self.current_indent
            first, _, rest = paragraph.partition("\n")
            if first.strip() == _KEPT:
                lines = [
                    piece for line in rest.split("\n") for piece in _kept(line, self.width - len(indent))
                ]
                self.write("".join(f"{indent}{line}\n" for line in lines))
            else:
                self.write("".join(f"{line}\n" for line in wrapped(paragraph, self.width, indent)))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms and what they mean: side by side, or one below the other where the terminal is narrow."""
        indent = " " * self.current_indent
        rows = list(rows)
        longest = max((len(term) for term, _ in rows if len(term) <= col_max - col_spacing), default=0)
        beside = self.width - len(indent) - longest - col_spacing >= _ROOM
        hanging = indent + (" " * (longest + col_spacing) if beside else _INDENT * 2)
        for term, meaning in rows:
            lines = wrapped(meaning, self.width, hanging)
            if beside and len(term) <= longest and lines:
                lines[0] = (indent + term).ljust(len(hanging)) + lines[0][len(hanging) :]
            else:
                lines = [*_term(term, self.width, indent), *lines]
            self.write("".join(f"{line}\n" for line in lines))


def _term(term: str, width: int, indent: str) -> list[str]:
    """A term in lines; a list of choices breaks behind a bar."""
    if len(indent) + len(term) <= width:
        return [indent + term]
    lines = wrapped(term.replace("|", "| "), width, indent, indent + _INDENT * 2)
    return [line.replace("| ", "|") for line in lines]


def _kept(line: str, width: int) -> list[str]:
    """A line that is not broken; a remark that does not fit comes first."""
    found = _REMARK.fullmatch(line)
    if len(line) <= width or found is None:
        return [line.rstrip()]
    indent = " " * (len(line) - len(line.lstrip()))
    return [*wrapped(found["remark"], width, indent, f"{indent}# "), found["command"]]


class Context(click.Context):
    """A command's context, with help as wide as the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        """A formatter for the terminal as it is now."""
        return Formatter(width=self.terminal_width or min(columns(), _WIDEST))


class Command(click.Command):
    """A command."""

    context_class = Context


class CommandGroup(click.Group):
    """A group: alone it prints its help as a usage error, and a misspelt command is answered with the likely one."""

    context_class = Context
    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raises HelpWanted where a command is missing."""
        if not args and not self.invoke_without_command and not ctx.resilient_parsing:
            raise HelpWanted(ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; raises click.UsageError if there is none."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            raise click.UsageError(f"No such command {name!r}.{self._instead(ctx, name)}", ctx)
        return super().resolve_command(ctx, args)

    def _instead(self, ctx: click.Context, name: str) -> str:
        found = closest(name, self.list_commands(ctx))
        return f" Did you mean {found!r}?" if found else ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with its whole line."""
        with formatter.section("Commands"):
            formatter.write_dl(self.lines(ctx))

    def lines(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Each command's name, and a line about it."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        return [(name, command.get_short_help_str(1000)) for name, command in found if command is not None]


class HelpWanted(click.UsageError):
    """A group was called without a command: print its help."""

    def __init__(self, ctx: click.Context) -> None:
        super().__init__("A command is missing.", ctx)
        self.help = ctx.get_help()


def tell(error: click.ClickException) -> None:
    """Say on stderr what is wrong with a call: usage first, then the sentence.

    What was typed may hold anything, and stands in the error's message alone; the rest is click's and ours.
    """
    from editsvc.cli.output import visible

    if isinstance(error, HelpWanted):
        click.echo(error.help, err=True)
        return
    error.__dict__["message"] = visible(error.message)
    lines = f"Error: {error.format_message()}".expandtabs(2).split("\n")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        command = f"{context.command_path} --help".replace(" ", _STAYS)
        lines = [*context.get_usage().split("\n"), f"Try '{command}' for help.", "", *lines]
    if sys.stderr.isatty():
        width = columns()
        lines = [piece for line in lines for piece in _narrowed(line, width)]
    click.echo("\n".join(lines).replace(_STAYS, " "), err=True)


def _narrowed(line: str, width: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()))
    return wrapped(line.strip(), width, indent) or [""]


def styled(command: Any) -> click.Command:
    """`command` with the look of ours, whatever class it was made of."""
    if not issubclass(command.context_class, Context):
        command.context_class = Context
    made: click.Command = command
    return made
