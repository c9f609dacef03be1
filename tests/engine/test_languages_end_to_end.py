"""Instructions in many human languages that ask for a removal: carried out, whatever the gate knows of English."""

from pathlib import Path

import pytest
from engine_world import world

from editsvc.engine.edit import EditRequest
from editsvc.errors import Status
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

FILE = "".join(f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(12))
LAST_GONE = FILE[: FILE.index("def step_7(")]
FIRST_GONE = FILE[FILE.index("def step_5(") :]
ONE_GONE = FILE.replace("def step_4(value):\n    return value + 4\n\n\n", "")

REMOVALS = {
    "German": "Entferne die letzten fünf Schritte",
    "French": "Supprime les cinq dernières étapes",
    "Spanish": "Elimina los últimos cinco pasos",
    "Chinese": "删除最后五个步骤",
    "Japanese": "最後の5つのステップを削除してください",
    "Russian": "Удали последние пять шагов",
    "Portuguese": "Remova os últimos cinco passos",
    "Polish": "Usuń ostatnie pięć kroków",
    "Korean": "마지막 다섯 단계를 삭제해 주세요",
    "Turkish": "Son beş adımı sil",
}


@pytest.mark.parametrize("after", [LAST_GONE, FIRST_GONE, ONE_GONE], ids=["the last", "the first", "one"])
@pytest.mark.parametrize("language", REMOVALS)
async def test_what_is_to_go_goes(tmp_path: Path, language: str, after: str) -> None:
    instruction = REMOVALS[language]
    async with world(tmp_path, [{"instruction": instruction, "before": FILE, "after": after}]) as here:
        result = await here.service.edit(EditRequest(Snapshot(FILE), instruction, "steps.py", Source.CLI))
    assert result.status is Status.CHANGED, result.message
    assert result.after == Snapshot(after)
    assert len(result.attempts) == 1 or language == "Turkish"  # where it is asked about, and then believed


async def test_a_removal_in_a_language_that_nobody_taught_is_asked_about_and_then_believed(
    tmp_path: Path,
) -> None:
    instruction = "Ondoa hatua moja"
    async with world(tmp_path, [{"instruction": instruction, "before": FILE, "after": ONE_GONE}]) as here:
        result = await here.service.edit(EditRequest(Snapshot(FILE), instruction, "steps.py", Source.CLI))
    assert result.status is Status.CHANGED, result.message
    assert result.after == Snapshot(ONE_GONE)
