"""``ops runbook for`` a composite alarm: its own runbook, and those of the alarms behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cases.workloads.account_parts import arn
from tests.fakes.aws import serve
from tests.fakes.observed_workload import ObservedWorkload, an_alarm
from tests.ops.cli.runbook.conftest import Incident


@dataclass
class ObservedIncident(Incident):
    workload: ObservedWorkload


@pytest.fixture
def observed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[ObservedIncident]:
    workload = ObservedWorkload()
    workload.metric_alarms = [
        an_alarm("shop-function-errors"),
        an_alarm("shop-function-throttles", "OK", "Throttles", AlarmDescription=""),
        an_alarm("shop-unlisted", AlarmDescription=""),
    ]
    with serve(workload.answer, monkeypatch) as aws:
        yield ObservedIncident(workload, aws, tmp_path / "home", capsys)


def composite(name: str, rule: str, state: str = "ALARM") -> dict[str, Any]:
    return {"AlarmName": name, "AlarmArn": arn("cloudwatch", f"alarm:{name}"), "StateValue": state, "AlarmRule": rule}


def commands(answer: dict[str, Any]) -> dict[str, list[str]]:
    """The first command by alarm."""
    return {
        each["alarm"]: [runbook["command"] for runbook in each["runbooks"]][:1] for each in (answer, *answer["behind"])
    }


ERRORS = "ops runbook run function-errors --function worker --region eu-west-1 --reason 'alarm shop-function-errors'"
THROTTLES = (
    "ops runbook run function-throttles --function worker --region eu-west-1 --reason 'alarm shop-function-throttles'"
)


def test_its_own_runbook_and_those_of_the_alarms_in_alarm(observed: ObservedIncident) -> None:
    rule = "ALARM(shop-function-errors) OR ALARM(shop-function-throttles)"
    observed.workload.composites = [composite("shop-page-me", rule)]
    answer = observed.json("for", "shop-page-me")
    own = ["ops runbook run page-me --function worker --region eu-west-1 --reason 'alarm shop-page-me'"]
    assert commands(answer) == {"shop-page-me": own, "shop-function-errors": [ERRORS]}
    text = observed.ops("for", "shop-page-me")[1]
    assert "The alarms in its rule that are in ALARM now:\nshop-function-errors is in ALARM.\n→ " in text
    observed.workload.metric_alarms = observed.workload.metric_alarms[1:2]
    quiet = observed.json("for", "shop-page-me")
    assert commands(quiet) == {"shop-page-me": own}, "its own is enough where none is in ALARM"
    assert "No longer there, or not a metric or composite alarm: shop-function-errors." in quiet["note"]


def test_without_its_own_those_of_all_alarms(observed: ObservedIncident) -> None:
    observed.workload.composites = [
        composite("team", "ALARM(lower) OR ALARM(team)", "OK"),
        composite("lower", "ALARM(shop-function-throttles) AND NOT ALARM(team)", "OK"),
    ]
    answer = observed.json("for", "team")
    assert commands(answer) == {"team": [], "shop-function-throttles": [THROTTLES]}, "also by way of another one"
    text = observed.ops("for", "team")[1]
    assert "No alarm in its rule is in ALARM now. All of them:" in text and f"→ {THROTTLES}" in text


def test_a_name_without_the_stacks_leads_to_the_full_one(observed: ObservedIncident) -> None:
    code, _, err = observed.ops("for", "function-errors")
    assert code == 2
    assert "There is no alarm function-errors in eu-west-1.\n→ Use its full name: shop-function-errors." in err
    assert "Check its name, --region and --profile." in observed.ops("for", "errors-of-no-one")[2]


def test_the_command_is_complete_where_a_profile_was_named(
    observed: ObservedIncident, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = observed.home.parent / "config"
    config.write_text('[profile "prod of shop"]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n')
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    answer = observed.json("for", "shop-function-errors", "--profile", "prod of shop")
    (command, *_) = [runbook["command"] for runbook in answer["runbooks"]]
    assert command.endswith("--profile 'prod of shop' --region eu-west-1 --reason 'alarm shop-function-errors'")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("ALARM(shop-unlisted)", "No runbook names alarm team, nor one of the alarms in its rule: shop-unlisted."),
        ("ALARM(gone)", "No longer there, or not a metric or composite alarm: gone."),
        ("ALARM(", "The rule of team cannot be read: Expected the name or ARN of an alarm"),
    ],
)
def test_no_runbook_at_all(observed: ObservedIncident, rule: str, said: str) -> None:
    observed.workload.composites = [composite("team", rule)]
    code, _, err = observed.ops("for", "team")
    assert code == 2
    assert said in " ".join(err.split())
