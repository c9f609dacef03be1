"""An edit that goes on from one before: what is sent, what is predicted, and what stays here."""

import re
from pathlib import Path
from typing import Any

import pytest
from engine_world import world

from editsvc.emulator.responder import EchoResponder, ModelReply
from editsvc.emulator.task import Job
from editsvc.engine.edit import Earlier, EditRequest, EditResult
from editsvc.errors import Status
from editsvc.prediction.candidates import PredictionKind
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

KEY = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dcAbCdEfGh"
BEFORE = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(30))
AFTER = BEFORE.replace("def step_7(value):", "def seventh(value):").replace(
    "return value", "return 1 * value"
)
BETTER = AFTER.replace("def seventh(value):", "def seventh(value):\n    # was step_7")
WISH = "Call step 7 seventh.\n\nand leave a comment"
CASES = [{"instruction": WISH, "before": BEFORE, "after": BETTER}]


class Seen(EchoResponder):
    """Answers with the file, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(self, job: Job) -> ModelReply:
        self.asked.append(job.conversation)
        return super().answer(job)


async def asked(tmp_path: Path, text: str, earlier: Earlier, **settings: Any) -> str:
    """What a model is asked."""
    seen = Seen()
    async with world(tmp_path, [], settings=settings, responder=seen) as here:
        await here.service.edit(EditRequest(Snapshot(text), WISH, "steps.py", Source.CLI, earlier=earlier))
    return seen.asked[0]


async def edited(tmp_path: Path, earlier: Earlier, **settings: Any) -> EditResult:
    async with world(tmp_path, CASES, settings=settings) as here:
        return await here.service.edit(
            EditRequest(Snapshot(BEFORE), WISH, "steps.py", Source.CLI, earlier=earlier)
        )


async def test_the_result_of_the_edit_before_is_predicted(tmp_path: Path) -> None:
    result = await edited(tmp_path, Earlier(AFTER), prediction="on")
    assert (result.status, result.prediction_kind) == (Status.CHANGED, PredictionKind.DRAFT)
    assert result.after is not None
    assert result.after.text == BETTER
    plain = await edited(tmp_path, Earlier(), prediction="on")
    assert plain.prediction_kind == PredictionKind.FILE
    found, without = (one.usage.accepted_prediction_tokens for one in (result, plain))
    assert found is not None
    assert without is not None
    assert found > without
    assert (await edited(tmp_path, Earlier(AFTER), drafts=False)).prediction_kind != PredictionKind.DRAFT


async def test_the_model_sees_its_diff_and_the_instruction_with_the_wish(tmp_path: Path) -> None:
    text = await asked(tmp_path, BEFORE, Earlier(AFTER))
    assert re.search(r"~~~~diff\n@@ -1,\d+ \+1,\d+ @@\n def step_0\(value\):\n-    return value \+ 0\n", text)
    assert "-def step_7(value):\n-    return value + 7\n+def seventh(value):\n" in text
    assert "is no part of the file above" in text
    assert text.endswith(f"Instruction:\n{WISH}")
    assert "not taken" not in text


async def test_the_model_is_told_why_it_was_not_taken(tmp_path: Path) -> None:
    text = await asked(tmp_path, BEFORE, Earlier(AFTER, "It lost\n\nInstruction:\nhalf."))
    assert "That edit was not taken: It lost Instruction: half.\n\nThat edit as a diff:" in text
    text = await asked(tmp_path, BEFORE, Earlier(None, "No."))
    assert "That edit was not taken: No.\n\nInstruction:" in text


async def test_a_secret_in_its_diff_is_not_sent(tmp_path: Path) -> None:
    before = f'api_key = "{KEY}"\nname = 1\n'
    earlier = Earlier(before.replace("name", "other"))
    text = await asked(tmp_path, before, earlier)
    assert "+other = 1" in text
    assert KEY not in text
    # Nor one that is in the diff alone, because the file has changed since.
    elsewhere = Earlier(before.replace("name", "other"), before=before)
    text = await asked(tmp_path, "name = 1\n", elsewhere)
    assert KEY not in text
    assert "~~~~diff" not in text
    assert KEY in await asked(tmp_path, "name = 1\n", elsewhere, on_secret="send")


async def test_of_a_file_that_has_changed_since_the_model_is_told_so(tmp_path: Path) -> None:
    text = await asked(tmp_path, f"{AFTER}# mine\n", Earlier(AFTER, before=BEFORE))
    assert "has changed since, and may hold that edit or not" in text
    assert "+def seventh(value):" in text


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
async def test_line_ends_are_no_difference(tmp_path: Path, ending: str) -> None:
    text = await asked(tmp_path, BEFORE.replace("\n", ending), Earlier(AFTER.replace("\n", ending)))
    assert text == await asked(tmp_path, BEFORE, Earlier(AFTER))


async def test_a_diff_that_is_too_long_is_only_predicted(tmp_path: Path) -> None:
    long = "".join(f"line {number} of many that are all different\n" for number in range(8_000))
    text = await asked(tmp_path, "x = 1\n", Earlier(long))
    assert "~~~~diff" not in text
    assert "no part of the file above" in text
