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
    is only inferred. ``misfits``: sentence → letters that the edits do not fit. ``pointers``: how many point to S3, as
    ``pointer`` does. ``sizes``: by the origin's ARN, as ``outgoing.message_sizes``. ``inferred``: messages that do not say
    their origin themselves. ``left``: by why, messages that stay where they are; ``left_ids``, ``left_kinds``."""

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
    edit_errors: Counter[str] = field(default_factory=Counter)
    pointers: int = 0
    pointer: Pointer | None = None
    sizes: dict[str, list[tuple[int, int | None]]] = field(default_factory=dict)


@dataclass(frozen=True)
class SizeStats:
    """``bytes``: as they will be sent. ``too_large``: by the limit in bytes that refuses them. ``full``: of those that
    can be sent, by the same: there is no room for an attribute with the original id."""

    bytes: int
    too_large: Counter[int]
    no_room_for_id: Counter[int]


def check_sizes(found: SelectionStats, limits: Mapping[str, int], limit: int) -> SizeStats:
    """Each message against what its destination takes: ``limits`` by the origin's ARN, ``limit`` where there is
    none."""
    total = 0
    too_large, full = Counter[int](), Counter[int]()
    for arn, sizes in found.sizes.items():
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
    letters: Iterable[SnapshotMessage], edits: Sequence[Edit], known: ReturnContext | None
) -> SelectionStats:
    """``known``: of where messages came from, to which they go back; None: they go elsewhere, or nowhere."""
    found = SelectionStats()
    for shelved in letters:
        letter = shelved.message
        came_from = ReturnTarget() if known is None else return_target.find_return_target(letter, known)
        if came_from.why:
            found.remaining[came_from.why] += 1
            found.remaining_ids.append(letter.message_id)
            found.remaining_kinds[letter.kind] += 1
            continue
        found.ids.append(letter.message_id)
        found.kinds[letter.kind] += 1
        found.causes[shelved.cause.fingerprint] += 1
        found.imported += letter.imported
        found.likely += shelved.cause.likely
        if letter.sent and not letter.imported and (found.oldest is None or letter.sent < found.oldest):
            found.oldest = letter.sent
        if pointer := s3_pointers.read_pointer(letter.body):
            found.pointers, found.pointer = found.pointers + 1, found.pointer or pointer
        origin = came_from.origin
        if origin:
            found.origins[origin] += 1
            found.inferred += came_from.inferred
        try:
            letter = outgoing.edited_message(letter, edits)
        except UsageError as misfit:
            found.edit_errors[str(misfit)] += 1
        found.sizes.setdefault(origin.arn if origin else "", []).append(outgoing.message_sizes(letter))
    return found
