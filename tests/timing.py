"""Durations of the dead-letter engine, as tests set them: the one place that names the product's constants."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TypedDict, Unpack

import pytest

from ops.deadletters.move_task import mover, ownership
from ops.deadletters.outcomes import dlq_search, monitor
from ops.deadletters.redrive import rollout
from ops.deadletters.scan import bulk_receive
from ops.deadletters.transfer import context, engine, receiver, selective_delete
from ops.files import lock_holder


class Durations(TypedDict, total=False):
    """In seconds."""

    lease: float
    """Visibility timeout of what a redrive receives."""
    lease_grace: float
    """After a lease has ended, until what a killed process had received is visible again."""
    min_backoff: float
    max_backoff: float
    retry_timeout: float
    read_timeout: float
    rollout_tick: float
    outcome_check: float
    """Between two looks at the outcomes of what was sent."""
    dlq_settling: float
    """After traffic has stopped, until SQS's counts are accurate."""
    scan_long_poll: float
    purge_long_poll: float
    purge_backoff: float
    lock_handover: float
    min_move_task: float
    task_list_pause: float


CONSTANTS: Mapping[str, tuple[ModuleType, str]] = {
    "lease": (context, "LEASE_S"),
    "lease_grace": (receiver, "GRACE_S"),
    "min_backoff": (context, "MIN_BACKOFF_S"),
    "max_backoff": (context, "MAX_BACKOFF_S"),
    "retry_timeout": (context, "RETRY_TIMEOUT_S"),
    "read_timeout": (engine, "READ_TIMEOUT_S"),
    "rollout_tick": (rollout, "TICK_S"),
    "outcome_check": (monitor, "CHECK_INTERVAL_S"),
    "dlq_settling": (dlq_search, "SETTLING_S"),
    "scan_long_poll": (bulk_receive, "LONG_POLL_S"),
    "purge_long_poll": (selective_delete, "LONG_POLL_S"),
    "purge_backoff": (selective_delete, "BACKOFF_S"),
    "lock_handover": (lock_holder, "HANDOVER_WAIT_S"),
    "min_move_task": (mover, "MIN_TASK_S"),
    "task_list_pause": (ownership, "LIST_PAUSE_S"),
}


def set_timing(patch: pytest.MonkeyPatch, **seconds: Unpack[Durations]) -> None:
    """Until ``patch`` is undone. Raises AttributeError where the product has no such constant any more."""
    for name, value in seconds.items():
        module, constant = CONSTANTS[name]
        patch.setattr(module, constant, value)
