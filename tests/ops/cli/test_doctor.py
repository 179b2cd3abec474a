"""``ops doctor --template``: what it prints, its exit codes, and what it says of files that are not templates."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ops.cli.app import run
from tests.template.resources import TEMPLATE

BAD = """
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 10}
  Worker: {Type: AWS::Lambda::Function, Properties: {Timeout: 60}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Jobs.Arn, FunctionName: !Ref Worker}
"""
Ops = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ops:
    """Exit code, output and errors of the command about a template with that text."""

    def call(text: str | bytes, *arguments: str) -> tuple[int, str, str]:
        path = tmp_path / "template.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        code = run(["doctor", "--template", str(path), *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err

    return call


def test_findings_with_their_line_and_change(ops: Ops) -> None:
    code, out, _ = ops(BAD)
    assert code == 1
    text = " ".join(out.split())
    assert text.index("Critical") < text.index("Warning") < text.index("Advice") < text.index("Not checked")
    assert "the visibility timeout (10 s) is less than the function's (60 s)" in text.replace("The vis", "the vis")
    assert "template.yaml:5" in text
    assert "→ Jobs (AWS::SQS::Queue): VisibilityTimeout: 360" in text
    assert "snapstart" in text and "needs metrics of a running workload" in text


def test_fail_on(ops: Ops) -> None:
    only_warnings = BAD.replace("VisibilityTimeout: 10", "VisibilityTimeout: 359, RedrivePolicy: !Ref Unclear")
    assert ops(only_warnings)[0] == 0
    assert ops(only_warnings, "--fail-on", "warning")[0] == 1
    assert ops(BAD, "--fail-on", "never")[0] == 0


def test_every_format_has_the_same_findings(ops: Ops) -> None:
    answer = json.loads(ops(BAD, "--json")[1])
    assert yaml.safe_load(ops(BAD, "--output", "yaml")[1]) == answer
    rows = list(csv.DictReader(io.StringIO(ops(BAD, "--output", "csv")[1])))
    findings = answer["workloads"][0]["findings"]
    assert [row["rule"] for row in rows] == [finding["rule"] for finding in findings]
    assert rows[0]["cli"] == findings[0]["change"]["cli"]
    assert findings[0].keys() >= {"severity", "line", "text", "consequence", "source", "checks"}
    assert "output yaml exclude each other" in ops(BAD, "--json", "--output", "yaml")[2]


def test_sarif_names_lines_and_says_what_was_not_checked(ops: Ops) -> None:
    log = json.loads(ops(BAD, "--output", "sarif")[1])
    assert log["version"] == "2.1.0"
    run_ = log["runs"][0]
    rules = run_["tool"]["driver"]["rules"]
    findings = json.loads(ops(BAD, "--json")[1])["workloads"][0]["findings"]
    assert [(result["ruleId"], result["level"]) for result in run_["results"]] == [
        (finding["rule"], {"critical": "error", "warning": "warning", "advice": "note"}[finding["severity"]])
        for finding in findings
    ]
    for result, finding in zip(run_["results"], findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] == finding["line"] > 0
        assert place["artifactLocation"]["uri"].startswith("file:///")
    told = [notification["message"]["text"] for notification in run_["invocations"][0]["toolExecutionNotifications"]]
    assert "Not checked for Jobs: needs metrics of a running workload." in told


def test_markdown_shows_names_and_does_not_interpret_them(ops: Ops) -> None:
    name = "[J](javascript:x)<b>`|@all"
    text = BAD.replace("Jobs:", f"'{name}':").replace("!GetAtt Jobs.Arn", f"!GetAtt ['{name}', Arn]")
    out = ops(text, "--output", "markdown")[1]
    assert "### Critical" in out and "template.yaml:5" in out
    assert out.startswith("## ops doctor: `` [J](javascript:x)<b>`|@all ``\n"), "GitHub mentions even an escaped @all"
    assert f"Change: `` {name} (AWS::SQS::Queue): VisibilityTimeout: 360 ``" in out
    assert "<details><summary>Not checked</summary>" in out


def test_our_own_template_without_an_account(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was used"))
    code, out, _ = ops(TEMPLATE.read_text(), "--fail-on", "warning")
    assert code == 0
    assert "2 advice" in out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no mapping"),
        ("just words", "holds no mapping"),
        ("a: [1, 2", "neither YAML nor JSON: line"),
        ("a: 1\n---\nb: 2", "neither YAML nor JSON"),
        ("a: &x [*x]", "contains itself"),
        ("a: *nobody", "neither YAML nor JSON"),
        ("[" * 5_000, "nested more than 100 deep"),
        (b"\xff\xfe\x00", "not text"),
        (b"\x00\x01", "neither YAML nor JSON"),
        ("#" * 1_100_000, "larger than 1 MiB"),
        ("Outputs: {}", "no resources"),
        ("Resources: [a, b]", "no resources"),
        ("Resources: {}", "no resources"),
        ("Resources: {A: 1, B: {Type: [x]}, C: {Type: AWS::S3::Bucket}}", "no SQS queue"),
        ("service: shop\nresources: {Resources: {Q: {Type: AWS::SQS::Queue}}}", "no resources"),
    ],
)
def test_what_is_no_template(ops: Ops, text: str | bytes, says: str) -> None:
    code, out, err = ops(text)
    assert (code, out) == (2, "")
    assert says in err and "→" in err


def test_files_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for path, says in ((tmp_path, "cannot be read"), (tmp_path / "none.yaml", "There is no file")):
        assert run(["doctor", "--template", str(path)]) == 2
        assert says in capsys.readouterr().err


def test_options_that_do_not_go_together(ops: Ops) -> None:
    assert "do not apply" in ops(BAD, "--stack", "shop")[2]
    assert "is not a parameter with its value" in ops(BAD, "--parameter", "Timeout")[2]
    assert "reads a queue nope" in ops(BAD, "--queue", "nope")[2]
    assert ops(BAD, "--queue", "Jobs", "--fail-on", "never")[0] == 0


def test_hostile_names_and_values(ops: Ops) -> None:
    name = '"\\x1b[2J\\u202e$(reboot)"'
    text = BAD.replace("Jobs", "Jo\u202ebs").replace(
        "VisibilityTimeout: 10", f"VisibilityTimeout: 10, QueueName: {name}"
    )
    alarm = "  A: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: NAME, Metrics: 3, Dimensions: x}}\n"
    for form in ("table", "json", "csv", "yaml", "markdown", "sarif"):
        out = ops(text + alarm.replace("NAME", name), "--output", form)[1]
        assert "\x1b" not in out, form
        assert form == "csv" or "\u202e" not in out, form


def test_aliases_to_aliases_end(ops: Ops) -> None:
    levels = ["L0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"L{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    started = time.monotonic()
    text = "\n".join(levels) + BAD.replace("VisibilityTimeout: 10", "VisibilityTimeout: 10, Tags: *a11")
    assert ops(text)[0] in (0, 1)
    assert time.monotonic() - started < 60, "it would take years"


def test_odd_properties_crash_nothing(ops: Ops) -> None:
    """Every property of the wrong shape, one at a time."""
    for value in (
        "[]",
        "{}",
        "null",
        "x",
        "[1]",
        "{a: b}",
        "1.5",
        "!Ref None",
        "!GetAtt X",
        "!Sub [a]",
        "!If [a]",
        "!Select 3",
    ):
        properties = "\n".join(f"      {one}: {value}" for one in ODD)
        for kind in KINDS:
            text = f"{BAD}  Odd:\n    Type: {kind}\n    Condition: {value}\n    Properties:\n{properties}\n"
            assert ops(text, "--json")[0] in (0, 1), (value, kind)


ODD = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "EventSourceArn",
    "FunctionName",
    "ScalingConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "ProvisionedPollerConfig",
    "MetricsConfig",
    "Environment",
    "LoggingConfig",
    "EphemeralStorage",
    "SnapStart",
    "Layers",
    "TracingConfig",
    "Events",
    "Metrics",
    "MetricName",
    "Dimensions",
    "AlarmActions",
    "Threshold",
    "Subscription",
    "Topics",
    "TopicArn",
    "Queues",
    "PolicyDocument",
    "KeyPolicy",
    "KmsMasterKeyId",
    "AlarmRule",
    "LogGroupName",
)
KINDS = (
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Lambda::Function",
    "AWS::Serverless::Function",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Alias",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SNS::Subscription",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
)
