"""Assembles the emulator: which modules bring patches, and which work runs in the background."""

from __future__ import annotations

from ministack.services import lambda_svc

from ops.twin.emulator import cloudformation, eventbridge_rules, patching
from ops.twin.emulator.access import iam_actions, request_auth
from ops.twin.emulator.cloudwatch import alarm_definitions, alarms, composite_alarms, metric_lookup
from ops.twin.emulator.cloudwatch.action_suppression import ActionSuppression
from ops.twin.emulator.cloudwatch.alarm_actions import AlarmActions
from ops.twin.emulator.cloudwatch.alarms import Alarms
from ops.twin.emulator.cloudwatch.metrics_publisher import MetricsPublisher
from ops.twin.emulator.cloudwatch.mute_rules import MuteRules
from ops.twin.emulator.housekeeping import Housekeeping
from ops.twin.emulator.lambda_ import (
    async_invoke,
    esm_scaling,
    event_source_mapping,
    function_executor,
    function_names,
    invocation_counting,
)
from ops.twin.emulator.lambda_.destinations import Destinations
from ops.twin.emulator.lambda_.esm_scaling import Scaler
from ops.twin.emulator.logs import log_events
from ops.twin.emulator.periodic_task import PeriodicTask
from ops.twin.emulator.settings import EmulatorSettings
from ops.twin.emulator.sqs import receive, send_batch
from ops.twin.emulator.sqs.move_tasks import MoveTasks
from ops.twin.emulator.usage_counters import UsageCounters

PUBLISH_SECONDS = 1.0
"""How long after a period's end the publisher has certainly written its points."""

HOUSEKEEPING_SECONDS = 60.0


def install(settings: EmulatorSettings) -> list[PeriodicTask]:
    """Change MiniStack, then start the background work. Raises TwinError when MiniStack is not as expected."""
    usage = UsageCounters(settings.period)
    scaler = Scaler(lambda_svc._esm_inflight)
    evaluation = Alarms(settling=settings.period + PUBLISH_SECONDS)
    mute_rules = MuteRules()
    actions = AlarmActions(mute_rules)
    suppression = ActionSuppression()
    patching.install(
        [
            *request_auth.patches(),
            *iam_actions.patches(),
            *function_executor.patches(settings.host_url, settings.token),
            *function_names.patches(),
            *cloudformation.patches(),
            *eventbridge_rules.patches(),
            *invocation_counting.patches(usage),
            *esm_scaling.patches(scaler),
            *event_source_mapping.patches(usage, scaler),
            *async_invoke.patches(usage, Destinations(f"http://{settings.bind_host}:{settings.port}")),
            *receive.patches(),
            *send_batch.patches(),
            *MoveTasks().patches(),
            *alarms.patches(),
            *alarm_definitions.patches(),
            *composite_alarms.patches(),
            *mute_rules.patches(),
            *actions.patches(),
            *suppression.patches(),  # over the actions: what waits for a suppressor is no action yet
            *log_events.patches(),
            *metric_lookup.patches(),
        ]
    )
    publisher = MetricsPublisher(usage, settings.period)
    return [
        PeriodicTask("metrics", settings.period, publisher.work),
        PeriodicTask("alarms", settings.alarm_seconds, evaluation.evaluate_all),
        PeriodicTask("muted actions", settings.alarm_seconds, actions.make_up),
        PeriodicTask("action suppression", settings.alarm_seconds, suppression.perform),
        PeriodicTask("housekeeping", HOUSEKEEPING_SECONDS, Housekeeping().work),
    ]
