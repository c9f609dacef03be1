"""The settings of an editor: how edits reach the buffer, preset instructions, and the harmless engine settings.

A client sends its user's settings and its workspace's in one piece, so all of it counts as the workspace's: it
may set what a project file may (`editsvc.settings.schema.PROJECT_MAY_SET`) and what is here. The server's address, the
key, the log and the limits come from the user's own file and environment alone.

Editors write ``commentMarker``, settings files ``comment_marker``; both are taken here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from editsvc.settings.schema import PROJECT_MAY_SET, Settings, json_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTION: Final = "editsvc"
_ID: Final = "^[a-z0-9][a-z0-9-]*$"


class ApplyMode(StrEnum):
    """How an edit that passed its checks is applied."""

    REVIEW = "review"
    APPLY = "apply"
    PREVIEW = "preview"


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An instruction that is offered as a code action; for all languages, if it names none."""

    id: Annotated[
        str,
        msgspec.Meta(pattern=_ID, description="Part of the action's kind: refactor.rewrite.editsvc.ID."),
    ]
    title: Annotated[str, msgspec.Meta(min_length=1, description="The title that the editor shows.")]
    instruction: Annotated[str, msgspec.Meta(min_length=1, description="The instruction for the model.")]
    languages: Annotated[
        list[str],
        msgspec.Meta(description="The LSP language identifiers it is offered for; empty means all."),
    ] = msgspec.field(default_factory=list)


BUILT_IN: Final = (
    Preset(
        "document",
        "Write documentation comments",
        "Add documentation comments to the public definitions that have none, in the style of the file. "
        "Change no code.",
    ),
    Preset(
        "types",
        "Add type annotations",
        "Add precise type annotations to all parameters, results and attributes that have none. "
        "Change nothing else.",
        ["python", "typescript", "typescriptreact", "php", "ruby"],
    ),
    Preset(
        "simplify",
        "Simplify",
        "Simplify the code without changing what it does: remove needless nesting, repetition and temporary "
        "variables.",
    ),
    Preset(
        "errors",
        "Handle errors",
        "Handle the errors that can occur here, in the way that the file handles errors elsewhere.",
    ),
    Preset(
        "proofread",
        "Correct comments and texts",
        "Correct spelling and grammar in comments, documentation and messages for people. Change no code.",
    ),
)


BUILT_IN_OFFLINE: Final = (
    Preset(
        "document",
        "Add documentation stubs",
        "add docstrings",
        [
            "python",
            "javascript",
            "javascriptreact",
            "typescript",
            "typescriptreact",
            "java",
            "c",
            "cpp",
            "go",
            "rust",
        ],
    ),
    Preset(
        "sort-imports",
        "Sort imports",
        "sort imports",
        ["python", "javascript", "javascriptreact", "typescript", "typescriptreact", "java", "go", "rust"],
    ),
)
"""What is built in for whoever has no key."""


class EditorSettings(msgspec.Struct, frozen=True):
    """The front end's own settings, under the section ``editsvc``."""

    mode: Annotated[
        ApplyMode,
        msgspec.Meta(
            description="How code actions apply an edit: review leaves each hunk open to accept or reject, apply does "
            "not, preview changes nothing until you accept it."
        ),
    ] = ApplyMode.REVIEW
    confirm: Annotated[
        bool,
        msgspec.Meta(description="Ask before an edit goes into the buffer, if the editor can."),
    ] = False
    presets: Annotated[
        list[Preset],
        msgspec.Meta(
            description="Instructions to offer as code actions; an id of a built-in one replaces it."
        ),
    ] = msgspec.field(default_factory=list)
    builtin_presets: Annotated[bool, msgspec.Meta(description="Offer the built-in instructions as well.")] = (
        True
    )
    comment_marker: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^\S+$", description="The word, before a colon, that makes a comment an instruction."
        ),
    ] = "edit"
    code_lenses: Annotated[bool, msgspec.Meta(description="Show Accept and Reject above open hunks.")] = True

    def offered(self, language_id: str, *, offline: bool = False) -> list[Preset]:
        """The presets for a language, the user's own first; `offline`, those that need no model."""
        own = {preset.id for preset in self.presets}
        known = BUILT_IN_OFFLINE if offline else BUILT_IN
        built_in = [preset for preset in known if preset.id not in own] if self.builtin_presets else []
        return [
            preset
            for preset in (*self.presets, *built_in)
            if (not preset.languages or language_id in preset.languages)
            and (not offline or _needs_no_model(preset.instruction))
        ]


def _needs_no_model(instruction: str) -> bool:
    from editsvc.instruction.reading import parse

    return parse(instruction) is not None


def camel(name: str) -> str:
    """The name that editors have for a setting."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


SNAKE: Final = {
    camel(name): name
    for name in (
        *(field.name for field in msgspec.structs.fields(EditorSettings)),
        *Settings.__struct_fields__,
    )
}


def named(section: Mapping[str, Any]) -> dict[str, Any]:
    """The section with the names of settings files; of two names for one setting, the editors' counts."""
    found: dict[str, Any] = {}
    for key, value in section.items():
        name = SNAKE.get(key, key)
        if name not in found or key in SNAKE:
            found[name] = value
    return found


def read(section: Mapping[str, Any]) -> tuple[EditorSettings, dict[str, Any], list[str]]:
    """The editor's settings, those for the engine, and sentences about ignored values; never raises.

    One wrong value must not take the others away: it is left at its default, and said.
    """
    fields = {field.name: field.type for field in msgspec.structs.fields(EditorSettings)}
    own: dict[str, Any] = {}
    engine: dict[str, Any] = {}
    warnings: list[str] = []
    for key, value in named(section).items():
        if value is None:
            continue
        shown = camel(key) if key in SNAKE.values() else key
        if key in fields:
            try:
                own[key] = msgspec.convert(value, fields[key])
            except msgspec.ValidationError as exc:
                warnings.append(f"The setting editsvc.{shown} is wrong: {exc}.")
        elif key in PROJECT_MAY_SET:
            engine[key] = value
        elif key in Settings.__struct_fields__:
            warnings.append(
                f"The setting editsvc.{shown} is ignored, because a workspace could set it through the editor. "
                "It belongs in the user's settings file or the environment."
            )
        else:
            warnings.append(f"editsvc.{key} is not a setting.")
    return EditorSettings(**own), engine, warnings


def schema() -> dict[str, Any]:
    """The JSON Schema of the section ``editsvc``, engine settings included, with the names that editors have."""
    own = msgspec.json.schema(EditorSettings)
    engine = json_schema()
    engine_properties = engine["$defs"]["Settings"]["properties"]
    definitions = {**engine["$defs"], **own["$defs"]}
    definitions.pop("Settings")
    definition = definitions.pop("EditorSettings")
    properties = {camel(key): value for key, value in definition["properties"].items()}
    properties.update({camel(key): engine_properties[key] for key in sorted(PROJECT_MAY_SET)})
    referred = {value["$ref"].rpartition("/")[2] for value in properties.values() if "$ref" in value}
    used = {name: value for name, value in definitions.items() if name in {"Preset", *referred}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SECTION,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": used,
    }


def schema_json() -> str:
    """`schema` as text."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"
