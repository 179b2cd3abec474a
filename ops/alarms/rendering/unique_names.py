"""Names of resources that stay different where a format has fewer characters than alarms' names have."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ops.alarms.catalogue import RecommendedAlarm


def unique_names(
    alarms: Iterable[RecommendedAlarm], name_of: Callable[[RecommendedAlarm], str], between: str
) -> dict[str, str]:
    """Logical names by alarm name. The second alarm with a name gets ``between`` and 2 as a suffix, and so on."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for alarm in alarms:
        name = wanted = name_of(alarm)
        number = 1
        while name in taken:
            number += 1
            name = f"{wanted}{between}{number}"
        taken.add(name)
        names[alarm.name] = name
    return names
