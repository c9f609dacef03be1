"""Helix and Emacs in a terminal, by keys; what is on the screen is what their users see."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
from client_desk import ROOT, TITLES, UNPACKED, Desk, wait
from terminal import Gates, Terminal

ROWS, COLUMNS = 40, 120
ESCAPE, ENTER = "\x1b", "\r"


def unpacked(name: str) -> Path:
    """A release of Debian, unpacked."""
    return UNPACKED / name


def loader(root: Path) -> list[str]:
    """The start of a command that runs a program with the libraries that came with it."""
    libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
    found = [
        *root.glob("usr/lib/*/ld-linux*.so*"),
        *root.glob("lib/*/ld-linux*.so*"),
        *root.glob("lib*/ld-linux*"),
    ]
    folders = [str(path) for path in (libraries, root / "lib" / "x86_64-linux-gnu") if path.exists()]
    return [str(found[0]), "--library-path", ":".join(folders)]


class Client(ABC):
    """An editor with one file open, as somebody uses it who has no plugin."""

    name: str

    @classmethod
    @abstractmethod
    def installed(cls) -> bool:
        """Whether the editor is there."""

    gates: Gates

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @abstractmethod
    def choose(self, title: str, line: int = 1) -> None:
        """Put the cursor on a line, ask for code actions, and take the one whose title begins so."""

    def agree(self) -> None:
        """Answer the editor's own question whether to make an edit, if it asks."""
        return

    @abstractmethod
    def type_line(self, text: str) -> None:
        """Type a line above all others."""

    def refuse_edits(self) -> None:
        """Have the editor make no edits."""
        self.desk.refusing.touch()

    def linger(self) -> None:
        """Wait for as long as the editor takes edits at most, if there is such a time."""
        return

    def disagree(self) -> None:
        """Answer the editor's own question with no, if it asks."""
        return

    def make_edits(self) -> None:
        """Have it make them again."""
        self.desk.refusing.unlink()

    def see_the_diff(self, line: int, *words: str) -> None:
        """Have a waiting edit shown, find words in it, and go back to the file."""
        self.choose("Show the edit that is ready", line)
        for each in words:
            self.until_shown(each)
        self.leave_the_diff()

    @abstractmethod
    def leave_the_diff(self) -> None:
        """Back to the file."""

    def until_shown(self, words: str) -> None:
        """Wait until words are on the screen."""
        self.until(lambda: self.shows(words), f"{words!r} on the screen")

    @abstractmethod
    def undo(self) -> None:
        """Take the last change back, by one key."""

    @abstractmethod
    def save(self) -> None:
        """Save the file."""

    @abstractmethod
    def shown(self) -> str:
        """What is on the screen."""

    @abstractmethod
    def end(self) -> None:
        """End the editor."""

    def look(self) -> str:
        """For a failure: the screen, and the last messages."""
        said = [str(one)[:300] for one in self.desk.messages("client")[-8:]]
        return "\n".join([self.shown(), *said])

    def until(self, seen: Callable[[], Any], what: str, nudge: Callable[[], None] = lambda: None) -> None:
        """Wait until something holds, and do `nudge` once a second."""
        wait(seen, what, self.look, nudge)

    def nudge(self) -> None:
        """Press a key that does nothing."""
        return

    def until_text(self, text: str) -> None:
        r"""Wait until the editor has reported that text, then save, and look at the file: every line ends with CRLF.

        Emacs and Neovim call the ends of lines their own, and report \n.
        """

        def reported() -> bool:
            return (self.desk.text() or "").replace("\r\n", "\n") == text

        self.until(reported, f"the text {text!r}", self.nudge)
        self.save()
        expected = text.replace("\n", "\r\n").encode()
        self.until(lambda: self.desk.file.read_bytes() == expected, f"the file {expected!r}")

    def until_told(self, *words: str) -> str:
        """Wait for a message that holds these words, and for its beginning on the screen; returns it."""
        self.until(lambda: self._told(words), f"a message with {words}")
        message = self._told(words)[-1]
        self.until(lambda: self.shows(message[:TITLES]), f"{message[:TITLES]!r} on the screen")
        return message

    def _told(self, words: tuple[str, ...]) -> list[str]:
        return [one for one in self.desk.told() if all(word in one for word in words)]

    def shows(self, words: str) -> bool:
        """Whether words are on the screen, wherever lines are broken."""
        return "".join(words.split()) in "".join(self.shown().split())

    def until_offered(self, asked: int, title: str) -> int:
        """Wait for the answer to another request for actions; returns the place of an action in it."""

        def answered() -> bool:
            return len(self.desk.answers("textDocument/codeAction")) > asked

        self.until(answered, "code actions")
        found = [place for place, one in enumerate(self.desk.offered()) if one.startswith(title)]
        assert found, f"{title!r} is not offered: {self.desk.offered()}\n{self.look()}"
        return found[0]


class InTerminal(Client):
    """An editor that draws on a terminal."""

    def __init__(self, desk: Desk, command: list[str], environ: dict[str, str]) -> None:
        super().__init__(desk)
        whole = {**desk.whole_environ, **environ}
        self.terminal = Terminal(command, folder=desk.folder, rows=ROWS, columns=COLUMNS, environ=whole)

    def shown(self) -> str:
        self._read()
        return "\n".join(self.terminal.shown)

    def until(self, seen: Callable[[], Any], what: str, nudge: Callable[[], None] = lambda: None) -> None:
        def read_and_see() -> Any:
            self._read()
            return seen()

        super().until(read_and_see, what, nudge)

    def _read(self) -> None:
        try:
            while True:
                self.terminal._feed(self.terminal.child.read_nonblocking(65536, timeout=0.01))
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass

    def keys(self, keys: str) -> None:
        self.terminal.child.send(keys)

    def end(self) -> None:
        self.terminal.child.close(force=True)


class Unpacked(InTerminal):
    """One of the editors that are unpacked beside the system."""

    root: Path

    @classmethod
    def installed(cls) -> bool:
        return (cls.root / "complete").exists()


class Helix(Unpacked):
    """Helix, with the configuration that its page shows."""

    name = "Helix 25.01"
    root = unpacked("debian-13")

    def __init__(self, desk: Desk) -> None:
        home = Path(desk.environ["XDG_CONFIG_HOME"]) / "helix"
        home.mkdir(parents=True, exist_ok=True)
        presets = "".join(
            "[[language-server.editsvc.config.editsvc.presets]]\n"
            + "".join(f'{key} = "{value}"\n' for key, value in preset.items())
            for preset in desk.settings["presets"]
        )
        (home / "languages.toml").write_text(
            f'[language-server.editsvc]\ncommand = "{desk.server}"\n'
            '[[language]]\nname = "python"\nlanguage-servers = ["editsvc"]\n'
            "[language-server.editsvc.config.editsvc]\n"
            f'mode = "{desk.settings["mode"]}"\nbuiltin_presets = false\n{presets}'
        )
        (home / "config.toml").write_text("[editor.lsp]\ndisplay-messages = true\n")
        command = [*loader(self.root), str(self.root / "usr/lib/hx/hx"), str(desk.file)]
        super().__init__(desk, command, {"HELIX_RUNTIME": str(self.root / "usr/lib/hx/runtime")})
        self.until(lambda: desk.said("textDocument/didOpen", "server"), "the server")

    def choose(self, title: str, line: int = 1) -> None:
        asked = len(self.desk.answers("textDocument/codeAction"))
        self.keys(f":{line}{ENTER} a")
        place = self.until_offered(asked, title)
        self.until(lambda: self.shows(self.desk.offered()[0][:TITLES]), "the menu")
        self.keys("\x0e" * place + ENTER)

    def type_line(self, text: str) -> None:
        self.keys(f":1{ENTER}O{text}{ESCAPE}")
        # A key behind an escape would be one with Alt.
        self.until(lambda: self.shows(f"{text}") and self.shows("NOR"), "normal mode")

    def undo(self) -> None:
        self.keys("u")

    def save(self) -> None:
        self.keys(f":w!{ENTER}")

    def see_the_diff(self, line: int, *words: str) -> None:
        # It opens no documents for servers, and shows one line of a message; but it shows what is hovered over.
        self.choose("Show the edit that is ready", line)
        self.until_told("Hover over a change to see it")
        self.keys(f":{line}{ENTER} k")
        for each in words[:2]:  # those of this line
            self.until_shown(each)
        self.leave_the_diff()

    def leave_the_diff(self) -> None:
        self.keys(ESCAPE)
        self.until_shown("def receipt")


class Emacs(Unpacked):
    """Emacs with eglot, with the configuration that its page shows."""

    name = "Emacs 30.1, eglot"
    root = unpacked("debian-13")

    def __init__(self, desk: Desk) -> None:
        version = next(self.root.glob("usr/share/emacs/[0-9]*")).name
        share = self.root / "usr" / "share" / "emacs" / version
        dump = next(self.root.glob("usr/libexec/emacs/*/*/emacs*.pdmp"))
        lisp = [path for path in [share / "lisp", *(share / "lisp").rglob("*")] if path.is_dir()]
        packages = sorted(self.root.glob("usr/share/emacs/site-lisp/elpa-src/*"))
        init = desk.folder.parent / "init.el"
        init.write_text(self.init(desk), "utf-8")
        program = str(self.root / "usr/bin/emacs-nox")
        super().__init__(
            desk,
            [
                *loader(self.root),
                program,
                f"--dump-file={dump}",
                "-nw",
                "-Q",
                "-l",
                str(init),
                str(desk.file),
            ],
            {
                "EMACSLOADPATH": ":".join(map(str, [*packages, *lisp])),
                "EMACSDATA": str(share / "etc"),
                "EMACSDOC": str(share / "etc"),
                "EMACSPATH": str(dump.parent),
                "LANG": "C.UTF-8",
                "LC_ALL": "C.UTF-8",
            },
        )
        self.until(lambda: desk.said("textDocument/didOpen", "server"), "the server")
        self.until(lambda: self.shows("shop.py"), "the buffer")

    def common(self, desk: Desk) -> str:
        return (
            "(setq native-comp-enable-subr-trampolines nil native-comp-jit-compilation nil)\n"
            "(setq make-backup-files nil create-lockfiles nil auto-save-default nil ring-bell-function #'ignore\n"
            "      inhibit-startup-screen t use-short-answers t)\n"
            "(prefer-coding-system 'utf-8)\n"
            "(set-keyboard-coding-system 'utf-8) (set-terminal-coding-system 'utf-8)\n"
        )

    def init(self, desk: Desk) -> str:
        presets = " ".join(
            f'(:id "{one["id"]}" :title "{one["title"]}" :instruction "{one["instruction"]}")'
            for one in desk.settings["presets"]
        )
        page = (ROOT / "docs" / "editors" / "emacs.md").read_text("utf-8")
        commands = page.partition("```elisp\n(defun my-editsvc-actions")[2].partition("```")[0]
        return f"""{self.common(desk)}
(require 'eglot)
(defun my-editsvc-actions{commands}
(add-to-list 'eglot-server-programs '(python-mode . ("{desk.server}")))
(setq-default eglot-workspace-configuration
  '(:editsvc (:mode "{desk.settings["mode"]}" :builtin_presets :json-false :presets [{presets}])))
(add-hook 'python-mode-hook #'eglot-ensure)
"""

    def choose(self, title: str, line: int = 1) -> None:
        asked = len(self.desk.answers("textDocument/codeAction"))
        self.keys(f"\x1bxgoto-line{ENTER}{line}{ENTER}\x03a")
        place = self.until_offered(asked, title)
        whole = self.desk.offered()[place]
        self.until(lambda: self.shows("action"), "the question")
        # A blank would complete; quoted, it is one.
        self.keys(whole.replace(" ", "\x11 ") + ENTER)

    def type_line(self, text: str) -> None:
        self.keys(f"\x1b<{text}{ENTER}")

    def undo(self) -> None:
        self.keys("\x1f")

    def save(self) -> None:
        self.keys("\x18\x13")

    def nudge(self) -> None:
        # Emacs tells of an edit that came while nobody typed when somebody does.
        self.keys("\x0c")

    def refuse_edits(self) -> None:
        # A buffer that is read only: the edit ends in an error.
        self.keys("\x18\x11")

    def make_edits(self) -> None:
        self.keys("\x18\x11")

    def leave_the_diff(self) -> None:
        self.keys(f"\x18bshop.py{ENTER}\x181")
        self.until_shown("def receipt")

    def evaluate(self, code: str) -> None:
        """Evaluate an expression, as M-: does."""
        self.keys(f"\x1b:{code}{ENTER}")


class EmacsOfThisRelease(Emacs):
    """The Emacs and the eglot of Debian 12."""

    name = "Emacs 28.2, eglot 1.9"
    root = unpacked("own")

    def init(self, desk: Desk) -> str:
        return (
            "(setq native-comp-deferred-compilation nil comp-enable-subr-trampolines nil)\n"
            + super().init(desk)
        )

    def agree(self) -> None:
        # This eglot asks before each edit.
        self.until(lambda: self.shows("Proceed?"), "the question whether to edit")
        self.keys("y")

    def refuse_edits(self) -> None:
        pass

    def make_edits(self) -> None:
        pass

    def disagree(self) -> None:
        self.until(lambda: self.shows("Proceed?"), "the question whether to edit")
        time.sleep(1.2)  # as long as a person takes: what is refused sooner is sent again
        self.keys("n")

    def see_the_diff(self, line: int, *words: str) -> None:
        # This eglot opens no documents for servers: the end of the message is in the echo area.
        self.choose("Show the edit that is ready", line)
        self.until_shown(words[-1])


class LspMode(Emacs):
    """Emacs with lsp-mode, which runs beside other servers."""

    name = "Emacs 30.1, lsp-mode 9"

    def init(self, desk: Desk) -> str:
        presets = " ".join(
            f'(:id "{one["id"]}" :title "{one["title"]}" :instruction "{one["instruction"]}")'
            for one in desk.settings["presets"]
        )
        return f"""{self.common(desk)}
(require 'lsp-mode)
(setq lsp-auto-guess-root t lsp-enable-snippet nil lsp-headerline-breadcrumb-enable nil lsp-warn-no-matched-clients nil
      lsp-client-packages nil lsp-enable-suggest-server-download nil lsp-session-file "{desk.folder.parent}/session")
(lsp-register-client
 (make-lsp-client
  :new-connection (lsp-stdio-connection '("{desk.server}"))
  :activation-fn (lsp-activate-on "python")
  :add-on? t
  :server-id 'editsvc
  :initialization-options
  '(:settings (:mode "{desk.settings["mode"]}" :builtin_presets :json-false :presets [{presets}]))))
(add-hook 'python-mode-hook #'lsp)
(global-set-key (kbd "C-c a") #'lsp-execute-code-action)
"""
