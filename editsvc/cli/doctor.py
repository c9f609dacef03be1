"""``editsvc doctor``: is everything there?"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

# What needs another package is imported where it is used: doctor has to say that the package is missing.
from editsvc import __version__
from editsvc.app import installation
from editsvc.cli.remedies import message_of
from editsvc.errors import EditsvcError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.app.servers import Asked
    from editsvc.provider.health import HealthEntry
    from editsvc.provider.lessons import Lesson
    from editsvc.provider.limits import Found
    from editsvc.settings.schema import Settings

_ROUTES: Final = {
    "retry": "asked again",
    "resume": "resumed",
    "fallback": "sent to the fallback",
    "hedge": "sent twice to be faster",
}
# What `editsvc report` shows as well, unless told otherwise.
_LATELY: Final = timedelta(days=28)
_SETTLED: Final = frozenset({"keep-predicting", "decide-by-model"})
# Of a server's limit: counting as much less than the server is worth a word.
_NOTABLE_SHARE: Final = 0.98
_PACKAGES: Final = (
    "cerebras-cloud-sdk",
    "pygls",
    "unidiff",
    "tree-sitter",
    "pygit2",
    "sqlalchemy",
    "aiohttp",
)


@dataclass(frozen=True, slots=True)
class Checkup:
    """The result of one check; `ok` is None if it is only information."""

    name: str
    text: str
    ok: bool | None
    exit_code: ExitCode = ExitCode.SETTINGS


@click.command(short_help="Check the installation, the key and the connection to the server.")
@click.option("--server", "name", metavar="NAME", help="Try this server with one tiny request.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(*, name: str | None, as_json: bool) -> int:
    """Check the installation, the key and the connection to the server, and say how to fix what is wrong.

    With --server, one server is sent a tiny request, which it may bill, and what it takes is told. Exit code 0 if edits
    can be made, with a model or with the offline engine alone.
    """
    findings = list(_findings() if name is None else _trial(name))
    if as_json:
        rows = [{"name": finding.name, "ok": finding.ok, "text": finding.text} for finding in findings]
        _print_json({"schema": 1, "version": __version__, "findings": rows})
    else:
        marks = {True: ("ok", "green"), False: ("problem", "red"), None: ("note", "yellow")}
        for finding in findings:
            word, colour = marks[finding.ok]
            click.echo(
                f"{click.style(f'{word:<8}', fg=colour)} {_visible(f'{finding.name}: {finding.text}')}"
            )
    return max((finding.exit_code for finding in findings if finding.ok is False), default=ExitCode.DONE)


def _print_json(value: dict[str, Any]) -> None:
    try:
        from editsvc.cli import output
    except ImportError:  # a package is missing, which is what is to be told
        click.echo(json.dumps(value, indent=2))
    else:
        output.write_json(value)


def _visible(line: str) -> str:
    try:
        from editsvc.cli import output
    except ImportError:  # as above
        return line if line.isprintable() else ascii(line)
    return output.visible(line)


def _findings() -> Iterator[Checkup]:
    yield Checkup(
        "editsvc", f"{__version__} on Python {platform.python_version()}, {platform.system()}", ok=True
    )
    try:
        yield from _packages()
        yield from _grammars()
        yield from _rest()
    except ImportError as exc:
        text = f"{exc.name or 'a package'} cannot be imported ({exc}), so the rest was not looked at."
        yield Checkup("packages", text, ok=False)


def _packages() -> Iterator[Checkup]:
    problems = installation.version_problems()
    if not problems:
        there = installation.versions()
        listed = ", ".join(f"{name} {there[name]}" for name in _PACKAGES if name in there)
        yield Checkup("packages", f"{len(there)} within their bounds, among them {listed}", ok=True)
    for problem in problems:
        yield Checkup("packages", problem.sentence, ok=False)


def _grammars() -> Iterator[Checkup]:
    problems = installation.grammar_problems()
    if not problems:
        yield Checkup("grammars", "a line was parsed with each", ok=True)
    for problem in problems:
        yield Checkup("grammars", problem.sentence, ok=False)


def _rest() -> Iterator[Checkup]:
    from editsvc.settings import environment

    yield _tokenizer()
    yield _language_server()
    try:
        resolved = environment.load()
    except EditsvcError as exc:
        yield Checkup("settings", message_of(exc), ok=False)
        return
    user = environment.user_file(os.environ)
    yield Checkup("settings", f"{user} ({'read' if user.exists() else 'not there: defaults apply'})", ok=True)
    for warning in resolved.warnings:
        yield Checkup("settings", warning, ok=None)
    yield _log(resolved.settings)
    yield _policy(resolved.settings)
    yield _predictions(resolved.settings)
    yield from _servers(resolved.settings)
    yield from _rules(resolved.settings)
    if resolved.settings.log_enabled and (routes := _routes(resolved.settings)) is not None:
        yield routes


def _tokenizer() -> Checkup:
    from editsvc.tokens import tokenizer

    found = tokenizer()
    missing = " (an approximation: rs-bpe is not installed, and so what-if scores are not known)"
    text = f"{found.name}{'' if found.exact else missing}"
    return Checkup("tokenizer", text, ok=True if found.exact else None)


def _language_server() -> Checkup:
    """Another distribution has a package named lsp too; whichever comes first on the path wins."""
    spec = util.find_spec("lsp")
    ours = Path(__file__).resolve().parents[2] / "lsp"
    if spec is None or spec.origin is None:
        return Checkup(
            "language server", "the package lsp is not installed; install editsvc again.", ok=False
        )
    if Path(spec.origin).resolve().parent != ours:
        where = Path(spec.origin).parent
        return Checkup(
            "language server",
            f"{where} hides editsvc's package lsp; install editsvc into an environment of its own, as pipx does.",
            ok=False,
        )
    return Checkup("language server", "the package lsp is ours", ok=True)


def _log(settings: Settings) -> Checkup:
    from editsvc.app.composition import open_log

    if not settings.log_enabled:
        return Checkup("log", "switched off", ok=None)
    try:
        with open_log(settings) as log:
            status = log.status()
    except EditsvcError as exc:
        return Checkup("log", message_of(exc), ok=None)
    text = f"{status['url']}, {status['count']} records"
    if status["network_file_system"]:
        text += f", on a network file system ({status['network_file_system']}): the rollback journal is used"
    if status["waiting"]:
        text += f"; {status['waiting']} more wait beside it"
    return Checkup("log", text, ok=True)


def _policy(settings: Settings) -> Checkup:
    from editsvc.settings import environment
    from editsvc.tuning.policy_file import load

    if not settings.learned_policy:
        return Checkup("policy", "the learned policy is switched off", ok=None)
    loaded = load(environment.data_dir(settings))
    if loaded.warning:
        return Checkup("policy", loaded.warning, ok=None)
    policy = loaded.policy
    text = f"{policy.name}, of {policy.created_at:%Y-%m-%d}" if policy else "the built-in rule"
    if not settings.log_enabled:
        return Checkup("policy", text, ok=True)
    return _by_now(settings, text)


def _by_now(settings: Settings, text: str) -> Checkup:
    """Whether tuning would decide otherwise by now; not asked where nothing came since it was last done."""
    from editsvc.app.composition import open_log
    from editsvc.app.tuning import consider
    from editsvc.settings import environment
    from editsvc.tuning import tunings

    tuned = tunings.load(environment.data_dir(settings))
    try:
        with open_log(settings) as log:
            logged = log.status()["count"]
            if not logged or (tuned.at and not tuned.since(logged)):
                return Checkup("policy", text, ok=True)
            found = consider(settings, log, datetime.now(UTC))
    except EditsvcError:
        return Checkup("policy", text, ok=True)  # what is wrong with the log is said of the log
    if not found.changes:
        return Checkup("policy", text, ok=True)
    return Checkup("policy", f"{text}; {found.sentence}", ok=None if found.opposes else True)


def _predictions(settings: Settings) -> Checkup:
    """What `editsvc report` says first, of the last 28 days."""
    from editsvc.app.composition import judge_by, open_log
    from editsvc.report import read

    if not settings.log_enabled:
        return Checkup("predictions", "nothing is known of what they are worth without a log", ok=None)
    now = datetime.now(UTC)
    try:
        with open_log(settings) as log:
            report = read(log, since=now - _LATELY, terms=judge_by(settings, now))
    except EditsvcError as exc:
        return Checkup("predictions", message_of(exc), ok=None)
    first = report.recommendations[0]
    return Checkup("predictions", first.sentence, ok=True if first.kind in _SETTLED else None)


def _servers(settings: Settings) -> Iterator[Checkup]:
    from editsvc.app.servers import configured, health_file, lessons_file, limits_file
    from editsvc.settings.servers import CEREBRAS, servers

    try:
        asked = configured(settings)
    except EditsvcError as exc:
        yield Checkup("key", message_of(exc), ok=False)
        return
    if not asked:
        yield Checkup("key", "none: the offline engine edits. Set CEREBRAS_API_KEY to use a model.", ok=None)
        return
    for server in servers(settings):
        if all(server.name != one.name for one in asked):
            if server.name == CEREBRAS and not settings.servers:
                yield Checkup("key", "none for Cerebras: the fallback is the only server.", ok=None)
            else:
                variables = " or ".join(server.key_variables)
                text = f"none for {server.name}, so it is not asked. Set {variables}."
                yield Checkup(f"{server.name} key", text, ok=None)
    known, limits, lessons = health_file(settings).entries(), limits_file(settings), lessons_file(settings)
    for one in asked:
        yield from _server(settings, one, known.get(one.origin), alone=len(asked) == 1)
        yield Checkup(f"{_title(one)}limits", _limits(limits.of(one.origin), time.time()), ok=True)
        for model, lesson in lessons.of(one.origin).items():
            if text := learned(model, lesson):
                yield Checkup(f"{_title(one)}learned", text, ok=None)


def _trial(name: str) -> Iterator[Checkup]:
    """What one server does with one tiny request."""
    from editsvc.app.servers import configured, health_file, lessons_file
    from editsvc.cli.trial import tried
    from editsvc.settings import environment
    from editsvc.settings.servers import required

    settings = environment.load().settings
    server = required(settings, name)
    asked = next((one for one in configured(settings) if one.name == name), None)
    if asked is None:
        variables = " or ".join(server.key_variables)
        yield Checkup(f"{name} key", f"none, and it needs one. Set {variables}.", ok=False)
        return
    known_health = health_file(settings).entries().get(asked.origin)
    found = list(_server(settings, asked, known_health, alone=True))
    yield from found
    if any(one.ok is False for one in found):
        return
    try:
        for what, text, ok in tried(settings, asked):
            yield Checkup(f"{name} {what}", text, ok)
    except EditsvcError as exc:
        yield Checkup(f"{name} request", message_of(exc), ok=False, exit_code=exc.exit_code)
    for model, lesson in lessons_file(settings).of(asked.origin).items():
        if text := learned(model, lesson):
            yield Checkup(f"{name} learned", text, ok=None)


def _title(asked: Asked) -> str:
    return "" if asked.name == "cerebras" else f"{asked.name} "


def _server(settings: Settings, asked: Asked, known: HealthEntry | None, *, alone: bool) -> Iterator[Checkup]:
    from editsvc.app.servers import provider

    title = _title(asked)
    yield Checkup(f"{title}key", f"from {asked.key.origin}" if asked.key else "none", ok=True)
    if title or asked.server.dialect.name != "cerebras":
        yield Checkup(f"{title}dialect", asked.server.dialect.title, ok=True)
    there = provider(settings, asked)
    try:
        listed = asyncio.run(there.models())
    except EditsvcError as exc:
        # A second server that is away is worth knowing; without it, edits can still be made.
        ok = None if title and not alone else False
        yield Checkup(f"{title}server", message_of(exc), ok=ok, exit_code=exc.exit_code)
    else:
        models = "1 model" if len(listed) == 1 else f"{len(listed) or 'no'} models"
        yield Checkup(f"{title}server", f"{asked.origin} lists {models}", ok=True)
        named = asked.server.model or (listed[0] if listed else "")
        there_is = named in listed
        if not listed:
            text = f"{named or settings.model} is asked for"
            text += "" if named else f"; name another with model in [servers.{asked.name}]"
        else:
            text = named if there_is else f"{named} is not among them: {', '.join(listed)}"
        yield Checkup(f"{title}model", text, ok=True if there_is else None)
    finally:
        there.close()
    is_open = known is not None and known.open_until is not None
    yield Checkup(f"{title}breaker", _breaker(known, time.time()), ok=None if is_open else True)


def learned(model: str, lesson: Lesson) -> str:
    """What a server turned out to do otherwise than its kind; "" for nothing."""
    parts = []
    if lesson.fields.dropped:
        parts.append(f"takes no {' and no '.join(sorted(lesson.fields.dropped))}")
    if lesson.fields.limit:
        parts.append(f"calls the limit of a reply {lesson.fields.limit}")
    if lesson.ignores_predictions:
        parts.append("takes no notice of predictions, so none are sent")
    if lesson.whole:
        parts.append("does not stream")
    if lesson.pace.reads is not None:
        parts.append(f"reads {lesson.pace.reads:,.0f} tokens a second")
    if lesson.pace.writes is not None:
        parts.append(f"writes {lesson.pace.writes:,.0f} a second")
    return f"{model} {', '.join(parts)}" if parts else ""


def _rules(settings: Settings) -> Iterator[Checkup]:
    """How servers verify predictions, as far as that was learned."""
    from editsvc.app.known_servers import known_servers
    from editsvc.prediction.servers import change_sentence, sentence

    for server in known_servers(settings):
        yield Checkup("verification", sentence(server), ok=True if server.rule is not None else None)
        changed = change_sentence(server)
        if changed is not None:
            yield Checkup("verification", changed, ok=None)


def _breaker(known: HealthEntry | None, now: float) -> str:
    """The state that the last process which asked the server left it in."""
    if known is None:
        return "closed"
    ago = f"{max(0, now - known.noted_at):.0f} s ago"
    if known.open_until is not None:
        wait = known.open_until - now
        when = f"for {wait:.0f} s more" if wait > 0 else "half-open: the next request finds out"
        return f"open, {when}, after {known.failures} failures in a row (the last, {known.reason}, {ago})"
    if known.cool_until is not None and known.cool_until > now:
        return f"closed, and cooling down for {known.cool_until - now:.0f} s more, as the server asked {ago}"
    return "closed"


def _limits(known: dict[str, Found], now: float) -> str:
    """What the server was found to take of each model, and how old that is."""
    if not known:
        return "none learned"
    return "; ".join(f"{model} takes {_taken(found, now)}" for model, found in sorted(known.items()))


def _taken(found: Found, now: float) -> str:
    parts = []
    if found.context is not None:
        ours = int(found.context * found.share)
        fewer = f" ({ours:,} as counted here)" if found.share <= _NOTABLE_SHARE else ""
        parts.append(f"{found.context:,} tokens a request{fewer}, learned {_ago(now - found.context_at)}")
    if found.minute is not None:
        parts.append(f"{found.minute:,} tokens a minute, last seen {_ago(now - found.minute_at)}")
    return ", and ".join(parts)


def _ago(seconds: float) -> str:
    days, hours = int(seconds // 86_400), int(seconds // 3_600)
    if days:
        return f"{days} day{'' if days == 1 else 's'} ago"
    return f"{hours} h ago" if hours else f"{max(0, int(seconds // 60))} min ago"


def _routes(settings: Settings) -> Checkup | None:
    """Retries and fallbacks of the last week."""
    from editsvc.app.composition import open_log

    since = datetime.now(UTC) - timedelta(days=7)
    try:
        with open_log(settings) as log:
            routes = log.routes(since)
    except EditsvcError:
        return None  # said already
    # What one server answered at once is there for what it told of its drafts.
    routes = [
        route
        for route in routes
        if [(one.get("why"), one.get("outcome")) for one in route] != [("first", "stop")]
    ]
    if not routes:
        return None
    whys = Counter(why for route in routes for why in {attempt.get("why") for attempt in route})
    kinds = [f"{whys[why]} {word}" for why, word in _ROUTES.items() if whys[why]]
    failed = Counter(
        f"{attempt.get('provider')} {attempt.get('outcome')}"
        for route in routes
        for attempt in route
        if attempt.get("outcome") not in {"stop", "cancelled"}
    )
    most = ", ".join(f"{count} {what}" for what, count in failed.most_common(3))
    edits = (
        f"{len(routes)} edit{'' if len(routes) == 1 else 's'} in 7 days took more than one request or failed"
    )
    return Checkup("requests", "; ".join(filter(None, [edits, ", ".join(kinds), most])), ok=None)
