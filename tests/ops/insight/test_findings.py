"""One sentence from many claims: the worst ones, in order, no longer than can be read."""

from __future__ import annotations

import pytest

from ops.insight.report_types import Level
from ops.insight.rules.findings import Observation, summarize

FINE, ODD, BAD = (
    Observation(Level.OK, "fine"),
    Observation(Level.WARNING, "odd", "queue"),
    Observation(Level.CRITICAL, "bad"),
)


def test_only_the_worst_is_said() -> None:
    assert summarize([FINE, BAD, ODD]).text == "Critical: bad."
    assert summarize([FINE, ODD]).page == "queue"
    assert summarize([FINE]).level is Level.OK


def test_the_aside_is_for_those_who_have_to_act() -> None:
    assert summarize([BAD], "last deployed 02:10 UTC").text == "Critical: bad; last deployed 02:10 UTC."
    assert summarize([FINE], "last deployed 02:10 UTC").text == "OK: fine."


def test_many_claims_are_cut() -> None:
    found = summarize([Observation(Level.CRITICAL, f"c{number}") for number in range(5)])
    assert found.text == "Critical: c0; c1; c2; and 2 more."


def test_nothing_to_say_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="something to say"):
        summarize([])


def test_a_page_gets_one_sentence_and_the_rest_in_short() -> None:
    claims = [
        Observation(Level.CRITICAL, "12 dead letters: review failure causes", "dead_letters"),
        Observation(Level.CRITICAL, "alarm age is in ALARM: follow runbooks/age.md", kind="alarm"),
        Observation(Level.CRITICAL, "alarm dead is in ALARM: follow runbooks/dead.md", kind="alarm"),
        Observation(Level.WARNING, "it is slow"),
    ]
    finding = summarize(claims, "6,064 queued; last deployed 13:06 UTC")
    assert finding.headline == "Critical: 12 dead letters: review failure causes."
    assert finding.chips == ("2 alarms", "6,064 queued", "last deployed 13:06 UTC")
    assert "alarm age is in ALARM" in finding.text, "the command line has room"


def test_further_alarms_are_counted_beside_the_first() -> None:
    alarms = [Observation(Level.CRITICAL, f"alarm {name} is in ALARM", kind="alarm") for name in "abc"]
    assert summarize(alarms).chips == ("2 more alarms",)


def test_the_number_of_a_kind_is_that_of_its_list() -> None:
    """Also those of a lesser level, and those that another clause makes redundant."""
    claims = [
        Observation(Level.CRITICAL, "12 dead letters"),
        Observation(Level.CRITICAL, "alarm dead is in ALARM", kind="alarm", only_counted=True),
        Observation(Level.WARNING, "alarm slow is in ALARM", kind="alarm"),
    ]
    finding = summarize(claims)
    assert (finding.text, finding.chips) == ("Critical: 12 dead letters.", ("2 alarms",))


def test_no_more_chips_than_clauses() -> None:
    claims = [Observation(Level.WARNING, f"claim {number}") for number in range(6)]
    assert summarize(claims).chips == ("claim 1", "claim 2", "3 more")


def test_one_clause_needs_no_headline_of_its_own() -> None:
    finding = summarize([Observation(Level.OK, "all is well")], "last deployed 13:06 UTC")
    assert (finding.headline, finding.chips) == ("", ())


def test_details_stand_beside_their_own_clause_and_not_beside_others() -> None:
    costly = Observation(Level.WARNING, "30% of attempts failed", "dead_letters", details=("1,000 jobs cost $1.00",))
    alone = summarize([costly])
    assert alone.text == "Warning: 30% of attempts failed; 1,000 jobs cost $1.00."
    assert (alone.headline, alone.chips) == ("Warning: 30% of attempts failed.", ("1,000 jobs cost $1.00",))
    other = summarize([Observation(Level.WARNING, "5 of 9 invocations failed", "failures"), costly])
    assert other.chips == ("30% of attempts failed",)
