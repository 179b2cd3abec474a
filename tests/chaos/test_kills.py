"""A redrive may be killed at any moment: nothing is lost, and what may have gone twice is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.campaign import campaign

KILLS = 8


@pytest.mark.slow
def test_a_redrive_that_is_killed_and_resumed_loses_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    totals = campaign(tmp_path, KILLS, first_seed=9000, say=said.append)
    assert totals.kills >= KILLS
    assert (totals.lost, totals.unlisted, totals.problems) == (0, 0, 0), "\n".join(said)
