"""What the process finds around itself: settings files, environment variables, folders, the API key."""

from __future__ import annotations

import os
import stat
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from editsvc import late
from editsvc.errors import SettingsError
from editsvc.files.workspace import work_tree
from editsvc.settings import keys
from editsvc.settings.schema import Layer, Resolved, Settings, resolve
from editsvc.settings.servers import servers
from editsvc.system.files import is_a_strangers
from editsvc.system.processes import NO_WINDOW, found_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from editsvc.settings.servers import Server

KEYRING: Final = "keyring"
PROJECT_FILE: Final = ".editsvc.toml"
# Names of many parts, as in a.b.c, take a time that grows with the square of their length: here half a second.
_LONGEST_PROJECT_FILE: Final = 10_000
_LONGEST_USER_FILE: Final = 1_000_000
_KEY: Final = late.pattern(r"[!-~]+")
_KEY_COMMAND_TIMEOUT_S: Final = 10
LOG_KEY: Final = "EDITSVC_LOG_KEY"
_SHORTEST_LOG_KEY: Final = 16
# Two variables are read by the SDK too, under names of its own.
_VARIABLES: Final = {
    "CEREBRAS_BASE_URL": "base_url",
    **{
        f"EDITSVC_{key.upper()}": key
        for key in Settings.__struct_fields__
        if key not in {"models", "servers", "arms", "base_url"}
    },
}


class ApiKey(msgspec.Struct, frozen=True):
    """A key and where it was found; its value is never shown."""

    value: str
    origin: str

    def __repr__(self) -> str:
        return f"ApiKey(origin={self.origin!r})"


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Resolved:
    """The settings in force for a process in `folder`; flags that are None count as not given.

    Raises SettingsError for a file that cannot be read, and for wrong values.
    """
    environ = os.environ if environ is None else environ
    given = {key: value for key, value in (flags or {}).items() if value is not None}
    variables = {key: environ[name] for name, key in _VARIABLES.items() if environ.get(name)}
    layers = [Layer("flag", given), Layer("environment", variables)]
    project = project_file(folder or Path.cwd())
    if project is not None:
        layers.append(Layer(str(project), _read_project(project), trusted=False))
    user = user_file(environ)
    if user.exists() or "EDITSVC_CONFIG" in environ:
        layers.append(Layer(str(user), _read(user, _LONGEST_USER_FILE)))
    return resolve(layers)


def user_file(environ: Mapping[str, str]) -> Path:
    """The user's settings file, whether it exists or not."""
    if environ.get("EDITSVC_CONFIG"):
        return Path(environ["EDITSVC_CONFIG"])
    from platformdirs import user_config_path  # noqa: PLC0415 - only where no variable says it

    return user_config_path("editsvc", appauthor=False) / "config.toml"


def project_file(folder: Path) -> Path | None:
    """The nearest project file in `folder`, or above it in its git work tree; without one, in `folder` alone.

    What has its name counts, whatever it is: that it cannot be read is said, and not passed over. But nothing counts
    that belongs to somebody else than the user, the owner of `folder`, or the system: in a folder for all, such as
    /tmp, anybody can put a file above the one where somebody works (as in CVE-2022-24765, of git).
    """
    top = work_tree(folder) or folder
    for parent in (folder, *folder.parents):
        candidate = parent / PROJECT_FILE
        if os.path.lexists(candidate) and not is_a_strangers(candidate, folder):
            return candidate
        if parent == top:
            return None
    return None


def data_dir(settings: Settings) -> Path:
    """The folder for the log and the policy; it is not created here."""
    if settings.data_dir:
        return Path(settings.data_dir).expanduser()
    from platformdirs import user_data_path  # noqa: PLC0415 - only where no setting says it

    return user_data_path("editsvc", appauthor=False)


def zone(settings: Settings) -> tzinfo:
    """The zone whose days reports and tuning count by: the one that is set, else the machine's."""
    if settings.time_zone is not None:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - only where one is named

        return ZoneInfo(settings.time_zone)
    from editsvc.zones import MachineZone  # noqa: PLC0415 - who only edits has no days

    return MachineZone()


def log_key(settings: Settings, environ: Mapping[str, str] | None = None) -> bytes | None:
    """The key for repositories and users in the log that the user has given; None without one.

    Raises SettingsError if the command fails, or if what was found is too short to keep names from being guessed.
    """
    environ = os.environ if environ is None else environ
    found, origin = environ.get(LOG_KEY, "").strip(), LOG_KEY
    if not found and settings.log_key_command:
        origin = "log_key_command"
        found = _from_command(origin, settings.log_key_command)
    if not found:
        return None
    key = found.encode("utf-8", "surrogateescape")
    if len(key) < _SHORTEST_LOG_KEY:
        raise SettingsError(
            f"The key that {origin} gives has {len(key)} bytes; expected at least {_SHORTEST_LOG_KEY}.",
            hint="A short one can be guessed, and then the names as well.",
        )
    return key


def log_place(settings: Settings) -> str | Path:
    """Where the log is: an SQLAlchemy URL if one is set, else the SQLite file in the data folder."""
    from editsvc.tokenlog import LOG_FILE  # noqa: PLC0415 - only who logs needs it

    return settings.log_url or data_dir(settings) / LOG_FILE


def api_key(settings: Settings, environ: Mapping[str, str] | None = None) -> ApiKey | None:
    """The key of the first server; see `key_of`."""
    return key_of(servers(settings)[0], settings, environ)


def key_is_at_hand(settings: Settings, environ: Mapping[str, str], *, offline: bool) -> bool:
    """Whether a service can be opened without a look into the keyring or a command, which may ask the user."""
    first = servers(settings)[0]
    return offline or not first.needs_key or any(environ.get(name) for name in first.key_variables)


def key_is_nowhere(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether it is certain, without asking anybody, that no server can be asked."""
    named = servers(settings)
    return not (
        any(not one.needs_key or one.key_command for one in named)
        or any(environ.get(name, "").strip() for one in named for name in one.key_variables)
        or (data_dir(settings) / keys.FILE).exists()
        or _may_have_a_keyring()
    )


@cache
def _may_have_a_keyring() -> bool:
    # Sessions of editors ask with each move of the cursor.
    from importlib.util import find_spec  # noqa: PLC0415 - only they ask

    return find_spec("keyring") is not None


def key_of(server: Server, settings: Settings, environ: Mapping[str, str] | None = None) -> ApiKey | None:
    """The key of a server: from a variable, the keyring (if installed), `editsvc auth login` or a command.

    The first that has one counts; None if none does. Raises SettingsError if the command fails, if others can read the
    file, or if what was found cannot be a key.
    """
    return next(sources(server, settings, environ), None)


def sources(server: Server, settings: Settings, environ: Mapping[str, str] | None = None) -> Iterator[ApiKey]:
    """The places that have a server's key, each with its key, the one that counts first.

    A place is looked at when it is asked for. Raises SettingsError.
    """
    environ = os.environ if environ is None else environ
    folder = data_dir(settings)
    for variable in server.key_variables:
        if value := environ.get(variable, "").strip():
            yield checked(ApiKey(value, variable))
    if value := keys.from_keyring(server.name) or "":
        yield checked(ApiKey(value, KEYRING))
    if value := keys.from_file(folder, server.name) or "":
        yield checked(ApiKey(value, str(folder / keys.FILE)))
    if server.key_command:
        yield checked(ApiKey(_from_command(server.key_setting, server.key_command), server.key_setting))


def checked(found: ApiKey) -> ApiKey:
    """`found`, which can be a key; raises SettingsError."""
    # What does not fit into a header is quoted, key and all, in the messages of those that were to send it.
    if not _KEY.fullmatch(found.value):
        raise SettingsError(
            f"What {found.origin} gives is no API key: it holds blanks, line ends or other characters that no key has.",
            hint="Set it again.",
        )
    return found


def _from_command(setting: str, command: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own settings name the command; a project's cannot
            [found_program(command[0], os.environ), *command[1:]],
            creationflags=NO_WINDOW,
            stdin=subprocess.DEVNULL,  # it is the document's, or the editor's
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_KEY_COMMAND_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise SettingsError(f"{setting} could not be run: {type(exc).__name__}.") from exc
    if done.returncode or not done.stdout.strip():
        found = "a" if done.stdout.strip() else "no"
        raise SettingsError(
            f"{setting} ended with status {done.returncode} and {found} key.",
            hint="It must print the key and nothing else.",
        )
    return done.stdout.strip()


def text_of(path: Path, *, project: bool) -> str:
    """The text of a settings file; empty if there is none. Raises SettingsError if it cannot be read."""
    if not os.path.lexists(path):
        return ""
    if project:
        _refuse_what_leads_away(path)
    return _text(path, _LONGEST_PROJECT_FILE if project else _LONGEST_USER_FILE)


def _read_project(path: Path) -> dict[str, Any]:
    """A workspace's settings: not those of somebody else that a link leads to."""
    _refuse_what_leads_away(path)
    return _read(path, _LONGEST_PROJECT_FILE)


def _refuse_what_leads_away(path: Path) -> None:
    real, root = Path(os.path.realpath(path)), work_tree(path.parent) or path.parent
    if not real.is_relative_to(os.path.realpath(root)):
        raise SettingsError(f"{path} is a link that leads out of the workspace.", hint="Remove it.")
    try:
        # To open a named pipe would be to wait for its other end.
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as exc:
        raise SettingsError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    if not regular:
        raise SettingsError(f"{path} is not a regular file, and cannot hold settings.", hint="Remove it.")


def _read(path: Path, longest: int) -> dict[str, Any]:
    text = _text(path, longest)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as exc:  # a number of thousands of digits is a ValueError of its own
        raise SettingsError(f"{path} is not valid TOML: {exc}.") from exc


def _text(path: Path, longest: int) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except OSError as exc:
        raise SettingsError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    if len(data) > longest:
        raise SettingsError(f"{path} is larger than {longest:,} bytes, and cannot hold settings.")
    try:
        return data.decode()
    except ValueError as exc:
        raise SettingsError(f"{path} is not valid TOML: {exc}.") from exc
