"""One dead-letter queue for the asynchronous invocations of several functions: each gets only its own messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.aws import lambda_, logs
from ops.aws.logs import LogRows
from ops.deadletters import plans
from ops.deadletters.plan_model import Destination, Pace, Plan, Selection, Steps
from ops.deadletters.plans import provenance
from ops.deadletters.redrive import redrive
from ops.errors import AccessDenied, UsageError
from tests.fakes.dlq_world import World, a_world

ACCOUNT = "000000000000"
A, B, C = (f"0000000{n}-aaaa-4bbb-8ccc-000000000000" for n in range(3))
AWS_ID = "awsRequestId"
TEXT = "2026/11/28/[$LATEST]0a1b"
INVOICE, REFUND = (f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}" for name in ("invoice", "refund"))


def a_function(name: str, group: str = "") -> lambda_.Function:
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"
    group = group or f"/aws/lambda/{name}"
    return lambda_.Function(name, arn, "$LATEST", 3, 128, 512, "x86_64", "Zip", group, None, None, None)


def start(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: $LATEST"


def traceback(request_id: str) -> str:
    return f"[ERROR]\t2026-11-28T13:00:00.000Z\t{request_id}\tKeyError: 'vat'"


def platform(kind: str, request_id: str) -> str:
    metrics = {"durationMs": 1.0, "billedDurationMs": 1, "memorySizeMB": 128, "maxMemoryUsedMB": 60}
    inner = {"requestId": request_id, "metrics": metrics, "status": "error"}
    return json.dumps({"time": "2026-11-28T13:00:00.000Z", "type": f"platform.{kind}", "record": inner})


@dataclass
class Cloud:
    """Functions that have the queue for their dead letters; their logs (group → stream, line); what was invoked."""

    functions: list[lambda_.Function] = field(default_factory=lambda: [a_function("invoice"), a_function("refund")])
    lines: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    invoked: list[tuple[str, str]] = field(default_factory=list)
    refused: bool = False

    def listed(self, _aws: Any, _queue_arn: str) -> tuple[lambda_.Function, ...]:
        if self.refused:
            raise AccessDenied("You are not authorized to perform lambda:ListFunctions.")
        return tuple(self.functions)

    def found(self, _aws: Any, name: str) -> lambda_.Function:
        return next(function for function in self.functions if name in (function.name, function.arn))

    def query(self, _aws: Any, group: str, *_: Any) -> LogRows:
        at = "2026-11-28 13:00:00.000"
        rows = [
            {"@timestamp": at, "@message": line, "@logStream": stream} for stream, line in self.lines.get(group, ())
        ]
        return LogRows(tuple(rows), len(rows), 100, complete=True)

    def invoke(self, _aws: Any, arn: str, payload: bytes) -> str:
        self.invoked.append((arn, payload.decode()))
        return "invoked"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, a_world(tmp_path_factory.mktemp("home"), patch, 0) as made:
        yield made


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.setattr(lambda_, "functions_with_dlq", made.listed)
    monkeypatch.setattr(lambda_, "get_function", made.found)
    monkeypatch.setattr(lambda_, "invoke_async", made.invoke)
    monkeypatch.setattr(logs, "run_query", made.query)
    return made


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch)


def put(world: World, *request_ids: str) -> None:
    def typed(request_id: str) -> dict[str, Any]:
        values = {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "Unhandled"}
        return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}

    world.dlq.put([{"body": json.dumps({"of": one}), "attributes": typed(one), "system": {}} for one in request_ids])
    world.add_to_snapshot()


def plan(world: World, to: str = "") -> Plan:
    return plans.make_plan(
        world.source,
        Selection(),
        destination=Destination("queue", to) if to else None,
        pace=Pace(None, headroom=False),
        steps=Steps(("100%",), watch=False),
    )


def test_each_goes_to_the_function_in_whose_log_its_request_is(world: World, cloud: Cloud) -> None:
    cloud.lines = {
        "/aws/lambda/invoice": [(TEXT, start(A)), (TEXT, traceback(A))],
        "/aws/lambda/refund": [(TEXT, start(B))],
    }
    put(world, A, B, C)
    made = plan(world)
    assert dict(made.returns.origins) == {INVOICE: 1, REFUND: 1}
    assert len(made.returns.left_ids) == 1
    assert "lambda:InvokeFunction on " + REFUND in made.permissions
    assert not any("log-group" in need for need in made.permissions), "nothing is watched"
    assert any("1 of 3 messages stay in the dead-letter queue" in warning for warning in made.warnings)
    ended = redrive.start_redrive(world.source, made, reason="fixed")
    assert (ended.sent, ended.deleted, ended.failed) == (2, 2, 0)
    assert (
        "1 message stays in the dead-letter queue. 1: it is not known which function they came from"
        in ended.status_text
    )
    assert sorted(cloud.invoked) == [(INVOICE, json.dumps({"of": A})), (REFUND, json.dumps({"of": B}))]
    assert world.bodies() == [json.dumps({"of": C})]


def test_one_that_is_in_no_log_is_not_sent_although_only_one_function_has_the_queue(world: World, cloud: Cloud) -> None:
    cloud.functions = [a_function("invoice")]
    put(world, A)
    with pytest.raises(UsageError, match="request IDs are not in the log of invoice") as caught:
        plan(world)
    assert "--to" in caught.value.next_step


@pytest.mark.parametrize(
    ("line", "proof"),
    [
        (start(A), True),
        (f"END RequestId: {A}", True),
        (f"REPORT RequestId: {A}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB", True),
        (traceback(A), True),
        (platform("start", A), True),
        (platform("report", A), True),
        (f"invoked refund, request {A}", False),
        (f"[INFO]\t2026-11-28T13:00:00.000Z\t{B}\tinvoked refund: START RequestId: {A}", False),
        (json.dumps({"level": "INFO", "message": "invoked", "requestId": A}), False),
        (f"[ERROR] RefundFailed: refund did not take it (RequestId: {A})", False),
        (f"2026-11-28 13:00:00 ERROR invoice: refund failed, request_id={A}", False),
        (json.dumps({"level": "ERROR", "message": f"refund failed, RequestId: {A}"}), False),
        (json.dumps({"level": "ERROR", "message": "refund failed", "awsRequestId": B, "requestId": A}), False),
        (json.dumps({"type": "platform.start", "requestId": A}), False),
        (json.dumps({"level": "ERROR", "message": "refund failed", "requestId": A}), False),
        (json.dumps({"level": "ERROR", "message": "refund failed", "context": {"request_id": A}}), False),
        (json.dumps({"errorType": "KeyError", "errorMessage": "'vat'", "requestId": A, "stackTrace": []}), False),
        (json.dumps({"level": "ERROR", "message": f"RequestId: {A} Error: Runtime exited"}), False),
        (json.dumps({"level": "ERROR", "message": f"RequestId: {A} Error: Runtime exited", AWS_ID: B}), False),
        (f"[ERROR]\t2026-11-28T13:00:00.000Z\t{B}\t" + json.dumps({"error": "refund", "requestId": A}), False),
        (f"RequestId: {A} Error: Runtime exited with error: exit status 1", False),
        (f"2026-11-28T13:00:00.000Z {A} Task timed out after 3.00 seconds", False),
        (json.dumps({"level": "ERROR", "message": "no vat", AWS_ID: A}), True),
        (json.dumps({"level": "ERROR", "message": "no vat", contract.LOG_REQUEST_ID: A}), True),
        (json.dumps({"level": "ERROR", "message": "no vat", AWS_ID: A, "requestId": B}), True),
        (f"2026-11-28T13:00:00.000Z\t{A}\tERROR\tInvoke Error \t" + json.dumps({"errorType": "TypeError"}), True),
    ],
)
def test_only_a_line_of_the_invocation_itself_is_proof(world: World, cloud: Cloud, line: str, proof: bool) -> None:
    cloud.lines = {"/aws/lambda/invoice": [(TEXT, line)]}
    put(world, A)
    if proof:
        assert dict(plan(world).returns.origins) == {INVOICE: 1}
    else:
        with pytest.raises(UsageError, match="No message can be returned"):
            plan(world)


@pytest.mark.parametrize(
    ("stream", "arn"),
    [
        ("2026/11/28/invoice[$LATEST]0a1b", INVOICE),
        ("2026/11/28/refund[7]0a1b", REFUND),
        ("2026/11/28/[$LATEST]0a1b", ""),
        ("2026/11/28/mailer[$LATEST]0a1b", ""),
        ("somebody", ""),
    ],
)
def test_in_a_shared_log_group_the_stream_names_the_function(world: World, cloud: Cloud, stream: str, arn: str) -> None:
    cloud.functions = [a_function("invoice", "/shop"), a_function("refund", "/shop")]
    cloud.lines = {"/shop": [(stream, start(A))]}
    put(world, A)
    if arn:
        assert dict(plan(world).returns.origins) == {arn: 1}
    else:
        with pytest.raises(UsageError, match="No message can be returned"):
            plan(world)


def test_what_may_not_be_listed_leaves_messages_where_they_are(world: World, cloud: Cloud) -> None:
    cloud.refused = True
    put(world, A)
    with pytest.raises(UsageError, match="no function's log was searched"):
        plan(world)
    assert len(world.bodies()) == 1


def test_a_function_is_chosen_by_its_arn(world: World, cloud: Cloud) -> None:
    put(world, A, B)
    world.put(["plain"])
    made = plan(world, REFUND)
    assert (made.destination.kind, made.destination.function_arn) == ("function", REFUND)
    assert dict(made.returns.origins) == {REFUND: 2}
    assert len(made.returns.left_ids) == 1, "a message that no invocation failed cannot go to a function"
    redrive.start_redrive(world.source, made, reason="to refund")
    assert {arn for arn, _ in cloud.invoked} == {REFUND}
    assert world.bodies() == ["plain"]


def test_what_was_found_once_is_kept(world: World, cloud: Cloud) -> None:
    cloud.lines = {"/aws/lambda/invoice": [(TEXT, start(A))]}
    put(world, A)
    plan(world)
    cloud.lines = {}
    assert dict(plan(world).returns.origins) == {INVOICE: 1}, "its log may have expired since"


def test_under_read_only_no_log_is_asked(world: World, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.lines = {"/aws/lambda/invoice": [(TEXT, start(A))]}
    put(world, A)
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    with pytest.raises(UsageError, match="no function's log was searched"):
        plan(world)


def test_whose_log_tells_outcomes_is_among_the_permissions(world: World, cloud: Cloud) -> None:
    cloud.lines = {"/aws/lambda/refund": [(TEXT, start(B))]}
    put(world, B)
    needs = plans.make_plan(world.source, Selection()).permissions
    assert any(need.startswith("logs:StartQuery on ") and "log-group:/aws/lambda/refund" in need for need in needs)


def test_the_longest_time_that_lambda_retries() -> None:
    assert provenance.MAX_RETRY_TIME.total_seconds() == 21_600


def test_a_function_that_only_a_body_names_is_said_to_be_a_claim(world: World, cloud: Cloud) -> None:
    context = {"requestId": A, "functionArn": f"{INVOICE}:$LATEST", "condition": "RetriesExhausted"}
    body = json.dumps({"version": "1.0", "requestContext": context, "requestPayload": {"n": 1}})
    cloud.functions.append(replace(a_function("invoice"), arn=f"{INVOICE}:$LATEST"))
    world.dlq.put([{"body": body, "attributes": {}, "system": {}}])
    world.add_to_snapshot()
    made = plan(world)
    assert dict(made.returns.origins) == {f"{INVOICE}:$LATEST": 1}
    assert any("which anyone who can send to this queue could have written" in warning for warning in made.warnings)
