"""Neovim with nothing but ``vim.lsp.enable``: no plugin of this project, and none of anybody's."""

import json
from contextlib import ExitStack
from importlib.util import find_spec

from client_desk import Desk
from client_terminals import Client
from nvim_driver import NVIM, Neovim, running

INIT = """
vim.opt.shortmess:append("I")
vim.opt.swapfile = false
vim.lsp.config("editsvc", {{
  cmd = {{ {server} }},
  filetypes = {{ "python" }},
  root_markers = {{ ".git" }},
  settings = {{ editsvc = vim.json.decode([==[{settings}]==]) }},
}})
vim.lsp.enable("editsvc")
vim.api.nvim_create_autocmd("LspAttach", {{
  callback = function(arguments)
    vim.keymap.set({{ "n", "x" }}, "gra", vim.lsp.buf.code_action, {{ buffer = arguments.buf }})
  end,
}})
"""


class PlainNeovim(Client):
    """Neovim without a plugin."""

    name = "Neovim 0.11.4"

    @classmethod
    def installed(cls) -> bool:
        return NVIM.exists() and find_spec("pynvim") is not None

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        settings = json.dumps({**desk.settings, "builtin_presets": False})
        init = desk.folder.parent / "init.lua"
        init.write_text(INIT.format(server=json.dumps(str(desk.server)), settings=settings), "utf-8")
        self._stack = ExitStack()
        start = running(desk.whole_environ, desk.folder, "--clean", "-u", str(init), str(desk.file))
        self.neovim: Neovim = self._stack.enter_context(start)
        self.until(lambda: desk.said("textDocument/didOpen", "server"), "the server")

    def shown(self) -> str:
        return self.neovim.screen.text()

    def choose(self, title: str, line: int = 1) -> None:
        asked = len(self.desk.answers("textDocument/codeAction"))
        self.neovim.keys(f"<Esc>:{line}<CR>gra")
        place = self.until_offered(asked, title)
        self.until(lambda: self.shows("Type number and <Enter>"), "the list")
        self.neovim.keys(f"{place + 1}<CR>")
        self.until(lambda: not self.shows("Type number and <Enter>"), "the end of the list")

    def type_line(self, text: str) -> None:
        self.neovim.keys(f"<Esc>ggO{text}<Esc>")

    def undo(self) -> None:
        self.neovim.keys("<Esc>u")

    def save(self) -> None:
        self.neovim.keys("<Esc>:silent write!<CR>")

    def refuse_edits(self) -> None:
        self.neovim.keys("<Esc>:set nomodifiable<CR>")

    def make_edits(self) -> None:
        self.neovim.keys("<Esc>:set modifiable<CR>")

    def leave_the_diff(self) -> None:
        self.neovim.keys("<Esc>:buffer shop.py<CR>")
        self.until_shown("def receipt")

    def end(self) -> None:
        self._stack.close()
