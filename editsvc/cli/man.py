"""The manual page, made from the help of every command, as roff."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from editsvc import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPECIAL: Final = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
_KEPT: Final = "\b"
_FILES: Final = (
    ("~/.config/editsvc/config.toml", "The user's settings; editsvc config path prints where they are."),
    (".editsvc.toml", "The settings of a project, in its folder or above."),
    (
        "~/.local/share/editsvc",
        "The data folder: log, policy, undo journal, instructions, a key without a keyring.",
    ),
)
_VARIABLES: Final = (
    ("CEREBRAS_API_KEY", "The API key; the first place where one is looked for."),
    ("CEREBRAS_BASE_URL", "The URL of the server, without /v1."),
    ("EDITSVC_CONFIG, EDITSVC_DATA_DIR", "The settings file and the data folder to use instead."),
    ("EDITSVC_NAME", "The setting NAME, in capitals; editsvc config show --all lists them."),
    (
        "NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE",
        "Whether colours are used, where --color does not say it.",
    ),
    ("GIT_PAGER, PAGER, LESS", "The pager for long diffs, by git's rules."),
    ("VISUAL, EDITOR", "The editor for rewrite -e and config edit."),
)
_EXITS: Final = (
    (
        "0",
        "Done: changed, or nothing to change; of several files, some may lack what the instruction is about.",
    ),
    ("1", "Refused: by the model, by a check, or because the file has changed."),
    ("2", "Usage."),
    ("3", "The provider failed."),
    ("4", "The key or a setting is missing or wrong."),
    ("130", "Interrupted."),
)


def page(group: click.Command) -> str:
    """The page about `group`, with a section for each of its commands."""
    context = click.Context(group, info_name="editsvc")
    lines = [
        f'.TH EDITSVC 1 "" "editsvc {__version__}" "editsvc manual"',
        ".SH NAME",
        f"editsvc \\- {_text((group.help or '').partition(chr(10))[0].rstrip('.')).lower()}",
        ".SH SYNOPSIS",
        ".B editsvc",
        "[OPTIONS] COMMAND [ARGS]...",
        ".SH DESCRIPTION",
        *_paragraphs(group.help or ""),
        ".SH OPTIONS",
        *_terms(_records(context)),
        ".SH COMMANDS",
    ]
    for found in _commands(group, context):
        lines += _command(found)
    lines += [".SH EXIT STATUS", *_terms(_EXITS)]
    lines += [".SH ENVIRONMENT", *_terms(_VARIABLES)]
    lines += [".SH FILES", *_terms(_FILES)]
    return "\n".join([*lines, ""])


def _commands(group: click.Command, context: click.Context) -> Iterator[click.Context]:
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if found is None or found.hidden:
            continue
        inner = click.Context(found, info_name=name, parent=context, help_option_names=["-h", "--help"])
        yield inner
        yield from _commands(found, inner)


def _command(context: click.Context) -> Iterator[str]:
    command = context.command
    yield f".SS {_text(context.command_path)}"
    yield _text(" ".join([context.command_path, *command.collect_usage_pieces(context)]))
    yield ".PP"
    yield from _paragraphs(command.help or "")
    yield from _terms(_records(context))
    if command.epilog:
        yield ".PP"
        yield from _paragraphs(command.epilog)


def _records(context: click.Context) -> list[tuple[str, str]]:
    records = (param.get_help_record(context) for param in context.command.params)
    return [record for record in records if record is not None]


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of help as roff; what click keeps as it is stays so."""
    for number, paragraph in enumerate(re.split(r"\n[ \t]*\n", text.strip("\n"))):
        if number:
            yield ".PP"
        first, _, rest = paragraph.partition("\n")
        if first.strip() == _KEPT:
            yield ".nf"
            yield from (_text(line.rstrip()) for line in rest.split("\n"))
            yield ".fi"
        else:
            yield _text(" ".join(paragraph.split()))


def _terms(rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> Iterator[str]:
    for term, meaning in rows:
        yield ".TP"
        yield f".B {_text(term)}"
        yield _text(meaning)


def _text(text: str) -> str:
    """Text that roff prints as it is: hyphens that can be copied, and no line that begins with a command."""
    text = "".join(
        _SPECIAL.get(char) or (char if char.isascii() else f"\\[u{ord(char):04X}]") for char in text
    )
    return f"\\&{text}" if text.startswith(".") else text
