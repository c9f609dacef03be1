"""A rehearsal goes all the way: what it left out, the first edit would wait for."""

import subprocess
import sys

import pytest

from editsvc.engine.rehearsal import rehearse
from editsvc.errors import Status
from editsvc.syntax import LANGUAGES, Language

_SECOND = """
import sys
from editsvc.engine.rehearsal import rehearse
from editsvc.syntax import by_name
rehearse(by_name("python"), instruction="change b to 3")
before = set(sys.modules)
rehearse(by_name("python"))
rehearse(by_name("python"), instruction="change b to 3")
print(sorted(set(sys.modules) - before))
print(sorted({"editsvc.guard.gate", "editsvc.offline.transform", "pygit2", "tree_sitter_python"} - before))
"""


@pytest.mark.parametrize("language", [None, *LANGUAGES], ids=lambda language: language and language.name)
def test_it_edits_in_every_language(language: Language | None) -> None:
    result = rehearse(language)
    assert result.after is not None, result.message
    assert (result.status, result.after.text, result.warnings) == (Status.CHANGED, "a = 1\nb = 3\n", ())


def test_it_loads_all_that_the_next_one_needs() -> None:
    ran = subprocess.run([sys.executable, "-c", _SECOND], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n[]\n"
