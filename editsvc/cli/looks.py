"""Whether colours are used, and the options about that, for every command that prints diffs."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_Command = TypeVar("_Command", bound="Callable[..., Any]")
_NO_PAGER: Final = "editsvc.no_pager"
_WHEN: Final = {"always": True, "never": False, "auto": None}


def looks(command: _Command) -> _Command:
    """Give a command the options ``--color`` and ``--no-pager``, which count for all that it prints."""
    color = click.option(
        "--color",
        type=click.Choice(list(_WHEN)),
        expose_value=False,
        callback=_set_color,
        help="Use colours.  [default: auto, on a terminal]",
    )
    pager = click.option(
        "--no-pager",
        is_flag=True,
        expose_value=False,
        callback=_set_no_pager,
        help="Print long diffs without $GIT_PAGER, core.pager or $PAGER.",
    )
    return color(pager(command))


def _set_color(context: click.Context, _: click.Parameter, value: str | None) -> None:
    context.color = _WHEN[value or "auto"]


def _set_no_pager(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's call
    context.meta[_NO_PAGER] = value


def coloured(stream: IO[Any] | None = None) -> bool:
    """Whether `stream`, standard output if it is None, takes colours.

    The option decides, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then CLICOLOR=0 and a dumb terminal, and
    last whether it is a terminal at all.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if os.environ.get("CLICOLOR") == "0" or os.environ.get("TERM") == "dumb":
        return False
    return (sys.stdout if stream is None else stream).isatty()


def paging_is_off() -> bool:
    """Whether the command was called with ``--no-pager``."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_NO_PAGER))
