"""A change to a settings file: the text of it in, the new text out; comments and order stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from editsvc.errors import SettingsError
from editsvc.settings.schema import PROJECT_MAY_SET, Layer, Settings, explained, from_text, resolve, shown

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_WIDTH: Final = 96


def with_value(text: str, key: str, typed: str, *, origin: str, project: bool) -> str:
    """`text` with the setting `key` as `typed` on a command line; raises SettingsError if it would not be valid."""
    document = _parsed(text, origin)
    document[key] = from_text(key, typed, origin)
    return checked(tomlkit.dumps(document), origin=origin, project=project)


def without(text: str, key: str, *, origin: str, project: bool) -> str:
    """`text` without the setting `key`; raises SettingsError if the rest would not be valid."""
    document = _parsed(text, origin)
    if key in document:
        del document[key]
    return checked(tomlkit.dumps(document), origin=origin, project=project)


def checked(text: str, *, origin: str, project: bool) -> str:
    """`text`, which is a valid settings file; raises SettingsError that says what is wrong."""
    values = _parsed(text, origin).unwrap()
    resolve([Layer(origin, values)])
    forbidden = [key for key in values if project and key not in PROJECT_MAY_SET]
    if forbidden:
        raise SettingsError(
            f"{origin}: a project may not set {forbidden[0]}.",
            hint="It can be set in your own settings file.",
        )
    return text


def value_of(text: str, key: str, *, origin: str) -> Any:
    """The value of `key` in a file; None if it is not there. Raises SettingsError."""
    return _parsed(text, origin).unwrap().get(key)


def template(*, project: bool) -> str:
    """A settings file with every setting in a comment: what it means, what it takes, and its default."""
    import textwrap  # noqa: PLC0415 - little is made from it

    lines = [
        f"# Settings of editsvc{', for everybody who works on this project' if project else ''}.",
        "# A line takes effect without its leading '# '. editsvc config set NAME VALUE changes one, too.",
    ]
    defaults = shown(Settings())
    for name in Settings.__struct_fields__:
        if project and name not in PROJECT_MAY_SET:
            continue
        text = " ".join(filter(None, explained(name)))
        lines += ["", *textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")]
        value = defaults[name]
        if name == "models":
            lines += ['# [models."NAME"]', "# context_tokens = 131072"]
        elif name == "servers":
            lines += ["# [servers.local]", '# base_url = "http://127.0.0.1:8080"']
        elif name == "arms":
            lines += ["# [arms.mini]", "# share = 0.2", '# model = "zai-glm-4.7"']
        elif value is None:
            lines.append(f"# {name} =")
        else:
            lines.append(f"# {name} = {tomlkit.item(value).as_string()}")
    return "\n".join([*lines, ""])


def as_typed(value: Any) -> str:
    """A value as `with_value` takes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _parsed(text: str, origin: str) -> TOMLDocument:
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as exc:
        raise SettingsError(f"{origin} is not valid TOML: {exc}.", hint="Correct that line first.") from exc
