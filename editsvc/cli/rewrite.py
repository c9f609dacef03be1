"""``editsvc rewrite``: files in, diffs out, and written if asked."""

from __future__ import annotations

import asyncio
import gc
import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from editsvc.cli import instruction as instruction_source
from editsvc.cli import output
from editsvc.cli.display import can_be_drawn_on, display
from editsvc.cli.looks import looks
from editsvc.cli.outcomes import (
    SCHEMA,
    FileOutcome,
    Teller,
    Writing,
    entry,
    finish,
    keep_refused,
    log,
    name_in_diff,
    of_error,
    of_result,
    refused_by,
    say_what_was_not_written,
    write_if_asked,
    writing_for,
)
from editsvc.cli.usage import completed_by
from editsvc.engine.edit import EditRequest
from editsvc.errors import Cancelled, EditsvcError, ExitCode, Stale, Status, UsageError
from editsvc.files import disk, workspace
from editsvc.guard.findings import WAIVABLE, Check
from editsvc.prediction.policy import PredictionMode
from editsvc.scope import scopes
from editsvc.settings import environment
from editsvc.system.signals import call_at_end
from editsvc.text.document import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.cli.display import Display
    from editsvc.engine.service import EditService
    from editsvc.scope.scopes import ScopeRequest
    from editsvc.settings.schema import Settings

STDIN: Final = instruction_source.STDIN
_CANCELLED: Final = Cancelled("The edit was cancelled.")


class Options(msgspec.Struct, frozen=True):
    """What the command line says, checked."""

    instruction: str
    scope: ScopeRequest
    prediction: PredictionMode | None
    allow: tuple[Check, ...] | None
    allow_path: tuple[str, ...]
    only_asked: bool | None
    interactive: bool
    as_json: bool
    live: bool
    batch: str | None
    writing: Writing


@click.command(
    short_help="Change files as an instruction says.",
    epilog="""\b
Examples:
  editsvc rewrite -i "rename fetch to download" client.py
  editsvc rewrite -i "change #00FF00 to blue" theme.css | git apply
  editsvc rewrite -i "replace 'prices/' with 'offers/'" --scope symbol:price_of --apply client.py
  editsvc rewrite -i "sort imports" --interactive --apply src/*.py
  editsvc rewrite client.py                        # asks what should change
  editsvc rewrite -e client.py                     # opens $VISUAL or $EDITOR for that
  editsvc rewrite -F wish.txt client.py
  editsvc rewrite -i "replace 'teh' with 'the'" < notes.md
  editsvc rewrite -i "rename DEBUG to VERBOSE" --allow-path .env .env
  editsvc rewrite -i "add type hints" --scope symbol:fetch --apply client.py  # needs a key

Without a key the offline engine edits: it renames, replaces, recolours, removes, documents and sorts.""",
)
@click.option(
    "-i", "--instruction", help="What to change, in plain words; without it you are asked on the terminal."
)
@click.option(
    "-F",
    "--file",
    "instruction_file",
    metavar="FILE",
    shell_complete=completed_by("files"),
    help="Read the instruction from FILE; - is stdin.",
)
@click.option("-e", "--edit", is_flag=True, help="Write the instruction in your editor: $VISUAL or $EDITOR.")
@click.option(
    "--scope",
    default="auto",
    show_default=True,
    metavar="SCOPE",
    shell_complete=completed_by("scopes"),
    help="What may be rewritten: auto, file, symbol:NAME or lines:A-B.",
)
@click.option(
    "--prediction",
    type=click.Choice([mode.value for mode in PredictionMode]),
    help="Send the text itself as the predicted output.  [default: auto]",
)
@click.option("--apply", is_flag=True, help="Write the files; without it nothing is written.")
@click.option("--interactive", is_flag=True, help="Ask hunk by hunk, as git add -p does.")
@click.option("--only-asked", is_flag=True, help="Leave out the hunks that the instruction does not explain.")
@click.option("--show-refused", is_flag=True, help="Print the diff that a check refused, on standard error.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of diffs.")
@click.option("--model", help="The model to use.", shell_complete=completed_by("models"))
@click.option("--offline", is_flag=True, help="Use the offline engine, even if there is an API key.")
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice(sorted(check.value for check in WAIVABLE)),
    help="Accept an edit that this check would refuse; can be repeated.",
)
@click.option(
    "--allow-path",
    multiple=True,
    shell_complete=completed_by("files"),
    metavar="FILE",
    help="Edit FILE even if it leads out of the workspace or usually holds keys; can be repeated.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="How many files to edit at the same time.  [default: 4]"
)
@click.option(
    "--stdin-filename", default="stdin.txt", show_default=True, help="The file name to assume for -."
)
@looks
@click.argument("paths", nargs=-1, metavar="[FILE]...", shell_complete=completed_by("files"))
def command(
    *,
    instruction: str | None,
    instruction_file: str | None,
    edit: bool,
    scope: str,
    prediction: str | None,
    apply: bool,
    interactive: bool,
    only_asked: bool,
    show_refused: bool,
    as_json: bool,
    model: str | None,
    offline: bool,
    allow: tuple[str, ...],
    allow_path: tuple[str, ...],
    jobs: int | None,
    stdin_filename: str,
    paths: tuple[str, ...],
) -> int:
    """Change files as an instruction says.

    Prints a unified diff that git apply takes, and writes nothing without --apply. FILE can be - for standard
    input, which is also what is edited if it is a pipe or a file and no FILE is named; with --apply the new text then
    goes to standard output instead of a diff.

    Without -i, -F or -e you are asked for the instruction, on the terminal. The arrow keys and Ctrl-R bring back what
    you typed before; Ctrl-C and Ctrl-D leave without doing anything. What is typed there or in the editor is kept in
    the data folder, readable only by you, unless it begins with a blank; the setting history_enabled turns that off,
    and editsvc undo --forget deletes it.

    A file that leads out of the workspace (the git work tree, else the current folder), that is in a .git folder, or
    that usually holds keys (.env, *.pem, .ssh and the like) is refused unless --allow-path names it. A path that
    begins with / may lead anywhere.

    What a check refuses is kept like the old text that editsvc undo restores, so that editsvc retry can make that edit
    with the check waived.
    """
    paths = instruction_source.with_stdin(paths or tuple(dict.fromkeys(allow_path)))
    if not paths:
        raise click.UsageError("Missing argument 'FILE...'.", click.get_current_context())
    if len(set(paths)) != len(paths):
        raise UsageError("A file is named twice.", hint="Name each file once.")
    if interactive and (STDIN in paths or not sys.stdin.isatty()):
        raise UsageError("--interactive asks on the terminal, and standard input is none.")
    resolved = environment.load({"model": model, "jobs": jobs})
    for warning in resolved.warnings:
        output.print_message(f"editsvc: {warning}")
    options = Options(
        instruction=instruction_source.read(
            instruction, instruction_file, edit=edit, paths=paths, settings=resolved.settings
        ),
        scope=scopes.parse(scope),
        prediction=PredictionMode(prediction) if prediction else None,
        allow=tuple(Check(name) for name in allow) or None,
        allow_path=allow_path,
        only_asked=only_asked or None,
        interactive=interactive,
        as_json=as_json,
        live=can_be_drawn_on() and not as_json,
        batch="this run" if len(paths) > 1 else None,
        writing=writing_for(
            resolved.settings, apply=apply, show_refused=show_refused, stdin_filename=stdin_filename
        ),
    )
    teller = Teller(options.writing, titled=len(paths) > 1, live=options.live, chosen=interactive)
    try:
        outcomes = asyncio.run(_run(options, paths, teller, offline=offline))
    finally:
        teller.release()
    if options.interactive:
        # Questions are asked when no event loop runs any more: it would take Ctrl-C for itself.
        outcomes = _asked(options, outcomes, teller)
    if options.as_json:
        output.write_json({"schema": SCHEMA, "edits": [entry(outcome) for outcome in outcomes]})
        teller.tell_beside_json(outcomes)
    else:
        say_what_was_not_written(options.writing, outcomes)
    return max(outcome.exit_code for outcome in outcomes)


async def _run(options: Options, paths: Sequence[str], teller: Teller, *, offline: bool) -> list[FileOutcome]:
    from editsvc.app.composition import open_service

    settings = options.writing.settings
    task = asyncio.current_task()
    if task is not None:
        call_at_end(lambda _number: task.cancel(), interrupts=False)
    outcomes: list[FileOutcome] = []
    async with open_service(settings, offline=offline) as service:
        if service.offline and not offline:
            output.print_message(
                "editsvc: no API key was found, so the offline engine edits (set CEREBRAS_API_KEY for a model)."
            )
        limit = asyncio.Semaphore(settings.jobs)
        with display(paths, drawn=options.live) as shown:

            async def edit(path: str) -> FileOutcome:
                async with limit:
                    return await _one(options, path, service, shown)

            tasks = [asyncio.create_task(edit(path)) for path in paths]
            try:
                while len(outcomes) < len(tasks):
                    await tasks[len(outcomes)]
                    # Those behind it may have ended before it: they are printed in the order of the command line.
                    ready = [
                        ended.result() for ended in itertools.takewhile(_is_done, tasks[len(outcomes) :])
                    ]
                    outcomes += ready
                    if not options.as_json and not options.interactive:
                        with shown.aside():
                            teller.tell(ready)
            except asyncio.CancelledError:
                for running in tasks:
                    running.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                rest = [
                    end if isinstance(end, FileOutcome) else of_error(path, _CANCELLED)
                    for path, end in list(zip(paths, ended, strict=True))[len(outcomes) :]
                ]
                outcomes += rest
                if not options.as_json and not options.interactive:
                    with shown.aside():
                        teller.tell(rest, titled=True)
    return outcomes


def _is_done(task: asyncio.Task[FileOutcome]) -> bool:
    return task.done()


async def _one(options: Options, path: str, service: EditService, shown: Display) -> FileOutcome:
    from editsvc.tokenlog import Source

    try:
        source, data = await asyncio.to_thread(_read, path, options.allow_path)
        name = options.writing.stdin_filename if source is None else Path(path).name
        snapshot = decode(data, uri=path)
    except EditsvcError as exc:
        warning = await service.record_refusal(exc, source=Source.CLI, path=_absolute(path))
        return replace(of_error(path, exc), remarks=(warning,) if warning else ())
    request = EditRequest(
        snapshot=snapshot,
        instruction=options.instruction,
        filename=Path(name).name,
        source=Source.CLI,
        path=str(source.path) if source else "",
        scope=options.scope,
        prediction=options.prediction,
        allow=options.allow,
        only_asked=options.only_asked,
        batch=options.batch,
    )
    with shown.file(path) as listener:
        result = await service.edit(request, listener)
    gc.enable()  # if no request was sent
    from editsvc.engine.places import unexplained

    outcome = of_result(path, result, source)
    shown.unexplained(len(unexplained(result)))
    if result.refused is not None:
        from editsvc.files import refused

        allow = None if options.allow is None else tuple(map(str, options.allow))
        asked = refused.Asked(request.instruction, request.filename, refused_by(result), allow)
        return await asyncio.to_thread(keep_refused, options.writing, outcome, asked)
    if result.after is None or options.interactive:
        return outcome
    finishing = asyncio.create_task(asyncio.to_thread(finish, options.writing, outcome))
    try:
        return await asyncio.shield(finishing)
    except asyncio.CancelledError:
        return await finishing  # the file is being written: what happened to it must be reported


def _asked(options: Options, outcomes: Sequence[FileOutcome], teller: Teller) -> list[FileOutcome]:
    """Ask about each file; who interrupted the edits is asked nothing more."""
    if all(outcome.status is not Status.CANCELLED for outcome in outcomes):
        return [_ask(options, outcome, teller) for outcome in outcomes]
    ended = [
        of_error(outcome.path, _CANCELLED) if outcome.exit_code is ExitCode.DONE else outcome
        for outcome in outcomes
    ]
    if not options.as_json:
        teller.tell(ended)
    return ended


def _ask(options: Options, outcome: FileOutcome, teller: Teller) -> FileOutcome:
    """Let the user choose the hunks of one file, log what was chosen, and go on as without questions."""
    from editsvc.cli.choose import Choice, choose
    from editsvc.text.diff import unified_diff

    result = outcome.result
    if result is not None and result.after is not None:
        name = name_in_diff(options.writing, outcome)
        old, new = result.before.encode(), result.after.encode()
        diff = unified_diff(old, new, name.path, from_top=name.from_top)
        if diff:
            chosen = choose(outcome.path, Choice.of(result))
            _record_verdict(options.writing.settings, result.id, chosen.taken, chosen.count)
            if chosen.taken < chosen.count:
                new = chosen.text
                diff = unified_diff(old, new, name.path, from_top=name.from_top)
            if not chosen.taken:
                outcome = replace(outcome, status=Status.UNCHANGED)
        outcome = write_if_asked(options.writing, replace(outcome, diff=diff), new, name)
    if not options.as_json:
        teller.tell([outcome])
    return outcome


def _record_verdict(settings: Settings, record: str, taken: int, count: int) -> None:
    from editsvc.tokenlog import Verdict

    verdict = Verdict.ACCEPTED if taken == count else Verdict.PARTIAL if taken else Verdict.REJECTED
    log(
        settings,
        "Your choices were not logged.",
        lambda opened: opened.set_verdict(record, verdict, taken, hunks=count),
    )


def _read(path: str, allowed: Sequence[str]) -> tuple[disk.SourceFile | None, bytes]:
    if path == STDIN:
        return None, sys.stdin.buffer.read()
    real = workspace.typed(path, here=Path.cwd(), allowed=allowed)
    source = disk.read(Path(path))
    if source.path != real:
        raise Stale(f"{path} leads elsewhere by now.", hint="Run the edit again.")
    return source, source.data


def _absolute(path: str) -> str:
    return str(Path(path).absolute())
