"""Patches: PutMetricAlarm and templates take metric math, and refuse what would not be evaluated.

Stands for: PutMetricAlarm validates the definition, its expressions included, and DescribeAlarms answers ``Metrics`` as
they were put (API reference, read 2026-11). MiniStack drops ``Metrics`` and ``EvaluateLowSampleCountPercentile``, adds
a Statistic to a percentile, and refuses math in a template.

Leaves out: AWS's own words of each refusal; what ``ops.alarms.evaluate`` does not model is refused too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from ops.alarms.evaluate import AlarmError, Quotas, account_quotas, metric_alarm
from ops.alarms.evaluate.definition.rules import check_definition
from ops.twin.emulator.patch import Patch

Definition = dict[str, Any]
OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")


def patches() -> list[Patch]:
    record = "_cw_metric_alarm_record"
    return [
        Patch("services.cloudwatch", "_put_metric_alarm", _put, "metric math, and refusals instead of silence"),
        Patch(
            "services.cloudformation.provisioners", record, _of_template, "metric math and percentiles in a template"
        ),
    ]


def _put(original: Any) -> Any:
    def put(params: Any, body: Definition, is_cbor: bool, is_json: bool = False) -> Any:
        if not (is_cbor or is_json):  # the XML protocol, which no current SDK speaks to CloudWatch
            return original(params, body, is_cbor, is_json)
        try:
            metric_alarm(body, own_quotas())
        except AlarmError as error:
            return cloudwatch._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
        answer = original(params, body, is_cbor, is_json)
        stored = cloudwatch._alarms.get(body.get("AlarmName"))
        if answer[0] == 200 and stored:
            _complete(stored, body)
        return answer

    return put


def own_quotas() -> Quotas:
    """Quotas of the caller's account, as GetAccountSettings returns them."""
    _, _, answer = lambda_svc._get_account_settings()
    return account_quotas(float(json.loads(answer)["AccountLimit"]["ConcurrentExecutions"]))


def _of_template(original: Callable[[str, Definition], Definition]) -> Callable[[str, Definition], Definition]:
    def record(name: str, properties: Definition) -> Definition:
        if not properties.get("Metrics"):
            check_definition(properties)
            return _complete(original(name, properties), properties)
        metric_alarm({**properties, "AlarmName": name}, own_quotas())
        stand_in = {**properties, "Metrics": None, "MetricName": "math", "Namespace": "math"}
        return _complete(original(name, stand_in), properties)

    return record


def _complete(stored: Definition, put: Definition) -> Definition:
    if put.get("EvaluateLowSampleCountPercentile"):
        stored["EvaluateLowSampleCountPercentile"] = put["EvaluateLowSampleCountPercentile"]
    if put.get("ExtendedStatistic"):
        stored.pop("Statistic", None)
    if put.get("Metrics"):
        for field in OF_ONE_METRIC:
            stored.pop(field, None)
        stored["Metrics"] = put["Metrics"]
    return stored
