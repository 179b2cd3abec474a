"""All rules, in the order of the README's table."""

from __future__ import annotations

from ops.doctor.rule import Rule
from ops.doctor.rules import (
    alarms,
    concurrency,
    coverage,
    dead_letter_queues,
    delivery,
    execution_modes,
    functions,
    mappings,
    queue_access,
    queues,
)

RULES: tuple[Rule, ...] = (
    *queues.RULES,
    *queue_access.RULES,
    *dead_letter_queues.RULES,
    *mappings.RULES,
    *concurrency.RULES,
    *functions.RULES,
    *execution_modes.RULES,
    *coverage.RULES,
    *alarms.RULES,
    *delivery.RULES,
)
