"""Changes of a workload's code and configuration, as far as Lambda reports them.

A published version holds its settings, so that what changed from one to the next is known. Of the unpublished version and
of an event source mapping only the time of the last change is known, and not what it was. What ``ops rightsize`` published
and changed to measure is a measurement and no deployment.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ops import formatting, measured_versions
from ops.aws import lambda_
from ops.errors import AwsError
from ops.insight.sources.event_model import CONFIG, DEPLOY, MEASUREMENT, Event

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.lambda_ import Function
    from ops.insight.report_types import Window
    from ops.workload import Workload

TOO_MANY = "Function versions are not compared: the function has too many of them."


def read_changes(aws: Aws, workload: Workload, window: Window) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """The changes in the window, and what could not be read, in words. One ListVersionsByFunction call (more for a
    function with more than 50 versions)."""
    notes: tuple[str, ...] = ()
    versions: tuple[Function, ...] = ()
    function = workload.function
    if function is not None:
        try:
            versions, more = lambda_.published_versions(aws, function.name)
            if more:  # the newest ones come last
                versions, notes = (), (TOO_MANY,)
        except AwsError as error:  # without it the rest of the page still holds
            notes = (f"No function versions: {error} {error.next_step}".strip(),)
    events = (*_published(versions), *_last_change(function, versions), *_mapping_change(workload))
    return tuple(event for event in events if window.start <= event.start <= window.end), notes


def _published(versions: tuple[Function, ...]) -> list[Event]:
    events = [
        Event(
            MEASUREMENT,
            f"{function.name} version {function.version}: {measured_versions.MEASURED}",
            function.deployed_at,
            function.deployed_at,
        )
        for function in versions
        if _is_measured(function) and function.deployed_at
    ]
    for before, after in pairwise((None, *(function for function in versions if not _is_measured(function)))):
        if after is None or after.deployed_at is None:
            continue
        changes = settings_changed(before, after) if before is not None else []
        new_code = before is None or before.code_sha != after.code_sha
        what = ", ".join((["code"] if before is not None and new_code else []) + changes)
        name = f"{after.name} version {after.version}: {what or 'published'}"
        events.append(Event(DEPLOY if new_code else CONFIG, name, after.deployed_at, after.deployed_at))
    return events


def _is_measured(version: Function) -> bool:
    return version.description.startswith(measured_versions.LABEL)


def settings_changed(before: Function, after: Function) -> list[str]:
    """``memory 512 → 1,024 MB``, for each setting that differs and that a report knows."""
    pairs = (
        ("memory", f"{before.memory_mb:,}", f"{after.memory_mb:,} MB"),
        ("timeout", formatting.duration(before.timeout_s), formatting.duration(after.timeout_s)),
        ("storage", f"{before.ephemeral_mb:,}", f"{after.ephemeral_mb:,} MB"),
        ("architecture", before.architecture, after.architecture),
        ("log format", before.log_format, after.log_format),
        ("log group", before.log_group, after.log_group),
    )
    known = ("memory_mb", "timeout_s", "ephemeral_mb", "architecture", "log_format", "log_group")
    return [
        f"{label} {old} → {new}"
        for (label, old, new), name in zip(pairs, known, strict=True)
        if getattr(before, name) != getattr(after, name)
    ]


def _last_change(function: Function | None, versions: tuple[Function, ...]) -> list[Event]:
    """The last change of the version that the workload runs, unless it is a published one."""
    if function is not None and function.measured_at is not None:
        name = f"{function.name}: memory changed by ops rightsize to measure it"
        return [Event(MEASUREMENT, name, function.measured_at, function.measured_at)]
    if (
        function is None
        or function.deployed_at is None
        or function.version in {function.version for function in versions}
    ):
        return []
    name = f"{function.name}: code or configuration changed"
    return [Event(DEPLOY, name, function.deployed_at, function.deployed_at)]


def _mapping_change(workload: Workload) -> list[Event]:
    mapping = workload.mapping
    if mapping is None or mapping.changed_at is None:
        return []
    now = f" (now {mapping.state})" if mapping.state else ""
    name = f"event source mapping: configuration or state changed{now}"
    return [Event(CONFIG, name, mapping.changed_at, mapping.changed_at)]
