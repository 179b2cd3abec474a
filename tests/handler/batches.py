"""Send a batch to the handler as Lambda does, and read what it announced."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from handler import contract
from tests.fakes.handler_aws import FakeAws
from tests.handler.worlds import Context, failed


def handle(app: ModuleType, *records: dict[str, Any], context: Context | None = None) -> list[str]:
    return failed(app.lambda_handler({"Records": list(records)}, context or Context()))


def announced(aws: FakeAws, detail_type: str = contract.EVENT_JOB_SUCCEEDED) -> list[dict[str, Any]]:
    return [json.loads(entry["Detail"]) for entry in aws.events if entry["DetailType"] == detail_type]
