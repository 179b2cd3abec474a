"""Patch: an event that a rule cannot deliver goes to the dead-letter queue of its target.

Stands for: ``DeadLetterConfig`` of a target (EventBridge user guide, eb-rule-dlq, 2026-11): the event itself, with
RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE, EXHAUSTED_RETRY_CONDITION and RETRY_ATTEMPTS as attributes. A target
that is not there is not tried again. MiniStack drops such events.

Leaves out: targets other than functions, queues and topics, permissions of targets and dead-letter queues, retries.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.services import eventbridge, lambda_svc, sns, sqs

from ops.twin.emulator import account_context
from ops.twin.emulator.patch import Patch

log = logging.getLogger(__name__)
NO_RESOURCE = "NO_RESOURCE"


def patches() -> list[Patch]:
    return [Patch("services.eventbridge", "_invoke_target", _buried, "undeliverable events reach a target's queue")]


def _buried(original: Any) -> Any:
    def invoke(target: dict[str, Any], event: Any, rule: Any, view: Any = None) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue and (missing := _missing(str(target.get("Arn", "")))):
            _send_to_dead_letter_queue(queue, target, event, rule, missing)
        else:
            original(target, event, rule, view)

    return invoke


def _missing(arn: str) -> str:
    """Why there is nothing at ``arn`` to deliver to, or empty."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] not in ("lambda", "sqs", "sns"):
        return ""
    if (parts[4], parts[3]) != account_context.current():
        return f"The target {arn} is in another account or region."
    there = {
        "lambda": lambda: lambda_svc._get_func_record_for_ref(arn)[0],
        "sqs": lambda: sqs._queue_by_arn(arn),
        "sns": lambda: sns._topics.get(arn),
    }[parts[2]]()
    return "" if there else f"The target {arn} does not exist."


def _send_to_dead_letter_queue(queue_arn: str, target: dict[str, Any], event: Any, rule: Any, why: str) -> None:
    facts = {
        "RULE_ARN": str(rule.get("Arn", "")),
        "TARGET_ARN": str(target["Arn"]),
        "ERROR_CODE": NO_RESOURCE,
        "ERROR_MESSAGE": why,
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "0",
    }
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in facts.items() if value}
    _, _, _, _, account, name = queue_arn.split(":", 5)
    url = sqs._queue_url_for_account(account, name)
    body = json.dumps(eventbridge._pattern_event_view(event).event_with_detail())
    try:
        sqs._act_send_message({"QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes}, url)
    except sqs._Err as error:
        log.warning("dead-letter queue %s of rule %s: %s", queue_arn, facts["RULE_ARN"], error)
