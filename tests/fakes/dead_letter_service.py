"""Dead-letter services with a real snapshot in a scratch folder, and made-up plans, runs and jobs.

Causes, messages, filters and the audit log are read by the toolkit itself; nothing calls AWS.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from dashboard.services.dead_letter_service import LocalDeadLetterService
from ops.aws import Aws, sqs
from ops.deadletters.archive import audit_log
from ops.deadletters.causes import Timeline, TimelineEvent, fingerprint
from ops.deadletters.jobs.background import DONE, RUNNING, BackgroundJob
from ops.deadletters.ledger.model import Run, RunState, RunStep
from ops.deadletters.messages.model import Attribute, Cause, DeadLetter, Kind, Place
from ops.deadletters.plan_model import Action, Estimate, Plan, Selection
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import Snapshot
from ops.errors import NotFound, OpsError
from ops.insight.report_types import QueryCost
from ops.target import Target
from ops.workload import Workload

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
             "DeadLetterQueueSourceArn": f"{ARN}scilearn-jobs"},
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


class SampleDeadLetterService(LocalDeadLetterService):
    """With ``count`` messages. ``state``: of the run on the page; ``job``: the state of the scan."""

    scanned_at = NOW - timedelta(minutes=3)

    def __init__(self, count: int = 54, foreign: str = "", state: RunState | None = None, job: str = "") -> None:
        folder = Path(tempfile.mkdtemp(prefix="dead-letters-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name in ("plans", "runs", "jobs", "exports"):
            (folder / name).mkdir()
        queues = [
            sqs.Queue(name, f"https://sqs/{name}", ARN + name, 60, 345_600, 0, 0, None, None, False)
            for name in ("scilearn-jobs", "scilearn-jobs-dead")
        ]
        workload = Workload("scilearn", "eu-west-1", "123456789012", *queues, *[None] * 2, (), *[None] * 5)
        super().__init__(
            DeadLetterQueue(Aws(Target(stack="scilearn", region="eu-west-1")), workload, queues[1], folder)
        )
        self.folder, self.state, self.scan_state, self.foreign = folder, state, job, foreign
        self.plans: dict[str, Plan] = {}
        self.done: list[tuple[str, dict[str, Any]]] = []
        if count:
            with Snapshot.open(self._source) as snapshot:
                messages = list(sample_messages(count, foreign))
                snapshot.add((letter for letter, _ in messages), Place.QUEUE)
                snapshot.set_causes((letter.message_id, cause) for letter, cause in messages)
                snapshot.note("fixed", dict(self._verdicts(messages)))
        for record in self._records():
            audit_log.append_record(folder, record)

    def _verdicts(self, messages: list[tuple[DeadLetter, Cause]]) -> Iterator[tuple[str, dict[str, Any]]]:
        statuses = {
            "Sandbox.Timedout": (
                "succeeds since",
                "Deployed 02:10 UTC, after the last failure (01:58 UTC); 212 train jobs succeeded since.",
            ),
            "BadData": ("no", "Not deployed since the last failure (03:12 UTC)."),
            "Runtime.OutOfMemory": (
                "deployed since",
                "Deployed 02:10 UTC, after the last failure (01:58 UTC); no train jobs succeeded since.",
            ),
        }
        for fingerprint_, kind in {(cause.fingerprint, cause.error_type) for _, cause in messages}:
            status, sentence = statuses.get(kind, ("unknown", "It is not known when the function was deployed."))
            yield (
                fingerprint_,
                {"verdict": status, "sentence": sentence, "deployed": None, "successes": 0, "more": False},
            )

    def info(self) -> Any:
        found = super().info()
        notes = ("The scan took 6 receives and raised the receive count of 54 messages by one; all were released.",)
        return found and replace(found, looked_at=self.scanned_at, complete=True, notes=notes)

    def causes(self, imported: bool = False) -> Any:
        return replace(super().causes(imported), looked_at=self.scanned_at, complete=True)

    def timeline(self, message_id: str) -> Timeline:
        sent = self.message(message_id).letter.sent or NOW
        told = (
            (0, "sent", "to scilearn-jobs"),
            (2, "received", "attempt 1"),
            (8, "timeout", f"Task timed out after 6.00 seconds{self.foreign}"),
            (63, "received", "attempt 2"),
            (69, "timeout", "Task timed out after 6.00 seconds"),
            (190, "died", "moved to scilearn-jobs-dead after 3 receives"),
        )
        moments = tuple(TimelineEvent(sent + timedelta(seconds=after), what, text) for after, what, text in told)
        return Timeline(moments, QueryCost(usd=0.0001))

    def create_plan(self, selection: Selection, action: Action, *more: Any, **named: Any) -> Plan:
        if selection.text == "denied":
            raise NotFound("There is no queue jobs-test in eu-west-1.", "Name one that is there.")
        with Snapshot.open(self._source) as snapshot:
            ids = snapshot.ids(selection)
            causes = Counter(snapshot.get(one).cause.fingerprint for one in ids[:1_000])
        plan = replace(a_plan(ids, selection, action, *more, **named), causes=dict(causes))
        self.plans[plan.id] = plan
        return plan

    def load_plan(self, plan: str) -> Plan:
        return self.plans[plan]

    def check_plan(self, plan: Plan) -> None:
        pass

    def runs(self) -> tuple[Run, ...]:
        earlier = a_run(RunState.DONE, began=NOW - timedelta(days=1), reason="fixed in version 6")
        return (a_run(self.state, self.foreign), earlier) if self.state else (earlier,)

    def run(self, plan: str) -> Run | None:
        return next((run for run in self.runs() if run.id == plan), None)

    def cancel(self, run: str) -> None:
        self.done.append(("cancel", {"run": run}))

    def start(self, work: str, name: str = "", **arguments: Any) -> BackgroundJob:
        self.done.append((work, arguments))
        return BackgroundJob(name or work, work, RUNNING, NOW)

    def job(self, name: str) -> BackgroundJob | None:
        if name.startswith("redrive-") and (
            self.scan_state == "starting" or ("redrive" in [work for work, _ in self.done])
        ):
            return BackgroundJob(name, "redrive", RUNNING, NOW)
        if name == "look" and self.scan_state == "running":
            return BackgroundJob(
                name, name, RUNNING, datetime.now(UTC) - timedelta(seconds=8), None, 4_200, 10_000, "Receiving"
            )
        if name == "look" and self.scan_state == "failed":
            error = "The identity arn:aws:iam::123456789012:user/reader may not call sqs:ReceiveMessage."
            return BackgroundJob(name, name, "failed", NOW, NOW, error=error, next_step="Allow sqs:ReceiveMessage.")
        if name in ("export", "purge-export") and (path := next(self.folder.glob("exports/*"), None)):
            kept = {"path": str(path), "selection": {**vars(Selection()), "ids": []}}
            return BackgroundJob(
                name, "export", DONE, NOW, NOW, status_text=f"54 messages written to {path.name}", arguments=kept
            )
        return None

    def audit(self, limit: int | None = None) -> Any:
        return audit_log.read_records(self.folder, limit)

    def verify_audit(self) -> Any:
        return audit_log.verify_records(self.folder)

    def _records(self) -> Iterator[audit_log.Record]:
        base = audit_log.Record(NOW - timedelta(days=2), WHO, "123456789012", "eu-west-1", "redrive", "scilearn-jobs-dead",
                            "fixed in version 6, OPS-118", "20261122T021000-3f9a", "9" * 64)  # fmt: skip
        yield replace(base, outcome="began")
        yield replace(base, at=base.at + timedelta(minutes=4), outcome="done",
                      counts={"planned": 412, "sent": 412, "deleted": 412, "succeeded": 412})  # fmt: skip
        yield replace(base, at=NOW - timedelta(hours=5), action="purge", reason=f"test data{self.foreign}",
                      outcome="done", counts={"deleted": 3})  # fmt: skip
        yield replace(base, at=NOW - timedelta(minutes=20), outcome="stopped", reason="deployed version 8",
                      counts={"planned": 33, "sent": 5, "came_back": 4, "succeeded": 1})  # fmt: skip


class ScannedSince(SampleDeadLetterService):
    """Scanned after the page has loaded its report."""

    scanned_at = NOW + timedelta(days=1)


class BrokenSnapshot(SampleDeadLetterService):
    """A snapshot that cannot be read."""

    def info(self) -> Any:
        raise OpsError("The snapshot shelf.db is damaged: file is not a database.", "Move it away and scan again.")


def a_plan(ids: tuple[str, ...], selection: Selection, action: Action, destination: Any = None, edits: Any = (),
           pace: Any = None, steps: Any = None) -> Plan:  # fmt: skip
    from ops.deadletters.plan_model import Destination, Pace, Returns, Steps

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
    steps = (*passed, RunStep(3, 200, 160, 90, 2, 68, "sending"), RunStep(4, 2_000, 0, 0, 0, 0, "open"))
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


class ManyCauses(SampleDeadLetterService):
    """Thirty causes, each with a small share."""

    def causes(self, imported: bool = False) -> Any:
        report = super().causes(imported)
        groups = pd.concat([report.groups.assign(fingerprint=f"{n:010x}", letters=30 - n).iloc[:1] for n in range(30)])
        return replace(report, groups=groups.reset_index(drop=True))


class Stopping(SampleDeadLetterService):
    """A move task of a whole queue, which is being stopped or has been cancelled."""

    def __init__(self, state: RunState = RunState.RUNNING) -> None:
        super().__init__(state=state)

    def runs(self) -> tuple[Run, ...]:
        going, *earlier = super().runs()
        if self.state is not RunState.RUNNING:
            return looping_move_task(going), *earlier
        status_text = "SQS moves the messages at up to 2/s: about 35 of 87 so far."
        return replace(
            looping_move_task(going), state=RunState.RUNNING, ended=None, status_text=status_text, stopping=True
        ), *earlier


def looping_move_task(run: Run) -> Run:
    """The run with a move task, whose messages are not in the ledger before it has ended."""
    return replace(
        run, engine="move task", planned=87, sent=0, deleted=0, succeeded=0, failed_again=0, waiting=0, moved=35,
        rate=2.0, rate_limit=2.0, rate_reason="the plan's cap", steps=(RunStep(1, 87, 0, 0, 0, 0, "sending"),),
    )  # fmt: skip
