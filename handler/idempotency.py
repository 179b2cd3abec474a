"""Powertools' idempotency on the lean client: the same items as its own DynamoDB layer writes, without boto3.

A custom persistence layer is a documented extension point ("Bring your own persistent store"). Attribute names are
Powertools' defaults, so the table can be read by either layer.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import STATUS_CONSTANTS, DataRecord

from handler.aws import AwsError

if TYPE_CHECKING:
    from handler.aws import Client

NAMES = {"#id": "id", "#expiry": "expiration", "#until": "in_progress_expiration", "#status": "status"}
FREE = "attribute_not_exists(#id) OR #expiry < :now OR (#status = :inprogress AND #until < :now_ms)"
"""A job may start if no run has, if the record is too old, or if the run that wrote it must have been killed by now."""


class Persistence(BasePersistenceLayer):
    def __init__(self, client: Client, table: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools does not type it
        self._client = client
        self._table = table

    def stale_attempt_deadline(self, data: dict[str, Any]) -> int | None:
        """When a run of this job that was killed had to end (ms since the epoch); None if there is no such run."""
        key = self._get_hashed_idempotency_key(data=data)
        try:
            record = self._get_record(key)
        except IdempotencyItemNotFoundError:
            return None
        until = record.in_progress_expiry_timestamp
        killed = record.status == STATUS_CONSTANTS["INPROGRESS"] and until is not None and until < time.time() * 1000
        return until if killed else None

    def _get_record(self, idempotency_key: str | None) -> DataRecord:
        answer = self._call("GetItem", Key={"id": {"S": idempotency_key}}, ConsistentRead=True)
        if "Item" not in answer:
            raise IdempotencyItemNotFoundError
        return _record(answer["Item"])

    def _put_record(self, data_record: DataRecord) -> None:
        """Start the job, or raise that another run has.

        If an answer is lost the client asks again, and then finds the record that it wrote itself: ``owner`` tells.
        """
        owner = os.urandom(12).hex()
        item = {
            "owner": {"S": owner},
            "id": {"S": data_record.idempotency_key},
            "expiration": {"N": str(data_record.expiry_timestamp)},
            "status": {"S": data_record.status},
            "validation": {"S": data_record.payload_hash},
        }
        if data_record.in_progress_expiry_timestamp is not None:
            item["in_progress_expiration"] = {"N": str(data_record.in_progress_expiry_timestamp)}
        now = time.time()
        try:
            self._call(
                "PutItem",
                Item=item,
                ConditionExpression=FREE,
                ExpressionAttributeNames=NAMES,
                ExpressionAttributeValues={
                    ":now": {"N": str(int(now))},
                    ":now_ms": {"N": str(int(now * 1000))},
                    ":inprogress": {"S": STATUS_CONSTANTS["INPROGRESS"]},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            found = error.document.get("Item")
            if not found:
                raise IdempotencyItemAlreadyExistsError from error
            old = _record(found)
            if found.get("owner", {}).get("S") == owner and old.status == STATUS_CONSTANTS["INPROGRESS"]:
                return
            self._validate_payload(data_payload=data_record, stored_data_record=old)
            raise IdempotencyItemAlreadyExistsError(old_data_record=old) from error

    def _update_record(self, data_record: DataRecord) -> None:
        """Writes with the digest: an item that is missing, because another run took over the job, is written again."""
        self._call(
            "UpdateItem",
            Key={"id": {"S": data_record.idempotency_key}},
            UpdateExpression="SET #data = :data, #expiry = :expiry, #status = :status, #digest = :digest",
            ExpressionAttributeNames={
                "#data": "data",
                "#expiry": "expiration",
                "#status": "status",
                "#digest": "validation",
            },
            ExpressionAttributeValues={
                ":data": {"S": data_record.response_data},
                ":expiry": {"N": str(data_record.expiry_timestamp)},
                ":status": {"S": data_record.status},
                ":digest": {"S": data_record.payload_hash},
            },
        )

    def _delete_record(self, data_record: DataRecord) -> None:
        self._call("DeleteItem", Key={"id": {"S": data_record.idempotency_key}})

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self._client.call("dynamodb", operation, {"TableName": self._table, **request})


def _record(item: dict[str, dict[str, str]]) -> DataRecord:
    until = item.get("in_progress_expiration")
    return DataRecord(
        idempotency_key=item["id"]["S"],
        status=item["status"]["S"],
        expiry_timestamp=int(item["expiration"]["N"]),
        in_progress_expiry_timestamp=int(until["N"]) if until else None,
        response_data=item.get("data", {}).get("S", ""),
        payload_hash=item.get("validation", {}).get("S", ""),
    )
