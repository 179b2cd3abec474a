"""Redrives that did not go to their end by themselves: what they say, what is asked before they go on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes import monitor
from tests.fakes.dlq_world import FixedOutcomes
from tests.ops.cli.conftest import Desk


def planned(desk: Desk, count: int) -> str:
    desk.bury(*({"job_id": f"job-{number}"} for number in range(count)))
    return str(desk.json("plan", "--no-headroom")["plan"]["id"])


@pytest.fixture
def comes_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Outcome | None], None]]:
    """Sets what becomes of everything that is sent; at first it comes back."""

    def becomes(outcome: Outcome | None) -> None:
        monkeypatch.setattr(monitor, "start_monitor", lambda *_: FixedOutcomes(lambda _: outcome))

    becomes(Outcome.FAILED_AGAIN)
    yield becomes


def test_after_the_canary_the_cause_comes_first_and_going_on_is_asked(
    desk: Desk, terminal: Any, monkeypatch: pytest.MonkeyPatch, comes_back: Callable[[Outcome | None], None]
) -> None:
    plan = planned(desk, 20)
    code, out, _ = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 1
    assert out.startswith("Stopped: 5 of 20 sent · 5 failed again.")
    steps = [line for line in out.splitlines() if line.startswith("→ ")]
    commands = [line.removeprefix("→ ops ").split("   ")[0] for line in steps]
    assert commands == [
        "dlq scan --queue jobs",
        "dlq causes --queue jobs",
        f"logs --redrive {plan} --queue jobs",
        f"dlq resume {plan} --queue jobs",
    ], "the cause first, going on last"
    comes_back(Outcome.SUCCEEDED)
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        code, out, err = desk.ops("resume", plan)
    assert (code, out) == (2, "")
    assert "→ 5 of 5 failed again: fix the cause (ops dlq scan --queue jobs), then add --yes." in err
    terminal("n")
    code, out, err = desk.ops("resume")
    assert (code, out.strip()) == (1, "")
    assert "Stopped in stage 1 of 2: 5 of 5 failed again, more than 20%" in err
    assert "Is the cause fixed? Resume?" in err
    assert len(desk.world.jobs.messages()) == 5, "nothing went without a yes"
    terminal("y")
    _, out, _ = desk.ops("resume", plan)
    assert "Done: 20 of 20 sent · 15 succeeded · 5 failed again." in out
    assert re.search(r"^ *1 +5 +5 +0 +5 +0 +stopped, then resumed", desk.ops("runs", plan)[1], re.MULTILINE)


def test_a_yes_goes_on_after_the_canary_without_asking(
    desk: Desk, comes_back: Callable[[Outcome | None], None]
) -> None:
    plan = planned(desk, 20)
    assert desk.ops("redrive", plan, "--reason", "r", "--yes")[0] == 1
    comes_back(Outcome.SUCCEEDED)
    assert "15 succeeded" in desk.ops("resume", plan, "--yes")[1]


def test_a_watch_that_was_ended_early_is_watched_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, comes_back: Callable[[Outcome | None], None]
) -> None:
    plan = planned(desk, 4)
    comes_back(None)
    with monkeypatch.context() as patch:
        patch.setattr(
            "ops.cli.dlq.redrive.stopping", lambda *_: nullcontext(lambda: len(desk.world.jobs.messages()) == 4)
        )
        code, out, _ = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 1
    assert out.startswith("Cancelled: 4 of 4 sent · 4 outcome unknown.")
    assert "watching the outcomes ended early" in " ".join(out.split())
    assert f"→ ops dlq resume {plan} --queue jobs   wait for the outcomes; nothing is sent again" in out
    comes_back(Outcome.SUCCEEDED)
    code, out, _ = desk.ops("resume", plan)
    assert code == 0, "no one is asked: nothing came back"
    assert out.startswith("Done: 4 of 4 sent · 4 succeeded.")
    assert len(desk.world.jobs.messages()) == 4


def test_the_list_of_runs_has_two_lines_a_run_at_80_columns(
    desk: Desk, comes_back: Callable[[Outcome | None], None]
) -> None:
    plan = planned(desk, 20)
    desk.ops("redrive", plan, "--reason", "a long story of what was fixed, by whom and in which ticket " * 3, "--yes")
    _, out, _ = desk.ops("runs")
    head, more, *steps = out.splitlines()[1:]
    assert re.fullmatch(rf"{plan}  stopped  5 of 20 sent · started \d\d:\d\d UTC", head)
    assert more.startswith("  5 failed again · a long story of what was fixed")
    assert more.endswith("…")
    assert len(more) == 80
    assert all(line.startswith("→ ") for line in steps)
