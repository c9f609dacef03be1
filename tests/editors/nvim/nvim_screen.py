"""Neovim's screen as a user sees it: cells and colours, from the events that it sends to its user interfaces.

The events are those of ``:help ui-linegrid``. There is one grid, whose cells hold a text and a highlight's id.
"""

import threading
from dataclasses import dataclass
from typing import Any

NO_COLOUR = -1


@dataclass(frozen=True)
class Style:
    """A highlight; colours are 0xRRGGBB."""

    foreground: int
    background: int
    bold: bool = False
    italic: bool = False
    underline: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell; the right half of a wide character has the text ``""``."""

    text: str
    highlight: int


BLANK = Cell(" ", 0)


class Screen:
    """Follows the events. They come on another thread than the questions, so both take a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[list[Cell]] = []
        self._styles: dict[int, dict[str, Any]] = {}
        self._defaults = (0xFFFFFF, 0)
        self._cursor = (0, 0)
        self._shown: list[list[Cell]] = []

    # --- events ---------------------------------------------------------------------------------------------

    def redraw(self, events: list[Any]) -> None:
        """Take one notification ``redraw``."""
        with self._lock:
            for name, *calls in events:
                handler = getattr(self, f"_on_{name}", None)
                if handler is not None:
                    for arguments in calls or [()]:
                        handler(*arguments)

    def _on_grid_resize(self, _grid: int, width: int, height: int) -> None:
        self._rows = [[BLANK] * width for _ in range(height)]

    def _on_default_colors_set(self, foreground: int, background: int, *_: int) -> None:
        self._defaults = (foreground, background)

    def _on_hl_attr_define(self, number: int, rgb: dict[str, Any], *_: Any) -> None:
        self._styles[number] = rgb

    def _on_grid_clear(self, _grid: int) -> None:
        self._rows = [[BLANK] * len(row) for row in self._rows]

    def _on_grid_cursor_goto(self, _grid: int, row: int, column: int) -> None:
        self._cursor = (row, column)

    def _on_grid_line(self, _grid: int, row: int, column: int, cells: list[Any], *_: Any) -> None:
        highlight = 0
        for text, *more in cells:
            # A cell without a highlight has that of the one before it.
            highlight = more[0] if more else highlight
            count = more[1] if len(more) > 1 else 1
            self._rows[row][column : column + count] = [Cell(text, highlight)] * count
            column += count

    def _on_grid_scroll(
        self, _grid: int, top: int, bottom: int, left: int, right: int, rows: int, _columns: int
    ) -> None:
        targets = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for target in targets:
            self._rows[target][left:right] = self._rows[target + rows][left:right]

    def _on_flush(self) -> None:
        self._shown = [list(row) for row in self._rows]

    # --- questions ------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """The rows as text, without the spaces at their ends."""
        return ["".join(cell.text for cell in row).rstrip() for row in self.cells()]

    def text(self) -> str:
        """All rows."""
        return "\n".join(self.lines())

    def cells(self) -> list[list[Cell]]:
        """The cells as of the last flush."""
        with self._lock:
            return [list(row) for row in self._shown]

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column."""
        with self._lock:
            return self._cursor

    def style(self, highlight: int) -> Style:
        """What a highlight's id means."""
        with self._lock:
            found = self._styles.get(highlight, {})
            foreground = found.get("foreground", self._defaults[0])
            background = found.get("background", self._defaults[1])
        if found.get("reverse"):
            foreground, background = background, foreground
        flags = {name: bool(found.get(name)) for name in ("bold", "italic", "underline")}
        return Style(foreground, background, **flags)

    def backgrounds(self, line: str) -> set[int]:
        """The background colours of the first row that holds `line`, from where it begins to where it ends."""
        for text, row in zip(self.lines(), self.cells(), strict=True):
            start = text.find(line)
            if start >= 0:
                return {self.style(cell.highlight).background for cell in row[start : start + len(line)]}
        raise AssertionError(f"{line!r} is not on the screen:\n{self.text()}")
