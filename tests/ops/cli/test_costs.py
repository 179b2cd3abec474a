"""``ops costs`` of an incident: its time range."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from ops import workload
from ops.cli.app import run
from tests.fakes.aws import serve
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, world


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--minutes", "5", "--since", "2h"), "The time range is given in two ways."),
        (("--since", "2h", "--alarm", "shop-age"), "The time range is given in two ways."),
        (("--minutes", "5", "--alarm", "shop-age"), "The time range is given in two ways."),
        (("--until", "2h"), "--until needs a start."),
        (("--since", "1h", "--until", "2h"), "The time range ends before it starts."),
        (("--since", "yesterday"), "'yesterday' is not a valid time."),
    ],
)
def test_bad_input(given: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["costs", "--queue", "jobs", *given]) == 2
    assert error in " ".join(capsys.readouterr().err.split())


def test_an_incident_says_which_times_it_has(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--until`` extends it, to what came after."""
    monkeypatch.setattr(workload, "describe", lambda *_: WORKLOAD)
    history = [(8.0, "shop-age", "ALARM", "OK"), (3.0, "shop-age", "OK", "ALARM")]
    began, ended = (f"{WINDOW.start + timedelta(minutes=minute):%H:%M} UTC" for minute in (3, 8))
    with serve(lambda *_: {}, monkeypatch) as fake, world(Stage(fake, None), alarm_changes=history):  # type: ignore[arg-type]
        assert run(["costs", "--queue", "jobs", "--alarm", "shop-age"]) == 0
        screen = " ".join(capsys.readouterr().out.split())
        assert run(["costs", "--queue", "jobs", "--alarm", "shop-age", "--until", "0.001s", "--json"]) == 0
        extended = json.loads(capsys.readouterr().out)
    assert f"incident of shop-age, {began} to {ended}" in screen
    assert f"From {began}, the change to ALARM" in screen
    assert f"Until {ended}, when it was OK again." in screen
    assert extended["inferred"][1] == "Until the given time."
