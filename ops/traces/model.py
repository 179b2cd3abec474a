"""One job's path as spans, each with where it is known from and whether it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ops import formatting
from ops.insight.report_types import Finding, Level, QueryCost


class SpanKind(StrEnum):
    """What a span is: the colour and the name in a legend."""

    JOB = "job"  # everything from the first sending to the end
    API = "API"
    WAIT = "queue wait"  # also of a message that waits to be received again
    INIT = "init"
    ATTEMPT = "attempt"  # one invocation that had the message
    STEP = "step"  # a part of an attempt
    RESULT = "result"
    DEAD = "dead-letter queue"
    REDRIVE = "redrive"


class Basis(StrEnum):
    MEASURED = "measured"  # both ends are on record
    INFERRED = "inferred"  # an end is taken from what came before or after it


@dataclass(frozen=True)
class PathSpan:
    """``duration_s``: None where no end is on record; 0 for a moment. ``depth``: 0 for the job itself. ``attempt``: 1 for
    the first invocation that had the job; 0 outside of attempts. ``source``: what it was read from. ``failure``: why it
    failed. Texts are untrusted."""

    name: str
    kind: SpanKind
    start: datetime
    duration_s: float | None
    depth: int
    basis: Basis
    source: str
    attempt: int = 0
    failure: str = ""
    detail: str = ""
    message_id: str = ""
    request_id: str = ""
    folded: int = 0
    """How many spans of a batch's other jobs this row stands for."""

    @property
    def end(self) -> datetime:
        """Its end, or its start where no end is known."""
        return self.start + timedelta(seconds=self.duration_s or 0.0)


@dataclass(frozen=True)
class Searched:
    """One place in which an ID was looked for. ``found``: how many records there had it; None: it could not be read."""

    place: str
    found: int | None
    note: str = ""


@dataclass(frozen=True)
class JobTrace:
    """``spans``: the tree, depth first. ``left_out``: spans beyond the limit. ``searched``: where the ID was looked for.
    ``message_ids``: all that carried the job. ``seconds``: in which at least one span of a kind was open, by its name."""

    identifier: str
    finding: Finding
    spans: tuple[PathSpan, ...] = ()
    job_ids: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    trace_ids: tuple[str, ...] = ()
    attempts: int = 0
    redrives: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    left_out: int = 0
    searched: tuple[Searched, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    look: QueryCost = field(default_factory=QueryCost)

    @property
    def found(self) -> bool:
        return bool(self.spans)


@dataclass(frozen=True)
class NotFoundSteps:
    """What to do where nothing has an ID, in the words of the place that shows it. ``{id}`` is the ID."""

    search_longer: str
    scan: str

    def text(self, identifier: str, *, ranged: bool, scanned: bool) -> str:
        """``ranged``: the time range was chosen; ``scanned``: the dead-letter queue was read, or there is none."""
        steps = [] if ranged else [self.search_longer.format(id=identifier)]
        steps += [] if scanned else [self.scan]
        steps.append("check the ID and the workload: a job that no function has received yet has no records")
        return formatting.sentence("; or ".join(steps))


COMMANDS = NotFoundSteps(
    "search further back (ops trace {id} --since 7d)", "read the dead-letter queue first (ops dlq scan)"
)
ON_THE_PAGE = NotFoundSteps(
    "choose a longer time range beside the ID and find it again", "scan the dead-letter queue first, on Dead letters"
)


def not_found(identifier: str, searched: tuple[Searched, ...], look: QueryCost, next_step: str) -> JobTrace:
    """What is said where nothing has the ID."""
    where = "; ".join(f"{place.place}{f' ({place.note})' if place.note else ''}" for place in searched)
    headline = f"Nothing with the ID {identifier} was found."
    finding = Finding(Level.NO_DATA, f"{headline} Searched: {where}. {next_step}", "", headline, (next_step,))
    return JobTrace(identifier, finding, searched=searched, look=look)
