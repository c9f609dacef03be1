"""The syntax errors that a change introduces: those of the new text that the old one did not have.

Made for refusing an edit, so it is on the side of the edit wherever a parser may be wrong: grammars lag behind
their languages, dialects and templates look like errors, and what a macro of C expands to is not known.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from editsvc.syntax.balance import unpaired
from editsvc.syntax.blocks import misplaced
from editsvc.syntax.budget import WHOLE_AT_MOST, ParseBudget
from editsvc.syntax.lexis import TEMPLATE_TAGS, Words
from editsvc.syntax.parsing import error_nodes, is_trailing_comma, parse
from editsvc.syntax.segments import sound_by_segments
from editsvc.syntax.surroundings import flush_left, surroundings
from editsvc.text.comparison import Comparison, Lined
from editsvc.text.diff import Span
from editsvc.text.document import LineIndex, normalise

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import tree_sitter

    from editsvc.syntax.languages import Language
    from editsvc.syntax.parsing import Tree
    from editsvc.syntax.segments import Segments

# Of each text; ordinary code takes a fifth of them at most, and error recovery may take many.
_STEPS: Final = 40_000
_MACROS: Final = frozenset({"c", "cpp"})
_SHOWN: Final = 60
_MISSING: Final = "missing "
_UNPAIRED: Final = "unpaired "
_BRACKETS: Final = frozenset("()[]{}")
# The nodes around the text of a page. In `ERROR` is what the parser makes of the rest of it.
_TEXT: Final = frozenset({"document", "element", "ERROR"})
_JSX_TEXT: Final = frozenset({"jsx_element", "jsx_fragment"})
_A_TAG: Final = re.compile(r"</?[A-Za-z]")
# What stands between the name of an at-rule and its block or semicolon; the brackets in it pair.
_PRELUDE: Final = re.compile(
    r"@(?!(?:-\w+-)?keyframes\b|charset\b|namespace\b|font-face\b)[\w-]+"
    r"(?:[^{};@()*]|\((?:[^{};@()*]|\([^{};@()*]*\))*\))*(?=[{;])"
)
_TEMPLATE_TAG: Final = re.compile(TEMPLATE_TAGS, re.DOTALL)
_OUTPUT: Final = ("{{", "<%=", "<%-", "<?=")
_ALONE: Final = re.compile(rf"[ \t]*(?:{TEMPLATE_TAGS})[ \t]*$", re.DOTALL | re.MULTILINE)
_NOT_LINE_END: Final = re.compile(r"[^\n]")
_SEPARATORS: Final = frozenset({",", ";", ":", "=", ")", "]", "}"})
_STRAY: Final = re.compile(r"(?:break|catch|continue|elif|else|except|finally|return)\b")
# So many words in a row are in no language; they are what a model says about one.
_PROSE: Final = re.compile(r"(?<![\w'])[A-Za-z][a-z']*(?: [A-Za-z][a-z']*){2}(?![\w'])")
# Style sheets are full of semicolons behind blocks; readers of CSS pass over them.
_LOOSE: Final = frozenset({"css"})
_AGAIN_AND_AGAIN: Final = 5
_NO_SEMICOLON: Final = _MISSING + ";"
_FORMS: Final = 4
_SHELL_BLOCKS: Final = (("then", "fi"), ("do", "done"), ("case", "esac"), ("(", ")"), ("[", "]"), ("{", "}"))
_SHELL_WORD: Final = re.compile(r"\b(?:then|elif|fi|do|done|case|esac)\b|[()\[\]{}\"'`]")
_WORD: Final = re.compile(r"\w+|\"[^\"]*\"|'[^']*'")


class Extent(StrEnum):
    """How much of a text was parsed to check an edit."""

    WHOLE = "whole"
    AROUND_CHANGES = "around-changes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class SyntaxFault:
    """Something that the parser could not read, or misses: the line (0-based), and what it is, in a few words.

    `text` is a piece of the document's line, or ``missing …``.
    """

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Breakage:
    """The faults that an edit introduced, in order of lines, each line once; and how much was checked.

    With `Extent.UNKNOWN` some of the changes, or all, were not checked.
    """

    faults: tuple[SyntaxFault, ...]
    extent: Extent


@dataclass(frozen=True, slots=True)
class _Seen:
    """A fault as the parser saw it: it reaches to `last_line`.

    `in_text` is true between the tags of a page; `plain` where no new construct of a language looks like that, or where
    it lies in code of a language within the text's, the brackets or quotes of which do not pair.
    """

    fault: SyntaxFault
    last_line: int
    in_text: bool
    plain: bool


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A text as it was parsed, and what the parser could not read or misses in it, the first of each line."""

    text: str
    tree: Tree
    seen: list[_Seen]


@dataclass(frozen=True, slots=True)
class _Edit:
    """Both texts of an edit, and what differs, which is found out when it is needed."""

    comparison: Comparison
    language: Language

    @classmethod
    def of(cls, before: str, after: str, language: Language) -> _Edit:
        return cls(Comparison(Lined(before), after), language)

    @property
    def before(self) -> str:
        return self.comparison.before

    @property
    def after(self) -> str:
        return self.comparison.after

    @property
    def old(self) -> Sequence[str]:
        return self.comparison.old

    @property
    def new(self) -> Sequence[str]:
        return self.comparison.new

    @property
    def spans(self) -> list[Span]:
        return self.comparison.spans


def breakage(
    before: str,
    after: str,
    language: Language,
    *,
    steps: int = _STEPS,
    comparison: Comparison | None = None,
    segments: Segments | None = None,
) -> Breakage | None:
    r"""The faults of `after` that `before` did not have; None if nothing can be told of the language.

    Where `before` has none, all are new. Where it has some, those are new that it has no counterpart for: on a
    line that stayed, one on the same line; on changed lines, one on the lines that they replace; anywhere, one of
    the same text. In C and C++, whose macros look like errors, none is new then.

    What is new to the grammar is not wrong: a fault within one changed line does not count where brackets, quotes,
    blocks and tags pair as they did. Where they did and do so no longer, that is a fault, whatever the parser says.

    Each text may take `steps` of the parser. A text that takes more, or has more than `WHOLE_AT_MOST` characters, is
    looked at around the changes, one definition after the other, as far as another `steps` go; a definition that was
    no sound code before is passed over. One that is so long itself, such as minified code, is not parsed: there it
    counts what does not pair any longer. `comparison` is that of both texts, with ``\n`` only, where the caller has it.
    With the `segments` of `before`, only those that changed are parsed, as long as they are sound.
    """
    comparison = comparison or Comparison(Lined(normalise(before)), normalise(after))
    edit = _Edit(comparison, language)
    if language.approximate or not language.grammar:
        lost = _unpaired_now(edit)
        return None if lost is None else Breakage(tuple(lost), Extent.WHOLE)
    if segments is not None and sound_by_segments(edit.comparison, segments, _of_blocks(edit), steps):
        return Breakage((), Extent.WHOLE)
    if max(len(edit.before), len(edit.after)) <= WHOLE_AT_MOST:
        found = _new(edit, ParseBudget(steps), ParseBudget(steps))
        if found is not None:
            return Breakage(tuple(found), Extent.WHOLE)
    return _around_changes(edit, ParseBudget(steps))


def _around_changes(edit: _Edit, budget: ParseBudget) -> Breakage:
    old, new = edit.old, edit.new
    broken: list[SyntaxFault] = []
    extent = Extent.AROUND_CHANGES
    for span in surroundings(old, new, edit.spans):
        was = flush_left(old[span.old_start : span.old_end])
        now = flush_left(new[span.new_start : span.new_end])
        inner = _Edit.of(was, now, edit.language)
        if max(len(was), len(now)) > WHOLE_AT_MOST:
            extent = Extent.UNKNOWN
            broken += [
                SyntaxFault(span.new_start + fault.line, fault.text) for fault in _unpaired_now(inner) or ()
            ]
            continue
        known = _parsed(was, edit.language, budget)
        found = None
        if known is not None and not known.seen:
            found = _new(inner, budget, budget, known)
        if found is None:
            extent = Extent.UNKNOWN
        else:
            broken += [SyntaxFault(span.new_start + fault.line, fault.text) for fault in found]
    return Breakage(tuple(broken), extent)


def _new(
    edit: _Edit, budget: ParseBudget, budget_before: ParseBudget, known: _Parsed | None = None
) -> list[SyntaxFault] | None:
    """The new faults, in order; None if a text could not be parsed. `known` is what was `before`, if it was parsed."""
    found = _parsed(edit.after, edit.language, budget)
    if found is None:
        return None
    if not found.seen:
        return _new_in_sound(edit, found, budget_before)
    spans = edit.spans
    # Where nothing counts anyway, what was before does not matter.
    if not _within_the_grammar(found.seen, edit, spans) and _unpaired_now(edit) == []:
        return _new_in_sound(edit, found, budget_before)
    known = known or _parsed(edit.before, edit.language, budget_before)
    if known is None:
        return None
    if not known.seen:
        new = found.seen
    elif edit.language.name in _MACROS:
        new = []
    else:
        new = _not_known(found.seen, [seen.fault for seen in known.seen], spans)
    rest = _within_the_grammar(new, edit, spans)
    if rest:
        return [seen.fault for seen in rest]
    lost = _unpaired_now(edit)
    if lost == []:
        return _new_in_sound(edit, found, budget_before)
    return [seen.fault for seen in new] or lost or []


def _new_in_sound(edit: _Edit, found: _Parsed, budget: ParseBudget) -> list[SyntaxFault] | None:
    """New faults where the parser, which is more lenient than the language, sees none that counts."""
    if edit.language.lexis is not None and edit.language.lexis.words is Words.SHELL:
        return [] if _same_words(edit) else _unpaired_now(edit) or []
    if edit.language.name != "python":
        return []
    lines, old = edit.new, edit.old
    wrong = misplaced(found.tree, lines, _of_blocks(edit))
    if not wrong:
        return []
    known = _parsed(edit.before, edit.language, budget)
    if known is None:
        return None
    # Where this was allowed, it is not Python alone that the file is written in.
    if known.seen or misplaced(known.tree, old, [Span(0, len(old), 0, len(old))]):
        return []
    return [SyntaxFault(line, text) for line, text in wrong]


def _of_blocks(edit: _Edit) -> list[Span]:
    """The spans of Python that may change blocks."""
    if edit.language.name != "python":
        return []
    old, new = edit.old, edit.new
    return [
        span
        for span in edit.spans
        if [*map(_block_of, old[span.old_start : span.old_end])]
        != [*map(_block_of, new[span.new_start : span.new_end])]
    ]


def _block_of(line: str) -> tuple[int, bool]:
    """How far `line` is to the right, and whether it may begin a block."""
    content = line.strip()
    return len(line) - len(line.lstrip()), content.endswith(":") or "#" in content


def _same_words(edit: _Edit) -> bool:
    """True if an edit changes as many of the words that begin blocks of a shell as of those that end them."""
    old, new = edit.old, edit.new
    count: Counter[str] = Counter()
    for span in edit.spans:
        count.update(_SHELL_WORD.findall("".join(new[span.new_start : span.new_end])))
        count.subtract(_SHELL_WORD.findall("".join(old[span.old_start : span.old_end])))
    count["then"] -= count["elif"]
    return all(count[first] == count[last] for first, last in _SHELL_BLOCKS) and not any(
        count[quote] % 2 for quote in "\"'`"
    )


def _within_the_grammar(new: list[_Seen], edit: _Edit, spans: Sequence[Span]) -> list[_Seen]:
    """`new` without what is only unknown to the grammar if brackets, quotes and the like pair as they did.

    That is something within one changed line, behind which the parser finds its way again.
    """
    if not new:
        return new
    lines = edit.new
    changed = {line for span in spans for line in range(span.new_start, span.new_end)}
    rest = [seen for seen in new if not _confined(seen, lines, changed, edit.language)]
    if edit.language.name in _MACROS:
        return rest
    kept = {seen.fault.line for seen in rest}
    forms = {
        _WORD.sub("w", lines[seen.fault.line].strip())
        for seen in new
        if not seen.in_text and seen.fault.line not in kept
    }
    # A new construct has one form, or a few. Lines of many forms are not in this language.
    return rest if len(forms) <= _FORMS else new


def _confined(seen: _Seen, lines: Sequence[str], changed: Collection[int], language: Language) -> bool:
    line = seen.fault.line
    if seen.last_line != line or line not in changed or seen.plain:
        return False
    if language.settled:
        return _TEMPLATE_TAG.search(lines[line]) is not None
    if language.lexis is None:
        return False
    if language.lexis.words is Words.TAGS:
        return seen.in_text
    return all(one.text in _BRACKETS for one in unpaired(lines[line], language.lexis))


def _unpaired_now(edit: _Edit) -> list[SyntaxFault] | None:
    """What paired before the edit and does not any longer; None if nothing can be concluded."""
    lexis = edit.language.lexis
    if lexis is None:
        return None
    found = unpaired(edit.after, lexis)
    if not found:
        return []
    known = unpaired(edit.before, lexis)
    if known:
        # What was odd and is so still is not lost; of what is odd in another way, nothing is known.
        return [] if Counter(one.text for one in known) == Counter(one.text for one in found) else None
    lines = LineIndex(edit.after)
    first: dict[int, SyntaxFault] = {}
    for one in found:
        line = lines.line_of(one.offset)
        first.setdefault(line, SyntaxFault(line, _UNPAIRED + one.text))
    return [first[line] for line in sorted(first)]


def _parsed(text: str, language: Language, budget: ParseBudget) -> _Parsed | None:
    """None if the budget is used up, or the text is nested too deeply."""
    tree = parse(text, language, budget=budget)
    if tree is None:
        return None
    nodes = error_nodes(tree)
    if nodes and (shown := _shown(text, language)) != text:
        tree = parse(shown, language, budget=budget)
        if tree is None:
            return None
        nodes = error_nodes(tree)
    if not nodes:
        return _Parsed(text, tree, [])
    lines = LineIndex(text)
    sound = {id(inner): _pairs(inner) for inner in tree.injected if inner.root.has_error}
    first: dict[int, _Seen] = {}
    for one, node in nodes:
        start = one.offset(node.start_byte)
        line = lines.line_of(start)
        end = node.start_byte + len(tree.lines[node.start_byte : node.end_byte].rstrip())
        last = max(line, lines.line_of(one.offset(end)))
        if line in first:
            first[line] = replace(first[line], last_line=max(last, first[line].last_line))
            continue
        in_text = _is_text(one, node)
        said = _said(text[start : one.offset(node.end_byte)], node)
        first[line] = _Seen(
            SyntaxFault(line, said),
            last,
            in_text,
            plain=(not in_text and _is_plain(one, node, said)) or not sound.get(id(one), True),
        )
    return _Parsed(text, tree, [first[line] for line in sorted(first)])


def _is_text(tree: Tree, node: tree_sitter.Node) -> bool:
    """True between the tags of a page or of JSX."""
    around = node.parent.type if node.parent is not None else ""
    if tree.language.lexis is not None and tree.language.lexis.words is Words.TAGS:
        return around in _TEXT and not _A_TAG.search(tree.source(node))
    return around in _JSX_TEXT


def _is_plain(tree: Tree, node: tree_sitter.Node, said: str) -> bool:
    """True if something is missing or too many that no new construct of a language looks like."""
    name = tree.language.name
    if node.is_missing:
        return said != _NO_SEMICOLON or name not in _MACROS
    if _STRAY.match(said) or _PROSE.search(said) or (name == "python" and said.startswith("@")):
        return True
    # Some grammars take a word that is reserved for a name, and what stands beside it for the error.
    if any(_is_reserved(tree, beside) for beside in (node.prev_sibling, node.next_sibling)):
        return True
    # A comma before the closing bracket is what languages come to allow.
    return said in _SEPARATORS and name not in _LOOSE and not is_trailing_comma(tree, node)


def _is_reserved(tree: Tree, node: tree_sitter.Node | None) -> bool:
    return node is not None and node.type == "identifier" and _STRAY.fullmatch(tree.source(node)) is not None


def _pairs(inner: Tree) -> bool:
    """True if brackets and quotes of a piece of code in another language pair."""
    lexis = inner.language.lexis
    return lexis is not None and not unpaired(inner.source(inner.root), lexis)


def _shown(text: str, language: Language) -> str:
    """`text` with other characters for what is more than the grammar is to know; the lines stay where they are."""
    if language.template_fill and _TEMPLATE_TAG.search(text):
        text = _without_tags(text, language.template_fill)
    if language.name == "css":
        text = _PRELUDE.sub(lambda rule: "@" + _NOT_LINE_END.sub("x", rule[0][1:]), text)
    return text


def _without_tags(text: str, fill: str) -> str:
    """`text` with the tags of a template language replaced by as much that says nothing.

    A tag on a line of its own leaves it blank, as one that puts out nothing does.
    """

    def replaced(tag: re.Match[str]) -> str:
        in_line = not _ALONE.match(text, text.rfind("\n", 0, tag.start()) + 1)
        return _NOT_LINE_END.sub(fill if in_line and tag[0].startswith(_OUTPUT) else " ", tag[0])

    return _TEMPLATE_TAG.sub(replaced, text)


def _said(source: str, node: tree_sitter.Node) -> str:
    if node.is_missing:
        return _MISSING + node.type
    piece = source.lstrip().partition("\n")[0].rstrip()
    return piece if len(piece) <= _SHOWN else piece[: _SHOWN - 1] + "…"


def _not_known(found: Sequence[_Seen], known: Sequence[SyntaxFault], spans: Sequence[Span]) -> list[_Seen]:
    """Those of `found` for which `known` has no counterpart.

    On a line that stayed, that is a fault on the same line; in changed lines, one on any of the lines that they
    replace, since whoever edits a line of a dialect writes the dialect; and anywhere, one with the same text.
    """
    before = {fault.line for fault in known}
    said = Counter(fault.text for fault in known)
    # What is missing once may be a slip; what is missing again and again is how the file is written.
    dialect = {
        text for text, count in said.items() if count >= _AGAIN_AND_AGAIN or not text.startswith(_MISSING)
    }
    starts = [span.new_start for span in spans]
    room = [sum(line in before for line in range(span.old_start, span.old_end)) for span in spans]
    result = []
    for seen in found:
        fault = seen.fault
        if fault.text in dialect:
            continue
        number = bisect_right(starts, fault.line) - 1
        span = spans[number] if number >= 0 else None
        if span is not None and fault.line < span.new_end:
            if room[number]:
                room[number] -= 1
                continue
        elif fault.line + (span.old_end - span.new_end if span is not None else 0) in before:
            continue
        result.append(seen)
    return result
