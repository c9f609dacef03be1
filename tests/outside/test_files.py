"""Files that are too large, run as somebody else, or are swapped for a link during the edit."""

import os
import stat
import threading
from collections.abc import Iterable

import pytest
from outside import EDITED, TEXT, Product, Request, always, end, ended, event, framed, head, reply, serving

_HANGING_S = 60
# Of the processor, so that it does not matter how busy it is. Work on such a file takes ten times as much.
_CPU_S = 5


@pytest.mark.parametrize(
    "content", [b"x = 1\n" * 6_000_000, b"x" * 50_000_000], ids=["many lines", "one long line"]
)
def test_a_file_that_is_too_large_is_refused_before_it_is_worked_on(product: Product, content: bytes) -> None:
    product.file("large.py", content)
    with serving(always(reply())) as server:
        product.asks(server.address)
        ran = product.rewrite("large.py", cpu_s=_CPU_S)
        assert (ran.code, server.asked) == (1, []), ran.err
    assert "MB" in ran.err


@pytest.mark.parametrize("links", [1, 2])
def test_a_file_that_runs_as_somebody_else_does_not_after_an_edit(product: Product, links: int) -> None:
    path = product.file("tool.py")
    if links == 2:
        os.link(path, product.folder / "second.py")
    path.chmod(0o6755)
    with serving(always(reply())) as server:
        product.asks(server.address)
        assert product.rewrite("--apply", "tool.py").code == 0
    assert path.read_text() == EDITED
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_is_swapped_for_a_link_during_an_edit_is_not_written_through(
    product: Product, what: str
) -> None:
    path = product.file("sub/steps.py")
    elsewhere = product.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "steps.py").write_text(TEXT)
    asked, swapped = threading.Event(), threading.Event()

    def answer(_: Request) -> Iterable[bytes]:
        yield head() + event(framed(EDITED))
        asked.set()
        swapped.wait(_HANGING_S)
        yield end()

    with serving(answer) as server:
        product.asks(server.address)
        with product.popen(
            "rewrite", "-i", "Call step 7 seventh_step.", "--apply", "sub/steps.py"
        ) as process:
            assert asked.wait(_HANGING_S)
            swapped_one, target = (
                (path, elsewhere / "steps.py") if what == "file" else (path.parent, elsewhere)
            )
            swapped_one.rename(product.folder / "moved")
            swapped_one.symlink_to(target)
            swapped.set()
            ran = ended(process)
    assert ran.is_told and ran.code == 1, ran.err
    assert (elsewhere / "steps.py").read_text() == TEXT
    assert [entry.name for entry in elsewhere.iterdir()] == ["steps.py"]
