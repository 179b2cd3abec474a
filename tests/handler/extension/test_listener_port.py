"""The listener's address stays the same over a failed init, after which Lambda goes on delivering to the old one."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from handler.extension.telemetry_listener import PORT
from tests.handler.extension import shapes
from tests.handler.extension.fake import Behavior, Extension, running

ALONE = "127.77.3.9"
"""A loopback address that nothing else on this machine listens on."""


def port(extension: Extension) -> int:
    return extension.fake.listener[1]


def deliver(address: str, events: list[dict[str, object]]) -> None:
    body = json.dumps(events).encode()
    with socket.create_connection((address, PORT), timeout=30) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_the_port_is_the_same_after_a_restart(entry: Path) -> None:
    for number in range(3):
        with running(entry, LAMBDA_TELEMETRY_LISTEN_ADDRESS=ALONE) as extension:
            assert port(extension) == PORT
            deliver(ALONE, shapes.invocation(f"r{number}"))  # leaves a connection behind that is not over yet
            extension.wait_for(1)


def test_another_port_where_it_is_taken(entry: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.77.3.10", PORT))
        taken.listen()
        with running(entry, LAMBDA_TELEMETRY_LISTEN_ADDRESS="127.77.3.10") as extension:
            assert port(extension) not in (0, PORT)


@pytest.mark.parametrize("status", [400, 403])
def test_what_a_former_subscription_delivers_is_read(entry: Path, status: int) -> None:
    """The second start inside an invocation: a new subscription is refused, the former one goes on."""
    with running(entry, Behavior(subscribe=status), LAMBDA_TELEMETRY_LISTEN_ADDRESS=ALONE) as extension:
        deliver(ALONE, shapes.init("invoke"))
        deliver(ALONE, shapes.invocation("a"))
        (record,) = extension.wait_for(1)
        extension.fake.invoke("b")
        extension.fake.wait_for_next()
        deliver(ALONE, shapes.invocation("b"))
        assert extension.wait_for(2)[1]["InvokeDuration"] == 123.4
    assert (record["phase"], record["InitDuration"]) == ("invoke", 420.5)
