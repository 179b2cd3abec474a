"""Nothing that happens to the extension may reach the function: it goes on, says so once, and ends when told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.handler.extension import shapes
from tests.handler.extension.alive import OK, works
from tests.handler.extension.emf_rules import broken_rules
from tests.handler.extension.fake import IDENTIFIER, NAME, PATIENCE_S, Behavior, Extension, environment, running

TRIES = 5
"""Of what is a matter of time, since this machine may be busy: who really is late is late each time."""


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


@pytest.mark.parametrize("behavior", [Behavior(chunked=True), Behavior(close_each=True)], ids=["chunked", "close"])
def test_any_framing_of_the_answers(entry: Path, behavior: Behavior) -> None:
    with running(entry, behavior) as extension:
        works(extension, "one")
        works(extension, "two")
        assert extension.end() == 0


def test_registration_is_tried_again(entry: Path) -> None:
    with running(entry, Behavior(register=[500, 500, 200])) as extension:
        works(extension)


def test_managed_instances_refuse_invoke(entry: Path) -> None:
    with running(entry, Behavior(register=[403, 200])) as extension:
        assert extension.fake.registrations[-1]["events"] == ["SHUTDOWN"]


def test_a_failing_next_is_asked_again(entry: Path) -> None:
    with running(entry, Behavior(next_failures=2)) as extension:
        works(extension)
        assert len(extension.records("extension")) == 1


def test_when_the_runtime_api_is_gone_it_ends(entry: Path) -> None:
    """The environment is gone too then; an orphan would only linger."""
    with running(entry) as extension:
        extension.fake.behavior.next_failures = 1_000
        extension.fake.invoke("a")
        assert extension.process.wait(PATIENCE_S) == 1


def test_started_by_hand_it_says_what_it_is(entry: Path) -> None:
    path = {"PATH": environment("")["PATH"]}
    done = subprocess.run([entry], env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is a Lambda extension" in done.stderr
    assert done.stdout == ""


# --- much of it -----------------------------------------------------------------------------------------------------


def test_a_huge_delivery_delays_no_invocation(entry: Path) -> None:
    """It is taken before their records are written: a pipe holds about 100 of them, so this sees 800 soon enough."""
    events = [event for number in range(1_000) for event in shapes.invocation(f"r{number}")]

    def written_before_it() -> int:
        with running(entry) as extension:
            assert extension.fake.deliver(*events) == OK
            extension.fake.invoke("now")
            extension.fake.wait_for_next()
            written = len(extension.records())
            records = extension.wait_for(1_000)
            assert peak_mb(extension) < 32
        assert {record["request_id"] for record in records} == {f"r{number}" for number in range(1_000)}
        return written

    assert any(written_before_it() < 800 for _ in range(TRIES))


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
            extension.fake.invoke(f"{number}-0")
            extension.fake.wait_for_next()  # who waits for room in the pipe waits for ever
        assert peak_mb(extension) < 24
        extension.fake.shutdown()
        said = b""
        while chunk := os.read(reader, 65_536):
            said += chunk
        assert extension.process.wait(PATIENCE_S) == 0
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
        assert extension.process.wait(PATIENCE_S) == 0
        extension.reader.join(PATIENCE_S)
    (record,) = extension.records()
    assert broken_rules(record) == []
    assert record["missing"] == ["platform.runtimeDone", "platform.report"]
    assert (record.get("status"), record.get("error_type")) == (status, error)


def test_shutdown_waits_for_the_last_report(entry: Path) -> None:
    def has_it() -> bool:
        with running(entry) as extension:
            extension.fake.invoke("a")
            extension.fake.wait_for_next()
            extension.fake.shutdown("TIMEOUT")
            time.sleep(0.2)
            with suppress(ConnectionRefusedError):  # it has ended
                extension.fake.deliver(*shapes.invocation("a")[:2])
                extension.fake.deliver(shapes.report("a", "timeout"))
            assert extension.process.wait(PATIENCE_S) == 0
            extension.reader.join(PATIENCE_S)
        (record,) = extension.records()
        return record["status"] == "timeout" and "missing" not in record

    assert any(has_it() for _ in range(TRIES))


@pytest.mark.parametrize("within_ms", [900, 0, -86_400_000])
def test_shutdown_keeps_its_deadline(entry: Path, within_ms: int) -> None:
    """A deadline long past (the clock jumped) still leaves time to write. With no deadline it waits for 1.5 s."""

    def took() -> float:
        with running(entry) as extension:
            extension.fake.deliver(shapes.start("a"))
            began = time.perf_counter()
            extension.fake.shutdown(within_ms=within_ms)
            assert extension.process.wait(PATIENCE_S) == 0
            ended = time.perf_counter()
            extension.reader.join(PATIENCE_S)
        assert len(extension.records()) == 1
        return ended - began

    assert any(took() < 0.9 for _ in range(TRIES))


def test_events_of_an_unknown_type_are_passed_over(entry: Path) -> None:
    with running(entry) as extension:
        for odd in ({"eventType": "RESTORE"}, {}, {"eventType": "INVOKE"}, {"eventType": "INVOKE", "requestId": 5}):
            extension.fake.events.put(odd)
            extension.fake.wait_for_next()
        works(extension)
