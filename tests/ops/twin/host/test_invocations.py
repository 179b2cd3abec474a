"""Warm and cold, at once, frozen between, revisions: the ordinary life of environments, under the real awslambdaric."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.ops.twin.host.lab import ECHO, Host, wait_until


def test_the_first_invocation_is_cold_the_next_one_warm(host: Host) -> None:
    function = host.function(ECHO)
    first, second = function.invoke({"n": 1}), function.invoke({"n": 2})
    assert (first.payload, second.payload) == ({"n": 1}, {"n": 2})
    assert first.cold
    assert not second.cold
    assert not first.error
    total = first.number("X-Duration-Ms") + first.number("X-Init-Duration-Ms")
    assert 0 <= first.number("X-Billed-Duration-Ms") - total < 1
    assert 5 < first.number("X-Max-Memory-Used-Mb") < 256


def test_the_function_sees_what_lambda_gives_it(host: Host) -> None:
    function = host.function(
        "import os\n"
        "def handler(event, context):\n"
        "    return {'env': dict(os.environ), 'cwd': os.getcwd(), 'id': context.aws_request_id,\n"
        "            'left': context.get_remaining_time_in_millis(), 'arn': context.invoked_function_arn,\n"
        "            'memory': context.memory_limit_in_mb, 'group': context.log_group_name}\n",
        timeout=60,
        COLOUR="blue",
        AWS_REGION="not-yours",
    )
    seen = function.invoke(request_id="11111111-2222-3333-4444-555555555555").payload
    env = seen["env"]
    task_root = str(function.folder / "var" / "task")
    assert seen["cwd"] == env["LAMBDA_TASK_ROOT"] == task_root
    assert seen["id"] == "11111111-2222-3333-4444-555555555555"
    assert 30_000 < seen["left"] <= 60_000
    assert seen["arn"] == function.configuration["FunctionArn"]
    assert (seen["memory"], seen["group"]) == ("256", function.log_group)
    assert env["COLOUR"] == "blue"
    assert env["AWS_REGION"] == "eu-west-1"
    assert env["AWS_ENDPOINT_URL"] == host.logs.url
    assert env["AWS_EXECUTION_ENV"] == "AWS_Lambda_Image"
    assert env["_HANDLER"] == "fn.handler"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", env["AWS_LAMBDA_LOG_STREAM_NAME"])
    assert env["_X_AMZN_TRACE_ID"].startswith("Root=1-")


def test_the_invoked_arn_and_the_trace_reach_the_function(host: Host) -> None:
    function = host.function(
        "import os\n"
        "def handler(event, context):\n"
        "    return context.invoked_function_arn, os.environ['_X_AMZN_TRACE_ID']\n"
    )
    header = "Root=1-6553f1a0-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0"
    arn, trace = function.invoke(**{"X-Amzn-Lambda-Function-Arn": "arn:live", "X-Amzn-Trace-Id": header}).payload
    assert arn == "arn:live"
    assert trace == header


def test_invocations_at_once_each_have_an_environment(host: Host) -> None:
    function = host.function(
        "import os, pathlib, time\n"
        "here = pathlib.Path(os.environ['RECORD']).with_name('arrived')\n"
        "def handler(event, context):\n"
        "    here.mkdir(exist_ok=True)\n"
        "    (here / str(os.getpid())).touch()\n"
        "    while len(list(here.iterdir())) < 3:  # each is busy until all three are\n"
        "        time.sleep(0.01)\n"
        "    return os.getpid()\n",
        timeout=60,
    )
    with ThreadPoolExecutor(3) as callers:
        answers = list(callers.map(function.invoke, range(3)))
    assert len({answer.payload for answer in answers}) == 3
    assert all(answer.cold for answer in answers)
    health = host.request("GET", "/health").payload["environments"][function.name]
    assert health == {"busy": 0, "idle": 3}
    assert function.invoke().payload in {answer.payload for answer in answers}


def test_an_idle_environment_is_frozen(host: Host) -> None:
    function = host.function(
        "import os, threading, time\n"
        "beats = 0\n"
        "said = os.open(os.environ['RECORD'] + '.beats', os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
        "def beat():\n"
        "    global beats\n"
        "    while True:\n"
        "        beats += 1\n"
        "        os.write(said, b'.')\n"
        "        time.sleep(0.01)\n"
        "threading.Thread(target=beat, daemon=True).start()\n"
        "def handler(event, context):\n"
        "    return beats\n",
        extensions=("recorder",),
    )
    function.invoke()

    def states() -> list[str]:
        return [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in function.pids()]

    wait_until(lambda: states() == ["T", "T"])  # the answer may be here first
    beats = function.folder / "record.jsonl.beats"
    before = beats.stat().st_size
    time.sleep(0.5)
    assert beats.stat().st_size == before
    assert function.invoke().payload >= before, "it goes on where it stood"


def test_a_new_revision_retires_the_old_environments(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",))
    function.invoke()
    old = function.pids()
    function.retire()
    wait_until(lambda: function.records("end"))
    assert [record["event"].get("shutdownReason") for record in function.records("event")] == [None, "SPINDOWN"]
    wait_until(lambda: not function.pids())
    assert function.invoke({"new": True}).cold
    assert not set(old) & set(function.pids())


def test_an_unknown_revision_or_function_is_a_conflict(host: Host) -> None:
    function = host.function(ECHO)
    function.revision = "other"
    assert function.invoke().status == 409
    assert host.request("POST", "/functions/nobody/invocations", b"{}").status == 409


def test_web_pages_are_refused(host: Host) -> None:
    for header in ("Origin", "Sec-Fetch-Site"):
        assert host.request("PUT", "/functions/page", b"{}", {header: "http://example.com"}).status == 403
    assert host.request("GET", "/nothing").status == 404
    assert host.request("DELETE", "/functions/page").status == 404


def test_a_bad_put_is_one_sentence(host: Host) -> None:
    for body in (b"{", b"[]", b'{"revision": 1, "configuration": {}}', b'{"revision": "1"}'):
        answer = host.request("PUT", "/functions/bad", body)
        assert answer.status == 400
        assert answer.payload["message"].endswith(".")
    missing = {"revision": "1", "configuration": {"Environment": {"Variables": {"OPS_TWIN_IMAGE": "/nowhere"}}}}
    answer = host.request("PUT", "/functions/bad", json.dumps(missing).encode())
    assert answer.status == 400
    assert "/nowhere is not an image folder" in answer.payload["message"]


def test_an_extension_does_not_see_what_is_the_runtimes(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",), COLOUR="blue")
    function.invoke()
    [registered] = function.records("registered")
    seen = registered["environment"]
    assert (seen["COLOUR"], seen["AWS_LAMBDA_FUNCTION_NAME"]) == ("blue", function.name)
    assert seen["LAMBDA_TELEMETRY_LISTEN_ADDRESS"] == "127.0.0.1"
    for hidden in ("_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_STREAM_NAME"):
        assert hidden not in seen
    assert not [name for name in seen if "XRAY" in name]


def test_a_version_and_another_handler(host: Host) -> None:
    function = host.function(
        "import os\ndef other(event, context):\n"
        "    return context.function_name, context.function_version, os.environ['_HANDLER']\n"
    )
    name = function.name
    function.name = f"{name}:7"
    function.put(Version="7", ImageConfigResponse={"ImageConfig": {"Command": ["fn.other"]}})
    assert function.invoke().payload == [name, "7", "fn.other"]
    wait_until(lambda: any(group == f"/aws/lambda/{name}" and "[7]" in stream for group, stream in host.logs.streams))
