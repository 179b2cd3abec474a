"""``ops status`` and the Overview page show the same for one twin."""

from __future__ import annotations

import json
import re

import pytest

from ops.cli import app as cli
from tests.dashboard.app import App
from tests.twins import Twin, wait_for


@pytest.mark.twin
def test_status_and_the_overview_agree(real: App, twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    def agree() -> bool:
        cli.run(["status", "--json"])
        status = json.loads(capsys.readouterr().out)
        level, _, rest = status["finding"]["text"].partition(": ")
        assert level in ("Critical", "Warning", "OK", "No data")
        queued, dead = (next(c["value"] for c in status["cards"] if c["key"] == key) for key in ("depth", "dead"))
        real.open()
        assert not real.at.exception
        expected = (rest, f"queued {queued:,.0f} message", f"dead letters {dead:,.0f} message")
        return all(squeezed(part) in squeezed(real.text) for part in expected)

    # Messages of earlier tests may still move between the two reads: both must agree on a quiet twin.
    wait_for(agree, 180, "the command line and the page never agreed")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
