"""Names, URLs and ARNs as users enter them, parsed and compared with the target and with the resource that was found.

SQS resolves a name in the region and account of the caller, whatever ARN the name was taken from; so an ARN or URL of
another region must be rejected before the call, and the resource that was found must be the one that was named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import SplitResult, urlsplit

from ops.aws.naming import sqs_hosts
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.aws.clients import Aws

KINDS = {
    "sqs": "an SQS queue",
    "lambda": "a Lambda function",
    "cloudformation": "a CloudFormation stack",
    "sns": "an SNS topic",
    "events": "an EventBridge rule or bus",
    "scheduler": "an EventBridge schedule",
    "dynamodb": "a DynamoDB table",
    "kinesis": "a Kinesis stream",
    "s3": "an S3 bucket",
    "logs": "a log group",
    "states": "a Step Functions state machine",
}
PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
)
"""Partitions by region prefix (botocore 1.44.5 partitions, 2026-11); every other region is in ``aws``."""
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{1,12}")
_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_FUNCTION = re.compile(r"[A-Za-z0-9_-]{1,140}(:(\$LATEST|[A-Za-z0-9_-]{1,128}))?")
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True)
class ResourceName:
    """``partition``, ``region`` and ``account`` are empty where the text does not contain them. ``resource``: the name
    of a queue, a function (with its qualifier) or a stack. ``url``: of a queue, where one was given."""

    text: str
    service: str
    resource: str
    partition: str = ""
    region: str = ""
    account: str = ""
    url: str = ""

    @property
    def bare(self) -> str:
        """The name without a function's qualifier."""
        return self.resource.partition(":")[0]


def parse_queue(text: str, endpoint: str = "") -> ResourceName:
    """A queue by name, ARN or URL. ``endpoint``: the SQS endpoint in use; a queue's URL must have its host, or one of
    AWS's. Raises UsageError for anything else."""
    text = text.strip()
    if "://" in text:
        return _queue_url(text, endpoint)
    if text.startswith("arn:"):
        return _checked(parse_arn(text, "sqs"), _QUEUE)
    if not _QUEUE.fullmatch(text):
        _refuse(text, "is not the name, URL or ARN of a queue", "Give a queue's name, URL or ARN.")
    return ResourceName(text, "sqs", text)


def parse_function(text: str) -> ResourceName:
    """A function by name, partial ARN (``ACCOUNT:function:NAME``) or ARN, with or without a qualifier."""
    text = text.strip()
    head, found, tail = text.partition("function:")
    if text.startswith("arn:"):
        name = parse_arn(text, "lambda")
        kind, _, resource = name.resource.partition(":")
        if kind != "function":
            _refuse(text, "does not name a Lambda function", "Give a function's name or ARN.")
        return _checked(replace(name, resource=resource), _FUNCTION)
    account = head.rstrip(":")
    if found and (not head or (head.endswith(":") and _ACCOUNT.fullmatch(account))):
        return _checked(ResourceName(text, "lambda", tail, account=account), _FUNCTION)
    if not _FUNCTION.fullmatch(text):
        _refuse(text, "is not the name or ARN of a function", "Give a function's name or ARN.")
    return ResourceName(text, "lambda", text)


def parse_stack(text: str) -> ResourceName:
    """A stack by name or ARN (``…:stack/NAME/ID``)."""
    text = text.strip()
    if text.startswith("arn:"):
        name = parse_arn(text, "cloudformation")
        kind, _, rest = name.resource.partition("/")
        if kind != "stack":
            _refuse(text, "does not name a CloudFormation stack", "Give a stack's name or ARN.")
        return _checked(replace(name, resource=rest.partition("/")[0]), _STACK)
    if not _STACK.fullmatch(text):
        _refuse(text, "is not the name or ARN of a stack", "Give a stack's name or ARN.")
    return ResourceName(text, "cloudformation", text)


def parse_arn(text: str, service: str = "") -> ResourceName:
    """The parts of an ARN; ``resource`` is everything after the account. Raises UsageError for what is not an ARN, or
    not one of ``service`` where it is given."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not all(parts[1:3]) or not parts[5]:
        _refuse(text, "is not a complete ARN", "Write it as arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE.")
    _, partition, named, region, account, resource = parts
    if service and named != service:
        what = KINDS.get(named, f"a resource of {named}")
        _refuse(text, f"names {what}, not {KINDS[service]}", f"Give {KINDS[service]}.")
    if service and not (_REGION.fullmatch(region) and _ACCOUNT.fullmatch(account)):
        _refuse(text, "is not a complete ARN: its region or account is missing", "Copy the ARN as AWS shows it.")
    return ResourceName(text, named, resource, partition, region, account)


def partition_of(region: str) -> str:
    return next((partition for prefix, partition in PARTITIONS if region.startswith(prefix)), "aws")


def ensure_in_target_region(aws: Aws, name: ResourceName) -> None:
    """Raises UsageError when ``name`` has another region or partition than ``aws``."""
    region = aws.region
    if name.region and name.region != region:
        next_step = f"Use --region {name.region}."
        if aws.target.is_twin:
            next_step = "The twin has only this region; for AWS, set OPS_TARGET=aws."
        raise UsageError(f"{name.text} is in {name.region}; this target is in {region}.", next_step)
    if name.partition and name.partition != partition_of(region):
        raise UsageError(
            f"{name.text} is in partition {name.partition}; {region} is in {partition_of(region)}.",
            "Use a resource in the partition of your profile.",
        )


def ensure_same_resource(name: ResourceName, found_arn: str) -> None:
    """Raises UsageError when the resource that was found differs from ``name`` in any part that ``name`` has."""
    if different := difference(name, found_arn):
        raise UsageError(
            f"{name.text} was named, but {found_arn} was found: {different}.",
            "Use a resource in the account and region of your profile, or the profile of that resource.",
        )


def difference(name: ResourceName, found_arn: str) -> str:
    """The first part that differs, as text ("account 1, not 2"); empty when there is none."""
    if found_arn.count(":") < 5:
        return ""
    found = {"lambda": parse_function, "cloudformation": parse_stack}.get(name.service, parse_arn)(found_arn)
    parts = (
        ("service", name.service, found.service),
        ("partition", name.partition, found.partition),
        ("region", name.region, found.region),
        ("account", name.account, found.account),
        ("name", name.bare, found.bare),
    )
    return next((f"{part} {actual}, not {named}" for part, named, actual in parts if named and named != actual), "")


def _queue_url(text: str, endpoint: str) -> ResourceName:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        _refuse(text, "is not a valid URL", "Copy the queue's URL as SQS shows it.")
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.username is not None:
        _refuse(text, "is not the URL of a queue", "Copy the queue's URL as SQS shows it.")
    region = sqs_hosts.region_of(parts.hostname or "")
    if not sqs_hosts.is_endpoint(parts, endpoint) and (not region or port not in (None, 443)):
        _refuse(
            text,
            "is on a host that is not an SQS endpoint of this target",
            "Give the name or ARN of a queue of this target.",
        )
    segments = _segments(parts)
    if len(segments) > 2 and segments[0] == "queue":  # LocalStack's path strategy: /queue/REGION/ACCOUNT/NAME
        region, segments = segments[1], segments[2:]
    account = segments[0] if len(segments) == 2 else ""
    if not segments or len(segments) > 2 or (account and not _ACCOUNT.fullmatch(account)) or (region and not account):
        _refuse(text, "is not the URL of a queue", "Write it as https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.")
    named = ResourceName(text, "sqs", segments[-1], partition_of(region) if region else "", region, account, text)
    return _checked(named, _QUEUE)


def _segments(parts: SplitResult) -> list[str]:
    return parts.path.strip("/").split("/") if parts.path.strip("/") else []


def _checked(name: ResourceName, pattern: re.Pattern[str]) -> ResourceName:
    if not pattern.fullmatch(name.resource):
        _refuse(name.text, f"does not name {KINDS[name.service]}", f"Give the name or ARN of {KINDS[name.service]}.")
    return name


def _refuse(text: str, why: str, next_step: str) -> NoReturn:
    shown = text if len(text) <= 200 else f"{text[:200]}…"
    raise UsageError(f"{shown or 'An empty name'} {why}.", next_step)


def is_mentioned(text: str, names: Iterable[str]) -> bool:
    """Whether one of ``names`` is in ``text`` as a whole, not as a part of another name."""
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) for name in names if name)
