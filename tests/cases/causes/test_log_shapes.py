"""What the logs are asked for is what is read, for every shape of line that is known; harmless lines stay harmless."""

from __future__ import annotations

import re

import pytest

from ops.deadletters.causes.attribution import log_search
from ops.deadletters.causes.logs import log_parser, log_shapes
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, ids_pattern
from tests.cases.causes.logged_lines import LINES
from tests.cases.causes.logged_lines.line import REQUEST, Line, written

ASKED = re.compile(log_parser.FAILURE_PATTERN)
FAILURES = [line for line in LINES if line.error[0]]
HARMLESS = [line for line in LINES if not line.error[0]]
PLATFORM = {"invocation record", "REPORT"}
"""Shapes that ``ops.invocation_log`` reads."""


def read(text: str) -> log_parser.LogEntry:
    said = log_parser.parse_row(
        {"@timestamp": "2026-11-23 19:00:01.000", "@message": text, "@logStream": "2026/11/23/[7]abc"}
    )
    assert said is not None
    return said


def name(line: Line) -> str:
    return f"{line.shape}: {line.text[:60]}"


@pytest.mark.parametrize("line", FAILURES, ids=name)
def test_a_failure_is_asked_for_by_its_shape_and_read(line: Line) -> None:
    shape = next(shape for shape in log_shapes.LOG_SHAPES if shape.name == line.shape)
    assert any(re.search(pattern, line.text) for pattern in shape.asks), "the query does not ask for it"
    said = read(line.text)
    assert said.failed
    assert (said.error_type, said.error_message) == line.error
    assert (said.location, said.request_id, said.chain) == (line.where, line.request, line.chain)


@pytest.mark.parametrize("line", HARMLESS, ids=name)
def test_a_harmless_line_is_no_failure(line: Line) -> None:
    assert not read(line.text).failed


def test_every_shape_has_its_lines() -> None:
    told = {line.shape for line in FAILURES}
    assert told | PLATFORM == {shape.name for shape in log_shapes.LOG_SHAPES}


@pytest.mark.parametrize("key", [key for key in log_shapes.LEVEL_KEYS if not key.startswith(("_", "record"))])
def test_a_level_by_any_name_and_in_any_spelling(key: str) -> None:
    outer, _, inner = key.partition(".")
    for word in (spelled for bad in log_shapes.ERROR_WORDS for spelled in (bad, bad.lower(), bad.title())):
        for record in ({key: word, "message": "no stock"}, {outer: {inner: word}, "message": "no stock"}):
            text = written(record)
            if inner or (outer == key and record.get(key) == word):
                assert read(text).failed and (ASKED.search(text) or key == "level.name"), text
    for word in (spelled for good in log_shapes.HARMLESS_WORDS for spelled in (good, good.lower())):
        assert not read(written({key: word, "message": "ERROR", "errorType": "E", "errorMessage": "x"})).failed


@pytest.mark.parametrize("word", log_shapes.SHOUTED)
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 19:00:01,000 - app - {} - no stock",
        "2026-11-23 19:00:01,000 {} no stock",
        "2026-11-23 19:00:01.000 [main] {} com.shop.Handler - no stock",
        "2026-11-23T19:00:01Z [{}] no stock",
        "2026-11-23 19:00:01.0000|{}|Shop|no stock",
        "[{}] no stock",
        "{}: no stock",
        f"2026-11-23T19:00:01.000Z\t{REQUEST}\t{{}}\tno stock",
        f"[{{}}]\t2026-11-23T19:00:01.000Z\t{REQUEST}\tno stock",
        "2026-11-23T19:00:01.000000Z {} shop: no stock",
    ],
)
def test_a_shouted_word_in_the_beginning_is_a_level(word: str, text: str) -> None:
    line = text.format(word)
    said = read(line)
    assert ASKED.search(line)
    assert (said.failed, said.error_type, said.error_message) == (True, "logged error", "no stock")
    assert not read(text.format("INFO").replace("no stock", f"the word {word} is no level here")).failed


@pytest.mark.parametrize("scale", log_shapes.LEVEL_SCALES, ids=lambda scale: scale.logger)
def test_a_number_is_a_level_by_the_logger_that_wrote_it(scale: log_shapes.LevelScale) -> None:
    for field in sorted(scale.fields):
        record = {"message": "no stock", field: "x"}
        text = written({**record, "level": scale.bad.start})
        assert ASKED.search(text), text
    strongest = dict.fromkeys(scale.fields, "x")
    assert read(written({**strongest, "level": scale.bad.start})).failed
    assert not read(written({**strongest, "level": scale.bad.start - 1})).failed
    assert not read(written({"message": "no stock", "level": scale.bad.start})).failed, "whose number is not known"


def test_a_query_with_many_ids_is_not_longer_than_logs_insights_takes() -> None:
    """10,000 characters (StartQuery, botocore 1.44.5 model, 2026-11)."""
    ids = [REQUEST] * MAX_IDS_PER_QUERY
    everything = f"{ids_pattern(ids)}|{log_search.BATCH_PATTERN}|{log_parser.FAILURE_PATTERN}"
    text = f"fields @timestamp, @message, @logStream | filter @message like /{everything}/ | sort @timestamp desc"
    assert len(text) <= 10_000
    assert "/" not in log_parser.FAILURE_PATTERN and re.search(ids_pattern([REQUEST]), f"x {REQUEST} y")
