"""One dead-letter queue, several source queues: causes, fixed or not, and counts are per source and function."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.deadletters import causes
from ops.deadletters.messages.model import Place
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import Snapshot
from tests.fakes.logs import SENT_AT, FakeLogs, a_source, failed, row, silent
from tests.ops.insight.world import FUNCTION

MAILS, LOST = (f"arn:aws:sqs:eu-west-1:123456789012:{name}" for name in ("mails", "lost"))
WORKER = "mail-worker"
TRACE = '{}\nTraceback (most recent call last):\n  File "/var/task/{}.py", line 3, in handler\n    x'


def mapping(queue: str, function: str = WORKER, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:eu-west-1:1:function:{function}"
    return {"UUID": str(uuid.uuid4()), "EventSourceArn": queue, "FunctionArn": arn, "State": "Enabled", **more}


def function(name: str = WORKER, deployed: datetime = SENT_AT - timedelta(days=1), **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:eu-west-1:1:function:{name}"
    changed = deployed.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return {"FunctionName": name, "FunctionArn": arn, "Timeout": 30, "LastModified": changed, **more}


@contextmanager
def shared(folder: Path, patch: pytest.MonkeyPatch, **workload: Any) -> Iterator[tuple[DeadLetterQueue, FakeLogs]]:
    """One message of the workload's queue, two of ``mails``, and what both functions logged."""
    letters = [silent("o1", 1), silent("m1", 1, source_arn=MAILS), silent("m2", 1, source_arn=MAILS)]
    with a_source(
        folder, patch, letters, [row(1.5, TRACE.format("[ERROR] KeyError: 'currency'", "order"))], **workload
    ) as (
        here,
        logs,
    ):
        logs.mappings[MAILS] = [mapping(MAILS)]
        logs.functions[WORKER] = function()
        logs.groups[f"/aws/lambda/{WORKER}"] = [
            failed(1.5, "RecipientRefused", f"r{one}", one, error_message="mailbox full") for one in ("m1", "m2")
        ]
        yield here, logs


def causes_of(here: DeadLetterQueue) -> dict[str, tuple[str, bool]]:
    with Snapshot.open(here) as snapshot:
        return {
            stored.message.message_id: (stored.cause.error_type, stored.cause.likely) for stored in snapshot.iterate()
        }


def test_each_message_gets_its_cause_from_the_function_that_reads_its_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shared(tmp_path, monkeypatch) as (here, _):
        causes.explain_causes(here)
        assert causes_of(here) == {
            "o1": ("KeyError", True),
            "m1": ("RecipientRefused", False),
            "m2": ("RecipientRefused", False),
        }
        found = causes.report_causes(here)
        assert found.elsewhere == {"mails": 2}
        assert "; 2 of 3 came from another queue: mails (2)." in found.finding.text
        moments = causes.build_timeline(here, "m1").events
        assert any(moment.text.startswith("RecipientRefused") for moment in moments)


def test_a_message_whose_function_is_not_known_stays_without_a_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shared(tmp_path, monkeypatch) as (here, logs):
        logs.mappings.clear()
        done = causes.explain_causes(here)
        assert causes_of(here)["m1"] == ("unknown", False), "not that of the neighbor's function"
        assert causes_of(here)["o1"] == ("KeyError", True)
        assert any("no function that reads mails is known" in note for note in done.notes)
        fixed = causes.report_causes(here).groups.set_index("error_type").loc["unknown"]
        assert fixed["fixed"] == "unknown"


def test_without_a_source_nothing_is_joined_by_time_where_queues_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shared(tmp_path, monkeypatch) as (here, _), Snapshot.open(here) as snapshot:
        snapshot.add([silent("x1", 1, source_arn="")], Place.QUEUE)
        causes.explain_causes(here)
        assert causes_of(here)["x1"] == ("unknown", False)


def test_two_functions_on_one_queue_are_both_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with shared(tmp_path, monkeypatch) as (here, logs):
        logs.mappings[MAILS].append(mapping(MAILS, "news-worker"))
        logs.functions["news-worker"] = function("news-worker")
        logs.groups["/aws/lambda/mail-worker"] = logs.groups["/aws/lambda/mail-worker"][:1]
        logs.groups["/aws/lambda/news-worker"] = [row(1.5, TRACE.format("[ERROR] OSError: full", "news"))]
        causes.explain_causes(here)
        assert causes_of(here)["m1"] == ("RecipientRefused", False)
        assert causes_of(here)["m2"] == ("unknown", False), "by time alone either function may have failed it"


def test_fixed_since_is_by_the_function_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = FUNCTION.__class__(**{**vars(FUNCTION), "deployed_at": SENT_AT + timedelta(minutes=30)})
    with shared(tmp_path, monkeypatch, function=own) as (here, logs):
        causes.explain_causes(here)
        groups = causes.report_causes(here).groups.set_index("error_type")
        assert groups.loc["KeyError", "fixed"] == "deployed since"
        assert groups.loc["RecipientRefused", "fixed"] == "no", "a neighbor's deploy fixes nothing"
        assert "last deploy" not in causes.report_causes(here).finding.text, "the largest cause is another function's"
        logs.functions[WORKER] = function(deployed=SENT_AT + timedelta(minutes=40))
        causes.explain_causes(here)
        groups = causes.report_causes(here).groups.set_index("error_type")
        assert groups.loc["RecipientRefused", "fixed"] == "deployed since"


def test_successes_of_another_function_are_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both functions log the successes of score jobs; only one of them failed with each cause."""
    metrics = (contract.JOB_NAMESPACE, "scilearn")
    own = FUNCTION.__class__(**{**vars(FUNCTION), "metrics": metrics})
    variables = {"POWERTOOLS_METRICS_NAMESPACE": metrics[0], "POWERTOOLS_SERVICE_NAME": metrics[1]}
    succeeded = row(9, {"level": "INFO", "message": contract.LOG_JOB_OK, "job_kind": "score"})
    with shared(tmp_path, monkeypatch, function=own) as (here, logs):
        logs.functions[WORKER] = function(Environment={"Variables": variables})
        logs.rows = [failed(1, "KeyError", "r0", "o1", job_kind="score"), succeeded]
        logs.groups[f"/aws/lambda/{WORKER}"] = [failed(1, "RecipientRefused", "r1", "m1", job_kind="score")]
        causes.explain_causes(here)
        groups = causes.report_causes(here).groups.set_index("error_type")
    assert "1 score job succeeded since" in str(groups.loc["KeyError", "fixed_why"])
    assert "no score job succeeded since" in str(groups.loc["RecipientRefused", "fixed_why"])


def test_one_cause_of_two_functions_is_fixed_when_both_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = FUNCTION.__class__(**{**vars(FUNCTION), "deployed_at": SENT_AT + timedelta(minutes=30)})
    with shared(tmp_path, monkeypatch, function=own) as (here, logs):
        logs.rows = [failed(1, "RecipientRefused", "r0", "o1", error_message="mailbox full")]
        causes.explain_causes(here)
        (group,) = causes.report_causes(here).groups.to_dict("records")
    assert (group["letters"], group["fixed"]) == (3, "no")
    assert "mail-worker: Not deployed since" in group["fixed_why"]
    assert "worker: Deployed" in group["fixed_why"]
