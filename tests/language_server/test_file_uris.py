"""The paths of file URIs as editors on Linux, macOS and Windows write them."""

from pathlib import PureWindowsPath
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp.wire.file_uris import file_path

NAMES = st.text(st.characters(exclude_characters='\0/\\<>:"|?*', exclude_categories=["Cs", "Cc"]), min_size=1)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/Users/me/a%20b.py", r"c:\Users\me\a b.py"),  # VS Code
        ("file:///C:/Users/me/a.py", r"c:\Users\me\a.py"),  # Neovim, Helix, eglot
        ("file:///C|/a.py", r"c:\a.py"),
        ("file://localhost/c:/a.py", r"c:\a.py"),
        ("file://server/share/a%23.py", "\\\\server\\share\\a#.py"),
        ("file:///c:", "c:"),
        ("file:///tmp/a.py", r"\tmp\a.py"),
    ],
)
def test_uris_of_windows(uri: str, path: str) -> None:
    assert file_path(uri, windows=True) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/a%20b.py", "/home/me/a b.py"),
        ("file://localhost/home/me/a.py", "/home/me/a.py"),
        ("file:///home/me/a#1?.py", "/home/me/a#1?.py"),
        ("file:///c:/odd", "/c:/odd"),
        ("file:///home/caf%C3%A9/%FF", "/home/café/\udcff"),
        ("file://server/share/a.py", ""),
    ],
)
def test_uris_of_linux_and_macos(uri: str, path: str) -> None:
    assert file_path(uri, windows=False) == path


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "http://localhost/a.py", "file://[", ""])
@pytest.mark.parametrize("windows", [True, False])
def test_what_is_no_file_has_no_path(uri: str, windows: bool) -> None:
    assert not file_path(uri, windows=windows)


@given(st.sampled_from("CDZ"), st.lists(NAMES, min_size=1, max_size=4))
def test_every_path_of_windows_comes_back_from_its_uri(drive: str, names: list[str]) -> None:
    path = PureWindowsPath(f"{drive}:\\", *names)
    uri = f"file:///{drive}%3A/" + "/".join(quote(part, safe="") for part in path.parts[1:])
    assert PureWindowsPath(file_path(uri, windows=True)) == path


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_every_path_of_linux_comes_back_from_its_uri(names: list[str]) -> None:
    path = "/" + "/".join(names)
    assert file_path("file://" + quote(path), windows=False) == path


@pytest.mark.parametrize("windows", [False, True])
def test_a_path_with_a_nul_is_still_one_so_that_it_can_be_refused(windows: bool) -> None:
    assert "\0" in file_path("file:///a%00b", windows=windows)
