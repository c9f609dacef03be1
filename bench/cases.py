"""Real edits through the whole product: every case, every preset, every kind of file.

    python -m bench.cases cases.jsonl [--preset NAME] [--variant NAME] [--reply STYLE] [--scope SCOPE]

A case is a JSON object a line with `instruction`, `before`, `after` and `path`. Each is edited by
``editsvc rewrite --apply`` against the emulator, for each preset; the file must then equal `after`, byte for
byte, and so must what ``git apply`` makes of the printed diff. The same for the case with CRLF line ends, with
a BOM, and without a final newline. Ends with status 1 if anything differs.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editsvc.emulator import Emulator, EmulatorOptions, ReplyStyle
from editsvc.prediction.verifier import PRESETS

VARIANTS = ("lf", "crlf", "bom", "no-final-newline")


@dataclass(frozen=True)
class Outcome:
    """One case in one variant under one preset."""

    case: str
    preset: str
    variant: str
    applied: bool
    git_applied: bool
    usage: dict[str, int | None]
    message: str


def in_variant(text: str, variant: str) -> bytes:
    """`text` as the bytes of that kind of file."""
    match variant:
        case "crlf":
            return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        case "bom":
            return b"\xef\xbb\xbf" + text.encode()
        case "no-final-newline":
            return text.rstrip("\n").encode()
        case _:
            return text.encode()


def as_variant(case: dict[str, Any], variant: str) -> dict[str, Any]:
    """`case` with its texts as that kind of file; a server is never told of a BOM."""
    texts = {name: in_variant(case[name], variant).decode("utf-8-sig") for name in ("before", "after")}
    return case | texts


async def rewrite(
    folder: Path, name: str, instruction: str, environ: dict[str, str], *more: str
) -> dict[str, Any]:
    """The JSON entry of one ``editsvc rewrite``."""
    command = [
        sys.executable,
        "-m",
        "editsvc",
        "rewrite",
        "--json",
        "-i",
        instruction,
        *more,
        name,
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    if not out:
        return {"status": "failed", "message": err.decode(), "diff": "", "usage": {}}
    entry: dict[str, Any] = json.loads(out)["edits"][0]
    return entry


async def run_case(
    case: dict[str, Any], preset: str, variant: str, environ: dict[str, str], scope: str
) -> Outcome:
    """Edit one case both ways."""
    name = Path(case["path"]).name
    before, after = in_variant(case["before"], variant), in_variant(case["after"], variant)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(before)
        entry = await rewrite(Path(folder), name, case["instruction"], environ, "--apply", "--scope", scope)
        applied = path.read_bytes() == after
        path.write_bytes(before)
        git = await asyncio.create_subprocess_exec(
            "git", "apply", "-", cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        _, complaint = await git.communicate(entry["diff"].encode())
        git_applied = path.read_bytes() == after
    message = entry["message"] or complaint.decode()
    return Outcome(case["id"], preset, variant, applied, git_applied, entry["usage"], message)


async def run(
    cases: list[dict[str, Any]], presets: list[str], variants: list[str], reply: str, scope: str
) -> list[Outcome]:
    """Every case under every preset in every variant, two at a time."""
    outcomes: list[Outcome] = []
    limit = asyncio.Semaphore(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as data:
        for preset, variant in itertools.product(presets, variants):
            script = Path(data, f"{variant}.jsonl")
            script.write_text("".join(json.dumps(as_variant(case, variant)) + "\n" for case in cases))
            options = EmulatorOptions(
                script=script, preset=preset, reply=ReplyStyle(reply), tokens_per_event=0
            )
            async with Emulator(options) as emulator:
                environ = os.environ | {
                    "CEREBRAS_API_KEY": "x",
                    "CEREBRAS_BASE_URL": emulator.base_url,
                    "EDITSVC_DATA_DIR": data,
                    "EDITSVC_EXPLORATION": "0",
                }

                async def one(
                    case: dict[str, Any],
                    preset: str = preset,
                    variant: str = variant,
                    environ: dict[str, str] = environ,
                ) -> Outcome:
                    async with limit:
                        return await run_case(case, preset, variant, environ, scope)

                outcomes += await asyncio.gather(*map(one, cases))
                print(f"{preset}, {variant}: {len(cases)} edits", file=sys.stderr)
    return outcomes


def table(outcomes: list[Outcome], presets: list[str]) -> str:
    """Acceptance and coverage per case and preset, for files as they are."""
    lines = ["case".ljust(44) + "".join(preset.rjust(16) for preset in presets)]
    lines.append(" " * 44 + "".join("accept. / cover.".rjust(16) for _ in presets))
    found = {
        (outcome.case, outcome.preset): outcome
        for outcome in outcomes
        if outcome.variant == outcomes[0].variant
    }
    for case in dict.fromkeys(outcome.case for outcome in outcomes):
        row = case.removeprefix("git:")[-43:].ljust(44)
        for preset in presets:
            usage = found[case, preset].usage
            accepted = usage.get("accepted_prediction_tokens")
            rejected = usage.get("rejected_prediction_tokens")
            completion = usage.get("completion_tokens")
            if accepted is None or rejected is None or not completion:
                row += "- / -".rjust(16)
            else:
                share = 100 * accepted / (accepted + rejected) if accepted + rejected else 0
                row += f"{share:.0f} % / {100 * accepted / completion:.0f} %".rjust(16)
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path)
    parser.add_argument("--preset", action="append", choices=list(PRESETS))
    parser.add_argument("--variant", action="append", choices=VARIANTS)
    parser.add_argument("--reply", default="auto", choices=[style.value for style in ReplyStyle])
    parser.add_argument("--scope", default="file")
    arguments = parser.parse_args()
    cases = [json.loads(line) for line in arguments.cases.read_text("utf-8").split("\n") if line.strip()]
    presets, variants = arguments.preset or list(PRESETS), arguments.variant or list(VARIANTS)
    outcomes = asyncio.run(run(cases, presets, variants, arguments.reply, arguments.scope))
    print(table(outcomes, presets))
    wrong = [outcome for outcome in outcomes if not (outcome.applied and outcome.git_applied)]
    for outcome in wrong:
        how = f"--apply {outcome.applied}, git apply {outcome.git_applied}"
        print(f"WRONG {outcome.case} {outcome.preset} {outcome.variant}: {how}: {outcome.message}")
    right = len(outcomes) - len(wrong)
    print(f"{right} of {len(outcomes)} edits are right to the byte, by --apply and by git apply.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
