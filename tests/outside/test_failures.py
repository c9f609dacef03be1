"""Whatever goes wrong on the way to a server is told in a sentence, and leaves a record."""

import json

import pytest
from outside import TEXT, Product, always, http, reply, serving

_JSON = "Content-Type: application/json"
LISTS = {
    "a page": http("<html><body>Sign in</body></html>", "Content-Type: text/html"),
    "a list": http("[]", _JSON),
    "a text": http('"no"', _JSON),
    "a number": http("7", _JSON),
    "null": http("null", _JSON),
    "names alone": http('{"data":["a","b"]}', _JSON),
    "no names": http('{"data":[{"id":7},{"id":null},{}]}', _JSON),
    "no JSON": http('{"data":[', _JSON),
}


def test_an_answer_that_cannot_be_unpacked_is_a_failure_of_the_server(product: Product) -> None:
    path = product.file("steps.py")
    with serving(
        always(http("plain", "Content-Type: text/event-stream", "Content-Encoding: gzip"))
    ) as server:
        product.asks(server.address)
        ran = product.rewrite("--apply", "steps.py")
    assert ran.is_told, ran.err
    assert (ran.code, path.read_text()) == (3, TEXT)
    (record,) = product.records()
    assert record["status"] == "failed"


@pytest.mark.parametrize("answer", LISTS.values(), ids=LISTS)
def test_what_is_no_list_of_models_is_said_to_be_none(product: Product, answer: bytes) -> None:
    with serving(always(answer)) as server:
        product.asks(server.address)
        ran = product.run("models")
    assert ran.is_told, ran.err


@pytest.mark.parametrize("proxy", ["garbage", "http://", "http://[::1"])
def test_a_proxy_that_is_none_is_named(product: Product, proxy: str) -> None:
    product.file("steps.py")
    product.asks("http://model.example")
    product.environ["http_proxy"] = proxy
    ran = product.rewrite("steps.py")
    assert ran.is_told, ran.err
    assert "proxy" in ran.err
    assert len(product.records()) == 1


def test_an_instruction_that_is_no_unicode_is_said_to_be_none(product: Product) -> None:
    path = product.file("steps.py")
    with serving(always(reply())) as server:
        product.asks(server.address)
        ran = product.rewrite("--apply", "steps.py", instruction=b"Call step 7 \xff\xfe.")
    assert ran.is_told, ran.err
    assert "Unicode" in ran.err
    assert path.read_text() == TEXT


def test_an_editors_instruction_that_is_no_unicode_is_answered(product: Product) -> None:
    path = product.file("steps.py")
    with serving(always(reply())) as server:
        product.asks(server.address)
        with product.editor() as editor:
            uri = editor.open(path)
            answer = editor.wait(editor.edit(uri, "Call step 7 \ud800."))
            assert "Traceback" not in json.dumps(answer)
            assert answer.get("error", {}).get("code") != -32603  # an internal error
            # It goes on to work.
            assert editor.wait(editor.edit(uri))["result"]["status"] == "changed"
