"""Workers that feed a parser, and the one that watches them: also over a crash, or a hang, of a library."""

from __future__ import annotations

import mmap
import multiprocessing
import pickle
import random
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bench.fuzz.grow import Pool, grown

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from bench.fuzz.parsers import Parser

    Input = tuple[str | bytes, ...]

LIMIT_S: Final = 2.0
"""For one input; a tenth of a millisecond is usual."""
_HOPELESS_S: Final = 60 * LIMIT_S
_LARGEST: Final = 1 << 20
_TRIES: Final = 3_000


class TooSlow(Exception):
    """An input that took longer than the limit."""


@dataclass
class Report:
    """What became of the inputs of one parser."""

    parser: str
    inputs: int = 0
    seconds: float = 0.0
    outcomes: set[str] = field(default_factory=set)
    slowest_s: float = 0.0
    slowest: Input = ()
    failures: list[tuple[Input, str]] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Take another worker's report in."""
        self.inputs += other.inputs
        self.outcomes |= other.outcomes
        self.failures += other.failures
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest


def problem(parser: Parser, given: Input, limit_s: float = LIMIT_S) -> str | None:
    """What is wrong with what the parser makes of an input; None if all is as promised."""
    try:
        _checked(parser, given, limit_s)
    except TooSlow:
        return f"TooSlow: no answer within {limit_s:g} s"
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is what is looked for
        return f"{type(exc).__name__}: {exc}"
    return None


def _checked(parser: Parser, given: Input, limit_s: float) -> str:
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        return parser.check(*given)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _too_slow(_signal: int, _frame: object) -> None:
    raise TooSlow


def smallest(parser: Parser, given: Input, limit_s: float = LIMIT_S) -> tuple[Input, str]:
    """An input as small as can be found that fails in the same way, and how."""
    found = problem(parser, given, limit_s) or "it does not fail again"
    kind = found.partition(":")[0]
    tries = 0
    size = max(map(len, given), default=0)
    while size and tries < _TRIES:
        shrunk = False
        for at, value in enumerate(given):
            start = 0
            while start < len(value) and tries < _TRIES:
                fewer = (*given[:at], value[:start] + value[start + size :], *given[at + 1 :])
                tries += 1
                again = problem(parser, fewer, limit_s)
                if again is not None and again.partition(":")[0] == kind:
                    given, value, found, shrunk = fewer, fewer[at], again, True  # noqa: PLW2901
                else:
                    start += size
        size = size if shrunk else size // 2
    return given, found


def work(
    parser: Parser, seed: str, inputs: int, note: Callable[[Input], None], *, limit_s: float = LIMIT_S
) -> Report:
    """Feed the parser; stops at the first failure, which is made as small as can be."""
    signal.signal(signal.SIGALRM, _too_slow)
    rng, pool, report = random.Random(seed), Pool(), Report(parser.name)
    for _ in range(inputs):
        given = grown(rng, parser.grammars, pool)
        note(given)
        started = time.perf_counter()
        try:
            outcome = _checked(parser, given, limit_s)
        except Exception:  # noqa: BLE001 - as above
            report.failures.append(smallest(parser, given, limit_s))
            break
        finally:
            report.inputs += 1
        took = time.perf_counter() - started
        if took > report.slowest_s:
            report.slowest_s, report.slowest = took, given
        pool.note(given, outcome)
    report.outcomes = pool.outcomes
    return report


@dataclass
class _Worker:
    process: BaseProcess
    results: Connection
    current: mmap.mmap
    count: Any
    seen: int = 0
    since: float = 0.0


def fuzz(parser: Parser, *, inputs: int, seed: int, jobs: int, progress: Callable[[str], None]) -> Report:
    """Feed one parser by `jobs` processes."""
    name = parser.name
    started = time.monotonic()
    context = multiprocessing.get_context("fork")
    workers: list[_Worker] = []
    for job in range(jobs):
        share = inputs // jobs + (job < inputs % jobs)
        current, count = mmap.mmap(-1, _LARGEST), context.Value("q", 0, lock=False)
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(
            target=_run, args=(parser, f"{seed}:{name}:{job}", share, (current, count, sender))
        )
        process.start()
        sender.close()
        workers.append(_Worker(process, receiver, current, count, since=started))
    report = Report(name)
    open_workers = list(workers)
    told = started
    while open_workers:
        now = time.monotonic()
        for worker in list(open_workers):
            if worker.results.poll(0.2 / len(open_workers)):
                open_workers.remove(worker)
                try:
                    report.add(worker.results.recv())
                except EOFError:
                    worker.process.join()
                    report.add(_lost(name, worker, f"the process ended with {worker.process.exitcode}"))
            elif worker.count.value != worker.seen:
                worker.seen, worker.since = worker.count.value, now
            elif now - worker.since > _HOPELESS_S and worker.count.value:
                worker.process.kill()
                open_workers.remove(worker)
                report.add(_lost(name, worker, f"no answer within {_HOPELESS_S:g} s, nor to a signal"))
        if now - told > 5:
            told, done = now, sum(worker.count.value for worker in workers)
            progress(f"{name}: {done:,} of {inputs:,}, {done / (now - started):,.0f} a second")
    for worker in workers:
        worker.process.join()
    report.seconds = time.monotonic() - started
    return report


def _lost(name: str, worker: _Worker, how: str) -> Report:
    """The report of a worker that cannot make one: it left the input that it was at."""
    size = int.from_bytes(worker.current[:4], "big")
    given: Input = pickle.loads(worker.current[4 : 4 + size]) if size else ()
    return Report(name, inputs=worker.count.value, failures=[(given, how)])


def _run(parser: Parser, seed: str, inputs: int, worker: tuple[mmap.mmap, Any, Connection]) -> None:
    current, count, results = worker

    def note(given: Input) -> None:
        pickled = pickle.dumps(given)
        current[: 4 + len(pickled)] = len(pickled).to_bytes(4, "big") + pickled
        count.value += 1

    results.send(work(parser, seed, inputs, note))
    results.close()
