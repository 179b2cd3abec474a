"""What is in a selection: one pass over the snapshot, with the edits tried on every message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ops.deadletters import return_target
from ops.deadletters.edits import outgoing
from ops.deadletters.messages import s3_pointers
from ops.deadletters.messages.model import Kind, SnapshotMessage
from ops.deadletters.messages.s3_pointers import Pointer
from ops.deadletters.plan_model import Edit
from ops.deadletters.return_target import Origin, ReturnContext, ReturnTarget
from ops.errors import UsageError

SAMPLE_SIZE = 5


@dataclass
class SelectionStats:
    """``oldest``: of those in the queue. ``causes``: by fingerprint, "" where none is known; that of ``likely`` of them
    is only inferred. ``types``: error types by fingerprint. ``edit_errors``: sentence → messages that the edits do not
    apply to. ``pointers``: how many point to S3, as ``pointer`` does. ``sizes``: by the origin's ARN, as
    ``outgoing.message_sizes``. ``inferred``: messages that do not say their origin themselves. ``remaining``: messages
    that stay, by reason; ``remaining_ids``, ``remaining_kinds``."""

    ids: list[str] = field(default_factory=list)
    oldest: datetime | None = None
    kinds: Counter[Kind] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    origins: Counter[Origin] = field(default_factory=Counter)
    inferred: int = 0
    remaining: Counter[str] = field(default_factory=Counter)
    remaining_ids: list[str] = field(default_factory=list)
    remaining_kinds: Counter[Kind] = field(default_factory=Counter)
    imported: int = 0
    likely: int = 0
    types: dict[str, str] = field(default_factory=dict)
    edit_errors: Counter[str] = field(default_factory=Counter)
    pointers: int = 0
    pointer: Pointer | None = None
    sizes: dict[str, list[tuple[int, int | None]]] = field(default_factory=dict)


@dataclass(frozen=True)
class SizeStats:
    """``bytes``: as they will be sent. ``too_large``: by the limit in bytes that refuses them. ``no_room_for_id``: of
    those that can be sent, by limit: there is no room for an attribute with the original ID."""

    bytes: int
    too_large: Counter[int]
    no_room_for_id: Counter[int]


def check_sizes(stats: SelectionStats, limits: Mapping[str, int], limit: int) -> SizeStats:
    """Each message against what its destination takes: ``limits`` by the origin's ARN, ``limit`` where there is
    none."""
    total = 0
    too_large, full = Counter[int](), Counter[int]()
    for arn, sizes in stats.sizes.items():
        most = limits.get(arn, limit)
        for bare, with_id in sizes:
            fits = with_id is not None and with_id <= most
            total += with_id if with_id is not None and fits else bare
            if bare > most:
                too_large[most] += 1
            elif not fits:
                full[most] += 1
    return SizeStats(total, too_large, full)


def collect_stats(
    messages: Iterable[SnapshotMessage], edits: Sequence[Edit], context: ReturnContext | None
) -> SelectionStats:
    """``context``: of where messages came from, to which they go back; None: they go elsewhere, or nowhere."""
    stats = SelectionStats()
    for stored in messages:
        message = stored.message
        target = ReturnTarget() if context is None else return_target.find_return_target(message, context)
        if target.why:
            stats.remaining[target.why] += 1
            stats.remaining_ids.append(message.message_id)
            stats.remaining_kinds[message.kind] += 1
            continue
        stats.ids.append(message.message_id)
        stats.kinds[message.kind] += 1
        stats.causes[stored.cause.fingerprint] += 1
        stats.types[stored.cause.fingerprint] = stored.cause.error_type
        stats.imported += message.imported
        stats.likely += stored.cause.likely
        if message.sent and not message.imported and (stats.oldest is None or message.sent < stats.oldest):
            stats.oldest = message.sent
        if pointer := s3_pointers.read_pointer(message.body):
            stats.pointers, stats.pointer = stats.pointers + 1, stats.pointer or pointer
        origin = target.origin
        if origin:
            stats.origins[origin] += 1
            stats.inferred += target.inferred
        try:
            message = outgoing.edited_message(message, edits)
        except UsageError as misfit:
            stats.edit_errors[str(misfit)] += 1
        stats.sizes.setdefault(origin.arn if origin else "", []).append(outgoing.message_sizes(message))
    return stats
