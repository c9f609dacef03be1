"""Programs are found without looking into the folder that somebody else may have filled."""

import ntpath

import pytest

from editsvc.system.processes import on_windows_path

ENVIRON = {"PATH": r'C:\Windows;.;tools;"C:\Program Files\op";D:\bin', "PATHEXT": ".EXE;.CMD"}


def found(name: str, *there: str) -> str:
    known = {ntpath.normcase(path) for path in there}
    return on_windows_path(name, ENVIRON, lambda path: ntpath.normcase(path) in known)


def test_a_program_is_found_in_the_folders_of_path_by_its_extensions() -> None:
    assert (
        found("op", r"C:\Program Files\op\op.exe", r"D:\bin\op.cmd").lower() == r"c:\program files\op\op.exe"
    )
    assert found("pass.cmd", r"D:\bin\pass.cmd") == r"D:\bin\pass.cmd"
    assert found("pass", r"D:\bin\pass.cmd").lower() == r"d:\bin\pass.cmd"


@pytest.mark.parametrize("planted", ["op.exe", r".\op.exe", r"tools\op.exe", r"C:\Windows\op"])
def test_one_in_the_current_folder_is_not(planted: str) -> None:
    with pytest.raises(FileNotFoundError):
        found("op", planted)


@pytest.mark.parametrize("name", [r"C:\op\op.exe", r"..\op.exe", "tools/op", r"\\host\share\op.exe"])
def test_a_name_with_a_folder_is_taken_as_it_is(name: str) -> None:
    assert found(name) == name
