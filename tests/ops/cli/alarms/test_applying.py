"""``ops alarms diff``, ``apply`` and ``remove`` on a workload of an account."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from ops.cli.app import run
from tests.fakes.aws import FakeAws, Refusal
from tests.ops.alarms.applying.alarm_world import AlarmWorld
from tests.ops.cli.alarms.applied_account import ACCOUNT, PAGER, TOPIC, Ops


def test_a_set_is_applied_once_and_removed(ops: Ops, world: AlarmWorld) -> None:
    code, out, _ = ops("diff", "--topic", TOPIC)
    assert code == 1
    assert "3 to create" in out
    assert "a month at us-east-1 prices, of which" in out
    assert world.calls == []
    code, _, err = ops("apply", "--topic", TOPIC)
    assert code == 2
    assert "Confirmation required" in err
    code, out, _ = ops("apply", "--topic", TOPIC, "--yes")
    assert (code, out.strip()) == (0, "3 alarms applied.")
    assert world.calls[-1] == "put orders-page-me"
    world.calls.clear()
    assert ops("apply", "--topic", TOPIC)[:2] == (0, "0 alarms applied.\n")
    assert world.calls == []
    world.alarms["orders-dead-letters"]["Threshold"] = 7.0
    _, out, _ = ops("diff", "--topic", TOPIC)
    assert "~ orders-dead-letters" in out
    assert "Threshold: 7.0 → 0.0" in out
    assert ops("remove")[0] == 2
    code, out, _ = ops("remove", "--yes", "--json")
    assert (code, len(json.loads(out)["removed"]), world.alarms) == (0, 3, {})


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal("LimitExceeded", "no more alarms"), "higher quota"),
        (Refusal("AccessDenied", "is not authorized to perform: cloudwatch:PutMetricAlarm", 403), "PutMetricAlarm"),
    ],
    ids=["quota", "permission"],
)
def test_a_refusal_in_the_middle(ops: Ops, world: AlarmWorld, refusal: Refusal, said: str) -> None:
    world.refusals = {"orders-dlq-drained-unseen": refusal}
    code, out, _ = ops("apply", "--yes")
    assert code == 3
    text = " ".join(out.split())
    assert "1 alarm applied." in text
    assert said in text
    assert "Not applied: orders-dlq-drained-unseen, orders-page-me." in text
    world.refusals = {}
    code, out, _ = ops("apply", "--yes", "--json")
    assert (code, json.loads(out)["applied"]) == (0, ["orders-dlq-drained-unseen", "orders-page-me"])


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_difference_and_what_was_done_as_rows(ops: Ops, world: AlarmWorld) -> None:
    code, out, _ = ops("diff", "--output", "csv")
    assert code == 1
    assert {row["change"] for row in rows(out)} == {"create"}
    assert all(float(row["monthly_usd"]) > 0 for row in rows(out))
    world.refusals = {"orders-dlq-drained-unseen": Refusal("LimitExceeded", "no more alarms")}
    code, out, _ = ops("apply", "--yes", "--output", "csv")
    assert code == 3
    assert [row["result"] for row in rows(out)] == ["applied", "left", "left"]
    assert rows(out)[0]["error"] == "" and "LimitExceeded" in rows(out)[1]["error"]
    world.refusals = {}
    assert ops("apply", "--yes", "--output", "yaml")[1].startswith("applied:\n")
    world.alarms["orders-dead-letters"]["Threshold"] = 7.0
    changed = [row for row in rows(ops("diff", "--output", "csv")[1]) if row["change"] == "update"]
    assert [(row["field"], row["before"], row["after"]) for row in changed] == [("Threshold", "7.0", "0.0")]
    code, out, _ = ops("remove", "--yes", "--output", "csv")
    assert [row["result"] for row in rows(out)] == ["removed"] * 3
    assert ops("diff", "--json", "--output", "csv")[0] == 2, "they exclude each other"


def test_someone_elses_alarm(ops: Ops, world: AlarmWorld) -> None:
    world.add({"AlarmName": "orders-dead-letters", "Threshold": 9.0})
    code, out, _ = ops("diff")
    assert code == 1
    assert "exists, and is of another owner" in out
    code, _, err = ops("apply", "--yes")
    assert code == 2
    assert "orders-dead-letters (another owner)" in err
    assert world.calls == []


def test_alarms_that_notify_no_one_are_warned_of(ops: Ops) -> None:
    assert "will notify no one" in ops("diff")[1]
    assert "will notify no one" not in ops("diff", "--topic", TOPIC)[1]
    assert "will notify no one" in ops("apply", "--yes")[2]


def test_actions_stay_unless_they_are_removed_on_purpose(ops: Ops, world: AlarmWorld) -> None:
    def actions() -> list[list[str]]:
        single = [alarm for name, alarm in world.alarms.items() if name != "orders-page-me"]
        return [one[kind] for one in single for kind in ("AlarmActions", "OKActions")]

    ops("apply", "--topic", TOPIC, "--yes")
    assert ops("diff")[0] == 0
    world.alarms["orders-dead-letters"]["Threshold"] = 7.0
    code, out, err = ops("apply", "--yes", "--json")
    assert (code, json.loads(out)["applied"]) == (0, ["orders-dead-letters"])
    assert "Threshold: 7.0 → 0.0" in err
    assert "notify no one" not in err
    assert actions() == [[TOPIC]] * 4
    assert ops("apply", "--topic", TOPIC, "--no-topic", "--yes")[0] == 2
    _, _, err = ops("apply", "--no-topic", "--yes")
    assert f'AlarmActions: ["{TOPIC}"] → none' in err
    assert "notify no one" in err
    assert actions() == [[]] * 4


def test_a_topic_is_told_by_the_alarms_or_by_the_one_over_them(ops: Ops, world: AlarmWorld) -> None:
    def told() -> dict[str, list[str]]:
        return {name: alarm.get("AlarmActions", []) for name, alarm in world.alarms.items()}

    ops("apply", "--topic", TOPIC, "--yes")
    each = ("orders-dead-letters", "orders-dlq-drained-unseen")
    assert told() == {each[0]: [TOPIC], each[1]: [TOPIC], "orders-page-me": []}
    ops("apply", "--pager", PAGER, "--yes")
    assert told() == {each[0]: [TOPIC], each[1]: [TOPIC], "orders-page-me": [PAGER]}
    assert ops("diff", "--topic", TOPIC)[0] == 0
    ops("apply", "--pager", TOPIC, "--yes")
    assert told() == {each[0]: [], each[1]: [], "orders-page-me": [TOPIC]}
    ops("apply", "--topic", TOPIC, "--topic", PAGER, "--pager", PAGER, "--yes")
    assert told() == {each[0]: [TOPIC], each[1]: [TOPIC], "orders-page-me": [PAGER]}


def test_a_composite_alarm_of_before_no_longer_tells_the_topic_of_its_alarms(ops: Ops, world: AlarmWorld) -> None:
    ops("apply", "--topic", TOPIC, "--yes")
    world.alarms["orders-page-me"] |= {"AlarmActions": [TOPIC, PAGER], "OKActions": [TOPIC, PAGER]}
    assert f'AlarmActions: ["{TOPIC}", "{PAGER}"] → ["{PAGER}"]' in ops("diff")[1]
    ops("apply", "--yes")
    assert world.alarms["orders-page-me"]["AlarmActions"] == [PAGER]


def test_what_was_not_read_is_said_and_is_the_exit_code(ops: Ops, fake: FakeAws, world: AlarmWorld) -> None:
    asked = fake.answer
    denied = replace(ACCOUNT, denied=frozenset({"queue orders-dlq"}))

    def refuse(service: str, operation: str, given: dict[str, Any]) -> Any:
        return denied.answer(service, operation, given) if service == "sqs" else asked(service, operation, given)

    fake.answer = refuse
    for command in ("apply", "remove"):
        code, _, err = ops(command, "--yes")
        assert code == 3
        assert "AWS refused to show a part of the workload." in err
    assert "AWS refused to show a part of the workload." in ops("diff")[1]
    code, out, _ = ops("apply", "--yes", "--json")
    assert (code, json.loads(out)["refused"]) == (3, True)


def test_an_unreadable_failure_destination_costs_the_list_one_alarm_and_no_alarm_its_place(
    fake: FakeAws, world: AlarmWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = fake.answer
    denied = replace(ACCOUNT, denied=frozenset({"ListFunctionEventInvokeConfigs"}))
    command = ("--queue", "orders")

    def call(*arguments: str) -> tuple[int, str, str]:
        return run(["alarms", *arguments]), *capsys.readouterr()

    assert call("apply", *command, "--undelivered", "failed", "--yes")[0] == 0
    assert "orders-undelivered" in world.alarms
    fake.answer = lambda service, operation, given: (
        denied.answer(service, operation, given) if service == "lambda" else asked(service, operation, given)
    )
    for arguments in (("list", *command, "--forget", "--json"), ("export", *command, "--forget")):
        code, out, err = call(*arguments)
        assert (code, "orders-stalled" in out) == (0, True)
        assert "The queue of failed asynchronous invocations is unknown: " in err
        assert "allows lambda:ListFunctionEventInvokeConfigs" in err
        assert "--undelivered QUEUE" in err
    (found,) = json.loads(call("list", *command, "--forget", "--json")[1])
    assert (found["refused"], "lambda:ListFunctionEventInvokeConfigs" in found["undelivered_unread"]) == (False, True)
    assert call("list", *command)[::2] == (0, ""), "the alarms keep the queue that was named"
    assert call("list", *command, "--forget", "--alarm", "stalled")[::2] == (0, ""), (
        "no alarm that was asked for needs it"
    )
    code, _, err = call("apply", *command, "--forget", "--yes")
    assert (code, "orders-undelivered" in world.alarms) == (3, True)
    assert "allows lambda:ListFunctionEventInvokeConfigs" in err


def test_what_is_not_recommended_and_the_price_are_shown(ops: Ops) -> None:
    said = "undelivered: "
    assert said in ops("diff", "--alarm", "undelivered")[1]
    code, out, err = ops("apply", "--alarm", "undelivered", "--yes", "--json")
    assert said in err
    found = json.loads(out)
    assert code == 0
    assert [skipped["id"] for skipped in found["skipped"]] == ["undelivered"]
    assert found["monthly_usd"]["orders-dead-letters"] > 0
    assert found["difference"]["changes"][0]["kind"] == "create"


def test_read_only(ops: Ops, world: AlarmWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert ops("diff")[0] == 1
    assert ops("apply", "--yes")[0] == ops("remove", "--yes")[0] == 2
    assert world.calls == []


def test_two_queues_of_a_stack_and_a_queue_of_its_name_have_alarms_of_their_own(
    fake: FakeAws, world: AlarmWorld
) -> None:
    def apply(*named: str) -> int:
        return run(["alarms", "apply", *named, "--alarm", "stalled", "--yes"])

    assert apply("--stack", "shop", "--queue", "orders") == 0
    assert apply("--stack", "shop", "--queue", "bills") == 0
    assert apply("--queue", "shop") == 0
    assert set(world.alarms) == {"shop-orders-stalled", "shop-bills-stalled", "shop-stalled"}
    assert apply("--queue", "orders", "--prefix", "shop") == 2, "that name is of the queue shop"


def test_one_queue_of_a_stack_has_the_same_alarms_however_it_is_named(fake: FakeAws, world: AlarmWorld) -> None:
    for named in (("--stack", "till"), ("--stack", "till", "--queue", "shop")):
        assert run(["alarms", "apply", *named, "--alarm", "stalled", "--yes"]) == 0
    assert world.calls == ["put till-stalled"]


LINES = (
    *("--alarm", "function-errors", "--alarm", "extension-silent", "--extension"),
    *("--log-group", "/aws/lambda/worker", "--query-role", "arn:aws:iam::111122223333:role/query"),
    *("--lines-role", "arn:aws:iam::111122223333:role/lines"),
)


def test_a_log_alarm_goes_with_the_others_and_is_kept(ops: Ops, world: AlarmWorld) -> None:
    code, out, _ = ops("diff", *LINES, "--topic", TOPIC)
    assert code == 1 and "+ orders-function-errors-lines" in out
    assert "Without the log alarm orders-function-errors-lines: its price is not on record." in " ".join(out.split())
    assert ops("apply", *LINES, "--topic", TOPIC, "--yes")[0] == 0
    assert world.calls[-1] == "put orders-function-errors-lines"
    assert world.alarms["orders-function-errors-lines"]["AlarmActions"] == [TOPIC]
    world.calls.clear()
    assert ops("diff", *LINES[:5])[0] == 0, "its log group and roles are those that it has"
    assert ops("apply", *LINES[:5], "--yes")[0] == 0 and world.calls == []
    listed = " ".join(ops("list", *LINES[:5])[1].split())
    assert "there is the log alarm orders-function-errors-lines, whose price is not on record" in listed
    code, out, _ = ops("diff", *LINES[:5], *LINES[5:9], "--lines-role", "arn:aws:iam::111122223333:role/other")
    assert code == 1 and "ActionLogLineRoleArn: arn:aws:iam::111122223333:role/lines → " in " ".join(out.split())
    code, out, _ = ops("remove", *LINES[:4], "--yes", "--json")
    assert (code, world.alarms) == (0, {}), out


def test_a_log_alarm_is_refused_where_it_cannot_be(ops: Ops, world: AlarmWorld) -> None:
    code, _, err = ops("apply", *LINES[5:], "--yes")
    assert (code, world.calls) == (2, []) and "goes with function-errors" in err
    code, _, err = ops("apply", *LINES[:7], "--yes")
    assert (code, world.calls) == (2, []) and "needs --query-role, --lines-role, too" in " ".join(err.split())
    world.refusals["orders-function-errors-lines"] = Refusal("UnknownOperationException", "no")
    code, out, _ = ops("apply", *LINES, "--yes")
    text = " ".join(out.split())
    assert code == 3 and "5 alarms applied." in text and "Not applied: orders-function-errors-lines." in text
    assert "function-errors and its runbook are used instead" in text
