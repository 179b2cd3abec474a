"""Calls that are made at once."""

from __future__ import annotations

import threading

import pytest

from ops.aws.parallel_calls import both, parallel_map

MEETING_S = 10


def test_both_calls_are_under_way_at_once() -> None:
    meeting = threading.Barrier(2)
    assert both(lambda: meeting.wait(MEETING_S), lambda: meeting.wait(MEETING_S)) in ((0, 1), (1, 0))


def test_the_error_of_the_first_call_comes_before_that_of_the_second() -> None:
    failed = threading.Event()

    def second() -> None:
        failed.set()
        raise ValueError("second")

    def first() -> None:
        assert failed.wait(MEETING_S)
        raise LookupError("first")

    with pytest.raises(LookupError, match="first"):
        both(first, second)


def test_an_error_of_the_second_call_alone_is_raised() -> None:
    def refuse() -> None:
        raise ValueError("second")

    with pytest.raises(ValueError, match="second"):
        both(lambda: 1, refuse)


def test_items_are_asked_about_at_once_and_answered_in_their_order() -> None:
    meeting = threading.Barrier(3)

    def ask(item: int) -> int:
        meeting.wait(MEETING_S)
        return 10 * item

    assert parallel_map(ask, [3, 1, 2]) == [30, 10, 20]


def test_no_further_item_is_asked_about_after_an_error() -> None:
    asked: list[int] = []

    def ask(item: int) -> int:
        asked.append(item)
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item"):
        parallel_map(ask, range(1_000))
    assert len(asked) <= 8
