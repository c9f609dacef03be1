"""One edit, followed from the request to the record with real values: a section of docs/ARCHITECTURE.md.

    python docs/walkthrough.py        # prints it

The command line edits fixtures/demo/client.py against the emulator, which answers from a script; between the two
stands a relay that keeps the request and the reply. Nothing is shown that differs from run to run: ids, times, ports.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx

from editsvc.figures import percent
from editsvc.prediction.what_if import score
from editsvc.tokens import tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Path(__file__).parents[1] / "fixtures" / "demo" / "client.py"
INSTRUCTION = "give up on a connection after 10 seconds"
OLD, NEW = 'urlopen(Request(f"{BASE_URL}/{path}"))', 'urlopen(Request(f"{BASE_URL}/{path}"), timeout=10)'
COMMAND = [sys.executable, "-m", "editsvc"]
VARYING = {"id", "created_at", "path", "request_id", "timing", "server_timing"}

SECTION = """\
`editsvc rewrite -i "{instruction}" client.py`, run on `fixtures/demo/client.py`
({lines} lines, {bytes:,} bytes). The emulator stands in for Cerebras and answers from a script; everything else is what
any edit goes through. `python docs/walkthrough.py` repeats it. Ids and times, which differ from run to run, are left
out, and long texts are shortened to `…`.

**The request.** The file is short, so all of it may be rewritten (`scope/scopes.py`). `engine/plan.py` and
`prompt/rendering.py` make the messages, `prediction/candidates.py` makes the prediction: the file itself, in the fence
that the reply is to have. `provider/cerebras.py` posts it to `/v1/chat/completions`:

`````json
{request}
`````

**The decision** to send that prediction is made in `prediction/policy.py`, and is logged with its reason:

```json
{decided}
```

**The reply** arrives as server-sent events. `provider/sse.py` splits them, `engine/receiving.py` hands their text to
`reply/parser.py`, which takes the fence off and yields lines:

`````text
{reply}
`````

The last event has `finish_reason` `stop`, which makes the reply whole, and the usage:

```json
{usage}
```

**The edit.** `engine/assembly.py` puts the lines in place, `guard/gate.py` examines the result, `text/diff.py` finds
what changed, and `guard/identity.py` verifies that nothing else did. Only then does the command line print the diff:

```diff
{diff}
```

**The usage line**, on stderr:

```text
{line}
```

Acceptance is {acceptance}. Coverage is {coverage}.

**The record**, as `editsvc log export` prints it. `engine/run.py` fills it in, `tokenlog/store.py` writes it, and
`engine/scoring.py` adds `what_if` later: the accepted and rejected tokens of each candidate prediction, under each way
in which a server may verify one. Fields that are null or empty are left out here.

```json
{record}
```
"""


class _Relay(ThreadingHTTPServer):
    """Hands requests on to `target`, and keeps the bodies of the last request and of its answer."""

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.request: dict[str, Any] = {}
        self.answer = ""


class _Handler(BaseHTTPRequestHandler):
    server: _Relay

    def do_POST(self) -> None:
        """Hand a request on."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
        answered = httpx.post(self.server.target + self.path, content=body, headers=headers)
        self.send_response(answered.status_code)
        self.send_header("Content-Type", answered.headers["Content-Type"])
        self.send_header("Content-Length", str(len(answered.content)))
        self.end_headers()
        self.wfile.write(answered.content)
        self.server.request, self.server.answer = json.loads(body), answered.text

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def _relay(script: Path) -> Iterator[_Relay]:
    command = [*COMMAND, "emulate", "--script", str(script), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as emulator:
        line = emulator.stdout.readline() if emulator.stdout else ""
        with _Relay(json.loads(line)["base_url"]) as relay:
            Thread(target=relay.serve_forever, daemon=True).start()
            try:
                yield relay
            finally:
                relay.shutdown()
                emulator.terminate()


def walkthrough() -> str:
    """The section."""
    before = DEMO.read_text("utf-8")
    case = {"instruction": INSTRUCTION, "before": before, "after": before.replace(OLD, NEW)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(DEMO, folder)
        script = folder / "script.jsonl"
        script.write_text(json.dumps(case), "utf-8")
        with _relay(script) as relay:
            environ = {
                "PATH": os.environ["PATH"],
                "HOME": name,
                "CEREBRAS_API_KEY": "any",
                "CEREBRAS_BASE_URL": f"http://127.0.0.1:{relay.server_port}",
                "EDITSVC_DATA_DIR": str(folder / "data"),
                "EDITSVC_EXPLORATION": "0",  # chance decides nothing
            }

            def run(*arguments: str) -> subprocess.CompletedProcess[str]:
                command = [*COMMAND, *arguments]
                ran = subprocess.run(
                    command, cwd=folder, env=environ, check=False, capture_output=True, encoding="utf-8"
                )
                if ran.returncode:
                    raise RuntimeError(f"editsvc {arguments[0]} failed: {ran.stderr.strip()}")
                return ran

            shown = run("rewrite", "-i", INSTRUCTION, DEMO.name)
            record = json.loads(run("log", "export").stdout)
    return _written(shown, record, relay.request, relay.answer)


def _written(
    shown: subprocess.CompletedProcess[str], record: dict[str, Any], request: dict[str, Any], answer: str
) -> str:
    sent = json.loads(json.dumps(request))
    system, user = sent["messages"]
    system["content"] = _head(system["content"])
    user["content"] = user["content"].replace(DEMO.read_text("utf-8"), "…\n")
    prediction = request["prediction"]["content"]
    sent["prediction"]["content"] = _head(prediction)
    events = [json.loads(line[6:]) for line in re.findall(r"^data: {.*$", answer, re.MULTILINE)]
    reply = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
    usage = events[-1]["usage"]
    counts = usage["completion_tokens_details"]
    accepted, rejected = counts["accepted_prediction_tokens"], counts["rejected_prediction_tokens"]
    decided = {key: record[key] for key in ("prediction", "propensity", "policy_version")}
    what_if = score({record["prediction"]["kind"]: prediction}, reply, tokenizer())
    record["what_if"] = what_if
    kept = {key: value for key, value in record.items() if key not in VARYING and value not in (None, [])}
    return SECTION.format(
        **record["document"],
        instruction=INSTRUCTION,
        request=_json(sent),
        decided=_json(decided, indent=None),
        reply=_around(reply, NEW),
        usage=_json(usage, indent=None),
        diff=shown.stdout.rstrip(),
        line=re.sub(r"\d+\.\d s", "… s", shown.stderr.strip()),
        acceptance=f"{accepted} / ({accepted} + {rejected}) = {percent(accepted / (accepted + rejected))}",
        coverage=f"{accepted} / {usage['completion_tokens']} = {percent(accepted / usage['completion_tokens'])}",
        record=_lines(kept),
    )


def _json(value: Any, *, indent: int | None = 2) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)


def _lines(record: dict[str, Any]) -> str:
    """A JSON object with a line for each of its keys."""
    rows = [f"  {_json(key)}: {_json(value, indent=None)}" for key, value in record.items()]
    return "\n".join(["{", ",\n".join(rows), "}"])


def _head(text: str) -> str:
    """The first line with words in it, and what stands before it."""
    return re.match(r"(?:`+\w*\n)?.*\n", text)[0] + "…"  # type: ignore[index]


def _around(text: str, words: str) -> str:
    """The first and last two lines of `text`, and the one that holds `words`."""
    lines = text.rstrip("\n").split("\n")
    changed = next(line for line in lines if words in line)
    return "\n".join([*lines[:2], "…", changed, "…", *lines[-2:]])


if __name__ == "__main__":
    sys.stdout.write(walkthrough())
