"""Workloads that log in the shapes of others, from the queue to the cause: a few of those that the bench explains."""

from __future__ import annotations

import pytest

from ops.deadletters.causes.logs import log_parser
from tests.fakes import metric_worlds
from tests.fakes.log_formats import LOG_FORMATS
from tests.fakes.log_worlds import World, tally

NAMES = {shape.name: shape for shape in LOG_FORMATS}


@pytest.mark.parametrize(
    ("name", "shared"),
    [("Python logging, own format", True), ("logback", False), ("Ruby Logger", True), ("slog", False)],
)
def test_causes_are_right_told_apart_and_never_falsely_certain(name: str, shared: bool) -> None:
    done = tally(World(NAMES[name], shared, seed=77))
    assert done.false_certain == 0, done.wrong
    assert done.right >= 0.95 * done.messages, done.wrong
    assert done.pure >= 0.9 * done.messages


@pytest.mark.parametrize(("name", "shared"), [("logback", False), ("slog", True)])
def test_what_only_the_metrics_tell_is_told_apart_from_logged_failures(name: str, shared: bool) -> None:
    logged, unlogged = metric_worlds.tally(World(NAMES[name], shared, seed=77))
    assert logged.right >= 0.95 * logged.messages, logged.wrong
    assert unlogged.right == unlogged.messages, unlogged.wrong
    assert unlogged.false_certain == logged.false_certain == 0


def read(line: str) -> log_parser.LogEntry:
    said = log_parser.parse_row({"@timestamp": "2026-11-28 13:00:00.000", "@message": line, "@logStream": "s"})
    assert said is not None
    return said


def test_the_reason_of_a_type_is_not_its_level() -> None:
    """Of a trace that is printed line by line, each line is an event."""
    said = read("shop.UpstreamException: 503 Server Error: no")
    assert (said.failed, said.level) == (False, "")


def test_what_rubys_runtime_writes() -> None:
    error = '{\n  "errorMessage": "no",\n  "errorType": "Function<KeyError>",\n  "stackTrace": []\n}'
    for words in ("Error raised from handler method", "Critical exception from handler"):
        said = read(f"{words}\n{error}")
        assert (said.failed, said.error_type, said.error_message) == (True, "Function<KeyError>", "no")
