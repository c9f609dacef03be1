"""The kind of an instruction: a table of what people type and what commits are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.instruction.kind import InstructionClass, classify

TABLE = {
    "rename": [
        "rename fetch to download",
        "refactor(core)!: rename Store to Repository (#881)",
        "Rename the helpers so that their names say what they do",
        "Please rename `x` to something telling",
    ],
    "imports": [
        "sort imports",
        "remove unused imports",
        "Organise the import statements; drop what is unused",
        "chore: add missing import",
        "move all imports to the top",
    ],
    "types": [
        "add type hints",
        "Add type annotations to all public functions",
        "use strict types",
        "annotate the return values",
        "make the event bus type-safe",
    ],
    "document": [
        "add a docstring to fetch",
        "docs: describe the retry policy",
        "Write documentation for the public API",
        "document every option",
        "add comments where the code is hard to follow",
        "Fix a typo in the help text",
        "remove outdated comments",
        "clarify the docs of --type",
    ],
    "test": [
        "test(parser): cover empty input",
        "add unit tests for the scheduler",
        "Write a regression test for the timeout",
        "add missing test cases",
    ],
    "format": [
        "format this file",
        "fix the indentation",
        "style: two blank lines between functions",
        "change tabs to spaces",
        "wrap long lines",
        "fix lint errors",
        "apply black",
    ],
    "performance": [
        "make it faster",
        "perf: skip the second pass",
        "optimize the inner loop",
        "reduce memory use in the reader",
        "speed up start",
        "cache the parsed settings",
    ],
    "replace": [
        "replace 'http://' with 'https://'",
        "change the text color to blue",
        "Use pathlib instead of os.path",
        "replace print calls by logging",
        "Changed the default port from 80 to 8080",
    ],
    "remove": [
        "remove the function fetch",
        "delete dead code",
        "drop support for old interpreters",
        "grep: remove a test that makes no sense",
        "get rid of the global state",
        "refactor: remove the unused cache argument",
    ],
    "fix": [
        "fix the bug where empty lists crash",
        "fix(compiler): add the missing semicolon",
        "handle None in total()",
        "Don't send the header twice",
        "ensure that the file is closed",
        "avoid a division by zero",
        "fix the failing test",
        "make sure the lock is released",
    ],
    "convert": [
        "convert callbacks to async/await",
        "make load async",
        "migrate to the new client",
        "turn this class into a dataclass",
        "rewrite this loop as a comprehension",
    ],
    "refactor": [
        "refactor this function",
        "refactor: the scheduler owns its queue",
        "extract the parsing into a helper",
        "simplify the condition",
        "split this function in two",
        "clean up",
        "make this more readable",
        "move the constants into their own section",
    ],
    "add": [
        "add a parameter timeout=30 to fetch",
        "feat(server): a second listener",
        "implement retries with backoff",
        "allow several hosts",
        "add support for nested comments",
        "Could you please add logging to the worker",
        "support Unicode names",
        "I'd like you to add an option to skip tests",
    ],
    "other": [
        "",
        "???",
        "the header should be bigger",
        "client.netrc should be private",
        "chore: release 1.2",
        "nachsehen, ob das so stimmt",
        "Error on verify as str.",
        "bump the version",
    ],
}


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [(instruction, expected) for expected, instructions in TABLE.items() for instruction in instructions],
)
def test_an_instruction_is_of_the_kind_that_people_would_say(instruction: str, expected: str) -> None:
    assert classify(instruction) == expected


def test_the_table_shows_every_kind() -> None:
    assert set(TABLE) == {kind.value for kind in InstructionClass}


def test_case_and_blanks_do_not_count() -> None:
    assert classify("  ADD \n unit   tests ") == classify("add unit tests") == "test"


def test_only_the_opening_counts() -> None:
    assert classify("refactor this. " + "Then add tests. " * 1_000) == "refactor"


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["add", "fix", "the ", "tests", ": ", "a b c "])).map("".join)
)
def test_any_text_has_exactly_one_of_the_kinds_and_always_the_same(instruction: str) -> None:
    assert classify(instruction) in set(InstructionClass)
    assert classify(instruction) == classify(instruction)
