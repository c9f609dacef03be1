"""Reviewing by keys in a real Neovim: operators, the dot, maps that come and go, colours, and what is said."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nvim_desk import (
    CART,
    CHECKED,
    INSTRUCTION,
    LISTED,
    MARKS,
    SUMMED,
    Desk,
    cart,
    edited,
    float_text,
    open_hunks,
)
from nvim_driver import PLUGIN, Neovim

pytestmark = MARKS
MAPPED = "return vim.fn.maparg(...)"
LONG_WORDS = "Do what cannot be done without a model, and say so at some length, please."


def test_the_dot_repeats_a_decision_at_the_next_hunk(reviewing: Callable[..., Neovim]) -> None:
    neovim = reviewing(keymaps=True)
    neovim.keys("gg]r\\ir")
    neovim.until(lambda: open_hunks(neovim) == 2, "the first decision")
    neovim.until(lambda: neovim.cursor_line() > 13, "the cursor at the next hunk")
    neovim.keys(".")

    neovim.until_buffer(cart(LISTED))
    assert open_hunks(neovim) == 1


def test_an_operator_decides_on_the_hunks_of_its_motion(reviewing: Callable[..., Neovim]) -> None:
    neovim = reviewing(":nmap gR <lt>Plug>(editsvc-reject-operator)<CR>")
    neovim.keys("/def total<CR>gRG")

    neovim.until_buffer(cart(CHECKED))
    assert open_hunks(neovim) == 1


def test_selected_hunks_are_accepted_and_the_others_stay_open(reviewing: Callable[..., Neovim]) -> None:
    neovim = reviewing(keymaps=True)
    neovim.keys("/def total<CR>VG\\ia")

    neovim.until(lambda: open_hunks(neovim) == 1, "one open hunk")
    assert neovim.buffer() == cart(CHECKED, SUMMED, LISTED)
    assert neovim.lua("return vim.api.nvim_get_mode().mode") == "n"


def test_a_hunk_is_a_text_object(reviewing: Callable[..., Neovim]) -> None:
    neovim = reviewing(keymaps=True)
    neovim.keys("gg]ryir")

    neovim.until(
        lambda: neovim.lua("return vim.fn.getreg('\"')").startswith("        if count < 1:"), "the lines"
    )


def test_the_maps_of_a_review_are_there_only_while_hunks_are_open_and_what_was_there_comes_back(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART, keymaps=True)
    neovim.keys(":nmap <lt>buffer> ]r Gzz<CR>")
    assert neovim.lua(MAPPED, "]r", "n") == "Gzz"
    assert neovim.lua(MAPPED, "\\\\ia", "n") == ""
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    assert neovim.lua(MAPPED, "]r", "n") == "<Plug>(editsvc-next)"
    neovim.until_said("3 open hunks · \\ia \\ir")
    neovim.keys("\\iA")

    neovim.until(lambda: neovim.lua(MAPPED, "]r", "n") == "Gzz", "the map of before")
    assert neovim.lua(MAPPED, "\\\\ia", "n") == ""


@pytest.mark.parametrize(("columns", "cmdheight"), [(80, 1), (40, 1), (80, 0), (40, 0)])
def test_a_long_message_waits_for_no_key_and_can_be_read_whole(
    desk: Desk, columns: int, cmdheight: int
) -> None:
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":set columns={columns} cmdheight={cmdheight}<CR>:Edit! {LONG_WORDS}<CR>")
    neovim.until(lambda: "refused" in neovim.lua("return require('editsvc').status()"), "the refusal")
    neovim.until(lambda: ":EditKey" in float_text(neovim), "the float with what can be done")

    assert not neovim.lua("return vim.api.nvim_get_mode().blocking")
    whole = neovim.lua("return require('editsvc.messages').lines()")
    neovim.keys("j")
    neovim.until(lambda: not float_text(neovim), "the end of the float")
    neovim.keys(":EditLog<CR>")
    neovim.until(
        lambda: neovim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)")[: len(whole)] == whole, "it"
    )
    assert any("API key" in line for line in whole)


def test_the_first_refusal_without_a_key_leads_to_the_key_and_then_to_the_edit(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    key = desk.environ.pop("CEREBRAS_API_KEY")
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    neovim.until(lambda: "refused" in neovim.lua("return require('editsvc').status()"), "the refusal")
    neovim.keys(f":EditKey<CR>{key}<CR>")

    neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))
    assert key not in "\n".join(neovim.lua("return require('editsvc.messages').lines()"))


def test_an_edit_that_could_not_be_asked_for_is_made_by_a_retry(
    desk: Desk, model: Callable[..., Any]
) -> None:
    emulator = model()
    desk.environ["CEREBRAS_BASE_URL"] = "http://127.0.0.1:9"
    desk.environ["EDITSVC_MAX_RETRIES"] = "0"
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    neovim.until(lambda: "failed" in neovim.lua("return require('editsvc').status()"), "the failure")
    neovim.until(lambda: ":EditRetry" in float_text(neovim), "what can be done")
    neovim.lua(
        "vim.env.CEREBRAS_BASE_URL = ...; require('editsvc.client').restart(function() end)",
        emulator.base_url,
    )
    neovim.until(lambda: neovim.lua("return #vim.lsp.get_clients()") == 0, "the end of the server")
    neovim.keys(":EditRetry<CR>")

    neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))


def test_removed_lines_have_the_colours_of_the_file_and_the_words_that_differ_are_marked(desk: Desk) -> None:
    # Lua's parser comes with Neovim.
    neovim = desk.open("one.lua", "local fetch = 'old'\nprint(fetch)\n")
    neovim.keys(":Edit! rename fetch to download<CR>")
    edited(neovim, 1)
    groups = neovim.lua(
        """
        local found = {}
        local marks = vim.api.nvim_get_namespaces()["editsvc.review"]
        for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, marks, 0, -1, { details = true })) do
          for _, line in ipairs(mark[4].virt_lines or {}) do
            for _, chunk in ipairs(line) do
              table.insert(found, { vim.trim(chunk[1]), chunk[2] })
            end
          end
        end
        return found
        """
    )

    assert ["local", ["EditsvcRemoved", "@keyword.lua"]] in groups
    assert any(text == "fetch" and colours[-1] == "EditsvcRemovedWord" for text, colours in groups)
    assert not any(text == "local" and "EditsvcRemovedWord" in colours for text, colours in groups)


@pytest.mark.parametrize("folder", ["start", "opt"])
def test_a_mirror_of_the_plugin_is_a_package_that_neovim_loads_by_itself(
    desk: Desk, model: Callable[..., Any], tmp_path: Path, folder: str
) -> None:
    model()
    mirror = tmp_path / "editsvc.nvim.git"
    for _ in range(2):  # made, and brought up to date
        subprocess.run([PLUGIN / "mirror.sh", mirror], check=True, capture_output=True)
    place = (
        Path(desk.environ["XDG_DATA_HOME"]) / "nvim" / "site" / "pack" / "mirrored" / folder / "editsvc.nvim"
    )
    tags = subprocess.run(["git", "-C", mirror, "tag"], check=True, capture_output=True, text=True).stdout
    subprocess.run(["git", "clone", "-q", "-b", tags.strip(), mirror, place], check=True, capture_output=True)
    (desk.folder / "cart.py").write_text(CART)
    lazily = ["-c", "command! -nargs=* -bang Edit packadd editsvc.nvim | Edit<bang> <args>"]
    setup = [] if folder == "opt" else ["-c", desk.init()]
    neovim = desk.start(*(lazily if folder == "opt" else []), *setup, "cart.py")
    if folder == "opt":
        loaded = "return package.loaded['editsvc'] ~= nil"
        assert not neovim.lua(loaded)
        neovim.keys(f":packadd editsvc.nvim | {desk.init()}<CR>")
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")

    edited(neovim, 3)
    assert neovim.buffer() == cart(CHECKED, SUMMED, LISTED)


def test_a_long_removed_line_is_wrapped_as_the_lines_of_its_window_are(desk: Desk) -> None:
    """Neovim cuts lines that are not in the buffer at the window's edge."""
    tail = "z" * 180 + "_the_end"
    neovim = desk.open("long.py", f'fetch = "{tail}"\nprint(fetch)\n')
    neovim.keys(":Edit! rename fetch to download<CR>")
    edited(neovim, 1)

    def wholes() -> int:
        return "".join(neovim.screen.lines()).count("_the_end")

    neovim.until(lambda: wholes() == 2, "the end of the old line and of the new one")
    neovim.keys(":set nowrap<CR>")
    neovim.until(lambda: wholes() == 0, "lines that are cut")
    neovim.keys(":set wrap columns=60<CR>")
    neovim.until(lambda: wholes() == 2, "both ends in a narrow window")
