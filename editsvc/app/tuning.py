"""Tuning: what it would decide by now, and how that comes into force, asked for or by itself.

By itself it is bounded in time, whatever the log holds: a large log is sampled. One process at a time tunes by itself,
after an edit, when nobody waits for anything; one that is stopped meanwhile has changed nothing, and it is not tried
again before as many requests have come once more.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from editsvc.errors import EditsvcError
from editsvc.settings import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from editsvc.settings.schema import Settings
    from editsvc.tokenlog.store import TokenLog
    from editsvc.tuning.policy_file import Loaded, PolicyFile
    from editsvc.tuning.tune import Tuning

SAMPLE: Final = 4_000
"""About so many requests are judged one by one."""
SINCE: Final = timedelta(days=90)
REMINDED_EVERY: Final = 50
"""After so many edits an editor asks whether the policy is old."""
_LOCK: Final = "tuning.lock"


class Considered(NamedTuple):
    """The policy in force, and that which tuning would put in its place; None for none, or for no change.

    `warning` says why the policy file is not used, if there is one.
    """

    standing: PolicyFile | None
    proposed: PolicyFile | None
    warning: str = ""

    @property
    def changes(self) -> list[str]:
        """What would be decided otherwise, in a few words each."""
        from editsvc.tuning.sentences import differences  # noqa: PLC0415 - few processes tune

        return [] if self.proposed is None else differences(self.proposed, self.standing)

    @property
    def sentence(self) -> str:
        """What tuning would do by now, as a sentence; empty if nothing."""
        if not self.changes:
            return ""
        said = "would decide otherwise by now" if self.opposes else "has learned more by now"
        return f"editsvc tune {said}: {'; '.join(self.changes)}."

    @property
    def opposes(self) -> bool:
        """Whether some request that gets a prediction now would get none then, or the other way round."""
        if self.proposed is None:
            return False
        now, then = (
            {} if each is None else {rule.cell: rule.predict for rule in each.rule}
            for each in (self.standing, self.proposed)
        )
        return any(
            (now.get(cell, now.get(cell.whole_model)) is False)
            is not (then.get(cell, then.get(cell.whole_model)) is False)
            for cell in {*now, *then}
        )


def consider(settings: Settings, log: TokenLog, now: datetime) -> Considered:
    """What tuning would decide at `now`, from a sample of a large log; raises LogUnavailable.

    A policy file that cannot be used stays as it is: its user has something to mend.
    """
    from editsvc.tuning import policy_file  # noqa: PLC0415 - few processes tune
    from editsvc.tuning.tune import tune_sampled  # noqa: PLC0415

    loaded = policy_file.load(environment.data_dir(settings))
    if loaded.warning:
        return Considered(None, None, loaded.warning)
    evidence = log.evidence(since=now - SINCE, sample=SAMPLE)
    return _considered(settings, loaded, now, partial(tune_sampled, evidence))[1]


def consider_all(
    settings: Settings, log: TokenLog, now: datetime, *, since: datetime | None
) -> tuple[Tuning, Considered]:
    """The same from every record since `since`, and what it follows from; raises LogUnavailable.

    A policy file that cannot be used is to be replaced.
    """
    from editsvc.tuning import policy_file  # noqa: PLC0415 - few processes tune
    from editsvc.tuning.tune import tune  # noqa: PLC0415

    loaded = policy_file.load(environment.data_dir(settings))
    return _considered(settings, loaded, now, partial(tune, log.records(since)))


def _considered(
    settings: Settings, loaded: Loaded, now: datetime, learn: Callable[..., Tuning]
) -> tuple[Tuning, Considered]:
    from editsvc.app.servers import price_of  # noqa: PLC0415 - few processes tune
    from editsvc.tuning import policy_file  # noqa: PLC0415 - few processes tune
    from editsvc.tuning.objective import Worth  # noqa: PLC0415
    from editsvc.tuning.proposal import propose  # noqa: PLC0415

    standing = loaded.policy
    prices = price_of(settings)
    found = learn(
        now=now,
        price_of=prices,
        worth=Worth(settings.value_of_time, settings.objective),
        standing=loaded.learned,
        prices={} if standing is None else standing.prices,
    )
    version = policy_file.next_version(environment.data_dir(settings))
    proposed = propose(found, standing, version=version, now=now, price_of=prices)
    return found, Considered(standing, proposed, loaded.warning)


def put_in_force(found: Considered, folder: Path, *, now: datetime, by: str) -> Path | None:
    """Save what is proposed, and by whom; the file, or None if nothing is. Raises FileError and OSError."""
    from editsvc.tuning import policy_file, tunings  # noqa: PLC0415 - few processes tune

    if found.proposed is None:
        return None
    place = policy_file.save(folder, found.proposed)
    tunings.made(folder, found.proposed.version, at=now.timestamp(), by=by, changes=found.changes)
    return place


class AutoTuning:
    """Tunes when the setting `auto_tune` says that it is time; to be called after each edit, by a thread of its own."""

    def __init__(self, settings: Settings, log: TokenLog, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._log = log
        self._now = now
        self._folder = environment.data_dir(settings)
        self._not_before = 0

    def __call__(self) -> None:
        """Tune, if so many requests have come; whatever is wrong is found by who tunes by hand."""
        self._not_before -= 1
        if self._not_before > 0:
            return
        with suppress(EditsvcError, OSError):
            left = self.left()
            if left > 0:
                self._not_before = left // 2  # other processes make requests as well
            else:
                self.tune()

    def left(self) -> int:
        """How many requests are still to come; raises LogUnavailable."""
        from editsvc.tuning import tunings  # noqa: PLC0415 - only who tunes by itself

        return self._settings.auto_tune - tunings.load(self._folder).since(self._log.status()["count"])

    def tune(self) -> Considered | None:
        """Tune now; None if another process does. Raises LogUnavailable, FileError and OSError."""
        from editsvc.tuning import tunings  # noqa: PLC0415 - as above

        with _alone(self._folder) as alone:
            if not alone or self.left() > 0:
                return None
            now = self._now()
            tunings.begun(self._folder, at=now.timestamp(), requests=self._log.status()["count"])
            found = consider(self._settings, self._log, now)
            put_in_force(found, self._folder, now=now, by=tunings.BY_ITSELF)
            return found


class Reminder:
    """Finds out whether the policy is old, for editors; to be called after each edit, by a thread of its own.

    It asks rarely, and only where enough requests came since somebody tuned: what `doctor` says is not worth more.
    """

    def __init__(self, settings: Settings, log: TokenLog, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._log = log
        self._now = now
        self._folder = environment.data_dir(settings)
        self._left = 0
        self._tuned_at = 0.0
        self.sentence = ""
        """That tuning would decide otherwise by now; empty if it would not, as far as is known."""

    def __call__(self) -> None:
        """Ask, if it is time; what is wrong with the log is said elsewhere."""
        from editsvc.tuning import tunings  # noqa: PLC0415 - not before the first edit

        tuned = tunings.load(self._folder)
        if tuned.at != self._tuned_at:  # somebody has tuned
            self._tuned_at, self._left, self.sentence = tuned.at, 0, ""
        self._left -= 1
        if self._left > 0:
            return
        self._left = REMINDED_EVERY
        with suppress(EditsvcError, OSError):
            if tuned.since(self._log.status()["count"]) < REMINDED_EVERY:
                return
            found = consider(self._settings, self._log, self._now())
            self.sentence = found.sentence if found.opposes else ""


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process tunes by itself within; raises OSError."""
    from editsvc.system.files import FILES  # noqa: PLC0415 - as above

    descriptor = FILES.open(folder / _LOCK, os.O_RDWR | os.O_CREAT)
    try:
        yield FILES.claim(descriptor)
    finally:
        os.close(descriptor)
