"""The service behind every front (Lambda, HTTP container, Beanstalk worker): run a job once, store what it found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency.config import IdempotencyConfig
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyValidationError
from aws_lambda_powertools.utilities.idempotency.idempotency import idempotent_function

from handler import contract, data_sources, jobs
from handler.errors import JobIdReused
from handler.idempotency import Persistence
from handler.job import id_in
from handler.results import Store

if TYPE_CHECKING:
    from handler.aws import Client
    from handler.job import Job
    from handler.results import Pointer

REPEATED = "repeated"
"""Set in the pointer of a job that had been finished before."""


class JobRunner:
    """``run`` does each job id once; the same id again gives the stored pointer, with ``repeated`` set."""

    def __init__(self, client: Client) -> None:
        self.store = Store(client)
        self._read = data_sources.reader(client)
        # The id is the key; the digest tells a repeated job from another one under the same id.
        self.idempotency = IdempotencyConfig(
            event_key_jmespath="job_id",
            payload_validation_jmespath="digest",
            expires_after_seconds=contract.REMEMBERED,
            raise_on_no_idempotency_key=True,
            response_hook=lambda pointer, _: {**pointer, REPEATED: True},
        )
        self._persistence = Persistence(client, os.environ[contract.ENV_TABLE])
        self._persistence.configure(self.idempotency, key_prefix=contract.SERVICE)
        self._once = idempotent_function(
            self._work,
            data_keyword_argument="identity",
            persistence_store=self._persistence,
            config=self.idempotency,
            key_prefix=contract.SERVICE,
        )

    def run(self, job: Job) -> Pointer:
        try:
            pointer: Pointer = self._once(job=job, identity={"job_id": job.job_id, "digest": job.digest})
        except IdempotencyValidationError as error:
            raise JobIdReused(f"job id {job.job_id} was used for a job with other content") from error
        return pointer

    def stale_attempt_deadline(self, body: str) -> int | None:
        """When a killed run of the job in ``body`` had to end (ms since the epoch); None if there is no such run."""
        job_id = id_in(body)
        return self._persistence.stale_attempt_deadline({"job_id": job_id}) if job_id else None

    def _work(self, *, job: Job, identity: dict[str, Any]) -> Pointer:
        return self.store.save(job, jobs.run(job, self._read))
