"""Stacks: their outputs and resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.aws.naming import names
from ops.aws.parallel_calls import both

if TYPE_CHECKING:
    from ops.aws.clients import Aws


NESTED_STACK = "AWS::CloudFormation::Stack"
DELETED_STATUSES = ("DELETE_COMPLETE", "DELETE_SKIPPED")
"""Statuses of listed resources that the stack no longer has (botocore 1.44.5 model, 2026-11)."""


@dataclass(frozen=True)
class Stack:
    """``resources``: CloudFormation type → physical IDs, in CloudFormation's order."""

    name: str
    arn: str
    status: str
    outputs: Mapping[str, str]
    resources: Mapping[str, tuple[str, ...]]
    root: str = ""
    """For a nested stack, the ARN of the outermost stack."""

    def ids(self, kind: str) -> tuple[str, ...]:
        return self.resources.get(kind, ())

    def arn_of(self, service: str, resource: str, account: str = "") -> str:
        """An ARN in the stack's partition, region and account (or another ``account``)."""
        _, partition, _, region, stack_account, _ = self.arn.split(":", 5)
        return f"arn:{partition}:{service}:{region}:{account or stack_account}:{resource}"


def describe_stack(aws: Aws, name: str) -> Stack:
    """The stack with that name or ARN. Raises NotFound, and UsageError for one in another region or account."""
    named = names.parse_stack(name)
    names.ensure_in_target_region(aws, named)
    item, resources = both(lambda: _description(aws, named), lambda: _resources(aws, named))
    names.ensure_same_resource(named, item.get("StackId", ""))
    return Stack(
        name=item["StackName"],
        arn=item.get("StackId", ""),
        status=item["StackStatus"],
        outputs={output["OutputKey"]: output["OutputValue"] for output in item.get("Outputs", [])},
        resources=resources,
        root=item.get("RootId", ""),
    )


def _description(aws: Aws, named: names.ResourceName) -> Any:
    with aws.translate_errors("cloudformation", f"stack {named.resource}"):
        return aws.cloudformation.describe_stacks(StackName=named.text)["Stacks"][0]


def _resources(aws: Aws, named: names.ResourceName) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    with aws.translate_errors("cloudformation", f"stack {named.resource}"):
        for page in aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=named.text):
            for resource in page["StackResourceSummaries"]:
                physical = resource.get("PhysicalResourceId")
                if physical and resource.get("ResourceStatus") not in DELETED_STATUSES:
                    found.setdefault(resource["ResourceType"], []).append(physical)
    return {kind: tuple(ids) for kind, ids in found.items()}


def stack_of(aws: Aws, physical_id: str) -> str:
    """ARN of the stack that has the resource with this physical ID. Raises NotFound where no stack has it.

    Needs cloudformation:DescribeStackResources.
    """
    with aws.translate_errors("cloudformation", f"stack of {physical_id}"):
        found = aws.cloudformation.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
    return found[0].get("StackId", "") if found else ""


def stack_names(aws: Aws) -> tuple[str, ...]:
    """Names of the account's stacks that are not deleted, of the first page. Needs cloudformation:DescribeStacks."""
    with aws.translate_errors("cloudformation", "the account's stacks"):
        answer = aws.cloudformation.describe_stacks()
    return tuple(stack["StackName"] for stack in answer["Stacks"])
