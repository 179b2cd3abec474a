"""A stalled consumer on the real twin: brought about, run, killed in the middle, resumed, verified, rolled back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.cli.app import run
from ops.runbooks.record import find_record
from ops.target import resolve, state_folder
from tests.ops.cli.runbook.conftest import SMALL
from tests.twins import Twin, wait_for

pytestmark = [pytest.mark.twin, pytest.mark.slow]
TABLE = {"columns": {"age": [20, 30, 40, 50, 60, 70], "gift": [1.0, 2.5, 3.0, 4.5, 5.0, 6.5]}}
RUN = ("run", "stalled-consumer", "--reason", "pager 17", "--yes-to", "reversible")


class Mapping:
    """The twin's own event source mapping of the job queue."""

    def __init__(self, twin: Twin) -> None:
        self._lambda = twin.client("lambda")
        found = self._lambda.list_event_source_mappings()["EventSourceMappings"]
        queue = twin.outputs[contract.OUTPUT_QUEUE_URL].rsplit("/", 1)[-1]
        self.uuid = next(each["UUID"] for each in found if each["EventSourceArn"].endswith(f":{queue}"))

    @property
    def state(self) -> str:
        return str(self._lambda.get_event_source_mapping(UUID=self.uuid)["State"])

    def turn(self, on: bool) -> None:
        self._lambda.update_event_source_mapping(UUID=self.uuid, Enabled=on)
        wait_for(lambda: self.state == ("Enabled" if on else "Disabled"), 60, "the mapping did not change")


def _post(twin: Twin) -> str:
    job_id = uuid.uuid4().hex
    job: dict[str, Any] = {"schema": contract.JOB_SCHEMA, "job_id": job_id, "kind": "describe", "data": TABLE}
    assert twin.post(job).status == 202
    return job_id


def _ops(*arguments: str) -> int:
    return run(["runbook", *arguments])


def _step_events(step: str) -> list[str]:
    record = find_record(state_folder(resolve(environ=os.environ)), "")
    return [event.kind for event in record.events() if event.step == step]


def test_the_consumer_reads_again_and_back(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = Mapping(twin)
    mapping.turn(on=False)
    try:
        job_id = _post(twin)
        assert _ops("run", "stalled-consumer", "--yes-to", "read-only") == 0
        assert mapping.state == "Disabled", "checks alone change nothing"
        capsys.readouterr()
        assert _ops(*RUN, "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert told["phase"] == "done"
        assert mapping.state == "Enabled"
        assert twin.result(job_id)
        assert _ops("rollback", "--reason", "try the undo", "--yes-to", "reversible") == 0
        assert mapping.state == "Disabled"
        assert _ops("report") == 0
        assert "`off` → `on`" in capsys.readouterr().out
    finally:
        mapping.turn(on=True)


def test_a_run_that_is_killed_goes_on_where_it_was(twin: Twin) -> None:
    mapping = Mapping(twin)
    mapping.turn(on=False)
    try:
        job_id = _post(twin)
        command = [sys.executable, "-m", "ops", "runbook", *RUN]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            wait_for(lambda: mapping.state != "Disabled" or process.poll() is not None, 120, "nothing changed", 0.005)
            process.send_signal(signal.SIGKILL)
        assert _ops("resume", "--yes-to", "reversible") == 0
        assert mapping.state == "Enabled"
        assert twin.result(job_id)
        kinds = _step_events("turn_on")
        assert (kinds.count("step.intended"), kinds[-1]) == (1, "step.verified")
    finally:
        mapping.turn(on=True)


def test_a_move_task_is_cancelled_and_an_image_is_set_and_set_back(twin: Twin, tmp_path: Path) -> None:
    twin.no_dead_letters()
    sqs, functions = twin.client("sqs"), twin.client("lambda")
    name, dlq = twin.outputs[contract.OUTPUT_FUNCTION], twin.outputs[contract.OUTPUT_DLQ_URL]
    original = functions.get_function(FunctionName=name)["Code"]["ImageUri"]
    first, second = (f"{original.partition('@')[0].rpartition(':')[0]}@sha256:{digit * 64}" for digit in "ab")
    functions.update_function_code(FunctionName=name, ImageUri=first)
    aside = sqs.create_queue(QueueName=f"aside-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    source, target = (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for url in (dlq, aside)
    )
    page = tmp_path / "both.md"
    cancel = "otherwise: Ask.\n```\n```sh generated\n```\n```step\nid: cancel\naction: dlq.cancel\n"
    page.write_text(
        SMALL.replace("action: mapping.resume\n", f"action: function.set-image\nwith:\n  image: {second}\n{cancel}")
    )
    try:
        assert _ops("check", str(page), "--write") == 0
        for _ in range(6):
            entries = [{"Id": str(place), "MessageBody": "x"} for place in range(10)]
            sqs.send_message_batch(QueueUrl=dlq, Entries=entries)
        sqs.start_message_move_task(SourceArn=source, DestinationArn=target, MaxNumberOfMessagesPerSecond=1)
        assert _ops("run", str(page), "--reason", "try", "--yes-to", "reversible") == 0
        (task,) = sqs.list_message_move_tasks(SourceArn=source)["Results"][:1]
        assert task["Status"] in ("CANCELLING", "CANCELLED")
        assert functions.get_function(FunctionName=name)["Code"]["ImageUri"] == second
        assert _ops("rollback", "--reason", "try", "--yes-to", "reversible") == 0
        assert functions.get_function(FunctionName=name)["Code"]["ImageUri"] == first
    finally:
        functions.update_function_code(FunctionName=name, ImageUri=original)
        sqs.purge_queue(QueueUrl=dlq)
        sqs.delete_queue(QueueUrl=aside)
