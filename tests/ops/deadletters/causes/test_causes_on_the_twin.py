"""End to end on the twin: real jobs fail, and are explained by the logs of the real handler and extension."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.deadletters import causes
from ops.deadletters.messages.model import SnapshotMessage
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from ops.target import resolve
from ops.twin.workload.jobs import ENDLESS_RESAMPLES
from tests.twins import Twin, wait_for


def bury(twin: Twin, **job: Any) -> str:
    """Post a job that can only die; its id."""
    job_id = uuid.uuid4().hex
    data = {"columns": {"a": [1, 2, 3, 4], "b": [0, 1, 0, 1]}}
    assert twin.post({"schema": contract.JOB_SCHEMA, "job_id": job_id, "data": data, **job}).status == 202
    return job_id


def explained(job_id: str, patience_s: float) -> tuple[DeadLetterQueue, SnapshotMessage]:
    """Look and explain, as an operator does, until the letter is there and has a cause."""
    target = resolve(environ={})
    aws = Aws(target)
    source = open_queue(aws, workload.describe(aws, target))

    def known() -> SnapshotMessage | None:
        scan_queue(source)
        causes.explain_causes(source)
        with Snapshot.open(source) as snapshot:
            there = [stored for stored in snapshot.iterate() if job_id in stored.message.body]
        return there[0] if there and there[0].cause.source != "none" else None

    found: SnapshotMessage = wait_for(known, patience_s, "the job did not come to the dead-letter queue", pause=1.0)
    return source, found


@pytest.mark.twin
def test_a_rejected_job_says_why_itself(twin: Twin) -> None:
    job_id = bury(twin, kind="cluster")
    source, found = explained(job_id, 180)
    assert (found.cause.error_type, found.cause.source) == ("UnknownJob", "attribute")
    assert found.cause.job_kind == "cluster"

    def logged() -> list[str] | None:
        moments = [moment.what for moment in causes.build_timeline(source, found.message.message_id).events]
        return moments if "error" in moments and "received" in moments[: moments.index("error")] else None

    what: list[str] = wait_for(logged, 180, "the logs do not tell of it", pause=1.0)  # they come later than the letter
    assert what[0] == "received"
    assert {"error", "sent", "died"} <= set(what)
    assert what.index("error") < what.index("died")
    twin.receive(source.queue.url, lambda message: job_id in message["Body"])


@pytest.mark.twin
@pytest.mark.slow
def test_a_job_that_never_ends_is_explained_by_the_extensions_record(twin: Twin) -> None:
    job_id = bury(twin, kind="describe", params={"outcome": "b", "resamples": ENDLESS_RESAMPLES})
    source, found = explained(job_id, 600)
    assert found.cause.error_type == "Sandbox.Timedout"
    assert found.cause.source in ("invocation record", "report line")
    assert "stopped at the function's timeout" in found.cause.error_message

    def one_a_receive() -> list[str] | None:
        what = [moment.what for moment in causes.build_timeline(source, found.message.message_id).events]
        return what if what.count("timeout") >= 3 else None

    what: list[str] = wait_for(one_a_receive, 180, "the logs do not tell of three timeouts", pause=1.0)
    assert what.count("timeout") == 3
    assert what[-1] == "died"
    twin.receive(source.queue.url, lambda message: job_id in message["Body"])


@pytest.mark.twin
@pytest.mark.slow
def test_a_job_that_lambda_throttled_at_each_receive_never_ran(twin: Twin) -> None:
    """Reserved concurrency 0, as in a report of 2025-11: no log line, and nothing wrong with the message."""
    lambda_, name = twin.client("lambda"), twin.outputs[contract.OUTPUT_FUNCTION]
    before = lambda_.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        job_id = bury(twin, kind="describe", params={"outcome": "b"})
        source, found = explained(job_id, 300)
    finally:
        if before is None:
            lambda_.delete_function_concurrency(FunctionName=name)
        else:
            lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)
    assert (found.cause.error_type, found.cause.source, found.cause.likely) == ("Never ran", "metrics", True)
    assert "nothing is wrong with the message" in found.cause.error_message

    def fixed() -> bool:
        other = bury(twin, kind="describe", params={"outcome": "b"})
        twin.result(other)
        causes.explain_causes(source)
        groups = causes.report_causes(source).groups.set_index("error_type")
        return bool(groups.loc["Never ran", "fixed"] == "succeeds since")

    wait_for(fixed, 300, "the cause is not fixed though nothing is throttled", pause=10)
    twin.receive(source.queue.url, lambda message: job_id in message["Body"])
