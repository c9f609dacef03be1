"""``editsvc rewrite``: files in, diffs out, and written if asked."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click
import msgspec
from click.core import ParameterSource

from editsvc.cli import batching, output, running, selecting
from editsvc.cli import instruction as instruction_source
from editsvc.cli.batching import Call
from editsvc.cli.display import can_be_drawn_on
from editsvc.cli.looks import looks
from editsvc.cli.outcomes import (
    SCHEMA,
    Teller,
    entry,
    say_what_was_not_written,
    writing_for,
)
from editsvc.cli.totals import Totals
from editsvc.cli.usage import completed_by
from editsvc.errors import ExitCode, UsageError
from editsvc.guard.findings import WAIVABLE, Check
from editsvc.prediction.policy import PredictionMode
from editsvc.scope import scopes
from editsvc.settings import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.cli.asking import Asking
    from editsvc.cli.going_on import GoingOn
    from editsvc.cli.outcomes import FileOutcome


@click.command(
    short_help="Change files as an instruction says.",
    epilog="""\b
Examples:
  editsvc rewrite -i "rename fetch to download" client.py
  editsvc rewrite -i "change #00FF00 to blue" theme.css | git apply
  editsvc rewrite -i "change price to cost" --scope symbol:price_of client.py
  editsvc rewrite -i "sort imports" --interactive --apply src/*.py   # y n a d q s e j k / ?
  editsvc rewrite -i "rename fetch to download" --apply src
  editsvc rewrite -i "rename fetch to download" src --changed --type py --stat
  editsvc rewrite --estimate src
  editsvc rewrite --resume                         # after Ctrl-C, or a failure
  editsvc rewrite client.py                        # asks what should change
  editsvc rewrite -e client.py                     # opens $VISUAL or $EDITOR for that
  editsvc rewrite -F wish.txt client.py
  editsvc rewrite --again                          # the last instruction, on the same files
  editsvc rewrite --again src/*.py
  editsvc rewrite --refine "and rename retries to attempts"
  editsvc rewrite -i "replace 'teh' with 'the'" < notes.md
  editsvc rewrite -i "rename DEBUG to VERBOSE" --allow-path .env .env
  editsvc rewrite -i "add type hints" --scope symbol:fetch --apply client.py  # needs a key

Without a key the offline engine edits: it renames, sets values, replaces, recolours, removes, documents and sorts.""",
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
    "--again", is_flag=True, help="Carry out the last instruction again, on the same files or on FILE."
)
@click.option(
    "--refine",
    metavar="WISH",
    help="Make the last edit again, from where it began, with WISH added to its instruction.",
)
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
@click.option("--interactive", is_flag=True, help="Ask hunk by hunk, with the keys of git add -p.")
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
@selecting.options
@batching.options
@looks
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER|GLOB]...", shell_complete=completed_by("files"))
def command(
    *,
    instruction: str | None,
    instruction_file: str | None,
    edit: bool,
    again: bool,
    refine: str | None,
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

    Of a FOLDER all files are edited, except for what git ignores, what is hidden, links, binary files and the like; a
    GLOB in quotes may have ** for any number of folders. Before more than 20 files you are asked. Several files are
    edited at the same time; --resume goes on where a run was interrupted, and asks for nothing twice.

    Without -i, -F or -e you are asked for the instruction, on the terminal. The arrow keys and Ctrl-R bring back what
    you typed before; Ctrl-C and Ctrl-D leave without doing anything. What is typed there or in the editor is kept in
    the data folder, readable only by you, unless it begins with a blank; the setting history_enabled turns that off,
    and editsvc undo --forget deletes it.

    With --interactive the hunks of each file are shown as soon as its edit has ended, and one key says what becomes of
    each, as with git add -p; ? says which keys there are. Answers are lines if standard input is no terminal.

    --again carries out the last instruction of this work tree again. --refine adds a wish to it, and begins again with
    the text that the last edit began with, whether that was written, printed or refused; the model sees that edit's
    diff. The diff is about the file as it is now. A file that has changed since is edited as it is, and that is said.

    A file that leads out of the workspace (the git work tree, else the current folder), that is in a .git folder, or
    that usually holds keys (.env, *.pem, .ssh and the like) is refused unless --allow-path names it. A path that
    begins with / may lead anywhere.

    What a check refuses is kept like the old text that editsvc undo restores, so that editsvc retry can make that edit
    with the check waived.
    """
    chosen, ways = selecting.options.said(), batching.options.said()
    ways.check(as_json=as_json)
    going_on = None
    if again or refine is not None:
        going_on = _last(again=again, refine=refine, given=(instruction, instruction_file), edit=edit)
        instruction = going_on.instruction
        paths, scope = _on_what(going_on, paths or tuple(dict.fromkeys(allow_path)), scope, chosen)
    call = Call(instruction, scope, prediction, only_asked, allow, allow_path, model, offline)
    earlier = None
    if ways.resume:
        earlier, call = batching.find(environment.load().settings)
    resolved = environment.load({"model": call.model, "jobs": jobs})
    for warning in resolved.warnings:
        output.print_message(f"editsvc: {warning}")
    selection = (
        selecting.of_files(earlier.files)
        if earlier is not None
        else selecting.select(_named(paths, allow_path, chosen), chosen)
    )
    paths = selection.files
    if not ways.quiet:
        selecting.say_what_was_left_out(selection)
    if not paths:
        output.print_message("editsvc: there is no file to edit.")
        return ExitCode.DONE
    if interactive and instruction_source.STDIN in (*paths, instruction_file):
        raise UsageError(
            "--interactive reads the answers from standard input, which holds something else.",
            hint="Name a file instead of -.",
        )
    beforehand = batching.Beforehand(resolved.settings, paths, offline=call.offline)
    if ways.estimate:
        return beforehand.print(as_json=as_json)
    call = msgspec.structs.replace(
        call,
        instruction=instruction_source.read(
            call.instruction, instruction_file, edit=edit, paths=paths, settings=resolved.settings
        ),
    )
    writing = writing_for(
        resolved.settings,
        apply=apply or ways.commit or (earlier is not None and earlier.plan.applied),
        show_refused=show_refused,
        stdin_filename=stdin_filename,
        instruction=call.instruction or "",
    )
    if earlier is None:
        selecting.confirm(selection, chosen, beforehand.sentence)
    many = batching.prepare(
        ways,
        writing,
        earlier,
        paths,
        call=None if interactive or refine is not None else call,
        beforehand=beforehand,
    )
    options = running.Options(
        instruction=call.instruction or "",
        scope=scopes.parse(call.scope),
        prediction=PredictionMode(call.prediction) if call.prediction else None,
        allow=tuple(Check(name) for name in call.allow) or None,
        allow_path=call.allow_path,
        only_asked=call.only_asked or None,
        interactive=interactive,
        as_json=as_json,
        live=can_be_drawn_on() and not as_json,
        batch="this run" if len(paths) > 1 else None,
        writing=many.writing,
        purse=many.purse,
        going_on=going_on,
    )
    teller = Teller(
        options.writing,
        titled=len(paths) > 1,
        live=options.live,
        chosen=interactive,
        manner=ways.manner,
        quiet=ways.quiet,
        order=paths,
    )
    asking = _asking(options, teller) if interactive else None
    totals = Totals(beforehand.sizes, time.monotonic)
    try:
        outcomes = asyncio.run(
            running.run(options, paths, teller, offline=call.offline, totals=totals, asking=asking)
        )
    finally:
        teller.release()
    if asking is not None and len(paths) > 1 and asking.summary():
        output.print_message(asking.summary())
    if as_json:
        output.write_json({"schema": SCHEMA, "edits": [entry(outcome) for outcome in outcomes]})
        teller.tell_beside_json(outcomes)
    teller.conclude("" if interactive else totals.sentence(written=writing.apply))
    if not (as_json or ways.quiet):
        say_what_was_not_written(options.writing, outcomes)
    _remember(options, call.scope, outcomes)
    return max(many.end(outcomes), _exit_code(outcomes))


def _exit_code(outcomes: Sequence[FileOutcome]) -> ExitCode:
    # What no file has is most likely misspelt.
    nowhere = ExitCode.REFUSED if all(outcome.absent for outcome in outcomes) else ExitCode.DONE
    return max(nowhere, *(outcome.exit_code for outcome in outcomes))


def _named(paths: tuple[str, ...], allow_path: tuple[str, ...], chosen: selecting.Chosen) -> tuple[str, ...]:
    """The files that the command line names; raises click.UsageError if it names none in any way."""
    if paths or chosen.names_files:
        return paths
    paths = instruction_source.with_stdin(tuple(dict.fromkeys(allow_path)))
    if not paths:
        raise click.UsageError("Missing argument 'FILE...'.", click.get_current_context())
    return paths


def _last(*, again: bool, refine: str | None, given: tuple[str | None, str | None], edit: bool) -> GoingOn:
    """What this run goes on from; raises UsageError if there is nothing, or if more was asked for."""
    from editsvc.cli.going_on import GoingOn

    option = "--again" if again else "--refine"
    if batching.options.said().resume:
        raise UsageError(f"--resume and {option} exclude each other.", hint="Use one of them.")
    if again and refine is not None:
        raise UsageError(
            "--again and --refine exclude each other.", hint="--refine does it again, with the wish."
        )
    if given != (None, None):
        raise UsageError(
            f"{option} has the last instruction, so it excludes -i and -F.", hint="Use one of them."
        )
    if edit and refine is not None:
        raise UsageError("--refine and -e exclude each other.", hint="--again -e opens the last instruction.")
    return GoingOn.of_last(environment.load().settings, refine)


def _on_what(
    going_on: GoingOn, paths: tuple[str, ...], scope: str, chosen: selecting.Chosen
) -> tuple[tuple[str, ...], str]:
    """The files and the scope: those of the last run, unless the command line says others."""
    if paths or chosen.names_files:
        return paths, scope
    said = click.get_current_context().get_parameter_source("scope") is not ParameterSource.DEFAULT
    return going_on.paths(), scope if said else going_on.last.scope


def _remember(options: running.Options, scope: str, outcomes: Sequence[FileOutcome]) -> None:
    from editsvc.cli.going_on import remember

    # In the editor, the last instruction may have become another one.
    going_on = options.going_on
    same = going_on is not None and going_on.instruction == options.instruction
    instructions = going_on.instructions if going_on is not None and same else (options.instruction,)
    remember(options.writing, instructions, scope, outcomes, going_on.began if going_on else {})


def _asking(options: running.Options, teller: Teller) -> Asking:
    from editsvc.cli.asking import Asking
    from editsvc.cli.keys import answers

    return Asking(options.writing, teller, answers(), quiet=options.as_json)
