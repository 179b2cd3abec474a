"""``ops costs`` of an incident: its time range."""

from __future__ import annotations

import pytest

from ops.cli.app import run
from ops.errors import UsageError
from ops.insight.sources import alarm_history
from tests.ops.insight.conftest import stage as stage
from tests.ops.insight.world import END, WINDOW, Stage, world


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--minutes", "5", "--since", "2h"), "The time range is given in two ways."),
        (("--since", "2h", "--alarm", "shop-age"), "The time range is given in two ways."),
        (("--until", "2h"), "--until needs a start."),
        (("--since", "1h", "--until", "2h"), "The time range ends before it starts."),
        (("--since", "yesterday"), "'yesterday' is not a valid time."),
    ],
)
def test_bad_input(given: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["costs", "--queue", "jobs", *given]) == 2
    assert error in " ".join(capsys.readouterr().err.split())


def test_the_last_time_in_alarm(stage: Stage) -> None:
    """Its end is known where it is OK again."""
    history = [(8.0, "shop-age", "ALARM", "OK"), (3.0, "shop-age", "OK", "ALARM"), (1.0, "shop-age", "ALARM", "OK")]
    with world(stage, alarm_changes=history) as (aws, _):
        start, end = alarm_history.newest_alarm(aws, "shop-age", END)
    assert end is not None
    assert ((start - WINDOW.start).total_seconds(), (end - start).total_seconds()) == (180, 300)
    with world(stage, firing=["shop-age"]) as (aws, _):
        assert alarm_history.newest_alarm(aws, "shop-age", END) == (END, None)
    with world(stage) as (aws, _), pytest.raises(UsageError, match="has not been in ALARM in the last 30 days"):
        alarm_history.newest_alarm(aws, "shop-age", END)
