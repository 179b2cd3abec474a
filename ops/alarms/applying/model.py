"""Differences between a set of alarms and those of an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ops.errors import AwsError

OWNER_TAG = "scilearn-ops:owner"
"""Its value is the workload: the ARN of its queue. Alarms without it are of another owner, and are not touched."""


OPTIONS = ("deadline", "budget", "undelivered", "extension", "compare-versions")
OPTION_TAGS = {name: f"scilearn-ops:{name}" for name in OPTIONS}
"""The tags by which an alarm remembers the options that it was put with, so that the next apply means the same set."""


class ChangeKind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    FOREIGN = "foreign"  # another owner's alarm has the name
    OBSOLETE = "obsolete"  # ours, and no longer in the set


@dataclass(frozen=True)
class AlarmFieldChange:
    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class AlarmChange:
    """``definition``: as it is to be put; of an obsolete alarm, as it is. ``owner``: of a foreign alarm, in words.
    ``retagged``: its ARN where its tags change; ``old_tags``: keys of those to be removed."""

    name: str
    kind: ChangeKind
    composite: bool
    fields: tuple[AlarmFieldChange, ...] = ()
    definition: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    retagged: str = ""
    old_tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlarmDifference:
    """``changes``: in the order in which they are applied, then the obsolete ones. ``tags``: of each alarm that is put."""

    workload: str
    changes: tuple[AlarmChange, ...]
    tags: Mapping[str, str] = field(default_factory=dict)

    def of(self, *kinds: ChangeKind) -> tuple[AlarmChange, ...]:
        return tuple(change for change in self.changes if change.kind in kinds)

    @property
    def pending(self) -> tuple[AlarmChange, ...]:
        return self.of(ChangeKind.CREATE, ChangeKind.UPDATE)


@dataclass(frozen=True)
class ApplyResult:
    """``done``: names that were put or removed, in order. ``left``: names that were not. ``error``: why it ended early."""

    done: tuple[str, ...]
    left: tuple[str, ...] = ()
    error: AwsError | None = None
