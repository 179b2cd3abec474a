"""Two machines that start a run on one workload in the same second: at most one goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from ops import workload
from ops.aws import Aws
from ops.deadletters.queue import open_queue
from ops.runbooks.actions.action import ActionContext
from ops.runbooks.locking import RunbookBusy, SharedHold
from ops.runbooks.locking.shared_hold import SETTLE_S, TAG, WRITTEN_WITHIN_S
from ops.runbooks.record import FOLDER
from ops.target import Target
from tests.fakes.aws import serve
from tests.fakes.stalled_workload import StalledWorkload

TIMEOUT_S = 30.0
"""Of a barrier: a fault of the test's, which ends it."""


@pytest.fixture
def homes(tmp_path: Path) -> list[Path]:
    """Of two machines and a third."""
    found = [tmp_path / name for name in ("a", "b", "third")]
    for home in found:
        (home / FOLDER).mkdir(parents=True)
    return found


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[StalledWorkload]:
    found = StalledWorkload()
    with serve(found.answer, monkeypatch):
        yield found


def _machine(pause: Callable[[float], None], elapsed_s: Callable[[], float] = lambda: 0.0) -> ActionContext:
    aws = Aws(Target(queue="orders"), max_attempts=1)
    described = workload.describe(aws, aws.target)
    return ActionContext(
        aws=aws,
        workload=described,
        open_dlq=lambda: open_queue(aws, described, None),
        reason="test",
        ask=lambda *_: "",
        progress=lambda _text: None,
        pause=pause,
        elapsed_s=elapsed_s,
    )


def _takes(hold: SharedHold, over: bool = False) -> bool:
    try:
        hold.take(over=over)
    except RunbookBusy:
        return False
    return True


@pytest.mark.parametrize("over", [False, True])
def test_exactly_one_of_two_goes_on(orders: StalledWorkload, homes: list[Path], over: bool) -> None:
    """Both read before either has written, and both have written before either reads again: also where each takes the
    workload over from a third."""
    if over:
        third = SharedHold(_machine(lambda _s: None), homes[2], "run-third", "user/third")
        third.take(over=False)
    both_read, both_written = Barrier(2, timeout=TIMEOUT_S), Barrier(2, timeout=TIMEOUT_S)

    def await_both(_seconds: float) -> None:
        both_written.wait()

    contexts = [_machine(await_both) for _ in range(2)]
    writes: list[Any] = []

    def before_write(operation: str) -> None:
        if operation == "TagQueue":
            writes.append(operation)
            both_read.wait()

    orders.before = before_write
    holds = [SharedHold(one, home, f"run-{home.name}", "user/x") for one, home in zip(contexts, homes[:2], strict=True)]
    with ThreadPoolExecutor(2) as pool:
        went_on = list(pool.map(lambda hold: _takes(hold, over), holds))
    assert (len(writes), sorted(went_on)) == (2, [False, True])
    winner = "ab"[went_on.index(True)]
    assert orders.tags[TAG].startswith(f"run-{winner} on ")
    holds[went_on.index(True)].ensure_ours()
    holds[went_on.index(True)].release()
    assert orders.tags == {}


def test_one_that_was_slow_to_write_gives_way(orders: StalledWorkload, homes: list[Path]) -> None:
    """It may have read before the other's tag was there, and have written after the other looked again."""
    assert WRITTEN_WITHIN_S <= SETTLE_S
    now = [0.0]
    slow = _machine(lambda _s: None, lambda: now[0])

    def stall(operation: str) -> None:
        if operation == "TagQueue":
            now[0] += WRITTEN_WITHIN_S + 0.1

    orders.before = stall
    with pytest.raises(RunbookBusy, match=r"SQS took 2\.1 s to tag orders"):
        SharedHold(slow, homes[0], "run-slow", "user/slow").take(over=False)
    assert orders.tags == {}, "it keeps no one out"


def test_one_that_goes_on_with_its_own_tag_does_not_wait(orders: StalledWorkload, homes: list[Path]) -> None:
    waits: list[float] = []
    context = _machine(waits.append)
    SharedHold(context, homes[0], "run-a", "user/a").take(over=False)
    SharedHold(replace(context), homes[0], "run-a", "user/a").take(over=False)
    assert waits == [SETTLE_S]


def test_one_that_is_interrupted_while_it_waits_keeps_no_one_out(orders: StalledWorkload, homes: list[Path]) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SharedHold(_machine(interrupt), homes[0], "run-a", "user/a").take(over=False)
    assert orders.tags == {}
