"""Every fault: the file is untouched, one sentence says why, the exit code is the documented one, one record."""

from pathlib import Path

import pytest
from emulated import serving
from shell import EDITED, EXAMPLE, INSTRUCTION, Shell

from editsvc.emulator import FAULTS, EmulatorOptions, parse_fault

# Fault -> exit code; 0 where the product copes with it and the edit is made.
EXPECTED = {
    "status:400": 3,
    "status:401": 4,
    "status:402": 3,
    "status:403": 4,
    "status:404": 3,
    "status:408": 3,
    "status:413": 3,
    "status:422": 3,
    "status:429": 3,
    "status:429,retry-after=1": 3,
    "status:500": 3,
    "status:503,shape=top": 3,
    "prediction-unsupported": 0,
    "loading": 3,
    "busy": 3,
    "redirect": 3,
    "reset": 3,
    "stall-start": 3,
    "html-200": 3,
    "not-stream": 0,
    "cut:0": 3,
    "cut:0.5": 3,
    "cut:1": 3,
    "end:0": 3,
    "end:0.5": 3,
    "end:1": 3,
    "stall": 3,
    "pings": 0,
    "slow:0.001": 0,
    "endless": 3,
    "endless-event": 3,
    "endless-error": 3,
    "no-done": 0,
    "error-event": 3,
    "error-event:503": 3,
    "error-event:429": 3,
    "error-plain": 3,
    "garbage": 3,
    "empty-data": 3,
    "bad-utf8": 3,
    "length": 3,
    "content-filter": 3,
    "unknown-finish": 3,
    "finish-eos": 0,
    "finish-error": 3,
    "empty-reply": 3,
    "cut-prompt": 0,  # the example is too short for the figures to say anything
    "uncached-usage": 0,
    "no-usage": 0,
    "no-time-info": 0,
    "no-fingerprint": 0,
    "trailing-usage": 0,
    "content-in-final": 0,
    "elision": 1,
    "truncated": 1,
    "unclosed": 1,
    "refusal": 1,
    "prose-only": 1,
    "broken-syntax": 1,
    "broken-syntax:1": 0,  # asked again with the errors named, the model does better
    "wrong-part": 0,  # the example is too short for parts
    "search-missing": 0,  # the reply is no structured edit
    "search-twice": 0,
    "entities": 0,  # the example has none of the characters
    "crlf": 0,
}

# The same where only the first request goes wrong, and one more may be made. `python -m bench.faults` tries them all.
ONCE = {
    "status:503": 0,
    "status:408": 0,
    "loading": 0,
    "empty-reply": 0,
    "finish-error": 0,
    "reset": 0,
    "cut:0": 0,
    "cut:0.5": 0,
    "end:1": 0,
    "garbage": 0,
    "error-event:503": 0,
    "broken-syntax": 0,
    "status:400": 3,
    "status:401": 4,
    "status:429,retry-after=600": 3,
    "length": 0,  # there is more room for the reply the second time
    "unknown-finish": 3,
    "elision": 0,
    "refusal": 1,
}


def test_every_fault_is_in_the_table() -> None:
    assert {fault.partition(":")[0] for fault in EXPECTED} == {str(name) for name in FAULTS}


def lines(said: str) -> int:
    """How many lines of a message there are, beside those that say that it waits."""
    return sum("waits about" not in line for line in said.removesuffix("\n").split("\n"))


@pytest.mark.parametrize("prediction", ["on", "off"])
@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_never_damages_the_file(shell: Shell, fault: str, prediction: str) -> None:
    path = shell.file()
    ran = shell.run(
        "rewrite", "-i", INSTRUCTION, "--apply", "--prediction", prediction, "steps.py", fault=fault
    )
    assert ran.code == EXPECTED[fault], ran.err
    (record,) = shell.records()
    if ran.code == 0:
        assert path.read_text() == EDITED
        assert record["status"] == "changed"
        return
    assert path.read_text() == EXAMPLE
    assert ran.out == b""
    assert ran.err.startswith("editsvc: ")
    assert lines(ran.err) == (2 if "--show-refused" in ran.err else 1)
    assert "Traceback" not in ran.err
    assert "csk-very-secret" not in ran.err
    assert record["status"] == ("refused" if ran.code == 1 else "failed")
    assert record["message"]


@pytest.mark.parametrize("prediction", ["on", "off"])
@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_that_passes_is_over_with_the_next_request(
    shell: Shell, script: Path, fault: str, prediction: str
) -> None:
    path = shell.file()
    shell.environ.setenv("EDITSVC_MAX_RETRIES", "1")
    once = EmulatorOptions(script=script, faults=(parse_fault(fault),), fault_count=1)
    with serving(once) as server:
        shell.environ.setenv("CEREBRAS_BASE_URL", server.base_url)
        ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--prediction", prediction, "steps.py")
        asked = len(server.records())
    assert ran.code == ONCE[fault], ran.err
    assert path.read_text() == (EDITED if ran.code == 0 else EXAMPLE)
    assert lines(ran.err) == 1 + ("asked again:" in ran.err)
    (record,) = shell.records()
    assert record["status"] == {0: "changed", 1: "refused"}.get(ran.code, "failed")
    assert asked == record["attempts"] == (2 if ran.code == 0 else 1)
    if asked > 1:
        assert len(record["route"]) == asked


@pytest.mark.parametrize("fault", ["cut", "elision", "status:503"])
def test_json_tells_the_same(shell: Shell, fault: str) -> None:
    shell.file()
    ran = shell.run("rewrite", "-i", INSTRUCTION, "--apply", "--json", "steps.py", fault=fault)
    assert ran.code == EXPECTED.get(fault, 3)
    assert ran.edit["status"] == ("refused" if ran.code == 1 else "failed")
    assert ran.edit["message"] in ran.err
    assert ran.edit["diff"] == ""
