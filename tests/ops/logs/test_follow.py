"""Following log groups: each new line once, oldest first, of wanted invocations alone where IDs are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.errors import AccessDenied
from ops.logs import follow_log_lines
from ops.logs.model import MAX_LINE_CHARACTERS
from tests.fakes.logs import row
from tests.ops.logs.conftest import M1, MAILER, R1, R2, WORKER, LogWorld, seconds_after


def follow(world: LogWorld, *steps: Callable[[], Any], **options: Any) -> Iterator[str]:
    """The texts that come while one of ``steps`` is done after each read."""
    left = iter(steps)
    world.logs.groups.setdefault(MAILER.group, [])

    def stop() -> bool:
        """Asked after each read, and during the pause, which is none here."""
        for step in left:
            step()
            return False
        return True

    lines = follow_log_lines(
        world.aws, (WORKER, MAILER), seconds_after(0), stop=stop, pause_s=0, say=world.said.append, **options
    )
    return (line.text for line in lines)


def test_each_line_once_oldest_first_also_late_ones(world: LogWorld) -> None:
    world.logs.rows = [row(-1, "before"), row(2, "second"), row(1, "first")]
    world.logs.groups = {MAILER.group: [row(1.5, "between")]}

    def later() -> None:
        world.logs.rows += [row(3, "third"), row(1.2, "late")]

    assert list(follow(world, later)) == ["first", "between", "second", "late", "third"]


def test_a_burst_is_read_to_its_end(world: LogWorld) -> None:
    world.logs.most = 10
    world.logs.rows = [row(number / 10, str(number)) for number in range(350)]
    nothing = [lambda: None] * 5
    assert list(follow(world, *nothing)) == [str(number) for number in range(350)]


def test_a_log_group_that_comes_later(world: LogWorld) -> None:
    world.logs.gone = {MAILER.group}

    def first_run() -> None:
        world.logs.gone = set()
        world.logs.groups = {MAILER.group: [row(1, "hello")]}

    assert list(follow(world, lambda: None, first_run)) == ["hello"]
    assert world.said == ["There is no log group /aws/lambda/mailer yet: waiting for mailer to run."]


def test_logs_that_may_not_be_read_end_it(world: LogWorld) -> None:
    world.logs.refuse = "AccessDeniedException"
    with pytest.raises(AccessDenied):
        list(follow(world))


def test_only_lines_with_a_text(world: LogWorld) -> None:
    world.logs.rows = [row(1, "ERROR no"), row(2, "info"), row(3, "an Error")]
    assert list(follow(world, text="error")) == ["ERROR no", "an Error"]


def test_the_invocation_of_a_message_from_the_line_that_names_it(world: LogWorld) -> None:
    """Message IDs may come while it follows: a running redrive sends more."""
    here, there = "2026/11/23/[7]a", "2026/11/23/[7]b"
    wanted: list[str] = []
    world.logs.rows = [row(0, f"{R1} has {M1}", here), row(1, "done", here), row(2, f"REPORT RequestId: {R1}\t", here)]

    def sent() -> None:
        wanted.append(M1)
        world.logs.rows += [
            row(5, f"START RequestId: {R2}", here),
            row(6, f"got {M1}", here),
            row(7, "elsewhere", there),
            row(8, "no ID", here),
            row(9, f"REPORT RequestId: {R2}\tDuration: 1 ms", here),
            row(10, "of the next", here),
        ]

    found = list(follow(world, sent, ids=lambda: wanted))
    assert found == [f"got {M1}", "no ID", f"REPORT RequestId: {R2}\tDuration: 1 ms"]


def test_a_text_is_found_beyond_what_a_line_shows(world: LogWorld) -> None:
    world.logs.rows = [row(1, "x" * MAX_LINE_CHARACTERS + " wanted")]
    assert list(follow(world, text="wanted")) == ["x" * MAX_LINE_CHARACTERS]
