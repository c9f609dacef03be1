"""What the command line reads beside the files of a run, so that a rename stops where another file has the name."""

from __future__ import annotations

from pathlib import Path

import pytest

from editsvc.cli.together import files_of

RENAME = "rename fetch to load"


def written(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["a.c", "a.cc", "a.ipp", "a.tpp", "a.h++", "a.cppm"])
def test_headers_are_read_with_those_that_they_include(tmp_path: Path, name: str) -> None:
    written(
        tmp_path,
        {
            name: '#include "lib/first.h"\n',
            "lib/first.h": '#pragma once\n# include "second.h"\n#include <stdio.h>\n',
            "lib/second.h": '#include "first.h"\nint fetch(void);\n',
        },
    )
    files = files_of(RENAME, [str(tmp_path / name)])
    assert files is not None
    assert [Path(path).name for path in files.texts] == [name]
    assert sorted(Path(path).name for path in files.known) == ["first.h", "second.h"]


def test_the_module_of_a_go_file_is_read_and_nothing_for_an_instruction_that_renames_nothing(
    tmp_path: Path,
) -> None:
    written(tmp_path, {"go.mod": "module x\n", "in/a.go": "package in\n"})
    files = files_of(RENAME, [str(tmp_path / "in/a.go")])
    assert files is not None
    assert str(tmp_path / "go.mod") in {str(Path(path)) for path in files.known}
    assert files_of("sort imports", [str(tmp_path / "in/a.go")]) is None
