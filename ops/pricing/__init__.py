"""Prices from a dated data file for each region, each with its source and the day it was read."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from handler.extension.records import rules
from ops.errors import OpsError
from ops.pricing import price_file

PRICE_REGION = "us-east-1"
"""The one region that is shipped. Others differ: ops prices refresh reads theirs, and each report names the region its
prices are of."""


@dataclass(frozen=True)
class Prices:
    """US dollars a unit, as the field's name says; first tier, no free tier. ``unsure``: prices to check first.
    ``borrowed``: those that the region's file lacks, which are us-east-1's."""

    region: str
    dated: str
    unsure: tuple[str, ...]
    borrowed: tuple[str, ...]
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
    fast_alarm_month: float
    composite_alarm_month: float

    def gb_second(self, architecture: str, init_type: str = "") -> float:
        """A GB-second of a function on ``architecture`` (arm64, else x86_64), in an environment of ``init_type``."""
        arm = architecture == "arm64"
        if init_type == rules.PROVISIONED:
            return self.lambda_provisioned_gb_second_arm64 if arm else self.lambda_provisioned_gb_second_x86_64
        return self.lambda_gb_second_arm64 if arm else self.lambda_gb_second_x86_64


@cache
def load(region: str = PRICE_REGION) -> Prices:
    """The prices of ``region``: those of ``ops prices refresh``, unless those on file are newer. Each that is not there, and all of a
    region that has no file, is that of us-east-1 (``borrowed``). Raises OpsError for a file that is not right.

    Kept for the life of the process: what is refreshed later is used by the next command.
    """
    base = _read(price_file.SHIPPED / f"{PRICE_REGION}.toml")
    path = price_file.find(region)
    own = _read(path) if path is not None else {}
    if region == PRICE_REGION and str(own.get("dated", "")) < str(base["dated"]):
        own = {}  # read before this version of the tool
    entries = {**base, **{name: entry for name, entry in own.items() if isinstance(entry, dict)}}
    names = price_names()
    try:
        return Prices(
            region=str(own.get("region", base["region"])),
            dated=str(own.get("dated", base["dated"])),
            unsure=tuple(name for name in entries if name in names and not entries[name]["sure"]),
            borrowed=tuple(name for name in names if own and name not in own and region != PRICE_REGION),
            **{name: _usd(name, entries[name]["usd"]) for name in names},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OpsError(f"{path} is not a file of prices: {error}.", "Write it again: ops prices refresh.") from error


def _usd(name: str, value: object) -> float:
    """Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{name} is not a price")
    return float(value)


def price_names() -> tuple[str, ...]:
    return tuple(field.name for field in fields(Prices) if field.type == "float")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise OpsError(f"{path} cannot be read: {error}.", "Write it again: ops prices refresh.") from error
