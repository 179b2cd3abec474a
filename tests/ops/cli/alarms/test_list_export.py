"""``ops alarms list`` and ``ops alarms export``: what they print for a template and for an account, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import botocore
import botocore.session
import pytest
from botocore.validate import ParamValidator
from samtranslator.yaml_helper import yaml_parse

from ops.alarms.evaluate import account_quotas, simulate
from ops.cli.app import run
from tests.template.resources import TEMPLATE

Ops = Callable[..., tuple[int, str, str]]
TWO = """
Resources:
  A: {Type: AWS::SQS::Queue}
  B: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !ImportValue seconds}}
  Worker: {Type: AWS::Lambda::Function, Properties: {Timeout: 20}}
  FromA: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt A.Arn, FunctionName: !Ref Worker}}
  FromB: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt B.Arn, FunctionName: !Ref Worker}}
"""


@pytest.fixture
def ops(capsys: pytest.CaptureFixture[str]) -> Ops:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["alarms", *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err

    return call


@pytest.fixture
def two(tmp_path: Path) -> str:
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    return str(path)


def test_the_list_has_prices_their_sum_and_what_is_left_out(ops: Ops, two: str) -> None:
    code, out, _ = ops("list", "--template", str(TEMPLATE))
    assert code == 0
    text = " ".join(out.split())
    assert "27 alarms · $5.50 a month at us-east-1 prices" in text
    assert re.search(r"stalled Messages wait and [a-z ]*page 0.30", text)
    assert "undelivered An asynchronous invocation" in text, "whose queue the template names"
    _, out, _ = ops("list", "--template", two, "--queue", "A")
    assert "undelivered: no queue for failed asynchronous invocations is configured, or named" in " ".join(out.split())


def test_that_no_one_is_notified_and_how_someone_is_added(ops: Ops) -> None:
    _, out, _ = ops("list", "--template", str(TEMPLATE))
    text = " ".join(out.split())
    assert "page-me notifies no one: without --pager it is one state to look at, for $0.50 a month." in text
    assert "The alarms below it notify no one." in text
    assert (
        "ops alarms export --pager ARN (page-me alone) or --topic ARN (each alarm), and subscribe to the topic" in text
    )
    assert "aws sns subscribe --topic-arn ARN --protocol email" in text
    _, out, _ = ops("list", "--template", str(TEMPLATE), "--alarm", "stalled")
    assert "The alarms notify no one. To be notified: ops alarms export --topic ARN" in " ".join(out.split())
    assert ops("list", "--template", str(TEMPLATE), "--forget")[0] == 2


def test_reasons_are_shown_on_request(ops: Ops) -> None:
    _, out, _ = ops("list", "--template", str(TEMPLATE), "--alarm", "oldest-message-age", "--deadline", "300", "--why")
    text = " ".join(out.split())
    assert "ApproximateAgeOfOldestMessage ≥ 240" in text
    assert "80% of the deadline that was given for a message, 5 min." in text
    assert "log alarms, whose price is not on record" in text and "warm-up, which these alarms do not need" in text
    assert f"The installed botocore {botocore.__version__} has PutLogAlarm and WarmUpConfiguration." in text


LOG_PLACE = (
    *("--log-group", "/aws/lambda/worker", "--query-role", "arn:aws:iam::111122223333:role/query"),
    *("--lines-role", "arn:aws:iam::111122223333:role/lines"),
)


def test_a_log_alarm_is_what_putlogalarm_takes(ops: Ops) -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:oncall"
    exported = ("export", "--template", str(TEMPLATE), "--format", "log-alarm", *LOG_PLACE)
    code, out, err = ops(*exported, "--topic", topic)
    assert code == 0
    assert "price of log alarms is not on record" in err
    definition = json.loads(out)
    model = botocore.session.get_session().get_service_model("cloudwatch")
    shape = model.operation_model("PutLogAlarm").input_shape
    assert shape is not None and not ParamValidator().validate(definition, shape).has_errors()
    assert definition["ScheduledQueryConfiguration"]["LogGroupIdentifiers"] == ["/aws/lambda/worker"]
    assert definition["AlarmActions"] == [topic]
    assert 0 < definition["ActionLogLineCount"] <= 50


def test_a_log_alarm_needs_its_parts(ops: Ops) -> None:
    base = ("export", "--template", str(TEMPLATE))
    for arguments, said in (
        (("--format", "log-alarm"), "it needs them"),
        (LOG_PLACE, "go with --format log-alarm"),
        (("--format", "log-alarm", *LOG_PLACE[:4]), "needs --lines-role, too"),
        (("--format", "log-alarm", *LOG_PLACE, "--alarm", "stalled"), "goes with function-errors"),
        (("--format", "log-alarm", *LOG_PLACE, "--no-extension"), "records of this project's extension"),
    ):
        code, out, err = ops(*base, *arguments)
        assert (code, out, said in err) == (2, "", True), err


def test_the_list_as_json_and_as_csv(ops: Ops) -> None:
    _, out, _ = ops("list", "--template", str(TEMPLATE), "--json")
    (workload,) = json.loads(out)
    definitions = [alarm["definition"] for alarm in workload["recommendation"]["alarms"]]
    assert simulate(definitions, {}, 0, 600, quotas=account_quotas(1000)).actions == ()
    _, out, _ = ops("list", "--template", str(TEMPLATE), "--output", "csv")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(out))}
    assert rows["function-errors"]["periods"] == "3"
    assert rows["stalled"]["period_s"] == "60"


def test_each_workload_of_a_template_has_its_own_names_and_unknown_settings_are_said(ops: Ops, two: str) -> None:
    _, out, _ = ops("list", "--template", two, "--json")
    first, second = json.loads(out)
    names = [{alarm["definition"]["AlarmName"] for alarm in one["recommendation"]["alarms"]} for one in (first, second)]
    assert not names[0] & names[1]
    skipped = {row["id"]: row["why"] for row in second["recommendation"]["skipped"]}
    assert "oldest-message-age" in skipped
    assert skipped["dead-letters"] == "the queue has no dead-letter queue"


def test_export_writes_what_cloudformation_and_terraform_take(ops: Ops) -> None:
    only = ("--alarm", "stalled", "--alarm", "page-me", "--topic", "arn:aws:sns:eu-west-1:111122223333:oncall")
    code, out, err = ops("export", "--template", str(TEMPLATE), *only)
    assert (code, err) == (0, "")
    resources = yaml_parse(out)["Resources"]
    assert list(resources) == ["StalledAlarm", "PageMeAlarm"]
    assert resources["StalledAlarm"]["Properties"]["AlarmActions"] == [only[-1]]
    _, out, _ = ops("export", "--template", str(TEMPLATE), "--format", "terraform", *only)
    assert set(json.loads(out)["resource"]) == {"aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"}


def test_a_topic_is_an_arn_or_a_reference_of_the_template(ops: Ops) -> None:
    for option in ("--topic", "--pager"):
        for wrong in (
            "not an arn",
            "to ${AlarmTopic}",
            "arn:aws:sqs:eu-west-1:111122223333:oncall",
            "arn:aws:sns:eu-west-1:oncall",
        ):
            code, out, err = ops("export", "--template", str(TEMPLATE), option, wrong)
            assert (code, out) == (2, "")
            assert f"{option} {wrong!r} is not the ARN of an SNS topic." in err
    assert ops("diff", "--topic", "${AlarmTopic}")[0] == 2
    _, out, _ = ops("export", "--template", str(TEMPLATE), "--alarm", "stalled", "--topic", "${AlarmTopic}")
    assert "AlarmActions: [!Ref AlarmTopic]" in out


def test_export_says_what_it_leaves_out_apart_from_the_template(ops: Ops, two: str) -> None:
    _, out, err = ops("export", "--template", two, "--queue", "A")
    assert "undelivered is left out" in err
    assert "These alarms notify no one: add --topic ARN." in err
    assert "left out" not in out


def test_what_does_not_apply_is_refused(ops: Ops, two: str) -> None:
    assert ops("list", "--template", two, "--region", "eu-west-1")[0] == 2
    assert ops("list", "--parameter", "A=1", "--queue", "jobs")[0] == 2
    code, _, err = ops("list", "--template", two, "--alarm", "nope")
    assert code == 2
    assert "The catalogue has no alarm nope." in err
    code, _, err = ops("export", "--template", two)
    assert code == 2
    assert "several workloads: A, B" in err
    assert ops("list", "--template", "none.yaml")[0] == 2


@pytest.mark.twin
def test_the_alarms_of_a_live_workload(ops: Ops, twin: object) -> None:
    code, out, _ = ops("list", "--json")
    assert code == 0
    (workload,) = json.loads(out)
    by_id = {alarm["id"]: alarm["definition"] for alarm in workload["recommendation"]["alarms"]}
    assert by_id["stalled"]["Metrics"][1]["MetricStat"]["Period"] == 10, "the twin publishes every ten seconds"
    assert "account-concurrency-near-limit" in by_id
