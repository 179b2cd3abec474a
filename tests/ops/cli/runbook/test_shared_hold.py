"""Who holds a workload, for people on other machines: seen, kept out, taken over, and never in the way."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.runbooks.locking.shared_hold import MACHINE_FILE, TAG
from tests.fakes.aws import Refusal
from tests.fakes.disks import longest_file
from tests.ops.cli.runbook.conftest import Incident

RUN = ("run", "stalled-consumer", "--reason", "pager 17", "--yes-to", "reversible")
ANN = "arn:aws:sts::111122223333:assumed-role/OnCall/ann"


def _held(minutes: float, machine: str = "0123abcd") -> str:
    run = "20261129T020000000000-dlq-redrive-aaaa"
    return f"{run} on {machine} until {datetime.now(UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ} by {ANN}"


def test_the_queue_shows_who_runs_it_until_it_ends(incident: Incident) -> None:
    seen: list[str] = []
    incident.workload.after = lambda operation: seen.append(incident.workload.tags.get(TAG, ""))
    assert incident.ops(*RUN)[0] == 0
    (shown,) = {text for text in seen if text}
    assert re.fullmatch(
        r"\d{8}T\d+-stalled-consumer-\w{4} on \w{16} until \S+Z by arn:aws:iam::111122223333:user/oncall", shown
    )
    assert incident.workload.tags == {}


def test_someone_on_another_machine_is_named_and_can_be_overruled(incident: Incident) -> None:
    incident.workload.tags = {TAG: _held(30), "team": "data"}
    code, _, err = incident.ops(*RUN)
    assert code == 1
    assert f"already running on orders, by {ANN} (run 20261129T020000000000-dlq-redrive-aaaa, until" in err
    assert "--take-over" in err
    assert incident.workload.changes == []
    assert incident.ops("run", "stalled-consumer", "--yes-to", "read-only")[0] == 0, "looking is never kept out"
    assert incident.ops(*RUN, "--take-over")[0] == 0
    assert incident.workload.changes == [("enabled", True)]
    code, out, _ = incident.ops("record", "--jsonl")
    assert ANN in json.loads(out.splitlines()[0])["data"]["taken_over_from"]
    assert incident.workload.tags == {"team": "data"}


def test_of_two_that_start_at_once_the_one_whose_tag_was_replaced_gives_way(incident: Incident) -> None:
    def replace(operation: str) -> None:
        if operation == "TagQueue":
            incident.workload.tags = {TAG: _held(30)}

    incident.workload.after = replace
    code, _, err = incident.ops(*RUN)
    assert (code, f"already running on orders, by {ANN}" in err) == (1, True), err
    assert incident.workload.changes == []
    assert TAG in incident.workload.tags, "another's tag is not removed"


def test_of_two_that_start_at_once_one_gives_way_where_the_other_did(incident: Incident) -> None:
    def remove(operation: str) -> None:
        if operation == "TagQueue":
            incident.workload.tags = {}

    incident.workload.after = remove
    code, _, err = incident.ops(*RUN)
    assert (code, "started at the same moment, and gave way" in err) == (1, True), err
    assert incident.workload.changes == []


@pytest.mark.parametrize("tag", [_held(-1), "something else", f"x on y until yesterday-and-so-on by {ANN}"])
def test_a_hold_that_is_over_or_unreadable_keeps_no_one_out(incident: Incident, tag: str) -> None:
    incident.workload.tags = {TAG: tag}
    assert incident.ops(*RUN)[0] == 0


def test_a_hold_ends_whatever_it_says(incident: Incident, terminal: Any) -> None:
    incident.workload.tags = {TAG: _held(60 * 24 * 365)}
    _, _, err = incident.ops(*RUN)
    (until,) = re.findall(r"until (\d\d:\d\d) UTC", err)
    latest = datetime.now(UTC) + timedelta(hours=1)
    assert until in (f"{latest:%H:%M}", f"{latest - timedelta(minutes=1):%H:%M}")


def test_a_run_that_was_taken_over_changes_nothing_more(incident: Incident) -> None:
    def take_over(operation: str) -> None:
        if operation.startswith("PUT"):
            incident.workload.tags = {TAG: _held(30)}

    incident.workload.after = take_over
    incident.workload.maximum = 5
    code, out, err = incident.ops("run", "stalled-consumer", "--reason", "pager 17", "--yes-to", "reversible")
    assert code == 0, "it had only one change to make"
    code, out, err = incident.ops("rollback", "--reason", "wrong", "--yes-to", "reversible")
    assert code == 1
    assert f"by {ANN}" in out + err
    assert incident.workload.changes == [("enabled", True)]
    assert TAG in incident.workload.tags, "another's tag is not removed"


@pytest.mark.parametrize("code", ["AccessDenied", "ServiceUnavailable"])
def test_tags_that_cannot_be_used_are_no_obstacle(incident: Incident, code: str) -> None:
    def refuse(operation: str) -> None:
        if operation.endswith(("QueueTags", "TagQueue")):
            raise Refusal(code, "no", 403)

    incident.workload.before = refuse
    status, _, err = incident.ops(*RUN)
    assert status == 0
    assert "People on other machines are not kept out" in err


def test_a_run_of_this_machine_that_was_killed_does_not_keep_the_next_one_out(incident: Incident) -> None:
    """Also where it was killed before it had a record."""
    assert incident.ops(*RUN)[0] == 0
    machine = (incident.home / "runbooks" / MACHINE_FILE).read_text()
    incident.workload.tags = {TAG: _held(30, machine)}
    assert incident.ops(*RUN)[0] == 0


def test_read_only_mode_writes_no_tag(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    seen: list[str] = []
    incident.workload.after = seen.append
    assert incident.ops(*RUN)[0] == 1
    assert "TagQueue" not in seen
    assert incident.workload.changes == []


def test_the_tag_goes_at_the_end_also_where_a_read_of_it_failed(incident: Incident) -> None:
    read: list[str] = []

    def fail_the_second(operation: str) -> None:
        if operation.endswith("ListQueueTags"):
            read.append(operation)
            if len(read) == 2:
                raise Refusal("RequestThrottled", "slow down", 403)

    incident.workload.before = fail_the_second
    status, _, err = incident.ops(*RUN)
    assert (status, "People on other machines are not kept out" in err) == (0, True), err
    assert incident.workload.changes == [("enabled", True)]
    assert incident.workload.tags == {}


def test_a_run_that_cannot_be_recorded_keeps_no_one_out(incident: Incident) -> None:
    seen: list[str] = []
    incident.workload.after = lambda operation: seen.append(incident.workload.tags.get(TAG, ""))
    with longest_file(400):  # below the document's length
        code, _, err = incident.ops(*RUN)
    assert (code, "The disk is full" in err) == (1, True), err
    assert any(seen), "it was tagged"
    assert incident.workload.tags == {}


@pytest.mark.parametrize("damaged", [b"", b"\xff\xfe", b"two words"])
def test_a_machine_id_that_is_damaged_is_said(incident: Incident, damaged: bytes) -> None:
    (incident.home / "runbooks").mkdir(parents=True)
    (incident.home / "runbooks" / MACHINE_FILE).write_bytes(damaged)
    status, _, err = incident.ops(*RUN)
    assert status == 0
    assert "People on other machines are not kept out" in err and "machine-id does not have" in " ".join(err.split())
    assert incident.workload.tags == {}
