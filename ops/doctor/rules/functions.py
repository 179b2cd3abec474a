"""Rules about the functions: timeout, logs, tracing, start-up."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator

from ops import formatting
from ops.doctor import changes, sources
from ops.doctor.rule import Check, Problem, RuleSeverity, SettingChange, each, rule
from ops.doctor.rules.queues import MAX_VISIBILITY_S, VISIBILITY_TIMES
from ops.doctor.settings import FunctionSettings, NotChecked, Unknown, WorkloadSettings, known

NEAR_TIMEOUT = 0.8
"""The share of the timeout that p99 may reach. AWS recommends an alarm below the timeout; the share is our choice."""
MAX_TIMEOUT_S, MAX_MANAGED_TIMEOUT_S = 900, 5_400
"""Lambda developer guide, quotas, 2026-11; on Managed Instances, invoked by a queue (botocore 1.44.5 model, 2026-11)."""
SNAPSTART_RUNTIMES = {"python": 12, "java": 11, "dotnet": 8}
"""Python 3.12, Java 11 and .NET 8 or later (Lambda developer guide, snapstart, 2026-11)."""
SNAPSTART_PAYS_MS = 2_000
"""Init above which restoring a snapshot is faster for sure: measured restores take 0.4 to 0.7 s (third party, 2026).
Below ``SNAPSTART_COSTS_MS`` it is slower."""
SNAPSTART_COSTS_MS = 500
XRAY_END = "2027-02-25"
"""End of support of the X-Ray SDKs and daemon (aws-powertools/powertools-lambda-python#7382)."""
_RUNTIME = re.compile(r"(python|java|dotnet)(?:3\.)?(\d+)")


def longest_timeout_s(function: FunctionSettings) -> int:
    """The most that Lambda lets an invocation take that an event source mapping of SQS waits for."""
    return MAX_MANAGED_TIMEOUT_S if known(function.managed) else MAX_TIMEOUT_S


def each_function(find: Callable[[FunctionSettings, WorkloadSettings], Iterator[Problem]]) -> Check:
    """Every function that reads the queue, once."""

    def check(workload: WorkloadSettings) -> Iterator[Problem]:
        functions = [known(mapping.function) for mapping in known(workload.mappings)]
        once = {function.origin.name: function for function in functions}.values()
        yield from each(once, lambda function: find(function, workload))

    return check


@rule(
    "timeout-headroom",
    RuleSeverity.WARNING,
    "the function's timeout is well above the p99 of its durations",
    "Batches are cut off, are received again after the visibility timeout, and are paid for each time.",
    sources.LAMBDA_SQS_CONFIGURE,
)
@each_function
def timeout_headroom(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    observed, timeout = known(workload.observed), known(function.timeout_s)
    if observed.duration_p99_ms is None or observed.duration_max_ms is None:
        raise NotChecked("Duration has no data in the last two weeks")
    cut = observed.duration_max_ms >= timeout * 1000
    if not cut and observed.duration_p99_ms < NEAR_TIMEOUT * timeout * 1000:
        return
    seen = f"p99 {formatting.latency(observed.duration_p99_ms)}, longest {formatting.latency(observed.duration_max_ms)}"
    text = f"the timeout is {timeout} s, and durations of the last two weeks reach it: {seen}"
    longest = longest_timeout_s(function)
    if timeout >= longest:
        text += f"; {longest} s is the most that Lambda allows, so give each invocation less work (BatchSize)"
        yield Problem(text, function.origin, "Timeout", SettingChange(), RuleSeverity.CRITICAL if cut else None)
        return
    wanted = min(longest, max(timeout * 2, round(observed.duration_max_ms / 500)))
    change = changes.function(function.origin, f"--timeout {wanted}", "Timeout", wanted)
    queue = known(workload.queue)
    least = min(MAX_VISIBILITY_S, VISIBILITY_TIMES * wanted)
    if known(queue.visibility_s) < least:  # Lambda rejects a timeout above it
        change = changes.both(changes.queue(queue.origin, "VisibilityTimeout", least), change)
    yield Problem(text, function.origin, "Timeout", change, RuleSeverity.CRITICAL if cut else None)


@rule(
    "log-retention",
    RuleSeverity.WARNING,
    "the function's log group has a retention",
    "Logs are kept, and billed, forever.",
    sources.LAMBDA_LOGS,
)
@each_function
def log_retention(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    if known(function.log_retention_days) is None:
        group = f"/aws/lambda/${{{function.origin.name}}}" if function.origin.line else function.log_group
        properties = {"LogGroupName": {"Fn::Sub": group} if function.origin.line else group, "RetentionInDays": 30}
        change = changes.other(
            f"aws logs put-retention-policy --log-group-name {shlex.quote(function.log_group)} --retention-in-days 30",
            f"AWS::Logs::LogGroup: {json.dumps(properties, ensure_ascii=False)}",
        )
        yield Problem(f"the logs of {function.origin.name} never expire", function.origin, "LoggingConfig", change)


@rule(
    "structured-logs",
    RuleSeverity.ADVICE,
    "the function logs JSON",
    "Lines cannot be searched by field, and a failed message is hard to find by its ID.",
    sources.LAMBDA_LOGS,
)
@each_function
def structured_logs(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    if known(function.log_format) == "JSON" or _powertools(function):
        return
    change = changes.function(
        function.origin, "--logging-config LogFormat=JSON", "LoggingConfig", {"LogFormat": "JSON"}
    )
    text = f"{function.origin.name} logs plain text, as far as its settings show"
    yield Problem(text, function.origin, "LoggingConfig", change)


def _powertools(function: FunctionSettings) -> bool:
    """Whether its environment or its layers show Powertools, whose logger writes JSON."""
    layers = () if isinstance(function.layers, Unknown) else function.layers
    variables = known(function.variables)
    return any(name.startswith("POWERTOOLS_") for name in variables) or any(
        "powertools" in layer.lower() for layer in layers
    )


@rule(
    "telemetry-extension",
    RuleSeverity.ADVICE,
    "an extension records each invocation",
    "Timeouts and out-of-memory kills log nothing of their own; what they were working on has to be guessed.",
    sources.LAMBDA_EXTENSIONS,
)
@each_function
def extension(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    if not known(function.layers):
        change = changes.function(function.origin, "--layers EXTENSION_LAYER_ARN", "Layers", ["EXTENSION_LAYER_ARN"])
        yield Problem(f"{function.origin.name} has no layer, so no extension", function.origin, "Layers", change)


@rule(
    "xray-sdk",
    RuleSeverity.ADVICE,
    f"tracing does not rest on the X-Ray SDK, whose support ends on {XRAY_END}",
    "After that date the SDK and the daemon get no fixes. Powertools' Tracer uses the SDK unless it has another provider.",
    sources.XRAY_SDK,
)
@each_function
def xray_sdk(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    if not known(function.tracing):
        return
    layers = known(function.layers)
    if not any("powertools" in layer.lower() or "xray" in layer.lower() for layer in layers):
        raise NotChecked("tracing is active, and whether the code uses the X-Ray SDK cannot be seen in settings")
    text = f"{function.origin.name} is traced, and has a layer that brings the X-Ray SDK; Powertools' Tracer uses it by default"
    change = changes.other("", "in the code: trace with OpenTelemetry, or give Tracer a provider without the SDK")
    yield Problem(text, function.origin, "Tracing" if "Tracing" in function.origin.lines else "TracingConfig", change)


@rule(
    "snapstart",
    RuleSeverity.ADVICE,
    "a function with a slow start that may use SnapStart does",
    "Each cold start pays the whole initialization, in time and in money.",
    sources.LAMBDA_SNAPSTART,
)
@each_function
def snapstart(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    if known(function.snap_start) or not _eligible(function):
        return
    observed = known(workload.observed)
    if observed.init_ms is None:
        raise NotChecked(
            "it may use SnapStart; whether that pays depends on its init duration, of which there is no data"
        )
    if observed.init_ms < SNAPSTART_COSTS_MS:
        return  # restoring takes longer
    if observed.init_ms < SNAPSTART_PAYS_MS:
        raise NotChecked(
            f"init takes {formatting.latency(observed.init_ms)} on average, a restore 0.4 to 0.7 s and more for large images: measure it"
        )
    text = f"init takes {formatting.latency(observed.init_ms)} on average, and a restore takes 0.4 to 0.7 s"
    change = changes.function(
        function.origin, "--snap-start ApplyOn=PublishedVersions", "SnapStart", {"ApplyOn": "PublishedVersions"}
    )
    yield Problem(text, function.origin, "SnapStart", change)


def _eligible(function: FunctionSettings) -> bool:
    """Whether its settings allow SnapStart. An image needs one of AWS's base images or a label, which settings do not
    show. On Managed Instances no invocation waits for INIT (LDG lambda-managed-instances-core-concepts, 2026)."""
    if known(function.file_system) or known(function.ephemeral_mb) > 512:
        return False
    if known(function.tenant_isolation) or known(function.managed):
        return False
    if known(function.package) == "Image":
        return True
    found = _RUNTIME.match(known(function.runtime))
    return found is not None and int(found[2]) >= SNAPSTART_RUNTIMES[found[1]]


RULES = (timeout_headroom, log_retention, structured_logs, extension, xray_sdk, snapstart)
