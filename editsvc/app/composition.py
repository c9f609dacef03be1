"""The parts put together for a process: settings to a service, with a provider, a log and an end.

Both front ends start here, so that an edit means the same in an editor and in a shell.
"""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
import uuid
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from editsvc.app.known_servers import Foretelling, pass_cost_of
from editsvc.app.servers import (
    Asked,
    chain_of,
    configured,
    for_the_first,
    in_arm,
    price_of,
    rows,
    with_models,
)
from editsvc.engine.ports import Whose
from editsvc.engine.remembered import RememberedBatches
from editsvc.engine.scoring import BackgroundScorer
from editsvc.engine.service import Arm, EditService
from editsvc.files.shown_once import ShownOnce
from editsvc.provider import models
from editsvc.settings import environment, schema
from editsvc.settings.schema import Locate
from editsvc.settings.servers import servers as servers_of
from editsvc.tokenlog import SPOOL_FILE, LogUnavailable, TokenLog
from editsvc.tuning import POLICY_FILE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from editsvc.app.tuning import Reminder
    from editsvc.offline.naming.links import Files
    from editsvc.prediction.policy import LearnedPolicy
    from editsvc.provider.chain import Chain
    from editsvc.settings.schema import Settings
    from editsvc.tuning.judge import Terms

OFFLINE_MODEL: Final = "offline-engine"
_EVERYTHING_FITS: Final = 50_000_000
_OFFLINE_ROW: Final = models.Model(
    prediction=True, usd_per_million_input=0.0, usd_per_million_output=0.0, context_tokens=_EVERYTHING_FITS
)
# Fast enough not to be waited for, slow enough to be watched.
# Silence means work here, not a broken line: a million identifiers on one line take a minute.
_OFFLINE_PATIENCE_S: Final = 600.0
# How long a process that ends waits for numbers that nobody is waiting for; one that is interrupted does not.
_SCORING_AT_THE_END_S: Final = 1.0


class CurrentPolicy:
    """What was learned, as the policy file has it by now: a server that runs for days follows every tuning."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._stamp: int | None = None
        self._learned: LearnedPolicy | None = None

    def __call__(self) -> LearnedPolicy | None:
        """The policy; None for the built-in rule. A file that cannot be used is one, and `doctor` says why."""
        try:
            stamp = (self._data_dir / POLICY_FILE).stat().st_mtime_ns
        except OSError:
            return None
        if stamp != self._stamp:
            from editsvc.tuning.policy_file import load  # noqa: PLC0415 - most people have tuned nothing

            self._learned = load(self._data_dir).learned
            self._stamp = stamp
        return self._learned


class Pace(msgspec.Struct, frozen=True):
    """How fast the offline engine is: tokens a second, seconds to the first, prompt tokens a second (0: no limit)."""

    speed: float
    ttft_s: float
    prefill: float = 0.0


OFFLINE: Final = Pace(12_000.0, 0.02)
AS_CEREBRAS: Final = Pace(1_500.0, 0.2, 30_000.0)
"""What clients measured of gpt-oss-120b, not what the vendor states."""


@asynccontextmanager
async def open_service(
    settings: Settings,
    *,
    offline: bool,
    environ: Mapping[str, str] | None = None,
    pace: Pace = OFFLINE,
    run_files: Callable[[], Files | None] = lambda: None,
    draw: Callable[[], float] = random.random,
    reminds: bool = False,
) -> AsyncIterator[EditService]:
    """A service for `settings`; closes its connections and its log at the end.

    Without an API key and without a fallback, or with `offline`, the offline engine answers: behind the emulator,
    on a free port of the loopback interface that only this process has the key for, so that everything else is the
    real way, at `pace`. The `run_files` of a run are what it renames in step; a model is not shown other files, so they
    are only asked for by that engine. `draw` is uniform in [0, 1), for arms and exploration. One that `reminds` finds
    out after edits whether the policy is old. Raises SettingsError for a wrong model table or a key command that fails.
    """
    # A key command may take seconds, which an event loop does not have.
    servers = [] if offline else await asyncio.to_thread(configured, settings, environ)
    table = models.table(settings.models)
    if servers:
        servers = await with_models(settings, servers)
        async with _service(
            settings, table, servers, draw, environ, offline=False, reminds=reminds
        ) as service:
            yield service
        return
    from editsvc.emulator import EmulatedModel, Emulator, EmulatorOptions  # noqa: PLC0415 - aiohttp, 0.1 s
    from editsvc.emulator.responder import OfflineResponder  # noqa: PLC0415 - as above
    from editsvc.offline import rewrite  # noqa: PLC0415 - loads the syntax tables

    key = environment.ApiKey(uuid.uuid4().hex, "this process")
    options = EmulatorOptions(
        offline=True,
        api_key=key.value,
        models=(EmulatedModel(OFFLINE_MODEL, reasoning=False, context=_EVERYTHING_FITS),),
        speed=pace.speed,
        ttft=pace.ttft_s,
        prefill=pace.prefill,
    )
    settings = msgspec.structs.replace(
        settings,
        model=OFFLINE_MODEL,
        locate=Locate.OFF,
        read_timeout_s=_OFFLINE_PATIENCE_S,
        deadline_s=_OFFLINE_PATIENCE_S,
        servers={},
        api_key_command=None,
        max_retries=0,
        hedge_after_s=None,
    )
    files = await asyncio.to_thread(run_files)
    async with Emulator(options, responder=OfflineResponder(partial(rewrite, files=files))) as emulator:
        settings = msgspec.structs.replace(settings, base_url=emulator.base_url, fallback_base_url=None)
        ours = Asked(servers_of(settings)[0], key)
        table = {OFFLINE_MODEL: _OFFLINE_ROW}
        async with _service(settings, table, [ours], draw, environ, offline=True, files=files) as service:
            yield service


def judge_by(settings: Settings, now: datetime) -> Terms:
    """What a judgement of predictions goes by besides the log, wherever it is given: prices, value of time, policy."""
    from editsvc.tuning.judge import Terms  # noqa: PLC0415 - most processes judge nothing
    from editsvc.tuning.objective import Worth  # noqa: PLC0415
    from editsvc.tuning.policy_file import load  # noqa: PLC0415

    return Terms(
        now,
        price_of(settings),
        Worth(settings.value_of_time, settings.objective),
        load(environment.data_dir(settings)).learned,
        pass_cost_of=pass_cost_of(settings),
    )


def open_log(settings: Settings) -> TokenLog:
    """The token log of `settings`; it is connected to when it is first used."""
    folder = environment.data_dir(settings)
    return TokenLog(
        environment.log_place(settings),
        spool=folder / SPOOL_FILE,
        salt_folder=folder,
        zone=environment.zone(settings),
    )


def _auto_tuning(settings: Settings, log: TokenLog) -> Callable[[], None] | None:
    """What tunes by itself; None where that is switched off, or could have no effect."""
    if not settings.auto_tune or not settings.learned_policy:
        return None
    from editsvc.app.tuning import AutoTuning  # noqa: PLC0415 - few people have switched it on

    return AutoTuning(settings, log, lambda: datetime.now(UTC))


def _reminder(settings: Settings, log: TokenLog) -> Reminder | None:
    """What finds out whether the policy is old; None where none is used, or somebody tunes by themselves anyway."""
    if settings.auto_tune or not settings.learned_policy:
        return None
    from editsvc.app.tuning import Reminder  # noqa: PLC0415 - editors alone

    return Reminder(settings, log, lambda: datetime.now(UTC))


class Preparation:
    """What is done while the first reply is awaited, in a thread: before that, it would hold up the request.

    A server that has time does it before the first edit. Whatever is wrong with it shows when it is needed.
    """

    def __init__(self, log: TokenLog | None) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """Begin, if that was not done."""
        if self._is_first():
            gc.enable()  # the command line has not collected until now
            threading.Thread(target=self._run, name="preparation", daemon=True).start()

    def run(self) -> None:
        """Do it here and now, if it was not begun."""
        if self._is_first():
            self._run()

    def _is_first(self) -> bool:
        with self._lock:
            begun, self._begun = self._begun, True
            return not begun

    def _run(self) -> None:
        from editsvc.engine.rehearsal import rehearse_once  # noqa: PLC0415 - loads what a reply needs

        with suppress(Exception):  # such as at the end of a process that was not to wait for it
            rehearse_once()
        if self._log is not None:
            with suppress(LogUnavailable):
                self._log.open()


def _names(settings: Settings, environ: Mapping[str, str] | None) -> Callable[[str], Whose]:
    """What tells whose a document is, as far as the user wants that logged."""
    if not (settings.log_repository or settings.log_user):
        return lambda _path: Whose()
    from editsvc.app.names import Names  # noqa: PLC0415 - for those who have switched it on

    return Names(settings, environ)


@asynccontextmanager
async def _service(
    settings: Settings,
    known: dict[str, models.Model],
    servers: Sequence[Asked],
    draw: Callable[[], float],
    environ: Mapping[str, str] | None,
    *,
    offline: bool,
    files: Files | None = None,
    reminds: bool = False,
) -> AsyncIterator[EditService]:
    # Of a model, the next server may know something else than the first one.
    settings, table = (settings, known) if offline else for_the_first(settings, known, servers[0])
    folder = environment.data_dir(settings)
    log = open_log(settings) if settings.log_enabled else None
    preparation = Preparation(log)
    chain = chain_of(settings, known, servers, remembered=not offline)

    def warm_up() -> None:
        if not offline:
            chain.warm_up()
        preparation.run()

    reminder = _reminder(settings, log) if reminds and log is not None else None
    scorer = (
        BackgroundScorer(
            log,
            servers=None if offline else folder,
            afterwards=None if offline else _auto_tuning(settings, log) or reminder,
        )
        if log is not None
        else None
    )
    whose = _names(settings, environ)
    shown_once, policy = ShownOnce(folder / "notices"), CurrentPolicy(folder)

    def service(
        settings: Settings,
        table: Mapping[str, models.Model],
        provider: Chain,
        asked: Sequence[Asked],
        *,
        batches: RememberedBatches | None = None,
        arms: Mapping[str, Arm] | None = None,
    ) -> EditService:
        learns = settings.learned_policy and not offline
        return EditService(
            provider=provider,
            settings=settings,
            models=table,
            served=rows(known, asked),
            recorder=log,
            shown_once=shown_once,
            clock=time.monotonic,
            now=lambda: datetime.now(UTC),
            new_id=lambda: uuid.uuid4().hex,
            scorer=scorer,
            learned=policy if learns else lambda: None,
            foretells=Foretelling(settings) if learns else lambda *_: None,
            draw=None if offline else draw,
            offline=offline,
            files=files,
            warm_up=warm_up,
            sent=preparation.begin,
            whose=whose,
            batches=batches,
            arms=arms,
            reminds=(lambda: reminder.sentence) if reminder is not None else lambda: "",
        )

    chains = [chain]
    batches, arms = RememberedBatches(), dict[str, Arm]()
    try:
        for name, arm in {} if offline else settings.arms.items():
            asked = in_arm(name, arm, servers)
            # Servers that are asked in another order need a chain of their own; connections are made when needed.
            own = chain if arm.servers is None else chain_of(settings, known, asked)
            if own is not chain:
                chains.append(own)
            theirs, rest = for_the_first(schema.in_arm(settings, name), known, asked[0])
            made = service(theirs, rest, own, asked, batches=batches)
            arms[name] = Arm(arm.share, made, sets_prediction=arm.sets_prediction)
        yield service(settings, table, chain, servers, batches=batches, arms=arms)
    finally:
        for each in chains:
            each.close()
        if scorer is not None:
            task = asyncio.current_task()
            interrupted = task is not None and task.cancelling() > 0
            await asyncio.to_thread(scorer.close, 0.0 if interrupted else _SCORING_AT_THE_END_S)
        if log is not None:
            log.close()
