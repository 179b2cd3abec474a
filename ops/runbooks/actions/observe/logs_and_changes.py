"""``logs.look``: log lines, bounded in number, length and cost; ``changes.look``: what was deployed or configured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws import lambda_
from ops.aws.call import ApiCall
from ops.errors import UsageError
from ops.logs import LogSearch, find_log_lines, log_sources
from ops.runbooks.actions.action import ActionContext, Effect, Outputs, Paper
from ops.runbooks.actions.reads import Repeatable

if TYPE_CHECKING:
    from ops.workload import Workload

MAX_CHARACTERS = 400
"""The length of a line, which is stored in the record of the run."""
MAX_CHANGES = 10
MAX_ITEMS = 3
_ON_PAPER = 20
_BOILERPLATE = ("_aws", "function_", "location", "timestamp", "service", "cold_start", "xray_", "Environment")
"""Beginnings of keys that Powertools and the embedded metric format write on every line."""


class LogInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"max_usd": "max-usd"}):
    """``request``: all lines of this invocation, or ``text``: lines that hold it; without both the newest lines.
    ``max_usd``: the most that Logs Insights may bill for it."""

    request: Annotated[str, Meta(max_length=100)] | None = None
    text: Annotated[str, Meta(max_length=200)] | None = None
    minutes: Annotated[int, Meta(ge=5, le=4_320)] = 60
    lines: Annotated[int, Meta(ge=1, le=100)] = 20
    max_usd: Annotated[float, Meta(gt=0, le=5)] = 0.10


class ChangeInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hours: Annotated[int, Meta(ge=1, le=336)] = 24


class LookAtLogs(Repeatable):
    """``lines`` are whatever some code printed: untrusted text."""

    name = "logs.look"
    summary = "Read log lines: of one invocation, with a text, or the newest"
    effect = Effect.READ
    inputs = LogInputs
    outputs = ("found", "usd", "lines")
    permissions = (
        *("logs:FilterLogEvents", "logs:StartQuery", "logs:GetQueryResults", "logs:StopQuery"),
        "cloudwatch:GetMetricData",
    )

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        wanted = values.get("request") or values.get("text")
        minutes = values.get("minutes") or str(LogInputs().minutes)
        ago = str(int(minutes) * 60_000) if minutes.isdigit() else f"{minutes} * 60000"
        pattern = f" --filter-pattern '\"{wanted}\"'" if wanted else ""
        return Paper(
            (
                f"aws logs filter-log-events --log-group-name /aws/lambda/$FN --start-time $(($(date +%s000) - {ago}))"
                f"{pattern} --query 'events[-{values.get('lines') or _ON_PAPER}:].message'",
            )
        )

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        if inputs.request and inputs.text:
            raise UsageError("Both request and text are given.", "Give one of them.")
        end = datetime.now(UTC)
        search = LogSearch(
            end - timedelta(minutes=inputs.minutes),
            end,
            request_ids=(inputs.request,) if inputs.request else (),
            text=inputs.text or "",
        )
        sources = log_sources(context.workload)
        page = find_log_lines(
            context.aws, sources, search, limit=inputs.lines, max_usd=inputs.max_usd, say=context.progress
        )
        shown = [f"{line.at:%H:%M:%S} {_short(_flat(line.text))}" for line in reversed(page.lines[: inputs.lines])]
        cost = [f"this search cost {formatting.price(page.usd)}"] if page.usd else []
        return {"found": len(page.lines), "usd": page.usd, "lines": [*shown, *page.notes, *cost]}


class LookAtChanges(Repeatable):
    """``minutes``: since the latest change; null without one."""

    name = "changes.look"
    summary = "Look at deployments and changes of the configuration"
    effect = Effect.READ
    inputs = ChangeInputs
    outputs = ("count", "latest", "minutes", "lines")
    permissions = ("lambda:ListVersionsByFunction", "lambda:GetFunctionConfiguration", "lambda:GetEventSourceMapping")

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        function = {"FunctionName": "$FN"}
        return Paper(
            (
                ApiCall("lambda", "GetFunctionConfiguration", function).command(
                    "[LastModified,LastUpdateStatus,Version]"
                ),
                ApiCall("lambda", "ListVersionsByFunction", function).command(
                    "Versions[-3:].[Version,LastModified,CodeSha256]"
                ),
                ApiCall("lambda", "GetEventSourceMapping", {"UUID": "$UUID"}).command(
                    "[State,LastModified,StateTransitionReason]"
                ),
            )
        )

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        from ops.insight import time_window
        from ops.insight.sources import config_changes

        window = time_window.last(inputs.hours * 60)
        events, notes = config_changes.read_changes(context.aws, _described_now(context), window)
        events = tuple(sorted(events, key=lambda event: event.start, reverse=True))
        latest = events[0].start if events else None
        none = f"no change of the function or the mapping in {formatting.duration(inputs.hours * 3600)}"
        lines = [
            f"{formatting.clock(event.start, window.end)}, {_ago(event.start, window.end)}: {event.name}"
            for event in events[:MAX_CHANGES]
        ]
        return {
            "count": len(events),
            "latest": latest.isoformat() if latest else None,
            "minutes": round((window.end - latest).total_seconds() / 60) if latest else None,
            "lines": [*(lines or [none]), *notes],
        }


def _described_now(context: ActionContext) -> Workload:
    """The workload with its function and mapping as they are now: a run may be hours old."""
    workload = context.workload
    function, mapping = workload.function, workload.mapping
    return replace(
        workload,
        function=lambda_.get_function(context.aws, function.arn) if function else None,
        mapping=lambda_.get_mapping(context.aws, mapping.uuid) if mapping else None,
    )


def _flat(text: str) -> str:
    """A line of structured logging as text: its level and message, then what else it says but for what is the same in
    every line."""
    try:
        entry = json.loads(text)
    except ValueError:
        return " ".join(text.split())
    if not isinstance(entry, dict):
        return text
    first = [str(entry[key]) for key in ("level", "message") if entry.get(key)]
    rest = [
        f"{key}={_brief(key, value)}"
        for key, value in entry.items()
        if key not in ("level", "message") and not key.startswith(_BOILERPLATE) and value not in (None, "", [], {})
    ]
    return " ".join(" ".join([*first, *rest]).split())


def _brief(key: str, value: object) -> str:
    """A short form: the last line of a stack trace, which has the error; the length of a list."""
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        return f"{len(value)} values"
    return str(value).strip().rpartition("\n")[2] if key == "exception" else str(value)


def _short(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:MAX_CHARACTERS]}… ({len(text) - MAX_CHARACTERS:,} more characters)"


def _ago(at: datetime, now: datetime) -> str:
    return f"{formatting.elapsed(at, now)} ago"
