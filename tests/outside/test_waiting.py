"""Servers that are slow, small or on this machine, and those that would be waited for in vain."""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from outside import EDITED, Product, Request, always, http, reply, serving

_JSON = "Content-Type: application/json"
LONGEST_S = 600
LONG = "\n\n".join(f"def step_{number}(value):\n    return value + {number}\n" for number in range(200))


@contextmanager
def first_fails(product: Product, second: str) -> Iterator[None]:
    """The first server is no help, so that a second one is asked, which is not Cerebras."""
    with serving(always(http("{}", _JSON, status="500 Internal Server Error"))) as first:
        product.asks(first.address)
        product.environ.update(EDITSVC_FALLBACK_BASE_URL=second, EDITSVC_FALLBACK_MODEL="local")
        yield


@pytest.mark.parametrize("wait", ["99999999", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_asks_for_years_is_not_put_off_for_years(product: Product, wait: str) -> None:
    product.file("steps.py")
    with serving(always(http("{}", _JSON, f"Retry-After: {wait}", status="429 Too Many Requests"))) as server:
        product.asks(server.address)
        ran = product.rewrite("steps.py")
    assert ran.is_told and ran.code == 3, ran.err
    (told,) = re.findall(r"Try again in (\S+) s", ran.err)
    assert float(told) <= LONGEST_S


def test_a_server_on_this_machine_is_asked_for_one_thing_at_a_time(product: Product) -> None:
    together = threading.Barrier(2)

    def answer(_: Request) -> Iterable[bytes]:
        try:
            # A second request would come by then; where there is none, this says nothing about the machine.
            together.wait(0.3)
        except threading.BrokenBarrierError:
            together.reset()
        yield reply()

    for name in ("a.py", "b.py"):
        product.file(name)
    with serving(answer) as server, first_fails(product, server.address):
        assert product.rewrite("a.py", "b.py").code == 0
        assert server.most_under_way == 1


def test_a_server_that_loads_its_model_is_waited_for(product: Product) -> None:
    path = product.file("steps.py")
    loading = http(
        '{"error":{"message":"Loading model","code":503}}', _JSON, status="503 Service Unavailable"
    )
    answers = iter([loading])
    with serving(lambda _: [next(answers, reply())]) as server:
        product.asks(server.address)
        ran = product.rewrite("--apply", "steps.py")
    assert (ran.code, path.read_text()) == (0, EDITED), ran.err


def test_a_prompt_that_was_read_in_part_is_noticed(product: Product) -> None:
    path = product.file("steps.py", LONG)
    used = '{"prompt_tokens":512,"completion_tokens":3000}'
    with (
        serving(always(reply(LONG.replace("step_7(", "seventh_step("), usage=used))) as server,
        first_fails(product, server.address),
    ):
        ran = product.rewrite("--apply", "--scope", "file", "steps.py")
    assert (ran.code, path.read_text()) == (3, LONG), ran.err
    assert "has read only 512 of" in ran.err
