"""Tells the extension when the messages of a batch were sent: it is not shown the event, and exports the wait as spans.

One datagram to the loopback port with the number of the Runtime API's, only where the OpenTelemetry export is switched
on. It is sent without waiting; where no one listens it is lost, and the invocation has no wait on record.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

from handler import contract
from handler.records import is_batch, message_id, receives, sent_ms

SWITCHES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
MAX_LOGGED_MESSAGES = 50
"""Messages of a batch, the oldest: about 8 kB."""
HEADER_LIMIT = 200


class MessageTimes:
    def __init__(self) -> None:
        address = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
        port = address.rpartition(":")[2]
        off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        wanted = port.isdecimal() and not off and any(os.environ.get(name, "").strip() for name in SWITCHES)
        self._port = int(port) if wanted else 0

    def tell(self, event: Any, request_id: str) -> None:
        """Never raises and never waits."""
        if not self._port:
            return
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(_datagram(event, request_id), ("127.0.0.1", self._port))
        except OSError:
            return


def _datagram(event: Any, request_id: str) -> bytes:
    report: dict[str, Any] = {
        contract.TOLD_REQUEST_ID: request_id,
        contract.TOLD_TRIGGER: "other",
        contract.TOLD_LOG_STREAM: os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
    }
    if is_batch(event):
        records = event["Records"]
        messages = [message for record in records if (message := _message(record))]
        report |= {
            contract.TOLD_TRIGGER: "pubsub",
            contract.TOLD_QUEUE: records[0]["eventSourceARN"].rpartition(":")[2],
            contract.TOLD_COUNT: len(records),
            contract.TOLD_MESSAGES: sorted(messages, key=lambda message: message[1])[:MAX_LOGGED_MESSAGES],
        }
    return json.dumps(report, separators=(",", ":")).encode()


def _message(record: Any) -> tuple[str, int, int, str] | None:
    """None where its time is unknown."""
    sent = sent_ms(record)
    if sent is None:
        return None
    trace = str((record.get("attributes") or {}).get("AWSTraceHeader") or "")
    return message_id(record)[:128], sent, receives(record), trace[:HEADER_LIMIT]
