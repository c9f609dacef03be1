"""Names in an instruction that look like words about formatting."""

from __future__ import annotations

import pytest

from editsvc.guard.named import without_names
from editsvc.guard.retouched import restore
from editsvc.instruction.intent import intent_of
from tests.support.proposals import whole

MAKEFILE = "build:\n\tgo build ./...\n\n{}:\n\tgo vet ./...\n\ntest: build\n\tgo test ./...\n"


@pytest.mark.parametrize(
    ("name", "instruction"),
    [
        ("lint", "Rename the target lint to check."),
        ("format", "rename format to check"),
        ("tabs", "Rename the target tabs to check."),
        ("indent", "Rename `indent` to `check`."),
        ("tabs", "Benenne das Ziel tabs in check um."),
        ("indent", "Renomme la cible indent en check."),
        ("tabs", "把目标 tabs 重命名为 check"),
        ("lint", "Make the lint target be called check."),
    ],
)
def test_recipes_keep_their_tabs_though_a_target_is_called_after_formatting(
    name: str, instruction: str
) -> None:
    before, wanted = MAKEFILE.format(name), MAKEFILE.format("check")
    reply = wanted.replace("\t", "    ")
    assert restore(whole(before, reply, instruction, "Makefile"))[0] == wanted


@pytest.mark.parametrize("instruction", ["rename quotes to prices", "benenne quotes in prices um"])
def test_quotes_come_back_though_a_variable_is_called_quotes(instruction: str) -> None:
    before = "# The “best” of all\nquotes = load()\nshow(quotes)  # it’s “cheap”\n"
    wanted = before.replace("quotes", "prices")
    reply = wanted.replace("“", '"').replace("”", '"').replace("’", "'")
    assert restore(whole(before, reply, instruction))[0] == wanted


@pytest.mark.parametrize(
    ("line", "instruction", "wanted"),
    [
        ("spaces: 2", "set spaces to 4", "spaces: 4"),
        ("spaces: 2", "setze spaces auf 4", "spaces: 4"),
        ("encoding: latin-1", "set encoding to utf-8", "encoding: utf-8"),
        ("dashes: 2", "dashes should be 3", "dashes: 3"),
    ],
)
def test_characters_come_back_though_a_setting_is_called_after_them(
    line: str, instruction: str, wanted: str
) -> None:
    before = f"title: 5\u00a0km \u2013 “far”\n{line}\nnote: 6\u00a0km \u2013 “farther”\n"
    edited = before.replace(line, wanted)
    reply = edited.replace("\u00a0", " ").replace("\u2013", "-").replace("“", '"').replace("”", '"')
    assert restore(whole(before, reply, instruction, "trip.yaml"))[0] == edited


@pytest.mark.parametrize(
    ("instruction", "before", "after"),
    [
        ("replace the tabs with spaces", "tabs:\n\tcc\n", "tabs:\n    cc\n"),
        ("Indent by 4 spaces", "def indent():\n\tpass\n", "def indent():\n    pass\n"),
        ("set indentation to 4 spaces", "# indentation\nif x:\n  y()\n", "# indentation\nif x:\n    y()\n"),
        ("use straight quotes", "quotes = “a”\n", 'quotes = "a"\n'),
        ("lint the file", "lint:\n\tcc\n", "lint:\n    cc\n"),
        ("turn “quotes” into straight ones", "the “quotes”\n", 'the "quotes"\n'),
    ],
)
def test_a_word_that_is_no_name_still_says_what_it_says(instruction: str, before: str, after: str) -> None:
    intent = intent_of(instruction)
    assert without_names(intent, before, after) == intent


def test_names_only_take_away() -> None:
    intent = intent_of("rename quotes to prices")
    assert intent.requotes
    left = without_names(intent, "quotes = 1\n", "prices = 1\n")
    assert (left.literal, left.requotes, left.narrow) == ("rename it to it", False, True)
