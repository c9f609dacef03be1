"""What must not leave does not, and what nobody sees does not come in: engine, wire and emulator together."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from engine_world import MODEL, world

from editsvc.engine.edit import EditRequest, EditResult
from editsvc.errors import Status
from editsvc.guard import secrets
from editsvc.text.document import Snapshot
from editsvc.tokenlog import Source

# Shaped like a key, and nobody's: put together here so that no scanner takes this file for a leak.
KEY = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dcAbCdEfGh"
FILE = f'import shop\n\nshop.api_key = "{KEY}"\n\n\ndef pay(amount):\n    shop.charge(amount, key="{KEY}")\n'
EDITED = FILE.replace("def pay(amount):", "def pay(amount, currency):")
# The first edit of a world is called so, and its placeholders are made of that.
MASKED = secrets.mask(FILE, secrets.find(FILE), nonce="edit-1")
(PLACEHOLDER,) = MASKED.placeholders
CASES = [
    {
        "instruction": "Add a currency.",
        "before": MASKED.text,
        "after": MASKED.text.replace("pay(amount)", "pay(amount, currency)"),
    },
    {
        "instruction": "Shout.",
        "before": MASKED.text,
        "after": MASKED.text.replace(PLACEHOLDER, PLACEHOLDER.upper()),
    },
    {"instruction": "Tidy up.", "before": MASKED.text, "after": MASKED.text.replace(PLACEHOLDER, "...", 1)},
    {"instruction": "Add a currency.", "before": FILE, "after": EDITED},
    {"instruction": "Hide it.", "before": "a = 1\nb = 2\n", "after": "a = 1\nb = 2  # \u202e done\n"},
]


async def run(tmp_path: Path, instruction: str, text: str = FILE, **settings: str | list[str]) -> EditResult:
    async with world(tmp_path, CASES, settings=settings, model=MODEL) as here:
        return await here.service.edit(EditRequest(Snapshot(text), instruction, "pay.py", Source.CLI))


def test_the_example_is_found_and_stands_for_one_secret() -> None:
    assert KEY not in MASKED.text
    assert MASKED.text.count(PLACEHOLDER) == 2


async def test_a_secret_is_not_sent_and_is_there_afterwards(tmp_path: Path) -> None:
    # Only the case without the key fits what the emulator was sent.
    result = await run(tmp_path, "Add a currency.")
    assert result.after is not None, result.message
    assert result.after.text == EDITED
    assert result.warnings == ("2 secrets are not sent: placeholders take their place.",)


async def test_a_reply_that_changes_a_placeholder_is_refused(tmp_path: Path) -> None:
    result = await run(tmp_path, "Shout.")
    assert (result.status, result.error) == (Status.REFUSED, "GuardRefused:secrets")
    assert KEY not in result.message


@pytest.mark.parametrize(("allow", "status"), [([], Status.REFUSED), (["lost-secret"], Status.CHANGED)])
async def test_a_line_that_lost_its_secret_is_refused_unless_somebody_vouches_for_it(
    tmp_path: Path, allow: list[str], status: Status
) -> None:
    result = await run(tmp_path, "Tidy up.", allow=allow)
    assert result.status is status
    if status is Status.REFUSED:
        assert result.error == "GuardRefused:lost-secret"
        assert "replaced a secret with something else (Stripe key, line 3)" in result.message


async def test_a_secret_that_goes_with_its_line_is_not_gone_without_a_word(tmp_path: Path) -> None:
    text = FILE.partition("\n\n\ndef")[0] + "\n"
    masked = secrets.mask(text, secrets.find(text), nonce="edit-1").text
    case = {"instruction": "Configure the shop elsewhere.", "before": masked, "after": "import shop\n"}
    async with world(tmp_path, [case], model=MODEL) as here:
        result = await here.service.edit(
            EditRequest(Snapshot(text), case["instruction"], "pay.py", Source.CLI)
        )
    assert (result.status, result.after and result.after.text) == (Status.CHANGED, "import shop\n"), (
        result.message
    )
    assert "The secret on line 3 (Stripe key) is no longer in the new text." in result.warnings


async def test_an_instruction_in_the_words_of_a_placeholder_leaves_the_secret_alone(tmp_path: Path) -> None:
    """Whatever a model that replaces literally does to the file that it sees."""
    text = f'SECRET = "{KEY}"\nEND = "EDITSVC"\n'
    masked = secrets.mask(text, secrets.find(text), nonce="edit-1").text
    for number, (old, new) in enumerate(
        [("SECRET", "TOKEN"), ("END", "STOP"), ("EDITSVC", "service"), ("_1_", "-")]
    ):
        instruction = f"replace '{old}' with '{new}'"
        case = {"instruction": instruction, "before": masked, "after": masked.replace(old, new)}
        (tmp_path / str(number)).mkdir()
        async with world(tmp_path / str(number), [case], model=MODEL) as here:
            result = await here.service.edit(EditRequest(Snapshot(text), instruction, "pay.py", Source.CLI))
        if result.after is None:
            assert result.error == "GuardRefused:secrets"
        else:
            assert result.after.text == text.replace(old, new)


async def test_nothing_is_sent_where_that_is_the_setting(tmp_path: Path) -> None:
    result = await run(tmp_path, "Add a currency.", on_secret="refuse")
    assert (result.status, result.error, result.provider) == (Status.REFUSED, "DocumentRefused", None)
    assert result.message.startswith("Line 3 seems to contain a secret (")
    assert KEY not in result.message


async def test_everything_is_sent_where_that_is_the_setting(tmp_path: Path) -> None:
    result = await run(tmp_path, "Add a currency.", on_secret="send")
    assert result.after is not None
    assert (result.after.text, result.warnings) == (EDITED, ())


async def test_a_secret_in_the_instruction_is_not_sent_either(tmp_path: Path) -> None:
    result = await run(tmp_path, f"Use {KEY} here.", "a = 1\nb = 2\n", on_secret="refuse")
    assert result.message.startswith("The instruction seems to contain a secret (")


async def test_a_draft_holds_no_secret_that_the_instruction_names(tmp_path: Path) -> None:
    instruction = f"replace 'amount' with '{KEY}'"
    text = f"{FILE}\0{instruction}"
    masked = secrets.mask(text, secrets.find(text), nonce="edit-1")
    before, _, asked = masked.text.rpartition("\0")
    (placeholder,) = masked.placeholders
    case = {"instruction": asked, "before": before, "after": before.replace("amount", placeholder)}
    scored = Predictions()
    async with world(tmp_path, [case], model=MODEL, scorer=scored) as here:
        result = await here.service.edit(EditRequest(Snapshot(FILE), instruction, "pay.py", Source.CLI))
    assert result.after is not None, result.message
    assert result.after.text == FILE.replace("amount", KEY)
    assert "draft" in scored
    assert not any(KEY in text for text in scored.values())


class Predictions(dict[str, str]):
    """What could have been predicted, by its kind."""

    def edit_under_way(self) -> AbstractContextManager[None]:
        return nullcontext()

    def submit(
        self, _record_id: str, candidates: Mapping[str, str], _reply: str, _asked: object = None
    ) -> None:
        self.update(candidates)


@pytest.mark.parametrize(("allow", "status"), [([], Status.REFUSED), (["invisible"], Status.CHANGED)])
async def test_what_nobody_sees_does_not_come_in_unless_somebody_vouches_for_it(
    tmp_path: Path, allow: list[str], status: Status
) -> None:
    result = await run(tmp_path, "Hide it.", "a = 1\nb = 2\n", allow=allow)
    assert result.status is status
    if status is Status.REFUSED:
        assert "line 2: U+202E RIGHT-TO-LEFT OVERRIDE" in result.message
