"""Give every message in the snapshot a cause: carried, from the logs, likely, or guessed; and group equal ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from ops import access, formatting
from ops.deadletters import cause_record
from ops.deadletters.cause_record import job_kind
from ops.deadletters.causes import fix_status
from ops.deadletters.causes.attribution.evidence import SearchedMessage
from ops.deadletters.causes.attribution.log_evidence import search_logs
from ops.deadletters.causes.attribution.message_sources import QueueConsumers, find_consumers, own_consumer
from ops.deadletters.causes.attribution.metric_evidence import MetricCauses, infer_from_metrics
from ops.deadletters.causes.clustering import group_split
from ops.deadletters.causes.clustering.clusters import CLUSTER_SOURCE, PayloadClusters
from ops.deadletters.causes.logs.log_query import Budget
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import NEVER_RAN, Cause, Kind
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import MOVABLE_PLACES, Snapshot, cause_origins
from ops.fingerprints.fingerprint import LABEL_SAMPLE, common_label
from ops.workload.notes import unknown_function

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import CauseGroup, CauseOrigin

Progress = Callable[[str], None]
"""Called with what is being done, as a clause: "asking the logs from 02:10 UTC (query 1)"."""

EXPLAINED_NOTE = "explained"
"""The snapshot's note with the result of the last run."""
NOT_SEARCHED = "The logs were not searched, so causes that only they show are missing."
KINDS_WITHOUT_CAUSE = (Kind.SQS, Kind.SNS, Kind.UNKNOWN)
"""Kinds of messages that never carry a cause."""


@dataclass(frozen=True)
class Explanation:
    """``messages``: how many were searched for in the logs; ``unexplained`` of them have no cause now, ``guessed`` only
    a guess and ``likely`` one that was joined by time. ``groups``: all in the snapshot. ``usd``: cost of the log
    queries."""

    messages: int = field(metadata={"json_key": "letters"})
    unexplained: int
    guessed: int
    likely: int
    groups: tuple[CauseGroup, ...]
    usd: float
    queries: int
    notes: tuple[str, ...]


def explain_causes(
    source: DeadLetterQueue, progress: Progress | None = None, budget: Budget | None = None, *, keep: bool = False
) -> Explanation:
    """Find the causes of the messages in the snapshot that have none yet, and whether causes are fixed since; ``keep``:
    what is known of that stays as it is, because none failed since.

    Searches the logs of the functions that read the messages' source queues, within ``budget``; where AWS refuses that,
    a note says so and the messages keep the causes that they carry. Raises OpsError when the snapshot cannot be read or
    written. Needs logs:StartQuery, logs:GetQueryResults, lambda:ListEventSourceMappings, and cloudwatch:GetMetricData
    to know what a query will cost.
    """
    if budget is None or budget.searching:
        access.ensure_may("asking the logs")
    report_progress = progress or (lambda _: None)
    now = datetime.now(UTC)
    with Snapshot.open(source) as snapshot:
        read = _read_snapshot(snapshot, report_progress)
        unexplained = read.silent
        budget = budget or Budget()
        known = _consumers(source, unexplained, cause_origins(snapshot, MOVABLE_PLACES), budget)
        search = search_logs(source, known, unexplained, budget, report_progress, now)
        without_failure = [
            message
            for message in unexplained
            if message.message_id not in read.fallback and message.message_id not in search.found
        ]
        inferred = (
            infer_from_metrics(source, known, search, without_failure, read.throttled, now)
            if budget.searching
            else MetricCauses()
        )
        found = {**read.fallback, **inferred.found, **search.found}
        left = [subject.message_id for subject in unexplained if subject.message_id not in found]
        guessed = _clustered(snapshot, left, read.kinds, report_progress)
        report_progress("grouping")
        normalized = (
            (message_id, cause_record.normalize_cause(cause, read.kinds.get(message_id, "")))
            for message_id, cause in found.items()
        )
        snapshot.set_causes(chain(normalized, guessed.items()))
        group_split.split_groups(snapshot)
        snapshot.set_labels(_labels(snapshot))
        groups = snapshot.groups(MOVABLE_PLACES)
        verdicts = fix_status.fix_statuses(
            source, groups, cause_origins(snapshot, MOVABLE_PLACES), known, search.askings, inferred.metrics, now
        )
        asked = search.asked
        notes = [*known.notes, *asked.notes, *inferred.notes]
        if unexplained and not budget.searching:
            notes.insert(0, NOT_SEARCHED)
        elif unexplained and source.workload.function is None:
            notes.insert(0, _no_logs_note(source))
        snapshot.save_note(
            fix_status.FIX_STATUS_NOTE,
            {**verdicts, **((snapshot.read_note(fix_status.FIX_STATUS_NOTE) or {}) if keep else {})},
        )
        done = Explanation(
            messages=len(unexplained),
            unexplained=sum(cause.source == "none" for cause in guessed.values()),
            guessed=sum(cause.source == CLUSTER_SOURCE for cause in guessed.values()),
            likely=sum(cause.likely for cause in found.values()),
            groups=groups,
            usd=asked.usd + (inferred.metrics.usd if inferred.metrics else 0.0),
            queries=asked.queries,
            notes=tuple(dict.fromkeys(notes)),
        )
        note = {
            "usd": done.usd,
            "queries": done.queries,
            "notes": list(done.notes),
            "at": now.isoformat(),
            "oldest_s": inferred.metrics.oldest_s if inferred.metrics else None,
        }
        snapshot.save_note(EXPLAINED_NOTE, note)
    return done


@dataclass
class _SnapshotContents:
    """What the snapshot has before the logs are searched. ``fallback``: by message ID, the little that messages carry
    themselves ("code 200"). ``kinds``: job kinds by message ID. ``silent``: messages to search the logs for.
    ``throttled``: when throttling was last the cause of a failure; None if it never was."""

    fallback: dict[str, Cause] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    silent: list[SearchedMessage] = field(default_factory=list)
    throttled: datetime | None = None


def _consumers(
    source: DeadLetterQueue, unexplained: Sequence[SearchedMessage], came_from: Sequence[CauseOrigin], budget: Budget
) -> QueueConsumers:
    """Looked up in AWS only where logs may be searched."""
    if not budget.searching or not (unexplained or came_from):
        return own_consumer(source)
    return find_consumers(
        source,
        {message.source for message in unexplained}
        | {message.source for message in came_from if message.kind in KINDS_WITHOUT_CAUSE},
    )


def _read_snapshot(snapshot: Snapshot, say: Progress) -> _SnapshotContents:
    """Messages that have no cause, or only a guess: the logs may have more by now. Those that carry one have it since
    they are in the snapshot."""
    say("reading the snapshot")
    read = _SnapshotContents()
    groups = snapshot.groups(MOVABLE_PLACES)
    read.throttled = min(
        (cause.last_failed for cause in groups if cause.error_type == NEVER_RAN and cause.last_failed), default=None
    )
    guesses = [group.fingerprint for group in groups if group.source == CLUSTER_SOURCE]
    telling = []
    for message in snapshot.summaries(["", *guesses]):
        if kind := job_kind(message.body):
            read.kinds[message.message_id] = sys.intern(kind)
        read.silent.append(SearchedMessage.seen(message))
        if message.kind not in KINDS_WITHOUT_CAUSE:
            telling.append(message.message_id)
    if telling:
        for stored in snapshot.iterate(Selection(ids=tuple(telling)), places=MOVABLE_PLACES):
            if (cause := parse.carried_cause(stored.message)) is not None:
                read.fallback[stored.message.message_id] = cause
    return read


def _clustered(snapshot: Snapshot, left: list[str], kinds: Mapping[str, str], say: Progress) -> dict[str, Cause]:
    if not left:
        return {}
    say(f"comparing {formatting.count(len(left), 'message')} without log evidence")
    guesser = PayloadClusters()
    for message_id, body in snapshot.bodies(left):
        guesser.add(message_id, body)
    of_kind = lru_cache(maxsize=None)(lambda cause, kind: replace(cause, job_kind=kind))
    return {message_id: of_kind(cause, kinds.get(message_id, "")) for message_id, cause in guesser.causes().items()}


def _labels(snapshot: Snapshot) -> dict[str, str]:
    """Labels for messages that have none, by fingerprint: what the messages share with each other and with the label
    that exists."""
    known = snapshot.labels()
    messages: dict[str, dict[str, None]] = {}
    for mark, message in snapshot.unlabeled_messages():
        some = messages.setdefault(mark, {})
        if len(some) < LABEL_SAMPLE:
            some[message] = None
    return {mark: common_label([*([known[mark]] if mark in known else []), *some]) for mark, some in messages.items()}


def _no_logs_note(source: DeadLetterQueue) -> str:
    unknown = unknown_function(source.workload)
    if unknown:
        return f"The logs that show why messages failed are not known: {unknown}"
    return f"No function reads {source.workload.queue.name}, so there are no logs that show why messages failed."
