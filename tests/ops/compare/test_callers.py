"""Callers against a real server that answers, refuses, is slow, or breaks off."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ops.compare.forms.callers import BROKEN, REFUSED, TIMED_OUT, Callers, CallResult, accepted_post, http_post
from ops.twin.workload.jobs import Job


class Answers(BaseHTTPRequestHandler):
    """Does what the body says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if body == "break":
            self.connection.close()
            return
        if body == "slow":
            self.server.shutdown_request(self.request) if self.server_silent.wait(5) else None  # type: ignore[attr-defined]
            return
        self.send_response(int(body))
        self.send_header("Server-Timing", "queue;dur=3.5, job;dur=250.0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Answers.server_silent = threading.Event()  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Answers.server_silent.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def job(body: str) -> Job:
    return Job("j-1", "ordinary", body)


def test_each_way_in_which_a_call_may_end(address: str) -> None:
    post = http_post(address, 10)
    assert post(job("200")) == CallResult(service_s=0.25)
    assert post(job("503")) == CallResult("HTTP 503")
    assert post(job("break")) == CallResult(BROKEN)
    assert http_post(address, 0.05)(job("slow")) == CallResult(TIMED_OUT)
    assert http_post("http://127.0.0.1:9", 1)(job("200")) == CallResult(REFUSED)


@pytest.mark.parametrize(("status", "failure"), [(202, ""), (429, "HTTP 429"), (0, "no answer")])
def test_handing_a_job_over(status: int, failure: str) -> None:
    assert accepted_post(lambda _body: (status, ""))(job("x")).failure == failure


def test_a_slow_answer_delays_no_other_caller() -> None:
    """The wait counts from when the job was due."""
    slow = threading.Event()

    def post(job: Job) -> CallResult:
        if job.job_id == "slow":
            slow.wait(180)
        return CallResult()

    jobs = [Job(name, "ordinary", "") for name in ("slow", "a", "b")]
    callers = Callers(jobs, [0.0, 0.001, 0.002], post)
    running = threading.Thread(target=callers.run, args=(threading.Event(),))
    running.start()
    until = time.monotonic() + 120
    while callers.ended() < 2 and time.monotonic() < until:
        time.sleep(0.001)
    assert {call.job_id for call in callers.calls} == {"a", "b"}
    assert callers.arrived(0.0015) == 2
    slow.set()
    running.join()
    assert [call.job_id for call in callers.calls][-1] == "slow"
    assert all(call.ended >= call.due for call in callers.calls)


def test_a_stop_posts_no_more() -> None:
    stop = threading.Event()
    stop.set()
    callers = Callers([job("200")], [0.0], lambda _job: CallResult())
    callers.run(stop)
    assert callers.calls == []
