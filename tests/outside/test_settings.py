"""Settings that others have put where they are found, and addresses that give keys away."""

import os

import pytest
from outside import Product, always, reply, serving

_NOBODY = 65534


def model_asked(product: Product) -> str:
    product.file("steps.py")
    with serving(always(reply())) as server:
        product.asks(server.address)
        ran = product.rewrite("--json", "steps.py")
    assert ran.code == 0, ran.err
    model: str = ran.edit["model"]
    return model


def test_without_a_work_tree_no_settings_above_the_folder_count(product: Product) -> None:
    (product.folder / ".git").rmdir()
    (product.folder.parent / ".editsvc.toml").write_text('model = "of-a-stranger"\n')
    assert model_asked(product) != "of-a-stranger"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to somebody else")
def test_the_settings_of_somebody_else_do_not_count(product: Product) -> None:
    inner = product.folder / "sub"
    inner.mkdir()
    settings = product.folder / ".editsvc.toml"
    settings.write_text('model = "of-a-stranger"\n')
    os.chown(settings, _NOBODY, _NOBODY)
    assert model_asked(Product(inner, product.data, product.environ)) != "of-a-stranger"


def test_a_key_that_goes_unencrypted_to_another_host_is_warned_of(product: Product) -> None:
    """The other host is a proxy on loopback, which nobody can tell from one by its answers."""
    product.file("steps.py")
    with serving(always(reply())) as server:
        product.asks("http://model.example")
        product.environ["http_proxy"] = server.address
        ran = product.rewrite("steps.py")
        assert ran.code == 0, ran.err
        assert server.asked[0].headers["authorization"].endswith("csk-nobodys-key")
    assert "http://" in ran.err or "encrypted" in ran.err


def test_one_on_this_machine_is_not_warned_of(product: Product) -> None:
    product.file("steps.py")
    with serving(always(reply())) as server:
        product.asks(server.address)
        ran = product.rewrite("steps.py")
    assert (ran.code, "encrypted" in ran.err) == (0, False)
