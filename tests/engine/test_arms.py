"""Named arms: drawn for each edit by itself, logged whatever becomes of it, and nothing at all without settings."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsp_session import ONE_RENAME, STEPS, write_cases

from editsvc.app.composition import open_log, open_service
from editsvc.emulator import Emulator, EmulatorOptions, parse_fault
from editsvc.engine.arms import draw
from editsvc.engine.edit import EditRequest, EditResult
from editsvc.errors import SettingsError, Status
from editsvc.prediction.policy import PredictionMode
from editsvc.settings.environment import load
from editsvc.text.document import Snapshot
from editsvc.tokenlog import RequestRecord, Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINI = "[arms.mini]\nshare = 0.25\nmodel = 'zai-glm-4.7'\n"
shares = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 16), max_size=6).map(
    lambda parts: {name: part / 96 for name, part in parts.items()}
)


@given(shares)
def test_each_arm_gets_its_share_of_all_numbers_and_control_the_rest(parts: dict[str, float]) -> None:
    found = Counter(draw(parts, (number + 0.5) / 960).name for number in range(960))
    expected = {name: round(part * 960) for name, part in parts.items()}
    expected["control"] = 960 - sum(expected.values())
    assert found == {name: count for name, count in expected.items() if count}


@given(shares, st.floats(0, 1, exclude_max=True))
def test_a_number_always_means_the_same_arm_and_its_probability(
    parts: dict[str, float], number: float
) -> None:
    drawn = draw(parts, number)
    assert drawn == draw(dict(reversed(parts.items())), number)
    assert drawn.propensity == pytest.approx(parts.get(drawn.name, 1 - sum(parts.values())))


def test_shares_that_add_up_to_one_leave_no_control_though_their_sum_is_rounded() -> None:
    parts = dict.fromkeys("abcdefghij", 0.1)
    assert sum(parts.values()) < 1
    assert draw(parts, 1 - 2**-53).name == "j"


async def edited(
    folder: Path,
    settings: str,
    draws: Iterator[float],
    *,
    faults: tuple[str, ...] = (),
    flags: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    offline: bool = False,
    times: int = 1,
    **fields: Any,
) -> tuple[list[EditResult], list[RequestRecord], list[str]]:
    """The results of edits with the settings of a file, their records, and the models that were asked."""
    options = EmulatorOptions(
        script=write_cases(folder), faults=tuple(map(parse_fault, faults)), api_key="a-key"
    )
    async with Emulator(options) as emulator:
        (folder / "config.toml").write_text(f"max_retries = 0\nexploration = 0\n{settings}")
        given = {
            "EDITSVC_CONFIG": str(folder / "config.toml"),
            "EDITSVC_DATA_DIR": str(folder / "data"),
            "CEREBRAS_BASE_URL": emulator.base_url,
            "CEREBRAS_API_KEY": "a-key",
            **(environ or {}),
        }
        resolved = load(flags, environ=given, folder=folder).settings
        async with open_service(
            resolved, offline=offline, environ=given, draw=lambda: next(draws)
        ) as service:
            request = EditRequest(Snapshot(STEPS), ONE_RENAME, "steps.py", Source.CLI, "/x/steps.py")
            asked = [EditRequest(**{**_fields(request), **fields}) for _ in range(times)]
            results = [await service.edit(each) for each in asked]
        with open_log(resolved) as log:
            records = await asyncio.to_thread(lambda: list(log.records()))
        return results, records, [each.model for each in emulator.records()]


def _fields(request: EditRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in EditRequest.__dataclass_fields__}


async def test_an_arm_changes_its_settings_and_is_in_the_log_and_the_result(tmp_path: Path) -> None:
    draws = iter([0.1, 0.5, 0.9, 0.5])  # each edit draws an arm, and then its prediction
    results, records, models = await edited(tmp_path, MINI, draws, times=2)
    assert [each.status for each in results] == [Status.CHANGED, Status.CHANGED]
    assert models == ["zai-glm-4.7", "gpt-oss-120b"]
    assert [(each.named_arm, each.named_arm_propensity) for each in records] == [
        ("mini", 0.25),
        ("control", 0.75),
    ]
    assert [each.arm.name for each in results if each.arm] == ["mini", "control"]


async def test_an_edit_that_fails_belongs_to_the_arm_that_was_drawn(tmp_path: Path) -> None:
    (result,), (record,), _ = await edited(tmp_path, MINI, iter([0.1, 0.5]), faults=("status:500",))
    assert result.status is Status.FAILED
    assert (record.named_arm, record.named_arm_propensity) == ("mini", 0.25)


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("no arms", {"settings": ""}),
        ("offline", {"settings": MINI, "offline": True}),
        ("a model named for this run", {"settings": MINI, "flags": {"model": "gpt-oss-120b"}}),
        (
            "a model named in the environment",
            {"settings": MINI, "environ": {"EDITSVC_MODEL": "gpt-oss-120b"}},
        ),
        ("a benchmark", {"settings": MINI, "source": Source.BENCH}),
        (
            "a prediction asked for",
            {
                "settings": "[arms.mini]\nshare = 1\nprediction = 'off'\n",
                "prediction": PredictionMode.ON,
            },
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_nothing_is_drawn(tmp_path: Path, case: str, options: dict[str, Any]) -> None:
    drawn = itertools.count()
    numbers = (0.5 for _ in drawn)
    (result,), (record,), _ = await edited(tmp_path, draws=numbers, **options)
    assert (record.named_arm, record.named_arm_propensity, result.arm) == ("none", None, None), case
    # One draw is for exploration, as ever; the offline engine asks for none.
    assert next(drawn) == (0 if options.get("offline") else 1)


async def test_an_arm_may_ask_other_servers_in_another_order(tmp_path: Path) -> None:
    options = EmulatorOptions(script=write_cases(tmp_path))
    async with Emulator(options) as one, Emulator(options) as other:
        settings = (
            f"[servers.one]\nbase_url = '{one.base_url}'\nmodel = 'gpt-oss-120b'\n"
            f"[servers.other]\nbase_url = '{other.base_url}'\nmodel = 'gpt-oss-120b'\n"
            "[arms.other]\nshare = 0.5\nservers = ['other']\n"
        )
        draws = iter([0.1, 0.5, 0.9, 0.5])
        _, records, _ = await edited(tmp_path, settings, draws, times=2)
        assert [(each.named_arm, each.provider) for each in records] == [
            ("other", "other"),
            ("control", "one"),
        ]
        assert (len(one.records()), len(other.records())) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("[arms.a]\nshare = 0.6\n[arms.b]\nshare = 0.5\n", "add up to 1.1; expected at most 1"),
        ("[arms.a]\nmodel = 'x'\n", "missing required field `share`"),
        ("[arms.a]\nshare = 0\n", "arms.a is wrong"),
        ("[arms.control]\nshare = 0.1\n", "no name of an arm"),
        ("[arms.none]\nshare = 0.1\n", "no name of an arm"),
        ("[arms.a]\nshare = 0.1\nlog_url = 'x'\n", "arms.a is wrong"),
        ("[arms.a]\nshare = 0.1\nreasoning_effort = 'huge'\n", "arms.a: reasoning_effort is 'huge'"),
        ("[arms.a]\nshare = 0.1\nservers = ['there']\n", "arms.a.servers names 'there', and no table does"),
        ("[arms.a]\nshare = 0.1\nservers = []\n", "must name at least one server"),
        ("arms = 3\n", "arms is not a table of arms"),
    ],
)
def test_arms_that_cannot_be_are_refused_in_a_sentence(tmp_path: Path, settings: str, sentence: str) -> None:
    (tmp_path / "config.toml").write_text(settings)
    with pytest.raises(SettingsError) as caught:
        load(environ={"EDITSVC_CONFIG": str(tmp_path / "config.toml")}, folder=tmp_path)
    assert sentence in caught.value.message
