"""The plugin for Neovim, in a real Neovim: keys are typed, and the screen and the buffer are looked at.

Behind it run the real language server, as a process, and an emulator that answers with the edits below.
"""

import os
import re
import shutil
import signal
import stat
import sys
import time
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
    LIST,
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
    is_edit,
    open_hunks,
)
from nvim_driver import PLUGIN, Neovim

from editsvc.text.document import split_lines

pytestmark = MARKS

# --- an edit ------------------------------------------------------------------------------------------------


def test_an_instruction_changes_the_buffer_and_every_hunk_is_shown_with_what_it_replaced(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)

    assert neovim.buffer() == cart(CHECKED, SUMMED, LISTED)
    added = neovim.screen.backgrounds("        total = sum(price * count for")
    removed = neovim.screen.backgrounds("            total = total + price * count")
    plain = neovim.screen.backgrounds("    def total(self):")
    assert len(added | removed | plain) == 3


def test_a_file_that_usually_holds_keys_is_edited_only_after_a_question(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("keys.pem", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    neovim.answer("usually holds keys", "1")
    assert neovim.buffer() == CART
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    neovim.answer("Edit anyway", "2")
    neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))


def test_an_edit_that_a_check_refuses_is_made_after_a_question_where_its_lines_are_by_then(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    first = CART[: CART.index(SUMMED[0])].count("\n") + 1
    neovim.keys(f":{first},{first + 2}Edit {ELIDE}<CR>")
    neovim.until_shown("Accept anyway")
    assert "--" not in neovim.lua("return vim.fn.execute('messages')")
    neovim.answer("Accept anyway", "1")
    assert neovim.buffer() == CART
    neovim.keys(f":{first},{first + 2}Edit {ELIDE}<CR>i# mine<CR>")
    neovim.until(lambda: "refused" in neovim.lua("return require('editsvc').status()"), "the refusal")
    neovim.keys("<Esc>")
    neovim.until_shown("Accept anyway")
    mine = neovim.buffer()
    neovim.keys("3<CR>")
    neovim.until(lambda: neovim.buffer() == mine.replace(*ELIDED), "the edit")


def test_what_was_refused_can_be_looked_at_before_it_is_made(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    first = CART[: CART.index(SUMMED[0])].count("\n") + 1
    neovim.keys(f":{first},{first + 2}Edit {ELIDE}<CR>")
    neovim.answer("Show the reply", "4")
    neovim.until(lambda: "+++ b/cart.py" in neovim.screen.text(), "the diff")
    assert neovim.lua("return vim.bo.filetype .. vim.bo.buftype") == "diffnofile"
    neovim.keys("<CR>")
    neovim.until_buffer(CART.replace(*ELIDED))


def test_what_is_typed_into_the_text_is_not_taken_for_an_answer(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("keys.pem", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    neovim.keys("O")
    neovim.until(lambda: "refused" in neovim.lua("return require('editsvc').status()"), "the refusal")
    neovim.keys("2<CR>2<CR>")
    neovim.until_buffer("2\n2\n\n" + CART)
    assert "Edit anyway" not in neovim.screen.text()
    neovim.keys("<Esc>")
    neovim.answer("Edit anyway", "")
    assert neovim.buffer() == "2\n2\n\n" + CART


def test_one_hunk_is_rejected_and_the_others_are_kept(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    neovim.keys("gg:EditNext<CR>:EditNext<CR>:EditReject<CR>")
    neovim.until_buffer(cart(CHECKED, LISTED))
    neovim.until(lambda: open_hunks(neovim) == 2, "the decision")
    neovim.keys(":EditAcceptAll<CR>")
    neovim.until(lambda: open_hunks(neovim) == 0, "the decisions")

    assert neovim.buffer() == cart(CHECKED, LISTED)


def test_one_hunk_is_accepted_and_the_others_are_taken_back(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    neovim.keys("G:EditPrev<CR>")
    neovim.keys(":EditAccept<CR>")
    neovim.until(lambda: open_hunks(neovim) == 2, "the decision")
    neovim.keys(":EditRejectAll<CR>")

    neovim.until_buffer(cart(LISTED))
    neovim.until(lambda: open_hunks(neovim) == 0, "the decisions")


def test_after_a_decision_the_cursor_is_at_the_next_hunk_and_counts_follow(
    reviewing: Callable[..., Neovim],
) -> None:
    neovim = reviewing()
    neovim.until_shown("● 3 of 3")
    neovim.keys("gg:EditNext<CR>:EditReject<CR>")
    neovim.until_said("2 left")
    neovim.until_buffer(cart(SUMMED, LISTED))
    neovim.until_shown("● 2 of 2")
    neovim.keys(":EditReject<CR>")
    neovim.until_said("1 left")
    neovim.keys(":EditAccept<CR>")
    neovim.until_said("no hunks left")

    assert neovim.buffer() == cart(LISTED)


def test_the_cursor_stays_after_a_decision_if_that_is_wanted(reviewing: Callable[..., Neovim]) -> None:
    neovim = reviewing(advance=False)
    neovim.keys("gg:EditNext<CR>")
    line = neovim.cursor_line()
    neovim.keys(":EditAccept<CR>")
    neovim.until_said("2 left")

    assert neovim.cursor_line() == line


def test_all_hunks_of_several_edits_are_taken_back_the_last_edit_first(desk: Desk) -> None:
    text = "first = 1\n\n\nsecond = 2\n\n\nthird = 3\n"
    neovim = desk.open("one.py", text)
    for number, name in enumerate(("third", "first", "second"), start=1):
        neovim.keys(f":Edit! rename {name} to {name}_one<CR>")
        edited(neovim, number)
        neovim.until_said("open hunk ·" if number > 1 else "sets one")
    neovim.keys(":EditRejectAll<CR>")

    neovim.until_said("no hunks left")
    assert neovim.buffer() == text


def test_a_long_removed_line_scrolls_with_the_window(desk: Desk) -> None:
    tail = "z" * 150 + "_the_end"
    neovim = desk.open("long.py", f'fetch = "{tail}"\nprint(fetch)\n')
    neovim.keys(":set nowrap<CR>:Edit! rename fetch to download<CR>")
    edited(neovim, 1)
    neovim.keys("gg$")

    neovim.until(
        lambda: neovim.screen.text().count("_the_end") == 2, "the end of the old line and of the new one"
    )


def test_next_and_prev_go_around(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART, keymaps=True)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    visited = []
    neovim.keys("gg")
    for key in ("]r", "]r", "]r", "]r", "[r"):
        before = neovim.cursor_line()
        neovim.keys(key)
        neovim.until(lambda before=before: neovim.cursor_line() != before, "a step")
        visited.append(neovim.cursor_line())

    first, second, third = visited[:3]
    assert first < second < third
    assert visited[3:] == [first, third]


def test_one_undo_takes_the_whole_edit_back_and_closes_the_review(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    neovim.keys("u")

    neovim.until_buffer(CART)
    neovim.until(lambda: open_hunks(neovim) == 0, "the end of the review")
    neovim.keys(":EditNext<CR>")
    neovim.until_said("There are no open hunks in this buffer.")


def test_a_selection_bounds_the_edit(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys("/def total<CR>Vjjjj")
    neovim.keys(f":Edit {SUM}<CR>")
    edited(neovim, 1)

    assert neovim.buffer() == cart(SUMMED)


def test_the_cursor_means_the_definition_around_it(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys("/def receipt<CR>")
    neovim.keys(f":Edit {LIST}<CR>")
    edited(neovim, 1)

    assert neovim.buffer() == cart(LISTED)


def test_a_preview_leaves_the_buffer_alone_until_a_hunk_is_accepted(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART, settings={"mode": "preview"})
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    assert neovim.buffer() == CART
    neovim.until_shown("        total = sum(price * count for")
    neovim.keys("gg:EditNext<CR>:EditNext<CR>:EditAccept<CR>")

    neovim.until_buffer(cart(SUMMED))
    neovim.until(lambda: open_hunks(neovim) == 2, "the decision")


def test_lines_removed_at_the_top_of_the_file_can_be_seen(desk: Desk) -> None:
    neovim = desk.open("one.py", "fetch = 1\nprint(fetch)\n")
    neovim.keys(":Edit! rename fetch to download<CR>")
    neovim.until_buffer("download = 1\nprint(download)\n")

    neovim.until_shown("fetch = 1\nprint(fetch)\ndownload = 1")


# --- instructions -------------------------------------------------------------------------------------------


def test_without_an_instruction_it_asks_and_remembers(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys(":Edit!<CR>")
    neovim.until_shown("Edit (empty: presets):")
    neovim.keys(f"{INSTRUCTION}<CR>")
    edited(neovim, 3)
    neovim.keys(":EditRejectAll<CR>")
    neovim.until_buffer(CART)
    neovim.keys(":Edit!<CR>Refuse<Tab>")
    neovim.until_shown(f"Edit (empty: presets): {INSTRUCTION}")
    neovim.keys("<C-u><Up>")
    neovim.until_shown(f"Edit (empty: presets): {INSTRUCTION}")
    neovim.keys("<Esc>")
    neovim.keys(":Edit! Refuse<Tab>")
    neovim.until_shown(f":Edit! {INSTRUCTION}")


def test_what_is_typed_is_what_is_carried_out_whatever_was_asked_for_before(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    for text, after in [(SUM, cart(SUMMED)), (LIST, cart(LISTED))] * 5:
        neovim.keys(f":Edit!<CR>{text}<CR>")
        neovim.until(lambda after=after: neovim.buffer() == after, "the edit")
        neovim.keys("u")
        neovim.until_buffer(CART)


def test_an_empty_answer_leads_to_the_presets_of_the_user_and_of_the_server(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    preset = {"id": "tidy", "title": "Tidy the cart", "instruction": INSTRUCTION}
    neovim = desk.open("cart.py", CART, presets=[preset])
    neovim.keys(":Edit!<CR><CR>")
    neovim.until_shown("1: Tidy the cart")
    assert "Write documentation comments" in neovim.screen.text()
    neovim.keys("1<CR>")

    neovim.until_buffer(cart(CHECKED, SUMMED, LISTED))


def test_a_plug_map_asks_for_the_selection(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART, keymaps={"edit": "gz"})
    neovim.keys("/def total<CR>Vjjjjgz")
    neovim.until_shown("Edit (empty: presets):")
    neovim.keys(f"{SUM}<CR>")
    edited(neovim, 1)

    assert neovim.buffer() == cart(SUMMED)


# --- while it streams ---------------------------------------------------------------------------------------


def test_hunks_are_seen_before_the_buffer_changes(desk: Desk, model: Callable[..., Any]) -> None:
    model(speed=150.0)
    neovim = desk.open("steps.py", LONG)
    neovim.keys(f":Edit! {RENAME}<CR>")
    neovim.until(lambda: "second(" in float_text(neovim), "the first hunk")

    assert neovim.buffer() == LONG
    shown = neovim.screen.text()
    assert "- def step_2(value):" in shown and "+ def second(value):" in shown
    assert "late(" not in shown
    assert re.search(r"editing \d+/\d+", neovim.lua("return require('editsvc').status()"))
    neovim.until_buffer(RENAMED)
    edited(neovim, 2)


def test_what_is_typed_while_it_streams_stays_and_undo_separates_it_from_the_edit(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model(speed=250.0)
    neovim = desk.open("steps.py", LONG)
    neovim.keys(f":Edit! {RENAME}<CR>")
    neovim.until(lambda: "second(" in float_text(neovim), "the first hunk")
    neovim.keys("ggO# begun while it streams")
    typed = "# begun while it streams\n"
    assert neovim.buffer() == typed + LONG
    neovim.until_buffer(typed + RENAMED)
    edited(neovim, 2)
    neovim.keys(", and ended after it<Esc>")
    ended = "# begun while it streams, and ended after it\n"
    neovim.until_buffer(ended + RENAMED)
    neovim.keys(":EditRejectAll<CR>")

    neovim.until_buffer(ended + LONG)


def test_undo_in_the_middle_of_typing_goes_step_by_step(desk: Desk, model: Callable[..., Any]) -> None:
    model(speed=250.0)
    neovim = desk.open("steps.py", LONG)
    neovim.keys(f":Edit! {RENAME}<CR>")
    neovim.until(lambda: "second(" in float_text(neovim), "the first hunk")
    neovim.keys("ggO# typed")
    neovim.until_buffer("# typed\n" + RENAMED)
    edited(neovim, 2)
    neovim.keys(" on<Esc>")
    neovim.until_buffer("# typed on\n" + RENAMED)

    states = []
    for _ in range(4):
        neovim.keys("u")
        neovim.until(lambda: neovim.lua("return vim.api.nvim_get_mode().mode") == "n", "normal mode")
        states.append(neovim.buffer())
        if states[-1] == LONG:
            break
    assert states[-1] == LONG
    assert "# typed\n" + LONG in states


def test_cancelling_closes_the_preview_and_leaves_the_buffer_as_it_was(
    desk: Desk, model: Callable[..., Any]
) -> None:
    emulator = model(speed=40.0)
    neovim = desk.open("steps.py", LONG)
    neovim.keys(f":Edit! {RENAME}<CR>")
    neovim.until(lambda: "second(" in float_text(neovim), "the first hunk")
    neovim.keys(":EditCancel<CR>")
    neovim.until(lambda: not float_text(neovim), "the end of the preview")

    neovim.until_said("The edit was cancelled.")
    assert neovim.buffer() == LONG
    neovim.until(
        lambda: [record.disconnected for record in emulator.records()] == [True], "the disconnection"
    )


def test_the_progress_is_an_lsp_progress(desk: Desk, model: Callable[..., Any]) -> None:
    model(speed=100.0)
    neovim = desk.open("steps.py", LONG)
    neovim.lua(
        """
        vim.g.progress = {}
        vim.api.nvim_create_autocmd("LspProgress", { callback = function(event)
          vim.g.progress = vim.list_extend(vim.g.progress, { event.data.params.value.kind })
        end })
        """
    )
    neovim.keys(f":Edit! {RENAME}<CR>")
    neovim.until(lambda: "report" in neovim.lua("return vim.g.progress"), "progress")
    neovim.keys(":EditCancel<CR>")
    neovim.until(lambda: neovim.lua("return vim.g.progress")[-1:] == ["end"], "the end of the progress")
    assert neovim.lua("return vim.g.progress")[0] == "begin"


def test_a_slow_server_is_said_to_read_the_file(desk: Desk, model: Callable[..., Any]) -> None:
    model(ttft=60.0)
    neovim = desk.open("steps.py", LONG)
    neovim.keys(f":Edit! {RENAME}<CR>")
    footers = """
        return vim.iter(vim.api.nvim_list_wins()):map(function(window)
          local footer = vim.api.nvim_win_get_config(window).footer
          return footer and footer[1][1] or nil
        end):totable()
        """
    neovim.until(
        lambda: any(
            re.fullmatch(r" reading the file \(\d+ s\) · :EditCancel stops it ", footer)
            for footer in neovim.lua(footers)
        ),
        "what the server does",
    )
    neovim.keys(":EditCancel<CR>")
    neovim.until(lambda: not float_text(neovim), "the end of the preview")


# --- servers that are not there -----------------------------------------------------------------------------


def test_nothing_is_started_before_the_first_use(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    neovim.keys("jjkk")
    neovim.until(lambda: neovim.cursor_line() == 1, "the cursor")
    assert desk.pids == []
    assert neovim.lua("return package.loaded['editsvc.client']") is None
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    assert len(desk.pids) == 1


def test_a_server_that_is_not_installed_is_said_with_what_to_do(desk: Desk) -> None:
    neovim = desk.open("cart.py", CART, cmd=["editsvc-lsp-of-nobody"])
    neovim.keys(":Edit! anything<CR>")

    wanted = "editsvc-lsp-of-nobody was not found. In a checkout of editsvc, pipx install . installs it"
    neovim.until(lambda: wanted in " ".join(float_text(neovim).split()), "the whole message")
    assert neovim.buffer() == CART


def test_a_server_that_ends_at_once_is_said(desk: Desk) -> None:
    neovim = desk.open("cart.py", CART, cmd=["sh", "-c", "exit 3"])
    neovim.keys(":Edit! anything<CR>")
    neovim.until_said("The language server ended before it was ready.")
    # Neovim has a sentence of its own about it, and waits for a key.
    neovim.keys("<CR>")

    assert not float_text(neovim)


def test_after_a_crash_the_buffer_is_as_it_was_and_the_next_edit_starts_the_server_again(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model(speed=60.0)
    neovim = desk.open("steps.py", LONG)
    neovim.keys(f":Edit! {RENAME}<CR>")
    neovim.until(lambda: "second(" in float_text(neovim), "the first hunk")
    os.kill(desk.pids[0], signal.SIGKILL)
    neovim.until_said("The language server ended; the next :Edit starts it again.")
    # Neovim has a sentence of its own about it, and waits for a key.
    neovim.keys("<CR>")
    assert neovim.buffer() == LONG
    assert not float_text(neovim)
    neovim.keys(f":Edit! {RENAME}<CR>")
    neovim.until(lambda: len(desk.pids) == 2, "another server")
    neovim.until_buffer(RENAMED)


def test_without_a_key_the_offline_engine_edits_and_that_is_said_once(desk: Desk) -> None:
    neovim = desk.open("steps.py", LONG)
    for number in (2, 3):
        neovim.keys(f":Edit! rename step_{number} to other_{number}<CR>")
        neovim.until(lambda number=number: f"def other_{number}(" in neovim.buffer(), "the edit")
        neovim.until(lambda: not float_text(neovim), "the end of the preview")
    messages = neovim.lua("return vim.fn.execute('messages')")

    assert messages.count("there is no API key") == 1
    assert ":EditKey sets one" in messages
    assert "offline" in neovim.lua("return require('editsvc').status()")


def test_a_refusal_is_said_and_changes_nothing(desk: Desk) -> None:
    neovim = desk.open("steps.py", LONG)
    neovim.keys(":Edit! rename nobody_knows_it to known<CR>")
    neovim.until(lambda: "nobody_knows_it" in neovim.lua("return vim.fn.execute('messages')"), "the message")

    assert neovim.buffer() == LONG


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (":enew<CR>", "The buffer has no name"),
        (":help<CR>", "This is not a buffer of a file."),
        (":setlocal nomodifiable<CR>", "The buffer is not modifiable."),
    ],
)
def test_a_buffer_that_cannot_be_edited_is_said(desk: Desk, keys: str, message: str) -> None:
    neovim = desk.open("cart.py", CART)
    neovim.keys(keys)
    neovim.keys(":Edit! anything<CR>")

    neovim.until_said(message)
    assert desk.pids == []


# --- what is told -------------------------------------------------------------------------------------------


def test_the_status_line_and_the_log_tell_what_the_last_edit_took(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    assert neovim.lua("return require('editsvc').status()") == ""
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    neovim.until(lambda: "changed" in neovim.lua("return require('editsvc').status()"), "the status")
    text = neovim.lua("return require('editsvc').status()")

    assert re.fullmatch(
        r"3 open hunks · changed · \d+ tokens · \d+ % of the prediction accepted · \d+\.\d s · \$\d\.\d{4}",
        text,
    )
    neovim.keys(":EditLog<CR>")
    wanted = f"{text.removeprefix('3 open hunks · ')} · 3 hunks · gpt-oss-120b · request "
    lines = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')"
    neovim.until(lambda: wanted in neovim.lua(lines), "the log")


def test_the_status_line_says_that_the_policy_is_old_and_the_log_why(
    desk: Desk, model: Callable[..., Any]
) -> None:
    model()
    neovim = desk.open("cart.py", CART)
    answer = (
        "{status = 'changed', hunks = {}, message = '', shown = {total = '0.5 s', policy = 'Tune again.'}}"
    )
    neovim.lua(f"require('editsvc.status').record({answer})")

    assert neovim.lua("return require('editsvc').status()") == "changed · 0.5 s · policy is old"
    neovim.keys(":EditLog<CR>")
    lines = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')"
    neovim.until(lambda: "0 hunks · Tune again." in neovim.lua(lines), "the log")


def test_the_report_opens_in_the_browser(desk: Desk, model: Callable[..., Any]) -> None:
    """A program that stands for the desktop's opener notes what it was given."""
    model()
    opener = desk.folder / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(
        f'#!/bin/sh\necho "$1" >"{desk.folder}/opened.part"\nmv "{desk.folder}/opened.part" "{desk.folder}/opened"\n'
    )
    opener.chmod(opener.stat().st_mode | stat.S_IXUSR)
    desk.environ["PATH"] = f"{opener.parent}{os.pathsep}{os.environ['PATH']}"
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)
    neovim.keys(":EditReport<CR>")
    neovim.until((desk.folder / "opened").exists, "the report")

    page = Path((desk.folder / "opened").read_text().strip()).read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html")


def test_checkhealth_tells_what_is_there_and_never_the_key(desk: Desk, model: Callable[..., Any]) -> None:
    model()
    neovim = desk.open("cart.py", CART, cmd=[str(Path(sys.executable).with_name("editsvc-lsp"))])
    neovim.keys(":checkhealth editsvc<CR>")
    neovim.until(lambda: "editsvc: product" in neovim.buffer() and "key:" in neovim.buffer(), "the report")
    found = neovim.buffer()

    assert "Neovim 0." in found and "editsvc-lsp: editsvc-lsp " in found
    assert "key: from CEREBRAS_API_KEY" in found.replace("`", "")
    assert "csk-secret-value" not in found
    assert "ERROR" not in found


def test_checkhealth_tells_how_to_install_a_server_that_is_missing(desk: Desk) -> None:
    neovim = desk.open("cart.py", CART, cmd=["editsvc-lsp-of-nobody"])
    neovim.keys(":checkhealth editsvc<CR>")

    neovim.until(lambda: "pipx install ." in neovim.buffer(), "the advice")


# --- the plugin as a package --------------------------------------------------------------------------------


def test_it_is_found_as_a_package_and_needs_no_setup(desk: Desk) -> None:
    packages = Path(desk.environ["XDG_DATA_HOME"]) / "nvim" / "site" / "pack" / "editsvc" / "start"
    packages.mkdir(parents=True)
    (packages / "editsvc").symlink_to(PLUGIN)
    desk.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    (desk.folder / "steps.py").write_text(LONG)
    neovim = desk.start("steps.py")
    neovim.keys(":Edit! rename step_2 to second<CR>")

    neovim.until_buffer(LONG.replace("step_2(", "second("))


def test_the_server_that_neovim_enabled_is_the_one_that_edits(desk: Desk, model: Callable[..., Any]) -> None:
    """With vim.lsp.enable there are code actions in every buffer; :Edit starts no second server then."""
    model()
    (desk.folder / "cart.py").write_text(CART)
    setup = desk.init()
    clean = ("--clean", "--cmd", f"set rtp^={PLUGIN} termguicolors")
    neovim = desk.start(*clean, "-c", setup, "-c", "lua vim.lsp.enable('editsvc')", "-c", "edit cart.py")
    neovim.until(lambda: neovim.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 1, "the client")
    neovim.keys(f":Edit! {INSTRUCTION}<CR>")
    edited(neovim, 3)

    assert len(desk.pids) == 1


def test_a_setup_with_an_option_that_does_not_exist_is_refused(desk: Desk) -> None:
    neovim = desk.open("cart.py", CART)
    neovim.keys(":lua require('editsvc').setup({ comand = {} })<CR>")

    neovim.until_said('there is no option "comand"')


def test_every_command_map_option_and_highlight_is_in_the_help(desk: Desk) -> None:
    doc = desk.folder / "doc"
    shutil.copytree(PLUGIN / "doc", doc, ignore=shutil.ignore_patterns("tags"))
    neovim = desk.open("cart.py", CART)
    neovim.keys(f":helptags {doc}<CR>")
    neovim.until((doc / "tags").exists, "the tags")
    tags = {line.split("\t")[0] for line in split_lines((doc / "tags").read_text("utf-8"))}
    commands = neovim.lua("return vim.tbl_keys(vim.api.nvim_get_commands({}))")
    ours = {f":{name}" for name in commands if name.startswith("Edit") and name != "EditQuery"}
    maps = neovim.lua("return vim.tbl_map(function(map) return map.lhs end, vim.api.nvim_get_keymap('n'))")
    plugs = {lhs for lhs in maps if lhs.startswith("<Plug>(editsvc-")}
    options = neovim.lua("return vim.tbl_keys(require('editsvc').options)")
    groups = neovim.lua("return vim.fn.getcompletion('Editsvc', 'highlight')")

    assert len(ours) == 14 and len(plugs) == 17
    assert ours | plugs | {f"editsvc-{name}" for name in options} | {f"hl-{name}" for name in groups} <= tags


# --- time ---------------------------------------------------------------------------------------------------


def test_the_first_hunk_is_on_the_screen_soon_after_the_server_has_sent_it(
    desk: Desk, model: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    """Nothing is asserted about time.

    What was measured is in the test's properties: ``--junit-xml=FILE -o junit_family=xunit1``.
    """
    model(speed=3000.0)
    neovim = desk.open("steps.py", LONG, cmd=desk.relayed())
    for number in range(4):
        neovim.keys(f":Edit! {RENAME}")
        neovim.until_shown(f":Edit! {RENAME}")
        pressed = time.monotonic()
        neovim.keys("<CR>")
        neovim.until_shown("+ def second(value):")
        seen = time.monotonic() - pressed
        neovim.until_buffer(RENAMED)
        edited(neovim, 2)
        said = desk.messages()
        asked = [one["at"] for one in said if is_edit(one["message"])][-1]
        streamed = [one["at"] for one in said if one["message"].get("method") == "editsvc/stream"]
        first = next(at for at in streamed if at > asked)
        server = first - asked
        record_property(f"edit {number}", f"seen {1000 * seen:.0f} ms, server {1000 * server:.0f} ms")
        assert 0 < server < seen
        neovim.keys(":EditRejectAll<CR>")
        neovim.until_buffer(LONG)
        neovim.until(lambda: open_hunks(neovim) == 0, "the decisions")
