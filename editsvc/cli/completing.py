"""What a shell is answered that completes a line, and what there is to choose from in each place.

The scripts of `editsvc.cli.completion` give the words of the line in variables, and read lines of kind, value and help.
Nothing here asks a server, and nothing that goes wrong is said: a shell would draw it over the line.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import click

_BETWEEN: Final = "\x1f"
_END: Final = "x"  # a letter at the cursor: so the word there is the last one, even if it is empty or quoted
_BREAKING: Final = ":="
_LONGEST_FILE: Final = 2_000_000
_SYMBOL: Final = "symbol:"


def register() -> None:
    """Let click answer the three shells by what stands here."""
    for found in (_Bash, _Zsh, _Fish):
        add_completion_class(found)


class _Bash(BashComplete):
    @staticmethod
    def _check_version() -> None:
        """The script says nothing to an old one."""

    def get_completion_args(self) -> tuple[list[str], str]:
        line, point = os.fsencode(os.environ["EDITSVC_LINE"]), int(os.environ["EDITSVC_POINT"])
        before, after = os.fsdecode(line[:point]), os.fsdecode(line[point:])
        words = split_arg_string(before + _END)
        _Line.words = [*words[1:-1], *split_arg_string(after)]
        self._incomplete = words[-1].removesuffix(_END)
        # In quotes a word is one for the shell, too.
        self._whole = before.count('"') % 2 == 1 or before.count("'") % 2 == 1
        return words[1:-1], self._incomplete

    def format_completion(self, item: CompletionItem) -> str:
        value = str(item.value)
        if not self._whole:
            breaks = os.environ.get("EDITSVC_BREAKS", "")
            _, _, typed = (
                self._incomplete.rpartition("=")
                if self._incomplete.startswith("--")
                else ("", "", self._incomplete)
            )
            cut = max((typed.rfind(sign) for sign in _BREAKING if sign in breaks), default=-1) + 1
            value = value[cut:] if value.startswith(typed[:cut]) else value
        return f"{item.type}\t{value}\t"


class _Words:
    """The words as zsh and fish have split them."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, current = os.environ["EDITSVC_WORDS"].split(_BETWEEN), int(os.environ["EDITSVC_CURRENT"])
        _Line.words = [*words[1:current], *words[current + 1 :]]
        self._incomplete = words[current] if current < len(words) else ""
        return words[1:current], self._incomplete


class _Zsh(_Words, ZshComplete):
    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type}\t{item.value}\t{_one_line(item.help)}"


class _Fish(_Words, FishComplete):
    def format_completion(self, item: CompletionItem) -> str:
        typed = self._incomplete
        # fish replaces the whole word.
        option = f"{typed.partition('=')[0]}=" if typed.startswith("--") and "=" in typed else ""
        return f"{item.type}\t{option}{item.value}\t{_one_line(item.help)}"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


class _Line:
    """The other words of the line that is completed, those behind the cursor included."""

    words: Sequence[str] = ()


def _items(values: Iterable[str | tuple[str, str]], typed: str) -> list[CompletionItem]:
    pairs = ((value, "") if isinstance(value, str) else value for value in values)
    return [CompletionItem(value, help=text) for value, text in pairs if value.startswith(typed)]


def files(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The shell's own files."""
    return [CompletionItem(typed, type="file")]


def models(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The models of the table, and those of the settings."""
    from editsvc.provider import models as known

    table: Iterable[str] = known.table()
    with suppress(Exception):
        from editsvc.settings import environment

        table = known.table(environment.load().settings.models)
    return _items(table, typed)


def types(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The languages of files."""
    from editsvc import syntax

    return _items([language.name for language in syntax.LANGUAGES], typed)


def scopes(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The scopes, and behind symbol: the symbols of the files on the line."""
    if not typed.startswith(_SYMBOL):
        kinds = [
            ("auto", "as it fits"),
            ("file", "the whole file"),
            (_SYMBOL, "a definition"),
            ("lines:", "A-B"),
        ]
        return _items(kinds, typed)
    return _items(dict.fromkeys(f"{_SYMBOL}{name}" for name in _symbols()), typed)


def _symbols() -> Iterable[str]:
    from editsvc import syntax

    for word in _Line.words:
        with suppress(Exception):
            path = Path(word).expanduser()
            if path.is_file() and path.stat().st_size <= _LONGEST_FILE:
                text = path.read_text("utf-8-sig")
                language = syntax.language_of(path.name, text)
                if language is None or not language.grammar:
                    continue
                budget = syntax.ParseBudget(syntax.PATIENT_STEPS)
                outline = syntax.outline_of(text, language, budget=budget)
                yield from (found.qualified for found in outline.definitions) if outline else ()


def setting_names(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The settings, with what they mean."""
    from editsvc.settings.schema import Settings, explained

    return _items([(name, explained(name)[0]) for name in Settings.__struct_fields__], typed)


def setting_values(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The values that the setting takes which is named before."""
    from editsvc.settings.schema import Settings, choices

    name = context.params.get("name")
    if name == "model":
        return models(context, _parameter, typed)
    return _items(choices(name), typed) if name in Settings.__struct_fields__ else []
