"""What other settings would do to a drain, and what it would cost."""

from __future__ import annotations

import pytest

from ops.errors import UsageError
from ops.insight.forecast.assumptions import Assumed
from ops.insight.forecast.what_if import Changes
from tests.ops.insight.forecast_report import drained, report
from tests.ops.insight.world import Stage


def test_what_other_settings_would_do(stage: Stage) -> None:
    found = report(stage, visible=72_000)
    by_name = {variant.name: variant for variant in found.variants}
    assert list(by_name) == [
        "as it is",
        "maximum concurrency 20",
        "no maximum concurrency",
        "2 to 200 provisioned pollers",
        "a job 2 times as fast",
    ]
    minutes = {
        name: variant.forecast.drained_s.mid / 60 for name, variant in by_name.items() if variant.forecast.drained_s
    }
    assert minutes["as it is"] == pytest.approx(33.3, rel=1e-2)
    assert minutes["maximum concurrency 20"] == pytest.approx(15.8, rel=1e-2)
    assert minutes["no maximum concurrency"] < minutes["maximum concurrency 20"]
    assert minutes["a job 2 times as fast"] == pytest.approx(15.8, rel=1e-2)
    dollars = {name: variant.usd for name, variant in by_name.items()}
    now, faster = dollars["as it is"], dollars["a job 2 times as fast"]
    assert now is not None and faster is not None
    # 80,000 messages of 0.25 s at 1 GB on arm64, 8,000 invocations, 160,000 requests of SQS.
    assert now == pytest.approx(80_000 * 0.25 * 0.0000133334 + 8_000 * 2e-7 + 160_000 * 4e-7, rel=1e-2)
    assert faster < now
    assert by_name["2 to 200 provisioned pollers"].usd_month_idle == pytest.approx(13.505, rel=1e-3)
    # A month of 240 a minute, 8 in a batch.
    month = 240 * 60 * 730 * (0.25 * 0.0000133334 + 2e-7 / 8 + 2 * 4e-7)
    assert by_name["as it is"].usd_month == pytest.approx(month, rel=1e-3)
    assert by_name["2 to 200 provisioned pollers"].usd_month == pytest.approx(month + 13.505, rel=1e-3)


def test_a_setting_that_is_asked_about_comes_first(stage: Stage) -> None:
    found = report(stage, visible=7_200, assumed=Assumed(changes=Changes(maximum_concurrency=5)))
    assert [variant.name for variant in found.variants[:2]] == ["maximum concurrency 5", "as it is"]
    assert "up to 5 concurrent executions" in found.finding.text


@pytest.mark.parametrize(
    ("changes", "name", "note"),
    [
        (Changes(batch_size=5), "batch size 5", ""),
        (
            Changes(batch_size=1_000, window_s=5),
            "batch size 1,000, batching window 5 s",
            "a full batch of 1,000 takes 4 min 10 s: above the function's timeout of 60 s",
        ),
        (Changes(window_s=20), "batching window 20 s", "a message waits up to 20 s for its batch to fill"),
        (
            Changes(memory_mb=2_048),
            "memory 2,048 MB",
            "memory changes the price alone here; how much the job's time follows is not known: one that only calculates would "
            "be about 1.7 times as fast (--faster)",
        ),
    ],
)
def test_what_a_setting_costs_and_what_speaks_against_it(stage: Stage, changes: Changes, name: str, note: str) -> None:
    asked, now = report(stage, visible=7_200, assumed=Assumed(changes=changes)).variants[:2]
    assert (asked.name, asked.note) == (name, note)
    assert asked.usd is not None
    assert now.usd is not None
    if changes.memory_mb:
        assert asked.usd / now.usd == pytest.approx(1.8, abs=0.2), "twice the price of a second, and no faster"
    elif changes.batch_size == 5:
        assert asked.usd > now.usd, "more invocations"


def test_a_batch_above_ten_needs_a_window(stage: Stage) -> None:
    with pytest.raises(UsageError, match="needs a batching window"):
        report(stage, visible=10, assumed=Assumed(changes=Changes(batch_size=100)))


def test_a_batching_window_comes_on_top_of_the_work_before(stage: Stage) -> None:
    """A batch of eight takes 2 s: the last one waits 20 s for more, in half a batch's place."""
    as_it_is, asked = (
        drained(report(stage, visible=7_200, assumed=Assumed(changes=changes))).mid
        for changes in (Changes(), Changes(window_s=20))
    )
    assert asked == pytest.approx(as_it_is + 19)
