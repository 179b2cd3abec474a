"""Independent calls made at the same time, in daemon threads, so that an interrupted program ends at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")
R = TypeVar("R")

MAX_THREADS = 8


def parallel_map(ask: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """The answers, in the order of ``items``. Raises the first error, and asks nothing more then.

    Unlike the threads of an executor, these are not waited for when the program exits.
    """
    questions = list(items)
    answers: dict[int, R] = {}
    errors: list[Exception] = []
    waiting, lock = iter(range(len(questions))), threading.Lock()

    def work() -> None:
        while not errors:
            with lock:
                place = next(waiting, None)
            if place is None:
                return
            try:
                answers[place] = ask(questions[place])
            except Exception as error:  # noqa: BLE001 - raised below, by the thread that asked
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(MAX_THREADS, len(questions)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [answers[place] for place in range(len(questions))]


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """The results of two calls made at once, ``first`` by the thread that asks. Raises the error of ``first``, else
    that of ``second``; if ``first`` fails, it does not wait for ``second``."""
    results: list[B] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            results.append(second())
        except Exception as error:  # noqa: BLE001 - raised below, by the thread that asked
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    found = first()
    thread.join()
    if errors:
        raise errors[0]
    return found, results[0]
