"""Results: documents in S3, and a pointer event on the bus for each (a rule carries it to the results queue).

The objects of a job have fixed keys, so a second run overwrites them with the same: stored once in effect. Events are
announced at least once, a batch in one call; ``job_id`` is what a consumer drops repeats by.
"""

from __future__ import annotations

import json
import os
from time import gmtime, strftime
from typing import TYPE_CHECKING, Any

from handler import contract

if TYPE_CHECKING:
    from handler.aws import Client
    from handler.job import Job
    from handler.jobs import Outcome

ENTRIES = 10
"""PutEvents takes ten entries (botocore 1.44.5 model, 2026-11). One here is under 1 kB, far from its size limit."""

Pointer = dict[str, Any]
"""``job_id``, ``kind``, ``bucket``, ``key`` and ``size`` (bytes) of a stored result."""


class Store:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._bucket = os.environ[contract.ENV_RESULTS_BUCKET]
        self._bus = os.environ[contract.ENV_BUS]

    def save(self, job: Job, outcome: Outcome) -> Pointer:
        """Write the artifacts, then the result document that names them."""
        artifacts = {}
        for name, document in outcome.artifacts.items():
            key = f"{contract.RESULT_PREFIX}{job.job_id}/{name}"
            self._put(key, document)
            artifacts[name] = f"s3://{self._bucket}/{key}"
        key = f"{contract.RESULT_PREFIX}{job.job_id}.json"
        size = self._put(
            key,
            {
                "schema": contract.RESULT_SCHEMA,
                "job_id": job.job_id,
                "kind": job.kind,
                "finished_at": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()),
                "artifacts": artifacts,
                "result": outcome.result,
            },
        )
        return {"job_id": job.job_id, "kind": job.kind, "bucket": self._bucket, "key": key, "size": size}

    def announce(self, news: list[tuple[str, dict[str, Any]]]) -> list[str]:
        """Put each (detail type, detail) on the bus. What went wrong comes back in their order: a code, or empty.

        An AwsError means that none may have been taken.
        """
        codes: list[str] = []
        for start in range(0, len(news), ENTRIES):
            entries = [
                {
                    "Source": contract.EVENT_SOURCE,
                    "DetailType": detail_type,
                    "Detail": json.dumps(detail, separators=(",", ":")),
                    "EventBusName": self._bus,
                }
                for detail_type, detail in news[start : start + ENTRIES]
            ]
            answer = self._client.call("events", "PutEvents", {"Entries": entries})
            codes += [str(entry.get("ErrorCode") or "") for entry in answer["Entries"]]
        return codes

    def _put(self, key: str, document: Any) -> int:
        # NaN would be no JSON: a job that lets one through is wrong, and says so here.
        body = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        self._client.put_object(self._bucket, key, body, "application/json")
        return len(body)
