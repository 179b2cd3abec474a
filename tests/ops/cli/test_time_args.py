"""Times and shares as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.cli import time_args
from ops.errors import UsageError

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2h", datetime(2026, 11, 24, 1, 0, tzinfo=UTC)),
        ("90s", datetime(2026, 11, 24, 2, 58, 30, tzinfo=UTC)),
        ("1.5d", datetime(2026, 11, 22, 15, 0, tzinfo=UTC)),
        ("02:10", datetime(2026, 11, 24, 2, 10, tzinfo=UTC)),
        ("02:10 UTC", datetime(2026, 11, 24, 2, 10, tzinfo=UTC)),
        ("23:50", datetime(2026, 11, 23, 23, 50, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T04:05", datetime(2026, 11, 23, 4, 5, tzinfo=UTC)),
        ("2026-11-23T04:05:06+02:00", datetime(2026, 11, 23, 2, 5, 6, tzinfo=UTC)),
    ],
)
def test_a_moment(text: str, at: datetime) -> None:
    assert time_args.moment(text, NOW) == at


@pytest.mark.parametrize(
    "text", ["", "soon", "90", "25:00", "-2h", "2026-13-01", "9" * 400 + "d", "9999-12-31T23:59-14:00"]
)
def test_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is not a valid time") as raised:
        time_args.moment(text, NOW)
    assert "02:10" in raised.value.next_step


def test_durations_and_shares() -> None:
    assert time_args.seconds("90") == 90
    assert time_args.seconds("15m") == 900
    assert time_args.seconds("2 h") == 7200
    assert time_args.share("20%") == time_args.share("0.2") == 0.2
    for nonsense in ("-1", "101%", "2", "nan", "many"):
        with pytest.raises(UsageError, match="is not a valid share"):
            time_args.share(nonsense)
    with pytest.raises(UsageError, match="is not a valid duration"):
        time_args.seconds("a while")
