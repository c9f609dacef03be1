"""Every group and command of the command line, with what its help says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import click

from editsvc.cli import command

_REMARK = re.compile(r"\s+# .*")


@dataclass(frozen=True)
class Node:
    """One group or command: `words` is what is typed behind ``editsvc``."""

    words: tuple[str, ...]
    found: click.Command

    @property
    def examples(self) -> list[str]:
        """The commands that its help shows, without the remarks behind them."""
        text = f"{self.found.help or ''}\n{self.found.epilog or ''}"
        lines = (_REMARK.sub("", line).strip() for line in text.split("\n"))
        return [line for line in lines if line.startswith(("editsvc ", "export "))]


def nodes() -> Iterator[Node]:
    yield from _below((), command)


def _below(words: tuple[str, ...], found: click.Command) -> Iterator[Node]:
    yield Node(words, found)
    if isinstance(found, click.Group):
        context = click.Context(found)
        for name in found.list_commands(context):
            inner = found.get_command(context, name)
            assert inner is not None
            yield from _below((*words, name), inner)
