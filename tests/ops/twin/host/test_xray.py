"""Segments that functions send, and those of the platform, end up in traces.jsonl."""

from __future__ import annotations

import json
from typing import Any

from tests.ops.twin.host.lab import Host, wait_until

SENDS = """
import json, os, socket
def handler(event, context):
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    header = dict(part.split("=") for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    segment = {"name": "work", "id": "00000000000000aa", "trace_id": header["Root"], "parent_id": header["Parent"],
               "type": "subsegment", "start_time": 1.0, "end_time": 2.0}
    for text in ("nonsense", "{}\\n{}", '{"format": "json", "version": 1}\\n[]',
                 '{"format": "json", "version": 1}\\n' + json.dumps(segment)):
        sender.sendto(text.encode(), (host, int(port)))
    return header
"""


def segments(host: Host, root: str) -> list[dict[str, Any]]:
    lines = (host.folder / "twin" / "traces.jsonl").read_text().splitlines()
    return [segment for segment in map(json.loads, lines) if segment.get("trace_id") == root]


def test_a_sampled_invocation_is_a_whole_trace(host: Host) -> None:
    function = host.function(SENDS)
    root = "1-6553f1a0-aaaaaaaaaaaaaaaaaaaaaaaa"
    trace = {"X-Amzn-Trace-Id": f"Root={root};Parent=bbbbbbbbbbbbbbbb;Sampled=1"}
    header = function.invoke(request_id="traced", **trace).payload
    assert (header["Root"], header["Sampled"]) == (root, "1")
    found = wait_until(lambda: segments(host, root) if len(segments(host, root)) == 3 else None)
    by_id = {segment["id"]: segment for segment in found}
    work = by_id["00000000000000aa"]
    platform = by_id[work["parent_id"]]
    service = by_id[platform["parent_id"]]
    assert (platform["origin"], service["origin"]) == ("AWS::Lambda::Function", "AWS::Lambda")
    assert service["parent_id"] == "bbbbbbbbbbbbbbbb"
    assert service["aws"]["request_id"] == "traced"
    assert service["start_time"] < service["end_time"]
    line = wait_until(lambda: [line for line in function.lines() if "XRAY TraceId" in line])[0]
    assert line.endswith(f"\nXRAY TraceId: {root}\tSegmentId: {service['id']}\tSampled: true")


def test_active_tracing_samples_the_first_of_a_second(host: Host) -> None:
    function = host.function("import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n")
    assert "Sampled=0" in function.invoke().payload
    function.revision = "active"
    function.put(TracingConfig={"Mode": "Active"})
    headers = [function.invoke().payload for _ in range(20)]
    sampled = [header for header in headers if "Sampled=1" in header]
    assert 1 <= len(sampled) < 15
