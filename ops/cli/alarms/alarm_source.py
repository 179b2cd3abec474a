"""The alarms that a command is about, from a template, a file or an account, with the names of their workload."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.alarms.catalogue import CatalogueOptions
from ops.alarms.rehearsal import WorkloadRoles, by_minute, roles_of
from ops.cli.output.sanitize import place
from ops.doctor.settings import WorkloadSettings
from ops.errors import UsageError
from ops.target import Target

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

MAX_BYTES = 64 * 1024 * 1024
"""The size of a file of alarms: about 30,000 of them. Our choice."""
DESCRIBE_ALARMS = "Write it with: aws cloudwatch describe-alarms > alarms.json"
DLQ_WORDS = ("dlq", "dead", "failed", "failures", "undeliver")


@dataclass(frozen=True)
class AlarmSource:
    """``unreadable``: alarms without a definition, and why, by name. ``notes``: what was taken to be so, in sentences."""

    label: str
    definitions: tuple[Mapping[str, Any], ...]
    roles: WorkloadRoles
    unreadable: Mapping[str, str]
    notes: tuple[str, ...] = ()
    workload: WorkloadSettings | None = None
    """None: of a file of alarms, which tells no settings."""
    options: CatalogueOptions = field(default_factory=CatalogueOptions)
    """For an account, the options of an earlier ``ops alarms apply``, which its alarms remember."""
    place_of: Callable[[str, str], str] = lambda _name, _field: ""
    """The file and line of an alarm's field, by the alarm's name and the field's."""


def of_template(path: Path, parameters: Mapping[str, str], queue: str | None) -> AlarmSource:
    """Raises UsageError: no template, no workload, or several and none is named."""
    from ops.doctor.template import alarm_definitions, document, resources, workloads

    template = document.read(path)
    found = workloads.of_template(template, parameters, queue)
    if len(found.workloads) > 1:
        names = ", ".join(each.name for each in found.workloads)
        raise UsageError(
            f"The template has several workloads: {names}.", "Name the queue of one of them: --queue NAME."
        )
    alarms = alarm_definitions.read(resources.read(template, parameters))
    workload = found.workloads[0]

    def place_of(name: str, field: str) -> str:
        origin = alarms.origins.get(name)
        line = (origin.lines.get(field) or origin.line) if origin else 0
        return f"{path}, line {line}" if line else ""

    return AlarmSource(
        str(path), alarms.definitions, roles_of(workload), alarms.unreadable, found.notes, workload, place_of=place_of
    )


def of_file(path: Path, queue: str | None, dlq: str | None, function: str | None) -> AlarmSource:
    """Alarms from a file that holds a DescribeAlarms response as JSON. Raises UsageError."""
    definitions, text = _described(path)
    roles, notes = _named_roles(definitions, queue, dlq, function)

    def place_of(name: str, _field: str) -> str:
        found = re.search(rf'"AlarmName"\s*:\s*{re.escape(json.dumps(name))}', text)
        found = found or re.search(rf'"AlarmName"\s*:\s*{re.escape(json.dumps(name, ensure_ascii=False))}', text)
        return f"{path}, line {text.count(chr(10), 0, found.start()) + 1}" if found else ""

    return AlarmSource(str(path), definitions, roles, {}, notes, place_of=place_of)


def of_account(target: Target) -> AlarmSource:
    """All alarms of the region; those on other workloads are said to be unaffected. Raises what ``ops.aws`` raises."""
    from ops import workload
    from ops.aws import Aws, cloudwatch
    from ops.doctor.live import live_settings

    aws = Aws(target)
    described = workload.describe(aws, target)
    settings = live_settings.read(aws, described).workload
    alarms, note = by_minute(cloudwatch.alarm_definitions(aws), settings.metric_period_s)
    options, more = _remembered(aws, described, settings)
    notes = tuple(filter(None, (note, *more)))
    return AlarmSource(place(described, target), alarms, roles_of(settings), {}, notes, settings, options)


def _remembered(aws: Aws, described: Workload, settings: WorkloadSettings) -> tuple[CatalogueOptions, tuple[str, ...]]:
    """The remembered options, and notes on them. Tags that cannot be read, or that someone changed, do not prevent a
    rehearsal."""
    from ops.alarms.applying import recommend_for, remembered_options

    try:
        own = recommend_for(aws, described, settings, CatalogueOptions(), strict=False)
    except UsageError as error:
        return CatalogueOptions(), (f"What is suggested has the default options: {error}",)
    return own.options, (own.unread, remembered_options.sentence(own.kept))


def _described(path: Path) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """The alarms and the file's text."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.", DESCRIBE_ALARMS) from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} is larger than 64 MiB.", "Describe the alarms of one workload: --alarm-name-prefix.")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}.", DESCRIBE_ALARMS) from None
    kinds = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
    lists = [found.get(kind) for kind in kinds] if isinstance(found, dict) else [found]
    alarms = [each for alarm_list in lists if isinstance(alarm_list, list) for each in alarm_list]
    if not alarms or not all(isinstance(each, dict) for each in alarms):
        raise UsageError(f"{path} holds no alarms (MetricAlarms, CompositeAlarms, LogAlarms).", DESCRIBE_ALARMS)
    return tuple(alarms), content.decode("utf-8", "replace")


def _named_roles(
    definitions: Sequence[Mapping[str, Any]], queue: str | None, dlq: str | None, function: str | None
) -> tuple[WorkloadRoles, tuple[str, ...]]:
    """Names that are not given are those that the alarms leave no doubt about."""
    queues = set(_values(definitions, "QueueName"))
    notes = []
    if dlq is None:
        dead = {name for name in queues - {queue} if any(word in name.lower() for word in DLQ_WORDS)}
        dlq = _only(dead, "dead-letter queue", "--dlq")
        notes += [f"{dlq} is taken for the dead-letter queue: name another with --dlq."] if dlq else []
        queues -= dead
    if queue is None:
        queue = _only(queues - {dlq}, "queue", "--queue")
        notes += [f"{queue} is taken for the queue: name another with --queue."] if queue else []
    if function is None:
        function = _only(set(_values(definitions, "FunctionName")), "function", "--function")
        notes += [f"{function} is taken for the function: name another with --function."] if function else []
    given = [frozenset({name} if name else ()) for name in (queue, dlq, function)]
    return WorkloadRoles(queue=given[0], dlq=given[1], function=given[2]), tuple(notes)


def _only(names: set[str], what: str, option: str) -> str | None:
    if len(names) > 1:
        some = ", ".join(sorted(names)[:5]) + (", …" if len(names) > 5 else "")
        raise UsageError(
            f"The alarms are on more than one {what}: {some}.", f"Name the one of the workload: {option} NAME."
        )
    return next(iter(names), None)


def _values(definitions: Iterable[Any], dimension: str) -> Iterable[str]:
    for definition in definitions:
        queries = definition.get("Metrics")
        stats = (
            [each.get("MetricStat") for each in queries if isinstance(each, dict)] if isinstance(queries, list) else []
        )
        metrics = [stat.get("Metric") for stat in stats if isinstance(stat, dict)] or [definition]
        for metric in metrics:
            dimensions = metric.get("Dimensions") if isinstance(metric, dict) else None
            for each in dimensions if isinstance(dimensions, list) else ():
                if isinstance(each, dict) and each.get("Name") == dimension and each.get("Value"):
                    yield str(each["Value"])
