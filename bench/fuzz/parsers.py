"""The parsers that are fuzzed: what their inputs are made of, and what they promise about every one of them.

A check takes the fields of an input and returns a name for what came of it; whatever it raises is a defect.
"""

from __future__ import annotations

import math
import random
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, AnyStr, Final

from unidiff.patch import PatchSet

from bench.fuzz import wire
from bench.fuzz.grow import Grammar
from editsvc.guard import gate
from editsvc.guard.proposal import Piece, Proposal, Received
from editsvc.instruction.intent import intent_of
from editsvc.prompt.rendering import Frame
from editsvc.provider.sse import EventParser, ServerSentEvent
from editsvc.provider.stream import ReplyStream
from editsvc.reply import Framing, Reply, ReplyKind, ReplyParser, SectionsParser
from editsvc.text.choosing import choosable
from editsvc.text.diff import edits, unified_diff
from editsvc.text.document import apply, normalise, split_lines
from editsvc.text.section import Section
from lsp.wire.frames import FrameError, FrameReader, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_FIXTURES: Final = Path(__file__).parents[2] / "fixtures"
_HEAD: Final = re.compile(r"^-- ([a-z ]+)(?:: [^\n]*)? --\n", re.MULTILINE)
_LONGEST_SEED: Final = 400


@dataclass(frozen=True)
class Parser:
    """A parser by name."""

    name: str
    grammars: tuple[Grammar[Any], ...]
    check: Callable[..., str]


def _fixtures(name: str, *sections: str) -> tuple[str, ...]:
    """The short sections of those names in ``fixtures/NAME``."""
    found = []
    for path in sorted((_FIXTURES / name).glob("*.txt")):
        parts = _HEAD.split(path.read_text("utf-8"))
        found += [text for head, text in zip(parts[1::2], parts[2::2], strict=True) if head in sections]
    return tuple(text[:_LONGEST_SEED] for text in found)


def _cuttings(value: AnyStr) -> list[list[AnyStr]]:
    """`value` whole, in single characters, and in random pieces, the same ones every time."""
    rng = random.Random(zlib.crc32(repr(value).encode()))
    cuts = sorted(rng.randint(0, len(value)) for _ in range(rng.randint(1, 5)))
    pieces = [value[a:b] for a, b in zip([0, *cuts], [*cuts, len(value)], strict=True)]
    return [[value], [value[at : at + 1] for at in range(len(value))], pieces]


def _same(results: Iterable[Any]) -> Any:
    first, *others = results
    for other in others:
        assert other == first, f"it depends on the cuts: {first!r} and {other!r}"
    return first


def _bucket(count: int) -> str:
    return str(count) if count < 4 else f"{1 << (count.bit_length() - 1)}+"


# --- replies ---------------------------------------------------------------------------------------------------

_CODE_TOKENS: Final = (
    *("\n", "\n", "\n\n", "\r\n", "\r", " ", "\t", "    "),
    *("def f():\n", "    return 1\n", "class A:\n", "x = 1", "a", "b\n", "}\n", "# ...\n", "-- a", "\\", '"'),
    *("\x0c", "\x0b", "\x1c", "\x85", "\u2028", "\u2029", "\0", "\ufeff", "é", "😀", "\ud83d", "\u202e"),
)
_FENCES: Final = (
    *("```", "````", "`````", "~~~", "`", "~", "```\n", "````\n", "```python\n", "````py\n", "~~~\n"),
    *(
        "\n```\n",
        "\n````\n",
        "   ```\n",
        "    ```\n",
        "````python 1\n",
        "````2\n",
        "```` #3\n",
        "```python 2\n",
    ),
    *("````py 999999999\n", "````section 1 f\n", "```` 0\n"),
)
_TALK: Final = (
    *(
        "Sure, here it is:\n",
        "Here is the code:\n\n",
        "CANNOT: ",
        "**CANNOT:** no\n",
        "WHOLE_FILE",
        "WHOLE FILE: ",
    ),
    *("NEED_WHOLE_FILE: x\n", "CANNOT", "no reason given", "&lt;", "&amp;"),
)
_ORIGINALS: Final = Grammar(
    _CODE_TOKENS + _FENCES[:8], ("", "\n", "a", "a\n\nb\n", *_fixtures("replies", "original")), longest=160
)
_REPLIES: Final = Grammar(
    _CODE_TOKENS + _FENCES + _FENCES + _TALK,
    ("", *_fixtures("replies", "reply")),
    rare=("`" * 3_000, "a" * 5_000, "\n" * 2_000, "\r" * 2_000),
)


def _frame(document: str) -> Frame:
    longest = max(map(len, re.findall("`+", document)), default=0)
    return Frame("`" * max(4, longest + 1), "python")


def check_reply(document: str, text: str) -> str:
    """`ReplyParser`: the same whatever the cuts and line ends; nothing invented, nothing shown that is not there."""
    original = normalise(document)
    shape = _frame(original)

    def read(pieces: list[str]) -> tuple[Reply, list[str]]:
        parser = ReplyParser(shape, original)
        shown = [line for piece in pieces for line in parser.push(piece)]
        return parser.finish(), shown

    reply, shown = _same(map(read, _cuttings(text)))
    plain = normalise(text)
    assert read([plain])[0] == reply, "it depends on the line ends"
    assert read([plain.replace("\n", "\r\n")])[0] == reply, "it depends on the line ends"
    _check_code(original, reply.code)
    assert reply.code.rstrip("\n") in plain, "it invents code"
    if reply.kind is not ReplyKind.CODE:
        assert (reply.code, shown) == ("", [])
    else:
        _check_shown(reply.code, shown)
    _check_wrapped(original, shape, plain)
    proposal = Proposal(
        original,
        reply.code,
        intent_of(""),
        pieces=(Piece(Section(0, original, 1), reply.code),),
        received=Received(reply.framing, reply.closed, reply.after),
    )
    found = gate.examine(proposal, asked=True).refused
    verdict = "good" if found is None else str(found.kind)
    flags = f"{bool(reply.before):d}{bool(reply.after):d}{bool(reply.reason):d}{reply.closed:d}"
    return f"{reply.kind} {reply.framing} {flags} {_bucket(reply.code.count(chr(10)))} {verdict}"


def _check_code(original: str, code: str) -> None:
    assert "\r" not in code
    if code and (not original or original.endswith("\n")):
        assert code.endswith("\n") or not code.strip("\n"), "the final newline does not follow the original"


def _check_shown(code: str, shown: list[str]) -> None:
    if shown and shown[-1].rstrip().endswith(("`", "~")):
        shown = shown[:-1]  # a closing fence that stuck to it is taken away at the end
    assert code.startswith("".join(shown).rstrip("\n")), "it showed what is not in the code"


def _check_wrapped(original: str, shape: Frame, new: str) -> None:
    """Any code comes back from the agreed frame, if no line of it closes that."""
    if any(line.rstrip() == shape.fence for line in new.split("\n")):
        return
    parser = ReplyParser(shape, original)
    parser.push(shape.wrap(new))
    reply = parser.finish()
    assert (reply.kind, reply.framing, reply.closed) == (ReplyKind.CODE, Framing.AGREED, True)
    assert reply.code.rstrip("\n") == new.rstrip("\n"), "the frame changes the code"


def _sections_of(document: str) -> list[Section]:
    lines = split_lines(document)
    groups = [lines[at : at + 2] for at in range(0, len(lines), 2)]
    return [
        Section(number, "".join(group), 2 * number - 1, name="f" * (number % 3))
        for number, group in enumerate(groups, 1)
    ]


def check_sections(document: str, text: str) -> str:
    """`SectionsParser`: the same whatever the cuts and line ends; its sections are stretches of the reply."""
    original = normalise(document)
    shape, offered = _frame(original), _sections_of(original)

    def read(pieces: list[str]) -> tuple[Reply, dict[int, list[str]]]:
        parser = SectionsParser(shape, original, offered)
        shown: dict[int, list[str]] = {}
        for piece in pieces:
            for number, lines in parser.push(piece):
                shown.setdefault(number, []).extend(lines)
        return parser.finish(), shown

    reply, shown = _same(map(read, _cuttings(text)))
    plain = normalise(text)
    assert read([plain])[0] == reply, "it depends on the line ends"
    if reply.sections is None:
        assert set(shown) <= {0}
        _check_code(original, reply.code)
        assert reply.code.rstrip("\n") in plain, "it invents code"
        return f"whole {reply.kind} {reply.framing} {reply.closed:d} {_bucket(reply.code.count(chr(10)))}"
    assert (reply.kind, reply.code) == (ReplyKind.CODE, "")
    assert set(shown) <= {section.number for section in reply.sections}
    for section in reply.sections:
        assert "\r" not in section.text
        assert section.text.rstrip("\n ") in plain or section.text.strip() in plain, "it invents code"
    known = sum(section.number in {each.number for each in offered} for section in reply.sections)
    length = sum(len(section.text) for section in reply.sections)
    counts = f"{_bucket(len(reply.sections))} {_bucket(known)} {_bucket(length)}"
    return f"parts {counts} {reply.closed:d}{bool(reply.before):d}{bool(reply.after):d}"


# --- server-sent events ----------------------------------------------------------------------------------------

_CHUNKS: Final = (
    b'{"id":"c1","model":"m","choices":[{"index":0,"delta":{"content":"def f"},"finish_reason":null}]}',
    (
        b'{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,'
        b'"completion_tokens_details":{"accepted_prediction_tokens":2,"rejected_prediction_tokens":0}},'
        b'"time_info":{"queue_time":0.1,"total_time":1e-3}}'
    ),
    b'{"error":{"message":"Too fast","type":"rate","code":"429"},"status_code":429}',
    b'{"message":"down","type":"server_error","code":503}',
    b'{"choices":null,"error":"plain"}',
)
_EVENTS: Final = Grammar(
    tokens=(
        *(
            b"\n",
            b"\n\n",
            b"\r\n",
            b"\r",
            b"\r\n\r\n",
            b"data:",
            b"data: ",
            b"data",
            b"event:",
            b"event: error\n",
        ),
        *(
            b": comment\n",
            b"id: 1\n",
            b"retry: 5\n",
            b"[DONE]",
            b"data: [DONE]\n\n",
            b"\xef\xbb\xbf",
            b"\xff",
            b"\xe2",
        ),
        *(
            b"\xe2\x80\xa8",
            b"\0",
            b"{",
            b"}",
            b"[",
            b"]",
            b":",
            b",",
            b'"',
            b"null",
            b"1e999",
            b"-1",
            b"9" * 30,
        ),
        *(
            b'"choices"',
            b'"delta"',
            b'"content"',
            b'"error"',
            b'"usage"',
            b"\\ud800",
            b"\\u0000",
            b"\\",
            b"true",
        ),
        *(b"data: " + chunk + b"\n\n" for chunk in _CHUNKS),
        *_CHUNKS,
    ),
    seeds=(
        b"",
        b"".join(b"data: " + chunk + b"\n\n" for chunk in _CHUNKS[:2]) + b"data: [DONE]\n\n",
        b"event: error\r\ndata: " + _CHUNKS[2] + b"\r\n\r\n",
        b": ping\n\ndata: one\ndata: two\n\ndata: [DONE]\n\n",
    ),
    rare=(
        b"[" * 3_000,
        b'data: {"error":' + b"[" * 3_000 + b"\n\n",
        b"9" * 5_000,
        b"data: " + b"a" * 9_000 + b"\n",
    ),
    longest=600,
)


def check_sse(data: bytes) -> str:
    """`EventParser` and the stream of chunks: the same whatever the cuts, as the standard says, and known errors."""

    def read(pieces: list[bytes]) -> list[ServerSentEvent]:
        parser = EventParser()
        return [event for piece in pieces for event in parser.push(piece)] + parser.finish()

    cuttings = _cuttings(data)
    events = _same(map(read, cuttings))
    assert events == _events_of_the_standard(data), "the standard says otherwise"
    whole, outcome = _reply([data])
    for cut in cuttings:
        assert (whole, outcome) == _reply(cut), "the reply depends on the cuts"
    return f"{_bucket(len(events))} events {_bucket(len(whole))} characters {outcome}"


def _events_of_the_standard(data: bytes) -> list[ServerSentEvent]:
    """By the letter of the HTML standard, 9.2.6, except that the last event needs no blank line behind it."""
    lines = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]
    found, buffer, kind = [], [], b""
    for line in [*lines, b""]:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if buffer:
                found.append(ServerSentEvent(kind, b"\n".join(buffer)))
            buffer, kind = [], b""
        elif name == b"data":
            buffer.append(value)
        elif name == b"event":
            kind = value.strip()
    return found


def _reply(pieces: Sequence[bytes]) -> tuple[str, str]:
    """The content of a stream, and how it ended."""
    stream = ReplyStream(
        {"content-type": "text/event-stream"},
        server="s",
        longest=math.inf,
        limit=1_000_000,
        clock=lambda: 0.0,
    )
    text = "".join(map(stream.push, pieces)) + stream.end()
    return text, "end" if stream.error is None else type(stream.error).__name__


# --- unified diffs ---------------------------------------------------------------------------------------------

_DOCUMENTS: Final = Grammar(
    tokens=(
        *(
            "\n",
            "\n",
            "\n\n",
            "\r\n",
            "\r",
            "a\n",
            "b\n",
            "c\n",
            "d\n",
            "a",
            "  b\n",
            "\tc\n",
            "-- a\n",
            "--- a/f\n",
        ),
        *(
            "+++ b/f\n",
            "@@ -1 +1 @@\n",
            "@@ -1,3 +1,4 @@ f\n",
            "\\ No newline at end of file\n",
            "-\n",
            "+\n",
            " \n",
        ),
        *("diff --git a/f b/f\n", "Binary files a/f and b/f differ\n", "GIT binary patch\n", "index 1..2\n"),
        *(
            "\x0c\n",
            "x\x0by\n",
            "\x1c\n",
            "\x85\n",
            "u\u2028v\n",
            "\0\n",
            "é\n",
            "😀\n",
            "\ufeff",
            "Index: f\n",
        ),
    ),
    seeds=(
        "",
        "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n",
        "a\r\nb\r\n",
        "a",
        *_fixtures("replies", "original", "code"),
    ),
    longest=240,
)
_NAMES: Final = Grammar(
    tokens=(
        *(
            "a",
            "b.py",
            "/",
            "dir/",
            " ",
            "\t",
            "\n",
            "\r",
            '"',
            "\\",
            "é",
            "新",
            "😀",
            "\udcff",
            "\x01",
            "\x7f",
            "\x1b",
        ),
        *(
            "--- ",
            "+++ ",
            "\t2026-01-01",
            "dev/null",
            "a/",
            "\u2028",
            "\x85",
            "\x0c",
            "@@ -1 +1 @@",
            "'",
            "`",
            "$(x)",
        ),
    ),
    seeds=("f.py", "with space.py", "dir/in dir.py", "a\nb.py", 'quo"te.py', "back\\slash.py"),
    longest=60,
)
_HUNK: Final = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@[^\n]*")
_ESCAPES: Final = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


def check_diff(old_text: str, new_text: str, name: str) -> str:
    """`unified_diff` and what reads it: it applies, it parses, any choice of hunks is a text between, names survive."""
    path = name or "f"
    old, new = old_text.encode(), new_text.encode()
    diff = unified_diff(old, new, path)
    if old == new:
        assert not diff
        assert not edits(old_text, normalise(old_text))
        return "equal"
    head, body = diff[: diff.index(b"\n@@ ") + 1], diff[diff.index(b"\n@@ ") + 1 :]
    before, after = head.split(b"\n")[:2]
    raw = path.encode("utf-8", "surrogateescape")
    assert head.count(b"\n") == 2
    assert (_name(before, b"--- "), _name(after, b"+++ ")) == (b"a/" + raw, b"b/" + raw), (
        "the name is changed"
    )
    count = _apply(old, body, None)[1]
    assert _apply(old, body, None)[0] == new, "the diff does not apply"
    own = [_HUNK.match(line) for line in body.split(b"\n") if line.startswith(b"@@ ")]
    counts = [tuple(int(match[group] or 1) for group in (2, 4)) for match in own if match]
    seen = [(hunk.source_length, hunk.target_length) for file in PatchSet(diff.decode()) for hunk in file]
    assert seen == counts, "unidiff sees other hunks"
    found = choosable(old_text, new_text)
    headers = [found.header(part) for part in found.parts]
    assert headers == [_short(line) for line in body.split(b"\n") if line.startswith(b"@@ ")], "other hunks"
    rng = random.Random(zlib.crc32(old + new))
    chosen = {index for index in range(count) if rng.random() < 0.5}
    for keep in (set(range(count)), set(), chosen):
        text = found.text(found.parts[index] for index in keep)
        assert text.encode() == _apply(old, body, keep)[0], "a choice of hunks gives something else"
    target = normalise(new_text)
    assert normalise(apply(old_text, edits(old_text, target))) == target, "the edits do not give the new text"
    quoted = before.startswith(b'--- "')
    return f"{_bucket(count)} hunks {b'No newline' in body:d}{quoted:d} {_bucket(len(body))}"


def _short(header: bytes) -> str:
    """A hunk's header without the heading, and with every count."""
    match = _HUNK.match(header)
    assert match is not None
    old, old_count, new, new_count = (part or b"1" for part in match.groups())
    return (b"@@ -%b,%b +%b,%b @@" % (old, old_count, new, new_count)).decode()


def _apply(old: bytes, body: bytes, keep: set[int] | None) -> tuple[bytes, int]:
    """`old` with the hunks of `body` in `keep` (None: all), and how many hunks there are; context is compared."""
    lines = old.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    rest = body.split(b"\n")
    assert rest.pop() == b""
    result: list[bytes] = []
    at = row = count = 0
    while row < len(rest):
        match = _HUNK.fullmatch(rest[row])
        assert match, f"no hunk begins at {rest[row]!r}"
        start, length = int(match[1]), int(match[2] or 1)
        new_length = int(match[4] or 1)
        start -= 1 if length else 0
        result += lines[at:start]
        at, row = start, row + 1
        removed: list[bytes] = []
        added: list[bytes] = []
        while len(removed) < length or len(added) < new_length:
            line, row = rest[row], row + 1
            end = b"\n"
            if rest[row : row + 1] and rest[row].startswith(b"\\"):
                end, row = b"", row + 1
            if line[:1] in {b" ", b"-"}:
                removed.append(line[1:] + end)
            if line[:1] in {b" ", b"+"}:
                added.append(line[1:] + end)
        assert lines[at : at + len(removed)] == removed, "the hunk is about other lines"
        result += added if keep is None or count in keep else removed
        at += len(removed)
        count += 1
    return b"".join(result + lines[at:]), count


def _name(line: bytes, prefix: bytes) -> bytes:
    """The file name behind `prefix` as git reads it."""
    assert line.startswith(prefix)
    name = line.removeprefix(prefix)
    if not name.startswith(b'"'):
        return name.partition(b"\t")[0]
    assert name.endswith(b'"')
    return re.sub(
        rb'\\([0-7]{3}|[abtnvfr"\\])',
        lambda escape: bytes([int(escape[1], 8) if escape[1][:1].isdigit() else _ESCAPES[escape[1]]]),
        name[1:-1],
    )


# --- frames of the language server -----------------------------------------------------------------------------

_BODIES: Final = (b'{"jsonrpc":"2.0","id":1,"method":"shutdown"}', b"{}", b"", b"\xff\0", b"\r\n\r\n")
_FRAMES: Final = Grammar(
    tokens=(
        *(
            b"Content-Length: ",
            b"Content-Length:",
            b"content-length: 2",
            b"CONTENT-LENGTH: 0",
            b"Content-Type: x\r\n",
        ),
        *(
            b"\r\n",
            b"\r\n\r\n",
            b"\n",
            b"\r",
            b"\n\n",
            b":",
            b" ",
            b"0",
            b"1",
            b"2",
            b"44",
            b"-1",
            b"+2",
            b"02",
            b"1_0",
        ),
        *(
            b"268435457",
            b"9" * 25,
            b"\xd9\xa3",
            b"POST / HTTP/1.1\r\n",
            b"Host: x\r\n",
            b"\0",
            b"\xff",
            b"X: y\r\n",
        ),
        *map(frame, _BODIES),
        *_BODIES,
    ),
    seeds=(
        b"",
        *map(frame, _BODIES),
        b"".join(map(frame, _BODIES)),
        b"Content-Length: 2\r\nContent-Type: a\r\n\r\n{}",
    ),
    rare=(
        b"9" * 5_000,
        b"X: " + b"y" * 9_000 + b"\r\n",
        b"0" * 5_000 + b"2",
        b"Content-Length: " + b"1" * 4_400,
    ),
    longest=300,
)


def check_frames(data: bytes) -> str:
    """`FrameReader`: the same bodies whatever the pieces, bodies that are framed come back, and FrameError alone."""

    def read(pieces: list[bytes]) -> tuple[list[bytes], bool]:
        reader = FrameReader()
        bodies: list[bytes] = []
        try:
            for piece in pieces:
                bodies += reader.push(piece)
        except FrameError:
            return [], True  # what came in the same piece as the error is lost with the connection
        return bodies, False

    bodies, failed = _same(map(read, _cuttings(data)))
    if not failed:
        framed = b"".join(map(frame, bodies))
        assert read([framed]) == (bodies, False)
    head = frame(data) + frame(b"after")
    assert _same(map(read, _cuttings(head))) == ([data, b"after"], False), "a body does not come back"
    sizes = " ".join(_bucket(len(body)) for body in bodies[:4])
    return f"{_bucket(len(bodies))} bodies {failed:d} {sizes} {_bucket(data.count(b':'))}"


PARSERS: Final = {
    parser.name: parser
    for parser in (
        Parser("reply", (_ORIGINALS, _REPLIES), check_reply),
        Parser("parts", (_ORIGINALS, _REPLIES), check_sections),
        Parser("sse", (_EVENTS,), check_sse),
        Parser("wire", (wire.EVENTS, wire.HEADERS, wire.MODELS), wire.check_wire),
        Parser("diff", (_DOCUMENTS, _DOCUMENTS, _NAMES), check_diff),
        Parser("frames", (_FRAMES,), check_frames),
    )
}
