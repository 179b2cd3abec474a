"""AWS's Price List: what a service's products cost in a region."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

ENDPOINT_REGION = "us-east-1"
"""The query API is in three regions, with the prices of all (AWS Billing user guide, price-list-query-api, 2026-11)."""


def products(aws: Aws, service: str, region: str) -> Iterator[str]:
    """The service's products in ``region``, each a JSON document. ``aws``: of ENDPOINT_REGION. Needs
    pricing:GetProducts; 100 products a call, free of charge."""
    of_region: Any = {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}
    with aws.translate_errors("pricing", f"prices of {service}"):
        pages: Any = aws.pricing.get_paginator("get_products").paginate(ServiceCode=service, Filters=[of_region])
        for page in pages:
            yield from page["PriceList"]
