"""``editsvc config``: what is in force, and what each setting means."""

import re
import tomllib
from pathlib import Path

import pytest
from shell import Shell

from editsvc.settings.schema import PROJECT_MAY_SET, Settings


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
    assert "jobs is " in explained.err


def test_what_the_error_about_an_unknown_setting_says_to_run_lists_them_all(offline_shell: Shell) -> None:
    (offline_shell.folder / ".editsvc.toml").write_text("job = 3\n")
    ran = offline_shell.run("config", "show")
    assert ran.code == 4
    assert "there is no setting 'job'. editsvc config show --all lists them." in ran.err
    listed = ran.out.decode().split("\n")
    assert [name for name in Settings.__struct_fields__ if name not in listed] == []


def test_a_name_that_is_not_a_setting_is_a_usage_error(offline_shell: Shell) -> None:
    ran = offline_shell.run("config", "show", "job")
    assert (ran.code, ran.err) == (2, "editsvc: There is no setting 'job'. Did you mean jobs?\n")
    ran = offline_shell.run("config", "show", "zzz")
    assert (ran.code, ran.err) == (
        2,
        "editsvc: There is no setting 'zzz'. editsvc config show --all lists them.\n",
    )


def test_json_can_be_about_some_settings(offline_shell: Shell) -> None:
    assert offline_shell.run("config", "show", "jobs", "model", "--json").json["settings"] == {
        "jobs": 4,
        "model": Settings().model,
    }


COMMENTED = """\
# mine
model = "a-model"  # for now

jobs = 2

[models.a-model]  # its row
context_tokens = 9000
"""


def user_file(shell: Shell, text: str | None = None) -> Path:
    path = Path(shell.run("config", "path").out.decode().rstrip("\n"))
    if text is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path


def test_only_what_is_not_default_is_shown_and_what_it_means(offline_shell: Shell) -> None:
    user_file(offline_shell, "jobs = 7\n")
    ran = offline_shell.run("config", "show", "--origin")
    shown = ran.out.decode()
    assert f"jobs = 7  [{user_file(offline_shell)}]\n  How many files to edit at the same time.\n" in shown
    assert "deadline_s" not in shown
    assert "Every other setting has its default: editsvc config show --all." in ran.err
    everything = offline_shell.run("config", "show", "--all").out.decode()
    assert [name for name in Settings.__struct_fields__ if f"\n{name} = " not in f"\n{everything}"] == []


def test_a_change_keeps_comments_and_order(offline_shell: Shell) -> None:
    path = user_file(offline_shell, COMMENTED)
    path.chmod(0o640)
    assert offline_shell.run("config", "set", "jobs", "8").code == 0
    assert path.read_text() == COMMENTED.replace("jobs = 2", "jobs = 8")
    assert offline_shell.run("config", "set", "drafts", "false").code == 0
    assert offline_shell.run("config", "get", "drafts").out == b"false\n"
    assert offline_shell.run("config", "unset", "drafts").code == 0
    assert path.read_text().replace("\n\n", "\n") == COMMENTED.replace("jobs = 2", "jobs = 8").replace(
        "\n\n", "\n"
    )
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("jobs", "8", 8),
        ("only_asked", "true", True),
        ("connect_timeout_s", "2.5", 2.5),
        ("prediction", "off", "off"),
        ("allow", "elision,shrink", ["elision", "shrink"]),
        ("api_key_command", "pass show cerebras", ["pass", "show", "cerebras"]),
        ("api_key_command", '["pass", "show", "my key"]', ["pass", "show", "my key"]),
        ("hedge_after_s", "3", 3.0),
        ("base_url", "https://example.com/v1/", "https://example.com"),
        ("models", '{"m": {"context_tokens": 9000}}', {"m": {"context_tokens": 9000}}),
    ],
)
def test_what_is_typed_becomes_a_value_of_the_right_type(
    offline_shell: Shell, name: str, typed: str, value: object
) -> None:
    ran = offline_shell.run("config", "set", name, typed)
    assert ran.code == 0, ran.err
    path = user_file(offline_shell)
    assert tomllib.loads(path.read_text()) == {name: value}
    assert path.stat().st_mode & 0o777 == 0o600
    assert offline_shell.run("config", "get", "--json", name).json["value"] == value


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (
            ["jobs", "99"],
            4,
            "and takes a whole number, at least 1, at most 64. editsvc config show jobs explains it.",
        ),
        (["jobs", "many"], 4, "editsvc config show jobs explains it."),
        (["prediction", "maybe"], 4, "and takes one of auto, on, off"),
        (["base_url", "ftp://x"], 4, "is not the URL of a server"),
        (["jbos", "8"], 2, "There is no setting 'jbos'. Did you mean jobs?"),
        (["fallback_model", "m"], 4, "A fallback needs both."),
        (["--project", "base_url", "https://x"], 4, "a project may not set base_url"),
    ],
)
def test_what_would_not_be_valid_is_not_written(
    offline_shell: Shell, args: list[str], code: int, said: str
) -> None:
    path = user_file(offline_shell, COMMENTED)
    ran = offline_shell.run("config", "set", *args)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert path.read_text() == COMMENTED
    assert not (offline_shell.folder / ".editsvc.toml").exists()


def test_a_project_has_a_file_of_its_own(offline_shell: Shell) -> None:
    assert offline_shell.run("config", "set", "--project", "jobs", "8").code == 0
    assert (offline_shell.folder / ".editsvc.toml").read_text() == "jobs = 8\n"
    ran = offline_shell.run("config", "set", "jobs", "3")
    assert f"jobs is also set by: {offline_shell.folder / '.editsvc.toml'}. That counts here." in ran.err


def test_a_wrong_line_can_be_taken_out(offline_shell: Shell) -> None:
    path = user_file(offline_shell, "jbos = 3\njobs = 5\n")
    assert offline_shell.run("config", "show").code == 4
    assert offline_shell.run("config", "unset", "jbos").code == 0
    assert path.read_text() == "jobs = 5\n"
    assert offline_shell.run("config", "unset", "model").err.startswith("model is not set in ")
    path.write_text("jobs = \n")
    ran = offline_shell.run("config", "set", "jobs", "3")
    assert (ran.code, "is not valid TOML" in ran.err, path.read_text()) == (4, True, "jobs = \n")


@pytest.mark.parametrize("project", [[], ["--project"]])
def test_a_new_file_explains_every_setting_and_each_line_works(
    offline_shell: Shell, project: list[str]
) -> None:
    assert offline_shell.run("config", "init", *project).code == 0
    path = Path(offline_shell.run("config", "path", *project).out.decode().rstrip("\n"))
    text = path.read_text()
    assert tomllib.loads(text) == {}
    names = set(PROJECT_MAY_SET) if project else set(Settings.__struct_fields__)
    lines = [line[2:] for line in text.split("\n") if re.match(r"# (\w+ =|\[models)", line)]
    examples = ('base_url = "http://127', "share =", 'model = "zai')
    lines = [line for line in lines if not line.startswith(examples)]
    tables = {"models", "servers", "arms"}
    assert {line.split(" ")[0] for line in lines} | tables == names | tables | {
        '[models."NAME"]',
    } - ({'[models."NAME"]'} if project else set())
    path.write_text("\n".join(line for line in lines if not line.endswith("=")) + "\n")
    assert offline_shell.run("config", "show").code == 0
    again = offline_shell.run("config", "init", *project)
    assert (again.code, "exists. editsvc config edit opens it." in again.err) == (2, True)


@pytest.mark.parametrize(
    ("script", "code", "after"),
    [
        ('sed -i "s/jobs = 2/jobs = 9/" "$1"', 0, COMMENTED.replace("jobs = 2", "jobs = 9")),
        (":", 0, COMMENTED),
        ('echo "jobs = 99" > "$1"', 2, COMMENTED),
        ('printf "\\377" > "$1"', 2, COMMENTED),
        ("exit 1", 2, COMMENTED),
    ],
)
def test_what_the_editor_leaves_is_checked_before_it_is_written(
    offline_shell: Shell, script: str, code: int, after: str
) -> None:
    path = user_file(offline_shell, COMMENTED)
    editor = offline_shell.folder / "editor"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o700)
    offline_shell.environ.setenv("EDITOR", str(editor))
    offline_shell.environ.delenv("VISUAL", raising=False)
    ran = offline_shell.run("config", "edit")
    assert (ran.code, path.read_text()) == (code, after), ran.err


def test_a_link_that_leads_out_of_the_workspace_is_not_written_through(offline_shell: Shell) -> None:
    outside = offline_shell.folder.parent / "theirs.toml"
    outside.write_text("jobs = 2\n")
    (offline_shell.folder / ".editsvc.toml").symlink_to(outside)
    ran = offline_shell.run("config", "set", "--project", "jobs", "3")
    assert (ran.code, outside.read_text()) == (4, "jobs = 2\n")
