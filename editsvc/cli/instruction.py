"""Where an instruction comes from: an option, a file, an editor, or a line that is typed on the terminal."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from editsvc.cli import output
from editsvc.errors import UsageError
from editsvc.system import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.settings.schema import Settings

STDIN: Final = "-"
QUESTION: Final = "What should change? "
_EDITED_FILE: Final = "EDITSVC_INSTRUCTION"
# As git chooses with core.commentChar = auto: the first that begins no line of what is there already.
_COMMENT_SIGNS: Final = "#;@!$%^&|:"
_MOST_NAMED: Final = 10


def with_stdin(paths: Sequence[str]) -> tuple[str, ...]:
    """The files to edit: `paths`, or standard input if there are none and it is a pipe or a file."""
    if paths:
        return tuple(paths)
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # there is none, or it is closed
        return ()
    # Not a terminal, and not /dev/null, which is what services and CI jobs have.
    given = stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
    return (STDIN,) if given else ()


def read(given: str | None, file: str | None, *, edit: bool, paths: Sequence[str], settings: Settings) -> str:
    """The instruction for an edit of `paths`: the one that was `given`, or what is in `file`; `edit` opens an editor.

    Without any of them it is asked for on the terminal. Raises UsageError if there is no instruction, and click.Abort
    if the question is answered with Ctrl-C or Ctrl-D.
    """
    if given is not None and file is not None:
        raise UsageError("-i and -F exclude each other.", hint="Say the instruction once.")
    instruction = _of_file(file, paths) if file is not None else given
    if edit:
        instruction = _edited(instruction or "", paths)
        _keep(instruction, settings)
    elif instruction is None:
        instruction = _typed(settings)
        _keep(instruction, settings)
    if not instruction.strip():
        hint = "Nothing was done." if edit else 'Say what to change: -i "…".'
        raise UsageError("The instruction is empty.", hint=hint)
    return instruction if given is not None and not edit else instruction.strip("\n")


def _of_file(name: str, paths: Sequence[str]) -> str:
    if name == STDIN and STDIN in paths:
        raise UsageError(
            "Standard input cannot be the instruction (-F -) and the file to edit (-) at the same time.",
            hint="Name a file for one of them.",
        )
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as exc:
        raise UsageError(
            f"The instruction cannot be read from {name}: {exc.strerror or exc}.", hint="Check -F."
        ) from exc
    except UnicodeDecodeError as exc:
        raise UsageError(f"The instruction in {name} is not UTF-8 text.", hint="Save it as UTF-8.") from exc


def _typed(settings: Settings) -> str:
    """A line that is typed on the terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "No instruction was given, and there is no terminal to ask on.",
            hint='Say what to change: -i "…", or -F FILE.',
        )
    from editsvc.cli.prompt import line

    try:
        return line(QUESTION, _history(settings))
    except (EOFError, KeyboardInterrupt):
        raise click.Abort from None


def _history(settings: Settings) -> Path | None:
    from editsvc.files import typed
    from editsvc.settings import environment

    return environment.data_dir(settings) / typed.FILE if settings.history_enabled else None


def _keep(instruction: str, settings: Settings) -> None:
    path = _history(settings)
    if path is None or not instruction.strip():
        return
    from editsvc.files import typed

    try:
        typed.add(path, instruction.rstrip("\n"))
    except OSError as exc:
        output.print_message(f"editsvc: the instruction is not kept in {path}: {exc.strerror or exc}.")


def editor() -> str:
    """The user's editor, as a command for the shell; raises UsageError if there is none for this terminal.

    As git does, without its own variable and settings: $VISUAL where the terminal can do more than print, then
    $EDITOR, then vi. A repository has no say in it.
    """
    capable = os.environ.get("TERM", "dumb") != "dumb"
    found = (os.environ.get("VISUAL") if capable else None) or os.environ.get("EDITOR")
    if not found and not capable:
        raise UsageError("The terminal is dumb, and $EDITOR is not set.", hint="Set it, or use -i or -F.")
    return found or "vi"


def open_in_editor(path: Path) -> None:
    """Open a file in the user's editor, and wait for its end; raises UsageError if it fails."""
    import subprocess

    command = editor()
    # It reads keys from standard input, or from the terminal itself where that is something else.
    with nullcontext(None) if sys.stdin.isatty() else terminal.keys() as stdin:
        # The variable is the user's, and may have options: it is what a shell takes, as with git.
        done = subprocess.run(["/bin/sh", "-c", f'{command} "$@"', command, path], stdin=stdin, check=False)  # noqa: S603
    if done.returncode:
        raise UsageError(
            f"The editor {command!r} ended with status {done.returncode}.",
            hint="Nothing was done. $VISUAL or $EDITOR says which editor to use.",
        )


def _edited(text: str, paths: Sequence[str]) -> str:
    """What the user makes of `text` in the editor, without the lines that are comments."""
    import tempfile

    begun = {line[:1] for line in text.split("\n")}
    sign = next((sign for sign in _COMMENT_SIGNS if sign not in begun), _COMMENT_SIGNS[0])
    named = [*paths[:_MOST_NAMED], *(["…"] if len(paths) > _MOST_NAMED else [])]
    remarks = [
        "",
        f"Say what should change, in plain words. Lines that begin with '{sign}' are left out,",
        "and with an empty instruction nothing is done.",
        "",
        "Files:",
        *(f"  {output.visible(path)}" for path in named),
    ]
    lines = [text, *(f"{sign} {remark}".rstrip() for remark in remarks), ""]
    with tempfile.TemporaryDirectory(prefix="editsvc-") as folder:
        path = Path(folder) / _EDITED_FILE
        path.write_text("\n".join(lines), "utf-8", "surrogateescape")
        open_in_editor(path)
        try:
            edited = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as exc:
            raise UsageError("The editor left no UTF-8 text behind.", hint="Nothing was done.") from exc
    kept = [line.rstrip() for line in edited.replace("\r\n", "\n").split("\n") if not line.startswith(sign)]
    return "\n".join(kept).strip("\n")
