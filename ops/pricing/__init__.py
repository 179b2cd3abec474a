"""Prices from a dated data file beside this module, each with its source and the day it was read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from handler.extension.records import rules

PRICE_REGION = "us-east-1"
"""The one region on file. Others differ; the report names the region its prices are of."""


@dataclass(frozen=True)
class Prices:
    """US dollars a unit, as the field's name says; first tier, no free tier. ``unsure``: prices to check first."""

    region: str
    dated: str
    unsure: tuple[str, ...]
    lambda_gb_second_x86_64: float
    lambda_gb_second_arm64: float
    lambda_provisioned_gb_second_x86_64: float
    lambda_provisioned_gb_second_arm64: float
    lambda_poller_hour: float
    lambda_request: float
    lambda_tmp_gb_second: float
    sqs_request: float
    sqs_fifo_request: float
    api_rest_request: float
    api_http_request: float
    log_gb_ingested: float
    log_gb_scanned: float
    metric_month: float
    metric_requested: float
    alarm_month: float

    def gb_second(self, architecture: str, init_type: str = "") -> float:
        """A GB-second of a function on ``architecture`` (arm64, else x86_64), in an environment of ``init_type``."""
        arm = architecture == "arm64"
        if init_type == rules.PROVISIONED:
            return self.lambda_provisioned_gb_second_arm64 if arm else self.lambda_provisioned_gb_second_x86_64
        return self.lambda_gb_second_arm64 if arm else self.lambda_gb_second_x86_64


@cache
def load() -> Prices:
    """The prices on file."""
    data = tomllib.loads((Path(__file__).parent / f"{PRICE_REGION}.toml").read_text())
    priced = {name: entry for name, entry in data.items() if isinstance(entry, dict)}
    known = {field.name for field in fields(Prices)}
    return Prices(
        region=data["region"],
        dated=data["dated"],
        unsure=tuple(name for name, entry in priced.items() if not entry["sure"]),
        **{name: float(entry["usd"]) for name, entry in priced.items() if name in known},
    )
