"""Events that Lambda gave up are looked for where the function keeps them, and nowhere else."""

from __future__ import annotations

import pytest

from ops.errors import UsageError
from ops.runbooks.actions import ACTIONS
from tests.ops.runbooks.conftest import Stage

NAME = "arn:aws:lambda:eu-west-1:111122223333:function:worker:$LATEST"


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        (None, "go to nothing, which is not a queue"),
        ("arn:aws:sns:eu-west-1:111122223333:failed", "failed, which is not a queue: there is nothing to read"),
    ],
)
@pytest.mark.parametrize("action", ["undelivered.scan", "undelivered.plan"])
def test_where_no_queue_has_them_nothing_is_read(stage: Stage, action: str, destination: str | None, said: str) -> None:
    found = {"OnFailure": {"Destination": destination}} if destination else {}
    stage.world.invoke_configs = [{"FunctionArn": NAME, "DestinationConfig": found}]
    with pytest.raises(UsageError, match=said):
        stage.run(action)


def test_no_step_can_name_the_queue() -> None:
    for name in ("undelivered.scan", "undelivered.plan", "undelivered.redrive"):
        assert "queue" not in ACTIONS[name].inputs.__struct_fields__
