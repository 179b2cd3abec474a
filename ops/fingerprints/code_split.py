"""Groups that hold more than one cause: "fault 12" and "fault 40" are one message with a number in it.

What a group holds tells them apart: a number that takes a few values over many messages is a code and divides it;
one that takes a new value each time is data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ops.fingerprints.fingerprint import changing_parts

MIN_GROUP_SIZE = 20
"""Messages from which a group is examined."""
SAMPLE_SIZE = 500
MAX_VALUES, MIN_PER_VALUE, MIN_SHARE_PER_VALUE = 6, 5, 0.04
"""Values that a code takes at most; messages, and share of them, that each value has at least."""


def split_rule(messages: Iterable[str], known: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """How messages of one fingerprint are divided; None: they are one cause. ``known``: the rule so far."""
    found = [changing_parts(message) for message in messages]
    alike = Counter(tuple(kind for kind, _ in parts) for parts in found)
    if not alike:
        return None
    kinds = alike.most_common(1)[0][0]
    rows = [tuple(text for _, text in parts) for parts in found if tuple(kind for kind, _ in parts) == kinds]
    slots = known["slots"] if known else [at for at, kind in enumerate(kinds) if kind == "number" and _few(rows, at)]
    values = {tuple(value) for value in known["values"]} if known else set()
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


def split_values(message: str, rule: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The codes in ``message`` that divide its group; None where it has none of those that the rule knows."""
    parts, slots = changing_parts(message), rule["slots"]
    here = tuple(parts[at][1] for at in slots) if slots[-1] < len(parts) else ()
    return here if list(here) in rule["values"] else None
