"""When a move task moves more than there is to move: by its own count, and by the depth of the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ops.aws.move_tasks import MoveTask
from ops.deadletters.move_task.progress import MoveCounter

BEGAN = datetime(2026, 11, 24, tzinfo=UTC)


def a_task(moved: int, to_move: int, number: int = 0) -> MoveTask:
    return MoveTask("RUNNING", BEGAN + timedelta(minutes=number), moved, to_move)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_moves_are_let_pass_up_to_the_margin() -> None:
    moves = MoveCounter(1_000, 0.1, None, 75)
    moves.update(a_task(1_000, 1_000))
    assert (moves.refilled, moves.looping) == (False, False)
    moves.update(a_task(1_100, 1_000))
    assert (moves.refilled, moves.looping) == (True, False)
    moves.update(a_task(1_101, 1_000))
    assert moves.looping


def test_what_came_since_the_plan_counts_as_to_be_moved() -> None:
    moves = MoveCounter(50, 0.1, None, 75)
    moves.update(a_task(0, 80))
    assert (moves.messages, moves.allowed) == (80, 90)


def test_all_tasks_of_a_run_count_together_and_a_count_that_falls_back_does_not() -> None:
    moves = MoveCounter(100, 0.1, None, 75)
    for task in (a_task(80, 100), a_task(70, 100), a_task(25, 60, 1)):
        moves.update(task)
    assert (moves.total, moves.messages, moves.looping) == (105, 100, False)


def test_a_healthy_queue_whose_depth_is_a_minute_late() -> None:
    clock = Clock()
    moves = MoveCounter(10_000, 0.1, 0.2, 75, clock)
    for second in range(101):
        clock.now = float(second)
        late = 10_000 - 100 * max(0, second - 60)
        moves.update(a_task(100 * second, 10_000), late)
        assert (moves.refilled, moves.looping) == (False, False), second


def test_a_queue_that_fills_again_is_known_before_the_plan_is_used_up() -> None:
    clock = Clock()
    moves = MoveCounter(10_000, 0.1, 0.2, 75, clock)
    second = 0
    while not moves.looping:
        second += 1
        clock.now = float(second)
        moves.update(a_task(100 * second, 10_000), 10_000)
        assert moves.refilled or not moves.looping
    assert moves.total < 12_000
    small = MoveCounter(10_000, 0.01, 0.2, 3, clock)
    at = clock.now
    while not small.looping:
        clock.now += 1
        small.update(a_task(int(100 * (clock.now - at)), 10_000), 10_000)
    assert small.total < 1_000, "where the depth is known at once, long before"
