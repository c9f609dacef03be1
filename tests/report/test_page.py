"""The HTML report: one file, nothing from elsewhere, every value escaped, and it looks right in a browser."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import zlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from editsvc.report import aggregate
from editsvc.report.page import to_html
from editsvc.report.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from editsvc.tokenlog import RequestRecord

    Make = Callable[..., RequestRecord]

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
HOSTILE = "<img src=x onerror=alert(1)>\"'&</title></style></svg>"


@pytest.fixture
def page(busy_month: list[RequestRecord]) -> str:
    return to_html(aggregate(busy_month, by=["language"]))


class Outline(HTMLParser):
    """The elements that are open at the end, and all that ever were."""

    VOID = frozenset({"meta", "br", "img", "input", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    found.close()
    assert found.open == []
    return found


def test_the_first_thing_said_is_what_to_do(page: str) -> None:
    body = page.partition("<body>")[2]
    headline = body.index("<h1")
    assert body.index("Keep predictions on:") > headline
    assert headline < min(body.index(tag) for tag in ("<svg", "<table", "<h2"))


def test_the_page_needs_nothing_else_and_runs_nothing(page: str) -> None:
    found = outline(page)
    assert not {tag for tag, _ in found.seen} & {"script", "link", "img", "iframe", "object", "a"}
    assert not [
        name for _, attrs in found.seen for name in attrs if name.startswith("on") or name in {"src", "href"}
    ]
    assert "http:" not in page and "https:" not in page and "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page


def test_every_plot_is_well_formed_and_named_for_those_who_cannot_see_it(page: str) -> None:
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) == 5
    for plot in plots:
        root = ET.fromstring(plot)
        title, description = root[0], root[1]
        assert (title.tag, description.tag, root.get("role")) == ("title", "desc", "img")
        assert title.text and description.text
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        for element in root.iter():
            for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
                value = element.get(name)
                assert value is None or -1 <= float(value) <= 441, ET.tostring(element)


def test_behind_every_plot_is_a_table(page: str) -> None:
    for figure in re.findall(r"<figure>.*?</figure>", page, re.DOTALL):
        assert "<svg" in figure and "<table>" in figure


def test_every_value_is_escaped(predicted: Make) -> None:
    records = [
        predicted(
            number,
            3,
            90,
            model=HOSTILE,
            language=HOSTILE,
            provider=HOSTILE,
            error=HOSTILE,
            prediction_kind=HOSTILE,
            attempts=2,
            restarts=[HOSTILE],
            what_if={f"{HOSTILE}:{HOSTILE}": [1, 2]},
            propensity=0.5,
            total_s=1.0,
        )
        for number in range(30)
    ]
    found = outline(to_html(aggregate(records, by=["model", "language", "error"])))
    assert not {tag for tag, _ in found.seen} & {"img", "script"}
    assert any(HOSTILE in text for text in found.text)


@pytest.mark.parametrize("requests", [0, 1, 2])
def test_a_page_of_next_to_nothing_is_still_a_page(make_record: Make, requests: int) -> None:
    page = to_html(aggregate([make_record() for _ in range(requests)], by=["model", "day"]))
    outline(page)
    assert "Not enough data" in page
    assert "None" not in page and "nan" not in page


def colours(dark: bool) -> dict[str, str]:
    blocks = re.findall(r":root\{([^}]*)\}", STYLE)
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})(?![0-9a-f])", blocks[dark]))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_have_the_contrast_that_wcag_asks_for(dark: bool) -> None:
    """4.5 to 1 for text, 3 to 1 for what is drawn (WCAG 2.2, 1.4.3 and 1.4.11)."""
    palette = colours(dark)
    for names, least in ((("ink", "soft", "a", "b"), 4.5), (("c",), 3.0)):
        for name in names:
            for ground in ("bg", "card"):
                high, low = sorted((luminance(palette[name]), luminance(palette[ground])), reverse=True)
                assert (high + 0.05) / (low + 0.05) >= least, (name, ground)


@pytest.fixture(scope="session")
def browser() -> str:
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    missing = (
        f"The HTML report is checked in a real browser, and none of {', '.join(BROWSERS)} is on the PATH. "
        "Install the package chromium-headless-shell or chromium."
    )
    if os.environ.get("EDITSVC_REQUIRE_BROWSER"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
def shown(browser: str, tmp_path: Path) -> Callable[..., str]:
    """Opens a page in a window of some width, and returns what the browser has made of it."""

    def show(page: str, *options: str) -> str:
        file = tmp_path / "report.html"
        file.write_text(page, "utf-8")
        done = subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={tmp_path / 'profile'}",
                *options,
                file.as_uri(),
            ],
            check=True,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        return done.stdout

    return show


MEASURE = """<script>document.title = JSON.stringify({
  page: document.documentElement.scrollWidth, window: innerWidth,
  cut: [...document.querySelectorAll('.plot text')].filter(text => {
    const box = text.getBBox(); return box.x < -0.5 || box.x + box.width > 440.5; }).map(text => text.textContent),
  small: [...document.querySelectorAll('.plot text')].filter(
    text => text.getBoundingClientRect().height < 9).length,
  plots: [...document.querySelectorAll('.plot')].filter(
    plot => plot.getBoundingClientRect().height > 100).length,
  ground: getComputedStyle(document.body).backgroundColor,
})</script></body>"""


def measured(shown: Callable[..., str], page: str, *options: str) -> dict[str, object]:
    """What a browser measures; for that alone the page gets a script, and its own policy goes."""
    import json
    from html import unescape

    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    inner = policy.sub("", page).replace("</body>", MEASURE)
    dumped = shown(inner, "--dump-dom", *options)
    title = re.search(r"<title>(\{.*?\})</title>", dumped, re.DOTALL)
    assert title is not None
    values: dict[str, object] = json.loads(unescape(title[1]))
    return values


@pytest.mark.parametrize("width", [500, 800, 1280])
def test_in_a_browser_nothing_is_cut_off_and_nothing_scrolls_sideways(
    shown: Callable[..., str], page: str, width: int
) -> None:
    found = measured(shown, page, f"--window-size={width},900")
    assert found["window"] == width
    assert found["page"] == width
    assert (found["cut"], found["small"], found["plots"]) == ([], 0, 5)


def test_on_a_phone_the_page_is_as_wide_as_the_phone(shown: Callable[..., str], page: str) -> None:
    """No window is narrower than 500 pixels in every browser, so the phone is a frame in the window."""
    import json
    from html import escape, unescape

    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    inner = policy.sub("", page).replace("</body>", MEASURE)
    outer = (
        f'<!doctype html><title>wait</title><iframe id=phone width=360 height=780 srcdoc="{escape(inner)}"></iframe>'
        "<script>phone.onload = () => document.title = phone.contentDocument.title</script>"
    )
    title = re.search(r"<title>(\{.*?\})</title>", shown(outer, "--dump-dom"), re.DOTALL)
    assert title is not None
    found = json.loads(unescape(title[1]))
    assert found["window"] == found["page"] == 360
    assert (found["cut"], found["small"]) == ([], 0)


def test_the_page_is_dark_where_the_reader_likes_it_dark(shown: Callable[..., str], page: str) -> None:
    light = measured(shown, page, "--blink-settings=preferredColorScheme=1")["ground"]
    dark = measured(shown, page, "--blink-settings=preferredColorScheme=0")["ground"]
    assert (light, dark) == ("rgb(251, 251, 250)", "rgb(17, 20, 24)")


def test_the_page_as_it_is_runs_no_script(shown: Callable[..., str], page: str) -> None:
    smuggled = page.replace("</body>", "<script>document.title = 'ran'</script></body>")
    assert "<title>editsvc report</title>" in shown(smuggled, "--dump-dom")


def test_the_picture_of_the_page_shows_both_series(
    shown: Callable[..., str], page: str, tmp_path: Path
) -> None:
    """Both colours are really painted: a style sheet that a browser drops would leave everything black."""
    shown(page, "--window-size=1280,1400", f"--screenshot={tmp_path / 'page.png'}")
    seen = pixels((tmp_path / "page.png").read_bytes())
    assert (0x0A, 0x6B, 0xB0) in seen
    assert (0xB8, 0x4A, 0x00) in seen


def pixels(png: bytes) -> set[tuple[int, int, int]]:
    """The colours of a PNG of 8 bits a channel (https://www.w3.org/TR/png/, 9.2: filters)."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8 and kind in {2, 6}
    size = 4 if kind == 6 else 3
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += 12 + length
    raw = zlib.decompress(data)
    stride = width * size
    above, found = bytearray(stride), set()
    for row in range(height):
        start = row * (stride + 1)
        line = bytearray(raw[start + 1 : start + 1 + stride])
        unfilter(raw[start], line, above, size)
        found.update(zip(line[0::size], line[1::size], line[2::size], strict=True))
        above = line
    return found


def unfilter(kind: int, line: bytearray, above: bytearray, size: int) -> None:
    for place in range(len(line)):
        left = line[place - size] if place >= size else 0
        up = above[place]
        corner = above[place - size] if place >= size else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        elif kind == 4:
            guess = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
        else:
            return
        line[place] = (line[place] + guess) & 255
