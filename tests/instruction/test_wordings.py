"""What people write: understood as exactly this, or refused, and never as something else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    wording,
)
from editsvc.instruction.reading import (
    Correction,
    corrected,
    nearest_actions,
    parse,
    readings,
    unread,
    with_a_name_marked,
)

FETCH = Rename("fetch", "download")
EVERYWHERE = Rename("fetch", "download", in_comments=True, in_strings=True)
TIMEOUT = SetValue("timeout", "30")
PORT = SetValue("port", "9090", old="8080")
TYPO = Replace("Writter", "Writer", whole_parts=True)

ENGLISH: dict[str, Instruction] = {
    # values of names that are written as words
    "set log level to debug": SetValue("log level", "debug"),
    "change the max retries to 5": SetValue("max retries", "5"),
    "Set read timeout from 10 to 20": SetValue("read timeout", "20", old="10"),
    "change the read timeout of Client to 3": SetValue("read timeout", "3", owner="Client"),
    "set max line length to 100": SetValue("max line length", "100"),
    # renames
    "rename fetch to download": FETCH,
    "rename one to two": Rename("one", "two"),
    "rename step_7 to one": Rename("step_7", "one"),
    "Rename fetch to download.": FETCH,
    "rename `fetch` to `download`": FETCH,
    "rename 'fetch' to 'download'": FETCH,
    "rename “fetch” to “download”": FETCH,
    "rename \u2018fetch\u2019 to \u2018download\u2019": FETCH,
    "rename «fetch» to «download»": FETCH,
    "rename fetch() to download()": FETCH,
    "rename fetch -> download": FETCH,
    "rename fetch->download": FETCH,
    "rename fetch => download": FETCH,
    "rename fetch → download": FETCH,
    "rename fetch as download": FETCH,
    "renames the function fetch to download": FETCH,
    "Renamed method fetch into download": FETCH,
    "renaming fetch to download": FETCH,
    "please rename fetch to download": FETCH,
    "can you please rename fetch to download?": FETCH,
    "Could you rename the function fetch to download, please? Thanks!": FETCH,
    "let's rename fetch to download": FETCH,
    "I want you to rename fetch to download": FETCH,
    "rename all occurrences of fetch to download": FETCH,
    "rename every use of `fetch` to `download`": FETCH,
    "rename fetch to download and update all references": FETCH,
    "rename fetch to download, and update its callers accordingly": FETCH,
    "rename fetch to download, updating all usages": FETCH,
    "rename fetch to download and fix all call sites": FETCH,
    "rename fetch to download in this file": FETCH,
    "rename fetch to download throughout the file": FETCH,
    "change the name of fetch to download": FETCH,
    "change the name of the function `fetch` to `download`": FETCH,
    "change the function name from fetch to download": FETCH,
    "change variable name fetch to download": FETCH,
    "give fetch the name download": FETCH,
    "give the function fetch a new name: download": FETCH,
    "call the function fetch download": FETCH,
    "fetch should be renamed to download": FETCH,
    "the function fetch should be called download": FETCH,
    "use the name download instead of fetch": FETCH,
    "refactor: rename fetch to download": FETCH,
    "refactor(api)!: rename fetch to download": FETCH,
    "- rename fetch to download": FETCH,
    "2. rename fetch to download": FETCH,
    "rename fetch to download everywhere": EVERYWHERE,
    "rename fetch to download, including comments and strings": EVERYWHERE,
    "rename fetch to download including strings and comments too": EVERYWHERE,
    "rename fetch to download, also in comments": Rename("fetch", "download", in_comments=True),
    "rename fetch to download including the strings": Rename("fetch", "download", in_strings=True),
    "rename Client.fetch to Client.download": Rename("fetch", "download", owner="Client"),
    "rename Client.fetch to download": Rename("fetch", "download", owner="Client"),
    "rename Client::fetch to Client::download": Rename("fetch", "download", owner="Client"),
    "rename --main-color to --accent": Rename("--main-color", "--accent"),
    "rename .btn to .button": Rename(".btn", ".button"),
    "rename #main to #content": Rename("#main", "#content"),
    "rename A to B": Rename("A", "B"),
    "rename $count to $total": Rename("$count", "$total"),
    "rename matchReq -> matchRequest": Rename("matchReq", "matchRequest"),
    "rename the `type` to `kind`": Rename("type", "kind"),
    # texts and words
    "replace 'http://' with 'https://'": Replace("http://", "https://"),
    'replace "a b" by "c d"': Replace("a b", "c d"),
    "Replace all occurrences of `x` with `y`": Replace("x", "y"),
    "change “now and then” to “now”": Replace("now and then", "now"),
    "replace every 'foo' with 'bar' in this file": Replace("foo", "bar"),
    "substitute 'a' with 'b'": Replace("a", "b"),
    "replace 'gone' with ''": Replace("gone", ""),
    "use 'const' instead of 'var'": Replace("var", "const"),
    "replace ``a`b`` with 'c'": Replace("a`b", "c"),
    "change Writter to Writer": TYPO,
    "replace Writter with Writer": TYPO,
    "replace every Writter with Writer": TYPO,
    "fix typo Writter -> Writer": TYPO,
    "fix the typo Writter to Writer": TYPO,
    "Fix typo: Writter -> Writer": TYPO,
    "correct Writter to Writer": TYPO,
    "correct the spelling of Writter to Writer": TYPO,
    "replace == with ===": Replace("==", "===", whole_parts=True),
    "change 10 to 20": Replace("10", "20", whole_parts=True),
    "Replace __defineGetter__ with Object.defineProperty": Replace(
        "__defineGetter__", "Object.defineProperty", whole_parts=True
    ),
    # values
    "change timeout to 30": TIMEOUT,
    "set timeout to 30": TIMEOUT,
    "Set the timeout to 30.": TIMEOUT,
    "set the value of timeout to 30": TIMEOUT,
    "set the parameter timeout to 30": TIMEOUT,
    "set timeout = 30": TIMEOUT,
    "set timeout=30": TIMEOUT,
    "set timeout: 30": TIMEOUT,
    "update timeout to 30": TIMEOUT,
    "increase timeout to 30": TIMEOUT,
    "raise the timeout to 30": TIMEOUT,
    "lower timeout to 30": TIMEOUT,
    "bump timeout to 30": TIMEOUT,
    "make timeout 30": TIMEOUT,
    "give timeout the value 30": TIMEOUT,
    "assign 30 to timeout": TIMEOUT,
    "use 30 for timeout": TIMEOUT,
    "use 30 as the value of timeout": TIMEOUT,
    "timeout should be 30": TIMEOUT,
    "the timeout must be 30": TIMEOUT,
    "please set timeout to 30 in this file": TIMEOUT,
    "set MAX to 25": SetValue("MAX", "25"),
    "set A to 20": SetValue("A", "20"),
    "set MAX to -1": SetValue("MAX", "-1"),
    "set MAX to 1_000": SetValue("MAX", "1_000"),
    "set RATE to 0.5": SetValue("RATE", "0.5"),
    "set RATE to 1e-3": SetValue("RATE", "1e-3"),
    "set MASK to 0xFF": SetValue("MASK", "0xFF"),
    "set debug to true": SetValue("debug", "true"),
    "set DEBUG to off": SetValue("DEBUG", "off"),
    "set handler to null": SetValue("handler", "null"),
    "change the port from 8080 to 9090": PORT,
    "change port 8080 to 9090": PORT,
    "Change the port from `8080` to 9090": PORT,
    "set port from 8080 to 9090": PORT,
    "change the title from start to end": SetValue("title", "end", old="start"),
    "set LOG_LEVEL to debug": SetValue("LOG_LEVEL", "debug"),
    "set name to 'Ann'": SetValue("name", "Ann", quoted=True),
    'set the title to "Hello, world"': SetValue("title", "Hello, world", quoted=True),
    "set BASE_URL to https://example.org/v2": SetValue("BASE_URL", "https://example.org/v2"),
    "set limits to `[1, 2]`": SetValue("limits", "[1, 2]", code=True),
    "set server.port to 9090": SetValue("port", "9090", owner="server"),
    "set the port of server to 9090": SetValue("port", "9090", owner="server"),
    "set the timeout of the function fetch to 30": SetValue("timeout", "30", owner="fetch"),
    "set font-size to 18px": SetValue("font-size", "18px"),
    "set --gap to 8px": SetValue("--gap", "8px"),
    "set timeout to 30 everywhere": SetValue("timeout", "30", everywhere=True),
    "set every timeout to 30": SetValue("timeout", "30", everywhere=True),
    "change the default of timeout to 30": SetValue("timeout", "30", default=True),
    "Change the default timeout to 30": SetValue("timeout", "30", default=True),
    "change the default value of timeout from 10 to 30": SetValue("timeout", "30", old="10", default=True),
    "Bump version number to 1.0.3": None,  # type: ignore[dict-item]
    "bump version to 1.2.3": SetValue("version", "1.2.3"),
    "Bump pytest from 6.2.1 to 6.2.2": SetValue("pytest", "6.2.2", old="6.2.1"),
    # colours
    "change the colour #00FF00 to blue": ChangeColour("blue", old="#00FF00"),
    "replace rgb(0, 255, 0) with #00f": ChangeColour("#00f", old="rgb(0, 255, 0)"),
    "make the text color blue": ChangeColour("blue", aspect="color"),
    "change the background color to white": ChangeColour("white", aspect="background"),
    "change the border colour to #ccc": ChangeColour("#ccc", aspect="border"),
    "turn the red text blue": ChangeColour("blue", old="red"),
    # removals
    "remove fetch": Remove("", "fetch"),
    "delete fetch()": Remove("", "fetch"),
    "drop `fetch`": Remove("", "fetch"),
    "Remove fetch.": Remove("", "fetch"),
    "get rid of fetch": Remove("", "fetch"),
    "remove the function fetch": Remove("function", "fetch"),
    "remove the fetch function": Remove("function", "fetch"),
    "removed unused function fetch": Remove("function", "fetch"),
    "delete the obsolete class Old": Remove("class", "Old"),
    "remove Client.close": Remove("", "Client.close"),
    "remove close from Client": Remove("", "Client.close"),
    "remove the method close from the class Client": Remove("method", "Client.close"),
    "Remove the Client::close method": Remove("method", "Client.close"),
    "remove unused fetch_all": Remove("", "fetch_all"),
    "remove the function `comments`": Remove("function", "comments"),
    "remove class Old": Remove("class", "Old"),
    "Add last_modified arg for send_file": AddParameter("send_file", "last_modified"),
    "add encoding parameter to open_resource": AddParameter("open_resource", "encoding"),
    "Rename --files-without-matches to --files-without-match.": Rename(
        "--files-without-matches", "--files-without-match"
    ),
    "remove deprecated express.createServer() method": Remove("method", "express.createServer"),
    "use `doc_cfg` instead of `doc_auto_cfg`": Replace("doc_auto_cfg", "doc_cfg"),
    "remove `comments`": Remove("", "comments"),
    "Remove req.acceptsLanguage": Remove("", "req.acceptsLanguage"),
    "remove the function named fetch": Remove("function", "fetch"),
    # documentation
    "document fetch": AddDocstring("fetch"),
    "document the function fetch": AddDocstring("fetch"),
    "add a docstring to fetch": AddDocstring("fetch"),
    "add a docstring to the fetch function": AddDocstring("fetch"),
    "write documentation for the class Client": AddDocstring("Client"),
    "add a doc comment to Client.close": AddDocstring("Client.close"),
    "add JSDoc to fetch": AddDocstring("fetch"),
    "add docstrings": AddDocstring(),
    "add the missing docstrings": AddDocstring(),
    "document everything": AddDocstring(),
    "add docstrings to all functions and classes": AddDocstring(),
    "document all functions": AddDocstring(kind="function"),
    "add docstrings to every class": AddDocstring(kind="class"),
    "add docstrings to all public methods without one": AddDocstring(kind="function"),
    # what functions take
    "sort imports": SortImports(),
    "Sort the imports alphabetically": SortImports(),
    "organize imports": SortImports(),
    "organise all the import statements": SortImports(),
    "order the imports": SortImports(),
    # parameters
    "add a parameter timeout=30 to fetch": AddParameter("fetch", "timeout", default="30"),
    "add a parameter timeout to fetch with default 30": AddParameter("fetch", "timeout", default="30"),
    "add a parameter timeout with a default of 30 to fetch": AddParameter("fetch", "timeout", default="30"),
    "add an optional parameter timeout: int = 30 to the function fetch": AddParameter(
        "fetch", "timeout", "int", "30"
    ),
    "add a timeout parameter to fetch": AddParameter("fetch", "timeout"),
    "add the argument `verbose=False` to Client.run": AddParameter("Client.run", "verbose", default="False"),
    "add a parameter named verbose to run": AddParameter("run", "verbose"),
    "add a parameter int count = 1 to run": AddParameter("run", "count", "int", "1"),
    "give fetch a parameter timeout=30": AddParameter("fetch", "timeout", default="30"),
    "let fetch take a parameter timeout=30": AddParameter("fetch", "timeout", default="30"),
}
del ENGLISH["Bump version number to 1.0.3"]

OTHERS: dict[str, Instruction] = {
    "benenne fetch in download um": FETCH,
    "Bitte benenne die Funktion fetch in download um!": FETCH,
    "benenne „fetch“ in „download“ um": FETCH,
    "nenne die Methode fetch in download um": FETCH,
    "fetch in download umbenennen": FETCH,
    "ändere den Namen von fetch in download": FETCH,
    "benenne fetch überall in download um": None,  # type: ignore[dict-item]
    "benenne fetch in download um und passe alle Aufrufe an": FETCH,
    "benenne fetch in download um, auch in Kommentaren": Rename("fetch", "download", in_comments=True),
    "ersetze 'a' durch 'b'": Replace("a", "b"),
    "'a' durch 'b' ersetzen": Replace("a", "b"),
    "ersetze Writter durch Writer": TYPO,
    "setze timeout auf 30": TIMEOUT,
    "setze den Wert von timeout auf 30": TIMEOUT,
    "timeout auf 30 setzen": TIMEOUT,
    "erhöhe timeout auf 30": TIMEOUT,
    "aendere timeout auf 30": TIMEOUT,
    "ändere port von 8080 auf 9090": PORT,
    "timeout soll 30 sein": TIMEOUT,
    "entferne fetch": Remove("", "fetch"),
    "lösche die Funktion fetch": Remove("function", "fetch"),
    "loesche die Methode close aus Client": Remove("method", "Client.close"),
    "die Funktion fetch entfernen": Remove("function", "fetch"),
    "dokumentiere fetch": AddDocstring("fetch"),
    "füge einen Docstring zu fetch hinzu": AddDocstring("fetch"),
    "füge Docstrings hinzu": AddDocstring(),
    "dokumentiere alle Funktionen": AddDocstring(kind="function"),
    "sortiere die Importe": SortImports(),
    "Importe sortieren": SortImports(),
    "füge einen Parameter timeout=30 zu fetch hinzu": AddParameter("fetch", "timeout", default="30"),
    "füge fetch einen Parameter timeout = 30 hinzu": AddParameter("fetch", "timeout", default="30"),
    "ändere die Farbe #0f0 in blue": ChangeColour("blue", old="#0f0"),
    "renomme fetch en download": FETCH,
    "renommer la fonction fetch en download": FETCH,
    "renomme « fetch » en « download »": FETCH,
    "Renomme la fonction fetch en download, s'il te plaît.": FETCH,
    "change le nom de fetch en download": FETCH,
    "renomme fetch en download partout": EVERYWHERE,
    "remplace 'a' par 'b'": Replace("a", "b"),
    "remplace Writter par Writer": TYPO,
    "mets timeout à 30": TIMEOUT,
    "mettre la valeur de timeout à 30": TIMEOUT,
    "change timeout en 30": TIMEOUT,
    "passe port de 8080 à 9090": PORT,
    "supprime fetch": Remove("", "fetch"),
    "supprimer la fonction fetch": Remove("function", "fetch"),
    "enlève la méthode close de Client": Remove("method", "Client.close"),
    "documente fetch": AddDocstring("fetch"),
    "ajoute une docstring à fetch": AddDocstring("fetch"),
    "documente toutes les fonctions": AddDocstring(kind="function"),
    "trie les imports": SortImports(),
    "ajoute un paramètre timeout=30 à fetch": AddParameter("fetch", "timeout", default="30"),
    "remplace la couleur #0f0 par blue": ChangeColour("blue", old="#0f0"),
    "renombra fetch a download": FETCH,
    "renombrar la función fetch como download": FETCH,
    "por favor, renombra fetch a download": FETCH,
    "cambia el nombre de fetch a download": FETCH,
    "renombra fetch a download en todas partes": EVERYWHERE,
    "reemplaza 'a' por 'b'": Replace("a", "b"),
    "sustituye Writter por Writer": TYPO,
    "cambia timeout a 30": TIMEOUT,
    "pon timeout en 30": TIMEOUT,
    "cambia port de 8080 a 9090": PORT,
    "elimina fetch": Remove("", "fetch"),
    "borra la función fetch": Remove("function", "fetch"),
    "quita el método close de Client": Remove("method", "Client.close"),
    "documenta fetch": AddDocstring("fetch"),
    "documenta todas las clases": AddDocstring(kind="class"),
    "ordena los imports": SortImports(),
    "añade un parámetro timeout=30 a fetch": AddParameter("fetch", "timeout", default="30"),
    "cambia el color #0f0 por blue": ChangeColour("blue", old="#0f0"),
}
del OTHERS["benenne fetch überall in download um"]

REFUSED = [
    "set log level to debug and restart",
    "set up logging to file",
    "change all tests to pytest",
    "set unused variable to 3",
    "turn the loop into a comprehension",
    "rename this one to two",
    "rename the old one to two",
    # what says more than a form
    "rename fetch to download and make it async",
    "rename fetch to download and add a test",
    "rename fetch to download in production",
    "rename fetch to download if it is unused",
    "don't rename fetch to download",
    "do not remove fetch",
    "never rename fetch to download",
    "rename fetch to download or load",
    "rename fetch to download only in comments",
    "remove fetch and its tests",
    "remove fetch unless it is used",
    "set timeout to 30 seconds if debug is on",
    "set timeout to 30 or 60",
    "sort imports and remove the unused ones",
    "add docstrings and type hints",
    "add a parameter timeout=30 to fetch and use it",
    "benenne fetch in download um und lösche close",
    "supprime fetch et ses tests",
    "elimina fetch y sus pruebas",
    # what says less
    "rename",
    "rename fetch",
    "rename fetch to",
    "remove",
    "set timeout",
    "set timeout to",
    "change the timeout",
    "increase the timeout",
    "add a parameter to fetch",
    "replace 'a'",
    "document",
    "sort",
    # what describes instead of naming
    "rename variables to camelCase",
    "rename all functions to snake_case",
    "rename it to download",
    "rename this to that",
    "rename everything",
    "rename function to download",
    "rename the class to Client",
    "remove comments",
    "remove all comments",
    "remove unused imports",
    "remove the unused code",
    "remove dead code",
    "remove logging",
    "remove whitespace",
    "remove semicolons",
    "remove duplicates",
    "remove prints",
    "remove it",
    "remove everything",
    "delete all files",
    "remove deprecated methods",
    "drop support for Python 3.8",
    "remove Python 2 from docs",
    "change tabs to spaces",
    "change quotes to double quotes",
    "replace it with that",
    "replace the loop with a comprehension",
    "use const instead of var",
    "use logging instead of print",
    "use f-strings",
    "set the value to 30",
    "set it to 30",
    "set everything to 0",
    "shorten the text to half",
    "add an extra parameter to fetch",
    "add a boolean parameter to fetch",
    "add a parameter for verbosity to fetch",
    "add logging to fetch",
    "document the changes in the readme",
    "add docs for the new flag",
    "change the header to be bigger",
    "make the header bigger",
    "make fetch async",
    "make it faster",
    "fix the typo",
    "fix typos",
    "fix the bug in fetch",
    "simplify fetch",
    "optimize imports and performance",
    "translate the comments to French",
    "explain fetch",
    "remove the function comments",
    "remove unused function arguments in tests",
    "remove unused module docstrings",
    "remove old test",
    "remove unused variable",
    "remove dependency on serde_derive",
    "remove uses of LocalStack",
    "Remove with_statement in flask/ctx.py",
    "add parameter handling to middleware",
    "add missing JSDoc param for parseExtendedQueryString",
    # what means two things
    "replace timeout with 30",
    "change `timeout` to `30`",
    # subjects of commits
    "Use content-disposition module",
    "Remove duplicate tests in res.location and res.jsonp",
    "Remove usage of res._headers private field",
    "Remove res.json(obj, status) signature as deprecated",
    "change make_response to use headers.update",
    "change res.locals to a plain js object",
    "Change query parser setting default to 'simple'",
    "remove spaces when a session is enabled",
    "remove charset from json responses and tests",
    "cleanup: replace try! with ?",
    "rename GitHub templates to md. They are Markdown.",
    "Set up pre-commit lite workflow",
    "bump deps",
    "Changelog for 0.12.5",
    "add documentation for benchmarks in the guide",
    "fix: sort imports in the generated code correctly",
]


def test_there_are_as_many_wordings_as_people_have() -> None:
    assert len(ENGLISH) + len(OTHERS) + len(REFUSED) >= 300
    assert len(set(REFUSED)) == len(REFUSED)


@pytest.mark.parametrize("instruction", [*ENGLISH, *OTHERS])
def test_an_instruction_is_understood_as_what_it_says(instruction: str) -> None:
    assert parse(instruction) == {**ENGLISH, **OTHERS}[instruction]


@pytest.mark.parametrize("instruction", REFUSED)
def test_what_is_no_plain_instruction_is_not_understood(instruction: str) -> None:
    assert parse(instruction) is None


@pytest.mark.parametrize(
    ("instruction", "name", "marked"),
    [
        ("rename fetch to other", "other", "rename fetch to `other`"),
        ("rename all to every", None, None),
        ("benenne fetch in alle um", "alle", "benenne fetch in `alle` um"),
        ("make it faster", None, None),
        ("rename fetch", None, None),
    ],
)
def test_a_name_that_is_a_word_of_the_sentence_can_be_marked(
    instruction: str, name: str | None, marked: str | None
) -> None:
    assert parse(instruction) is None
    assert with_a_name_marked(instruction) == (Correction(name, marked) if name and marked else None)


# What changes nothing about the meaning: manners, articles, quotes, letter case of the words that are no names.
PLAIN = {
    "rename {fetch} to {download}": FETCH,
    "change the name of {fetch} to {download}": FETCH,
    "rename the function {fetch} to {download} and update all references": FETCH,
    "remove the function {fetch}": Remove("function", "fetch"),
    "set {timeout} to 30": TIMEOUT,
    "change the value of {timeout} to 30": TIMEOUT,
    "change {port} from 8080 to 9090": PORT,
    "add a docstring to the function {fetch}": AddDocstring("fetch"),
    "add a parameter timeout=30 to {fetch}": AddParameter("fetch", "timeout", default="30"),
    "benenne {fetch} in {download} um": FETCH,
    "lösche die Funktion {fetch}": Remove("function", "fetch"),
    "renomme la fonction {fetch} en {download}": FETCH,
    "elimina la función {fetch}": Remove("function", "fetch"),
}
QUOTES = st.sampled_from(["{}", "`{}`", "'{}'", '"{}"', "“{}”", "\u2018{}\u2019", "„{}“", "«{}»", "``{}``"])
BEFORE = st.sampled_from(
    ["", "please ", "Please, ", "can you ", "could you please ", "let's ", "bitte ", "now "]
)
AFTER = st.sampled_from(["", ".", "!", " please", ", please.", ", thanks!", " ", "  .", "?"])
CASES = st.sampled_from([str, str.upper, str.capitalize, str.lower, str.title])
BLANKS = st.sampled_from([" ", "  ", "\n", "\t"])


@given(st.sampled_from(sorted(PLAIN)), QUOTES, BEFORE, AFTER, CASES, BLANKS)
def test_manners_quotes_blanks_and_letter_case_change_nothing(
    plain: str, quotes: str, before: str, after: str, case: object, blank: str
) -> None:
    words = [
        re.sub(r"\{(\w+)\}", lambda name: quotes.format(name[1]), word) if "{" in word else case(word)  # type: ignore[operator]
        for word in plain.split()
        if "=" not in word
    ]
    if "=" in plain:
        words.insert(3, "timeout=30")
    assert parse(before + blank.join(words) + after) == PLAIN[plain]


@given(
    st.sampled_from(sorted({**ENGLISH, **OTHERS})),
    st.integers(0, 30),
    st.sampled_from(["zorp", "Quux", "¿eh?", "42nd"]),
)
def test_a_word_that_means_nothing_anywhere_is_never_passed_over(
    instruction: str, position: int, word: str
) -> None:
    words = instruction.split()
    position %= len(words) + 1
    found = parse(" ".join([*words[:position], word, *words[position:]]))
    # It may be read as a name, but then it stands in what was read.
    assert found is None or word.strip("¿?") in wording(found)


@given(st.text(max_size=80))
def test_any_text_is_read_or_not_and_raises_nothing(text: str) -> None:
    assert isinstance(readings(text), tuple)
    assert isinstance(nearest_actions(text), list)
    assert unread(text) is None or unread(text) in " ".join(text.split())
    assert corrected(text) is None or parse(corrected(text).sentence) is not None  # type: ignore[union-attr]


@pytest.mark.parametrize("instruction", [*ENGLISH, *OTHERS])
def test_the_wording_of_a_value_is_read_as_that_value(instruction: str) -> None:
    """What a refusal offers is understood when it is written."""
    value = {**ENGLISH, **OTHERS}[instruction]
    assert value in [reading.command for reading in readings(wording(value))]
    assert parse(wording(value)) == value


@pytest.mark.parametrize(
    ("instruction", "rest"),
    [
        ("rename fetch to download and make it async", "and make it async"),
        ("rename fetch", ""),
        ("make it faster", "faster"),
        ("bananas are yellow", None),
    ],
)
def test_the_first_word_without_a_meaning_is_told(instruction: str, rest: str | None) -> None:
    assert unread(instruction) == rest


@pytest.mark.parametrize(
    ("instruction", "first"),
    [
        ("rename fetch to download and make it async", "rename fetch to download"),
        ("remove the function that sorts", "remove the function fetch"),
        ("sort the imports by length", "sort imports"),
        ("set timeout to 30 or 60", "set timeout to 30"),
    ],
)
def test_the_forms_that_are_nearest_come_first(instruction: str, first: str) -> None:
    assert nearest_actions(instruction)[0] == first
    assert sorted(nearest_actions(instruction)) == sorted(example for example, _ in EXAMPLES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("renmae fetch to download", "rename fetch to download"),
        ("remvoe fetch", "remove fetch"),
        ("Sotr imports", "sort imports"),
        ("rename fetch to download", None),
        ("bananas are yellow", None),
    ],
)
def test_a_misspelt_verb_is_corrected_if_the_rest_is_understood(typed: str, meant: str | None) -> None:
    found = corrected(typed)
    assert (found.sentence if found is not None else None) == meant
