"""Where asynchronous invocations end: one write with the function's own role, through the emulator's own API.

Going through the API with the role's keys means that a role without permission fails here as it does on AWS (LDG
invocation-async-retain-records, read 2026-11).
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ops.twin.emulator.lambda_.function_executor import role_credentials

log = logging.getLogger(__name__)


class Destinations:
    """``endpoint``: the emulator's own URL."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def deliver(self, arn: str, config: dict[str, Any], record: dict[str, Any]) -> bool:
        """Send an invocation record to a queue, topic, function or bus. False, and logged, when it was refused."""
        body = json.dumps(record)
        service = _part(arn, 2)
        try:
            client = self._client(service, config)
            if service == "sqs":
                client.send_message(QueueUrl=self._queue_url(arn), MessageBody=body)
            elif service == "sns":
                client.publish(TopicArn=arn, Message=body)
            elif service == "lambda":
                client.invoke(FunctionName=arn, InvocationType="Event", Payload=body.encode())
            elif service == "events":
                _put_event(client, arn, config, record)
            else:
                raise ValueError(f"a destination cannot be in {service}")
        except _refused() as error:
            log.warning("destination %s of %s: %s", arn, config.get("FunctionName"), error)
            return False
        return True

    def send_to_dead_letter_target(
        self, arn: str, config: dict[str, Any], event: Any, request_id: str, result: dict[str, Any]
    ) -> bool:
        """Send the bare event to a dead-letter queue or topic, with its attributes."""
        body = result.get("body")
        message = body.get("errorMessage") or body.get("message") if isinstance(body, dict) else None
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": "429" if result.get("throttle") else "200"},
            "ErrorMessage": {"DataType": "String", "StringValue": str(message or "unknown")[:1024]},
        }
        try:
            if _part(arn, 2) == "sns":
                self._client("sns", config).publish(
                    TopicArn=arn, Message=json.dumps(event), MessageAttributes=attributes
                )
            else:
                self._client("sqs", config).send_message(
                    QueueUrl=self._queue_url(arn), MessageBody=json.dumps(event), MessageAttributes=attributes
                )
        except _refused() as error:
            log.warning("dead-letter target %s of %s: %s", arn, config.get("FunctionName"), error)
            return False
        return True

    def _client(self, service: str, config: dict[str, Any]) -> Any:
        import boto3  # as slow

        keys = role_credentials(config)
        return boto3.client(
            service,  # type: ignore[call-overload]  # the stubs know literal names only
            endpoint_url=self._endpoint,
            region_name=_part(config["FunctionArn"], 3),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def _queue_url(self, arn: str) -> str:
        return f"{self._endpoint}/{_part(arn, 4)}/{_part(arn, 5)}"


def _refused() -> tuple[type[Exception], ...]:
    """What a write may raise. The event is then lost, as on AWS, and a metric says so."""
    from botocore.exceptions import BotoCoreError, ClientError  # slow to import, and seldom needed

    return BotoCoreError, ClientError, ValueError


def _put_event(client: Any, arn: str, config: dict[str, Any], record: dict[str, Any]) -> None:
    good = record["requestContext"]["condition"] == "Success"
    answer = client.put_events(
        Entries=[
            {
                "EventBusName": arn,
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {'Success' if good else 'Failure'}",
                "Resources": [arn, str(config["FunctionArn"])],
                "Detail": json.dumps(record),
            }
        ]
    )
    if answer["FailedEntryCount"]:
        raise ValueError(answer["Entries"][0].get("ErrorMessage", "the bus refused the event"))


def _part(arn: str, position: int) -> str:
    parts = arn.split(":", 5)
    return parts[position] if len(parts) > position else ""
