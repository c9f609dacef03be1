"""Rename an identifier: by syntax if there is a grammar, as a whole word if not."""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.offline.errors import NotApplicable, NotHere, not_found
from editsvc.offline.naming import linked, names_of
from editsvc.offline.naming.headers import headers, is_of_absent_class, seen_by_others
from editsvc.offline.naming.inherited import may_be_owed
from editsvc.offline.naming.python import by_text
from editsvc.offline.naming.receivers import Whose, owner_of, receivers_of
from editsvc.offline.naming.roles import PAIR, Defines, Occurrence, Role, ancestor, last_name, root_of
from editsvc.offline.naming.scopes import meant
from editsvc.offline.outcome import Outcome, lines_of
from editsvc.offline.trees import the_one, tree_of
from editsvc.text.document import Edit, LineIndex

if TYPE_CHECKING:
    import tree_sitter

    from editsvc.instruction.commands import Rename
    from editsvc.offline.naming.links import Beside
    from editsvc.offline.naming.receivers import Receivers
    from editsvc.offline.naming.roles import Links, Names
    from editsvc.syntax import Language, ParseBudget, Tree

_PYTHONS_OWN: Final = frozenset(dir(builtins))
_NONE: Final = re.compile(r"(?!)")
# Names that are called by the language itself.
_MEANINGFUL: Final = {
    "python": re.compile(r"__\w+__"),
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact"), re.compile("constructor")
    ),
}
_NAMES_MEMBERS: Final = (Role.MEMBER, Role.EITHER)
# Languages without a grammar whose whole words are no code: prose and markup.
_TEXT: Final = frozenset({"markdown", "xml", "ini", "sql"})
# How a language without a grammar gets at variables by their names.
_BY_NAME: Final = {
    "php": re.compile(r"\$\$|\$\{|\b(?:compact|extract|parse_str)(?=\s*\()"),
    "perl": re.compile(r"\bno\s+strict\b|\$\{\s*[\"']"),
    "ruby": re.compile(r"\b(?:binding\.local_variable_[gs]et|instance_variable_[gs]et|eval)\b"),
}
_IMPORT: Final = re.compile(
    r"\s*(?:(?:(?:pub|public|static|global|export|local|const|final|var|val|my|our)\s+)*"
    r"(?:import|include|require(?:_once|_relative)?|load|library|source|@import|@use|@forward|alias)\b"
    r"|(?:global\s+)?(?:using|use|open)\s+[\w\\.:]+(?:\s*[;{=(]|\s+qw\b|\s*$)|.*[=(]\s*require\b|.*@import\b)"
)


def apply(
    text: str,
    value: Rename,
    language: Language | None,
    *,
    budget: ParseBudget,
    beside: Beside | None = None,
) -> Outcome:
    """Edits that give the identifiers `value.old` that the file defines the name `value.new`.

    `value.old` may say what it belongs to: ``Client.fetch`` is the method, ``fetch.timeout`` a function's variable.
    What belongs to other files keeps its name: what is imported gets an alias, and members and keywords of foreign
    things stay, with a note. Raises NotApplicable if the file defines no such name, if the new one would be taken for
    something else, where it cannot be told what a name stands for, or where it cannot change without a change
    elsewhere. Data and markup define nothing: there a name is renamed wherever it stands. With `beside`, what other
    files of the run define is renamed here as well, as far as imports tell.
    """
    if language is None or not language.grammar:
        return _by_words(text, value, language)
    tree = tree_of(text, language, budget=budget)
    names = names_of(tree)
    if beside is not None and names.naming.scope is not None:
        names = linked(beside, text, names, value.old.rpartition(".")[2])
        tree = names.tree
    marked, value = _unmarked(names, value)
    owner, value = _qualified(value)
    if _MEANINGFUL.get(language.name, _NONE).fullmatch(value.old) and not value.across_files:
        raise NotApplicable(f"`{value.old}` is a name that {language.name} gives a meaning to.")
    meaning = _within(names, value, owner) if owner else _meaning(names, value)
    if marked:
        at = [place for place in meaning.places if text[place.start - 1 : place.start] == marked]
        meaning = replace(meaning, places=at)
    edits, left = _chosen(names, value, meaning)
    raw = _raw(tree, value.old, meaning)
    if raw and owner:
        raise NotApplicable(
            f"Whether `{value.old}` on {lines_of(text, (start for start, _ in raw))} is that of `{owner}` "
            "cannot be told: it stands in a macro."
        )
    inner = [injected for injected in tree.injected if value.old in names_of(injected).nodes]
    if edits and inner:
        raise NotApplicable(
            f"`{value.old}` is a name of {language.name}, and a name in its {inner[0].language.name} as well."
        )
    if not edits and not raw:
        raise not_found("identifier", value.old, set(names.nodes))
    _refuse_if_taken(names, value, meaning)
    if not value.across_files and meaning.foreign:
        _refuse_if_from_nowhere(names, value.old)
        _refuse_if_anothers(names, value.old, meaning.places)
    _refuse_if_read_from_text(tree, value.old)
    spans = {(edit.start, edit.end): edit for edit in edits}
    asked = ((value.in_comments, language.comments), (value.in_strings, language.strings))
    words = raw + [span for wanted, query in asked if wanted for span in _words_in(tree, value.old, query)]
    notes = []
    if not value.across_files and not meaning.foreign:
        notes += _owed(names, value, meaning, owner, edits)
        notes += _declared_elsewhere(names, value, edits, beside)
        _refuse_if_said_by_text(names, value, edits, words)
    for span in words:
        spans.setdefault(span, Edit(*span, value.new))
    kept = [place.start for place in left if (place.start, place.end) not in spans]
    if kept:
        notes.append(
            f"`{value.old}` stays on {lines_of(text, kept)}, where it names something that this file does not define."
        )
    return Outcome(sorted(spans.values(), key=lambda edit: (edit.start, edit.end)), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a name means that is renamed.

    `values` and `members` tell which of its kinds; `symbols` are the keys of the values, None where a language has no
    scopes. `foreign` is a name that the file does not define. `receivers` are the types whose member is meant, where
    one was named, and `function` is the function whose variable is.
    """

    places: list[Occurrence]
    values: bool
    members: bool
    foreign: bool
    symbols: frozenset[tuple[int, int]] | None
    receivers: Receivers | None = None
    function: str = ""
    followed: frozenset[int] = field(default_factory=frozenset)
    """Where other files' things stand that are renamed in them."""

    def is_renamed(self, place: Occurrence) -> bool:
        """True for a value that is renamed; whether a name from nowhere is one of the file's is not decided here."""
        if not self.values:
            return False
        return self.symbols is None or (place.symbol is not None and place.symbol.key in self.symbols)


def _raw(tree: Tree, name: str, meaning: _Meaning) -> list[tuple[int, int]]:
    """Where code that is not parsed has the name as one of the kinds that are renamed."""
    return [
        span
        for span in _words_in(tree, name, tree.language.raw_code)
        if (meaning.members if _MEMBER.search(tree.text[max(0, span[0] - 9) : span[0]]) else meaning.values)
    ]


_MEMBER: Final = re.compile(r"(?:->|(?<!\.)\.)\s*\Z")


def _unmarked(names: Names, value: Rename) -> tuple[str, Rename]:
    """The mark of a selector, and the rename without it: ``.btn`` is the class ``btn``, and not the id of that name."""
    if value.old in names.nodes or value.old[:1] not in (".", "#") or value.new[:1] != value.old[0]:
        return "", value
    return value.old[0], msgspec.structs.replace(value, old=value.old[1:], new=value.new[1:])


def _qualified(value: Rename) -> tuple[str, Rename]:
    """What the name belongs to by the instruction (``Client`` in ``Client.fetch``), and the rename without it."""
    if value.owner:
        return value.owner, value
    owner, _, old = value.old.rpartition(".")
    new = value.new.removeprefix(f"{owner}.") if owner else value.new
    if owner and "." in new:
        raise NotApplicable(
            f"`{value.old}` would have to move to become `{value.new}`, which a rename does not do."
        )
    return owner, msgspec.structs.replace(value, old=old, new=new) if owner else value


def _within(names: Names, value: Rename, owner: str) -> _Meaning:
    """The member of a type, or the variable of a function, that `owner` names."""
    places = names.occurrences(value.old)
    receivers = receivers_of(names, value.old)
    owner = names.links.local(owner) if names.links is not None else owner
    if names.naming.scope is not None and receivers.restrict(owner.rpartition(".")[2]):
        keys = frozenset(
            symbol.key
            for symbol in names.symbols(value.old)
            if symbol.member and all(receivers.shares(node) for node in symbol.nodes)
        )
        return _Meaning(
            places, names.naming.merged, members=True, foreign=False, symbols=keys, receivers=receivers
        )
    located = the_one(names.tree, owner)
    start, end = located.node.start_byte, located.node.end_byte
    keys = frozenset(
        symbol.key for symbol in names.symbols(value.old) if start <= symbol.key[0] and symbol.key[1] <= end
    )
    if not keys:
        raise not_found("identifier", f"{owner}.{value.old}", ())
    name = located.definition.name
    called = (
        located.parent.name if name in ("__init__", "constructor") and located.parent is not None else name
    )
    return _Meaning(places, values=True, members=False, foreign=False, symbols=keys, function=called)


def _meaning(names: Names, value: Rename) -> _Meaning:
    """What the file defines under the name, or everything if it defines nothing."""
    places = names.occurrences(value.old)
    if names.links is not None and names.links.offered:
        return _with_links(names, names.links, value, places)
    return _of_the_file(names, value, places)


def _with_links(names: Names, links: Links, value: Rename, places: list[Occurrence]) -> _Meaning:
    """As `_meaning`, where other files of the run define the name: what is imported from others is none of it."""
    text = names.tree.text
    if links.unsure:
        raise NotApplicable(
            f"Whether `{value.old}` on {lines_of(text, links.unsure)} is the one that another of these files defines "
            "cannot be told from its path."
        )
    own = [place for place in places if place.defines is not Defines.NO and not place.imported]
    if own:
        found = _of_the_file(names, value, [place for place in places if not place.imported])
        found = replace(found, places=places, members=found.members or bool(links.types))
    elif links.found or (links.members and any(place.role is Role.MEMBER for place in places)):
        found = _Meaning(places, values=False, members=links.members, foreign=False, symbols=frozenset())
    else:
        if not places:
            raise not_found("identifier", value.old, set(names.nodes))
        imported = [place.start for place in places if place.imported]
        if not imported and names.naming.given.isdisjoint({value.old}):
            _refuse_if_anothers(names, value.old, [place for place in places if place.role is Role.VALUE])
        raise NotHere(f"What this file calls `{value.old}` is not what another of these files defines.")
    keys = (found.symbols or frozenset()) | links.keys
    return replace(
        found,
        values=found.values or bool(links.keys) or bool(links.starts),
        symbols=keys if found.symbols is not None else None,
        followed=frozenset(links.starts),
    )


def _of_the_file(names: Names, value: Rename, places: list[Occurrence]) -> _Meaning:
    full = [place for place in places if place.defines is Defines.FULL]
    defining = full or [place for place in places if place.defines is Defines.WEAK]
    if not value.across_files:
        # Of what is bound in several places, what is imported is another file's.
        defining = [place for place in defining if not place.imported] or defining
    members = not defining or any(place.role in _NAMES_MEMBERS for place in defining)
    values = (
        not defining
        or (names.naming.merged and members)
        or any(place.role is not Role.MEMBER for place in defining)
    )
    symbols = None
    if names.naming.scope is not None and defining and values:
        own = {place.symbol.key for place in defining if place.symbol is not None}
        wanted = {
            symbol.key for symbol in names.symbols(value.old) if not symbol.imported or value.across_files
        }
        symbols = frozenset(own & wanted or own) or None
    return _Meaning(places, values, members, not defining, symbols)


def _chosen(names: Names, value: Rename, meaning: _Meaning) -> tuple[list[Edit], list[Occurrence]]:
    """The edits at the places that are renamed, and the places of foreign things that are not."""
    members, foreign = meaning.members, meaning.foreign
    edits: list[Edit] = []
    left: list[Occurrence] = []
    unsure = [place for place in meaning.places if place.role is Role.UNSURE]
    unsure += _not_told(names, meaning)
    if unsure and members and not foreign:
        raise NotApplicable(
            f"Whether `{value.old}` on {lines_of(names.tree.text, (place.start for place in unsure))} "
            "is one of this file's cannot be told."
        )
    whose = _whose(names, value, meaning)
    followed = _followed(names, value, meaning)
    edits += followed.values()
    for found in meaning.places:
        if found.start in followed:
            continue
        place = _decided(names, value, meaning, found)
        if whose.get(found.start) is Whose.FOREIGN:
            place = replace(place, role=Role.OTHER if meaning.receivers is not None else Role.FOREIGN)
        elif whose.get(found.start) is Whose.OWN and place.role is Role.FOREIGN:
            place = replace(place, role=Role.MEMBER)
        if _is_anothers(names, meaning, place):
            continue
        values = meaning.is_renamed(place)
        renamed = {
            Role.VALUE: values,
            Role.PARAMETER: meaning.values,
            Role.MEMBER: members,
            Role.EITHER: True,
            Role.SHORTHAND: values or members,
            Role.UNSURE: foreign or (place.spelling == PAIR and values),
            Role.FOREIGN: foreign,
            Role.OTHER: foreign,
        }[place.role]
        if not renamed:
            left += [place] if place.role is not Role.OTHER else []
            continue
        spelling = place.spelling
        if place.role is Role.UNSURE and foreign:
            spelling = "{new}"
        if place.role is Role.SHORTHAND and values != members:
            spelling = PAIR if values else "{new}: {old}"
        if value.across_files and (not spelling or (place.imported and "{old}" in spelling)):
            spelling = "{new}"
        if not spelling:
            raise NotApplicable(
                f"`{value.old}` comes from another file, and this file cannot give it another name."
            )
        edits.append(_edit(names, value, place, spelling))
    return edits, left


def _followed(names: Names, value: Rename, meaning: _Meaning) -> dict[int, Edit]:
    """The edits, by offset, where what other files of the run define stands, by a name that is no member."""
    links = names.links
    if links is None or not links.offered or meaning.receivers is not None or meaning.function:
        return {}
    found = {}
    for place in meaning.places:
        if place.start in meaning.followed or (place.symbol is not None and place.symbol.key in links.keys):
            shorthand = place.role is Role.SHORTHAND or place.spelling == PAIR
            key = shorthand and place.defines is Defines.NO and not meaning.members
            found[place.start] = _edit(names, value, place, PAIR if key else "{new}")
    return found


def _whose(names: Names, value: Rename, meaning: _Meaning) -> dict[int, Whose]:
    """Whose member each use behind a dot is, by offset; raises NotApplicable where that cannot be told."""
    if not meaning.members or meaning.foreign or value.across_files or names.naming.scope is None:
        return {}
    receivers = meaning.receivers or receivers_of(names, value.old)
    found = {
        place.start: receivers.whose(place.node)
        for place in meaning.places
        if place.node is not None
        and place.role in (Role.MEMBER, Role.FOREIGN)
        and place.defines is Defines.NO
        and place.start not in meaning.followed
        and receivers.is_behind(place.node)
    }
    taken = names.links.taken if names.links is not None else {}
    members = {
        place.start
        for place in meaning.places
        if place.role is Role.MEMBER
        or (
            place.node is not None
            and place.node.parent is not None
            and _root(names, place.node.parent) in taken
        )
    }
    if names.links is not None:
        for place in meaning.places:
            literal = place.node is not None and place.start not in found and place.role is Role.FOREIGN
            if literal and place.node is not None and receivers.holds(place.node):
                found[place.start] = Whose.OWN
    unknown = [start for start, whose in found.items() if whose is Whose.UNKNOWN and start in members]
    if unknown:
        owner = next(iter(sorted(receivers.owners)), "")
        raise NotApplicable(
            f"Whether `{value.old}` on {lines_of(names.tree.text, unknown)} is that of "
            f"{f'`{owner}`' if owner else 'this file'} cannot be told: no declaration says what it is taken from."
        )
    return found


def _root(names: Names, member: tree_sitter.Node) -> str:
    return names.tree.source(root_of(member))


def _not_told(names: Names, meaning: _Meaning) -> list[Occurrence]:
    """The keys and the like of which nothing says whether they are of the type that was named."""
    receivers = meaning.receivers
    if receivers is None or not receivers.others:
        return []
    return [
        place
        for place in meaning.places
        if place.role in (Role.MEMBER, Role.SHORTHAND, Role.EITHER)
        and place.defines is Defines.NO
        and not (place.bare and place.symbol is not None)
        and not (names.naming.merged and place.bare)
        and (
            place.node is None
            or (not receivers.is_behind(place.node) and receivers.holds(place.node) is None)
        )
    ]


def _is_anothers(names: Names, meaning: _Meaning, place: Occurrence) -> bool:
    """True for a place of another type's member, or another function's variable, than the one that was named."""
    if meaning.function:
        if place.role is not Role.PARAMETER:
            return place.role is not Role.SHORTHAND and not meaning.is_renamed(place)
        call = ancestor(place.node, "call") if place.node is not None else None
        function = call.child_by_field_name("function") if call is not None else None
        return last_name(names.tree, function) != meaning.function
    receivers = meaning.receivers
    if receivers is None:
        return False
    if place.bare and place.symbol is not None:
        return place.symbol.key not in (meaning.symbols or ())
    if place.node is None:
        return False
    if place.defines is not Defines.NO:
        return place.role is Role.VALUE or not receivers.shares(place.node)
    if not receivers.others or receivers.is_behind(place.node):
        return False
    if place.bare:
        return owner_of(names.tree, place.node) not in receivers.owners
    return receivers.holds(place.node) is False


def _decided(names: Names, value: Rename, meaning: _Meaning, place: Occurrence) -> Occurrence:
    """A place whose role depends on what the name means there.

    Raises NotApplicable for a name that stands alone where nothing that the file binds is seen.
    """
    if place.imported and names.links is not None and names.links.offered:
        return replace(place, role=Role.FOREIGN)
    if not place.bare or meaning.foreign or (meaning.values and meaning.symbols is None):
        return place
    if place.symbol is None:
        merged = names.naming.merged and meaning.members
        if value.old in names.naming.given and not merged:
            return replace(place, role=Role.FOREIGN)
        if merged or value.across_files or not meaning.values:
            return replace(place, role=Role.EITHER if merged or value.across_files else place.role)
        where = lines_of(names.tree.text, [place.start])
        raise NotApplicable(
            f"Where `{value.old}` on {where} comes from cannot be told: what this file defines is not seen there."
        )
    if place.role is Role.EITHER:
        return replace(place, role=Role.MEMBER if place.symbol.member else Role.VALUE)
    if place.role is Role.VALUE and place.symbol.member and meaning.members:
        return replace(place, role=Role.MEMBER)
    return place


def _edit(names: Names, value: Rename, place: Occurrence, spelling: str) -> Edit:
    folded = names.naming.fold(names.tree, place.node, value.new) if place.node is not None else None
    if folded is not None and spelling == "{new}":
        return Edit(*names.tree.span(folded[0]), folded[1])
    start = place.start
    if place.modifiers and ": " in spelling:
        start, spelling = start - len(place.modifiers), spelling.replace(": ", f": {place.modifiers}")
    return Edit(start, place.end, spelling.format(old=value.old, new=value.new))


def _owed(names: Names, value: Rename, meaning: _Meaning, owner: str, edits: list[Edit]) -> list[str]:
    """Notes about members that a base in another file may have; raises NotApplicable unless the type was named."""
    if not meaning.members:
        return []
    starts = {edit.start for edit in edits}
    found = [one for one in may_be_owed(names, value.old) if one[0] in starts]
    if not found:
        return []
    sure = [one for one in found if one[2]]
    start, base, _ = (sure or found)[0]
    where = lines_of(names.tree.text, [start])
    said = f"`{base}`" if " " not in base else base
    if sure:
        raise NotApplicable(
            f"`{value.old}` on {where} is what {said} wants it to be called, which this file does not define."
        )
    if owner:
        return [f"`{value.old}` on {where} has another name now than in {said}, if that has it."]
    type_ = owner_of(names.tree, _node_at(names, value.old, start))
    raise NotApplicable(
        f"Whether `{value.old}` on {where} overrides that of {said}, which this file does not define, cannot be told.",
        hint=f"If it does not, write: rename {type_}.{value.old} to {type_}.{value.new}" if type_ else "",
    )


def _node_at(names: Names, name: str, start: int) -> tree_sitter.Node:
    return next(node for node in names.nodes[name] if names.tree.offset(node.start_byte) == start)


def _declared_elsewhere(names: Names, value: Rename, edits: list[Edit], beside: Beside | None) -> list[str]:
    """Notes about what a header may declare that is not renamed; raises NotApplicable where one does."""
    if names.tree.language.name not in ("c", "cpp"):
        return []
    starts = {edit.start for edit in edits}
    shared = [
        node for node in seen_by_others(names, value.old) if names.tree.offset(node.start_byte) in starts
    ]
    if not shared:
        return []
    where = lines_of(names.tree.text, [names.tree.offset(shared[0].start_byte)])
    unread = []
    for written, line, text in headers(names, beside):
        if text is None:
            unread.append(f"`{written}` ({lines_of(names.tree.text, [line])})")
            continue
        match = word(value.old, names.tree.language).search(text)
        if match is not None:
            raise NotApplicable(
                f"`{value.old}` on {where} stands in `{written}` as well, on {lines_of(text, [match.start()])}, "
                "which is not edited with it.",
                hint="Name both files.",
            )
    of_class = [node for node in shared if is_of_absent_class(names, node)]
    if unread and of_class:
        raise NotApplicable(
            f"`{value.old}` on {where} is a member of a class that another file declares.",
            hint="Name the header as well.",
        )
    if not unread:
        return []
    return [f"`{value.old}` is renamed in this file alone; {unread[0]}, which was not read, may declare it."]


def _refuse_if_taken(names: Names, value: Rename, meaning: _Meaning) -> None:
    """Raise if the new name means something where it would be seen."""
    found = names.occurrences(value.new)
    taken = []
    if meaning.members:
        receivers = meaning.receivers
        if receivers is None and names.naming.scope is not None:
            receivers = receivers_of(names, value.old)
        taken += [place.start for place in found if _is_member(place) and _is_near(receivers, place)]
    taken += [start for start, _ in _raw(names.tree, value.new, meaning)]
    if meaning.symbols is None:
        values = {Role.EITHER, Role.SHORTHAND} | ({Role.VALUE} if meaning.values else set())
        taken += [place.start for place in found if place.role in values]
    else:
        taken += _captures(names, value, meaning, found)
    if taken:
        line = LineIndex(names.tree.text).line_of(min(taken)) + 1
        raise NotApplicable(f"The name `{value.new}` is already in use on line {line}.")


def _is_near(receivers: Receivers | None, place: Occurrence) -> bool:
    """True for a member that may be one of a type whose member is renamed."""
    if receivers is None or place.node is None or place.role is not Role.MEMBER:
        return True
    if place.defines is not Defines.NO:
        return receivers.shares(place.node)
    return receivers.whose(place.node) is Whose.OWN


def _is_member(place: Occurrence) -> bool:
    bare = place.bare and place.symbol is not None and not place.symbol.member
    return place.role in (Role.MEMBER, Role.SHORTHAND) or (place.role is Role.EITHER and not bare)


def _captures(names: Names, value: Rename, meaning: _Meaning, found: list[Occurrence]) -> list[int]:
    """Where the new name is bound beside the old one, or would come to mean another thing, in code points."""
    renamed = [symbol for symbol in names.symbols(value.old) if symbol.key in (meaning.symbols or ())]
    keys = {symbol.key for symbol in renamed}
    taken = []
    for place in found:
        if not place.bare:
            continue
        seen = meant(names.tree, renamed, names.tree.byte(place.start))
        beside = place.symbol is not None and place.symbol.key in keys
        inside = seen is not None and (place.symbol is None or seen.depth() > place.symbol.depth())
        taken += [place.start] if beside or inside else []
    for place in meaning.places:
        if place.symbol is not None and place.symbol.key in keys:
            other = names.meant(value.new, names.tree.byte(place.start))
            if other is not None and other.depth() >= place.symbol.depth():
                taken.append(names.tree.offset(other.nodes[0].start_byte))
    return taken


def _refuse_if_from_nowhere(names: Names, name: str) -> None:
    """Raise if a name that Python code only uses is Python's own, or may come from an import of everything."""
    tree = names.tree
    if tree.language.name != "python" or not any(
        place.role is Role.VALUE for place in names.occurrences(name)
    ):
        return
    if name in _PYTHONS_OWN:
        raise NotApplicable(f"`{name}` is Python's own name.")
    for star in tree.captures("(wildcard_import) @star"):
        where = lines_of(tree.text, [tree.offset(star.start_byte)])
        raise NotApplicable(f"`{name}` may come from another file, by the import of everything on {where}.")


def _refuse_if_anothers(names: Names, name: str, places: list[Occurrence]) -> None:
    """Raise if code only uses a name; one that jumps are made to is defined by its label."""
    code = names.naming.scope is not None or names.tree.language.name in _SHELLS
    used = [place.start for place in places if place.node is None or not _is_label(place.node)]
    if code and used:
        raise NotApplicable(
            f"This file does not define `{name}`, which it uses on {lines_of(names.tree.text, used)}."
        )


def _refuse_if_said_by_text(
    names: Names, value: Rename, edits: list[Edit], words: list[tuple[int, int]]
) -> None:
    """Raise if a string of Python's would have to change with the name, and is not renamed."""
    if names.tree.language.name != "python":
        return
    renamed = {edit.start for edit in edits} | {start for start, _ in words}
    for start, why in by_text(names, value.old):
        if start not in renamed:
            where = lines_of(names.tree.text, [start])
            raise NotApplicable(
                f"`{value.old}` in the string on {where} {why}, and would have to change as well.",
                hint=f"To change strings too, write: rename {value.old} to {value.new} including strings",
            )


def _is_label(node: tree_sitter.Node) -> bool:
    parent = node.parent
    around = parent.type if parent is not None else ""
    return node.type in ("statement_identifier", "label_name") or around in _LABELS


_SHELLS: Final = ("shellscript", "zsh")
_LABELS: Final = ("labeled_statement", "break_statement", "continue_statement", "label", "lifetime")


def _refuse_if_read_from_text(tree: Tree, name: str) -> None:
    """Raise if the file takes names out of strings, which have the name."""
    readers = _READERS.get(tree.language.name)
    if readers is None:
        return
    for node in tree.captures(readers[0]):
        if tree.source(node) in readers[1] and _words_in(tree, name, tree.language.strings):
            line = LineIndex(tree.text).line_of(tree.offset(node.start_byte)) + 1
            raise NotApplicable(
                f"`{tree.source(node)}` on line {line} takes names out of strings, and one has `{name}` in it."
            )


_READERS: Final = {
    "python": (
        "(call function: (identifier) @function)",
        frozenset({"locals", "globals", "vars", "eval", "exec"}),
    ),
    "javascript": ("(call_expression function: (identifier) @function)", frozenset({"eval"})),
    "typescript": ("(call_expression function: (identifier) @function)", frozenset({"eval"})),
}


def _by_words(text: str, value: Rename, language: Language | None) -> Outcome:
    spans = _words(text, value.old, language)
    taken = _words(text, value.new, language)
    if not spans:
        raise not_found("identifier", value.old, set(re.findall(r"[^\W\d]\w*", text)))
    index = LineIndex(text)
    if taken:
        raise NotApplicable(
            f"The name `{value.new}` is already in use on line {index.line_of(taken[0][0]) + 1}."
        )
    names = _BY_NAME.get(language.name if language is not None else "")
    indirect = names.search(text) if names is not None else None
    if indirect is not None:
        raise NotApplicable(
            f"`{indirect[0]}` on {lines_of(text, [indirect.start()])} takes variables by names that it makes."
        )
    spans, notes = _without_strings(text, value, language, spans)
    if language is not None and language.name not in _TEXT:
        _refuse_if_unclear(text, value, language, spans)
        for start, _ in spans:
            line = index.line_of(start)
            if _IMPORT.match(text[slice(*index.line_span(line))]):
                raise NotApplicable(
                    f"`{value.old}` is part of an import on line {line + 1}, which cannot be told from a name without "
                    f"a grammar for {language.name}."
                )
    return Outcome([Edit(start, end, value.new) for start, end in spans], notes)


# Where a word is part of a file's name.
_OF_FILES: Final = frozenset({"makefile", "dockerfile"})
_BEHIND: Final = re.compile(r"(?P<owner>[\w$@)\]}\"']*)\s*(?:\?\.|&\.|->|::|(?<!\.)\.)\s*\Z")
_ITSELF: Final = frozenset({"self", "this", "$this", "static", "$self", "super", "base", "@", "parent"})
_SIGIL: Final = re.compile(r"[$@%:]+\Z")
_SQL_TEXT: Final = re.compile(r"'(?:[^']|'')*'")


def _without_strings(
    text: str, value: Rename, language: Language | None, spans: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    """The places outside of SQL's strings, which are data, and a note about those inside."""
    if language is None or language.name != "sql" or value.in_strings:
        return spans, ()
    data = [match.span() for match in _SQL_TEXT.finditer(text)]
    inside = [span for span in spans if any(start < span[0] < end for start, end in data)]
    if not inside:
        return spans, ()
    kept = [span for span in spans if span not in inside]
    if not kept:
        raise NotApplicable(f"`{value.old}` stands in strings only, on {lines_of(text, [inside[0][0]])}.")
    return kept, (f"`{value.old}` stays on {lines_of(text, [s for s, _ in inside])}, where it is text.",)


def _refuse_if_unclear(text: str, value: Rename, language: Language, spans: list[tuple[int, int]]) -> None:
    """Raise where a word of code that is not parsed may be several things: a member, a variable, part of a path."""
    if language.name in _OF_FILES:
        paths = [
            s for s, e in spans if text[e : e + 1] in ("/", ".", "-") or text[s - 1 : s] in ("/", ".", "-")
        ]
        if paths:
            raise NotApplicable(
                f"`{value.old}` on {lines_of(text, paths)} is part of a file's name, or of another."
            )
        return
    members = []
    sigils = set()
    for start, _ in spans:
        before = text[max(0, start - 80) : start]
        behind = _BEHIND.search(before)
        if behind is not None and behind["owner"] not in _ITSELF:
            members.append(start)
        sigil = _SIGIL.search(before)
        sigils.add(sigil[0] if sigil is not None and behind is None else "")
    if members and len(members) < len(spans):
        raise NotApplicable(
            f"Whether `{value.old}` on {lines_of(text, members)} is the one that this file defines cannot be told "
            f"without a grammar for {language.name}."
        )
    if len(sigils) > 1:
        shown = " and ".join(f"`{sigil}{value.old}`" for sigil in sorted(sigils))
        raise NotApplicable(
            f"The file has {shown}, which cannot be told apart without a grammar for {language.name}."
        )


def word(name: str, language: Language | None) -> re.Pattern[str]:
    """`name` as a whole word of `language`."""
    letters = language.name_characters if language is not None else r"\w"
    return re.compile(rf"(?<![{letters}]){re.escape(name)}(?![{letters}])")


def _words(text: str, name: str, language: Language | None) -> list[tuple[int, int]]:
    return [match.span() for match in word(name, language).finditer(text)]


def _words_in(tree: Tree, name: str, query: str) -> list[tuple[int, int]]:
    pattern = word(name, tree.language)
    spans = []
    for node in tree.captures(query):
        start, end = tree.span(node)
        spans += [match.span() for match in pattern.finditer(tree.text, start, end)]
    return spans
