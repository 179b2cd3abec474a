"""What the handler tells the extension of its messages: where, and that it never fails or waits."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from handler import contract
from handler.tracing.message_times import MessageTimes
from tests.handler.extension.otlp.exporting import sqs_message

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.05)
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", f"127.0.0.1:{sock.getsockname()[1]}")
        yield sock


def told(extension: socket.socket) -> Any:
    return json.loads(extension.recv(65_536))


def test_only_where_the_export_is_on(extension: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    for variables in ({}, {ENDPOINT: " "}, {ENDPOINT: "http://c", "OTEL_SDK_DISABLED": "TRUE"}):
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        MessageTimes().tell({}, "one")
    with pytest.raises(TimeoutError):
        extension.recv(1)


def test_outside_lambda_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    monkeypatch.setenv(ENDPOINT, "http://c")
    MessageTimes().tell({}, "one")


def test_the_oldest_messages_of_a_huge_batch(extension: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://c")
    records = [sqs_message(f"{number}" * 60, 1_000_000 - number, trace="x" * 5_000) for number in range(10_000)]
    MessageTimes().tell({"Records": records}, "one")
    found = told(extension)
    assert (found[contract.TOLD_COUNT], found[contract.TOLD_QUEUE]) == (10_000, "jobs")
    times = [message[1] for message in found[contract.TOLD_MESSAGES]]
    assert times == list(range(990_001, 990_051))
    assert len(json.dumps(found)) < 25_000


@pytest.mark.parametrize("sent", ["", "soon", "-5", "9" * 40, None, 7, "１２"])
def test_a_message_without_a_readable_time_is_left_out(
    extension: socket.socket, monkeypatch: pytest.MonkeyPatch, sent: Any
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://c")
    record = sqs_message("m", 1) | {"attributes": {"SentTimestamp": sent}}
    MessageTimes().tell({"Records": [record]}, "one")
    expected = [["m", 7, 0, ""]] if sent == 7 else []
    assert told(extension)[contract.TOLD_MESSAGES] == expected


def test_no_one_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://c")
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
    times = MessageTimes()
    for _ in range(3):
        times.tell({"Records": [sqs_message("m", 1)]}, "one")
