"""Sends a rehearsal's jobs through the API, all at once or continuously, and keeps track of them."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Collection, Mapping

from ops.errors import TwinError
from ops.rehearsals.staging import job_bodies
from ops.rehearsals.staging.job_bodies import JobKind
from ops.twin.workload.api_client import ApiClient
from ops.twin_state import TwinState

RESULTS_POLL_S = 0.5


class JobSender:
    """``sent``: the IDs of all jobs. ``missing_data``: the address that jobs with missing data name."""

    def __init__(self, twin: TwinState, outputs: Mapping[str, str], bucket: str) -> None:
        self._twin, self._outputs = twin, outputs
        self.run = f"r{secrets.token_hex(3)}"
        self.missing_data = f"s3://{bucket}/inputs/{self.run}.csv"
        self._bodies: dict[str, str] = {}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._refused: list[str] = []
        self._lock = threading.Lock()

    @property
    def sent(self) -> tuple[str, ...]:
        return tuple(self._bodies)

    def new_job(self, kind: JobKind, size: int | None) -> str:
        """The body of a job that counts as sent from now on."""
        with self._lock:
            job_id = f"{self.run}-{len(self._bodies) + 1:05d}"
            self._bodies[job_id] = job_bodies.body(kind, job_id, size, self.missing_data)
            return self._bodies[job_id]

    def send(self, kind: JobKind, count: int, size: int | None) -> None:
        """Raises TwinError when the API takes one not."""
        with ApiClient(self._twin, self._outputs) as poster:
            for _ in range(count):
                self._post(poster, self.new_job(kind, size))

    def send_again(self, job_ids: Collection[str]) -> None:
        """The same jobs under the same IDs. Raises TwinError when the API takes one not."""
        with ApiClient(self._twin, self._outputs) as poster:
            for job_id in job_ids:
                self._post(poster, self._bodies[job_id])

    def keep_sending(
        self,
        kind: JobKind,
        per_second: float,
        at_most: int,
        size: int | None,
        unfinished: int,
        results: Callable[[], int],
    ) -> None:
        """Send in a thread until ``stop``, but not while ``unfinished`` jobs have no result. ``results``: how many have
        one."""

        def work() -> None:
            known = 0
            with ApiClient(self._twin, self._outputs) as poster:
                for _ in range(at_most):
                    while len(self._bodies) - known >= unfinished:
                        known = results()
                        if self._stop.wait(RESULTS_POLL_S):
                            return
                    try:
                        self._post(poster, self.new_job(kind, size))
                    except TwinError as error:
                        self._refused.append(str(error))
                        return
                    if self._stop.wait(1 / per_second):
                        return

        thread = threading.Thread(target=work, name="rehearsal-sender", daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> tuple[str, ...]:
        """Returns what a sender ended with, if it was refused."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._stop.clear()
        refused, self._refused = tuple(self._refused), []
        return refused

    def _post(self, poster: ApiClient, body: str) -> None:
        answer = poster.post(body)
        if answer.status != 202:
            job_id = json.loads(body)["job_id"]
            raise TwinError(f"The twin's API refused job {job_id}: {answer.status} {answer.text[:200]}")
