r"""Secrets in a text: find them, put placeholders in their places, and put them back.

A key that is sent to a model has leaked. So a text is masked before it is sent, and restored when the reply
arrives; the model works on placeholders, which it may move, copy or delete with the code around them.

Placeholders are made of random letters, anew for each edit: no instruction speaks of them, and what a model makes
of one (in another case, cut in two, with a word replaced in it) is still recognised by the letters that are left.

Finding is by shape. Most providers give their keys a prefix and a length; each such shape is one row of the
table below, taken from the provider's documentation or from the keys themselves. What has no shape of its own
(passwords in connection URLs, values behind names like ``api_key``) is told by its place, and the latter also
by looking random. False alarms cost little, because masked text comes back as it was, but a model sees less.

Offsets count code points. All quantifiers have bounds, so that time grows with the length of the text alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from editsvc.guard import secret_places
from editsvc.guard.secret_shapes import SHAPES as _SHAPES
from editsvc.text.diff import changed_spans
from editsvc.text.document import common_prefix, common_suffix, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from editsvc.text.document import Edit

PRIVATE_KEY: Final = "private key"
URL_PASSWORD: Final = "password in a URL"  # noqa: S105 - the name of a kind
ASSIGNED: Final = "value of a secret's name"
PASSWORD: Final = "password"  # noqa: S105 - same
MANIFEST: Final = "value of a Kubernetes secret"


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """The code points from `start` up to `end` are a secret; `kind` names it, and holds nothing of it.

    A private key is the lines between its BEGIN and END lines; every other secret is one word.
    """

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with placeholders in the places of its secrets; it has as many lines as the text it was made from.

    `placeholders` maps each one to its value, and `kinds` to the kind of its secret. `places` says what was replaced,
    in order: start and end in the text as it was, and the placeholder. `wholes` are the placeholders of each secret
    that was replaced word by word: they belong together, in this order. `stem` is the two words of random letters of
    which all placeholders are made; `beside` holds the letters that stand before and behind each of them, "" always
    among them. Values are left out of the repr.
    """

    text: str
    stem: tuple[str, str]
    placeholders: Mapping[str, str] = field(repr=False)
    kinds: Mapping[str, str]
    places: tuple[tuple[int, int, str], ...]
    wholes: tuple[tuple[str, ...], ...]
    beside: Mapping[str, tuple[frozenset[str], frozenset[str]]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Restored:
    """A text with its secrets back in place.

    `unknown` are words, in order, that are made of a placeholder and are none: changed, split, invented, or grown
    together with other letters. They are still in `text`, so it must not be used.
    """

    text: str = field(repr=False)
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """A secret that a text no longer has: its line in the text before (1-based), and its kind.

    `replaced` if the line is still there with something else in the secret's place, or if a part of a private key is
    gone; else the line is gone or has changed.
    """

    line: int
    kind: str
    replaced: bool


# What all keys of a known shape are made of, with what their patterns look for before them, and how long they are.
_KEY_LETTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/=.~:%-")
_SHORTEST_KEY: Final = 20
_IN_KEYS: Final = bytes(ord("x") if letter in _KEY_LETTERS else ord(" ") for letter in range(256))
_LONG_WORD: Final = b"x" * _SHORTEST_KEY


def _either(words: Iterable[str]) -> str:
    """A pattern for any of `words`, none of which begins with another one; it tries a letter once."""
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[:1], []).append(word[1:])
    parts = [re.escape(first) + _either(rest) for first, rest in by_first.items() if first]
    return f"(?:{'|'.join(parts)})" if len(parts) > 1 else "".join(parts)


# Keys begin with the word, or behind one of their signs. Before a word stands a line end, and one letter of the text.
_ALL: Final = {name for shape in _SHAPES for name in shape.beginnings}
# Without those that begin with another one, which then stands for both.
_SHORTEST: Final = sorted(name for name in _ALL if not any(name[:end] in _ALL for end in range(1, len(name))))
_SIGNS: Final = re.escape(
    "".join(sign for sign in map(chr, sorted(_KEY_LETTERS)) if not re.match(r"\w", sign))
)
_BEGINNINGS: Final = re.compile(rf"(?:\n(?:\\[nrt]?|[^\\])|[{_SIGNS}])(?=({_either(_SHORTEST)}))")
_BEGINS: Final = {
    short: tuple(shape for shape in _SHAPES if any(name.startswith(short) for name in shape.beginnings))
    for short in _SHORTEST
}
_INSIDE: Final = tuple((shape, shape.inside) for shape in _SHAPES if shape.inside is not None)

# A stand-in like ghp_xxxxxxxxxxxx has the shape of a key; with so few different characters it is none.
_MIN_DISTINCT: Final = 8

_KEY_LINE: Final = "PRIVATE KEY"
_ARMOUR: Final = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# What stands between the two lines: words, and what source code wraps around them (quotes, \n, brackets).
_ARMOURED: Final = re.compile(r"\\[nrt]|([A-Za-z0-9+/=:_.-]+)")
_MIN_ARMOURED_WORD: Final = 8
_MIN_BASE64: Final = 40
_BASE64_WORD: Final = re.compile(r"[A-Za-z0-9+/=]{16,}")

# RFC 3986, section 3.2.1. Characters that end a string or begin an interpolation are in no password here.
_URL: Final = re.compile(
    r"://([^\s:/@?#\"'`<>{}$%()\\]{0,64}):([^\s:/@?#\"'`<>{}$()\\*]{3,200})@[\w\[]",
    re.ASCII,
)
_NO_PASSWORD: Final = re.compile(
    r"(?i)(?:my|your|the|some|db|user)?[_-]?(?:pass|passwd|password|passphrase|pwd|pw|secret|token|user|username"
    r"|credentials?|tiger|example|changeme|x+|\.+|%\w*|port|[0-9]{1,5})[_-]?[0-9]?"
)

_HEADER_NAME: Final = b"authorization"
_HEADER: Final = re.compile(
    r"(?i:authorization)[\"']?[ \t]{0,4}[:=,][ \t]{0,4}[\"']?(?i:bearer|basic|token)[ \t]{1,4}"
    r"([\w.~+/-]{16,2000}={0,2})",
    re.ASCII,
)

# In each of the names below is one of these.
_NAME_WORDS: Final = (b"key", b"secret", b"token", b"passw", b"passphrase", b"pwd", b"credential")
_NAME: Final = (
    r"(?i:api[_-]?key|access[_-]?key|secret|token|passw(?:or)?d|passphrase|pwd|credential"
    r"|(?:private|signing|encryption|account|master|auth|storage)[_-]?key)[\w-]{0,30}"
)
# A value in quotes, and what stands before it: name = "…", name: "…", "name": "…", name["…"] = "…",
# name: str = "…", set("name", "…").
_QUOTED: Final = re.compile(r"([\"'`])([^\s\"'`\\]{16,512})\1")
_NAMES_QUOTED: Final = re.compile(
    rf"{_NAME}(?:[\"'`]?\]?[ \t]{{0,8}}(?::[ \t]{{0,4}}[A-Za-z][\w\[\] |.]{{0,30}})?(?:=>|:=|={{1,2}}|:)"
    r"|[\"'],)[ \t]{0,8}[A-Za-z]{0,2}\Z",
    re.ASCII,
)
# A value that ends its line (one with a dot may be an attribute), and what stands before it on that line:
# NAME=value, name: value (.env, INI, YAML).
_BARE: Final = re.compile(r"[:=][ \t]{0,8}([\w+/~-]{16,512}+={0,2})(?=[ \t]{0,8}(?:#|\r|\n|\Z))", re.ASCII)
_NAMES_BARE: Final = re.compile(
    rf"(?:\A|(?<=[\r\n]))[ \t]{{0,40}}(?:(?:export|ENV|ARG|-)[ \t]{{1,4}})?[\w.-]{{0,60}}?{_NAME}[ \t]{{0,8}}\Z",
    re.ASCII,
)
_NAME_WINDOW: Final = 160
_WORD_SHOWN: Final = 40
_AROUND: Final = re.compile(rf"\w{{0,{_WORD_SHOWN}}}")
_BEFORE: Final = re.compile(rf"\w{{0,{_WORD_SHOWN}}}\Z")

# No vowels, so that no words come about. No letter occurs twice in a stem: whatever short piece of a placeholder is
# replaced everywhere in a text, more than _TELLING letters in a row are left of it, and a longer piece occurs in no
# other word.
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
_STEM: Final = 7
_TELLING: Final = 5
_MOST_STEMS: Final = 1_000
_CHECK: Final = 3
# Has no factor in common with the number of letters, so that different numbers have different ones.
_SPREAD: Final = 3_947

_WORD: Final = re.compile(r"[\w+/=.~-]{16,}", re.ASCII)
_MIN_REPEATED: Final = 16


def find(text: str) -> list[Secret]:
    """The secrets in `text`, in order, none overlapping another.

    Where two shapes fit one place, the one that begins first counts, and of those the longest. Repetitions of
    a secret as a word of its own are secrets too, whatever stands around them.
    """
    return scan(text).secrets()


def in_order(secret: Secret) -> tuple[int, int, bool]:
    """Sorts candidates: the first, of those the longest, of those a shape before what only its name tells."""
    return secret.start, -secret.end, secret.kind == ASSIGNED


@dataclass(frozen=True, slots=True)
class Scan:
    """A text that was searched: `candidates` are all places in it where a shape fits."""

    text: str = field(repr=False)
    candidates: tuple[Secret, ...]

    def secrets(self) -> list[Secret]:
        """What `find` returns for the text."""
        found: list[Secret] = []
        end = 0
        for secret in sorted(self.candidates, key=in_order):
            if secret.start >= end:
                found.append(secret)
                end = secret.end
        return _with_repetitions(self.text, found)


def scan(text: str, before: Scan | None = None) -> Scan:
    """`text`, searched; lines that it begins and ends with as the text of `before` does are not searched again."""
    if before is None:
        return Scan(text, (*_on_lines(text), *_over_lines(text)))
    old = before.text
    # No other secret goes over the end of a line, but the line above may tell what one is.
    start = text.rfind("\n", 0, common_prefix(old, text)) + 1
    behind = min(common_suffix(old, text), min(len(old), len(text)) - start)
    end = text.find("\n", len(text) - behind) + 1 or len(text)
    start, end = text.rfind("\n", 0, max(0, start - 1)) + 1, text.find("\n", end) + 1 or len(text)
    moved = len(text) - len(old)
    kept = [secret for secret in before.candidates if secret.kind not in {PRIVATE_KEY, MANIFEST}]
    above = [secret for secret in kept if secret.end <= start]
    anew = _moved(_on_lines(text[start:end]), start)
    below = _moved((secret for secret in kept if secret.start >= end - moved), moved)
    return Scan(text, (*above, *anew, *below, *_over_lines(text)))


def _moved(secrets: Iterable[Secret], by: int) -> Iterator[Secret]:
    return (Secret(secret.start + by, secret.end + by, secret.kind) for secret in secrets)


def mask(text: str, secrets: Iterable[Secret], *, nonce: str) -> Masked:
    """`text` with each of `secrets` replaced by a placeholder; ``restore(masked.text, masked).text == text``.

    A placeholder is one word of letters, digits and underscores that nothing in `text` resembles; equal secrets
    get the same. Its letters are drawn with `nonce`, which should be another one for each edit. A private key is
    replaced word by word, so that every line stays where it is. Raises ValueError for a secret that is empty, out of
    bounds, or overlaps another, and for a text that resembles whatever is drawn.
    """
    stem = head, tail = _unused_stem(text, nonce)
    numbered: dict[str, str] = {}
    kinds: dict[str, str] = {}
    places: list[tuple[int, int, str]] = []
    wholes: list[tuple[str, ...]] = []
    parts: list[str] = []
    position = 0
    for secret in sorted(secrets):
        if not position <= secret.start < secret.end <= len(text):
            raise ValueError(
                f"secret {secret.start}..{secret.end} is empty, out of bounds or overlaps another"
            )
        names = []
        for start, end in _words(text, secret):
            value = text[start:end]
            placeholder = numbered.setdefault(
                value, f"{head}_{len(numbered) + 1}_{tail}{_checked(len(numbered) + 1)}"
            )
            names.append(placeholder)
            kinds.setdefault(placeholder, secret.kind)
            places.append((start, end, placeholder))
            parts += (text[position:start], placeholder)
            position = end
        if len(names) > 1:
            wholes.append(tuple(names))
    parts.append(text[position:])
    new = "".join(parts)
    values = {placeholder: value for value, placeholder in numbered.items()}
    return Masked(
        new, stem, values, kinds, tuple(places), tuple(dict.fromkeys(wholes)), _beside(new, stem, values)
    )


def mask_edits(edits: Sequence[Edit], masked: Masked) -> tuple[list[Edit], bool]:
    """`edits` of the text that was masked as edits of ``masked.text``, and whether that is all of them.

    Secrets in what they insert become placeholders. An edit that touches a secret is left out: whoever sees the
    masked text cannot make it.
    """
    ends = [end for _, end, _ in masked.places]
    longest_first = sorted(masked.placeholders.items(), key=lambda item: -len(item[1]))
    grown = [0]
    for start, end, placeholder in masked.places:
        grown.append(grown[-1] + len(placeholder) - (end - start))
    result = []
    for edit in edits:
        before = bisect_right(ends, edit.start)
        if before < len(ends) and masked.places[before][0] < edit.end:
            continue
        new = edit.new_text
        for placeholder, value in longest_first:
            new = new.replace(value, placeholder)
        result.append(
            replace(edit, start=edit.start + grown[before], end=edit.end + grown[before], new_text=new)
        )
    return result, len(result) == len(edits)


def restore(text: str, masked: Masked) -> Restored:
    """`text`, which a model made from ``masked.text``, with the secrets in the places of their placeholders.

    A placeholder counts only as it was written: with its case, and with no letter or digit beside it that was
    not beside it before. Anything else that is made of one is reported as unknown and left alone.
    """
    parts: list[str] = []
    others: list[str] = []
    position = 0
    for start, name in _intact(text, masked):
        between = text[position:start]
        parts += (between, masked.placeholders[name])
        others.append(between)
        position = start + len(name)
    parts.append(text[position:])
    others.append(text[position:])
    # NUL stands in no word, so that nothing grows together across a placeholder.
    return Restored("".join(parts), tuple(_remains("\0".join(others), masked.stem)))


def losses(before: str, after: str, masked: Masked, *, instruction: str = "") -> tuple[Loss, ...]:
    r"""The secrets of `before`, a part of ``masked.text``, that `after`, made from it, has lost; both have ``\n`` only.

    Lines that moved have lost nothing. A secret that `instruction`, as it was sent, names itself is meant to go.
    """
    if before == after:
        return ()
    meant = {name for _, name in _intact(instruction, masked)}
    old, new = split_lines(before), split_lines(after)
    spans = changed_spans(before, after)
    arrived = Counter(line.strip() for span in spans for line in new[span.new_start : span.new_end])
    exact = _exact(masked.stem)
    words = [name for _, name in _intact(after, masked)]
    kept = set(words)
    found: list[Loss] = []
    for span in spans:
        instead = [line.strip() for line in new[span.new_start : span.new_end]]
        for number in range(span.old_start, span.old_end):
            line = old[number].strip()
            names = [name for _, name in _intact(old[number], masked) if name not in meant]
            if not names:
                continue
            if arrived[line]:
                arrived[line] -= 1
                continue
            frame = [piece.strip() for piece in exact.split(line)]
            # The same line, and other words in the places of some of its secrets.
            same = [other for other in instead if _has_frame(other, frame)]
            gone = names
            if same:
                gone = min(([name for name in names if name not in other] for other in same), key=len)
            replaced = bool(same) and bool(gone)
            if not replaced:
                gone = [name for name in names if name not in kept]
            found += [Loss(number + 1, masked.kinds[name], replaced) for name in dict.fromkeys(gone)]
    return tuple(sorted({*found, *_broken_keys(old, words, masked)}))


def _broken_keys(old: Sequence[str], words_after: Sequence[str], masked: Masked) -> Iterator[Loss]:
    """The keys of which the new text's placeholders are some and not others, or are in another order."""
    if not masked.wholes:
        return
    words_before = [name for line in old for _, name in _intact(line, masked)]
    # Keys of one kind begin with the same words; what belongs to no whole key is left of a broken one.
    stray = _stray(words_after, masked.wholes) - _stray(words_before, masked.wholes)
    for whole in masked.wholes:
        if _runs_of(whole, words_after) < _runs_of(whole, words_before) and any(map(stray.get, whole)):
            missing = next((name for name in whole if name not in words_after), whole[0])
            line = next((number for number, line in enumerate(old, 1) if missing in line), 1)
            yield Loss(line, masked.kinds[whole[0]], replaced=True)


def _stray(words: Sequence[str], wholes: Iterable[tuple[str, ...]]) -> Counter[str]:
    count = Counter(words)
    for whole in wholes:
        runs = _runs_of(whole, words)
        count.subtract({name: runs * times for name, times in Counter(whole).items()})
    return +count


def _runs_of(whole: tuple[str, ...], words: Sequence[str]) -> int:
    """How often `words` has all of `whole` in a row."""
    starts = (at for at, word in enumerate(words) if word == whole[0])
    return sum(tuple(words[at : at + len(whole)]) == whole for at in starts)


def _has_frame(line: str, frame: Sequence[str]) -> bool:
    """Whether `line` has the pieces of text in `frame`, in order, from its beginning to its end, blanks apart."""
    if not any(any(map(str.isalnum, piece)) for piece in frame):
        return False
    first, *inner, last = frame
    if len(line) < len(first) + len(last) or not line.startswith(first) or not line.endswith(last):
        return False
    at, end = len(first), len(line) - len(last)
    for piece in inner:
        at = line.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _intact(text: str, masked: Masked) -> Iterator[tuple[int, str]]:
    """The placeholders in `text` that are as they were written, with the offsets at which they begin."""
    for match in _exact(masked.stem).finditer(text):
        before, after = masked.beside.get(match.group(), ((), ()))
        if _letter_at(text, match.start() - 1) in before and _letter_at(text, match.end()) in after:
            yield match.start(), match.group()


def _beside(
    text: str, stem: tuple[str, str], names: Iterable[str]
) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """The letters that stand before and behind each placeholder in `text`, and "", which always may."""
    found: dict[str, tuple[set[str], set[str]]] = {name: ({""}, {""}) for name in names}
    for match in _exact(stem).finditer(text):
        before, after = found[match.group()]
        before.add(_letter_at(text, match.start() - 1))
        after.add(_letter_at(text, match.end()))
    return {name: (frozenset(before), frozenset(after)) for name, (before, after) in found.items()}


def _remains(text: str, stem: tuple[str, str]) -> Iterator[str]:
    """The words in `text` that hold several letters of a placeholder in a row, in whatever case."""
    lowered = text.lower()
    if not any(run in lowered for run in _runs(stem)):
        return
    position = 0
    for match in re.finditer("|".join(_runs(stem)), text, re.IGNORECASE):
        if match.start() < position:
            continue
        word = _AROUND.match(text, match.end())
        before = _BEFORE.search(text, max(position, match.start() - _WORD_SHOWN), match.start())
        position = word.end() if word else match.end()
        yield (before.group() if before else "") + text[match.start() : position]


def _on_lines(text: str) -> Iterator[Secret]:
    """All secrets but private keys: each stands on one line, and so does what it is told by."""
    # One byte a code point: what is not ASCII is in no class that a pattern asks for by name.
    plain = text.encode("ascii", "replace")
    yield from _shaped(text, plain)
    yield from _in_urls(text)
    lowered = plain.lower()
    yield from _in_headers(text, lowered)
    yield from _assigned(text, lowered)
    yield from (Secret(*span, ASSIGNED) for span in secret_places.assigned(text, plain))
    yield from (Secret(*span, PASSWORD) for span in secret_places.passwords(text, lowered))


def _shaped(text: str, plain: bytes) -> list[Secret]:
    """The keys that have a shape of their own, in the order of the table.

    Most text is no part of a word as long as the shortest key, so only those that are, are looked at.
    """
    words = _long_words(plain)
    if not words:
        return []
    # A pattern may look at what stands before a word, so each has the letter before it.
    parts = [text[max(0, start - 1) : end] for start, end in words]
    if words[0][0] == 0:
        parts[0] = f" {parts[0]}"
    long = "\n" + "\n".join(parts)
    found: dict[str, list[re.Match[str]]] = {}
    for beginning in _BEGINNINGS.finditer(long):
        for shape in _BEGINS[beginning.group(1)]:
            before = found.get(shape.kind)
            match = shape.pattern.match(long, beginning.end())
            if match is not None and (before is None or before[-1].end() <= match.start()):
                found.setdefault(shape.kind, []).append(match)
    for shape, inside in _INSIDE:
        hint = inside.search(long)
        while hint is not None:
            begin, end = long.rfind("\n", 0, hint.start()), long.find("\n", hint.end())
            end = end if end >= 0 else len(long)
            found.setdefault(shape.kind, []).extend(shape.pattern.finditer(long, begin + 1, end))
            hint = inside.search(long, end)
    return [*_placed(found, words, parts)] if found else []


def _placed(
    found: Mapping[str, Sequence[re.Match[str]]], words: Sequence[tuple[int, int]], parts: Sequence[str]
) -> Iterator[Secret]:
    """The secrets that were found in the line of each of `words`, where they stand in the text."""
    begins = list(accumulate((len(part) + 1 for part in parts), initial=1))
    for shape in _SHAPES:
        for match in found.get(shape.kind, ()):
            if len(set(match.group(1))) >= _MIN_DISTINCT:
                number = bisect_right(begins, match.start(1)) - 1
                moved = words[number][0] - 1 - begins[number]
                yield Secret(match.start(1) + moved, match.end(1) + moved, shape.kind)


def _long_words(plain: bytes) -> list[tuple[int, int]]:
    """The whole words, with the signs that occur in keys, that are as long as the shortest of them."""
    classes = plain.translate(_IN_KEYS)
    words = []
    start = classes.find(_LONG_WORD)
    while start >= 0:
        end = classes.find(b" ", start + _SHORTEST_KEY)
        if end < 0:
            end = len(classes)
        words.append((start, end))
        start = classes.find(_LONG_WORD, end)
    return words


def _in_urls(text: str) -> Iterator[Secret]:
    at = text.find("://")
    while at >= 0:
        match = _URL.match(text, at)
        if match is not None:
            user, password = match.groups()
            if password != user and not _NO_PASSWORD.fullmatch(password):
                yield Secret(*match.span(2), URL_PASSWORD)
        at = text.find("://", at + 3)


def _in_headers(text: str, lowered: bytes) -> Iterator[Secret]:
    at = lowered.find(_HEADER_NAME)
    while at >= 0:
        end = at + 1
        match = _HEADER.match(text, at)
        if match is not None:
            end = match.end()
            if secret_places.looks_random(match.group(1)):
                yield Secret(*match.span(1), "authorization header")
        at = lowered.find(_HEADER_NAME, end)


def _assigned(text: str, lowered: bytes) -> Iterator[Secret]:
    # A name and its value stand on one line, and no value goes over its end.
    lines = secret_places.lines_with(_NAME_WORDS, lowered)
    # Few values look random, so the names, which are slower to look for, are read last.
    for values, value, names in ((_QUOTED, 2, _NAMES_QUOTED), (_BARE, 1, _NAMES_BARE)):
        for begin, end in lines:
            for match in values.finditer(text, begin, end):
                if secret_places.looks_random(match.group(value)):
                    start = match.start()
                    if names.search(text, max(0, start - _NAME_WINDOW), start):
                        yield Secret(*match.span(value), ASSIGNED)


def _over_lines(text: str) -> Iterator[Secret]:
    """The secrets that are told by what stands on other lines."""
    yield from _private_keys(text)
    yield from (Secret(*span, MANIFEST) for span in secret_places.in_manifests(text))


def _private_keys(text: str) -> Iterator[Secret]:
    """The bodies of RFC 7468 and OpenPGP private keys: what stands between a BEGIN line and the END next to it.

    Source code that reads or writes keys has both lines too; what stands between is not base64 there.
    """
    begin = -1
    for match in _ARMOUR.finditer(text) if _KEY_LINE in text else ():
        if match.group(1) == "BEGIN":
            begin = match.end()
            continue
        if begin >= 0:
            words = [word for word in _ARMOURED.finditer(text, begin, match.start()) if word.group(1)]
            base64 = sum(len(word.group()) for word in words if _BASE64_WORD.fullmatch(word.group()))
            if base64 >= _MIN_BASE64 and 2 * base64 > sum(len(word.group()) for word in words):
                yield Secret(words[0].start(), words[-1].end(), PRIVATE_KEY)
        begin = -1


def _with_repetitions(text: str, found: list[Secret]) -> list[Secret]:
    kinds = {
        text[secret.start : secret.end]: secret.kind
        for secret in found
        if secret.kind != PRIVATE_KEY and secret.end - secret.start >= _MIN_REPEATED
    }
    if not kinds:
        return found
    taken = iter([*found, Secret(len(text), len(text), "")])
    following = next(taken)
    repeated: list[Secret] = []
    for word in _WORD.finditer(text):
        while following.end <= word.start() and following.start < len(text):
            following = next(taken)
        if word.group() in kinds and word.end() <= following.start:
            repeated.append(Secret(*word.span(), kinds[word.group()]))
    return sorted([*found, *repeated])


def _words(text: str, secret: Secret) -> list[tuple[int, int]]:
    if secret.kind != PRIVATE_KEY:
        return [(secret.start, secret.end)]
    # Shorter words are the b before a quote, or the last characters of a line that say nothing.
    return [
        match.span()
        for match in _ARMOURED.finditer(text, secret.start, secret.end)
        if match.group(1) and len(match.group()) >= _MIN_ARMOURED_WORD
    ]


def _unused_stem(text: str, nonce: str) -> tuple[str, str]:
    """Two words of random letters, no few of which stand in a row in `text`."""
    lowered = text.lower()
    for attempt in range(_MOST_STEMS):
        stem = _drawn(f"{nonce}:{attempt}")
        if not any(run in lowered for run in _runs(stem)):
            return stem
    raise ValueError("the text holds every run of letters that a placeholder could be known by")


def _drawn(seed: str) -> tuple[str, str]:
    number = int.from_bytes(sha256(seed.encode()).digest())
    left, letters = list(_LETTERS), ""
    for _ in range(2 * _STEM):
        number, at = divmod(number, len(left))
        letters += left.pop(at)
    return letters[:_STEM], letters[_STEM:]


def _runs(stem: tuple[str, str]) -> list[str]:
    """Every run of _TELLING letters in the two words."""
    return [word[at : at + _TELLING] for word in stem for at in range(_STEM - _TELLING + 1)]


def _exact(stem: tuple[str, str]) -> re.Pattern[str]:
    return re.compile(rf"{stem[0]}_[1-9][0-9]*_{stem[1]}[{_LETTERS}]{{{_CHECK}}}")


def _checked(number: int) -> str:
    """Letters that belong to `number`: a placeholder whose number alone was changed is none."""
    value, letters = number * _SPREAD, ""
    for _ in range(_CHECK):
        value, at = divmod(value, len(_LETTERS))
        letters += _LETTERS[at]
    return letters


def _letter_at(text: str, offset: int) -> str:
    """The character at `offset` if it would belong to the word of a placeholder beside it, else ``""``."""
    character = text[offset : offset + 1] if offset >= 0 else ""
    return character if character.isalnum() or character == "_" else ""
