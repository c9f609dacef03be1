"""The fuzzer on a few thousand inputs for each parser, and what it does with one that fails."""

import json
import random
import subprocess
import sys
import time
from typing import Any

import pytest
from benches import ROOT, bench

from bench.fuzz.grow import Grammar, Pool, grown
from bench.fuzz.parsers import PARSERS, Parser
from bench.fuzz.run import work

LETTERS = Grammar(tokens=("a", "b", "c", "\n"), seeds=("abc",))


def run(*arguments: str) -> dict[str, Any]:
    ran = bench("fuzz", *arguments, "--json")
    (report,) = json.loads(ran.stdout)["parsers"]
    assert ran.returncode == (1 if report["failures"] else 0)
    found: dict[str, Any] = report
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_keeps_its_promises_for_whatever_comes(name: str) -> None:
    report = run(name, "--inputs", "3000", "--seed", "3")
    assert report["failures"] == []
    assert report["inputs"] == 3_000
    assert report["outcomes"] > 15  # or the inputs are all alike


def test_the_same_seed_gives_the_same_inputs() -> None:
    def inputs(seed: int) -> list[tuple[str | bytes, ...]]:
        rng = random.Random(seed)
        return [grown(rng, PARSERS["diff"].grammars, Pool()) for _ in range(50)]

    assert inputs(1) == inputs(1) != inputs(2)


def refuses_two_letters(text: str) -> str:
    if "b" in text and "c" in text:
        raise AssertionError("both")
    return "fine"


def test_an_input_that_fails_is_made_small() -> None:
    report = work(Parser("letters", (LETTERS,), refuses_two_letters), "seed", 1_000, lambda _given: None)
    ((given, problem),) = report.failures
    assert given in {("bc",), ("cb",)}
    assert problem == "AssertionError: both"


def sleeps(text: str) -> str:
    while "c" in text:
        time.sleep(0.01)
    return "fine"


def test_an_input_that_takes_too_long_is_named() -> None:
    small = Grammar(tokens=("a", "c"), seeds=("c",), longest=2)
    report = work(Parser("sleepy", (small,), sleeps), "seed", 100, lambda _given: None, limit_s=1)
    ((given, problem),) = report.failures
    assert given == ("c",)
    assert problem.startswith("TooSlow: no answer within 1 s")


DIES = """
import os
from bench.fuzz.grow import Grammar
from bench.fuzz.parsers import Parser
from bench.fuzz.run import fuzz

def dies(text):
    if "c" in text:
        os._exit(7)
    return "fine"

letters = Grammar(tokens=("a", "b", "c"), seeds=("abc",))
report = fuzz(Parser("mortal", (letters,), dies), inputs=100, seed=1, jobs=1, progress=print)
((given, problem),) = report.failures
assert "c" in given[0]
print(problem)
"""


def test_an_input_that_ends_the_process_is_named() -> None:
    ran = subprocess.run([sys.executable, "-c", DIES], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "the process ended with 7\n"


def test_the_command_prints_a_table() -> None:
    ran = bench("fuzz", "frames", "--inputs", "200", "--jobs", "1")
    assert ran.returncode == 0, ran.stderr
    head, row = ran.stdout.split("\n")[:2]
    assert head.split() == ["parser", "inputs", "a", "second", "outcomes", "slowest", "failures"]
    assert row.split()[:2] == ["frames", "200"]
    assert row.split()[-1] == "0"
