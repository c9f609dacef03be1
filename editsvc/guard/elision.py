"""Lines of a reply that stand in for code it leaves out, in any words and any dress.

Three kinds: a remark that says nothing but that something stays as it was; a comment that is all that came for several
lines of code, whatever it says; an empty body where there was a full one. A remark in other words, beside new code, is
none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.guard.changes import tells
from editsvc.guard.findings import Answer, Check, Finding, Lines, quoted
from editsvc.guard.similarity import similarity, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from editsvc.guard.changes import Change
    from editsvc.guard.proposal import Proposal
    from editsvc.text.diff import Span

_DOTS: Final = r"(?:\.{3,}|…|⋯|……)"
# How remarks begin in any language, and what stands around words that are no code.
_MARK: Final = r"(?:\#+|//+|/\*+|\*(?!\w)|<!--+|--+|;+|%+|\{\s*/\*|'''|\"\"\"|\(\*|\{-|@\*|REM\b|rem\b)"
_DRESSED: Final = re.compile(rf"\s*(?:{_MARK}|[\[(<{{（【]|{_DOTS})")  # noqa: RUF001 - what such remarks begin with
_COMMENTED: Final = re.compile(rf"\s*{_MARK}")
_BEHIND_CODE: Final = re.compile(r"\S\s+(?P<remark>(?:\#|//|/\*|<!--|--)\s*\S.*)$")
_ALL_DOTS: Final = ("...", "…", "⋯")
_ALL_MARKS: Final = ("#", "//", "/*", "<!--", "--")
_CODE: Final = re.compile(r"[=(){}\[\];:<>\"'`]")
_ONLY_DOTS: Final = re.compile(
    rf"\s*{_MARK}?\s*[\[(<{{]?\s*{_DOTS}\s*[\])>}}]?\s*(?:\*+/\s*\}}?|--+>|\*\)|-\}})?\s*"
)
_DOTS_FIRST: Final = re.compile(rf"\W*?{_DOTS}(?!\w)")
_DOTS_LAST: Final = re.compile(rf"{_DOTS}\W*$")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

# Words of remarks that stand for what was there; with one of the first, and only words of both, a remark says nothing
# else. They only have to tell remarks that stand beside other new lines: what stands alone is told without words.
_SAYING: Final = """
rest remainder remaining existing unchanged same previous previously omitted omit unmodified untouched unaltered
original brevity truncated skipped snip snipped elided abbreviated identical before
restliche restlicher restliches restlichen übrige übriger übriges übrigen bestehende bestehender bestehendes bestehenden
vorhandene vorhandener vorhandenen unverändert unveränderte unveränderter gleich gleiche zuvor vorher bisher bisherige
bisheriger ausgelassen weggelassen gekürzt
ongewijzigd onveranderd bestaande weggelaten hetzelfde
reste inchangé inchangée inchangés inchangées existant existante existants identique identiques omis omise omises
précédent même avant
resto cambios existente existentes igual omitido omitida mismo misma antes anterior
inalterado inalterada alterações mesmo
invariato invariata esistente omesso uguale prima
reszta zmian istniejący pominięto
остальной остальная остальное остальные изменений существующий существующая прежний прежнему раньше опущено пропущено
неизменно
решта змін існуючий
"""
_FILLING: Final = """
the of your this that is are as for in to all with remains remain stays stay left it its and above below here more other
code implementation implementations method methods function functions line lines content contents file body logic class
section part no not change changes changed needed kept keep continue continues
der die das des dem den bleibt bleiben wie hier oben unten siehe inhalt methoden methode funktionen funktion und zeilen
datei teil klasse keine änderung änderungen weiter ist sind
de het blijft als hierboven
le la les du est sont comme ci-dessus dessus suite méthodes fonctions fichier sans changement changements
el los las del que se mantiene permanece sin código métodos funciones archivo
do da sem
il lo gli della di come codice senza modifiche rimane
kodu kod bez jak wyżej
часть кода код без как и выше далее здесь остаётся остается файла методы функции тот же до по
коду
"""
_SAYS: Final = frozenset(_SAYING.split())
_MAY_SAY: Final = frozenset(_FILLING.split())
# Scripts without blanks between words: what remains of a remark when these are taken out.
_UNSPACED: Final = re.compile(
    "其余|剩余|其他|其它|代码|保持|不变|现有|原有|原来|省略|同上|以下|以上|部分|此处|这里|没有|变化|更改|修改|内容|与|之前|相同|一致|"
    "未|的|和|无|变|文件|方法|函数|后面|前面|"
    "残り|既存|コード|変更|なし|同じ|以前|そのまま|同様|ここ|略|中略|後略|は|が|の|と|に|を|です|する|します|上記|"
    "나머지|기존|코드|동일|생략|변경|없음|이전|그대로|부분|내용|과|와|은|는|의|이|함"
)
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STUB: Final = re.compile(
    r"\s*(?:pass|\.\.\.|…|:|todo!\(.*\)|unimplemented!\(.*\)|raise NotImplementedError\b.*|return;?|"
    r"throw new (?:\w*(?:NotImplemented|Unsupported|NotSupported)\w*|Error\(['\"](?:not |un)implemented.*)\(?.*|"
    r"panic\(.*implement.*\)|fatalError\(.*\)|TODO\(.*\))\s*;?\s*(?:(?:\#|//|--|/\*).*)?"
)
# What a block belongs to that is no definition's body.
_CONTROL: Final = re.compile(
    r"\s*(?:\}|(?:if|else|try|for|foreach|while|switch|do|catch|finally|case|loop|match|unless|using|with|lock)\b)"
)
_BARE: Final = frozenset({"...", "…"})
_ALONE: Final = 3  # lines of code that a remark alone stands for, at least
_MANY: Final = 5
_REMARKS: Final = 2
_BESIDE: Final = 5  # lines that merely changed beside such a remark
_ALIKE: Final = 0.6
_STEM: Final = 5  # letters that two forms of a word share


def elided(proposal: Proposal) -> Iterator[Finding]:
    """What stands in for code that the reply leaves out, the first line of it."""
    if proposal.before == proposal.after:
        return
    changes = proposal.changes
    if not any(change.gone for change in changes):
        return
    found = _remark(proposal) or _alone(proposal, changes) or _stub(proposal, changes)
    if found is not None:
        number, answer = found
        yield Finding(
            Check.ELISION,
            f"Line {number + 1} of the reply stands in for code that it leaves out: {quoted(proposal.new[number])}",
            answer,
            after=Lines(number + 1, number + 1),
            when="if the line is intended",
        )


def _remark(proposal: Proposal) -> tuple[int, Answer] | None:
    """The first new line that says of other lines that they stay, and nothing else."""
    came = {line.strip() for span in proposal.spans for line in proposal.new[span.new_start : span.new_end]}
    known = came & proposal.original.contents.keys()
    python = proposal.language is not None and proposal.language.name == "python"
    once = proposal.original.once
    for span in proposal.spans:
        lost = (span.old_end - span.old_start) - (span.new_end - span.new_start)
        if any(once(stands_in, line.rstrip("\n")) for line in proposal.old[span.old_start : span.old_end]):
            continue  # such a line was there before
        for number in range(span.new_start, span.new_end):
            line = proposal.new[number].rstrip("\n")
            if line.strip() in known:
                continue
            if line.strip() in _BARE:
                found = lost >= (_ALONE if python else 1) and not proposal.intent.stubs
            else:
                found = once(stands_in, line) and not _goes_on(number, span, proposal.new)
            if found and not _said(line, proposal):
                return number, Answer.ASK_THEN_REFUSE
    return None


def _goes_on(number: int, span: Span, new: Sequence[str]) -> bool:
    """Whether a remark is part of a longer new comment, which says more."""
    return not _ONLY_DOTS.fullmatch(new[number].rstrip("\n")) and any(
        _COMMENTED.match(new[beside]) and not stands_in(new[beside].rstrip("\n"))
        for beside in (number - 1, number + 1)
        if span.new_start <= beside < span.new_end
    )


def stands_in(line: str) -> bool:
    """Whether `line` says, by dots or words, that something stays as it was, and nothing else."""
    if any(dots in line for dots in _ALL_DOTS) and _ONLY_DOTS.fullmatch(line):
        return True
    if _DRESSED.match(line):
        return _says_only_that(line)
    behind = _BEHIND_CODE.search(line) if any(mark in line for mark in _ALL_MARKS) else None
    if behind is not None:
        return _says_only_that(behind["remark"])
    return _CODE.search(line) is None and len(_WORD.findall(line)) > 1 and _says_only_that(line)


def _says_only_that(remark: str) -> bool:
    first, last = _DOTS_FIRST.match(remark), _DOTS_LAST.search(remark)
    said = [word.lower() for word in _WORD.findall(remark)]
    if (first and last and first.end() <= last.start()) or (last and not said):
        return True
    if _CJK.search(remark):
        return not re.sub(r"\W", "", _UNSPACED.sub("", remark)) or bool(
            (first or last) and _UNSPACED.search(remark)
        )
    if last:
        return any(word in _SAYS for word in said) or (bool(said) and all(word in _MAY_SAY for word in said))
    if first and sum(word in _SAYS for word in said) > 1:
        return True
    return any(word in _SAYS for word in said) and all(word in _SAYS or word in _MAY_SAY for word in said)


def _said(line: str, proposal: Proposal) -> bool:
    """Whether the instruction itself has the words of `line`."""
    text = " ".join(_WORD.findall(line)).lower()
    return bool(text) and text in " ".join(_WORD.findall(proposal.intent.literal)).lower()


def _alone(proposal: Proposal, changes: Sequence[Change]) -> tuple[int, Answer] | None:
    """A comment that is all that came for lines of code, whatever it says.

    Lines beside it that merely changed, such as a renamed head, do not count on either side.
    """
    language, intent = proposal.language, proposal.intent
    if language is None or intent.stubs or intent.comments or intent.removes or intent.rewrites:
        return None
    candidates = [
        change
        for change in changes
        if len(change.gone) >= _ALONE and 0 < len(change.come) <= _REMARKS + _BESIDE
    ]
    if not candidates:
        return None
    before, after = proposal.old_remarks, proposal.new_remarks
    for change in candidates:
        remarks = [number for number in change.come if after[number]]
        gone = [words(proposal.old[number]) for number in change.gone if not before[number]]
        if not 0 < len(remarks) <= _REMARKS or len(gone) < _ALONE:
            continue
        edges = gone[:_BESIDE] + gone[-_BESIDE:]
        if any(
            similarity(words(proposal.new[number]), other) >= _ALIKE for number in remarks for other in edges
        ):
            continue  # code that was put into a comment
        beside = [words(proposal.new[number]) for number in change.come if not after[number]]
        left = len(gone) - len(beside)
        if left >= _ALONE and all(
            any(similarity(line, other) >= _ALIKE for other in edges) for line in beside
        ):
            speaks = any(_shares_stem(proposal.new[number], intent.words) for number in remarks)
            strong = intent.understood and left >= _MANY and not speaks
            return remarks[0], Answer.ASK_THEN_REFUSE if strong else Answer.ASK_THEN_WARN
    return None


def _shares_stem(line: str, named: Collection[str]) -> bool:
    """Whether a remark has a word of the instruction, in any form: then it is about what was asked for."""
    stems = {word[:_STEM] for word in named if len(word) >= _STEM}
    return any(word[:_STEM] in stems for word in re.findall(r"\w+", line.lower()) if len(word) >= _STEM)


def _stub(proposal: Proposal, changes: Sequence[Change]) -> tuple[int, Answer] | None:
    """A body that does nothing in the place of one that did."""
    intent = proposal.intent
    if intent.stubs or intent.removes or intent.rewrites:
        return None
    for change in changes:
        if len(change.gone) < _ALONE:
            continue
        come = [
            number
            for number in range(change.new_start, change.new_end)
            if proposal.new[number].strip() and (number in change.come or not tells(proposal.new[number]))
        ]
        stubs = [number for number in come if _STUB.fullmatch(proposal.new[number].rstrip("\n"))]
        answer = Answer.ASK_THEN_REFUSE if intent.understood else Answer.ASK_THEN_WARN
        if stubs and len(change.come) <= 1:
            return stubs[0], answer
        if not change.come and (head := _of_empty_body(change, proposal)) is not None:
            return head, answer
    return None


def _of_empty_body(change: Change, proposal: Proposal) -> int | None:
    """The line, one that stayed, whose body is empty now, where `change` took the lines of a body."""
    new = proposal.new
    if any(map(tells, new[change.new_start : change.new_end])):
        return None  # it is not empty: what fills it stood elsewhere before
    above = next((number for number in range(change.new_start - 1, -1, -1) if new[number].strip()), None)
    below = next((line.strip() for line in new[change.new_end :] if line.strip()), "")
    if above is None or any(span.new_start <= above < span.new_end for span in proposal.spans):
        return None
    head = new[above].rstrip()
    body = head.endswith("{") and below.startswith("}")
    return above if body and not _CONTROL.match(head) else None
