"""Keys in a file are not sent if they can be recognised, and are there after the edit, whatever a server does."""

import re
from collections.abc import Callable, Iterable

from outside import Product, Request, http, reply, serving
from secret_kinds import examples

# Shaped like a key, and nobody's: put together here so that no scanner takes this file for a leak.
KEY = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dcAbCdEfGh"
SHOP = f'import shop\n\nSECRET_NAME = "shop"\nshop.api_key = "{KEY}"\n\n\n' + "\n\n".join(
    f"def pay_{number}(amount):\n    return shop.charge(amount, {number})\n" for number in range(20)
)
RENAME = "replace 'SECRET' with 'TOKEN'"
SHARE = 0.95


def placeholder(code: str) -> str:
    (found,) = re.findall(r'^shop\.api_key = "(.*)"$', code, re.MULTILINE)
    return str(found)


def edited(
    product: Product, change: Callable[[str], str], instruction: str = RENAME
) -> tuple[str, list[Request]]:
    """The file after an edit by a server that does `change` to what it is shown, and what it was asked."""
    path = product.file("pay.py", SHOP)

    def answer(request: Request) -> Iterable[bytes]:
        yield reply(change(request.shown))

    with serving(answer) as server:
        product.asks(server.address)
        ran = product.rewrite("--apply", "--scope", "file", "pay.py", instruction=instruction)
    assert ran.is_told, ran.err
    return path.read_text(), server.asked


def test_a_key_survives_a_change_of_the_words_that_stand_for_it(product: Product) -> None:
    after, (asked, *_) = edited(product, lambda code: code.replace("SECRET", "TOKEN"))
    assert KEY not in asked.messages
    assert KEY in after


def test_what_stands_for_a_key_is_another_word_each_time_and_whole_in_the_prediction(
    product: Product,
) -> None:
    words = []
    for _ in range(2):
        _, (asked, *_) = edited(product, lambda code: code)
        words.append(placeholder(asked.shown))
        assert words[-1] in asked.json["prediction"]["content"]
    assert words[0] != words[1]
    assert KEY not in words


def test_a_line_that_goes_on_without_its_key_is_refused(product: Product) -> None:
    after, _ = edited(
        product, lambda code: code.replace(placeholder(code), "changed"), "Rename pay_7 to pay_seven."
    )
    assert after == SHOP


def test_of_many_kinds_of_secrets_nearly_all_are_recognised(product: Product) -> None:
    kinds = examples(seed=21)
    product.environ["EDITSVC_CONTEXT_TOKENS"] = "1000000"
    product.file("keys.txt", "\n\n".join(f"{number}:\n{each.text}" for number, each in enumerate(kinds)))
    with serving(
        lambda _: [http("{}", "Content-Type: application/json", status="400 Bad Request")]
    ) as server:
        product.asks(server.address)
        ran = product.rewrite("--scope", "file", "keys.txt", instruction="Sort the lines.")
        assert ran.is_told, ran.err
        sent = server.asked[0].json["messages"][-1]["content"]
    assert f"{len(kinds) - 1}:\n" in sent
    leaked = [each.kind for each in kinds if each.text[each.start : each.end] in sent]
    assert len(leaked) <= (1 - SHARE) * len(kinds), leaked
