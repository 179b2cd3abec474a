"""The same jobs behind HTTP: a synchronous container, and the worker of an Elastic Beanstalk environment.

    python -m handler.http_server          HOST (127.0.0.1), PORT (8080), WORKERS (CPUs), JOB_SECONDS (300)

``POST /jobs``: run the job in the body, answer its result document; a rejected job is a 4xx with its cause.
``POST /`` with ``X-Aws-Sqsd-Msgid``, as the worker's daemon sends it: 200 deletes the message, anything else has it
delivered again (Elastic Beanstalk developer guide, "worker environments"; read 2026-11-23). A rejected job is sent to
the dead-letter queue as in Lambda, then answered 200. With ``X-Aws-Sqsd-Taskname`` it is a periodic task of ``cron.yaml``:
``self-test`` runs a small job. ``GET /health``: 200, and how many of the workers are busy.

Answers of a job say in ``Server-Timing`` (W3C, milliseconds) how long it waited for a free worker and how long it ran.

Both announce results on the bus. Standard library only; at most ``WORKERS`` jobs run at once, others wait.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import handler.lazy_packages  # noqa: F401 - first, so that the imports below skip what is not used

# isort: split
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from handler import contract, errors
from handler.aws import AwsError, Client
from handler.dead_letter_queue import DeadLetterQueue
from handler.job import parse
from handler.job_runner import REPEATED, JobRunner
from handler.jobs import self_test

if TYPE_CHECKING:
    from handler.results import Pointer

MAX_BODY = 1_048_576
"""As large as SQS accepts (botocore 1.44.5 model, 2026-11), so that a job fits through every front."""
STATUS = {
    errors.NotJson: 400,
    errors.WrongSchema: 400,
    errors.UnknownJob: 400,
    errors.JobIdReused: 409,
    errors.TableTooLarge: 413,
}
SQSD = "X-Aws-Sqsd-"

logger = Logger(service=contract.SERVICE)


class Deadline:
    """Stands in for Lambda's context: how long a job's idempotency record keeps others away."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


class Server(ThreadingHTTPServer):
    """Bind and configure; ``serve_forever`` runs it. One client and service for each job that may run at once."""

    daemon_threads = False  # a running job is finished before the process ends

    def __init__(self, host: str, port: int, workers: int, job_seconds: float) -> None:
        super().__init__((host, port), Requests)
        self._free = [Worker(job_seconds) for _ in range(workers)]
        self._available = threading.Semaphore(workers)
        self.workers = workers

    @property
    def busy(self) -> int:
        return self.workers - len(self._free)

    def run(self, body: str, message_id: str) -> tuple[Pointer, bytes, str]:
        """The job's pointer, its result document and ``Server-Timing``, when a worker is free."""
        came = time.monotonic()
        with self._available:
            worker = self._free.pop()
            began = time.monotonic()
            try:
                pointer, result = worker.run(body, message_id)
            finally:
                self._free.append(worker)
        waited, ran = (began - came) * 1000, (time.monotonic() - began) * 1000
        return pointer, result, f"queue;dur={waited:.1f}, job;dur={ran:.1f}"

    def server_close(self) -> None:
        super().server_close()
        for worker in self._free:
            worker.client.close()


class Worker:
    """Runs one job at a time."""

    def __init__(self, job_seconds: float) -> None:
        self.client = Client()
        self._service = JobRunner(self.client)
        self._service.idempotency.register_lambda_context(Deadline(job_seconds))  # type: ignore[arg-type]  # it reads the remaining time only

    def run(self, body: str, message_id: str) -> tuple[Pointer, bytes]:
        job = parse(body)
        pointer = self._service.run(job)
        repeated = pointer.pop(REPEATED, False)
        detail = {**pointer, contract.LOG_MESSAGE_ID: message_id}
        [code] = self._service.store.announce([(contract.EVENT_JOB_SUCCEEDED, detail)])
        if code:
            raise errors.NotAnnounced(f"the bus refused the event: {code}")
        fields = {contract.LOG_MESSAGE_ID: message_id, contract.LOG_JOB_ID: job.job_id, contract.LOG_JOB_KIND: job.kind}
        logger.info(contract.LOG_JOB_REPEATED if repeated else contract.LOG_JOB_OK, extra=fields)
        count(contract.METRIC_JOBS_REPEATED if repeated else contract.METRIC_JOBS_SUCCEEDED)
        return pointer, self.client.get_object(pointer["bucket"], pointer["key"], pointer["size"])


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds a client may take to send its request
    server: Server

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, {"status": "ok", "workers": self.server.workers, "busy": self.server.busy})
        else:
            self._answer(404, {"message": "there is POST /jobs, and GET /health"})

    def do_POST(self) -> None:
        message_id = self.headers.get(f"{SQSD}Msgid")
        if self.path != "/jobs" and not message_id:
            self._answer(404, {"message": "jobs go to POST /jobs"}, close=True)
            return
        body = self._body()
        if body is None:
            return
        if task := self.headers.get(f"{SQSD}Taskname"):
            if task != self_test.TASK:
                # Not 200: after its retries the message is in the dead-letter queue, where it is seen.
                self._answer(404, {"message": f"there is no periodic task {task[:64]!r}"})
                return
            body = self_test.body(self.headers.get(f"{SQSD}Scheduled-At", ""))
        try:
            pointer, result, timing = self.server.run(body, message_id or "")
        except errors.Rejected as error:
            self._rejected(body, error, message_id)
        except Exception as error:  # noqa: BLE001 - whatever it was, the job is delivered again
            report_failure(error, message_id)
            self._answer(503, {contract.LOG_ERROR_TYPE: type(error).__name__, "message": "try again later"})
        else:
            self._send(200, json.dumps(pointer).encode() if message_id else result, timing)

    def _body(self) -> str | None:
        """The body as text; None if it was refused, and the answer sent, or if it never came whole."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._answer(411, {"message": "Content-Length is needed"}, close=True)
        elif int(length) > MAX_BODY:
            self._answer(413, {"message": f"a job has at most {MAX_BODY} bytes"}, close=True)
        else:
            raw = self.rfile.read(int(length))
            if len(raw) != int(length):  # half a job is not to be judged: the daemon would delete the message
                self.close_connection = True
                return None
            # A byte that is not UTF-8 makes the body no JSON, which is judged where all bodies are.
            return raw.decode(errors="replace")
        return None

    def _rejected(self, body: str, error: errors.Rejected, message_id: str | None) -> None:
        document = {contract.LOG_ERROR_TYPE: type(error).__name__, contract.LOG_ERROR_MESSAGE: str(error)}
        if message_id is None:
            report_failure(error, None, contract.METRIC_JOBS_REJECTED)
            self._answer(STATUS.get(type(error), 422), document)
            return
        client = Client()
        try:
            DeadLetterQueue(client).send(self._record(message_id, body), error)
        except AwsError as unsent:
            report_failure(unsent, message_id)
            self._answer(503, document)
        else:
            report_failure(error, message_id, contract.METRIC_JOBS_REJECTED)
            self._answer(200, document)
        finally:
            client.close()

    def _record(self, message_id: str, body: str) -> dict[str, Any]:
        """The message as Lambda would have given it, from the daemon's headers."""
        account = os.environ[contract.ENV_DLQ_URL].split("/")[-2]
        region = os.environ.get("AWS_REGION", "us-east-1")
        prefix = f"{SQSD}Attr-".lower()
        return {
            "messageId": message_id,
            "body": body,
            "eventSourceARN": f"arn:aws:sqs:{region}:{account}:{self.headers.get(f'{SQSD}Queue', '')}",
            "messageAttributes": {
                name[len(prefix) :]: {"stringValue": value, "dataType": "String"}
                for name, value in self.headers.items()
                if name.lower().startswith(prefix)
            },
        }

    def _answer(self, status: int, document: dict[str, Any], close: bool = False) -> None:
        self.close_connection = close
        self._send(status, json.dumps(document).encode())

    def _send(self, status: int, body: bytes, timing: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if timing:
            self.send_header("Server-Timing", timing)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Jobs are logged, requests are the load balancer's to log."""


def report_failure(error: Exception, message_id: str | None, metric: str = contract.METRIC_JOBS_FAILED) -> None:
    """Log and count a failed job; keys go with the line, since requests run side by side."""
    about = {
        contract.LOG_MESSAGE_ID: message_id,
        contract.LOG_ERROR_TYPE: type(error).__name__,
        contract.LOG_ERROR_MESSAGE: str(error),
        contract.LOG_PERMANENT: isinstance(error, errors.Rejected),
    }
    logger.error(contract.LOG_JOB_FAILED, extra=about, exc_info=error)
    count(metric)


def count(metric: str) -> None:
    metrics = EphemeralMetrics(namespace=contract.JOB_NAMESPACE, service=contract.SERVICE)
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    metrics.flush_metrics()


def main() -> None:
    env = os.environ
    try:
        server = Server(
            env.get("HOST", "127.0.0.1"),
            int(env.get("PORT", "8080")),
            int(env.get("WORKERS") or os.cpu_count() or 1),
            float(env.get("JOB_SECONDS", "300")),
        )
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"The service cannot start: {error!r}. Check HOST, PORT, WORKERS, JOB_SECONDS, and contract.ENV_*.")
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        print(f"http://{server.server_address[0]!s}:{server.server_port}", flush=True)  # noqa: T201 - the address
        server.serve_forever()


if __name__ == "__main__":
    main()
