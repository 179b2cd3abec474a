"""Jobs that kill their environment share batches with healthy ones: only the killers end in the dead-letter queue."""

from __future__ import annotations

import itertools
import json
import time
import tracemalloc
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from handler import jobs
from handler.errors import Rejected
from handler.job import parse
from handler.jobs.model import Model
from tests.fakes.handler_aws import FakeAws
from tests.handler.worlds import MODEL, Context, job, record

RECEIVES, BATCH = 3, 10
HEALTHY: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "inline": ("describe", None, {}),
    "named": ("describe", "s3://inputs/table.csv", {}),
    "bootstrap": ("describe", None, {"resamples": 20}),
    "encoding": ("prepare", {"columns": {"a": ["x", "y", "x"], "b": [1, 2, 3]}}, {"max_categories": 2}),
}
KILLERS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "endless": ("describe", None, {"resamples": 2_000_000_000}),
    "exploding": ("prepare", {"columns": {"a": [f"d{n}" for n in range(5_000)]}}, {"max_categories": 100_000}),
    "named": ("describe", "s3://inputs/table.csv", {"resamples": 2_000_000_000}),
}


class Killed(BaseException):
    """The environment is gone: nothing after it runs."""


class Queue:
    """A standard queue with a dead-letter queue, as far as batches need it: message id → [body, receives]."""

    def __init__(self, aws: FakeAws, bodies: list[str]) -> None:
        self._aws = aws
        self._numbers = itertools.count()
        self.messages: dict[str, list[Any]] = {}
        self.dead: list[str] = []
        for body in bodies:
            self.send(body)

    def send(self, body: str) -> None:
        self.messages[f"m{next(self._numbers)}"] = [body, 0]

    def receive(self) -> list[dict[str, Any]]:
        """A batch; what was received too often goes to the dead-letter queue."""
        for message_id, (body, receives) in list(self.messages.items()):
            if receives >= RECEIVES:
                del self.messages[message_id]
                self.dead.append(json.loads(body)["job_id"])
        batch = list(self.messages.items())[:BATCH]
        for _, message in batch:
            message[1] += 1
        return [record(message_id, body, receives=receives) for message_id, (body, receives) in batch]

    def settle(self, done: set[str]) -> None:
        """Take out what was deleted or reported as done, and put in what the function sent."""
        done |= {handle.removeprefix("handle-") for handle in self._aws.deleted}
        self.messages = {message_id: message for message_id, message in self.messages.items() if message_id not in done}
        for sent in self._aws.sent:
            self.send(sent["MessageBody"])
        self._aws.sent.clear()
        self._aws.deleted.clear()


def expire_killed_runs(aws: FakeAws) -> None:
    for item in aws.items.values():
        if item["status"]["S"] == "INPROGRESS":
            item["in_progress_expiration"] = {"N": str(int(time.time() * 1000) - 1)}


def drain(app: ModuleType, aws: FakeAws, queue: Queue) -> None:
    for _ in range(200):
        batch = queue.receive()
        if not batch:
            return
        ids = {message["messageId"] for message in batch}
        try:
            answer = app.lambda_handler({"Records": batch}, Context())
        except Killed:
            expire_killed_runs(aws)
            queue.settle(set())
        else:
            queue.settle(ids - {failed["itemIdentifier"] for failed in answer["batchItemFailures"]})
    raise AssertionError("the queue is never empty")


@pytest.mark.filterwarnings("ignore:No application metrics")  # a killed environment would not get there
@pytest.mark.parametrize("killer", KILLERS)
@pytest.mark.parametrize("killers", [1, 3, 5, 9])
def test_healthy_jobs_are_done_and_only_killers_are_dead(
    app: ModuleType,
    aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
    killer: str,
    killers: int,
) -> None:
    aws.objects["inputs", "table.csv"] = b"a,b\n1,2\n3,4\n5,7\n"
    run = jobs.run

    def run_or_kill(one: Any, read: Any) -> Any:
        if one.job_id.startswith("killer"):
            raise Killed
        return run(one, read)

    monkeypatch.setattr(jobs, "run", run_or_kill)
    kind, data, params = KILLERS[killer]
    bodies = [job(kind, f"killer-{n}", data, params) for n in range(killers)]
    names = list(HEALTHY)
    for n in range(BATCH - killers):
        kind, data, params = HEALTHY[names[n % len(names)]]
        bodies.append(job(kind, f"healthy-{n}", data, params))
    queue = Queue(aws, bodies)
    drain(app, aws, queue)
    assert sorted(queue.dead) == [f"killer-{n}" for n in range(killers)]
    done = {key.removeprefix("results/").removesuffix(".json") for _, key in aws.objects if key.endswith(".json")}
    assert {f"healthy-{n}" for n in range(BATCH - killers)} <= done


WIDE = {"columns": {f"c{n}": ["a", "b"] for n in range(8_000)}}


def centers(number: int) -> dict[str, Any]:
    """A model of one feature."""
    vectors = {name: [1.0] for name in ("fill", "low", "high", "mean", "scale", "coefficients")}
    return {**MODEL, **vectors, "features": ["a"], "centers": [[1]] * number}


@pytest.mark.parametrize(
    ("body", "rank"),
    [
        (lambda: job(), jobs.FAST),
        (lambda: "no JSON", jobs.FAST),
        (lambda: "[" * 100_000, jobs.FAST),
        (lambda: json.dumps({"kind": "score", "data": 5, "params": []}), jobs.FAST),
        (lambda: job("describe", data={"columns": {"a": [1, 2, 3]}}), jobs.FAST),
        (lambda: job("describe", data="s3://inputs/table.csv"), jobs.SLOW),
        (lambda: job(params={"model": "s3://inputs/model.json"}), jobs.SLOW),
        (lambda: job("train", params={"outcome": "y"}), jobs.SLOW),
        (lambda: job("prepare", data=WIDE), jobs.SLOW),
        (lambda: job(data={"columns": {"a": [1] * 100_000}}, params={"model": centers(1_000)}), jobs.SLOW),
        (lambda: job(data={"columns": {"a": [1] * 100_000}}, params={"model": centers(100_000)}), jobs.UNBOUNDED),
        (lambda: job("prepare", data={"columns": {"a": [f"d{n}" for n in range(40_000)]}}), jobs.FAST),
        (
            lambda: job("prepare", data={"columns": {f"c{m}": [f"d{n}" for n in range(2_000)] for m in range(50)}}),
            jobs.SLOW,
        ),
        (
            lambda: job("prepare", data={"columns": {f"c{m}": [f"d{n}" for n in range(9_000)] for m in range(50)}}),
            jobs.UNBOUNDED,
        ),
        (lambda: job("describe", data={"columns": {"a": [1]}}, params={"resamples": 10**12}), jobs.UNBOUNDED),
        (lambda: job("describe", params={"resamples": "many"}), jobs.FAST),  # rejected before it begins
    ],
)
def test_a_job_that_may_take_long_or_grow_large_is_not_called_quick(
    body: Callable[[], str], rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
    assert jobs.effort(body()).rank == rank


def test_of_the_dangerous_jobs_the_cheapest_has_the_least_seconds() -> None:
    few, many = (job("describe", params={"resamples": number}) for number in (10, 10**9))
    assert jobs.effort(few).seconds < 1 < 10 < jobs.effort(many).seconds


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (lambda: job(data={"columns": {"a": [1, 2]}}, params={"model": centers(1_001)}), "1000 is the most"),
        (lambda: job("describe", data={"columns": {f"c{n}": [1, 2] for n in range(50_000)}}), "choose at most 500"),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_before_any_work(
    body: Callable[[], str], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handler.jobs.describe._distribution", None)  # would raise if it were reached
    with pytest.raises(Rejected, match=error):
        jobs.run(parse(body()), lambda _: b"")


def test_scoring_against_many_centers_takes_memory_by_the_row_only() -> None:
    rows, number = 20_000, 1_000
    standard = np.linspace(0, number - 1, rows).reshape(rows, 1)
    document = {**centers(number), "centers": [[float(n)] for n in range(number)]}
    model = Model.from_document(document)
    tracemalloc.start()
    nearest = model.segment(standard)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (nearest == np.rint(standard[:, 0])).mean() > 0.99
    assert peak < 8 * 8 * rows, "a matrix of rows and centers would be a hundred times as much"


def test_thousands_of_text_columns_are_encoded() -> None:
    outcome = jobs.run(parse(job("prepare", data=WIDE)), lambda _: b"")
    assert outcome.result["report"]["encoded"] == dict.fromkeys(WIDE["columns"], 2)


def test_an_indicator_that_is_a_column_already_is_refused() -> None:
    clash = {"columns": {"a": ["x", "y"], "a=x": [1, 2]}}
    with pytest.raises(Rejected, match="'a' becomes 'a=x'"):
        jobs.run(parse(job("prepare", data=clash)), lambda _: b"")
