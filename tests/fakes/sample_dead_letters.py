"""Sample messages with causes, a plan and runs, as the dashboard's tests show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.deadletters.causes import fingerprint
from ops.deadletters.ledger.model import Run, RunState, RunStep
from ops.deadletters.messages.model import Attribute, Cause, DeadLetter, Kind
from ops.deadletters.plan_model import Action, Destination, Estimate, Pace, Plan, Returns, Selection, Steps

NOW = datetime.now(UTC).replace(microsecond=0)

ARN = "arn:aws:sqs:eu-west-1:123456789012:"

WHO = "arn:aws:sts::123456789012:assumed-role/operator/sam"

SAMPLE_CAUSES = (  # share, error type, message, location, source, job kind
    (0.62, "Sandbox.Timedout", "Task timed out after 6.00 seconds", "", "invocation record", "train"),
    (0.2, "BadData", "column 'income' is empty{foreign}", "handler/jobs/prepare.py:61 check", "handler log", "prepare"),
    (0.1, "Runtime.OutOfMemory", "Memory used 512 MB of 512 MB", "", "invocation record", "train"),
    (0.05, "NotJson", "Expecting value: line {n} column 1 (char 0)", "handler/app.py:44 parse", "attribute", ""),
    (0.02, "NotConverged", "did not converge after {n} steps", "handler/jobs/train.py:88 fit", "traceback", "train"),
    (0.01, "", "", "", "none", ""),
)  # fmt: skip


def sample_messages(count: int, foreign: str = "") -> Iterator[tuple[DeadLetter, Cause]]:
    """``count`` messages of six causes, in their shares."""
    kinds = [kind for kind in SAMPLE_CAUSES for _ in range(max(1, round(kind[0] * count)))][:count]
    for i, (_, error_type, message, location, source, job) in enumerate(kinds):
        sent = NOW - timedelta(minutes=90) + timedelta(seconds=i * 5_000 / count)
        died = sent + timedelta(seconds=190)
        body = json.dumps({"schema": 1, "job_id": f"job-{i:06d}", "kind": job or "describe", "params": {"alpha": i % 7},
                           "data": {"columns": {"x": list(range(300 if count < 1_000 else 150))}}})  # fmt: skip
        text = message.replace("{foreign}", foreign).replace("{n}", str(i))
        letter = DeadLetter(
            f"{i:08x}-1111-4111-8111-111111111111",
            foreign if error_type == "BadData" and foreign else "{" if error_type == "NotJson" else body,
            {"Tenant": Attribute("String", foreign or "acme"), "Tries": Attribute("Number", "2")},
            {"SentTimestamp": str(int(sent.timestamp() * 1000)), "ApproximateReceiveCount": "4",
             "DeadLetterQueueSourceArn": f"{ARN}scilearn-jobs",
             "AWSTraceHeader": f"Root=1-6b0ba243-{i:024x};Parent=53995c3f42cd8ad8;Sampled={int(i % 3 > 0)}"},
            Kind.REJECTED if source == "attribute" else Kind.SQS,
            sent, 4, f"{ARN}scilearn-jobs", f"{i:08x}-1111-4111-8111-111111111111",
            f"{i:08x}-3333-4333-8333-333333333333",
        )  # fmt: skip
        cause = Cause(error_type or "unknown", text, location, source, letter.request_id, died, "7", job)
        if source != "none":
            cause = replace(cause, fingerprint=fingerprint(error_type, text, location), label=_label(text, i))
        yield letter, cause


def _label(text: str, i: int) -> str:
    return text.replace(str(i), "…") if i else text


def a_plan(ids: tuple[str, ...], selection: Selection, action: Action, destination: Any = None, edits: Any = (),
           pace: Any = None, steps: Any = None) -> Plan:  # fmt: skip
    sources = (f"{ARN}scilearn-jobs",)
    return Plan(
        id="20261124T041022-3f9a", made_at=NOW, made_by=WHO, queue_arn=f"{ARN}scilearn-jobs-dead",
        queue_url="https://sqs/scilearn-jobs-dead", action=action, selection=selection, ids=ids, bytes=len(ids) * 1_400,
        looked_at=NOW - timedelta(minutes=3), queue_count=54, margin=0.1, destination=destination or Destination(),
        edits=tuple(edits), pace=pace or Pace(), steps=steps or Steps(), engine="ledger",
        engine_why="a part of the queue is chosen, which the server-side move task cannot do",
        causes={"a1b2c3d4e5": len(ids)}, estimate=Estimate(4.2, 0.00012, 96),
        permissions=(f"sqs:ReceiveMessage on {ARN}scilearn-jobs-dead", f"sqs:DeleteMessage on {ARN}scilearn-jobs-dead",
                     f"sqs:SendMessage on {ARN}scilearn-jobs"),
        sample=ids[:3], warnings=("The oldest message expires in 2 days 4 h.",), hash="9" * 64,
        returns=Returns({sources[0]: len(ids)}, sources=sources),
    )  # fmt: skip


def a_run(state: RunState, foreign: str = "", began: datetime | None = None, reason: str = "deployed version 8") -> Run:
    """Of 2,000 messages: in its third stage, or as it ended."""
    began = began or NOW - timedelta(minutes=2)
    base = Run(
        id=f"{began:%Y%m%dT%H%M%S}-3f9a", plan_hash="9" * 64, reason=reason + foreign, who=WHO, state=state,
        began=began, ended=began + timedelta(minutes=4), engine="ledger", planned=2_000, sent=2_000, deleted=2_000,
        failed=0, missing=0, succeeded=2_000, failed_again=0, waiting=0, rate=0.0, rate_limit=100.0, rate_reason="",
        status_text="2,000 messages were sent, 2,000 succeeded.",
        steps=tuple(RunStep(n, upto, upto, upto - before, 0, 0, "passed")
                    for n, (before, upto) in enumerate(((0, 5), (5, 20), (20, 200), (200, 2_000)), 1)),
    )  # fmt: skip
    if state is RunState.DONE:
        return base
    passed = base.steps[:2]
    if state is RunState.STOPPED:
        steps = (
            RunStep(1, 5, 5, 1, 4, 0, "stopped"),
            *(replace(s, sent=0, succeeded=0, state="open") for s in base.steps[1:]),
        )
        return replace(base, steps=steps, sent=5, deleted=5, succeeded=1, failed_again=4,
                       status_text="Stopped in stage 1: 4 of 5 failed again, more than 20%.",
                       failed_again_causes=((f"Sandbox.Timedout: Task timed out after … seconds{foreign}", 4),))  # fmt: skip
    steps = (*passed, RunStep(3, 200, 160, 90, 2, 48, "sending"), RunStep(4, 2_000, 0, 0, 0, 0, "open"))
    going = replace(base, ended=None, steps=steps, sent=160, deleted=150, succeeded=110, failed_again=2, waiting=48,
                    rate=46.8, status_text="Stage 3: sending 180 messages.", rate_limit=47.0,
                    rate_reason="the queue's oldest message is 40 s old, slowing")  # fmt: skip
    if state is RunState.RUNNING:
        return going
    texts = {
        RunState.INTERRUPTED: "Its process ended after 160 messages; nothing is lost.",
        RunState.CANCELLED: "Cancelled after 160 messages; messages in progress were released.",
        RunState.FAILED: "The identity may not call sqs:SendMessage on scilearn-jobs.",
    }
    duplicates = (
        tuple(f"{i:08x}-1111-4111-8111-111111111111" for i in range(4)) if state is RunState.INTERRUPTED else ()
    )
    failures = (("MessageTooLong: over 1 MiB after edits", 3),) if state is RunState.FAILED else ()
    return replace(going, state=state, status_text=texts[state], possible_duplicates=duplicates,
                   failures=failures, failed=len(failures) * 3, ended=None if state is RunState.INTERRUPTED else NOW)  # fmt: skip


def settling_run(run: Run) -> Run:
    """The run with all of its messages sent, and outcomes of its last stage pending."""
    *passed, last = a_run(RunState.DONE).steps
    return replace(
        run, sent=2_000, deleted=2_000, succeeded=1_937, failed_again=0, waiting=63, rate=0.0,
        status_text="Stage 4: waiting for 63 outcomes.",
        steps=(*passed, replace(last, succeeded=last.succeeded - 63, waiting=63, state="watching")),
    )  # fmt: skip


def looping_move_task(run: Run) -> Run:
    """The run with a move task, whose messages are not in the ledger before it has ended."""
    return replace(
        run, engine="move task", planned=87, sent=0, deleted=0, succeeded=0, failed_again=0, waiting=0, moved=35,
        rate=2.0, rate_limit=2.0, rate_reason="the plan's cap", steps=(RunStep(1, 87, 0, 0, 0, 0, "sending"),),
    )  # fmt: skip
