"""Alarms muted by a step: shown, verified, undone, found again after a kill; and lifted when their time is over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.alarms import muting
from ops.alarms.muting import records
from tests.ops.cli.runbook.conftest import SMALL, Incident

ALONE = ("--reason", "x", "--yes-to", "reversible")
MUTE = "action: alarms.mute\nwith:\n  alarms: [orders-age, orders-errors]\n  minutes: 30\n"
UNMUTE = "otherwise: Ask.\n```\n```sh generated\n```\n```step\nid: speak\naction: alarms.unmute\n"


@pytest.fixture(autouse=True)
def _alarms(incident: Incident) -> None:
    incident.workload.alarms.enabled = {"orders-age": True, "orders-errors": True, "orders-off": False}


def _page(incident: Incident, folder: Path, step: str) -> str:
    page = folder / "small.md"
    page.write_text(SMALL.replace("action: mapping.resume\n", step))
    code, out, _ = incident.ops("check", str(page), "--write")
    assert code == 0, out
    return str(page)


def _muted(incident: Incident) -> list[str]:
    return sorted(name for names in incident.workload.alarms.rules.values() for name in names)


def test_muted_by_a_rule_and_undone(incident: Incident, tmp_path: Path) -> None:
    code, _, err = incident.ops("run", _page(incident, tmp_path, MUTE), *ALONE)
    assert code == 0, err
    assert "alarm orders-age: notifies → muted for 30 min" in err
    assert _muted(incident) == ["orders-age", "orders-errors"]
    code, _, err = incident.ops("rollback", *ALONE)
    assert code == 0, err
    assert "They notify again" in err
    assert incident.workload.alarms.rules == {}


def test_muted_then_unmuted_and_the_unmuting_undone(incident: Incident, tmp_path: Path) -> None:
    code, _, err = incident.ops("run", _page(incident, tmp_path, MUTE + UNMUTE), *ALONE)
    assert code == 0, err
    assert "Alarms that are still in ALARM notify at once" in " ".join(err.split())
    assert _muted(incident) == []
    speak = [event for event in incident.events() if (event["step"], event["event"]) == ("speak", "step.intended")]
    assert [change["after"] for change in speak[0]["changes"]] == ["notifies", "notifies"]
    code, _, err = incident.ops("rollback", *ALONE)
    assert code == 0, err
    assert _muted(incident) == [], "muted again by the undo of one step, and unmuted by that of the other"


def test_without_mute_rules_their_actions_are_disabled(incident: Incident, tmp_path: Path) -> None:
    alarms = incident.workload.alarms
    alarms.has_rules = False
    step = MUTE.replace("orders-errors", "orders-off")
    code, _, err = incident.ops("run", _page(incident, tmp_path, step), *ALONE)
    assert code == 0, err
    assert "orders-off has its actions disabled already" in " ".join(err.split())
    assert alarms.enabled == {"orders-age": False, "orders-errors": True, "orders-off": False}
    assert incident.ops("rollback", *ALONE)[0] == 0
    assert alarms.enabled == {"orders-age": True, "orders-errors": True, "orders-off": False}


def test_the_next_run_enables_what_is_overdue(incident: Incident, tmp_path: Path) -> None:
    incident.workload.alarms.has_rules = False
    page = _page(incident, tmp_path, MUTE)
    assert incident.ops("run", page, *ALONE)[0] == 0
    (path,) = (incident.home / records.FOLDER).glob("*.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"until": record["began"]}))
    assert incident.ops("run", _page(incident, tmp_path, "action: mapping.resume\n"), *ALONE)[0] == 0
    assert incident.workload.alarms.enabled["orders-age"]
    assert muting.records.read_all(incident.home) == ()


def test_killed_after_the_call_it_is_found_muted(incident: Incident, tmp_path: Path) -> None:
    page = _page(incident, tmp_path, MUTE)
    assert incident.ops("run", page, *ALONE)[0] == 0
    lines = incident.record.read_text().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if json.loads(line)["event"] == "step.intended")
    incident.record.write_text("".join(lines[: at + 1]))
    code, _, err = incident.ops("resume", *ALONE)
    assert code == 0, err
    texts = [event.get("text", "") for event in incident.events()]
    assert "AWS shows that it took place." in texts


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [("[shop-age]", "shop-age is not an alarm of orders"), ("[]", "None of these alarms notifies")],
)
def test_only_alarms_of_the_workload(incident: Incident, tmp_path: Path, alarms: str, expected: str) -> None:
    page = _page(incident, tmp_path, MUTE.replace("[orders-age, orders-errors]", alarms))
    _, out, err = incident.ops("run", page, *ALONE)
    recorded = " ".join(str(event.get("text", "")) for event in incident.events())
    assert expected in " ".join((out + err + recorded).split())
    assert incident.workload.alarms.rules == {}
