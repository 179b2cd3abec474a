"""``ops rightsize`` against a function that behaves as Lambda's do, from the trial to what is left: nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.aws import Refusal
from tests.fakes.sized_function import SizedFunction
from tests.ops.rightsize.conftest import Desk

SHORT = ("--memory", "512,1769,3008", "--invocations", "6", "--rounds", "2", "--batch", "1", "--yes")
DENIED = Refusal("AccessDeniedException", "User: arn:aws:iam::111122223333:user/oncall is not authorized", 403)
THROTTLED = Refusal("TooManyRequestsException", "Rate exceeded", 429)


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
    assert all(one.startswith("rightsize-") for one in ids)


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


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--memory", "127"), "127 MB is not a memory size of Lambda."),
        (("--memory", "10241"), "10241 MB is not a memory size of Lambda."),
        (("--memory", "512,512"), "A memory size is given twice."),
        (("--memory", "big"), "big is not a list of whole numbers."),
        (("--batch", "0"), "0 is not a batch size."),
        (("--batch", "10001"), "10001 is not a batch size."),
        (("--objective", "speed"), "speed is not an objective."),
        (("--id-field", "order"), "7 of 7 jobs have no text field order"),
        (("--max-usd", "inf"), "inf is not a finite number."),
        (("--per-month", "inf"), "inf is not a finite number."),
        (("--cold-share", "nan"), "--cold-share"),
        (("--jobs", "/nowhere/jobs"), "There is no folder /nowhere"),
    ],
)
def test_bad_input(desk: Desk, given: tuple[str, ...], error: str) -> None:
    code, _, err = desk.rightsize(*SHORT, *given)
    assert code == 2
    assert error in err
    assert desk.function.memories == []
    assert desk.function.bodies == []


def test_lines_that_are_no_jobs_are_named(desk: Desk, jobs: Path) -> None:
    jobs.write_text('{"job_id": "a"}\n[1]\n')
    assert f"Line 2 of {jobs} is not a JSON object." in desk.rightsize(*SHORT)[2]
    jobs.write_text("\n")
    assert "has no jobs" in desk.rightsize(*SHORT)[2]


def test_an_export_of_dead_letters_is_a_file_of_jobs(desk: Desk, jobs: Path) -> None:
    jobs.write_text(json.dumps({"message_id": "1", "body": json.dumps({"job_id": "x", "n": 3})}) + "\n")
    desk.answer(*SHORT)
    assert {body["n"] for body in desk.function.bodies} == {3}


def test_a_mapping_on_the_unpublished_version_is_left_alone_unless_asked(desk: Desk) -> None:
    desk.function.qualifier = ""
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "The queue's event source mapping runs $LATEST of worker." in err
    assert "--change-live" in err
    assert desk.function.memories == []
    assert desk.rightsize(*SHORT, "--change-live")[0] == 0
    assert desk.function.untouched


def test_code_that_is_not_live_is_not_measured(desk: Desk) -> None:
    desk.function.settings["CodeSha256"] = "new"
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "worker:live runs version 7, whose code or settings are not those of $LATEST" in err


def test_snapstart_is_refused(desk: Desk) -> None:
    desk.function.versions["7"]["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "worker has SnapStart" in err
    assert desk.function.memories == []


def test_without_a_confirmation_nothing_is_changed(desk: Desk) -> None:
    code, _, err = desk.rightsize(*SHORT[:-1])
    assert code == 2
    assert "Confirmation required" in err
    assert desk.function.memories == []
    assert desk.function.bodies == [], "the trial's jobs are worked on for real, too"


def test_the_price_is_bounded(desk: Desk) -> None:
    answer = desk.answer(*SHORT, "--max-usd", "0.00002", code=1)
    assert answer["stopped"] == "It reached the limit of $2e-05 (--max-usd)."
    assert desk.function.untouched


def test_a_missing_price_is_said(desk: Desk) -> None:
    answer = desk.answer(*SHORT)
    assert any(
        "There are no prices of eu-west-1 on file: those of us-east-1 are used" in one for one in answer["notes"]
    )


def test_read_only_measures_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "a memory sweep would change something" in err
    assert desk.function.bodies == []


def _at(function: SizedFunction, operation: str, number: int, act: Callable[[], None]) -> Callable[[str], None]:
    """Calls ``act`` before the ``number``-th call of ``operation``."""
    calls = iter(range(1, 10_000))

    def before(called: str) -> None:
        if called.partition("?")[0].endswith(operation) and next(calls) == number:
            act()

    return before


def _refuse(refusal: Refusal) -> Callable[[], None]:
    def act() -> None:
        raise refusal

    return act


@pytest.mark.parametrize("number", [1, 2, 4])
def test_no_permission_in_the_middle_puts_everything_back(desk: Desk, number: int) -> None:
    desk.function.before = _at(desk.function, "/functions/worker/versions", number, _refuse(DENIED))
    code, _, err = desk.rightsize(*SHORT)
    assert code == 3
    assert "lambda:PublishVersion" in err or "not authorized" in err or "may not" in err
    assert desk.function.untouched


@pytest.mark.parametrize("number", [2, 3])
def test_a_refused_change_of_memory_puts_back_the_one_before(desk: Desk, number: int) -> None:
    desk.function.before = _at(desk.function, "PUT /2015-03-31/functions/worker/configuration", number, _refuse(DENIED))
    code, _, err = desk.rightsize(*SHORT)
    assert code == 3
    assert "worker has its former 1,024 MB again (from" in err
    assert desk.function.untouched


def test_a_batch_response_without_failures_may_be_null(desk: Desk) -> None:
    desk.function.response = {"batchItemFailures": None}
    assert desk.answer(*SHORT)["suggested"] is not None


def test_a_fifo_queue_has_batches_of_ten_at_most(desk: Desk) -> None:
    desk.function.queue = "orders.fifo"
    code, _, err = desk.rightsize(*SHORT, "--queue", "orders.fifo", "--batch", "11")
    assert code == 2
    assert "11 is not a batch size. → Choose one from 1 to 10." in err


def test_no_permission_to_invoke_ends_it_with_what_it_has(desk: Desk) -> None:
    desk.function.before = _at(desk.function, "/invocations", 20, _refuse(DENIED))
    answer = desk.answer(*SHORT, code=1)
    assert answer["stopped"]
    assert sum(row["invocations"] for row in answer["settings"]) == 17
    assert desk.function.untouched


def test_a_throttled_invocation_is_tried_again_and_then_ends_it(desk: Desk, hasten: Callable[[], None]) -> None:
    hasten()
    desk.function.before = _at(desk.function, "/invocations", 9, _refuse(THROTTLED))
    assert desk.answer(*SHORT)["stopped"] is None

    def throttle(operation: str) -> None:
        if "/invocations?Qualifier=ops-rightsize" in operation:
            raise THROTTLED

    desk.function.before = throttle
    answer = desk.answer(*SHORT, code=1)
    assert "throttling" in answer["stopped"]
    assert desk.function.untouched


def test_a_change_by_someone_else_is_kept(desk: Desk) -> None:
    def someone() -> None:
        desk.function.settings["Timeout"] = 60
        desk.function.revision += 1

    desk.function.before = _at(desk.function, "/functions/worker/versions", 2, someone)
    code, _, err = desk.rightsize(*SHORT)
    assert code == 1
    assert "someone else changed the function meanwhile" in err
    assert desk.function.settings == {"Timeout": 60}
    assert desk.function.untouched


def test_memory_that_someone_else_set_is_kept(desk: Desk) -> None:
    def someone() -> None:
        desk.function.memory = 2048
        desk.function.revision += 1

    desk.function.before = _at(desk.function, "/functions/worker/versions", 2, someone)
    code, _, err = desk.rightsize(*SHORT)
    assert code == 1
    assert "worker has 2,048 MB, which is neither the former 1,024 MB nor what the sweep set" in err
    assert desk.function.memory == 2048
    assert list(desk.function.versions) == ["7"]


def test_a_sweep_elsewhere_keeps_this_one_out(desk: Desk) -> None:
    desk.function.aliases["ops-rightsize"] = {
        "Name": "ops-rightsize",
        "FunctionVersion": "$LATEST",
        "Description": "ops rightsize 20261129T1 by anna",
        "RevisionId": "b",
    }
    code, _, err = desk.rightsize(*SHORT)
    assert code == 2
    assert "worker has an alias ops-rightsize already (ops rightsize 20261129T1 by anna)" in err
    assert desk.function.memories == []
    assert "ops-rightsize" in desk.function.aliases, "it is another one's"
