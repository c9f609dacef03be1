"""The pictures of docs/editors/neovim.md: the screens of real runs, made anew if EDITSVC_PICTURES is set."""

import os
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from nvim_desk import (
    CART,
    ELIDE,
    INSTRUCTION,
    LONG_CASE,
    MARKS,
    RATES_CASE,
    SUMMED,
    Desk,
    edited,
    float_text,
)
from nvim_driver import ROOT, Neovim
from nvim_picture import svg
from nvim_screen import Screen

pytestmark = MARKS
STATUS = "set laststatus=2 statusline=\\ %f\\ %m%=%{v:lua.require'editsvc'.status()}\\ "
FIRST_SUMMED = CART[: CART.index(SUMMED[0])].count("\n") + 1
LIGHT = "set background=light"
LEAST_CONTRAST = 4.5
"""Of text, by WCAG 2.2, success criterion 1.4.3."""


def picture(neovim: Neovim, name: str, title: str) -> str:
    """The screen as an SVG, which loads nothing."""
    made = svg(neovim.screen, title)
    if os.environ.get("EDITSVC_PICTURES"):
        (ROOT / "docs" / "editors" / f"neovim-{name}.svg").write_text(made, "utf-8")
    assert made.count("<text") > 5
    assert not re.findall(r"(?:url\(|src=|href=)", made)
    return made.replace("\N{NO-BREAK SPACE}", " ")


def contrast(one: int, other: int) -> float:
    """The ratio by which the lighter of two colours is lighter, by WCAG 2.2."""

    def luminance(colour: int) -> float:
        parts = [(colour >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def worst(screen: Screen) -> tuple[float, str]:
    """The least contrast of what the plugin has drawn on a background of its own, and the text that has it."""
    plain = screen.style(0).background
    found = [(21.0, "")]
    for row in screen.cells()[:-2]:  # not the status line and the message
        for cell in row:
            style = screen.style(cell.highlight)
            if cell.text.strip() and style.background != plain:
                text = "".join(one.text for one in row if screen.style(one.highlight) == style).strip()
                found.append((contrast(style.foreground, style.background), text))
    return min(found)


def test_an_edit_streams_and_its_hunks_are_reviewed(desk: Desk, model: Callable[..., Any]) -> None:
    model(speed=40.0)
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":{STATUS}<CR>:Edit! {INSTRUCTION}<CR>")
    neovim.until_shown("+         total = sum(")
    picture(neovim, "stream", "Hunks in a floating window while an edit streams")
    edited(neovim, 3)
    neovim.keys("gg:EditNext<CR>")
    neovim.until_shown(":EditNext")
    review = picture(neovim, "review", "Open hunks in the buffer, with the lines that they replace")

    # What was removed is on the screen, though no longer in the buffer.
    assert "total = total + price * count" in review
    assert "price * count" not in neovim.buffer().partition("sum(")[0]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_three_hunks_with_the_keys_that_decide(desk: Desk, model: Callable[..., Any], theme: str) -> None:
    model()
    neovim = desk.open("cart.py", CART, keymaps=True)
    neovim.keys(f":{STATUS}|set background={theme}<CR>:Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    neovim.until_said("3 open hunks · \\ia \\ir")
    made = picture(
        neovim,
        f"three-hunks-{theme}",
        f"Three open hunks and the keys that decide on them, {theme} background",
    )

    for count in ("1 of 3", "2 of 3", "3 of 3"):
        assert count in made
    ratio, text = worst(neovim.screen)
    assert ratio >= LEAST_CONTRAST, text


def test_twelve_removed_lines_stand_where_they_were(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("rates.py", RATES_CASE["before"], keymaps=True)
    neovim.keys(f":{STATUS}<CR>:Edit! {RATES_CASE['instruction']}<CR>")
    edited(neovim, 1)
    neovim.keys("gg]r")
    neovim.until_shown("1 of 1")
    picture(neovim, "12-lines", "A hunk that removes 12 lines: they stand above what replaces them")

    shown = [line.strip() for line in neovim.screen.lines()]
    removed = [
        line.strip() for line in RATES_CASE["before"].split("\n") if "zone ==" in line or "return 4" in line
    ]
    at = [shown.index(line) for line in removed]
    assert at == sorted(at)


def test_a_line_of_200_columns_can_be_read_to_its_end(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    desk.size = (80, 10)
    neovim = desk.open("greeting.py", LONG_CASE["before"], keymaps=True)
    neovim.keys(f":{STATUS}|set nowrap sidescrolloff=2<CR>:Edit! {LONG_CASE['instruction']}<CR>")
    edited(neovim, 1)
    neovim.keys("gg]r$")
    neovim.until(lambda: neovim.screen.text().count("the_end") == 2, "both ends")
    picture(neovim, "200-columns", "A hunk of 200 columns: removed and new line scroll together")


def _unreachable(desk: Desk) -> None:
    desk.environ |= {"CEREBRAS_BASE_URL": "http://127.0.0.1:9", "EDITSVC_MAX_RETRIES": "0"}


def _wrong_key(desk: Desk) -> None:
    desk.environ["CEREBRAS_API_KEY"] = "csk-another-value"


def _without_key(desk: Desk) -> None:
    desk.environ["CEREBRAS_API_KEY"] = ""


def _wrong_settings(desk: Desk) -> None:
    desk.environ["EDITSVC_JOBS"] = "many"


WHOLE = f":Edit! {INSTRUCTION}<CR>"
# What goes wrong, what is typed, and what can then be read and done.
ERRORS: dict[str, tuple[Callable[[Desk], None], str, str]] = {
    "no-key": (_without_key, WHOLE, ":EditKey"),
    "wrong-key": (_wrong_key, WHOLE, ":EditKey"),
    "unreachable": (_unreachable, WHOLE, ":EditRetry"),
    "model": (lambda _: None, ":Edit! Do what no model would.<CR>", ":EditRetry"),
    "settings": (_wrong_settings, WHOLE, "takes a whole number"),
}


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_can_be_read_whole_with_what_to_do(
    desk: Desk, model: Callable[..., Any], error: str
) -> None:
    arrange, keys, remedy = ERRORS[error]
    model(api_key="csk-secret-value")
    arrange(desk)
    desk.size = (80, 20)
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":{STATUS}<CR>{keys}")
    neovim.until(lambda: remedy in float_text(neovim), f"{remedy} in a float")
    neovim.until_said(remedy)
    picture(neovim, f"error-{error}", f"An error in Neovim: {error}")

    shown = "".join(neovim.screen.text().split())
    assert "".join(float_text(neovim).split()) in shown.replace("│", "")
    assert neovim.buffer() == CART


@pytest.mark.parametrize(
    ("error", "name", "keys", "question"),
    [
        ("check", "cart.py", f":{FIRST_SUMMED},{FIRST_SUMMED + 2}Edit {ELIDE}<CR>", "Accept anyway"),
        ("file", "keys.pem", WHOLE, "usually holds keys"),
    ],
)
def test_what_is_not_done_unasked_is_a_question(
    desk: Desk, model: Callable[..., Any], error: str, name: str, keys: str, question: str
) -> None:
    model()
    desk.size = (80, 20)
    neovim = desk.open(name, CART)
    neovim.keys(f":{STATUS}<CR>{keys}")
    neovim.until_shown(question)
    picture(neovim, f"error-{error}", f"A question in Neovim: {question}")

    neovim.keys("<Esc>")
    neovim.until(lambda: question not in neovim.screen.text(), "the end of the question")
    assert neovim.buffer() == CART


def test_the_rows_of_a_picture_stand_one_below_the_other(desk: Desk) -> None:
    neovim = desk.open("one.py", "first = 1\nsecond = 2\n")
    neovim.until_shown("second = 2")
    made = svg(neovim.screen, "two lines")
    heights = [int(y) for y in re.findall(r'<text x="[\d.]+" y="(\d+)"', made)]

    assert all(above <= below for above, below in pairwise(heights))
