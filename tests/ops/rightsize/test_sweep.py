"""``ops rightsize`` against a function that behaves as Lambda's do, from the trial to what is left: nothing."""

from __future__ import annotations

import pytest

from tests.ops.rightsize.conftest import Desk

SHORT = ("--memory", "512,1769,3008", "--invocations", "6", "--rounds", "2", "--batch", "1", "--yes")


def test_the_fastest_size_that_costs_no_more_is_suggested_and_nothing_is_left(desk: Desk) -> None:
    answer = desk.answer(*SHORT, "--objective", "latency", "--per-month", "1000000", "--cold-share", "1")
    rows = {row["memory_mb"]: row for row in answer["settings"]}
    assert list(rows) == [512, 1024, 1769, 3008], "the current size is measured, too"
    assert answer["suggested"] == {"memory_mb": 1769, "batch_size": 1}
    assert rows[512]["duration_p50_ms"] == pytest.approx(rows[1769]["duration_p50_ms"] * 1769 / 512, rel=0.01)
    assert rows[3008]["duration_p50_ms"] == pytest.approx(rows[1769]["duration_p50_ms"], rel=0.01)
    assert rows[3008]["against_current"] == "more expensive"
    assert rows[512]["against_current"] == "too close to tell"
    assert rows[1769]["cold_starts"] == 2
    saved = answer["saving_month_usd"]
    assert saved["low"] <= saved["value"] <= saved["high"]
    assert desk.function.untouched
    assert desk.function.memories[-1] == 1024


def test_init_is_priced_in_at_the_share_of_cold_starts(desk: Desk) -> None:
    never = desk.answer(*SHORT, "--cold-share", "0", "--per-month", "1000")
    always = desk.answer("--last", "--cold-share", "100", "--per-month", "1000")
    row, cold = never["settings"][2], always["settings"][2]
    assert row["memory_mb"] == 1769
    gb_second, request = 0.0000166667, 0.0000002
    billed = [200 * (1 + n % 5 / 10) for n in range(6)]
    warm = sum(billed) / 6 / 1000 * 1769 / 1024 * gb_second + request
    assert row["usd_per_1000"] == pytest.approx(warm * 1000, rel=0.005)
    assert cold["usd_per_1000"] - row["usd_per_1000"] == pytest.approx(0.8 * 1769 / 1024 * gb_second * 1000, rel=0.15)
    assert row["usd_month"] == pytest.approx(row["usd_per_1000"])


def test_each_job_has_an_id_of_the_sweep_and_the_same_content_at_each_size(desk: Desk) -> None:
    desk.answer(*SHORT)
    ids = [body["job_id"] for body in desk.function.bodies]
    assert len(set(ids)) == len(ids) == 2 + 4 * 2 * (3 + 1)
    assert all(message_id.startswith("rightsize-") for message_id in ids)


def test_batches_of_several_sizes_are_compared(desk: Desk) -> None:
    answer = desk.answer(*SHORT, "--memory", "1769", "--batch", "1,10")
    by_batch = {row["batch_size"]: row["usd_per_1000"] for row in answer["settings"] if row["memory_mb"] == 1769}
    assert by_batch[10] < by_batch[1], "a request is shared by ten jobs"


def test_a_size_that_runs_out_of_memory_is_a_row(desk: Desk) -> None:
    desk.function.needs_mb = 700
    answer = desk.answer(*SHORT)
    small, current = answer["settings"][:2]
    assert (small["memory_mb"], small["unfit"]) == (512, "runs out of memory")
    assert small["invocations"] == 3, "given up"
    assert small["usd_per_1000"] is None
    assert current["unfit"] == ""
    assert desk.function.untouched


def test_little_headroom_is_not_suggested(desk: Desk) -> None:
    desk.function.needs_mb = 900
    answer = desk.answer(*SHORT, "--memory", "1769", "--objective", "cost")
    assert answer["settings"][0]["unfit"] == "used 88% of its memory; at most 80% is suggested"
    assert answer["suggested"]["memory_mb"] == 1769


def test_a_function_that_fails_is_not_changed(desk: Desk) -> None:
    desk.function.failing = "KeyError"
    code, _, err = desk.rightsize(*SHORT)
    assert code == 1
    assert "The trial job fails on worker as it is now (KeyError): nothing was changed." in err
    assert desk.function.memories == []


def test_a_function_that_begins_to_fail_at_each_size_suggests_nothing(desk: Desk) -> None:
    def fail(operation: str) -> None:
        if "/aliases/ops-rightsize" in operation:
            desk.function.failing = "Runtime.ExitError"

    desk.function.before = fail
    answer = desk.answer(*SHORT, code=1)
    assert {row["unfit"] for row in answer["settings"]} == {"fails: Runtime.ExitError"}
    assert answer["suggested"] is None
    assert "No setting is suggested for worker: fails: Runtime.ExitError." in answer["finding"]
    assert desk.function.untouched


def test_failed_jobs_of_a_batch_count(desk: Desk) -> None:
    desk.function.before = lambda operation: setattr(desk.function, "rejected", int("ops-rightsize" in operation))
    answer = desk.answer(*SHORT, "--batch", "3", code=1)
    assert all(row["failed"] == row["invocations"] for row in answer["settings"])
    assert "had failed jobs" in answer["settings"][0]["unfit"]


def test_a_batch_response_without_failures_may_be_null(desk: Desk) -> None:
    desk.function.response = {"batchItemFailures": None}
    assert desk.answer(*SHORT)["suggested"] is not None


def test_a_fifo_queue_has_batches_of_ten_at_most(desk: Desk) -> None:
    desk.function.queue = "orders.fifo"
    code, _, err = desk.rightsize(*SHORT, "--queue", "orders.fifo", "--batch", "11")
    assert code == 2
    assert "11 is not a batch size. → Choose one from 1 to 10." in err
