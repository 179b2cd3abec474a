"""What a collector's answer means (OTLP specification 1.5, "OTLP/HTTP Response")."""

from __future__ import annotations

from handler.extension.fast_json import parse
from handler.extension.http_parser import WireError
from handler.extension.records.tolerant_fields import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from handler.extension.http_parser import Message
    from handler.extension.otlp.connection import Collector

RETRYABLE = (429, 502, 503, 504)
MAX_WAIT_S = 300
TEXT_LIMIT = 200
REJECTED = {"traces": "rejectedSpans", "metrics": "rejectedDataPoints"}


class Outcome:
    """``done``: the request needs no repeating. ``refused``: its items were not taken, ``rejected`` of them where the
    collector counts them. ``text``: what to tell the user, empty where all went well. ``wait_s``: as it asked."""

    __slots__ = ("done", "refused", "rejected", "text", "wait_s")

    def __init__(self, done: bool, text: str = "", refused: bool = False, rejected: int = 0, wait_s: int = 0) -> None:
        self.done = done
        self.text = text
        self.refused = refused
        self.rejected = rejected
        self.wait_s = wait_s


def send(collector: Collector, signal: str, body: bytes) -> Outcome:
    """One attempt. Never raises: whatever went wrong is in the outcome."""
    try:
        return _outcome(collector.post(body), signal)
    except WireError as error:
        collector.close()
        return Outcome(False, f"the answer is not HTTP: {error}")
    except OSError as error:
        collector.close()
        return Outcome(False, _printable(str(error) or type(error).__name__))


def _outcome(answer: Message, signal: str) -> Outcome:
    if 200 <= answer.status < 300:
        return _accepted(answer, signal)
    message = _printable(str(_fields(answer).get("message") or ""))
    text = f"status {answer.status}{': ' if message else ''}{message}"
    if answer.status in RETRYABLE:
        return Outcome(False, text, wait_s=_wait_s(answer.headers.get("retry-after", "")))
    return Outcome(True, text, refused=True)


def _accepted(answer: Message, signal: str) -> Outcome:
    body = answer.body.strip()
    if body and not body.startswith(b"{"):
        return Outcome(True, f"status {answer.status} with an answer that is not OTLP: is it a collector?")
    partial = mapping(_fields(answer), "partialSuccess")
    try:
        rejected = max(0, int(partial.get(REJECTED[signal]) or 0))
    except (ValueError, TypeError, OverflowError):
        rejected = 0
    message = _printable(str(partial.get("errorMessage") or ""))
    text = f"the collector rejected {rejected} items" if rejected else "the collector warns" if message else ""
    return Outcome(True, f"{text}: {message}" if message else text, rejected=rejected)


def _fields(answer: Message) -> dict[str, Any]:
    try:
        value = parse(answer.body.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _wait_s(text: str) -> int:
    """Seconds; 0 where it is not given as a number, in which case the back-off's own wait applies."""
    return min(int(text), MAX_WAIT_S) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:TEXT_LIMIT]).strip()
