"""What failures cost: their share, and which cause has it."""

from __future__ import annotations

import json

import pytest

from handler import contract
from ops import pricing
from ops.deadletters.causes.logs import log_parser
from ops.fingerprints.fingerprint import fingerprint
from ops.insight.report_types import Level
from ops.insight.rules.cost.function_cost import LAMBDA_COMPONENTS
from ops.insight.sources import failed_jobs
from tests.ops.insight.cost_report import USE, part, report
from tests.ops.insight.world import Stage, record


def test_failures_are_charged_to_their_causes(stage: Stage) -> None:
    """Two of twelve attempts were retried, one was rejected, and half of what the log lines cost is a timeout's."""
    dead = {"status": "timeout", contract.INV_BILLED: 200, contract.INV_MEMORY_SIZE: 1_024}
    fine = {contract.INV_BILLED: 200, contract.INV_MEMORY_SIZE: 1_024}
    job = {"message": contract.LOG_JOB_FAILED, contract.LOG_ERROR_TYPE: "Throttled", contract.LOG_ERROR_MESSAGE: "no"}
    lines = (
        record(request_id="a", **dead),
        record(request_id="b", **fine),
        json.dumps(job),
        json.dumps(job | {contract.LOG_ERROR_TYPE: "Offline"}),
        json.dumps(job | {contract.LOG_ERROR_TYPE: "BadData", contract.LOG_PERMANENT: True}),
        json.dumps({"message": "something else", contract.LOG_ERROR_TYPE: "None"}),
        f"{contract.LOG_JOB_FAILED} {{",
    )
    found = report(stage, USE | {"JobsSucceeded": 9, "JobsFailed": 2, "JobsRejected": 1}, lines=lines)
    compute = sum(part(found, name) for name in (*LAMBDA_COMPONENTS, "SQS requests"))
    causes = zip(found.failures["cause"], found.failures["what"], strict=True)
    shares = dict(zip(causes, found.failures["usd"] / compute, strict=True))
    assert shares == pytest.approx(
        {
            ("Sandbox.Timedout", "invocation failed"): 1 / 2,
            ("Throttled: no", "job failed, retried"): 1 / 2 * 1 / 12,
            ("Offline: no", "job failed, retried"): 1 / 2 * 1 / 12,
            ("BadData: no", "job rejected"): 1 / 2 * 1 / 12,
        }
    )
    assert found.failures_usd == pytest.approx(found.failures["usd"].sum())
    assert list(found.failures["usd"]) == sorted(found.failures["usd"], reverse=True)


def test_failed_jobs_of_one_type_are_split_as_dead_letters_are(stage: Stage) -> None:
    job = {"message": contract.LOG_JOB_FAILED, contract.LOG_ERROR_TYPE: "KeyError", contract.LOG_PERMANENT: True}
    said = ("no segment 17", "no segment 4", "no model", "")
    lines = tuple(json.dumps(job | {contract.LOG_ERROR_MESSAGE: text}) for text in said)
    found = report(stage, USE, lines=lines).failures
    assert list(found["cause"]) == ["KeyError: no segment …", "KeyError", "KeyError: no model"]
    assert list(found["usd"] / found["usd"].sum()) == pytest.approx([1 / 2, 1 / 4, 1 / 4])


def _traced(file: str, line: int, said: str, wrapped: bool = False) -> str:
    """A failed job's line as Powertools' logger writes it."""
    frames = f'  File "/var/task/handler/{file}", line {line}, in run\n    raise TypeError\nTypeError: {said}'
    trace, kind, message = f"Traceback (most recent call last):\n{frames}", "TypeError", said
    if wrapped:
        direct = "The above exception was the direct cause of the following exception:"
        outer = '  File "/var/task/handler/app.py", line 9, in step\n    raise Failed from error\nFailed: job 7'
        trace, kind, message = f"{trace}\n\n{direct}\n\nTraceback (most recent call last):\n{outer}", "Failed", "job 7"
    job = {"message": contract.LOG_JOB_FAILED, contract.LOG_ERROR_TYPE: kind, contract.LOG_ERROR_MESSAGE: message}
    return json.dumps({"level": "ERROR", **job, "exception": trace, "exception_name": kind})


PLACES = (
    _traced("train.py", 88, "row 17 is None"),
    _traced("train.py", 91, "row 4 is None"),
    _traced("train.py", 91, "row 5 is None", wrapped=True),
    _traced("score.py", 12, "row 4 is None"),
    _traced("score.py", 12, "row 4 is not there"),
)


def test_the_place_in_the_code_tells_causes_apart_as_those_of_dead_letters(stage: Stage) -> None:
    """The same place after a deployment, and below an error that wraps it, is the same cause."""
    found = report(stage, USE | {"JobsFailed": 5, "JobsRejected": 0}, lines=PLACES).failures
    assert list(found["cause"]) == [
        "TypeError: row … is None (handler/train.py run)",
        "TypeError: row 4 is None (handler/score.py run)",
        "TypeError: row 4 is not there",
    ]
    assert list(found["usd"] / found["usd"].sum()) == pytest.approx([3 / 5, 1 / 5, 1 / 5])
    entries = [log_parser.parse_row({"@timestamp": "2026-11-30 12:00:00.000", "@message": line}) for line in PLACES]
    marks = [fingerprint(entry.error_type, entry.error_message, entry.location) for entry in entries if entry]
    assert [marks.index(mark) for mark in marks] == [0, 0, 0, 3, 4]


def test_a_code_in_a_message_divides_as_in_dead_letters(stage: Stage) -> None:
    job = {"message": contract.LOG_JOB_FAILED, contract.LOG_ERROR_TYPE: "Fault", contract.LOG_PERMANENT: True}
    said = [f"row {row} has fault {code}" for row, code in enumerate([12] * 15 + [40] * 10)]
    found = report(stage, USE, lines=tuple(json.dumps(job | {contract.LOG_ERROR_MESSAGE: text}) for text in said))
    assert list(found.failures["cause"]) == ["Fault: row … has fault 12", "Fault: row … has fault 40"]
    assert list(found.failures["usd"] / found.failures["usd"].sum()) == pytest.approx([15 / 25, 10 / 25])


def test_messages_that_are_all_unlike_leave_the_error_type(stage: Stage) -> None:
    job = {"message": contract.LOG_JOB_FAILED, contract.LOG_ERROR_TYPE: "KeyError", contract.LOG_PERMANENT: True}
    words = [f"{one}{other}" for one in "abcdefgh" for other in "uvwxyz"]
    lines = tuple(json.dumps(job | {contract.LOG_ERROR_MESSAGE: f"no {word} here"}) for word in words)
    found = report(stage, USE, lines=lines).failures
    assert len(found) == failed_jobs.MAX_NAMED + 1
    assert found["cause"].iloc[0] == "KeyError", "most of them"


def test_failed_jobs_without_a_log_line_are_charged_all_the_same(stage: Stage) -> None:
    found = report(stage, USE)
    assert list(found.failures["cause"]) == ["Failed job, cause not in the logs"]
    assert list(found.failures["what"]) == ["job rejected"]
    plain = {name: value for name, value in USE.items() if not name.startswith("Jobs")}
    found = report(stage, plain | {"NumberOfMessagesDeleted": 30})
    assert list(found.failures["cause"]) == ["Received, not deleted"]


def test_failures_take_their_share(stage: Stage) -> None:
    found = report(stage, USE)
    compute = sum(part(found, name) for name in (*LAMBDA_COMPONENTS, "SQS requests"))
    assert found.failures_usd == pytest.approx(compute * 10 / 60)
    dead = {contract.INV_STATUS: "timeout", contract.INV_BILLED: 300, contract.INV_MEMORY_SIZE: 1_024}
    fine = {contract.INV_BILLED: 100, contract.INV_MEMORY_SIZE: 1_024}
    lines = (record(request_id="a", **dead), record(request_id="b", **fine))
    died = report(stage, USE, lines=lines)
    share = (0.3 * pricing.load().gb_second("arm64") + 2e-7) / (0.4 * pricing.load().gb_second("arm64") + 4e-7)
    assert died.failures_usd == pytest.approx(compute * (share + (1 - share) * 10 / 60))
    assert died.finding.level is Level.OK, "a sixth of the attempts failed"
    reason = "is spent on failed jobs, but no warning, as 17% of attempts failed (a warning from 20%)."
    assert died.finding.text.endswith(reason), "why it is OK although most of the cost is"
    often = report(stage, USE | {"Errors": 2}, lines=lines).finding
    assert often.text.startswith("Warning: 33% of attempts failed; ")
    assert died.measured_log_bytes == pytest.approx(sum(map(len, lines)) / 2)
