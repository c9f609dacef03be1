"""``editsvc auth``: puts the API key into the keyring or a private file, and takes it away again."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

import click

from editsvc.cli import output
from editsvc.cli.usage import CommandGroup
from editsvc.errors import EditsvcError, ExitCode, ProviderAuthError, ProviderError, SettingsError, UsageError
from editsvc.redact import without_secrets
from editsvc.settings import environment, keys
from editsvc.settings.servers import FALLBACK, Server, named, required, servers

if TYPE_CHECKING:
    from editsvc.settings.environment import ApiKey
    from editsvc.settings.schema import Settings

SCHEMA: Final = 1
_END_SHOWN: Final = 4
_LONG_ENOUGH: Final = 20
_LONGEST: Final = 10_000

_for_server = click.option(
    "--server", "name", metavar="NAME", help="The key of this server; by default, of the first one."
)
_for_fallback = click.option("--fallback", is_flag=True, help="The same as --server fallback.")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(
    cls=CommandGroup,
    short_help="Keep, show and remove the API key.",
    epilog="""\b
Examples:
  editsvc auth status
  editsvc auth login                               # asks for the key
  editsvc auth login --with-token < key.txt
  editsvc auth logout

Exit codes: 0 done, 2 usage, 3 the server could not be asked, 4 there is no key, or the server refuses it.""",
)
def command() -> None:
    """Keep, show and remove the API key.

    A key is looked for in CEREBRAS_API_KEY, then in the system's keyring (if the extra keyring is installed), then in a
    file in the data folder that only you can read, then where api_key_command says. A workspace has no say in it.
    """


@command.command()
@click.option("--with-token", is_flag=True, help="Read the key from standard input.")
@click.option("--no-check", is_flag=True, help="Keep the key without asking the server whether it takes it.")
@_for_server
@_for_fallback
@_as_json
def login(*, with_token: bool, no_check: bool, name: str | None, fallback: bool, as_json: bool) -> int:
    """Keep an API key, after one request that shows whether the server takes it.

    The key is asked for on the terminal, without being shown, or read from standard input with --with-token. It goes
    into the system's keyring, or, where there is none, into a file that only you can read.
    """
    settings = environment.load().settings
    server = _server(settings, FALLBACK if fallback else name)
    key = environment.checked(environment.ApiKey(_read_key(with_token=with_token), "what was typed"))
    try:
        models = None if no_check else _models(settings, server, key)
    except (ProviderError, ProviderAuthError):
        unless = "" if isinstance(sys.exc_info()[1], ProviderAuthError) else "; --no-check keeps it unchecked"
        output.print_message(f"editsvc: the key was not kept{unless}.")
        raise
    place = _keep(settings, server.name, key)
    counts = environment.key_of(server, settings)
    if as_json:
        output.write_json(
            {
                "schema": SCHEMA,
                "account": server.name,
                "kept": place,
                "checked": models is not None,
                "models": models,
                "counts": counts.origin if counts else None,
            }
        )
    else:
        said = "not checked" if models is None else f"{_address(server)} takes it"
        output.print_message(f"The key is kept: {_place_in_words(place)}; {said}.")
    if counts is not None and counts.origin != place:
        output.print_message(
            f"editsvc: the key in {counts.origin} counts as long as it is set, and not this one."
        )
    return ExitCode.DONE


@command.command()
@click.option("--check", is_flag=True, help="Ask the server whether it takes the key.")
@_for_server
@_for_fallback
@_as_json
def status(*, check: bool, name: str | None, fallback: bool, as_json: bool) -> int:
    """Show where a key was found, and which one counts; of the key itself, no more than its last characters."""
    settings = environment.load().settings
    server = _server(settings, FALLBACK if fallback else name)
    found = list(environment.sources(server, settings))
    rows = [
        {"origin": key.origin, "key": shown(key.value), "counts": number == 0}
        for number, key in enumerate(found)
    ]
    accepted, problem = None, None
    if check and found:
        try:
            accepted = bool(_models(settings, server, found[0]) is not None)
        except EditsvcError as exc:
            accepted, problem = (False if isinstance(exc, ProviderAuthError) else None), exc
    if as_json:
        output.write_json(
            {
                "schema": SCHEMA,
                "account": server.name,
                "server": _address(server),
                "sources": rows,
                "accepted": accepted,
            }
        )
    for row in rows if not as_json else ():
        output.write_line(f"{row['key']}  {row['origin']}{'  (counts)' if row['counts'] else ''}")
    if problem is not None:
        raise problem
    if accepted and not as_json:
        output.print_message(f"{_address(server)} takes the key.")
    if not found:
        output.print_message("editsvc: no API key was found; editsvc auth login keeps one.")
        return ExitCode.SETTINGS
    return ExitCode.DONE


@command.command()
@_for_server
@_for_fallback
@_as_json
def logout(*, name: str | None, fallback: bool, as_json: bool) -> int:
    """Remove the key that login has kept, from the keyring and from the file."""
    settings = environment.load().settings
    server = _server(settings, FALLBACK if fallback else name)
    folder = environment.data_dir(settings)
    removed = []
    if keys.out_of_keyring(server.name):
        removed.append(environment.KEYRING)
    if keys.out_of_file(folder, server.name):
        removed.append(str(folder / keys.FILE))
    left = environment.key_of(server, settings)
    if as_json:
        output.write_json(
            {
                "schema": SCHEMA,
                "account": server.name,
                "removed": removed,
                "counts": left.origin if left else None,
            }
        )
    else:
        places = " and ".join(map(_place_in_words, removed))
        output.print_message(f"The key was removed: {places}." if removed else "There was no key to remove.")
    if left is not None:
        output.print_message(f"editsvc: there still is a key in {left.origin}.")
    return ExitCode.DONE


def _server(settings: Settings, name: str | None) -> Server:
    """The server of that name, or the first one; raises SettingsError."""
    if name is None:
        return servers(settings)[0]
    if name == FALLBACK and named(settings, name) is None:
        raise SettingsError(
            "There is no second server.", hint="Set fallback_base_url and fallback_model first."
        )
    return required(settings, name)


def _read_key(*, with_token: bool) -> str:
    if with_token or not sys.stdin.isatty():
        if sys.stdin.isatty():
            raise UsageError("--with-token reads a key from standard input, and that is the terminal.")
        if not with_token:
            raise UsageError(
                "There is no terminal to ask for the key on.",
                hint="To read it from standard input: --with-token.",
            )
        key = sys.stdin.read(_LONGEST).strip()
    else:
        key = click.prompt(
            "API key (it is not shown)", hide_input=True, err=True, default="", show_default=False
        )
    if not key.strip():
        raise UsageError("No key was given.", hint="Nothing was changed.")
    return str(key).strip()


def _models(settings: Settings, server: Server, key: ApiKey) -> int:
    """How many models the server lists for `key`; raises ProviderError, or ProviderAuthError if it refuses the key."""
    from editsvc.app.servers import Asked, provider

    asked = provider(settings, Asked(server, key))
    try:
        return len(asyncio.run(asked.models()))
    finally:
        asked.close()


def _keep(settings: Settings, account: str, key: ApiKey) -> str:
    """Where the key was put; it is then in no other place of ours, where an old one might count."""
    folder = environment.data_dir(settings)
    if keys.to_keyring(account, key.value):
        keys.out_of_file(folder, account)
        return environment.KEYRING
    keys.to_file(folder, account, key.value)
    return str(folder / keys.FILE)


def _place_in_words(place: str) -> str:
    return (
        "in the system's keyring" if place == environment.KEYRING else f"in {place}, which only you can read"
    )


def _address(server: Server) -> str:
    return without_secrets(server.base_url)


def shown(key: str) -> str:
    """A key as it may be shown: the end of a long one."""
    return f"…{key[-_END_SHOWN:]}" if len(key) >= _LONG_ENOUGH else "…"
