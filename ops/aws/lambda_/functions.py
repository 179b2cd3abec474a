"""Functions: their configuration, versions, aliases and policies, the account's concurrency, and invoking them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.aws.naming import names
from ops.errors import NotFound

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_LISTED_FUNCTIONS = 2_000
MAX_VERSION_CALLS = 4
"""Pages of 50 versions (ListVersionsByFunction, API reference, 2026-11); the number of calls is our choice."""
DEFAULT_ASYNC_RETRIES = 2
"""Lambda's default number of retries of an asynchronous invocation (Lambda developer guide, 2026-11)."""


@dataclass(frozen=True)
class Function:
    """A function's configuration. ``log_group`` is where it really logs. ``metrics``: Powertools' namespace and service,
    the dimensions of the job metrics, where the function sets them."""

    name: str
    arn: str
    version: str
    timeout_s: int
    memory_mb: int
    ephemeral_mb: int
    architecture: str
    package: str  # Image | Zip
    log_group: str
    reserved: int | None
    deployed_at: datetime | None
    metrics: tuple[str, str] | None
    dead_letter_arn: str | None = None
    """The queue or topic for asynchronous invocations that failed for good."""
    log_format: str = "Text"
    """Text | JSON: the format of the platform's log lines."""
    code_sha: str = ""
    runtime: str = ""
    """``python3.13``; empty of an image."""
    tracing: bool = False
    layers: tuple[str, ...] = ()
    """ARNs of layer versions."""
    variables: tuple[str, ...] = ()
    """Names of its environment variables."""
    snap_start: bool = False
    file_system: bool = False
    description: str = ""
    measured_at: datetime | None = None
    """Replaces ``deployed_at`` where a memory sweep of this machine made the last change."""
    durable: bool = False
    """Whether it is a durable function, whose executions take several invocations."""
    durable_s: int | None = None
    """How long such an execution may take in all; None when it is not told."""
    managed: bool = False
    """Whether it runs on Lambda Managed Instances."""
    environment_concurrency: int | None = None
    """Invocations that an environment of Managed Instances takes at once; None when it is not told."""
    tenant_isolation: bool = False


def get_function(aws: Aws, name: str) -> Function:
    """The function with that name, partial ARN or ARN. Raises NotFound, and UsageError for one in another region or
    account, or when Lambda returns a different function."""
    named = names.parse_function(name)
    names.ensure_in_target_region(aws, named)
    with aws.translate_errors("lambda", f"function {named.bare}"):
        response: Any = aws.lambda_.get_function_configuration(FunctionName=named.text)
    names.ensure_same_resource(named, response["FunctionArn"])
    return _function(response)


def functions_with_dlq(aws: Aws, queue_arn: str) -> tuple[Function, ...]:
    """The functions whose dead-letter queue is ``queue_arn``, of the account's first 2,000. Needs lambda:ListFunctions."""
    with aws.translate_errors("lambda", "the account's functions"):
        pages: Any = aws.lambda_.get_paginator("list_functions").paginate(
            PaginationConfig={"MaxItems": MAX_LISTED_FUNCTIONS}
        )
        items = [item for page in pages for item in page["Functions"]]
    return tuple(
        _function(item) for item in items if (item.get("DeadLetterConfig") or {}).get("TargetArn") == queue_arn
    )


def _function(response: Any) -> Function:
    variables = response.get("Environment", {}).get("Variables", {})
    namespace = variables.get("POWERTOOLS_METRICS_NAMESPACE")
    service = variables.get("POWERTOOLS_SERVICE_NAME")
    name = response["FunctionName"]
    instances = response.get("CapacityProviderConfig", {}).get("LambdaManagedInstancesCapacityProviderConfig", {})
    return Function(
        name=name,
        arn=response["FunctionArn"],
        version=response.get("Version", "$LATEST"),
        timeout_s=int(response.get("Timeout", 3)),
        memory_mb=int(response.get("MemorySize", 128)),
        ephemeral_mb=int(response.get("EphemeralStorage", {}).get("Size", 512)),
        architecture=(response.get("Architectures") or ["x86_64"])[0],
        package=response.get("PackageType", "Zip"),
        log_group=response.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}",
        reserved=None,
        deployed_at=lambda_time(response.get("LastModified")),
        metrics=(namespace, service) if namespace and service else None,
        dead_letter_arn=response.get("DeadLetterConfig", {}).get("TargetArn") or None,
        log_format=response.get("LoggingConfig", {}).get("LogFormat") or "Text",
        code_sha=response.get("CodeSha256") or "",
        runtime=response.get("Runtime") or "",
        tracing=response.get("TracingConfig", {}).get("Mode") == "Active",
        layers=tuple(layer.get("Arn", "") for layer in response.get("Layers") or ()),
        variables=tuple(sorted(variables)),
        snap_start=response.get("SnapStart", {}).get("ApplyOn", "None") != "None",
        file_system=bool(response.get("FileSystemConfigs")),
        description=response.get("Description") or "",
        durable="DurableConfig" in response,
        durable_s=(response.get("DurableConfig") or {}).get("ExecutionTimeout"),
        managed="CapacityProviderConfig" in response,
        environment_concurrency=instances.get("PerExecutionEnvironmentMaxConcurrency"),
        tenant_isolation="TenancyConfig" in response,
    )


def published_versions(aws: Aws, name: str) -> tuple[tuple[Function, ...], bool]:
    """The function's published versions, oldest first, and whether there are more than are listed.

    Needs lambda:ListVersionsByFunction.
    """
    items: list[Any] = []
    marker = ""
    with aws.translate_errors("lambda", f"versions of {name}"):
        for _ in range(MAX_VERSION_CALLS):
            more: Any = {"Marker": marker} if marker else {}
            page = aws.lambda_.list_versions_by_function(FunctionName=name, **more)
            items += page["Versions"]
            marker = page.get("NextMarker") or ""
            if not marker:
                break
    return tuple(_function(item) for item in items if item["Version"] != "$LATEST"), bool(marker)


def with_reserved_concurrency(aws: Aws, function: Function) -> Function:
    """``function`` with its reserved concurrency (None: it has none)."""
    with aws.translate_errors("lambda", f"reserved concurrency of {function.name}"):
        response = aws.lambda_.get_function_concurrency(FunctionName=function.name)
    return replace(function, reserved=response.get("ReservedConcurrentExecutions"))


def account_concurrency(aws: Aws) -> int:
    """The account's quota of concurrent executions in this region (1,000 unless raised or new)."""
    with aws.translate_errors("lambda", "account settings of Lambda"):
        return int(aws.lambda_.get_account_settings()["AccountLimit"]["ConcurrentExecutions"])


def async_retries(aws: Aws, function: Function) -> int:
    """How often Lambda retries a failed asynchronous invocation of ``function`` (0–2)."""
    try:
        with aws.translate_errors("lambda", f"asynchronous invocations of {function.name}"):
            response = aws.lambda_.get_function_event_invoke_config(FunctionName=function.name)
    except NotFound:
        return DEFAULT_ASYNC_RETRIES
    return int(response.get("MaximumRetryAttempts", DEFAULT_ASYNC_RETRIES))


def list_aliases(aws: Aws, name: str) -> tuple[str, ...]:
    """The names of the function's aliases."""
    with aws.translate_errors("lambda", f"aliases of {short_name(name)}"):
        pages: Any = aws.lambda_.get_paginator("list_aliases").paginate(FunctionName=name)
        return tuple(str(alias["Name"]) for page in pages for alias in page["Aliases"])


def provisioned_concurrency(aws: Aws, name: str) -> int:
    """Execution environments that the function's versions and aliases have by provisioned concurrency, all together: those
    allocated, which are what is paid for. Needs lambda:ListProvisionedConcurrencyConfigs."""
    with aws.translate_errors("lambda", f"provisioned concurrency of {short_name(name)}"):
        pages: Any = aws.lambda_.get_paginator("list_provisioned_concurrency_configs").paginate(FunctionName=name)
        return sum(
            int(config.get("AllocatedProvisionedConcurrentExecutions", 0))
            for page in pages
            for config in page.get("ProvisionedConcurrencyConfigs", ())
        )


def list_versions(aws: Aws, name: str) -> tuple[str, ...]:
    """The function's published versions, newest first."""
    with aws.translate_errors("lambda", f"versions of {short_name(name)}"):
        pages: Any = aws.lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        numbers = [str(version["Version"]) for page in pages for version in page["Versions"]]
    return tuple(version for version in reversed(numbers) if version != "$LATEST")


def invoke_async(aws: Aws, function_arn: str, payload: bytes) -> str:
    """Invoke asynchronously; returns the request ID. At most 1 MB (LDG gettingstarted-limits)."""
    with aws.translate_errors("lambda", f"function {short_name(function_arn)}"):
        response: Any = aws.lambda_.invoke(FunctionName=function_arn, InvocationType="Event", Payload=payload)
    return str(response["ResponseMetadata"].get("RequestId", ""))


def function_policy(aws: Aws, name: str) -> str:
    """Who may invoke it, JSON; empty without a policy. ``name`` may be an ARN with a qualifier. Needs lambda:GetPolicy."""
    try:
        with aws.translate_errors("lambda", f"policy of function {name}"):
            return str(aws.lambda_.get_policy(FunctionName=name)["Policy"])
    except NotFound:
        return ""


def short_name(function: str) -> str:
    """``shop-worker`` of ``arn:aws:lambda:eu-west-1:1234:function:shop-worker:live``."""
    parts = function.split(":")
    return parts[parts.index("function") + 1] if "function" in parts[:-1] else parts[0]


def qualified_name(function: str) -> str:
    """``shop-worker:live`` of ``arn:aws:lambda:eu-west-1:1234:function:shop-worker:live``."""
    return function.partition(":function:")[2] or function


def qualifier_of(function_arn: str) -> str:
    """The version or alias in an ARN; empty where it runs ``$LATEST``."""
    parts = function_arn.split(":")
    qualifier = parts[7] if len(parts) > 7 else ""
    return "" if qualifier == "$LATEST" else qualifier


def bare_arn(function_arn: str) -> str:
    """``…:function:shop-worker`` of ``…:function:shop-worker:live``."""
    return ":".join(function_arn.split(":")[:7])


def lambda_time(text: str | None) -> datetime | None:
    """Lambda writes ``2026-11-23T18:57:33.000+0000``."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
