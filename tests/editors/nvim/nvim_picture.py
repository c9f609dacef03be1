"""A screen as a picture: the cells of a real run, in the colours of that run, as an SVG that loads nothing."""

from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape

from nvim_screen import Screen, Style

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, MARGIN = 8.4, 18, 14, 12
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def _runs(screen: Screen) -> Iterator[tuple[int, int, str, Style]]:
    """Row, column and text of the cells that stand side by side in one style."""
    for number, row in enumerate(screen.cells()):
        styled = [(column, cell.text, screen.style(cell.highlight)) for column, cell in enumerate(row)]
        for style, run in groupby(styled, key=lambda cell: cell[2]):
            cells = list(run)
            yield number, cells[0][0], "".join(text for _, text, _ in cells), style


def _attributes(style: Style) -> str:
    parts = [f'fill="#{style.foreground:06x}"']
    if style.bold:
        parts.append('font-weight="bold"')
    if style.italic:
        parts.append('font-style="italic"')
    if style.underline:
        parts.append('text-decoration="underline"')
    return " ".join(parts)


def svg(screen: Screen, title: str) -> str:
    """The picture; `title` is for those who cannot see it.

    Each run of text is told its width, so that the columns meet whatever font is found.
    """
    rows = screen.cells()
    width, height = len(rows[0]) * CELL_WIDTH + 2 * MARGIN, len(rows) * CELL_HEIGHT + 2 * MARGIN
    default = screen.style(0)
    shapes: list[str] = []
    words: list[str] = []
    for row, column, text, style in _runs(screen):
        x, y = MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
        if style.background != default.background:
            size = f'width="{len(text) * CELL_WIDTH:.1f}" height="{CELL_HEIGHT}"'
            shapes.append(f'<rect x="{x:.1f}" y="{y}" {size} fill="#{style.background:06x}"/>')
        shown = text.strip()
        if shown:
            x += (len(text) - len(text.lstrip())) * CELL_WIDTH
            length = f'textLength="{len(shown) * CELL_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"'
            # Blanks that stay as many as they are, whatever shows the picture.
            written = escape(shown.replace(" ", "\N{NO-BREAK SPACE}"))
            words.append(f'<text x="{x:.1f}" y="{y + 13}" {length} {_attributes(style)}>{written}</text>')
    row, column = screen.cursor
    cursor = f'x="{MARGIN + column * CELL_WIDTH:.1f}" y="{MARGIN + row * CELL_HEIGHT}"'
    size = f'viewBox="0 0 {width:.0f} {height}"'
    font = f'font-family="{FONT}" font-size="{FONT_SIZE}"'
    block = f'width="{CELL_WIDTH}" height="{CELL_HEIGHT}" fill="#{default.foreground:06x}" fill-opacity="0.6"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {font}>',
            f"<title>{escape(title)}</title>",
            f'<rect width="100%" height="100%" rx="8" fill="#{default.background:06x}"/>',
            *shapes,
            *words,
            f"<rect {cursor} {block}/>",
            "</svg>",
            "",
        ]
    )
