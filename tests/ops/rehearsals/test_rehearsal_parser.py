"""Rehearsal files: those of the repository are valid, and an invalid one is reported with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.cli.app import run
from ops.rehearsals import library, rehearsal_parser
from ops.runbooks import library as runbooks

GOOD = """about = "No consumer reads the queue."
runbook = "stalled-consumer"
alarm = "stalled"
alarm-within = 240
run-within = 180

[[incident]]
do = "pause-mapping"

[[incident]]
do = "send-jobs"
kind = "quick"
count = 10

[answers]
paused = "no"
turn_on = "yes"

[[fix]]
before = "paused"
do = "supply-data"

[after]
within = 60
"""
BROKEN = {
    "not TOML": ("about =", "about", 1, "not valid TOML: Expected '=' after a key in a key/value pair"),
    "unknown key": (
        "run-within = 180",
        "run-within = 180\nrunwithin = 3",
        6,
        "unknown key runwithin; did you mean run-within?",
    ),
    "a required key is missing": ("alarm-within = 240\n", "", 1, "key alarm-within is missing"),
    "out of range": ("240", "0", 4, "key alarm-within: expected `int` >= 1"),
    "ill-typed": ("run-within = 180", 'run-within = "3 min"', 5, "key run-within: expected `int`, got `str`"),
    "no such runbook": ('"stalled-consumer"', '"stalled-consumr"', 2, "There is no runbook stalled-consumr."),
    "the runbook is of another alarm": ('alarm = "stalled"', 'alarm = "page-me"', 3, "is not for alarm page-me"),
    "no such act": ("send-jobs", "send-job", 11, "unknown act send-job; did you mean send-jobs?"),
    "an act without its name": ('do = "pause-mapping"', "", 7, "do is missing"),
    "unknown input of an act": (
        "count = 10",
        "counts = 9\ncount = 10",
        13,
        "unknown input counts; did you mean count?",
    ),
    "missing input of an act": ("count = 10\n", "", 10, "input count is missing"),
    "input out of range": ("count = 10", "count = 0", 13, "input count: expected `int` >= 1"),
    "no such kind of job": ('"quick"', '"poison"', 12, "input kind: invalid enum value 'poison'"),
    "no such step": ("turn_on", "turnon", 17, "has no step turnon; did you mean turn_on?"),
    "a step that asks nothing": ("turn_on", "queue", 17, "step queue asks nothing: it only reads"),
    "not one of the choices": ('"no"', '"never"', 16, "step paused takes one of no, yes, not never"),
    "not a confirmation": ('turn_on = "yes"', 'turn_on = "sure"', 17, "takes one of yes, skip, stop, not sure"),
    "an empty answer": ('turn_on = "yes"', 'turn_on = "yes"\nfaster = " "', 18, "the answer to step faster is empty"),
    "a reference to nothing": (
        'turn_on = "yes"',
        'turn_on = "yes"\nfaster = "{message}"',
        18,
        "{message} is neither {dead-",
    ),
    "a reference that cannot be read": ('"no"', '"{steps.[}"', 16, "{steps.[} is not valid JMESPath"),
    "an answer that is not text": ('paused = "no"', "paused = false", 15, "key answers: expected `str`, got `bool`"),
    "a fix for a step without an answer": ('before = "paused"', 'before = "faster"', 20, "no answer to step faster"),
    "a fix for no step": ('before = "paused"\n', "", 19, "a fix needs the ID of a step: before it is answered"),
    "a fix both before and after": (
        'before = "paused"',
        'before = "paused"\nafter = "queue"',
        19,
        "a fix needs the ID",
    ),
    "a fix after no step": ('before = "paused"', 'after = "no_such"', 20, "has no step no_such"),
    "a period that alarms do not have": (
        "[after]",
        "[alarm-change]\nperiod = 15\n\n[after]",
        24,
        "key period: invalid enum value 15",
    ),
    "an unknown change of the alarm": ("[after]", "[alarm-change]\nlevel = 1\n\n[after]", 24, "unknown key level"),
    "unknown key of what must hold": ("within = 60", "in = 60", 24, "unknown key in; "),
}


@pytest.mark.parametrize("name", library.names())
def test_each_rehearsal_of_the_repository_is_right(name: str) -> None:
    rehearsal, problems = library.read_file(name)
    assert problems == ()
    assert rehearsal is not None


def test_every_runbook_with_live_steps_is_rehearsed() -> None:
    live = {name for name in runbooks.names() if runbooks.read_file(runbooks.find(name))[0].steps}
    assert {library.load(name).runbook for name in library.names()} == live


def test_the_good_file_is_good() -> None:
    rehearsal, problems = rehearsal_parser.read("x", "x.toml", GOOD)
    assert problems == ()
    assert rehearsal is not None
    assert [act.kind.name for act in rehearsal.incident] == ["pause-mapping", "send-jobs"]
    assert list(rehearsal.fixes) == ["paused"]


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_is_told_with_its_line(case: tuple[str, str, int, str]) -> None:
    right, wrong, line, text = case
    assert right in GOOD
    rehearsal, problems = rehearsal_parser.read("x", "x.toml", GOOD.replace(right, wrong, 1))
    assert rehearsal is None
    (problem,) = problems
    assert (problem.file, problem.line) == ("x.toml", line)
    assert text in problem.text


def test_every_problem_is_told_at_once() -> None:
    text = GOOD.replace("count = 10", "count = 0").replace('"no"', '"never"')
    assert [problem.line for problem in rehearsal_parser.read("x", "x.toml", text)[1]] == [13, 16]


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    assert "larger than 50,000 bytes" in rehearsal_parser.read("x", "x.toml", GOOD + "#" * 50_000)[1][0].text
    path = tmp_path / "latin.toml"
    path.write_bytes(b'about = "x"\nrunbook = "\xe9"\n')
    assert [(problem.line, problem.text) for problem in library.read_file(str(path))[1]] == [(2, "this is not UTF-8")]


def test_a_broken_file_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(GOOD.replace("count = 10", "count = 0").replace('"no"', '"never"'))
    assert run(["runbook", "rehearse", str(path)]) == 1
    told = capsys.readouterr()
    assert "broken.toml:13: input count" in told.err.replace("\n", "")
    assert "takes one of no, yes, not never" in " ".join(told.err.split())
    assert "Starting" not in told.err
