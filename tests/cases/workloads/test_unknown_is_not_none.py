"""A part that is missing or cannot be read is named as such: in notes, finding, card, path and exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ops.cli.app import run
from ops.deadletters.queue import open_queue
from ops.errors import AccessDenied, AwsError, NotFound, UsageError
from ops.insight.report_types import Level
from ops.insight.reports import overview
from ops.insight.time_window import last
from ops.workload import Part, Why, readers
from tests.cases.workloads.account_parts import MAPPING, QUEUE, M, Queue, Reads, arn, stack
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.served import Served, described
from tests.fakes.aws import serve

TWO = {"orders": Queue(dlq="orders-dlq"), "orders-dlq": Queue()}
READ = {M[1]: Reads("orders", "worker")}
WATCHED = {
    "shop": stack(
        (QUEUE, "orders"), (MAPPING, M[1]), ("AWS::CloudWatch::Alarm", "age"), ("AWS::CloudWatch::Alarm", "errors")
    )
}
OWN = {"shop": stack((QUEUE, "orders"), (QUEUE, "orders-dlq"), (MAPPING, M[1]))}


@dataclass(frozen=True)
class Missing:
    """A ``part`` that is not described, though the rest is; None: only its state is not. ``said``: in the finding.
    ``code``: of ``ops status``."""

    name: str
    account: Account
    part: Part | None
    why: Why
    note: str
    said: str
    level: Level
    code: int


def denied(*what: str) -> Account:
    return Account(TWO, READ, OWN, frozenset(what))


MISSING = (
    Missing(
        "the dead-letter queue is gone",
        Account({"orders": Queue(dlq="orders-dlq")}, READ, OWN),
        Part.DLQ,
        Why.GONE,
        "The dead-letter queue of orders, orders-dlq, does not exist: There is no queue orders-dlq",
        "the dead-letter queue that orders names, orders-dlq, does not exist",
        Level.CRITICAL,
        1,
    ),
    Missing(
        "the dead-letter queue may not be read",
        denied("queue orders-dlq"),
        Part.DLQ,
        Why.DENIED,
        "The dead-letter queue of orders, orders-dlq, may not be read",
        "orders's dead-letter queue orders-dlq may not be read",
        Level.NO_DATA,
        3,
    ),
    Missing(
        "the function is gone",
        Account(TWO, READ, OWN, functions_gone=frozenset({"worker"})),
        Part.FUNCTION,
        Why.GONE,
        "There is no function worker",
        "function worker, which reads orders, does not exist",
        Level.CRITICAL,
        1,
    ),
    Missing(
        "the function may not be read",
        denied("function worker"),
        Part.FUNCTION,
        Why.DENIED,
        "lambda:GetFunctionConfiguration",
        "function worker, which reads orders, may not be read",
        Level.NO_DATA,
        3,
    ),
    Missing(
        "the stack's mapping is gone",
        Account(TWO, {}, OWN),
        Part.MAPPING,
        Why.GONE,
        "The stack's event source mapping 00000000-0000-4000-8000-000000000001 does not exist",
        "no function reads orders: the event source mapping 00000000-0000-4000-8000-000000000001 does not exist",
        Level.CRITICAL,
        1,
    ),
    Missing(
        "no mapping may be read",
        denied("ListEventSourceMappings", "GetEventSourceMapping"),
        Part.MAPPING,
        Why.DENIED,
        "Whether a function reads orders is not known",
        "unknown whether a function reads orders",
        Level.NO_DATA,
        3,
    ),
    Missing(
        "alarms may not be read",
        denied("DescribeAlarms"),
        Part.ALARMS,
        Why.DENIED,
        "cloudwatch:DescribeAlarms",
        "the alarms cannot be read",
        Level.NO_DATA,
        3,
    ),
    Missing(
        "the stack's alarms may not be read",
        Account(TWO, READ, WATCHED, frozenset({"DescribeAlarms"})),
        None,
        Why.DENIED,
        "",
        "the alarms cannot be read",
        Level.NO_DATA,
        3,
    ),
    Missing(
        "the stack's alarms are gone",
        Account(TWO, READ, WATCHED),
        None,
        Why.GONE,
        "",
        "2 alarms of its stack no longer exist",
        Level.WARNING,
        3,
    ),
)
by_name = pytest.mark.parametrize("missing", MISSING, ids=lambda missing: missing.name)


@by_name
def test_it_is_described_as_not_known(served: Served, missing: Missing) -> None:
    found = described(served, missing.account, stack="shop")
    if missing.part is not None:
        gap = found.gap(missing.part)
        assert gap is not None
        assert gap.why is missing.why
        assert gap in found.unknown
        assert any(missing.note in note for note in found.notes), found.notes
    assert found.queue.name == "orders"
    assert not any("has no dead-letter queue" in note or "No function reads" in note for note in found.notes)


@by_name
def test_the_finding_says_so_and_advises_nothing_worse(served: Served, missing: Missing) -> None:
    found = overview.report(served[1], described(served, missing.account, stack="shop"), last(15, 60))
    assert found.finding.level is missing.level
    assert missing.said in found.finding.text
    card = next(card for card in found.cards if card.key == "dead")
    if missing.part is Part.DLQ:
        assert card.level is missing.level, "as its page"
        assert card.note.startswith("orders-dlq")
        assert (found.stops.dead.name, bool(found.stops.dead.why)) == ("orders-dlq", True)
    else:
        assert card.note == "orders-dlq"
    for advice in ("redrive policy", "add an event source mapping", "has no dead-letter queue"):
        assert advice not in found.finding.text + card.note


@by_name
def test_the_exit_code_is_not_0(
    missing: Missing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(missing.account.answer, monkeypatch):
        assert run(["status", "--stack", "shop"]) == missing.code
        told = " ".join(capsys.readouterr().out.split())
        assert missing.said in told
        assert run(["status", "--stack", "shop", "--json"]) == missing.code


def test_all_of_it_read_is_fine(served: Served) -> None:
    found = described(served, denied(), stack="shop")
    assert (found.gaps, found.unknown) == ((), ())


@pytest.mark.parametrize("which", [0, 1], ids=["gone", "denied"])
def test_a_scan_of_it_says_what_stands_in_the_way(
    served: Served, which: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    found = described(served, MISSING[which].account, queue="orders")
    kind: type[AwsError] = (NotFound, AccessDenied)[which]
    with pytest.raises(kind, match="The dead-letter queue of orders, orders-dlq, ") as caught:
        open_queue(served[1], found)
    assert "redrive policy" not in caught.value.next_step


@pytest.mark.parametrize(
    "refused",
    [
        ("ListEventSourceMappings",),
        ("ListEventSourceMappings", "GetEventSourceMapping"),
        ("ListEventSourceMappings", "GetEventSourceMapping", "function worker", "GetAccountSettings"),
        ("DescribeAlarms",),
    ],
    ids=", ".join,
)
@pytest.mark.parametrize("named", [{"stack": "shop"}, {"queue": "orders"}, {"queue": "orders-dlq"}], ids=str)
def test_dead_letters_need_no_permission_of_lambda(
    served: Served,
    refused: tuple[str, ...],
    named: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ops.deadletters.queue.state_folder", lambda target: tmp_path)
    found = described(served, denied(*refused), **named)
    assert open_queue(served[1], found).queue.name == "orders-dlq"


def test_what_was_refused_on_the_way_does_not_matter_once_it_is_found(served: Served) -> None:
    """Its mappings may be listed, though the stack's own may not be asked about by their ids; and the reverse."""
    for refused in ("GetEventSourceMapping", "ListEventSourceMappings"):
        found = described(served, denied(refused), stack="shop")
        assert (found.function is not None, found.unknown) == (True, ())
        assert any(f"lambda:{refused}" in note for note in found.notes)


def test_a_nested_stack_that_may_not_be_read_is_a_note(served: Served) -> None:
    account = replace(
        denied("stack inner"), stacks={**OWN, "outer": stack(("AWS::CloudFormation::Stack", "inner"), (MAPPING, M[1]))}
    )
    found = described(served, account, stack="outer")
    assert found.queue.name == "orders"
    assert any("cloudformation:DescribeStacks" in note for note in found.notes)


def test_readers_that_may_not_be_read_are_listed(served: Served) -> None:
    fake, aws = served
    fake.answer = replace(
        denied("function secret"),
        mappings={**READ, M[2]: Reads("orders", "secret"), M[3]: Reads("orders", "gone")},
        functions_gone=frozenset({"gone"}),
    ).answer
    found = {reader.name: reader for reader in readers(aws, arn("sqs", "orders"))}
    assert found["worker"].log_group == "/aws/lambda/worker"
    for name, why in (("secret", Why.DENIED), ("gone", Why.GONE)):
        gap = found[name].gap
        assert gap is not None
        assert (gap.why, found[name].log_group) == (why, None)


def test_a_queue_that_may_not_be_read_is_not_left_out(served: Served) -> None:
    """A stack of two pairs of which one cannot be read is still one of two; alone, it is what the error is about."""
    both = {"orders": Queue(), "emails": Queue()}
    read = {M[1]: Reads("orders", "worker"), M[2]: Reads("emails", "worker")}
    stacks = {"two": stack((MAPPING, M[1]), (MAPPING, M[2])), "one": stack((MAPPING, M[2]))}
    account = Account(both, read, stacks, frozenset({"queue emails"}))
    for named in ({"stack": "two"}, {"function": "worker"}):
        with pytest.raises(UsageError, match=r"orders → worker; emails \(may not be read\)"):
            described(served, account, **named)
    with pytest.raises(AccessDenied, match="The queue of stack one, emails, may not be read"):
        described(served, account, stack="one")
    gone = replace(account, queues={"orders": Queue()}, denied=frozenset())
    for named in ({"stack": "two"}, {"function": "worker"}):
        found = described(served, gone, **named)
        assert found.queue.name == "orders", "a mapping that is left of a queue that is gone is no workload"
        assert any("There is no queue emails" in note for note in found.notes)


@by_name
def test_a_sum_without_the_function_is_not_called_the_cost(
    missing: Missing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account = replace(missing.account, per_minute={"NumberOfMessagesSent": 60.0, "NumberOfMessagesDeleted": 60.0})
    unknown = missing.part is Part.FUNCTION or (missing.part is Part.MAPPING and missing.why is Why.DENIED)
    with serve(account.answer, monkeypatch):
        assert run(["costs", "--stack", "shop", "--json"]) == (3 if unknown else 0)
        found = json.loads(capsys.readouterr().out)
        assert run(["status", "--stack", "shop", "--json"]) == missing.code
        cards = {card["key"]: card for card in json.loads(capsys.readouterr().out)["cards"]}
    assert (found["usd_per_1000"] is None) == unknown
    assert ("so Lambda is not included" in found["finding"]["text"]) == unknown
    assert (cards["cost"]["value"] is None) == unknown
