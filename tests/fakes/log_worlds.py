"""Other people's workloads: each logs in one shape (``log_formats``), in its own log group or in a shared one.

Streams are interleaved; batches fail as a whole or message by message; some messages are tried twice and fail otherwise
the second time; some are named nowhere; error lines that did no harm stand before and behind those that did; where the
logger does not write request ids there are none. Every message's root cause is known, and compared with what explaining
says: ``tally``.
"""

from __future__ import annotations

import random
import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.deadletters import causes
from ops.deadletters.messages.model import Cause, DeadLetter
from ops.deadletters.snapshot import Snapshot
from tests.fakes.log_formats import LOG_FORMATS, SPLIT_TRACES, UNHANDLED, Failure, LogFormat
from tests.fakes.logs import SENT_AT, a_source, silent
from tests.ops.insight.world import FUNCTION

EACH = 15
"""Messages of each kind of failure in a world."""
STREAMS = 4
ALWAYS = {"Python text", "Node.js console", "Lambda JSON, Python", "Lambda JSON, Node.js", ".NET", "log4j2 text"}
"""Shapes whose runtime writes the request id on every line."""
TEXTS = {
    "missing": "no value for 'vat'",
    "invalid": "amount {n} of order {id} is not allowed",
    "busy": "503 Server Error: Service Unavailable for url: https://api.example.com/orders/{n}",
    "gone": "404 Client Error: Not Found for url: https://api.example.com/orders/{n}",
    "denied": "access to s3://orders/{id}.csv was denied",
}
SAYS = {"missing": "vat", "invalid": "is not allowed", "busy": "503", "gone": "404", "denied": "was denied"}
KILLED = {"timeout": "Timedout", "memory": "OutOfMemory"}
KINDS = (*TEXTS, *KILLED)
HARMLESS = ("the cache could not be refreshed, going on without", "metrics were not sent, trying again later")


@dataclass
class World:
    """``truth``: kind of failure by message id. ``rows``: of the log group, ``messages``: of the queue."""

    shape: LogFormat
    shared: bool
    seed: int
    rows: list[dict[str, str]] = field(default_factory=list)
    messages: list[DeadLetter] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)
        self._began = 0.0
        self._received: dict[str, float] = {}
        self._ids = not self.shared or self.shape.name in ALWAYS
        self._clocks = {self._stream(): self._draw.random() * 3 for _ in range(STREAMS)}
        waiting = [(kind, self._id()) for kind in KINDS for _ in range(EACH)]
        self._draw.shuffle(waiting)
        alone = [next(pair for pair in waiting if pair[0] == kind) for kind in KINDS]
        self._named([pair for pair in waiting if pair not in alone])
        if self.shared:
            self._neighbor()
        self._unnamed(alone)
        self.truth = {message_id: kind for kind, message_id in waiting}
        self.messages = [silent(message_id, self._received[message_id]) for _, message_id in waiting]

    # --- what happens ---------------------------------------------------------------------------------------------

    def _named(self, waiting: list[tuple[str, str]]) -> None:
        while waiting:
            self._success()
            way = self._draw.random()
            kind = waiting[-1][0]
            if kind in KILLED or way < 0.5:
                same = [pair for pair in waiting if pair[0] == kind][: self._draw.randint(1, 4)]
                if way < 0.1:
                    self._whole(self._draw.choice([*TEXTS]), [message_id for _, message_id in same])
                    for stream in self._clocks:
                        self._clocks[stream] += 90
                self._whole(kind, [message_id for _, message_id in same])
            else:
                same = [pair for pair in waiting if pair[0] not in KILLED][-self._draw.randint(1, 5) :]
                self._one_by_one(same)
            for one in same:
                waiting.remove(one)

    def _whole(self, kind: str, ids: list[str]) -> None:
        """An invocation that fails with all its messages."""
        stream, at, request = self._begin()
        for one in ids:
            self._received.setdefault(one, at)
        if ids and self._draw.random() < 0.3:
            at = self._write_line(stream, at, request, "INFO", f"received {len(ids)} messages: {', '.join(ids)}")
        else:
            for one in ids:
                at = self._write_line(stream, at, request, "INFO", f"processing message {one}")
        if self.shape.typed and self._draw.random() < 0.3:
            at = self._write_line(stream, at, request, "ERROR", HARMLESS[0])
        at = self._fail(stream, at, request, kind, "the batch failed")
        if self.shape.typed and kind in TEXTS and self._draw.random() < 0.2:
            at = self._write_line(stream, at, request, "ERROR", HARMLESS[1])
        self._end(stream, at, request, kind)

    def _one_by_one(self, some: list[tuple[str, str]]) -> None:
        """An invocation that reports which of its messages failed, and each why."""
        stream, at, request = self._begin()
        for kind, one in some:
            self._received.setdefault(one, at)
            if self._draw.random() < 0.2:
                at = self._write_line(stream, at, request, "ERROR", HARMLESS[0])
            at = self._fail(stream, at, request, kind, f"message {one} failed", whole=False)
        self._end(stream, at, request, "")

    def _success(self) -> None:
        stream, at, request = self._begin()
        at = self._write_line(stream, at, request, "INFO", f"processing message {self._id()}")
        if self._draw.random() < 0.3:
            at = self._write_line(stream, at, request, "ERROR", self._draw.choice(HARMLESS))
        self._end(stream, at, request, "")

    def _unnamed(self, some: list[tuple[str, str]]) -> None:
        """Nothing names these; nothing else happened within minutes."""
        at = max(self._clocks.values()) + 300
        for kind, one in some:
            stream = self._stream()
            self._clocks[stream] = at
            _, started, request = self._begin(stream)
            self._received[one] = started
            end = self._fail(stream, started + 0.2, request, kind, "the batch failed")
            self._end(stream, end, request, kind)
            at += 300

    def _neighbor(self) -> None:
        """Another function that fails at the same times, of its own reasons."""
        until = max(self._clocks.values())
        own, self._clocks = self._clocks, {self._stream("neighbor"): self._draw.random()}
        while max(self._clocks.values()) < until + 300 * len(KINDS):
            self._whole(self._draw.choice([*TEXTS]), [])
            for stream in self._clocks:
                self._clocks[stream] += self._draw.random() * 20
        self._clocks = own

    # --- what is written ------------------------------------------------------------------------------------------

    def _begin(self, stream: str = "") -> tuple[str, float, str]:
        stream = stream or min(self._clocks, key=lambda one: self._clocks[one] + self._draw.random())
        request, at = self._id(), self._clocks[stream] + 0.05 + self._draw.random()
        self._began = at
        self._write(stream, at, f"START RequestId: {request} Version: $LATEST")
        return stream, at, request

    def _write_line(self, stream: str, at: float, request: str, level: str, text: str) -> float:
        at += 0.01 + self._draw.random() / 10
        self._write(stream, at, self.shape.log_line(_moment(at), request if self._ids else "", level, text))
        return at

    def _fail(self, stream: str, at: float, request: str, kind: str, text: str, whole: bool = True) -> float:
        at += 0.05 + self._draw.random() / 5
        if kind == "timeout":
            at = self._began + FUNCTION.timeout_s + 0.03
            self._write(
                stream, at, f"{_moment(at):%Y-%m-%dT%H:%M:%S.000Z} {request} Task timed out after 60.00 seconds\n\n"
            )
        elif kind == "memory":
            self._write(
                stream,
                at,
                f"RequestId: {request} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
            )
        else:
            message = TEXTS[kind].format(n=self._draw.randrange(10_000), id=self._id())
            failure = Failure(self.shape.types[kind], message)
            if whole and (written := self._unhandled(at, request, failure)):
                for number, line in enumerate(written):
                    self._write(stream, at + number / 1000, line)
                return at + len(written) / 1000
            self._write(stream, at, self.shape.error_line(_moment(at), request if self._ids else "", text, failure))
        return at

    def _unhandled(self, at: float, request: str, failure: Failure) -> list[str]:
        """What the runtime writes where nothing else does, or prints line by line; empty: the logger writes it."""
        chance, language = self._draw.random(), id(self.shape.types)
        if chance < 0.3 and language in UNHANDLED:
            return UNHANDLED[language](_moment(at), request, failure)
        if chance < 0.5 and language in SPLIT_TRACES:
            return SPLIT_TRACES[language](_moment(at), request, failure)
        return []

    def _end(self, stream: str, at: float, request: str, kind: str) -> None:
        status = {"": "", "timeout": "Status: timeout\t", "memory": "Status: error\tError Type: Runtime.OutOfMemory\t"}
        short = self.shape.types.get(kind, "").replace("::", ".").replace("\\", ".").rpartition(".")[2]
        ended = status.get(kind, f"Status: error\tError Type: {short.lstrip('*')}\t")
        took = FUNCTION.timeout_s * 1000 if kind == "timeout" else (at - self._began) * 1000
        used = 512 if kind == "memory" else 90
        self._write(stream, at + 0.002, f"END RequestId: {request}")
        self._write(
            stream,
            at + 0.003,
            f"REPORT RequestId: {request}\tDuration: {took:.2f} ms\tBilled Duration: {took:.0f} ms\t"
            f"Memory Size: 512 MB\tMax Memory Used: {used} MB\t{ended}\n",
        )
        self._clocks[stream] = at + 0.01

    def _write(self, stream: str, at: float, message: str) -> None:
        when = _moment(at).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        self.rows.append({"@timestamp": when, "@message": message, "@logStream": stream})

    def _stream(self, function: str = "worker") -> str:
        named = function if self.shared else ""
        return f"{SENT_AT:%Y/%m/%d}/{named}[$LATEST]{self._draw.getrandbits(128):032x}"

    def _id(self) -> str:
        return str(uuid.UUID(int=self._draw.getrandbits(128), version=4))


def _moment(seconds: float) -> datetime:
    return (SENT_AT + timedelta(seconds=seconds)).astimezone(UTC)


@dataclass
class Tally:
    """Messages, by how their cause compares with the truth."""

    messages: int = 0
    right: int = 0
    pure: int = 0
    false_certain: int = 0
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.messages += other.messages
        self.right += other.right
        self.pure += other.pure
        self.false_certain += other.false_certain
        self.wrong += other.wrong


def worlds(shapes: tuple[LogFormat, ...] = LOG_FORMATS) -> Iterator[World]:
    for number, shape in enumerate(shapes):
        for shared in (False, True):
            yield World(shape, shared, seed=2 * number + shared)


def tally(world: World) -> Tally:
    """Explains the world's messages as an operator would, and compares."""
    group = "/shop/functions" if world.shared else FUNCTION.log_group
    function = replace(FUNCTION, log_group=group)
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        a_source(Path(folder), patch, world.messages, world.rows, function=function) as (here, _),
    ):
        causes.explain_causes(here)
        with Snapshot.open(here) as snapshot:
            found = {stored.message.message_id: stored.cause for stored in snapshot.iterate()}
    return compared(world, found)


def compared(world: World, found: dict[str, Cause]) -> Tally:
    done = Tally(messages=len(world.truth))
    by_group: dict[str, Counter[str]] = defaultdict(Counter)
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for one, kind in world.truth.items():
        cause = found[one]
        by_group[cause.fingerprint][kind] += 1
        by_kind[kind][cause.fingerprint] += 1
        if right(world.shape, kind, cause):
            done.right += 1
            continue
        certain = not cause.likely and cause.source not in ("guess", "none")
        done.false_certain += certain
        done.wrong[f"{'CERTAIN ' if certain else ''}{kind}: {cause.error_type}: {cause.error_message[:60]}"] += 1
    for kind, groups in by_kind.items():
        home = groups.most_common(1)[0][0]
        if home and by_group[home].most_common(1)[0][0] == kind:
            done.pure += by_group[home][kind]
    return done


def right(shape: LogFormat, kind: str, cause: Cause) -> bool:
    """Whether ``cause`` says what happened: the type where the shape writes one, and the words that tell it."""
    if kind in KILLED:
        return KILLED[kind] in cause.error_type
    if SAYS[kind] not in cause.error_message:
        return False
    short = shape.types[kind].rpartition(".")[2]
    return not shape.typed or cause.error_type.removesuffix(">").endswith(short)
