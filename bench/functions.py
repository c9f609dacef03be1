"""Where the processor time of an edit goes: ``python -m bench.functions [--lines N] [--rate N] [--tokens N] [--json]``.

One edit (see bench/clients.py) is carried out again and again under a profiler that sees all threads and counts
processor time. What is printed are the functions with the most time of their own, C functions included, as shares of
the edit's. The profiler itself costs something a call, so small functions look larger than they are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from bench import texts
from bench.clients import Editsvc, Task, digest
from bench.server import Server

SHOWN: Final = 15
_TIMES: Final = 5
ROOT: Final = Path(__file__).parents[1]


async def profiled(task: Task, times: int) -> list[tuple[str, int, float]]:
    """Function, calls and share of the processor time of its own, of `times` edits; the most expensive first."""
    import yappi  # noqa: PLC0415 - an extra

    async with AsyncExitStack() as stack:
        client = Editsvc(stack)
        await client.run(task)
        await client.rest()
        yappi.set_clock_type("cpu")
        yappi.start(builtins=True)
        for _ in range(times):
            await client.run(task)
        yappi.stop()
        found = [(_named(stat), stat.ncall // times, stat.tsub) for stat in yappi.get_func_stats()]
        yappi.clear_stats()
    whole = sum(own for _, _, own in found)
    return sorted(((name, calls, own / whole) for name, calls, own in found), key=lambda each: -each[2])


def _named(stat: Any) -> str:
    """The function as ``module: name``, or by its name alone if it is one of C."""
    path = Path(stat.module)
    if path.suffix != ".py":
        return f"{stat.module}: {stat.name}" if stat.module and not path.is_absolute() else str(stat.name)
    # A library's modules by their own names, the project's by their packages.
    module = (
        ".".join(path.relative_to(ROOT).with_suffix("").parts) if path.is_relative_to(ROOT) else path.stem
    )
    return f"{module}: {stat.name}"


def main() -> None:
    """Profile, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.functions", description=__doc__)
    parser.add_argument("--lines", type=int, default=4_000)
    parser.add_argument("--rate", type=float, default=3_000, help="tokens a second; 0: all at once")
    parser.add_argument("--tokens", type=int, default=1, help="in an event")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    case = texts.rewritten(options.lines)
    with tempfile.TemporaryDirectory() as folder, Server({"reply": case.reply}) as server:
        document = Path(folder) / "document"
        document.write_text(case.before, "utf-8")
        task = Task(
            base_url=server.base_url("http", "reply", rate=options.rate, tokens=options.tokens),
            document=str(document),
            after=digest(case.after),
            reply=digest("".join(case.reply.pieces)),
            instruction=texts.INSTRUCTION,
        )
        found = asyncio.run(profiled(task, 1 if options.rate else _TIMES))[:SHOWN]
    if options.json:
        keys = ("function", "calls", "share")
        print(json.dumps({"functions": [dict(zip(keys, each, strict=True)) for each in found]}, indent=2))
        return
    print("| function | calls | of the edit's time |\n|---|---:|---:|")
    for name, calls, share in found:
        print(f"| `{name}` | {calls:,} | {100 * share:.1f} % |")


if __name__ == "__main__":
    main()
