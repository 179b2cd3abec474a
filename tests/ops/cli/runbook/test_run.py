"""A runbook run from the command line: steps in order, asked, verified, recorded, reported, undone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.aws import Refusal
from tests.ops.cli.runbook.conftest import SMALL, Incident

RUN = ("run", "stalled-consumer", "--reason", "pager 17")


def test_a_stalled_consumer_reads_again(incident: Incident) -> None:
    code, out, err = incident.ops(*RUN, "--yes-to", "reversible")
    assert code == 0, err
    assert incident.workload.state == "Enabled"
    assert incident.workload.changes == [("enabled", True)], "one change, made once"
    assert "polling of mapping" in err or "off → on" in err
    assert "done: Every step is done." in out


def test_each_intent_is_recorded_before_its_call_and_its_outcome_after(incident: Incident) -> None:
    seen: list[str] = []

    def before(operation: str) -> None:
        if operation.startswith("PUT"):
            seen.extend(entry["event"] for entry in incident.events() if entry["step"] == "turn_on")

    incident.workload.before = before
    incident.ops(*RUN, "--yes-to", "reversible")
    assert seen == ["step.intended"]
    kinds = [entry["event"] for entry in incident.events() if entry["step"] == "turn_on"]
    assert kinds == ["step.intended", "step.executed", "step.verified"]
    start = incident.events()[0]
    assert start["reason"] == "pager 17"
    assert start["actor"].endswith("user/oncall")


def test_read_only_changes_nothing_and_shows_what_it_would(incident: Incident) -> None:
    code, _, err = incident.ops("run", "stalled-consumer", "--yes-to", "read-only")
    assert code == 0
    assert incident.workload.changes == []
    state = json.loads(incident.record.read_text().splitlines()[-1])
    assert state["phase"] == "checked"
    assert not (incident.home / "audit.jsonl").exists()
    assert "No one is there to answer" in err


def test_ctrl_c_ends_what_it_began_in_the_audit_log(incident: Incident, terminal: Any) -> None:
    def press() -> None:
        raise KeyboardInterrupt

    def outcomes() -> list[str]:
        return [json.loads(line)["outcome"] for line in (incident.home / "audit.jsonl").read_text().splitlines()]

    terminal("no", meanwhile=press)
    code, _, err = incident.ops(*RUN)
    assert code == 1
    assert "Stopped. The record shows how far it came." in err
    assert outcomes() == ["began", "interrupted"]
    terminal("no", meanwhile=press)
    incident.ops("resume")
    assert outcomes() == ["began", "interrupted"] * 2
    assert incident.json("runs")[0]["interrupted"] is True
    terminal("no", "yes", "keep")
    assert incident.ops("resume")[0] == 0
    assert outcomes()[4] == "began"
    assert outcomes()[-1] == "done"


def test_a_step_shows_its_place(incident: Incident, terminal: Any) -> None:
    terminal("no", "yes", "keep")
    _, _, err = incident.ops(*RUN)
    assert re.search(r"✓ 1/(\d+) find ", err)
    assert re.search(r"Step \d+ of \d+, turn_on: ", err)
    assert "stack none" not in err, "it was named by its queue"


def test_a_person_is_asked_step_by_step(incident: Incident, terminal: Any) -> None:
    terminal("no", "yes", "keep")
    code, _, err = incident.ops(*RUN)
    assert code == 0, err
    assert "Did someone pause it on purpose" in err
    assert "off → on" in err
    assert "aws lambda update-event-source-mapping" in err, "what it stands for"
    assert incident.workload.state == "Enabled"


def test_a_person_may_stop_and_go_on(incident: Incident, terminal: Any) -> None:
    terminal("no", "stop")
    code, out, _ = incident.ops(*RUN)
    assert (code, incident.workload.changes) == (1, [])
    assert "stopped: Stopped before step turn_on." in out
    terminal("yes", "12", "yes")
    code, _, err = incident.ops("resume")
    assert code == 0, err
    assert incident.workload.changes == [("enabled", True), ("maximum", 12)]
    assert [entry["event"] for entry in incident.events()].count("run.started") == 1


def test_paused_on_purpose_stays_off(incident: Incident, terminal: Any) -> None:
    terminal("yes", "n")
    code, out, _ = incident.ops(*RUN)
    assert (code, incident.workload.changes) == (1, [])
    assert "talk to the person who paused it" in out


def test_rollback_undoes_in_reverse_order(incident: Incident, terminal: Any) -> None:
    terminal("no", "yes", "12", "yes")
    incident.ops(*RUN)
    code, _, err = incident.ops("rollback", "--reason", "errors followed", "--yes-to", "reversible")
    assert code == 0, err
    assert incident.workload.changes == [("enabled", True), ("maximum", 12), ("maximum", 5), ("enabled", False)]
    assert incident.json("runs")[0]["phase"] == "rolled back"
    assert incident.ops("resume")[0] == 2, "a run that was rolled back is over"


def test_rollback_leaves_what_someone_else_changed(incident: Incident, terminal: Any) -> None:
    terminal("no", "yes", "12", "yes")
    incident.ops(*RUN)
    incident.workload.maximum = 77
    code, out, _ = incident.ops("rollback", "--reason", "errors followed", "--yes-to", "reversible")
    assert code == 1
    assert incident.workload.maximum == 77
    assert "something else changed it since" in out


def test_what_is_already_so_is_not_done_again(incident: Incident) -> None:
    incident.workload.state = "Enabled"
    incident.workload.reserved = 0
    code, _, err = incident.ops(*RUN, "--yes-to", "reversible")
    assert code == 0
    assert incident.workload.changes == [("reserved", None)], err


def test_the_report_tells_the_incident(incident: Incident) -> None:
    incident.ops(*RUN, "--yes-to", "reversible")
    out = incident.ops("report")[1]
    assert out.startswith("# Incident: The consumer has stalled (orders)")
    assert "pager 17" in out
    assert "`off` → `on`" in out
    assert "aws lambda update\\-event" not in out, "a command is code, to be copied"
    told = incident.json("report")
    assert told["events"][0]["kind"] == "run.started"
    audit = json.loads((incident.home / "audit.jsonl").read_text().splitlines()[-1])
    assert (audit["action"], audit["outcome"], audit["reason"]) == ("runbook", "done", "pager 17")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "stalled-consumer", "--yes-to", "reversible"), "A reason is required"),
        (("run", "stalled-consumer", "--reason", "x"), "stdin is not a terminal"),
        (("run", "no-such", "--reason", "x", "--yes-to", "reversible"), "There is no runbook no-such"),
        (("resume", "--yes-to", "read-only"), "No runbook has been run"),
        (("rollback", "--reason", "x", "--yes-to", "read-only"), "No runbook has been run"),
        (("report", "x"), "There is no run x"),
    ],
)
def test_usage(incident: Incident, arguments: tuple[str, ...], expected: str) -> None:
    code, _, err = incident.ops(*arguments)
    assert code == 2
    assert expected in err


def test_a_document_on_paper_only(incident: Incident, tmp_path: Path) -> None:
    page = tmp_path / "paper.md"
    page.write_text("# Paper\n\n## Meaning\n\nNone.\n")
    code, _, err = incident.ops("run", str(page), "--reason", "x", "--yes-to", "reversible")
    assert code == 2
    assert "has no live steps" in err


def test_documents_from_the_command_line(incident: Incident) -> None:
    rows = {row["name"]: row for row in incident.json("list")}
    assert rows["stalled-consumer"]["steps"] > 0
    assert all(row["steps"] > 0 and row["problems"] == 0 for row in rows.values()), "each can be run"
    assert "mapping.resume" in incident.ops("actions")[1]
    assert incident.ops("show", "stalled-consumer")[1].startswith("---\ntitle: The consumer has stalled")
    policy = json.loads(incident.ops("show", "stalled-consumer", "--policy")[1])
    assert "lambda:UpdateEventSourceMapping" in policy["Statement"][0]["Action"]
    assert "sqs:DeleteMessage" not in policy["Statement"][0]["Action"]


def test_from_an_alarm_to_the_command(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    account = incident.workload.account
    monkeypatch.setattr(
        incident.workload, "account", lambda: replace(account(), firing={"shop-oldest-message-age": "orders"})
    )
    told = incident.json("for", "shop-oldest-message-age")
    assert told["state"] == "ALARM"
    where = "--queue orders --region eu-west-1 --reason 'alarm shop-oldest-message-age'"
    assert f"ops runbook run stalled-consumer {where}" in [each["command"] for each in told["runbooks"]]
    assert f"→ ops runbook run oldest-message-age {where}" in incident.ops("for", "shop-oldest-message-age")[1]
    assert incident.ops("for", "no-such")[0] == 2


def test_an_alarm_on_the_dead_letter_queue_leads_to_its_workload(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = incident.workload.account
    monkeypatch.setattr(
        incident.workload, "account", lambda: replace(account(), firing={"shop-dead-letters": "orders-dead"})
    )
    told = incident.json("for", "shop-dead-letters")
    assert told["runbooks"] and told["note"] == ""
    assert all(" --queue orders " in each["command"] for each in told["runbooks"])

    def refuse(operation: str) -> None:
        if operation == "ListDeadLetterSourceQueues":
            raise Refusal("AccessDenied", "no", 403)

    incident.workload.before = refuse
    told = incident.json("for", "shop-dead-letters")
    assert not any("--queue" in each["command"] for each in told["runbooks"]), "it is not taken for a working queue"
    assert "name it with --queue or --stack" in told["note"]


def test_a_run_says_that_its_document_has_changed_since(incident: Incident, tmp_path: Path, terminal: Any) -> None:
    page = tmp_path / "small.md"
    page.write_text(SMALL)
    incident.ops("check", str(page), "--write")
    terminal("stop")
    incident.ops("run", str(page), "--reason", "pager 17")
    kept = "the run keeps the version that it started with."
    assert kept not in incident.ops("report")[1]
    page.write_text(page.read_text().replace("otherwise: Ask.", "otherwise: Ask Kim."))
    changed = f"{page} has changed since the run started; {kept}"
    assert changed in incident.json("report")["notes"]
    page.rename(tmp_path / "other.md")
    terminal("stop")
    assert f"{page} is no longer there; {kept}" in incident.ops("resume")[2]
