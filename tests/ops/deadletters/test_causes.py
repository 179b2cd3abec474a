"""Causes: which errors are the same, what unexplained letters look like, and what asking the logs costs at most."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.aws.sqs import Attribute
from ops.deadletters import causes
from ops.deadletters.causes import Budget
from ops.deadletters.causes.fingerprint import common, fingerprint, normalised
from ops.deadletters.causes.fixed import FixedSince, verdict
from ops.deadletters.causes.guesses import GUESS, Guesser
from ops.deadletters.causes.shapes import job_kind, shape
from ops.deadletters.letter import Cause, Kind, Letter, Place
from ops.deadletters.plan import Selection
from ops.deadletters.shelf import Shelf
from ops.errors import UsageError
from ops.insight.reports import Level
from tests.ops.deadletters.fake_logs import BEGAN, batch, died, failed, row, silent, source
from tests.ops.deadletters.letters import a_letter
from tests.ops.insight.world import FUNCTION

OURS = {"function": FUNCTION.__class__(**{**vars(FUNCTION), "metrics": (contract.JOB_NAMESPACE, "scilearn")})}


def rejected(number: int, error_type: str = "DataNotFound", text: str = "s3://b/data/{}.csv is not there") -> Letter:
    told = {contract.DLQ_ERROR_TYPE: error_type, contract.DLQ_ERROR_MESSAGE: text.format(number)}
    return a_letter(
        f'{{"kind": "score", "n": {number}}}',
        f"{error_type}-{number}",
        {name: Attribute("String", value) for name, value in told.items()},
        kind=Kind.REJECTED,
        sent=BEGAN + timedelta(minutes=number),
    )


# --- fingerprints ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no job of kind 'a'", "no job of kind 'b c'"),
        ("took 1.5 s", "took 20 s"),
        ("id 6d68ca91-49c9-448d-89b8-7ca3e6dc66aa", "id deddfc5f-b8f2-4a47-abc9-591798990184"),
        ("s3://a/b is gone", "s3://c/d/e.csv is gone"),
        ("/var/task/x.py failed", "/opt/y/z.py failed"),
        ("bob@example.com is no customer", "al.ice+1@mail.example.org is no customer"),
        ("due 2026-11-24T04:00:00Z", "due 2025-01-01 00:00:00.123"),
        ("object at 0x7f00dead", "object at 0x1"),
        (
            "token aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8= refused",
            "token Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6 refused",
        ),
        ("missing: ['a']", "missing: ['a', 'b', 'c']"),
        ('{"code": 1} refused', '{"code": 1, "why": "x"} refused'),
        ("job t65f3a-000012", "job t99999-001234"),
        ("two\n  lines", "two lines"),
        ("no JSON: Expecting value: line 1 column 1 (char 0)", "no JSON: Extra data: line 2 column 13 (char 14)"),
        ("Unexpected token < in JSON at position 0", "Unexpected end of JSON input"),
    ],
)
def test_what_changes_does_not_make_another_cause(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert fingerprint("E", one, "a.py:3 f") == fingerprint("E", other, "a.py:99 f"), "line numbers change by deploys"
    assert fingerprint("E", one) != fingerprint("E", "something else")
    assert fingerprint("E", one) != fingerprint("Other", one)
    assert fingerprint("E", one, "a.py:3 f") != fingerprint("E", one, "a.py:3 g")


def test_words_stay() -> None:
    assert normalised("can't open the user's file and/or folder: Rate exceeded") == (
        "can't open the user's file and/or folder: Rate exceeded"
    )


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    code = "from ops.deadletters.causes.fingerprint import fingerprint as f; print(f('KeyError', 'no 7', 'a.py:1 f'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    mark = fingerprint("KeyError", "no 7", "a.py:1 f")
    assert other.stdout.strip() == mark
    assert len(mark) == 10 and set(mark) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "message", ["\ud800 alone", "x" * 1_000_000, "'" * 5_000, "(" * 5_000, "\x00\x1b[31m", "1" * 9_999]
)
def test_any_message_has_a_fingerprint(message: str) -> None:
    assert len(fingerprint("E", message)) == 10
    assert len(common([message, message + "x"])) <= 600


@pytest.mark.parametrize(
    ("messages", "shared"),
    [
        (["no job of kind 'a'"] * 3, "no job of kind 'a'"),
        (["no job of kind 'a'", "no job of kind 'b c'"], "no job of kind '…'"),
        (["s3://b/lost-12.csv is gone", "s3://b/lost-19.csv is gone"], "s3://b/lost-….csv is gone"),
        (["s3://b/a is gone", "s3://b/aa is gone"], "s3://b/a… is gone"),
        (["2.98 GiB for (20000, 7)", "2.18 GiB for (20000, 7)"], "… GiB for (20000, 7)"),
        (["row 7 of 's'", "row 12 of 's'"], "row … of 's'"),
        (["missing: ['a']", "missing: ['a', 'b']"], "missing: […]"),
        (["s3://b/lost-….csv is gone", "s3://b/lost-7.csv is gone"], "s3://b/lost-….csv is gone"),
        (["gone", "gone "], "gone"),
        (["", ""], ""),
    ],
)
def test_what_the_letters_of_a_cause_share(messages: list[str], shared: str) -> None:
    assert common(messages) == shared


# --- explaining, from the shelf to the report -----------------------------------------------------------------------


def test_letters_are_grouped_by_what_they_carry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [rejected(n) for n in range(9)] + [rejected(3, "TableTooLarge", "2.98 GiB for (20000, {})")]
    with source(tmp_path, monkeypatch, letters) as (here, logs):
        assert causes.report(here).finding.text.startswith("Act: 10 dead letters")
        done = causes.explain(here)
        found = causes.report(here)
        assert (done.letters, done.unexplained, done.queries, logs.asked) == (10, 0, 0, []), "the logs were not needed"
    assert list(found.groups["letters"]) == [9, 1]
    top = found.groups.iloc[0]
    assert (top["error_type"], top["label"]) == ("DataNotFound", "s3://b/data/….csv is not there")
    assert (top["share"], top["source"], top["job_kinds"]) == (0.9, "attribute", "score")
    assert (top["first_seen"], top["last_seen"]) == (BEGAN, BEGAN + timedelta(minutes=8))
    assert found.finding.text == (
        "Act: 10 dead letters, 9 of one cause: DataNotFound: s3://b/data/….csv is not there (1 other cause)."
    )


def test_causes_from_the_logs_in_one_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [silent(f"m{n}") for n in range(6)]
    rows = [failed(n, "KeyError", f"r{n}", f"m{n}", error_message=f"no row {n}") for n in range(4)]
    rows += [batch(9, "r9", "m4"), died(24, "r9", InvokeDuration=15_000.0), row(30, {"level": "INFO", "message": "x"})]
    said: list[str] = []
    with source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        done = causes.explain(here, said.append)
        assert (done.letters, done.unexplained, done.queries, len(logs.asked)) == (6, 1, 1, 1)
        assert done.usd > 0
        found = causes.report(here)
        assert found.look.usd == done.usd
        again = causes.explain(here)
        assert (again.letters, again.queries) == (1, 1), "only what has no cause yet is asked about"
    assert dict(zip(found.groups["error_type"], found.groups["letters"], strict=True)) == {
        "KeyError": 4,
        "Sandbox.Timedout": 1,
        "unknown": 1,
    }
    assert found.groups.iloc[0]["label"] == "no row …"
    assert any(text.startswith("asking the logs from") for text in said)


def test_a_letter_of_an_asynchronous_invocation_gets_the_logs_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the letter itself says is "code 200"; the logs know the error by the request id."""
    request = str(uuid.uuid4())
    told = {"RequestID": ("String", request), "ErrorCode": ("Number", "200"), "ErrorMessage": ("String", "boom")}
    attributes = {name: Attribute(*value) for name, value in told.items()}
    letters = [
        a_letter(message_id="a", attributes=attributes, kind=Kind.LAMBDA, sent=BEGAN, request_id=request),
        a_letter(message_id="b", attributes=attributes, kind=Kind.LAMBDA, sent=BEGAN, request_id="elsewhere"),
    ]
    rows = [row(-1, {"level": "ERROR", "errorType": "KeyError", "errorMessage": "boom", "requestId": request})]
    with source(tmp_path, monkeypatch, letters, rows) as (here, _):
        causes.explain(here)
        with Shelf.open(here) as shelf:
            assert shelf.get("a").cause.error_type == "KeyError"
            assert shelf.get("b").cause.error_type == "Asynchronous invocation, code 200"


def test_many_letters_are_asked_for_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [silent(f"m{n}", sent=BEGAN + timedelta(seconds=n)) for n in range(500)]
    rows = [entry for n in range(500) for entry in (batch(n, f"r{n}", f"m{n}"), failed(n, "E", f"r{n}", f"m{n}"))]
    with source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        done = causes.explain(here)
    assert (done.unexplained, done.queries, len(logs.asked)) == (0, 1, 1)
    assert "m17" not in logs.asked[0]


def test_a_busy_log_is_read_failures_first_then_the_batches_of_the_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [silent(f"m{n}", sent=BEGAN + timedelta(seconds=n)) for n in range(400)]
    rows = [batch(n, f"r{n}", f"m{n}") for n in range(1_000)]
    rows += [failed(n, "E", f"r{n}", f"m{n}") for n in range(0, 400, 2)]
    rows += [died(n + 0.5, f"r{n}") for n in range(1, 400, 2)]
    with source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        logs.most = 450
        done = causes.explain(here)
        found = causes.report(here)
    assert done.unexplained == 0
    assert dict(zip(found.groups["error_type"], found.groups["letters"], strict=True)) == {
        "E": 200,
        "Sandbox.Timedout": 200,
    }
    assert done.queries <= 4


def test_more_failures_than_one_answer_holds_are_read_back_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [silent(f"m{n}", sent=BEGAN + timedelta(seconds=n)) for n in range(400)]
    rows = [failed(n, "E", f"r{n}", f"m{n}") for n in range(400)]
    with source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        logs.most = 150
        assert causes.explain(here).unexplained == 0
        assert len(logs.asked) <= 6


def test_asking_ends_with_its_budget_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [silent(f"m{n}", sent=BEGAN + timedelta(seconds=n)) for n in range(400)]
    rows = [failed(n, "E", f"r{n}", f"m{n}") for n in range(400)]
    with source(tmp_path, monkeypatch, letters, rows) as (here, logs):
        logs.most = 50
        done = causes.explain(here, budget=Budget(queries=3))
        assert (done.queries, len(logs.asked)) == (3, 3)
        assert any("the limit is 3 queries" in note for note in done.notes)
        logs.bytes_a_row = 1_000_000_000
        dear = causes.explain(here, budget=Budget(usd=0.5))
        assert dear.queries == 1
        assert any("the limit is $0.50" in note for note in dear.notes)


def test_a_dear_log_group_is_read_as_far_back_as_the_budget_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudWatch counts what the group takes in, so that the first query is no surprise either."""
    long_ago = BEGAN - timedelta(days=10)
    with source(tmp_path, monkeypatch, [silent("old", sent=long_ago), silent("new")], [failed(1, "E", "r", "new")]) as (
        here,
        logs,
    ):
        logs.hourly_bytes = 50e9  # 25 cents an hour
        done = causes.explain(here)
    assert (done.unexplained, done.queries) == (1, 1)
    assert any("would cost more than $0.50" in note for note in done.notes)


def test_letters_are_shown_when_the_logs_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with source(tmp_path, monkeypatch, [silent(), rejected(1)]) as (here, logs):
        logs.refuse = "AccessDeniedException"
        done = causes.explain(here)
        found = causes.report(here)
    assert (done.letters, done.unexplained) == (2, 1)
    assert any("logs:StartQuery" in note for note in found.look.partial)
    assert len(found.groups) == 2


def test_no_function_no_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with source(tmp_path, monkeypatch, [silent()], function=None) as (here, logs):
        done = causes.explain(here)
        assert logs.asked == []
        assert causes.timeline(here, "m1").moments[0].what == "sent"
    assert "No function reads jobs" in done.notes[0]


# --- guesses --------------------------------------------------------------------------------------------------------


def test_letters_without_a_trace_are_grouped_by_what_they_look_like() -> None:
    draw = random.Random(4)
    bodies = {
        "score": lambda n: {"kind": "score", "job_id": f"j{n}", "params": {"model": f"s3://b/{n}.json"}},
        "order": lambda n: {"detail-type": "order", "order": {"id": n, "total": n / 7, "lines": [{"sku": str(n)}]}},
        "xml": lambda n: f"<order id='{n}'><name>{draw.choice(['bob', 'eve'])}</name></order>",
        "cut": lambda n: f'{{"kind": "score", "job_id": "j{n}", "par',
    }
    guesser = Guesser()
    for name, make in bodies.items():
        for n in range(40):
            body = make(n)
            guesser.add(f"{name}-{n}", body if isinstance(body, str) else json.dumps(body))
    guesser.add("odd", "\x00\xff binary \ud800")
    found = guesser.causes()
    assert found["odd"].source == "none"
    assert len(found) == 161
    by_name = {name: {found[f"{name}-{n}"].fingerprint for n in range(40)} for name in bodies}
    assert all(len(marks) == 1 for marks in by_name.values()), "one group each"
    assert len(set.union(*by_name.values())) == 4
    some = found["score-1"]
    assert (some.source, some.error_type) == (GUESS, "unknown")
    assert some.label == "looks like: job_id=text, kind=score, params.model=s3"


def test_guesses_are_the_same_every_time_and_of_any_number() -> None:
    def labels(count: int) -> list[str]:
        guesser = Guesser()
        for n in range(count):
            guesser.add(str(n), json.dumps({f"key{chr(97 + n % 26)}": n, "kind": "score", "x" * (n % 7 + 1): 1}))
        return sorted({cause.label for cause in guesser.causes().values()})

    assert labels(3_000) == labels(3_000)
    assert labels(1) == labels(2) == ["no trace in the logs"]
    assert labels(0) == []
    same = Guesser()
    for n in range(50):
        same.add(str(n), "the same")
    assert {cause.label for cause in same.causes().values()} == {"looks like: same, text, the"}


@pytest.mark.parametrize(
    "body",
    ["", " ", "{", "[" * 100_000, "{" * 5, "null", "7", '{"a":' * 50 + "1" + "}" * 50, "x" * 1_048_576, "\ud800"],
)
def test_any_body_has_a_shape(body: str) -> None:
    words = shape(body)
    assert words and len(words) < 4_000
    assert job_kind(body) == ""


def test_the_kind_of_a_job() -> None:
    assert job_kind(' {"schema": 1, "kind" : "score"}') == "score"
    assert job_kind('"kind": "score"') == ""


def test_guesses_on_the_shelf_can_be_selected_and_are_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [a_letter('{"kind": "score"}', f"m{n}", sent=BEGAN) for n in range(5)]
    with source(tmp_path, monkeypatch, letters) as (here, logs):
        done = causes.explain(here)
        assert (done.guessed, done.unexplained) == (5, 0)
        found = causes.report(here)
        assert found.finding.text == "Act: 5 dead letters, all of one cause: no known cause; looks like: kind=score."
        mark = found.groups.iloc[0]["fingerprint"]
        with Shelf.open(here) as shelf:
            assert shelf.count(Selection(cause=mark)) == 5
        logs.rows += [failed(1, "KeyError", "r", f"m{n}") for n in range(5)]
        assert causes.explain(here).guessed == 0
        assert list(causes.report(here).groups["error_type"]) == ["KeyError"]


# --- fixed since? ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "deployed", "successes", "expected", "words"),
    [
        (0, 60, 3, "succeeds since", "after the last death"),
        (0, 60, 0, "deployed since", "no score job succeeded since"),
        (0, 60, None, "deployed since", "not known"),
        (0, -60, 3, "succeeds since", "so not every job of that kind fails"),
        (0, -60, 0, "no", "Not deployed since the last death"),
        (0, -60, None, "no", "Not deployed since"),
        (0, None, None, "unknown", "not known"),
        (None, 60, 3, "unknown", "When these letters died is not known"),
    ],
)
def test_is_it_fixed_since(
    last: int | None, deployed: int | None, successes: int | None, expected: str, words: str
) -> None:
    def at(minutes: int | None) -> Any:
        return None if minutes is None else BEGAN + timedelta(minutes=minutes)

    found = verdict(at(last), at(deployed), ("score",), successes, False, BEGAN + timedelta(hours=1))
    assert found.verdict == expected
    assert words in found.sentence
    assert found.sentence.endswith(".")


def test_later_successes_of_that_kind_of_job_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def succeeded(seconds: float, kind: str) -> dict[str, str]:
        return row(seconds, {"level": "INFO", "message": contract.LOG_JOB_OK, "job_kind": kind})

    letters = [silent("m1"), silent("m2")]
    rows = [failed(10, "E", "r1", "m1", job_kind="score"), failed(99, "F", "r2", "m2", job_kind="train")]
    rows += [succeeded(5, "score"), succeeded(11, "score"), succeeded(12, "score"), succeeded(50, "train")]
    with source(tmp_path, monkeypatch, letters, rows, **OURS) as (here, logs):
        causes.explain(here)
        groups = causes.report(here).groups.set_index("error_type")
        assert len(logs.asked) == 2
        assert groups.loc["E", "fixed"] == "succeeds since"
        assert "2 score jobs succeeded since" in groups.loc["E", "fixed_why"]
        assert "no train job succeeded since" in groups.loc["F", "fixed_why"]
        mark = groups.loc["E", "fingerprint"]
        assert causes.fixed_since(here, mark[:5]).successes == 2
        assert causes.fixed_since(here, "ffff") == FixedSince("unknown", "Not asked yet.")


def test_a_deploy_after_the_last_death_is_in_the_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    function = FUNCTION.__class__(**{**vars(FUNCTION), "deployed_at": BEGAN + timedelta(minutes=30)})
    with source(tmp_path, monkeypatch, [rejected(1)], function=function) as (here, _):
        causes.explain(here)
        found = causes.report(here)
    assert found.groups.iloc[0]["fixed"] == "deployed since"
    assert "; last deploy " in found.finding.text
    assert found.finding.text.endswith("after that cause's last death.")


# --- the finding ----------------------------------------------------------------------------------------------------


def test_findings_of_an_empty_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with source(tmp_path, monkeypatch, []) as (here, _):
        found = causes.report(here)
        assert (found.finding.level, found.looked_at, found.age_s, found.letters) == (Level.UNKNOWN, None, None, 0)
        assert found.groups.empty
        assert causes.explain(here).groups == ()


def test_a_long_message_is_cut_in_a_sentence() -> None:
    assert len(causes.cause_in_words("E", "x" * 5_000, "attribute")) == 160
    assert causes.cause_in_words("E", "gone.\n", "attribute") == "E: gone"
    assert causes.cause_in_words("unknown", "", "none") == "no known cause"


def test_one_letter_and_letters_with_no_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with source(tmp_path, monkeypatch, [silent()]) as (here, _):
        causes.explain(here)
        assert causes.report(here).finding.text == "Act: 1 dead letter: no known cause."


# --- one letter's life ----------------------------------------------------------------------------------------------


def test_the_timeline_of_a_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        batch(1, "r1", "m1", "m2"),
        row(1.5, {"level": "INFO", "message": "loading", "message_id": "m1", "function_request_id": "r1"}),
        failed(2, "Postponed", "r1"),
        failed(2, "Other", "r1", "m2"),
        batch(91, "r2", "m1"),
        died(91, "r2", InvokeDuration=15_000.0),
        row(106, "REPORT RequestId: r2\tDuration: 15000.00 ms\tStatus: timeout"),
        died(200, "r3"),
    ]
    with source(tmp_path, monkeypatch, [silent(first_receive=1)], rows) as (here, logs):
        causes.explain(here)
        before = len(logs.asked)
        found = causes.timeline(here, "m1")
        assert len(logs.asked) == before + 1
    assert [moment.what for moment in found.moments] == [
        "sent", "received", "received", "log", "error", "received", "timeout", "died",
    ]  # fmt: skip
    assert found.moments[2].text == "received in a batch of 2"
    assert found.moments[-1].text.startswith("Sandbox.Timedout: the invocation was stopped")
    assert found.look.usd > 0
    assert [moment.at for moment in found.moments] == sorted(moment.at for moment in found.moments)


def test_a_timeline_of_a_letter_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with source(tmp_path, monkeypatch, []) as (here, _), pytest.raises(UsageError, match="No letter on the shelf"):
        causes.timeline(here, "nobody")


def test_a_shelved_cause_keeps_all_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with source(tmp_path, monkeypatch, [silent()], [failed(1, "E", "r", job_kind="score")]) as (here, _):
        causes.explain(here)
        with Shelf.open(here) as shelf:
            shelved = shelf.get("m1")
    assert shelved.place is Place.QUEUE
    assert shelved.cause == Cause(
        error_type="E",
        error_message="why",
        source="handler log",
        request_id="r",
        died=BEGAN + timedelta(seconds=1),
        function_version="7",
        job_kind="score",
        fingerprint=fingerprint("E", "why"),
        label="why",
    )
