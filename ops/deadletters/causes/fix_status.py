"""Is a cause fixed since? Evidence without a redrive: a deploy after the last failure, and later successes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handler import contract
from ops import formatting, log_streams
from ops.deadletters.causes.attribution.message_sources import OWN_QUEUE, source_queue
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.messages.model import NEVER_INVOKED, NEVER_RAN, Kind

if TYPE_CHECKING:
    from ops.aws.lambda_ import Function
    from ops.deadletters.causes.attribution.message_sources import QueueConsumer, QueueConsumers
    from ops.deadletters.causes.attribution.receive_metrics import ReceiveMetrics
    from ops.deadletters.causes.logs.log_query import LogQuerySession
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import CauseGroup, CauseOrigin

FIX_STATUS_NOTE = "fixed"
"""The snapshot's note with the verdicts, by fingerprint."""
NO, DEPLOYED, SUCCEEDS, UNKNOWN = "no", "deployed since", "succeeds since", "unknown"


@dataclass(frozen=True)
class FixStatus:
    """Of one cause. ``deployed``: the function's last deploy, if it was after the last failure. ``successes``: jobs
    of the same kind that succeeded after it (``more``: at least). ``sentence``: both, for a person."""

    verdict: str
    sentence: str
    deployed: datetime | None = None
    successes: int = 0
    more: bool = False


def fix_statuses(
    source: DeadLetterQueue,
    groups: Sequence[CauseGroup],
    came_from: Sequence[CauseOrigin],
    known: QueueConsumers,
    sessions: Mapping[str, LogQuerySession],
    metrics: ReceiveMetrics | None,
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """The verdict on every cause, as the snapshot notes it: of each function that failed with it, the worst one.
    ``sessions``: by the function's ARN. One query a function at most, from the earliest of the last failures.
    ``metrics``: of the workload's queue and function."""
    died: dict[str, dict[str, datetime | None]] = {}
    for origin in came_from:
        by_queue = died.setdefault(origin.fingerprint, {})
        queue = source_queue(source, origin.source)
        by_queue[queue] = max(filter(None, (by_queue.get(queue), origin.last_failed)), default=None)
    succeeded = {
        feed.function.arn: _successes(feed.function, _causes_of_function(groups, died, known, feed), sessions, now)
        for feed in known.all
    }
    found: dict[str, dict[str, Any]] = {}
    for group in groups:
        verdicts: dict[str, FixStatus] = {}
        if group.error_type in (NEVER_RAN, NEVER_INVOKED):
            found[group.fingerprint] = {**asdict(_without_run(group, metrics, now)), "deployed": None}
            continue
        for queue, last in died.get(group.fingerprint, {OWN_QUEUE: group.last_failed}).items():
            consumers = known.of(queue)
            for feed in consumers:
                verdicts[feed.function.name] = _verdict(group, last, feed.function, succeeded[feed.function.arn], now)
            if not consumers:
                verdicts[queue.rsplit(":", 1)[-1]] = _without_function(group, last, queue, now)
        status = _worst_verdict(verdicts)
        found[group.fingerprint] = {
            **asdict(status),
            "deployed": status.deployed.isoformat() if status.deployed else None,
        }
    return found


def _causes_of_function(
    groups: Sequence[CauseGroup],
    died: Mapping[str, Mapping[str, datetime | None]],
    known: QueueConsumers,
    feed: QueueConsumer,
) -> list[tuple[CauseGroup, datetime]]:
    """Causes that the function failed with, each with when it did so last."""
    queues = [
        queue for queue, some in known.by_queue.items() if any(consumer.function == feed.function for consumer in some)
    ]
    found = []
    for group in groups:
        times = [at for queue in queues if (at := died.get(group.fingerprint, {}).get(queue))]
        if times:
            found.append((group, max(times)))
    return found


def _verdict(
    group: CauseGroup, last: datetime | None, function: Function | None, succeeded: Successes | None, now: datetime
) -> FixStatus:
    count = None
    if succeeded is not None and last is not None and group.job_kinds:
        count = sum(at > last and kind in group.job_kinds for at, kind in succeeded.found)
    return fix_verdict(
        last,
        function.deployed_at if function else None,
        group.job_kinds,
        count,
        succeeded is not None and not succeeded.whole,
        now,
        set(group.kinds) == {Kind.REJECTED},
        is_intermittent(group.error_type),
    )


def _without_run(group: CauseGroup, metrics: ReceiveMetrics | None, now: datetime) -> FixStatus:
    """The status of messages that never reached the function: a deployment does not fix that, more concurrency does."""
    if group.error_type == NEVER_INVOKED:
        return FixStatus(UNKNOWN, "It is not known whether something other than the function still receives messages.")
    if metrics is None or group.last_failed is None:
        return FixStatus(UNKNOWN, "It is not known whether the function was throttled since.")
    since, last = metrics.after(group.last_failed), formatting.clock(group.last_failed, now)
    if since.throttled:
        times = formatting.count(since.throttled, "time")
        return FixStatus(NO, f"Throttled {times} since {last}: increase the concurrency limit before you redrive.")
    if since.invoked:
        ran = formatting.count(since.invoked, "invocation")
        return FixStatus(SUCCEEDS, f"Not throttled since {last} ({ran}): redrive these messages as they are.")
    return FixStatus(
        UNKNOWN, f"Not throttled since {last}, but not invoked either: check the concurrency limit, then redrive."
    )


def _without_function(group: CauseGroup, last: datetime | None, queue: str, now: datetime) -> FixStatus:
    if queue == OWN_QUEUE:
        return _verdict(group, last, None, None, now)
    name = queue.rsplit(":", 1)[-1]
    return FixStatus(UNKNOWN, f"No function is known to read {name}, so it is not known whether it was deployed since.")


def _worst_verdict(verdicts: Mapping[str, FixStatus]) -> FixStatus:
    """The verdict that supports a redrive least, of several functions; each is quoted."""
    if len(verdicts) == 1:
        return next(iter(verdicts.values()))
    worst = min(verdicts.values(), key=lambda verdict: (NO, UNKNOWN, DEPLOYED, SUCCEEDS).index(verdict.verdict))
    return replace(worst, sentence=" ".join(f"{name}: {status.sentence}" for name, status in sorted(verdicts.items())))


def is_intermittent(error_type: str) -> bool:
    """Whether it hangs on the moment or on one message, so that others' successes prove nothing: a timeout, a kill for
    memory."""
    return error_type in ("Sandbox.Timedout", "Runtime.OutOfMemory")


def fix_verdict(
    last: datetime | None,
    deployed: datetime | None,
    kinds: Sequence[str],
    successes: int | None,
    more: bool,
    now: datetime,
    rejected: bool = False,
    intermittent: bool = False,
) -> FixStatus:
    """``last``: the last failure. ``successes``: later ones of ``kinds``, None where that is not known. ``rejected``:
    the handler reported that these very jobs can never succeed; ``intermittent``: it may be the moment's or the
    message's own. Other jobs' successes prove nothing about either, unless the function was deployed in between."""
    if last is None:
        return FixStatus(UNKNOWN, "It is not known when these messages failed.")
    failure = f"the last failure ({formatting.clock(last, now)})"
    later = deployed if deployed and deployed > last else None
    if later:
        text = f"Deployed {formatting.clock(later, now)}, after {failure}"
    elif deployed:
        text = f"Not deployed since {failure}"
    else:
        text = f"It is not known when the function was deployed, or whether that was after {failure}"
    jobs = " or ".join(kinds[:3]) + " job"
    if successes:
        count = f"{formatting.count(successes)}{' or more' if more else ''} {jobs}{'' if successes == 1 else 's'}"
        text += f"; {count} succeeded since"
        if not later:
            text += _no_proof(rejected, intermittent)
    elif successes == 0:
        text += f"; no {jobs} succeeded since"
    else:
        text += "; it is not known whether such jobs have succeeded since"
    succeeds = bool(successes) and (later is not None or not (rejected or intermittent))
    kind = SUCCEEDS if succeeds else DEPLOYED if later else NO if deployed or rejected else UNKNOWN
    if intermittent and successes and not later:
        kind = UNKNOWN
    return FixStatus(kind, f"{text}.", later, successes or 0, more and bool(successes))


def _no_proof(rejected: bool, intermittent: bool) -> str:
    if rejected:
        return ", but the handler rejected these as permanent failures"
    if intermittent:
        return ", which proves nothing for these: it may be intermittent"
    return ", so not every job of that kind fails"


def stored_status(noted: Mapping[str, Any] | None, mark: str) -> FixStatus:
    """The verdict on one cause that ``since`` gave."""
    record = (noted or {}).get(mark)
    if not record:
        return FixStatus(UNKNOWN, "Not checked yet.")
    deployed = datetime.fromisoformat(record["deployed"]) if record["deployed"] else None
    return FixStatus(record["verdict"], record["sentence"], deployed, record["successes"], record["more"])


def logs_successes(function: Function) -> bool:
    """Whether the function logs a success with its kind: this project's handler does, by the metrics it is set to."""
    return bool(function.metrics and function.metrics[0] == contract.JOB_NAMESPACE)


@dataclass(frozen=True)
class Successes:
    """When jobs succeeded, with their kinds. ``whole``: there were no more."""

    found: tuple[tuple[datetime, str], ...]
    whole: bool


def _successes(
    function: Function,
    causes: Sequence[tuple[CauseGroup, datetime]],
    askings: Mapping[str, LogQuerySession],
    now: datetime,
) -> Successes | None:
    """Successes of one function since the last failure of the first of these causes; None where nothing shows it."""
    session = askings.get(function.arn)
    searched = [(group, last) for group, last in causes if group.job_kinds]
    if session is None or session.asked.failed or not searched or not logs_successes(function):
        return None
    kinds = sorted({kind for group, _ in searched for kind in group.job_kinds if "/" not in kind})
    if not kinds:
        return None
    found: list[tuple[datetime, str]] = []
    shared = log_streams.is_shared(function.log_group, function.name)

    def collect(row: Mapping[str, str]) -> None:
        entry = log_parser.parse_row(row)
        if (
            entry is None
            or entry.text != contract.LOG_JOB_OK
            or log_streams.is_other_functions(row, function.name, shared)
        ):
            return
        found.append((entry.at, entry.job_kind))

    named = "|".join(re.escape(kind) for kind in kinds)
    filters = [rf"\"{contract.LOG_JOB_OK}\"", rf"\"{contract.LOG_JOB_KIND}\": ?\"(?:{named})\""]
    first = min(last for _, last in searched)
    whole = session.read(filters, session.affordable(first, now), now, collect, page=False)
    return Successes(tuple(found), whole) if whole or found else None
