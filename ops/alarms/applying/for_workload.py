"""The catalogue's recommendation for a workload of an account, with the options stored in its alarms' tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handler import contract
from ops import workload
from ops.alarms.applying import live_alarms, remembered_options
from ops.alarms.applying.applying import as_they_notify
from ops.alarms.applying.live_alarms import LiveAlarms
from ops.alarms.catalogue import CatalogueOptions, InitBaseline, JobMetrics, Recommendation, recommend
from ops.errors import AccessDenied, UsageError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.doctor.settings import WorkloadSettings
    from ops.workload import Workload


@dataclass(frozen=True)
class OwnRecommendation:
    """``name``: with which the alarms' names begin by default. ``owner``: the queue's ARN. ``options``: with those that
    were remembered, which are ``kept`` (by name). ``live``: the alarms whose names begin so. ``unread``: why their tags, and
    so the options, are not known, as a sentence; else empty. ``not_compared``: why init durations are not compared with those
    of the version before though that was asked for."""

    name: str
    owner: str
    options: CatalogueOptions
    recommendation: Recommendation
    kept: Mapping[str, str] = field(default_factory=dict)
    live: LiveAlarms = field(default_factory=lambda: LiveAlarms({}, {}))
    unread: str = ""
    not_compared: str = ""

    def as_put(self) -> Recommendation:
        """The recommendation with the actions that the alarms have after ``ops alarms apply``."""
        every = [alarm.definition for alarm in self.recommendation.alarms]
        known = {
            str(definition["AlarmName"]): definition for definition in as_they_notify(every, self.live, self.owner)
        }
        alarms = tuple(replace(alarm, definition=known[alarm.name]) for alarm in self.recommendation.alarms)
        return replace(self.recommendation, alarms=alarms)


def recommend_for(
    aws: Aws,
    described: Workload,
    settings: WorkloadSettings,
    chosen: CatalogueOptions,
    forget: bool = False,
    strict: bool = True,
    read_init: Callable[[], InitBaseline | str] | None = None,
) -> OwnRecommendation:
    """``forget``: the options of earlier applies. ``strict``: raise AccessDenied where AWS refuses to show the alarms or their
    tags; else that is said as ``unread``. ``read_init``: asks for the init durations of the version before, or why there are none;
    called only if they are to be compared. Raises UsageError where the tags are not one set of options. Needs
    cloudwatch:DescribeAlarms and ListTagsForResource."""
    name, owner = default_prefix(aws, described), described.queue.arn
    prefix = name if chosen.prefix is None else chosen.prefix
    metrics = described.function.metrics if described.function else None
    jobs = JobMetrics(metrics[0], contract.JOB_DIMENSION, metrics[1]) if metrics else None
    options, kept, live, unread = replace(chosen, prefix=prefix, jobs=jobs), dict[str, str](), LiveAlarms({}, {}), ""
    try:
        live = live_alarms.read(aws, prefix=f"{prefix}-")
    except AccessDenied as error:
        if strict:
            raise
        unread = f"What an earlier ops alarms apply was given is not known: {error}"
    if not forget:
        asked = remembered_options.named(chosen)
        kept = {option: value for option, value in live.options(owner, asked).items() if option not in asked}
        options = remembered_options.completed(options, kept)
    before = read_init() if options.compare_versions and read_init else None
    not_compared = before if isinstance(before, str) else ""
    if isinstance(before, InitBaseline):
        options = replace(options, init_before=before)
    return OwnRecommendation(name, owner, options, recommend(settings, options), kept, live, unread, not_compared)


def default_prefix(aws: Aws, described: Workload) -> str:
    """The stack's name if it leads to this queue; with the queue's name if the stack has others."""
    if described.stack is None:
        return described.queue.name
    if aws.target.queue is None:
        return described.stack
    try:
        by_stack = workload.describe(aws, replace(aws.target, queue=None, function=None)).queue.arn
    except UsageError:  # the stack alone names none of its queues
        by_stack = ""
    return described.stack if by_stack == described.queue.arn else f"{described.stack}-{described.queue.name}"
