"""What a plan needs: permissions, requests, money, time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops import pricing
from ops.aws.sqs import MAX_BATCH, Queue
from ops.deadletters.plan_model import Action, Estimate, Pace
from ops.deadletters.return_target import Origin, Service
from ops.pricing.billed_requests import SQS_CHUNK_BYTES

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

ENGINE_PER_S = 1_000
"""Messages per second assumed without a rate limit: a cautious figure."""


def required_permissions(
    source: DeadLetterQueue,
    action: Action,
    origins: Iterable[Origin],
    queues: Iterable[Queue],
    log_groups: Iterable[str] = (),
    *,
    task: bool,
    watch: bool,
    headroom: bool,
) -> tuple[str, ...]:
    """IAM permissions, ``action on ARN`` each. ``watch``: outcomes are read from the logs of the workload's function
    and ``log_groups``; ``headroom``: from metrics."""
    own = source.queue.arn
    taking = ("ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage") if action is not Action.COPY else ()
    needed = [f"sqs:{name} on {own}" for name in ("GetQueueAttributes", *taking)]  # copies are made from the snapshot
    if source.queue.kms_key and taking:
        needed.append(f"kms:Decrypt on {_key_arn(source.queue)}")
    if action is Action.PURGE:
        return tuple(needed)
    if task:
        tasks = ("StartMessageMoveTask", "ListMessageMoveTasks", "CancelMessageMoveTask")
        needed += [f"sqs:{name} on {own}" for name in tasks]
    for queue in queues:
        needed += [f"sqs:{name} on {queue.arn}" for name in ("GetQueueUrl", "GetQueueAttributes", "SendMessage")]
        if queue.kms_key:
            needed += [f"kms:{name} on {_key_arn(queue)}" for name in ("GenerateDataKey", "Decrypt")]
    verbs = {
        Service.LAMBDA: "lambda:InvokeFunction",
        Service.EVENTS: "events:PutEvents",
        Service.SNS: "sns:Publish",
    }
    needed += [f"{verbs[origin.service]} on {origin.arn}" for origin in origins if origin.service in verbs]
    workload = source.workload
    read = [name for name in (workload.log_group, *log_groups) if name] if watch else []
    for name in dict.fromkeys(read):
        group = f"arn:{own.split(':')[1]}:logs:{workload.region}:{workload.account}:log-group:{name}"
        # Both ways of writing a log group are in use: the reference has none, AWS's own policies end in ":*".
        needed += [f"logs:StartQuery on {group}", f"logs:StartQuery on {group}:*", "logs:GetQueryResults on *"]
    if headroom:
        needed.append("cloudwatch:GetMetricData on *")
    return tuple(dict.fromkeys(needed))


def estimate_redrive(messages: int, size: int, action: Action, pace: Pace, *, fifo: bool, region: str) -> Estimate:
    """Seconds of sending (a canary's waiting comes on top), SQS requests, and their price; ``size`` in bytes.

    Requests of Lambda, EventBridge and SNS, where messages go there, are not in the price.
    """
    calls = math.ceil(messages / MAX_BATCH)
    heavy = max(calls, math.ceil(size / SQS_CHUNK_BYTES))  # with bodies in them
    requests = {Action.REDRIVE: 2 * heavy + calls, Action.COPY: heavy, Action.PURGE: heavy + calls}[action]
    known = pricing.load(region)
    each = known.sqs_fifo_request if fifo else known.sqs_request
    rate = min(pace.max_per_s or ENGINE_PER_S, ENGINE_PER_S) if action is not Action.PURGE else ENGINE_PER_S
    return Estimate(messages / rate, requests * each, requests)


def _key_arn(queue: Queue) -> str:
    """The key as IAM names it; an alias is resolved by the policy's author."""
    key = queue.kms_key or ""
    if key.startswith("arn:"):
        return key
    _, partition, _, region, account, _ = queue.arn.split(":", 5)
    return f"arn:{partition}:kms:{region}:{account}:{key if key.startswith('alias/') else f'key/{key}'}"
