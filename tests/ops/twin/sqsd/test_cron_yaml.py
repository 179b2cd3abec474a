"""cron.yaml: what is read, when it is due, and each way in which it can be wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.errors import UsageError
from ops.twin.sqsd import cron_expression, cron_yaml

TASK = '{name: backup, url: /backup, schedule: "0 23 * * *"}'


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_shipped_file_is_valid() -> None:
    [task] = cron_yaml.read(cron_yaml.SHIPPED)
    assert (task.name, task.url) == ("self-test", "/tasks/self-test")
    assert [task.schedule.matches(at(f"2026-11-29T10:{minute}")) for minute in ("00", "15", "16")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("expression", "due", "not_due"),
    [
        ("0 */12 * * *", "2026-11-29T12:00", "2026-11-29T13:00"),
        ("0 23 * * *", "2026-11-29T23:00", "2026-11-29T23:01"),
        ("5-20/5,50 0 * * *", "2026-11-29T00:15", "2026-11-29T00:25"),
        ("10/25 * * * *", "2026-11-29T00:35", "2026-11-29T00:25"),
        ("0 0 * feb MON", "2026-02-02T00:00", "2026-02-03T00:00"),
        ("0 0 * * 7", "2026-11-29T00:00", "2026-11-30T00:00"),  # a Sunday
        ("0 0 1 * 5", "2026-12-01T00:00", "2026-12-02T00:00"),  # the first, or a Friday
        ("0 0 1 * 5", "2026-12-04T00:00", "2026-12-03T00:00"),
        ("0 0 */2 * 1", "2026-11-09T00:00", "2026-11-10T00:00"),  # both days: * restricts nothing by itself
    ],
)
def test_when_a_task_is_due(expression: str, due: str, not_due: str) -> None:
    schedule = cron_expression.parse(expression)
    assert schedule.matches(at(due))
    assert not schedule.matches(at(not_due))


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("* * * *", "it has 4 fields, and needs 5"),
        ("@daily", "it has 1 fields"),
        ("60 * * * *", "the minute must be 0 to 59, not '60'"),
        ("* 24 * * *", "the hour must be 0 to 23"),
        ("* * 0 * *", "the day of month must be 1 to 31"),
        ("* * * 13 *", "the month must be 1 to 12"),
        ("* * * * someday", "the day of week must be 0 to 7, not 'someday'"),
        ("*/0 * * * *", "the step of the minute must be 1 to 59"),
        ("30-10 * * * *", "the minute 30-10 runs backward"),
        (", * * * *", "the minute must be 0 to 59, not ''"),
        ("-1 * * * *", "the minute must be 0 to 59, not ''"),
    ],
)
def test_a_schedule_that_is_none_says_why(expression: str, error: str) -> None:
    with pytest.raises(UsageError) as raised:
        cron_yaml.parse(f'{{version: 1, cron: [{{name: a, url: /a, schedule: "{expression}"}}]}}')
    assert error in str(raised.value)
    assert str(raised.value).startswith("cron.yaml, task 1: the schedule")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("cron: [", "cron.yaml is not YAML in line 1."),
        ("a: !!python/object:os.system {}", "cron.yaml is not YAML"),
        ("", "has no version and no list of tasks"),
        ("- a", "has no version and no list of tasks"),
        (f"cron: [{TASK}]", "the version must be 1, not None."),
        (f"{{version: 2, cron: [{TASK}]}}", "the version must be 1, not 2."),
        (f"{{version: true, cron: [{TASK}]}}", "the version must be 1, not True."),
        (f"{{version: 1, cron: [{TASK}], jobs: []}}", "unknown member 'jobs'"),
        ("version: 1", "cron must be a list of at least one task"),
        ("{version: 1, cron: []}", "cron must be a list of at least one task"),
        ("{version: 1, cron: [text]}", "task 1 is not a name, a url and a schedule"),
        ("{version: 1, cron: [{name: a, url: /a}]}", "task 1: schedule must be text"),
        ('{version: 1, cron: [{name: 5, url: /a, schedule: "* * * * *"}]}', "task 1: name must be text"),
        ('{version: 1, cron: [{name: a, url: a, schedule: "* * * * *"}]}', "the url 'a' is not a path"),
        ('{version: 1, cron: [{name: "ä", url: /a, schedule: "* * * * *"}]}', "cannot be sent as a header"),
        (
            f'{{version: 1, cron: [{TASK}, {{name: b, uri: /b, schedule: "* * * * *"}}]}}',
            "task 2: unknown member 'uri'",
        ),
        (f"{{version: 1, cron: [{TASK}, {TASK}]}}", "two tasks are named 'backup'"),
    ],
)
def test_a_file_that_is_wrong_says_where(content: str, error: str) -> None:
    with pytest.raises(UsageError) as raised:
        cron_yaml.parse(content)
    assert error in str(raised.value)
    assert raised.value.next_step


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file"):
        cron_yaml.read(tmp_path / "cron.yaml")
