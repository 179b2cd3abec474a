"""What functions print, and the log stream that comes of it."""

from __future__ import annotations

import json
import re

import pytest

from ops import log_streams
from tests.ops.twin.host.lab import ECHO, Host, wait_until


def test_a_stream_reads_as_on_aws(host: Host) -> None:
    function = host.function("def handler(event, context):\n    print('hello')\n", extensions=("recorder",))
    function.invoke(request_id="a")
    wait_until(lambda: any(line.startswith("REPORT") for line in function.lines()))
    function.invoke(request_id="b")
    wait_until(lambda: any(line.startswith("REPORT RequestId: b") for line in function.lines()))
    lines = [line for line in function.lines() if not line.startswith("recorder got")]
    assert lines[:4] == [
        "EXTENSION\tName: recorder\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
        "START RequestId: a Version: $LATEST",
        "hello",
        "END RequestId: a",
    ]
    number = r"\d+\.\d\d ms"
    common = rf"Duration: {number}\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB"
    assert re.fullmatch(rf"REPORT RequestId: a\t{common}\tInit Duration: {number}", lines[4])
    assert re.fullmatch(rf"REPORT RequestId: b\t{common}", lines[-1])
    [(group, stream)] = [key for key in host.logs.streams if key[0] == function.log_group]
    assert group == f"/aws/lambda/{function.name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)


def test_ten_megabytes_arrive_whole(host: Host) -> None:
    function = host.function(
        "def handler(event, context):\n    for number in range(10_000):\n        print(f'{number:05}' + 'x' * 1019)\n"
    )
    assert not function.invoke(request_id="big").error
    wait_until(lambda: any(line.startswith("REPORT") for line in function.lines()))
    lines = [line for line in function.lines() if line.endswith("xxx")]
    assert len(lines) == 10_000
    assert [int(line[:5]) for line in lines] == list(range(10_000))
    assert sum(map(len, lines)) == 10_240_000


def test_invalid_utf8_is_replaced(host: Host) -> None:
    function = host.function("import os\ndef handler(event, context):\n    os.write(1, b'caf\\xe9 \\xff\\xfe ok\\n')\n")
    function.invoke()
    wait_until(lambda: "caf\ufffd \ufffd\ufffd ok" in function.lines())


def test_a_line_over_256_kb_is_split_and_the_last_needs_no_newline(host: Host) -> None:
    function = host.function(
        "import os, sys\ndef handler(event, context):\n"
        "    print('y' * 600_000)\n    sys.stderr.write('to stderr')\n    sys.stderr.flush()\n    os._exit(1)\n"
    )
    function.invoke()
    wait_until(lambda: "to stderr" in function.lines())
    pieces = [len(line) for line in function.lines() if line.startswith("yyy")]
    assert pieces == [262_144, 262_144, 600_000 - 2 * 262_144]


def test_the_log_group_of_the_configuration_is_used(host: Host) -> None:
    function = host.function(ECHO)
    function.revision = "2"
    function.put(LoggingConfig={"LogGroup": "my/own/group"})
    function.invoke(request_id="own")
    wait_until(lambda: any("REPORT RequestId: own" in line for line in host.logs.lines("my/own/group")))
    assert not function.lines()


@pytest.mark.parametrize("version", ["$LATEST", "7"])
@pytest.mark.parametrize(("group", "named"), [("custom/{name}", True), ("", False), ("/aws/lambda/{name}", False)])
def test_streams_of_a_custom_log_group_are_named_after_the_function(
    host: Host, group: str, named: bool, version: str
) -> None:
    function = host.function(
        "import os\ndef handler(event, context):\n"
        "    return [context.log_stream_name, os.environ['AWS_LAMBDA_LOG_STREAM_NAME']]\n"
    )
    function.revision = "2"
    group = group.format(name=function.name)
    function.put(Version=version, **({"LoggingConfig": {"LogGroup": group}} if group else {}))
    seen = json.loads(function.invoke(request_id="named").body)
    wait_until(lambda: any("REPORT RequestId: named" in line for line in host.logs.lines(group or function.log_group)))
    [stream] = [name for where, name in host.logs.streams if where == (group or function.log_group)]
    assert seen == [stream, stream]
    name = function.name if named else ""
    assert re.fullmatch(rf"\d{{4}}/\d\d/\d\d/{re.escape(f'{name}[{version}]')}[0-9a-f]{{32}}", stream)
    assert log_streams.parse(stream) == log_streams.LambdaStream(name, version)


def test_what_is_logged_is_one_event_with_all_its_lines(host: Host) -> None:
    function = host.function(
        "import logging\n"
        "def handler(event, context):\n    logging.warning('first\\nsecond')\n    raise ValueError('bad\\nthing')\n"
    )
    function.invoke(request_id="framed")
    wait_until(lambda: any(line.startswith("REPORT") for line in function.lines()))
    [warning] = [line for line in function.lines() if line.startswith("[WARNING]")]
    assert re.fullmatch(r"\[WARNING\]\t\d{4}-\d\d-\d\dT\S+Z\tframed\tfirst\nsecond", warning)
    [error] = [line for line in function.lines() if line.startswith("[ERROR]")]
    assert error.startswith("[ERROR] ValueError: bad\nthing\nTraceback (most recent call last):\n")
    assert function.lines().index(error) < function.lines().index("END RequestId: framed")
