"""Whether somebody edits interactively, in this process or in another one."""

import math
from pathlib import Path

from editsvc.provider.presence import PRESENCE_FILE, Nobody, Presence


def test_processes_with_one_folder_know_of_each_other(tmp_path: Path) -> None:
    times = [1_000.0]
    editor, batch = (Presence(tmp_path, wall=lambda: times[0]) for _ in range(2))
    assert batch.idle_s() == math.inf
    editor.note()
    assert batch.idle_s() == 0
    times[0] += 60
    assert batch.idle_s() == 60


def test_the_file_is_not_touched_with_every_edit(tmp_path: Path) -> None:
    times = [1_000.0]
    presence = Presence(tmp_path, wall=lambda: times[0])
    presence.note()
    times[0] += 5
    presence.note()
    assert (tmp_path / PRESENCE_FILE).stat().st_mtime == 1_000
    times[0] += 5
    presence.note()
    assert (tmp_path / PRESENCE_FILE).stat().st_mtime == 1_010


def test_without_a_folder_this_process_still_knows(tmp_path: Path) -> None:
    presence = Presence(tmp_path / "gone", wall=lambda: 1_000.0)
    presence.note()
    assert presence.idle_s() == 0


def test_nobody_is_never_there() -> None:
    nobody = Nobody()
    nobody.note()
    assert nobody.idle_s() == math.inf
