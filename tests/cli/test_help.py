"""Help and usage errors, as somebody sees them on a terminal."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pexpect
import pytest
from command_tree import Node, nodes
from hypothesis import given
from hypothesis import strategies as st
from shell import Shell

from editsvc.cli.usage import Formatter
from editsvc.nearest import closest

NODES = list(nodes())
GROUPS = [node for node in NODES if isinstance(node.found, click.Group)]
# Without arguments these do their work, or begin to serve.
LACKING = [node for node in NODES if node.words in {("rewrite",), ("bench", "replay")}]
CALLS = Path(__file__).parents[1] / "support" / "calls_on_a_terminal.py"
WIDTHS = [40, 80, 200]
ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|[\x00-\x08\x0b-\x1f\x7f]")


def bare_group(node: Node) -> bool:
    return isinstance(node.found, click.Group) and not node.found.invoke_without_command


def environ() -> dict[str, str]:
    """The environment, without what would say how wide a terminal is."""
    return {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}


def on_a_terminal(folder: Path, calls: list[list[str]], width: int) -> list[tuple[str, int]]:
    """What a terminal of `width` columns shows of each call, and its exit code."""
    listed = folder / "calls.json"
    listed.write_text(json.dumps(calls))
    child = pexpect.spawn(
        sys.executable,
        [str(CALLS), str(listed)],
        dimensions=(50, width),
        env=environ(),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(pexpect.EOF)
    child.close()
    shown = child.before.replace("\r\n", "\n")
    pieces = re.split(r"\n<<<(\d+)>>>\n", shown)
    assert len(pieces) == 2 * len(calls) + 1, shown[-2000:]
    return [(text, int(code)) for text, code in zip(pieces[::2], pieces[1::2], strict=False)]


def too_wide(text: str, width: int, examples: list[str]) -> list[str]:
    """Lines wider than the terminal that could have been wrapped: not a command to copy, nor one long word."""
    lines = (line for line in text.split("\n") if len(line) > width)
    return [line for line in lines if line.strip() not in examples and " " in line.strip()]


def test_every_example_fits_into_80_columns() -> None:
    shown = [f"    {example}" for node in NODES for example in node.examples]
    assert len(shown) > 50
    assert [example for example in shown if len(example) > 80] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_help_can_be_read_at_any_width(offline_shell: Shell, tmp_path: Path, width: int) -> None:
    calls = [[*node.words, option] for node in NODES for option in ("-h", "--help")]
    calls += [["help", *node.words] for node in NODES if len(node.words) <= 2]
    calls += [list(node.words) for node in NODES if bare_group(node)]
    every = {node.words: node for node in NODES}
    for call, (text, code) in zip(calls, on_a_terminal(tmp_path, calls, width), strict=True):
        words = tuple(call[1:] if call[:1] == ["help"] and call != ["help", "-h"] else call)
        node = every.get(tuple(word for word in words if not word.startswith("-")), every["help",])
        if call[-1:] and call[-1].startswith("-"):
            node = every[tuple(call[:-1])]
        said = f"{call} at {width}:\n{text}"
        assert code == (2 if bare_group(node) and call == list(node.words) else 0), said
        assert text.startswith(" ".join(["Usage: editsvc", *node.words])[:width]), said
        assert not ESCAPE.search(text), said
        assert too_wide(text, width, node.examples) == [], said
        lines = [line.strip() for line in text.split("\n")]
        assert all(any(line.startswith(example) for line in lines) for example in node.examples), said
        if isinstance(node.found, click.Group):
            for name in node.found.list_commands(click.Context(node.found)):
                assert any(line.startswith(name) for line in lines), said


@pytest.mark.parametrize("width", WIDTHS)
def test_a_wrong_call_is_explained_with_usage_first(offline_shell: Shell, tmp_path: Path, width: int) -> None:
    wrong = "--not-an-option"
    calls = [[*node.words, wrong] for node in NODES] + [list(node.words) for node in LACKING]
    for call, (text, code) in zip(calls, on_a_terminal(tmp_path, calls, width), strict=True):
        said = f"{call} at {width}:\n{text}"
        assert code == 2, said
        words = [word for word in call if word != wrong]
        assert text.startswith(" ".join(["Usage: editsvc", *words])[:width]), said
        assert "\n\nError: " in text, said
        assert not ESCAPE.search(text), said
        assert too_wide(text, width, []) == [], said


def test_what_was_typed_is_escaped_and_what_is_ours_is_not(offline_shell: Shell) -> None:
    typed = "a\x1b[2Jb\nc"
    for call in ([typed], ["log", typed], ["help", typed], ["bench", "replay", typed], [f"--{typed}"]):
        ran = offline_shell.run(*call)
        assert ran.code == 2
        assert "\x1b" not in ran.err
        assert len(ran.err.rstrip("\n").split("\n")) == 4, ran.err
        assert ran.err.startswith("Usage: editsvc")


def test_the_terminal_that_stderr_is_counts_where_stdout_is_a_pipe(offline_shell: Shell) -> None:
    shown, _ = pexpect.run(
        f"/bin/sh -c '{sys.executable} -m editsvc log --not-an-option | cat'",
        withexitstatus=True,
        encoding="utf-8",
        dimensions=(50, 40),
        env=environ(),
    )
    assert "No such option" in shown
    assert too_wide(shown.replace("\r\n", "\n"), 40, []) == []


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_told_by_either_option(offline_shell: Shell, option: str) -> None:
    from editsvc import __version__

    ran = offline_shell.run(option)
    assert (ran.code, ran.out.decode()) == (0, f"editsvc, version {__version__}\n")


@pytest.mark.parametrize("node", NODES, ids=lambda node: " ".join(node.words) or "editsvc")
def test_help_in_words_is_help_by_option(offline_shell: Shell, node: Node) -> None:
    asked, option = offline_shell.run("help", *node.words), offline_shell.run(*node.words, "--help")
    assert (asked.code, asked.out, asked.err) == (0, option.out, "")


def test_help_about_what_is_not_there_is_a_usage_error(offline_shell: Shell) -> None:
    assert "Did you mean 'purge'?" in offline_shell.run("help", "log", "purg").err
    ran = offline_shell.run("help", "rewrite", "x")
    assert (ran.code, ran.out) == (2, b"")
    assert "editsvc rewrite takes no commands: 'x'." in ran.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["rewrit"], "rewrite"),
        (["rewirte"], "rewrite"),
        (["Rewrite"], "rewrite"),
        (["reprot"], "report"),
        (["conf"], "config"),
        (["log", "exprot"], "export"),
        (["policy", "rest"], "reset"),
        (["bench", "--json", "replya"], "replay"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_likely_one(
    offline_shell: Shell, typed: list[str], meant: str
) -> None:
    ran = offline_shell.run(*typed)
    assert (ran.code, ran.out) == (2, b"")
    assert f"No such command '{typed[-1]}'. Did you mean '{meant}'?" in ran.err


@pytest.mark.parametrize("typed", ["zzz", "x", "client.py", "", "--"])
def test_nothing_is_suggested_for_what_is_like_no_command(offline_shell: Shell, typed: str) -> None:
    ran = offline_shell.run(typed)
    assert ran.code == 2
    assert "Did you mean" not in ran.err


@given(
    st.sampled_from([node.words[-1] for node in NODES if node.words and len(node.words[-1]) > 3]), st.data()
)
def test_one_slip_still_leads_to_the_command(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    extra = data.draw(st.sampled_from("abcxyz"))
    slips = [name[:at] + name[at + 1 :], name[:at] + extra + name[at:], name[:at] + extra + name[at + 1 :]]
    for typed in slips:
        assert closest(typed, [name, "unlike-any-of-them"]) == name


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"--[a-z]{1,12}( [A-Z]{1,30})?", fullmatch=True), st.text("ab -|", max_size=90)
        )
    ),
    st.integers(20, 120),
)
def test_a_list_of_terms_fits_and_keeps_its_words(rows: list[tuple[str, str]], width: int) -> None:
    formatter = Formatter(width=width)
    with formatter.indentation():
        formatter.write_dl(rows)
    shown = formatter.getvalue()
    assert shown.split() == [word for term, meaning in rows for word in (*term.split(), *meaning.split())]
    assert too_wide(shown, width, []) == []


def test_a_server_that_is_started_without_arguments_ends_with_ctrl_c(offline_shell: Shell) -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "editsvc", "emulate"], dimensions=(50, 80), encoding="utf-8", timeout=60
    )
    child.expect_exact("listening on ")
    child.kill(signal.SIGINT)
    child.expect(pexpect.EOF)
    child.close()
    assert "Traceback" not in child.before


def test_the_options_of_the_language_server_are_those_of_its_program() -> None:
    program = subprocess.run(
        [Path(sys.executable).parent / "editsvc-lsp", "--help"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    (ours,) = (node.found for node in NODES if node.words == ("lsp",))
    options = {name for one in ours.params for name in one.opts}
    assert options == set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", program.stdout, re.MULTILINE)) - {"--help"}


def test_the_language_server_cannot_talk_in_two_ways(offline_shell: Shell) -> None:
    ran = offline_shell.run("lsp", "--stdio", "--tcp", "0")
    assert (ran.code, ran.err) == (
        2,
        "editsvc: --stdio, --tcp and --ws exclude each other. Use one of them.\n",
    )
