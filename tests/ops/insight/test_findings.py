"""One sentence from many claims: the worst ones, in order, no longer than can be read."""

from __future__ import annotations

import pytest

from ops.insight.report_types import Level
from ops.insight.rules.findings import Observation, summarize

FINE, ODD, BAD = Observation(Level.OK, "fine"), Observation(Level.WATCH, "odd", "queue"), Observation(Level.ACT, "bad")


def test_only_the_worst_is_said() -> None:
    assert summarize([FINE, BAD, ODD]).text == "Critical: bad."
    assert summarize([FINE, ODD]).page == "queue"
    assert summarize([FINE]).level is Level.OK


def test_the_aside_is_for_those_who_have_to_act() -> None:
    assert summarize([BAD], "last deployed 02:10 UTC").text == "Critical: bad; last deployed 02:10 UTC."
    assert summarize([FINE], "last deployed 02:10 UTC").text == "OK: fine."


def test_many_claims_are_cut() -> None:
    found = summarize([Observation(Level.ACT, f"c{number}") for number in range(5)])
    assert found.text == "Critical: c0; c1; c2; and 2 more."


def test_nothing_to_say_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="something to say"):
        summarize([])
