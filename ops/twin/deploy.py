"""Deploys template.yaml, the same file as on AWS, through the twin's CloudFormation; then sets what that leaves out.

What MiniStack 1.5.33's CloudFormation drops or gets wrong although its APIs take it (read in its source and tried,
2026-11), and is therefore set afterwards by ``finish``:

- ``AWS::ApiGateway::RequestValidator`` creates nothing: no body is validated.
- Number parameters reach a mapping's ``ScalingConfig`` as text, and ``MetricsConfig`` not at all.
- The table's ``TimeToLiveSpecification`` and the topic's ``KmsMasterKeyId`` are dropped.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from handler import contract
from ops import twin_state
from ops.alarms.rendering import reference_parameters
from ops.errors import AwsError, TwinError
from ops.twin import clients
from ops.twin_state import TwinState

TEMPLATE = twin_state.REPOSITORY / "template.yaml"
DEPLOY_TIMEOUT = 60.0
ALARM_PERIOD_S = 10
"""The period of the twin's alarms; on AWS it is a minute."""
TEMPLATE_BUCKET = "deployed-templates"


def parameters(cores: int, timeout: int = 15) -> dict[str, str]:
    """The template's parameters on the twin, each derived by the template's own rule from a short timeout (seconds).

    Short, so that a job that is killed dies after three receives within minutes; long enough for the first imports of
    SciPy and scikit-learn (some four seconds of CPU) in several cold environments at once. Concurrency follows the
    machine's cores: an environment here takes real CPU from its neighbors.
    """
    concurrency = max(2, min(10, cores + 1))
    return {
        "TlsOnly": "false",
        "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        "FunctionTimeout": str(timeout),
        "QueueVisibilityTimeout": str(6 * timeout),
        "MaximumConcurrency": str(concurrency),
        "AlarmPeriod": str(ALARM_PERIOD_S),
        **reference_parameters(timeout, 6 * timeout, concurrency, memory_mb=1024),
        "ApiRateLimit": "1000",
        "ApiBurstLimit": "2000",
        "LogRetentionDays": "1",
        **collector(os.environ),
    }


def collector(environment: Mapping[str, str]) -> dict[str, str]:
    """The OpenTelemetry collector named in the environment of the twin's start, as the template's parameters.

    Empty where it is not an HTTP URL, as for a gRPC collector of other programs.
    """
    endpoint = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
    if not re.fullmatch(r"https?://[^\s@]+", endpoint):
        return {"OtlpEndpoint": "", "OtlpHeaders": ""}
    return {"OtlpEndpoint": endpoint, "OtlpHeaders": environment.get("OTEL_EXPORTER_OTLP_HEADERS", "")}


def deploy(twin: TwinState, values: Mapping[str, str], template: Path = TEMPLATE) -> dict[str, str]:
    """Create the stack and return its outputs. Raises TwinError with CloudFormation's own reason."""
    cloudformation = clients.client(twin, "cloudformation")
    try:
        cloudformation.create_stack(
            StackName=twin.stack,
            TemplateURL=_uploaded(twin, template),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        stack = _wait(cloudformation, twin.stack)
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise TwinError(f"The twin did not deploy {template.name}: {_reason(cloudformation, twin.stack)}")
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        finish(twin, outputs, yaml_parse(template.read_text())["Resources"], values)
    except AwsError as error:
        raise TwinError(f"The twin did not deploy {template.name}: {error}") from error
    return outputs


def _uploaded(twin: TwinState, template: Path) -> str:
    """The template's address: it is larger than a request may be (51,200 bytes), so that sam deploy uses a bucket too."""
    s3 = clients.client(twin, "s3")
    s3.create_bucket(Bucket=TEMPLATE_BUCKET)
    s3.put_object(Bucket=TEMPLATE_BUCKET, Key=template.name, Body=template.read_bytes())
    return f"{twin.endpoint}/{TEMPLATE_BUCKET}/{template.name}"


def outputs(twin: TwinState) -> dict[str, str]:
    """The deployed stack's outputs, by name (``handler.contract.OUTPUT_*``)."""
    stack = clients.client(twin, "cloudformation").describe_stacks(StackName=twin.stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def api_url(twin: TwinState, outputs: Mapping[str, str]) -> str:
    """The URL at which the twin serves ``ApiUrl``: there is no DNS for execute-api host names on loopback."""
    host, _, stage = outputs[contract.OUTPUT_API_URL].removeprefix("https://").partition("/")
    return f"{twin.endpoint}/restapis/{host.partition('.')[0]}/{stage}/_user_request_"


def finish(twin: TwinState, outputs: Mapping[str, str], resources: Any, values: Mapping[str, str]) -> None:
    """Set what the emulator's CloudFormation leaves out (listed above), as the template's ``resources`` say it."""
    described = clients.client(twin, "cloudformation").describe_stack_resources(StackName=twin.stack)
    ids = {item["LogicalResourceId"]: item.get("PhysicalResourceId", "") for item in described["StackResources"]}

    clients.client(twin, "lambda").update_event_source_mapping(
        UUID=ids["JobMapping"],
        ScalingConfig={"MaximumConcurrency": int(values["MaximumConcurrency"])},
        MetricsConfig=resources["JobMapping"]["Properties"]["MetricsConfig"],
    )
    wanted = resources["JobValidator"]["Properties"]
    gateway = clients.client(twin, "apigateway")
    validator = gateway.create_request_validator(
        restApiId=ids["Api"],
        name=wanted["Name"],
        validateRequestBody=wanted["ValidateRequestBody"],
        validateRequestParameters=wanted["ValidateRequestParameters"],
    )
    gateway.update_method(
        restApiId=ids["Api"],
        resourceId=ids["JobsResource"],
        httpMethod="POST",
        patchOperations=[{"op": "replace", "path": "/requestValidatorId", "value": validator["id"]}],
    )
    clients.client(twin, "dynamodb").update_time_to_live(
        TableName=outputs[contract.OUTPUT_TABLE],
        TimeToLiveSpecification=resources["IdempotencyTable"]["Properties"]["TimeToLiveSpecification"],
    )
    clients.client(twin, "sns").set_topic_attributes(
        TopicArn=outputs[contract.OUTPUT_ALARM_TOPIC],
        AttributeName="KmsMasterKeyId",
        AttributeValue=ids["AlarmTopicKey"],
    )


def _wait(cloudformation: Any, stack_name: str) -> Any:
    end = time.monotonic() + DEPLOY_TIMEOUT
    while True:
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        if time.monotonic() > end:
            raise TwinError(f"The stack {stack_name} was still {stack['StackStatus']} after {DEPLOY_TIMEOUT:.0f} s.")
        time.sleep(0.1)


def _reason(cloudformation: Any, stack_name: str) -> str:
    """The first failure, which is the cause; those after it are cancellations."""
    events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "no reason given"
    return f"{failed[0]['LogicalResourceId']}: {failed[0].get('ResourceStatusReason', 'no reason given')}"
