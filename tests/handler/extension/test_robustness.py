"""Nothing that happens to the extension may reach the function: it goes on, says so once, and ends when told to."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.handler.extension import shapes
from tests.handler.extension.emf_rules import broken_rules
from tests.handler.extension.fake import IDENTIFIER, NAME, Behaviour, Extension, environment, running

OK = "HTTP/1.1 200 OK"


def works(extension: Extension, request_id: str = "after") -> None:
    """A whole invocation still gives its record, and the next event is asked for at once."""
    extension.fake.invoke(request_id)
    extension.fake.wait_for_next()
    assert extension.fake.deliver(*shapes.invocation(request_id)) == OK
    with extension.changed:
        extension.changed.wait_for(lambda: request_id in "".join(extension.lines), 5)
    assert request_id in [record["request_id"] for record in extension.records()]


def peak_mb(extension: Extension) -> float:
    status = Path(f"/proc/{extension.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


# --- what it asks of Lambda -----------------------------------------------------------------------------------------


def test_it_registers_and_subscribes_as_documented(entry: Path) -> None:
    with running(entry) as extension:
        fake = extension.fake
        assert fake.registrations == [{"name": NAME, "events": ["INVOKE", "SHUTDOWN"]}]
        subscription = fake.subscriptions[0]
        assert subscription["schemaVersion"] == "2025-01-29"
        assert subscription["types"] == ["platform"]
        assert subscription["buffering"] == {"maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 25}
        assert subscription["destination"]["protocol"] == "HTTP"
        assert fake.listener[1] != 9001  # reserved
        assert set(fake.identifiers) == {IDENTIFIER}


@pytest.mark.parametrize("behaviour", [Behaviour(chunked=True), Behaviour(close_each=True)], ids=["chunked", "close"])
def test_any_framing_of_the_answers(entry: Path, behaviour: Behaviour) -> None:
    with running(entry, behaviour) as extension:
        works(extension, "one")
        works(extension, "two")
        assert extension.end() == 0


def test_registration_is_tried_again(entry: Path) -> None:
    with running(entry, Behaviour(register=[500, 500, 200])) as extension:
        works(extension)


def test_managed_instances_refuse_invoke(entry: Path) -> None:
    with running(entry, Behaviour(register=[403, 200])) as extension:
        assert extension.fake.registrations[-1]["events"] == ["SHUTDOWN"]


def test_a_failing_next_is_asked_again(entry: Path) -> None:
    with running(entry, Behaviour(next_failures=2)) as extension:
        works(extension)
        assert len(extension.records("extension")) == 1


def test_when_the_runtime_api_is_gone_it_ends(entry: Path) -> None:
    """The environment is gone too then; an orphan would only linger."""
    with running(entry) as extension:
        extension.fake.behaviour.next_failures = 1_000
        extension.fake.invoke("a")
        assert extension.process.wait(10) == 1


def test_started_by_hand_it_says_what_it_is(entry: Path) -> None:
    path = {"PATH": environment("")["PATH"]}
    done = subprocess.run([entry], env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is a Lambda extension" in done.stderr
    assert done.stdout == ""


# --- no Telemetry API -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [202, 400, 500])
def test_without_telemetry_records_come_from_invoke_events(entry: Path, status: int) -> None:
    with running(entry, Behaviour(subscribe=status)) as extension:
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
        assert extension.process.wait(5) == 0
        extension.reader.join(5)
    assert [broken_rules(record) for record in extension.records()] == [[]] * len(extension.records())
    assert len(extension.records("extension")) <= 2  # junk does not flood the log


# --- much of it -----------------------------------------------------------------------------------------------------


def test_a_huge_delivery_delays_no_invocation(entry: Path) -> None:
    events = [event for number in range(1_000) for event in shapes.invocation(f"r{number}")]
    with running(entry) as extension:
        assert extension.fake.deliver(*events) == OK
        began = time.perf_counter()
        extension.fake.invoke("now")
        extension.fake.wait_for_next()
        waited = time.perf_counter() - began
        records = extension.wait_for(1_000)
        peak = peak_mb(extension)
    assert {record["request_id"] for record in records} == {f"r{number}" for number in range(1_000)}
    assert waited < 0.5  # all of them take longer
    assert peak < 32


def test_memory_is_bounded_when_reports_never_come(entry: Path) -> None:
    with running(entry) as extension:
        for number in range(5):
            starts = [shapes.start(f"{number}-{each}") for each in range(400)]
            assert extension.fake.deliver(*starts) == OK
        records = extension.wait_for(1_000)  # the oldest are given up, 1,000 are kept
        assert peak_mb(extension) < 24
    assert records[0]["missing"] == ["platform.runtimeDone", "platform.report"]


# --- stdout ---------------------------------------------------------------------------------------------------------


def test_a_closed_stdout_does_not_stop_it(entry: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with running(entry, stdout=writer) as extension:
        for request_id in ("a", "b"):
            extension.fake.invoke(request_id)
            extension.fake.wait_for_next()
            assert extension.fake.deliver(*shapes.invocation(request_id)) == OK
        assert extension.end() == 0
    os.close(writer)


def test_a_stuck_stdout_delays_no_invocation_and_loses_little(entry: Path) -> None:
    reader, writer = os.pipe()  # nobody reads: full after 64 KiB
    with running(entry, stdout=writer) as extension:
        os.close(writer)
        for number in range(100):
            events = [event for each in range(5) for event in shapes.invocation(f"{number}-{each}")]
            extension.fake.deliver_raw(json.dumps(events).encode(), wait=False)
            began = time.perf_counter()
            extension.fake.invoke(f"{number}-0")
            extension.fake.wait_for_next()
            assert time.perf_counter() - began < 1
        assert peak_mb(extension) < 24
        extension.fake.shutdown()
        said = b""
        while chunk := os.read(reader, 65_536):
            said += chunk
        assert extension.process.wait(5) == 0
    os.close(reader)
    lines = [json.loads(line) for line in said.splitlines()]
    assert sum(line["record"] == "invocation" for line in lines) >= 400


# --- freezing and ending --------------------------------------------------------------------------------------------


def test_a_freeze_is_harmless(entry: Path) -> None:
    """SIGSTOP, as the twin freezes: what was sent meanwhile is read after the thaw."""
    with running(entry) as extension:
        extension.fake.deliver(shapes.start("a"), shapes.runtime_done("a"))
        os.kill(extension.process.pid, signal.SIGSTOP)
        extension.fake.invoke("b")
        extension.fake.deliver_raw(json.dumps([shapes.report("a")]).encode(), wait=False)
        time.sleep(0.3)
        assert extension.records() == []
        os.kill(extension.process.pid, signal.SIGCONT)
        extension.fake.wait_for_next()
        assert extension.wait_for(1)[0]["request_id"] == "a"


@pytest.mark.parametrize(
    ("reason", "status", "error"),
    [("TIMEOUT", "timeout", "Sandbox.Timedout"), ("FAILURE", "error", None), ("SPINDOWN", None, None)],
)
def test_shutdown_gives_out_what_is_left(entry: Path, reason: str, status: str | None, error: str | None) -> None:
    with running(entry) as extension:
        extension.fake.deliver(*shapes.init(), shapes.start("a"))
        extension.fake.shutdown(reason, within_ms=600)
        assert extension.process.wait(5) == 0
        extension.reader.join(5)
    (record,) = extension.records()
    assert broken_rules(record) == []
    assert record["missing"] == ["platform.runtimeDone", "platform.report"]
    assert (record.get("status"), record.get("error_type")) == (status, error)


def test_shutdown_waits_for_the_last_report(entry: Path) -> None:
    with running(entry) as extension:
        extension.fake.invoke("a")
        extension.fake.wait_for_next()
        extension.fake.shutdown("TIMEOUT")
        time.sleep(0.2)
        extension.fake.deliver(*shapes.invocation("a")[:2])
        extension.fake.deliver(shapes.report("a", "timeout"))
        assert extension.process.wait(5) == 0
        extension.reader.join(5)
    (record,) = extension.records()
    assert (record["status"], "missing" in record) == ("timeout", False)


@pytest.mark.parametrize("within_ms", [900, 0, -86_400_000])
def test_shutdown_keeps_its_deadline(entry: Path, within_ms: int) -> None:
    """A deadline long past (the clock jumped) still leaves time to write."""
    with running(entry) as extension:
        extension.fake.deliver(shapes.start("a"))
        began = time.perf_counter()
        extension.fake.shutdown(within_ms=within_ms)
        assert extension.process.wait(5) == 0
        assert time.perf_counter() - began < 0.9
        extension.reader.join(5)
    assert len(extension.records()) == 1


def test_events_of_an_unknown_type_are_passed_over(entry: Path) -> None:
    with running(entry) as extension:
        for odd in ({"eventType": "RESTORE"}, {}, {"eventType": "INVOKE"}, {"eventType": "INVOKE", "requestId": 5}):
            extension.fake.events.put(odd)
            extension.fake.wait_for_next()
        works(extension)
