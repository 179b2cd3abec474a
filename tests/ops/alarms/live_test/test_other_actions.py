"""An alarm whose actions stop or run something is tested only when that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.alarms import live_test
from ops.aws import Aws
from ops.cli.app import run
from ops.errors import UsageError
from ops.target import Target
from tests.fakes.alarm_account import REGION, TOPIC, AlarmAccount, alarm, composite
from tests.fakes.aws import FakeAws, serve

TERMINATE = f"arn:aws:automate:{REGION}:ec2:terminate"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    monkeypatch.setenv("OPS_TARGET", "aws")
    with serve(lambda *_: None, monkeypatch) as started:
        yield started


def plan(fake: FakeAws, account: AlarmAccount) -> tuple[Aws, live_test.AlarmTestPlan]:
    fake.answer = account.answer
    target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region=REGION)
    aws = Aws(target, max_attempts=1)
    return aws, live_test.plan_test(aws, "dead")


@pytest.mark.parametrize(
    ("account", "named"),
    [
        (AlarmAccount(alarms=[alarm("dead", [TOPIC, TERMINATE])]), TERMINATE),
        (AlarmAccount(alarms=[alarm("dead", OKActions=[TERMINATE])]), TERMINATE),
        (
            AlarmAccount(
                composites=[
                    composite("lower", "ALARM(dead)", []),
                    composite("upper", "ALARM(lower)", [TERMINATE]),
                ]
            ),
            f"{TERMINATE} (of upper)",
        ),
    ],
)
def test_they_are_refused_before_anything_is_made(fake: FakeAws, account: AlarmAccount, named: str) -> None:
    aws, planned = plan(fake, account)
    assert planned.other_actions == (named,)
    with pytest.raises(UsageError, match="for real"):  # anything that is made would be refused by the account
        live_test.run_test(aws, planned)


def test_topics_are_not_refused(fake: FakeAws) -> None:
    other = TOPIC.replace("111122223333", "999999999999")
    above = [composite("upper", "ALARM(dead)"), composite("off", "ALARM(dead)", [TERMINATE], ActionsEnabled=False)]
    _, planned = plan(fake, AlarmAccount(alarms=[alarm("dead", [TOPIC, other])], composites=above))
    assert planned.other_actions == ()
    assert planned.not_watched == (f"The topic {other} is notified, too, and not watched.",)


def test_yes_is_not_enough(fake: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    fake.answer = AlarmAccount(alarms=[alarm("dead", [TOPIC, TERMINATE])]).answer
    assert run(["alarms", "test", "dead", "--yes"]) == UsageError.exit_code
    err = " ".join(capsys.readouterr().err.split())
    assert TERMINATE in err
    assert "ops alarms test dead --other-actions" in err
    assert run(["alarms", "test", "dead", "--other-actions"]) == UsageError.exit_code
    assert "Confirmation required" in capsys.readouterr().err
