"""Several functions write into one log group: only a function's own lines tell of its messages."""

from __future__ import annotations

import pytest

from ops import log_streams
from ops.deadletters.causes.attribution.evidence import ConsumerSetup
from tests.cases.causes.log_lines import R1, R2, A, Row, cause, in_words, info, report, row, start, unhandled

DAY = "2026/11/28"
OURS, THEIRS = f"{DAY}/order-worker[7]0a1b", f"{DAY}/mail-worker[$LATEST]2c3d"
SHARED = ConsumerSetup(timeout_s=15, window_s=1, function="order-worker", shared=True)
ALONE = ConsumerSetup(timeout_s=15, window_s=1, function="order-worker")


@pytest.mark.parametrize(
    ("stream", "message", "shared", "foreign"),
    [
        (OURS, "x", True, False),
        (THEIRS, "x", True, True),
        (THEIRS, "x", False, True),  # a neighbor may choose our group as its own
        (f"{DAY}/[7]0a1b", "x", False, False),
        (f"{DAY}/[7]0a1b", "x", True, False),
        (f"{DAY}/[$LATEST]0a1b", '{"function_name": "mail-worker"}', True, True),
        (f"{DAY}/[$LATEST]0a1b", '{"function_name": "order-worker"}', True, False),
        (f"{DAY}/[7]0a1b", '{"function_arn": "arn:aws:lambda:eu-west-1:1:function:mail-worker:live"}', True, True),
        (f"{DAY}/[7]0a1b", '{"function_name": "mail-worker"}', False, False),  # its own group, so its own words
        (f"{DAY}/order-worker-2[7]0a1b", "x", True, True),
        ("ecs/web/0a1b", "x", True, True),
        ("ecs/web/0a1b", "x", False, False),
        ("ecs/web/0a1b", '{"function_name": "order-worker"}', True, False),
    ],
)
def test_whose_line_it_is(stream: str, message: str, shared: bool, foreign: bool) -> None:
    written: Row = row(0, message, stream)
    assert log_streams.is_other_functions(written, "order-worker", shared) is foreign
    assert not log_streams.is_other_functions(written, "", shared), "nobody asked whose it is"


def test_a_group_of_ones_own_is_named_as_lambda_names_it() -> None:
    assert not log_streams.is_shared("/aws/lambda/order-worker", "order-worker")
    assert log_streams.is_shared("/shop/all", "order-worker")


def test_a_neighbors_failure_at_the_same_time_is_no_cause() -> None:
    rows = [unhandled(0.5, "SMTPServerDisconnected: closed", THEIRS), start(0.5, R1, OURS)]
    assert cause(rows, setup=SHARED) is None
    both = [*rows, unhandled(0.6, "KeyError: 'sku'", OURS), report(0.7, R1, status="error", stream=OURS)]
    assert in_words(cause(both, setup=SHARED)) == "likely KeyError: 'sku'"
    in_its_own = [unhandled(0.5, "KeyError: 'sku'", f"{DAY}/[7]0a1b")]
    assert in_words(cause(in_its_own, setup=ALONE)) == "likely KeyError: 'sku'"


def test_a_neighbor_that_names_the_message_is_no_cause_either() -> None:
    """It may have been sent the message's id, and fail for a reason of its own."""
    told = {"level": "ERROR", "errorType": "MailboxFull", "errorMessage": "full", "requestId": R2, "messageId": A}
    rows = [info(0, f"got {A}", R1, OURS), row(0.2, told, THEIRS)]
    assert cause(rows, setup=SHARED) is None


def test_a_neighbors_time_out_is_none_of_ours() -> None:
    rows = [report(15, R1, ms=15_000, status="timeout", stream=THEIRS)]
    assert cause(rows, setup=SHARED) is None
    assert in_words(cause(rows, setup=ConsumerSetup(timeout_s=15, window_s=1))).startswith("likely Sandbox.Timedout")
