"""The guide names everything that can be asked for."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from editsvc.emulator import FAULTS, EmulatorOptions, ReplyStyle
from editsvc.emulator.options import DEFAULT_MODELS
from editsvc.prediction.verifier import PRESETS, Rejection

GUIDE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


def test_the_table_of_faults_is_the_one_in_the_code() -> None:
    rows = [
        f"| `{name}` | {', '.join(f'`{one}`' for one in spec.parameters) or 'nothing'} | {spec.meaning} |"
        for name, spec in FAULTS.items()
    ]

    assert "\n".join(rows) in GUIDE


@pytest.mark.parametrize("name", [*PRESETS, *ReplyStyle, *Rejection, *(model.id for model in DEFAULT_MODELS)])
def test_every_choice_is_explained(name: str) -> None:
    assert name in GUIDE


@pytest.mark.parametrize("field", sorted({field.name for field in fields(EmulatorOptions)} - {"host"}))
def test_every_option_is_explained(field: str) -> None:
    option = {"models": "model", "faults": "fault"}.get(field, field).replace("_", "-")

    assert f"--{option}" in GUIDE
