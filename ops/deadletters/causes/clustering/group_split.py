"""Groups in the snapshot that hold more than one cause (``ops.fingerprints.code_split``).

A group that was divided once stays so, since its rule is noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ops.fingerprints.code_split import MIN_GROUP_SIZE, SAMPLE_SIZE, split_rule, split_values
from ops.fingerprints.fingerprint import split_fingerprint

if TYPE_CHECKING:
    from ops.deadletters.snapshot import Snapshot

SPLIT_NOTE = "divided"
"""By fingerprint: "slots", the parts that divide it, and "values", the tuples of what stands in them."""

Row = tuple[str, str, str]
"""Fingerprint, message ID, error message."""


def split_groups(snapshot: Snapshot) -> None:
    """Give new fingerprints to the parts that new messages reveal in their groups. Raises OpsError as the snapshot does."""
    rules: dict[str, Any] = snapshot.read_note(SPLIT_NOTE) or {}
    marks: list[tuple[str, str]] = []
    known = dict(rules)
    for mark, rows in groupby(snapshot.unlabeled_groups(MIN_GROUP_SIZE, list(rules)), key=lambda row: row[0]):
        group = [(message_id, message) for _, message_id, message in rows]
        rule = split_rule([message for _, message in group[:SAMPLE_SIZE]], known.get(mark))
        if rule:
            rules[mark] = rule
            marks += _parts(mark, group, rule)
    if marks:
        snapshot.set_fingerprints(marks)
    if rules != known:
        snapshot.save_note(SPLIT_NOTE, rules)


def _parts(mark: str, group: list[tuple[str, str]], rule: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for message_id, message in group:
        if (here := split_values(message, rule)) is not None:
            yield message_id, split_fingerprint(mark, here)
