"""What the twin has deployed is what template.yaml says, asked of the twin's own APIs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from handler import contract
from ops.errors import TwinError
from ops.twin import deploy
from tests.template.resources import TEMPLATE
from tests.twins import Twin

pytestmark = pytest.mark.twin


def test_every_output_is_there(twin: Twin) -> None:
    wanted = {value for name, value in vars(contract).items() if name.startswith("OUTPUT_")}
    assert wanted <= {name for name, value in twin.outputs.items() if value}
    assert twin.outputs == deploy.outputs(twin.state)


def test_the_mapping_has_its_limit_and_reports_partial_batches(twin: Twin) -> None:
    (mapping,) = twin.client("lambda").list_event_source_mappings(FunctionName=twin.outputs[contract.OUTPUT_FUNCTION])[
        "EventSourceMappings"
    ]
    assert isinstance(mapping["ScalingConfig"]["MaximumConcurrency"], int)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 10
    assert mapping["MetricsConfig"] == {"Metrics": ["EventCount"]}


def test_asynchronous_invocations_have_destinations(twin: Twin) -> None:
    config = twin.client("lambda").get_function_event_invoke_config(
        FunctionName=twin.outputs[contract.OUTPUT_FUNCTION], Qualifier="$LATEST"
    )
    assert config["MaximumRetryAttempts"] == 2
    assert config["DestinationConfig"]["OnFailure"]["Destination"].endswith("-undelivered")
    assert config["DestinationConfig"]["OnSuccess"]["Destination"].endswith(f"event-bus/{twin.state.stack}")


def test_old_idempotency_records_expire(twin: Twin) -> None:
    found = twin.client("dynamodb").describe_time_to_live(TableName=twin.outputs[contract.OUTPUT_TABLE])
    assert found["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiration"}


def test_the_topic_is_encrypted_with_the_stacks_key(twin: Twin) -> None:
    attributes = twin.client("sns").get_topic_attributes(TopicArn=twin.outputs[contract.OUTPUT_ALARM_TOPIC])
    key = attributes["Attributes"]["KmsMasterKeyId"]
    assert twin.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_logs_are_kept_for_a_day(twin: Twin) -> None:
    prefix = f"/aws/lambda/{twin.outputs[contract.OUTPUT_FUNCTION]}"
    (group,) = twin.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    assert group["retentionInDays"] == 1


def test_alarms_look_every_ten_seconds_at_this_stack(twin: Twin) -> None:
    alarms = twin.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{twin.state.stack}-")["MetricAlarms"]
    assert len(alarms) == TEMPLATE.read_text().count("Type: AWS::CloudWatch::Alarm\n")
    by_name = {alarm["AlarmName"].removeprefix(f"{twin.state.stack}-"): alarm for alarm in alarms}
    for name in (
        "dead-letters",
        "oldest-message-age",
        "function-errors",
        "function-throttles",
        "duration-near-timeout",
    ):
        assert by_name[name]["Period"] == 10


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: [a]}}}", "Queue"),
        ("Resources: {Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Threshold: 1}}}", "Alarm"),
    ],
)
def test_a_template_that_fails_says_what_and_why(twin: Twin, tmp_path: Path, template: str, said: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(template)
    with pytest.raises(TwinError, match=r"did not deploy broken.yaml: .{10}") as raised:
        deploy.deploy(replace(twin.state, stack=f"broken-{said.lower()}"), {}, path)
    assert said in str(raised.value)
