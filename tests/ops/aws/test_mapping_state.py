"""Whether an event source mapping is on, by its state."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from ops.aws import Aws, lambda_
from ops.target import Target
from tests.cases.workloads.account_parts import M
from tests.fakes.aws import serve
from tests.fakes.stalled_workload import StalledWorkload

STATES = {
    "Creating": (None, False),
    "Enabling": (True, False),
    "Enabled": (True, True),
    "Disabling": (False, False),
    "Disabled": (False, True),
    "Updating": (None, False),
    "Deleting": (False, False),
}
"""By state: whether it is on, and whether Lambda carries out no change of it."""


def test_every_state_of_the_model_is_here() -> None:
    """The model has them as a sentence of its documentation."""
    model = botocore.session.get_session().get_service_model("lambda").shape_for("EventSourceMappingConfiguration")
    members: Any = model.members  # type: ignore[attr-defined]  # of a structure
    text = members["State"].documentation
    assert all(f"<code>{state}</code>" in text for state in STATES), text
    assert text.count("<code>") == len(STATES), text


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_read_as_what_it_is(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = StalledWorkload()
    world.state = state
    with serve(world.answer, monkeypatch):
        found = lambda_.get_mapping(Aws(Target(queue="orders"), max_attempts=1), M[0])
    assert (found.enabled, found.settled) == STATES[state]
