"""CloudFormation's answers about an account's stacks, as XML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.cases.workloads.account_parts import DENIED, NESTED, QUEUE, Stack, stack_arn, url
from tests.fakes.aws import Refusal


@dataclass(frozen=True)
class StackAnswers:
    stacks: Mapping[str, Stack]
    denied: frozenset[str]

    def _stack(self, named: str) -> tuple[str, Stack]:
        name = named.split("/")[1] if "/" in named else named
        if f"stack {name}" in self.denied:
            raise DENIED
        if name not in self.stacks:
            raise Refusal("ValidationError", f"Stack with id {named} does not exist")
        return name, self.stacks[name]

    def describe_stacks(self, asked: dict[str, Any]) -> str:
        name, stack = self._stack(asked["StackName"])
        outputs = (
            f"<OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue>" for key, value in stack.outputs.items()
        )
        root = f"<RootId>{stack_arn(stack.root)}</RootId>" if stack.root else ""
        told = f"<StackName>{name}</StackName><StackId>{stack_arn(name)}</StackId><StackStatus>CREATE_COMPLETE</StackStatus>"
        told += f"<Outputs>{members(outputs)}</Outputs>{root}"
        return f"<Stacks>{members([told])}</Stacks>"

    def stack_of(self, asked: dict[str, Any]) -> str:
        wanted = asked["PhysicalResourceId"]
        for name, stack in self.stacks.items():
            if any(wanted in (name, url(name) if kind == QUEUE else "") for kind, name in stack.resources):
                told = f"<StackName>{name}</StackName><StackId>{stack_arn(name)}</StackId>"
                return f"<StackResources>{members([told])}</StackResources>"
        raise Refusal("ValidationError", f"Stack for {wanted} does not exist")

    def resources(self, asked: dict[str, Any]) -> str:
        _, stack = self._stack(asked["StackName"])
        told = members(
            f"<LogicalResourceId>R</LogicalResourceId><ResourceType>{kind}</ResourceType>"
            f"<PhysicalResourceId>{url(name) if kind == QUEUE else stack_arn(name) if kind == NESTED else name}"
            "</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus>"
            for kind, name in stack.resources
        )
        return f"<StackResourceSummaries>{told}</StackResourceSummaries>"


def members(some: Iterable[str]) -> str:
    return "".join(f"<member>{text}</member>" for text in some)
