"""Rows of a log group as text loggers and the platform write them, for cases about who failed of what."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.deadletters.causes.attribution.evidence import ConsumerSetup, Evidence, SearchedMessage
from ops.deadletters.messages.model import Cause

BEGAN = datetime(2026, 11, 28, 13, 0, tzinfo=UTC)
STREAM = "2026/11/28/[7]1f0c"
A, B, C = (f"{digit * 8}-0000-4000-8000-00000000000{digit}" for digit in "abc")
R1, R2, R3 = (f"{digit * 8}-1111-4222-8333-444444444444" for digit in "123")

Row = dict[str, str]


def row(seconds: float, message: str | dict[str, Any], stream: str = STREAM) -> Row:
    at = BEGAN + timedelta(seconds=seconds)
    text = message if isinstance(message, str) else json.dumps(message)
    return {"@timestamp": at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "@message": text, "@logStream": stream}


def info(seconds: float, text: str, request: str = R1, stream: str = STREAM) -> Row:
    return row(seconds, f"[INFO]\t2026-11-28T13:00:00.000Z\t{request}\t{text}", stream)


def error(seconds: float, text: str, request: str = R1, stream: str = STREAM) -> Row:
    return row(seconds, f"[ERROR]\t2026-11-28T13:00:00.000Z\t{request}\t{text}", stream)


def traced(seconds: float, raised: str, request: str = R1, stream: str = STREAM, text: str = "failed") -> Row:
    """A traceback as ``logger.exception`` writes it."""
    frames = 'Traceback (most recent call last):\n  File "/var/task/shop/book.py", line 9, in book\n    pay(order)\n'
    return error(seconds, f"{text}\n{frames}{raised}", request, stream)


def unhandled(seconds: float, raised: str, stream: str = STREAM) -> Row:
    """As Python's runtime writes what left the handler: no time, no request id."""
    frames = 'Traceback (most recent call last):\r  File "/var/task/shop/app.py", line 4, in handler\r    work(event)'
    return row(seconds, f"[ERROR] {raised}\r{frames}", stream)


def start(seconds: float, request: str = R1, stream: str = STREAM) -> Row:
    return row(seconds, f"START RequestId: {request} Version: 7", stream)


def report(
    seconds: float, request: str = R1, ms: float = 100, status: str = "", kind: str = "", stream: str = STREAM
) -> Row:
    parts = [f"REPORT RequestId: {request}", f"Duration: {ms:.2f} ms", "Memory Size: 256 MB", "Max Memory Used: 60 MB"]
    parts += [f"Status: {status}"] * bool(status) + [f"Error Type: {kind}"] * bool(kind)
    return row(seconds, "\t".join(parts), stream)


def cause(rows: list[Row], message: str = A, setup: ConsumerSetup | None = None, received: float = 0) -> Cause | None:
    """The cause of ``message``, first received that many seconds after ``BEGAN``: the same in whichever order the rows
    come."""
    subject = SearchedMessage(message, frozenset({message}), "", BEGAN, BEGAN + timedelta(seconds=received))
    found = []
    for order in (rows, rows[::-1]):
        evidence = Evidence(frozenset({A, B, C}), setup or ConsumerSetup(timeout_s=15, window_s=1))
        for one in order:
            evidence.add(one)
        found.append(evidence.cause(subject) or evidence.likely(subject))
    assert found[0] == found[1]
    return found[0]


def in_words(found: Cause | None) -> str:
    """``likely KeyError: 'sku'``; empty: nothing is known."""
    if found is None:
        return ""
    return ("likely " if found.likely else "") + f"{found.error_type}: {found.error_message}".rstrip(": ")


NODE = (
    "2026-11-28T13:00:00.100Z\t{}\tERROR\tInvoke Error \t"
    '{{"errorType":"CardDeclined","errorMessage":"no funds","stack":["CardDeclined: no funds",'
    '"    at pay (/var/task/pay.js:5:11)"]}}'
)


EXIT = f"RequestId: {R1} Error: Runtime exited with error: exit status 2\nRuntime.ExitError"
