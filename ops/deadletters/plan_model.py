"""A plan: a file that says what will move, where to, how fast and with which edits. Nothing moves without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ops import formatting

SCHEMA = 1


class Action(StrEnum):
    REDRIVE = "redrive"  # send, then delete from the dead-letter queue
    COPY = "copy"  # send, leave the message where it is
    PURGE = "purge"  # delete; needs an export of exactly these messages


@dataclass(frozen=True)
class Selection:
    """Which messages; what is given must all hold. Empty: every message in the queue. ``imported``: of those that are
    in the snapshot only, because a file brought them, and not of those in the queue."""

    cause: str = ""  # a fingerprint or a prefix of one, or an error type
    where: str = ""  # JMESPath over {"body": …, "text": …, "attributes": {…}, "system": {…}, "kind": …, "cause": {…}}
    text: str = ""  # found in body or attributes, upper and lower case alike
    since: datetime | None = None  # sent at or after
    until: datetime | None = None  # sent before, so that of two spans that meet no message is in both
    ids: tuple[str, ...] = ()
    imported: bool = False

    @property
    def selects_all(self) -> bool:
        return self == Selection()


@dataclass(frozen=True)
class Edit:
    """One change of the outgoing message: ``path = value``, or (with an empty path) a JSON merge patch of the body.

    ``path`` is dotted and addresses into {"body": …, "attributes": …}: ``body.params.alpha``, ``attributes.Tenant``.
    """

    path: str
    value: Any


@dataclass(frozen=True)
class Destination:
    """``kind``: "origin" (each message goes back to where it came from), "queue" (all go to ``queue_url``) or
    "function" (``function_arn`` is invoked with each message of an asynchronous invocation)."""

    kind: str = "origin"
    queue_url: str = ""
    queue_arn: str = ""
    function_arn: str = ""


@dataclass(frozen=True)
class Pace:
    """``max_per_s``: the hard cap, messages per second; None: as fast as it goes. ``headroom``: slow down below the cap
    while the workload is behind (queue age, in flight, concurrency)."""

    max_per_s: float | None = 100.0
    headroom: bool = True


@dataclass(frozen=True)
class Steps:
    """The canary: how much goes before its outcome is awaited. ``sizes``: counts ("5") and shares ("10%") of the plan,
    cumulative, growing, ending with "100%". ``stop_share``: stops when more of a step's decided messages than that came
    back. ``patience_s``: how long a step's outcome is awaited. ``watch`` off: one step, nothing awaited."""

    sizes: tuple[str, ...] = ("5", "1%", "10%", "100%")
    stop_share: float = 0.2
    patience_s: float = 900.0
    watch: bool = True


@dataclass(frozen=True)
class Returns:
    """Where messages go back to, as far as it is known. ``origins``: messages by ARN; ``inferred`` of them do not say
    so themselves. ``left``: messages that stay in the dead-letter queue, by why (a clause); ``left_ids``: which.

    The rest is what that rests on (``return_target.ReturnContext``), so that the run does as the plan says.
    """

    origins: Mapping[str, int] = field(default_factory=dict)
    inferred: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    left_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    own: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimate:
    seconds: float
    usd: float
    requests: int


@dataclass(frozen=True)
class Plan:
    """``ids``: the messages that will move, all that the scan reached. ``unseen``: more that were selected, counted by
    the queue's attributes: a scan sees only the first messages of each message group of a FIFO queue, and may end at
    its limit. ``hash``: SHA-256 of all the rest, so that a run's record names the plan that was followed."""

    id: str  # sorts by time: 20261124T041022-3f9a
    made_at: datetime
    made_by: str  # AWS identity
    queue_arn: str
    queue_url: str
    action: Action
    selection: Selection
    ids: tuple[str, ...]
    bytes: int
    looked_at: datetime  # age of the snapshot that it was made from
    queue_count: int  # messages the queue held then (visible and in flight)
    margin: float  # share by which the queue may have changed before the plan is stale
    destination: Destination
    edits: tuple[Edit, ...]
    pace: Pace
    steps: Steps
    engine: str  # "ledger" | "move task" (whole queue, no edits, endpoint supports it; after the canary)
    engine_why: str
    causes: Mapping[str, int]  # fingerprint → messages
    estimate: Estimate
    permissions: tuple[str, ...]  # IAM: "sqs:SendMessage on arn:…"
    sample: tuple[str, ...]  # message ids
    warnings: tuple[str, ...] = ()
    unseen: int = 0
    size_limits: Mapping[str, int] = field(default_factory=dict)  # ARN of a destination queue → bytes per message
    returns: Returns = field(default_factory=Returns)
    mutes: tuple[str, ...] = ()  # alarms that its own traffic would trip
    mute_s: float = 0.0  # for how long at most
    hash: str = ""
    schema: int = field(default=SCHEMA)

    @property
    def total(self) -> int:
        """All that was selected, seen or not."""
        return len(self.ids) + self.unseen

    @property
    def mutes_text(self) -> str:
        """``3 alarms for at most 35 min: a, b, c``; empty when it mutes none."""
        if not self.mutes:
            return ""
        alarms = formatting.count(len(self.mutes), "alarm")
        return f"{alarms} for at most {formatting.duration(self.mute_s)}: {', '.join(self.mutes)}"
