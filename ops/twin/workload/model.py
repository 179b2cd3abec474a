"""The model that score jobs use: trained once per twin, by a real ``train`` job on the whole charity table."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
"""Seconds: longer than the function's timeout (15 s on the twin), so the first attempt has failed."""
AGAIN_AFTER = 210.0
"""Seconds: by then all three attempts have failed and the job is in the dead-letter queue. It is sent once more."""
TRAIN_TIMEOUT = 300.0
"""Seconds, queue and cold start included."""


class NoModel(TwinError):
    """The training took too long: the machine may be too busy for the function's timeout. ``address``: where the model
    will be if it still ends."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The train job gave no model within {TRAIN_TIMEOUT:.0f} s.",
            "See what it says: ops status, and the function's log group.",
        )
        self.address = address


def ensure(
    twin: TwinState,
    progress: Callable[[str], None],
    stop: threading.Event | None = None,
    post: Callable[[str], ApiResponse] | None = None,
) -> str | None:
    """The model's ``s3://`` address; trains it first when the twin has none. None when ``stop`` is set meanwhile.

    ``post``: sends the train job, in place of the API. Raises NoModel when the training does not end in time, TwinError when
    the job is refused. When the second attempt to send it is refused, that is reported, and the wait for the first goes on.
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
    job = _TrainJob(twin, outputs, progress, post)
    job.send()
    began = time.monotonic()
    due = [(SLOW_AFTER, job.report_delay), (AGAIN_AFTER, job.send_again)]
    while not _exists(s3, bucket, key):
        waited = time.monotonic() - began
        while due and waited > due[0][0]:
            due.pop(0)[1]()
        if waited > TRAIN_TIMEOUT:
            raise NoModel(address)
        if stop.wait(0.25):
            return None
    return address


@dataclass(frozen=True)
class _TrainJob:
    twin: TwinState
    outputs: Mapping[str, str]
    progress: Callable[[str], None]
    post: Callable[[str], ApiResponse] | None

    def send(self) -> None:
        """Raises TwinError when the job is refused."""
        body = json.dumps(
            {
                "schema": contract.JOB_SCHEMA,
                "job_id": MODEL_JOB,
                "kind": "train",
                "data": f"s3://{self.outputs[contract.OUTPUT_BUCKET]}/{DATA_KEY}",
                "params": {"outcome": jobs.OUTCOME, "features": list(jobs.FEATURES)},
            }
        )
        if self.post is None:
            with api_client.ApiClient(self.twin, self.outputs) as client:
                response = client.post(body)
        else:
            response = self.post(body)
        if response.status not in (200, 202):
            raise TwinError(f"The train job was refused: {response.status} {response.text}.")

    def report_delay(self) -> None:
        self.progress(
            "The train job is not done yet: it may have timed out and be tried again. Jobs follow once it is."
        )

    def send_again(self) -> None:
        self.progress(f"The train job's attempts ({AGAIN_AFTER:.0f} s) gave no model: sending it once more.")
        try:
            self.send()
        except TwinError as refused:  # the first may still give one
            self.progress(f"{refused} Waiting for the first one.")


def _exists(s3: object, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)  # type: ignore[attr-defined]  # an S3 client
    except TwinRefused as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True
