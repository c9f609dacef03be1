"""The settings: what there is, what it means, and how layers of them become one; reads nothing by itself.

Layers, strongest first: flags, environment, project file, user file, defaults. A project file comes with a
workspace, and a workspace is hostile until trusted: it may only set what is in `PROJECT_MAY_SET`. The API key
is no setting; it never passes through here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from editsvc.errors import Means, Remedy, SettingsError
from editsvc.guard.findings import WAIVABLE, Check
from editsvc.prediction.policy import PredictionMode
from editsvc.prompt.rendering import EditFormat
from editsvc.provider import dialects
from editsvc.redact import without_secrets
from editsvc.text.document import half_character

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def _doc(
    description: str, *, ge: int | None = None, gt: int | None = None, le: int | None = None
) -> msgspec.Meta:
    if gt is not None:
        return msgspec.Meta(description=description, gt=gt)
    return msgspec.Meta(description=description, ge=ge, le=le)


_LEAST_SHOWN: Final = 1_000  # tokens of a file, below which nothing can be told from what is shown
MANY: Final = 4
"""Files at the same time, where nobody said how many."""

# What reports call edits without an arm, and those of none.
_NO_ARMS: Final = frozenset({"control", "none"})
_ROUNDING: Final = 1e-9
# Of a value that is wrong.
_LONGEST_SHOWN: Final = 60


class OnSyntaxError(StrEnum):
    """What to do with an edit that breaks the syntax of a document."""

    RETRY = "retry"
    REFUSE = "refuse"


class Locate(StrEnum):
    """Whether to ask first which sections of a long file an edit needs."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class OnSecret(StrEnum):
    """What to do with a key or a password in what would be sent."""

    MASK = "mask"
    REFUSE = "refuse"
    SEND = "send"


class Objective(StrEnum):
    """What is weighed when the policy is tuned: time counts as it is valued, ten times as much, or a tenth."""

    BALANCED = "balanced"
    TIME_FIRST = "time-first"
    COST_FIRST = "cost-first"


_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


_Context = Annotated[int, msgspec.Meta(ge=1_000)]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Least = Annotated[int, msgspec.Meta(ge=0)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Jobs = Annotated[int, msgspec.Meta(ge=1, le=64)]
_Price = Annotated[float, msgspec.Meta(ge=0)]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class ServerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One server, as in [servers.NAME]; what is left out follows from its address, or from the dialect."""

    base_url: Annotated[str | None, _doc("The URL of the API, with or without /v1.")] = None
    dialect: Annotated[
        str | None,
        _doc("What kind of server it is, if its address does not tell: editsvc doctor lists them."),
    ] = None
    model: Annotated[str | None, _doc("The server's name for the model; by default the one it has.")] = None
    api_key_variable: Annotated[
        str | None, _doc("The environment variable with its key; EDITSVC_NAME_API_KEY works in any case.")
    ] = None
    api_key_command: Annotated[
        list[str] | None, _doc("A command that prints its key; a server of your own may need none.")
    ] = None
    prediction: Annotated[bool | None, _doc("Whether it takes predictions.")] = None
    reasoning_effort: Annotated[
        bool | None, _doc("Whether the model takes reasoning_effort, and spends tokens on reasoning.")
    ] = None
    context_tokens: Annotated[
        _Context | None, _doc("How many tokens the model takes, prompt and reply together.")
    ] = None
    max_output_tokens: Annotated[_Count | None, _doc("How many tokens a reply may have.")] = None
    usd_per_million_input: Annotated[
        _Price | None, _doc("The price of a million tokens of the prompt, in US dollars.")
    ] = None
    usd_per_million_output: Annotated[_Price | None, _doc("The same for tokens of the reply.")] = None
    jobs: Annotated[
        _Jobs | None, _doc("How many requests it gets at the same time: 4, or 1 if it is on this machine.")
    ] = None
    connect_timeout_s: Annotated[_Seconds | None, _doc("Seconds to wait for a connection.")] = None
    first_token_timeout_s: Annotated[_Seconds | None, _doc("Seconds to wait for the first token.")] = None
    read_timeout_s: Annotated[_Seconds | None, _doc("Seconds to wait for each further token.")] = None
    deadline_s: Annotated[_Seconds | None, _doc("Seconds one edit may take in total.")] = None


class ArmTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One named arm, as in [arms.NAME]: its share, and the settings that are different in it."""

    share: Annotated[
        float,
        msgspec.Meta(
            description="The share of edits that it gets, above 0 and up to 1; what the arms leave is control.",
            gt=0,
            le=1,
        ),
    ]
    model: Annotated[str | None, _doc("The model to use, at the server that is asked first.")] = None
    servers: Annotated[list[str] | None, _doc("The names of the servers that are asked, in their order.")] = (
        None
    )
    prediction: Annotated[PredictionMode | None, _doc("As the setting of that name.")] = None
    prediction_min_tokens: Annotated[_Least | None, _doc("As the setting of that name.")] = None
    learned_policy: Annotated[bool | None, _doc("As the setting of that name.")] = None
    exploration: Annotated[_Share | None, _doc("As the setting of that name.")] = None
    drafts: Annotated[bool | None, _doc("As the setting of that name.")] = None
    scope_min_tokens: Annotated[_Least | None, _doc("As the setting of that name.")] = None
    context_tokens: Annotated[_Least | None, _doc("As the setting of that name.")] = None
    locate: Annotated[Locate | None, _doc("As the setting of that name.")] = None
    edit_format: Annotated[
        EditFormat | None, _doc("As the setting of that name: another prompt, and another reply.")
    ] = None
    on_syntax_error: Annotated[OnSyntaxError | None, _doc("As the setting of that name.")] = None
    reasoning_effort: Annotated[str | None, _doc("As the setting of that name.")] = None

    @property
    def sets_prediction(self) -> bool:
        """Whether it decides if a prediction is sent, which may be said of a single edit as well."""
        return self.prediction is not None

    @property
    def changes(self) -> dict[str, Any]:
        """The settings that are different in it, by name; `servers` is a list of names."""
        found = {name: getattr(self, name) for name in self.__struct_fields__ if name != "share"}
        return {name: value for name, value in found.items() if value is not None}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting with its default; the descriptions are what the documentation and the editors show."""

    model: Annotated[str, _doc("The model to use.")] = "gpt-oss-120b"
    base_url: Annotated[str, _doc("The URL of the API, without /v1.")] = "https://api.cerebras.ai"
    api_key_command: Annotated[
        list[str] | None,
        _doc(
            "A command that prints the API key; runs if neither the environment nor editsvc auth login has one."
        ),
    ] = None
    prediction: Annotated[
        PredictionMode, _doc("Whether to send the text as the predicted output: auto, on or off.")
    ] = PredictionMode.AUTO
    prediction_min_tokens: Annotated[
        int, _doc("With prediction auto, shorter texts are sent without a prediction.", ge=0)
    ] = 128
    scope_min_tokens: Annotated[
        int,
        _doc(
            "With scope auto, files with fewer tokens are rewritten whole; of longer files, only sections are.",
            ge=0,
        ),
    ] = 1_000
    context_tokens: Annotated[
        int,
        _doc(
            "At most so many tokens of a file are shown to the model; 0 stands for as many as model and server take.",
            ge=0,
        ),
    ] = 0
    locate: Annotated[
        Locate,
        _doc(
            "With scope auto, ask first which sections of a long file the edit needs, and show those: auto does it "
            "where the file does not fit or that is cheaper, on for every file that is divided, off never."
        ),
    ] = Locate.AUTO
    drafts: Annotated[
        bool,
        _doc("Whether to apply what an instruction plainly says, such as a rename, to the prediction first."),
    ] = True
    edit_format: Annotated[
        EditFormat,
        _doc(
            "rewrite, or search-replace: the model replies with texts to search for and their replacements, "
            "and is asked for a rewrite if one of them does not occur exactly once."
        ),
    ] = EditFormat.REWRITE
    on_syntax_error: Annotated[
        OnSyntaxError,
        _doc("If an edit breaks the syntax: retry asks once more and names the errors, refuse does not."),
    ] = OnSyntaxError.RETRY
    on_secret: Annotated[
        OnSecret,
        _doc(
            "If a file contains keys or passwords: mask sends placeholders and restores the secrets afterwards, "
            "refuse sends nothing, send sends everything as it is."
        ),
    ] = OnSecret.MASK
    reasoning_effort: Annotated[str, _doc("low, medium or high, for models that support it.")] = "low"
    connect_timeout_s: Annotated[float, _doc("Seconds to wait for a connection.", gt=0)] = 5.0
    read_timeout_s: Annotated[
        float,
        _doc(
            "Seconds without a token after which a stream counts as stalled; 0 stands for as many as the server and "
            "the length of the request call for.",
            ge=0,
        ),
    ] = 0.0
    deadline_s: Annotated[
        float,
        _doc(
            "Seconds one edit may take in total; 0 stands for 120, and for longer with a server near by.",
            ge=0,
        ),
    ] = 0.0
    max_retries: Annotated[
        int,
        _doc(
            "How often to try again when every server has failed a request: after a pause before the first "
            "token, at once for the rest of an interrupted reply.",
            ge=0,
            le=20,
        ),
    ] = 2
    longest_wait_s: Annotated[
        float,
        _doc("If a server asks for a longer wait than this, in seconds, the edit fails at once.", ge=0),
    ] = 8.0
    batch_wait_s: Annotated[
        float,
        _doc(
            "With many files, how many seconds one waits for its turn within the server's rate limit.", ge=0
        ),
    ] = 300.0
    hedge_after_s: Annotated[
        float | None,
        _doc(
            "Seconds without a token after which a request is sent again, to the fallback if there is one; "
            "the first answer wins, and both may be billed. Off by default."
        ),
    ] = None
    fallback_base_url: Annotated[
        str | None,
        _doc(
            "The URL, without /v1, of a second server with the OpenAI API, used when the first one cannot answer."
        ),
    ] = None
    fallback_model: Annotated[str | None, _doc("The second server's name for its model.")] = None
    fallback_prediction: Annotated[bool, _doc("Whether the second server takes predictions.")] = False
    fallback_api_key_command: Annotated[
        list[str] | None,
        _doc(
            "A command that prints the second server's key; runs if neither EDITSVC_FALLBACK_API_KEY nor the keyring "
            "has one; a server of your own may need none."
        ),
    ] = None
    servers: Annotated[
        dict[str, ServerTable],
        _doc(
            "The servers in the order in which they are asked, as in [servers.NAME]; without any, base_url and "
            "fallback_base_url say it."
        ),
    ] = msgspec.field(default_factory=dict)
    arms: Annotated[
        dict[str, ArmTable],
        _doc(
            "Named arms, as in [arms.NAME]: each edit is made in one of them, or with the settings as they are, as "
            "chance has it, and reports compare them."
        ),
    ] = msgspec.field(default_factory=dict)
    jobs: Annotated[int, _doc("How many files to edit at the same time.", ge=1, le=64)] = MANY
    allow: Annotated[list[Check], _doc("Checks to waive: " + ", ".join(sorted(WAIVABLE)) + ".")] = (
        msgspec.field(default_factory=list)
    )
    only_asked: Annotated[
        bool, _doc("Whether to leave out the hunks of an edit that its instruction does not explain.")
    ] = False
    learned_policy: Annotated[
        bool,
        _doc(
            "Whether the policy learned by editsvc tune decides on predictions; otherwise a fixed rule does."
        ),
    ] = True
    exploration: Annotated[
        float,
        _doc(
            "The share of requests, chosen at random, that do the opposite of what the policy says, to measure what "
            "predictions are worth.",
            ge=0,
        ),
    ] = 0.02
    auto_tune: Annotated[
        int,
        _doc(
            "After how many requests editsvc tunes by itself, in the background after an edit; 0: only editsvc tune "
            "does.",
            ge=0,
        ),
    ] = 0
    objective: Annotated[
        Objective,
        _doc(
            "How editsvc tune weighs value_of_time: as it is (balanced), ten times as much (time-first), "
            "or a tenth (cost-first)."
        ),
    ] = Objective.BALANCED
    value_of_time: Annotated[
        float, _doc("What an hour of waiting is worth to you, in US dollars, for editsvc tune.", ge=0)
    ] = 30.0
    log_enabled: Annotated[bool, _doc("Whether to log each request (numbers only, never code).")] = True
    log_url: Annotated[
        str | None, _doc("Where to keep the log, as an SQLAlchemy URL; by default SQLite in the data folder.")
    ] = None
    time_zone: Annotated[
        str | None,
        _doc(
            "The time zone whose days reports and editsvc tune count by, such as Europe/Berlin; by default that of the "
            "machine, or of the environment variable TZ. The log holds UTC."
        ),
    ] = None
    log_repository: Annotated[
        bool,
        _doc(
            "Whether to log which repository an edit was made in, as an HMAC, so that reports can group by it."
        ),
    ] = False
    log_user: Annotated[
        bool, _doc("Whether to log who made an edit, as an HMAC of the account's name; likewise.")
    ] = False
    log_key_command: Annotated[
        list[str] | None,
        _doc(
            "A command that prints the key of these HMACs, which a team can share; runs if EDITSVC_LOG_KEY is not set. "
            "Without either, a key is made in the data folder."
        ),
    ] = None
    undo_enabled: Annotated[
        bool,
        _doc(
            "Whether rewrite keeps old texts, refused replies and the last run in the data folder, for editsvc undo, "
            "editsvc retry, --again and --refine."
        ),
    ] = True
    history_enabled: Annotated[
        bool,
        _doc("Whether instructions typed at rewrite's prompt or in its editor are kept in the data folder."),
    ] = True
    data_dir: Annotated[str | None, _doc("The folder for the log, the policy and the undo journal.")] = None
    models: Annotated[
        dict[str, dict[str, Any]], _doc('Rows to add or change in the model table, as in [models."NAME"].')
    ] = msgspec.field(default_factory=dict)


PROJECT_MAY_SET: Final = frozenset(
    {
        "model",
        "prediction",
        "prediction_min_tokens",
        "scope_min_tokens",
        "context_tokens",
        "locate",
        "drafts",
        "edit_format",
        "on_syntax_error",
        "only_asked",
        "reasoning_effort",
        "jobs",
        "max_retries",
    }
)
_SHORT: Final = frozenset({"cerebras", "fallback"})
_COMMANDS: Final = frozenset({"api_key_command", "fallback_api_key_command", "log_key_command"})
EFFORTS: Final = ("low", "medium", "high")
DEFAULT_ORIGIN: Final = "default"
RUN_ORIGINS: Final = frozenset({"flag", "environment"})
"""What is said for one run, or for one shell."""


class Layer(msgspec.Struct, frozen=True):
    """Some settings and where they come from. `trusted` is false for what a workspace brings along."""

    origin: str
    values: Mapping[str, Any]
    trusted: bool = True


class Resolved(msgspec.Struct, frozen=True):
    """The settings in force, the origin of each, and sentences about what was left out."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def resolve(layers: Sequence[Layer]) -> Resolved:
    """One set of settings from `layers`, strongest first.

    Raises SettingsError that names the layer, the key, what was expected and what was found. Values may be
    strings wherever a layer has nothing else (environment, flags).
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.__struct_fields__, DEFAULT_ORIGIN)
    warnings: list[str] = []
    for layer in reversed(layers):
        for key, value in layer.values.items():
            if key not in origins:
                raise SettingsError(
                    f"{layer.origin}: there is no setting {key!r}.",
                    remedies=(Remedy(Means.KNOWN_SETTINGS),),
                )
            if not layer.trusted and key not in PROJECT_MAY_SET:
                warnings.append(f"{layer.origin}: {key} is ignored, because a project may not set it.")
                continue
            values[key] = _convert(key, value, layer.origin)
            origins[key] = layer.origin
    _ask_for_model(values, origins)
    if (values.get("fallback_base_url") is None) != (values.get("fallback_model") is None):
        missing, there = (
            ("fallback_base_url", "fallback_model")
            if values.get("fallback_model")
            else ("fallback_model", "fallback_base_url")
        )
        raise SettingsError(
            f"{origins[there]}: {there} is set, and {missing} is not.", hint="A fallback needs both."
        )
    settings = Settings(**values)
    settings, told = _without_settled_arms(settings, origins)
    _check_arms(settings, origins["arms"])
    return Resolved(settings, origins, (*warnings, *told, *_readable_on_the_way(settings)))


def in_arm(settings: Settings, name: str) -> Settings:
    """The settings of a named arm."""
    changes = settings.arms[name].changes
    order, model = changes.pop("servers", None), changes.get("model")
    tables = settings.servers if order is None else {each: settings.servers[each] for each in order}
    if tables and model is not None:
        first = next(iter(tables))
        tables = {**tables, first: msgspec.structs.replace(tables[first], model=model)}
    return msgspec.structs.replace(settings, **changes, servers=tables, arms={})


def _without_settled_arms(settings: Settings, origins: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The settings without arms where one would change what was said for this run: that is not for chance to change."""
    changed = {key for table in settings.arms.values() for key in table.changes}
    said = sorted(key for key in changed if origins[key] in RUN_ORIGINS)
    if not said:
        return settings, []
    # Whoever gives a flag knows; a variable may be forgotten.
    forgotten = [key for key in said if origins[key] == "environment"]
    told = [f"environment: {forgotten[0]} is set, so no arm is drawn."] if forgotten else []
    return msgspec.structs.replace(settings, arms={}), told


def _check_arms(settings: Settings, origin: str) -> None:
    total = sum(table.share for table in settings.arms.values())
    if total > 1 + _ROUNDING:
        raise SettingsError(
            f"{origin}: the shares of the arms add up to {total:g}; expected at most 1.",
            hint="What they leave is made with the settings as they are, for comparison.",
        )
    for name, table in settings.arms.items():
        for server in table.servers or ():
            if server not in settings.servers:
                known = ", ".join(settings.servers) or "there is none"
                raise SettingsError(
                    f"{origin}: arms.{name}.servers names {server!r:.{_LONGEST_SHOWN}}, and no table does.",
                    hint=f"Expected names of [servers.NAME]: {known}.",
                )


def _readable_on_the_way(settings: Settings) -> Iterator[str]:
    """A sentence for each server to which keys and code would go unencrypted over a network."""
    named = {"base_url": settings.base_url, "fallback_base_url": settings.fallback_base_url}
    named |= {f"servers.{name}.base_url": table.base_url for name, table in settings.servers.items()}
    for setting, address in named.items():
        if address and urlsplit(address).scheme == "http" and not dialects.is_loopback(address):
            yield (
                f"{setting} is {without_secrets(address)}: without https:// others on the way can read the key and the "
                "code, and change the reply."
            )


def _ask_for_model(values: dict[str, Any], origins: Mapping[str, str]) -> None:
    """Let a model that was named for this run be that of the first server, whatever its table says."""
    tables: dict[str, ServerTable] = values.get("servers", {})
    if tables and origins["model"] in RUN_ORIGINS:
        first = next(iter(tables))
        table = msgspec.structs.replace(tables[first], model=values["model"])
        values["servers"] = {**tables, first: table}


def _convert(key: str, value: Any, origin: str) -> Any:
    field_type = next(item.type for item in msgspec.structs.fields(Settings) if item.name == key)
    if isinstance(value, str) and half_character(value) is not None:
        raise SettingsError(f"{origin}: {key} is not valid UTF-8.", hint="Set it again.")
    if key in {"servers", "arms"}:
        return _converted_tables(key, value, origin)
    if isinstance(value, str) and key in {"allow", *_COMMANDS}:
        value = value.replace(",", " ").split() if key == "allow" else value.split()
    try:
        converted = msgspec.convert(value, field_type, strict=False)
    except msgspec.ValidationError as exc:
        takes = explained(key)[1].removesuffix(".")
        found = f"{value!r:.{_LONGEST_SHOWN}}".replace("'", '"')
        fault = f"is {found}, and takes {takes[0].lower()}{takes[1:]}" if takes else f"is wrong: {exc}"
        raise SettingsError(
            f"{origin}: {key} {fault}.", remedies=(Remedy(Means.KNOWN_SETTINGS, key),)
        ) from exc
    if key == "reasoning_effort" and converted not in EFFORTS:
        raise SettingsError(f"{origin}: reasoning_effort is {converted!r}; expected {', '.join(EFFORTS)}.")
    if key == "exploration" and converted > 1:
        raise SettingsError(f"{origin}: exploration is {converted}; expected a share from 0 to 1.")
    if key == "allow" and not WAIVABLE.issuperset(converted):
        raise SettingsError(f"{origin}: allow takes {', '.join(sorted(WAIVABLE))}.")
    if key == "time_zone" and converted is not None:
        _refuse_unknown_zone(converted, origin)
    if key == "context_tokens" and 0 < converted < _LEAST_SHOWN:
        raise SettingsError(
            f"{origin}: context_tokens is {converted}; expected 0, or at least {_LEAST_SHOWN:,}."
        )
    if key == "hedge_after_s" and converted is not None and converted <= 0:
        raise SettingsError(f"{origin}: hedge_after_s is {converted:g}; expected more than 0.")
    if key in {"base_url", "fallback_base_url"} and converted:
        return _address(key, converted, origin)
    return converted


def _refuse_unknown_zone(name: str, origin: str) -> None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only where one is named

    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError) as exc:  # a folder, a path that leads elsewhere, no such name
        raise SettingsError(
            f"{origin}: time_zone is {name!r:.{_LONGEST_SHOWN}}; expected the name of one, such as Europe/Berlin.",
            hint="Where Python knows no zones, install the package tzdata.",
        ) from exc


def _converted_tables(key: str, value: Any, origin: str) -> dict[str, ServerTable] | dict[str, ArmTable]:
    if key == "arms":
        arms = _named_tables(value, _ARMS, origin)
        return {name: _checked_arm(name, table, origin) for name, table in arms.items()}
    servers = _named_tables(value, _SERVERS, origin)
    return {name: _checked_server(name, table, origin) for name, table in servers.items()}


def _address(key: str, url: str, origin: str) -> str:
    # The SDK puts /v1 before each path itself.
    url = url.rstrip("/").removesuffix("/v1")
    if not _is_address(url):
        raise SettingsError(
            f"{origin}: {key} is not the URL of a server: {without_secrets(url)}.",
            hint="It begins with https:// or http://, and a host follows.",
        )
    return url


_Table = TypeVar("_Table", ServerTable, ArmTable)


class _Kind(NamedTuple, Generic[_Table]):
    """Tables that users name: the setting, what one is called, what it holds, and the names that it cannot have."""

    key: str
    one: str
    holds: type[_Table]
    first: str
    """The field to begin with, for who has not written any."""
    taken: frozenset[str] = frozenset()


_SERVERS: Final = _Kind("servers", "a server", ServerTable, "base_url")
_ARMS: Final = _Kind("arms", "an arm", ArmTable, "share", _NO_ARMS)


def _named_tables(value: Any, kind: _Kind[_Table], origin: str) -> dict[str, _Table]:
    """The tables below `kind.key` by their names: each of the right form, and with a name that it may have."""
    key = kind.key
    if not isinstance(value, Mapping):
        raise SettingsError(
            f"{origin}: {key} is not a table of {key}.",
            hint=f"Write [{key}.NAME], and {kind.first} below it.",
        )
    for name in value:
        if not _NAME.fullmatch(str(name)) or name in kind.taken:
            taken = f", and is neither {' nor '.join(sorted(kind.taken))}" if kind.taken else ""
            raise SettingsError(
                f"{origin}: {key}.{str(name)[:_LONGEST_SHOWN]!r} is no name of {kind.one}.",
                hint=f"It has small letters, digits, dots and dashes, at most 40{taken}.",
            )
    return {name: _form(f"{key}.{name}", table, kind.holds, origin) for name, table in value.items()}


def _form(name: str, value: Any, holds: type[_Table], origin: str) -> _Table:
    try:
        return value if isinstance(value, holds) else msgspec.convert(value, holds, strict=False)
    except msgspec.ValidationError as exc:
        takes = ", ".join(holds.__struct_fields__)
        raise SettingsError(f"{origin}: {name} is wrong: {exc}.", hint=f"It takes {takes}.") from exc


def _checked_server(name: str, table: ServerTable, origin: str) -> ServerTable:
    if table.dialect is not None and table.dialect not in dialects.table():
        raise SettingsError(
            f"{origin}: servers.{name}.dialect is {table.dialect!r:.{_LONGEST_SHOWN}}.",
            hint=f"Expected one of {', '.join(dialects.table())}.",
        )
    kind = dialects.table().get(table.dialect or name)
    if table.base_url is not None:
        address = _address(f"servers.{name}.base_url", table.base_url, origin)
        return msgspec.structs.replace(table, base_url=address)
    if name not in _SHORT and (kind is None or not kind.base_url):
        raise SettingsError(
            f"{origin}: servers.{name} has no base_url.",
            hint="It is the URL of the server, such as http://127.0.0.1:8080.",
        )
    return table


def _checked_arm(name: str, table: ArmTable, origin: str) -> ArmTable:
    if table.servers is not None and (not table.servers or len(set(table.servers)) < len(table.servers)):
        raise SettingsError(f"{origin}: arms.{name}.servers must name at least one server, and none twice.")
    for key, each in table.changes.items():
        if key != "servers":
            _convert(key, each, f"{origin}: arms.{name}")  # what a type cannot express
    return table


def from_text(key: str, text: str, origin: str) -> Any:
    """The value that `text`, as somebody types it, stands for in the setting `key`, for a settings file.

    A list is a JSON array, or words; a table is a JSON object. Raises SettingsError.
    """
    value: Any = text
    if text[:1] in {"[", "{"}:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError) as exc:
            raise SettingsError(f"{origin}: {key} is not valid JSON: {exc}.") from exc
    return msgspec.to_builtins(_convert(key, value, origin))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            return False
        # As for a connection: a label has 1 to 63 characters (RFC 1035, section 2.3.4).
        parts.hostname.encode("idna")
    except ValueError:
        return False
    return parts.hostname.isprintable() and " " not in parts.hostname


def shown(settings: Settings) -> dict[str, Any]:
    """The settings as people may see them, for JSON: without the secrets that URLs hold."""
    values: dict[str, Any] = msgspec.to_builtins(settings)
    for key in ("base_url", "fallback_base_url", "log_url"):
        if values[key] is not None:
            values[key] = without_secrets(values[key])
    for table in values["servers"].values():
        if table.get("base_url"):
            table["base_url"] = without_secrets(table["base_url"])
    return values


def explained(key: str) -> tuple[str, str]:
    """What the setting `key` means, and what it takes, each a sentence; the second is empty where anything goes."""
    described = _described(key)
    meaning = described.extra_json_schema["description"]
    return str(meaning), _takes(key, described.type)


def _described(key: str) -> Any:
    (field,) = (each for each in msgspec.inspect.type_info(Settings).fields if each.name == key)  # type: ignore[attr-defined]
    return field.type


def choices(key: str) -> tuple[str, ...]:
    """The values that the setting `key` takes, if they are few."""
    if key == "reasoning_effort":
        return EFFORTS
    kind = _described(key).type
    if isinstance(kind, msgspec.inspect.UnionType):
        kind = kind.types[0]
    if isinstance(kind, msgspec.inspect.BoolType):
        return ("true", "false")
    if isinstance(kind, msgspec.inspect.EnumType):
        return tuple(member.value for member in kind.cls)
    return ()


def _takes(key: str, kind: msgspec.inspect.Type) -> str:
    if key == "reasoning_effort":
        return f"One of {', '.join(EFFORTS)}."
    if isinstance(kind, msgspec.inspect.UnionType):
        return _takes(key, kind.types[0])
    if isinstance(kind, msgspec.inspect.BoolType):
        return "true or false."
    if isinstance(kind, msgspec.inspect.EnumType):
        return f"One of {', '.join(member.value for member in kind.cls)}."
    if isinstance(kind, msgspec.inspect.IntType | msgspec.inspect.FloatType):
        noun = "A whole number" if isinstance(kind, msgspec.inspect.IntType) else "A number"
        bounds = [
            f"{word} {limit:,}"
            for word, limit in (("at least", kind.ge), ("above", kind.gt), ("at most", kind.le))
            if limit is not None
        ]
        return f"{', '.join([noun, *bounds])}."
    return ""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a settings file."""
    return msgspec.json.schema(Settings)
