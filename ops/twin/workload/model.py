"""The model that score jobs use: trained by a real ``train`` job on the whole charity table, once a twin."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from handler import contract
from ops.errors import TwinError
from ops.twin import clients, deploy
from ops.twin.refusal import TwinRefused
from ops.twin.workload import api_client, jobs
from ops.twin.workload.api_client import ApiResponse
from ops.twin_state import TwinState

DATA_KEY = "inputs/charity.csv"
MODEL_JOB = "charity-model"
SLOW_AFTER = 20.0
"""Seconds: longer than the function's timeout (15 s on the twin), after which the queue waits to try again."""
AGAIN_AFTER = 210.0
"""Seconds: three attempts have had time to end by then, after which the job is in the dead-letter queue. It is sent once more."""
TRAIN_TIMEOUT = 300.0
"""Seconds, queue and cold start included."""


class NoModel(TwinError):
    """The training took too long: the machine may be too busy for the function's timeout. ``address``: where the model would
    be."""

    address = ""


def ensure(
    twin: TwinState,
    progress: Callable[[str], None],
    stop: threading.Event | None = None,
    post: Callable[[str], ApiResponse] | None = None,
) -> str | None:
    """The model's ``s3://`` address; trains it first when the twin has none. None when ``stop`` is set meanwhile.

    ``post``: what takes the train job, in place of the API. Raises NoModel when the training does not end in time, TwinError
    when its job is refused; a second one that is refused is told, and the first is waited for.
    """
    stop = stop or threading.Event()
    outputs = deploy.outputs(twin)
    bucket = outputs[contract.OUTPUT_BUCKET]
    key = f"{contract.RESULT_PREFIX}{MODEL_JOB}/model.json"
    address = f"s3://{bucket}/{key}"
    s3 = clients.client(twin, "s3")
    if _exists(s3, bucket, key):
        return address
    progress("Training a model on the charity table (4,268 recipients) with a real train job …")
    s3.put_object(Bucket=bucket, Key=DATA_KEY, Body=jobs.charity().to_csv(index=False).encode())
    body = {
        "schema": contract.JOB_SCHEMA,
        "job_id": MODEL_JOB,
        "kind": "train",
        "data": f"s3://{bucket}/{DATA_KEY}",
        "params": {"outcome": jobs.OUTCOME, "features": list(jobs.FEATURES)},
    }

    def send() -> None:
        if post is None:
            with api_client.ApiClient(twin, outputs) as poster:
                answer = poster.post(json.dumps(body))
        else:
            answer = post(json.dumps(body))
        if answer.status not in (200, 202):
            raise TwinError(f"The train job was refused: {answer.status} {answer.text}.")

    send()
    began, said, again = time.monotonic(), False, False
    end = began + TRAIN_TIMEOUT
    while not _exists(s3, bucket, key):
        if not said and time.monotonic() > began + SLOW_AFTER:
            progress("The train job is not done yet: it may have timed out and be tried again. Jobs follow once it is.")
            said = True
        if not again and time.monotonic() > began + AGAIN_AFTER:
            progress(
                f"The train job gave no model in the time of its attempts ({AGAIN_AFTER:.0f} s), and is sent once more."
            )
            again = True
            try:
                send()
            except TwinError as refused:  # the first may still give one
                progress(f"{refused} The first one is waited for.")
        if time.monotonic() > end:
            missing = NoModel(
                f"The train job gave no model within {TRAIN_TIMEOUT:.0f} s.",
                "See what it says: ops status, and the function's log group.",
            )
            missing.address = address
            raise missing
        if stop.wait(0.25):
            return None
    return address


def _exists(s3: object, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)  # type: ignore[attr-defined]  # an S3 client
    except TwinRefused as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True
