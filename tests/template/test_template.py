"""template.yaml against the linters, the toolkit's contract and the rules that its comments name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from handler.extension.otlp.settings import Settings
from ops.alarms.catalogue import rows
from ops.alarms.rendering import with_generated_alarms
from ops.twin import deploy
from tests.template.resources import ROOT, TEMPLATE, actions, of_type, statements


@pytest.mark.slow  # `make lint` runs the same
def test_cfn_lint_has_nothing_to_say() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), TEMPLATE], capture_output=True, text=True, check=False
    )
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")


def test_sam_translates_the_function_to_a_lambda_image(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.yaml_helper import yaml_parse

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    translated = Translator({}, Parser()).translate(yaml_parse(TEMPLATE.read_text()), {})
    function = translated["Resources"]["Function"]
    assert function["Type"] == "AWS::Lambda::Function"
    assert function["Properties"]["PackageType"] == "Image"
    # The explicit role is used: SAM would otherwise make one with AWS's broad managed policies.
    assert function["Properties"]["Role"] == {"Fn::GetAtt": ["FunctionRole", "Arn"]}
    assert set(translated["Resources"]) == set(template["Resources"])


DIGEST = f"sha256:{'0a' * 32}"


def test_sam_builds_on_the_base_image_of_the_parameter(template: dict[str, Any], resources: dict[str, Any]) -> None:
    metadata = resources["Function"]["Metadata"]
    assert metadata["DockerBuildArgs"] == {"PYTHON": {"Ref": "BaseImage"}}
    dockerfile = (TEMPLATE.parent / metadata["DockerContext"] / metadata["Dockerfile"]).read_text()
    assert f"ARG PYTHON={template['Parameters']['BaseImage']['Default']}\n" in dockerfile, "both defaults are one base"


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("3.14", True),
        (f"3.14@{DIGEST}", True),
        (f"3.14.2025.11.20.10@{DIGEST}", True),
        ("3.14-arm64", True),
        ("latest", False),
        ("3.13", False),
        ("3.140", False),
        ("3.14@sha256:0a0a", False),
        (DIGEST, False),
        (f"3.14 @{DIGEST}", False),
        (f"3.14@{DIGEST}\n", False),
        ("", False),
    ],
)
def test_a_base_image_is_a_tag_of_this_python_with_or_without_a_digest(
    template: dict[str, Any], value: str, taken: bool
) -> None:
    pattern = template["Parameters"]["BaseImage"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value)) is taken


def test_the_outputs_are_those_the_toolkit_reads(template: dict[str, Any]) -> None:
    wanted = {value for name, value in vars(contract).items() if name.startswith("OUTPUT_")}
    assert wanted <= set(template["Outputs"])


def test_the_function_gets_the_environment_the_handler_reads(resources: dict[str, Any]) -> None:
    variables = resources["Function"]["Properties"]["Environment"]["Variables"]
    wanted = {value for name, value in vars(contract).items() if name.startswith("ENV_")}
    assert wanted <= set(variables)
    assert variables[contract.ENV_DATA_MOUNT] == contract.DATA_MOUNT
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == contract.JOB_NAMESPACE
    assert variables["POWERTOOLS_SERVICE_NAME"] == contract.SERVICE


def test_the_opentelemetry_export_is_off_until_it_has_an_endpoint(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    variables = template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
    for parameter, variable in (("OtlpEndpoint", "ENDPOINT"), ("OtlpHeaders", "HEADERS")):
        assert parameters[parameter]["Default"] == ""
        assert variables[f"OTEL_EXPORTER_OTLP_{variable}"] == {"Ref": parameter}
    assert parameters["OtlpHeaders"]["NoEcho"] is True, "it may hold a key"
    protocol = variables["OTEL_EXPORTER_OTLP_PROTOCOL"].encode()
    settings = Settings({b"OTEL_EXPORTER_OTLP_ENDPOINT": b"http://c", b"OTEL_EXPORTER_OTLP_PROTOCOL": protocol})
    assert len(settings.endpoints) == 2
    pattern = parameters["OtlpEndpoint"]["AllowedPattern"]
    for value, taken in {"": True, "http://127.0.0.1:4318": True, "c:4318": False, "https://u:p@c": False}.items():
        assert bool(re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value)) is taken


@pytest.mark.parametrize("endpoint", ["", "localhost:4317", "https://user:password@collector", "http://a b"])
def test_the_twin_hands_on_a_collector_that_the_template_takes(endpoint: str) -> None:
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}
    assert deploy.collector(given) == {"OtlpEndpoint": "http://127.0.0.1:4318", "OtlpHeaders": "a=b"}
    given["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
    assert deploy.collector(given) == {"OtlpEndpoint": "", "OtlpHeaders": ""}


FOR_A_PAGER = {"Fn::If": ["HasPagerTopic", [{"Ref": "PagerTopicArn"}], {"Ref": "AWS::NoValue"}]}


def _alarms(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {**of_type(resources, "AWS::CloudWatch::Alarm"), **of_type(resources, "AWS::CloudWatch::CompositeAlarm")}


def test_the_alarms_are_those_that_the_catalogue_makes() -> None:
    made = with_generated_alarms(TEMPLATE)
    assert made == TEMPLATE.read_text(), "run .venv/bin/python -m ops.alarms.rendering"


def test_every_alarm_of_the_catalogue_is_there(resources: dict[str, Any]) -> None:
    found = {alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-") for alarm in _alarms(resources).values()}
    assert found == {row.id for row in rows()}


def test_every_alarm_names_a_runbook_that_exists_and_tells_the_topic(resources: dict[str, Any]) -> None:
    for name, alarm in _alarms(resources).items():
        runbook = re.search(r"Runbook: (runbooks/[a-z-]+\.md)$", alarm["AlarmDescription"])
        assert runbook, name
        assert (ROOT / runbook[1]).is_file(), name
        told = [{"Ref": "AlarmTopic"}] if name != "PageMeAlarm" else FOR_A_PAGER
        assert alarm["AlarmActions"] == alarm["OKActions"] == told, name
        assert alarm.get("TreatMissingData", "notBreaching") == "notBreaching", name


def test_a_composite_alarm_is_made_after_those_of_its_rule(resources: dict[str, Any]) -> None:
    composite = resources["PageMeAlarm"]
    named = re.findall(r'ALARM\("([^"]+)"\)', composite["Properties"]["AlarmRule"]["Fn::Sub"])
    names = [resources[needed]["Properties"]["AlarmName"]["Fn::Sub"] for needed in composite["DependsOn"]]
    assert names == named
    assert len(named) > 10


def test_the_reference_lists_each_alarm_with_its_runbook(resources: dict[str, Any]) -> None:
    reference = (ROOT / "ops" / "README.md").read_text()
    rows = dict(re.findall(r"^\| `([\w-]+)` \|.*\(\.\./runbooks/([\w-]+\.md)\) \|$", reference, re.MULTILINE))
    alarms = _alarms(resources).values()
    named = {
        alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"): re.search(
            r"runbooks/([\w-]+\.md)", str(alarm["AlarmDescription"])
        )
        for alarm in alarms
    }
    assert rows == {name: runbook[1] for name, runbook in named.items() if runbook}
    assert len(rows) == len(alarms)


def test_dead_letters_page_on_the_first_one(resources: dict[str, Any]) -> None:
    alarm = resources["DeadLettersAlarm"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["DeadLetterQueue", "QueueName"]}}]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Maximum",
        "GreaterThanThreshold",
        0,
    )
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"] == 1


def test_cloudwatch_may_use_the_topics_key_and_publish(resources: dict[str, Any]) -> None:
    assert resources["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "AlarmTopicKey"}
    key = next(
        statement
        for statement in resources["AlarmTopicKey"]["Properties"]["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    )
    assert actions(key) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    publish = statements({"Policies": [resources["AlarmTopicPolicy"]["Properties"]]})[0]
    assert (publish["Principal"], publish["Action"]) == ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")


@pytest.mark.parametrize("values", ["defaults", "twin with 1 core", "twin with 16 cores"])
def test_values_that_follow_from_others_follow(defaults: dict[str, Any], values: str) -> None:
    given = dict(defaults)
    if values != "defaults":
        given |= deploy.parameters(cores=int(values.split()[2]))
    number = {name: int(value) for name, value in given.items() if re.fullmatch(r"-?\d+", str(value))}
    assert number["QueueVisibilityTimeout"] >= 6 * number["FunctionTimeout"]
    assert number["OldestAgeThreshold"] == max(300, 1.5 * number["QueueVisibilityTimeout"])
    assert number["DurationThreshold"] == 0.8 * 1000 * number["FunctionTimeout"]
    assert number["ConcurrencyThreshold"] == int(0.9 * number["MaximumConcurrency"])
    assert number["RetryPeriod"] % 60 == 0
    assert number["RetryPeriod"] >= max(300, number["QueueVisibilityTimeout"] + number["FunctionTimeout"])
    assert number["RecurringPeriods"] >= max(9, 3780 / number["RetryPeriod"])
    assert number["ThrottledPeriods"] >= 900 / number["RetryPeriod"] + 1
    assert number["StalledPeriods"] >= max(10, number["FunctionTimeout"] / 60 + 5)
    assert number["ReservedConcurrency"] in (-1, number["MaximumConcurrency"])
    assert number["BatchSize"] <= 10


def test_the_queues_keep_what_they_must(resources: dict[str, Any]) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    job, dead = queues["JobQueue"], queues["DeadLetterQueue"]
    assert job["ReceiveMessageWaitTimeSeconds"] == 20
    assert job["VisibilityTimeout"] == {"Ref": "QueueVisibilityTimeout"}
    assert job["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "maxReceiveCount": {"Ref": "MaxReceiveCount"},
    }
    # A letter keeps its first enqueue time, so the dead-letter queue must keep longer than the job queue.
    assert dead["MessageRetentionPeriod"] == 1_209_600 > job["MessageRetentionPeriod"]
    (source,) = dead["RedriveAllowPolicy"]["sourceQueueArns"]
    assert dead["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
    assert source["Fn::Sub"].endswith(":" + job["QueueName"]["Fn::Sub"])


def test_the_mapping_reports_partial_batches_within_its_limit(resources: dict[str, Any]) -> None:
    mapping = resources["JobMapping"]["Properties"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}
    assert mapping["MetricsConfig"] == {"Metrics": ["EventCount"]}


def test_the_api_asks_for_signatures_and_checks_what_it_takes(resources: dict[str, Any]) -> None:
    method = resources["PostJob"]["Properties"]
    assert method["AuthorizationType"] == "AWS_IAM"
    assert method["RequestValidatorId"] == {"Ref": "JobValidator"}
    assert resources["JobValidator"]["Properties"]["ValidateRequestBody"] is True
    assert method["Integration"]["PassthroughBehavior"] == "NEVER"
    model = resources["JobModel"]["Properties"]["Schema"]
    assert model["properties"]["schema"]["enum"] == [contract.JOB_SCHEMA]
    (settings,) = resources["ApiStage"]["Properties"]["MethodSettings"]
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(settings)


def test_the_bucket_is_private_encrypted_and_tidied(resources: dict[str, Any]) -> None:
    bucket = resources["ResultsBucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["results"]["Prefix"] == contract.RESULT_PREFIX


def test_a_result_outlives_the_memory_of_its_job(template: dict[str, Any], resources: dict[str, Any]) -> None:
    assert template["Parameters"]["ResultRetentionDays"]["MinValue"] * 24 * 3600 > contract.REMEMBERED
    assert resources["DeadLetterQueue"]["Properties"]["MessageRetentionPeriod"] == contract.REMEMBERED


def test_the_idempotency_table_is_as_powertools_expects(resources: dict[str, Any]) -> None:
    table = resources["IdempotencyTable"]["Properties"]
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_results_reach_their_queue_and_failures_another(resources: dict[str, Any]) -> None:
    rule = resources["ResultsRule"]["Properties"]
    assert rule["EventPattern"] == {"source": [contract.EVENT_SOURCE]}
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}}
    destinations = resources["AsyncInvocations"]["Properties"]["DestinationConfig"]
    assert destinations["OnSuccess"] == {"Destination": {"Fn::GetAtt": ["EventBus", "Arn"]}}
    assert destinations["OnFailure"] == {"Destination": {"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}}


def test_logs_are_kept_for_a_while_only(resources: dict[str, Any]) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert {"FunctionLogGroup", "ApiLogGroup"} == set(groups)
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
