"""``editsvc config``: what is in force, and what each setting means."""

import pytest
from shell import Shell

from editsvc.settings.schema import Settings


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_each_setting_is_explained(offline_shell: Shell, name: str) -> None:
    ran = offline_shell.run("config", "show", name)
    first, *others = ran.out.decode().rstrip("\n").split("\n")
    assert (ran.code, ran.err) == (0, "")
    assert first.startswith(f"{name} = ")
    assert first.endswith("]")
    assert "Default: " in " ".join(line.strip() for line in others)


def test_a_value_comes_with_its_origin_and_its_bounds(offline_shell: Shell) -> None:
    offline_shell.environ.setenv("EDITSVC_JOBS", "7")
    ran = offline_shell.run("config", "show", "jobs", "prediction")
    text = " ".join(ran.out.decode().split())
    assert "jobs = 7 [environment] How many files to edit at the same time." in text
    assert "A whole number, at least 1, at most 64. Default: 4." in text
    assert "One of auto, on, off. Default: auto." in text


def test_what_the_error_about_a_setting_says_to_run_explains_it(offline_shell: Shell) -> None:
    offline_shell.environ.setenv("EDITSVC_JOBS", "none")
    offline_shell.file()
    ran = offline_shell.run("rewrite", "-i", "sort imports", "steps.py")
    assert ran.code == 4
    assert ran.err.endswith(" editsvc config show jobs explains it.\n")
    explained = offline_shell.run("config", "show", "jobs")
    assert explained.code == 4
    assert "A whole number, at least 1, at most 64. Default: 4." in " ".join(explained.out.decode().split())
    assert "jobs is wrong" in explained.err


def test_what_the_error_about_an_unknown_setting_says_to_run_lists_them_all(offline_shell: Shell) -> None:
    (offline_shell.folder / ".editsvc.toml").write_text("job = 3\n")
    ran = offline_shell.run("config", "show")
    assert ran.code == 4
    assert "there is no setting 'job'. editsvc config show lists them all." in ran.err
    listed = ran.out.decode().split("\n")
    assert [name for name in Settings.__struct_fields__ if name not in listed] == []


def test_a_name_that_is_not_a_setting_is_a_usage_error(offline_shell: Shell) -> None:
    ran = offline_shell.run("config", "show", "job")
    assert (ran.code, ran.err) == (2, "editsvc: There is no setting 'job'. Did you mean jobs?\n")
    ran = offline_shell.run("config", "show", "zzz")
    assert (ran.code, ran.err) == (
        2,
        "editsvc: There is no setting 'zzz'. editsvc config show lists them all.\n",
    )


def test_json_can_be_about_some_settings(offline_shell: Shell) -> None:
    assert offline_shell.run("config", "show", "jobs", "model", "--json").json["settings"] == {
        "jobs": 4,
        "model": Settings().model,
    }
