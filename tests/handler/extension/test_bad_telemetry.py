"""Telemetry that never comes, is malformed or comes as bad HTTP: skipped, logged once; the next record is complete."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.handler.extension import shapes
from tests.handler.extension.alive import OK, works
from tests.handler.extension.emf_rules import broken_rules
from tests.handler.extension.fake import PATIENCE_S, Behavior, running

# --- no Telemetry API -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [202, 400, 500])
def test_without_telemetry_records_come_from_invoke_events(entry: Path, status: int) -> None:
    with running(entry, Behavior(subscribe=status)) as extension:
        for request_id in ("a", "b"):
            extension.fake.invoke(request_id)
            extension.fake.wait_for_next()
        first, second = extension.wait_for(2)
        assert extension.end() == 0
    assert broken_rules(first) == broken_rules(second) == []
    assert (first["request_id"], first["ColdStarts"], second["ColdStarts"]) == ("a", 1, 0)
    assert first["memory_size_mb"] == 1024
    assert first["missing"] == ["platform.start", "platform.runtimeDone", "platform.report"]
    assert not {"InvokeDuration", "status", "FailedInvocations", "EstimatedCost"} & first.keys()
    notices = extension.records("extension")
    assert len(notices) == 1
    assert str(status) in notices[0]["reason"]


# --- bad telemetry --------------------------------------------------------------------------------------------------

MALFORMED = [
    b"",
    b"not JSON",
    b"null",
    b'{"type": "platform.report"}',
    b"[1, null, true, [], {}]",
    b'[{"type": 7, "record": {}}]',
    b'[{"type": "platform.report"}]',
    b'[{"type": "platform.report", "record": null}]',
    b'[{"type": "platform.report", "record": "text"}]',
    b'[{"type": "platform.report", "record": {"requestId": 5}}]',
    b'[{"type": "platform.start", "record": {}}, ',
    b'[{"type": "platform.runtimeDone", "record": {"requestId": ""}}]',
    b"\xff\xfe[\x00",
    b"[" * 100_000,
    b'[{"a":' * 50_000,
    b'["\xed\xa0\x80"]',
]


def test_malformed_deliveries_are_left_out_and_said_once(entry: Path) -> None:
    with running(entry) as extension:
        for number, body in enumerate(MALFORMED):
            assert extension.fake.deliver_raw(body) == OK
            works(extension, f"after-{number}")
        assert extension.end() == 0
    assert len(extension.records()) == len(MALFORMED)
    first, total = extension.records("extension")
    assert first["message"].startswith("left out")
    assert total["count"] >= len(MALFORMED)


ODD_VALUES = ["x" * 100_000, -1, 1e400, float("nan"), True, None, [], {}, [{}], {"durationMs": "5"}, 10**30]


def odd_invocations(value: object) -> Iterator[list[dict[str, Any]]]:
    """Invocations of which one member of one event has this value."""
    for position in range(3):
        for member in ("status", "metrics", "spans", "tracing", "errorType", "version"):
            events = shapes.invocation(f"{value!r:.9}-{position}-{member}")
            events[position]["record"][member] = value
            yield events
        for metric in ("durationMs", "billedDurationMs", "maxMemoryUsedMB", "memorySizeMB", "initDurationMs"):
            events = shapes.invocation(f"{value!r:.9}-{position}-{metric}")
            events[position]["record"]["metrics"] = {metric: value}
            events[position]["time"] = value
            yield events


def test_odd_values_anywhere_still_make_a_valid_record(entry: Path) -> None:
    """The record stays short and within the rules of EMF."""
    odd = [invocation for value in ODD_VALUES for invocation in odd_invocations(value)]
    with running(entry) as extension:
        for events in odd:
            assert extension.fake.deliver(*events) == OK
        records = extension.wait_for(len(odd))
    assert [broken_rules(record) for record in records] == [[]] * len(odd)
    assert max(len(line) for line in extension.lines) < 4_096


def test_dropped_telemetry_is_reported(entry: Path) -> None:
    dropped = {"droppedBytes": 12_345, "droppedRecords": 123, "reason": "the consumer is slower than the producer"}
    with running(entry) as extension:
        extension.fake.deliver(shapes.event("platform.logsDropped", dropped))
        (notice,) = extension.wait_for(1, "extension")
        works(extension)
    assert (notice["dropped_records"], notice["dropped_bytes"]) == (123, 12_345)
    assert notice["reason"] == dropped["reason"]


def test_dropped_telemetry_in_an_odd_shape(entry: Path) -> None:
    odd = (None, "text", {"droppedRecords": "many", "reason": ["x"] * 10_000})
    with running(entry) as extension:
        extension.fake.deliver(*[shapes.event("platform.logsDropped", dropped) for dropped in odd])
        extension.wait_for(len(odd), "extension")
        works(extension)


# --- bad HTTP on the listener ---------------------------------------------------------------------------------------


BAD_REQUESTS = [
    ("GET / HTTP/1.1\r\n\r\n", "405"),
    ("POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"),
    ("POST / HTTP/1.1\r\nno colon\r\n\r\n", "400"),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", "413"),
    ("POST / HTTP/1.1\r\nX: " + "y" * 20_000, "431"),
]


def test_bad_requests_are_refused(entry: Path) -> None:
    with running(entry) as extension:
        answers = [extension.fake.deliver_raw(b"", head) for head, _ in BAD_REQUESTS]
        works(extension)
    assert [answer.split(" ")[1] for answer in answers] == [status for _, status in BAD_REQUESTS]


def test_silent_and_broken_connections_do_not_block(entry: Path) -> None:
    with running(entry) as extension:
        silent = [socket.create_connection(extension.fake.listener) for _ in range(20)]
        for connection in silent[:10]:
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf of it")
        extension.fake.deliver_raw(b"[]", "POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\n", wait=False)
        works(extension)
        for connection in silent:
            connection.close()
        works(extension, "later")


def test_random_junk(entry: Path) -> None:
    """Seeded: mutated good deliveries and noise, as bodies and as whole requests, with invocations in between."""
    chance = random.Random(20_250_129)
    good = json.dumps([*shapes.init(), *shapes.invocation("junk"), *shapes.OTHERS]).encode()
    with running(entry) as extension:
        for turn in range(300):
            body = bytearray(good)
            for _ in range(chance.choice((1, 3, 30))):
                at = chance.randrange(len(body))
                body[at : at + chance.choice((0, 1, 20))] = chance.randbytes(chance.choice((0, 1, 5)))
            if turn % 3 == 0:
                head = f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                noise = chance.randbytes(chance.randrange(1, 200))
                extension.fake.deliver_raw(bytes(body), (head + noise).decode("latin-1"), wait=False)
            else:
                extension.fake.deliver_raw(bytes(body))
            if turn % 50 == 0:
                works(extension, f"turn-{turn}")
        works(extension)
        extension.fake.shutdown(within_ms=500)
        assert extension.process.wait(PATIENCE_S) == 0
        extension.reader.join(PATIENCE_S)
    assert [broken_rules(record) for record in extension.records()] == [[]] * len(extension.records())
    assert len(extension.records("extension")) <= 2  # junk does not flood the log
