"""A collector that is down, slow, overloaded or answers nonsense: the function never waits, and losses are reported."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from handler.extension.otlp.channel import Channel
from handler.extension.otlp.sender import Sender
from handler.extension.otlp.settings import Settings
from handler.extension.records.model import Init
from ops.twin import processes
from tests.fakes.otlp_collector import Answer, Collector, collecting
from tests.fakes.tls import certificate
from tests.handler.extension.alive import works
from tests.handler.extension.emf_rules import broken_rules
from tests.handler.extension.fake import PATIENCE_S, Extension
from tests.handler.extension.otlp.exporting import (
    export_lines,
    exporting,
    newest_points,
    value,
)


def works_until(extension: Extension, text: str) -> int:
    """Invoke until the log has this of the export; gives how often. It is told when the next invocation comes."""
    for number in range(1_000):
        if any(text in line for line in export_lines(extension)):
            return number
        works(extension, f"invocation {number}")
        time.sleep(0.01)
    raise AssertionError(export_lines(extension))


def drops(extension: Extension) -> dict[str, int]:
    """By signal, as reported; each line must be a metric too."""
    found: dict[str, int] = {}
    for line in extension.records("extension"):
        if contract.METRIC_EXPORT_DROPPED in line:
            assert broken_rules(line) == []
            found[line["signal"]] = found.get(line["signal"], 0) + line[contract.METRIC_EXPORT_DROPPED]
    return found


@pytest.fixture
def channel(collector: Collector) -> Iterator[Channel]:
    settings = Settings({b"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url.encode()})
    traces = Channel("traces", settings.endpoints["traces"], interval_s=5)
    yield traces
    traces.collector.close()


def body() -> str:
    return json.dumps({"resourceSpans": []})


def test_down(entry: Path, collector: Collector) -> None:
    with exporting(
        entry, collector, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{processes.free_port()}"
    ) as extension:
        invocations = works_until(extension, "Connection refused")
        assert extension.end() == 0
    assert drops(extension) == {"traces": invocations, "metrics": 5}
    assert len(extension.records()) == invocations


def test_a_certificate_that_is_not_trusted(entry: Path, tmp_path: Path) -> None:
    with collecting(certificate(tmp_path)) as collector:
        address = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"https://localhost:{collector.port}"}
        with exporting(entry, collector, **address) as extension:
            invocations = works_until(extension, "certificate verify failed")
            assert extension.end() == 0
    assert collector.requests == []
    assert drops(extension) == {"traces": invocations, "metrics": 5}


def test_slow_to_answer_ends_in_time_all_the_same(entry: Path, collector: Collector) -> None:
    collector.answers = [Answer(after_s=30)]
    with exporting(entry, collector) as extension:
        works(extension)
        collector.wait_until(lambda: collector.requests)
        works(extension, "while it waits")
        began = time.monotonic()
        extension.fake.shutdown(within_ms=700)
        assert extension.process.wait(60) == 0
        assert time.monotonic() - began < 25, "the limit is 0.3 s, and the answer takes 30 s; the machine may be busy"
        extension.reader.join()
    assert drops(extension)["traces"] == 2


def test_an_answer_that_trickles_has_one_deadline(collector: Collector, channel: Channel) -> None:
    collector.answers = [Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")]
    outcome = channel.post(body())
    assert not outcome.done and "closed without an answer" in outcome.text


def sender(collector: Collector) -> Sender:
    settings = Settings({b"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url.encode()})
    return Sender(settings, {"attributes": []})


def init_of(ms: float) -> Init:
    init = Init("init", "on-demand", "1", 1_790_000_000_000)
    init.duration = ms
    return init


def test_overloaded_then_well(collector: Collector) -> None:
    """Retry-After is long; the end does not wait for it, and its one more attempt succeeds."""
    busy = Answer(503, b'{"message":"later"}', {"Retry-After": "100"})
    collector.answers = [busy, busy]
    tried = sender(collector)
    tried.add(['{"name":"first"}'], lambda aggregates: aggregates.init(init_of(400)))
    collector.wait_until(lambda: len(collector.requests) == 2)
    tried.add(['{"name":"meanwhile"}'], lambda aggregates: aggregates.init(init_of(400)))
    assert len(collector.requests) == 2
    tried.finish(time.monotonic() + PATIENCE_S)
    assert [span["name"] for span in collector.spans()] == ["first", "meanwhile"]
    assert value(newest_points(collector)["faas.init_duration"]) == pytest.approx(0.8)
    assert tried.dropped == {"traces": 0, "metrics": 0}
    told = [line for each in tried.channels.values() for line in each.told]
    assert any("status 503: later; it will be tried again" in line for line in told)
    assert any("it works again" in line for line in told)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_is_tried_again(collector: Collector, channel: Channel, status: int) -> None:
    collector.answers = [Answer(status, headers={"Retry-After": "7"}), Answer(status), Answer(status)]
    assert not channel.post(body()).done
    assert channel.due_at(pressing=True) - time.monotonic() == pytest.approx(7, abs=1)
    waits = []
    for _ in range(2):
        channel.post(body())
        waits.append(channel.due_at(pressing=True) - time.monotonic())
    assert 0.5 < waits[0] <= 2 and 1 < waits[1] <= 4, "it doubles, with a random part"


@pytest.mark.parametrize("wait", ["soon", "-1", "1e9", "99999999999", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_that_is_no_number_of_seconds(collector: Collector, channel: Channel, wait: str) -> None:
    collector.answers = [Answer(503, headers={"Retry-After": wait})]
    assert not channel.post(body()).done
    assert channel.due_at(pressing=True) - time.monotonic() < 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 500, 501, 301])
def test_what_is_not(collector: Collector, channel: Channel, status: int) -> None:
    collector.answers = [Answer(status, b'{"code":3,"message":"no\\u0007 such"}')]
    outcome = channel.post(body())
    assert (outcome.done, outcome.refused, outcome.text) == (True, True, f"status {status}: no  such")


def test_refused_items_are_dropped_and_counted(entry: Path, collector: Collector) -> None:
    collector.answers = [Answer(401, b"<html>") for _ in range(4)]
    with exporting(entry, collector) as extension:
        works(extension)
        collector.wait_until(lambda: len(collector.requests) == 2)
        assert extension.end() == 0
    assert drops(extension) == {"traces": 1, "metrics": 5}
    assert any("status 401" in line for line in export_lines(extension))


def rejecting(signal: str, rejected: Any, text: str = "") -> bytes:
    member = {"traces": "rejectedSpans", "metrics": "rejectedDataPoints"}[signal]
    return json.dumps({"partialSuccess": {member: rejected, "errorMessage": text}}).encode()


def test_partial_success_is_counted_and_never_repeated(entry: Path, collector: Collector) -> None:
    collector.answers = [Answer(body=rejecting("traces", "1", "too old")), Answer(body=rejecting("metrics", 2))]
    with exporting(entry, collector) as extension:
        works(extension)
        collector.wait_until(lambda: len(collector.requests) == 2)
        assert extension.end() == 0
    assert len(collector.requests) == 2
    assert drops(extension) == {"traces": 1, "metrics": 2}
    assert any("rejected 1 items: too old" in line for line in export_lines(extension))


@pytest.mark.parametrize("rejected", [None, "0", "many", -3, [], {}, 1e400, "9" * 5000])
def test_a_partial_success_of_any_shape(collector: Collector, channel: Channel, rejected: Any) -> None:
    collector.answers = [Answer(body=rejecting("traces", rejected, "look \ud800 here"))]
    outcome = channel.post(body())
    assert outcome.done and outcome.rejected >= 0
    assert "look" in outcome.text


NONSENSE = [
    b"",
    b"\x00\x16\x03\x01 garbage\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.9\r\n",
    b"HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 70_000,
]


@pytest.mark.parametrize("raw", NONSENSE)
def test_nonsense_is_tried_again_later(collector: Collector, channel: Channel, raw: bytes) -> None:
    collector.answers = [Answer(raw=raw)]
    outcome = channel.post(body())
    assert not outcome.done and outcome.text
    assert channel.post(body()).done


def test_a_web_page_says_that_this_is_no_collector(collector: Collector, channel: Channel) -> None:
    collector.answers = [Answer(body=b"<!doctype html><title>Sign in</title>")]
    outcome = channel.post(body())
    assert "not OTLP" in outcome.text


def test_an_interim_answer_and_one_without_a_length(collector: Collector, channel: Channel) -> None:
    collector.answers = [Answer(raw=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")]
    assert channel.post(body()).done
    collector.answers = [Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n{}")]
    assert channel.post(body()).done
    assert channel.post(body()).done


def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(collector: Collector, channel: Channel) -> None:
    """As after a freeze: the request goes out once more, on a new connection."""
    collector.answers = [Answer(headers={"Keep-Alive": "timeout=1"}), Answer(raw=b"")]
    assert channel.post(body()).done
    assert channel.post(body()).done
    assert len(collector.requests) == 3


def test_the_buffer_is_bounded_and_the_oldest_go(collector: Collector) -> None:
    collector.later = True
    collector.answers = [Answer(503, headers={"Retry-After": "100"})] * 2
    tried = sender(collector)
    for number in range(300):
        span = {"name": str(number), "attributes": [{"key": "a", "value": {"stringValue": "x" * 20_000}}]}
        tried.add([json.dumps(span)], lambda aggregates: aggregates.init(init_of(400)))
        while collector.answers:  # the first attempts are refused before the last ones are made
            time.sleep(0.001)
    tried.finish(time.monotonic() + PATIENCE_S)
    collector.read()
    kept = [int(span["name"]) for span in collector.spans()]
    assert len(kept) == 300 - tried.dropped["traces"] and 100 < len(kept) < 106, "2 MiB hold 104 spans of 20 kB"
    assert kept[-90:] == list(range(210, 300)), "those that were on their way may be older"
    assert newest_points(collector)["faas.init_duration"]["histogram"]["dataPoints"][0]["count"] == "300"
    assert tried.dropped["metrics"] == 0
