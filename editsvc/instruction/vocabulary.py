"""Which words of a sentence say what, in many languages; the words themselves stand in ``vocabulary.toml``.

Case and accents do not count, unless the table says so; what is quoted is no part of the sentence.
"""

from __future__ import annotations

import tomllib
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from editsvc import late

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENGLISH: Final = "en"
_NO_MEANING: Final = frozenset({"function-words", "negations", "manners", "narrow", "places"})
_DESCRIBING: Final = frozenset(
    {"format", "indent", "spacing", "quotes", "spelling", "comments", "stubs", "fences"}
)
# What a sentence of more words describes, it need not ask for.
_SHORT_SENTENCE: Final = 30
_WIDEST_GAP: Final = 15
_LONGEST_NEGATION: Final = 3
_NEGATED_LATE: Final = frozenset({"da", "de", "nb", "nl", "sv"})
_KANA: Final = late.pattern(r"[\u3040-\u30ff]")
_ACCENTS: Final = late.pattern(r"[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u0655\u0670\u0640]")
_OTHER_LETTERS: Final = str.maketrans(
    {"\u0131": "i", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "’": "'"}
)
_UMLAUTS: Final = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"))
# Python's \w leaves out the marks that are part of words of India and of Arabic and Hebrew ones.
_TOKEN: Final = late.pattern(r"[\w\u0591-\u05c7\u064b-\u0655\u0900-\u0e7f]+(?:'(?:d|ll|m|re|s|t|ve)\b)?")
# Scripts without blanks between words, or with endings that grow on words: Thai, and what comes from Hangul on.
_JOINED: Final = late.pattern(r"[\u0e00-\u0e7f\u1100-\u11ff\u2e80-\ud7a3\uf900-\ufaff]")
_PREFIXED: Final = late.pattern(r"[\u0590-\u08ff]")
# "And", "the", "to", "by": one letter or two that Arabic and Hebrew write together with the word behind.
_GROWN_TOGETHER: Final = late.pattern(
    "\u0648?(?:\u0627\u0644|\u0644\u0644)|[\u0648\u0641\u0628\u0644\u0643]|[\u05d5\u05d4\u05d1\u05dc\u05de]"
)
_INDIAN: Final = late.pattern(r"[\u0900-\u0dff]")
_FIRST_OTHER_SCRIPT: Final = "\u0590"
# In the table.
_BETWEEN_PARTS: Final = late.pattern(r"[_/-]|'(?!t(?![^\W_]))")
_BETWEEN_LATER: Final = late.pattern(r"[_-]")
_WORD: Final = late.pattern(r"\d+(?:\.\d+)+|\w+")
_PART: Final = late.pattern(r"[^\W\d_]+|\d+")
_HUMP: Final = late.pattern(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SHORTEST_WORD: Final = 2
_SENTENCE_END: Final = late.pattern(r"[.!?;\n\u3002\uff01\uff1f\uff1b]")
_CLAUSE_END: Final = late.pattern(r"[.,:;!?()\[\]\n*/+&\u2014\u2013\u3001\u3002\uff0c\uff1a]|(?:^|\s)-")
_QUOTED: Final = late.pattern(
    r"`[^`\n]{0,200}`|\"[^\"\n]{0,200}\"|\u201c[^\u201d\n]{0,200}\u201d|\u201e[^\u201c\u201d\n]{0,200}[\u201c\u201d]|\u00ab[^\u00bb\n]{0,200}\u00bb"
    r"|\u300c[^\u300d\n]{0,200}\u300d|\u300e[^\u300f\n]{0,200}\u300f|(?<!\w)'[^'\n]{0,200}'(?!\w)|\u2018[^\u2019\n]{0,200}\u2019"
)


class Mention(msgspec.Struct, frozen=True):
    """A word of the table that stands in a sentence: what it is about, and if it stands there as a verb.

    `meaning` is the name of a table of ``vocabulary.toml``. `denied` tells that a negation stands beside it.
    """

    meaning: str
    language: str
    verb: bool
    denied: bool


class _Entry(NamedTuple):
    meaning: str
    language: str
    verb: bool
    rest: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    accented: str = ""
    certain: bool = False


class _Vocabulary(msgspec.Struct, frozen=True):
    grants: Mapping[str, tuple[str, ...]]
    words: dict[str, list[_Entry]] = msgspec.field(default_factory=lambda: defaultdict(list))
    stems: dict[str, list[_Entry]] = msgspec.field(default_factory=lambda: defaultdict(list))
    joined: dict[str, list[_Entry]] = msgspec.field(default_factory=lambda: defaultdict(list))
    function_words: dict[str, list[str]] = msgspec.field(default_factory=lambda: defaultdict(list))
    negations: dict[str, set[str]] = msgspec.field(default_factory=lambda: defaultdict(set))
    joined_negations: list[str] = msgspec.field(default_factory=list)
    places: dict[str, frozenset[str]] = msgspec.field(default_factory=dict)


class _Token(msgspec.Struct, frozen=True):
    start: int
    end: int
    word: str
    exact: str
    begins_clause: bool


def fold(text: str) -> str:
    """`text` without case and accents; as long as each character is folded alone, in composed form."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_OTHER_LETTERS))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


def grants_of(meaning: str) -> tuple[str, ...]:
    """What a mention of `meaning` allows: names of fields of `Intent`."""
    return _vocabulary().grants[meaning]


def describes(word: str) -> bool:
    """True if `word` tells how a text looks, such as "tabs" or "comments", so that it does not stand for itself."""
    table = _vocabulary()
    token = _Token(0, 0, fold(word), unicodedata.normalize("NFC", word.casefold()), begins_clause=True)
    if any(
        not entry.rest and not entry.later and entry.meaning in _DESCRIBING
        for entry in _entries(table, token)
    ):
        return True
    return any(mention.meaning in _DESCRIBING for mention in _joined_mentions(table, token.word))


class Pointers(msgspec.Struct, frozen=True):
    """The words of a sentence that may stand in a document for what they are, in lower case.

    `names` are written as code (quoted, or of a shape that no word has), `words` are all others; not those that say
    what to do. `parts` are what each name is made of.
    """

    names: frozenset[str]
    words: frozenset[str]
    parts: Mapping[str, frozenset[str]]


def pointers_of(text: str) -> Pointers:
    """The words of `text` that may point at something in a document. Linear in its length; raises nothing."""
    table = _vocabulary()
    plain = unicodedata.normalize("NFC", text)
    quoted = [match.span() for match in _QUOTED.finditer(plain)]
    after_kind = False
    names: dict[str, frozenset[str]] = {}
    words: set[str] = set()
    for match in _WORD.finditer(plain):
        name = match[0]
        while quoted and quoted[0][1] <= match.start():
            del quoted[0]
        inside = bool(quoted) and quoted[0][0] <= match.start()
        parts = frozenset(part.lower() for part in _PART.findall(_HUMP.sub(" ", name)))
        if inside or len(parts) > 1 or name.startswith(("_", "$", "@")):
            names[name.lower()] = frozenset(part for part in parts if _is_noun(table, part))
        elif name.isdigit() or after_kind or (len(name) >= _SHORTEST_WORD and _is_noun(table, name)):
            words.add(name.lower())
        after_kind = name.lower() in table.places["kinds"]
    return Pointers(frozenset(names), frozenset(words), names)


def _is_noun(table: _Vocabulary, word: str) -> bool:
    """True if `word` is no word of the table, in English."""
    token = _Token(0, 0, fold(word), unicodedata.normalize("NFC", word.casefold()), begins_clause=True)
    return token.word not in table.function_words and not any(
        not entry.rest and not entry.later for entry in _entries(table, token) if entry.language == _ENGLISH
    )


def mentions(text: str) -> list[Mention]:
    """The words of the table that stand in `text`, outside of quotes. Linear in its length; raises nothing."""
    table = _vocabulary()
    plain = unicodedata.normalize("NFC", _QUOTED.sub(" \ufffc ", text.replace("\u2019", "'")).casefold())
    found: list[Mention] = []
    tokens = list(_tokens(plain))
    spoken = _languages(table, tokens)
    ends = [match.start() for match in _SENTENCE_END.finditer(plain)]
    lengths = Counter(bisect_left(ends, token.start) for token in tokens)
    for number, token in enumerate(tokens):
        entries = list(_entries(table, token))
        english = any(entry.language == _ENGLISH for entry in entries)
        fitting = [
            entry
            for entry in entries
            if _in_play(entry, token, spoken, english=english) and _goes_on(entry, tokens, number)
        ]
        if not fitting:
            continue
        short = lengths[bisect_left(ends, token.start)] <= _SHORT_SENTENCE
        denied = _is_denied(table, {entry.language for entry in fitting}, tokens, number)
        for entry in fitting:
            verb = entry.verb and _stands_as_verb(table, entry, tokens, number, short=short)
            found.append(Mention(entry.meaning, entry.language, verb, denied and not entry.certain))
    found += _joined_mentions(table, fold(plain))
    return found


def _joined_mentions(table: _Vocabulary, text: str) -> Iterator[Mention]:
    if _JOINED.search(text) is None:
        return
    longest = max(map(len, table.joined))
    kana = _KANA.search(text) is not None
    for start in range(len(text)):
        if text[start] < "\u0e00":
            continue
        for end in range(start + 1, min(len(text), start + longest) + 1):
            entries = table.joined.get(text[start:end])
            if not entries:
                continue
            # A single syllable of Korean is a piece of many words.
            inside = end - start == 1 and "\uac00" <= text[start] <= "\ud7a3"
            if inside and start and text[start - 1].isalnum():
                continue
            around = text[max(0, start - 4) : start], text[end : end + 6]
            denied = any(word in part for word in table.joined_negations for part in around)
            for entry in entries:
                # "Unneeded" of Japanese is "must not" of Chinese.
                if kana if entry.language == "zh" else not kana and text[start:end] in table.joined_negations:
                    continue
                yield Mention(entry.meaning, entry.language, entry.verb, denied)


def _tokens(text: str) -> Iterator[_Token]:
    end = 0
    for match in _TOKEN.finditer(text):
        begins = match.start() == 0 or _CLAUSE_END.search(text, end, match.start()) is not None or end == 0
        end = match.end()
        yield _Token(match.start(), end, fold(match[0]), match[0], begins)


def _languages(table: _Vocabulary, tokens: list[_Token]) -> frozenset[str] | None:
    """The languages that a sentence may be in, by its function words; None if it has none that tells."""
    counts = Counter(chain.from_iterable(table.function_words.get(token.word, ()) for token in tokens))
    if not counts:
        return None
    least = max(1, counts[_ENGLISH])
    return frozenset(language for language, count in counts.items() if count >= least)


def _entries(table: _Vocabulary, token: _Token) -> Iterator[_Entry]:
    forms = [token.word]
    if _PREFIXED.match(token.word):
        prefix = _GROWN_TOGETHER.match(token.word)
        if prefix is not None and prefix.end() < len(token.word):
            forms.append(token.word[prefix.end() :])
    for form in forms:
        for entry in table.words.get(form, ()):
            if not entry.accented or entry.accented == token.exact:
                yield entry
        for length in range(2, min(len(form), 40) + 1):
            yield from table.stems.get(form[:length], ())


def _in_play(entry: _Entry, token: _Token, spoken: frozenset[str] | None, *, english: bool) -> bool:
    """True if `entry` is a word of a language that the sentence may be in; `english` tells that it is also English."""
    if entry.language == _ENGLISH or not token.exact.isascii():
        return True
    return entry.language in spoken if spoken is not None else not english


def _goes_on(entry: _Entry, tokens: list[_Token], number: int) -> bool:
    end = number + 1 + len(entry.rest)
    if not all(
        _fits(part, token) for part, token in zip(entry.rest, tokens[number + 1 : end], strict=False)
    ) or end > len(tokens):
        return False
    if not entry.later:
        return True
    for start in range(end, min(len(tokens), end + _WIDEST_GAP)):
        window = tokens[start : start + len(entry.later)]
        if len(window) == len(entry.later) and all(map(_fits, entry.later, window)):
            return True
    return False


def _fits(part: str, token: _Token) -> bool:
    return token.word.startswith(part[:-1]) if part.endswith("*") else token.word == part


def _stands_as_verb(
    table: _Vocabulary, entry: _Entry, tokens: list[_Token], number: int, *, short: bool
) -> bool:
    token = tokens[number]
    before = tokens[number - 1].word if number and not token.begins_clause else ""
    begins = token.begins_clause or before in table.places["before"]
    if entry.language != _ENGLISH:
        return begins or short
    if not begins:
        return False
    if (
        before in table.places["modal"]
        or token.word not in table.places["doubtful"]
        or entry.rest
        or entry.later
    ):
        return True
    if number + 1 == len(tokens) or tokens[number + 1].begins_clause:
        return entry.meaning != "known"
    following = tokens[number + 1].exact
    # "Call it" and "return base unrounded" ask for something; "call site" is a thing.
    several = number + 2 < len(tokens) and not tokens[number + 2].begins_clause
    return (
        (several and entry.meaning == "known")
        or following in table.places["behind"]
        or "_" in following
        or following.endswith("s")
        or any(map(str.isdigit, following))
    )


def _is_denied(table: _Vocabulary, languages: set[str], tokens: list[_Token], number: int) -> bool:
    words = set().union(*(table.negations.get(language, ()) for language in languages))
    for before in range(number, max(0, number - _LONGEST_NEGATION) - 1, -1):
        if before != number and (tokens[before].word in words or tokens[before].exact in words):
            return True
        if tokens[before].begins_clause:
            break
    # "Entferne die Kommentare nicht": in some languages it is the last word of the clause.
    last = number
    while last + 1 < len(tokens) and last < number + _WIDEST_GAP and not tokens[last + 1].begins_clause:
        last += 1
    ends = last + 1 == len(tokens) or tokens[last + 1].begins_clause
    late = set().union(*(table.negations[language] for language in _NEGATED_LATE & languages))
    return ends and last > number and tokens[last].word in late


@cache
def table() -> dict[str, dict[str, Any]]:
    """``vocabulary.toml`` as it is; not to be changed."""
    return tomllib.loads(files("editsvc.instruction").joinpath("vocabulary.toml").read_text("utf-8"))


@cache
def _vocabulary() -> _Vocabulary:
    data = table()
    tables = {name: words for name, words in data.items() if name not in _NO_MEANING}
    result = _Vocabulary({name: tuple(rows["grants"]) for name, rows in tables.items()})
    for meaning, rows in tables.items():
        for verb, languages in ((True, rows.get("verbs", {})), (False, rows.get("nouns", {}))):
            for language, words in languages.items():
                _add_row(result, words, _Entry(meaning, language, verb))
    for language, words in data["function-words"].items():
        for word in fold(words).split():
            result.function_words[word].append(language)
    result.places.update({name: frozenset(words.split()) for name, words in data["places"].items()})
    for language, words in data["negations"].items():
        for word in words.split():
            if _JOINED.match(word):
                result.joined_negations.append(fold(word.replace("_", "")))
                result.joined_negations.append(fold(word.replace("_", " ")))
            else:
                result.negations[language].add(word[1:] if word.startswith("=") else fold(word))
    return result


def _add_row(table: _Vocabulary, row: str, entry: _Entry) -> None:
    """Add the words of a row, most of which are letters alone, or letters and one mark at the end."""
    for word, folded in zip(row.split(), fold(row).split(), strict=True):
        letters, mark = (word[:-1], word[-1]) if word[-1] in "*+" else (word, "")
        if not letters.isalpha() or (entry.language == "de" and not word.isascii()):
            _add(table, word, folded, entry)
        elif mark == "+":
            for form in english_forms(letters):
                table.words[form].append(entry)
        elif word[0] >= _FIRST_OTHER_SCRIPT and _JOINED.match(word):
            table.joined[folded].append(entry)
        elif mark or (word[0] >= _FIRST_OTHER_SCRIPT and _grows(word)):
            table.stems[folded[:-1] if mark else folded].append(entry)
        else:
            table.words[folded].append(entry)


def _grows(word: str) -> bool:
    """Whether endings or other words may grow on `word`, by its script."""
    return bool(_PREFIXED.match(word) or _INDIAN.match(word))


def _add(table: _Vocabulary, word: str, folded: str, entry: _Entry) -> None:
    """Add one word of a row with all of its marks; `folded` is the same without case and accents."""
    certain, word, folded = word.startswith("!"), word.removeprefix("!"), folded.removeprefix("!")
    accented, word, folded = word.startswith("="), word.removeprefix("="), folded.removeprefix("=")
    if _JOINED.match(word):
        for form in {folded.replace("_", ""), folded.replace("_", " ")}:
            table.joined[form].append(entry)
        return
    if entry.language == "de" and not accented:
        spelled = word
        for umlaut, letters in _UMLAUTS:
            spelled = spelled.replace(umlaut, letters)
        if spelled != word:
            _add(table, spelled, fold(spelled), entry)
    first, _, later = folded.partition("~")
    head, *rest = filter(None, _BETWEEN_PARTS.split(first))
    exact = next(filter(None, _BETWEEN_PARTS.split(word.partition("~")[0])))
    made = entry._replace(
        rest=tuple(rest),
        later=tuple(filter(None, _BETWEEN_LATER.split(later))),
        accented=unicodedata.normalize("NFC", exact.casefold()) if accented else "",
        certain=certain,
    )
    if head.endswith("+"):
        for form in english_forms(head[:-1]):
            table.words[form].append(made)
    elif head.endswith("*") or _grows(exact):
        table.stems[head.rstrip("*")].append(made)
    else:
        table.words[head].append(made)


def english_forms(verb: str) -> set[str]:
    """The forms of a regular English verb, and more that look like some.

    >>> sorted(english_forms("drop"))[:3]
    ['drop', 'droped', 'droping']
    """
    forms = {verb, f"{verb}s", f"{verb}es"}
    if verb.endswith("e"):
        forms |= {f"{verb}d", f"{verb[:-1]}ing"}
    elif verb.endswith("y"):
        forms |= {f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing", f"{verb}ed"}
    else:
        forms |= {f"{verb}{end}" for end in ("ed", "ing")} | {
            f"{verb}{verb[-1]}{end}" for end in ("ed", "ing")
        }
    return forms
