"""Puts the parts together: which modules bring seams, and which work goes on in the background."""

from __future__ import annotations

from ops.twin.emulator import cloudformation, eventbridge_rules, patching
from ops.twin.emulator.access import iam_actions, request_auth
from ops.twin.emulator.cloudwatch import alarms, metric_lookup
from ops.twin.emulator.cloudwatch.alarms import Alarms
from ops.twin.emulator.cloudwatch.metrics_publisher import Meter
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
from ops.twin.emulator.periodic_task import Worker
from ops.twin.emulator.settings import EmulatorSettings
from ops.twin.emulator.sqs import receive, send_batch
from ops.twin.emulator.sqs.move_tasks import MoveTasks
from ops.twin.emulator.usage_counters import UsageCounters

METER_SECONDS = 1.0
"""How long after a period's end the meter has certainly written its points."""

HOUSEKEEPING_SECONDS = 60.0


def install(settings: EmulatorSettings) -> list[Worker]:
    """Change MiniStack, then start the background work. Raises TwinError when MiniStack is not as expected."""
    from ministack.services import lambda_svc

    ledger = UsageCounters(settings.period)
    scaler = Scaler(lambda_svc._esm_inflight)
    evaluation = Alarms(settling=settings.period + METER_SECONDS)
    patching.install(
        [
            *request_auth.seams(),
            *iam_actions.seams(),
            *function_executor.seams(settings.host_url, settings.token),
            *function_names.seams(),
            *cloudformation.seams(),
            *eventbridge_rules.seams(),
            *invocation_counting.seams(ledger),
            *esm_scaling.seams(scaler),
            *event_source_mapping.seams(ledger, scaler),
            *async_invoke.seams(ledger, Destinations(f"http://{settings.bind_host}:{settings.port}")),
            *receive.seams(),
            *send_batch.seams(),
            *MoveTasks().seams(),
            *alarms.seams(),
            *log_events.seams(),
            *metric_lookup.seams(),
        ]
    )
    meter = Meter(ledger, settings.period)
    return [
        Worker("meter", settings.period, meter.work),
        Worker("alarms", settings.alarm_seconds, evaluation.evaluate_all),
        Worker("housekeeping", HOUSEKEEPING_SECONDS, Housekeeping().work),
    ]
