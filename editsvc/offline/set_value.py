"""Give a name another value, where it is given one; what was text stays text, and what was a number a number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.offline.errors import NotApplicable, NotHere
from editsvc.offline.names import near
from editsvc.offline.outcome import Outcome, lines_of
from editsvc.offline.places import places
from editsvc.text.document import Edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editsvc.instruction.commands import SetValue
    from editsvc.offline.places import Place
    from editsvc.syntax import Language, ParseBudget

_NUMBER: Final = re.compile(
    r"(?P<sign>[-+]?)(?P<digits>0[xX][\da-fA-F_']+|0[bB][01_']+|0[oO][0-7_']+"
    r"|(?:\d[\d_',]*)?\.?\d[\d_]*(?:[eE][-+]?\d+)?|\d+\.)"
    r"(?P<suffix>_?[iuf](?:8|16|32|64|128|size)|[uUlL]{1,3}|[fFdDn])?"
)
_UNIT: Final = re.compile(r"[-+]?(?:\d*\.)?\d+(?:%|[a-zA-Zµ]{1,5})")
_TEXT: Final = re.compile(
    r"(?P<open>(?:[bBrRuUL]|u8|br|rb)?(?P<quote>\"\"\"|'''|\"|'|`))(?P<text>.*)(?P=quote)"
    r"|(?P<raw>r#+\")(?P<inside>.*)\"#+",
    re.DOTALL,
)
_ON: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING: Final = frozenset({"none", "null", "nil", "nullptr", "undefined", "~"})
_NOTHINGS: Final = frozenset({"None", "null", "nil", "NULL", "nullptr", "undefined", "~"})
_NAME: Final = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::)[^\W\d][\w$]*)*")
# Code that is no plain value: signs, brackets, quotes.
_PLAIN: Final = re.compile(r"[^\s()\[\]{}<>=+*,;\"'`]+")
_NEEDS_QUOTES: Final = re.compile(r"[\s#:,\[\]{}&*!|>'\"%@`]|^[-?]")
_MOST: Final = 3


def apply(text: str, value: SetValue, language: Language | None, *, budget: ParseBudget) -> Outcome:
    """Edits that give `value.name` the value `value.new`.

    Without `value.old` and `value.everywhere`, all places have to agree. Raises NotHere if the file gives it no value,
    and NotApplicable where several differ, a value is computed, or would become one of another type.
    """
    everything = places(text, language, budget=budget)
    found, notes = _named(text, value, everything)
    plain = [place for place in found if _kind(place) != "code" or _same(place, value.new)]
    computed = [place for place in found if place not in plain and not _passed_on(place)]
    chosen = plain
    if value.old is not None:
        chosen = [place for place in found if _same(place, value.old)]
        computed = []
        if not chosen:
            raise NotApplicable(f"`{value.name}` is not {value.old}: it is {_listed(text, found)}.")
    elif not plain:
        # What is computed is replaced only by what is plainly code, or a name by a name.
        chosen, computed = computed or found, []
    several = len({_normal(place) for place in chosen}) > 1
    if several and not value.everywhere:
        raise NotApplicable(
            f"`{value.name}` has several values, {_listed(text, chosen)}.",
            hint="Say which one is meant: “from … to …”, “the … of …”, or “everywhere”.",
        )
    edits = [Edit(place.start, place.end, _new(text, place, value, language)) for place in chosen]
    if computed:
        where = lines_of(text, (place.start for place in computed))
        notes.append(f"The value of `{value.name}` on {where} is computed, so it stays.")
    return Outcome(edits, tuple(notes))


def _named(text: str, value: SetValue, everything: Sequence[Place]) -> tuple[list[Place], list[str]]:
    """The places of the name, and notes; a name that is spelt in other letters only is taken, and said."""
    name = value.name
    notes: list[str] = []
    found = [place for place in everything if place.name in (name, name.lstrip(".#$@"))]
    if not found:
        spellings = {place.name for place in everything if place.name.casefold() == name.casefold()}
        if len(spellings) == 1:
            (spelling,) = spellings
            found = [place for place in everything if place.name == spelling]
            notes.append(f"`{name}` is written `{spelling}` in the file.")
    if not found and " " in name:
        spellings = {place.name for place in everything if _parts(place.name) == _parts(name)}
        if len(spellings) > 1:
            listed = " or ".join(f"`{each}`" for each in sorted(spellings))
            raise NotApplicable(f"“{name}” may be {listed}.", hint="Write the one that is meant.")
        found = [place for place in everything if place.name in spellings]
        notes += [f"“{name}” is `{spelling}` in the file." for spelling in spellings]
    if not found:
        similar = near(name, {place.name for place in everything})
        parts = [each for each in dict.fromkeys(place.name for place in everything) if _part_of(name, each)]
        close = list(dict.fromkeys([*similar, *parts]))[:_MOST]
        tail = f"; did you mean {' or '.join(f'`{each}`' for each in close)}?" if close else "."
        raise NotHere(f"The file gives no value to `{name}`{tail}")
    if value.default:
        defaults = [place for place in found if place.default]
        others = [
            each
            for each in dict.fromkeys(place.name for place in everything)
            if _part_of(name, each) and _part_of("default", each)
        ]
        if others or not defaults:
            meant = " or ".join(f"`{each}`" for each in others[:_MOST])
            tail = f"; did you mean {meant}?" if others else f"; its value is {_listed(text, found)}."
            raise NotApplicable(
                f"No parameter `{name}` has a default here{tail}"
                if not defaults
                else f"What the default of `{name}` is cannot be told{tail}"
            )
        found = defaults
    if value.owner:
        found = _owned(text, value, found)
    return found, notes


def _parts(name: str) -> list[str]:
    """The words of a name, whatever the case and the marks between them: "log level", LOG_LEVEL, logLevel."""
    return [part.casefold() for part in re.findall(r"[A-Z]?[^\W\dA-Z_]+|[A-Z]+(?![a-z])|\d+", name)]


def _part_of(name: str, longer: str) -> bool:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", longer)
    return len(parts) > 1 and name.casefold() in {part.casefold() for part in parts}


def _owned(text: str, value: SetValue, found: list[Place]) -> list[Place]:
    owner = value.owner.split(".")
    length = len(owner)
    # A dotted path is the whole way from the innermost name; a part of a document may be further out.
    paths = [(place, tuple(part for name in place.path for part in name.split("."))) for place in found]
    inner = [
        place for place, path in paths if list(path[-length:]) == owner or value.owner in place.path[-1:]
    ]
    outer = [place for place, path in paths if value.owner in place.path or _in_order(owner, path)]
    chosen = inner or outer
    if not chosen:
        raise NotHere(
            f"Nothing named `{value.owner}` gives a value to `{value.name}`; it has {_listed(text, found)}."
        )
    return chosen


def _in_order(owner: Sequence[str], path: Sequence[str]) -> bool:
    rest = iter(path)
    return all(part in rest for part in owner)


def _kind(place: Place) -> str:
    """What a value is: text, number, switch, nothing, bare (text without quotes), or code."""
    source = place.source
    if _NUMBER.fullmatch(source):
        return "number"
    if source in _NOTHINGS or (place.bare and not source):
        return "nothing"
    if _is_switch(place):
        return "switch"
    text = _TEXT.fullmatch(source)
    if text is not None and not _holds_code(place, text):
        return "text"
    return "bare" if place.bare and "$(" not in source and "${" not in source else "code"


def _is_switch(place: Place) -> bool:
    lower = place.source.lower()
    return lower in ("true", "false") or (place.bare and lower in _ON)


def _holds_code(place: Place, text: re.Match[str]) -> bool:
    inside = _inside(text)
    quote = text["quote"] or '"'
    return (
        (quote == "`" and "${" in inside)
        or (quote == '"' and re.search(r"(?<!\\)\$[\w{(]", inside) is not None and not place.path)
        or (len(quote) == 1 and re.search(rf"(?<!\\){quote}", inside) is not None)
    )


def _inside(text: re.Match[str]) -> str:
    """What stands between the quotes."""
    return str(text["text"] if text["text"] is not None else text["inside"])


def _normal(place: Place) -> str:
    """A value in a form in which equal ones are equal."""
    source = place.source
    text = _TEXT.fullmatch(source)
    if text is not None:
        return f"'{_inside(text)}"
    return f"#{_amount(source)}" if _NUMBER.fullmatch(source) else source.casefold()


def _amount(source: str) -> float:
    found = _NUMBER.fullmatch(source)
    if found is None:
        raise ValueError(source)
    digits = re.sub(r"[_',]", "", found["digits"])
    sign = -1 if found["sign"] == "-" else 1
    if digits[:2].lower() in ("0x", "0b", "0o"):
        return sign * float(int(digits, 0))
    return sign * float(digits)


def _same(place: Place, stated: str) -> bool:
    """True if the value is what `stated` says, whatever its quotes and its way to write a number."""
    source = place.source
    text = _TEXT.fullmatch(source)
    if text is not None and stated == _inside(text):
        return True
    if _NUMBER.fullmatch(source) and _NUMBER.fullmatch(stated):
        return _amount(source) == _amount(stated)
    if _kind(place) == "switch" and stated.lower() in _ON:
        return _ON[source.lower()] == _ON[stated.lower()]
    return source == stated or (_kind(place) == "nothing" and stated.lower() in _NOTHING)


def _passed_on(place: Place) -> bool:
    """True for ``f(timeout=timeout)``, which gives nothing a value of its own."""
    return place.source == place.name


def _new(text: str, place: Place, value: SetValue, language: Language | None) -> str:
    """The source of the new value; raises NotApplicable if it would be of another type than the old one."""
    new, kind = value.new, _kind(place)
    code = value.code and not _PLAIN.fullmatch(new)
    if code and not place.bare:
        return new
    number = not value.quoted and _NUMBER.fullmatch(new)
    # What is written in a style sheet, or in a file without types, is text whatever it is.
    if place.bare and (language is None or language.name != "yaml"):
        return _bare(text, place, value, language)
    match kind:
        case "number" if number:
            old = _NUMBER.fullmatch(place.source)
            suffix = (old["suffix"] if old is not None else "") or ""
            return new if number["suffix"] or (suffix in "dDfF" and "x" in new) else f"{new}{suffix}"
        case "switch" if not value.quoted and new.lower() in _ON:
            return _switched(place.source, on=_ON[new.lower()], yes_or_no=new if place.bare else "")
        case "text" if (
            value.quoted or new.lower() not in _NOTHING | {"true", "false"} or _is_word_of(place, new)
        ):
            return _as_text(text, place, value)
        case "nothing":
            return _instead_of_nothing(text, place, value, language)
        case "bare":
            return _in_yaml(new)
        case "code" if (
            _NAME.fullmatch(place.source)
            and _NAME.fullmatch(new)
            and not value.quoted
            and new.lower() not in _NOTHING | _ON.keys()
        ):
            return new
        case _:
            pass
    if not value.quoted and new in _NOTHINGS and kind != "text":
        return new
    if new == place.source:
        return new
    raise _other_type(text, place, value, kind)


def _is_word_of(place: Place, new: str) -> bool:
    found = _TEXT.fullmatch(place.source)
    return found is not None and (found["text"] or "").lower() in _ON and new.lower() in _ON


def _switched(old: str, *, on: bool, yes_or_no: str) -> str:
    pair = next(
        (pair for pair in (("true", "false"), ("yes", "no"), ("on", "off")) if old.lower() in pair),
        ("true", "false"),
    )
    word = pair[0] if on else pair[1]
    if yes_or_no and yes_or_no.lower() in pair and old.islower() and yes_or_no.islower():
        return yes_or_no
    if old.isupper():
        return word.upper()
    return word.capitalize() if old[:1].isupper() else word


def _as_text(text: str, place: Place, value: SetValue) -> str:
    found = _TEXT.fullmatch(place.source)
    if found is None:
        raise ValueError(place.source)
    quote = found["quote"] or '"'
    new = value.new
    if value.code:
        inner = _TEXT.fullmatch(new)
        new = (inner["text"] or "") if inner is not None else new
    raw = found["raw"] is not None or (found["open"] or "").lower().startswith("r")
    if quote in new or "\\" in new or "\n" in new or (quote == "`" and "${" in new):
        if raw or quote == "`":
            raise NotApplicable(
                f"`{new}` does not fit into the quotes of `{value.name}` on {lines_of(text, [place.start])}."
            )
        new = new.replace("\\", "\\\\").replace(quote, f"\\{quote}").replace("\n", "\\n")
    opening = found["raw"] or found["open"]
    inside = _inside(found)
    return f"{opening}{new}{place.source[len(opening) + len(inside) :]}"


def _bare(text: str, place: Place, value: SetValue, language: Language | None) -> str:
    new, name = value.new, language.name if language is not None else ""
    if name == "css":
        old, unit = place.source, _UNIT.fullmatch(place.source)
        if unit and not value.quoted and _NUMBER.fullmatch(new) and _amount(new) != 0:
            raise NotApplicable(
                f"`{value.name}` is `{old}` on {lines_of(text, [place.start])}: say the unit of {new} as well."
            )
        return new
    if name == "html":
        inside = text[place.start - 1 : place.start]
        if inside in ("'", '"'):
            return new.replace("&", "&amp;").replace(inside, "&quot;" if inside == '"' else "&#39;")
        return new if _PLAIN.fullmatch(new) else f'"{new.replace("&", "&amp;").replace(chr(34), "&quot;")}"'
    if name in ("shellscript", "zsh") or (name == "dotenv" and not _PLAIN.fullmatch(new)):
        return new if re.fullmatch(r"[\w@%+:,./-]*", new) else "'" + new.replace("'", "'\\''") + "'"
    return new


def _in_yaml(new: str) -> str:
    """Text for YAML: in quotes where it would be something else without."""
    other = _NUMBER.fullmatch(new) or new.lower() in _ON or new.lower() in _NOTHING or not new
    return _double_quoted(new) if other or (_NEEDS_QUOTES.search(new) and not _harmless(new)) else new


def _double_quoted(new: str) -> str:
    escaped = new.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _harmless(new: str) -> bool:
    """True for text whose marks mean nothing to YAML where they stand: "a b", "http://x", "50%"."""
    return re.search(r": |:$| #|^[-?&*!|>'\"%@`#,\[\]{}]|\n", new) is None


def _instead_of_nothing(text: str, place: Place, value: SetValue, language: Language | None) -> str:
    new, name = value.new, language.name if language is not None else ""
    if value.quoted:
        if name == "yaml":
            return _in_yaml(new)
        return _double_quoted(new)
    if new.lower() in ("true", "false"):
        return new.capitalize() if name == "python" else new.lower()
    if _NUMBER.fullmatch(new) or new in _NOTHINGS or (value.code and _NAME.fullmatch(new)):
        return new
    if name == "yaml":
        return _in_yaml(new)
    raise NotApplicable(
        f"`{value.name}` is {place.source} on {lines_of(text, [place.start])}, and whether `{new}` is text or a name "
        "cannot be told: put it in quotes, or in backticks."
    )


def _other_type(text: str, place: Place, value: SetValue, kind: str) -> NotApplicable:
    where = lines_of(text, [place.start])
    if kind == "code":
        return NotApplicable(
            f"The value of `{value.name}` on {where} is computed: `{_short(place.source)}`.",
            hint="Write the new one as code, in backticks.",
        )
    kinds = {
        "text": "text",
        "number": "a number",
        "switch": "true or false",
        "bare": "text",
        "nothing": "nothing",
    }
    new = f"'{value.new}'" if value.quoted else value.new
    return NotApplicable(
        f"`{value.name}` is {kinds[kind]} on {where}, {_short(place.source)}, and {new} would make it something else."
    )


def _listed(text: str, found: Sequence[Place]) -> str:
    """Values with their lines: "8080 on line 3, and 30 on lines 5 and 9"."""
    starts: dict[str, list[int]] = {}
    for place in found:
        starts.setdefault(place.source, []).append(place.start)
    parts = [f"{_short(source)} on {lines_of(text, where)}" for source, where in list(starts.items())[:_MOST]]
    if len(starts) > _MOST:
        parts.append(f"{len(starts) - _MOST} more")
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 40 else f"{line[:39]}…"  # noqa: PLR2004 - as long as a name may be
