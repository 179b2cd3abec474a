"""``ops status --watch``: refreshed in place until Ctrl-C, with its cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops import workload
from ops.cli.app import run
from ops.cli.output import live_screen
from tests.fakes.aws import FakeAws, Refusal, serve
from tests.ops.insight.world import WORKLOAD, Stage, world

Steps = Callable[..., list[float]]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    monkeypatch.setattr(workload, "describe", lambda *_: WORKLOAD)
    with serve(lambda *_: {}, monkeypatch) as fake, world(Stage(fake, None), depths={"jobs": (1, 0)}):  # type: ignore[arg-type]
        yield fake


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Does these steps in place of the pauses, and then presses Ctrl-C; the pauses that were asked for."""

    def install(*steps: Callable[[], Any]) -> list[float]:
        left, pauses = iter(steps), list[float]()

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            for step in left:
                step()
                return
            raise KeyboardInterrupt

        monkeypatch.setattr(live_screen, "pause", pause)
        return pauses

    return install


def test_an_alarm_in_alarm_names_the_command_that_finds_its_runbook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workload, "describe", lambda *_: WORKLOAD)
    with serve(lambda *_: {}, monkeypatch) as fake, world(Stage(fake, None), firing=["shop-dead"]):  # type: ignore[arg-type]
        run(["status", "--queue", "jobs", "--region", "us-east-1"])
    assert "shop-dead: ops runbook for shop-dead --region us-east-1\n" in capsys.readouterr().out


def test_each_refresh_and_the_cost_once(fake: FakeAws, between: Steps, capsys: pytest.CaptureFixture[str]) -> None:
    pauses = between(lambda: None, lambda: None)
    assert run(["status", "--queue", "jobs", "--watch"]) in (0, 1, 3)
    out = capsys.readouterr().out
    assert pauses == [30, 30, 30]
    assert out.count("shop · us-east-1 · account 1") == 3
    assert out.count("A refresh costs $") == 1 and "an hour at one every 30 s. Ctrl-C ends." in out
    assert "Queried" not in out
    assert fake.count("GetMetricData") == 3


def test_on_a_terminal_it_stays_in_place_and_leaves_the_last_screen(
    fake: FakeAws, between: Steps, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    between(lambda: None)
    run(["status", "--queue", "jobs", "--watch", "--interval", "7"])
    out = capsys.readouterr().out
    assert "\x1b[?1049h" in out, "the terminal's other screen"
    inside, after = out.rsplit("\x1b[?1049l", 1)
    assert "every 7 s. Ctrl-C ends." in " ".join(re.sub(r"\x1b\[[\d;?]*\w", "", inside).split())
    assert "Ctrl-C" not in after
    assert after.count("shop · us-east-1 · account 1") == 1
    assert "\x1b[?25h" in out, "the cursor is back"


def test_a_refresh_that_fails_leaves_what_was_read(
    fake: FakeAws, between: Steps, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = fake.answer

    def throttled() -> None:
        def refuse(service: str, operation: str, asked: dict[str, Any]) -> Any:
            raise Refusal("ThrottlingException")

        fake.answer = refuse

    def well_again() -> None:
        fake.answer = answer

    between(throttled, well_again)
    assert run(["status", "--queue", "jobs", "--watch"]) in (0, 1, 3)
    out = capsys.readouterr().out
    assert out.count("not refreshed: ") == 1 and out.count("shop · us-east-1") == 3


@pytest.mark.parametrize("more", [["--interval", "1"], ["--interval", "4000"], ["--output", "csv"], ["--json"]])
def test_what_cannot_be_watched(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--queue", "jobs", "--watch", *more]) == 2
    err = capsys.readouterr().err
    assert "--json" not in more or json.loads(err)["message"] == "--watch is for a screen."
