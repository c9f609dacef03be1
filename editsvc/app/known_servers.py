"""What is known of the servers of some settings: for decisions about predictions, and for people."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from editsvc.settings import environment
from editsvc.tuning import VERIFICATION_FILE

if TYPE_CHECKING:
    from editsvc.prediction.policy import Cell
    from editsvc.prediction.servers import KnownServer
    from editsvc.report import Report
    from editsvc.settings.schema import Settings
    from editsvc.tuning.judge import PassCostOf
    from editsvc.tuning.objective import PriceOf


def known_servers(settings: Settings) -> list[KnownServer]:
    """What is known of each server, as it is kept in the data folder."""
    from editsvc.tuning.verification_file import VerificationFile  # noqa: PLC0415 - not before the first request

    return VerificationFile(environment.data_dir(settings)).load()


def pass_cost_of(settings: Settings) -> PassCostOf:
    """What is known of the cost of passes, as it is kept in the data folder when it is first asked for."""
    found: dict[tuple[str, str], tuple[float, float] | None] | None = None

    def told(cell: Cell) -> tuple[float, float] | None:
        nonlocal found
        if found is None:
            found = {(each.provider, each.model): each.pass_cost for each in known_servers(settings)}
        return found.get((cell.provider or "", cell.model))

    return told


class Foretelling:
    """Whether predictions pay, by what is known of servers by now; loads nothing where nothing is known.

    A price that is not known counts as none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = environment.data_dir(settings) / VERIFICATION_FILE
        self._stamp: int | None = None
        self._servers: list[KnownServer] = []

    @cached_property
    def _price_of(self) -> PriceOf:
        from editsvc.app.servers import price_of  # noqa: PLC0415 - as below

        return price_of(self._settings)

    def __call__(self, provider: str, model: str, kind: str, prediction_tokens: int, /) -> bool | None:
        """Whether a prediction of that kind and length pays; None if that is not known."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except OSError:
            return None
        if stamp != self._stamp:
            self._servers = known_servers(self._settings)
            self._stamp = stamp
        for server in self._servers:
            if (server.provider, server.model) == (provider, model):
                from editsvc.prediction.policy import Cell  # noqa: PLC0415 - most processes know no server
                from editsvc.prediction.servers import Rates  # noqa: PLC0415
                from editsvc.tuning.objective import Worth  # noqa: PLC0415

                price = self._price_of(Cell(provider, model))
                hour = Worth(self._settings.value_of_time, self._settings.objective).per_hour
                return server.pays(kind, prediction_tokens, Rates(hour, (price or 0.0) / 1_000_000))
        return None


def with_servers(report: Report, settings: Settings) -> Report:
    """`report`, and what is known of each server that has answered in its time."""
    from editsvc.prediction.servers import change_sentence, numbers, sentence  # noqa: PLC0415 - reports alone need it
    from editsvc.report.model import Recommendation  # noqa: PLC0415

    found = []
    for server in known_servers(settings):
        if report.since is not None and server.noted_at < report.since.timestamp():
            continue
        found.append(Recommendation("server", sentence(server), numbers(server)))
        changed = change_sentence(server)
        if changed is not None:
            found.append(Recommendation("server-changed", changed, numbers(server)))
    return replace(report, recommendations=[*report.recommendations, *found])
