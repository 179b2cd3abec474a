"""Dead-letter services with a real snapshot in a scratch folder, and made-up plans, runs and jobs.

Causes, messages, filters and the audit log are read by the toolkit itself; nothing calls AWS.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from dashboard.services.dead_letter_service import LocalDeadLetterService
from ops.aws import Aws, sqs
from ops.deadletters.archive import audit_log
from ops.deadletters.causes import Timeline, TimelineEvent
from ops.deadletters.jobs.background import DONE, RUNNING, BackgroundJob
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.messages.model import Cause, DeadLetter, Place
from ops.deadletters.plan_model import Action, Plan, Selection, Steps
from ops.deadletters.queue import SNAPSHOT_FILE, DeadLetterQueue
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.snapshot.schema import damaged_error
from ops.errors import NotFound
from ops.insight.report_types import QueryCost
from ops.target import Target
from ops.workload import Workload
from tests.factories import add_many_causes
from tests.fakes.sample_dead_letters import (
    ARN,
    NOW,
    WHO,
    a_plan,
    a_run,
    looping_move_task,
    sample_messages,
    settling_run,
)


class SampleDeadLetterService(LocalDeadLetterService):
    """With ``count`` messages. ``state``: of the run on the page; ``job``: the state of the scan."""

    scanned_at = NOW - timedelta(minutes=3)

    def __init__(self, count: int = 54, foreign: str = "", state: RunState | None = None, job: str = "") -> None:
        folder = Path(tempfile.mkdtemp(prefix="dead-letters-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name in ("plans", "runs", "jobs", "exports"):
            (folder / name).mkdir()
        queue, dlq = (
            sqs.Queue(name, f"https://sqs/{name}", ARN + name, 60, 345_600, 0, 0, None, None, False)
            for name in ("scilearn-jobs", "scilearn-jobs-dead")
        )
        workload = Workload(
            "scilearn",
            "eu-west-1",
            "123456789012",
            queue,
            dlq,
            function=None,
            mapping=None,
            alarms=(),
            api_url=None,
            results_queue_url=None,
            results_bucket=None,
            account_concurrency=None,
            stack=None,
        )
        super().__init__(DeadLetterQueue(Aws(Target(stack="scilearn", region="eu-west-1")), workload, dlq, folder))
        self.folder, self.state, self.scan_state, self.foreign = folder, state, job, foreign
        self.plans: dict[str, Plan] = {}
        self.done: list[tuple[str, dict[str, Any]]] = []
        if count:
            with Snapshot.open(self._source) as snapshot:
                messages = list(sample_messages(count, foreign))
                snapshot.add((letter for letter, _ in messages), Place.QUEUE)
                snapshot.set_causes((letter.message_id, cause) for letter, cause in messages)
                snapshot.save_note("fixed", dict(self._verdicts(messages)))
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
        return found and replace(found, scanned_at=self.scanned_at, complete=True, notes=notes)

    def causes(self, imported: bool = False) -> Any:
        return replace(super().causes(imported), scanned_at=self.scanned_at, complete=True)

    def timeline(self, message_id: str) -> Timeline:
        sent = self.message(message_id).message.sent or NOW
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
            causes = Counter(snapshot.get(message_id).cause.fingerprint for message_id in ids[:1_000])
        plan = replace(a_plan(ids, selection, action, *more, **named), causes=dict(causes))
        self.plans[plan.id] = plan
        return plan

    def load_plan(self, plan: str) -> Plan:
        """One of this session, or the plan that a made-up run had."""
        run = self.run(plan)
        ids = tuple(f"{number:08x}-1111-4111-8111-111111111111" for number in range(run.planned if run else 2_000))
        steps = Steps(("100%",)) if run and len(run.steps) == 1 else Steps()
        return self.plans.get(plan) or replace(a_plan(ids, Selection(), Action.REDRIVE, steps=steps), id=plan)

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
        if name == "look" and self.scan_state == "ending":  # it is done when it is asked for again
            self.scan_state = ""
            return BackgroundJob(name, name, RUNNING, NOW)
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


class ScannedLongAgo(SampleDeadLetterService):
    """The queue may have changed since."""

    scanned_at = NOW - timedelta(hours=3)


class RedrivenSince(SampleDeadLetterService):
    """All but ``left`` of the 54 messages of the last scan were redriven."""

    def __init__(self, left: int) -> None:
        super().__init__()
        with Snapshot.open(self._source) as snapshot:
            ids = [message.message_id for message, _ in sample_messages(54, "")]
            snapshot.set_place(ids[left:], Place.REDRIVEN)

    def info(self) -> Any:
        with Snapshot.open(self._source) as snapshot:
            return replace(snapshot.info(), scanned_at=self.scanned_at, complete=True, last_scan={"letters": 54})


class BrokenSnapshot(SampleDeadLetterService):
    """A snapshot that cannot be read."""

    def info(self) -> Any:
        raise damaged_error(self.folder / SNAPSHOT_FILE, "file is not a database")


class ManyCauses(SampleDeadLetterService):
    """Thirty causes, each with a small share."""

    def causes(self, imported: bool = False) -> Any:
        report = super().causes(imported)
        groups = pd.concat([report.groups.assign(fingerprint=f"{n:010x}", letters=30 - n).iloc[:1] for n in range(30)])
        return replace(report, groups=groups.reset_index(drop=True))


class TenThousandCauses(SampleDeadLetterService):
    """Ten thousand messages with a cause each, and one more."""

    def __init__(self) -> None:
        super().__init__(0)
        with Snapshot.open(self._source) as snapshot:
            add_many_causes(snapshot, 10_000)


class Changing(SampleDeadLetterService):
    """One redrive, which a test changes while the page is open."""

    current: ClassVar[Run] = a_run(RunState.RUNNING)

    def runs(self) -> tuple[Run, ...]:
        return (self.current,)


class Settling(SampleDeadLetterService):
    """Everything is sent, and some outcomes are pending."""

    def __init__(self) -> None:
        super().__init__(state=RunState.RUNNING)

    def runs(self) -> tuple[Run, ...]:
        going, *earlier = super().runs()
        return settling_run(going), *earlier


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
