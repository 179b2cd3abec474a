"""The workloads of an account: each is found, can be chosen by what names it, and is never called OK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ops import workload
from ops.errors import AccessDenied
from ops.insight import time_window
from ops.insight.report_types import Level
from ops.insight.reports import overview, workload_list
from ops.insight.reports.workload_list import WorkloadListReport
from tests.cases.workloads.account_parts import DENIED, FUNCTION, MAPPING, NESTED, QUEUE, M, Queue, Reads, Stack, stack
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.served import Served, aimed

ALARM = "AWS::CloudWatch::Alarm"
SHOP = stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (FUNCTION, "worker"), (MAPPING, M[0]))
ACCOUNT = Account(
    {"orders": Queue("orders-dlq"), "orders-dlq": Queue(), "mail": Queue(), "idle": Queue(depth=3)},
    {M[0]: Reads("orders", "worker:live"), M[1]: Reads("mail", "mailer")},
    {"shop": SHOP},
)


def listed(served: Served, account: Account, most: int = 50) -> WorkloadListReport:
    fake, aws = served
    fake.answer = account.answer
    return workload_list.report(aws, most)


def rows(found: WorkloadListReport) -> dict[str, tuple[Level | None, str]]:
    return {row.name: (row.level, row.why) for row in found.workloads}


def with_queues(account: Account, **queues: Queue) -> Account:
    return replace(
        account, queues={**account.queues, **{name.replace("_", "-"): queue for name, queue in queues.items()}}
    )


def test_a_stack_and_a_queue_of_no_stack(served: Served) -> None:
    found = listed(served, ACCOUNT)
    by_name = {row.name: row for row in found.workloads}
    assert set(by_name) == {"shop", "mail"}, "a queue that no function reads is left out"
    assert (by_name["shop"].queue, by_name["shop"].functions) == ("orders", ("worker:live",))
    assert (by_name["shop"].select_stack, by_name["shop"].select_queue) == ("shop", None)
    assert (by_name["mail"].stack, by_name["mail"].select_queue) == (None, "mail")
    assert (found.region, found.unread, found.limits) == ("eu-west-1", (), ())


def test_what_names_a_workload_leads_to_it(served: Served) -> None:
    two = stack((QUEUE, "orders"), (QUEUE, "mail"), (MAPPING, M[0]), (MAPPING, M[1]))
    account = replace(ACCOUNT, stacks={"both": two})
    for each in (ACCOUNT, account):
        for row in listed(served, each).workloads:
            there = aimed(served[1], stack=row.select_stack, queue=row.select_queue)
            assert workload.describe(there, there.target).queue.name == row.queue
    assert {(row.name, row.select_stack, row.select_queue) for row in listed(served, account).workloads} == {
        ("orders", "both", "orders"),
        ("mail", "both", "mail"),
    }


def test_a_nested_stack_is_named_by_the_outermost(served: Served) -> None:
    inner = Stack(SHOP.resources, root="shop")
    account = replace(
        ACCOUNT, stacks={"shop-Inner-1X": inner, "shop": stack((NESTED, "shop-Inner-1X"), (ALARM, "slow"))}
    )
    assert set(rows(listed(served, account))) == {"shop", "mail"}
    assert rows(listed(served, replace(account, firing={"slow": "other"})))["shop"] == (
        Level.CRITICAL,
        "1 alarm in ALARM",
    )


def test_levels_are_from_dead_letters_alarms_and_settings_and_the_worst_is_first(served: Served) -> None:
    assert rows(listed(served, ACCOUNT)) == {
        "mail": (Level.WARNING, "no dead-letter queue"),
        "shop": (None, "no dead letters, no alarm in ALARM"),
    }
    troubled = replace(
        with_queues(ACCOUNT, orders_dlq=Queue(depth=54)), firing={"a": "orders", "b": "else", "c": "worker"}
    )
    found = listed(served, troubled)
    assert [row.name for row in found.workloads] == ["shop", "mail"]
    assert rows(found)["shop"] == (Level.CRITICAL, "54 dead letters, 2 alarms in ALARM")
    assert (found.workloads[0].dead, found.workloads[0].alarms) == (54, ("a", "c"))
    off = replace(ACCOUNT, mappings={**ACCOUNT.mappings, M[1]: Reads("mail", "mailer", {"State": "Disabled"})})
    assert rows(listed(served, off))["mail"] == (Level.CRITICAL, "event source mapping disabled, no dead-letter queue")


ALARMED = replace(ACCOUNT, stacks={"shop": stack(*SHOP.resources, (ALARM, "own"))})


@pytest.mark.parametrize(
    "account",
    [
        ACCOUNT,
        with_queues(ACCOUNT, orders_dlq=Queue(depth=54)),
        replace(ACCOUNT, firing={"a": "orders", "b": "mail"}),
        replace(ALARMED, firing={"of-another-team": "orders"}),
        replace(ALARMED, firing={"own": "orders"}),
        replace(ACCOUNT, mappings={**ACCOUNT.mappings, M[1]: Reads("mail", "mailer", {"State": "Disabled"})}),
        replace(ACCOUNT, queues={"orders": Queue("gone"), "mail": Queue("orders")}),
        replace(ACCOUNT, denied=frozenset({"queue orders-dlq"})),
    ],
    ids=["quiet", "dead", "alarms", "alarm-of-others", "alarm", "off", "dlq-gone", "dlq-denied"],
)
def test_a_row_never_claims_worse_than_the_overview(served: Served, account: Account) -> None:
    severity = (None, Level.OK, Level.NO_DATA, Level.WARNING, Level.CRITICAL)
    for row in listed(served, account).workloads:
        there = aimed(served[1], stack=row.select_stack, queue=row.select_queue)
        page = overview.report(there, workload.describe(there, there.target), time_window.last(60, 60))
        assert severity.index(row.level) <= severity.index(page.finding.level), (row, page.finding)
        assert (row.level is Level.CRITICAL) == (page.finding.level is Level.CRITICAL), (row, page.finding)


def test_a_stack_with_alarms_has_those_only(served: Served) -> None:
    own = stack(*SHOP.resources, (ALARM, "own"))
    account = replace(ACCOUNT, stacks={"shop": own}, firing={"of-another-team": "orders"})
    assert rows(listed(served, account))["shop"][0] is None, "as the Overview has it"
    assert rows(listed(served, replace(account, firing={"own": "else"})))["shop"][0] is Level.CRITICAL


def test_no_row_is_ever_ok(served: Served) -> None:
    assert all(row.level is not Level.OK for row in listed(served, ACCOUNT).workloads)


def test_a_mapping_on_a_dead_letter_queue_is_no_workload(served: Served) -> None:
    account = replace(ACCOUNT, mappings={**ACCOUNT.mappings, M[2]: Reads("orders-dlq", "monitor")})
    assert set(rows(listed(served, account))) == {"shop", "mail"}


@pytest.mark.parametrize(
    ("denied", "sentence", "left"),
    [
        ("DescribeStackResources", "cloudformation:DescribeStackResources", {"orders": None, "mail": Level.WARNING}),
        ("ListStackResources", "cloudformation:ListStackResources", {"orders": None, "mail": Level.WARNING}),
        ("DescribeAlarms", "cloudwatch:DescribeAlarms", {"shop": Level.NO_DATA, "mail": Level.WARNING}),
        ("queue mail", "sqs:GetQueueUrl on queue mail", {"shop": None, "mail": Level.NO_DATA}),
        ("queue orders-dlq", "sqs:GetQueueUrl on queue orders-dlq", {"shop": Level.NO_DATA, "mail": Level.WARNING}),
    ],
)
def test_what_may_not_be_read_is_said_and_the_rest_is_listed(
    served: Served, denied: str, sentence: str, left: Mapping[str, Level | None]
) -> None:
    found = listed(served, replace(ACCOUNT, denied=frozenset({denied})))
    assert {name: level for name, (level, _) in rows(found).items()} == left
    assert len(found.unread) == 1
    assert sentence in found.unread[0]


def test_without_the_mappings_there_is_no_list(served: Served) -> None:
    with pytest.raises(AccessDenied, match="lambda:ListEventSourceMappings"):
        listed(served, replace(ACCOUNT, denied=frozenset({"ListEventSourceMappings"})))


def test_a_refusal_is_not_repeated_for_each_queue(served: Served) -> None:
    queues = {f"q{number:03}": Queue() for number in range(40)}
    account = Account(queues, {f"id-{name}": Reads(name, "worker") for name in queues}, {})
    fake, _ = served
    fake.calls.clear()
    found = listed(served, replace(account, denied=frozenset({"DescribeStackResources"})))
    assert len(found.workloads) == 40
    assert fake.count("DescribeStackResources") <= 8, "one for each thread at most"


def test_many_queues_cost_a_bounded_number_of_calls(served: Served) -> None:
    queues = {f"q{number:03}": Queue() for number in range(300)}
    account = Account(queues, {f"id-{name}": Reads(name, "worker") for name in queues}, {})
    fake, _ = served
    fake.calls.clear()
    found = listed(served, account, most=10)
    assert len(fake.calls) <= 2 + 4 * 10
    assert len(found.workloads) == 300
    assert found.limits == ("Only the first 10 of 300 queues were checked, by name.",)
    assert rows(found)["q299"] == (Level.NO_DATA, "not checked")


def test_pages_of_mappings_end(served: Served) -> None:
    fake, aws = served

    def endless(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if "event-source-mappings" not in operation:
            raise DENIED
        one = {"UUID": "u", "EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/s", "FunctionArn": "f"}
        return {"EventSourceMappings": [one], "NextMarker": "more"}

    fake.calls.clear()
    fake.answer = endless
    found = workload_list.report(aws)
    assert (len(fake.calls), found.workloads) == (10, ())
    assert "first 1,000 event source mappings" in found.limits[0]
