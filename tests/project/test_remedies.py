"""What can be done about an error: said by each front end in words of its own, and nowhere else."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import editsvc
from editsvc.cli import COMMANDS
from editsvc.cli import remedies as cli
from editsvc.errors import EditsvcError, Means, Remedy
from editsvc.guard.findings import WAIVABLE
from lsp import remedies as lsp
from lsp.contract import Anyway, EditArgument

ROOT = Path(__file__).parents[2]
CALLS = re.compile(rf"(?<![\w-])--?[a-z]|\beditsvc (?:{'|'.join(COMMANDS)})\b|\brewrite --|\ballowPath\b")
"""What somebody in an editor cannot do: options, and commands of the command line."""

# What only the command line runs, or what it prints; nothing of it is imported by the language server.
FOR_A_SHELL = ("editsvc/cli", "editsvc/emulator/__main__", "editsvc/tuning/bench")
REMEDIES = [Remedy(means, "syntax", "if it is intended") for means in Means]


def every_error() -> set[str]:
    """The names of all classes of errors."""
    for module in pkgutil.walk_packages(editsvc.__path__, "editsvc."):
        if not re.search(r"\.(__main__|migrations|system)\b", module.name):
            importlib.import_module(module.name)

    def names(found: type[EditsvcError]) -> set[str]:
        return {found.__name__}.union(*map(names, found.__subclasses__()))

    return names(EditsvcError)


def texts_of_errors() -> Iterator[tuple[str, str]]:
    """Each text from which an error is made outside of the command line, with its place."""
    known = every_error()
    for path in [*sorted((ROOT / "editsvc").rglob("*.py")), *sorted((ROOT / "lsp").rglob("*.py"))]:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(FOR_A_SHELL):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in known
            named = isinstance(node, ast.Assign) and any("hint" in ast.unparse(one) for one in node.targets)
            if called or named:
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{name}:{part.lineno}", part.value


def test_no_error_names_an_option_or_a_command_by_itself() -> None:
    texts = list(texts_of_errors())
    assert len(texts) > 150
    assert [(place, text) for place, text in texts if CALLS.search(text)] == []


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.means)
def test_an_editor_is_told_nothing_of_the_command_line(remedy: Remedy) -> None:
    words = lsp.remedy_sentence(remedy)
    assert not CALLS.search(words)
    assert not words or words.endswith(".")


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.means)
def test_the_command_line_says_how_with_its_own_means(remedy: Remedy) -> None:
    words = cli.remedy_sentence(remedy)
    assert CALLS.search(words)
    assert words.endswith(".")


def test_the_words_stand_behind_the_hint() -> None:
    exc = EditsvcError(
        "It failed.", hint="Run it again.", remedies=(Remedy(Means.UNDO), Remedy(Means.VALID_KEY))
    )
    assert exc.sentence() == "It failed. Run it again."
    assert lsp.message_of(exc) == f"It failed. Run it again. {lsp.remedy_sentence(Remedy(Means.VALID_KEY))}"
    assert cli.message_of(exc).startswith("It failed. Run it again. Run editsvc undo")


@pytest.mark.parametrize("check", sorted(WAIVABLE))
def test_an_edit_can_be_made_anyway_where_a_check_can_be_waived(check: str) -> None:
    asked = EditArgument(uri="file:///x.py", instruction="x")
    found = lsp.anyway((Remedy(Means.WAIVE, check, "if it is intended"),), asked)
    assert found == Anyway(allow=(check,))


def test_what_was_allowed_before_stays_allowed() -> None:
    asked = EditArgument(uri="file:///x.py", instruction="x", allow=("tail",))
    assert lsp.anyway((Remedy(Means.WAIVE, "elision"),), asked) == Anyway(allow=("elision", "tail"))


def test_most_remedies_are_not_for_an_edit_that_is_made_anyway() -> None:
    asked = EditArgument(uri="file:///x.py", instruction="x")
    others = [one for one in REMEDIES if one.means not in {Means.WAIVE, Means.ALLOW_PATH}]
    assert [lsp.anyway((one,), asked) for one in others] == [None] * len(others)
    assert lsp.anyway((), asked) is None
