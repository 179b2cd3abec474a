"""Which product of AWS's Price List each price is, and reading it from what the Price List returns.

Groups and usage types as billed (AWS's CloudWatch guide on billing, and Price List files in public repositories, 2026-11).
A usage type starts with a prefix of the region, such as ``EUC1-``, in some regions with none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ListedProduct:
    """``attribute`` (``group`` or ``usagetype``) has ``value``."""

    service: str
    attribute: str
    value: str

    def is_in(self, attributes: Mapping[str, Any]) -> bool:
        found = str(attributes.get(self.attribute, ""))
        if self.attribute == "usagetype":
            return re.fullmatch(rf"(?:[A-Z0-9]+-)?{re.escape(self.value)}", found) is not None
        return found == self.value


_LAMBDA, _SQS, _API, _WATCH = "AWSLambda", "AWSQueueService", "AmazonApiGateway", "AmazonCloudWatch"
LISTED: Mapping[str, ListedProduct] = {
    "lambda_gb_second_x86_64": ListedProduct(_LAMBDA, "group", "AWS-Lambda-Duration"),
    "lambda_gb_second_arm64": ListedProduct(_LAMBDA, "group", "AWS-Lambda-Duration-ARM"),
    "lambda_provisioned_gb_second_x86_64": ListedProduct(_LAMBDA, "group", "AWS-Lambda-Duration-Provisioned"),
    "lambda_provisioned_gb_second_arm64": ListedProduct(_LAMBDA, "group", "AWS-Lambda-Duration-Provisioned-ARM"),
    "lambda_provisioned_concurrency_gb_second_x86_64": ListedProduct(
        _LAMBDA, "group", "AWS-Lambda-Provisioned-Concurrency"
    ),
    "lambda_provisioned_concurrency_gb_second_arm64": ListedProduct(
        _LAMBDA, "group", "AWS-Lambda-Provisioned-Concurrency-ARM"
    ),
    "lambda_snapstart_cache_gb_second": ListedProduct(_LAMBDA, "usagetype", "Lambda-SnapStart-Cached-GB-S"),
    "lambda_snapstart_restore_gb": ListedProduct(_LAMBDA, "usagetype", "Lambda-SnapStart-Restored-GB"),
    "lambda_request": ListedProduct(_LAMBDA, "group", "AWS-Lambda-Requests"),
    "lambda_tmp_gb_second": ListedProduct(_LAMBDA, "group", "AWS-Lambda-Storage-Duration"),
    "sqs_request": ListedProduct(_SQS, "usagetype", "Requests-Tier1"),
    "sqs_fifo_request": ListedProduct(_SQS, "usagetype", "Requests-FIFO-Tier1"),
    "api_rest_request": ListedProduct(_API, "usagetype", "ApiGatewayRequest"),
    "api_http_request": ListedProduct(_API, "usagetype", "ApiGatewayHttpRequest"),
    "log_gb_ingested": ListedProduct(_WATCH, "usagetype", "DataProcessing-Bytes"),
    "log_gb_scanned": ListedProduct(_WATCH, "usagetype", "DataScanned-Bytes"),
    "metric_month": ListedProduct(_WATCH, "usagetype", "CW:MetricMonitorUsage"),
    "metric_requested": ListedProduct(_WATCH, "usagetype", "CW:GMD-Metrics"),
    "alarm_month": ListedProduct(_WATCH, "usagetype", "CW:AlarmMonitorUsage"),
}
"""Prices whose product is known by name. The others stay as on file, and that is said."""
FAR = 10
"""How many times more or less than us-east-1's a price may be: beyond that it is most likely per another unit. Our choice."""
SERVICES = tuple(dict.fromkeys(product.service for product in LISTED.values()))


@dataclass(frozen=True)
class ListedPrices:
    """``usd``: the first tier of each price that was found; ``missing``: why the others were not, by name;
    ``published``: the newest publication among the products (``2026-09-19``), empty where none says. ``tiers``: of prices that
    are listed once, with several: up to which number of units a month a unit has which price."""

    usd: Mapping[str, float]
    missing: Mapping[str, str]
    published: str
    tiers: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)


def find_prices(
    products: Mapping[str, Iterable[str]], wanted: Iterable[str], usual: Mapping[str, float | None]
) -> ListedPrices:
    """``products``: for each service the Price List's answers for one region, each a JSON document. ``wanted``: names of
    prices. ``usual``: those of us-east-1 by name.

    A price is taken only where exactly one value stands for it: products that disagree, are not in dollars, or are ``FAR`` from
    the usual, as after a change of unit, are said to be missing.
    """
    usd: dict[str, float] = {}
    missing: dict[str, str] = {}
    tiers: dict[str, tuple[tuple[float, float], ...]] = {}
    read = {service: [_document(text) for text in texts] for service, texts in products.items()}
    for name, listed in LISTED.items():
        found = [each for each in read.get(listed.service, ()) if listed.is_in(_attributes(each))]
        values = {value for each in found for value in _first_tier(each)}
        if len(values) == 1:
            value = values.pop()
            if odd := _far_from(usual.get(name), value, _units(found)):
                missing[name] = odd
                continue
            usd[name] = value
            listed_tiers = {steps for each in found if len(steps := _tiers(each)) > 1}
            if len(listed_tiers) == 1:
                tiers[name] = listed_tiers.pop()
        elif values:
            missing[name] = f"{len(values)} prices are listed as {listed.value}"
        else:
            missing[name] = f"no price in dollars is listed as {listed.value}"
    missing |= {name: "its product is not known by name" for name in wanted if name not in LISTED}
    dates = [str(each.get("publicationDate", ""))[:10] for documents in read.values() for each in documents]
    return ListedPrices(usd, missing, max(dates, default=""), tiers)


def _far_from(usual: float | None, usd: float, units: str) -> str:
    """Why ``usd`` is not taken; empty where it is near ``usual``, or there is none."""
    if not usual or usual / FAR <= usd <= usual * FAR:
        return ""
    return f"${usd:g} per {units} is more than {FAR} times off ${usual:g}: it may be per another unit now"


def _units(documents: Iterable[Mapping[str, Any]]) -> str:
    units = {str(dimension.get("unit", "unknown unit")) for each in documents for dimension in _dimensions(each)}
    return " or ".join(sorted(units))


def _document(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _attributes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    product = document.get("product")
    attributes = product.get("attributes") if isinstance(product, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def _first_tier(document: Mapping[str, Any]) -> Iterable[float]:
    """Above zero: a product may also be listed with what is free of it."""
    for dimension in _dimensions(document):
        if str(dimension.get("beginRange", "0")) == "0" and (value := _dollars(dimension)) > 0:
            yield value


def _tiers(document: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    """(up to, dollars), rising to infinity; empty where they do not follow each other."""
    steps = []
    for dimension in _dimensions(document):
        try:
            start, end = (float(dimension[name]) for name in ("beginRange", "endRange"))
        except (KeyError, TypeError, ValueError):
            return ()
        steps.append((start, end, _dollars(dimension)))
    steps.sort()
    bounds = [0.0, *(end for _, end, _ in steps)]
    whole = [start for start, _, _ in steps] == bounds[:-1] and bounds[-1] == math.inf
    return tuple((end, usd) for _, end, usd in steps) if whole and all(usd > 0 for _, _, usd in steps) else ()


def _dollars(dimension: Mapping[str, Any]) -> float:
    """0 where there is no price in dollars."""
    try:
        found = float(dimension["pricePerUnit"]["USD"])
    except (KeyError, TypeError, ValueError):
        return 0.0
    return found if math.isfinite(found) else 0.0


def _dimensions(document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    terms = document.get("terms")
    on_demand = terms.get("OnDemand") if isinstance(terms, dict) else None
    for term in on_demand.values() if isinstance(on_demand, dict) else ():
        dimensions = term.get("priceDimensions") if isinstance(term, dict) else None
        for dimension in dimensions.values() if isinstance(dimensions, dict) else ():
            if isinstance(dimension, dict):
                yield dimension
