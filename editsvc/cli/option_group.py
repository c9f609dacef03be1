"""Options that belong together, and come as one value: `rewrite` has more of them than a function has parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_Command = TypeVar("_Command", bound="Callable[..., Any]")
_Said = TypeVar("_Said")


class OptionGroup(Generic[_Said]):
    """A decorator that gives a command its options; `said` has what they say, by their names in `made`."""

    def __init__(self, made: type[_Said]) -> None:
        self._made = made
        self._key = f"editsvc.{made.__name__}"
        self._options: list[Callable[[Any], Any]] = []

    def add(self, *names: str, **how: Any) -> None:
        """One more option, as click has them."""
        self._options.append(click.option(*names, expose_value=False, callback=self._note, **how))

    def __call__(self, command: _Command) -> _Command:
        """Give `command` the options, in the order in which they were added."""
        for add in reversed(self._options):
            command = add(command)
        return command

    def said(self) -> _Said:
        """What the options of the command that runs say."""
        return self._made(**click.get_current_context().meta.get(self._key, {}))

    def _note(self, context: click.Context, parameter: click.Parameter, value: Any) -> None:
        context.meta.setdefault(self._key, {})[parameter.name] = value
