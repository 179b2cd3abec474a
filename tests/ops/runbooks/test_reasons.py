"""Why a step was skipped, in words."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from ops.runbooks import references

STEPS = ("mapping", "alarms", "more", "versions")
DATA = MappingProxyType(
    {
        "steps": {
            "mapping": {"state": "Enabled", "reserved_concurrency": 0},
            "alarms": {"in_alarm": ["shop-dead-letters"]},
            "more": {"answer": "keep"},
            "versions": {"alias": None, "before": "7"},
        },
        "workload": {"name": "shop", "dlq": None},
    }
)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("steps.mapping.state != 'Enabled'", "State of step 1 (mapping) is Enabled"),
        ("steps.more.answer != 'keep'", "Step 3 (more) was answered keep"),
        ("steps.unread.answer == 'yes'", "There is no answer"),
        ("steps.versions.alias && steps.versions.before", "There is no alias of step 4 (versions)"),
        ("steps.versions.before && steps.more.answer == 'yes'", "Step 3 (more) was answered keep"),
        ("steps.mapping.reserved_concurrency", "Reserved concurrency of step 1 (mapping): 0"),
        ("workload.dlq", "The workload has no dead-letter queue"),
        ("!(workload.name)", "The workload has a name"),
        (
            "length(steps.alarms.in_alarm[?ends_with(@, '-stalled')]) > `0`",
            "In alarm of step 2 (alarms): shop-dead-letters",
        ),
        ("`false`", "Its condition is not true"),
    ],
)
def test_the_reason_is_what_is_so_and_the_condition_is_the_detail(condition: str, words: str) -> None:
    assert references.why_not(condition, DATA, STEPS) == f"{words} ({condition})."


def test_an_expectation_is_of_the_steps_own_outputs() -> None:
    assert references.why_not("messages > `0`", {"messages": 0}) == "Messages: 0 (messages > `0`)."
    assert references.why_not("answer == 'no'", {"answer": "yes"}) == "Answer is yes (answer == 'no')."


def test_a_name_in_quotes_is_read_like_any_other() -> None:
    assert references.why_not('"at-most" > `5`', {"at-most": 3}) == 'at-most: 3 ("at-most" > `5`).'
    assert references.why_not("\"a.b\" == 'c'", {}) == "There is no a.b (\"a.b\" == 'c')."
