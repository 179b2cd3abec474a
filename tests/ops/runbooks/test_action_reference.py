"""The reference of actions and the IAM policies are those of the registry, and their permissions are AWS's."""

from __future__ import annotations

import json
import re
from functools import cache

import botocore.session
import pytest

from ops.runbooks import action_reference, library
from ops.runbooks.action_reference import __main__ as writing
from ops.runbooks.action_reference import with_reference
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect
from ops.runbooks.locking import SHARED_PERMISSIONS

README = writing.README.read_text()


def test_the_reference_is_made_from_the_registry() -> None:
    assert with_reference(README) == README, ".venv/bin/python -m ops.runbooks.action_reference writes it"
    assert re.findall(r"^\| `([a-z.-]+)` \|", README, re.M) == list(ACTIONS)


def test_the_policies_grow_with_what_is_confirmed() -> None:
    blocks = re.findall(r"```json\n(.*?)```", README, re.S)
    some, more, every = ({*json.loads(block)["Statement"][0]["Action"]} for block in blocks)
    assert some < more < every
    assert "lambda:UpdateAlias" in more - some
    assert every == {permission for action in ACTIONS.values() for permission in action.permissions} | {
        *SHARED_PERMISSIONS
    }
    assert not some & {*SHARED_PERMISSIONS}


@cache
def _operations(service: str) -> frozenset[str]:
    return frozenset(botocore.session.get_session().get_service_model(service).operation_names)


IAM_NAMES = {"lambda:InvokeFunction": "Invoke"}
"""Operations whose IAM action has another name (service authorization reference of Lambda)."""


@pytest.mark.parametrize("action", ACTIONS)
def test_a_permission_is_an_operation_of_aws(action: str) -> None:
    for permission in ACTIONS[action].permissions:
        service, _, operation = permission.partition(":")
        assert IAM_NAMES.get(permission, operation) in _operations(service), permission


def test_an_action_that_changes_something_needs_more_than_reading() -> None:
    reading = re.compile(r":(Get|List|Describe)")
    for action in ACTIONS.values():
        if action.effect in (Effect.CHANGE, Effect.FINAL):
            assert [permission for permission in action.permissions if not reading.search(permission)], action.name


def test_a_runbook_may_find_its_workload() -> None:
    for name in library.names():
        document = library.read_file(library.find(name))[0]
        allowed = action_reference.policy(ACTIONS[step.action] for step in document.steps)["Statement"][0]["Action"]
        assert "lambda:ListEventSourceMappings" in allowed
