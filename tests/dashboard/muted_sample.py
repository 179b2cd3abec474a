"""A workload with an alarm that is muted."""

from __future__ import annotations

from dataclasses import replace

from ops.insight.reports.alarms_page.checks import AlarmChecks
from tests.dashboard.samples import Sample


class MutedAlarm(Sample):
    """One whose way to people is whole, and closed for as long as a mute rule lasts."""

    def __init__(self) -> None:
        super().__init__(trouble=False)

    def alarm_checks(self) -> AlarmChecks:
        full = super().alarm_checks()
        rule = "ops-20261129T021112-7f3a"
        note = f"Muted now by mute rule {rule} (at(2026-11-29T02:11), PT1H): it notifies no one until that ends."
        muted = replace(full.deliveries["scilearn-dead-letters"], notes=(note,), muted_by=(rule,))
        return replace(full, deliveries={**full.deliveries, "scilearn-dead-letters": muted})
