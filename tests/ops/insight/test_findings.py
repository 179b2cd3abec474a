"""One sentence from many claims: the worst ones, in order, no longer than can be read."""

from __future__ import annotations

import pytest

from ops.insight.report_types import Level
from ops.insight.rules.findings import Claim, conclude

FINE, ODD, BAD = Claim(Level.OK, "fine"), Claim(Level.WATCH, "odd", "queue"), Claim(Level.ACT, "bad")


def test_only_the_worst_is_said() -> None:
    assert conclude([FINE, BAD, ODD]).text == "Act: bad."
    assert conclude([FINE, ODD]).page == "queue"
    assert conclude([FINE]).level is Level.OK


def test_the_aside_is_for_those_who_have_to_act() -> None:
    assert conclude([BAD], "last deploy 02:10 UTC").text == "Act: bad; last deploy 02:10 UTC."
    assert conclude([FINE], "last deploy 02:10 UTC").text == "Fine: fine."


def test_many_claims_are_cut() -> None:
    found = conclude([Claim(Level.ACT, f"c{number}") for number in range(5)])
    assert found.text == "Act: c0; c1; c2; and 2 more."


def test_nothing_to_say_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="something to say"):
        conclude([])
