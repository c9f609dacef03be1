"""Hunk by hunk, as ``git add -p`` asks: with its keys, and with what they do there."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import click

from editsvc import figures, syntax
from editsvc.cli import looks
from editsvc.cli.keys import Ended
from editsvc.cli.output import coloured_diff, coloured_line, visible
from editsvc.engine.places import places, spoken, without_unexplained
from editsvc.guard.findings import Lines, Mark
from editsvc.text.choosing import Choosable, DoesNotApply, Part, choosable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from editsvc.cli.keys import Answers
    from editsvc.engine.edit import EditResult
    from editsvc.engine.places import Place

_HELP: Final = {
    "y": "take it",
    "n": "leave it out",
    "q": "stop here: what is undecided is left out, in the files behind this one, too",
    "a": "take it, and what is undecided behind it in this file",
    "d": "leave it out, and what is undecided behind it in this file",
    "k": "go back to the undecided hunk before this one",
    "K": "go back by one hunk, decided or not",
    "j": "go on to the next undecided hunk",
    "J": "go on by one hunk, decided or not",
    "g": "go to a hunk by its number",
    "/": "find a hunk by a regular expression",
    "s": "split it where lines between its changes stay as they are",
    "e": "change its lines in your editor",
    "u": "leave out whatever the instruction does not explain, and begin again with the rest",
    "p": "show it again; P in your pager",
    "?": "list these keys",
}
_HEADING: Final = re.compile(r"[A-Za-z_$]")
_LONGEST_HEADING: Final = 60
_LISTED: Final = 20
_EDITED_FILE: Final = "hunk.diff"
_ABOVE: Final = "# Change the lines of this hunk; what each sign means stands below it.\n"
_BELOW: Final = """\
# ---
# A line with '-' goes: put a blank in place of the sign to keep it.
# A line with '+' comes: delete it, change it, or add others.
# A line with a blank in front is in the file already, and has to stay as it is.
# What is saved is taken. Without any line left the hunk stays undecided, as it was. Lines with # do not count.
"""


@dataclass(frozen=True)
class Choice:
    """An edit to choose from: its hunks, where each is, and what the instruction does not explain in it."""

    result: EditResult
    hunks: Choosable

    @classmethod
    def of(cls, result: EditResult) -> Self:
        """What there is to choose from a result that has a new text."""
        if result.after is None:
            raise ValueError("a result without a new text")
        return cls(result, choosable(_text(result.before.encode()), _text(result.after.encode())))

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The places that the edit changes."""
        return places(self.result)

    @cached_property
    def unasked(self) -> int:
        """How many hunks hold what the instruction does not explain."""
        return sum(bool(self.unexplained(part)) for part in self.hunks.parts)

    def unexplained(self, part: Part) -> str:
        """What the instruction does not explain in a hunk, which has one place or more, in words."""
        first = part.changes[0].start + part.changes[0].shift + 1
        last = max(part.changes[-1].start + part.changes[-1].shift + len(part.changes[-1].new), first)
        # A diff's lines end at \n alone, so that of a file with other line ends is one hunk with its own numbers.
        alone = len(self.hunks.parts) == 1
        inside = [place for place in self.places if alone or first <= place.new_at <= last]
        found = [place for place in inside if place.mark is Mark.UNEXPLAINED]
        if not found:
            return ""
        if len(found) == len(inside):
            return "not explained by the instruction"
        lines = spoken(place.after or Lines(place.new_at, place.new_at) for place in found)
        return f"{lines} not explained by the instruction"


@dataclass(frozen=True)
class Chosen:
    """How many of `count` hunks were taken, how many were decided, and the text with the taken ones alone.

    `left` tells that the user is done with all files.
    """

    taken: int
    decided: int
    count: int
    text: bytes
    left: bool = False

    @property
    def sentence(self) -> str:
        """What was chosen, in words."""
        if self.taken == self.count:
            words = "the only hunk taken" if self.count == 1 else f"all {self.count:,} hunks taken"
        elif self.taken:
            words = f"{self.taken:,} of {figures.count(self.count, 'hunk')} taken"
        elif self.left and not self.decided:
            words = f"none of {figures.count(self.count, 'hunk')} taken"
        else:
            words = "the only hunk left out" if self.count == 1 else f"all {self.count:,} hunks left out"
        return f"{words}, left with q" if self.left and self.decided < self.count else words


async def choose(name: str, choice: Choice, answers: Answers) -> Chosen:
    """Ask about each hunk of one file, on stderr; raises click.Abort if that is interrupted."""
    return await _Questions(name, choice, answers).asked()


class _Questions:
    """The questions about one file: which hunk is the current one, and what was decided of each."""

    def __init__(self, name: str, choice: Choice, answers: Answers) -> None:
        self._name = name
        self._choice = choice
        self._answers = answers
        self._verdicts: list[bool | None] = [None] * len(choice.hunks.parts)
        self._gone = 0  # hunks that were left out by one key
        self._index = 0
        self._again = False  # the current hunk is another one, or was changed
        self._symbols: dict[bool, list[tuple[int, int, str]]] = {}

    async def asked(self) -> Chosen:
        """Ask, until everything is decided."""
        self._introduce()
        left = False
        shown = -1
        while None in self._verdicts:
            keys = self._keys()
            if shown != self._index:
                self._show()
                shown = self._index
            try:
                key, rest = await self._answers.key(self._question(keys))
                self._again = False
                if key != "q":
                    await self._do(key, rest, keys)
            except Ended:
                key = "q"
            if self._again:
                shown = -1
            if key == "q":
                left = True
                break
        taken = [part for part, taken in zip(self._parts, self._verdicts, strict=True) if taken]
        return Chosen(
            len(taken),
            self._gone + sum(verdict is not None for verdict in self._verdicts),
            self._gone + len(self._parts),
            self._choice.hunks.text(taken).encode("utf-8", "surrogatepass"),
            left,
        )

    @property
    def _parts(self) -> tuple[Part, ...]:
        return self._choice.hunks.parts

    @property
    def _part(self) -> Part:
        return self._parts[self._index]

    def _next(self, step: int, *, undecided: bool) -> int | None:
        """The hunk before or behind the current one, if any."""
        found = range(self._index + step, len(self._parts) if step > 0 else -1, step)
        return next((at for at in found if not undecided or self._verdicts[at] is None), None)

    def _keys(self) -> dict[str, int | None]:
        """The keys that mean something now; those that lead to another hunk with that hunk."""
        keys: dict[str, int | None] = dict.fromkeys("ynqad")
        ways = {"k": (-1, True), "K": (-1, False), "j": (1, True), "J": (1, False)}
        for key, (step, undecided) in ways.items():
            at = self._next(step, undecided=undecided)
            if at is not None:
                keys[key] = at
        if len(self._parts) > 1:
            keys |= dict.fromkeys("g/")
        if self._part.can_be_split:
            keys["s"] = None
        keys["e"] = None
        if self._choice.unasked:
            keys["u"] = None
        return keys | dict.fromkeys("p?")

    def _question(self, keys: Iterable[str]) -> str:
        verdict = self._verdicts[self._index]
        was = "" if verdict is None else f" (was: {'y' if verdict else 'n'})"
        return f"({self._index + 1}/{len(self._parts)}) Take this hunk{was} [{','.join(keys)}]?"

    async def _do(self, key: str, rest: str, keys: dict[str, int | None]) -> None:
        """Do what a key stands for."""
        if key not in keys and key != "P":
            self._not_there(key)
            return
        match key:
            case "y" | "n" | "a" | "d":
                self._decide(verdict=key in "ya", rest=key in "ad")
            case "k" | "K" | "j" | "J":
                self._index = keys[key] or 0
            case "g":
                await self._go_to(rest)
            case "/":
                await self._search(rest)
            case "e":
                await self._edit()
            case "?":
                for letter in keys:
                    _say(f"{letter} - {_HELP[letter]}")
            case _:
                {"s": self._split, "u": self._leave_out, "p": self._show, "P": self._page}[key]()

    def _not_there(self, key: str) -> None:
        reasons = {
            "k": "There is no undecided hunk before this one.",
            "K": "This is the first hunk.",
            "j": "There is no undecided hunk behind this one.",
            "J": "This is the last hunk.",
            "g": "There is only this hunk.",
            "/": "There is only this hunk.",
            "s": "This hunk is one change, and cannot be split.",
            "u": "The instruction explains every hunk.",
        }
        if key:
            _say(reasons.get(key, f"{visible(key)!r} is no key here; ? lists those that are."))

    def _decide(self, *, verdict: bool, rest: bool = False) -> None:
        self._verdicts[self._index] = verdict
        if rest:
            for at in range(self._index + 1, len(self._parts)):
                if self._verdicts[at] is None:
                    self._verdicts[at] = verdict
        undecided = [at for at, one in enumerate(self._verdicts) if one is None]
        if undecided:
            self._index = next((at for at in undecided if at > self._index), undecided[0])

    async def _go_to(self, given: str) -> None:
        if not given:
            for at, part in enumerate(self._parts[:_LISTED]):
                sign = {True: "+", False: "-", None: " "}[self._verdicts[at]]
                _say(visible(f"{sign}{at + 1:>3}: {self._summary(part)}"))
            if len(self._parts) > _LISTED:
                _say(f"     and {len(self._parts) - _LISTED:,} more")
            given = (await self._answers.line("Which hunk?")).strip()
        if not given:
            return
        if not given.isdecimal():
            _say(f"{visible(given)!r} is not the number of a hunk.")
        elif not 1 <= int(given) <= len(self._parts):
            _say(f"There are {figures.count(len(self._parts), 'hunk')}.")
        else:
            self._index = int(given) - 1

    def _summary(self, part: Part) -> str:
        hunks = self._choice.hunks
        first = next(line for line in hunks.body(part) if line[0] in "+-")
        return f"{hunks.header(part)[3:-3]} {first.rstrip()}"

    async def _search(self, given: str) -> None:
        given = given or await self._answers.line("Regular expression?")
        if not given:
            return
        try:
            wanted = re.compile(given)
        except re.error as exc:
            _say(f"{visible(given)!r} is not a regular expression: {exc}.")
            return
        count = len(self._parts)
        for at in (*range(self._index, count), *range(self._index)):
            lines = [self._header(at), *self._choice.hunks.body(self._parts[at])]
            if any(wanted.search(line.rstrip("\n")) for line in lines):
                self._index = at
                return
        _say("No hunk has that.")

    def _split(self) -> None:
        made = len(self._part.changes)
        self._choice = replace(self._choice, hunks=self._choice.hunks.split(self._index))
        at = self._index
        self._verdicts[at : at + 1] = [None] * made
        self._again = True
        _say(click.style(f"Split into {made:,} hunks.", bold=True))

    async def _edit(self) -> None:
        part, hunks = self._part, self._choice.hunks
        lines = hunks.body(part)
        # In a text with other line ends than the editor's own, added lines get those of the lines around.
        crlf = all(line.endswith("\r\n") or line.startswith("\\") for line in lines)
        if crlf:
            lines = [line.replace("\r\n", "\n") for line in lines]
        written: list[str] = lines
        while True:
            written = await self._written([self._header(self._index) + "\n", *written])
            if not written:
                return
            ended = [line.removesuffix("\n") + "\r\n" for line in written] if crlf else written
            try:
                edited = hunks.edited(self._index, ended)
            except DoesNotApply as exc:
                _say(visible(str(exc)))
                if not await self._wants_to_edit_again():
                    return
                continue
            self._choice = replace(self._choice, hunks=edited)
            self._decide(verdict=True)
            return

    async def _wants_to_edit_again(self) -> bool:
        question = "Change it once more (n drops what you changed) [y,n]?"
        while True:
            key, _ = await self._answers.key(question)
            if key.lower() in {"y", "n"}:
                return key.lower() == "y"

    async def _written(self, lines: Sequence[str]) -> list[str]:
        """What the user makes of a hunk in the editor, without its header and comments."""
        import asyncio

        from editsvc.cli.instruction import open_in_editor
        from editsvc.errors import UsageError
        from editsvc.system import terminal

        with tempfile.TemporaryDirectory(prefix="editsvc-") as folder:
            path = Path(folder) / _EDITED_FILE
            path.write_bytes("".join([_ABOVE, *lines, _BELOW]).encode("utf-8", "surrogatepass"))
            with terminal.interrupts_are_for_others():
                try:
                    await asyncio.to_thread(open_in_editor, path)
                    edited = path.read_bytes().decode("utf-8-sig")
                except UsageError as exc:
                    _say(f"editsvc: {visible(exc.message)}")
                    return []
                except (OSError, UnicodeDecodeError):
                    _say("editsvc: the editor left no UTF-8 text behind.")
                    return []
        found = [line for line in re.findall(r"[^\n]*\n|[^\n]+", edited) if line[0] not in "#@"]
        return [line if line.endswith("\n") else f"{line}\n" for line in found]

    def _leave_out(self) -> None:
        before = len(self._parts)
        self._choice = Choice.of(without_unexplained(self._choice.result))
        self._gone += before - len(self._parts)
        self._verdicts = [None] * len(self._parts)
        self._index = 0
        self._symbols.clear()
        self._again = True
        if self._parts:
            self._introduce()

    def _introduce(self) -> None:
        unasked = self._choice.unasked
        more = f", {unasked:,} of them with what the instruction does not explain" if unasked else ""
        count = figures.count(len(self._parts), "hunk")
        _say(click.style(visible(f"{self._name}: {count}{more}"), bold=True))

    def _drawn(self) -> list[str]:
        lines = [line.rstrip("\n") for line in self._choice.hunks.body(self._part)]
        return [coloured_line(self._header(self._index)), *coloured_diff(lines)]

    def _show(self) -> None:
        for line in self._drawn():
            _say(line)

    def _page(self) -> None:
        from editsvc.cli import pager

        command = pager.wanted()
        if command is None or not pager.page(command, "\n".join([*self._drawn(), ""])):
            self._show()

    def _header(self, index: int) -> str:
        part = self._parts[index]
        heading = self._heading(part)
        unexplained = self._choice.unexplained(part)
        words = " · ".join(filter(None, (heading, unexplained)))
        return f"{self._choice.hunks.header(part)} {words}".rstrip()

    def _heading(self, part: Part) -> str:
        """The innermost definition around the first change; without one, the line that git would take."""
        change = part.changes[0]
        line = change.start + change.shift if change.new else change.start
        inside = [(first, last, name) for first, last, name in self._definitions(new=bool(change.new))]
        found = [name for first, last, name in inside if first <= line <= last]
        if found:
            return found[-1]
        if self._symbols[bool(change.new)]:
            return ""
        above = (line for line in reversed(self._choice.hunks.lines[: part.first]) if _HEADING.match(line))
        return next(above, "").rstrip()[:_LONGEST_HEADING]

    def _definitions(self, *, new: bool) -> list[tuple[int, int, str]]:
        """The first and the last line of each definition of a text, 0-based, and its name."""
        if new not in self._symbols:
            result = self._choice.result
            snapshot = result.after if new and result.after is not None else result.before
            text = _text(snapshot.encode())
            language = syntax.language_of(self._name, text.partition("\n")[0])
            found = [] if language is None else syntax.definitions(text, language)
            self._symbols[new] = [
                (
                    text.count("\n", 0, one.start),
                    text.count("\n", 0, max(one.start, one.end - 1)),
                    one.qualified,
                )
                for one in found
            ]
        return self._symbols[new]


def _say(line: str) -> None:
    click.echo(line, err=True, color=looks.coloured(sys.stderr))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
