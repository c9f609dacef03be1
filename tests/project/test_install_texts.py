"""Nobody is told to install editsvc by its bare name.

No index has it. Whoever publishes something under that name could run it on the machine of everybody who follows
such a text, so what is installed has a place: a checkout, or a wheel.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = r"editsvc(?:[-.](?:lsp|vscode|nvim))?"
INSTALLERS = (
    r"(?:pip[x3]?|uv\s+pip)\s+(?:re|un)?install|pip3?\s+download|pipx\s+(?:run|upgrade|inject)",
    r"uvx|uv\s+(?:add|tool\s+(?:install|run|upgrade))",
    r"poetry\s+add|pdm\s+add|conda\s+install|brew\s+install|apt(?:-get)?\s+install",
    r"npm\s+(?:install|i)|npx|yarn\s+add|pnpm\s+add|code\s+--install-extension|ext\s+install",
)
# An installer, options and other things to install, and then a name of ours that is not a file's.
BARE = re.compile(
    rf"\b(?:{'|'.join(INSTALLERS)})(?:\s+(?:-+\w[\w=-]*|\w[\w.+-]*))*?\s+{OURS}(?![\w/])(?!\.(?:vsix|whl)|-[\d*])",
    re.IGNORECASE,
)
IN_WORDS = re.compile(r"\binstall(?:s|ing)?\s+editsvc\b(?!\s+(?:again|as|from|into)\b)", re.IGNORECASE)
QUOTES = re.compile(r"[\"'`,\[\]=]")

SELF = Path(__file__).relative_to(ROOT).as_posix()


def texts() -> dict[str, str]:
    """Every text file of the repository that git knows or would take, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    found = {}
    for name in filter(None, listed.stdout.decode().split("\0")):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data and name != SELF:
            found[name] = data.decode("utf-8", "replace")
    return found


def told(text: str) -> list[str]:
    """The words of `text` that tell somebody to install something of ours by its bare name."""
    plain = QUOTES.sub(" ", text)
    return [match[0] for pattern in (BARE, IN_WORDS) for match in pattern.finditer(plain)]


def test_no_text_tells_people_to_install_us_by_name() -> None:
    found = {name: words for name, text in texts().items() if (words := told(text))}
    assert found == {}


def test_the_texts_are_those_of_the_whole_repository() -> None:
    names = set(texts())
    for part in (
        "README.md",
        "docs/editors/vscode.md",
        "editors/vscode/package.json",
        "editors/nvim/doc/editsvc.txt",
    ):
        assert part in names
    for folder in (
        "editsvc/cli/",
        "lsp/",
        "editors/vscode/src/",
        "editors/nvim/lua/",
        "tests/",
        "bench/",
        ".ci/",
    ):
        assert any(name.startswith(folder) for name in names), folder


@pytest.mark.parametrize(
    "text",
    [
        "pipx install editsvc",
        "pip install --user editsvc",
        "pip install -U 'editsvc'",
        "$ python -m pip install editsvc[postgresql]",
        "pipx reinstall editsvc.",
        "pip3 install httpx editsvc",
        "`uv tool install editsvc`",
        "uvx editsvc rewrite",
        "uv pip install editsvc",
        'command = "uvx", args = ["editsvc"]',
        '["pip", "install", "editsvc"]',
        "npx editsvc-lsp",
        "Install editsvc[postgresql], and leave the driver out",
        "install `editsvc` first",
        "pipx install\n    editsvc",
    ],
)
def test_such_a_text_is_found(text: str) -> None:
    assert told(text)


@pytest.mark.parametrize(
    "text",
    [
        "pipx install .",
        "pipx install ./editsvc-*.whl",
        "pipx install /path/to/editsvc",
        "cd editsvc && pipx install .",
        "pip install -e '.[test]'",
        "code --install-extension editsvc.vsix",
        "pip install example",
        "editsvc is installed",
        "Install editsvc from a checkout.",
        "pip install -e .\neditsvc doctor",
        "pipx install .\n$ editsvc doctor",
    ],
)
def test_other_texts_are_free(text: str) -> None:
    assert told(text) == []
