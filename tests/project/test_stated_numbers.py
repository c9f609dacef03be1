"""Every default and every number on a hand-written page is the product's, or is known to be somebody else's."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from editsvc.cli import command
from editsvc.emulator import FAULTS, EmulatorOptions
from editsvc.emulator.faults import Fault
from editsvc.engine.plan import AROUND_AT_MOST
from editsvc.files import journal
from editsvc.prediction.verifier import PRESETS
from editsvc.settings.schema import Settings
from editsvc.tokenlog import TokenLog
from lsp.editing.refused_edits import KEPT_S, MOST_KEPT
from lsp.settings import EditorSettings

ROOT = Path(__file__).parents[2]
MADE = "Made by docs/reference.py"
PAGES = [
    page
    for page in (
        *(
            ROOT / name
            for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "editors/vscode/README.md")
        ),
        *sorted((ROOT / "docs").glob("**/*.md")),
    )
    if MADE not in page.read_text("utf-8")
]


def constant(place: str) -> Any:
    """The value at ``module:NAME``, in `editsvc` unless the module says otherwise."""
    module, _, name = place.partition(":")
    return getattr(import_module(module if module.startswith("lsp") else f"editsvc.{module}"), name)


def written(file: str, pattern: str) -> str:
    """What the one group of `pattern` matches in a file that is not imported."""
    found = re.search(pattern, (ROOT / file).read_text("utf-8"))
    assert found is not None, f"{file} has no {pattern}"
    return found[1]


def default(found: Any, name: str) -> Any:
    """The default of a parameter, or of a dataclass' field."""
    if inspect.isclass(found) and hasattr(found, "__dataclass_fields__"):
        return next(field.default for field in fields(found) if field.name == name)
    return inspect.signature(found).parameters[name].default


SETTINGS = Settings()
WORDS = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    10: "ten",
    0.25: "a quarter",
    30: "half an hour",
}
FLOOR = constant("tuning.judge:FLOOR")
CLUSTERS = constant("tuning.estimates:LEAST_CLUSTERS")

# What a page says, with a place for each number, and the numbers that go there.
OLDEST_PYTHON = written("pyproject.toml", r'requires-python = ">=([\d.]+)"')
STATED: list[tuple[str, str, list[Any]]] = [
    ("docs/providers.md", "from {} KB on", [constant("provider.compression:COMPRESSED_FROM") // 1024]),
    ("README.md", "Python {} or later", [written("pyproject.toml", r'requires-python = ">=([\d.]+)"')]),
    ("README.md", "longer than {:,} tokens", [SETTINGS.scope_min_tokens]),
    ("README.md", "for {} runs and {} days", [journal.LIMITS.runs, journal.LIMITS.age.days]),
    ("README.md", "injects [{} faults]", [len(FAULTS)]),
    (
        "CONTRIBUTING.md",
        "{:,} kills of `rewrite --apply`",
        [int(written("bench/kills.py", r'"--kills", type=int, default=([\d_]+)'))],
    ),
    (
        "CONTRIBUTING.md",
        "{} of edits with a server that fails",
        [WORDS[int(written("bench/soak.py", r'"--minutes", type=float, default=(\d+)'))]],
    ),
    ("SECURITY.md", "of at most {:,} bytes", [constant("settings.environment:_LONGEST_PROJECT_FILE")]),
    (
        "docs/ARCHITECTURE.md",
        "a fence of {} backticks or more",
        [WORDS[constant("prompt.rendering:_SHORTEST_FENCE")]],
    ),
    ("docs/glossary.md", "{} or more backticks", [WORDS[constant("prompt.rendering:_SHORTEST_FENCE")]]),
    ("docs/glossary.md", "split above {} estimated tokens", [constant("scope.sections:LONGEST_TOKENS")]),
    (
        "docs/glossary.md",
        "small below {:,} bytes, medium below {:,}",
        [constant("prediction.policy:_SMALL"), constant("prediction.policy:_MEDIUM")],
    ),
    ("docs/glossary.md", "{} are modelled", [WORDS[len(PRESETS)].capitalize()]),
    (
        "docs/emulator.md",
        "| `{1}` (default) | {0.most} | by the last {0.n_max} to {0.n_min} tokens",
        [PRESETS["resync"], default(EmulatorOptions, "preset")],
    ),
    (
        "docs/emulator.md",
        (
            "| `adaptive` | {0.least} to {0.most}: twice as many after a pass without a rejection, a quarter after one "
            "with | by the last {0.n_max} tokens"
        ),
        [PRESETS["adaptive"]],
    ),
    (
        "docs/emulator.md",
        "| `forward-only` | {0.most} | by the last {0.n_max} tokens",
        [PRESETS["forward-only"]],
    ),
    ("docs/emulator.md", "| `prefix-only` | {0.most} | never", [PRESETS["prefix-only"]]),
    (
        "docs/emulator.md",
        "At most {}/{} of a verbatim repeat",
        [PRESETS["resync"].most, PRESETS["resync"].most + 1],
    ),
    (
        "docs/emulator.md",
        "({:g}, the default of all three",
        [
            default(EmulatorOptions, "ttft")
            + default(EmulatorOptions, "speed")
            + default(EmulatorOptions, "prefill")
        ],
    ),
    ("docs/emulator.md", "({}: back to its least)", [0]),
    (
        "docs/verification.md",
        "A text above {:,} tokens is left out",
        [constant("prediction.fitting:_LONGEST")],
    ),
    ("docs/verification.md", "of at least {} such ones", [constant("prediction.servers:_ENOUGH")]),
    ("docs/emulator.md", "in blocks of {}", [constant("emulator.prompt_cache:BLOCK")]),
    ("docs/emulator.md", "(or `random`: 1 to {})", [constant("emulator.answer:_MOST_DRAWN")]),
    ("docs/emulator.md", "tokens, {} by default", [default(Fault, "at")]),
    ("docs/emulator.md", "still end after {} MB", [constant("emulator.answer:_ENOUGH") >> 20]),
    ("docs/emulator.md", "the last {:,} as a list", [constant("emulator.service:_REMEMBERED")]),
    ("docs/language-server.md", "the last {}, for {:.0f} minutes", [MOST_KEPT, KEPT_S / 60]),
    ("docs/language-server.md", "one of more than {} characters", [constant("lsp.wire.client:_LINE")]),
    ("docs/language-server.md", "The last {} are kept", [constant("lsp.editing.decisions:_MOST_KEPT")]),
    ("docs/language-server.md", "in at most {} attempts", [constant("lsp.editing.apply_edits:ATTEMPTS")]),
    (
        "docs/language-server.md",
        "within {:g} ms",
        [1000 * constant("provider.bridge:_LOOK_AROUND_S")],
    ),
    (
        "docs/language-server.md",
        "at most about {} messages per second",
        [
            round(
                1 / constant("lsp.editing.progress:_STREAM_EVERY_S")
                + 1 / constant("lsp.editing.progress:_PROGRESS_EVERY_S"),
                -1,
            ).__trunc__()
        ],
    ),
    (
        "docs/log.md",
        "the log has an HMAC of it, {} hexadecimal digits",
        [constant("tokenlog.privacy:_NAME_DIGITS")],
    ),
    (
        "docs/log.md",
        "of at least {} bytes",
        [constant("settings.environment:_SHORTEST_LOG_KEY")],
    ),
    ("docs/log.md", "At most {} MB wait", [constant("tokenlog.spool:MOST_BYTES") >> 20]),
    (
        "docs/log.md",
        "within {:g} seconds, it is left alone for {:g} seconds",
        [default(TokenLog, "timeout_s"), constant("tokenlog.store:_REST_S")],
    ),
    (
        "docs/log.md",
        "SQLite {} or newer is needed",
        [".".join(map(str, constant("tokenlog.connection:_OLDEST")))],
    ),
    (
        "docs/log.md",
        "from SQLite {} on",
        [".".join(map(str, constant("tokenlog.connection:_SOUND_WAL")))],
    ),
    (
        "docs/providers.md",
        "{} of a second, doubled each time up to {:g} s",
        [
            WORDS[constant("provider.failure_class:_FIRST_BACKOFF_S")],
            constant("provider.failure_class:_LONGEST_BACKOFF_S"),
        ],
    ),
    ("docs/providers.md", "`max_retries` more rounds, {} by default", [SETTINGS.max_retries]),
    ("docs/providers.md", "| connection | {0:g} s | {0:g} s | {0:g} s |", [SETTINGS.connect_timeout_s]),
    (
        "docs/providers.md",
        "| first token | {:g} s, and 1 s more for {:g} tokens of the prompt | {:g} s | {:g} s |",
        [
            constant("provider.patience:NEAR_FIRST_S"),
            constant("provider.patience:_READS_A_S"),
            constant("provider.patience:BRISK_S"),
            constant("provider.patience:ELSEWHERE_FIRST_S"),
        ],
    ),
    (
        "docs/providers.md",
        "| each further token | {:g} s | {:g} s | {:g} s |",
        [
            constant("provider.patience:NEAR_GAP_S"),
            constant("provider.patience:BRISK_S"),
            constant("provider.patience:ELSEWHERE_GAP_S"),
        ],
    ),
    (
        "docs/providers.md",
        "| as long as its requests call for | {0:g} s | {0:g} s |",
        [constant("provider.patience:WHOLE_S")],
    ),
    ("docs/providers.md", "up to {:g} hours", [constant("provider.patience:_LONGEST_S") / 3_600]),
    ("docs/providers.md", "for up to {:g} s. Waiting", [constant("provider.patience:LOADING_S")]),
    (
        "docs/providers.md",
        "remembered for {:g} days in `servers.json`",
        [constant("provider.lessons_file:_FORGOTTEN_S") / 86_400],
    ),
    (
        "docs/providers.md",
        "after {} in a row none are sent for {:g} days",
        [WORDS[constant("provider.lessons:ENOUGH")], constant("provider.lessons_file:_FORGOTTEN_S") / 86_400],
    ),
    (
        "docs/providers.md",
        "came at least {} times in a row up to the end, {:,} characters of them beyond",
        [constant("reply.runaway:_TIMES"), constant("reply.runaway:_CUT_OFF")],
    ),
    (
        "docs/providers.md",
        "after {} such lines, or {:,} characters within a line",
        [constant("reply.runaway:_WINDOW"), constant("reply.runaway:_WITHIN_A_LINE")],
    ),
    ("docs/providers.md", "{} KB are read", [constant("provider.connections:_MOST_OF_AN_ERROR") >> 10]),
    (
        "docs/providers.md",
        (
            "After {} failures in a row, a server is left alone for {:g} s, then for twice as long after each probe "
            "that fails, up to {:g} s"
        ),
        [
            WORDS[default(constant("provider.breaker:BreakerLimits"), "failures")],
            default(constant("provider.breaker:BreakerLimits"), "open_s"),
            default(constant("provider.breaker:BreakerLimits"), "longest_open_s"),
        ],
    ),
    ("docs/providers.md", "`longest_wait_s` ({:g} s)", [SETTINGS.longest_wait_s]),
    ("docs/providers.md", "kept for {:g} minutes", [constant("provider.health:_FORGOTTEN_S") / 60]),
    ("docs/providers.md", "forgotten after {:g} days", [constant("provider.limits:FORGOTTEN_S") / 86_400]),
    ("docs/providers.md", "`batch_wait_s` ({:g} s)", [SETTINGS.batch_wait_s]),
    (
        "docs/providers.md",
        "leaves {} of each limit free",
        [WORDS[constant("provider.budget:INTERACTIVE_SHARE")]],
    ),
    ("docs/terminal.md", "longer than {:,} bytes", [constant("files.selection:LARGEST")]),
    ("docs/terminal.md", "Before more than {} files", [constant("cli.selecting:ASKED_ABOVE")]),
    ("docs/terminal.md", "`--jobs` files are edited at the same time ({})", [SETTINGS.jobs]),
    ("docs/terminal.md", "last {} days took by the size", [constant("cli.estimate:SINCE").days]),
    ("docs/terminal.md", "if the log has at least {} by that model", [constant("cli.estimate:FEWEST")]),
    (
        "docs/terminal.md",
        "the last {}, for {} days and up to {} MB",
        [journal.LIMITS.runs, journal.LIMITS.age.days, journal.LIMITS.size // 1_000_000],
    ),
    (
        "docs/providers.md",
        "within the last {:g} minutes",
        [constant("provider.budget:ATTENDED_S") / 60],
    ),
    (
        "docs/providers.md",
        "all but {:g} % of it",
        [100 * constant("provider.budget:MARGIN_SHARE")],
    ),
    (
        "docs/reports.md",
        "Below {} requests, or {} files, there is a value but no interval",
        [constant("report.intervals:FLOOR"), constant("report.intervals:LEAST_CLUSTERS")],
    ),
    (
        "docs/reports.md",
        "A median needs {} requests on each side, a 95th percentile {}",
        [constant("report.intervals:FLOOR"), constant("report.effect:TAIL_FLOOR")],
    ),
    (
        "docs/reports.md",
        "{:.0f} % at *s* = {}, {:.0f} % at {}, {:.0f} % at {:g}",
        [number for cost in constant("report.plots:PASS_COSTS") for number in (100 * (1 - 1 / cost), cost)],
    ),
    (
        "docs/reports.md",
        "Up to {0:,} requests are also read one by one; if there are more, about {0:,} of them",
        [constant("tokenlog.evidence:SAMPLE")],
    ),
    (
        "docs/reports.md",
        'below {} days it says "not enough data"',
        [constant("tuning.forecast:LEAST_DAYS")],
    ),
    (
        "docs/reports.md",
        "A window needs {} of each, so that both together have {};",
        [constant("report.compare:_LEAST_IN_ONE"), constant("report.intervals:LEAST_CLUSTERS")],
    ),
    ("docs/guard.md", "more than {:,} characters", [constant("guard.long_lines:LONGEST")]),
    ("docs/scopes.md", "below {:,} tokens the whole file", [SETTINGS.scope_min_tokens]),
    ("docs/scopes.md", "a file above {:,} tokens in which you chose a symbol or lines", [AROUND_AT_MOST]),
    (
        "docs/secrets.md",
        "{} letters and digits or more, mixed as in no word; hexadecimal ones of fewer than {} digits",
        [constant("guard.secret_places:_MIN_RANDOM"), constant("guard.secret_places:_MIN_HEXADECIMAL")],
    ),
    ("docs/tuning.md", "behind every {}th edit", [constant("app.tuning:REMINDED_EVERY")]),
    ("docs/tuning.md", "in US dollars; {:g} by default", [SETTINGS.value_of_time]),
    ("docs/tuning.md", "at random, {:g} by default", [SETTINGS.exploration]),
    ("docs/tuning.md", "Of a log with more than {:,} requests, a sample", [constant("app.tuning:SAMPLE")]),
    ("docs/tuning.md", "half as much for every {:g} days", [constant("tuning.judge:HALF_LIFE_DAYS")]),
    ("docs/tuning.md", "Cells with fewer than {} requests", [FLOOR]),
    (
        "docs/tuning.md",
        "A decision needs {0} requests to {2} files, at least {1} of them with a prediction and {1} without",
        [FLOOR, constant("tuning.estimates:LEAST_REQUESTS"), CLUSTERS],
    ),
    ("docs/tuning.md", "a certainty of {:.0f} % is needed", [100 * constant("tuning.judge:FIRST_SHOWN")]),
    ("docs/tuning.md", "with a certainty of {:.1f} %", [100 * constant("tuning.judge:SHOWN")]),
    ("docs/tuning.md", "Below {} files, or days,", [CLUSTERS]),
    ("docs/tuning.md", "About {} requests in a hundred", [WORDS[round(100 * SETTINGS.exploration)]]),
    (
        "docs/tuning.md",
        "{} refusals of a prediction",
        [WORDS[constant("tuning.drift:_LEAST_REFUSALS")].capitalize()],
    ),
    ("docs/tuning.md", "Below {:g} it says so", [constant("tuning.evaluation:LEAST_EFFECTIVE")]),
    ("docs/tuning.md", "The last {} versions", [constant("tuning.policy_file:KEPT")]),
    (
        "docs/speed.md",
        "at {:,} tokens a second, 1 or 4 tokens an event",
        [int(written("bench/stream.py", r"RATE: Final = ([\d_]+)"))],
    ),
    (
        "docs/speed.md",
        "start in the same moment, {:,} tokens a second",
        [int(written("bench/many.py", r"RATE: Final = ([\d_]+)"))],
    ),
    (
        "docs/speed.md",
        "streams run at {:,} tokens",
        [int(written("bench/many.py", r"RATE: Final = ([\d_]+)"))],
    ),
    ("docs/speed.md", "of {} files", [int(written("bench/batch.py", r"FILES: Final = (\d+)"))]),
    ("docs/tuning.md", "logs of {} models", [WORDS[len(constant("tuning.bench:MODELS"))]]),
    (
        "docs/tuning.md",
        "{} requests in 100 explore. It makes 10 logs of {} requests",
        [
            round(100 * constant("tuning.simulation:Habits")().exploration),
            default(constant("tuning.bench:run_bench"), "requests"),
        ],
    ),
    ("docs/scopes.md", '(`on_syntax_error = "{}"`;', [SETTINGS.on_syntax_error]),
    ("docs/ARCHITECTURE.md", "`edit_format` is `{}`", [SETTINGS.edit_format]),
    ("editors/vscode/README.md", "`{}` (default), `apply`", [EditorSettings().mode]),
    (
        "docs/editors/vscode.md",
        "VS Code {} or later",
        [
            json.loads((ROOT / "editors/vscode/package.json").read_text("utf-8"))["engines"]["vscode"].strip(
                "^"
            )[:-2]
        ],
    ),
    (
        "docs/editors/vscode.md",
        "the last {} instructions",
        [written("editors/vscode/src/history.ts", r"const most = (\d+);")],
    ),
    (
        "docs/editors/vscode.md",
        "{} of a second, then after twice as long each time. After {} crashes in {} minutes",
        [
            WORDS[int(written("editors/vscode/src/find.ts", r"firstPauseMs = (\d+)")) / 1000],
            WORDS[int(written("editors/vscode/src/find.ts", r"mostCrashes = (\d+)")) + 1],
            WORDS[int(written("editors/vscode/src/find.ts", r"memoryMs = (\d+) \* 60_000"))],
        ],
    ),
    ("docs/install.md", "for Python {} or later", [OLDEST_PYTHON]),
    ("editors/vscode/README.md", "your Python {} or later", [OLDEST_PYTHON]),
    ("docs/editors/vscode.md", "one of version {} or later", [OLDEST_PYTHON]),
    (
        "docs/editors/vscode.md",
        "It takes about {} MB",
        [
            written("editors/vscode/scripts/bundle.py", r"ENVIRONMENT_BYTES = ([\d_]+)").replace(
                "_000_000", ""
            )
        ],
    ),
    (
        "docs/editors/neovim.md",
        "needs Neovim {} or later",
        [written("editors/nvim/lua/editsvc/health.lua", r'has\("nvim-([\d.]+)"\) == 1')],
    ),
]

# Numbers that are not the product's: standards, versions of other programs, and what was measured, with its place.
ANYWHERE = [
    r"\bHTTP/(?:1\.1|2)\b",
    r"\bUTF-?\d+|\butf-\d+",
    r"U\+[0-9A-F]{4,5}(?:-[0-9A-F]{4,5})?",
    r"CVE-\d+-\d+",
    r"\b127\.0\.0\.1\b",
    r"\b(?:40[0-48]|413|422|429)\b",  # status codes
    r"\b5xx\b|\b4xx\b",
    r"-32\d{3}\b",  # error codes of JSON-RPC and LSP
    r"\bSHA-?\d+|\bo200k_base\b|\bISO 8601\b|\bOAuth2\b|\bBase64\b|\b9p\b",
    r"\b(?:from )?0 to 1\b|\bfrom [01]\b|\babove 0 and up to 1\b",  # what counting begins with
    r"\b0 (?:or|%|and) (?:or )?100\b(?: %)?|\b100 %",
    r"\b95(?: %|th\b)",
]
ELSEWHERE = {
    "CONTRIBUTING.md": ["exits with 1", "500 files with faults", "about 6 minutes"],
    "SECURITY.md": ["(0700, 0600)", "The socket (0600)", "look into (0700)", "can read (0600)"],
    "docs/terminal.md": [
        "exit code 130",
        "exit code 2",
        "the exit code is 1. ### Going on",
        "the exit code is 1. ### For scripts",
        "0 done, 1 something was refused or not started, or the commit failed, 2 the call is wrong",
        "3 the server failed, 4 key or settings, 130 interrupted",
    ],
    "docs/offline-engine.md": ["On 636 files in eleven languages, 12 names each, 3 % of the renames"],
    "docs/ARCHITECTURE.md": [
        "in 40 % of the edits",
        "within 0.9 to 1.3 times",
        "It is large, 48 MB",
        "for Python up to 3.13",
        "of ours (8 MB with what it needs)",
        "in 0.3 s where rs-bpe takes 0.06 s",
        "quicktok-v1 (8 MB, and NumPy; 0.4 s)",
        "bpe-openai (75 MB; 0.6 s)",
        "splintr-rs (37 MB)",
    ],
    "docs/emulator.md": ["`n` > 1"],
    "docs/glossary.md": ["Below 1 only"],
    "docs/language-server.md": [
        "Protocol (3.17)",
        "Of 3.18 it uses",
        "(`workspace/textDocumentContent`, LSP 3.18)",
        "mode 0600, in a folder of mode 0700",
        "ready (3 changes)",
        "(0 takes a free port)",
        "status 0, or 1 after",
    ],
    "docs/providers.md": [
        "no token after 0.8 s",
        "refuses a request (400 or 422)",
        "a context of 16,000 tokens or more",
        "(temperature 0)",
        "a free one is $0.00",
    ],
    "docs/arms.md": [
        "a number below 0.2 means",
        "one from there to 0.3",
        "In 1,200 simulated logs of 300 edits, with one to eight edits a file and up to 30 % of noise from day to day",
        "held in 97 to 99 of 100",
    ],
    "docs/reports.md": [
        "has 23 or 25 hours",
        "In simulated logs of 400 requests each",
        "in 93 to 98 of 100 cases",
        "a range that holds in 95 of 100 months",
        "In 2,000 simulated months whose days have a long tail the range held 94 %",
        "the exit code 1 if",
        "An unknown price is not 0.",
        "the exit code is 1.",
        "sets the last 7 days against the 7 days before",
        "and its 95 % interval; differences",
        "about the last 7 days, unless",
        "the interval of the difference holds 0.",
        "by up to 30 %, the intervals held 0 in 94 to 99 of 100 logs",
        "fewer than 100 times are drawn as dots",
        "exits with 0",
        "weighted by 1 / probability",
        "contains 0,",
        "*a* > *f*(*s*-1)/(1+*f*(*s*-1))",
        "for *f* = 1.",
    ],
    "docs/secrets.md": [
        "tools (1Password",
        "Of invented secrets of 290 kinds",
        "it finds more than 95 %; in 86 MB of Python packages",
        "2021;",
    ],
    "docs/speed.md": [
        "of 1,000 and 4,000 lines with 2 % of the lines changed",
        "of 4,000 to 50,000 lines",
        "files of 1 MB",
        "a file of 7 MB",
        "a line at 45 degrees",
    ],
    "docs/verification.md": [
        "Of 60 servers with any window",
        "59 were foretold within 2 % in 19 of 20 other requests, from 20 requests; 120 changes of 120 were noticed",
        "in the first 30 requests to each of 84 steady servers, 2,520 altogether",
        "Of 60 that also do one or two things",
        "other ramps), 48 were foretold as well",
        "about 0.06 s of processor time",
        "costs 58 % more, and never 28 %",
        "cost 0.2 % more than the better way",
        "verifies costs 2.2 plain ones; the second proposes 32 tokens",
        "from 14 edits of each kind",
        "time at $30 an hour",
    ],
    "docs/tuning.md": [
        "; 0 turns it off",
        "costs 1.5 plain ones",
        "shows up with 1.17",
        "the result for 100 of them, with seed 1:",
        "With `editsvc config set auto_tune 200`",
        "by itself after every 200 requests:",
        "After how many requests editsvc tunes by itself; 0, the default, is never.",
    ],
    "docs/editors/keys.md": ["in the middle of 2026", "In March 2025"],
    "docs/editors/emacs.md": ["Emacs 29 and later", "on Emacs 28 it is"],
    "docs/editors/vscode.md": [
        "A line of 200 columns",
        "and 5 to 30 seconds",
        "| 1.2 MB |",
        "| 49 MB |",
        "for Python 3.11 to 3.14 | 145 MB |",
        "Each Python adds about 47 MB, of which 26 MB are",
        "for Python 3.14 it has no wheel, and 22 MB",
    ],
    "docs/editors/neovim.md": [
        "With Neovim 0.11,",
        "if that is Neovim 0.11 or later",
        "Neovim 0.11 and later",
        "that removes 12 lines",
        "Lines of 200 columns",
        "a contrast of 4.5 or more",
    ],
    "docs/systems.md": [
        "CPython 3.11 for Windows",
        "by Wine 8",
        "copyfile(3)",
        "0600 and 0700",
        "Python 3.12.4 and later",
        "made with 0700",
        "Python 3.11 or later",
        "PowerShell before 7.4",
    ],
}
# Sections that report a measurement, or what was seen with a version of an editor.
MEASURED = re.compile(
    r"^## (?:Seen with|What each way costs|Where the time goes).*?(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
HOW_WELL = "Regret is the excess cost"


def prose(page: Path) -> str:
    """The text of a page, without code, links, made tables, measurements and numbers of lists, on one line."""
    text = page.read_text("utf-8")
    text = re.sub(r"<!-- (\S+)(?: generated|: made).*?<!-- end of \S+ -->", "", text, flags=re.DOTALL)
    text = re.sub(r"<!-- columns: .*?<!-- end of columns -->", "", text, flags=re.DOTALL)
    text = re.sub(r"^ *(`{3,})\w*\n.*?^ *\1\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = MEASURED.sub("", text)
    if HOW_WELL in text:
        text = re.sub(rf"{HOW_WELL}.*?(?=^## )", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"^ *\d+\. ", "", text, flags=re.MULTILINE)
    return " ".join(text.split())


def phrases(page: Path) -> list[str]:
    name = page.relative_to(ROOT).as_posix()
    return [words.format(*numbers) for where, words, numbers in STATED if where == name]


@pytest.mark.parametrize(("page", "words", "numbers"), STATED, ids=[f"{one[0]}: {one[1]}" for one in STATED])
def test_a_page_states_the_number_that_the_product_has(page: str, words: str, numbers: list[Any]) -> None:
    assert words.format(*numbers) in prose(ROOT / page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_number_of_a_page_is_stated_or_known_to_be_somebody_elses(page: Path) -> None:
    text = prose(page)
    for words in [*phrases(page), *ELSEWHERE.get(page.relative_to(ROOT).as_posix(), [])]:
        assert words in text, f"{page.name} no longer says: {words}"
        text = text.replace(words, "…")
    text = re.sub("|".join(ANYWHERE), "…", text)
    text = re.sub(r"`[^`]*`", "`…`", text)
    unknown = [
        text[max(0, found.start() - 40) : found.end() + 20] for found in re.finditer(r"(?<![\w.])\d", text)
    ]
    assert unknown == [], "add each to STATED with the constant that it is, or to ELSEWHERE"


@pytest.mark.parametrize(
    ("name", "words", "numbers"),
    [
        (
            "undo",
            "for the last {} runs, {} days and {:.0f} MB",
            [journal.LIMITS.runs, journal.LIMITS.age.days, journal.LIMITS.size / 1e6],
        ),
        ("report", "refresh it every {:g} seconds", [constant("cli.report:_REFRESH_S")]),
    ],
)
def test_help_states_the_limit_that_the_product_has(name: str, words: str, numbers: list[Any]) -> None:
    shown = CliRunner().invoke(command, [name, "--help"]).output
    assert words.format(*numbers) in " ".join(shown.split())
