"""The windows of alarm mute rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.alarms.evaluate import AlarmError
from ops.alarms.evaluate.mute_rules import mute_rule, muted_windows


def rule(expression: str, duration: str = "PT1H", zone: str | None = None, **more: Any) -> dict[str, Any]:
    schedule = {"Expression": expression, "Duration": duration, **({"Timezone": zone} if zone else {})}
    return {"Name": "r", "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["a"]}, **more}


def windows(*rules: dict[str, Any], begin: str = "2026-06-01", end: str = "2026-06-08", alarm: str = "a") -> list[str]:
    first, last = (datetime.fromisoformat(each).replace(tzinfo=UTC).timestamp() for each in (begin, end))
    found = muted_windows(map(mute_rule, rules), alarm, first, last)
    return [" ".join(f"{datetime.fromtimestamp(each, UTC):%d/%H:%M}" for each in both) for both in found]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (rule("at(2026-06-03T14:00)"), ["03/14:00 03/15:00"]),
        (rule("at(2026-06-03T14:00)", zone="America/New_York"), ["03/18:00 03/19:00"]),
        (rule("cron(0 2 * * SUN)", "P1D"), ["31/02:00 01/02:00", "07/02:00 08/02:00"]),
        (rule("cron(0 2 * * 7)"), ["07/02:00 07/03:00"]),
        (rule("cron(0 18 * * FRI)", "P2DT12H"), ["29/18:00 01/06:00", "05/18:00 08/06:00"]),
        (rule("cron(30 1 2,4 JUN *)", "PT15M"), ["02/01:30 02/01:45", "04/01:30 04/01:45"]),
        (rule("cron(0 9 * * MON-TUE)"), ["01/09:00 01/10:00", "02/09:00 02/10:00"]),
        (rule("cron(0 9 3 * TUE)"), ["02/09:00 02/10:00", "03/09:00 03/10:00"]),
        (rule("cron(0 9 * MAY *)"), []),
        (rule("at(2026-06-03T14:00)", StartDate="2026-06-03T14:30:00Z"), ["03/14:30 03/15:00"]),
        (rule("at(2026-06-03T14:00)", ExpireDate="2026-06-03T14:30:00Z"), ["03/14:00 03/14:30"]),
        (rule("cron(0 2 * * *)", ExpireDate="2026-06-02T00:00:00Z"), ["01/02:00 01/03:00"]),
    ],
)
def test_when_a_rule_mutes(made: dict[str, Any], expected: list[str]) -> None:
    assert windows(made) == expected


def test_a_daily_window_follows_daylight_saving() -> None:
    made = rule("cron(0 12 * * *)", zone="Europe/Berlin")
    assert windows(made, begin="2026-03-28", end="2026-03-30") == ["28/11:00 28/12:00", "29/10:00 29/11:00"]


def test_windows_of_several_rules_are_joined() -> None:
    both = rule("at(2026-06-03T14:00)"), rule("at(2026-06-03T14:30)", "PT2H")
    assert windows(*both) == ["03/14:00 03/16:30"]
    assert windows(*both, alarm="another") == []


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (rule("rate(5 minutes)"), "neither cron"),
        (rule("cron(0 2 * *)"), "neither cron"),
        (rule("cron(0 2 * * FUN)"), "FUN is not one of the days of the week"),
        (rule("cron(61 2 * * *)"), "61 is not one of the minutes"),
        (rule("cron(*/5 2 * * *)"), "*/5 is not one of the minutes"),
        (rule("cron(0 5-2 * * *)"), "5-2 is not one of the hours"),
        (rule("at(2026-13-01T00:00)"), "is not a time"),
        (rule("at(2026-06-03T14:00)", "PT30S"), '"PT30S" is not a duration'),
        (rule("at(2026-06-03T14:00)", "P16D"), '"P16D" is not a duration'),
        (rule("at(2026-06-03T14:00)", "P"), '"P" is not a duration'),
        (rule("at(2026-06-03T14:00)", zone="Mars/Base"), "Mars/Base is not a time zone"),
        (rule("at(2026-06-03T14:00)", StartDate="soon"), "soon is not a time"),
        (rule("at(2026-06-03T14:00)", MuteTargets={"AlarmNames": ["a"] * 101}), "101 alarms"),
    ],
)
def test_a_mistake_is_named(made: dict[str, Any], says: str) -> None:
    with pytest.raises(AlarmError, match=r'^Mute rule "r": ') as refused:
        mute_rule(made)
    assert says in str(refused.value)
