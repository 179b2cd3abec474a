"""What an hour of a container costs, from a dated file. A price that is not on file is said to be missing, never guessed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("instance_prices.toml")
FARGATE = "fargate"


@dataclass(frozen=True)
class InstancePrice:
    """The price of one instance, or of one Fargate task. ``source``: where the price is from, when it was read, and its
    region."""

    usd_per_hour: float
    vcpus: float
    source: str
    sure: bool


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())


def names() -> tuple[str, ...]:
    return (*_file()["instances"], FARGATE)


def find(name: str, vcpus: float, memory_gb: float, architecture: str) -> InstancePrice | None:
    """None where there is no price on file. Of Fargate it is that of a task of this size; an instance has its own."""
    file = _file()
    if name == FARGATE:
        entry = file["fargate"]["arm64" if architecture == "arm64" else "x86_64"]
        usd = vcpus * entry["vcpu_usd"] + memory_gb * entry["gb_usd"]
        return InstancePrice(usd, vcpus, _source(entry), entry["sure"])
    if (entry := file["instances"].get(name)) is None:
        return None
    return InstancePrice(entry["usd"], entry["vcpus"], _source(entry), entry["sure"])


def _source(entry: dict[str, Any]) -> str:
    return f"{entry['from']}; read {entry['read']}; {_file()['region']}"
