"""A job that times out until SQS moves it, is redriven with an edit, and succeeds: all of it in one waterfall."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.cli.app import run
from ops.twin.workload.jobs import ENDLESS_RESAMPLES
from tests.twins import Twin, wait_for

pytestmark = [pytest.mark.twin, pytest.mark.slow]
TABLE = {"columns": {"age": [20, 30, 40, 50, 60, 70], "gift": [1.0, 2.5, 3.0, 4.5, 5.0, 6.5]}}


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str]) -> Any:
    def command(*arguments: str) -> tuple[int, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out or captured.err

    return command


def test_retries_the_dead_letter_queue_and_a_redrive_are_one_waterfall(twin: Twin, ops: Any, tmp_path: Path) -> None:
    job = f"endless-{uuid.uuid4().hex[:12]}"
    body = {"schema": contract.JOB_SCHEMA, "job_id": job, "kind": "describe", "data": TABLE}
    assert twin.post({**body, "params": {"resamples": ENDLESS_RESAMPLES}}).status == 202
    where = f"body.job_id == '{job}'"

    def dead() -> bool:
        ops("dlq", "scan", "--no-logs")
        return bool(json.loads(ops("dlq", "list", "--where", where, "--json")[1])["count"])

    wait_for(dead, 300, "the job did not get to the dead-letter queue")
    found = json.loads(ops("trace", job, "--json")[1])
    assert found["finding"]["level"] == "critical", found["finding"]["text"]
    plan = str(tmp_path / "plan.json")
    edit = ("--set", "body.params.resamples=200", "--steps", "100%", "--no-watch")
    assert ops("dlq", "plan", "--where", where, *edit, "--out", plan)[0] == 0
    assert ops("dlq", "redrive", plan, "--reason", "fewer resamples", "--yes")[0] == 0
    twin.result(job)

    def succeeded() -> dict[str, Any] | None:
        """The record of the last attempt is written with the environment's next invocation, or a little later."""
        code, out = ops("trace", job, "--json")
        told: dict[str, Any] = json.loads(out)
        return told if code == 0 and told["spans"][-1]["duration_s"] is not None else None

    found = wait_for(succeeded, 120, "no trace of the success")
    top = [span for span in found["spans"] if span["depth"] == 1]
    kinds = [span["kind"] for span in top if span["kind"] != "init"]
    waits = ["queue wait", "attempt"]
    assert kinds == [*waits * 3, "dead-letter queue", "redrive", *waits, "result"], [span["name"] for span in top]
    attempts = [span for span in top if span["kind"] == "attempt"]
    assert [span["failure"] for span in attempts] == [*["Sandbox.Timedout"] * 3, ""]
    assert [span["attempt"] for span in attempts] == [1, 2, 3, 4]
    assert [span["detail"].split(",")[0] for span in attempts[:3]] == ["receive 1", "receive 2", "receive 3"]
    (redrive,) = [span for span in top if span["kind"] == "redrive"]
    assert redrive["source"] == "redrive ledger" and found["message_ids"][0] != found["message_ids"][1]
    assert {"X-Ray", "extension record", "snapshot"} <= {span["source"] for span in found["spans"]}
    (stay,) = [span for span in top if span["kind"] == "dead-letter queue"]
    assert stay["basis"] == "inferred" and stay["duration_s"] is not None
    for identifier in (*found["message_ids"], attempts[-1]["request_id"]):
        assert ops("trace", identifier, "--json")[0] == 0
    assert "━" in ops("trace", job)[1]
