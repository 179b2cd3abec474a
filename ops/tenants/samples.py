"""Samples that touch no queue: what the functions logged of the messages they received, and the dead letters on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from handler import contract
from ops import formatting, invocation_log
from ops.aws import logs
from ops.deadletters.messages.model import Place
from ops.deadletters.snapshot import Snapshot
from ops.logs.reader import LogReader
from ops.tenants.model import Grouping, SampledMessage

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.messages.model import DeadLetter
    from ops.deadletters.queue import DeadLetterQueue
    from ops.logs import LogSource

BATCH_PATTERN = rf"\"{contract.LOG_BATCH}\""
MAX_WAIT_MS = 1_209_600_000
"""A message waits no longer than it is kept: 14 days (botocore 1.44.5 model, 2026-11)."""
FIELDS = {
    Grouping.GROUP: contract.SEEN_GROUP,
    Grouping.SENDER: contract.SEEN_SENDER,
    Grouping.TENANT: contract.SEEN_TENANT,
}
MAX_DEAD_LETTERS = 100_000


@dataclass(frozen=True)
class Sample:
    """``messages``: each once. ``method``: what was read. ``whole``: all that the range has. ``detailed``: whether the lines say
    more than messages' IDs; an older handler's do not."""

    messages: tuple[SampledMessage, ...]
    method: str
    whole: bool
    usd: float = 0.0
    notes: tuple[str, ...] = field(default=())
    detailed: bool = True


def logged_sample(
    aws: Aws,
    sources: tuple[LogSource, ...],
    start: datetime,
    end: datetime,
    keys: Iterable[Grouping],
    max_usd: float,
    say: Callable[[str], None],
) -> dict[Grouping, Sample]:
    """The messages that functions received from ``start`` to ``end``, by each of ``keys``, from the lines about their batches:
    the newest 10,000 of each log group, by Logs Insights within ``max_usd``."""
    reader = LogReader(aws, sources, max_usd, say)
    since = reader.affordable_since(start, end)
    rows, complete_after = reader.matching([BATCH_PATTERN], since, end, logs.MAX_ROWS)
    seen: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
    lines = detailed = unlisted = 0
    for _, row in rows:
        at, record = invocation_log.moment(row.get("@timestamp", "")), _record(row.get("@message", ""))
        if at is None or record.get("message") != contract.LOG_BATCH:
            continue
        lines += 1
        listed = record.get(contract.LOG_MESSAGES)
        named = record.get("message_ids")
        details = [detail for detail in listed if isinstance(detail, dict)] if isinstance(listed, list) else []
        detailed += bool(details)
        unlisted += max(0, len(named) - len(details)) if isinstance(named, list) and details else 0
        for detail in details:
            name = detail.get(contract.SEEN_ID)
            if isinstance(name, str) and name and (name not in seen or at < seen[name][0]):
                seen[name] = (at, detail)
    whole = complete_after is None and since == start and not reader.notes and not unlisted
    which = "every line about a batch" if whole else f"the newest {formatting.count(lines, 'line')} about batches"
    span = f"{formatting.clock_range(since, end, end)}"
    method = (
        f"{which} received from {span} ({formatting.count(lines, 'batch', 'batches')}, "
        f"{formatting.count(len(seen), 'message')})"
    )
    notes = [*reader.notes]
    if unlisted:
        notes.append(
            f"Batches of more than {contract.LOGGED_MESSAGES} messages log that many: {formatting.count(unlisted)} are left out."
        )
    return {
        by: Sample(
            tuple(_sampled(name, at, detail, FIELDS[by]) for name, (at, detail) in seen.items()),
            method,
            whole,
            reader.usd,
            tuple(notes),
            bool(detailed) or not lines,
        )
        for by in keys
    }


def _sampled(name: str, at: datetime, detail: Mapping[str, Any], key: str) -> SampledMessage:
    """A message's wait is known only from its first receive: later, the time includes attempts."""
    sent_ms, receives = detail.get(contract.SEEN_SENT), detail.get(contract.SEEN_RECEIVES)
    at_ms = at.timestamp() * 1000
    known = isinstance(sent_ms, int) and 0 <= at_ms - sent_ms + 1_000 <= MAX_WAIT_MS
    sent = datetime.fromtimestamp(sent_ms / 1000, UTC) if known and isinstance(sent_ms, int) else None
    value = detail.get(key)
    return SampledMessage(
        name, value[:128] if isinstance(value, str) else "", sent, at if receives in (None, 1) else None
    )


def _record(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text) if text.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def dead_letter_sample(source: DeadLetterQueue, key: Callable[[DeadLetter], str]) -> Sample:
    """The dead letters of the last scan. Raises OpsError where the snapshot cannot be read."""
    messages: list[SampledMessage] = []
    with Snapshot.open(source) as snapshot:
        info = snapshot.info()
        for number, stored in enumerate(snapshot.iterate(places=(Place.QUEUE,))):
            if number >= MAX_DEAD_LETTERS:
                break
            messages.append(SampledMessage(stored.message.message_id, key(stored.message), stored.message.sent))
    scanned = info.scanned_at
    when = formatting.clock(scanned, datetime.now(UTC)) if scanned else ""
    method = (
        f"the {formatting.count(len(messages), 'dead letter')} of the scan at {when}: what failed, not what waits"
        if scanned
        else "no dead letters: the dead-letter queue was not scanned on this machine"
    )
    notes = () if scanned else ("Read the dead-letter queue first: ops dlq scan.",)
    return Sample(tuple(messages), method, info.complete, notes=notes)
