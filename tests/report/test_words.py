"""People read what went wrong in words, and not in names of classes."""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

import editsvc
from editsvc.errors import EditsvcError
from editsvc.report.words import ERRORS, error

if TYPE_CHECKING:
    from collections.abc import Iterator


def kinds(root: type[EditsvcError]) -> Iterator[str]:
    for each in root.__subclasses__():
        if each.__module__.startswith("editsvc."):
            yield each.__name__
            yield from kinds(each)


def test_every_kind_of_error_has_words() -> None:
    for module in pkgutil.walk_packages(editsvc.__path__, "editsvc."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            with suppress(ModuleNotFoundError):  # what only other systems have
                importlib.import_module(module.name)
    assert set(kinds(EditsvcError)) <= set(ERRORS)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ProviderTimeout", "the server was silent too long"),
        ("GuardRefused:other-text", "the reply failed a check (other text)"),
        ("OfLater", "OfLater"),
    ],
)
def test_a_kind_in_words(kind: str, words: str) -> None:
    assert error(kind) == words
