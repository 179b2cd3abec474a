"""Stacks: their outputs and resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws.naming import names

if TYPE_CHECKING:
    from ops.aws.clients import Aws


NESTED_STACK = "AWS::CloudFormation::Stack"
DELETED_STATUSES = ("DELETE_COMPLETE", "DELETE_SKIPPED")
"""Statuses of resources that are listed and no longer the stack's (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class Stack:
    """``resources``: CloudFormation type → physical ids, in the order CloudFormation lists them."""

    name: str
    arn: str
    status: str
    outputs: Mapping[str, str]
    resources: Mapping[str, tuple[str, ...]]

    def ids(self, kind: str) -> tuple[str, ...]:
        return self.resources.get(kind, ())

    def arn_of(self, service: str, resource: str, account: str = "") -> str:
        """An ARN in the stack's partition, region and account (or another ``account``)."""
        _, partition, _, region, own, _ = self.arn.split(":", 5)
        return f"arn:{partition}:{service}:{region}:{account or own}:{resource}"


def describe_stack(aws: Aws, name: str) -> Stack:
    """The stack of that name or ARN. Raises UsageError for one of another region or account; NotFound."""
    named = names.parse_stack(name)
    names.ensure_in_target_region(aws, named)
    with aws.translate_errors("cloudformation", f"stack {named.resource}"):
        found = aws.cloudformation.describe_stacks(StackName=named.text)["Stacks"][0]
        resources: dict[str, list[str]] = {}
        for page in aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=named.text):
            for resource in page["StackResourceSummaries"]:
                physical = resource.get("PhysicalResourceId")
                if physical and resource.get("ResourceStatus") not in DELETED_STATUSES:
                    resources.setdefault(resource["ResourceType"], []).append(physical)
    names.ensure_same_resource(named, found.get("StackId", ""))
    return Stack(
        name=found["StackName"],
        arn=found.get("StackId", ""),
        status=found["StackStatus"],
        outputs={item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])},
        resources={kind: tuple(ids) for kind, ids in resources.items()},
    )
