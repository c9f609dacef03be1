"""What a sentence asks for: the one parser of instructions.

The offline engine does what is read here, drafts are made of it, and the guard takes from it what an instruction asks
for. A sentence must have a form (`editsvc.instruction.wordings`) from its first word to its last, so that one which
asks for more is not understood, rather than done in part. Nothing is guessed: what can be read in two ways has two
readings, and an operand that looks like a word of the sentence is doubtful.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from editsvc import late
from editsvc.instruction import grammar, operands
from editsvc.instruction.commands import (
    EXAMPLES,
    AddDocstring,
    AddParameter,
    ChangeColour,
    Instruction,
    Remove,
    Rename,
    Replace,
    SetValue,
    SortImports,
    dotted,
)
from editsvc.instruction.wordings import WORDINGS
from editsvc.nearest import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from editsvc.instruction.grammar import Form, Found, Token
    from editsvc.instruction.wordings.wording import Wording

_NAMED: Final = {wording.name: wording for wording in WORDINGS}
# What is longer describes rather than says.
_LONGEST: Final = 600
_QUOTED: Final = late.pattern(r"`[^`]*`|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|“[^”]*”|„[^“”]*[“”]|«[^»]*»")
_PART: Final = late.pattern(r"[^\W\d_]+")
_MOST_PARTS: Final = 4
_MOST_WORDS: Final = 60
_MOST_MANNERS: Final = 4
_COMMIT_PREFIX: Final = late.pattern(
    r"\A(?:build|chore|ci|docs|feat|fix|perf|refactor|style|test)(?:\([^)]*\))?!?: "
)
# What people add to instructions for a chat model; it says nothing about the edit.
_REPLY_FORM: Final = late.pattern(
    r"[.;,]?\s*(?:respond|reply|answer|output|return)(?: with)? only (?:with )?(?:the )?(?:\w+ )?code"
    r"(?:,? and with no markdown formatting|, no markdown)?\.?\s*$",
    re.IGNORECASE,
)
# Of the words that count, those that stand for other words, too.
_NUMERALS: Final = frozenset({"one", "uno", "una", "un", "une", "ein", "eins"})
_LIST_MARK: Final = late.pattern(r"\A(?:[-*\u2022]|\d+[.)])\s+")
_ENDS: Final = late.pattern(r"[.!?…]+")
_IDENTIFIER: Final = late.pattern(r"[^\W\d][\w$]*")
# Words that describe text instead of being it: "change tabs to spaces" is not a replacement.
_STYLES: Final = frozenset(
    {"camelcase", "snakecase", "kebabcase", "pascalcase", "titlecase", "lowercase", "uppercase"}
    | {"screamingsnakecase", "asyncawait"}
)
_DESCRIPTIONS: Final = frozenset(
    {"all", "everything", "it", "that", "them", "these", "this", "those", "case", "casing", "async", "code"}
    | {"english", "indentation", "quotes", "space", "spaces", "sync", "tab", "tabs"}
)
_VALUE_MARKS: Final = "`"
# What belongs to the verb: "set up logging to …" sets nothing up that has a name.
_PARTICLES: Final = frozenset(
    {"up", "down", "out", "off", "back", "over", "away", "on", "to", "um", "ein", "zu"}
)
_CHANGES: Final = frozenset(
    {
        "change",
        "update",
        "modify",
        "put",
        "switch",
        "turn",
        "alter",
        "ander",
        "aender",
        "andr",
        "cambi",
        "modific",
        "pass",
    }
)


_COMPARATIVES: Final = (
    *("increas", "rais", "decreas", "lower", "reduc", "extend", "shorten", "bump", "upgrad", "downgrad"),
    *(
        "erhoh",
        "erhoeh",
        "senk",
        "reduzier",
        "verringer",
        "augment",
        "redui",
        "baiss",
        "sub",
        "baj",
        "aument",
    ),
)


class Reading(msgspec.Struct, frozen=True):
    """One meaning of an instruction.

    `quoted` are the operands that are written as code or as text. `doubtful` are those that are not, although they
    look like a word of the sentence: "remove comments" may be about a function of that name, and most likely is not.
    `wide` tells that more may have to change than is said: a version that is bumped may have hashes beside it.
    """

    command: Instruction
    quoted: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    wide: bool = False


@lru_cache(maxsize=16)
def readings(instruction: str) -> tuple[Reading, ...]:
    """All meanings of `instruction`, the likeliest first; none if it does not have one of the forms.

    A doubtful meaning is left out where there is a plain one.
    """
    if len(instruction) > _LONGEST and len(_QUOTED.sub("", instruction)) > _LONGEST:
        return ()
    sentence = _LIST_MARK.sub("", " ".join(instruction.split()), count=1)
    sentence = _COMMIT_PREFIX.sub("", _REPLY_FORM.sub("", sentence), count=1)
    words = _polished(grammar.tokens(sentence))
    if not words or len(words) > _MOST_WORDS:
        return ()
    found: dict[Instruction, Reading] = {}
    for reading in [*_all(sentence, words)] or _of_phrases(sentence, words):
        known = found.get(reading.command)
        if known is None or (known.doubtful and not reading.doubtful):
            found[reading.command] = reading
    plain = tuple(reading for reading in found.values() if not reading.doubtful)
    return plain or tuple(found.values())


def parse(instruction: str) -> Instruction | None:
    """What `instruction` asks for; None if that is not plain, or not one of the actions."""
    found = readings(instruction)
    return found[0].command if found and not found[0].doubtful and _agree(found) else None


def _agree(found: tuple[Reading, ...]) -> bool:
    """True if there is one meaning, or a colour, which other meanings give way to (`preferred`)."""
    return len(found) == 1 or isinstance(found[0].command, ChangeColour)


def _polished(words: list[Token]) -> list[Token]:
    """The tokens without manners at both ends."""
    before, after = _manners()
    for _ in range(_MOST_MANNERS):
        while words and (_ENDS.fullmatch(words[-1].text) or words[-1].text == ",") and not words[-1].quote:
            words = words[:-1]
        count = _length(words, before)
        words = words[count:]
        if count and words and words[0].text in (",", ":") and not words[0].quote:
            words = words[1:]
        count = _length(words[::-1], after)
        words = words[: len(words) - count]
    return words


def _length(words: list[Token], phrases: dict[str, list[tuple[str, ...]]]) -> int:
    """How many of the first tokens are one of `phrases`; 0 if all of them are."""
    for phrase in phrases.get(words[0].word, ()) if words else ():
        if len(phrase) < len(words) and all(
            word == token.word for word, token in zip(phrase, words, strict=False)
        ):
            return len(phrase)
    return 0


@cache
def _manners() -> tuple[dict[str, list[tuple[str, ...]]], dict[str, list[tuple[str, ...]]]]:
    result: list[dict[str, list[tuple[str, ...]]]] = []
    for side, step in (("before", 1), ("after", -1)):
        phrases: dict[str, list[tuple[str, ...]]] = {}
        for wording in WORDINGS:
            for written in str(getattr(wording, side)).split():
                for spelt in grammar.spellings(written):
                    phrase = tuple(spelt.split("_")[::step])
                    phrases.setdefault(phrase[0], []).append(phrase)
        result.append({head: sorted(rows, key=len, reverse=True) for head, rows in phrases.items()})
    return result[0], result[1]


class _Sentence(NamedTuple):
    """A sentence that has a form: its tokens, operands and marks, and the language of the form."""

    text: str
    words: list[Token]
    found: tuple[Found, ...]
    language: _Language

    def has(self, name: str) -> bool:
        return any(each.name == name for each in self.found)

    def token(self, name: str) -> Token | None:
        each = next((each for each in self.found if each.name == name), None)
        return self.words[each.first] if each is not None else None

    def source(self, name: str) -> str:
        each = next((each for each in self.found if each.name == name), None)
        return operands.source(self.text, self.words, each.first, each.end) if each is not None else ""

    def word_before(self, name: str) -> str:
        """The word in front of an operand."""
        each = next((each for each in self.found if each.name == name), None)
        return self.words[each.first - 1].word if each is not None and each.first else ""


class _Language(NamedTuple):
    forms: list[tuple[str, Form]]
    never: frozenset[str]
    describing: frozenset[str]
    adjectives: frozenset[str]
    outdated: frozenset[str]
    kinds: frozenset[str]
    documents: frozenset[str]
    named: frozenset[str]
    articles: frozenset[str]
    plural: str


@cache
def _language(name: str) -> _Language:
    wording = _NAMED[name]
    notation = grammar.Notation(wording.sets, wording.parts, operands.OPERANDS)
    forms = [(action, notation.form(form)) for action in wording.forms for form in wording.rows(action)]
    folded = {
        name: frozenset(grammar.fold(word) for word in words.split())
        for name, words in (
            ("never", wording.never),
            ("describing", wording.describing),
            ("adjectives", wording.sets["ADJECTIVE"]),
            ("outdated", wording.sets["OUTDATED"]),
            ("kinds", wording.sets["DEF"]),
            ("documents", f"{wording.sets['DOC']} {wording.sets['DOCS']}"),
            ("named", wording.sets["KIND"]),
            ("articles", wording.sets["THE"]),
        )
    }
    return _Language(forms=forms, plural=wording.plural, **folded)


def _all(sentence: str, words: list[Token]) -> Iterator[Reading]:
    have = {token.word for token in words}
    made: dict[str, list[Reading]] = {action: [] for action in _ORDER}
    for wording in _spoken(have):
        language = _language(wording.name)
        for action, form in language.forms:
            if form.needed and not form.needed & have:
                continue
            for found in grammar.matches(form, sentence, words):
                for reading in _BUILDERS[action](_Sentence(sentence, words, found, language)):
                    made[action].append(reading)
    for action in _ORDER:
        yield from made[action]


def _of_phrases(sentence: str, words: list[Token]) -> Iterator[Reading]:
    """The meanings in which a few words are one name, "log level" for LOG_LEVEL: only of a value that is set."""
    for first in range(len(words)):
        for end in range(first + 2, min(len(words), first + _MOST_PARTS) + 1):
            parts = words[first:end]
            if not all(_PART.fullmatch(part.text) and not part.quote for part in parts):
                break
            text = " ".join(part.text for part in parts)
            joined = grammar.Token(
                parts[0].start, parts[-1].end, "_".join(part.text for part in parts), "`", ""
            )
            for reading in _all(sentence, [*words[:first], joined, *words[end:]]):
                command = reading.command
                if not isinstance(command, SetValue) or command.name != joined.text or reading.doubtful:
                    continue
                if not _names_nothing(parts):
                    yield msgspec.structs.replace(
                        reading, command=msgspec.structs.replace(command, name=text), quoted=()
                    )


def _names_nothing(parts: list[Token]) -> bool:
    """True for words of which one is part of the sentence, not of a name."""
    for wording in WORDINGS:
        language = _language(wording.name)
        last_kind = parts[-1].word in language.named
        if last_kind or any(part.word in language.never | language.outdated for part in parts):
            return True
    return any(part.word in _DESCRIPTIONS or part.word in _PARTICLES for part in parts)


def _spoken(have: set[str]) -> Iterator[Wording]:
    """The languages of which the sentence has a word that a form cannot do without."""
    for wording in WORDINGS:
        if not have.isdisjoint(_verbs(wording.name)):
            yield wording


@cache
def _verbs(name: str) -> frozenset[str]:
    """The words of which each form of a language needs one, told without making the forms."""
    wording = _NAMED[name]
    verbs: set[str] = set()
    for action in wording.forms:
        for form in wording.rows(action):
            verbs |= grammar.needed(form, wording.sets)
    return frozenset(verbs)


def _name(sentence: _Sentence, name: str) -> str | None:
    """The name that an operand is; None if it is a word that names nothing."""
    token = sentence.token(name)
    if token is None:
        return None
    text = token.text.strip().removesuffix("()")
    # "A", "I" and "one" are names as well, where nothing else makes sense.
    renamed = name in ("OLD", "NEW")
    named = (len(text) == 1 and (text.isupper() or renamed)) or (
        renamed and text in _NUMERALS and sentence.word_before(name) not in sentence.language.articles
    )
    if not text or (not token.quote and not named and token.word in sentence.language.never):
        return None
    return text


def _doubts(sentence: _Sentence, *names: str) -> tuple[str, ...]:
    return tuple(
        token.text
        for name in names
        if (token := sentence.token(name)) is not None and _is_doubtful(sentence, token)
    )


def _is_doubtful(sentence: _Sentence, token: Token, *, plural: bool = False) -> bool:
    language = sentence.language
    if token.quote or operands.code_shaped(token.text):
        return False
    if token.word in language.describing or token.word in language.outdated:
        return True
    several = bool(language.plural) and token.word.endswith(language.plural) and not token.word.endswith("ss")
    return plural and several and token.text.islower() and len(token.text) > len("bus")


def _read(
    sentence: _Sentence, command: Instruction, doubtful: tuple[str, ...] = (), *, wide: bool = False
) -> Reading:
    quoted = tuple(
        sentence.words[each.first].text
        for each in sentence.found
        if each.end > each.first and sentence.words[each.first].quote
    )
    return Reading(command, quoted, doubtful, wide)


def _rename(sentence: _Sentence) -> Iterator[Reading]:
    old, new = _name(sentence, "OLD"), _name(sentence, "NEW")
    if old is None or new is None or old == new or _style(new):
        return
    old, new = (
        dotted(old) if not old.startswith("#") else old,
        dotted(new) if not new.startswith("#") else new,
    )
    owner, _, plain = old.rpartition(".") if old[0] not in ".#" else ("", "", old)
    other, _, renamed = new.rpartition(".") if new[0] not in ".#" else ("", "", new)
    if other not in ("", owner) or plain == renamed or "/" in old + new or _mark(plain) != _mark(renamed):
        return
    everywhere = sentence.has("everywhere")
    command = Rename(
        plain,
        renamed,
        in_comments=everywhere or sentence.has("comments"),
        in_strings=everywhere or sentence.has("strings"),
        owner=owner,
    )
    token = sentence.token("OLD")
    doubtful = token is not None and not token.quote and not owner and _stands_for_a_kind(sentence, token)
    yield _read(sentence, command, (plain,) if doubtful else ())


def _stands_for_a_kind(sentence: _Sentence, token: Token) -> bool:
    """True for "rename the type to x", which most likely leaves out a name, and for "rename function to x"."""
    before = sentence.words[sentence.words.index(token) - 1]
    kind = token.word in sentence.language.kinds or token.word in sentence.language.named
    article = not before.quote and before.word in sentence.language.articles
    return token.word in _CORE_KINDS or (kind and article)


def _mark(name: str) -> str:
    """The mark in front of a name that is no part of an identifier."""
    return name[: len(name) - len(name.lstrip(".#-"))]


def _style(name: str) -> bool:
    return name.lower().replace("_", "").replace("-", "").replace("/", "") in _STYLES


def _replace(sentence: _Sentence) -> Iterator[Reading]:
    old, new = sentence.token("TEXT"), sentence.token("WITH")
    if old is not None and new is not None and old.text != new.text:
        yield _read(sentence, Replace(old.text, new.text))


def _word(sentence: _Sentence) -> Iterator[Reading]:
    old, new = sentence.token("WORD"), sentence.token("BYWORD")
    if old is None or new is None or old.text == new.text:
        return
    if {old.word, new.word} & _DESCRIPTIONS or _style(old.text) or _style(new.text):
        return
    if {word for word in (old.word, new.word) if len(word) > 1} & sentence.language.never and not {
        old.text,
        new.text,
    } & set("<>=!&|+-*/%^~?"):
        return
    if _IDENTIFIER.fullmatch(old.text) and operands.LITERAL.fullmatch(new.text):
        if sentence.word_before("BYWORD") not in ("with", "by", "durch", "mit", "par", "avec", "por", "con"):
            return  # its value is meant
        yield _read(sentence, SetValue(old.text, new.text))
    # "Change all tests to pytest" is about tests, more likely than about the word.
    kind = bool(sentence.language.plural) and old.word.endswith(sentence.language.plural)
    doubtful = (old.text,) if kind and old.text.islower() and _is_doubtful(sentence, old) else ()
    yield _read(sentence, Replace(old.text, new.text, whole_parts=True), doubtful)


def _set(sentence: _Sentence) -> Iterator[Reading]:
    name = _name(sentence, "NAME")
    value = next(
        (token for slot in ("VALUE", "LITERAL") if (token := sentence.token(slot)) is not None), None
    )
    old = next(
        (token for slot in ("FROM", "LITERALFROM") if (token := sentence.token(slot)) is not None), None
    )
    if (
        name is None
        or value is None
        or (not value.quote and value.word in _DESCRIPTIONS)
        or _style(value.text)
    ):
        return
    if not value.quote and (value.word in sentence.language.never and not operands.is_literal(value)):
        return
    if not value.quote and value.word in ("uppercase", "lowercase", *sentence.language.articles):
        return
    verb = sentence.words[0].word
    if not operands.is_literal(value) and old is None and verb.startswith(_COMPARATIVES):
        return  # "shorten the text to half"
    asks_to_change = verb.startswith(tuple(_CHANGES))
    token = sentence.token("NAME")
    if token is not None and token.word in _NAME_WORDS and not token.quote:
        before = sentence.word_before("NAME")
        kind = before in sentence.language.named and before not in sentence.language.articles
        if kind or (asks_to_change and (sentence.has("OWNER") or token.word != "name")):
            return  # "change the variable name from x to y", "change the name of x to y"
    if asks_to_change and old is None and not sentence.has("default"):
        if not operands.is_literal(value):
            return  # "change Foo to Bar" is about the word
        if token is not None and token.quote and value.quote and not operands.LITERAL.fullmatch(value.text):
            return  # two texts
    owner = _name(sentence, "OWNER") if sentence.has("OWNER") else ""
    if owner is None:
        return
    path = dotted(name) if name[0] not in ".#" else name
    inner, _, plain = path.rpartition(".")
    command = SetValue(
        plain,
        value.text,
        old=old.text if old is not None else None,
        owner=".".join(filter(None, (dotted(owner), inner))),
        everywhere=sentence.has("everywhere")
        or any(token.word in ("all", "every", "each") for token in sentence.words[1:2]),
        default=sentence.has("default"),
        quoted=bool(value.quote) and value.quote not in _VALUE_MARKS,
        code=value.quote in _VALUE_MARKS if value.quote else False,
    )
    doubtful = _doubts(sentence, "OWNER")
    if token is not None and not token.quote and token.word in _FILLERS:
        doubtful = (name, *doubtful)
    yield _read(
        sentence,
        command,
        doubtful,
        wide=verb.startswith(("bump", "upgrad", "updat", "downgrad")),
    )


def _remove(sentence: _Sentence) -> Iterator[Reading]:
    name = _name(sentence, "NAME")
    owner = _name(sentence, "OWNER") if sentence.has("OWNER") else ""
    if name is None or owner is None or "/" in owner:
        return
    kind = next((_KINDS[word] for word in _around(sentence, "NAME") if word in _KINDS), "")
    path = ".".join(filter(None, (dotted(owner), dotted(name).strip("."))))
    token = sentence.token("NAME")
    doubtful = _doubts(sentence, "NAME", "OWNER")
    if (
        kind
        and token is not None
        and (not token.text.islower() or token.word not in sentence.language.describing)
    ):
        # "The function comments" are comments more often than a function; "class Old" is a class.
        doubtful = _doubts(sentence, "OWNER")
    if token is not None and not doubtful and not kind:
        described = sentence.has("described") and not token.quote and not operands.code_shaped(token.text)
        doubtful = (token.text,) if described or _is_doubtful(sentence, token, plural=True) else ()
    yield _read(sentence, Remove(kind, path), doubtful)


def _around(sentence: _Sentence, name: str) -> Iterator[str]:
    """The words beside an operand: in front of it, also behind "called", and behind it."""
    each = next(each for each in sentence.found if each.name == name)
    for position in (each.first - 1, each.first - 2, each.end):
        if 0 <= position < len(sentence.words) and not sentence.words[position].quote:
            word = sentence.words[position].word
            if position != each.first - 2 or sentence.words[each.first - 1].word in (
                "called",
                "named",
                *sentence.language.outdated,
            ):
                yield word


def _document(sentence: _Sentence) -> Iterator[Reading]:
    name = _name(sentence, "NAME")
    if name is not None:
        token = sentence.token("NAME")
        kind = any(word in sentence.language.kinds for word in _around(sentence, "NAME"))
        several = token is not None and not kind and _is_doubtful(sentence, token, plural=True)
        yield _read(sentence, AddDocstring(dotted(name)), (name,) if several else ())


def _document_all(sentence: _Sentence) -> Iterator[Reading]:
    kinds = [kind for kind in ("functions", "classes") if sentence.has(kind)]
    yield _read(
        sentence, AddDocstring(kind={"functions": "function", "classes": "class"}[kinds[0]] if kinds else "")
    )


def _sort(sentence: _Sentence) -> Iterator[Reading]:
    yield _read(sentence, SortImports())


def _parameter(sentence: _Sentence) -> Iterator[Reading]:
    function = _name(sentence, "NAME")
    declared = operands.declaration(sentence.source("DECLARATION"))
    if function is None or declared is None:
        return
    name, annotation, default = declared
    kind, value = sentence.source("TYPE"), sentence.source("DEFAULT")
    word = grammar.fold(name)
    language = sentence.language
    no_types = language.never | language.adjectives | {"called"}
    if annotation.lower() in no_types or (annotation and kind) or (default and value):
        return
    token = sentence.token("DECLARATION")
    if not (annotation or default) and word in language.never | language.adjectives | language.documents:
        return  # "add an extra parameter", "add the missing JSDoc parameters"
    plain = token is not None and not token.quote and not annotation and not default
    doubtful: tuple[str, ...] = ()
    if plain and not value and word in _TYPES:
        doubtful = (name,)
    command = AddParameter(dotted(function), name, annotation=annotation or kind, default=default or value)
    target = sentence.token("NAME")
    if target is not None and not target.quote and target.word in _CORE_KINDS:
        doubtful += (function,)
    yield _read(sentence, command, doubtful)


def _colour(sentence: _Sentence) -> Iterator[Reading]:
    old, new = sentence.token("COLOUR"), sentence.token("BY")
    if old is not None and new is not None and old.word != new.word:
        yield _read(sentence, ChangeColour(new.text, old=old.text))


def _aspect(sentence: _Sentence) -> Iterator[Reading]:
    new = sentence.token("BY")
    aspect = operands.aspect(sentence.source("ASPECT"))
    if new is not None and (aspect or any(token.word in _COLOUR_WORDS for token in sentence.words)):
        yield _read(sentence, ChangeColour(new.text, aspect=aspect or None))


_NAME_WORDS: Final = frozenset({"name", "names", "namen", "nom", "nombre"})
# A word for a kind, rather than a name, in every language.
_CORE_KINDS: Final = frozenset(
    {
        "function",
        "functions",
        "func",
        "fn",
        "method",
        "methods",
        "class",
        "classes",
        "variable",
        "variables",
        "constant",
    }
    | {
        "constants",
        "parameter",
        "parameters",
        "argument",
        "arguments",
        "identifier",
        "struct",
        "enum",
        "trait",
    }
    | {
        "interface",
        "namespace",
        "macro",
        "file",
        "files",
        "everything",
        "funktion",
        "methode",
        "klasse",
        "datei",
    }
    | {"fonction", "classe", "fichier", "funcion", "metodo", "clase", "archivo", "konstante", "constante"}
)
# "Set the value to 3" does not say of what.
_FILLERS: Final = frozenset(
    {
        "value",
        "setting",
        "option",
        "variable",
        "var",
        "constant",
        "field",
        "property",
        "attribute",
        "parameter",
        "param",
    }
    | {
        "argument",
        "arg",
        "default",
        "defaults",
        "wert",
        "variable",
        "einstellung",
        "valeur",
        "valor",
        "everything",
    }
)
_COLOUR_WORDS: Final = frozenset({"color", "colour", "farbe", "couleur"})
# Words in front of "parameter" that say what kind of one.
_TYPES: Final = frozenset(
    {
        "handling",
        "parsing",
        "checking",
        "checks",
        "passing",
        "validation",
        "support",
        "names",
        "types",
        "hints",
    }
    | {"description", "descriptions", "logging", "tests", "code", "list"}
    | {
        "boolean",
        "bool",
        "string",
        "str",
        "integer",
        "int",
        "number",
        "float",
        "required",
        "positional",
        "variadic",
    }
    | {
        "callback",
        "generic",
        "mandatory",
        "first",
        "second",
        "third",
        "last",
        "final",
        "typed",
        "single",
        "configurable",
    }
)
# What people call definitions, in the words of `editsvc.instruction.commands.Remove`.
_KINDS: Final = {
    **{
        word: word
        for word in (
            "function",
            "func",
            "fn",
            "method",
            "class",
            "struct",
            "enum",
            "trait",
            "interface",
            "type",
        )
    },
    **{word: word for word in ("record", "union", "module", "namespace", "macro")},
    **dict.fromkeys(("funktion", "fonction", "funcion"), "function"),
    **dict.fromkeys(("methode", "metodo"), "method"),
    **dict.fromkeys(("klasse", "classe", "clase"), "class"),
    **dict.fromkeys(("modul", "modulo"), "module"),
    **dict.fromkeys(("struktur", "structure", "estructura"), "struct"),
    **dict.fromkeys(("schnittstelle", "interfaz"), "interface"),
    **dict.fromkeys(("typ", "tipo"), "type"),
}
_BUILDERS: Final[dict[str, Callable[[_Sentence], Iterator[Reading]]]] = {
    "rename": _rename,
    "colour": _colour,
    "aspect": _aspect,
    "set": _set,
    "replace": _replace,
    "word": _word,
    "remove": _remove,
    "document all": _document_all,
    "document": _document,
    "sort": _sort,
    "parameter": _parameter,
}
_ORDER: Final = tuple(_BUILDERS)


class Correction(NamedTuple):
    """A sentence that is understood, but for one word that was misspelt."""

    typed: str
    sentence: str


def corrected(instruction: str) -> Correction | None:
    """What was most likely meant by an instruction whose first word is misspelt; None if that cannot be told."""
    words = _polished(grammar.tokens(" ".join(instruction.split())[:_LONGEST]))
    if not words or words[0].quote:
        return None
    typed = words[0]
    for wording in WORDINGS:
        known = {word for word in _verbs(wording.name) if word.isalpha()}
        meant = closest(typed.word, sorted(known))
        if meant is None or typed.word in known or len(typed.word) < _SHORTEST_TYPO:
            continue
        sentence = f"{meant}{instruction.strip()[instruction.strip().find(typed.text) + len(typed.text) :]}"
        if parse(sentence) is not None:
            return Correction(typed.text, sentence)
    return None


def with_a_name_marked(instruction: str) -> Correction | None:
    """The instruction with a word marked as a name that was taken for one of the sentence; None if there is none."""
    sentence = " ".join(instruction.split())[:_LONGEST]
    for token in reversed(_polished(grammar.tokens(sentence))):
        if token.quote or not _IDENTIFIER.fullmatch(token.text):
            continue
        marked = f"{sentence[: token.start]}`{token.text}`{sentence[token.end :]}"
        if readings(marked):
            return Correction(token.text, marked)
    return None


def unread(instruction: str) -> str | None:
    """The end of an instruction from the first word that has no meaning; None if it has none from the beginning.

    Empty if every word has one, but something is missing.
    """
    sentence = " ".join(instruction.split())[:_LONGEST]
    words = _polished(grammar.tokens(sentence))
    reached, _ = _furthest(sentence, words)
    if not reached:
        return None
    return sentence[words[reached].start : words[-1].end] if reached < len(words) else ""


def nearest_actions(instruction: str) -> list[str]:
    """The examples of `editsvc.instruction.commands`, those first that are most like the instruction."""
    sentence = " ".join(instruction.split())[:_LONGEST]
    words = _polished(grammar.tokens(sentence))
    _, reached = _furthest(sentence, words)
    have = {token.word for token in words}

    def rank(example: str) -> tuple[int, int]:
        found = readings(example)
        actions = [
            action for action, kind in _ACTION_OF.items() if found and isinstance(found[0].command, kind)
        ]
        furthest = max((reached.get(action, 0) for action in actions), default=0)
        return -furthest, -len(have & {token.word for token in grammar.tokens(example)})

    return sorted((example for example, _ in EXAMPLES), key=rank)


def _furthest(sentence: str, words: list[Token]) -> tuple[int, dict[str, int]]:
    """How many words have a meaning in the form that goes furthest, and in those of each action."""
    reached: dict[str, int] = {}
    have = {token.word for token in words}
    for wording in _spoken(have):
        for action, form in _language(wording.name).forms:
            if form.needed & have:
                reached[action] = max(reached.get(action, 0), grammar.reach(form, sentence, words))
    return max(reached.values(), default=0), reached


_SHORTEST_TYPO: Final = 4
_ACTION_OF: Final[dict[str, type]] = {
    "rename": Rename,
    "colour": ChangeColour,
    "aspect": ChangeColour,
    "set": SetValue,
    "replace": Replace,
    "word": Replace,
    "remove": Remove,
    "document all": AddDocstring,
    "document": AddDocstring,
    "sort": SortImports,
    "parameter": AddParameter,
}
