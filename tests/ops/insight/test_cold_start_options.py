"""What would change cold starts: waits and dollars by hand, and when an option is not one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ops import pricing
from ops.insight.cold_start_options import concurrency, fewer_imports, memory, provisioned, snap_start
from ops.insight.cold_start_options.memory_sweep import MemorySweep, SweptMemory
from ops.insight.cold_start_options.model import ColdBase, Verdict
from ops.insight.cold_start_options.options import compare_options
from ops.insight.imports.model import ImportedModule, ImportRecord, InitStatement
from tests.ops.insight.world import FUNCTION

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
PRICES = pricing.load()
RECORD = ImportRecord(
    (
        ImportedModule("app", 200_000, 1_000_000),
        ImportedModule("pandas", 500_000, 800_000, 0),
        ImportedModule("numpy", 300_000, 300_000, 1),
    ),
    START,
    "importing app 5 times on this machine",
)


def table(*rows: tuple[float, float, bool]) -> pd.DataFrame:
    """(start in s, duration in s, cold)."""
    started = [START + timedelta(seconds=at) for at, _, _ in rows]
    return pd.DataFrame(
        {
            "started": pd.to_datetime(started, utc=True),
            "duration_ms": [1000 * lasts for _, lasts, _ in rows],
            "init_ms": np.nan,
            "restore_ms": np.nan,
            "cold": [cold for _, _, cold in rows],
            "phase": "",
            "init_type": "on-demand",
            "tenant": "",
        }
    )


def base(**changes: Any) -> ColdBase:
    """1,024 MB on arm64: 1,000 cold starts of 2 s a month, of $10."""
    known = ColdBase(
        function=replace(FUNCTION, version="7"),
        prices=PRICES,
        frame=table(*((3.0 * at, 1.0, at % 20 == 0) for at in range(100))),
        imports=None,
        start=START,
        hours=1.0,
        cold=1_000.0,
        invocations=20_000.0,
        wait_ms=2_000.0,
        runtime_ms=2_000.0,
        usd=10.0,
        init_usd=2.0,
    )
    return replace(known, **changes)


def test_more_memory_is_inferred_between_all_and_nothing() -> None:
    found = memory.more_memory(base())
    assert found.name == "More memory (1,769 MB)"
    assert found.wait_ms is not None and found.usd is not None
    assert (found.wait_ms.low, found.wait_ms.high) == pytest.approx((2_000 * 1_024 / 1_769, 2_000))
    assert (found.usd.low, found.usd.high) == pytest.approx((10, 10 * 1_769 / 1_024))
    assert found.basis.startswith("inferred")
    assert memory.more_memory(base(function=replace(FUNCTION, memory_mb=1_769))).verdict is Verdict.NO


def swept(*sizes: tuple[int, tuple[float, ...], float]) -> MemorySweep:
    return MemorySweep(START, tuple(SweptMemory(mb, inits, duration, 9) for mb, inits, duration in sizes))


def test_more_memory_by_a_saved_sweep_is_what_it_measured() -> None:
    """INIT of 2 s for 1 s of the sweep: $2 of INIT and $8 of duration at 1,024 MB."""
    sweep = swept(
        (512, (2_000.0,), 400.0), (1_024, (900.0, 1_000.0, 1_100.0), 200.0), (2_048, (500.0, 600.0, 900.0), 50.0)
    )
    found = memory.more_memory(base(sweep=sweep))
    assert found.name == "More memory (2,048 MB)"
    assert found.wait_ms is not None and found.usd is not None
    assert (found.wait_ms.low, found.wait_ms.high) == pytest.approx((1_000, 1_800))
    assert found.usd.low == found.usd.high == pytest.approx(2 * (8 * 50 / 200 + 2 * 600 / 1_000))
    assert found.verdict is Verdict.HELPS
    assert found.basis == "measured: INIT and duration by memory, by the sweep of 2026-11-20 09:00 UTC"
    assert "1,024 MB: INIT 1 s (median of 3 cold starts), warm invocations 200 ms (mean of 9)" in found.notes[0]
    assert "2,048 MB: INIT 600 ms" in found.notes[0]
    dear = swept((1_024, (1_000.0,), 200.0), (2_048, (600.0,), 200.0))
    assert memory.more_memory(base(sweep=dear)).verdict is Verdict.COSTS
    same = memory.more_memory(base(sweep=swept((1_024, (1_000.0,), 200.0), (2_048, (990.0,), 100.0))))
    assert (same.verdict, same.wait_ms) == (Verdict.NO, None)
    assert same.sentence == "More memory does not shorten INIT: 990 ms with 2,048 MB, 1 s with 1,024 MB as now."


@pytest.mark.parametrize(
    ("sweep", "why"),
    [
        (None, "no sweep of this function is saved on this machine"),
        (
            swept((512, (2_000.0,), 400.0), (2_048, (500.0,), 50.0)),
            "no cold start with 1,024 MB, which the function has now",
        ),
        (swept((512, (2_000.0,), 400.0), (1_024, (500.0,), 50.0)), "no cold start with more than 1,024 MB"),
    ],
)
def test_without_a_sweep_that_fits_the_advice_says_that_it_is_not_measured(sweep: MemorySweep | None, why: str) -> None:
    found = memory.more_memory(base(sweep=sweep))
    assert "not measured" in found.basis
    assert why in found.notes[0]
    assert found.notes[0].endswith("To measure INIT and duration by memory: ops rightsize.")


def test_fewer_imports_by_the_recorded_times_scaled_to_lambda() -> None:
    """INIT takes twice what the imports took on this machine."""
    pandas, numpy = fewer_imports.fewer_imports(base(imports=RECORD))
    assert pandas.name == "Fewer imports (pandas)"
    assert pandas.wait_ms is not None and pandas.usd is not None
    assert (pandas.wait_ms.low, pandas.wait_ms.high) == pytest.approx((2_000 - 1_600, 2_000 - 1_000))
    saved = 1_000 * 1.6 * PRICES.gb_second("arm64")
    assert pandas.usd.low == pytest.approx(10 - saved)
    assert numpy.name == "Fewer imports (numpy)"
    (unknown,) = fewer_imports.fewer_imports(base())
    assert unknown.verdict is Verdict.UNKNOWN
    assert "ops imports" in unknown.sentence


def test_concurrency_at_each_arrival() -> None:
    found = concurrency.measure(table((0, 10, True), (1, 3, False), (5, 1, False), (20, 1, False)), START, 1.0)
    assert list(found.at_arrival) == [1, 2, 2, 1]
    assert found.needed(0.95) == 2
    assert found.above(1) == 0.5
    assert found.hours == (9,)


def test_provisioned_concurrency_breaks_even_by_the_price_list() -> None:
    """0.0000033334 for being there over 0.0000133334 - 0.0000077778 saved while at work."""
    assert provisioned.break_even(base()) == pytest.approx(0.6, abs=1e-3)
    idle = provisioned.provisioned(base())
    assert idle.verdict is Verdict.COSTS
    assert idle.usd is not None
    busy_share = 100 / 3600  # an invocation of a second each three, then nothing until the hour is over
    month = 730 * 3600
    extra = month * (3.3334e-6 + busy_share * (7.7778e-6 - 13.3334e-6))
    assert idle.usd.mid - 10 == pytest.approx(extra, rel=0.01)
    assert idle.cold == 0, "one environment is enough"
    busy = provisioned.provisioned(base(frame=table(*((10.0 * at, 9.9, at == 0) for at in range(360)))))
    assert busy.verdict is Verdict.HELPS
    assert "in the hours from 09:00 (1) UTC" in busy.notes[0]


def test_the_hours_of_provisioned_concurrency() -> None:
    rows = [(3600.0 + 10 * at, 9.9, False) for at in range(300)] + [(20.0 * at, 1.0, True) for at in range(100)]
    quiet, busy = provisioned.provisioned_hours(base(frame=table(*rows), hours=2.0))
    assert (quiet.hour, quiet.needed, quiet.pays) == (9, 1, 0)
    assert (busy.hour, busy.needed, busy.pays) == (10, 1, 1)
    assert quiet.usd > quiet.usd_on_demand
    assert busy.usd < busy.usd_on_demand


def test_without_all_invocations_concurrency_is_not_known() -> None:
    """A sample has gaps in which nothing seems to run."""
    part = base(complete=False)
    assert provisioned.provisioned(part).verdict is Verdict.UNKNOWN
    assert provisioned.provisioned_hours(part) == ()


def test_a_restart_of_init_stays_with_provisioned_concurrency() -> None:
    frame = table((0, 1, True), (10, 1, True))
    frame.loc[1, "phase"] = "invoke"
    assert concurrency.measure(frame, START, 1.0).still_cold(1) == 0.5


def test_snap_start_both_ways() -> None:
    found = snap_start.snap_start(base())
    assert found.usd is not None and found.wait_ms is not None
    paid = 0.0000015046 * 730 * 3600 + 1_000 * 0.0001397998
    assert found.usd.low == pytest.approx(10 - 2 + paid)
    assert (found.wait_ms.low, found.wait_ms.high) == (395, 693)
    assert found.verdict is Verdict.HELPS if found.usd.mid <= 10 else Verdict.COSTS


def test_snap_start_says_that_its_prices_are_not_confirmed() -> None:
    unconfirmed = "These prices of SnapStart were not read from AWS: ops prices refresh reads them."
    assert unconfirmed in snap_start.snap_start(base()).notes
    assert unconfirmed not in snap_start.snap_start(base(prices=replace(PRICES, unsure=()))).notes


def test_snap_start_without_a_price_on_file() -> None:
    """The quantities are said, and no dollars."""
    prices = replace(PRICES, lambda_snapstart_cache_gb_second=None)
    found = snap_start.snap_start(base(prices=prices))
    assert (found.usd, found.verdict) == (None, Verdict.COSTS)
    assert "$" not in found.sentence
    assert (
        "2,628,000 GB-seconds for each published version, and restores 1,000 GB; INIT now costs $2.00" in found.notes[0]
    )


def test_an_init_below_the_restore_floor_is_left_alone() -> None:
    found = snap_start.snap_start(base(wait_ms=300.0))
    assert found.verdict is Verdict.NO
    assert found.sentence.startswith("Do not use SnapStart: INIT takes 300 ms, and a restore 395 ms to 693 ms")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"package": "Zip", "runtime": "python3.11"}, "runtime python3.11"),
        ({"package": "Zip", "runtime": "nodejs22.x"}, "runtime nodejs22.x"),
        ({"package": "Zip", "runtime": "java8.al2"}, "runtime java8.al2"),
        ({"file_system": True}, "it mounts a file system"),
        ({"ephemeral_mb": 1_024}, "1,024 MB of ephemeral storage"),
    ],
)
def test_why_snap_start_is_not_possible(change: dict[str, Any], why: str) -> None:
    found = snap_start.snap_start(base(function=replace(FUNCTION, **change)))
    assert found.verdict is Verdict.IMPOSSIBLE
    assert why in found.sentence


@pytest.mark.parametrize("runtime", ["python3.12", "python3.14", "java11", "java21", "dotnet8", "dotnet10"])
def test_runtimes_with_snap_start(runtime: str) -> None:
    assert snap_start.why_not(base(function=replace(FUNCTION, package="Zip", runtime=runtime))) == []


def test_provisioned_or_tenants_exclude_snap_start() -> None:
    frame = base().frame
    assert snap_start.why_not(base(frame=frame.assign(tenant="blue"))) == ["it has tenant isolation"]
    assert snap_start.why_not(base(frame=frame.assign(init_type="provisioned-concurrency"))) == [
        "it has provisioned concurrency"
    ]


def test_what_a_snapshot_would_share_is_said_with_its_place() -> None:
    made = InitStatement("client", "app/main.py", 10, "boto3.client('s3')", "connect in the handler")
    notes = snap_start.snap_start(base(imports=replace(RECORD, source="/src", statements=(made,)))).notes
    assert "app/main.py:10 makes a client in init (boto3.client('s3')): connect in the handler." in notes
    assert any("not proof" in note for note in notes)
    assert any("ops imports" in note for note in snap_start.snap_start(base()).notes)


def test_the_recommended_one_comes_first() -> None:
    found = compare_options(base(imports=RECORD), 50)
    assert found.options[0].verdict is Verdict.RECOMMENDED
    assert found.options[0].name == "Fewer imports (pandas)"
    assert found.sentence == found.options[0].sentence
    nothing = compare_options(base(), 50)
    assert (nothing.options[0].name, nothing.options[0].verdict) == ("As it is", Verdict.RECOMMENDED)
    assert nothing.sentence.startswith("No option shortens cold starts at no cost. They add")


def test_failures_that_make_starts_cold_come_before_every_option() -> None:
    for imports in (RECORD, None):
        found = compare_options(base(imports=imports), 50, "Fix the failures first. ")
        assert found.sentence == f"Fix the failures first. {found.options[0].sentence}"


def test_too_few() -> None:
    found = compare_options(base(), 9)
    assert found.sentence.startswith("Too few to say what would change it: 9 cold starts")
    assert found.options == ()
