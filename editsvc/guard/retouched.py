"""Lines that a reply kept, but in another dress: the old bytes are put back where that is beyond doubt.

Models straighten quotes, compose letters, turn tabs into spaces and restyle strings on lines that nobody spoke of. Such
a line is its old self under a fold (`editsvc.guard.fold`), and the old bytes are right unless the instruction speaks of
it. What people's own tools do beside an edit as well (quotes of strings, line ends, blank lines) is put back only if
the instruction states one change in full; else the model is asked again.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from editsvc.guard.findings import Answer, Check, Finding, Lines
from editsvc.guard.fold import FOLDS, Dress
from editsvc.guard.kept import kept_lines
from editsvc.guard.named import without_names
from editsvc.guard.spoken import TYPOGRAPHY, speaks_of, speaks_of_blank_lines
from editsvc.guard.whitespace import (
    blank_lines,
    dedented_pieces,
    indent_of,
    is_hard_break,
    lost_indentation,
    rescaled,
    tabs_and_spaces,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from collections.abc import Set as AbstractSet

    from editsvc.guard.kept import Gap, Kept, Twin
    from editsvc.guard.proposal import Proposal
    from editsvc.instruction.intent import Intent

_FAR: Final = 3  # lines away from any edit; fewer may be a person's editor at work
_SWEPT: Final = 3
_FEW: Final = 2
_FAR_INDENTED: Final = 5
_REWRITTEN: Final = 20
_FAR_LARGER: Final = 5  # times
_FINE: Final = frozenset({Dress.QUOTES, Dress.DASHES, Dress.SIGNS, Dress.SPACES})
_UNSEEN: Final = frozenset({Dress.INVISIBLE, Dress.SPACES})  # one may go by pasting or retyping a line
_ONE_MAY_BE_MEANT: Final = _UNSEEN | {Dress.NUMBERS}
_QUOTES_DIFFER: Final = frozenset(
    {"c", "cpp", "csharp", "go", "java", "kotlin", "rust", "swift", "zig", "haskell"}
)
# Tools and people sweep these over a whole file as they edit it; only if one thing was asked for, that is beyond doubt.
_TASTE: Final = frozenset({Dress.STRING_QUOTES, Dress.LINE_ENDS, Dress.COLUMNS, Dress.BACKSLASHES})
_PARTS: Final = frozenset({Dress.INDENTATION, Dress.TRAILING})
_ELSEWHERE: Final = frozenset({Dress.INDENTATION, Dress.ENCODING})  # rules of their own, below
_KINDS: Final = {
    Dress.ENTITIES: Check.ENTITIES,
    Dress.TRAILING: Check.WHITESPACE,
    Dress.TABS: Check.WHITESPACE,
    Dress.COLUMNS: Check.WHITESPACE,
    Dress.SPACING: Check.WHITESPACE,
    Dress.INDENTATION: Check.INDENTATION,
}
_WHEN: Final = "if that is intended"
_TOKEN: Final = re.compile("\\w[\\w\u0300-\u036f]*|.", re.DOTALL)
_INNER_GAP: Final = re.compile(r"(?<=\S)[ \t]+(?=\S)")
_NUMBER: Final = re.compile(r"\d[\d.]*")
_GARBLED: Final = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_UNKNOWN: Final = re.compile("\ufffd")
_ENTITY: Final = re.compile(r"&(?:lt|gt|amp|quot|#39|#x27|apos);")


@dataclass
class _Mending:
    """A new text on its way to be mended: its lines, and what was found."""

    proposal: Proposal
    kept: Kept
    lines: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def intent(self) -> Intent:
        """What the instruction says, names of the document apart."""
        return without_names(self.proposal.intent, self.proposal.before, self.proposal.after)

    def note(
        self, kind: Check, message: str, answer: Answer, old: Collection[int], new: Collection[int]
    ) -> None:
        """Add a finding about these lines, 0-based."""
        self.findings.append(Finding(kind, message, answer, _lines(old), _lines(new), _WHEN))

    def note_twins(self, dress: Dress, twins: list[Twin], outcome: str, answer: Answer) -> None:
        """Add a finding about kept lines in another dress."""
        message = f"{_count(len(twins))} that the reply keeps came back with other {dress.value}{outcome}."
        old, new = [twin.old for twin in twins], [twin.new for twin in twins]
        self.note(_kind(dress), message, answer, old, new)

    def speaks_of(self, dress: Dress, twins: list[Twin]) -> bool:
        """Whether the instruction speaks of the dress of these lines."""
        old, new = self.proposal.old, self.proposal.new
        return speaks_of(self.intent, dress, ((old[twin.old], new[twin.new]) for twin in twins))


def restore(proposal: Proposal, waived: Collection[Check] = ()) -> tuple[str, list[Finding]]:
    """The new text with the old bytes where a reply only changed a line's dress, and what was found.

    Findings with `Answer.RESTORE` tell what was put back; the others what may be damage and was not put back. A reply
    that does nothing but change the dress of lines is left as it is: it may be what was asked for. Kinds in `waived`
    are left alone.
    """
    if not proposal.spans:
        return proposal.after, []
    kept = kept_lines(proposal)
    mending = _Mending(proposal, kept, list(proposal.new))
    _twins(mending, waived)
    if Check.INDENTATION not in waived:
        _indentation(mending)
    if Check.WHITESPACE not in waived:
        _blank_lines(mending)  # last of those that count in new lines, since it changes their number
    if Check.RETOUCHED not in waived:
        _wrong_letters(mending)
    text = "".join(mending.lines)
    nothing_else = (kept.twins or kept.gaps) and not (kept.edited or kept.gone)
    if text == proposal.before or (nothing_else and text != proposal.after):
        return proposal.after, _nothing_else(mending)
    return text, mending.findings


def _nothing_else(mending: _Mending) -> list[Finding]:
    """What to say of a reply that only changes the dress of lines, though the instruction does not speak of it."""
    meant = not mending.proposal.intent.understood or any(t.dresses - _ALWAYS for t in mending.kept.twins)
    insists = Answer.ASK_THEN_WARN if meant else Answer.ASK_THEN_REFUSE
    return [
        Finding(
            finding.kind,
            finding.message.replace("; the old ones were put back", ", and nothing else changed"),
            insists,
            finding.before,
            finding.after,
            finding.when,
        )
        for finding in mending.findings
        if finding.answer is Answer.RESTORE
    ]


def _twins(mending: _Mending, waived: Collection[Check]) -> None:
    """Put the old text of kept lines back, as far as their dresses are beyond doubt."""
    groups: dict[Dress, list[Twin]] = defaultdict(list)
    for twin in mending.kept.twins:
        for dress in twin.dresses:
            if dress not in _ELSEWHERE and _kind(dress) not in waived:
                groups[dress].append(twin)
    sure = {
        dress: {twin.new for twin in _beyond_doubt(dress, group, mending)} for dress, group in groups.items()
    }
    doubtful = {}
    if not mending.proposal.intent.narrow:
        doubtful = {dress: sure.pop(dress) for dress in _TASTE & sure.keys() if sure[dress]}
    done: dict[Dress, list[Twin]] = defaultdict(list)
    for twin in mending.kept.twins:
        parts = {dress for dress in twin.dresses if twin.new in sure.get(dress, ())}
        if not twin.dresses - _PARTS <= parts:
            parts &= _PARTS
        if parts:
            old, new = mending.proposal.old[twin.old], mending.lines[twin.new]
            mending.lines[twin.new] = _dressed(old, new, twin, parts)
            for dress in filter(parts.__contains__, Dress):  # not as a set has it: findings come in one order
                done[dress].append(twin)
    for dress, twins in done.items():
        mending.note_twins(dress, twins, "; the old ones were put back", Answer.RESTORE)
    _ask_about_the_rest(groups, sure, doubtful, mending)
    _edited_lines(mending, done)
    if Dress.TABS in done:
        _columns_of_edited_lines(mending, done[Dress.TABS][0])


def _ask_about_the_rest(
    groups: dict[Dress, list[Twin]],
    sure: dict[Dress, set[int]],
    doubtful: dict[Dress, set[int]],
    mending: _Mending,
) -> None:
    """Ask about lines whose old dress is not beyond doubt, though nobody spoke of it."""
    kept = mending.kept
    edits = bool(kept.edited or kept.gone)
    for dress, numbers in doubtful.items():
        answer = Answer.ASK_THEN_REFUSE if edits else Answer.ASK_THEN_WARN
        mending.note_twins(dress, [twin for twin in groups[dress] if twin.new in numbers], "", answer)
    for dress in (Dress.STRING_QUOTES, Dress.TABS, Dress.SPACES, Dress.INVISIBLE, Dress.NUMBERS):
        twins = [twin for twin in groups.get(dress, ()) if twin.new not in sure.get(dress, ())]
        unseen = (
            bool(twins) and dress in _ONE_MAY_BE_MEANT and len(kept.edited) + len(kept.gone) <= _REWRITTEN
        )
        far = len(twins) >= _SWEPT or any(not kept.is_near(twin.new) for twin in twins)
        if edits and (far or unseen) and dress not in doubtful and not mending.speaks_of(dress, twins):
            # Where quotes tell characters from strings, other ones are another program, and mostly meant.
            meant = dress is Dress.STRING_QUOTES and _tells_quotes_apart(mending.proposal)
            many = len(twins) >= _SWEPT and not meant and not _is_far_larger(mending, len(twins))
            hidden = unseen and dress in _UNSEEN
            sweeping = many or mending.proposal.intent.narrow or hidden
            mending.note_twins(dress, twins, "", Answer.ASK_THEN_REFUSE if sweeping else Answer.ASK_THEN_WARN)


def _kind(dress: Dress) -> Check:
    return _KINDS.get(dress, Check.RETOUCHED)


def _dressed(old: str, new: str, twin: Twin, parts: AbstractSet[Dress]) -> str:
    """The old line, but for the indentation or the white space at its end where those are to stay new."""
    text, end = old.rstrip("\n"), new[len(new.rstrip("\n")) :]
    fresh = new.rstrip("\n")
    if Dress.INDENTATION in twin.dresses:
        text = indent_of(new) + text.lstrip(" \t")
    if Dress.TRAILING in twin.dresses and Dress.TRAILING not in parts:
        text = text.rstrip(" \t") + fresh[len(fresh.rstrip(" \t")) :]
    if not (parts - _PARTS):
        body = fresh.strip(" \t")
        lead = fresh[: len(fresh) - len(fresh.lstrip(" \t"))]
        text = lead + body + old.rstrip("\n")[len(old.rstrip("\n").rstrip(" \t")) :]
    return text + end


def _beyond_doubt(dress: Dress, twins: list[Twin], mending: _Mending) -> list[Twin]:
    """Those of the lines whose old `dress` is right."""
    proposal, kept = mending.proposal, mending.kept
    old, new = proposal.old, proposal.new
    if mending.speaks_of(dress, twins):
        return []
    fits = _FITS.get(dress)
    twins = [twin for twin in twins if fits is None or fits(old[twin.old], new[twin.new])]
    if not twins:
        return []
    if dress is Dress.NUMBERS:
        if len(twins) == 1 and not proposal.intent.narrow and _is_far_larger(mending, 1):
            return []  # one number may be a part of a larger edit
        named = set(_NUMBER.findall(proposal.intent.literal))
        return [twin for twin in twins if not named & set(_NUMBER.findall(new[twin.new]))]
    if proposal.intent.narrow and dress is not Dress.LINE_ENDS:
        return twins
    if dress in _ALWAYS:
        finer = any(_is_finer(old[twin.old], new[twin.new]) for twin in twins) and dress in _FINE
        return [] if _are_few(twins, mending) or (finer and not _outweighs(twins, _SWEPT, mending)) else twins
    if dress is Dress.TABS:
        return twins if _is_table(proposal) and _is_sweep(dress, twins, mending) else []
    if dress is Dress.TRAILING:
        return _hard_breaks(twins, mending)
    if dress is Dress.BACKSLASHES and (len(twins) >= _FEW or not kept.is_near(twins[0].new)):
        return twins if _outweighs(twins, 1, mending) else []
    if dress is Dress.SPACING or (dress is Dress.STRING_QUOTES and _tells_quotes_apart(proposal)):
        return []
    far = [twin for twin in twins if not kept.is_near(twin.new)]
    if len(far) >= _FAR and (kept.edited or kept.gone) and _outweighs(twins, _FAR, mending):
        return _ended(far, twins, mending) if dress is Dress.LINE_ENDS else twins
    return twins if _is_sweep(dress, twins, mending) else []


def _outweighs(twins: list[Twin], least: int, mending: _Mending) -> bool:
    """Whether so many lines came in another dress that the edit beside them is hardly what did it."""
    edits = max(len(mending.kept.edited), len(mending.kept.gone))
    return len(twins) >= max(least, edits)


def _is_far_larger(mending: _Mending, lines: int) -> bool:
    """Whether the edit is so much larger than the `lines` that look different that these are a part of it."""
    return max(len(mending.kept.edited), len(mending.kept.gone)) >= _FAR_LARGER * lines


def _is_finer(old: str, new: str) -> bool:
    """Whether plain characters became typographic ones: people do that to a few lines as they pass."""
    return len(new.encode()) - len(new) > len(old.encode()) - len(old)


def _tells_quotes_apart(proposal: Proposal) -> bool:
    """Whether other quotes make another value in the document's language: a character, a symbol, plain text."""
    return proposal.language is not None and proposal.language.name in _QUOTES_DIFFER


def _ended(far: list[Twin], twins: list[Twin], mending: _Mending) -> list[Twin]:
    """The lines whose last sign is to be put back: beside an edit a comma may be needed, or too many."""
    near = {number + beside for number in mending.kept.edited for beside in (-1, 0, 1)}
    old = mending.proposal.old
    return [
        twin for twin in twins if twin in far or twin.new not in near or old[twin.old].rstrip().endswith(";")
    ]


def _are_few(twins: list[Twin], mending: _Mending) -> bool:
    """Whether so few lines have another dress beside so large an edit that a person may have done it as they passed."""
    kept = mending.kept
    moved = len(twins) == 1 and Dress.INDENTATION in twins[0].dresses and kept.is_near(twins[0].new)
    edits = len(kept.edited) + len(kept.gone)
    unseen = len(twins) == 1 and twins[0].dresses <= _UNSEEN
    return moved or unseen or (len(twins) < _SWEPT and edits > _REWRITTEN)


def _is_table(proposal: Proposal) -> bool:
    """Whether most lines have the same tabs between words, and as many."""
    return _columns(proposal) > 0


def _columns(proposal: Proposal) -> int:
    """How many tabs stand between the words of most lines; 0 if there is no such number."""
    tabs = Counter(line.strip().count("\t") for line in proposal.old if line.strip())
    columns, count = tabs.most_common(1)[0]
    return columns if 2 * count > tabs.total() else 0


def _is_sweep(dress: Dress, twins: list[Twin], mending: _Mending) -> bool:
    """Whether every kept line of the document that could lose its `dress` did, and more of them than were edited."""
    proposal, kept = mending.proposal, mending.kept
    shows = _SHOWS.get(dress)
    least = _FEW if dress is Dress.TABS else _SWEPT
    if shows is None or len(twins) < max(least, len(kept.edited), len(kept.gone)):
        return False
    changed = {twin.old for twin in twins} | set(kept.gone)
    old, new = proposal.old[twins[0].old], proposal.new[twins[0].new]
    return not any(shows(line, old, new) for number, line in enumerate(proposal.old) if number not in changed)


def _hard_breaks(twins: list[Twin], mending: _Mending) -> list[Twin]:
    """The lines of a Markdown page that lost the two spaces which break them, if two or more did; others with them."""
    proposal = mending.proposal
    added = [t for t in twins if len(_end(proposal.new[t.new])) > len(_end(proposal.old[t.old]))]
    if len(added) >= _SWEPT and (mending.kept.edited or mending.kept.gone):
        return added
    if proposal.language is None or proposal.language.name != "markdown":
        return []
    breaks = [twin for twin in twins if is_hard_break(proposal.old, twin.old)]
    return [t for t in twins if len(_end(proposal.old[t.old])) > 1] if len(breaks) >= _FEW else []


def _end(line: str) -> str:
    text = line.rstrip("\n")
    return text[len(text.rstrip(" \t")) :]


def _count_of(pattern: str) -> Callable[[str], int]:
    found = re.compile(pattern)
    return lambda line: len(found.findall(line))


_LETTERS = _count_of(r"[^\W\d_\x00-\x7f]|[\u0300-\u036f]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)


def _only_lost_or_only_added(old: str, new: str) -> bool:
    before, after = Counter(_HIDDEN.findall(old)), Counter(_HIDDEN.findall(new))
    return before <= after or after <= before


def _same_line_ends(old: str, new: str) -> bool:
    """Whether a semicolon or comma was only dropped, or only added."""
    before, after = old.rstrip("\n \t"), new.rstrip("\n \t")
    return before.startswith(after) or after.startswith(before)


_FITS: Final[dict[Dress, Callable[[str, str], bool]]] = {
    Dress.ACCENTS: lambda old, new: _LETTERS(old) > _LETTERS(new),
    Dress.NUMBERS: lambda old, new: len(new) < len(old),
    Dress.INVISIBLE: _only_lost_or_only_added,
    Dress.BACKSLASHES: lambda old, new: old.count("\\") > new.count("\\"),
    Dress.LINE_ENDS: _same_line_ends,
    Dress.COLUMNS: lambda old, new: "  " in old.strip() and "  " not in new.strip(),
}
"""What must hold of a line, beyond the fold, for a dress to be damage: letters are lost, and not put right."""

_ALWAYS: Final = TYPOGRAPHY - {Dress.BACKSLASHES}
"""Dresses whose old bytes are right on any kept line."""

_SHOWS: Final[dict[Dress, Callable[[str, str, str], bool]]] = {
    Dress.STRING_QUOTES: lambda line, old, new: any(
        sign in line for sign in "\"'`" if old.count(sign) > new.count(sign)
    ),
    Dress.TABS: lambda line, old, new: (
        "\t" in line.strip() and "\t" in old.strip() and "\t" not in new.strip()
    ),
    Dress.COLUMNS: lambda line, old, new: "  " in line.strip() and len(new) < len(old),
    Dress.LINE_ENDS: lambda line, old, new: (
        line.rstrip().endswith(old.rstrip()[-1:])
        if len(old) > len(new)
        else line.rstrip().endswith(new.rstrip()[-1:])
    ),
}
"""Whether a line has what another one, which came back as a new one, has lost."""


def _edited_lines(mending: _Mending, done: dict[Dress, list[Twin]]) -> None:
    """Put the old characters back at either end of edited lines, where kept lines show that the reply changed all."""
    dresses = [
        dress for dress in FOLDS if dress in done and dress in _ALWAYS - {Dress.ENTITIES, Dress.NUMBERS}
    ]
    proposal = mending.proposal
    if dresses:
        for here, there in mending.kept.edits:
            mending.lines[there] = _with_old_ends(proposal.old[here], mending.lines[there], dresses)
    _escaped_edits(mending, everywhere=Dress.ENTITIES in done)


def _escaped_edits(mending: _Mending, *, everywhere: bool) -> None:
    """Take entities out of edited lines that had plain characters, if kept lines came back so too; else ask."""
    proposal = mending.proposal
    if mending.intent.respells or _ENTITY.search(proposal.before):
        return
    escaped = [
        (here, there)
        for here, there in mending.kept.edits
        if (found := _ENTITY.findall(mending.lines[there]))
        and all(html.unescape(entity) in proposal.old[here] for entity in found)
    ]
    if not escaped:
        return
    if everywhere:
        for _, there in escaped:
            mending.lines[there] = _ENTITY.sub(lambda match: html.unescape(match[0]), mending.lines[there])
    old, new = [here for here, _ in escaped], [there for _, there in escaped]
    outcome = "; plain ones were put back" if everywhere else ""
    mending.note(
        Check.ENTITIES,
        f"{_count(len(escaped))} with plain characters came back with HTML entities{outcome}.",
        Answer.RESTORE if everywhere else Answer.ASK_THEN_REFUSE,
        old,
        new,
    )


def _with_old_ends(old: str, new: str, dresses: list[Dress]) -> str:
    """`new` with what it begins and ends with as `old` has it, as far as they are equal but for `dresses`."""
    olds, news = _tokens(old, dresses), _tokens(new, dresses)
    shorter = min(len(olds), len(news))
    head = next((i for i in range(shorter) if olds[i][0] != news[i][0]), shorter)
    tail = next((i for i in range(shorter - head) if olds[-1 - i][0] != news[-1 - i][0]), shorter - head)
    middle = news[head : len(news) - tail]
    return "".join(raw for _, raw in (*olds[:head], *middle, *olds[len(olds) - tail :]))


def _tokens(line: str, dresses: list[Dress]) -> list[tuple[str, str]]:
    """The words and signs of `line`, folded and as they are; what folds to nothing belongs to what it follows."""
    tokens: list[tuple[str, str]] = []
    for raw in _TOKEN.findall(line):
        folded = raw
        for dress in dresses:
            folded = FOLDS[dress](folded) if not raw.isspace() or dress is Dress.SPACES else folded
        if not folded and tokens:
            tokens[-1] = tokens[-1][0], tokens[-1][1] + raw
        else:
            tokens.append((folded, raw))
    return tokens


def _columns_of_edited_lines(mending: _Mending, twin: Twin) -> None:
    """Give edited lines of a table the tabs that all its lines have; ask where it is not clear which gaps they were."""
    proposal, columns = mending.proposal, _columns(mending.proposal)
    if not columns:
        return
    made = Counter(map(len, _INNER_GAP.findall(proposal.new[twin.new]))).most_common(1)[0][0]
    unclear = []
    for number in mending.kept.edited:
        line = mending.lines[number]
        if "\t" in line:
            continue
        gaps = [
            gap
            for gap in _INNER_GAP.finditer(line)
            if len(gap.group()) == made or made > 1 < len(gap.group())
        ]
        if len(gaps) != columns:
            unclear.append(number)
            continue
        for gap in reversed(gaps):
            line = f"{line[: gap.start()]}\t{line[gap.end() :]}"
        mending.lines[number] = line
    if unclear:
        mending.note(
            Check.WHITESPACE,
            f"{_count(len(unclear))} of the table came back without the tabs between the columns.",
            Answer.ASK_THEN_REFUSE,
            [],
            unclear,
        )


def _indentation(mending: _Mending) -> None:
    """Put tabs, spaces and the width of indentation back where the file has them throughout."""
    proposal, kept = mending.proposal, mending.kept
    if mending.intent.reindents or speaks_of(mending.intent, Dress.INDENTATION):
        return
    indents = tabs_and_spaces(proposal, kept)
    what = "tabs and spaces mixed up"
    if not indents:
        indents, what = dedented_pieces(proposal, kept), "another indentation"
    scaled = rescaled(proposal, kept) if not indents else None
    if scaled:
        sure = (not scaled.factor or proposal.intent.narrow) and not scaled.unclear
        indents = scaled.indents if sure else {}
    for number, indent in indents.items():
        mending.lines[number] = indent + mending.lines[number].lstrip(" \t")
    if indents:
        mending.note(
            Check.INDENTATION,
            f"{_count(len(indents))} came back with {what}; the old ones were put back.",
            Answer.RESTORE,
            [kept.by_new[number].old for number in indents if number in kept.by_new],
            indents,
        )
        return
    lost = lost_indentation(proposal, kept)
    far = [twin for twin in kept.twins if Dress.INDENTATION in twin.dresses and not kept.is_near(twin.new)]
    if scaled:
        mending.note(
            Check.INDENTATION,
            "The whole document came back with another indentation, but the instruction does not ask for that.",
            Answer.ASK_THEN_REFUSE,
            [],
            scaled.indents,
        )
    elif lost:
        mending.note(
            Check.INDENTATION,
            f"{_count(len(lost))} lost their indentation in the reply, but the instruction does not ask for that.",
            Answer.ASK_THEN_REFUSE,
            [twin.old for twin in lost],
            [twin.new for twin in lost],
        )
    elif len(far) >= _FAR_INDENTED and (kept.edited or kept.gone):
        mending.note(
            Check.INDENTATION,
            f"{_count(len(far))}, far from what was asked for, came back with another indentation.",
            Answer.ASK_THEN_WARN,
            [twin.old for twin in far],
            [twin.new for twin in far],
        )


def _blank_lines(mending: _Mending) -> None:
    """Put blank lines back that were dropped or added everywhere at once."""
    proposal, kept = mending.proposal, mending.kept
    if not kept.gaps or speaks_of_blank_lines(mending.intent):
        return
    blanks = blank_lines(proposal, kept)
    narrow = proposal.intent.narrow
    sure = sorted({*blanks.feeds, *(blanks.swept + blanks.far if narrow else ())})
    for gap in reversed(sure):
        mending.lines[gap.new_start : gap.new_end] = proposal.old[gap.old_start : gap.old_end]
    # Where nothing else changes, they are what the edit is about.
    alone = all(
        not line.strip()
        for span in proposal.spans
        for line in (
            *proposal.old[span.old_start : span.old_end],
            *proposal.new[span.new_start : span.new_end],
        )
    )
    meant = alone or _is_far_larger(mending, len(blanks.swept))
    swept_answer = Answer.ASK_THEN_WARN if meant else Answer.ASK_THEN_REFUSE
    for gaps, answer, said in (
        (sure, Answer.RESTORE, "; the old ones were put back"),
        ([] if narrow else blanks.swept, swept_answer, ""),
        ([] if narrow else blanks.far, Answer.ASK_THEN_WARN, ""),
    ):
        if gaps:
            mending.note(
                Check.WHITESPACE,
                f"The reply has other blank lines in {len(gaps)} places that nobody spoke of{said}.",
                answer,
                _all(gaps, 0),
                _all(gaps, 2),
            )


def _all(gaps: list[Gap], side: int) -> list[int]:
    return [gap[side + at] - at for gap in gaps for at in (0, 1) if gap[side] < gap[side + 1]]


def _wrong_letters(mending: _Mending) -> None:
    """Ask about letters that were read in the wrong encoding, or lost where no old line tells them.

    Nothing is put back then: what was edited came through the same hands.
    """
    proposal = mending.proposal
    if proposal.after.isascii() or speaks_of(mending.intent, Dress.ENCODING):
        return
    text = "".join(mending.lines)
    bad = {twin.new for twin in mending.kept.twins if Dress.ENCODING in twin.dresses}
    for pattern, least in ((_UNKNOWN, 1), (_GARBLED, _FEW)):
        if len(pattern.findall(text)) - len(pattern.findall(proposal.before)) >= least:
            bad |= {
                n
                for span in proposal.spans
                for n in range(span.new_start, span.new_end)
                if pattern.search(proposal.new[n])
            }
    if bad:
        mending.note(
            Check.RETOUCHED,
            f"{_count(len(bad))} of the reply came back with letters that were lost, or read in the wrong encoding.",
            Answer.ASK_THEN_REFUSE,
            [],
            bad,
        )


def _count(lines: int) -> str:
    return "One line" if lines == 1 else f"{lines} lines"


def _lines(numbers: Collection[int]) -> Lines | None:
    return Lines(min(numbers) + 1, max(numbers) + 1) if numbers else None
