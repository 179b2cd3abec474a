"""What is found in a runbook before anything is run."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as some

from ops import runbook_files
from ops.runbooks import library, paper, validate
from ops.runbooks.actions import ACTIONS
from tests.bench import runbooks as bench
from tests.cases.runbooks.broken import GOOD, Broken, documents

LIVE = [name for name in library.names() if library.read_file(library.find(name))[0].steps]


def problems(text: str) -> list[str]:
    return [f"{problem.line}: {problem.text}" for problem in validate.read("x", "x.md", text)[1]]


@pytest.mark.parametrize("broken", documents(), ids=lambda broken: broken.name)
def test_each_problem_with_its_line(broken: Broken) -> None:
    assert broken.text != GOOD
    assert problems(broken.text) == list(broken.problems)


def test_the_good_one_has_none() -> None:
    assert problems(GOOD) == []


def test_there_are_enough() -> None:
    assert len(documents()) >= 40


@pytest.mark.parametrize("name", library.names())
def test_every_runbook_of_this_repository_is_whole(name: str) -> None:
    document, found = library.read_file(library.find(name))
    assert found == ()
    assert paper.written(document) == document.text, "its commands are those of its steps"


def test_the_live_ones() -> None:
    assert {"dlq-redrive", "stalled-consumer"} <= set(LIVE)


@given(some.text(max_size=400))
def test_no_block_is_a_crash(text: str) -> None:
    for block in (f"---\n{text}\n---\n", GOOD.replace("action: queue.look", text), GOOD.replace("maximum: 20", text)):
        validate.read("x", "x.md", block)


@given(some.text(max_size=60))
def test_no_expression_is_a_crash(text: str) -> None:
    for key in ("when", "expect"):
        validate.read("x", "x.md", GOOD.replace("expect: visible > `0`", f"{key}: {json.dumps(text)}"))


def test_files_that_are_no_runbook(tmp_path: Path) -> None:
    for content, expected in ((b"\xff\xfe", "this is not UTF-8"), (b"a" * 300_000, "larger than"), (b"", "")):
        path = tmp_path / "x.md"
        path.write_bytes(content)
        found = [problem.text for problem in library.read_file(path)[1]]
        assert (expected in found[0]) if expected else found == []


@pytest.mark.parametrize(
    ("alarm", "described", "first"),
    [
        ("dead-letters", "dlq-redrive", ["dlq-redrive", "poison-message"]),
        ("stalled", "stalled", ["stalled-consumer", "region-event"]),
        ("oldest-message-age", "oldest-message-age", ["oldest-message-age", "backlog", "stalled-consumer"]),
        ("oldest-message-age", "backlog", ["backlog"]),
    ],
)
def test_an_alarm_finds_its_runbooks(alarm: str, described: str, first: list[str]) -> None:
    """Those that run first, whichever others there are; of them its own, then by how early they name it."""
    found = library.for_alarm(f"shop-{alarm}", f"Why. Runbook: runbooks/{described}.md")
    names = [document.name for document in found if document.steps]
    assert [name for name in names if name in first] == first
    assert [bool(document.steps) for document in found] == sorted(
        (bool(runbook.steps) for runbook in found), reverse=True
    )


def test_an_alarm_that_no_runbook_names() -> None:
    assert library.for_alarm("shop-something", "") == ()
    assert runbook_files.file("dlq-redrive.md") is not None


def test_actions_declare_what_they_need() -> None:
    session = botocore.session.get_session()
    for action in ACTIONS.values():
        assert action.summary
        assert action.outputs
        for permission in action.permissions:
            service, operation = permission.split(":")
            operation = {"InvokeFunction": "Invoke"}.get(operation, operation)  # IAM's own name of Invoke
            assert operation in session.get_service_model(service).operation_names, f"{action.name}: {permission}"


def test_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main()
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["broken"] == figures["broken_found"] >= 40
    assert figures["documents"] == len(library.names())
