"""``editsvc doctor``: is everything there?"""

from __future__ import annotations

import asyncio
import os
import platform
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from editsvc import __version__, environment
from editsvc.cli import output
from editsvc.errors import EditsvcError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.config import Settings

_PACKAGES: Final = (
    "cerebras-cloud-sdk",
    "pygls",
    "unidiff",
    "tree-sitter",
    "pygit2",
    "SQLAlchemy",
    "aiohttp",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `ok` is None for what is only worth knowing."""

    name: str
    text: str
    ok: bool | None
    exit_code: ExitCode = ExitCode.SETTINGS


@click.command(short_help="Check the installation, the key and the way to the server.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, as_json: bool) -> int:
    """Check the installation, the key and the way to the server; says what to do about what is wrong.

    Exit code 0 if edits can be made, with a model or with the offline engine alone.
    """
    findings = list(_findings())
    if as_json:
        rows = [{"name": one.name, "ok": one.ok, "text": one.text} for one in findings]
        output.write_json({"schema": 1, "version": __version__, "findings": rows})
    else:
        marks = {True: ("ok", "green"), False: ("problem", "red"), None: ("note", "yellow")}
        for one in findings:
            word, colour = marks[one.ok]
            click.echo(f"{click.style(f'{word:<8}', fg=colour)} {one.name}: {one.text}")
    return max((one.exit_code for one in findings if one.ok is False), default=ExitCode.DONE)


def _findings() -> Iterator[Finding]:
    yield Finding(
        "editsvc", f"{__version__} on Python {platform.python_version()}, {platform.system()}", ok=True
    )
    yield Finding("packages", ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES), ok=True)
    yield _tokenizer()
    yield _language_server()
    try:
        resolved = environment.load()
    except EditsvcError as exc:
        yield Finding("settings", exc.sentence(), ok=False)
        return
    user = environment.user_file(os.environ)
    yield Finding("settings", f"{user} ({'read' if user.exists() else 'not there: defaults apply'})", ok=True)
    for warning in resolved.warnings:
        yield Finding("settings", warning, ok=None)
    yield _log(resolved.settings)
    yield _policy(resolved.settings)
    yield from _server(resolved.settings)


def _tokenizer() -> Finding:
    from editsvc.tokens import tokenizer

    found = tokenizer()
    text = f"{found.name}{'' if found.exact else ' (an approximation: rs-bpe is not installed)'}"
    return Finding("tokenizer", text, ok=True if found.exact else None)


def _language_server() -> Finding:
    """Another distribution has a package named lsp too; whichever comes first on the path wins."""
    spec = util.find_spec("lsp")
    ours = Path(__file__).resolve().parents[2] / "lsp"
    if spec is None or spec.origin is None:
        return Finding(
            "language server", "the package lsp is not installed; install editsvc again.", ok=False
        )
    if Path(spec.origin).resolve().parent != ours:
        where = Path(spec.origin).parent
        return Finding(
            "language server",
            f"{where} hides editsvc's package lsp; install editsvc alone, with pipx.",
            ok=False,
        )
    return Finding("language server", "the package lsp is ours", ok=True)


def _log(settings: Settings) -> Finding:
    from editsvc.app import open_log

    if not settings.log_enabled:
        return Finding("log", "switched off", ok=None)
    try:
        with open_log(settings) as log:
            status = log.status()
    except EditsvcError as exc:
        return Finding("log", exc.sentence(), ok=None)
    return Finding("log", f"{status['url']}, {status['count']} records", ok=True)


def _policy(settings: Settings) -> Finding:
    from editsvc.tuning.policy_file import load

    if not settings.learned_policy:
        return Finding("policy", "what was learned is switched off", ok=None)
    loaded = load(environment.data_dir(settings))
    if loaded.warning:
        return Finding("policy", loaded.warning, ok=None)
    return Finding("policy", loaded.policy.name if loaded.policy else "the built-in rule", ok=True)


def _server(settings: Settings) -> Iterator[Finding]:
    from editsvc.app import provider

    try:
        key = environment.api_key(settings)
    except EditsvcError as exc:
        yield Finding("key", exc.sentence(), ok=False)
        return
    if key is None:
        yield Finding("key", "none: the offline engine edits. Set CEREBRAS_API_KEY to use a model.", ok=None)
        return
    yield Finding("key", f"from {key.origin}", ok=True)
    server = provider(settings, key, settings.base_url)
    try:
        listed = asyncio.run(server.models())
    except EditsvcError as exc:
        yield Finding("server", exc.sentence(), ok=False, exit_code=exc.exit_code)
        return
    finally:
        server.close()
    yield Finding("server", f"{settings.base_url} lists {len(listed)} models", ok=True)
    if settings.model not in listed:
        yield Finding("model", f"{settings.model} is not among them: {', '.join(listed)}", ok=None)
    else:
        yield Finding("model", settings.model, ok=True)
