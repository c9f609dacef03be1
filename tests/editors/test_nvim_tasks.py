"""The tasks of ``tasks.toml`` in a real Neovim, with keys alone, and no more of them than the table says.

The plugin's own maps are on (``keymaps = true``), and the leader is Neovim's own, a backslash. A key is one that is
pressed; text that is typed is not counted.
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nvim_desk import (
    CART,
    CHECKED,
    ELIDE,
    ELIDED,
    INSTRUCTION,
    LISTED,
    LONG,
    MARKS,
    RENAME,
    RENAMED,
    SUM,
    SUMMED,
    Desk,
    cart,
    edited,
    float_text,
    open_hunks,
)
from nvim_driver import Neovim

pytestmark = MARKS
TASKS = {
    task["id"]: task
    for task in tomllib.loads((Path(__file__).parent / "tasks.toml").read_text("utf-8"))["task"]
}
TOTAL = CART[: CART.index("    def total")].count("\n") + 2
FIRST_SUMMED = CART[: CART.index(SUMMED[0])].count("\n") + 1


class Hands:
    """Presses keys, and counts them."""

    def __init__(self, neovim: Neovim) -> None:
        self.neovim = neovim
        self.pressed = 0

    def press(self, keys: str) -> None:
        self.pressed += len(re.findall(r"<[^<>]+>|.", keys))
        self.neovim.keys(keys)

    def type(self, text: str) -> None:
        self.neovim.keys(text.replace("<", "<lt>"))


@pytest.fixture
def at(desk: Desk) -> Callable[..., Hands]:
    """Hands at a Neovim with a file, the cursor on a line."""

    def begin(text: str = CART, line: int = 1, name: str = "cart.py", **options: Any) -> Hands:
        neovim = desk.open(name, text, keymaps=True, **options)
        neovim.keys(f":{line}<CR>")
        return Hands(neovim)

    return begin


@pytest.fixture
def with_hunks(reviewing: Callable[..., Neovim]) -> Callable[..., Hands]:
    """Hands at a Neovim with three open hunks, the cursor on the first line of the file."""
    return lambda: Hands(reviewing(keymaps=True))


def done(task: str, hands: Hands) -> None:
    assert hands.pressed == TASKS[task]["nvim"]


def test_edit_symbol(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    hands = at(line=TOTAL)
    hands.press(r"\ie")
    hands.neovim.until_shown("Edit (empty")
    hands.type(SUM)
    hands.press("<CR>")
    hands.neovim.until_buffer(cart(SUMMED))
    done("edit-symbol", hands)


def test_edit_selection(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    hands = at(line=FIRST_SUMMED - 1)
    hands.press(r"V4j\ie")
    hands.neovim.until_shown("Edit (empty")
    hands.type(SUM)
    hands.press("<CR>")
    hands.neovim.until_buffer(cart(SUMMED))
    done("edit-selection", hands)


def test_edit_file(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    hands = at()
    hands.press(r"\if")
    hands.neovim.until_shown("Edit (empty")
    hands.type(INSTRUCTION)
    hands.press("<CR>")
    hands.neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
    done("edit-file", hands)


def test_again(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    hands = at(line=TOTAL)
    for instruction in (SUM, "Do nothing to it."):
        hands.neovim.keys(f":Edit! {instruction}<CR>")
        hands.neovim.until(lambda: hands.neovim.lua("return require('editsvc').status()") != "", "its end")
        hands.neovim.until(
            lambda: "editing" not in hands.neovim.lua("return require('editsvc').status()"), "its end"
        )
        hands.neovim.keys(":silent! EditRejectAll<CR>")
        hands.neovim.until_buffer(CART)
    hands.press(r"\if")
    hands.neovim.until_shown("Edit (empty")
    hands.press("<Up><Up>")
    hands.neovim.until_shown(SUM)
    hands.press("<CR>")
    hands.neovim.until_buffer(cart(SUMMED))
    done("again", hands)


def test_preset(at: Callable[..., Hands]) -> None:
    hands = at(line=TOTAL)
    # Where a keyring may hold a key, it is known after an edit that there is none.
    hands.neovim.keys(":Edit! rename receipt to bill<CR>")
    edited(hands.neovim, 1)
    hands.neovim.keys(f"u:{TOTAL}<CR>")
    hands.neovim.until_buffer(CART)
    hands.press(r"\ip")
    hands.neovim.until_said("1: Add documentation stubs")
    hands.press("1<CR>")
    hands.neovim.until(lambda: '"""' in hands.neovim.buffer().split("def total")[1], "the documentation")
    done("preset", hands)


def test_accept_one(with_hunks: Callable[..., Hands]) -> None:
    hands = with_hunks()
    hands.neovim.keys("]r")
    hands.press(r"\ia")
    hands.neovim.until(
        lambda: open_hunks(hands.neovim) == 2 and hands.neovim.cursor_line() > TOTAL, "the next"
    )
    done("accept-one", hands)


def test_two_of_five(at: Callable[..., Hands]) -> None:
    blank = "\n" * 5
    text = f"def fetch(): ...{blank}" + f"fetch(){blank}" * 4
    hands = at(text, name="five.py")
    hands.neovim.keys(":Edit! rename fetch to download<CR>")
    edited(hands.neovim, 5)
    for number, keys in enumerate((r"\ia", r"\ir", r"\ia", r"\ir", r"\ia"), start=1):
        hands.press(keys)
        hands.neovim.until(lambda left=5 - number: open_hunks(hands.neovim) == left, "the decision")
        hands.neovim.until(
            lambda line=5 * number + 1: hands.neovim.cursor_line() == min(line, 21), "the next"
        )
    wanted = f"def download(): ...{blank}fetch(){blank}download(){blank}fetch(){blank}download(){blank}"
    hands.neovim.until_buffer(wanted)
    done("two-of-five", hands)


def test_accept_all(with_hunks: Callable[..., Hands]) -> None:
    hands = with_hunks()
    hands.press(r"\iA")
    hands.neovim.until(lambda: open_hunks(hands.neovim) == 0, "no open hunk")
    assert hands.neovim.buffer() == cart(CHECKED, SUMMED, LISTED)
    done("accept-all", hands)


def test_reject_all(with_hunks: Callable[..., Hands]) -> None:
    hands = with_hunks()
    hands.press(r"\iR")
    hands.neovim.until_buffer(CART)
    done("reject-all", hands)


def test_undo_edit(with_hunks: Callable[..., Hands]) -> None:
    hands = with_hunks()
    hands.neovim.keys(r"\iA")
    hands.neovim.until(lambda: open_hunks(hands.neovim) == 0, "no open hunk")
    hands.press("u")
    hands.neovim.until_buffer(CART)
    done("undo-edit", hands)


def test_undo_reject(with_hunks: Callable[..., Hands]) -> None:
    hands = with_hunks()
    hands.neovim.keys(r"]r\ir")
    hands.neovim.until_buffer(cart(SUMMED, LISTED))
    hands.press("u")
    hands.neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
    done("undo-reject", hands)


def test_cancel(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model(speed=20)
    hands = at()
    hands.neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    hands.neovim.until(lambda: float_text(hands.neovim), "the edit as it is written")
    hands.press(r"\ic")
    hands.neovim.until(
        lambda: "cancelled" in hands.neovim.lua("return require('editsvc').status()"), "the end"
    )
    assert hands.neovim.buffer() == CART
    done("cancel", hands)


def test_type_meanwhile(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model(speed=200)
    hands = at()
    hands.neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    hands.neovim.until(lambda: float_text(hands.neovim), "the edit as it is written")
    hands.press("O")
    hands.type("# mine")
    hands.press("<Esc>")
    hands.neovim.until_buffer("# mine\n" + cart(CHECKED, SUMMED, LISTED))
    done("type-meanwhile", hands)


def test_off_screen(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    hands = at(LONG, line=60)
    hands.neovim.keys(f":Edit! {RENAME}<CR>")
    hands.neovim.until_buffer(RENAMED)
    edited(hands.neovim, 2)
    hands.press("]r")
    hands.neovim.until_shown("def late(")
    done("off-screen", hands)


def test_removed_lines(at: Callable[..., Hands]) -> None:
    body = "".join(f"    step_{n} = {n}\n" for n in range(11))
    text = f"def keep():\n    return 1\n\n\ndef gone():\n{body}\n\n\ndef last():\n    return 2\n"
    hands = at(text, name="gone.py")
    hands.neovim.keys(":Edit! remove the function gone<CR>")
    hands.neovim.until(lambda: "step_10" not in hands.neovim.buffer(), "the edit")
    edited(hands.neovim, 1)
    hands.neovim.until_shown("step_0 = 0")
    hands.neovim.until_shown("step_10 = 10")
    hands.press(r"]r\ir")
    hands.neovim.until_buffer(text)
    done("removed-lines", hands)


def test_preview(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    hands = at(settings={"mode": "preview"})
    hands.neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(hands.neovim, 3)
    assert hands.neovim.buffer() == CART
    hands.press(r"\iA")
    hands.neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
    done("preview", hands)


def test_no_key(desk: Desk, at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    key = desk.environ.pop("CEREBRAS_API_KEY")
    hands = at()
    hands.neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    hands.neovim.until(lambda: ":EditKey" in float_text(hands.neovim), "what can be done")
    hands.press(":EditKey<CR>")
    hands.neovim.until_shown("API key for Cerebras")
    hands.type(key)
    hands.press("<CR>")
    hands.neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
    done("no-key", hands)


def test_server_down(desk: Desk, at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    address = desk.environ["CEREBRAS_BASE_URL"]
    desk.environ |= {"CEREBRAS_BASE_URL": "http://127.0.0.1:9", "EDITSVC_MAX_RETRIES": "0"}
    hands = at()
    hands.neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    hands.neovim.until(lambda: ":EditRetry" in float_text(hands.neovim), "what can be done")
    hands.neovim.lua(
        "vim.env.CEREBRAS_BASE_URL = ...; require('editsvc.client').restart(function() end)", address
    )
    hands.neovim.until(
        lambda: hands.neovim.lua("return #vim.lsp.get_clients()") == 0, "the end of the server"
    )
    hands.press(":EditRetry<CR>")
    hands.neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
    done("server-down", hands)


def test_refused(at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    hands = at()
    hands.neovim.keys(f":{FIRST_SUMMED},{FIRST_SUMMED + 2}Edit {ELIDE}<CR>")
    hands.neovim.until_shown("Show the reply")
    hands.press("4<CR>")
    hands.neovim.until_shown("+++ b/cart.py")
    hands.press("<CR>")
    hands.neovim.until_buffer(CART.replace(*ELIDED))
    done("refused", hands)


def test_two_files(desk: Desk, at: Callable[..., Hands], model: Callable[..., Any]) -> None:
    model()
    (desk.folder / "other.py").write_text(CART)
    hands = at()
    hands.neovim.keys(":e other.py<CR>")
    for _ in range(2):
        hands.press(r"\if")
        hands.neovim.until_shown("Edit (empty")
        hands.type(INSTRUCTION)
        hands.press("<CR>")
        hands.neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
        edited(hands.neovim, 3)
        hands.press("<C-^>")
    hands.press(r"\iA<C-^>\iR")
    hands.neovim.until_buffer(CART)
    hands.neovim.keys("<C-^>")
    hands.neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
    assert open_hunks(hands.neovim) == 0
    done("two-files", hands)


def test_every_task_is_done_here() -> None:
    assert {f"test_{name.replace('-', '_')}" for name in TASKS} <= set(globals())
