"""What is generated from the contract with editors: types for VS Code and Neovim, and parts of a page.

``docs/reference.py`` writes these files too; a test compares them with what this would write.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as described

from editsvc.guard.findings import Mark
from editsvc.prediction.candidates import PredictionKind
from editsvc.prediction.policy import Reason
from editsvc.prompt.rendering import EditFormat
from editsvc.provider.base import AttemptReason
from editsvc.scope.scopes import ScopeKind, ScopeReason
from editsvc.syntax import Extent
from lsp import contract, names, remedies, settings
from lsp.contract import AnswerStatus, HunkStatus
from lsp.names import ActionKind, Command, Notification

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from enum import Enum

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "language-server.md"
TYPESCRIPT = ROOT / "editors" / "vscode" / "src" / "protocol.ts"
LUA = ROOT / "editors" / "nvim" / "lua" / "editsvc" / "types.lua"
MADE = "Generated from lsp/contract.py; change it there, then run: python docs/reference.py"
WIDTH = 110

LSP_TYPES = (contract.Position, contract.Range)
"""What editors have types for already."""

STRUCTS: tuple[type[msgspec.Struct], ...] = tuple(
    value
    for value in (names.InitializationOptions, *vars(contract).values())
    if inspect.isclass(value)
    and issubclass(value, msgspec.Struct)
    and value.__module__ in {names.__name__, contract.__name__}
    and value not in LSP_TYPES
)


def files() -> dict[Path, str]:
    """Each generated file, and what it is to hold."""
    return {TYPESCRIPT: typescript(), LUA: lua(), PAGE: page(PAGE.read_text("utf-8"))}


# --- what all of them need ------------------------------------------------------------------------------------


def own_fields(struct: type[msgspec.Struct]) -> list[described.Field]:
    """The fields that a struct does not have from another."""
    (base,) = struct.__bases__
    inherited = () if base is msgspec.Struct else base.__struct_fields__
    return [field for field in all_fields(struct) if field.name not in inherited]


def all_fields(struct: type[msgspec.Struct]) -> tuple[described.Field, ...]:
    """All fields of a struct."""
    info: Any = described.type_info(struct)
    found: tuple[described.Field, ...] = info.fields
    return found


def base_of(struct: type[msgspec.Struct]) -> str | None:
    """The struct that another one extends."""
    (base,) = struct.__bases__
    return None if base is msgspec.Struct else base.__name__


def is_optional(struct: type[msgspec.Struct], field: described.Field) -> bool:
    """Whether a field may be absent on the wire."""
    return struct.__struct_config__.omit_defaults and not field.required


def plain(kind: described.Type) -> described.Type:
    """A type without its description."""
    return kind.type if isinstance(kind, described.Metadata) else kind


def description_of(field: described.Field) -> str:
    """What a field means; "" where its type says all."""
    if not isinstance(field.type, described.Metadata):
        return ""
    return str((field.type.extra_json_schema or {}).get("description", ""))


def sentence(text: str) -> str:
    """A description as a sentence of a comment, where links lead nowhere."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def summary_of(kind: type) -> str:
    """The docstring's first sentence or line."""
    text = (inspect.getdoc(kind) or "").split("\n")[0]
    return text.replace("``", "`")


def enums() -> list[type[Enum]]:
    """The enumerations that fields have, in order."""
    found: dict[type[Enum], None] = {}

    def look(kind: described.Type) -> None:
        kind = plain(kind)
        if isinstance(kind, described.EnumType):
            found.setdefault(kind.cls)
        elif isinstance(kind, described.UnionType):
            for part in kind.types:
                look(part)
        elif isinstance(kind, described.VarTupleType):
            look(kind.item_type)

    for struct in STRUCTS:
        for field in all_fields(struct):
            look(field.type)
    return list(found)


# --- TypeScript -----------------------------------------------------------------------------------------------


def typescript() -> str:
    """The types of the VS Code extension."""
    parts = [
        f"/** {MADE} */\n",
        "import { NotificationType, type Position, type Range } from 'vscode-languageclient/node';\n",
        *map(_typescript_enum, enums()),
        *map(_typescript_struct, STRUCTS),
    ]
    for notification in Notification:
        params = contract.NOTIFICATIONS[notification].__name__
        name = f"{notification.name.lower()}Notification"
        parts.append(f"export const {name} = new NotificationType<{params}>('{notification.value}');\n")
    parts.append(
        _typescript_names(
            "serverCommand",
            Command,
            "The server's commands; the editor knows them by these names too, once the server runs.",
        )
    )
    parts.append(
        _typescript_names("actionKind", ActionKind, "The kinds that those of the code actions begin with.")
    )
    return "\n".join(parts)


def _typescript_enum(found: type[Enum]) -> str:
    values = "".join(f"\n  | '{member.value}'" for member in found)
    return f"{_typescript_comment(summary_of(found))}export type {found.__name__} ={values};\n"


def _typescript_struct(struct: type[msgspec.Struct]) -> str:
    base = base_of(struct)
    extends = f" extends {base}" if base else ""
    lines = [f"{_typescript_comment(summary_of(struct))}export interface {struct.__name__}{extends} {{"]
    for field in own_fields(struct):
        optional = is_optional(struct, field)
        kind = _typescript_type(field.type, nullable=not optional)
        comment = _typescript_comment(sentence(description_of(field)), "  ")
        lines.append(f"{comment}  readonly {field.encode_name}{'?' if optional else ''}: {kind};")
    return "\n".join([*lines, "}\n"])


def _typescript_type(kind: described.Type, *, nullable: bool = True) -> str:
    kind = plain(kind)
    match kind:
        case described.UnionType():
            parts = [
                _typescript_type(part)
                for part in kind.types
                if nullable or not isinstance(plain(part), described.NoneType)
            ]
            return " | ".join(parts)
        case described.StructType() | described.EnumType():
            return str(kind.cls.__name__)
        case described.VarTupleType():
            return f"readonly {_typescript_type(kind.item_type)}[]"
        case described.LiteralType():
            return " | ".join(f"'{value}'" for value in kind.values)
        case described.DictType():
            return "Readonly<Record<string, unknown>>"
    names = {
        described.StrType: "string",
        described.IntType: "number",
        described.FloatType: "number",
        described.BoolType: "boolean",
        described.NoneType: "null",
    }
    return names[type(kind)]


def _typescript_names(name: str, found: type[Enum], text: str) -> str:
    members = "".join(f"\n  {_camel(member.name)}: '{member.value}'," for member in found)
    return f"{_typescript_comment(text)}export const {name} = {{{members}\n}} as const;\n"


def _typescript_comment(text: str, indent: str = "") -> str:
    if not text:
        return ""
    if len(indent) + len(text) + len("/** */ ") <= WIDTH:
        return f"{indent}/** {text} */\n"
    lines = textwrap.wrap(text, WIDTH, initial_indent=f"{indent} * ", subsequent_indent=f"{indent} * ")
    return "\n".join([f"{indent}/**", *lines, f"{indent} */\n"])


def _camel(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(map(str.capitalize, others))


# --- Lua ------------------------------------------------------------------------------------------------------


def lua() -> str:
    """The annotations of the Neovim plugin."""
    parts = [f"---@meta editsvc.types\n--- {MADE}\n"]
    parts += [_lua_enum(found) for found in (*enums(), Command)]
    parts += map(_lua_struct, STRUCTS)
    return "\n".join(parts)


def _lua_enum(found: type[Enum]) -> str:
    values = "".join(f'\n---| "{member.value}"' for member in found)
    return f"--- {summary_of(found)}\n---@alias editsvc.{found.__name__}{values}\n"


def _lua_struct(struct: type[msgspec.Struct]) -> str:
    base = base_of(struct)
    extends = f": editsvc.{base}" if base else ""
    lines = [f"--- {summary_of(struct)}", f"---@class editsvc.{struct.__name__}{extends}"]
    for field in own_fields(struct):
        kind = _lua_type(field.type)
        # Neovim decodes null as nil, so that what is null is absent to it.
        absent = is_optional(struct, field) or kind.endswith("?")
        name = f"{field.encode_name}{'?' if absent else ''}"
        lines.append(f"---@field {name} {kind.removesuffix('?')} {sentence(description_of(field))}".rstrip())
    return "\n".join([*lines, ""])


# As both Lua's annotations and the page call them.
_SIMPLE = {
    described.StrType: "string",
    described.IntType: "integer",
    described.FloatType: "number",
    described.BoolType: "boolean",
}


def _lua_type(kind: described.Type) -> str:
    kind = plain(kind)
    match kind:
        case described.UnionType():
            (known,) = (part for part in kind.types if not isinstance(plain(part), described.NoneType))
            return f"{_lua_type(known)}?"
        case described.StructType():
            return f"lsp.{kind.cls.__name__}" if kind.cls in LSP_TYPES else f"editsvc.{kind.cls.__name__}"
        case described.EnumType():
            return f"editsvc.{kind.cls.__name__}"
        case described.VarTupleType():
            return f"{_lua_type(kind.item_type)}[]"
        case described.LiteralType():
            return "|".join(f'"{value}"' for value in kind.values)
        case described.DictType():
            return "table<string, any>"
    return _SIMPLE[type(kind)]


# --- the page -------------------------------------------------------------------------------------------------


def page(text: str) -> str:
    """The page on the language server with its generated parts made anew; raises ValueError if one has no place."""
    for name, part in _parts().items():
        start, end = f"<!-- {name}: made by docs/reference.py -->\n", f"<!-- end of {name} -->"
        pattern = f"{re.escape(start)}.*?{re.escape(end)}"
        made = f"{start}\n{part}\n{end}"
        text, count = re.subn(pattern, lambda _, made=made: made, text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"{PAGE.name} has {count} places for {name!r}; it needs one.")
    return text


def _parts() -> dict[str, str]:
    return {
        "commands": _commands(),
        "editsvc.edit argument": _fields(contract.EditArgument),
        "editsvc.edit answer": _fields(contract.EditAnswer, example()),
        "objects": _objects(),
        "statuses": _values("status", AnswerStatus),
        "hunk": _fields(contract.Hunk),
        "hunk states": _values("state of a hunk", HunkStatus),
        "initialization options": _fields(names.InitializationOptions),
        "editsvc/stream": _fields(contract.StreamParams, stream_example()),
        "editsvc/hunks": _fields(contract.HunksParams),
        "remedies": _values("kind of a remedy", contract.RemedyKind),
        "buttons": _buttons(),
        "scopes": _values("scope", contract.ScopeName),
        "settings": _settings(),
    }


def _commands() -> str:
    lines = ["| command | argument | answer | |", "|---|---|---|---|"]
    for command, signature in contract.COMMANDS.items():
        argument = ", ".join(
            f"{field.encode_name}{'' if field.required else '?'}" for field in all_fields(signature.argument)
        )
        if command is Command.EDIT:
            argument, answer = "[see below](#editsvcedit)", "[see below](#the-answer)"
        else:
            argument = f"`{{{argument}}}`"
            answer = f"`{{{', '.join(field.encode_name for field in all_fields(signature.answer))}}}`"
        if command is Command.REPORT:
            answer = f"the object, or {answer}"
        lines.append(f"| `{command.value}` | {argument} | {answer} | {command.description} |")
    return "\n".join(lines) + "\n"


def _fields(struct: type[msgspec.Struct], shown: msgspec.Struct | None = None) -> str:
    argument = struct.__struct_config__.omit_defaults
    head = ["field", "type", "", ""] if argument else ["field", "type", ""]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    fields = [
        *own_fields(struct),
        *(field for field in all_fields(struct) if field not in own_fields(struct)),
    ]
    for field in fields:
        cells = [f"`{field.encode_name}`", _page_type(field.type, nullable=not argument)]
        if argument:
            cells.append("required" if field.required else _default(field))
        lines.append(f"| {' | '.join([*cells, description_of(field)])} |")
    example_of = f"\n```json\n{laid_out(shown)}\n```\n" if shown is not None else ""
    return "\n".join(lines) + "\n" + example_of


def _default(field: described.Field) -> str:
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "" if default is None else f"`{msgspec.json.encode(default).decode()}`"


def _page_type(kind: described.Type, *, nullable: bool = True) -> str:
    kind = plain(kind)
    match kind:
        case described.UnionType():
            parts = [
                _page_type(part) for part in kind.types if not isinstance(plain(part), described.NoneType)
            ]
            return " or ".join([*parts, "null"] if nullable else parts)
        case described.StructType():
            if kind.cls in LSP_TYPES:
                return kind.cls.__name__.lower()
            return f"[{kind.cls.__name__}](#objects)"
        case described.EnumType():
            if kind.cls in {AnswerStatus, HunkStatus}:
                return "string"
            return ", ".join(f"`{member.value}`" for member in kind.cls)
        case described.VarTupleType() | described.ListType():
            return f"array of {_page_type(kind.item_type)}"
        case described.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case described.DictType():
            return "object"
    return _SIMPLE[type(kind)]


OBJECTS = (
    contract.RewrittenScope,
    contract.PredictionUse,
    contract.TokenUsage,
    contract.EditTiming,
    contract.EditAttempt,
    contract.EditFinding,
    contract.ShownFigures,
    contract.Anyway,
    contract.StreamedHunk,
)


def _objects() -> str:
    return "\n".join(
        f"**{struct.__name__}.** {summary_of(struct)}\n\n{_fields(struct)}" for struct in OBJECTS
    )


def _values(heading: str, found: type[names.Described]) -> str:
    lines = [f"| {heading} | |", "|---|---|"]
    lines += [f"| `{member.value}` | {member.description} |" for member in found]
    return "\n".join(lines) + "\n"


def _buttons() -> str:
    lines = ["| [error](errors.md) | what can be done |", "|---|---|"]
    for error, kinds in remedies.BY_ERROR.items():
        lines.append(f"| {error} | {', '.join(f'`{kind}`' for kind in kinds)} |")
    return "\n".join(lines) + "\n"


def _settings() -> str:
    lines = ["| setting | default | |", "|---|---|---|"]
    for field in all_fields(settings.EditorSettings):
        text = description_of(field)
        lines.append(
            f"| `{settings.camel(field.name)}` | {_default(field)} | {text[0].lower()}{text[1:].rstrip('.')} |"
        )
    return "\n".join(lines) + "\n"


def example() -> contract.EditAnswer:
    """An answer to `editsvc.edit`."""
    return contract.EditAnswer(
        edit_id="5f0c…",
        status=AnswerStatus.CHANGED,
        message="",
        diff="--- a/x.py\n+++ b/x.py\n…",
        hunks=(
            contract.Hunk(
                0,
                contract.Range(contract.Position(3, 0), contract.Position(4, 0)),
                HunkStatus.OPEN,
                "…",
                "…",
                Mark.EXPLAINED,
            ),
        ),
        refused_diff="",
        error=None,
        anyway=None,
        remedies=(),
        shown=contract.ShownFigures("410 tokens", "97 %", "0.5 s", "$0.0006", None),
        scope=contract.RewrittenScope(ScopeKind.FILE, 1, 80, ScopeReason.SMALL, 1, 1),
        edit_format=EditFormat.REWRITE,
        restarts=(),
        findings=(),
        marks=(Mark.EXPLAINED,),
        syntax_check=Extent.WHOLE,
        provider="cerebras",
        model="gpt-oss-120b",
        arm=None,
        request_id="…",
        finish_reason="stop",
        prediction=contract.PredictionUse(sent=True, kind=PredictionKind.FILE, reason=Reason.PREDICTABLE),
        usage=contract.TokenUsage(512, 0, 410, None, 380, 12),
        timing=contract.EditTiming(0.2, 0.5, 820.0),
        attempts=(
            contract.EditAttempt(
                provider="cerebras",
                model="gpt-oss-120b",
                why=AttemptReason.FIRST,
                predicted=True,
                outcome="stop",
                received=1630,
                waited_s=0.0,
                total_s=0.5,
                drafted_tokens=None,
                accepted_draft_tokens=None,
            ),
        ),
        cost_usd=0.0006,
        warnings=(),
        offline=False,
    )


def stream_example() -> contract.StreamParams:
    """A message of `editsvc/stream`."""
    place = contract.Range(contract.Position(3, 0), contract.Position(4, 0))
    return contract.StreamParams(
        "5f0c…", "file:///x.py", 7, 0, (contract.StreamedHunk(0, place, "…\n"),), 12, 80
    )


def laid_out(value: msgspec.Struct) -> str:
    """A value as JSON, a field to a line, own fields first."""
    fields = [*own_fields(type(value)), *all_fields(type(value))]
    names = dict.fromkeys(field.encode_name for field in fields)
    wire = msgspec.to_builtins(value)
    return "{\n" + ",\n".join(_entries(wire, list(names))) + "\n}"


def _entries(wire: dict[str, Any], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"  {json.dumps(name)}: {json.dumps(wire[name], ensure_ascii=False)}"
