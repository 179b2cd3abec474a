"""Groups that hold more than one cause: "fault 12" and "fault 40" are one message with a number in it.

What a group holds tells them apart: a number that takes a few values over many messages is a code and divides it;
one that takes a new value each time is data. A group that was divided once stays so, since its rule is noted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ops.fingerprints.fingerprint import changing_parts, split_fingerprint

if TYPE_CHECKING:
    from ops.deadletters.snapshot import Snapshot

SPLIT_NOTE = "divided"
"""By fingerprint: "slots", the parts that divide it, and "values", the tuples of what stands in them."""
MIN_GROUP_SIZE = 20
"""Messages from which a group is examined."""
SAMPLE_SIZE = 500
MAX_VALUES, MIN_PER_VALUE, MIN_SHARE_PER_VALUE = 6, 5, 0.04
"""Values that a code takes at most; messages, and share of them, that each value has at least."""

Row = tuple[str, str, str]
"""Fingerprint, message ID, error message."""


def split_groups(snapshot: Snapshot) -> None:
    """Give new fingerprints to the parts that new messages reveal in their groups. Raises OpsError as the snapshot does."""
    rules: dict[str, Any] = snapshot.read_note(SPLIT_NOTE) or {}
    marks: list[tuple[str, str]] = []
    known = dict(rules)
    for mark, rows in groupby(snapshot.unlabelled_groups(MIN_GROUP_SIZE, list(rules)), key=lambda row: row[0]):
        group = [(message_id, message) for _, message_id, message in rows]
        rule = split_rule([message for _, message in group[:SAMPLE_SIZE]], known.get(mark))
        if rule:
            rules[mark] = rule
            marks += _parts(mark, group, rule)
    if marks:
        snapshot.set_fingerprints(marks)
    if rules != known:
        snapshot.save_note(SPLIT_NOTE, rules)


def split_rule(messages: Iterable[str], known: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """How messages of one fingerprint are divided; None: they are one cause. ``known``: the rule so far."""
    found = [changing_parts(message) for message in messages]
    alike = Counter(tuple(kind for kind, _ in parts) for parts in found)
    if not alike:
        return None
    kinds = alike.most_common(1)[0][0]
    rows = [tuple(text for _, text in parts) for parts in found if tuple(kind for kind, _ in parts) == kinds]
    slots = known["slots"] if known else [at for at, kind in enumerate(kinds) if kind == "number" and _few(rows, at)]
    values = {tuple(one) for one in known["values"]} if known else set()
    if slots and slots[-1] < len(kinds):
        counts = Counter(tuple(row[at] for at in slots) for row in rows)
        values |= {value for value, count in counts.items() if count >= _least(len(rows))}
    if not slots or (not known and len(values) < 2) or len(values) > 2 * MAX_VALUES:
        return dict(known) if known else None
    return {"slots": list(slots), "values": sorted(list(value) for value in values)}


def _few(rows: list[tuple[str, ...]], at: int) -> bool:
    counts = Counter(row[at] for row in rows)
    return 2 <= len(counts) <= MAX_VALUES and len(rows) >= MIN_GROUP_SIZE and min(counts.values()) >= _least(len(rows))


def _least(messages: int) -> float:
    return max(MIN_PER_VALUE, MIN_SHARE_PER_VALUE * messages)


def _parts(mark: str, group: list[tuple[str, str]], rule: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    values = {tuple(one) for one in rule["values"]}
    slots = rule["slots"]
    for message_id, message in group:
        parts = changing_parts(message)
        if slots[-1] < len(parts) and (here := tuple(parts[at][1] for at in slots)) in values:
            yield message_id, split_fingerprint(mark, here)
