"""Letters that are not what they look like do not come in with an edit, whatever script they are of."""

import json

from outside import TEXT, Product, Request, reply, serving

WORDS = {
    "Cyrillic": "c\u043est",
    "Greek": "c\u03bfst",
    "Armenian": "c\u0585st",
    "Cherokee": "\u13dfost",
    "Lisu": "\ua4daost",
    "full width": "\uff43ost",
    "bold": "\U0001d41cost",
    "phonetic": "\u0251mount",
}


def test_a_name_with_a_look_alike_is_refused(product: Product) -> None:
    scripts = {f"{number}.py": script for number, script in enumerate(WORDS)}
    for name in scripts:
        product.file(name)

    def answer(request: Request) -> list[bytes]:
        return [reply(f"{TEXT}\n\ndef {WORDS[scripts[request.filename]]}():\n    return 1\n")]

    with serving(answer) as server:
        product.asks(server.address)
        instruction = "Add a function that returns 1."
        ran = product.rewrite("--apply", "--json", "--jobs", "1", *scripts, instruction=instruction)
    found = {scripts[edit["path"]]: edit["error"] for edit in json.loads(ran.out)["edits"]}
    assert found == dict.fromkeys(WORDS, "GuardRefused:invisible")
    assert {(product.folder / name).read_text() for name in scripts} == {TEXT}
