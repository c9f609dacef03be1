"""The contract with editors: what is generated from it, and that the server sends nothing else."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import lsp_contract
import msgspec
import pytest

from lsp import contract
from lsp.contract import COMMANDS, NOTIFICATIONS, AnswerStatus
from lsp.names import Command, Notification

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("generated_from_contract", ROOT / "docs" / "contract.py")
assert _SPEC is not None
assert _SPEC.loader is not None
generator: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generator)


@pytest.mark.parametrize("path", generator.files(), ids=lambda path: path.name)
def test_a_generated_file_is_what_the_contract_says(path: Path) -> None:
    made = generator.files()[path]
    assert path.read_text("utf-8") == made, (
        f"{path.relative_to(ROOT)} is stale; run: python docs/reference.py"
    )


def test_every_command_and_notification_has_its_structs() -> None:
    assert set(COMMANDS) == set(Command)
    assert set(NOTIFICATIONS) == set(Notification)


@pytest.mark.parametrize("struct", generator.STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_is_described(struct: type[msgspec.Struct]) -> None:
    assert generator.summary_of(struct).endswith((".", ":"))
    without = [
        field.name
        for field in generator.all_fields(struct)
        if not generator.description_of(field) and not isinstance(field.type, msgspec.inspect.LiteralType)
    ]
    assert without == []


def test_the_examples_are_of_the_contract() -> None:
    for example in (generator.example(), generator.stream_example()):
        assert lsp_contract.differences(json.loads(generator.laid_out(example)), type(example)) == []


DECISION = {"editId": "x", "status": "changed", "message": "", "hunks": []}


@pytest.mark.parametrize(
    "answer",
    [
        {key: value for key, value in DECISION.items() if key != "message"},
        {**DECISION, "more": 1},
        {**DECISION, "status": "done"},
        {**DECISION, "editId": None},
    ],
    ids=["a field too few", "a field too many", "an unknown value", "null where none may be"],
)
def test_an_answer_that_is_not_of_the_contract_is_seen(answer: dict[str, Any]) -> None:
    request = "workspace/executeCommand", {"command": Command.ACCEPT_HUNK.value, "arguments": [{}]}
    assert lsp_contract.problems({"id": 1, "result": DECISION}, request) == []
    assert len(lsp_contract.problems({"id": 1, "result": answer}, request)) == 1


def test_a_notification_and_an_action_that_are_not_of_the_contract_are_seen() -> None:
    message = {"method": "editsvc/hunks", "params": {"editId": "x", "uri": "file:///x", "version": 1}}
    assert len(lsp_contract.problems(message)) == 1
    action = {
        "title": "x",
        "kind": "refactor",
        "command": {"command": "editsvc.cancel", "arguments": [{"edit": 1}]},
    }
    assert len(lsp_contract.problems({"id": 1, "result": [action]}, ("textDocument/codeAction", {}))) == 2


def test_a_described_value_is_the_string_that_is_sent() -> None:
    assert AnswerStatus("changed") is AnswerStatus.CHANGED
    assert msgspec.to_builtins(contract.DecisionAnswer("x", AnswerStatus.CHANGED, "", ())) == {
        **DECISION,
        "hunks": (),
    }
