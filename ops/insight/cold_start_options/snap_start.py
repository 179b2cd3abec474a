"""SnapStart: whether the function can have it, and whether a restore is shorter than its INIT.

What it takes: Lambda developer guide, snapstart, and the announcement of container images of 2026-09-02 (read 2026-11-28).
"""

from __future__ import annotations

import re

from ops import formatting
from ops.aws.lambda_ import Function
from ops.insight.cold_start_options.model import HOURS_PER_MONTH, Between, ColdBase, Option, Verdict

NAME = "SnapStart"
FLOOR_MS = Between(395, 693)
"""Restores of images of 51 MB and 327 MB in memory, as others measured them (2026); a Python 3.12 function took 622 ms whose
INIT took 93."""
MIN_INIT_MS = 500.0
"""Below about this, a restore takes as long as INIT (the same measurements)."""
RUNTIMES = (("python", (3, 12)), ("java", (11,)), ("dotnet", (8,)))
"""Managed runtimes, and AWS base images, from these versions on."""
FREE_TMP_MB = 512
PRICE_NAMES = frozenset({"lambda_snapstart_cache_gb_second", "lambda_snapstart_restore_gb"})


def snap_start(base: ColdBase) -> Option:
    """SnapStart: impossible, with each obstacle; else what waits and cost would be, from restore times that others measured."""
    if base.function.snap_start:
        return Option(NAME, Verdict.NO, "SnapStart is on: what a cold start waits for is its restore.", "setting")
    obstacles = why_not(base)
    if obstacles:
        return Option(NAME, Verdict.IMPOSSIBLE, f"SnapStart is not possible: {'; '.join(obstacles)}.", "settings")
    usd = _usd(base)
    notes = (*_prices(base), *_conditions(base.function), *_shared(base))
    before = formatting.latency(base.wait_ms)
    restore = f"{formatting.latency(FLOOR_MS.low)} to {formatting.latency(FLOOR_MS.high)}"
    if base.wait_ms < MIN_INIT_MS:
        sentence = f"Do not use SnapStart: INIT takes {before}, and a restore {restore} where others measured it."
        return Option(NAME, Verdict.NO, sentence, _BASIS, FLOOR_MS, base.cold, usd, notes)
    dollars = (
        f", and a month costs {formatting.usd(usd.low)} to {formatting.usd(usd.high)} instead of {formatting.usd(base.usd)}"
        if usd
        else ""
    )
    sentence = (
        f"With SnapStart a cold start waits {restore} for its restore, where others measured it, instead of {before} for "
        f"INIT{dollars}."
    )
    verdict = Verdict.COSTS if usd is None or usd.mid > base.usd else Verdict.HELPS
    return Option(NAME, verdict, sentence, _BASIS, FLOOR_MS, base.cold, usd, notes)


_BASIS = "inferred: restores that others measured, prices on file"


def why_not(base: ColdBase) -> list[str]:
    """Why the function cannot have SnapStart, in clauses."""
    function, found = base.function, []
    if function.package != "Image" and not _is_supported(function.runtime):
        found.append(f"runtime {function.runtime or 'unknown'} (Python from 3.12, Java from 11, .NET from 8)")
    if function.file_system:
        found.append("it mounts a file system")
    if function.ephemeral_mb > FREE_TMP_MB:
        found.append(f"it has {function.ephemeral_mb:,} MB of ephemeral storage, and {FREE_TMP_MB} MB are the most")
    if function.managed:
        found.append("it runs on Managed Instances, where no invocation waits for INIT")
    if (base.frame["init_type"] == "provisioned-concurrency").any():
        found.append("it has provisioned concurrency")
    if function.tenant_isolation or (base.frame["tenant"] != "").any():
        found.append("it has tenant isolation")
    return found


def _is_supported(runtime: str) -> bool:
    for name, least in RUNTIMES:
        if found := re.fullmatch(rf"{name}(\d+)(?:\.(\d+))?(?:\.\w+)?", runtime):
            return tuple(int(part) for part in found.groups() if part is not None)[: len(least)] >= least
    return False


def _usd(base: ColdBase) -> Between | None:
    """INIT is no longer paid for with each cold start; what a restore bills for its duration is between nothing and all.
    None where a price is not on file."""
    cache, restore = base.prices.lambda_snapstart_cache_gb_second, base.prices.lambda_snapstart_restore_gb
    if cache is None or restore is None:
        return None
    paid = cache * _cached_gb_s(base) + restore * base.gb * base.cold
    without = base.usd - base.init_usd + (0.0 if base.function.runtime.startswith("java") else paid)
    return Between(without, without + base.cold * FLOOR_MS.high / 1000 * base.usd_per_s)


def _cached_gb_s(base: ColdBase) -> float:
    """The cached GB-seconds of one published version per month."""
    return base.gb * HOURS_PER_MONTH * 3600


def _prices(base: ColdBase) -> tuple[str, ...]:
    cache, restore = base.prices.lambda_snapstart_cache_gb_second, base.prices.lambda_snapstart_restore_gb
    now = f"INIT now costs {formatting.usd(base.init_usd)} a month"
    if cache is None or restore is None:
        used = f"{_cached_gb_s(base):,.0f} GB-seconds for each published version, and restores {base.gb * base.cold:,.0f} GB"
        return (f"Its prices are not on file (ops prices refresh reads them): a month caches {used}; {now}.",)
    return (
        f"The snapshot's cache costs {formatting.usd(cache * _cached_gb_s(base))} a month for each published version, a "
        f"restore {formatting.price(restore * base.gb)}; {now}.",
        *_unconfirmed(base),
    )


def _unconfirmed(base: ColdBase) -> tuple[str, ...]:
    if PRICE_NAMES.isdisjoint(base.prices.unsure):
        return ()
    return ("These prices of SnapStart were not read from AWS: ops prices refresh reads them.",)


def _conditions(function: Function) -> tuple[str, ...]:
    found = ["Regions with SnapStart are not checked."]
    if function.package == "Image":
        found.insert(
            0,
            "The image has to be an AWS base image (Python from 3.12, Java from 11, .NET from 8), or have the label "
            "com.amazonaws.lambda.feature.snapstart=Allow, which Lambda does not tell.",
        )
    if function.version == "$LATEST":
        found.insert(0, "It works for published versions alone: the event source mapping has to call an alias.")
    return tuple(found)


def _shared(base: ColdBase) -> tuple[str, ...]:
    record = base.imports
    if record is None or not record.source:
        return (
            "What init makes and every environment would share is not known: ops imports --module MODULE reads the source.",
        )
    if not record.statements:
        return (
            "A reading of the source found nothing that init makes and environments may not share; that is not proof.",
        )
    found = [
        f"{statement.file}:{statement.line} makes a {statement.kind} in init ({statement.text}): {statement.advice}."
        for statement in record.statements
    ]
    return ("By a reading of the source, which is not proof:", *found)
