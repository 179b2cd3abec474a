"""Callers of a form: each job is posted at its time by a separate caller, which never waits for another one.

A wait counts from the job's time, not from when a busy machine came round to post it: otherwise a slow server would
slow down its own measurement (coordinated omission).
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from ops.twin.workload.jobs import Job

MAX_CALLERS = 400
"""Open calls at most, so that the machine stays usable; what comes beyond that is posted late, which its wait shows."""
BROKEN, REFUSED, TIMED_OUT = "connection broken", "connection refused", "no answer in time"
ACCEPTED = 202


@dataclass(frozen=True)
class CallResult:
    """``failure``: empty when the call was answered as wanted."""

    failure: str = ""
    service_s: float | None = None


class Post(Protocol):
    def __call__(self, job: Job) -> CallResult: ...


@dataclass(frozen=True)
class EndedCall:
    """Seconds from the start of the run. ``ended``: when the caller had its answer, or its failure."""

    job_id: str
    due: float
    ended: float
    result: CallResult


class Callers:
    """``open`` calls and those that have ended, while ``run`` posts the jobs."""

    def __init__(self, jobs: Sequence[Job], offsets: Sequence[float], post: Post) -> None:
        self._jobs, self._offsets, self._post = jobs, offsets, post
        self._lock = threading.Lock()
        self.calls: list[EndedCall] = []
        self.began = 0.0

    def arrived(self, second: float) -> int:
        return sum(offset <= second for offset in self._offsets)

    def ended(self) -> int:
        with self._lock:
            return len(self.calls)

    def run(self, stop: threading.Event) -> None:
        """Returns when each job posted has its answer. ``stop``: post no more."""
        self.began = time.monotonic()
        with ThreadPoolExecutor(MAX_CALLERS, "caller") as pool:
            for job, offset in zip(self._jobs, self._offsets, strict=True):
                if stop.wait(max(0.0, self.began + offset - time.monotonic())):
                    break
                pool.submit(self._call, job, offset)

    def _call(self, job: Job, offset: float) -> None:
        result = self._post(job)
        call = EndedCall(job.job_id, offset, time.monotonic() - self.began, result)
        with self._lock:
            self.calls.append(call)


def http_post(address: str, timeout_s: float) -> Post:
    """Posts to a container and waits for the result document, on a connection of its own."""

    def post(job: Job) -> CallResult:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=timeout_s)
        try:
            connection.request("POST", "/jobs", job.body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
        except TimeoutError:
            return CallResult(TIMED_OUT)
        except ConnectionRefusedError:
            return CallResult(REFUSED)
        except (OSError, http.client.HTTPException):
            return CallResult(BROKEN)
        finally:
            connection.close()
        if answer.status != 200:
            return CallResult(f"HTTP {answer.status}")
        return CallResult(service_s=_service_s(answer.getheader("Server-Timing", "")))

    return post


def accepted_post(send: Callable[[str], tuple[int, str]]) -> Post:
    """Hands a job over; ``send`` returns the status and the text of the answer, status 0 for none."""

    def post(job: Job) -> CallResult:
        status, _text = send(job.body)
        if status == ACCEPTED:
            return CallResult()
        return CallResult(f"HTTP {status}" if status else "no answer")

    return post


def _service_s(timing: str) -> float | None:
    """The job's seconds in a header such as ``queue;dur=1.5, job;dur=20.0``."""
    for part in timing.split(","):
        name, _, duration = part.strip().partition(";dur=")
        if name == "job" and duration.replace(".", "", 1).isdecimal():
            return float(duration) / 1000
    return None
