"""Kate on a display of its own, by keys."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from client_desk import PATIENCE_S, Desk
from client_terminals import Client

_NEEDED = ("kate", "xdotool", "Xvfb", "openbox", "dbus-run-session", "import")
_KEYS = {"#": "numbersign", " ": "space"}
_TIMER_S = 2.0  # for so long behind an action Kate takes edits


class Kate(Client):
    """Kate, with the settings that its page shows."""

    name = "Kate"

    @classmethod
    def installed(cls) -> bool:
        return all(shutil.which(program) for program in _NEEDED)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        config = Path(desk.environ["XDG_CONFIG_HOME"])
        (config / "kate" / "lspclient").mkdir(parents=True, exist_ok=True)
        server = {
            "command": [str(desk.server)],
            "url": "",
            "highlightingModeRegex": "^Python$",
            "initializationOptions": {"settings": {**desk.settings, "builtin_presets": False}},
        }
        (config / "kate" / "lspclient" / "settings.json").write_text(
            json.dumps({"servers": {"python": server}})
        )
        (config / "katerc").write_text(
            "[General]\nShow welcome view for new window=false\n[Kate Plugins]\nlspclientplugin=true\n"
            f"[lspclient]\nAllowedServerCommandLines={desk.server}\n"
            "[KTextEditor View]\nAuto Completion=false\nAuto Brackets=false\n"
        )
        self._chose_at = 0.0
        self._chose = "", 1, 0, 0
        self._processes: list[subprocess.Popen[bytes]] = []
        reading, writing = os.pipe()
        self._run(["Xvfb", "-displayfd", str(writing), "-screen", "0", "1100x800x24"], pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as number:
            self._environ = {**desk.whole_environ, "DISPLAY": f":{number.readline().strip()}"}
        self._run(["openbox"])
        self._run(["dbus-run-session", "kate", "--startanon", "-b", str(desk.file)])
        self.until(lambda: desk.said("textDocument/didOpen", "server"), "the server")
        self.until(self._windows, "a window")
        self._x("search", "--onlyvisible", "--class", "kate", "windowsize", "1000", "700")
        self._x("mousemove", "550", "400", "click", "1")

    def _run(self, command: list[str], pass_fds: tuple[int, ...] = ()) -> None:
        self._processes.append(
            subprocess.Popen(
                command,
                env=getattr(self, "_environ", None),
                cwd=self.desk.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        )

    def _x(self, *words: str) -> str:
        command = ["xdotool", *words]
        return subprocess.run(
            command, env=self._environ, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        ).stdout

    def _windows(self) -> list[str]:
        return self._x("search", "--onlyvisible", "--class", "kate").split()

    def keys(self, *keys: str) -> None:
        self._x("key", "--delay", "20", *keys)

    def show_actions(self, line: int, picture: Path) -> None:
        """Open the menu of code actions on a line, take a picture of the display, and close the menu."""
        asked, windows = len(self.desk.answers("textDocument/codeAction")), len(self._windows())
        self.keys("ctrl+g")
        self.keys(*str(line), "Return")
        self.keys("alt+Return")
        self.until_offered(asked, "Accept")
        self.until(lambda: len(self._windows()) > windows, "the menu")
        self.keys("Down", "Down")
        time.sleep(0.5)  # the menu is a window before it is painted
        subprocess.run(["import", "-window", "root", picture], env=self._environ, check=True)
        self.keys("Escape")

    def shown(self) -> str:
        return "\n".join(self.desk.told())

    def shows(self, words: str) -> bool:
        """Whether Kate was told: what its Output pane shows is in a picture, not in words."""
        return any("".join(words.split()) in "".join(one.split()) for one in self.desk.told())

    def choose(self, title: str, line: int = 1) -> None:
        # The timer of an action before ends the time of this one, too.
        time.sleep(max(0.0, self._chose_at + _TIMER_S + 0.2 - time.monotonic()))
        asked, windows = len(self.desk.answers("textDocument/codeAction")), len(self._windows())
        self.keys("ctrl+g")
        self.keys(*str(line), "Return")
        self.keys("alt+Return")
        place = self.until_offered(asked, title)
        self.until(lambda: len(self._windows()) > windows, "the menu")
        self._chose = title, line, len(self._applied()), len(self._refused())
        self.keys(*["Down"] * (place + 1), "Return")
        self._chose_at = time.monotonic()
        self.until(lambda: len(self._windows()) <= windows, "the end of the menu")

    def type_line(self, text: str) -> None:
        self.keys("ctrl+Home")
        self.keys(*[_KEYS.get(letter, letter) for letter in text], "Return")

    def undo(self) -> None:
        self.keys("ctrl+z")

    def save(self) -> None:
        self.keys("ctrl+s")

    def agree(self) -> None:
        """Choose again what was refused because it came late, as it may on a busy machine."""
        title, line, applied, refused = self._chose
        self.until(
            lambda: len(self._applied()) > applied or len(self._refused()) > refused, "an edit, or none"
        )
        if len(self._applied()) == applied:
            kept = "kept" in self._refused()[-1]
            self.choose("Put in the edit that is ready" if kept else title, line)
            self.agree()

    def _applied(self) -> list[dict[str, Any]]:
        results = [one.get("result") for one in self.desk.messages("server") if "method" not in one]
        return [one for one in results if isinstance(one, dict) and one.get("applied")]

    def _refused(self) -> list[str]:
        return [one for one in self.desk.told() if one.startswith("The editor refused the edit")]

    def leave_the_diff(self) -> None:
        """It opens no documents for servers: the diff is in the Output pane."""

    def linger(self) -> None:
        time.sleep(_TIMER_S + 0.2)

    def refuse_edits(self) -> None:
        """It refuses by itself what comes late."""

    def make_edits(self) -> None:
        """It does so behind each action."""

    def end(self) -> None:
        for process in reversed(self._processes):
            os.killpg(process.pid, signal.SIGTERM)
        for process in reversed(self._processes):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
