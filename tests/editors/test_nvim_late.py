"""Neovim far away from its server: what the server says comes 200 ms late, and keys do not wait for it.

EDITSVC_ROUNDS says how many rounds there are.
"""

import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from nvim_desk import MARKS, Desk, edited, is_edit, open_hunks
from nvim_driver import Neovim

pytestmark = MARKS

LATE_MS = 200
ROUNDS = int(os.environ.get("EDITSVC_ROUNDS", "20"))
STEPS = 6
OPERATORS = {"Multiply in each step.": "*", "Subtract in each step.": "-"}
EARLIER = "# typed before\n"
LATER = "# typed after\n"


def steps(operators: Iterable[str]) -> str:
    """Functions far enough from each other that each change is a hunk."""
    return "\n\n".join(
        f"def step_{number}(value):\n    checked = int(value)\n    return checked {operator} {number}\n"
        for number, operator in enumerate(operators, start=2)
    )


BEFORE = steps("+" * STEPS)
CASES = [
    {"instruction": instruction, "before": typed + BEFORE, "after": typed + steps(operator * STEPS)}
    for instruction, operator in OPERATORS.items()
    for typed in ("", EARLIER)
]


@pytest.fixture
def far(desk: Desk, emulate: Callable[..., Any], write_cases: Callable[..., Path]) -> Neovim:
    """Neovim, and a server that is far away."""
    emulator = emulate(script=write_cases(CASES), speed=3000.0)
    desk.environ |= {"CEREBRAS_API_KEY": "csk-secret-value", "CEREBRAS_BASE_URL": emulator.base_url}
    return desk.open("none.py", "", cmd=desk.relayed(LATE_MS), keymaps=True)


def settled(neovim: Neovim) -> bool:
    """Whether every command was answered."""
    pending: bool = neovim.lua(
        """
        return vim.iter(vim.lsp.get_clients({ name = "editsvc" })):any(function(client)
          return next(client.requests) ~= nil
        end)
        """
    )
    return not pending


def ask(desk: Desk, neovim: Neovim, chance: random.Random, name: str) -> tuple[str, str, str]:
    """An edit of a new file, typed at once with other things: what was typed above and below, and the operator."""
    instruction = chance.choice(list(OPERATORS))
    (desk.folder / name).write_text(BEFORE)
    above = chance.choice(["", EARLIER])
    below = chance.choice(["", LATER])
    asking = chance.choice([f":Edit! {instruction}<CR>", f":Edit!<CR>{instruction}<CR>"])
    neovim.keys(
        f":edit {name}<CR>"
        + (f"ggO{EARLIER.strip()}<Esc>" if above else "")
        + asking
        + (f"Go{LATER.strip()}<Esc>" if below else "")
    )
    edited(neovim, STEPS)
    asked = [one["message"] for one in desk.messages() if is_edit(one["message"])][-1]
    assert asked["params"]["arguments"][0]["instruction"] == instruction
    return above, below, OPERATORS[instruction]


def test_typing_deciding_and_undoing_do_not_wait_for_a_server_that_is_far_away(
    desk: Desk, far: Neovim
) -> None:
    """In each round an edit is asked for while the text changes, and all of its hunks are decided on at once.

    In every third, the edit is undone behind some of the decisions, before any of them can be answered.
    """
    for number in range(ROUNDS):
        chance = random.Random(number)
        above, below, operator = ask(desk, far, chance, f"round_{number}.py")
        assert far.buffer() == above + steps(operator * STEPS) + below, f"round {number}"
        accepted = [chance.random() < 0.5 for _ in range(STEPS)]
        undone = number % 3 == 2
        pressed = chance.randrange(1, STEPS) if undone else STEPS
        keys = "".join("\\ia" if accept else "\\ir" for accept in accepted[:pressed])
        far.keys(f"gg]r{keys}{'u' if undone else ''}")
        wanted = BEFORE if undone else steps(operator if accept else "+" for accept in accepted)
        far.until(lambda: settled(far) and open_hunks(far) == 0, f"the end of round {number}")
        assert far.buffer() == above + wanted + below, f"round {number}: {keys}"
