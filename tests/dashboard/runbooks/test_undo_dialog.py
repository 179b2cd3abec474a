"""What is undone is what was on the screen, not what is so by the time of the click."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from streamlit.testing.v1 import AppTest

from ops.runbooks.actions.action import PlannedChange, StepPreview


class Recording:
    def __init__(self) -> None:
        self.confirmed: list[Any] = []

    def roll_back(self, run: str, reason: str, expected: dict[str, StepPreview], only: str = "") -> None:
        self.confirmed.append((run, reason, expected, only))


def _page(service, run, previews):  # type: ignore[no-untyped-def]  # Streamlit runs its text, without our imports
    from dashboard.app_pages.runbooks import undo_dialog

    undo_dialog.ask(service, run, "pause", previews)


def test_the_previews_that_were_shown_are_confirmed() -> None:
    service, run = Recording(), SimpleNamespace(state=SimpleNamespace(id="run-1"))
    shown = {"pause": StepPreview((PlannedChange("polling of orders", "off", "on"),), command="aws lambda …")}
    app = AppTest.from_function(_page, args=(service, run, shown)).run(timeout=120)
    assert not app.exception
    app.text_input(key="undo-reason").set_value("wrong queue")
    app.button(key="undo-confirmed").click().run(timeout=120)
    assert service.confirmed == [("run-1", "wrong queue", shown, "pause")], "it cannot read them again"


def test_secrets_are_masked_and_what_is_not_known_is_said() -> None:
    run = SimpleNamespace(state=SimpleNamespace(id="run-1"))
    shown = {
        "set": StepPreview(
            (PlannedChange("environment", "api_key=s3cr3t-before", "api_key=s3cr3t-after"),),
            command="aws lambda … --environment password=s3cr3t-before",
        ),
        "call": StepPreview(notes=("The outcome of step call is not known; token=s3cr3t-note",)),
    }
    app = AppTest.from_function(_page, args=(Recording(), run, shown)).run(timeout=120)
    assert not app.exception
    text = "\n".join([*(str(each.value) for each in app.code), *(each.proto.body for each in app.get("html"))])
    assert "The outcome of step call is not known" in text
    assert "s3cr3t" not in text
    assert text.count("***") >= 3
