"""The list of commands, and what becomes of what they raise.

Commands are imported when they are run: ``editsvc --help`` needs click and nothing else. An `EditsvcError`
that reaches `run` becomes its sentence on stderr and its exit code.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from editsvc import __version__
from editsvc.cli.usage import CommandGroup, styled, tell
from editsvc.system import streams

# Name -> (module, one line of help). The line stands here so that the list of commands imports none of them;
# a test compares it with the command's own.
COMMANDS: Final = {
    "rewrite": ("rewrite", "Change files as an instruction says."),
    "retry": ("retry", "Make an edit that a check refused, without asking again."),
    "undo": ("undo", "Undo what rewrite --apply has written."),
    "report": ("report", "Report what predictions were worth."),
    "tune": ("tune", "Learn from the log when a prediction pays."),
    "policy": ("policy", "Show or reset the learned prediction policy."),
    "bench": ("bench", "Measure the server; replay known edits; simulate policies."),
    "log": ("log", "Show, export and purge the log of requests."),
    "models": ("models", "List the known models, and those that the server offers."),
    "lsp": ("lsp", "Start the language server."),
    "serve": ("serve", "Stay ready, so that rewrite starts at once."),
    "emulate": ("emulate", "Run a local server that speaks the Cerebras API."),
    "auth": ("auth", "Keep, show and remove the API key."),
    "config": ("config", "Show and change the settings."),
    "completion": ("completion", "Print the completion script for bash, zsh or fish."),
    "doctor": ("doctor", "Check the installation, the key and the connection to the server."),
    "help": ("help", "Show the help of a command."),
}


# Commands that go on loading until their first request is on its way, and those that end with what they have made; they
# switch the collection of garbage on when it is due.
_COLLECT_LATER: Final = frozenset({"rewrite", "report"})


class _LazyGroup(CommandGroup):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"editsvc.cli.{COMMANDS[name][0]}")
        if name not in _COLLECT_LATER:
            gc.enable()
        return styled(module.command)

    def lines(self, _ctx: click.Context) -> list[tuple[str, str]]:
        return [(name, text) for name, (_, text) in COMMANDS.items()]


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 refused, 2 usage, 3 the provider failed, 4 key or settings, 130 interrupted.",
)
@click.version_option(__version__, "-V", "--version", prog_name="editsvc")
def command() -> None:
    """Edit code by instruction at the speed of prediction.

    \b
    editsvc rewrite -i "rename fetch to download" client.py            # shows the diff
    editsvc rewrite -i "sort imports" --apply client.py                # writes the file
    editsvc rewrite -i "make this a dataclass" --apply models.py       # needs a key
    editsvc report --since 7d                                          # what it was worth
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines


def run(args: list[str] | None, group: click.Command) -> None:
    """Run a command and exit; what nobody expected is a sentence too, or a traceback in Python's -X dev mode."""
    # What is loaded stays, and collecting would look through all of it again and again: a tenth of a start.
    gc.disable()
    streams.speak_utf8()
    from editsvc.errors import EditsvcError, ExitCode

    if "_EDITSVC_COMPLETE" in os.environ:
        from editsvc.cli import completing

        completing.register()
    try:
        code: Any = group.main(args, prog_name="editsvc", standalone_mode=False)
    except click.ClickException as exc:
        tell(exc)
        code = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing more was changed.", err=True)
        code = ExitCode.INTERRUPTED
    except EditsvcError as exc:
        from editsvc.cli.output import print_message
        from editsvc.cli.remedies import message_of

        print_message(f"editsvc: {message_of(exc)}")
        code = exc.exit_code
    except Exception as exc:  # noqa: BLE001 - raised again, or told
        if isinstance(exc, OSError) and streams.nobody_reads(exc):
            # Whoever read our output has seen enough; the interpreter must not complain when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = ExitCode.DONE
        else:
            code = _unexpected(exc)
    finally:
        gc.enable()
    sys.exit(int(code or 0))


def _unexpected(exc: Exception) -> int:
    """The exit code for what nobody expected, which is said; in Python's -X dev mode it goes on."""
    if sys.flags.dev_mode:
        raise exc
    from editsvc.cli.output import print_message
    from editsvc.errors import Defect

    defect = Defect(exc)
    print_message(f"editsvc: {defect.sentence()}")
    return defect.exit_code
