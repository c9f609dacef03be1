"""The documentation says what the product does."""

import html
import re
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest

from editsvc.cli import COMMANDS, command
from editsvc.files import undo
from editsvc.settings.schema import Settings

ROOT = Path(__file__).parents[2]
MADE = "Made by docs/reference.py"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
]


@pytest.mark.parametrize(
    "name",
    ["ARCHITECTURE.md", "commands.md", "emulator.md", "errors.md", "faults.md", "log.md", "settings.md"],
)
def test_a_reference_page_is_what_the_product_says_of_itself(name: str) -> None:
    program = "import sys, reference; sys.stdout.write(reference.PAGES[sys.argv[1]]())"
    made = subprocess.run(
        [sys.executable, "-c", program, name],
        cwd=ROOT / "docs",
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert (ROOT / "docs" / name).read_text("utf-8") == made.stdout, "run: python docs/reference.py"


def test_the_list_of_commands_says_what_each_command_says() -> None:
    context = click.Context(command)
    for name, (_, line) in COMMANDS.items():
        found = command.get_command(context, name)
        assert found is not None
        assert found.get_short_help_str(200) == line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_what_is_said_to_be_checked_has_a_check() -> None:
    named = re.findall(r"`((?:tests|\.ci)/[^`]+)`", (ROOT / "SECURITY.md").read_text("utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_picture_loads_nothing_from_elsewhere() -> None:
    picture = (ROOT / "docs" / "terminal.svg").read_text("utf-8")
    assert "<svg" in picture
    assert not re.findall(r"(?:url\(|src=|href=)[\"']?https?:", picture)
    assert "<script" not in picture


def lines_of(picture: str) -> list[str]:
    """What a picture of a terminal shows, without what differs from run to run: times, speeds and the date."""
    lines: dict[str, str] = {}
    for attributes, text in re.findall(r"<text ([^>]*)>(.*?)</text>", picture):
        height = re.search(r' y="([\d.]+)"', attributes)
        assert height is not None
        lines[height[1]] = lines.get(height[1], "") + html.unescape(text).replace("\xa0", " ")
    varying = re.compile(r"\d+(?:\.\d+)? s\b|\d{4}-\d\d-\d\d| +\d[\d,]*$")
    return [" ".join(varying.sub(" ~", line.rstrip()).split()) for line in lines.values()]


def test_the_picture_shows_what_the_product_prints() -> None:
    program = "import sys; from bench.picture import picture; sys.stdout.write(picture())"
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    ).stdout
    shown = (ROOT / "docs" / "terminal.svg").read_text("utf-8")
    assert lines_of(shown) == lines_of(made), "run: python -m bench.picture docs/terminal.svg"


DEFAULTS = msgspec.to_builtins(Settings())
BY_HAND = [page for page in PAGES if MADE not in page.read_text("utf-8")]
# Numbers that are said to be defaults, of what is not a setting: parameters of faults.
OTHERS = {("emulator.md", "0.5"), ("emulator.md", "500"), ("emulator.md", "0.1")}


def said_to_be_defaults(page: Path) -> list[tuple[str | None, str]]:
    """Each number that a page calls a default, with the setting named last in front of it, if there is one."""
    found: list[tuple[str | None, str]] = []
    for line in re.split(r"\n\n|\n\||\n- ", page.read_text("utf-8")):
        for match in re.finditer(
            r"(\d[\d,.]*\d|\d)\b(?: \w+)? by default|default(?: is| of)? (\d[\d,.]*\d|\d)\b", line
        ):
            names = [name for name in re.findall(r"`(\w+)`", line[: match.start()]) if name in DEFAULTS]
            found.append((names[-1] if names else None, match[1] or match[2]))
        # As in: (above `context_tokens`, 24,000).
        for name, number in re.findall(r"`(\w+)`, (\d[\d,.]*\d|\d)\b", line):
            if name in DEFAULTS:
                found.append((name, number))
    return found


@pytest.mark.parametrize("page", BY_HAND, ids=lambda page: page.name)
def test_a_number_that_a_page_calls_a_default_is_the_settings(page: Path) -> None:
    for name, number in said_to_be_defaults(page):
        if (page.name, number) not in OTHERS:
            assert name is not None, f"{page.name} calls {number} a default, and names no setting"
            assert float(number.replace(",", "")) == DEFAULTS[name], (
                f"{page.name}: {name} is said to be {number}"
            )


def test_defaults_that_pages_name_are_found() -> None:
    found = {(page.name, name) for page in BY_HAND for name, _ in said_to_be_defaults(page)}
    assert found >= {
        ("tuning.md", "exploration"),
        ("providers.md", "max_retries"),
        ("scopes.md", "context_tokens"),
    }


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("README.md", f"longer than {Settings().scope_min_tokens:,} tokens"),
        ("docs/scopes.md", f"below {Settings().scope_min_tokens:,} tokens the whole file"),
        ("README.md", f"for {undo.LIMITS.runs} runs and {undo.LIMITS.age.days} days"),
    ],
)
def test_a_number_that_stands_for_a_setting_or_a_limit_is_that(page: str, words: str) -> None:
    assert words in " ".join((ROOT / page).read_text("utf-8").split())


def test_settings_that_a_page_calls_off_by_default_are_off() -> None:
    assert Settings().hedge_after_s is None  # docs/providers.md
    assert Settings().edit_format == "rewrite"  # docs/ARCHITECTURE.md
