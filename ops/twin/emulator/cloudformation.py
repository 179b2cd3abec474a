"""Patches: what a template says of a mapping and of a function and MiniStack's CloudFormation drops; and whose a
resource is.

Stands for: ``Enabled: false`` of an ``AWS::Lambda::EventSourceMapping``, which then polls nothing, the
``DeadLetterConfig`` of an ``AWS::Lambda::Function`` (CloudFormation template reference, 2026-11), and
DescribeStackResources with a PhysicalResourceId in place of a StackName (API reference, 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudformation, lambda_svc
from ministack.services.cloudformation import handlers

from ops.twin.emulator.patch import Patch

Handler = Callable[..., Any]
Properties = Mapping[str, Any]


def patches() -> list[Patch]:
    return [
        Patch(
            "services.cloudformation.provisioners",
            "_RESOURCE_HANDLERS",
            _completed,
            "templates may disable mappings and give functions dead-letter queues",
        ),
        Patch(
            "services.cloudformation.handlers",
            "_ACTION_HANDLERS",
            _with_physical_ids,
            "DescribeStackResources finds the stack of a resource",
        ),
    ]


def _with_physical_ids(actions: dict[str, Handler]) -> dict[str, Handler]:
    """The same table, which other modules hold, with the entry replaced."""
    by_stack = actions["DescribeStackResources"]

    def describe_stack_resources(parameters: Any) -> Any:
        physical_id = handlers._p(parameters, "PhysicalResourceId")
        if not physical_id or handlers._p(parameters, "StackName"):
            return by_stack(parameters)
        for stack in cloudformation._stacks.values():
            resources = stack.get("_resources", {}).values()
            if any(resource.get("PhysicalResourceId") == physical_id for resource in resources):
                return by_stack({**parameters, "StackName": [stack["StackName"]]})
        return handlers._error("ValidationError", f"Stack for {physical_id} does not exist")

    actions["DescribeStackResources"] = describe_stack_resources
    return actions


def _completed(provisioners: dict[str, dict[str, Handler]]) -> dict[str, dict[str, Handler]]:
    """The same table, which other modules hold, with these entries replaced."""
    mapping, function = provisioners["AWS::Lambda::EventSourceMapping"], provisioners["AWS::Lambda::Function"]
    mapping["create"], mapping["update"] = _stated(mapping["create"], 1), _stated(mapping["update"], 2)
    function["create"], function["update"] = (
        _dead_lettered(function["create"], 1),
        _dead_lettered(function["update"], 2),
    )
    return provisioners


def _stated(original: Handler, position: int) -> Handler:
    """``position``: of the properties among the arguments."""

    def provision(*given: Any, **more: Any) -> Any:
        arguments = list(given)
        arguments[position] = {**given[position], "Enabled": enabled(given[position])}
        mapping_id, attributes = original(*arguments, **more)
        mapping = lambda_svc._esms.get(mapping_id)
        mapping["State"] = "Enabled" if mapping["Enabled"] else "Disabled"
        return mapping_id, attributes

    return provision


def enabled(properties: Properties) -> bool:
    """A template says true, false, "true" or "false"; a mapping that says nothing is enabled."""
    return str(properties.get("Enabled", True)).lower() != "false"


def _dead_lettered(original: Handler, position: int) -> Handler:
    def provision(*given: Any, **more: Any) -> Any:
        name, attributes = original(*given, **more)
        configuration = lambda_svc._functions.get(name)["config"]
        configuration.pop("DeadLetterConfig", None)
        if target := (given[position].get("DeadLetterConfig") or {}).get("TargetArn"):
            configuration["DeadLetterConfig"] = {"TargetArn": target}
        return name, attributes

    return provision
