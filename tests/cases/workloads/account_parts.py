"""Parts of an AWS account in a few lines: queues, mappings and stacks, with their ARNs and URLs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.aws import Refusal

REGION, ACCOUNT = "eu-west-1", "111122223333"
QUEUE, FUNCTION, MAPPING = "AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping"
NESTED, ALIAS, API = "AWS::CloudFormation::Stack", "AWS::Lambda::Alias", "AWS::ApiGateway::RestApi"
M = tuple(f"00000000-0000-4000-8000-{number:012d}" for number in range(5))
"""Ids of mappings."""
DENIED = Refusal("AccessDeniedException", "User: arn:aws:iam::111122223333:user/oncall is not authorized", 403)


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def url(queue: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}"


def stack_arn(name: str) -> str:
    return arn("cloudformation", f"stack/{name}/0")


@dataclass(frozen=True)
class Queue:
    dlq: str = ""
    policy: str = ""
    depth: int = 0
    key: str = ""
    key_policy: str = ""  # of that key; without one, the key may not be read


@dataclass(frozen=True)
class Reads:
    """A mapping. ``function`` may have an alias or version; ``more`` as the API spells it."""

    queue: str
    function: str
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """``root``: the outermost stack of a nested one."""

    resources: Sequence[tuple[str, str]]
    outputs: Mapping[str, str] = field(default_factory=dict)
    root: str = ""


def stack(*resources: tuple[str, str], outputs: Mapping[str, str] | None = None) -> Stack:
    return Stack(resources, outputs or {})
