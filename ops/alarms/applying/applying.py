"""Alarms compared with those of an account, put, and removed: only those that are tagged as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ops import access
from ops.alarms.applying import live_alarms
from ops.alarms.applying.comparison import (
    field_changes,
    fields_of,
    is_composite,
    with_live_actions,
    with_live_choices,
    without_notified_twice,
)
from ops.alarms.applying.live_alarms import LiveAlarms
from ops.alarms.applying.model import (
    OPTION_TAGS,
    OWNER_TAG,
    AlarmChange,
    AlarmDifference,
    AlarmFieldChange,
    ApplyResult,
    ChangeKind,
)
from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.aws.cloudwatch import alarm_store
from ops.errors import AwsError, UsageError

if TYPE_CHECKING:
    from ops.aws import Aws

Definition = Mapping[str, Any]
QUOTA = ("LimitExceeded", "LimitExceededFault", "LimitExceededException")


def difference(
    aws: Aws,
    workload: str,
    definitions: Sequence[Definition],
    prefix: str = "",
    options: Mapping[str, str] = MappingProxyType({}),
) -> AlarmDifference:
    """``workload``: the owner. ``prefix``: of the names of its alarms, among which obsolete ones are looked for; empty: they
    are not. ``options``: by names of OPTION_TAGS. Needs cloudwatch:DescribeAlarms and ListTagsForResource."""
    names = [str(definition["AlarmName"]) for definition in definitions]
    there = live_alarms.read(aws, names, prefix)
    live = there.definitions
    owners = {name: there.owner(workload, name) for name in live}
    tags = {OWNER_TAG: workload, **{OPTION_TAGS[name]: value for name, value in options.items()}}
    changes = [
        _tagged(_change(definition, live, owners), there, tags)
        for definition in _notified_once(in_order(definitions), live)
    ]
    obsolete = [live[name] for name in sorted(live.keys() - set(names)) if owners[name] is None]
    changes += [
        AlarmChange(definition["AlarmName"], ChangeKind.OBSOLETE, is_composite(definition), definition=definition)
        for definition in obsolete
    ]
    return AlarmDifference(workload, tuple(changes), tags)


def _tagged(change: AlarmChange, live: LiveAlarms, tags: Mapping[str, str]) -> AlarmChange:
    """The change with the differences in the tags that store its options."""
    if change.kind not in (ChangeKind.UPDATE, ChangeKind.UNCHANGED):
        return change
    before = live.tags[change.name]
    fields = [
        AlarmFieldChange(f"tag {key}", before.get(key), tags.get(key))
        for key in OPTION_TAGS.values()
        if before.get(key) != tags.get(key)
    ]
    old = tuple(key for key in OPTION_TAGS.values() if key in before and key not in tags)
    if not fields:
        return change
    arn = str(live.definitions[change.name]["AlarmArn"])
    return replace(change, kind=ChangeKind.UPDATE, fields=(*change.fields, *fields), retagged=arn, old_tags=old)


def _notified_once(wanted: Sequence[Definition], live: Mapping[str, Definition]) -> Iterator[Definition]:
    """The definitions in order, without double notifications. Topics chosen for a composite alarm are removed from the
    alarms that its rule names. Topics that it has already, and that were not chosen, are removed from it if such an
    alarm notifies them."""
    chosen = {
        name: set(definition.get("AlarmActions") or ())
        for definition in wanted
        if is_composite(definition)
        for name in _named(definition)
    }
    below: set[str] = set()
    for definition in wanted:
        there = live.get(str(definition["AlarmName"]), {})
        others = below if is_composite(definition) else chosen.get(str(definition["AlarmName"]), set())
        once = without_notified_twice(there, definition, others)
        if not is_composite(definition):
            below.update(with_live_choices(there, once).get("AlarmActions") or ())
        yield once


def as_they_notify(wanted: Sequence[Definition], there: LiveAlarms, workload: str) -> Iterator[Definition]:
    """``wanted`` with the actions that a difference would leave to the workload's own alarms, without one."""
    own = {name: definition for name, definition in there.definitions.items() if there.owner(workload, name) is None}
    for definition in _notified_once(in_order(wanted), own):
        yield with_live_actions(own.get(str(definition["AlarmName"]), {}), definition)


def _change(wanted: Definition, live: Mapping[str, Definition], owners: Mapping[str, str | None]) -> AlarmChange:
    name, composite = str(wanted["AlarmName"]), is_composite(wanted)
    there = live.get(name)
    if there is None:
        return AlarmChange(name, ChangeKind.CREATE, composite, definition=wanted)
    owner = owners[name]
    if owner is not None:
        return AlarmChange(name, ChangeKind.FOREIGN, composite, definition=wanted, owner=owner)
    if fields_of(there) != fields_of(wanted):
        return AlarmChange(name, ChangeKind.FOREIGN, composite, definition=wanted, owner="an alarm of another type")
    fields = tuple(field_changes(there, wanted))
    kind = ChangeKind.UPDATE if fields else ChangeKind.UNCHANGED
    return AlarmChange(name, kind, composite, fields, with_live_choices(there, wanted))


def in_order(definitions: Sequence[Definition]) -> list[Definition]:
    """Metric alarms, then composite alarms, each after those that its rule names, and log alarms, which an endpoint may not
    have. Raises UsageError for a cycle."""
    waiting = {str(definition["AlarmName"]): definition for definition in definitions if is_composite(definition)}
    logs = [definition for definition in definitions if alarm_store.is_log_alarm(definition)]
    ordered = [definition for definition in definitions if definition not in logs and not is_composite(definition)]
    while waiting:
        ready = [name for name, definition in waiting.items() if not (_named(definition) & waiting.keys()) - {name}]
        if not ready:
            raise UsageError(
                f"The rules of these composite alarms name each other: {', '.join(sorted(waiting))}.",
                "Let one of them name metric alarms only.",
            )
        ordered += [waiting.pop(name) for name in ready]
    return ordered + logs


def _named(composite: Definition) -> set[str]:
    try:
        return set(alarm_rule(str(composite["AlarmRule"])).alarms)
    except AlarmError:
        return set()  # CloudWatch will say what is wrong with it


def apply(aws: Aws, found: AlarmDifference, progress: Callable[[str], None] = lambda _: None) -> ApplyResult:
    """Puts what is to be created or updated. Ends at the first refusal, and at an alarm that has become another owner's
    since the difference; a later difference has the rest.

    Raises UsageError, having done nothing, when another owner's alarm has one of the names.
    """
    access.ensure_may("applying alarms")
    foreign = found.of(ChangeKind.FOREIGN)
    if foreign:
        names = ", ".join(f"{change.name} ({change.owner})" for change in foreign)
        raise UsageError(
            f"These alarms already exist and do not belong to {found.workload}: {names}. Nothing was done.",
            "Choose other names (--prefix), leave them out (--alarm ID for each of the others), or have their owner remove them.",
        )
    done: list[str] = []
    for change in found.pending:
        progress(f"{'Creating' if change.kind is ChangeKind.CREATE else 'Updating'} {change.name}")
        try:
            _ensure_ours(aws, found.workload, [change.name])
            if change.retagged:  # first: should it end here, the next apply means the same set
                alarm_store.tag_alarm(aws, change.retagged, found.tags, change.old_tags)
            alarm_store.put_alarm(aws, change.definition, found.tags)
        except AwsError as error:
            return _ended(done, [change.name for change in found.pending], error)
        done.append(change.name)
    return ApplyResult(tuple(done))


def remove(aws: Aws, found: AlarmDifference, progress: Callable[[str], None] = lambda _: None) -> ApplyResult:
    """Removes the alarms of ``found`` that are there and ours: composite alarms first, the last in order first, since an
    alarm that a composite alarm names cannot be removed. Log alarms one by one: they cannot be deleted in a batch."""
    access.ensure_may("removing alarms")
    ours = found.of(ChangeKind.UPDATE, ChangeKind.UNCHANGED, ChangeKind.OBSOLETE)
    composites = in_order([change.definition for change in ours if change.composite])[::-1]
    batches = [[str(composite["AlarmName"])] for composite in composites]
    logs = [change.name for change in ours if alarm_store.is_log_alarm(change.definition)]
    metric = [change.name for change in ours if not change.composite and change.name not in logs]
    batches += [[name] for name in logs]
    batches += [metric[at : at + alarm_store.MAX_NAMES] for at in range(0, len(metric), alarm_store.MAX_NAMES)]
    done: list[str] = []
    for batch in batches:
        progress(f"Removing {', '.join(batch)}")
        try:
            _ensure_ours(aws, found.workload, batch)
            alarm_store.delete_alarms(aws, batch)
        except AwsError as error:
            return _ended(done, [name for batch in batches for name in batch], error)
        done += batch
    return ApplyResult(tuple(done))


def _ensure_ours(aws: Aws, workload: str, names: Sequence[str]) -> None:
    """Raises AwsError if one of the alarms now belongs to another workload. Time may have passed since the difference,
    while someone was asked to confirm it."""
    there = live_alarms.read(aws, names)
    for name in there.definitions:
        owner = there.owner(workload, name)
        if owner is not None:
            raise AwsError(
                f"Alarm {name} now belongs to {owner}; it was not changed.", "Read ops alarms diff for what is left."
            )


def _ended(done: Sequence[str], everything: Sequence[str], error: AwsError) -> ApplyResult:
    if error.code in QUOTA:
        error.next_step = "Ask for a higher quota of alarms (Service Quotas), or remove some; then run it again."
    if error.code in alarm_store.NO_OPERATION:
        error.next_step = (
            "Omit --log-group, --query-role and --lines-role: function-errors and its runbook are used instead."
        )
    return ApplyResult(tuple(done), tuple(name for name in everything if name not in done), error)
