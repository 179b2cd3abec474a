"""``ops alarms rehearse`` on templates and files: what it prints, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ops.alarms.incidents import shipped
from ops.alarms.rehearsal import rehearse
from ops.cli.alarms import alarm_source
from ops.cli.alarms.rehearsal import export, view
from ops.cli.app import run
from tests.ops.alarms.rehearsal.alarms import alarm, composite
from tests.template.resources import TEMPLATE

Ops = Callable[..., tuple[int, str, str]]
AGE = "ApproximateAgeOfOldestMessage"


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str]) -> Ops:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["alarms", "rehearse", *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err

    return call


def described(tmp_path: Path, *alarms: object) -> str:
    path = tmp_path / "alarms.json"
    path.write_text(json.dumps({"MetricAlarms": alarms, "CompositeAlarms": []}))
    return str(path)


def test_the_reference_template_without_an_account(ops: Ops) -> None:
    code, out, err = ops("--template", str(TEMPLATE), "--json")
    told = json.loads(out)
    assert code == (0 if told["passed"] else 1) and not err
    assert told["incidents"][-1]["name"] == "quiet-day"
    assert told["quiet_pages"] == 0 and told["wrong"] == 0


def test_every_incident_is_in_a_column_at_any_width(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = alarm_source.of_template(TEMPLATE, {}, None)
    result = rehearse(source.definitions, shipped(), source.roles, source.unreadable)
    for columns in (60, 80, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        view.show(result, (), source.label, source.notes, timeline=False)
        lines = [line for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["Alarm"]]
        assert [number for line in lines for number in line.split()[1:]] == [str(number) for number in range(1, 16)]
        assert all(len(line) <= columns for line in lines)
    markdown = export.markdown(result, (), source.label)
    assert "| 1 | stalled-pollers |" in markdown and "oldest-message-age" in markdown


def test_one_incident_has_its_timeline(ops: Ops) -> None:
    code, out, _ = ops("--template", str(TEMPLATE), "--incident", "quiet-day")
    assert code == 0
    text = " ".join(out.split())
    assert "No one is to be paged" in text and "quiet-day silent" in text


def test_alarms_of_a_file(ops: Ops, tmp_path: Path) -> None:
    drained = alarm("drained", "NumberOfMessagesReceived", 0, Statistic="Sum") | {
        "Dimensions": [{"Name": "QueueName", "Value": "orders-dlq"}]
    }
    age = alarm("age", "ApproximateAgeOfOldestMessage", 100) | {
        "Dimensions": [{"Name": "QueueName", "Value": "orders"}]
    }
    path = described(tmp_path, drained, age)
    code, out, _ = ops("--alarms", path, "--incident", "dlq-drained-unseen")
    assert code == 0
    text = " ".join(out.split())
    assert "drained paged after 2 min (due within 5 min)" in text
    assert "orders-dlq is taken for the dead-letter queue: name another with --dlq." in text
    assert ops("--alarms", path, "--incident", "stalled-pollers")[0] == 1


STAT = {"Metric": {"Namespace": "AWS/SQS", "MetricName": AGE, "Dimensions": [{"Name": "QueueName", "Value": "orders"}]}}


def of_math(name: str, **expressions: str) -> dict[str, object]:
    """On the first of the ``expressions``, by ID."""
    first = next(iter(expressions))
    queries = [{"Id": each, "Expression": text, "ReturnData": each == first} for each, text in expressions.items()]
    watched = {"Id": "m", "MetricStat": {**STAT, "Period": 60, "Stat": "Maximum"}, "ReturnData": False}
    single = alarm(name, AGE, 100)
    kept = {key: single[key] for key in ("AlarmName", "EvaluationPeriods", "ComparisonOperator", "Threshold")}
    return {**kept, "Metrics": [*queries, watched]}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (of_math("syntax", e="m +"), "Expected a value, not the end, at position 4"),
        (of_math("cycle", e="f + m", f="e + m"), "The expressions form a cycle: e → f → e"),
        (of_math("search", e="SUM(SEARCH('{AWS/SQS}', 'Sum'))"), "An alarm cannot use SEARCH"),
        (composite("gone", 'ALARM("age") OR ALARM("no-more")'), "its rule names alarms that do not exist: no-more"),
    ],
    ids=["syntax", "cycle", "search", "gone"],
)
def test_an_alarm_that_cannot_be_evaluated_is_said_and_the_others_are_rehearsed(
    ops: Ops, tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    age = alarm("age", AGE, 100) | {"Dimensions": [{"Name": "QueueName", "Value": "orders"}]}
    code, out, _ = ops("--alarms", described(tmp_path, age, wrong), "--incident", "slow-past-deadline", "--json")
    found = {each["alarm"]: each for each in json.loads(out)["incidents"][0]["alarms"]}
    assert code == 0
    assert found[str(wrong["AlarmName"])]["outcome"] == "not checked"
    assert said in found[str(wrong["AlarmName"])]["why"]
    assert found["age"]["outcome"] == "paged"


def test_what_putmetricalarm_refuses_is_named_with_its_line(ops: Ops, tmp_path: Path) -> None:
    both = alarm("both", AGE, 500) | {"ExtendedStatistic": "p90", "Statistic": "Sum"}
    path = tmp_path / "alarms.json"
    path.write_text(json.dumps({"MetricAlarms": [alarm("age", AGE, 500), both]}, indent=1))
    line = path.read_text().splitlines().index('   "AlarmName": "both",') + 1
    _, out, _ = ops("--alarms", str(path), "--json")
    assert f"it has Statistic and ExtendedStatistic ({path}, line {line})" in out

    template = tmp_path / "template.yaml"
    found = TEMPLATE.read_text().replace("DatapointsToAlarm: 1\n", "DatapointsToAlarm: 99\n", 1)
    template.write_text(found)
    line = found.splitlines().index("      DatapointsToAlarm: 99") + 1
    _, out, _ = ops("--template", str(template), "--json")
    assert f"({template}, line {line})" in out


def test_an_alarm_on_a_metric_that_never_existed_stays_silent(ops: Ops, tmp_path: Path) -> None:
    typo = alarm("typo", "ApproximateAgeOfOldestMesage", 100) | {
        "Dimensions": [{"Name": "QueueName", "Value": "orders"}]
    }
    code, out, _ = ops("--alarms", described(tmp_path, typo), "--incident", "slow-past-deadline", "--json")
    (found,) = json.loads(out)["incidents"][0]["alarms"]
    assert code == 1
    assert (found["outcome"], found["why"]) == (
        "no data",
        "the incident has no values of queue.ApproximateAgeOfOldestMesage",
    )


def test_five_thousand_alarms(ops: Ops, tmp_path: Path) -> None:
    others = [alarm(f"other-{number}", AGE, 500) for number in range(4_999)]
    for number, each in enumerate(others):
        each["Dimensions"] = [{"Name": "QueueName", "Value": f"queue-{number}"}]
    age = alarm("age", AGE, 100) | {"Dimensions": [{"Name": "QueueName", "Value": "orders"}]}
    file = described(tmp_path, *others, age)
    code, out, _ = ops("--alarms", file, "--queue", "orders", "--incident", "slow-past-deadline", "--json")
    outcomes = [each["outcome"] for each in json.loads(out)["incidents"][0]["alarms"]]
    assert (code, outcomes.count("unaffected"), outcomes.count("paged")) == (0, 4_999, 1)


def test_names_that_are_in_doubt_are_asked_for(ops: Ops, tmp_path: Path) -> None:
    of = [alarm(name, "NumberOfMessagesSent", 1, Dimensions=[{"Name": "QueueName", "Value": name}]) for name in "ab"]
    code, _, err = ops("--alarms", described(tmp_path, *of))
    assert code == 2 and "more than one queue: a, b" in err and "--queue NAME" in err
    assert ops("--alarms", described(tmp_path, *of), "--queue", "a", "--incident", "quiet-day")[0] == 1


BARE = """
Resources:
  Jobs: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}}}
  Failed: {Type: AWS::SQS::Queue}
  Worker: {Type: AWS::Lambda::Function, Properties: {Timeout: 5}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Jobs.Arn, FunctionName: !Ref Worker}
"""


def test_what_of_the_catalogue_would_have_paged(ops: Ops, tmp_path: Path) -> None:
    (tmp_path / "bare.yaml").write_text(BARE)
    code, out, _ = ops("--template", str(tmp_path / "bare.yaml"), "--incident", "stalled-pollers", "--json")
    (suggestion,) = json.loads(out)["suggestions"]
    assert code == 1 and suggestion["rows"][0] == {"id": "stalled", "minutes": 11}
    out = ops("--template", str(tmp_path / "bare.yaml"), "--incident", "out-of-memory")[1]
    assert "memory-near-limit cannot be recommended: no metrics of the extension" in " ".join(out.split())


def test_markdown_and_junit(ops: Ops) -> None:
    code, out, _ = ops("--template", str(TEMPLATE), "--incident", "stalled-pollers", "--output", "junit")
    suite = ElementTree.fromstring(out)[0]  # noqa: S314 - our own
    assert (suite.get("failures") != "0") is (code == 1)
    assert [case.get("name") for case in suite][-1] == "pages only for what is wrong"
    out = ops("--template", str(TEMPLATE), "--incident", "stalled-pollers", "--output", "markdown")[1]
    assert "| 1 | stalled-pollers |" in out


def test_what_cannot_be_resolved_is_not_checked(ops: Ops, tmp_path: Path) -> None:
    text = TEMPLATE.read_text().replace("Threshold: !Ref OldestAgeThreshold", "Threshold: !ImportValue shared-age")
    (tmp_path / "template.yaml").write_text(text)
    out = ops("--template", str(tmp_path / "template.yaml"), "--incident", "quiet-day")[1]
    text = " ".join(out.split())
    assert "Not checked" in text and "Threshold: Fn::ImportValue cannot be resolved without an account" in text


def test_all_findings_of_a_file_with_their_lines(ops: Ops, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "t"\nstart = 2026-03-02T10:00:00Z\nlength = "1h"\nextra = 1\n[[must_page]]\nfrom = "0m"\n')
    code, _, err = ops("--template", str(TEMPLATE), "--incident", str(path))
    assert code == 2
    lines = err.splitlines()
    assert lines[0].startswith(f"{path}:4: extra is not a key here") and f"{path}:5: within is missing." in lines
    assert lines[-2] == "4 findings in incident files."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--incident", "no-such"), "Unknown incident no-such. Available: stalled-pollers"),
        (("--alarms", "a.json"), "--template and --alarms exclude each other"),
        (("--dlq", "x"), "--template is read without an account"),
        (("--output", "junit", "--json"), "exclude each other"),
    ],
)
def test_usage(ops: Ops, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = ops("--template", str(TEMPLATE), *arguments)
    assert code == 2 and said in err


@pytest.mark.parametrize(("content", "said"), [("[]", "holds no alarms"), ("{", "is not JSON"), (None, "No such file")])
def test_files_of_no_alarms(ops: Ops, tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "alarms.json"
    if content is not None:
        path.write_text(content)
    code, _, err = ops("--alarms", str(path))
    assert code == 2 and said in err


def test_log_alarms_are_not_checked_and_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = {"AlarmName": "error-lines", "ScheduledQueryConfiguration": {"QueryString": "fields @message"}}
    over = {"AlarmName": "page", "AlarmRule": "ALARM(error-lines) OR ALARM(age)", "AlarmActions": ["arn:aws:sns:x"]}
    path = tmp_path / "alarms.json"
    path.write_text(
        json.dumps({"MetricAlarms": [alarm("age", AGE, 500)], "CompositeAlarms": [over], "LogAlarms": [lines]})
    )
    run(["alarms", "rehearse", "--alarms", str(path), "--incident", "stalled-pollers"])
    text = " ".join(capsys.readouterr().out.split())
    assert "error-lines: log alarms are not modeled" in text
    assert "page: its rule names alarms that are not checked: error-lines" in text


def test_a_thousand_alarms_that_fire_are_not_a_thousand_lines(tmp_path: Path, ops: Ops) -> None:
    path = described(tmp_path, *(alarm(f"age-{number}", AGE, 1) for number in range(1_000)))
    code, out, _ = ops("--alarms", path, "--incident", "stalled-pollers")
    assert code == 1
    assert "more alarms" in " ".join(out.split()) and "more events are not shown (--json has all)" in " ".join(
        out.split()
    )
    assert len(out.splitlines()) < 500
