"""The alarms that the catalogue recommends for the workload of a template or an account, and the options for that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from handler import contract
from ops import workload
from ops.alarms.applying import OwnRecommendation, own_log_alarm, recommend_for, remembered_options
from ops.alarms.catalogue import CatalogueOptions, InitBaseline, JobMetrics, Recommendation, recommend
from ops.aws import Aws
from ops.cli import options
from ops.cli.commands_base.option_groups import OptionGroup
from ops.cli.options import WorkloadOptions
from ops.cli.output.sanitize import place as place_words
from ops.doctor.settings import WorkloadSettings
from ops.errors import UsageError
from ops.target import Target
from ops.workload import Why
from ops.workload.gaps import Gap
from ops.workload.notes import ensure_is_read

STACK_NAME = "${AWS::StackName}"
TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
REFERENCE = re.compile(r"(arn:\S*)?\$\{[A-Za-z0-9:.]+\}\S*")

Template = Annotated[
    Path | None,
    typer.Option("--template", help="For the workload of a SAM or CloudFormation template; no account is asked."),
]
Only = Annotated[
    list[str] | None, typer.Option("--alarm", metavar="ID", help="Only this alarm of the catalogue; can be repeated.")
]
Prefix = Annotated[
    str | None,
    typer.Option(
        "--prefix",
        help="Prefix of the alarm names (default: the stack's name, with the queue's if it has several; else the queue's).",
    ),
]
Topic = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="ARN", help="SNS topic to notify on ALARM and OK; repeatable."),
]
Pager = Annotated[
    list[str] | None,
    typer.Option(
        "--pager",
        metavar="ARN",
        help="SNS topic that the composite alarm notifies, and the alarms below it do not; repeatable.",
    ),
]
Deadline = Annotated[
    float | None, typer.Option("--deadline", metavar="SECONDS", min=1, help="How long a message may take.")
]
Budget = Annotated[
    float | None, typer.Option("--budget", metavar="USD", min=0, help="What the function may cost in a day.")
]
Extension = Annotated[
    bool | None,
    typer.Option(
        "--extension/--no-extension", help="Whether this project's extension writes records (default: as metrics tell)."
    ),
]
Undelivered = Annotated[
    str | None,
    typer.Option(
        "--undelivered",
        metavar="QUEUE",
        help="The queue of failed asynchronous invocations (default: as the function's settings name it).",
    ),
]
CompareVersions = Annotated[
    bool | None,
    typer.Option(
        "--compare-versions/--no-compare-versions",
        help="Set the threshold of init-slower by the version before, from the records of 14 days (Logs Insights, $0.005 per GB).",
    ),
]


@dataclass(frozen=True)
class SettingOptions(OptionGroup):
    """Options that the catalogue's thresholds depend on, and the choice of alarms."""

    alarm: Only = None
    prefix: Prefix = None
    deadline: Deadline = None
    budget: Budget = None
    extension: Extension = None
    undelivered: Undelivered = None
    compare_versions: CompareVersions = None

    def choices(self, topic: list[str] | None = None, pager: list[str] | None = None) -> CatalogueOptions:
        return CatalogueOptions(
            prefix=self.prefix,
            actions=tuple(topic or ()),
            pager=tuple(pager or ()),
            deadline_s=self.deadline,
            extension=self.extension,
            undelivered_queue=self.undelivered,
            day_budget_usd=self.budget,
            compare_versions=self.compare_versions,
            only=tuple(self.alarm or ()),
        )


@dataclass(frozen=True)
class NotifyOptions(OptionGroup):
    topic: Topic = None
    pager: Pager = None


Forget = Annotated[
    bool,
    typer.Option(
        "--forget",
        help="Do not use the options of an earlier ops alarms apply: --deadline, --budget and the like.",
    ),
]


@dataclass(frozen=True)
class WorkloadRecommendation:
    """``workload``: its name, with which the alarms' names begin by default. ``label``: the template or place that it is
    of. ``refused``: AWS refused to show a part. ``undelivered_unread``: why the queue of failed asynchronous invocations is
    unknown, and what would show it; empty where it is known or no alarm needs it. ``owner``: the queue's ARN; empty for a
    template. ``options_kept``: of an earlier apply, by name, where they were not given again."""

    workload: str
    label: str
    recommendation: Recommendation
    notes: tuple[str, ...] = ()
    refused: bool = False
    undelivered_unread: str = ""
    owner: str = ""
    options_kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def incomplete(self) -> bool:
        """Whether an alarm that is not recommended may still be wanted."""
        return self.refused or bool(self.undelivered_unread)

    @property
    def omissions(self) -> tuple[str, ...]:
        """Lines about alarms that are not recommended and parts that were not read."""
        skipped = tuple(f"  {skipped.id}: {skipped.why}" for skipped in self.recommendation.skipped)
        return (*(("Not recommended", *skipped) if skipped else ()), *(f"note: {note}" for note in self.notes))

    @property
    def remembered(self) -> str:
        """The options of an earlier apply, as a sentence; empty without any."""
        kept = remembered_options.sentence(self.options_kept)
        return f"{kept.removesuffix('.')} (--forget for none of these)." if kept else ""


def read(
    template: Path | None,
    parameter: list[str] | None,
    place: WorkloadOptions,
    chosen: CatalogueOptions,
    forget: bool = False,
) -> tuple[WorkloadRecommendation, ...]:
    """One for each workload of the template, else that of the account, with the actions that its alarms have. Raises
    UsageError, and what ``ops.aws`` raises."""
    check_topics(chosen, may_refer=template is not None)
    if template is None:
        if parameter:
            raise UsageError("--parameter is of a template.", "Name it: --template FILE.")
        _, found = of_account(place.target(), chosen, forget, strict=False)
        return (found,)
    for given, option in ((forget, "--forget"), (chosen.compare_versions, "--compare-versions")):
        if given:
            raise UsageError(
                f"{option} is of an account: a template has no alarms and no records.", "Omit it, or --template."
            )
    if place.stack or place.function or place.profile or place.region:
        raise UsageError(
            "--template is read without an account: --stack, --function, --profile and --region do not apply.",
            "Omit them, or --template.",
        )
    return _of_template(template, options.parameters(parameter or []), place.queue, chosen)


def check_topics(chosen: CatalogueOptions, may_refer: bool) -> None:
    """``may_refer``: to resources of a template (``${AlarmTopic}``). Raises UsageError."""
    for option, given in (("--topic", chosen.actions), ("--pager", chosen.pager)):
        for arn in given:
            if not (TOPIC_ARN.fullmatch(arn) or (may_refer and REFERENCE.fullmatch(arn))):
                raise UsageError(
                    f"{option} {arn!r} is not the ARN of an SNS topic.",
                    "Use a form like arn:aws:sns:eu-west-1:111122223333:oncall.",
                )


def _of_template(
    path: Path, parameters: dict[str, str], queue: str | None, chosen: CatalogueOptions
) -> tuple[WorkloadRecommendation, ...]:
    from ops.doctor.template import workloads  # it brings a parser, for which a live workload does not wait

    found = workloads.read(path, parameters, queue)
    several = len(found.workloads) > 1
    return tuple(
        WorkloadRecommendation(
            workload.name,
            str(path),
            recommend(workload, _in_template(chosen, workload, several)),
            found.notes,
        )
        for workload in found.workloads
    )


def _in_template(chosen: CatalogueOptions, workload: WorkloadSettings, several: bool) -> CatalogueOptions:
    prefix = f"{STACK_NAME}-{workload.name}" if several else STACK_NAME
    return replace(chosen, prefix=prefix if chosen.prefix is None else chosen.prefix, jobs=_jobs(workload))


def of_account(
    target: Target, chosen: CatalogueOptions, forget: bool = False, strict: bool = True
) -> tuple[OwnRecommendation, WorkloadRecommendation]:
    """``forget`` and ``strict``: as ``ops.alarms.applying.recommend_for`` has them; the second one is as a list shows it."""
    from ops.doctor.live import live_settings as live

    aws = Aws(target)
    described = workload.describe(aws, target)
    ensure_is_read(described)
    found = live.read(aws, described)

    def init_before() -> InitBaseline | str:
        from ops.insight.reports import init_baseline  # it brings numpy

        return init_baseline.read(aws, described)

    own = recommend_for(aws, described, found.workload, chosen, forget, strict, init_before)
    notes = tuple(gap.text for gap in described.gaps if gap.why is Why.DENIED)
    if lines := own_log_alarm(own):
        notes += (f"Beside them there is the log alarm {lines['AlarmName']}, whose price is not on record.",)
    return own, WorkloadRecommendation(
        own.name,
        place_words(described, target),
        own.as_put(),
        (*notes, *filter(None, (own.unread, own.not_compared))),
        refused=found.refused or bool(own.unread),
        undelivered_unread=_undelivered_unread(found.undelivered_gap, own),
        owner=own.owner,
        options_kept=own.kept,
    )


def _undelivered_unread(gap: Gap | None, own: OwnRecommendation) -> str:
    if gap is None or not any(skipped.id == "undelivered" for skipped in own.recommendation.skipped):
        return ""
    way = "Or name the queue: --undelivered QUEUE."
    return f"The queue of failed asynchronous invocations is unknown: {gap.note} {way}"


def _jobs(settings: WorkloadSettings) -> JobMetrics | None:
    """The metrics that the template's own alarms read."""
    alarms = settings.alarms if isinstance(settings.alarms, tuple) else ()
    for series in (series for alarm in alarms for series in alarm.series):
        dimensions = [(name, value) for name, value in series.dimensions.items() if isinstance(value, str)]
        if (
            series.metric == contract.METRIC_JOBS_SUCCEEDED
            and isinstance(series.namespace, str)
            and len(dimensions) == 1
        ):
            return JobMetrics(series.namespace, *dimensions[0])
    return None
