"""A region's prices in a file of their own, with their source and the day they were read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ops.errors import OpsError
from ops.files import atomic_file, state_home
from ops.pricing.price_list import ListedPrices

SHIPPED = Path(__file__).parent


def refreshed(region: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The file to which ``ops prices refresh`` writes the prices of ``region``; it need not exist. Raises OpsError."""
    return state_home.path(environ) / "prices" / f"{region}.toml"


def find(region: str) -> Path | None:
    """The file that was refreshed, else the one that is shipped. None where the region has neither."""
    try:
        own = refreshed(region)
    except OpsError:  # no home folder: there is nothing of its own, and prices are needed all the same
        own = None
    return next((path for path in (own, SHIPPED / f"{region}.toml") if path is not None and path.is_file()), None)


def write(region: str, found: ListedPrices, today: str) -> Path:
    """Write what the Price List had; returns where. Prices that it did not have are not in the file. Raises OpsError."""
    path = refreshed(region)
    source = f"AWS Price List, publication {found.published or 'undated'}"
    lines = [
        f"# What AWS charges in {region}, in US dollars, `usd` in the first tier, without free tiers. Written by ops prices refresh.",
        "",
        f'region = "{region}"',
        f'dated = "{today}"',
    ]
    for name, usd in found.usd.items():
        lines += ["", f"[{name}]", f"usd = {usd!r}", f'from = "{source}"', f'read = "{today}"', "sure = true"]
        if steps := found.tiers.get(name):
            lines.append(f"tiers = [{', '.join(f'[{up_to!r}, {price!r}]' for up_to, price in steps)}]")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file.atomic_write(path, replace=True) as file:
            file.write(("\n".join(lines) + "\n").encode())
    except OSError as error:
        raise atomic_file.file_error(path, error) from error
    return path
