"""The record of a run, as it was written: as a table, and for programs."""

from __future__ import annotations

import json

import pytest

from tests.ops.cli.runbook.conftest import Incident


@pytest.fixture
def ran(incident: Incident) -> Incident:
    incident.ops("run", "stalled-consumer", "--reason", "pager 17 \x1b[31mred", "--yes-to", "reversible")
    return incident


def test_every_event_is_one_line_of_json(ran: Incident) -> None:
    code, out, _ = ran.ops("record", "--jsonl", "--queue", "orders")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    written = ran.events()
    assert [(line["event"], line["step"]) for line in lines] == [(each["event"], each["step"]) for each in written]
    assert lines[0]["data"]["reason"] == "pager 17 \x1b[31mred"
    assert ran.json("record", "--queue", "orders") == lines


def test_the_table_shows_all_of_it_and_no_escapes(ran: Incident) -> None:
    code, out, _ = ran.ops("record", "--queue", "orders")
    assert code == 0
    assert "\x1b" not in out
    assert "step.intended" in out
    assert "pager 17" in out.replace("\n", "")


def test_jsonl_and_output_exclude_each_other(ran: Incident) -> None:
    code, _, err = ran.ops("record", "--jsonl", "--output", "csv", "--queue", "orders")
    assert code == 2
    assert "exclude each other" in err


def test_there_is_no_such_run(incident: Incident) -> None:
    code, _, err = incident.ops("record", "nothing", "--queue", "orders")
    assert code == 2
    assert "There is no run nothing" in err
