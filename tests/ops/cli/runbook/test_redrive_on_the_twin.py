"""From the alarm to the report on the real twin: the runbook that it names, asked, typed, sent, verified, reported."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest

from handler import contract
from ops.cli.app import run
from tests.twins import Twin, wait_for

pytestmark = [pytest.mark.twin, pytest.mark.slow]
ROWS = b"age,gift\n20,1.0\n30,2.5\n40,3.0\n50,4.5\n"
JOBS = 3
RUN = ("runbook", "run", "dlq-redrive", "--reason", "the table was put there")


def test_from_the_alarm_to_the_report(twin: Twin, terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    twin.no_dead_letters()
    key = f"inputs/{uuid.uuid4().hex}.csv"
    bucket = twin.outputs[contract.OUTPUT_BUCKET]
    ids = [uuid.uuid4().hex for _ in range(JOBS)]
    for job_id in ids:
        job = {"schema": contract.JOB_SCHEMA, "job_id": job_id, "kind": "describe", "data": f"s3://{bucket}/{key}"}
        assert twin.post(job).status == 202
    wait_for(lambda: twin.dead_letters() >= JOBS, 180, "the jobs did not fail")
    alarm = f"{twin.state.stack}-dead-letters"
    wait_for(lambda: twin.alarm_state(alarm) == "ALARM", 120, "the alarm did not fire")
    assert run(["runbook", "for", alarm, "--json"]) == 0
    commands = [named["command"] for named in json.loads(capsys.readouterr().out)["runbooks"]]
    queue = twin.outputs[contract.OUTPUT_DLQ_URL].rsplit("/", 1)[-1]
    where = ["--queue", queue]
    working = twin.outputs[contract.OUTPUT_QUEUE_URL].rsplit("/", 1)[-1]
    assert f"ops runbook run dlq-redrive --queue {working} --reason 'alarm {alarm}'" in commands

    terminal("yes", "yes", "no", "n")
    assert run([*RUN, *where]) == 1, "the cause is not fixed"
    assert "Fix it first" in capsys.readouterr().out
    assert twin.dead_letters() == JOBS, "nothing was sent"

    twin.client("s3").put_object(Bucket=bucket, Key=key, Body=ROWS)
    terminal("yes", "yes", "redrive")
    code = run(["runbook", "resume", "--json", *where])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    assert "This cannot be undone" in captured.err
    state = json.loads(captured.out)
    done = {step["id"]: step for step in state["steps"]}
    assert done["redrive"]["outputs"]["succeeded"] == JOBS
    assert done["left"]["outputs"]["messages"] == 0
    for job_id in ids:
        assert twin.result(job_id)
    assert done["cleared"]["outputs"]["state"] == "OK"
    _assert_reported(alarm, queue, where, capsys)
    assert run(["runbook", "rollback", "--reason", "try", "--yes-to", "reversible"]) == 0
    assert "redrive, which cannot be" in capsys.readouterr().out


def _assert_reported(alarm: str, queue: str, where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The alarm, the steps and the redrive are on one timeline, and nothing is left open."""
    assert run(["runbook", "report", *where]) == 0
    text = capsys.readouterr().out
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    at = -1
    for wanted in (  # each after the one before; the alarm may have gone off and been OK earlier, for another test
        (f"Alarm: {alarm} ", "→ ALARM"),
        ("(`scan`)", "done"),
        ("(`redrive`)", "done"),
        (f"Redrive of {queue}", "done", f"{JOBS} sent, {JOBS} succeeded"),
        (f"Alarm: {alarm} ", "ALARM → OK"),
        ("Run ended", "done"),
    ):
        later = range(at + 1, len(rows))
        at = next((number for number in later if all(words in rows[number] for words in wanted)), -1)
        assert at >= 0, f"{wanted} is not there, or too early:\n{text}"
    # Tests before this one may have left more in the time that the report covers.
    most = [int(number) for number in re.findall(r"\d+ to (\d+) messages", text)]
    assert max(most, default=0) >= JOBS, "the depth of the dead-letter queue"
    still_open = text.split("## Still open")[1].split("## ")[0]  # what follows counts the alarms of tests before, too
    assert alarm not in still_open.replace(",", " ").split(), text
    assert "during the incident" in text
