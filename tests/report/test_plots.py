"""Plots: numbers in, well-formed SVG out, whatever the numbers."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editsvc.report import plots
from editsvc.report.plots import Band, Point, Scale, Stack

shares = st.floats(0, 1)
names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20)


def numbers(svg: str) -> list[float]:
    """Every coordinate; raises if the SVG is not well-formed."""
    found = []
    for element in ET.fromstring(svg).iter():
        for name, value in element.attrib.items():
            if name in {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"}:
                found.append(float(value))
            elif name == "points":
                found += [float(part) for pair in value.split() for part in pair.split(",")]
    return found


@given(
    st.lists(st.builds(Band, names, st.none() | shares, st.none() | shares, st.none() | shares), max_size=60)
)
def test_rates_over_time_stay_in_the_picture(bands: list[Band]) -> None:
    assert all(-1 <= number <= plots.WIDTH for number in numbers(plots.over_time("t", "Rates", bands)))


@given(st.lists(st.builds(Stack, names, st.tuples(*[st.integers(0, 10**9)] * 3)), max_size=60))
def test_amounts_over_time_stay_in_the_picture(stacks: list[Stack]) -> None:
    drawn = plots.stacked("t", "Amounts", ("one", "two", "three"), stacks)
    assert all(-1 <= number <= plots.WIDTH for number in numbers(drawn))


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(0.1, 100)), max_size=40),
    st.lists(st.tuples(st.floats(0, 1000), st.floats(0.1, 100)), max_size=40),
)
def test_distributions_stay_in_the_picture(
    one: list[tuple[float, float]], other: list[tuple[float, float]]
) -> None:
    drawn = plots.distributions("t", "Times", ("one", "other"), (one, other), (None, 1.0))
    assert all(-1 <= number <= plots.WIDTH for number in numbers(drawn))


@given(
    st.lists(
        st.builds(
            Point, names, shares, st.none() | st.floats(-9, 1), st.none() | st.floats(-9, 1), st.floats(-9, 1)
        ),
        max_size=8,
    )
)
def test_break_even_and_calibration_stay_in_the_picture(points: list[Point]) -> None:
    for draw in (plots.break_even, plots.calibration):
        drawn = [number for number in numbers(draw("t", "Points", points)) if number > plots.WIDTH]
        assert drawn == []


def test_the_lines_of_break_even_cross_zero_where_the_formula_says() -> None:
    """a > f(s-1)/(1+f(s-1)) at f = 1, so at s = 2 half of the tokens must be accepted."""
    root = ET.fromstring(plots.break_even("t", "Break-even", []))
    (line,) = (each for each in root.iter("line") if "dash2" in each.get("class", ""))
    x1, y1, x2, y2 = (float(line.get(name) or 0) for name in ("x1", "y1", "x2", "y2"))
    (zero,) = (float(each.get("y1") or 0) for each in root.iter("line") if each.get("class") == "zero")
    crossing = (x1 + (zero - y1) / (y2 - y1) * (x2 - x1) - x1) / (x2 - x1)
    assert crossing == pytest.approx(0.5, abs=0.01)
    assert "50 % at s = 2" in (root.findtext("desc") or "")


def test_a_scale_puts_its_ends_where_they_belong() -> None:
    linear, log = Scale(0, 10, 100, 200), Scale(0.1, 10, 0, 100, log=True)
    assert (linear(0), linear(5), linear(10), linear(99)) == (100, 150, 200, 200)
    assert log(1) == pytest.approx(50)


def test_a_model_that_was_not_measured_is_told_and_not_drawn() -> None:
    drawn = plots.break_even("t", "Break-even", [Point("fast", 0.8, None, None, None)])
    assert "<circle" not in drawn
    assert "fast: 80 % of the tokens accepted, not measured" in drawn


def test_names_of_models_do_not_overlap() -> None:
    points = [Point(f"a-model-with-a-long-name-{number}", 0.7, 0.4, None, None) for number in range(6)]
    root = ET.fromstring(plots.break_even("t", "Break-even", points))
    heights = sorted(float(each.get("y") or 0) for each in root.iter("text") if each.get("class") == "name")
    assert len(heights) == 6
    assert min(after - before for before, after in pairwise(heights)) >= 14


@pytest.mark.parametrize(("count", "curves"), [(99, 0), (100, 2)])
def test_fewer_than_a_hundred_times_are_dots_and_no_density(count: int, curves: int) -> None:
    sample = [(0.5 + number / 100, 1.0) for number in range(count)]
    drawn = plots.distributions("t", "Times", ("one", "other"), (sample, sample), (1.0, 1.0))
    assert drawn.count("<polyline") == curves
    assert drawn.count("<circle") == (2 * count if not curves else 0)
