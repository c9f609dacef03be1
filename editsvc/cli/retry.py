"""``editsvc retry``: makes the edit that a check refused last, with checks waived, and asks no model for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from editsvc.cli import output
from editsvc.cli.looks import looks
from editsvc.cli.outcomes import (
    SCHEMA,
    FileOutcome,
    Teller,
    Writing,
    entry,
    finish,
    keep_refused,
    of_error,
    of_result,
    refused_by,
    say_what_was_not_written,
    writing_for,
)
from editsvc.cli.usage import completed_by
from editsvc.engine.edit import EditRequest
from editsvc.errors import EditsvcError, ExitCode, Refused
from editsvc.files import disk, journal, refused
from editsvc.guard.findings import WAIVABLE, Check
from editsvc.settings import environment
from editsvc.text.document import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.engine.service import EditService


@click.command(
    short_help="Make an edit that a check refused, without asking again.",
    epilog="""\b
Examples:
  editsvc retry --allow elision                    # the diff that was refused last
  editsvc retry --allow elision --apply client.py""",
)
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice(sorted(check.value for check in WAIVABLE)),
    help="Accept the edit although this check refuses it; can be repeated.",
)
@click.option("--apply", is_flag=True, help="Write the files; without it nothing is written.")
@click.option("--show-refused", is_flag=True, help="Print the diff that a check refuses, on standard error.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of diffs.")
@looks
@click.argument("paths", nargs=-1, metavar="[FILE]...", shell_complete=completed_by("files"))
def command(
    *, allow: tuple[str, ...], apply: bool, show_refused: bool, as_json: bool, paths: tuple[str, ...]
) -> int:
    """Make an edit that a check refused, from the reply that came then: nothing is asked or paid again.

    FILE is a file whose last edit was refused; without one, the files that were refused in the last such run are
    meant. What else a check objects to is refused again; --show-refused shows it. A file that has changed since is
    refused, too. The reply and its instruction are kept as editsvc undo keeps old
    texts, with the same limits and the same setting, undo_enabled, until the file is written or asked about again.
    """
    settings = environment.load().settings
    folder = environment.data_dir(settings) / refused.FOLDER
    journal.prune(folder, datetime.now(UTC))
    writing = writing_for(settings, apply=apply, show_refused=show_refused)
    names = dict.fromkeys(paths) if paths else {str(one.path): None for one in refused.latest(folder)}
    if not names:
        raise Refused("There is nothing to retry: no refused reply is kept.", hint=_why_none(writing))
    allowed = tuple(Check(name) for name in allow)
    outcomes = asyncio.run(_run(writing, folder, tuple(names), allowed))
    teller = Teller(writing, titled=len(names) > 1, summary=lambda _: _summary(allowed))
    if as_json:
        output.write_json({"schema": SCHEMA, "edits": [entry(outcome) for outcome in outcomes]})
        teller.tell_beside_json(outcomes)
    else:
        teller.tell(outcomes)
        teller.release()
        say_what_was_not_written(writing, outcomes)
    return max(outcome.exit_code for outcome in outcomes)


def _why_none(writing: Writing) -> str:
    return "" if writing.settings.undo_enabled else "The setting undo_enabled is off."


def _summary(allowed: Sequence[Check]) -> str:
    names = f"allowed: {', '.join(allowed)} · " if allowed else ""
    return f"the reply that was refused · {names}no model was asked"


async def _run(
    writing: Writing, folder: Path, paths: Sequence[str], allow: tuple[Check, ...]
) -> list[FileOutcome]:
    from editsvc.app.composition import open_service

    async with open_service(writing.settings, offline=False) as service:
        return [await _one(writing, folder, path, allow, service) for path in paths]


async def _one(
    writing: Writing, folder: Path, path: str, allow: tuple[Check, ...], service: EditService
) -> FileOutcome:
    try:
        source = await asyncio.to_thread(disk.read, Path(path))
        kept = await asyncio.to_thread(refused.of_file, folder, source.path)
        if kept is None:
            raise Refused(f"No refused reply is kept for {path}.", hint=_why_none(writing))
        document = await asyncio.to_thread(refused.document, kept, source)
        request = _request(writing, source, kept.asked, allow)
        result = await service.retry(request, decode(document, uri=path))
    except EditsvcError as exc:
        return of_error(_shown(path), exc)
    outcome = of_result(_shown(path), result, source)
    if result.refused is not None:
        # As with a model that is asked again: what was allowed once stays allowed for this reply.
        allowed = tuple(map(str, request.allow or ()))
        asked = refused.Asked(request.instruction, request.filename, refused_by(result), allowed)
        return await asyncio.to_thread(keep_refused, writing, outcome, asked)
    outcome = await asyncio.to_thread(finish, writing, outcome)
    if writing.apply and outcome.exit_code is ExitCode.DONE:
        await asyncio.to_thread(refused.drop, folder, source.path)
    return outcome


def _request(
    writing: Writing, source: disk.SourceFile, asked: refused.Asked, allow: tuple[Check, ...]
) -> EditRequest:
    """The request of then, with more allowed; raises Refused if a check that refused it cannot be waived at all."""
    from editsvc.tokenlog import Source

    fixed = [name for name in asked.refused_by if name not in WAIVABLE]
    if fixed:
        raise Refused(f"The check {fixed[0]} refused the reply, and cannot be waived.")
    earlier = writing.settings.allow if asked.allow is None else map(Check, asked.allow)
    return EditRequest(
        snapshot=decode(source.data, uri=str(source.path)),
        instruction=asked.instruction,
        filename=asked.filename,
        source=Source.CLI,
        path=str(source.path),
        allow=tuple(dict.fromkeys((*earlier, *allow))),
    )


def _shown(path: str) -> str:
    """`path` as a person here would write it."""
    given, here = Path(path), Path.cwd()
    return str(given.relative_to(here)) if given.is_absolute() and given.is_relative_to(here) else path
