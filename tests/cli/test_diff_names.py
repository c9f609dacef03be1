"""A diff changes the file that it is about when git applies it in the same folder, or says that git does not."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shell import Shell

from editsvc.files.diff_names import OUTSIDE, diff_name
from editsvc.text.diff import unified_diff

OLD, NEW = b"one\ntwo\n", b"one\nTWO\n"
IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.org")
FOLDERS = ("", "a", "lib", "lib/lib", "lib/lib/lib", "lib/sp ace", "b/a")
NAMES = ("x", "lib", "-x", "sp ace ", "t\tab", 'q"uo\\te', "n\new", "é", "\udcff", "a", "b/x")


def environ() -> dict[str, str]:
    """The environment without what would lead git elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def git(folder: Path, *words: str, data: bytes = b"", more: dict[str, str] | None = None) -> int:
    done = subprocess.run(
        ["git", *IDENTITY, *words],
        cwd=folder,
        input=data,
        env=environ() | (more or {}),
        capture_output=True,
        check=False,
    )
    return done.returncode


def contents(top: Path) -> dict[str, bytes]:
    """Every file below `top`, under its real path, without what git keeps for itself."""
    found = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                found[str(path)] = path.read_bytes()
    return found


def check(top: Path, here: Path, typed: str, more: dict[str, str] | None = None) -> str:
    """Apply the diff of one file with git, and see that it alone changed, or that nothing did and a remark says so."""
    name = diff_name(Path(typed), here=here, environ=environ() | (more or {}))
    diff = unified_diff(OLD, NEW, name.path, from_top=name.from_top)
    before = contents(top)
    code = git(here, "apply", "-", data=diff, more=more)
    after = contents(top)
    changed = [path for path in before if before[path] != after[path]]
    if name.remark:
        assert (code != 0, changed) == (True, []), f"{typed!r} in {here}: {name}"
        if name.remark == OUTSIDE:
            code = git(here, "apply", "--unsafe-paths", "-", data=diff, more=more)
            after = contents(top)
            changed = [path for path in before if before[path] != after[path]]
            assert (code, changed) == (0, [os.path.realpath(here / typed)]), f"{typed!r} in {here}: {name}"
    else:
        assert (code, changed) == (0, [os.path.realpath(here / typed)]), f"{typed!r} in {here}: {name}"
    return name.remark


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree in which every folder has every file, so that a wrong guess hits one."""
    top = tmp_path / "tree"
    for folder in ("", "sub", "sub/sub", "sub/sub/sub", "other"):
        (top / folder).mkdir(exist_ok=True)
        for name in ("f.txt", "g.txt"):
            (top / folder / name).write_bytes(OLD)
    assert git(top, "init", "-q") == 0
    return top


@pytest.mark.parametrize("here", ["", "sub", "sub/sub", "other"])
@pytest.mark.parametrize("target", ["", "sub", "sub/sub", "sub/sub/sub", "other"])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_file_anywhere_in_the_work_tree(tree: Path, here: str, target: str, absolute: bool) -> None:
    path = tree / target / "f.txt"
    remark = check(tree, tree / here, str(path) if absolute else os.path.relpath(path, tree / here))
    assert remark == ("" if path.is_relative_to(tree / here) else OUTSIDE)


@pytest.mark.parametrize(
    ("link", "to", "typed", "applies"),
    [
        ("sub/link", "f.txt", "link", True),
        ("sub/link", "sub/f.txt", "link", True),
        ("sub/link", "../other/f.txt", "link", False),
        ("sub/linked", "sub", "linked/f.txt", True),
        ("sub/linked", "../other", "linked/f.txt", False),
        ("other/back", "../sub", "../other/back/f.txt", True),
    ],
)
def test_a_link_is_named_by_what_it_leads_to(
    tree: Path, link: str, to: str, typed: str, applies: bool
) -> None:
    (tree / link).symlink_to(to)
    remark = check(tree, tree / "sub", typed)
    assert bool(remark) is not applies


def test_a_folder_that_is_a_link_itself(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(tree / "sub")
    assert not check(tree, tmp_path / "way", "f.txt")
    assert not check(tree, tmp_path / "way", str(tmp_path / "way" / "g.txt"))
    assert not check(tree, tmp_path / "way", "sub/f.txt")


def test_outside_of_any_work_tree(tmp_path: Path) -> None:
    (tmp_path / "sub" / "sub").mkdir(parents=True)
    for folder in ("", "sub", "sub/sub"):
        (tmp_path / folder / "f.txt").write_bytes(OLD)
    assert not check(tmp_path, tmp_path / "sub", "f.txt")
    assert not check(tmp_path, tmp_path / "sub", "sub/f.txt")
    assert check(tmp_path, tmp_path / "sub", "../f.txt") == OUTSIDE


@pytest.mark.parametrize("kind", ["work tree", "submodule", "nested", "no repository"])
def test_a_work_tree_in_a_work_tree(tree: Path, kind: str) -> None:
    inner = tree / "inner"
    if kind == "work tree":
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", "x")
        assert git(tree, "worktree", "add", "-q", "inner") == 0
    elif kind == "submodule":
        source = tree.parent / "source"
        source.mkdir()
        git(source, "init", "-q")
        git(source, "commit", "--allow-empty", "-qm", "x")
        assert (
            git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), "inner")
            == 0
        )
    elif kind == "nested":
        inner.mkdir()
        git(inner, "init", "-q")
    else:
        (inner / ".git").mkdir(parents=True)
    (inner / "inner" / "inner").mkdir(parents=True)
    for folder in ("", "inner", "inner/inner"):
        (inner / folder / "f.txt").write_bytes(OLD)
    for here in (tree, inner, inner / "inner"):
        for target in (tree, inner, inner / "inner", inner / "inner" / "inner"):
            path = target / "f.txt"
            path.write_bytes(OLD)
            check(tree, here, os.path.relpath(path, here))


@pytest.mark.parametrize("variables", [{"GIT_WORK_TREE"}, {"GIT_DIR"}, {"GIT_DIR", "GIT_WORK_TREE"}])
@pytest.mark.parametrize("here", ["", "sub", "sub/sub"])
def test_what_git_is_told_by_variables(tree: Path, variables: set[str], here: str) -> None:
    values = {"GIT_DIR": str(tree / ".git"), "GIT_WORK_TREE": str(tree)}
    more = {name: values[name] for name in variables}
    for typed in ("f.txt", "sub/f.txt", "sub/sub/f.txt", "../f.txt"):
        if (tree / here / typed).is_file():
            check(tree, tree / here, typed, more)


def test_what_git_keeps_for_itself_is_not_promised(tree: Path) -> None:
    for name in (".git/description", ".GIT/x", "git~1/x"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_bytes(OLD)
        assert check(tree, tree, name)


@pytest.fixture(scope="module")
def many() -> Iterator[Path]:
    """A work tree with oddly named files in folders whose names repeat, each with the same text."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(os.path.realpath(name))
        for folder in FOLDERS:
            for file in NAMES:
                path = top / folder / f"{file}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(OLD)
        git(top, "init", "-q")
        yield top


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    here=st.sampled_from(FOLDERS),
    folder=st.sampled_from(FOLDERS),
    name=st.sampled_from(NAMES),
    absolute=st.booleans(),
)
def test_any_file_from_any_folder(many: Path, here: str, folder: str, name: str, absolute: bool) -> None:
    path = many / folder / f"{name}.txt"
    typed = str(path) if absolute else os.path.relpath(path, many / here)
    try:
        check(many, many / here, typed)
    finally:
        path.write_bytes(OLD)


def test_rewrite_says_what_git_does_not_take_and_what_to_do(
    offline_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(offline_shell.folder, "init", "-q")
    path = offline_shell.file("top.py", "fetch = 1\n")
    (offline_shell.folder / "sub").mkdir()
    monkeypatch.chdir(offline_shell.folder / "sub")
    call = ("rewrite", "--offline", "-i", "rename fetch to load")
    ran = offline_shell.run(*call, "../top.py")
    assert ran.code == 0
    assert ran.out.startswith(b"--- a/../top.py\n")
    assert f"editsvc: {OUTSIDE}\n" in ran.err
    assert git(Path.cwd(), "apply", "-", data=ran.out) != 0
    assert "git apply" not in offline_shell.run(*call, "--apply", "../top.py").err
    assert path.read_text() == "load = 1\n"


def test_rewrite_and_git_apply_agree_where_names_repeat(
    offline_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(offline_shell.folder, "init", "-q")
    (offline_shell.folder / "lib" / "lib").mkdir(parents=True)
    outer, inner = (
        offline_shell.file("lib/x.py", "fetch = 1\n"),
        offline_shell.file("lib/lib/x.py", "fetch = 1\n"),
    )
    monkeypatch.chdir(offline_shell.folder / "lib")
    ran = offline_shell.run("rewrite", "--offline", "-i", "rename fetch to load", "lib/x.py")
    assert git(Path.cwd(), "apply", "-", data=ran.out) == 0
    assert (outer.read_text(), inner.read_text()) == ("fetch = 1\n", "load = 1\n")
