"""``editsvc config``: the settings in force, where each comes from, and changes to them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from editsvc.cli import output
from editsvc.cli.remedies import message_of
from editsvc.cli.usage import CommandGroup, columns, completed_by, wrapped
from editsvc.errors import SettingsError, UsageError
from editsvc.files import disk
from editsvc.files.workspace import work_tree
from editsvc.nearest import closest
from editsvc.settings import environment
from editsvc.settings.schema import DEFAULT_ORIGIN, PROJECT_MAY_SET, Settings, explained, json_schema, shown
from editsvc.settings.servers import CEREBRAS, FALLBACK, servers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from editsvc.settings.schema import Resolved

_WIDEST: Final = 100


@click.group(
    cls=CommandGroup,
    short_help="Show and change the settings.",
    epilog="""\b
Examples:
  editsvc config show                     # what is not default, and what it means
  editsvc config show --all --origin
  editsvc config set model gpt-oss-120b
  editsvc config set --project jobs 8     # in .editsvc.toml of this workspace
  editsvc config get model
  editsvc config unset model
  editsvc config init                     # a file with every setting in a comment
  editsvc config path""",
)
def command() -> None:
    """Show and change the settings.

    Changes go into your own settings file, or into the .editsvc.toml of the workspace with --project. Comments and
    order in the file stay as they are, and nothing is written that would not be valid.
    """


_in_project = click.option("--project", is_flag=True, help="The file of the workspace, .editsvc.toml.")


@command.command()
@click.option("--all", "everything", is_flag=True, help="Also the settings that have their defaults.")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with all settings.")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=completed_by("setting_names"))
def show(*, everything: bool, origin: bool, as_json: bool, names: tuple[str, ...]) -> int:
    """Show the settings that are not default, and what each means: flag > environment > project file > user file.

    With NAME, show those settings: what they mean and take, their values, and where these come from. That works
    while other settings are wrong, too.
    """
    _refuse_unknown(names)
    try:
        resolved = environment.load()
    except SettingsError:
        if not as_json:
            _explain(names or Settings.__struct_fields__, None)
        raise
    for warning in resolved.warnings:
        output.print_message(f"editsvc: {warning}")
    if names and not as_json:
        _explain(names, resolved)
        return 0
    values = shown(resolved.settings)
    if names:
        values = {name: values[name] for name in names}
    found = _keys(resolved.settings)
    if as_json:
        settings = (
            {name: {"value": value, "origin": resolved.origins[name]} for name, value in values.items()}
            if origin
            else values
        )
        output.write_json({"schema": 1, "settings": settings, **found})
        return 0
    _list(values, resolved, everything=everything, origin=origin)
    width = max(map(len, found))
    for name, said in found.items():
        click.echo(f"{name:<{width}}  {said}")
    click.echo(err=True)
    if not everything:
        output.print_message("Every other setting has its default: editsvc config show --all.")
    output.print_message(f"User file: {environment.user_file(os.environ)}")
    return 0


@command.command()
@_in_project
@click.argument("name", shell_complete=completed_by("setting_names"))
@click.argument("value", shell_complete=completed_by("setting_values"))
def set(*, project: bool, name: str, value: str) -> int:  # noqa: A001 - the command's name
    """Set NAME to VALUE: true or false, a number, a text; a list is words or a JSON array."""
    from editsvc.settings import edited

    _refuse_unknown([name])
    path, text = _file(project=project)
    made = edited.with_value(text, name, value, origin=str(path), project=project)
    _write(path, made)
    output.print_message(f"{name} is {_shown(edited.value_of(made, name, origin=str(path)))} in {path}.")
    _say_what_counts(name, path)
    return 0


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with the origin.")
@click.argument("name", shell_complete=completed_by("setting_names"))
def get(*, as_json: bool, name: str) -> int:
    """Print the value of NAME that counts here."""
    _refuse_unknown([name])
    resolved = environment.load()
    value = shown(resolved.settings)[name]
    if as_json:
        output.write_json({"schema": 1, "name": name, "value": value, "origin": resolved.origins[name]})
    else:
        output.write_line(_shown(value))
    return 0


@command.command()
@_in_project
@click.argument("name", shell_complete=completed_by("setting_names"))
def unset(*, project: bool, name: str) -> int:
    """Remove NAME from the file, so that its default counts again."""
    from editsvc.settings import edited

    path, text = _file(project=project)
    # What is no setting can be removed all the same: it may be what is wrong with the file.
    if edited.value_of(text, name, origin=str(path)) is None:
        _refuse_unknown([name])
        output.print_message(f"{name} is not set in {path}.")
        return 0
    _write(path, edited.without(text, name, origin=str(path), project=project))
    output.print_message(f"{name} was removed from {path}.")
    if name in Settings.__struct_fields__:
        _say_what_counts(name, path)
    return 0


@command.command()
@_in_project
def edit(*, project: bool) -> int:
    """Open the file in $VISUAL or $EDITOR, and take over what is valid; a new file begins as init makes it."""
    import tempfile

    from editsvc.cli.instruction import open_in_editor
    from editsvc.settings import edited

    path, text = _file(project=project)
    with tempfile.TemporaryDirectory(prefix="editsvc-") as folder:
        copy = Path(folder) / path.name
        copy.write_text(text or edited.template(project=project), "utf-8")
        while True:
            open_in_editor(copy)
            try:
                made = edited.checked(copy.read_text("utf-8"), origin=str(path), project=project)
                break
            except (SettingsError, UnicodeDecodeError) as exc:
                said = message_of(exc) if isinstance(exc, SettingsError) else "The file is not UTF-8."
                output.print_message(f"editsvc: {said}")
                if not (sys.stdin.isatty() and click.confirm("Edit it again?", default=True, err=True)):
                    raise UsageError("The settings are as they were.") from exc
    if made == text:
        output.print_message("Nothing was changed.")
    else:
        _write(path, made)
        output.print_message(f"{path} was written.")
    return 0


@command.command()
@_in_project
def path(*, project: bool) -> int:
    """Print where the settings file is, whether it exists or not."""
    output.write_line(str(_place(project=project)))
    return 0


@command.command()
@_in_project
def init(*, project: bool) -> int:
    """Write a settings file with every setting in a comment: what it means, what it takes, and its default."""
    from editsvc.settings import edited

    where, text = _file(project=project)
    if text.strip():
        raise UsageError(f"{where} exists.", hint="editsvc config edit opens it.")
    _write(where, edited.template(project=project))
    output.print_message(f"{where} was written; editsvc config edit opens it.")
    return 0


@command.command()
def schema() -> int:
    """Print the JSON Schema of a settings file."""
    output.write_json(json_schema())
    return 0


def _place(*, project: bool) -> Path:
    if not project:
        return environment.user_file(os.environ)
    here = Path.cwd()
    return environment.project_file(here) or (work_tree(here) or here) / environment.PROJECT_FILE


def _file(*, project: bool) -> tuple[Path, str]:
    """A settings file and its text, which is empty if there is none; raises SettingsError."""
    where = _place(project=project)
    return where, environment.text_of(where, project=project)


def _write(where: Path, text: str) -> None:
    try:
        if not where.exists():
            # It may hold the URL of a database, password and all.
            where.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as exc:
        raise SettingsError(f"{where} cannot be written: {exc.strerror or exc}.") from exc
    disk.write(disk.read(where), text.encode())


def _say_what_counts(name: str, where: Path) -> None:
    try:
        origin = environment.load().origins[name]
    except SettingsError as exc:
        output.print_message(f"editsvc: {message_of(exc)}")
        return
    if origin not in {str(where), DEFAULT_ORIGIN}:
        output.print_message(f"editsvc: {name} is also set by: {origin}. That counts here.")


def _keys(settings: Settings) -> dict[str, str]:
    names = {CEREBRAS: "api_key", FALLBACK: "fallback_api_key"}
    keys = {
        names.get(server.name, f"servers.{server.name}.api_key"): environment.key_of(server, settings)
        for server in servers(settings)
    }
    return {name: f"set ({key.origin})" if key else "not set" for name, key in keys.items()}


def _list(values: Mapping[str, Any], resolved: Resolved, *, everything: bool, origin: bool) -> None:
    """A line for each setting, and below it what it means."""
    defaults, width = shown(Settings()), min(columns(), _WIDEST)
    for name, value in values.items():
        if not everything and value == defaults[name] and resolved.origins[name] == DEFAULT_ORIGIN:
            continue
        line = f"{name} = {_shown(value)}"
        output.write_line(f"{line}  [{resolved.origins[name]}]" if origin else line)
        for more in wrapped(explained(name)[0], width, "  "):
            output.write_line(more)


def _refuse_unknown(names: Sequence[str]) -> None:
    for name in names:
        if name not in Settings.__struct_fields__:
            instead = closest(name, Settings.__struct_fields__)
            hint = f"Did you mean {instead}?" if instead else "editsvc config show --all lists them."
            raise UsageError(f"There is no setting {name!r}.", hint=hint)


def _explain(names: Sequence[str], resolved: Resolved | None) -> None:
    """A paragraph about each setting; without `resolved` it is not known what is in force."""
    width = min(columns(), _WIDEST)
    for name in names:
        default = _shown(shown(Settings())[name])
        meaning, takes = explained(name)
        sentences = [meaning, takes, f"Default: {default}."]
        if name in PROJECT_MAY_SET:
            sentences.append(f"A project file may set it ({environment.PROJECT_FILE}).")
        value = f" = {_shown(shown(resolved.settings)[name])}  [{resolved.origins[name]}]" if resolved else ""
        for line in (name + value, *wrapped(" ".join(filter(None, sentences)), width, "  ")):
            output.write_line(line)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
