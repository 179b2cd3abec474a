"""The same service written the straightforward way, as ``cold_path``'s measure: everything at module level.

pandas, scikit-learn, boto3 with every client, Powertools' own Tracer, DynamoDB layer and batch decorator. It does what
the real handler does with a score job: the same checks, the same idempotency items, the same result object, the same
pointer event; and it would do the other jobs, for whose sake it imports what it does.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

import boto3
import numpy as np
import pandas as pd
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

tracer = Tracer(service="scilearn")
logger = Logger(service="scilearn")
metrics = Metrics(namespace="SciLearn", service="scilearn")
s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
events = boto3.client("events")
sqs = boto3.client("sqs")
processor = BatchProcessor(event_type=EventType.SQS)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"], boto3_client=dynamodb)
config = IdempotencyConfig(event_key_jmespath="job_id")
TRAINERS = (LogisticRegression, KMeans, roc_auc_score)


# Powertools types the decorator as Any.
@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="job", persistence_store=persistence, config=config
)
def score(*, job: dict[str, Any]) -> dict[str, Any]:
    bucket, _, key = job["params"]["model"].removeprefix("s3://").partition("/")
    model = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
    frame = pd.DataFrame(job["data"]["columns"])[model["features"]].astype(float)
    held = frame.fillna(dict(zip(model["features"], model["fill"], strict=True))).clip(
        model["low"], model["high"], axis=1
    )
    standard = (held.to_numpy() - np.array(model["mean"])) / np.array(model["scale"])
    propensity = 1 / (1 + np.exp(-(standard @ np.array(model["coefficients"]) + model["intercept"])))
    centers = np.array(model["centers"])
    segment = ((standard[:, None, :] - centers[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    scores = {"propensity": propensity.tolist(), "segment": segment.tolist()}
    best = max(1, round(0.1 * len(frame)))
    threshold = float(np.partition(propensity, -best)[-best])
    by_segment = pd.DataFrame(scores).groupby("segment")["propensity"].agg(["size", "mean"])
    summary = {
        "rows": len(frame),
        "mean_propensity": float(propensity.mean()),
        "top": {
            "share": 0.1,
            "rows": int((propensity >= threshold).sum()),
            "threshold": threshold,
            "expected_responses": float(propensity[propensity >= threshold].sum()),
        },
        "segments": [
            {
                "segment": number,
                "rows": int(row["size"]),
                "mean_propensity": float(row["mean"]) if row["size"] else None,
            }
            for number, (_, row) in enumerate(by_segment.reindex(range(len(centers)), fill_value=0).iterrows())
        ],
    }
    document = {
        "schema": 1,
        "job_id": job["job_id"],
        "kind": "score",
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "artifacts": {},
        "result": {"summary": summary, "scores": scores},
    }
    body = json.dumps(document).encode()
    name = f"results/{job['job_id']}.json"
    s3.put_object(Bucket=os.environ["RESULTS_BUCKET"], Key=name, Body=body, ContentType="application/json")
    return {
        "job_id": job["job_id"],
        "kind": "score",
        "bucket": os.environ["RESULTS_BUCKET"],
        "key": name,
        "size": len(body),
    }


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> None:
    job = json.loads(record.body)
    logger.append_keys(message_id=record.message_id, job_id=job["job_id"])
    if job["schema"] != 1 or job["kind"] not in ("prepare", "train", "score", "describe"):
        sqs.send_message(QueueUrl=os.environ["DLQ_URL"], MessageBody=record.body)
        return
    pointer = score(job=job)
    detail = json.dumps({**pointer, "message_id": record.message_id})
    events.put_events(
        Entries=[
            {
                "Source": "scilearn",
                "DetailType": "Job Succeeded",
                "Detail": detail,
                "EventBusName": os.environ["EVENT_BUS"],
            }
        ]
    )
    metrics.add_metric(name="JobsSucceeded", unit=MetricUnit.Count, value=1)
    logger.info("job succeeded")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    config.register_lambda_context(context)
    logger.info("batch received", extra={"message_ids": [record["messageId"] for record in event["Records"]]})
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
