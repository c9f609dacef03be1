"""Which files a command edits: folders, patterns, what git says, lists; and the question before many."""

import subprocess
from pathlib import Path

import pytest
from shell import Shell
from terminal import Terminal, editsvc

TEXT = "def fetch():\n    pass\n"
TEXTS = {".js": "function fetch() {}\n"}
CALL = ("rewrite", "--offline", "-i", "rename fetch to download")


def make(shell: Shell, *names: str) -> None:
    for name in names:
        path = shell.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXTS.get(path.suffix, TEXT))


def edited(shell: Shell) -> list[str]:
    found = [
        path for path in shell.folder.rglob("*.*") if path.is_file() and b"download" in path.read_bytes()
    ]
    return sorted(path.relative_to(shell.folder).as_posix() for path in found)


def test_a_folder_is_edited_with_all_that_is_in_it(offline_shell: Shell) -> None:
    make(offline_shell, "src/a.py", "src/deep/b.py", "c.py", "src/.hidden.py", "src/node_modules/d.py")
    (offline_shell.folder / "src" / "logo.png").write_bytes(b"\x89PNG\x00")
    ran = offline_shell.run(*CALL, "--apply", "src")
    assert ran.code == 0, ran.err
    assert edited(offline_shell) == ["src/a.py", "src/deep/b.py"]
    assert (
        "editsvc: left out: 1 hidden, 1 made or brought along by tools, 1 binary (src/logo.png).\n" in ran.err
    )


def test_a_pattern_in_quotes_and_types(offline_shell: Shell) -> None:
    make(offline_shell, "src/a.py", "src/b.js", "src/deep/c.py", "src/d.vue")
    assert offline_shell.run(*CALL, "--apply", "src/**/*.py").code == 0
    assert edited(offline_shell) == ["src/a.py", "src/deep/c.py"]
    assert offline_shell.run(*CALL, "--apply", "--type", "js", "--type", ".vue", "src").code in {0, 1}
    assert "src/b.js" in edited(offline_shell)


def test_what_git_says_has_changed(offline_shell: Shell) -> None:
    make(offline_shell, "a.py", "b.py")
    subprocess.run(["git", "init", "-q"], cwd=offline_shell.folder, check=True)
    subprocess.run(["git", "add", "a.py"], cwd=offline_shell.folder, check=True)
    assert offline_shell.run(*CALL, "--apply", "--staged").code == 0
    assert edited(offline_shell) == ["a.py"]
    assert offline_shell.run(*CALL, "--apply", "--changed", "b.py").code == 0  # no revision, so a path
    assert edited(offline_shell) == ["a.py", "b.py"]


def test_nothing_to_edit_is_no_failure(offline_shell: Shell) -> None:
    subprocess.run(["git", "init", "-q"], cwd=offline_shell.folder, check=True)
    ran = offline_shell.run(*CALL, "--changed")
    assert (ran.code, ran.err) == (0, "editsvc: there is no file to edit.\n")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--changed"], "git knows what has changed in a repository, and "),
        (["--changed", "--staged"], "--changed, --staged and --from-file exclude each other."),
        (["*.rs"], "No file matches *.rs."),
        (["--type", "pyton", "."], "There is no type 'pyton'. Did you mean python?"),
        (
            ["--from-file", "gone.txt"],
            "The list of files gone.txt cannot be read: No such file or directory.",
        ),
        (["-", "a.py"], "Standard input (-) is edited alone."),
    ],
)
def test_what_cannot_be_meant_is_said(offline_shell: Shell, args: list[str], sentence: str) -> None:
    make(offline_shell, "a.py")
    ran = offline_shell.run(*CALL, *args)
    assert ran.code == 2
    assert sentence in ran.err


def test_more_than_a_few_found_files_need_a_yes_without_a_terminal(offline_shell: Shell) -> None:
    make(offline_shell, *(f"src/{number:02}.py" for number in range(21)))
    ran = offline_shell.run(*CALL, "--apply", "src")
    assert ran.code == 2
    assert "21 files would be edited, and there is no terminal to ask on. Add --yes" in ran.err
    assert edited(offline_shell) == []
    assert offline_shell.run(*CALL, "--apply", "--yes", "src").code == 0
    assert len(edited(offline_shell)) == 21


def test_a_script_that_names_each_file_knows_how_many_there_are(offline_shell: Shell) -> None:
    names = [f"{number:02}.py" for number in range(21)]
    make(offline_shell, *names)
    (offline_shell.folder / "list.txt").write_text("\n".join(names))
    assert offline_shell.run(*CALL, "--apply", *names).code == 0
    assert offline_shell.run(*CALL, "--from-file", "list.txt").code in {0, 1}


@pytest.mark.parametrize(("answer", "code", "count"), [("y", 0, 21), ("n", 130, 0), ("", 130, 0)])
def test_on_a_terminal_it_is_asked(offline_shell: Shell, answer: str, code: int, count: int) -> None:
    make(offline_shell, *(f"src/{number:02}.py" for number in range(21)))
    terminal = Terminal(editsvc(*CALL, "--apply", "src"), folder=offline_shell.folder)
    terminal.until(lambda: "Edit 21 files? [y/N]" in terminal.text)
    terminal.child.sendline(answer)
    assert terminal.end() == code
    assert len(edited(offline_shell)) == count


def test_a_list_may_come_through_a_pipe(offline_shell: Shell) -> None:
    make(offline_shell, "a b.py", "src/c.py")
    ran = subprocess.run(
        editsvc(*CALL, "--apply", "--from-file", "-"),
        input=b"a b.py\0src/c.py\0",
        cwd=offline_shell.folder,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert edited(offline_shell) == ["a b.py", "src/c.py"]


def test_what_a_folder_has_beside_code_is_counted_once(offline_shell: Shell, tmp_path: Path) -> None:
    make(offline_shell, "src/a.py")
    for number in range(8):
        (offline_shell.folder / "src" / f"{number}.bin").write_bytes(b"\0")
    ran = offline_shell.run(*CALL, "src")
    assert "8 binary (src/0.bin, src/1.bin, src/2.bin, src/3.bin, src/4.bin and 3 more)." in ran.err
