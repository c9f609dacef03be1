"""Every known way to damage a file, tried on a real file and a real buffer: ``fixtures/faults``."""

import ast
import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from emulated import Verbatim, serving
from fault_corpus import ROWS, Fault, corpus, unescaped
from lsp_client import PLAIN, PROFILES, VSCODE, Profile
from lsp_session import PATIENT, Session, opened_session
from patience import HANGING_S
from shell import Shell
from shell_fixtures import offline_shell

from editsvc.emulator import EmulatorOptions, parse_fault
from editsvc.guard.findings import Check

__all__ = ["offline_shell"]

ROOT = Path(__file__).parents[2]
CORPUS = corpus()
FILES = [name for name, fault in CORPUS.items() if not fault.tests and not fault.of_buffers]
LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".md": "markdown",
    ".css": "css",
    ".html": "html",
    ".c": "c",
}
PLACE = re.compile(r'(?:(before|after|instead of) )?"([^"]+)"')


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


BUFFERS = [
    pytest.param(name, profile, id=f"{name}-{profile.name}")
    for name, fault in CORPUS.items()
    if not fault.tests and is_text(fault.content("before"))
    for profile in ([*PROFILES, PLAIN] if fault.has("clients") else [VSCODE])
]


@contextmanager
def model(fault: Fault, meanwhile: Callable[[], None] = lambda: None) -> Iterator[str]:
    """A server whose model says what the fixture says; its address."""
    wrong = (parse_fault(fault.value("fault")),) if fault.has("fault") else ()
    with serving(EmulatorOptions(faults=wrong), Verbatim(fault.text("reply"), meanwhile)) as server:
        yield server.base_url


def expected(fault: Fault) -> tuple[str, str | None, bytes]:
    """Status, error and text."""
    for status in ("refused", "failed"):
        if fault.has(status):
            error = fault.value(status)
            return status, f"GuardRefused:{error}" if error in set(Check) else error, fault.content("before")
    if fault.has("conflict"):
        return "conflict", None, fault.content("conflict")
    return "changed", None, fault.content("after")


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_to_the_byte_what_it_should_be(offline_shell: Shell, name: str) -> None:
    fault, shell = CORPUS[name], offline_shell
    status, error, text = expected(fault)
    path = shell.file(fault.value("before"), fault.content("before"))
    with model(fault) as address:
        shell.environ.setenv("CEREBRAS_API_KEY", "csk-test")
        shell.environ.setenv("CEREBRAS_BASE_URL", address)
        for setting, value in fault.settings.items():
            shell.environ.setenv(setting, value)
        scope = ("--scope", fault.value("scope")) if fault.has("scope") else ()
        ran = shell.run(
            "rewrite", "-i", fault.text("instruction").strip(), *scope, "--apply", "--json", path.name
        )
    entry = ran.edit
    assert (entry["status"], entry["error"]) == (status, error), entry["message"]
    assert path.read_bytes() == text
    assert ran.code == {"changed": 0, "refused": 1, "failed": 3}[status]
    (record,) = shell.records()
    assert (record["status"], record["error"]) == (status, error)
    if status != "changed":
        assert ran.err.startswith(f"editsvc: {entry['message']}\n")
    if fault.has("says"):
        assert fault.text("says").strip() in entry["message"]


class Editor:
    """A session in which happens what the fixture says."""

    def __init__(self, fault: Fault, session: Session) -> None:
        self.fault = fault
        self.session = session
        self.client = session.client
        self.uri = f"file:///project/{fault.value('before')}"
        self.other = f"file:///project/{fault.value('switched to')}" if fault.has("switched to") else ""

    def open(self) -> None:
        suffix = Path(self.uri).suffix
        self.client.open(self.uri, self.fault.text("before"), LANGUAGES.get(suffix, "plaintext"))

    def offsets(self, place: str) -> tuple[int, int]:
        match = PLACE.fullmatch(place)
        assert match is not None, place
        start = self.client.text(self.uri).index(match[2])
        end = start + len(match[2])
        return {"before": (start, start), "after": (end, end)}.get(match[1], (start, end))

    def type(self, when: str) -> None:
        if self.fault.has(when):
            self.client.type(self.uri, *self.offsets(self.fault.value(when)), self.fault.text(when))

    def meanwhile(self) -> None:
        self.type("typed")
        if self.other:
            self.client.open(self.other, self.fault.text("switched to"))

    def arriving(self) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
        """What the client does when an edit arrives, before it makes it, or instead."""
        late = ["typed late"] if self.fault.has("typed late") else []

        def arrives(_: dict[str, Any]) -> dict[str, Any] | None:
            if self.fault.has("client claims"):
                return {"applied": True}
            if late:
                self.type(late.pop())
            return None

        return arrives

    async def edit(self) -> dict[str, Any]:
        argument = {"uri": self.uri, "instruction": self.fault.text("instruction").strip()}
        if self.fault.has("scope"):
            argument["scope"] = self.fault.value("scope")
        argument["mode"] = "review" if self.fault.has("rejected") else "apply"
        if self.fault.has("selection"):
            chosen = self.offsets(self.fault.value("selection"))
            argument["range"] = self.client.range(self.client.text(self.uri), *chosen)
        answer: dict[str, Any] = await self.client.command("editsvc.edit", argument)
        self.client.report(self.uri)
        return answer

    async def review(self, answer: dict[str, Any]) -> None:
        self.type("typed afterwards")
        self.client.report(self.uri)
        if self.fault.has("rejected"):
            hunk = {"editId": answer["editId"], "hunkId": int(self.fault.value("rejected"))}
            await self.client.command("editsvc.rejectHunk", hunk)
            self.client.report(self.uri)


@pytest.mark.parametrize(("name", "profile"), BUFFERS)
async def test_a_buffer_is_to_the_byte_what_it_should_be(tmp_path: Path, name: str, profile: Profile) -> None:
    fault = CORPUS[name]
    status, error, text = expected(fault)
    loop, happens = asyncio.get_running_loop(), [lambda: None]

    def meanwhile() -> None:
        """On the model's thread: let it happen in the editor before the reply begins."""
        done = threading.Event()
        loop.call_soon_threadsafe(happens[0])
        loop.call_soon_threadsafe(done.set)
        assert done.wait(HANGING_S)

    with model(fault, meanwhile) as address:
        environ = {"CEREBRAS_BASE_URL": address, "EDITSVC_MAX_RETRIES": "0", **fault.settings}
        patience = replace(PATIENT, report=0.3) if fault.has("client claims") else PATIENT
        async with opened_session(
            tmp_path, profile, opened={}, environ=environ, patience=patience
        ) as session:
            editor = Editor(fault, session)
            happens[0] = editor.meanwhile
            editor.open()
            editor.client.before_apply = editor.arriving()
            answer = await editor.edit()
            assert answer["status"] == status, answer["message"]
            await editor.review(answer)
            assert editor.client.text(editor.uri).encode() == text
            assert session.same_text(editor.uri)
            if editor.other:
                assert editor.client.text(editor.other) == fault.text("switched to")
            if fault.has("says"):
                assert fault.text("says").strip() in answer["message"]
            assert "\n" not in answer["message"]
            # What is no text never becomes an edit, and what happened in the editor is not the reply's.
            if status in {"refused", "failed"} and error not in {"DocumentRefused", "NotApplied"}:
                (record,) = session.records()
                assert (record["status"], record["error"]) == (status, error)


def test_every_row_of_the_catalogue_has_a_fixture() -> None:
    assert {row for fault in CORPUS.values() for row in fault.rows} == set(ROWS)


@pytest.mark.parametrize("name", CORPUS)
def test_a_fixture_is_complete_and_says_one_thing(name: str) -> None:
    fault = CORPUS[name]
    outcomes = [
        outcome for outcome in ("after", "refused", "failed", "conflict", "tests") if fault.has(outcome)
    ]
    assert len(outcomes) == 1
    assert fault.story and fault.rule.endswith(".") and not fault.title.endswith(".")
    if outcomes != ["tests"]:
        assert fault.has("instruction") and fault.value("before") and fault.has("reply")


@pytest.mark.parametrize("name", [name for name, fault in CORPUS.items() if fault.tests])
def test_what_a_fixture_leaves_to_other_tests_is_tested_there(name: str) -> None:
    for test in CORPUS[name].tests:
        path, _, function = test.partition("::")
        module = ast.parse((ROOT / path).read_text("utf-8"))
        defined = {
            node.name for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert function in defined, test


@pytest.mark.parametrize(
    ("escaped", "data"),
    [
        ("a\\r\nb\\\n", b"a\r\nb"),
        ("\\xe9\\ufeff\\t\\\\n", b"\xe9\xef\xbb\xbf\t\\n"),
        ("\\n\\n\\\n", b"\n\n"),
    ],
)
def test_bytes_that_text_cannot_show_are_escaped(escaped: str, data: bytes) -> None:
    assert unescaped(escaped) == data
