"""The buttons of the dialogs: each can be cancelled, and red is what cannot be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import theme


def dialog(name: str) -> None:
    """Run as a script of its own, with one dialog open."""
    from pathlib import Path

    from dashboard.app_pages.dead_letters import confirm_dialogs, scan_bar
    from ops.deadletters.ledger.model import RunState
    from ops.deadletters.plan_model import Action, Selection, Steps
    from tests.fakes import sample_dead_letters
    from tests.fakes.dead_letter_service import SampleDeadLetterService

    service = SampleDeadLetterService(1)
    unwatched = Steps(watch=False) if name == "redrive" else None
    action = Action.PURGE if name == "purge" else Action.REDRIVE
    plan = sample_dead_letters.a_plan(("a",), Selection(), action, steps=unwatched)
    if name == "look":
        scan_bar._confirm_scan(service, None)
    elif name == "resume":
        confirm_dialogs.confirm_resume(service, sample_dead_letters.a_run(RunState.CANCELLED))
    elif name == "purge":
        confirm_dialogs.confirm_purge(service, plan, Path("export.jsonl"))
    else:
        confirm_dialogs.confirm_redrive(service, plan)


def container_keys(block: Any) -> Iterator[str]:
    for child in getattr(block, "children", {}).values():
        if key := getattr(child.proto, "id", ""):
            yield key
        yield from container_keys(child)


@pytest.mark.parametrize(
    ("name", "destructive"), [("look", False), ("redrive", True), ("resume", False), ("purge", True)]
)
def test_every_dialog_can_be_cancelled_and_red_is_what_cannot_be_undone(name: str, destructive: bool) -> None:
    at = AppTest.from_function(dialog, args=(name,), default_timeout=60).run()
    assert not at.exception
    assert at.button(key=f"{name}-cancelled").label == "Cancel"
    assert at.button(key=f"{name}-confirmed")
    assert any(theme.DANGER_CLASS in key for key in container_keys(at._tree)) == destructive
    if name == "redrive":
        assert "Without a canary, nothing stops the redrive if the messages fail again." in at.text[0].value
