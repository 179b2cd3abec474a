"""Puts the parts together: which modules bring seams, and which work goes on in the background."""

from __future__ import annotations

from ops.twin.emulator import (
    actions,
    alarms,
    asynchronous,
    event_source,
    executor,
    function_names,
    identity,
    invocations,
    logs,
    metric_queries,
    queues,
    rules,
    scaling,
    seams,
    sending,
    stacks,
)
from ops.twin.emulator.alarms import Alarms
from ops.twin.emulator.destinations import Destinations
from ops.twin.emulator.housekeeping import Housekeeping
from ops.twin.emulator.ledger import Ledger
from ops.twin.emulator.meter import Meter
from ops.twin.emulator.move_tasks import MoveTasks
from ops.twin.emulator.scaling import Scaler
from ops.twin.emulator.settings import Settings
from ops.twin.emulator.worker import Worker

METER_SECONDS = 1.0
"""How long after a period's end the meter has certainly written its points."""

HOUSEKEEPING_SECONDS = 60.0


def install(settings: Settings) -> list[Worker]:
    """Change MiniStack, then start the background work. Raises TwinError when MiniStack is not as expected."""
    from ministack.services import lambda_svc

    ledger = Ledger(settings.period)
    scaler = Scaler(lambda_svc._esm_inflight)
    evaluation = Alarms(settling=settings.period + METER_SECONDS)
    seams.install(
        [
            *identity.seams(),
            *actions.seams(),
            *executor.seams(settings.host_url, settings.token),
            *function_names.seams(),
            *stacks.seams(),
            *rules.seams(),
            *invocations.seams(ledger),
            *scaling.seams(scaler),
            *event_source.seams(ledger, scaler),
            *asynchronous.seams(ledger, Destinations(f"http://{settings.bind_host}:{settings.port}")),
            *queues.seams(),
            *sending.seams(),
            *MoveTasks().seams(),
            *alarms.seams(),
            *logs.seams(),
            *metric_queries.seams(),
        ]
    )
    meter = Meter(ledger, settings.period)
    return [
        Worker("meter", settings.period, meter.work),
        Worker("alarms", settings.alarm_seconds, evaluation.evaluate_all),
        Worker("housekeeping", HOUSEKEEPING_SECONDS, Housekeeping().work),
    ]
