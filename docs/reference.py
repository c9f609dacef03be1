"""The reference pages that are made from the product itself: commands, settings, errors.

    python docs/reference.py          # writes docs/commands.md, docs/settings.md and docs/errors.md

A test compares the pages with what this would write.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

import editsvc
from editsvc.cli import command
from editsvc.config import PROJECT_MAY_SET, Settings
from editsvc.errors import EditsvcError
from editsvc.guard import WAIVABLE, Check

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
MADE = "<!-- Made by docs/reference.py from the product itself; change it there. -->\n"
CHECKS = {
    Check.FRAME: "the reply's frame does not end, or more of the file follows after it",
    Check.EMPTY: "the reply would delete everything",
    Check.PROSE: "the reply is not in the agreed frame, and may be prose; or it is JSON, and the file is not",
    Check.ENTITIES: "plain characters came back as HTML entities",
    Check.ELISION: "a remark such as `# ... rest of the code unchanged ...` stands for code",
    Check.INDENTATION: "most lines lost their indentation, or changed between tabs and spaces, unasked",
    Check.TAIL: "the end of the file is missing, as if the reply had been cut off",
    Check.SHRINK: "most of the file is gone, unasked",
    Check.SYNTAX: "no error that the parser did not find before (a file that it cannot read in time passes)",
    Check.INVISIBLE: "no characters that nobody sees are added",
    Check.SECRETS: "every placeholder of a secret is as it was sent",
    Check.SCOPE: "nothing outside of the lines that the user drew",
    Check.IDENTITY: "something outside of the edit would change (a defect of editsvc)",
}


def pages() -> dict[str, str]:
    """File name to text."""
    return {"commands.md": commands(), "settings.md": settings(), "errors.md": errors()}


def commands() -> str:
    """Every command's help."""
    parts = ["# Commands\n", MADE, "Diffs and data go to stdout, everything for people to stderr.\n"]
    for path, found in _walk("editsvc", command):
        context = click.Context(found, info_name=path, max_content_width=100, terminal_width=100)
        parts.append(f"## {path}\n\n```text\n{found.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)


def _walk(path: str, found: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, found
    if isinstance(found, click.Group):
        context = click.Context(found)
        for name in found.list_commands(context):
            inner = found.get_command(context, name)
            if inner is not None:
                yield from _walk(f"{path} {name}", inner)


def settings() -> str:
    """Every setting."""
    schema = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"]
    defaults: dict[str, Any] = msgspec.to_builtins(Settings())
    lines = [
        "# Settings\n",
        MADE,
        "A settings file is TOML: `config.toml` in the user's configuration folder (`editsvc config show` names it),",
        "or the file that `EDITSVC_CONFIG` names. The strongest wins: flag, environment, project file",
        "(`.editsvc.toml` in the folder or above, within the git work tree), user file, default.",
        "",
        "The API key is no setting. It comes from `CEREBRAS_API_KEY`, else from the system's keyring (service",
        "`editsvc`, user `cerebras`; needs the extra `keyring`), else from `api_key_command`.",
        "",
        "| setting | variable | default | project | what it means |",
        "|---|---|---|---|---|",
    ]
    for name, described in schema.items():
        variable = {"models": "", "base_url": "`CEREBRAS_BASE_URL`"}.get(name, f"`EDITSVC_{name.upper()}`")
        default = msgspec.json.encode(defaults[name]).decode()
        allowed = "yes" if name in PROJECT_MAY_SET else "no"
        lines.append(f"| `{name}` | {variable} | `{default}` | {allowed} | {described['description']} |")
    lines += ["", "“project” tells whether a project file may set it: a workspace can redirect nothing.", ""]
    return "\n".join(lines)


def errors() -> str:
    """Every way in which an edit can end."""
    for module in pkgutil.walk_packages(editsvc.__path__, "editsvc."):
        if "__main__" not in module.name and ".migrations" not in module.name:
            importlib.import_module(module.name)
    lines = [
        "# Errors\n",
        MADE,
        "Whatever happens, the file is as it was, one sentence on stderr says why, and one record goes to the log.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        "| 0 | done: changed, or nothing to change |",
        "| 1 | refused: by the model, by a check, or because the file is not what it was |",
        "| 2 | usage: the call contradicts itself |",
        "| 3 | the provider failed, or did not deliver a whole reply |",
        "| 4 | the key or a setting is missing or wrong |",
        "| 130 | interrupted |",
        "",
        "| error | status | exit code | meaning |",
        "|---|---|---|---|",
    ]
    for found in sorted(_leaves(EditsvcError), key=lambda one: (one.exit_code, one.__name__)):
        meaning = (found.__doc__ or "").split("\n")[0].rstrip(".")
        lines.append(f"| `{found.__name__}` | {found.status} | {int(found.exit_code)} | {meaning} |")
    lines += [
        "",
        "## Checks",
        "",
        "Every reply passes these before it may become an edit. `--allow NAME` accepts what a check would refuse.",
        "",
        "| check | refuses when | can be allowed |",
        "|---|---|---|",
    ]
    lines += [f"| `{check}` | {CHECKS[check]} | {'yes' if check in WAIVABLE else 'no'} |" for check in Check]
    return "\n".join([*lines, ""])


def _leaves(found: type[EditsvcError]) -> set[type[EditsvcError]]:
    return {found}.union(*(_leaves(one) for one in found.__subclasses__())) - {EditsvcError}


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
