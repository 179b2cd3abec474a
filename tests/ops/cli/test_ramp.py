"""``ops ramp``: stretches of one limiting factor, and what it refuses."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from ops.cli.app import run
from ops.cli.insight.capacity import ramp
from ops.cli.output.json_output import dumps
from ops.insight.reports import concurrency
from ops.insight.reports.concurrency import ConcurrencyReport
from tests.ops.insight.conftest import stage as stage
from tests.ops.insight.world import END, MAPPING, WINDOW, Points, Stage, without, world

RAMPING: dict[str, Points] = {
    "ConcurrentExecutions": [2, 300, 600, 900, 1_000, 1_000, 400, 500, 600, 700],
    "ApproximateNumberOfMessagesVisible": [0, *[9_000] * 9],
    "NumberOfMessagesSent": 9_000,
    "NumberOfMessagesReceived": 900,
    "NumberOfMessagesDeleted": 900,
    "Throttles": [0, 0, 0, 0, 0, 40, 0, 0, 0, 0],
    "Errors": [0, 0, 0, 0, 0, 0, 3, 0, 0, 0],
}


@pytest.fixture
def ramping(stage: Stage) -> ConcurrencyReport:
    wide = without(mapping=replace(MAPPING, maximum_concurrency=None))
    with world(stage, RAMPING, depths={"jobs": (9_000, 0)}) as (aws, _):
        return concurrency.report(aws, wide, WINDOW)


def test_stretches_of_one_limiting_factor(ramping: ConcurrencyReport) -> None:
    out = io.StringIO()
    ramp.show(Console(file=out, width=200, highlight=False), "shop", ramping, WINDOW)
    text = out.getvalue()
    assert "40 invocations were throttled" in text.split("\n")[0]
    rows = [" ".join(line.split()[4:]) for line in text.splitlines() if "UTC" in line]
    assert rows[:4] == [
        "2 2 nothing 0 0 0",
        "300 to 600 302 to 602 ESM scaling 9,000 0 0",
        "900 to 1,000 902 to 1,000 account quota 9,000 0 0",
        "1,000 1,000 account quota, backs off 9,000 40 0",
    ]
    assert "limits: account quota 1,000, ESM maximum 1,250" in text


def test_every_period_as_json(ramping: ConcurrencyReport) -> None:
    found = json.loads(dumps(ramp.as_plain(ramping, WINDOW)))
    assert len(found["periods"]) == 10
    assert found["period_s"] == 60
    assert found["periods"][5]["throttles"] == 40
    assert found["periods"][5]["backed_off"] is True


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--minutes", "5", "--since", "2h"), "The time range is given in two ways."),
        (("--until", "2h"), "--until needs a start."),
        (("--since", f"{END + timedelta(days=400):%Y-%m-%d}"), "The time range starts in the future."),
        (("--minutes", "-3"), "--minutes"),
    ],
)
def test_bad_input(given: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ramp", "--queue", "jobs", "--region", "eu-west-1", *given]) == 2
    shown = capsys.readouterr()
    assert error in " ".join(shown.err.split())
    assert "Traceback" not in shown.err
