"""The daemon's rules over real HTTP: headers, what each answer does to a message, and periodic tasks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ops.errors import UsageError
from ops.twin.sqsd import cron_yaml, message_headers
from ops.twin.sqsd.daemon import Worker
from ops.twin.sqsd.settings import WorkerOptions

URL = "http://127.0.0.1:4566/000000000000/jobs"


class Queue:
    """What the daemon does to a queue; ``waiting``: what is received, once each."""

    def __init__(self, *waiting: dict[str, Any]) -> None:
        self.waiting = list(waiting)
        self.calls: list[tuple[str, Any]] = []
        self.asked: list[dict[str, Any]] = []

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        taken = self.waiting[: asked["MaxNumberOfMessages"]]
        del self.waiting[: len(taken)]
        if not taken:
            time.sleep(0.002)
        return {"Messages": taken} if taken else {}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        self.calls.append(("delete", ReceiptHandle))

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        self.calls.append((f"visible in {VisibilityTimeout}", ReceiptHandle))

    def send_message(self, QueueUrl: str, **message: Any) -> None:
        self.calls.append(("send", message))


class Application(BaseHTTPRequestHandler):
    """Answers with the status in the body, or not at all."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posts.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        if body == "silent":
            self.server.silence.wait(20)  # type: ignore[attr-defined]
            return
        if body == "break":
            self.connection.close()
            return
        self.send_response(int(body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def application() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Application) as server:
        server.posts, server.silence = [], threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.silence.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def message(body: str, name: str = "m-1", **attributes: Any) -> dict[str, Any]:
    return {
        "MessageId": name,
        "ReceiptHandle": f"handle-{name}",
        "Body": body,
        "Attributes": {
            "ApproximateFirstReceiveTimestamp": "1795460000100",
            "ApproximateReceiveCount": "2",
            "SentTimestamp": str(int(time.time() * 1000)),
            "SenderId": "123456789012",
        },
        "MessageAttributes": attributes,
    }


def text(value: str, kind: str = "String") -> dict[str, str]:
    return {"DataType": kind, "StringValue": value}


def worker(queue: Queue, application: Any, **options: str) -> Worker:
    return Worker(queue, URL, f"http://127.0.0.1:{application.server_port}", WorkerOptions.of(options))


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("200", "delete"),
        ("201", "visible in 7"),  # only 200 deletes
        ("404", "visible in 7"),
        ("500", "visible in 7"),
        ("break", "visible in 7"),
    ],
)
def test_what_an_answer_does_to_the_message(application: Any, body: str, call: str) -> None:
    queue = Queue()
    worker(queue, application, ErrorVisibilityTimeout="7").deliver(message(body))
    assert queue.calls == [(call, "handle-m-1")]


def test_no_response_returns_the_message_once_the_inactivity_timeout_is_over(application: Any) -> None:
    queue = Queue()
    worker(queue, application, InactivityTimeout="1").deliver(message("silent"))
    assert queue.calls == [("visible in 0", "handle-m-1")]


def test_an_application_that_is_not_there_is_an_error() -> None:
    queue = Queue()
    Worker(queue, URL, "http://127.0.0.1:9", WorkerOptions()).deliver(message("200"))
    assert queue.calls == [("visible in 2", "handle-m-1")]


def test_a_message_beyond_the_retention_period_is_deleted_unposted(application: Any) -> None:
    queue = Queue()
    old = message("200")
    old["Attributes"]["SentTimestamp"] = str(int((time.time() - 61) * 1000))
    worker(queue, application, RetentionPeriod="60").deliver(old)
    assert queue.calls == [("delete", "handle-m-1")]
    assert application.posts == []


def test_the_headers_of_a_message(application: Any) -> None:
    attributes: dict[str, Any] = {
        "tenant": text("a"),
        "size": text("12", "Number.int"),
        "blob": {"DataType": "Binary", "BinaryValue": b"x"},
        "evil": text("a\r\nX-Aws-Sqsd-Queue: other"),
        "umlaut": text("ä"),
    }
    worker(Queue(), application, HttpPath="/work", MimeType="text/json").deliver(message("200", **attributes))
    [(path, headers, _)] = application.posts
    assert path == "/work"
    ours = {name: value for name, value in headers.items() if name.startswith(("X-", "User", "Content-T"))}
    assert ours == {
        "User-Agent": "aws-sqsd/1.1",
        "Content-Type": "text/json",
        "X-Aws-Sqsd-Msgid": "m-1",
        "X-Aws-Sqsd-Queue": "jobs",
        "X-Aws-Sqsd-First-Received-At": "2026-11-23T18:53:20Z",
        "X-Aws-Sqsd-Receive-Count": "2",
        "X-Aws-Sqsd-Attr-tenant": "a",
        "X-Aws-Sqsd-Attr-size": "12",
    }


def test_a_periodic_task_is_sent_when_due_and_posted_to_its_own_path(application: Any) -> None:
    tasks = cron_yaml.parse('{version: 1, cron: [{name: audit, url: /audit, schedule: "0 23 * * *"}]}')
    queue = Queue()
    started = worker(queue, application)
    daemon = Worker(queue, URL, started.address, started.options, tasks)
    daemon.enqueue_due(datetime(2026, 11, 29, 22, 0, tzinfo=UTC))
    assert queue.calls == []
    daemon.enqueue_due(datetime(2026, 11, 29, 23, 0, tzinfo=UTC))
    [(_, sent)] = queue.calls
    assert sent["MessageBody"] == message_headers.PERIODIC_BODY
    daemon.deliver({**message("200"), "MessageAttributes": sent["MessageAttributes"]})
    [(path, headers, _)] = application.posts
    assert path == "/audit"
    assert headers["X-Aws-Sqsd-Taskname"] == "audit"
    assert headers["X-Aws-Sqsd-Scheduled-At"] == "2026-11-29T23:00:00Z"
    assert headers["X-Aws-Sqsd-Sender-Id"] == "123456789012"
    assert not [name for name in headers if name.startswith("X-Aws-Sqsd-Attr-")]


def test_a_fifo_queue_has_no_periodic_tasks() -> None:
    tasks = cron_yaml.read(cron_yaml.SHIPPED)
    with pytest.raises(UsageError, match="not supported with a FIFO queue"):
        Worker(Queue(), f"{URL}.fifo", "http://127.0.0.1:9", WorkerOptions(), tasks)


def test_it_receives_no_more_than_it_has_connections_for_and_finishes_what_it_posts(application: Any) -> None:
    queue = Queue(*(message("200", f"m-{number}") for number in range(12)), message("503", "bad"))
    stop = threading.Event()
    running = threading.Thread(
        target=worker(queue, application, HttpConnections="3", VisibilityTimeout="40").run, args=(stop,)
    )
    running.start()
    until = time.monotonic() + 120
    while len(queue.calls) < 13 and time.monotonic() < until:
        time.sleep(0.005)
    stop.set()
    running.join()
    assert sorted(handle for call, handle in queue.calls if call == "delete") == sorted(
        f"handle-m-{number}" for number in range(12)
    )
    assert ("visible in 2", "handle-bad") in queue.calls
    assert max(asked["MaxNumberOfMessages"] for asked in queue.asked) <= 3
    assert {asked["VisibilityTimeout"] for asked in queue.asked} == {40}
