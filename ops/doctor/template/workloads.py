"""The workloads of a template: each queue that its functions read, with what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ops.doctor.settings import AlarmSettings, SqsQueueSettings, Unknown, WorkloadSettings
from ops.doctor.template import alarms, document, resource_settings, resources
from ops.doctor.template.resources import SAM_EVENT, Resource, Resources
from ops.errors import UsageError

MAPPINGS = ("AWS::Lambda::EventSourceMapping", SAM_EVENT)
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
SCOPE = "this template"
ELSEWHERE = Unknown("the queue is not in this template")


@dataclass(frozen=True)
class TemplateWorkloads:
    """``notes``: what of the template was not looked at."""

    workloads: tuple[WorkloadSettings, ...]
    notes: tuple[str, ...]


def read(
    path: Path, overrides: Mapping[str, str], queue: str | None = None, deadline_s: int | None = None
) -> TemplateWorkloads:
    """``queue``: only that one, by its logical ID or name. Raises UsageError: no template, no queue, a parameter that
    does not exist."""
    checked = of_template(document.read(path), overrides, queue)
    return replace(checked, workloads=tuple(replace(workload, deadline_s=deadline_s) for workload in checked.workloads))


def of_template(template: document.Block, overrides: Mapping[str, str], queue: str | None = None) -> TemplateWorkloads:
    """Like ``read``, for a template that has been read; ``overrides``: parameter values. Raises UsageError."""
    declared = template.get("Parameters")
    for name in overrides:
        if not isinstance(declared, dict) or name not in declared:
            raise UsageError(f"The template has no parameter {name}.", "Check --parameter NAME=VALUE.")
    declared = resources.read(template, overrides)
    workloads = tuple(_workloads(declared))
    if not workloads:
        raise UsageError(
            "The template has no SQS queue, and no function of it reads one.",
            "The doctor checks SQS → Lambda workloads; name the template that holds the queue.",
        )
    if queue is not None:
        named = [workload for workload in workloads if queue in _names(workload)]
        if not named:
            names = ", ".join(workload.name for workload in workloads)
            raise UsageError(
                f"No function of the template reads a queue {queue}: there are {names}.", "Name one of them."
            )
        workloads = tuple(named)
    return TemplateWorkloads(workloads, declared.unread)


def _names(workload: WorkloadSettings) -> set[str]:
    known = workload.queue.metric_names if isinstance(workload.queue, SqsQueueSettings) else ()
    return {workload.name, *known}


def _workloads(declared: Resources) -> list[WorkloadSettings]:
    by_queue: dict[str, list[Resource]] = {}
    for mapping in declared.of(*MAPPINGS):
        source = mapping.get("EventSourceArn")
        queue = declared.find(source, resource_settings.QUEUE)
        if queue is not None:
            by_queue.setdefault(queue.name, []).append(mapping)
        elif mapping.kind == SAM_EVENT or ":sqs:" in str(source):
            name = source if isinstance(source, str) else f"queue of {mapping.name}"
            by_queue.setdefault(name, []).append(mapping)
    dead = {_dlq_resource(queue, declared) for queue in declared.of(resource_settings.QUEUE)}
    working = [name for name in by_queue if name not in dead]
    names = working or list(by_queue)
    if not names:  # something outside of the template may read them
        names = [queue.name for queue in declared.of(resource_settings.QUEUE) if queue.name not in dead]
    return [_workload(name, by_queue, declared) for name in names]


def _dlq_resource(queue: Resource, declared: Resources) -> str:
    policy = queue.inner("RedrivePolicy")
    target = (
        None
        if isinstance(policy, Unknown)
        else declared.find(policy.get("deadLetterTargetArn"), resource_settings.QUEUE)
    )
    return target.name if target else ""


def _workload(name: str, by_queue: Mapping[str, list[Resource]], declared: Resources) -> WorkloadSettings:
    resource = declared.all.get(name)
    own = by_queue.get(name, [])
    mappings = tuple(resource_settings.mapping(resource, declared) for resource in own)
    functions = {_function_name(resource, declared) for resource in own} - {""}
    others = [resource for source, several in by_queue.items() if source != name for resource in several]
    dlq = _dlq(resource, declared)
    dlq_name = _dlq_resource(resource, declared) if resource else ""
    read_elsewhere = Unknown("no function of this template reads the queue")
    return WorkloadSettings(
        name=name,
        scope=SCOPE,
        queue=resource_settings.queue(resource, declared) if resource else ELSEWHERE,
        dlq=dlq,
        mappings=mappings or read_elsewhere,
        other_mappings=tuple(
            resource_settings.mapping(resource, declared)
            for resource in others
            if _function_name(resource, declared) in functions
        ),
        dlq_mappings=tuple(resource_settings.mapping(resource, declared) for resource in by_queue.get(dlq_name, [])),
        alarms=_alarms(declared),
        topics=tuple(alarms.topic(resource, declared) for resource in declared.of(alarms.TOPIC)),
        account_concurrency=Unknown("the account's concurrency is not in a template"),
    )


def _alarms(declared: Resources) -> tuple[AlarmSettings, ...]:
    """One whose condition does not hold with the parameters' defaults may be there after all: what it watches is unknown."""
    absent = tuple(
        alarms.absent_alarm(name, f"it is created only where {condition} holds")
        for name, condition in declared.absent.items()
        if declared.absent_kinds[name] in ALARMS
    )
    return (*(alarms.alarm(resource) for resource in declared.of(*ALARMS)), *absent)


def _function_name(mapping: Resource, declared: Resources) -> str:
    target = resource_settings.target(mapping, declared)[0]
    return target.name if target else ""


def _dlq(resource: Resource | None, declared: Resources) -> SqsQueueSettings | Unknown | None:
    if resource is None:
        return ELSEWHERE
    policy = resource.inner("RedrivePolicy")
    if isinstance(policy, Unknown):
        return policy
    named = policy.get("deadLetterTargetArn")
    if named is None or isinstance(named, Unknown):
        return named
    target = declared.find(named, resource_settings.QUEUE)
    return (
        resource_settings.queue(target, declared)
        if target
        else Unknown("the dead-letter queue is not in this template")
    )
