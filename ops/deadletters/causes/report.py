"""What failed and why, from the snapshot alone: no call to AWS, so a page may read it at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops import formatting
from ops.deadletters.causes import fix_status, redrive_evidence
from ops.deadletters.causes.attribution.message_sources import OWN_QUEUE, source_queue
from ops.deadletters.causes.clustering.clusters import CLUSTER_SOURCE
from ops.deadletters.causes.explain import EXPLAINED_NOTE as EXPLAINED
from ops.deadletters.messages.model import UNKNOWN_ERROR, Place
from ops.deadletters.snapshot import CauseGroup, CauseOrigin, Snapshot, cause_origins
from ops.insight.report_types import Finding, Level, QueryCost
from ops.insight.rules import expired_arrivals
from ops.insight.rules.findings import Observation, summarize

if TYPE_CHECKING:
    import pandas as pd

    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import SnapshotInfo

COLUMNS = (
    "fingerprint",
    "error_type",
    "label",
    "location",
    "source",
    "likely",
    "likely_letters",
    "letters",
    "share",
    "first_seen",
    "last_seen",
    "version",
    "job_kinds",
    "sample_id",
    "fixed",
    "fixed_why",
)
MAX_CAUSE_CHARS = 160
"""Characters of a cause in a sentence."""
MAX_QUEUES_NAMED = 3
"""Other source queues that a sentence names."""
PAGE = "dead_letters"


@dataclass(frozen=True)
class CausesReport:
    """``messages``: those in the queue at the last scan; or ``imported`` ones, when those were requested.

    ``groups``: ``COLUMNS``, one row per cause, most messages first. ``share`` from 0 to 1; ``first_seen`` and
    ``last_seen``: when its messages failed, else when they were sent (UTC); ``version`` and ``job_kinds``: texts;
    ``fixed``: FixedSince.verdict. ``likely``: of all of a group it is only inferred, of ``likely_letters`` of them.
    ``elsewhere``: messages of other source queues, by the queue's name. ``age_s``: seconds since the scan; None, with
    ``scanned_at``, before the first one."""

    finding: Finding
    groups: pd.DataFrame
    messages: int = field(metadata={"json_key": "letters"})
    scanned_at: datetime | None = field(metadata={"json_key": "looked_at"})
    age_s: float | None
    complete: bool
    notes: tuple[str, ...]
    look: QueryCost
    imported: int = 0
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    in_flight: int = field(default=0, metadata={"json_key": "held"})
    """Messages in flight at the last scan: another process had them, and they were not read."""
    expired: str = ""
    """A sentence when messages expired on arrival, as far as the age of the queue's messages shows it; such messages
    are in no snapshot."""


def report_causes(source: DeadLetterQueue, imported: bool = False) -> CausesReport:
    """The causes of the queue's messages in the snapshot; ``imported``: of those imported from a file.

    Raises OpsError when the snapshot cannot be read.
    """
    now = datetime.now(UTC)
    places = [Place.IMPORTED if imported else Place.QUEUE]
    with Snapshot.open(source) as snapshot:
        info, groups, came_from = snapshot.info(), snapshot.groups(places), cause_origins(snapshot, places)
        verdicts = redrive_evidence.current_fix_status(source, snapshot, groups, now)
        explained: dict[str, Any] = snapshot.read_note(EXPLAINED) or {}
    frame = _frame(groups, verdicts)
    elsewhere = _elsewhere(source, came_from)
    deployed = _last_deployed(source, groups[0].fingerprint, came_from) if groups else None
    expired = (
        ()
        if imported
        else expired_arrivals.observe_past(source.workload.queue, source.queue, explained.get("oldest_s"))
    )
    return CausesReport(
        finding=_imported_finding(frame, info.imported)
        if imported
        else _finding(frame, info, deployed, elsewhere, expired, now),
        groups=frame,
        messages=info.imported if imported else info.messages,
        scanned_at=info.scanned_at,
        age_s=(now - info.scanned_at).total_seconds() if info.scanned_at else None,
        complete=info.complete,
        notes=info.notes,
        look=QueryCost(usd=float(explained.get("usd", 0.0)), partial=tuple(explained.get("notes", ()))),
        imported=info.imported,
        elsewhere=elsewhere,
        in_flight=0 if imported else _in_flight(info),
        expired="".join(claim.text for claim in expired),
    )


def _in_flight(info: SnapshotInfo) -> int:
    return int(info.last_scan.get("in_flight") or 0)


def _elsewhere(source: DeadLetterQueue, came_from: Iterable[CauseOrigin]) -> dict[str, int]:
    """Messages of other queues than the workload's, most first; none of them is other where the workload is the
    dead-letter queue itself and takes those of one queue."""
    counted: Counter[str] = Counter()
    for origin in came_from:
        if (queue := source_queue(source, origin.source)) != OWN_QUEUE:
            counted[queue.rsplit(":", 1)[-1]] += origin.messages
    if source.queue.arn == source.workload.queue.arn and len(counted) == 1:
        return {}
    return dict(counted.most_common())


def _last_deployed(source: DeadLetterQueue, fingerprint: str, came_from: Iterable[CauseOrigin]) -> datetime | None:
    """The last deployed of the workload's function, where that function alone failed with the cause."""
    function = source.workload.function
    queues = {source_queue(source, origin.source) for origin in came_from if origin.fingerprint == fingerprint}
    return function.deployed_at if function is not None and queues == {OWN_QUEUE} else None


def _frame(groups: tuple[CauseGroup, ...], verdicts: Mapping[str, fix_status.FixStatus]) -> pd.DataFrame:
    import pandas as pd  # half a second, for which no other command of `ops dlq` is to wait

    rows = []
    for group in groups:
        since = verdicts[group.fingerprint]
        rows.append(
            (
                group.fingerprint,
                group.error_type,
                group.label,
                group.location,
                group.source,
                group.likely,
                group.likely_messages,
                group.messages,
                group.share,
                group.first_failed or group.first_sent,
                group.last_failed or group.last_sent,
                ", ".join(group.versions),
                ", ".join(group.job_kinds),
                group.sample_id,
                since.verdict,
                since.sentence,
            )
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in ("first_seen", "last_seen"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


def _finding(
    groups: pd.DataFrame,
    info: SnapshotInfo,
    deployed: datetime | None,
    elsewhere: Mapping[str, int],
    expired: Sequence[Observation],
    now: datetime,
) -> Finding:
    """``Critical: 54 dead letters, 51 of one cause: …; last deployed 02:10 UTC.``"""
    if info.scanned_at is None and not info.messages:
        return summarize(
            [Observation(Level.NO_DATA, "the dead-letter queue has not been scanned yet: scan it first", PAGE)]
        )
    reported, held = int(info.last_scan.get("reported") or 0), _in_flight(info)
    if not info.messages and held:
        those = formatting.count(held, "dead-letter message")
        every, they = ("all in flight", "them") if held > 1 else ("in flight", "it")
        return summarize([Observation(Level.CRITICAL, f"{those}, {every}: another process holds {they}", PAGE)])
    if not info.messages:
        if reported and not info.complete:
            text = f"none of {formatting.count(reported, 'message')} could be read: scan again later"
            return summarize([Observation(Level.WARNING, text, PAGE)])
        return summarize([Observation(Level.OK, "no dead letters"), *expired])
    part = reported > info.messages and not info.complete
    total = (
        f"{formatting.count(info.messages)} of about {formatting.count(reported)}"
        if part
        else formatting.count(info.messages)
    )
    top = groups.iloc[0]
    kind = cause_in_words(top["error_type"], top["label"], top["source"], likely=bool(top["likely"]))
    if info.messages == 1:
        text = f"{total} dead letter{'s' if part else ''}: {kind}"
    elif len(groups) == 1:
        text = f"{total} dead letters, all of one cause: {kind}"
    else:
        others = formatting.count(len(groups) - 1, "other cause")
        text = f"{total} dead letters, {formatting.count(top['letters'])} of one cause: {kind} ({others})"
    if elsewhere:
        text += f"; {_from_elsewhere(elsewhere, info.messages)}"
    if held:
        text += f"; {formatting.count(held)} more in flight: another process holds {'them' if held > 1 else 'it'}"
    when = f"last deployed {formatting.clock(deployed, now)}" if deployed else ""
    if when and top["fixed"] in (fix_status.DEPLOYED, fix_status.SUCCEEDS):
        when += (
            ", after that cause's last failure" if deployed > top["last_seen"] else ""  # NaT, where unknown, is not
        )
    return summarize([Observation(Level.CRITICAL, text, PAGE)], aside=when)


def _from_elsewhere(elsewhere: Mapping[str, int], messages: int) -> str:
    """``2 of 3 came from another queue: orders-b (2)``."""
    named = [f"{queue} ({formatting.count(number)})" for queue, number in list(elsewhere.items())[:MAX_QUEUES_NAMED]]
    more = len(elsewhere) - len(named)
    also = f" and {formatting.count(more, 'more queue')}" if more else ""
    queues = ", ".join(named) + also
    total = sum(elsewhere.values())
    if total >= messages:
        return (
            f"they came from {queues}"
            if len(elsewhere) > 1
            else f"all came from another queue: {next(iter(elsewhere))}"
        )
    others = "another queue" if len(elsewhere) == 1 else "other queues"
    return f"{formatting.count(total)} of {formatting.count(messages)} came from {others}: {queues}"


def _imported_finding(groups: pd.DataFrame, messages: int) -> Finding:
    """Messages imported from a file need no action."""
    if not messages:
        return summarize([Observation(Level.OK, "no messages were imported")])
    top = groups.iloc[0]
    kind = cause_in_words(top["error_type"], top["label"], top["source"], likely=bool(top["likely"]))
    share = "all" if len(groups) == 1 else formatting.count(top["letters"])
    text = f"{formatting.count(messages, 'message')} imported from a file, {share} of one cause: {kind}"
    return summarize([Observation(Level.OK, text, PAGE)])


def cause_in_words(error_type: str, label: str, source: str, *, likely: bool = False) -> str:
    """A cause as a clause: ``DataNotFound: s3://b/….csv is not there``, ``no known cause; looks like: kind=score``.
    ``likely``: it is inferred, and the text shows that."""
    label = " ".join(label.split()).rstrip(":. ")
    if error_type == UNKNOWN_ERROR:
        text = f"no known cause; {label}" if source == CLUSTER_SOURCE else "no known cause"
    else:
        text = ("likely " if likely else "") + (f"{error_type}: {label}" if label else error_type)
    return text if len(text) <= MAX_CAUSE_CHARS else text[: MAX_CAUSE_CHARS - 1] + "…"
