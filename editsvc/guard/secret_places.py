"""Values that are told to be secrets by where they stand: behind a name, in a header, in a connection string.

Two things make one: it looks random, and something on its line says what it is for, which is a word for secrets, or the
name of a service that gives out keys. Random values are rare, so these are looked for first. Passwords that people
think of look less random, and count only where nothing but a password can stand.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# What values are made of, and the length of the shortest.
_LETTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/~%-")
_CLASSES: Final = bytes(ord("x") if letter in _LETTERS else ord(" ") for letter in range(256))
_SHORTEST: Final = 15
_LONGEST: Final = 1_024
_LONG: Final = b"x" * _SHORTEST
_DIGIT: Final = re.compile(rb"[0-9]")
_WINDOW: Final = 160

# Services whose keys have no shape of their own, or had none once; and words for what is secret.
_SERVICES: Final = (
    *(
        "adafruit",
        "airtable",
        "algolia",
        "alibaba",
        "anthropic",
        "asana",
        "atlassian",
        "azure",
        "beamer",
        "bitbucket",
    ),
    *(
        "bittrex",
        "cloudflare",
        "codecov",
        "cohere",
        "coinbase",
        "confluent",
        "contentful",
        "datadog",
        "discord",
    ),
    *(
        "droneci",
        "dropbox",
        "elastic",
        "etsy",
        "facebook",
        "fastly",
        "finicity",
        "finnhub",
        "flickr",
        "freshbooks",
    ),
    *(
        "gitlab",
        "github",
        "gitter",
        "gocardless",
        "heroku",
        "hubspot",
        "intercom",
        "jira",
        "kraken",
        "kucoin",
    ),
    *(
        "launchdarkly",
        "linear_",
        "linkedin",
        "looker",
        "mailchimp",
        "mailgun",
        "mattermost",
        "meraki",
        "messagebird",
    ),
    *(
        "mistral",
        "netlify",
        "newrelic",
        "new_relic",
        "nytimes",
        "okta",
        "openai",
        "paypal",
        "plaid",
        "privateai",
    ),
    *(
        "rapidapi",
        "sendbird",
        "sendgrid",
        "sentry",
        "shopify",
        "slack",
        "snyk",
        "sonar",
        "sourcegraph",
        "spotify",
    ),
    *(
        "squarespace",
        "stripe",
        "sumo",
        "telegram",
        "travis",
        "trello",
        "twilio",
        "twitch",
        "twitter",
        "vercel",
    ),
    *("wandb", "yandex", "zendesk", "zoom"),
)
_WORDS: Final = (
    "api_?key",
    "secret",
    "token",
    "passw",
    "passphrase",
    "pwd",
    "credential",
    "creds",
    "auth",
    "bearer",
)
_LOOSE_WORDS: Final = ("key", "salt", "session", "cookie", "sig=", "access", "licen[sc]e")
_OTHERS: Final = r"(?:access|private|signing|encryption|account|master|auth|storage|app)[_-]?key"


def _names(words: Iterable[str]) -> str:
    return rf"(?:(?<![a-zA-Z])|(?<=k)|(?=[A-Z]))(?i:{'|'.join(words)})"


# Anywhere before a value on its line; right before one, but for what joins the two; and right before a short one.
_SAYS: Final = re.compile(_names((*_WORDS, *_LOOSE_WORDS, *_SERVICES)))
_GLUE: Final = (
    r"[\w.-]{0,40}[\"'`\])]{0,3}[ \t]{0,8}(?::[ \t]{0,4}[\w&'\[\]? .<>|*]{0,30})?[=:,( \t>~]{1,8}"
    # an argument before it, and its own name
    r"(?:[\"'][^\"'\n]{0,40}[\"'],[ \t]{0,4})?(?:\w{1,20}[ \t]?=[ \t]?)?[A-Za-z@$&]{0,2}[\"'`]{0,3}\Z"
)
_NAMES: Final = re.compile(_names((*_WORDS, _OTHERS, *_SERVICES)) + _GLUE)
_NAMES_SHORT: Final = re.compile(_names(("api_?key", "secret", "token", "passw")) + _GLUE)
# A public part, of which the next value is the secret one.
_FIRST_HALF: Final = re.compile(
    r"(?:A[KS]IA[A-Z2-7]{16}|LTAI[A-Za-z0-9]{16,26}|AC[0-9a-f]{32})[\"'`]?[ \t]{0,4}[,:;][ \t]{0,4}[\"'`]?\Z"
)
_VALUE_OF_A_PAIR: Final = re.compile(
    r"[ \t-]{0,40}[\"']?value[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?\Z", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"(?:://|\bwww\.)[^\s\"'<>?&=@]{0,300}\Z")
_ATTRIBUTE: Final = re.compile(r"[\w)\]]\.\Z")
_SOMETHING_ELSE: Final = re.compile(
    r"(?i)(?:sha-?[0-9]{1,3}|md5|digest|checksum|integrity|commit|revision|etag)[\w\"' :=-]{0,12}\Z"
)

_NOT_ALNUM: Final = re.compile(r"[^A-Za-z0-9]+")
_ALNUM: Final = re.compile(r"[\w./-]+")
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_NO_VALUE: Final = re.compile(r"[{}<>$\[\]()|]|://")
_CAPITALISED: Final = re.compile(r"[A-Z][a-z]{2,}")
_MOST_CAPITALISED: Final = 0.55  # of a name's letters; of random ones it is a fifth
_SEQUENCE: Final = "0123456789"
_PUBLIC: Final = re.compile(r"(?i)public[\w.-]{0,20}[\"'`\]]?[ \t]{0,4}[:=][ \t]{0,4}[\"'`]?\Z")
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_MIN_RANDOM: Final = 14  # of the 16 characters or more, one or two may be signs
_MIN_HEXADECIMAL: Final = 32  # shorter ones are checksums and ids; 128 bits are what keys have at least
_MIN_SHORT_ENTROPY: Final = 2.5  # the same, behind a word that says what they are
_MIN_ENTROPY: Final = 3.0  # bits a character; 32 random hexadecimal digits have about 3.7
_MIN_TURNS: Final = 0.22  # random letters and digits of both cases have 0.45, words up to 0.2
_MIN_LOOSE_TURNS: Final = 0.28
_MIN_NAMED_TURNS: Final = 0.15
_MIN_NAMED_ENTROPY: Final = 3.6
_LONG_PASSWORD_OF_SIGNS: Final = 40
_MANY_SIGNS: Final = 4

# Passwords. A name, what joins it to a value, and the value, in quotes or up to what ends it.
_PASSWORD_WORDS: Final = (
    *(b"passw", b"pwd", b"passphrase", b"secret_key", b"secretkey", b"_salt"),
    *(b"_key'", b"identified", b"curl", b"mysql"),
)
_PASSWORD: Final = (
    re.compile(
        r"(?i:passw(?:or)?d|passphrase|pwd|secret_?key|_salt|_key(?=')"
        r"|identified[ \t]{1,4}(?:by|with[ \t]{1,4}\w{1,30}[ \t]{1,4}by))"
        r"[\w.-]{0,20}[\"'`\])]{0,3}[ \t]{0,8}(?::[ \t]{0,4}[\w&'\[\]? .<>|]{0,30})?[=:,( \t>]{0,6}[A-Za-z@$]{0,2}"
        r"([\"'`])(?P<value>[^\s\"'`\\]{8,128})\1"
    ),
    # .env, INI, properties, YAML
    re.compile(
        r"(?m:^)[ \t]{0,40}(?:(?:export|ENV|ARG|-)[ \t]{1,4})?[\w.-]{0,60}?(?i:passw(?:or)?d|passphrase|pwd)[\w-]{0,20}"
        r"[ \t]{0,8}[:=][ \t]{0,8}(?P<value>[^\s\"'`\\]{8,128})(?=[ \t]{0,8}(?:[\r\n]|\Z))"
    ),
    # connection strings, command lines, .netrc
    re.compile(
        r"(?i:(?<![a-z_])(?:password|passwd|pwd)[ \t]{0,2}=[ \t]{0,2})(?P<value>[^\s\"'`\\;&]{6,128})(?=[\s\"'`;&]|\Z)"
    ),
    re.compile(r"(?<=--password[ =])(?P<value>[^\s\"'`\\]{8,128})"),
    re.compile(r"(?<=\bpassword )(?P<value>[^\s\"'`\\]{8,128})(?=[ \t]{0,8}(?:[\r\n]|\Z))"),
    re.compile(
        r"\bcurl\b[^\n]{0,200}[ \t](?:-u|--user)[ =]{0,2}[\"']?[\w.@-]{1,60}:(?P<value>[^\s\"'`\\]{6,128})"
    ),
    re.compile(r"\b(?:mysql|mysqldump|mariadb|mysqladmin)\b[^\n]{0,200}[ \t]-p(?P<value>[^\s\"'`\\]{6,128})"),
    # XML and HTML
    re.compile(
        r"(?i:<[\w:.-]{0,40}(?:password|passwd|pwd|passphrase)>)(?P<value>[^\s<>\"'`\\]{8,128})(?=</)"
    ),
    re.compile(
        r"(?i:(?:key|name|id)[ \t]{0,2}=[ \t]{0,2}[\"']"
        r"[\w:.-]{0,40}(?:password|passwd|pwd)[\w:.-]{0,20}[\"'][ \t]{1,8}"
        r"(?:type=[\"']\w{1,20}[\"'][ \t]{1,8})?"
        r"value[ \t]{0,2}=[ \t]{0,2}[\"'])(?P<value>[^\s<>\"'`\\]{8,128})(?=[\"'])"
    ),
)
_NO_PASSWORD: Final = re.compile(
    r"\$\{|\$\(|\{\{|\{\w*\}|<\w"
    r"|%\(|%[sd]\Z|://|\(\)|[\w.]+[(\[]|[\w.-]*(?:/[\w.-]+){2,}|\.\.\.|…|(?i:example|changeme|your)"
)
_CLASSES_OF_SIGNS: Final = tuple(map(re.compile, (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9_.-]")))
_MANY_CLASSES: Final = 3
_MIN_DISTINCT: Final = 7
_LONG_PASSWORD: Final = 12

# Kubernetes: in a Secret, every value is one.
_SECRET_MANIFEST: Final = re.compile(r"(?m)^kind:[ \t]{1,4}[\"']?Secret[\"']?[ \t]{0,8}\r?$")
_MANIFEST_DATA: Final = re.compile(
    r"(?m)^(?:data|stringData):[ \t]{0,8}\r?\n((?:[ \t]{1,16}[^\n]{0,4000}\n?){1,200})"
)
_MANIFEST_VALUE: Final = re.compile(
    r"(?m)^[ \t]{1,16}[\w.-]{1,80}:[ \t]{1,4}[\"']?([A-Za-z0-9+/._~!@#%^&*-]{8,4000}={0,2})[\"']?[ \t]{0,4}\r?$"
)


def assigned(text: str, plain: bytes) -> Iterator[tuple[int, int]]:
    """Random values that something on their line tells to be secrets; `plain` is `text` with one byte a character."""
    for start, end in _long_words(plain):
        if end - start > _LONGEST or not _DIGIT.search(plain, start, end):
            continue
        value = text[start:end]
        line = text.rfind("\n", 0, start) + 1
        before = text[max(line, start - _WINDOW) : start]
        if _is_told(value, before, lambda line=line: text[text.rfind("\n", 0, max(0, line - 1)) + 1 : line]):  # type: ignore[misc]
            yield start, end


def _is_told(value: str, before: str, line_above: Callable[[], str]) -> bool:
    core = _NOT_ALNUM.sub("", value)
    if len(core) < _MIN_RANDOM or core.isalpha() or core.isdigit() or _is_name(value, core):
        return False
    if _PUBLIC.search(before):
        return False
    if _ADDRESS.search(before) or _ATTRIBUTE.search(before) or _SOMETHING_ELSE.search(before):
        return False
    entropy, turning = _entropy(core), _turning(core)
    if _FIRST_HALF.search(before):
        return entropy >= _MIN_ENTROPY
    if _HEXADECIMAL.fullmatch(core):
        if len(core) < _MIN_HEXADECIMAL:
            return entropy >= _MIN_SHORT_ENTROPY and _NAMES_SHORT.search(before) is not None
        return entropy >= _MIN_ENTROPY and _NAMES.search(before) is not None
    if entropy < _MIN_ENTROPY:
        return False
    if (
        turning >= _MIN_NAMED_TURNS
        and (turning >= _MIN_TURNS or entropy >= _MIN_NAMED_ENTROPY)
        and _NAMES.search(before)
    ):
        return True
    if turning < _MIN_LOOSE_TURNS or ("/" in value and core == core.lower()):
        return False
    return _SAYS.search(before) is not None or (
        _VALUE_OF_A_PAIR.match(before) is not None and _SAYS.search(line_above()) is not None
    )


def _is_name(value: str, core: str) -> bool:
    """Whether a value is the name of a type or a header, or the characters that something may be made of."""
    words = sum(map(len, _CAPITALISED.findall(core)))
    return words > _MOST_CAPITALISED * len(core) or _SEQUENCE in core or value == _ALGORITHM


def passwords(text: str, lowered: bytes) -> Iterator[tuple[int, int]]:
    """Passwords that people think of, where nothing else can stand."""
    for begin, end in lines_with(_PASSWORD_WORDS, lowered):
        for pattern in _PASSWORD:
            for match in pattern.finditer(text, begin, end):
                if _is_password(match["value"]):
                    yield match.span("value")


def in_manifests(text: str) -> Iterator[tuple[int, int]]:
    """The values of Kubernetes' secrets, in a file that is one."""
    if "Secret" not in text or not _SECRET_MANIFEST.search(text):
        return
    for block in _MANIFEST_DATA.finditer(text):
        for match in _MANIFEST_VALUE.finditer(text, *block.span(1)):
            yield match.span(1)


def _is_password(value: str) -> bool:
    if len(value) >= _LONG_PASSWORD_OF_SIGNS and len(set(_ALNUM.sub("", value))) >= _MANY_SIGNS:
        return any(map(str.isdigit, value)) and "://" not in value
    if _NO_PASSWORD.search(value) or len(set(value)) < _MIN_DISTINCT:
        return False
    found = [pattern.search(value) is not None for pattern in _CLASSES_OF_SIGNS]
    if not found[2]:
        return False
    if sum(found) >= _MANY_CLASSES:
        return True
    return len(value) >= _LONG_PASSWORD and _turning(_NOT_ALNUM.sub("", value)) >= _MIN_TURNS


def lines_with(words: Iterable[bytes], lowered: bytes) -> list[tuple[int, int]]:
    """The lines, with their ends, that hold one of `words`."""
    found = set()
    for word in words:
        at = lowered.find(word)
        while at >= 0:
            end = lowered.find(b"\n", at) + 1 or len(lowered)
            found.add((lowered.rfind(b"\n", 0, at) + 1, end))
            at = lowered.find(word, end)
    return sorted(found)


def looks_random(value: str) -> bool:
    """Whether `value` is made by a machine: even in its characters, and mixed in their kinds.

    Names, paths and sentences have long runs of one kind (words, digits); random text changes the kind at
    about every second character.
    """
    core = _NOT_ALNUM.sub("", value)
    if len(core) < (_MIN_HEXADECIMAL if _HEXADECIMAL.fullmatch(core) else _MIN_RANDOM):
        return False
    if _NO_VALUE.search(value):
        return False
    if core.isalpha() or core.isdigit() or _entropy(core) < _MIN_ENTROPY:
        return False
    return _turning(core) >= _MIN_TURNS


def _turning(core: str) -> float:
    """How often the kind of the characters changes."""
    return sum(_turns(one, other) for one, other in pairwise(core)) / max(1, len(core) - 1)


def _turns(one: str, other: str) -> bool:
    """Whether the kind changes from `one` to `other`; a capital letter belongs to the small ones behind it."""
    if one.isdigit() or other.isdigit():
        return one.isdigit() != other.isdigit()
    return one.islower() and other.isupper()


def _entropy(value: str) -> float:
    """Shannon's entropy of the characters of `value`, in bits a character."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)


def _long_words(plain: bytes) -> Iterator[tuple[int, int]]:
    classes = plain.translate(_CLASSES)
    start = classes.find(_LONG)
    while start >= 0:
        end = classes.find(b" ", start + _SHORTEST)
        if end < 0:
            end = len(classes)
        yield start, end
        start = classes.find(_LONG, end)
