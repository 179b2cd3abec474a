"""A template's resources: SAM's function defaults and events expanded, properties resolved, references followed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.doctor.settings import SettingOrigin, Unknown
from ops.doctor.template.document import NO_TEMPLATE, Block
from ops.doctor.template.intrinsics import Resolver
from ops.errors import UsageError

SAM_FUNCTION = "AWS::Serverless::Function"
SAM_EVENT = "SQS event"
"""The kind of a mapping that SAM makes of a function's event."""


@dataclass(frozen=True)
class Resource:
    """``properties`` are resolved; one that depends on what is not known is Unknown."""

    name: str
    kind: str
    properties: Block
    line: int = 0

    def origin(self) -> SettingOrigin:
        return SettingOrigin(self.kind, self.name, line=self.line, lines=getattr(self.properties, "lines", {}))

    def get(self, name: str, default: Any = None) -> Any:
        value = self.properties.get(name, default)
        return default if value is None else value

    def whole(self, name: str, default: int | None) -> Any:
        """A whole number; ``default`` when the property is absent."""
        value = self.get(name, default)
        return value if value is None or isinstance(value, Unknown) else whole(value, name)

    def flag(self, name: str, default: bool) -> bool | Unknown:
        value = self.get(name, default)
        return value if isinstance(value, bool | Unknown) else str(value).lower() == "true"

    def text(self, name: str, default: str = "") -> str | Unknown:
        value = self.get(name, default)
        return Unknown(f"{name} is not a text") if isinstance(value, dict | list) else _as_text(value)

    def listed(self, name: str) -> list[Any] | Unknown:
        """A property that is a list; empty when absent."""
        value = self.get(name, [])
        return value if isinstance(value, list | Unknown) else Unknown(f"{name} is not a list")

    def inner(self, name: str) -> Mapping[str, Any] | Unknown:
        """A property that is a mapping, or its JSON; empty when absent."""
        value = self.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return Unknown(f"{name} is not a mapping")
        return value if isinstance(value, dict | Unknown) else {}


def _as_text(value: Any) -> str | Unknown:
    return value if isinstance(value, str | Unknown) else str(value)


def whole(value: Any, name: str) -> int | Unknown:
    try:
        return int(str(value))
    except ValueError:
        return Unknown(f"{name} is not a whole number")


@dataclass(frozen=True)
class Resources:
    """``absent``: resources whose condition does not hold, with it by name. ``doubtful``: those whose condition is not
    known; they are taken to exist."""

    all: Mapping[str, Resource]
    absent: Mapping[str, str]
    absent_kinds: Mapping[str, str]
    unread: tuple[str, ...] = ()
    """What of the template was not looked at, in sentences."""

    def of(self, *kinds: str) -> Iterator[Resource]:
        return (resource for resource in self.all.values() if resource.kind in kinds)

    def find(self, reference: Any, *kinds: str) -> Resource | None:
        """The resource of one of ``kinds`` that a reference, an ARN, a URL or a name stands for."""
        if not isinstance(reference, str) or not reference:
            return None
        if reference.startswith("${"):
            name = reference[2:].partition("}")[0].partition(".")[0]
            resource = self.all.get(name)
            if resource is not None and resource.kind in kinds:
                return resource
        last = reference.rpartition("/")[2].rpartition(":")[2] if not reference.startswith("${") else reference
        if "}" in reference and not reference.endswith("}"):
            last = reference.rsplit("/", 1)[-1].rsplit("}:", 1)[-1]
        named = (
            resource for resource in self.of(*kinds) if own_name(resource) in (reference, last) and own_name(resource)
        )
        return next(named, None)


NAME_PROPERTIES = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::Lambda::Function": "FunctionName",
    SAM_FUNCTION: "FunctionName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
}


def own_name(resource: Resource) -> str:
    """The name that the template gives it; empty where CloudFormation makes one."""
    name = resource.get(NAME_PROPERTIES.get(resource.kind, ""))
    return name if isinstance(name, str) else ""


def read(template: Block, overrides: Mapping[str, str]) -> Resources:
    """Raises UsageError when the template has no resources."""
    declared = template.get("Resources")
    if not isinstance(declared, Block) or not declared:
        raise UsageError("The template has no resources.", NO_TEMPLATE)
    resolver = Resolver(template, overrides)
    defaults = _globals(template)
    resources: dict[str, Resource] = {}
    absent: dict[str, str] = {}
    absent_kinds: dict[str, str] = {}
    unread = []
    for name, raw in declared.items():
        if name.startswith("Fn::"):
            unread.append(f"{name} is not expanded: what it makes was not checked.")
        elif isinstance(raw, Block) and isinstance(raw.get("Type"), str):
            condition = raw.get("Condition")
            if condition is not None and resolver.condition(condition) is False:
                absent[name], absent_kinds[name] = str(condition), raw["Type"]
                continue
            resource = _resource(resolver, name, raw, defaults, declared.lines.get(name, raw.line))
            resources[name] = resource
            resources.update((event.name, event) for event in _events(resource))
    if any(
        kind.startswith("AWS::CloudFormation::Stack") or kind == "AWS::Serverless::Application"
        for kind in _kinds(resources)
    ):
        unread.append("Nested stacks are not read: check their templates, too.")
    return Resources(resources, absent, absent_kinds, tuple(unread))


def _kinds(resources: Mapping[str, Resource]) -> set[str]:
    return {resource.kind for resource in resources.values()}


def _globals(template: Block) -> Block:
    defaults = template.get("Globals")
    function = defaults.get("Function") if isinstance(defaults, Block) else None
    return function if isinstance(function, Block) else Block()


def _resource(resolver: Resolver, name: str, raw: Block, defaults: Block, line: int) -> Resource:
    properties = raw.get("Properties")
    if raw["Type"] == SAM_FUNCTION and defaults:
        properties = _merged(defaults, properties if isinstance(properties, Block) else Block())
    resolved = resolver.value(properties) if properties is not None else Block()
    return Resource(name, raw["Type"], resolved if isinstance(resolved, Block) else Block(), line)


def _merged(first: Any, second: Any) -> Any:
    """SAM's rule for Globals: mappings are merged, lists are joined, anything else is replaced."""
    if isinstance(first, Block) and isinstance(second, Block):
        merged = Block({**first, **second})
        merged.line = second.line or first.line
        merged.lines = {**getattr(first, "lines", {}), **getattr(second, "lines", {})}
        merged.update((key, _merged(first[key], second[key])) for key in first.keys() & second.keys())
        return merged
    return [*first, *second] if isinstance(first, list) and isinstance(second, list) else second


def _events(function: Resource) -> Iterator[Resource]:
    """The mappings that SAM makes of a function's events of type SQS."""
    events: Any = function.get("Events") if function.kind == SAM_FUNCTION else None
    for name, event in events.items() if isinstance(events, Block) else ():
        if isinstance(event, Block) and event.get("Type") == "SQS":
            properties = event.get("Properties")
            block = properties if isinstance(properties, Block) else Block()
            own = Block({**block, "EventSourceArn": block.get("Queue"), "FunctionName": f"${{{function.name}}}"})
            own.line, own.lines = block.line, getattr(block, "lines", {})
            line = events.lines.get(name, function.line)
            yield Resource(f"{function.name}.{name}", SAM_EVENT, own, line)
