"""The runbooks for a backlog, a bad deploy and an AWS event, carried out with the answers that a person gives."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from ops.clock import elapsed_s
from ops.runbooks.actions.action import ActionContext
from tests.fakes.deployed_function import image
from tests.ops.cli.runbook.conftest import Incident

REASON = ("--reason", "an incident")
ALONE = (*REASON, "--yes-to", "reversible")


def _states(incident: Incident, *command: str) -> dict[str, str]:
    state = incident.json(*command)
    assert state["phase"] in ("done", "checked"), state["text"]
    return {step["id"]: step["state"] for step in state["steps"]}


def _clear_when_on(incident: Incident, operation: str) -> None:
    """The alarm is OK again once the mapping has been restarted; the runbook waits for that."""
    if operation.startswith("PUT") and incident.workload.changes[-1:] == [("enabled", True)]:
        incident.workload.alarms.firing.clear()


def test_a_bad_deploy_behind_an_alias(incident: Incident) -> None:
    incident.workload.state, incident.workload.qualifier = "Enabled", ":live"
    states = _states(incident, "run", "deploy-rollback", *ALONE)
    assert incident.workload.changes == [("live", "6")]
    assert [states[name] for name in ("alias", "image", "named_image")] == ["done", "skipped", "skipped"]
    assert incident.ops("rollback", *ALONE)[0] == 0
    assert incident.workload.changes[1:] == [("live", "7")]


def test_a_bad_deploy_without_an_alias(incident: Incident) -> None:
    incident.workload.state = "Enabled"
    _states(incident, "run", "deploy-rollback", *ALONE)
    assert incident.workload.changes == [("image", image(1))]


def test_a_bad_deploy_of_which_nothing_was_published(incident: Incident, terminal: Any) -> None:
    """Paused since results are wrong, set back to an image that a person names, turned on again."""
    incident.workload.state, incident.workload.deployed.versions = "Enabled", {}
    terminal("yes", "yes", image(1), "yes", "yes")
    _states(incident, "run", "deploy-rollback", *REASON)
    assert incident.workload.changes == [("enabled", False), ("image", image(1)), ("enabled", True)]


def test_a_backlog(incident: Incident, terminal: Any) -> None:
    incident.workload.state, incident.workload.depth = "Enabled", 50
    terminal("yes", "yes", "10", "yes")
    _states(incident, "run", "backlog", *REASON)
    assert incident.workload.changes == [("retention", 1_209_600), ("maximum", 10)]
    code, out, _ = incident.ops("rollback", *ALONE)
    assert code == 1, "messages still wait, and SQS would delete the old ones"
    assert "SQS deletes those that are older" in out
    assert incident.workload.changes[2:] == [("maximum", 5)]
    incident.workload.depth = 0
    assert incident.ops("rollback", *ALONE)[0] == 0
    assert incident.workload.retention == 345_600


def test_an_aws_event(incident: Incident, terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = [0.0]
    fast = partial(
        ActionContext, pause=lambda seconds: waited.append(waited.pop() + seconds), elapsed_s=lambda: waited[0]
    )
    monkeypatch.setattr("ops.cli.runbook.run.ActionContext", fast)
    incident.workload.state, incident.workload.depth = "Enabled", 50
    incident.workload.alarms.enabled = {"orders-stalled": True, "orders-errors": True}
    incident.workload.alarms.firing = {"orders-stalled"}
    incident.workload.after = lambda operation: _clear_when_on(incident, operation)
    terminal("no", "yes", "yes", "yes", "yes", "yes", "yes")
    states = _states(incident, "run", "region-event", *REASON)
    muted = [event for event in incident.events() if (event["step"], event["event"]) == ("mute", "step.intended")]
    assert [change["what"] for change in muted[0]["changes"]] == ["alarm orders-stalled"]
    assert incident.workload.alarms.rules == {}, "unmuted at the end"
    assert incident.workload.changes == [("enabled", False), ("enabled", True)]
    assert waited[0] >= 60, "a minute between off and on"
    assert states["keep"] == "skipped"


@pytest.mark.parametrize("name", ["backlog", "deploy-rollback", "region-event"])
def test_checks_alone_change_nothing(incident: Incident, name: str) -> None:
    incident.workload.depth = 0
    began = elapsed_s()
    _states(incident, "run", name, "--yes-to", "read-only")
    assert incident.workload.changes == []
    assert elapsed_s() - began < 30
