"""Fewer imports: what leaving out a package would save, by the recorded import times."""

from __future__ import annotations

import sys

from ops import formatting
from ops.insight.cold_start_options.model import Between, ColdBase, Option, Verdict
from ops.insight.imports.model import PackageTime, packages

NAME = "Fewer imports"
SHARE = 0.05
"""The share of the recorded imports that a package must take to be an option."""
MAX_NAMED = 2


def fewer_imports(base: ColdBase) -> list[Option]:
    """An option for each of the heaviest packages that are not Python's own."""
    record = base.imports
    if record is None:
        how = "ops imports --module MODULE records them"
        return [Option(NAME, Verdict.UNKNOWN, f"Which imports INIT spends its time on is not recorded: {how}.")]
    least = record.total_ms * SHARE
    found = [
        package
        for package in packages(record)
        if package.total_ms >= least and package.name not in sys.stdlib_module_names
    ][:MAX_NAMED]
    if not found:
        sentence = (
            f"No package takes {formatting.percent(SHARE)} of the recorded imports, so leaving one out saves little."
        )
        return [Option(NAME, Verdict.NO, sentence, _basis(base))]
    return [_without(base, package, base.runtime_ms / record.total_ms if record.total_ms else 0.0) for package in found]


def _without(base: ColdBase, package: PackageTime, scale: float) -> Option:
    """``scale``: Lambda's INIT over the recorded imports."""
    saved = Between(package.own_ms * scale, min(package.total_ms * scale, base.wait_ms))
    wait = Between(base.wait_ms - saved.high, base.wait_ms - saved.low)
    a_month = base.cold * base.usd_per_s / 1000
    usd = Between(base.usd - saved.high * a_month, base.usd - saved.low * a_month)
    sentence = (
        f"Without {package.name}, which {package.importer or 'the handler'} imports, a cold start is "
        f"{formatting.latency(saved.low)} to {formatting.latency(saved.high)} shorter: {formatting.usd(base.usd - usd.high)} "
        f"to {formatting.usd(base.usd - usd.low)} less a month."
    )
    notes = (
        f"The lower number is of {package.name}'s own modules, the higher one with all that it imports first, which others may "
        "need as well.",
        "To defer an import into the function that uses it saves the same, except in invocations that call it.",
    )
    name = f"{NAME} ({package.name})"
    return Option(name, Verdict.HELPS, sentence, _basis(base), wait, base.cold, usd, notes)


def _basis(base: ColdBase) -> str:
    return f"inferred: {base.imports.how}, scaled to INIT" if base.imports else ""
