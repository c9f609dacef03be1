"""What servers turned out to do, kept in a file: so that the next process need not find out again.

Like `limits_file`, one small JSON file in the data folder, replaced whole; the last writer's word counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from editsvc import credible
from editsvc.files import hints
from editsvc.provider.fields import Fields
from editsvc.provider.lessons import Lesson, Lessons
from editsvc.provider.noticed import PromptsSeen
from editsvc.provider.patience import Pace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LESSONS_FILE: Final = "servers.json"
_FORGOTTEN_S: Final = 7 * 86_400.0
_COUNTS: Final = 4
_MOST: Final = 64  # models; the latest stay


class LessonEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model at one server, known by `server` (the origin of its address): a `Lesson`, and when it was learned."""

    server: str
    model: str
    noted_at: float
    dropped: list[str] = []
    limit: str | None = None
    two_speakers: bool = False
    reads: float | None = None
    writes: float | None = None
    ignored: int = 0
    whole: bool = False
    prompts: list[int] = []
    cuts: bool = False

    def lesson(self) -> Lesson:
        """The entry as a value; what cannot be is not known."""
        limit = self.limit if self.limit in {"max_tokens", "max_completion_tokens"} else None
        return Lesson(
            Fields(frozenset(self.dropped), limit, self.two_speakers),  # type: ignore[arg-type]
            Pace(credible.speed(self.reads), credible.speed(self.writes)),
            credible.count(self.ignored) or 0,
            self.whole,
            self._prompts(),
        )

    def _prompts(self) -> PromptsSeen:
        counts = [credible.count(number) or 0 for number in self.prompts] + [0] * _COUNTS
        return PromptsSeen(counts[0], counts[1], counts[2], counts[3], self.cuts)


class LessonsFile:
    """The file in `folder`; `wall` tells Unix time."""

    def __init__(self, folder: Path, *, wall: Callable[[], float]) -> None:
        self._path = folder / LESSONS_FILE
        self._wall = wall

    def of(self, server: str) -> dict[str, Lesson]:
        """What is known about the models of `server`, and is not too old."""
        return {entry.model: entry.lesson() for entry in self._entries() if entry.server == server}

    def load(self, server: str, *, kept: bool = True) -> Lessons:
        """What is known about `server`; what is learned from now on is noted, if `kept`."""
        if not kept:
            return Lessons()
        return Lessons(self.of(server), changed=lambda lessons: self.save(server, lessons))

    def save(self, server: str, lessons: Lessons) -> None:
        """Note what is known about `server`; a file that cannot be written is none of an edit's business."""
        now = self._wall()
        entries = {(entry.server, entry.model): entry for entry in self._entries()}
        for model, lesson in lessons.known():
            seen = lesson.prompts
            entries[server, model] = LessonEntry(
                server,
                model,
                now,
                sorted(lesson.fields.dropped),
                lesson.fields.limit,
                lesson.fields.two_speakers,
                lesson.pace.reads,
                lesson.pace.writes,
                lesson.ignored,
                lesson.whole,
                [seen.whole_sent, seen.whole_read, seen.low_sent, seen.low_read],
                seen.cuts,
            )
        latest = sorted(entries.values(), key=lambda entry: entry.noted_at)[-_MOST:]
        hints.write(self._path, latest)

    def _entries(self) -> list[LessonEntry]:
        found = hints.read(self._path, list[LessonEntry]) or []
        now = self._wall()
        return [entry for entry in found if 0 <= now - entry.noted_at < _FORGOTTEN_S]
