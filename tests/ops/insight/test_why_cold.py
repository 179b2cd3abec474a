"""Why environments were cold, case by case, and whether a version starts slower."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from ops.insight.rules.cold_starts import versions
from ops.insight.rules.cold_starts.reasons import ColdReason, explain
from ops.insight.sources.invocations import Invocation

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


def ran(
    name: str, minute: float, cold: bool = False, seconds: float = 2, version: str = "1", **more: object
) -> Invocation:
    started = START + timedelta(minutes=minute)
    init = 500.0 if cold else None
    values = {"status": "success", **more}
    return Invocation(
        f"{name}-{minute}",
        started,
        version,
        cold,
        init,
        seconds * 1000,
        environment=name,
        **values,  # type: ignore[arg-type]
    )


def reasons(*rows: Invocation, changed: tuple[float, ...] = ()) -> list[ColdReason]:
    return [start.reason for start in explain(rows, [START + timedelta(minutes=minute) for minute in changed])]


def test_the_first_one_has_nothing_to_compare_with() -> None:
    assert reasons(ran("a", 0, cold=True)) == [ColdReason.UNKNOWN]
    assert reasons(Invocation("r", START, cold=True), ran("b", -5)) == [ColdReason.UNKNOWN], "no log stream"


def test_all_others_are_busy() -> None:
    assert reasons(ran("a", 0, seconds=60), ran("b", 0.5, cold=True)) == [ColdReason.SCALE_OUT]


def test_nothing_ran_for_a_while() -> None:
    assert reasons(ran("a", 0), ran("b", 20, cold=True)) == [ColdReason.IDLE]


def test_the_twin_says_for_how_long_an_idle_environment_stays() -> None:
    rows = (ran("a", 0), ran("b", 1, cold=True))
    (start,) = explain(rows, warm=timedelta(seconds=20))
    assert start.reason is ColdReason.IDLE


def test_an_environment_was_there() -> None:
    assert reasons(ran("a", 0), ran("b", 1, cold=True)) == [ColdReason.REPLACED]
    assert reasons(ran("a", 0), ran("b", 20, cold=True), ran("a", 30)) == [ColdReason.REPLACED], (
        "it is used again later"
    )


def test_one_environment_that_is_gone_makes_for_one_cold_start() -> None:
    """The others of a burst are scale-out."""
    crashed = ran("a", 0, status="error", error_type="Runtime.ExitError")
    burst = [ran(name, 1 + 0.001 * at, cold=True, seconds=60) for at, name in enumerate("bcd")]
    assert reasons(crashed, *burst) == [ColdReason.RESET, ColdReason.SCALE_OUT, ColdReason.SCALE_OUT]
    assert reasons(ran("a", 0), *burst) == [ColdReason.REPLACED, ColdReason.SCALE_OUT, ColdReason.SCALE_OUT]


def test_an_environment_that_takes_other_work_at_once_was_not_free() -> None:
    assert reasons(ran("a", 0), ran("b", 1, cold=True), ran("a", 1.005)) == [ColdReason.SCALE_OUT]


def test_a_new_version_takes_the_place_of_as_many() -> None:
    before = [ran(name, 0.1 * at) for at, name in enumerate("abc")]
    after = [ran(name, 1, cold=True, seconds=60, version="2") for name in "def"]
    assert reasons(*before, *after) == [ColdReason.DEPLOY] * 3
    more = ran("g", 1.2, cold=True, version="2")
    assert reasons(*before, *after, more) == [ColdReason.DEPLOY] * 3 + [ColdReason.SCALE_OUT]


def test_the_unpublished_version_changes() -> None:
    rows = (ran("a", 0, version="$LATEST"), ran("b", 1, cold=True, version="$LATEST"))
    assert reasons(*rows, changed=(0.5,)) == [ColdReason.DEPLOY]
    assert reasons(*rows, changed=(-5.0,)) == [ColdReason.REPLACED]
    assert reasons(*rows) == [ColdReason.REPLACED]


def test_two_versions_of_an_alias_at_once() -> None:
    """Traffic is split: the environments of version 1 go on, so a further one of version 2 is no deployment."""
    old = [ran(name, minute) for name in "abcd" for minute in range(0, 30, 2)]
    new = [
        ran("x", 5, cold=True, version="2"),
        *(ran("x", minute, version="2", seconds=90) for minute in range(6, 30, 2)),
    ]
    late = ran("y", 20.5, cold=True, version="2")
    assert reasons(*old, *new, late)[-1] is ColdReason.SCALE_OUT


@pytest.mark.parametrize(("status", "error"), [("timeout", "Sandbox.Timedout"), ("error", "Runtime.ExitError")])
def test_the_environment_was_reset(status: str, error: str) -> None:
    broken = ran("a", 1, status=status, error_type=error)
    assert reasons(ran("a", 0, cold=True), broken, ran("a", 2, cold=True, phase="invoke")) == [
        ColdReason.UNKNOWN,
        ColdReason.RESET,
    ]
    assert reasons(broken, ran("a", 2, cold=True)) == [ColdReason.RESET], "without the phase"


def test_an_init_that_failed() -> None:
    failed = ran("b", 1, cold=True, status="error", error_type="Runtime.ImportModuleError")
    assert reasons(ran("a", 0), failed) == [ColdReason.FAILED_INIT]


def test_an_environment_that_broke_is_replaced_by_another() -> None:
    broken = ran("a", 1, status="timeout", error_type="Sandbox.Timedout")
    (start,) = explain([ran("a", 0), broken, ran("b", 2, cold=True)])
    assert (start.reason, start.inferred) == (ColdReason.RESET, True)
    raised = ran("a", 1, status="failure", error_type="ValueError")
    (start,) = explain([ran("a", 0), raised, ran("b", 2, cold=True)])
    assert (start.reason, start.inferred) == (ColdReason.REPLACED, True), "an exception leaves the environment as it is"


def test_what_the_log_tells_is_not_called_inferred() -> None:
    rows = [ran("a", 0, cold=True), ran("a", 1, status="error"), ran("a", 2, cold=True, phase="invoke")]
    assert [start.inferred for start in explain(rows)] == [False, False]
    assert [start.inferred for start in explain([ran("a", 0), ran("b", 20, cold=True)])] == [True]


def compared(**inits: list[float]) -> dict[str, str]:
    rows = [
        {
            "version": version,
            "started": START + timedelta(minutes=at),
            "cold": True,
            "init_ms": ms,
            "restore_ms": float("nan"),
        }
        for at, (version, values) in enumerate(inits.items())
        for ms in values
    ]
    found = versions.by_version(pd.DataFrame(rows))
    assert list(found["version"]) == list(inits), "in the order in which they ran first"
    return dict(zip(found["version"], found["slower"], strict=True))


def test_a_version_that_starts_slower() -> None:
    fast, slow = [500.0 + n for n in range(20)], [800.0 + n for n in range(20)]
    assert compared(v9=fast, v10=slow, v11=slow, v12=fast) == {"v9": "", "v10": "yes", "v11": "no", "v12": "no"}
    assert compared(v1=fast, v2=slow[:9]) == {"v1": "", "v2": "too few"}


def test_the_median_has_an_interval_once_there_are_enough() -> None:
    rows = [
        {"version": "1", "started": START, "cold": True, "init_ms": 500.0 + n, "restore_ms": float("nan")}
        for n in range(40)
    ]
    (row,) = versions.by_version(pd.DataFrame(rows)).to_dict("records")
    assert row["init_p50_low_ms"] < row["init_p50_ms"] < row["init_p50_high_ms"]
    (row,) = versions.by_version(pd.DataFrame(rows[:9])).to_dict("records")
    assert pd.isna(row["init_p50_low_ms"])


def test_a_storm_of_cold_starts_is_explained_in_seconds() -> None:
    rows = [ran(f"e{number}", number / 100, cold=True, seconds=3_600) for number in range(4_000)]
    began = time.process_time()
    found = reasons(*rows)
    assert time.process_time() - began < 10
    assert found == [ColdReason.UNKNOWN] + [ColdReason.SCALE_OUT] * 3_999
