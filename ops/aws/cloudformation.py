"""Stacks: their outputs and resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.aws.door import Aws


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


def stack(aws: Aws, name: str) -> Stack:
    """The stack of that name or ARN. Raises NotFound."""
    with aws.asking("cloudformation", f"stack {name}"):
        found = aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        resources: dict[str, list[str]] = {}
        for page in aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
            for resource in page["StackResourceSummaries"]:
                if physical := resource.get("PhysicalResourceId"):
                    resources.setdefault(resource["ResourceType"], []).append(physical)
    return Stack(
        name=found["StackName"],
        arn=found.get("StackId", ""),
        status=found["StackStatus"],
        outputs={item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])},
        resources={kind: tuple(ids) for kind, ids in resources.items()},
    )
