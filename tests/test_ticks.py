"""The add-on's own measure of how long it holds up Blender."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seig_addon.addon.ticks import Ticks, in_words

SECONDS = st.lists(st.floats(0, 10), min_size=1, max_size=300)


@given(SECONDS)
def test_figures_are_of_what_was_counted(seconds):
    ticks = Ticks()
    for each in seconds:
        ticks.add(each)
        ticks.draw("Stages", each)
    assert ticks.count == len(seconds)
    assert ticks.longest == max(seconds)
    assert sum(each <= ticks.p99 for each in seconds) >= 0.99 * len(seconds)
    stages = ticks.panels["Stages"]
    assert stages["count"] == len(seconds)
    assert sum(1000 * each <= stages["p50"] for each in seconds) >= 0.5 * len(seconds)
    assert stages["p50"] <= stages["p99"] <= stages["longest"] == 1000 * max(seconds)


def test_what_was_written_down_is_said_in_the_same_words():
    ticks = Ticks()
    ticks.add(0.002)
    ticks.applied.append(0.3)
    ticks.draw("Hand Edits", 0.0004)
    assert in_words(ticks.as_json()) == str(ticks)
    assert [line.split(" median")[0].strip() for line in str(ticks).splitlines()] == [
        "tick", "stage brought in", "drawing Hand Edits"
    ]  # fmt: skip
    assert "longest   2.00 ms of 1" in str(ticks)


def test_nothing_measured_is_no_error_and_nonsense_is():
    assert "of 0" in str(Ticks())
    with pytest.raises(KeyError):
        in_words(json.dumps({}))
