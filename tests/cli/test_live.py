"""The diff as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editsvc.cli.live import LiveDiff
from editsvc.engine.edit import StreamUpdate
from editsvc.text.streaming_diff import Block

if TYPE_CHECKING:
    import pytest


def test_the_first_change_is_drawn_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # what is no terminal is drawn on as if it were one
    monkeypatch.setenv("TERM", "xterm")
    with LiveDiff("a.py") as live:
        capsys.readouterr()
        live.streamed(StreamUpdate([Block(0, 1, 0, 1, equal=False)], 1, 2, ["was\n"], ["is\n"]))
        drawn = capsys.readouterr().err

    assert "-was" in drawn
    assert "+is" in drawn
