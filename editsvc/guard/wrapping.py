"""Wrapping taken for content: what stands around a file in a request, a chat or another tool, written into the file.

Only lines that changed are looked at, and everything is compared with the document before: what it held already, and
what the instruction speaks of, is content.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from editsvc.guard import dress
from editsvc.guard.chat import addresses_user
from editsvc.guard.texts import Text, is_no_content, new_lines, span_of, texts
from editsvc.prompt.rendering import is_wording
from editsvc.reply import reasoning
from editsvc.text.document import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editsvc.guard.findings import Finding
    from editsvc.guard.proposal import Proposal

_MARKS: Final = "#/;%!*<>-\"'`=_ \t"
_FILE_WORD: Final = (
    r"(?:(?:begin|start|end|updated|new|complete|modified|rewritten|full)\s+(?:of\s+)?)*"
    r"(?:file ?name|file ?path|file|path|datei(?:name)?|fichier|archivo|arquivo|bestand|plik|файл|文件|ファイル)"
)
_ANY_FILE: Final = re.compile(
    rf"[{re.escape(_MARKS)}]*{_FILE_WORD}\s*[::]\s*[\"'`*]*[\w./\\~-]+\.\w+[\"'`*]*\W*", re.IGNORECASE
)
_TITLE: Final = re.compile(r"\s*(?:#+|//+|/\*+|--+|;+|%+|<!--|\"\"\")\s*")
_SECTION: Final = re.compile(r"\W*section\s+\d+\W*", re.IGNORECASE)
_ROLE: Final = re.compile(
    r"(?:#{1,6} |\*\*)?(?:System|User|Assistant|Human|Response|Answer|Output|Instructions?|Task|Request)"
    r"(?:\*\*)?:(?:\*\*)?"
)
_LABELS: Final = frozenset({"text", "txt", "plaintext", "plain", "code"})

_TAG: Final = re.compile(r"\s*<(?P<name>[A-Za-z][\w:.-]*)(?:\s[^<>]*)?>(?P<rest>.*)")
_CLOSING_TAG: Final = re.compile(r"(?P<rest>.*)</(?P<name>[A-Za-z][\w:.-]*)\s*>\s*")
# What tools and prompts wrap a file in; no page of HTML begins and ends with one of these.
_WRAPPERS: Final = reasoning.TAGS | {
    "file",
    "content",
    "contents",
    "file_content",
    "filecontent",
    "file_contents",
    "code",
    "code_block",
    "codeblock",
    "document",
    "doc",
    "answer",
    "output",
    "response",
    "result",
    "source",
    "source_code",
    "text",
    "new_text",
    "new_content",
    "updated_content",
    "updated_code",
    "updated_file",
    "modified_file",
    "final_code",
    "rewritten",
    "artifact",
    "antartifact",
    "write_to_file",
    "replace_in_file",
    "replacement",
    "edit",
    "diff",
    "section",
    "part",
    "pre",
    "python",
    "javascript",
    "markdown",
    "instruction",
    "instructions",
    "cdata",
}
_IS_WRAPPER: Final = re.compile(rf"_|file|content|answer|output|cdata|^(?:{'|'.join(sorted(_WRAPPERS))})$")
# What a fence around a page says of it.
_OF_PAGES: Final = frozenset(
    {"", "markdown", "md", "mdx", "text", "txt", "plaintext", "html", "xml", "rst", "asciidoc"}
)
_MARKUP: Final = frozenset({"html", "xml", "vue", "svelte", "markdown", "javascriptreact", "typescriptreact"})
_OTHER_PAIRS: Final = (
    (re.compile(r"\s*<!\[CDATA\["), re.compile(r".*\]\]>\s*")),
    (
        re.compile(r"\s*\[(?:CODE|PYTHON|FILE|ANSWER|TEXT)\]"),
        re.compile(r".*\[/(?:CODE|PYTHON|FILE|ANSWER|TEXT)\]\s*"),
    ),
    (re.compile(r"\s*\"\"\"\s*"), re.compile(r"\s*\"\"\"\s*")),
    (re.compile(r"\s*'''\s*"), re.compile(r"\s*'''\s*")),
    (re.compile(r"\s*(?:cat|tee)\b.*<<-?\s*['\"]?\w+['\"]?.*"), re.compile(r"\s*\w+\s*")),
    (
        re.compile(r"\\begin\{(?:verbatim|lstlisting|minted)\}.*"),
        re.compile(r"\\end\{(?:verbatim|lstlisting|minted)\}\s*"),
    ),
)
_OTHER_TOOLS: Final = re.compile(
    r"\s*(?:\*{3} (?:begin patch|end patch|update file|add file|end of file)\b.*|<{5,9} ?(?:search|original)\b.*|"
    r">{5,9} ?(?:replace|updated)\b.*|-{3,}\s*(?:begin|end)(?: of)? (?:file|code|answer|response)\b.*)",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(r"\s{0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)\s*")

_TOKEN: Final = re.compile(
    r"<[|\uff5c][\w▁ -]{2,40}[|\uff5c]>|</?s>|"
    r"<(?:eos|bos|pad|unk|eot|eod|end_of_turn|start_of_turn|end_of_text|EOT|im_end|im_start)>|"
    r"\[/?INST\]|<<?/?SYS>>?|<(?:fim_(?:prefix|suffix|middle|pad)|PRE|SUF|MID)>|"
    r"\[(?:EOS|BOS|MASK|UNK|PAD|SEP|CLS)\]"
)
_QUOTES: Final = "\"'`"


def wrapping(proposal: Proposal) -> Iterator[Finding]:
    """What came along with the file: echoes of the request, a chat's words, frames, tokens, and marks on every line."""
    if proposal.before == proposal.after or not proposal.before.strip():
        return
    everywhere = [
        rule(proposal) for rule in (_tokens, dress.numbered, dress.diffed, dress.cited, dress.encoded)
    ]
    # Ends that are as they were have nothing around them.
    ends = [text for text in texts(proposal) if text.head or text.tail]
    around = [rule(proposal, text) for text in ends for rule in (_echo, _pair, _fenced, _chat)]
    # One of a kind is enough to say.
    yield from filter(None, (next(found, None) for found in (*everywhere, *around)))


def _echo(proposal: Proposal, text: Text) -> Iterator[Finding]:
    """Lines of the request at the ends of a text."""
    asked = _plain(proposal.intent.literal)
    parts = {_plain(line) for line in proposal.intent.literal.split("\n")} | {asked}
    parts = {part for part in parts if " " in part or not part.isascii()}
    for number in (*text.head, *text.tail):
        line = proposal.new[number]
        plain = _plain(line)
        outermost = number in {text.first, text.last}
        if is_wording(line) or (outermost and _heads(proposal, line)):
            yield is_no_content(proposal, number, "repeats the request")
        elif plain in parts or (asked and plain.removeprefix("instruction").lstrip(": ") in parts):
            yield is_no_content(proposal, number, "repeats the instruction")
    if text.first in text.head and _label(proposal, text.first):
        yield is_no_content(proposal, text.first, "is the word behind a fence, and no part of the file")
    for number in {*text.head[:1], *text.tail[:1]}:
        if _names_file(proposal, proposal.new[number]) and not _named_before(proposal, number):
            yield is_no_content(proposal, number, "names the file, and is no part of it")


def _heads(proposal: Proposal, line: str) -> bool:
    """Whether a line is the heading of a section, or that of a turn in a chat, which only documents begin with."""
    content = line.strip()
    return bool(_SECTION.fullmatch(content) or (proposal.whole and _ROLE.fullmatch(content)))


def _plain(line: str) -> str:
    """The words of a line without a comment's signs around them."""
    return " ".join(line.strip().strip("#/;%!<>\"'`=").strip(" .:/").casefold().split())


def _label(proposal: Proposal, number: int) -> bool:
    word = proposal.new[number].strip().casefold()
    language = proposal.language
    known = {language.name, *language.aliases} if language is not None else _LABELS
    return word in known or (word != "" and word == proposal.filename.casefold().rpartition(".")[2])


def _named_before(proposal: Proposal, number: int) -> bool:
    """Whether what stood in the place of a new line named the file too."""
    span = span_of(proposal, number)
    if span is None or not proposal.filename:
        return False
    named = {proposal.filename.casefold(), proposal.filename.casefold().partition(".")[0]}
    return any(
        proposal.filename in line or _TITLE.sub("", line).strip().casefold().partition(" ")[0] in named
        for line in proposal.old[span.old_start : span.old_end]
        if _TITLE.match(line) or proposal.filename in line
    )


def _names_file(proposal: Proposal, line: str) -> bool:
    name = proposal.filename
    if _ANY_FILE.fullmatch(line.strip()):
        return True
    if not name:
        return False
    folders = r"(?:[\w.~-]*[/\\])"
    if name.casefold() in proposal.intent.literal.casefold():
        word = rf"{_FILE_WORD}\s*[:=]\s*"
    elif "." in name.strip("."):
        word = rf"(?:(?:{_FILE_WORD}|end(?: of)?)[\s:=]*)?"
    else:
        # A name such as CHANGES may be a title too.
        word = rf"(?:(?:{_FILE_WORD}|end of)[\s:=]+|(?={folders}))"
    path = rf"[\"'`*]*{folders}*{re.escape(name)}[\"'`*]*"
    form = rf"[{re.escape(_MARKS)}]*{word}{path}[:{re.escape(_MARKS)}]*"
    return re.fullmatch(form, line.strip(), re.IGNORECASE) is not None


def _pair(proposal: Proposal, text: Text) -> Iterator[Finding]:
    """A tag, or what other tools put around a file, before the first and behind the last line; or one of the two."""
    first = proposal.new[text.first] if text.head else ""
    last = proposal.new[text.last] if text.tail else ""
    opens, closes = _TAG.fullmatch(first.rstrip("\n")), _CLOSING_TAG.fullmatch(last.rstrip("\n"))
    opened, closed = opens["name"].casefold() if opens else "", closes["name"].casefold() if closes else ""
    around = opened == closed and (opened in _WRAPPERS or text.first < text.last) and opened != ""
    if around and _wraps(proposal, opened) and not _closes_early(text, opened):
        yield is_no_content(proposal, text.first, "is a tag around the file", text.last)
    for tag, number in ((opened, text.first), (closed, text.last)):
        if tag not in _WRAPPERS or _speaks_of(proposal, tag):
            continue
        if tag in reasoning.TAGS or _unpaired(proposal, tag):
            yield is_no_content(proposal, number, "is a tag around the file")
    for before, behind in _OTHER_PAIRS:
        if text.first < text.last and before.match(first) and behind.fullmatch(last.rstrip("\n")):
            yield is_no_content(proposal, text.first, "begins what stands around the file", text.last)
    for number in {*text.head[:1], *text.tail[:1]}:
        if _OTHER_TOOLS.fullmatch(proposal.new[number].rstrip("\n")) and not proposal.intent.patches:
            yield is_no_content(proposal, number, "is a mark of another tool")


def _is_element(proposal: Proposal, token: str) -> bool:
    """Whether a token is the name of an element too (``<s>``, ``<PRE>``), which the new text closes as often."""
    name = token.strip("</>")
    if name.casefold() not in {"s", "pre"}:
        return False
    markup = proposal.language is not None and proposal.language.name in _MARKUP
    closed = f"<{name}>" in proposal.after and f"</{name}>" in proposal.after
    return closed and (name == "s" or (markup and not _unpaired(proposal, name)))


def _wraps(proposal: Proposal, tag: str) -> bool:
    """Whether a tag that stands around everything is no part of a page, and was not there before."""
    form = re.compile(rf"<{re.escape(tag)}\b", re.IGNORECASE)
    if tag in _WRAPPERS:
        came = len(form.findall(proposal.after)) > len(form.findall(proposal.before))
    else:
        came = form.search(proposal.before) is None
    markup = proposal.language is not None and proposal.language.name in _MARKUP
    return came and not _speaks_of(proposal, tag) and (not markup or _IS_WRAPPER.search(tag) is not None)


def _closes_early(text: Text, tag: str) -> bool:
    """Whether the first `tag` of a text is closed before its last line, so that it stands around a part only."""
    depth = 0
    lines = text.proposal.new[text.first : text.last]
    for sign in re.findall(rf"<(/?){re.escape(tag)}\b[^<>]*>", "".join(lines), re.IGNORECASE):
        depth += -1 if sign else 1
        if depth == 0:
            return True
    return False


def _speaks_of(proposal: Proposal, tag: str) -> bool:
    return re.search(rf"</?{re.escape(tag)}\b|\btags?\b", proposal.intent.literal, re.IGNORECASE) is not None


def _unpaired(proposal: Proposal, tag: str) -> bool:
    """Whether the new document opens `tag` more often than it closes it, or the other way round."""
    signs = re.findall(rf"<(/?){re.escape(tag)}\b[^<>]*>", proposal.after, re.IGNORECASE)
    return 2 * signs.count("/") != len(signs)


def _fenced(proposal: Proposal, text: Text) -> Iterator[Finding]:
    """A fence around everything, or half of one."""
    if proposal.intent.fences:
        return
    first = _FENCE.fullmatch(proposal.new[text.first].rstrip("\n")) if text.head else None
    last = _FENCE.fullmatch(proposal.new[text.last].rstrip("\n")) if text.tail else None
    prose = proposal.language is None or proposal.language.name in _MARKUP
    # A page may have a block of code in another language at both of its ends, a part of it all the more.
    foreign = prose and first is not None and first["info"].strip().lower() not in _OF_PAGES
    if first and last and not last["info"].strip() and text.first < text.last and not foreign:
        yield is_no_content(proposal, text.first, "is a fence around the file", text.last)
        return
    if (not first and not last) or _ended_so(proposal, text, first=first is not None):
        return
    # Half of a pair: a page may begin or end with a code block, so there the fences must be out of step.
    before, after = (
        sum(_FENCE.fullmatch(line.rstrip("\n")) is not None for line in lines)
        for lines in (proposal.old, proposal.new)
    )
    if not prose or (before % 2 == 0 and after % 2):
        yield is_no_content(
            proposal, text.first if first else text.last, "is a fence, and no part of the file"
        )


def _ended_so(proposal: Proposal, text: Text, *, first: bool) -> bool:
    """Whether the fence at an end of `text` is the one with which what it replaces began or ended."""
    old = [line for line in split_lines(text.replaced) if line.strip()]
    new = [line for line in proposal.new[text.first : text.last + 1] if line.strip()]
    if not old or len(new) < 2:  # noqa: PLR2004 - the fence, and something that it belongs to
        return False
    end, beside = (new[0], new[1]) if first else (new[-1], new[-2])
    return end == old[0 if first else -1] and _FENCE.fullmatch(beside.rstrip("\n")) is None


def _chat(proposal: Proposal, text: Text) -> Iterator[Finding]:
    """Sentences to the user before the first and behind the last line."""
    for number in (*text.head[:2], *text.tail[:2]):
        line = proposal.new[number].lstrip(_MARKS.replace(">", ""))  # a quotation is somebody else's words
        if addresses_user(line):
            yield is_no_content(proposal, number, "seems to be addressed to the user")


def _tokens(proposal: Proposal) -> Iterator[Finding]:
    """Tokens that mark a model's turns, which the file had none of; those in quotes are meant."""
    for number in new_lines(proposal):
        line = proposal.new[number]
        if "<" not in line and "[" not in line:
            continue
        for match in _TOKEN.finditer(line):
            token = match[0]
            quoted = line[: match.start()][-1:] in _QUOTES and line[match.end() :][:1] in _QUOTES
            words = {word.casefold() for word in re.findall(r"\w+", token)}
            if token in proposal.before or (quoted and match.start()) or words <= proposal.intent.words:
                continue
            if _is_element(proposal, token):
                continue
            yield is_no_content(proposal, number, f"holds {token}, which models end or divide texts with")
