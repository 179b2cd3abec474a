"""Prices from a dated data file for each region, each with its source and the day it was read."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from handler.extension.records import rules
from ops import formatting
from ops.errors import OpsError
from ops.pricing import price_file

PRICE_REGION = "us-east-1"
"""The one region that is shipped. Others differ: ops prices refresh reads theirs, and each report names the region its
prices are of."""

Tiers = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Prices:
    """US dollars a unit, as the field's name says; first tier, no free tier. ``unsure``: prices to check first.
    ``borrowed``: those that the region's file lacks, which are us-east-1's. ``tiers``: by price, up to which number of units a
    month (inf: any) a unit has which price; only those of the region's own file. ``free``: units a month of the free tier.
    None: a price that no file has."""

    region: str
    dated: str
    unsure: tuple[str, ...]
    borrowed: tuple[str, ...]
    lambda_gb_second_x86_64: float
    lambda_gb_second_arm64: float
    lambda_provisioned_gb_second_x86_64: float
    lambda_provisioned_gb_second_arm64: float
    lambda_provisioned_concurrency_gb_second_x86_64: float
    lambda_provisioned_concurrency_gb_second_arm64: float
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
    lambda_snapstart_cache_gb_second: float | None = None
    lambda_snapstart_restore_gb: float | None = None
    tiers: Mapping[str, Tiers] = field(default_factory=dict)
    free: Mapping[str, float] = field(default_factory=dict)

    def provisioned_concurrency_gb_second(self, architecture: str) -> float:
        """A GB-second of provisioned concurrency, whether it is used or not."""
        if architecture == "arm64":
            return self.lambda_provisioned_concurrency_gb_second_arm64
        return self.lambda_provisioned_concurrency_gb_second_x86_64

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
    on_file = (*names, *(name for name in optional_names() if name in entries))
    try:
        return Prices(
            region=str(own.get("region", base["region"])),
            dated=str(own.get("dated", base["dated"])),
            unsure=tuple(name for name in on_file if not entries[name]["sure"]),
            borrowed=tuple(name for name in on_file if own and name not in own and region != PRICE_REGION),
            tiers={name: _tiers(name, entries[name]["tiers"]) for name in names if "tiers" in entries[name]},
            free={name: _usd(name, base[name]["free"]) for name in names if "free" in base[name]},
            **{name: _usd(name, entries[name]["usd"]) for name in on_file},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OpsError(f"{path} is not a file of prices: {error}.", "Write it again: ops prices refresh.") from error


def _usd(name: str, value: object) -> float:
    """Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{name} is not a price")
    return float(value)


def _tiers(name: str, value: object) -> Tiers:
    """Raises ValueError."""
    found: list[tuple[float, float]] = []
    for entry in value if isinstance(value, list) else ():
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], int | float):
            raise ValueError(f"{name} has tiers that are not pairs of numbers")
        found.append((float(entry[0]), _usd(name, entry[1])))
    if not found or sorted(found) != found or found[-1][0] != math.inf:
        raise ValueError(f"the tiers of {name} do not rise to infinity")
    return tuple(found)


def in_words(usd: float, region: str) -> str:
    """An amount with whose prices it is worked out at, and of which day: ``$0.0123 at us-east-1 prices of 2026-11-23``."""
    prices = load(region)
    return f"{formatting.price(usd)} at {prices.region} prices of {prices.dated}"


def price_names() -> tuple[str, ...]:
    """Names of the prices that every region has; where a region's file lacks one, us-east-1's price is used."""
    return tuple(field.name for field in fields(Prices) if field.type == "float")


def optional_names() -> tuple[str, ...]:
    """Names of the prices that a file may lack."""
    return tuple(field.name for field in fields(Prices) if field.type == "float | None")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise OpsError(f"{path} cannot be read: {error}.", "Write it again: ops prices refresh.") from error
