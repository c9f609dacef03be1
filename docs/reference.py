"""The reference pages that are made from the product itself, and the sections of other pages that are.

    python docs/reference.py          # writes them all: see PAGES, and contract.files

A test compares the pages with what this would write.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import contract
import msgspec

import editsvc
from editsvc.cli import command, man
from editsvc.emulator import FAULTS
from editsvc.errors import EditsvcError
from editsvc.guard.findings import WAIVABLE, Check
from editsvc.provider import dialects
from editsvc.settings.schema import PROJECT_MAY_SET, Settings, json_schema
from editsvc.tokenlog.reference import with_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).parent
COLUMNS = 100
MADE = "<!-- Made by docs/reference.py from the product itself; change it there. -->\n"
CHECKS = {
    Check.FRAME: "the reply's fence is not closed, or more of the file follows it",
    Check.EMPTY: "the reply would delete everything",
    Check.PROSE: "the reply is not fenced as requested and may be prose, or is a patch or JSON, unlike the file",
    Check.WRAPPING: "text that belongs around the file came back inside of it: tags, a gutter, a piece of the prompt",
    Check.PLACE: "a part of the reply does not fit into its place: it holds its neighbours' lines, or lost its own",
    Check.DOUBLING: "the file, or most of it, is there twice",
    Check.RETOUCHED: "lines differ only in quotes, dashes, accents or invisible characters, and nobody asked for it",
    Check.ENTITIES: "plain characters came back as HTML entities",
    Check.WHITESPACE: "white space or blank lines changed, and nobody asked for it",
    Check.ELISION: "a remark such as `# ... rest of the code unchanged ...`, or a comment, replaces code",
    Check.INDENTATION: "most lines lost their indentation, or changed between tabs and spaces; nobody asked for it",
    Check.TAIL: "the end of the file is missing, as if the reply had been cut off",
    Check.SHRINK: "most of the file is gone, and nobody asked for it",
    Check.LOSS: "a definition, or lines that the instruction does not concern, are gone",
    Check.COMMENTS: "comments or a licence are gone from code that stayed",
    Check.ORDER: "definitions changed places, and nobody asked for it",
    Check.OTHER_TEXT: "the reply is another text than the file",
    Check.UNDONE: "what the instruction plainly says was not done",
    Check.UNASKED: "a change that the instruction does not explain",
    Check.SYNTAX: "the parser finds new errors (in a file that is too large to parse, only around the changes)",
    Check.INVISIBLE: "the edit adds invisible characters, or letters that look like others",
    Check.SECRETS: "the placeholder of a secret was changed, split or made up",
    Check.LOST_SECRET: "a line is still there, but its secret was replaced by something else",
    Check.SCOPE: "the reply changes something outside the lines that the user selected",
    Check.IDENTITY: "something outside the edit would change (a bug in editsvc)",
}


def commands() -> str:
    """Every command's help."""
    parts = ["# Commands\n", MADE, "Diffs and data go to stdout, everything for people to stderr.\n"]
    parts += [
        f"## {context.command_path}\n\n```text\n{context.get_help().rstrip()}\n```\n"
        for context in _walk("editsvc", command, None)
    ]
    return "\n".join(parts)


def manual() -> str:
    """The manual page, which is installed with the wheel."""
    return man.page(command)


def _walk(name: str, found: click.Command, parent: click.Context | None) -> Iterator[click.Context]:
    context = found.context_class(
        found, info_name=name, parent=parent, terminal_width=COLUMNS, **found.context_settings
    )
    yield context
    if isinstance(found, click.Group):
        for inner in found.list_commands(context):
            command = found.get_command(context, inner)
            if command is not None:
                yield from _walk(inner, command, context)


def settings() -> str:
    """Every setting."""
    schema = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"]
    defaults: dict[str, Any] = msgspec.to_builtins(Settings())
    lines = [
        "# Settings\n",
        MADE,
        "A settings file is TOML: `config.toml` in the user's configuration folder (`editsvc config show` names it),",
        "or the file that `EDITSVC_CONFIG` names. The strongest wins: flag, environment, project file",
        "(`.editsvc.toml` in the folder or above, within the git work tree, unless it is somebody else's), user file,",
        "default.",
        "",
        "The API key is not a setting. It comes from `CEREBRAS_API_KEY`, else from the system's keyring (service",
        "`editsvc`, user `cerebras`; needs the extra `keyring`), else from the file that `editsvc auth login` writes",
        "where there is no keyring, else from `api_key_command`.",
        "",
        "| setting | variable | default | project | what it means |",
        "|---|---|---|---|---|",
    ]
    for name, described in schema.items():
        variable = {"models": "", "servers": "", "arms": "", "base_url": "`CEREBRAS_BASE_URL`"}.get(
            name, f"`EDITSVC_{name.upper()}`"
        )
        default = msgspec.json.encode(defaults[name]).decode()
        allowed = "yes" if name in PROJECT_MAY_SET else "no"
        lines.append(f"| `{name}` | {variable} | `{default}` | {allowed} | {described['description']} |")
    lines += [
        "",
        "“project” says whether a project file may set it. A workspace cannot redirect anything.",
        "",
        *_servers(),
        *_arms(),
    ]
    return "\n".join(lines)


def _servers() -> list[str]:
    """The tables about servers: what is said of one, and what is known of each kind."""
    described = json_schema()["$defs"]["ServerTable"]["properties"]
    lines = [
        "## Servers",
        "",
        "Each table `[servers.NAME]` is a server, in the order in which they are asked; [Servers](providers.md) has",
        "examples. Its key comes from `EDITSVC_NAME_API_KEY` (for `cerebras`, `CEREBRAS_API_KEY`), else from",
        "`api_key_variable` or the variable of its kind, else from where `editsvc auth login --server NAME` put it,",
        "else from `api_key_command`.",
        "",
        "| in `[servers.NAME]` | what it means |",
        "|---|---|",
        *(f"| `{name}` | {field['description']} |" for name, field in described.items()),
        "",
        "## Kinds of servers",
        "",
        "The kind follows from the address, or from `dialect`. What a server of a kind turns out not to take is left",
        "out all the same, and remembered.",
        "",
        "| `dialect` | what it is | address | limit of a reply | predictions | key |",
        "|---|---|---|---|---|---|",
    ]
    for dialect in dialects.table().values():
        limit = f"`{dialect.limit}`"
        if dialect.limit_predicted is not None:
            limit += f", beside a prediction `{dialect.limit_predicted}`"
        takes = "not known" if dialect.predicts is None else ", ".join(dialect.predicts) or "no"
        takes = {"table": "as the model table says", "*": "yes"}.get(takes, takes)
        where = dialect.base_url or (f"port {dialect.port}" if dialect.port else ", ".join(dialect.hosts))
        key = f"`{dialect.key_variable}`" if dialect.key_variable else ""
        title = f"[{dialect.title}]({dialect.source})"
        lines.append(f"| `{dialect.name}` | {title} | {where} | {limit} | {takes} | {key} |")
    return [*lines, ""]


def _arms() -> list[str]:
    """The table about named arms."""
    described = json_schema()["$defs"]["ArmTable"]["properties"]
    return [
        "## Arms",
        "",
        "Each table `[arms.NAME]` is a named arm; [Arms](arms.md) says how they are drawn and compared.",
        "",
        "| in `[arms.NAME]` | what it means |",
        "|---|---|",
        *(f"| `{name}` | {field['description']} |" for name, field in described.items()),
        "",
    ]


def errors() -> str:
    """Every way in which an edit can end."""
    for module in pkgutil.walk_packages(editsvc.__path__, "editsvc."):
        if not re.search(r"\.(__main__|migrations|system)\b", module.name):
            importlib.import_module(module.name)
    lines = [
        "# Errors\n",
        MADE,
        "Whatever happens, the file stays as it was, one sentence on stderr says why, and one record goes to the log.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        "| 0 | done: changed, or nothing to change; of several files, some may lack what the instruction is about |",
        "| 1 | refused: by the model, by a check, or because the file has changed; or a limit of costs is not kept |",
        "| 2 | usage: the call contradicts itself, or a command is missing |",
        "| 3 | the provider failed, or did not deliver a complete reply |",
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
        (
            "Every reply must pass these before it may become an edit. `--allow NAME` accepts what a check would "
            "refuse; an editor asks whether to make the edit anyway."
        ),
        "",
        "| check | refuses when | can be allowed |",
        "|---|---|---|",
    ]
    lines += [f"| `{check}` | {CHECKS[check]} | {'yes' if check in WAIVABLE else 'no'} |" for check in Check]
    return "\n".join([*lines, ""])


CORPUS = """\
Tools that let a model edit files damage them in ways that are well known by now: the issue trackers of editors and
assistants are full of them. This page lists those ways, and what protects editsvc from each. Each is a file in
`fixtures/faults`. A test carries it out on a real file through the command line and on a real buffer through the
language server, and compares the outcome byte for byte. Faults that depend on timing have other tests.

`python -m bench.faults` tries the faults of servers and connections, each in both front ends, early and late, once and
always, with a second server and without, and prints the matrix.

## For other projects

The files are plain text under the project's licence. A case has what goes into your tool (a file, an instruction and
the model's reply) and what must become of the file. To use them, let a local server answer each request with the reply;
`editsvc emulate` plays the faults of servers and connections for any program, by [name](emulator.md). Two things are
specific to editsvc: the form of replies (code in a fence of four backticks or more, a refusal after `CANNOT:`), and the
names of checks and [errors](errors.md). If your tool asks for another form, put the code of the reply into that.

A file starts with a title, says what happens and whom it hurts, and names the rule that prevents it (`Rule:`) and the
rows of this page that it belongs to (`Row:`). Sections follow, each under a line of its own:

| section | what it holds |
|---|---|
| `-- instruction --` | what the user asks for |
| `-- before: NAME --` | the file |
| `-- reply --` | what the model replies, all of it |
| `-- fault: NAME --` | what goes wrong on the way: a fault of the emulator |
| `-- typed: PLACE --` | what the user types while the model replies |
| `-- typed late: PLACE --` | what the user types just as the edit arrives in the editor |
| `-- typed afterwards: PLACE --` | what the user types when the edit is there but not yet accepted |
| `-- rejected: N --` | the number of a hunk, from 0, that the user then rejects |
| `-- switched to: NAME --` | another document that the user turns to meanwhile; it stays as it is |
| `-- selection: "…" --` | what is selected |
| `-- client claims --` | the editor says that it has made the edit, but does nothing |
| `-- clients: all --` | it is tried with every kind of editor, not just one |
| `-- after --` | the outcome: the file, to the byte |
| `-- refused: NAME --` | the outcome: the file as it was, and the check or error that says why |
| `-- failed: NAME --` | the same, if the server or the editor is at fault |
| `-- conflict --` | the outcome: the buffer, after an edit met text that was typed in its place |
| `-- says --` | words that the message to the user contains |
| `-- tests --` | instead of a case: the tests that cover it |

A PLACE is `before "…"`, `after "…"` or `instead of "…"`, and means the first occurrence. A section ends where the next
one begins, including its last line end. If text cannot show the bytes, `escaped` follows the name
(`-- before escaped: NAME --`): `\\xNN` is a byte, `\\uNNNN` a character, `\\r`, `\\n`, `\\t` and `\\\\` have their
usual meaning, and a backslash at the end of a line removes the line end.
"""


def faults() -> str:
    """The fault corpus."""
    sys.path.insert(0, str(FOLDER.parent / "tests" / "support"))
    corpus = importlib.import_module("fault_corpus")
    found = corpus.corpus().values()
    parts = ["# Faults\n", MADE, CORPUS]
    for row, heading in corpus.ROWS.items():
        parts.append(f"## {heading}\n\n`{row}`\n")
        parts += [_fault(fault) for fault in found if fault.rows[0] == row]
        others = [fault for fault in found if row in fault.rows[1:]]
        if others:
            links = ", ".join(f"[{fault.title}](../fixtures/faults/{fault.name}.txt)" for fault in others)
            parts.append(f"See also: {links}.\n")
    return "\n".join(parts)


def _fault(fault: Any) -> str:
    file = f"[`{fault.name}`](../fixtures/faults/{fault.name}.txt)"
    tested = "".join(f"\n- `{test}`" for test in fault.tests) or " · `tests/guard/test_fault_corpus.py`"
    return f"### {fault.title}\n\n{fault.story}\n\n**{fault.rule}**\n\n{file}{tested}\n"


def _leaves(found: type[EditsvcError]) -> set[type[EditsvcError]]:
    return {found}.union(*(_leaves(one) for one in found.__subclasses__())) - {EditsvcError}


def architecture() -> str:
    """The page on the architecture, with its sections filled in."""
    from walkthrough import walkthrough  # noqa: PLC0415 - it makes an edit, which takes seconds

    text = (FOLDER / "ARCHITECTURE.md").read_text("utf-8")
    return _filled(_filled(text, "layers", layers()), "walkthrough", walkthrough())


def emulator() -> str:
    """The page on the emulator, with its table of faults."""
    rows = [
        f"| `{name}` | {', '.join(f'`{parameter}`' for parameter in spec.parameters) or 'nothing'} | {spec.meaning} |"
        for name, spec in FAULTS.items()
    ]
    table = "\n".join(["| fault | takes | what happens |", "|---|---|---|", *rows, ""])
    return _filled((FOLDER / "emulator.md").read_text("utf-8"), "faults", table)


def log() -> str:
    """The page on the log, with its table of columns."""
    return with_columns((FOLDER / "log.md").read_text("utf-8"))


def layers() -> str:
    """The contract that the linter of imports checks."""
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    rows = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return "\n".join(
        ["```text", *(row.replace(" | ", " · ").replace("editsvc.", "") for row in rows), "```\n"]
    )


def keys() -> str:
    """The table of `docs/editors/keys.md`, from the tasks that the editors' tests do."""
    tasks = tomllib.loads((FOLDER.parent / "tests" / "editors" / "tasks.toml").read_text("utf-8"))["task"]
    rows = [
        f"| {task['what']} | {task['vscode']} | {task['nvim']} | {task.get('peer', '-')} |\n"
        for task in tasks
    ]
    table = "".join(["| task | VS Code | Neovim | elsewhere |\n|---|---|---|---|\n", *rows])
    return _filled((FOLDER / "editors" / "keys.md").read_text("utf-8"), "tasks", table)


def _filled(page: str, name: str, text: str) -> str:
    """`page` with `text` between the markers called `name`."""
    start, end = f"<!-- {name}: made by docs/reference.py -->\n", f"<!-- end of {name} -->"
    return re.sub(
        f"{re.escape(start)}.*?{re.escape(end)}", lambda _: start + text + end, page, flags=re.DOTALL
    )


PAGES: Final[dict[str, Callable[[], str]]] = {
    "ARCHITECTURE.md": architecture,
    "editsvc.1": manual,
    "commands.md": commands,
    "emulator.md": emulator,
    "log.md": log,
    "settings.md": settings,
    "errors.md": errors,
    "faults.md": faults,
    "editors/keys.md": keys,
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")
    for path, text in contract.files().items():
        path.write_text(text, "utf-8")
