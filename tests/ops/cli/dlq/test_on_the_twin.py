"""An incident from end to end on the command line: real jobs die, are fixed on their way back, and succeed."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.cli.app import run
from tests.twins import Twin, wait_for

pytestmark = [pytest.mark.twin, pytest.mark.slow]
TABLE = {"columns": {"age": [20, 30, 40, 50, 60, 70], "gift": [1.0, 2.5, 3.0, 4.5, 5.0, 6.5]}}
KIND = f"cluster{uuid.uuid4().hex[:6]}"


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str]) -> Any:
    def command(*arguments: str) -> tuple[int, str]:
        code = run(["dlq", *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out or captured.err

    return command


@pytest.fixture
def died(twin: Twin) -> list[str]:
    """Ids of jobs of a kind that there is not, once their letters lie in the dead-letter queue."""
    twin.no_dead_letters()
    jobs = [uuid.uuid4().hex for _ in range(6)]
    for job in jobs:
        body = {"schema": contract.JOB_SCHEMA, "job_id": job, "kind": KIND, "data": TABLE}
        assert twin.post(body).status == 202
    sqs = twin.client("sqs")

    def dead() -> bool:
        found = sqs.get_queue_attributes(
            QueueUrl=twin.outputs[contract.OUTPUT_DLQ_URL], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"]) >= len(jobs)

    wait_for(dead, 180, "the letters did not come")
    return jobs


def test_an_incident_from_scan_to_nothing_left(twin: Twin, died: list[str], ops: Any, tmp_path: Path) -> None:
    code, screen = ops("scan")
    assert code == 1
    assert KIND in screen
    assert "local twin" in screen
    where = f"body.kind == '{KIND}'"
    [cause] = {
        each["cause"]["fingerprint"] for each in json.loads(ops("list", "--where", where, "--json")[1])["letters"]
    }
    plan = str(tmp_path / "plan.json")
    again = ("plan", "--cause", cause, "--steps", "2,100%", "--patience", "10m", "--out", plan)
    assert ops(*again)[0] == 0
    code, screen = ops("redrive", plan, "--reason", "let us see", "--yes")
    assert code == 1, "the canary dies of the same"
    assert screen.startswith("Stopped: 2 of 6 sent · 2 failed again.")
    assert "UnknownJob" in screen
    ops("scan")
    Path(plan).unlink()
    assert ops(*again, "--set", "body.kind=describe")[0] == 0
    assert '+  "kind": "describe"' in ops("diff", plan)[1]
    code, screen = ops("redrive", plan, "--reason", "sent by the wrong name", "--yes")
    assert code == 0, screen
    assert screen.startswith("Done: 6 of 6 sent · 6 succeeded.")
    for job in died:
        twin.result(job)
    ops("scan")
    assert json.loads(ops("list", "--where", where, "--json")[1])["count"] == 0
